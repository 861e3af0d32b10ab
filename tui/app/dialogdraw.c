/* The box that asks, drawn. */
#include "tui/app/dialog-private.h"

#define BOX_WIDTH  72
#define MAP_WIDTH  112 /* of a box with a map in it */
#define MIN_WIDTH  10  /* a smaller box is not drawn */
#define MIN_HEIGHT 3
#define HELP_LINES 4
#define NOTE_LINES 2 /* below a slider's line */

/* The lines @text takes when each of its lines is broken to @width cells; a break at a blank may
 * cost one more than this counts, and then the box scrolls nothing but its blank line away. */
static int count_lines(const char *text, int width)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    int count = 0;

    for (int i = 0; lines[i]; i++) {
        int cells = canvas_width(lines[i], FALSE);
        count += MAX((cells + cells / 8 + width - 1) / width, 1);
    }
    return count;
}

/* The lines that the help takes, all of it, at least HELP_LINES. */
static int help_lines(const Dialog *dialog, const Canvas *screen, int width)
{
    Canvas none = canvas_part(screen, 0, 0, 0, 0);

    return MAX(
        HELP_LINES, canvas_wrap(&none, 0, 0, width, screen->height, STYLE_DIALOG, dialog->help));
}

/* The lines the question takes in a box of @width cells. */
static int wanted_lines(Dialog *dialog, const Canvas *screen, int width)
{
    int ways = dialog->ways ? 1 : 0;

    switch (dialog->kind) {
    case DIALOG_SET:
        return 2 + count_lines(dialog->help, width - 2) + setmap_lines(&dialog->map, width - 2) +
               ways;
    case DIALOG_CHOOSE:
        return (int)g_strv_length(dialog->values) + 2 * ways;
    case DIALOG_CONFIRM:
        return count_lines(dialog->help, width - 2);
    case DIALOG_SLIDER:
        return 2 + NOTE_LINES + help_lines(dialog, screen, width - 2) + ways;
    default:
        return 1 + help_lines(dialog, screen, width - 2) + ways;
    }
}

static void draw_values(Dialog *dialog, const Canvas *box)
{
    int widest = 0;

    for (int i = 0; dialog->values[i]; i++)
        widest = MAX(widest, canvas_width(dialog->values[i], box->ascii));
    if (dialog->index < dialog->top)
        dialog->top = dialog->index;
    if (dialog->index >= dialog->top + dialog->rows)
        dialog->top = dialog->index - dialog->rows + 1;
    for (int i = 0; i < dialog->rows && dialog->values[dialog->top + i]; i++) {
        int n = dialog->top + i;
        Canvas line = *box;
        line.selected = n == dialog->index;
        canvas_fill(&line, i, 0, 1, box->width, STYLE_DIALOG);
        canvas_text(&line, i, 1, widest, STYLE_DIALOG, dialog->values[n]);
        if (dialog->helps && dialog->helps[n])
            canvas_text(
                &line, i, widest + 3, box->width - widest - 4, STYLE_DIALOG, dialog->helps[n]);
    }
}

/* "● running and next start  ○ next start only" */
static void draw_ways(const Dialog *dialog, const Canvas *box)
{
    gboolean choice = dialog->ways[0] && dialog->ways[1];
    int x = 1;

    for (guint i = 0; dialog->ways[i]; i++) {
        const char *mark = !choice ? "◷" : i == dialog->way ? "●" : "○";
        x += canvas_printf(box, dialog->way_line, x, -1,
            choice && i == dialog->way ? STYLE_STAGED : STYLE_DIALOG, "%s %s", mark,
            dialog->ways[i]);
        x += 2;
    }
}

