/* Where everything of a machine stands on the Host screen. */
#include "tui/screens/hostmap.h"

#include "tui/canvas.h"

#define TWO_COLUMNS  160 /* from this width on the nodes of a package stand side by side */
#define COLUMN_GAP   2
#define NODE_INDENT  2
#define GROUP_BORDER " │ " /* between cache groups */

/* Where is being laid, and within which lines. */
typedef struct {
    HostMap *map;
    int x, width; /* of the column */
    int y;        /* the next free line */
    int block;    /* the line at which the node began */
} Pen;

static HostItem *add_item(Pen *pen, HostItemKind kind, int y, int x, int width)
{
    HostItem item = {.kind = kind, .y = y, .x = x, .width = width, .block = pen->block};

    g_array_append_val(pen->map->items, item);
    return &g_array_index(pen->map->items, HostItem, pen->map->items->len - 1);
}

static void add_text(Pen *pen, int y, int x, Style style, const char *text)
{
    HostItem *item = add_item(pen, HOST_TEXT, y, x, canvas_width(text, FALSE));

    item->style = style;
    item->text = g_string_chunk_insert_const(pen->map->texts, text);
}

/* "12▃", and "12▃i" where there are isolated CPUs. */
static int cell_width(const HostMap *map)
{
    return map->id_width + 1 + (map->isolated ? 1 : 0);
}

/* The CPUs of @among that share the core (or with @llc the last-level cache) of @cpu. The caller
 * frees it. */
static IdSet *sharers(const HostMap *map, int cpu, const IdSet *among, gboolean llc)
{
    const Cpu *first = topology_cpu(map->topology, cpu);
    const IdSet *set = llc ? first->llc : first->siblings;
    IdSet *out = idset_copy(among);

    if (set != NULL) {
        hwloc_bitmap_and(out, out, set);
    } else if (llc) {
        for (IDSET_EACH(id, among))
            if (topology_cpu(map->topology, id)->llc != NULL)
                hwloc_bitmap_clr(out, (unsigned)id);
    } else {
        hwloc_bitmap_only(out, (unsigned)cpu);
    }
    hwloc_bitmap_set(out, (unsigned)cpu);
    return out;
}

/* @cpus taken apart into sets of CPUs that share the core, or with @llc the last-level cache. */
static GPtrArray *take_apart(const HostMap *map, const IdSet *cpus, gboolean llc)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    g_autoptr(IdSet) rest = idset_copy(cpus);

    while (!hwloc_bitmap_iszero(rest)) {
        IdSet *part = sharers(map, hwloc_bitmap_first(rest), rest, llc);
        hwloc_bitmap_andnot(rest, rest, part);
        g_ptr_array_add(out, part);
    }
    return out;
}

/* A core of several threads stands in brackets: "[0▃ 32▁]". */
static int core_width(const HostMap *map, const IdSet *core)
{
    int threads = (int)idset_count(core);

    return threads * (cell_width(map) + 1) - 1 + (threads > 1 ? 2 : 0);
}

static void lay_core(Pen *pen, int y, int x, const IdSet *core)
{
    gboolean boxed = idset_count(core) > 1;
    gboolean first = TRUE;

    if (boxed)
        add_text(pen, y, x++, STYLE_DIM, "[");
    for (IDSET_EACH(id, core)) {
        x += first ? 0 : 1;
        first = FALSE;
        HostItem *item = add_item(pen, HOST_CPU, y, x, cell_width(pen->map));
        item->index = topology_cpu_index(pen->map->topology, id);
        x += item->width;
    }
    if (boxed)
        add_text(pen, y, x, STYLE_DIM, "]");
}

/* Lays the cores of a cache group from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_cores(Pen *pen, int y, int x, int width, const GPtrArray *cores)
{
    int line = 0;
    int at = 0;

    for (guint i = 0; i < cores->len; i++) {
        int needs = core_width(pen->map, cores->pdata[i]);
        if (at > 0 && at + needs > width) {
            line++;
            at = 0;
        }
        lay_core(pen, y + line, x + at, cores->pdata[i]);
        at += needs + 1;
    }
    return line + 1;
}

/* The cells that @cores take in one line. */
static int group_width(const HostMap *map, const GPtrArray *cores)
{
    int width = -1;

    for (guint i = 0; i < cores->len; i++)
        width += core_width(map, cores->pdata[i]) + 1;
    return width;
}

