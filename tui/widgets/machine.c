/* A map of a machine: where its parts stand on a screen; its packages and nodes. */
#include "tui/widgets/machine.h"

#include <string.h>

#include "tui/terminal/canvas.h"
#include "tui/widgets/machinepen.h"

#define TWO_COLUMNS    160 /* from this width on the nodes of a package stand side by side */
#define COLUMN_GAP     2
#define NODE_CHIPS     14  /* room for chips at the end of a node's line, at least */
#define NAME_MAX_WIDTH 20  /* of a cell: longer ones are cut */
#define NODE_TEXT_MAX  100 /* what a node's own figures take at most */

static char *package_text(int package, const IdSet *cpus)
{
    g_autofree char *list = idset_format(cpus);
    return package < 0
               ? g_strdup_printf("package –  %u CPUs: %s", idset_count(cpus), list)
               : g_strdup_printf("package %d  %u CPUs: %s", package, idset_count(cpus), list);
}

/* Begins a package with its line. */
static Pen open_package(Pen *pen, int package, const IdSet *cpus)
{
    g_autofree char *text = package_text(package, cpus);
    int room = pen->map->shape.chips > 0 ? pen->width - NODE_CHIPS : pen->width;
    int used = MIN(canvas_width(text, FALSE), room);
    Pen inner = pen_open(pen, LEVEL_PACKAGE, package, cpus, pen->y, pen->x, pen->width);

    pen_text(&inner, pen->y, pen->x, room, STYLE_TEXT, text);
    pen_strip(&inner, pen->y, pen->x + used + 2, pen->width - used - 2);
    inner.y++;
    return inner;
}

/* Ends a part whose content was laid by @inner. */
static void close_part(Pen *pen, const Pen *inner)
{
    pen_height(inner, inner->y);
    pen->y = inner->y;
}

/* The cells in which all packages of @cpus can be laid, each in as few lines as it can. */
static int package_width(const Map *map, const IdSet *cpus)
{
    g_autoptr(IdSet) rest = idset_copy(cpus);
    int width = 0;

    while (!hwloc_bitmap_iszero(rest)) {
        int package = -1;
        g_autoptr(IdSet) part = map_take_package(map->topology, rest, &package);
        g_autoptr(GPtrArray) cores = map_take_apart(map->topology, part, FALSE);
        g_autofree char *text = package_text(package, part);
        width = MAX(width, canvas_width(text, FALSE));
        width = MAX(width, pen_cores_width(map, cores) + NODE_INDENT);
    }
    return width;
}

/* The packages within one node, side by side where there is room. */
static void lay_packages(Pen *pen, IdSet *rest)
{
    int width = package_width(pen->map, rest);
    int room = pen->width - NODE_INDENT;
    int columns = MAX(1, (room + COLUMN_GAP) / (width + COLUMN_GAP));
    int bottom = pen->y;

    for (int i = 0; !hwloc_bitmap_iszero(rest); i++) {
        int package = -1;
        g_autoptr(IdSet) part = map_take_package(pen->map->topology, rest, &package);
        if (i % columns == 0)
            pen->y = bottom;
        Pen inner = *pen;
        inner.x += NODE_INDENT + i % columns * (width + COLUMN_GAP);
        inner.width = columns > 1 ? width : room;
        if (i > 0 || package >= 0 || !hwloc_bitmap_iszero(rest)) {
            Pen content = open_package(&inner, package, part);
            pen_lay_cpus(&content, part);
            close_part(&inner, &content);
        } else {
            pen_lay_cpus(&inner, part);
        }
        bottom = MAX(bottom, inner.y);
    }
    pen->y = bottom;
}

/* Begins a node with its line, and at the widest zoom a line of chips below. @text: what it says,
 * or NULL where its figures are drawn there. */
static Pen open_node(Pen *pen, int index, const IdSet *cpus, const char *text)
{
    const MapShape *shape = &pen->map->shape;
    int used =
        text != NULL ? canvas_width(text, FALSE) + 2 : MIN(NODE_TEXT_MAX, pen->width - NODE_CHIPS);

    pen->block = pen->y;
    Pen inner = pen_open(pen, LEVEL_NODE, index, cpus, pen->y, pen->x, pen->width);
    if (text != NULL)
        pen_text(&inner, pen->y, pen->x, pen->width, STYLE_TITLE, text);
    inner.y++;
    if (shape->zoom == LEVEL_NODE) {
        pen_strip(&inner, inner.y++, pen->x + NODE_INDENT, pen->width - NODE_INDENT);
        pen_cell(&inner);
    } else
        pen_strip(&inner, pen->y, pen->x + used, pen->width - used);
    return inner;
}

