/* The box that asks. */
#include "tui/dialog.h"

#include <string.h>

#define TEXT_MAX  1024 /* characters that can be typed */
#define BOX_WIDTH 72

typedef enum { DIALOG_NONE, DIALOG_ASK, DIALOG_CHOOSE, DIALOG_CONFIRM } DialogKind;

struct Dialog {
    DialogKind kind;
    char *title, *help;
    char *problem; /* why what was typed is no good */
    GString *text;
    glong cursor;       /* in characters */
    gboolean untouched; /* the text is as proposed: the first character typed replaces it */
    char **values, **helps;
    int index, top;
    AppAccept accept;
    void (*yes)(App *app, gpointer data);
    gpointer data;
    int y, x, height, width; /* of the box's inside, as last drawn */
    int first;               /* the line of the first value */
};

Dialog *dialog_new(void)
{
    Dialog *dialog = g_new0(Dialog, 1);
    dialog->text = g_string_new(NULL);
    return dialog;
}

void dialog_close(Dialog *dialog)
{
    dialog->kind = DIALOG_NONE;
    g_clear_pointer(&dialog->title, g_free);
    g_clear_pointer(&dialog->help, g_free);
    g_clear_pointer(&dialog->problem, g_free);
    g_clear_pointer(&dialog->values, g_strfreev);
    g_clear_pointer(&dialog->helps, g_strfreev);
    g_clear_pointer(&dialog->data, g_free);
    g_string_truncate(dialog->text, 0);
}

void dialog_free(Dialog *dialog)
{
    dialog_close(dialog);
    g_string_free(dialog->text, TRUE);
    g_free(dialog);
}

gboolean dialog_is_open(const Dialog *dialog)
{
    return dialog->kind != DIALOG_NONE;
}

static void open_dialog(
    Dialog *dialog, DialogKind kind, const char *title, const char *help, gpointer data)
{
    dialog_close(dialog);
    dialog->kind = kind;
    dialog->title = g_strdup(title);
    dialog->help = g_strdup(help);
    dialog->data = data;
    dialog->index = dialog->top = 0;
}

void dialog_ask(Dialog *dialog, const char *title, const char *help, const char *text,
    AppAccept accept, gpointer data)
{
    open_dialog(dialog, DIALOG_ASK, title, help, data);
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_string_assign(dialog->text, valid);
    dialog->cursor = g_utf8_strlen(dialog->text->str, -1);
    dialog->untouched = TRUE;
    dialog->accept = accept;
}

void dialog_choose(Dialog *dialog, const char *title, const char *const *values,
    const char *const *help, const char *now, AppAccept accept, gpointer data)
{
    open_dialog(dialog, DIALOG_CHOOSE, title, NULL, data);
    dialog->values = g_strdupv((char **)values);
    dialog->helps = help ? g_strdupv((char **)help) : NULL;
    for (int i = 0; values[i]; i++)
        if (g_strcmp0(values[i], now) == 0)
            dialog->index = i;
    dialog->accept = accept;
}

void dialog_confirm(Dialog *dialog, const char *title, const char *text,
    void (*yes)(App *app, gpointer data), gpointer data)
{
    open_dialog(dialog, DIALOG_CONFIRM, title, text, data);
    dialog->yes = yes;
}

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

/* The line of text with its cursor, scrolled so that the cursor is seen. */
static void draw_text(Dialog *dialog, const Canvas *box, int y)
{
    int width = box->width - 2;
    const char *start = dialog->text->str;
    g_autofree char *before = g_utf8_substring(start, 0, dialog->cursor);
    int column = canvas_width(before, box->ascii);
    const char *shown = start;
    int hidden = 0;

    while (column - hidden >= width && *shown) {
        g_autofree char *one = g_utf8_substring(shown, 0, 1);
        hidden += canvas_width(one, box->ascii);
        shown = g_utf8_next_char(shown);
    }
    canvas_fill(box, y, 1, 1, width, STYLE_FIELD);
    Canvas field = *box;
    field.selected = dialog->untouched && *shown;
    canvas_text(&field, y, 1, width, STYLE_FIELD, shown);
    canvas_cursor(box, y, 1 + column - hidden);
}

