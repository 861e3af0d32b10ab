/* The cells of the Host screen's map: finding one, and going from one to another. */
#include "tui/screens/hostmap.h"

#include <stdlib.h>

/* What a line up or down costs, in cells sideways: a CPU in the next line is nearer than one below
 * it, but one in another column of nodes is not. */
#define LINE_COST 32

static const HostItem *item_at(const HostMap *map, guint i)
{
    return &g_array_index(map->items, HostItem, i);
}

const HostItem *host_map_cpu(const HostMap *map, int id)
{
    int index = map->topology != NULL ? topology_cpu_index(map->topology, id) : -1;

    for (guint i = 0; index >= 0 && i < map->items->len; i++)
        if (item_at(map, i)->kind == HOST_CPU && item_at(map, i)->index == index)
            return item_at(map, i);
    return NULL;
}

const HostItem *host_map_at(const HostMap *map, int y, int x)
{
    for (guint i = 0; map->items != NULL && i < map->items->len; i++) {
        const HostItem *item = item_at(map, i);
        if (item->kind == HOST_CPU && item->y == y && x >= item->x && x < item->x + item->width)
            return item;
    }
    return NULL;
}

/* The next cell in the order laid, @step 1 or -1, beginning with the item @i. */
static const HostItem *next_cell(const HostMap *map, int i, int step)
{
    for (; i >= 0 && i < (int)map->items->len; i += step)
        if (item_at(map, (guint)i)->kind == HOST_CPU)
            return item_at(map, (guint)i);
    return NULL;
}

/* The cell nearest to @lines below @from (above where negative), in that direction only. */
static const HostItem *nearest(const HostMap *map, const HostItem *from, int lines)
{
    const HostItem *best = NULL;
    int best_cost = 0;

    for (guint i = 0; i < map->items->len; i++) {
        const HostItem *item = item_at(map, i);
        int down = item->y - from->y;
        if (item->kind != HOST_CPU || down == 0 || (down < 0) != (lines < 0))
            continue;
        int cost = abs(down - lines) * LINE_COST + abs(item->x - from->x);
        if (best == NULL || cost < best_cost) {
            best = item;
            best_cost = cost;
        }
    }
    return best;
}

const HostItem *host_map_move(const HostMap *map, const HostItem *from, Action action, int page)
{
    if (map->items == NULL)
        return NULL;
    if (from == NULL)
        return next_cell(map, 0, 1);
    int at = (int)(from - item_at(map, 0));
    switch (action) {
    case ACTION_LEFT:
        return next_cell(map, at - 1, -1);
    case ACTION_RIGHT:
        return next_cell(map, at + 1, 1);
    case ACTION_UP:
        return nearest(map, from, -1);
    case ACTION_DOWN:
        return nearest(map, from, 1);
    case ACTION_PAGE_UP:
        return nearest(map, from, -MAX(1, page));
    case ACTION_PAGE_DOWN:
        return nearest(map, from, MAX(1, page));
    case ACTION_FIRST:
        return next_cell(map, 0, 1);
    case ACTION_LAST:
        return next_cell(map, (int)map->items->len - 1, -1);
    default:
        return NULL;
    }
}
