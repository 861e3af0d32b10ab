/* The board's side panel: its lines, made and drawn. */
#include "tui/screens/board/boardpanel.h"

#include "core/util/text.h"

#include <string.h>

#define NAME_WIDTH  10
#define SHORT_PANEL 8 /* lines: the first ones are all there may be */

typedef struct {
    const char *name; /* lives as long as the state; NULL: a heading */
    Style style;
    char *text;
} PanelLine;

static void line_clear(gpointer data)
{
    g_free(((PanelLine *)data)->text);
}

void panel_add(GArray *lines, const char *name, Style style, char *text)
{
    PanelLine line = {name, style, text};

    g_array_append_val(lines, line);
}

void panel_go_on(GArray *lines, const char *name, char *text, gboolean alone)
{
    if (alone) {
        panel_add(lines, name, STYLE_TEXT, text);
        return;
    }
    PanelLine *last = &g_array_index(lines, PanelLine, lines->len - 1);
    g_autofree char *before = last->text;
    last->text = g_strdup_printf("%s, %s %s", before, name, text);
    g_free(text);
}

gboolean panel_is_beside(const BoardState *state)
{
    return state->panel_area.height > SHORT_PANEL;
}

/* What is proposed for the domain under the cursor, and why. */
static void add_proposal(GArray *lines, const PlacedDomain *placed)
{
    g_autofree char *name = text_escape(placed->name, 20);

    panel_add(
        lines, NULL, STYLE_ADDED, g_strdup_printf("%s is proposed anew: Enter takes it", name));
    for (guint i = 0; i < placed->reasons->len; i++)
        panel_add(lines, "why", STYLE_TEXT, g_strdup(placed->reasons->pdata[i]));
}

/* Of the proposal as a whole: what gets worse by it, and why. */
static void add_notes(GArray *lines, const PlaceLayout *layout)
{
    panel_add(
        lines, NULL, STYLE_ADDED, g_strdup("proposed: A takes all, Enter one domain's, Esc none"));
    for (guint i = 0; i < layout->notes->len; i++)
        panel_add(lines, "!", STYLE_WARN, g_strdup(layout->notes->pdata[i]));
}

void board_draw_panel(const Canvas *canvas, const App *app, const BoardState *state)
{
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(PanelLine));
    const MapItem *part = board_part(state);
    const Chip *chip = board_chip(state);
    int domain = state->cursor.tray && state->cursor.uuid != NULL
                     ? chips_find_domain(&state->chips, state->cursor.uuid)
                     : -1;

    int y = 0;

    g_array_set_clear_func(lines, line_clear);
    const PlacedDomain *placed = state->drop == NULL ? board_placed_here(state) : NULL;
    if (placed != NULL)
        add_proposal(lines, placed);
    else if (state->drop == NULL && state->proposal != NULL && state->proposal->notes->len > 0)
        add_notes(lines, state->proposal);
    if (state->drop != NULL)
        panel_add_drop(lines, state, state->drop);
    else if (part != NULL)
        panel_add_part(lines, state, app->snapshot->host, part);
    if (state->drop == NULL && chip != NULL && (part == NULL || panel_is_beside(state)))
        panel_add_chip(lines, state, chip);
    else if (state->drop == NULL && domain >= 0)
        panel_add_domain(lines, state, chips_domain(&state->chips, (guint)domain));
    for (guint i = 0; i < lines->len && y < canvas->height; i++) {
        const PanelLine *line = &g_array_index(lines, PanelLine, i);
        int x = line->name != NULL ? NAME_WIDTH : 0;
        guint rest = lines->len - i - 1;
        /* How many there is no room for is said at the end of the last one. */
        g_autofree char *more =
            rest > 0 && y + 1 == canvas->height ? g_strdup_printf("+%u", rest) : g_strdup("");
        int width = canvas->width - (*more ? (int)strlen(more) + 1 : 0);
        if (line->name != NULL) {
            Style style = line->style == STYLE_WARN ? STYLE_WARN : STYLE_DIM;
            canvas_field(canvas, y, 0, NAME_WIDTH, ALIGN_LEFT, style, line->name);
        }
        canvas_text(canvas, y, width + 1, -1, STYLE_DIM, more);
        /* Beside the map there is room for the whole of a sentence. */
        int left = canvas->height - y - (int)rest;
        y += MAX(1, canvas_wrap(canvas, y, x, width - x, MAX(1, left), line->style, line->text));
    }
}