static void draw_values(Dialog *dialog, const Canvas *box, int y)
{
    int rows = box->height - y, widest = 0;

    dialog->first = y;
    for (int i = 0; dialog->values[i]; i++)
        widest = MAX(widest, canvas_width(dialog->values[i], box->ascii));
    if (dialog->index < dialog->top)
        dialog->top = dialog->index;
    if (dialog->index >= dialog->top + rows)
        dialog->top = dialog->index - rows + 1;
    for (int i = 0; i < rows && dialog->values[dialog->top + i]; i++) {
        int n = dialog->top + i;
        Canvas line = *box;
        line.selected = n == dialog->index;
        canvas_fill(&line, y + i, 0, 1, box->width, STYLE_DIALOG);
        canvas_text(&line, y + i, 1, widest, STYLE_DIALOG, dialog->values[n]);
        if (dialog->helps && dialog->helps[n])
            canvas_text(
                &line, y + i, widest + 3, box->width - widest - 4, STYLE_DIALOG, dialog->helps[n]);
    }
}

void dialog_draw(Dialog *dialog, const Canvas *screen)
{
    if (dialog->kind == DIALOG_NONE)
        return;
    int width = MIN(BOX_WIDTH, screen->width - 2);
    int lines = dialog->kind == DIALOG_ASK      ? 5
                : dialog->kind == DIALOG_CHOOSE ? (int)g_strv_length(dialog->values)
                                                : count_lines(dialog->help, width - 4);
    int height = MIN(lines + 2, screen->height - 2);
    if (width < 10 || height < 3)
        return;
    Canvas frame = canvas_part(
        screen, (screen->height - height) / 2, (screen->width - width) / 2, height, width);
    canvas_fill(&frame, 0, 0, height, width, STYLE_DIALOG);
    canvas_frame(&frame, STYLE_DIALOG, dialog->title);
    Canvas box = canvas_part(&frame, 1, 1, height - 2, width - 2);
    dialog->y = box.y;
    dialog->x = box.x;
    dialog->height = box.height;
    dialog->width = box.width;
    if (dialog->kind == DIALOG_ASK) {
        canvas_wrap(&box, 1, 1, box.width - 2, 4, dialog->problem ? STYLE_BAD : STYLE_DIALOG,
            dialog->problem ? dialog->problem
            : dialog->help  ? dialog->help
                            : "");
        draw_text(dialog, &box, 0);
    } else if (dialog->kind == DIALOG_CHOOSE) {
        draw_values(dialog, &box, 0);
    } else {
        g_auto(GStrv) text = g_strsplit(dialog->help, "\n", -1);
        for (int i = 0, y = 0; text[i] && y < box.height; i++)
            y += MAX(
                canvas_wrap(&box, y, 1, box.width - 2, box.height - y, STYLE_DIALOG, text[i]), 1);
    }
}

/* Hands what was typed or chosen over; the box stays open with a sentence where it is no good. */
static void accept(Dialog *dialog, App *app, const char *text)
{
    g_autofree char *value = g_strdup(text);
    gpointer data = g_steal_pointer(&dialog->data);
    AppAccept call = dialog->accept;
    g_autofree char *title = g_strdup(dialog->title);

    char *problem = call(app, value, data);
    if (problem == NULL) {
        g_free(data);
        /* The call may have opened another one. */
        if (dialog->data == NULL && g_strcmp0(dialog->title, title) == 0)
            dialog_close(dialog);
        return;
    }
    dialog->data = data;
    g_free(dialog->problem);
    dialog->problem = problem;
}