/* "LLC 0-3,32-35" of the CPUs @group, or NULL where the kernel does not tell. */
static char *group_label(const HostMap *map, const IdSet *group)
{
    const Cpu *cpu = topology_cpu(map->topology, hwloc_bitmap_first(group));

    if (cpu->llc == NULL)
        return NULL;
    g_autofree char *list = idset_format(cpu->llc);
    return g_strdup_printf("LLC %s", list);
}

/* Caches are named above their CPUs where every name fits there, else not at all. */
static gboolean labels_fit(const HostMap *map, const GPtrArray *groups, int width)
{
    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = take_apart(map, groups->pdata[i], FALSE);
        g_autofree char *label = group_label(map, groups->pdata[i]);
        if (label == NULL || canvas_width(label, FALSE) > MIN(width, group_width(map, cores)))
            return FALSE;
    }
    return TRUE;
}

static void lay_cpus(Pen *pen, const IdSet *cpus)
{
    g_autoptr(GPtrArray) groups = take_apart(pen->map, cpus, TRUE);
    int left = pen->x + NODE_INDENT;
    int width = pen->width - NODE_INDENT;
    int labels = labels_fit(pen->map, groups, width) ? 1 : 0;
    int border = canvas_width(GROUP_BORDER, FALSE);
    int at = 0;    /* in the line */
    int lines = 0; /* that the groups beside each other take */

    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = take_apart(pen->map, groups->pdata[i], FALSE);
        int needs = group_width(pen->map, cores);
        if (at > 0 && at + border + needs > width) {
            pen->y += labels + lines;
            at = 0;
        } else if (at > 0) {
            add_text(pen, pen->y + labels, left + at, STYLE_DIM, GROUP_BORDER);
            at += border;
        }
        if (labels) {
            g_autofree char *label = group_label(pen->map, groups->pdata[i]);
            add_text(pen, pen->y, left + at, STYLE_DIM, label);
        }
        lines = lay_cores(pen, pen->y + labels, left + at, width - at, cores);
        at += MIN(needs, width);
    }
    if (groups->len > 0)
        pen->y += labels + lines;
}

/* Takes those out of @rest that are in the package of the lowest number among them; *package is its
 * number. The caller frees them. */
static IdSet *take_package(const HostMap *map, IdSet *rest, int *package)
{
    IdSet *out = hwloc_bitmap_alloc();

    *package = topology_cpu(map->topology, hwloc_bitmap_first(rest))->package;
    for (IDSET_EACH(id, rest))
        *package = MIN(*package, topology_cpu(map->topology, id)->package);
    for (IDSET_EACH(id, rest))
        if (topology_cpu(map->topology, id)->package == *package)
            hwloc_bitmap_set(out, (unsigned)id);
    hwloc_bitmap_andnot(rest, rest, out);
    return out;
}

/* The package of all of @node's CPUs; -1 where there are none, or several, or it is unknown. */
static int node_package(const HostMap *map, const Node *node)
{
    g_autoptr(IdSet) rest = idset_copy(node->cpus);
    int package = -1;

    if (hwloc_bitmap_iszero(rest))
        return -1;
    g_autoptr(IdSet) first = take_package(map, rest, &package);
    return hwloc_bitmap_iszero(rest) ? package : -1;
}

static char *package_text(int package, const IdSet *cpus)
{
    g_autofree char *list = idset_format(cpus);
    return package < 0
               ? g_strdup_printf("package –  %u CPUs: %s", idset_count(cpus), list)
               : g_strdup_printf("package %d  %u CPUs: %s", package, idset_count(cpus), list);
}

static void add_package(Pen *pen, int package, const IdSet *cpus)
{
    g_autofree char *text = package_text(package, cpus);

    add_text(pen, pen->y++, pen->x, STYLE_TEXT, text);
}

/* The cells in which all packages of @cpus can be laid, each in as few lines as it can. */
static int package_width(const HostMap *map, const IdSet *cpus)
{
    g_autoptr(IdSet) rest = idset_copy(cpus);
    int width = 0;

    while (!hwloc_bitmap_iszero(rest)) {
        int package = -1;
        g_autoptr(IdSet) part = take_package(map, rest, &package);
        g_autoptr(GPtrArray) cores = take_apart(map, part, FALSE);
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
        g_autoptr(IdSet) part = take_package(pen->map, rest, &package);
        if (i % columns == 0)
            pen->y = bottom;
        Pen inner = *pen;
        inner.x += NODE_INDENT + i % columns * (width + COLUMN_GAP);
        inner.width = columns > 1 ? width : room;
        if (i > 0 || package >= 0 || !hwloc_bitmap_iszero(rest))
            add_package(&inner, package, part);
        lay_cpus(&inner, part);
        bottom = MAX(bottom, inner.y);
    }
    pen->y = bottom;
}

