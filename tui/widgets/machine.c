/* A map of a machine: where its parts stand on a screen. */
#include "tui/widgets/machine.h"

#include <string.h>

#include "tui/canvas.h"
#include "tui/widgets/machineparts.h"

#define TWO_COLUMNS    160 /* from this width on the nodes of a package stand side by side */
#define COLUMN_GAP     2
#define NODE_INDENT    2
#define NODE_CHIPS     14    /* room for chips at the end of a node's line, at least */
#define LLC_CHIPS      9     /* and at the end of a cache's */
#define NAME_MAX_WIDTH 20    /* of a cell: longer ones are cut */
#define NODE_TEXT_MAX  100   /* what a node's own figures take at most */
#define GROUP_BORDER   " │ " /* between cache groups */

/* Where is being laid, and within which lines. */
typedef struct {
    Map *map;
    int x, width; /* of the column */
    int y;        /* the next free line */
    int block;    /* the line at which the node began */
    int parent;   /* the part that is being laid, -1: none */
} Pen;

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

static void add_text(const Pen *pen, int y, int x, int width, Style style, const char *text)
{
    add_item(pen, (MapItem){.kind = MAP_TEXT,
                      .y = y,
                      .x = x,
                      .height = 1,
                      .width = MIN(width, canvas_width(text, FALSE)),
                      .style = style,
                      .text = g_string_chunk_insert_const(pen->map->texts, text)});
}

/* Adds the part @level of @cpus at (@y, @x), and returns a pen to lay what is in it. */
static Pen open_part(
    const Pen *pen, MapLevel level, int index, const IdSet *cpus, int y, int x, int width)
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

static void set_strip(const Pen *inner, int y, int x, int width)
{
    MapItem *part = item_at(inner->map, inner->parent);

    part->strip_y = y;
    part->strip_x = x;
    part->strip_width = inner->map->shape.chips > 0 ? MAX(0, width) : 0;
}

static void set_height(const Pen *inner, int bottom)
{
    MapItem *part = item_at(inner->map, inner->parent);

    part->height = MAX(1, bottom - part->y);
}

/* "12▃", and "12▃i" where there are isolated CPUs, and the chips. */
static int cell_width(const Map *map)
{
    return map->label_width + 1 + (map->marks ? 1 : 0) + map->shape.chips;
}

static int core_gap(const Map *map)
{
    return map->shape.chips > 0 && map->shape.zoom == LEVEL_THREAD ? 0 : 1;
}

/* Notes the part of @inner as the cell of its CPUs. */
static void note_cell(const Pen *inner)
{
    for (IDSET_EACH(id, item_at(inner->map, inner->parent)->cpus)) {
        int index = topology_cpu_index(inner->map->topology, id);
        if (index >= 0)
            inner->map->cells[index] = inner->parent;
    }
}

/* Lays the part of @cpus as one cell. */
static void lay_cell(const Pen *pen, MapLevel level, int y, int x, const IdSet *cpus)
{
    int index = level == LEVEL_THREAD
                    ? topology_cpu_index(pen->map->topology, hwloc_bitmap_first(cpus))
                    : -1;
    int width = cell_width(pen->map);
    Pen inner = open_part(pen, level, index, cpus, y, x, width);

    set_strip(&inner, y, x + width - pen->map->shape.chips, pen->map->shape.chips);
    note_cell(&inner);
}

/* A core of several threads stands in brackets: "[0▃ 32▁]". */
static int core_width(const Map *map, const IdSet *core)
{
    int threads = (int)idset_count(core);

    if (map->shape.zoom == LEVEL_CORE)
        return cell_width(map);
    return threads * (cell_width(map) + 1) - 1 + (threads > 1 ? 2 : 0);
}

/* Lays a core's threads from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_core(const Pen *pen, int y, int x, int width, const IdSet *core)
{
    gboolean boxed = idset_count(core) > 1;
    int step = cell_width(pen->map) + 1;
    int at = boxed ? 1 : 0;
    int line = 0;

    if (pen->map->shape.zoom == LEVEL_CORE) {
        lay_cell(pen, LEVEL_CORE, y, x, core);
        return 1;
    }
    Pen inner = open_part(pen, LEVEL_CORE, -1, core, y, x, MIN(width, core_width(pen->map, core)));
    if (boxed)
        add_text(&inner, y, x, 1, STYLE_DIM, "[");
    for (IDSET_EACH(id, core)) {
        g_autoptr(IdSet) alone = hwloc_bitmap_alloc();
        hwloc_bitmap_only(alone, (unsigned)id);
        if (at > 1 && at + step > width) {
            line++;
            at = 1;
        }
        lay_cell(&inner, LEVEL_THREAD, y + line, x + at, alone);
        at += step;
    }
    if (boxed)
        add_text(&inner, y + line, x + at - 1, 1, STYLE_DIM, "]");
    set_height(&inner, y + line + 1);
    return line + 1;
}

/* Lays the cores of a cache group from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_cores(const Pen *pen, int y, int x, int width, const GPtrArray *cores)
{
    int line = 0;
    int lines = 1; /* that the cores beside each other take */
    int at = 0;

    for (guint i = 0; i < cores->len; i++) {
        int needs = core_width(pen->map, cores->pdata[i]);
        if (at > 0 && at + needs > width) {
            line += lines;
            at = 0;
        }
        lines = lay_core(pen, y + line, x + at, width - at, cores->pdata[i]);
        at += needs + core_gap(pen->map);
    }
    return line + lines;
}

