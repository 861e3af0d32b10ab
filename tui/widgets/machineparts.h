/* Which CPUs of a machine belong together, for its map. Every set returned is the caller's. */
#pragma once

#include "core/host/host.h"

/* @cpus taken apart into sets of CPUs that share the core, or with @llc the last-level cache. */
GPtrArray *map_take_apart(const Topology *topology, const IdSet *cpus, gboolean llc);
/* Takes those out of @rest that are in the package of the lowest number among them; *package is its
 * number. */
IdSet *map_take_package(const Topology *topology, IdSet *rest, int *package);
/* The CPUs of @node: on a made-up machine, where a CPU is in two, the first one has it. */
IdSet *map_node_cpus(const Topology *topology, const Node *node);
/* The package of all of @node's CPUs; -1 where there are none, or several, or it is unknown. */
int map_node_package(const Topology *topology, const Node *node);

typedef struct {
    guint index; /* in Topology.nodes */
    int package; /* of all its CPUs, or -1 */
    gboolean memory_only;
} NodePlace;

/* NodePlace of every node: by package, as they are numbered in it; nodes without CPUs last. */
GArray *map_place_nodes(const Topology *topology);
/* The CPUs of @count nodes from @places on. */
IdSet *map_places_cpus(const Topology *topology, const NodePlace *places, guint count);
/* The CPUs that no node holds: those offline have no place that the kernel tells of. */
IdSet *map_other_cpus(const Topology *topology);