static void lay_node(Pen *pen, guint index)
{
    const Node *node = pen->map->topology->nodes->pdata[index];
    g_autoptr(IdSet) rest = idset_copy(node->cpus);
    gboolean several = !hwloc_bitmap_iszero(rest) && node_package(pen->map, node) < 0;

    pen->block = pen->y;
    add_item(pen, HOST_NODE, pen->y++, pen->x, pen->width)->index = (int)index;
    if (!several) {
        lay_cpus(pen, rest);
        return;
    }
    lay_packages(pen, rest);
}

typedef struct {
    guint index; /* in Topology.nodes */
    int package; /* of all its CPUs, or -1 */
    gboolean memory_only;
} NodePlace;

/* By package, as they are numbered in it; nodes without CPUs last. */
static int compare_places(gconstpointer a, gconstpointer b)
{
    const NodePlace *x = a;
    const NodePlace *y = b;

    if (x->memory_only != y->memory_only)
        return x->memory_only ? 1 : -1;
    if (x->package != y->package)
        return x->package < y->package ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static GArray *place_nodes(const HostMap *map)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(NodePlace));

    for (guint i = 0; i < map->topology->nodes->len; i++) {
        const Node *node = map->topology->nodes->pdata[i];
        NodePlace place = {i, node_package(map, node), idset_count(node->cpus) == 0};
        g_array_append_val(places, place);
    }
    g_array_sort(places, compare_places);
    return places;
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

static IdSet *places_cpus(const HostMap *map, const NodePlace *places, guint count)
{
    IdSet *out = hwloc_bitmap_alloc();

    for (guint i = 0; i < count; i++)
        hwloc_bitmap_or(out, out, ((Node *)map->topology->nodes->pdata[places[i].index])->cpus);
    return out;
}

/* The CPUs that no node holds: those offline have no place that the kernel tells of. */
static void lay_others(Pen *pen)
{
    g_autoptr(IdSet) others = hwloc_bitmap_alloc();
    const Topology *topology = pen->map->topology;

    for (guint i = 0; i < topology->cpus->len; i++)
        hwloc_bitmap_set(others, (unsigned)((Cpu *)topology->cpus->pdata[i])->id);
    for (guint i = 0; i < topology->nodes->len; i++)
        hwloc_bitmap_andnot(others, others, ((Node *)topology->nodes->pdata[i])->cpus);
    if (hwloc_bitmap_iszero(others))
        return;
    pen->block = pen->y;
    g_autofree char *list = idset_format(others);
    g_autofree char *text = g_strdup_printf("in no node  CPUs %s", list);
    add_text(pen, pen->y++, pen->x, STYLE_TITLE, text);
    lay_cpus(pen, others);
}

void host_map_lay(HostMap *map, Topology *topology, int width)
{
    if (map->topology == topology && map->width == width)
        return;
    host_map_clear(map);
    map->topology = topology_ref(topology);
    map->width = width;
    map->items = g_array_new(FALSE, FALSE, sizeof(HostItem));
    map->texts = g_string_chunk_new(1024);
    map->isolated = idset_count(topology->isolated) > 0;
    map->id_width = 1;
    if (topology->cpus->len > 0) {
        const Cpu *last = topology->cpus->pdata[topology->cpus->len - 1];
        for (int id = last->id; id >= 10; id /= 10)
            map->id_width++;
    }

    Pen pen = {.map = map, .width = width};
    g_autoptr(GArray) places = place_nodes(map);
    guint count = 0;
    for (guint i = 0; i < places->len; i += count) {
        const NodePlace *first = &g_array_index(places, NodePlace, i);
        for (count = 1; i + count < places->len && first[count].package == first->package &&
                        first[count].memory_only == first->memory_only;)
            count++;
        if (first->package >= 0 && topology->packages != 1) {
            g_autoptr(IdSet) cpus = places_cpus(map, first, count);
            add_package(&pen, first->package, cpus);
        }
        lay_nodes(&pen, first, count);
    }
    lay_others(&pen);
    map->height = pen.y;
}

void host_map_clear(HostMap *map)
{
    g_clear_pointer(&map->topology, topology_unref);
    g_clear_pointer(&map->items, g_array_unref);
    g_clear_pointer(&map->texts, g_string_chunk_free);
}
