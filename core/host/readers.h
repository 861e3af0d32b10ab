/* The readers that fill a Host, each its part; for host.c only. They read below @root; @previous
 * (may be NULL) is the Host before, and Host.taken_us, slow_us and topology are already set. */
#pragma once

#include "core/host/host.h"

/* meminfo, the hugepage pools, and the same of every node. */
void host_read_memory(Host *host, const char *root, const Host *previous);
void host_free_memory(Host *host);

/* KSM, THP, khugepaged and the lines of vmstat that tell of them. */
void host_read_features(Host *host, const char *root, const Host *previous);
void host_free_features(Host *host);

/* What KSM gains and costs; after host_read_features(). */
void host_read_ksm(Host *host, const char *root, const Host *previous);

/* /proc/sys/vm, memory pressure, free blocks, mounts of hugetlbfs; after the nodes were read. */
void host_read_vm(Host *host, const char *root, const Host *previous);
void host_free_vm(Host *host);

/* The parameters of KVM's modules and the CPU's flags. */
void host_read_kvm(Host *host, const char *root, const Host *previous);
void host_free_kvm(Host *host);

/* The ticks of /proc/stat and the load since @previous. */
void host_read_load(Host *host, const char *root, const Host *previous);

/* Whether @host takes over from @previous what hardly changes. */
static inline gboolean host_takes_over(const Host *host, const Host *previous)
{
    return previous && host->slow_us == previous->slow_us;
}

static inline gint64 host_elapsed_us(const Host *host, const Host *previous)
{
    return previous ? host->taken_us - previous->taken_us : 0;
}