static void lay_node(Pen *pen, guint index)
{
    const Node *node = pen->map->topology->nodes->pdata[index];
    g_autoptr(IdSet) cpus = map_node_cpus(pen->map->topology, node);
    g_autoptr(IdSet) rest = idset_copy(cpus);
    gboolean several = !hwloc_bitmap_iszero(rest) && map_node_package(pen->map->topology, node) < 0;
    Pen inner = open_node(pen, (int)index, cpus, NULL);

    if (several && pen->map->shape.zoom != LEVEL_NODE)
        lay_packages(&inner, rest);
    else
        pen_lay_cpus(&inner, rest);
    close_part(pen, &inner);
}

/* @count nodes from @places on, in as many columns as there is room for. */
static void lay_nodes(Pen *pen, const NodePlace *places, guint count)
{
    int columns = count > 1 && pen->width >= TWO_COLUMNS ? 2 : 1;
    int width = (pen->width - (columns - 1) * COLUMN_GAP) / columns;
    int bottom = pen->y;

    for (guint i = 0; i < count; i++) {
        int column = (int)i % columns;
        Pen inner = *pen;
        if (column == 0)
            pen->y = inner.y = bottom + (i > 0 ? pen->map->shape.air : 0);
        inner.x += column * (width + COLUMN_GAP);
        inner.width = width;
        lay_node(&inner, places[i].index);
        bottom = MAX(bottom, inner.y);
    }
    pen->y = bottom;
}

/* The CPUs that no node holds: those offline have no place that the kernel tells of. */
static void lay_others(Pen *pen)
{
    g_autoptr(IdSet) others = map_other_cpus(pen->map->topology);

    if (hwloc_bitmap_iszero(others))
        return;
    g_autofree char *list = idset_format(others);
    g_autofree char *text = g_strdup_printf("in no node  CPUs %s", list);
    pen->y += pen->y > 0 ? pen->map->shape.air : 0;
    Pen inner = open_node(pen, -1, others, text);
    pen_lay_cpus(&inner, others);
    close_part(pen, &inner);
}

static int longest_name(const Map *map)
{
    MapLevel zoom = map->shape.zoom;
    int longest = 1;

    for (guint i = 0; i < map->topology->cpus->len && zoom < LEVEL_NODE; i++) {
        const Cpu *cpu = map->topology->cpus->pdata[i];
        g_autoptr(IdSet) alone = hwloc_bitmap_alloc();
        hwloc_bitmap_only(alone, (unsigned)cpu->id);
        const IdSet *set = zoom == LEVEL_CORE ? cpu->siblings : zoom == LEVEL_LLC ? cpu->llc : NULL;
        g_autofree char *name = idset_format(set != NULL ? set : alone);
        longest = MAX(longest, MIN((int)strlen(name), NAME_MAX_WIDTH));
    }
    return longest;
}

static void item_clear(gpointer data)
{
    hwloc_bitmap_free(((MapItem *)data)->cpus);
}

/* Begins the package that all of the nodes from @places on are in, where the machine has several.
 */
static void lay_package_of_nodes(Pen *pen, const NodePlace *places, guint count)
{
    if (places->package < 0 || pen->map->topology->packages == 1) {
        lay_nodes(pen, places, count);
        return;
    }
    g_autoptr(IdSet) cpus = map_places_cpus(pen->map->topology, places, count);
    Pen inner = open_package(pen, places->package, cpus);
    lay_nodes(&inner, places, count);
    close_part(pen, &inner);
}

void map_lay(Map *map, Topology *topology, const MapShape *shape)
{
    if (map->topology == topology && memcmp(&map->shape, shape, sizeof *shape) == 0)
        return;
    Topology *kept = topology_ref(topology);
    map_clear(map);
    map->topology = kept;
    map->shape = *shape;
    map->items = g_array_new(FALSE, FALSE, sizeof(MapItem));
    g_array_set_clear_func(map->items, item_clear);
    map->texts = g_string_chunk_new(1024);
    map->cells = g_new(int, topology->cpus->len);
    for (guint i = 0; i < topology->cpus->len; i++)
        map->cells[i] = -1;
    map->marks = idset_count(topology->isolated) + idset_count(topology->nohz_full) > 0;
    map->label_width = longest_name(map);

    Pen pen = {.map = map, .width = shape->width, .parent = -1};
    g_autoptr(GArray) places = map_place_nodes(map->topology);
    guint count = 0;
    for (guint i = 0; i < places->len; i += count) {
        const NodePlace *first = &g_array_index(places, NodePlace, i);
        for (count = 1; i + count < places->len && first[count].package == first->package &&
                        first[count].memory_only == first->memory_only;)
            count++;
        pen.y += i > 0 ? shape->air : 0;
        lay_package_of_nodes(&pen, first, count);
    }
    lay_others(&pen);
    map->height = pen.y;
}

void map_clear(Map *map)
{
    g_clear_pointer(&map->topology, topology_unref);
    g_clear_pointer(&map->items, g_array_unref);
    g_clear_pointer(&map->texts, g_string_chunk_free);
    g_clear_pointer(&map->cells, g_free);
}
