/* Machines to test with: made ones, as the tree of files a kernel would show, and domains that run
 * on them. */
#pragma once

#include "core/snapshot/snapshot.h"

/* How many of each stand in one of the kind before. */
typedef struct {
    int packages, nodes, caches, cores, threads;
    gboolean interleaved; /* CPU numbers go round the nodes, as some firmware has it */
} MachineShape;

/* Writes the tree below the folder @root: 64 GiB a node, a pool of 2M pages. */
void machine_write(const MachineShape *shape, const char *root);
/* The same in a new folder, read as a Host, and removed again. */
Host *machine_host(const MachineShape *shape);
int machine_cpus(const MachineShape *shape);

/* The XML of a domain of @vcpus vCPUs, pinned one by one from CPU @first on, or nowhere where
 * @first is -1. The caller frees it. */
char *machine_domain_xml(const char *name, guint number, guint vcpus, int first);
/* A Snapshot of @host (taken) with running domains of such XML: @count of them, every third
 * unpinned, of @vcpus each. */
Snapshot *machine_snapshot(Host *host, guint count, guint vcpus);
