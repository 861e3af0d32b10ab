/* What is counted over all mappings of one process, from a long file of /proc/PID. The kernel walks
 * its page tables for that, which holds the guest up: only when somebody asks, on a thread of its
 * own, to be stopped at any time. */
#pragma once

#include "core/util/num.h"

typedef struct ProcCount ProcCount;

typedef struct {
    guint64 page_kib;
    int node;
    guint64 kib;
} PageKib;

/* One thing to count: page_count (pagecount.h), huge_count (hugecount.h). */
typedef struct {
    const char *file;    /* of /proc/PID */
    const char *missing; /* what is said where this kernel has no such file */
    /* Takes one line of it; TRUE where a mapping begins with the line. */
    gboolean (*take)(ProcCount *count, const char *line);
    void (*finish)(ProcCount *count); /* brings what was counted into order; NULL */
} ProcCountKind;

struct ProcCount {
    const ProcCountKind *kind;
    gatomicrefcount refs;
    char *root;
    int pid;
    gint stop;            /* atomic: set it to end the count; what was counted by then is kept */
    gint mappings, total; /* atomic: mappings read so far, and how many there are; 0 unknown */
    gint done;            /* atomic, set last: what follows may be read */
    GArray *pages;        /* page_count: PageKib, by size, then node; else empty */
    Num resident_kib;     /* huge_count: Rss */
    Num anon_kib;         /* huge_count: AnonHugePages */
    Num shared_kib; /* huge_count: ShmemPmdMapped and FilePmdMapped, where the kernel tells them */
    char *problem;  /* why it did not come to its end, or NULL */
};

ProcCount *proc_count_new(const ProcCountKind *kind, const char *root, int pid);
ProcCount *proc_count_ref(ProcCount *count);
void proc_count_unref(ProcCount *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProcCount, proc_count_unref)

/* Counts; returns at the end. For a thread that may wait. */
void proc_count_run(ProcCount *count);
