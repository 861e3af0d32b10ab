/* The panel of the Tuning screen: all about the field under the cursor. */
#include "tui/screens/tuning/tuning.h"

#include "core/util/text.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define ALL_OF_IT "? all of it"

/* Where the next line goes. */
typedef struct {
    const Canvas *canvas;
    int y;
} Pen;

/* "running now 4   next start 2   staged → 3", @beside the form a line each. */
static void draw_values(Pen *pen, const Field *field, gboolean beside)
{
    const struct {
        const char *name, *value;
        Style style;
    } parts[] = {
        {"running now", field->live, field->live_unset ? STYLE_DIM : STYLE_TEXT},
        {"next start", field->config, field->config_unset ? STYLE_DIM : STYLE_TEXT},
        {"staged", field->staged, STYLE_STAGED},
    };
    int x = 0;

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].value == NULL)
            continue;
        x += canvas_printf(pen->canvas, pen->y, x, -1, STYLE_DIM, "%s ", parts[i].name);
        x += 3 + canvas_text(pen->canvas, pen->y, x, -1, parts[i].style, parts[i].value);
        if (beside) {
            pen->y++;
            x = 0;
        }
    }
    pen->y += x > 0 ? 1 : 0;
}

static void draw_words(Pen *pen, int lines, Style style, const char *text)
{
    int room = pen->canvas->height - pen->y;

    if (text && *text && room > 0)
        pen->y +=
            canvas_wrap(pen->canvas, pen->y, 0, pen->canvas->width, MIN(lines, room), style, text);
}

/* Of several domains that differ: who has what, in as few lines as there is to say. */
static void draw_holders(Pen *pen, const TuningState *state, const Field *field)
{
    g_autofree char *live = tuning_holders(state, field, TRUE);
    g_autofree char *config = tuning_holders(state, field, FALSE);
    gboolean same = g_str_equal(live, config);
    int lines = state->beside ? 4 : 1;

    for (guint i = 0; i < 2; i++) {
        const char *text = i ? config : live;
        if (*text == '\0' || (same && i))
            continue;
        g_autofree char *line = g_strdup_printf("%s  %s",
            same ? "now and next start"
            : i  ? "next start"
                 : "running now",
            text);
        draw_words(pen, lines, STYLE_TEXT, line);
    }
    if (field->staged) {
        g_autofree char *line = g_strdup_printf("staged %s", field->staged);
        draw_words(pen, 1, STYLE_STAGED, line);
    }
}

static void draw_when(Pen *pen, const Field *field)
{
    if (field->live == NULL)
        draw_words(pen, 1, STYLE_TEXT, "◷ at the next start");
    else if (field->waits) {
        g_autofree char *why = g_strdup_printf("◷ next start only: %s", field->waits);
        draw_words(pen, 2, STYLE_WARN, why);
    } else if (field->key->tunable->effect == EFFECT_NOW_AND_NEXT)
        draw_words(pen, 1, STYLE_TEXT, "• now: the running domain takes it at once");
    else
        draw_words(pen, 2, STYLE_WARN,
            "◷ next start only: libvirt cannot change it while the domain runs");
}

/* What it does, costs and does not go together with. Where lines are few the words that matter
 * least are left out, and the source has the last line. */
static void draw_about(Pen *pen, gboolean beside, const Tunable *row)
{
    g_autofree char *source = row->since ? g_strdup_printf("%s, since %s", row->source, row->since)
                                         : g_strdup(row->source);
    int bottom = pen->canvas->height;

    if (beside) {
        const char *const words[] = {row->help, row->gain, row->conflicts, source};
        for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
            pen->y += words[i] ? 1 : 0;
            draw_words(pen, 12, i + 1 == G_N_ELEMENTS(words) ? STYLE_DIM : STYLE_TEXT, words[i]);
        }
        return;
    }
    g_autofree char *all =
        g_strjoin(" ", row->help, row->gain, row->conflicts ? row->conflicts : "", NULL);
    int width = pen->canvas->width;
    Canvas text = canvas_part(pen->canvas, 0, 0, bottom - 1, width);
    Pen inner = {&text, pen->y};
    g_auto(GStrv) lines = cell_lines(all, width, width);
    gboolean cut = (int)g_strv_length(lines) > bottom - 1 - pen->y;
    draw_words(&inner, bottom, STYLE_TEXT, all);
    if (bottom <= pen->y)
        return;
    if (cut)
        canvas_field(pen->canvas, bottom - 1, 0, width, ALIGN_RIGHT, STYLE_KEY, ALL_OF_IT);
    canvas_field(pen->canvas, bottom - 1, 0, width - (cut ? (int)strlen(ALL_OF_IT) + 2 : 0),
        ALIGN_LEFT, STYLE_DIM, source);
}

void tuning_draw_panel(const App *app, const TuningState *state, const Canvas *canvas)
{
    const Field *field = tuning_selected(state);
    Pen pen = {canvas, 0};

    (void)app;
    if (field == NULL) {
        draw_words(&pen, 2, STYLE_DIM,
            "• the running domain takes it at once   ◷ waits for the next start   ≠ the next start "
            "will not be as it runs now");
        return;
    }
    const Tunable *row = field->key->tunable;
    g_autofree char *allowed = tunable_allowed(row);
    int x = canvas_text(canvas, 0, 0, -1, STYLE_TITLE, field->key->key);
    if (field->have < state->tuned->len)
        x += canvas_printf(canvas, 0, x, -1, STYLE_WARN, "  %u of %u domains have it", field->have,
            state->tuned->len);
    canvas_printf(canvas, 0, x + 2, -1, STYLE_DIM, "%s%s%s", allowed, row->unit ? " " : "",
        row->unit ? row->unit : "");
    pen.y = 1;
    if (field->mixed)
        draw_holders(&pen, state, field);
    else
        draw_values(&pen, field, state->beside);
    if (field->finding) {
        g_autofree char *said =
            g_strdup_printf("%s %s", field->finding->error ? "✗" : "!", field->finding->text);
        draw_words(&pen, 2, field->finding->error ? STYLE_BAD : STYLE_WARN, said);
    }
    if (field->moved)
        draw_words(&pen, 2, STYLE_WARN, "! somebody changed it since it was staged");
    draw_when(&pen, field);
    draw_about(&pen, state->beside, row);
}
