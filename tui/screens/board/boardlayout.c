/* The board's picture: what is where, and what is under the cursor. */
#include <string.h>

#include "tui/screens/board/board.h"

#define SIDE_FROM   112 /* the panel and the tray stand beside the map from this width on */
#define SIDE_WIDTH  40
#define WIDER_FROM  180
#define SIDE_WIDER  52
#define SIDE_PANEL  18 /* lines of the panel beside the map */
#define SIDE_GAP    2
#define PANEL_LINES 5  /* of the panel below the map */
#define PANEL_FROM  10 /* a canvas of fewer lines has no panel */
#define TRAY_LINES  2  /* of the tray above the map, at most */
#define TRAY_FROM   14 /* a canvas of fewer lines has no tray */
#define CHIPS_MOST  24 /* cells of room for chips in a cell: more is of no use */

/* ---- under the cursor ---- */

const MapItem *board_part(const BoardState *state)
{
    if (state->cursor.tray || state->map.items == NULL)
        return NULL;
    return map_part(&state->map, state->cursor.level, state->cursor.id);
}

const TrayItem *board_tray_item(const BoardState *state)
{
    if (!state->cursor.tray)
        return NULL;
    return tray_find(&state->tray, &state->chips, state->cursor.uuid, state->cursor.chosen);
}

static gboolean has_chip(const GArray *chips, guint chip)
{
    for (guint i = 0; i < chips->len; i++)
        if (g_array_index(chips, guint, i) == chip)
            return TRUE;
    return FALSE;
}

GArray *board_chips_here(const BoardState *state)
{
    const MapItem *part = board_part(state);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; part != NULL && i < state->map.items->len; i++) {
        const MapItem *item = &g_array_index(state->map.items, MapItem, i);
        const GArray *here = chip_places_at(&state->places, &state->map, item);
        for (guint c = 0; here != NULL && map_within(&state->map, item, part) && c < here->len; c++)
            if (!has_chip(out, g_array_index(here, guint, c)))
                g_array_append_val(out, g_array_index(here, guint, c));
    }
    return out;
}

const Chip *board_chip(const BoardState *state)
{
    const TrayItem *item = board_tray_item(state);
    g_autoptr(GArray) here = board_chips_here(state);

    if (item != NULL)
        return item->chip >= 0 ? chips_at(&state->chips, (guint)item->chip) : NULL;
    if (here->len == 0)
        return NULL;
    return chips_at(
        &state->chips, g_array_index(here, guint, MIN(state->cursor.chosen, here->len - 1)));
}

void board_go_to_part(BoardState *state, const MapItem *part)
{
    const GPtrArray *nodes = state->map.topology->nodes;

    state->cursor.tray = FALSE;
    state->cursor.level = part->level;
    if (part->level == LEVEL_NODE)
        state->cursor.id = part->index >= 0 ? ((const Node *)nodes->pdata[part->index])->id : -1;
    else
        state->cursor.id = hwloc_bitmap_first(part->cpus);
    state->cursor.chosen = 0;
    state->follow = TRUE;
}

void board_go_to_tray(BoardState *state, const TrayItem *item)
{
    const char *uuid = chips_domain(&state->chips, item->domain)->domain->uuid;
    const TrayItem *name = tray_find(&state->tray, &state->chips, uuid, 0);

    state->cursor.tray = TRUE;
    if (g_strcmp0(state->cursor.uuid, uuid) != 0) {
        g_free(state->cursor.uuid);
        state->cursor.uuid = g_strdup(uuid);
    }
    state->cursor.chosen = name != NULL ? (guint)(item - name) : 0;
    state->follow = TRUE;
}

/* ---- layout ---- */

/* Room for a chip and "+2" in a thread's cell, for more in wider ones. */
static int chip_room(const BoardState *state)
{
    static const int factor[] = {1, 2, 3, 1};

    return ((int)state->chips.label_width + 2) * factor[state->zoom];
}

/* Lays the map so that it takes few lines, and says how many. */
static int try_shape(BoardState *state, MapShape *shape, int chips, int lines, int air)
{
    shape->chips = chips;
    shape->lines = lines;
    shape->air = air;
    map_lay(&state->map, state->chips.snapshot->host->topology, shape);
    return state->map.height;
}

/* The widest cells in no more lines than with room for @least cells of chips. */
static void widen(BoardState *state, MapShape *shape, int least)
{
    int height = try_shape(state, shape, least, shape->lines, shape->air);
    int low = least, high = CHIPS_MOST;

    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (try_shape(state, shape, middle, shape->lines, shape->air) <= height)
            low = middle;
        else
            high = middle - 1;
    }
    try_shape(state, shape, low, shape->lines, shape->air);
}

/* The most that there is room for, without a line of it beyond @height: cells of two lines, and
 * blank lines between nodes. */
