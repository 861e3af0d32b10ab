/* How much of one process is in transparent huge pages, from /proc/PID/smaps. The kernel walks its
 * page tables for that, which holds the guest up: only when somebody asks, on a thread of its own,
 * to be stopped at any time. (smaps_rollup has the same sums, but in one read that cannot stop.) */
#pragma once

#include "core/util/num.h"

typedef struct {
    gatomicrefcount refs;
    char *root;
    int pid;
    gint stop;            /* atomic: set it to end the count; what was counted by then is kept */
    gint mappings, total; /* atomic: mappings read so far, and how many there are; 0 unknown */
    gint done;            /* atomic, set last: what follows may be read */
    Num resident_kib;     /* Rss */
    Num anon_kib;         /* AnonHugePages */
    Num shared_kib;       /* ShmemPmdMapped and FilePmdMapped, where the kernel tells them */
    char *problem;        /* why it did not come to its end, or NULL */
} HugeCount;

HugeCount *huge_count_new(const char *root, int pid);
HugeCount *huge_count_ref(HugeCount *count);
void huge_count_unref(HugeCount *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HugeCount, huge_count_unref)

/* Counts; returns at the end. For a thread that may wait. */
void huge_count_run(HugeCount *count);
