/* The host as placement sees it. */
#include "core/place/machine.h"

#include <stdlib.h>

/* Where a CPU stands; ordered by node, cache group, core, number. A group is the part of a
 * last-level cache that lies in one node: with sub-NUMA clusters a cache spans several. */
typedef struct {
    guint node;
    int cache, core, id;
    gboolean isolated;
} Seat;

static int compare_seats(const void *a, const void *b)
{
    const Seat *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->cache != y->cache)
        return x->cache < y->cache ? -1 : 1;
    if (x->core != y->core)
        return x->core < y->core ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int node_index(const Topology *topology, int id)
{
    for (guint i = 0; i < topology->nodes->len; i++)
        if (((const Node *)topology->nodes->pdata[i])->id == id)
            return (int)i;
    return -1;
}

/* The online CPUs that are in a node. */
static Seat *take_seats(const Topology *topology, guint *count)
{
    Seat *seats = g_new0(Seat, topology->cpus->len);
    int node = -1, known = -1;

    *count = 0;
    for (guint i = 0; i < topology->cpus->len; i++) {
        const Cpu *cpu = topology->cpus->pdata[i];
        if (!cpu->online)
            continue;
        if (node < 0 || cpu->node != known) /* mostly as the one before */
            node = node_index(topology, known = cpu->node);
        if (node < 0)
            continue;
        seats[(*count)++] = (Seat){.node = (guint)node,
            .cache = cpu->llc ? hwloc_bitmap_first(cpu->llc) : -1,
            .core = cpu->siblings ? hwloc_bitmap_first(cpu->siblings) : cpu->id,
            .id = cpu->id,
            .isolated = cpu->isolated};
    }
    qsort(seats, *count, sizeof *seats, compare_seats);
    return seats;
}

static void fill_distances(PlaceMachine *machine)
{
    for (guint from = 0; from < machine->nodes; from++) {
        const Node *node = machine->topology->nodes->pdata[from];
        machine->node_id[from] = node->id;
        for (guint to = 0; to < machine->nodes; to++) {
            /* Linux: LOCAL_DISTANCE and REMOTE_DISTANCE, where the firmware says nothing. */
            int distance = from == to ? 10 : 20;
            if (node->distances && to < node->distances->len)
                distance = g_array_index(node->distances, int, to);
            machine->distance[from * machine->nodes + to] = (guint)CLAMP(distance, 1, 255);
        }
    }
}

PlaceMachine *place_machine_new(const Topology *topology)
{
    PlaceMachine *machine = g_new0(PlaceMachine, 1);
    guint count;
    g_autofree Seat *seats = take_seats(topology, &count);

    machine->topology = topology;
    machine->cpus = count;
    machine->nodes = topology->nodes->len;
    machine->cpu_id = g_new(int, count);
    machine->core_of = g_new(guint, count);
    machine->cache_of = g_new(guint, count);
    machine->node_of = g_new(guint, count);
    machine->isolated = g_new(gboolean, count);
    machine->core = g_new0(PlaceSpan, count);
    machine->cache = g_new0(PlaceSpan, count);
    machine->node = g_new0(PlaceSpan, machine->nodes);
    machine->node_id = g_new(int, machine->nodes);
    machine->distance = g_new(guint, machine->nodes * machine->nodes);
    machine->ids = (guint)hwloc_bitmap_last(topology->online) + 1;
    machine->index_of = g_new(int, machine->ids);
    for (guint id = 0; id < machine->ids; id++)
        machine->index_of[id] = -1;
    for (guint i = 0; i < count; i++) {
        const Seat *seat = &seats[i], *before = i > 0 ? &seats[i - 1] : NULL;
        gboolean node = before == NULL || before->node != seat->node;
        gboolean cache = node || before->cache != seat->cache;
        gboolean core = cache || before->core != seat->core;
        if (node)
            machine->node[seat->node].first = machine->caches;
        if (cache)
            machine->cache[machine->caches++].first = machine->cores;
        if (core)
            machine->core[machine->cores++].first = i;
        machine->core[machine->cores - 1].end = i + 1;
        machine->cache[machine->caches - 1].end = machine->cores;
        machine->node[seat->node].end = machine->caches;
        machine->core_of[i] = machine->cores - 1;
        machine->cache_of[i] = machine->caches - 1;
        machine->node_of[i] = seat->node;
        machine->cpu_id[i] = seat->id;
        machine->isolated[i] = seat->isolated;
        if ((guint)seat->id < machine->ids)
            machine->index_of[seat->id] = (int)i;
    }
    fill_distances(machine);
    return machine;
}

void place_machine_free(PlaceMachine *machine)
{
    if (machine == NULL)
        return;
    g_free(machine->cpu_id);
    g_free(machine->core_of);
    g_free(machine->cache_of);
    g_free(machine->node_of);
    g_free(machine->isolated);
    g_free(machine->index_of);
    g_free(machine->core);
    g_free(machine->cache);
    g_free(machine->node);
    g_free(machine->node_id);
    g_free(machine->distance);
    g_free(machine);
}
