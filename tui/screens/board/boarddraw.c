/* The board's map and tray, drawn. */
#include <string.h>

#include "tui/screens/board/board.h"
#include "tui/screens/board/boardstrip.h"
#include "tui/screens/hostdraw.h"

static const MapItem *item_at(const BoardState *state, guint i)
{
    return &g_array_index(state->map.items, MapItem, i);
}

static Style chip_style(const Chips *chips, const Chip *chip)
{
    const ChipDomain *domain = chips_domain(chips, chip->domain);

    if (chip->ghost)
        return STYLE_ADDED;
    if (chip->staged)
        return STYLE_STAGED;
    return domain_is_active(domain->domain) ? domain->mark->style : STYLE_DIM;
}

static gboolean is_carried(const BoardState *state, const Chip *chip)
{
    const char *uuid = chips_domain(&state->chips, chip->domain)->domain->uuid;

    return carry_has(&state->carry, uuid, chip->key) || carry_has(&state->carry, uuid, NULL);
}

static void draw_strip(
    const Canvas *canvas, const BoardState *state, const MapItem *part, const GArray *here)
{
    g_autoptr(GArray) strip = strip_lay(&state->chips, here, part);

    for (guint i = 0; i < strip->len; i++) {
        const StripItem *item = &g_array_index(strip, StripItem, i);
        const Chip *chip = chips_at(&state->chips, g_array_index(here, guint, item->first));
        Canvas lit = *canvas;
        lit.selected = canvas->selected || is_carried(state, chip);
        canvas_text(&lit, part->strip_y, item->x, item->width,
            item->rest ? STYLE_WARN : chip_style(&state->chips, chip), item->text);
    }
}

/* ---- the map ---- */

static gboolean is_visible(const Canvas *canvas, const MapItem *item)
{
    return item->y + (item->kind == MAP_PART ? MIN(item->height, 2) : 1) > canvas->scroll &&
           item->y < canvas->scroll + canvas->height;
}

/* Of a node that is selected its name is lit, not all of the line. */
static void draw_node(const Canvas *canvas, const Host *host, const MapItem *item)
{
    const Node *node = host->topology->nodes->pdata[item->index];
    Canvas line = *canvas;

    line.selected = FALSE;
    host_draw_node(&line, host, item);
    if (canvas->selected)
        canvas_printf(canvas, item->y, item->x, item->width, STYLE_TITLE, "node %d", node->id);
}

static void draw_part(const Canvas *canvas, const Host *host, const BoardState *state,
    const MapItem *item, gboolean selected)
{
    const GArray *here = chip_places_at(&state->places, &state->map, item);

    if (selected && item->strip_width > 0 && item->cell)
        canvas_fill(canvas, item->strip_y, item->strip_x, 1, item->strip_width, STYLE_TEXT);
    if (item->level == LEVEL_NODE && item->index >= 0)
        draw_node(canvas, host, item);
    else if (item->cell && item->level != LEVEL_NODE)
        host_draw_cell(canvas, host, &state->map, item, selected);
    if (here != NULL && item->strip_width > 0)
        draw_strip(canvas, state, item, here);
}

/* A cell or core lights up whole; of what is larger its name does, and a bar at its left: a target
 * that lights up costs a few bytes then, however large it is. */
static gboolean is_lit(const BoardState *state, const MapItem *item, const MapItem *cursor)
{
    if (item == cursor || cursor->level <= LEVEL_CORE)
        return map_within(&state->map, item, cursor);
    return item->kind == MAP_TEXT && item->y == cursor->y && map_within(&state->map, item, cursor);
}

#define BAR_LINES 10

static void draw_bar(const Canvas *canvas, const MapItem *part)
{
    Canvas lit = *canvas;
    /* A cache's own begins with its cores; before it there is a blank. */
    int x = part->level == LEVEL_LLC ? part->x - 1 : part->x;

    lit.selected = TRUE;
    if (part->level < LEVEL_LLC || part->cell || x < 0)
        return;
    if (part->height <= BAR_LINES) {
        canvas_fill(&lit, part->y + 1, x, part->height - 1, 1, STYLE_TEXT);
        return;
    }
    /* Of a long one the head and the foot are as good, and a third of the bytes. */
    canvas_fill(&lit, part->y + 1, x, 2, 1, STYLE_TEXT);
    canvas_fill(&lit, part->y + part->height - 2, x, 2, 1, STYLE_TEXT);
}

void board_draw_map(const Canvas *canvas, const App *app, const BoardState *state)
{
    const Host *host = app->snapshot->host;
    const MapItem *cursor = board_part(state);

    if (cursor != NULL)
        draw_bar(canvas, cursor);
    for (guint i = 0; i < state->map.items->len; i++) {
        const MapItem *item = item_at(state, i);
        if (!is_visible(canvas, item))
            continue;
        Canvas lit = *canvas;
        lit.selected = cursor != NULL && is_lit(state, item, cursor);
        if (item->kind == MAP_TEXT)
            canvas_text(&lit, item->y, item->x, item->width, item->style, item->text);
        else
            draw_part(&lit, host, state, item, lit.selected);
    }
}

/* ---- the tray ---- */

void board_draw_tray(const Canvas *canvas, const BoardState *state)
{
    const Chips *chips = &state->chips;
    const TrayItem *cursor = state->cursor.tray ? tray_find(&state->tray, chips, state->cursor.uuid,
                                                      state->cursor.chosen)
                                                : NULL;
    int hidden = state->tray.height - canvas->scroll - canvas->height;

    for (guint i = 0; i < state->tray.items->len; i++) {
        const TrayItem *item = &g_array_index(state->tray.items, TrayItem, i);
        const ChipDomain *domain = chips_domain(chips, item->domain);
        Canvas lit = *canvas;
        g_autofree char *name = tray_name(domain);
        char text[64];
        lit.selected = item == cursor ||
                       (item->chip < 0 ? carry_has(&state->carry, domain->domain->uuid, NULL)
                                       : is_carried(state, chips_at(chips, (guint)item->chip)));
        if (item->chip < 0)
            g_strlcpy(text, name, sizeof text);
        else
            strip_label(chips_at(chips, (guint)item->chip), text, sizeof text);
        Style style = item->chip >= 0 ? chip_style(chips, chips_at(chips, (guint)item->chip))
                      : domain_is_active(domain->domain) ? domain->mark->style
                                                         : STYLE_DIM;
        canvas_text(&lit, item->y, item->x, item->width, style, text);
    }
    if (hidden > 0)
        canvas_text(
            canvas, canvas->scroll + canvas->height - 1, canvas->width - 1, 1, STYLE_DIM, "↓");
    if (canvas->scroll > 0)
        canvas_text(canvas, canvas->scroll, canvas->width - 1, 1, STYLE_DIM, "↑");
}
