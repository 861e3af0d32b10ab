/* What the kernel says of a running domain's QEMU process: threads, affinities, loads. */
#pragma once

#include "core/virt/domain.h"

/* Reads @domain's process below @root. @pid_folder: where its driver keeps NAME.pid ("" finds
 * none). @previous (may be NULL) gives the loads. NULL where it does not run or has no process
 * here. The caller frees it. */
DomainUsage *usage_read(
    const char *root, const char *pid_folder, const Domain *domain, const DomainUsage *previous);

/* The folder of pid files of the driver behind @uri: a path below the root for qemu:///system and
 * the test driver, of the embedded driver's own root for qemu:///embed?root=…; "" where the
 * processes are on another host. The caller frees it. */
char *usage_pid_folder(const char *uri);
