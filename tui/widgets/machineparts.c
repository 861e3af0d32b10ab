/* Which CPUs of a machine belong together, for its map. */
#include "tui/widgets/machineparts.h"

/* The CPUs of @among that share the core (or with @llc the last-level cache) of @cpu. The caller
 * frees it. */
static IdSet *sharers(const Topology *topology, int cpu, const IdSet *among, gboolean llc)
{
    const Cpu *first = topology_cpu(topology, cpu);
    const IdSet *set = llc ? first->llc : first->siblings;
    IdSet *out = idset_copy(among);

    if (set != NULL) {
        hwloc_bitmap_and(out, out, set);
    } else if (llc) {
        for (IDSET_EACH(id, among))
            if (topology_cpu(topology, id)->llc != NULL)
                hwloc_bitmap_clr(out, (unsigned)id);
    } else {
        hwloc_bitmap_only(out, (unsigned)cpu);
    }
    hwloc_bitmap_set(out, (unsigned)cpu);
    return out;
}

/* @cpus taken apart into sets of CPUs that share the core, or with @llc the last-level cache. */
GPtrArray *map_take_apart(const Topology *topology, const IdSet *cpus, gboolean llc)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    g_autoptr(IdSet) rest = idset_copy(cpus);

    while (!hwloc_bitmap_iszero(rest)) {
        IdSet *part = sharers(topology, hwloc_bitmap_first(rest), rest, llc);
        hwloc_bitmap_andnot(rest, rest, part);
        g_ptr_array_add(out, part);
    }
    return out;
}

/* Takes those out of @rest that are in the package of the lowest number among them; *package is its
 * number. The caller frees them. */
IdSet *map_take_package(const Topology *topology, IdSet *rest, int *package)
{
    IdSet *out = hwloc_bitmap_alloc();

    *package = topology_cpu(topology, hwloc_bitmap_first(rest))->package;
    for (IDSET_EACH(id, rest))
        *package = MIN(*package, topology_cpu(topology, id)->package);
    for (IDSET_EACH(id, rest))
        if (topology_cpu(topology, id)->package == *package)
            hwloc_bitmap_set(out, (unsigned)id);
    hwloc_bitmap_andnot(rest, rest, out);
    return out;
}

IdSet *map_node_cpus(const Topology *topology, const Node *node)
{
    IdSet *out = hwloc_bitmap_alloc();

    for (IDSET_EACH(id, node->cpus)) {
        const Cpu *cpu = topology_cpu(topology, id);
        if (cpu != NULL && cpu->node == node->id)
            hwloc_bitmap_set(out, (unsigned)id);
    }
    return out;
}

/* The package of all of @node's CPUs; -1 where there are none, or several, or it is unknown. */
int map_node_package(const Topology *topology, const Node *node)
{
    g_autoptr(IdSet) rest = map_node_cpus(topology, node);
    int package = -1;

    if (hwloc_bitmap_iszero(rest))
        return -1;
    G_GNUC_UNUSED g_autoptr(IdSet) first = map_take_package(topology, rest, &package);
    return hwloc_bitmap_iszero(rest) ? package : -1;
}

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

GArray *map_place_nodes(const Topology *topology)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(NodePlace));

    for (guint i = 0; i < topology->nodes->len; i++) {
        const Node *node = topology->nodes->pdata[i];
        g_autoptr(IdSet) cpus = map_node_cpus(topology, node);
        NodePlace place = {i, map_node_package(topology, node), idset_count(cpus) == 0};
        g_array_append_val(places, place);
    }
    g_array_sort(places, compare_places);
    return places;
}

IdSet *map_places_cpus(const Topology *topology, const NodePlace *places, guint count)
{
    IdSet *out = hwloc_bitmap_alloc();

    for (guint i = 0; i < count; i++) {
        g_autoptr(IdSet) cpus = map_node_cpus(topology, topology->nodes->pdata[places[i].index]);
        hwloc_bitmap_or(out, out, cpus);
    }
    return out;
}

IdSet *map_other_cpus(const Topology *topology)
{
    IdSet *others = hwloc_bitmap_alloc();

    for (guint i = 0; i < topology->cpus->len; i++)
        hwloc_bitmap_set(others, (unsigned)((Cpu *)topology->cpus->pdata[i])->id);
    for (guint i = 0; i < topology->nodes->len; i++)
        hwloc_bitmap_andnot(others, others, ((Node *)topology->nodes->pdata[i])->cpus);
    return others;
}
