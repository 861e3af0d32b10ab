/* The parts of a machine's map: finding one, and going from one to another. */
#include "tui/widgets/machine.h"

#include <stdlib.h>

/* What a line up or down costs, in cells sideways: a CPU in the next line is nearer than one below
 * it, but one in another column of nodes is not. */
#define LINE_COST 32

static const MapItem *item_at(const Map *map, int i)
{
    return &g_array_index(map->items, MapItem, i);
}

static int item_count(const Map *map)
{
    return map->items != NULL ? (int)map->items->len : 0;
}

static int part_node(const Map *map, const MapItem *part)
{
    return part->index >= 0 ? ((const Node *)map->topology->nodes->pdata[part->index])->id : -1;
}

const MapItem *map_part(const Map *map, MapLevel level, int id)
{
    for (int i = 0; i < item_count(map); i++) {
        const MapItem *part = item_at(map, i);
        if (part->kind != MAP_PART || part->level != level)
            continue;
        if (level == LEVEL_NODE ? part_node(map, part) == id : idset_has(part->cpus, id))
            return part;
    }
    return NULL;
}

const MapItem *map_cell_of(const Map *map, int id)
{
    int index = map->topology != NULL ? topology_cpu_index(map->topology, id) : -1;

    return index >= 0 && map->cells[index] >= 0 ? item_at(map, map->cells[index]) : NULL;
}

const MapItem *map_at(const Map *map, int y, int x)
{
    for (int i = item_count(map); i-- > 0;) {
        const MapItem *part = item_at(map, i);
        if (part->kind == MAP_PART && y >= part->y && y < part->y + part->height && x >= part->x &&
            x < part->x + part->width)
            return part;
    }
    return NULL;
}

const MapItem *map_parent(const Map *map, const MapItem *item)
{
    return item->parent >= 0 ? item_at(map, item->parent) : NULL;
}

gboolean map_within(const Map *map, const MapItem *item, const MapItem *part)
{
    while (item != NULL && item != part)
        item = map_parent(map, item);
    return item != NULL;
}

static gboolean is_alike(const MapItem *item, const MapItem *from)
{
    return item->kind == MAP_PART && (from != NULL ? item->level == from->level : item->cell);
}

/* The next part like @from in the order laid, @step 1 or -1, beginning with the item @i. */
static const MapItem *next_part(const Map *map, const MapItem *from, int i, int step)
{
    for (; i >= 0 && i < item_count(map); i += step)
        if (is_alike(item_at(map, i), from))
            return item_at(map, i);
    return NULL;
}

/* The part nearest to @lines below @from (above where negative), in that direction only. */
static const MapItem *nearest(const Map *map, const MapItem *from, int lines)
{
    const MapItem *best = NULL;
    int best_cost = 0;

    for (int i = 0; i < item_count(map); i++) {
        const MapItem *item = item_at(map, i);
        int down = item->y - from->y;
        if (!is_alike(item, from) || down == 0 || (down < 0) != (lines < 0))
            continue;
        int cost = abs(down - lines) * LINE_COST + abs(item->x - from->x);
        if (best == NULL || cost < best_cost) {
            best = item;
            best_cost = cost;
        }
    }
    return best;
}

const MapItem *map_move(const Map *map, const MapItem *from, Action action, int page)
{
    if (from == NULL)
        return next_part(map, NULL, 0, 1);
    int at = (int)(from - item_at(map, 0));
    switch (action) {
    case ACTION_LEFT:
        return next_part(map, from, at - 1, -1);
    case ACTION_RIGHT:
        return next_part(map, from, at + 1, 1);
    case ACTION_UP:
        return nearest(map, from, -1);
    case ACTION_DOWN:
        return nearest(map, from, 1);
    case ACTION_PAGE_UP:
        return nearest(map, from, -MAX(1, page));
    case ACTION_PAGE_DOWN:
        return nearest(map, from, MAX(1, page));
    case ACTION_FIRST:
        return next_part(map, from, 0, 1);
    case ACTION_LAST:
        return next_part(map, from, item_count(map) - 1, -1);
    default:
        return NULL;
    }
}
