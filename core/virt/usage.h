/* What the kernel says of a running domain's QEMU process: threads, affinities, loads. */
#pragma once

#include "core/virt/domain.h"

/* Reads @domain's process below @root, where @host was read (NULL: not known). @pid_folder: as
 * driver_run_folder() gave it. @previous (may be NULL) gives the loads. NULL where it does not run
 * or has no process here. The caller frees it. */
DomainUsage *usage_read(const char *root, const char *pid_folder, const Host *host,
    const Domain *domain, const DomainUsage *previous);

/* Where the memory of @domain's process @pid is now, as its cgroup says (NodeKib); NULL unknown.
 * Costs a few files of @root, and the guest nothing; any thread may ask. The caller unrefs it. */
GArray *usage_memory_now(const char *root, const Host *host, const Domain *domain, int pid);

/* The process of the running domain @uuid below @root; @folder as driver_run_folder() gave it. -1
 * where there is none. */
int usage_process(const char *root, const char *folder, const char *uuid);
