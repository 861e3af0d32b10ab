/* The pen with which a map's parts are laid. */
#include "tui/widgets/machinepen.h"

#include "tui/terminal/canvas.h"

static MapItem *item_at(const Map *map, int i)
{
    return &g_array_index(map->items, MapItem, i);
}

static MapItem *add_item(const Pen *pen, MapItem item)
{
    item.block = pen->block;
    item.parent = pen->parent;
    g_array_append_val(pen->map->items, item);
    return item_at(pen->map, (int)pen->map->items->len - 1);
}

void pen_text(const Pen *pen, int y, int x, int width, Style style, const char *text)
{
    add_item(pen, (MapItem){.kind = MAP_TEXT,
                      .y = y,
                      .x = x,
                      .height = 1,
                      .width = MIN(width, canvas_width(text, FALSE)),
                      .style = style,
                      .text = g_string_chunk_insert_const(pen->map->texts, text)});
}

Pen pen_open(const Pen *pen, MapLevel level, int index, const IdSet *cpus, int y, int x, int width)
{
    Pen inner = *pen;

    add_item(pen, (MapItem){.kind = MAP_PART,
                      .y = y,
                      .x = x,
                      .height = 1,
                      .width = width,
                      .level = level,
                      .cell = level == pen->map->shape.zoom,
                      .index = index,
                      .cpus = idset_copy(cpus)});
    inner.parent = (int)pen->map->items->len - 1;
    return inner;
}

void pen_strip(const Pen *inner, int y, int x, int width)
{
    MapItem *part = item_at(inner->map, inner->parent);

    part->strip_y = y;
    part->strip_x = x;
    part->strip_width = inner->map->shape.chips > 0 ? MAX(0, width) : 0;
}

void pen_height(const Pen *inner, int bottom)
{
    MapItem *part = item_at(inner->map, inner->parent);

    part->height = MAX(1, bottom - part->y);
}

void pen_cell(const Pen *inner)
{
    for (IDSET_EACH(id, item_at(inner->map, inner->parent)->cpus)) {
        int index = topology_cpu_index(inner->map->topology, id);
        if (index >= 0)
            inner->map->cells[index] = inner->parent;
    }
}
