/* What the readers of core/virt/usage*.c have in common; for them only. */
#pragma once

#include "core/virt/usage.h"

/* proc_pid_stat(5): the numbers of the fields that are read. */
enum {
    STAT_UTIME = 14, /* in ticks, as the next one */
    STAT_STIME = 15,
    STAT_THREADS = 20,
    STAT_START = 22, /* the start time, in ticks after boot */
    STAT_RSS = 24,   /* in pages */
    STAT_PROCESSOR = 39,
};

/* The process of @domain, -1 unknown; @folder as driver_run_folder() names it. */
int usage_find_process(const char *root, const char *folder, const Domain *domain);

/* Field @wanted (from 3) of a stat line; the name in field 2 may hold blanks and parentheses. */
Num usage_stat_field(const char *stat, int wanted);

/* The resident memory in a stat line of this host, in KiB. */
Num usage_stat_rss(const char *stat);

/* Whether @usage takes over from @previous (may be NULL), the same process's, what changes slowly.
 */
static inline gboolean usage_takes_over(const DomainUsage *usage, const DomainUsage *previous)
{
    return previous && usage->slow_us == previous->slow_us;
}

/* The CPUs thread @tid of this host may run on; NULL unknown. The system call tells what the status
 * file does, at a tenth of its cost; of the set it leaves out the CPUs that are offline. The caller
 * frees it. */
IdSet *usage_own_affinity(int tid);

/* The CPUs that the cgroup of thread @tid of process @pid leaves it; NULL unknown. The caller frees
 * it. */
IdSet *usage_read_cpuset(const char *root, int pid, int tid);

/* Fills @usage->memory from the cgroup of @domain's process. @previous (may be NULL) is the same
 * process's usage before: it knows the folder. */
void usage_read_memory(DomainUsage *usage, const char *root, const Host *host, const Domain *domain,
    const DomainUsage *previous);

/* Fills what @usage says of hugepages, THP and KSM; after usage_read_memory(). @previous as there.
 */
void usage_read_pages(DomainUsage *usage, const char *root, const Host *host, const Domain *domain,
    const DomainUsage *previous);

/* A page size as the files of the hugetlb controller name it: "64KB", "2MB", "1GB". The caller
 * frees it. */
char *usage_hugetlb_name(guint64 kib);
