/* The host as placement sees it: its CPUs numbered anew, so that those of a core, a cache group and
 * a node stand side by side. Sizes in KiB. */
#pragma once

#include "core/host/host.h"

typedef struct {
    guint first, end; /* of the things one level below: [first, end) */
} PlaceSpan;

typedef struct {
    const Topology *topology;
    guint cpus, cores, caches, nodes;    /* online CPUs; nodes as in Topology.nodes */
    int *cpu_id;                         /* by index: the kernel's number */
    guint *core_of, *cache_of, *node_of; /* by the CPU's index */
    gboolean *isolated;                  /* likewise */
    int *index_of;                       /* by the kernel's number: the CPU's index, -1 none */
    guint ids;                           /* length of index_of */
    PlaceSpan *core, *cache, *node; /* CPUs of a core; cores of a cache group; groups of a node */
    int *node_id;
    guint *distance; /* nodes × nodes, as the kernel counts: 10 is local */
} PlaceMachine;

PlaceMachine *place_machine_new(const Topology *topology);
void place_machine_free(PlaceMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlaceMachine, place_machine_free)

/* The index of the CPU the kernel calls @id; -1 where it is not online or in no node. */
static inline int place_cpu(const PlaceMachine *machine, int id)
{
    return id >= 0 && (guint)id < machine->ids ? machine->index_of[id] : -1;
}

static inline guint place_distance(const PlaceMachine *machine, guint from, guint to)
{
    return machine->distance[from * machine->nodes + to];
}

/* The CPUs of a cache group or of a node. */
static inline PlaceSpan place_cache_cpus(const PlaceMachine *machine, guint cache)
{
    PlaceSpan cores = machine->cache[cache];
    return cores.first == cores.end
               ? (PlaceSpan){0, 0}
               : (PlaceSpan){machine->core[cores.first].first, machine->core[cores.end - 1].end};
}

static inline PlaceSpan place_node_cores(const PlaceMachine *machine, guint node)
{
    PlaceSpan caches = machine->node[node];
    return caches.first == caches.end ? (PlaceSpan){0, 0}
                                      : (PlaceSpan){machine->cache[caches.first].first,
                                            machine->cache[caches.end - 1].end};
}