static void lay_map(BoardState *state, int width, int height)
{
    static const struct {
        int lines, air;
    } roomy[] = {{2, 1}, {2, 0}, {1, 1}};
    BoardFit fit = {width, height, (int)state->zoom, chip_room(state)};
    MapShape shape = {.width = width, .zoom = state->zoom};
    Topology *topology = state->chips.snapshot->host->topology;

    if (state->map.topology == topology && memcmp(&fit, &state->fit, sizeof fit) == 0)
        return;
    state->fit = fit;
    for (guint i = 0; i < G_N_ELEMENTS(roomy); i++)
        if (try_shape(state, &shape, fit.chips, roomy[i].lines, roomy[i].air) <= height) {
            widen(state, &shape, fit.chips);
            return;
        }
    shape.lines = 1;
    shape.air = 0;
    widen(state, &shape, fit.chips);
}

/* What the panel and the tray take beside the map; 0: they stand below and above it. */
static int side_width(const BoardState *state)
{
    if (state->width < SIDE_FROM)
        return 0;
    return state->width >= WIDER_FROM ? SIDE_WIDER : SIDE_WIDTH;
}

static int side_panel(const BoardState *state)
{
    return MIN(SIDE_PANEL, state->height / 2);
}

/* Of the tray below the panel beside the map. */
static int tray_lines(const BoardState *state)
{
    return MAX(0, state->height - side_panel(state) - 1);
}

static void lay_beside(BoardState *state, int side)
{
    int x = state->width - side;
    int panel = side_panel(state);
    int figures = state->height >= PANEL_FROM ? 1 : 0;

    state->map_area = (Area){0, 0, state->height - figures, x - SIDE_GAP};
    state->figures_area = (Area){state->height - figures, 0, figures, x - SIDE_GAP};
    state->panel_area = (Area){0, x, panel, side};
    state->tray_area = (Area){panel + 1, x, tray_lines(state), side};
}

static void lay_above(BoardState *state)
{
    int figures = state->height >= PANEL_FROM ? 1 : 0;
    int panel = figures * PANEL_LINES;
    int tray = state->height >= TRAY_FROM ? MIN(TRAY_LINES, state->tray.height) : 0;

    state->tray_area = (Area){0, 0, tray, state->width};
    state->map_area = (Area){tray, 0, state->height - tray - panel - figures, state->width - 1};
    state->figures_area = (Area){state->height - panel - figures, 0, figures, state->width};
    state->panel_area = (Area){state->height - panel, 0, panel, state->width};
}

void board_lay(BoardState *state)
{
    int side = side_width(state);
    int figures = state->height >= PANEL_FROM ? 1 : 0;

    if (side > 0)
        lay_map(state, state->width - side - SIDE_GAP, state->height - figures);
    else /* whatever the tray takes now: cells keep their form when a domain comes */
        lay_map(state, state->width - 1,
            state->height - figures * (1 + PANEL_LINES) -
                (state->height >= TRAY_FROM ? TRAY_LINES : 0));
    chip_places_make(&state->places, &state->chips, &state->map);
    tray_lay(&state->tray, &state->chips, &state->places, side > 0 ? side - 1 : state->width - 1,
        side > 0 ? tray_lines(state) : 0, state->ascii);
    Area before = state->map_area;
    if (side > 0)
        lay_beside(state, side);
    else
        lay_above(state);
    state->track_area = (Area){state->map_area.y, state->map_area.width,
        state->map.height > state->map_area.height ? state->map_area.height : 0, 1};
    if (before.height != state->map_area.height || before.width != state->map_area.width)
        state->follow = TRUE;
    if (board_part(state) == NULL && board_tray_item(state) == NULL) {
        const MapItem *first = map_move(&state->map, NULL, ACTION_FIRST, 1);
        if (first != NULL)
            board_go_to_part(state, first);
    }
}

/* The first line shown so that @line, with what belongs above it from @first on, is. */
static int scroll_to(int top, int height, int first, int line)
{
    if (line >= top + height)
        return line - height + 1;
    if (line - first >= height)
        first = line;
    return first < top ? first : top;
}

void board_follow(BoardState *state)
{
    const MapItem *part = board_part(state);
    const TrayItem *item = board_tray_item(state);

    if (state->follow && part != NULL) {
        /* The line of the first package goes with that of its first node. */
        int first = part->block == 1 ? 0 : part->block;
        state->top = scroll_to(state->top, state->map_area.height, first, part->y);
    }
    if (state->follow && item != NULL)
        state->tray_top = scroll_to(state->tray_top, state->tray_area.height, item->y, item->y);
    state->follow = FALSE;
    state->top = CLAMP(state->top, 0, MAX(0, state->map.height - state->map_area.height));
    state->tray_top =
        CLAMP(state->tray_top, 0, MAX(0, state->tray.height - state->tray_area.height));
}
