/* The board's cursor: over cells and the tray, out to what is around and in, and the zoom. */
#include "tui/screens/board/board.h"

static const MapItem *first_in(const BoardState *state, const MapItem *part)
{
    for (guint i = 0; part != NULL && i < state->map.items->len; i++) {
        const MapItem *item = &g_array_index(state->map.items, MapItem, i);
        if (item->kind == MAP_PART && map_parent(&state->map, item) == part)
            return item;
    }
    return NULL;
}

static void go_out(BoardState *state)
{
    const MapItem *part = board_part(state);
    const MapItem *around = part != NULL ? map_parent(&state->map, part) : NULL;

    /* A core of one thread is not another thing to point at. */
    while (around != NULL && around->level == LEVEL_CORE &&
           hwloc_bitmap_isequal(around->cpus, part->cpus))
        around = map_parent(&state->map, around);
    if (around != NULL)
        board_go_to_part(state, around);
}

static void go_in(BoardState *state)
{
    const MapItem *part = board_part(state);
    const MapItem *inner = first_in(state, part);

    while (inner != NULL && inner->level == LEVEL_CORE && !inner->cell &&
           idset_count(inner->cpus) == 1)
        inner = first_in(state, inner);
    if (inner != NULL)
        board_go_to_part(state, inner);
}

/* The cursor stays where it is as far as there is such a part. */
static void zoom(BoardState *state, int step)
{
    const MapItem *part = board_part(state);
    int to = (int)state->zoom + step;

    if (to < LEVEL_THREAD || to > LEVEL_NODE)
        return;
    /* What is laid anew below takes @part along. */
    gboolean follows = part != NULL && (part->cell || (int)part->level < to);
    int cpu = part != NULL ? hwloc_bitmap_first(part->cpus) : -1;
    state->zoom = (MapLevel)to;
    board_lay(state);
    if (cpu >= 0 && follows) {
        const MapItem *cell = map_cell_of(&state->map, cpu);
        if (cell != NULL)
            board_go_to_part(state, cell);
    }
    state->follow = TRUE;
}

static void next_chip(BoardState *state)
{
    g_autoptr(GArray) here = board_chips_here(state);

    if (here->len > 0)
        state->cursor.chosen = (MIN(state->cursor.chosen, here->len - 1) + 1) % here->len;
}

static const TrayItem *tray_at_index(const BoardState *state, int index)
{
    if (state->tray.items == NULL || index < 0 || index >= (int)state->tray.items->len)
        return NULL;
    return &g_array_index(state->tray.items, TrayItem, index);
}

/* The tray's item in the next line below @from (or above), nearest to its column. */
static const TrayItem *tray_line(const BoardState *state, const TrayItem *from, int step)
{
    const TrayItem *best = NULL;

    for (int i = 0; tray_at_index(state, i) != NULL; i++) {
        const TrayItem *item = tray_at_index(state, i);
        if (item->y == from->y + step &&
            (best == NULL || ABS(item->x - from->x) < ABS(best->x - from->x)))
            best = item;
    }
    return best;
}

static void go_to_map(BoardState *state)
{
    const MapItem *first = map_move(&state->map, NULL, ACTION_FIRST, 1);

    if (first != NULL)
        board_go_to_part(state, first);
}

static void move_in_tray(BoardState *state, Action action)
{
    const TrayItem *at = board_tray_item(state);
    int index = at != NULL ? (int)(at - tray_at_index(state, 0)) : 0;
    const TrayItem *to = NULL;

    switch (action) {
    case ACTION_LEFT:
        to = tray_at_index(state, index - 1);
        break;
    case ACTION_RIGHT:
        to = tray_at_index(state, index + 1);
        break;
    case ACTION_FIRST:
        to = tray_at_index(state, 0);
        break;
    case ACTION_LAST:
        to = tray_at_index(state, (int)state->tray.items->len - 1);
        break;
    default:
        to = at != NULL ? tray_line(state, at, action == ACTION_UP ? -1 : 1) : NULL;
    }
    if (to != NULL)
        board_go_to_tray(state, to);
    else if (action == ACTION_DOWN || action == ACTION_PAGE_DOWN)
        go_to_map(state);
}

static void move(BoardState *state, Action action)
{
    const MapItem *part = board_part(state);

    if (state->cursor.tray) {
        move_in_tray(state, action);
        return;
    }
    const MapItem *to = map_move(&state->map, part, action, state->map_area.height);
    if (to != NULL)
        board_go_to_part(state, to);
    else if (action == ACTION_UP && tray_at_index(state, 0) != NULL)
        board_go_to_tray(state, tray_at_index(state, 0));
    /* What stands above the first cell and below the last is reached by going on. */
    else if (action == ACTION_DOWN)
        state->top++;
}

gboolean board_move(BoardState *state, Action action)
{
    switch (action) {
    case ACTION_ZOOM_IN:
        zoom(state, -1);
        return TRUE;
    case ACTION_ZOOM_OUT:
        zoom(state, 1);
        return TRUE;
    case ACTION_OUT:
        go_out(state);
        return TRUE;
    case ACTION_IN:
        go_in(state);
        return TRUE;
    case ACTION_NEXT_CHIP:
        next_chip(state);
        return TRUE;
    default:
        if (action < ACTION_UP || action > ACTION_LAST)
            return FALSE;
        move(state, action);
        return TRUE;
    }
}