/* The number, the line, what it comes to or what is wrong with it, and what it is for. */
static void draw_slider(Dialog *dialog, const Canvas *box)
{
    gint64 value = g_ascii_strtoll(dialog->field.text->str, NULL, 10);
    int room = box->height - (dialog->ways ? 1 : 0), width = box->width - 2;
    const char *note = dialog->problem ? dialog->problem : dialog->note ? dialog->note : "";
    Style style = dialog->problem ? STYLE_BAD : dialog->note_style;

    dialog->slider.width = 0;
    if (room > 1)
        slider_draw(&dialog->slider, box, 1, 1, width, value);
    canvas_wrap(box, 2, 1, width, CLAMP(room - 2, 0, NOTE_LINES), style, note);
    canvas_wrap(box, 2 + NOTE_LINES, 1, width, MAX(room - 2 - NOTE_LINES, 0), STYLE_DIALOG,
        dialog->help ? dialog->help : "");
    textfield_draw(&dialog->field, box, 0, 1, width);
}

/* The text, what is wrong with it or what it is, and the map; the text last: the cursor stays. */
static void draw_typed(Dialog *dialog, const Canvas *box)
{
    gboolean has_map = dialog->kind == DIALOG_SET;
    int room = box->height - 1 - (dialog->ways ? 1 : 0);
    const char *words = dialog->problem ? dialog->problem : dialog->help ? dialog->help : "";
    /* The problem takes no more lines than the help did: the map does not jump. */
    int lines = has_map ? MIN(count_lines(dialog->help, box->width - 2), MAX(room - 1, 0)) : room;

    canvas_wrap(
        box, 1, 1, box->width - 2, lines, dialog->problem ? STYLE_BAD : STYLE_DIALOG, words);
    if (has_map) {
        dialog->first = 2 + lines;
        dialog->rows = MAX(room - lines - 1, 0);
        Canvas part = canvas_part(box, dialog->first, 1, dialog->rows, box->width - 2);
        setmap_draw(&dialog->map, &part);
    }
    textfield_draw(&dialog->field, box, 0, 1, box->width - 2);
}

static void draw_lines(const Dialog *dialog, const Canvas *box)
{
    g_auto(GStrv) text = g_strsplit(dialog->help ? dialog->help : "", "\n", -1);

    for (int i = 0, y = 0; text[i] && y < box->height; i++)
        y += MAX(canvas_wrap(box, y, 1, box->width - 2, box->height - y, STYLE_DIALOG, text[i]), 1);
}

void dialog_draw(Dialog *dialog, const Canvas *screen)
{
    int width = MIN(dialog->kind == DIALOG_SET ? MAP_WIDTH : BOX_WIDTH, screen->width - 2);

    dialog->height = dialog->width = 0; /* nothing to click on where it is not drawn */
    if (dialog->kind == DIALOG_NONE || width < MIN_WIDTH || screen->height - 2 < MIN_HEIGHT)
        return;
    int height = MIN(wanted_lines(dialog, screen, width - 2) + 2, screen->height - 2);
    Canvas frame = canvas_part(
        screen, (screen->height - height) / 2, (screen->width - width) / 2, height, width);
    canvas_fill(&frame, 0, 0, height, width, STYLE_DIALOG);
    canvas_frame(&frame, STYLE_DIALOG, dialog->title);
    Canvas box = canvas_part(&frame, 1, 1, height - 2, width - 2);
    dialog->y = box.y;
    dialog->x = box.x;
    dialog->height = box.height;
    dialog->width = box.width;
    dialog->way_line = dialog->ways && box.height > 1 ? box.height - 1 : -1;
    if (dialog->way_line > 0)
        draw_ways(dialog, &box);
    if (dialog->kind == DIALOG_CHOOSE) {
        dialog->first = 0;
        dialog->rows = MAX(dialog->way_line > 0 ? dialog->way_line : box.height, 1);
        draw_values(dialog, &box);
    } else if (dialog->kind == DIALOG_CONFIRM) {
        draw_lines(dialog, &box);
    } else if (dialog->kind == DIALOG_SLIDER) {
        draw_slider(dialog, &box);
    } else {
        draw_typed(dialog, &box);
    }
}