/* The cells that @cores take in one line. */
static int group_width(const Map *map, const GPtrArray *cores)
{
    int width = -core_gap(map);

    for (guint i = 0; i < cores->len; i++)
        width += core_width(map, cores->pdata[i]) + core_gap(map);
    return width;
}

/* "LLC 0-3,32-35" of the CPUs @group, or NULL where the kernel does not tell. */
static char *group_label(const Map *map, const IdSet *group)
{
    const Cpu *cpu = topology_cpu(map->topology, hwloc_bitmap_first(group));

    if (cpu->llc == NULL)
        return NULL;
    g_autofree char *list = idset_format(cpu->llc);
    return g_strdup_printf("LLC %s", list);
}

/* Caches are named above their CPUs where every name fits there, else not at all; where chips are
 * shown, those of a cache need the line. */
static gboolean want_labels(const Map *map, const GPtrArray *groups, int width)
{
    gboolean all = TRUE;
    gboolean any = FALSE;

    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = map_take_apart(map->topology, groups->pdata[i], FALSE);
        g_autofree char *label = group_label(map, groups->pdata[i]);
        any = any || label != NULL;
        all = all && label != NULL &&
              canvas_width(label, FALSE) <= MIN(width, group_width(map, cores));
    }
    return map->shape.chips > 0 ? any : all;
}

/* A cache's CPUs from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_group(const Pen *pen, int y, int x, int width, const IdSet *group, gboolean labels)
{
    g_autoptr(GPtrArray) cores = map_take_apart(pen->map->topology, group, FALSE);
    g_autofree char *label = group_label(pen->map, group);
    int own = MIN(group_width(pen->map, cores), width);
    Pen inner = *pen;

    if (label != NULL)
        inner = open_part(pen, LEVEL_LLC, -1, group, y, x, own);
    if (labels && label != NULL) {
        int room = pen->map->shape.chips > 0 ? MAX(own / 2, own - LLC_CHIPS) : own;
        int used = MIN(canvas_width(label, FALSE), room);
        add_text(&inner, y, x, room, STYLE_DIM, label);
        set_strip(&inner, y, x + used + 1, own - used - 1);
    }
    int lines = lay_cores(&inner, y + labels, x, width, cores) + labels;
    if (label != NULL)
        set_height(&inner, y + lines);
    return lines;
}

/* With LEVEL_LLC for cells. */
static void lay_group_cells(Pen *pen, const GPtrArray *groups)
{
    int left = pen->x + NODE_INDENT;
    int step = cell_width(pen->map) + 2;
    int at = 0;

    for (guint i = 0; i < groups->len; i++) {
        if (at > 0 && at + step - 2 > pen->width - NODE_INDENT) {
            pen->y++;
            at = 0;
        }
        lay_cell(pen, LEVEL_LLC, pen->y, left + at, groups->pdata[i]);
        at += step;
    }
    if (groups->len > 0)
        pen->y++;
}

static void lay_groups(Pen *pen, const GPtrArray *groups)
{
    int left = pen->x + NODE_INDENT;
    int width = pen->width - NODE_INDENT;
    gboolean labels = want_labels(pen->map, groups, width);
    int border = canvas_width(GROUP_BORDER, FALSE);
    int at = 0;    /* in the line */
    int lines = 0; /* that the groups beside each other take */

    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = map_take_apart(pen->map->topology, groups->pdata[i], FALSE);
        int needs = group_width(pen->map, cores);
        if (at > 0 && at + border + needs > width) {
            pen->y += lines;
            at = 0;
        } else if (at > 0) {
            add_text(pen, pen->y + labels, left + at, border, STYLE_DIM, GROUP_BORDER);
            at += border;
        }
        lines = lay_group(pen, pen->y, left + at, width - at, groups->pdata[i], labels);
        at += MIN(needs, width);
    }
    pen->y += lines;
}

static void lay_cpus(Pen *pen, const IdSet *cpus)
{
    g_autoptr(GPtrArray) groups = map_take_apart(pen->map->topology, cpus, TRUE);

    if (pen->map->shape.zoom == LEVEL_LLC)
        lay_group_cells(pen, groups);
    else if (pen->map->shape.zoom < LEVEL_LLC)
        lay_groups(pen, groups);
}

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
    Pen inner = open_part(pen, LEVEL_PACKAGE, package, cpus, pen->y, pen->x, pen->width);

    add_text(&inner, pen->y, pen->x, room, STYLE_TEXT, text);
    set_strip(&inner, pen->y, pen->x + used + 2, pen->width - used - 2);
    inner.y++;
    return inner;
}

/* Ends a part whose content was laid by @inner. */
static void close_part(Pen *pen, const Pen *inner)
{
    set_height(inner, inner->y);
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
        width = MAX(width, group_width(map, cores) + NODE_INDENT);
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
            lay_cpus(&content, part);
            close_part(&inner, &content);
        } else {
            lay_cpus(&inner, part);
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
    Pen inner = open_part(pen, LEVEL_NODE, index, cpus, pen->y, pen->x, pen->width);
    if (text != NULL)
        add_text(&inner, pen->y, pen->x, pen->width, STYLE_TITLE, text);
    inner.y++;
    if (shape->zoom == LEVEL_NODE) {
        set_strip(&inner, inner.y++, pen->x + NODE_INDENT, pen->width - NODE_INDENT);
        note_cell(&inner);
    } else
        set_strip(&inner, pen->y, pen->x + used, pen->width - used);
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
        lay_cpus(&inner, rest);
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
            pen->y = inner.y = bottom;
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
    Pen inner = open_node(pen, -1, others, text);
    lay_cpus(&inner, others);
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
