/* How a Topology is made: by the readers of core/host, and from what libvirt tells of another host.
 */
#pragma once

#include "core/host/host.h"

/* The topology below @root, or a new reference to @previous (may be NULL; of the same root) where
 * the kernel still lists the same CPUs and nodes. The caller owns it; NULL with a sentence where
 * @root holds no topology. */
Topology *topology_read(const char *root, const Topology *previous, GError **error);

/* An empty one, to be filled by the calls below; topology_finish() then counts what is in it. */
Topology *topology_new(void);
void topology_finish(Topology *topology);

/* The two sources. Each fills cpus, nodes and online (never empty) of the empty @topology, every
 * set restricted to the online CPUs. */
gboolean topology_fill_sysfs(Topology *topology, const char *root, GError **error);
gboolean topology_fill_hwloc(Topology *topology, const char *root, const char *xml, GError **error);

/* Parts, appended to @topology in ascending order. They belong to it. */
Cpu *topology_add_cpu(Topology *topology, int id, gboolean online);
Node *topology_add_node(Topology *topology, int id);

/* The sets of cpu/online, cpu/present …; NULL where there is no such file or it names none. */
IdSet *topology_cpu_list(const char *root, const char *name);

/* The set of a kernel's mask file ("ff,00000003", most significant word first); NULL where @text is
 * NULL, no mask, or names a CPU over IDSET_MAX. */
IdSet *topology_parse_mask(const char *text);