static void edit_text(Dialog *dialog, guint key)
{
    GString *text = dialog->text;
    gboolean types = key >= ' ' && key < KEY_CODE_UP && g_unichar_isprint(key);

    if (types && dialog->untouched) {
        g_string_truncate(text, 0);
        dialog->cursor = 0;
    }
    dialog->untouched = FALSE;
    glong length = g_utf8_strlen(text->str, -1);
    gssize at = g_utf8_offset_to_pointer(text->str, dialog->cursor) - text->str;

    if (key == KEY_CODE_LEFT)
        dialog->cursor = MAX(dialog->cursor - 1, 0);
    else if (key == KEY_CODE_RIGHT)
        dialog->cursor = MIN(dialog->cursor + 1, length);
    else if (key == KEY_CODE_HOME || key == KEY_CTRL('a'))
        dialog->cursor = 0;
    else if (key == KEY_CODE_END || key == KEY_CTRL('e'))
        dialog->cursor = length;
    else if (key == KEY_CTRL('u')) {
        g_string_erase(text, 0, at);
        dialog->cursor = 0;
    } else if (key == KEY_CODE_BACKSPACE && dialog->cursor > 0) {
        gssize before = g_utf8_offset_to_pointer(text->str, --dialog->cursor) - text->str;
        g_string_erase(text, before, at - before);
    } else if (key == KEY_CODE_DELETE && dialog->cursor < length) {
        g_string_erase(text, at, g_utf8_next_char(text->str + at) - (text->str + at));
    } else if (types && length < TEXT_MAX) {
        g_string_insert_unichar(text, at, key);
        dialog->cursor++;
    }
    g_clear_pointer(&dialog->problem, g_free);
}

static void key_ask(Dialog *dialog, App *app, guint key)
{
    if (key == KEY_CODE_ENTER || key == '\n')
        accept(dialog, app, dialog->text->str);
    else
        edit_text(dialog, key);
}

static void key_choose(Dialog *dialog, App *app, guint key)
{
    int last = (int)g_strv_length(dialog->values) - 1;

    if (key == KEY_CODE_UP || key == 'k')
        dialog->index = MAX(dialog->index - 1, 0);
    else if (key == KEY_CODE_DOWN || key == 'j')
        dialog->index = MIN(dialog->index + 1, last);
    else if (key == KEY_CODE_HOME)
        dialog->index = 0;
    else if (key == KEY_CODE_END)
        dialog->index = last;
    else if (key == KEY_CODE_ENTER || key == '\n' || key == ' ')
        accept(dialog, app, dialog->values[dialog->index]);
    else if (key < 0x80 && g_ascii_isgraph((char)key))
        /* The next value that begins so. */
        for (int i = 1; i <= last + 1; i++) {
            int n = (dialog->index + i) % (last + 1);
            if (dialog->values[n][0] == (char)key) {
                dialog->index = n;
                break;
            }
        }
}

static void key_confirm(Dialog *dialog, App *app, guint key)
{
    if (key == 'n' || key == 'N' || key == 'q') {
        dialog_close(dialog);
    } else if (key == 'y' || key == 'Y') {
        g_autofree gpointer data = g_steal_pointer(&dialog->data);
        void (*yes)(App *, gpointer) = dialog->yes;
        dialog_close(dialog);
        yes(app, data);
    }
}

void dialog_key(Dialog *dialog, App *app, guint key)
{
    if (key == KEY_CODE_ESCAPE || key == KEY_CTRL('c'))
        dialog_close(dialog);
    else if (dialog->kind == DIALOG_ASK)
        key_ask(dialog, app, key);
    else if (dialog->kind == DIALOG_CHOOSE)
        key_choose(dialog, app, key);
    else if (dialog->kind == DIALOG_CONFIRM)
        key_confirm(dialog, app, key);
}

void dialog_mouse(Dialog *dialog, App *app, const MouseEvent *event)
{
    int y = event->y - dialog->y, x = event->x - dialog->x;
    gboolean inside = y >= 0 && y < dialog->height && x >= 0 && x < dialog->width;

    if (event->kind != MOUSE_PRESS)
        return;
    if (!inside && (y < -1 || y > dialog->height || x < -1 || x > dialog->width)) {
        dialog_close(dialog);
    } else if (inside && dialog->kind == DIALOG_CHOOSE && y >= dialog->first) {
        int n = dialog->top + y - dialog->first;
        if (n < (int)g_strv_length(dialog->values)) {
            dialog->index = n;
            accept(dialog, app, dialog->values[n]);
        }
    }
}

gboolean dialog_types(const Dialog *dialog)
{
    return dialog->kind == DIALOG_ASK;
}

const char *dialog_hint(const Dialog *dialog)
{
    static const char *const hints[] = {
        [DIALOG_NONE] = "",
        [DIALOG_ASK] = "Enter accept   Esc cancel   ← → edit   Ctrl-U clear",
        [DIALOG_CHOOSE] = "Enter choose   Esc cancel",
        [DIALOG_CONFIRM] = "y yes   n no",
    };
    return hints[dialog->kind];
}
