/* The pages of one process counted by size and node, from /proc/PID/numa_maps. The kernel walks all
 * of its page tables for that, which holds the guest up: only when somebody asks, on a thread of
 * its own, to be stopped at any time. */
#pragma once

#include "core/util/num.h"

typedef struct {
    guint64 page_kib;
    int node;
    guint64 kib;
} PageKib;

typedef struct {
    gatomicrefcount refs;
    char *root;
    int pid;
    gint stop;            /* atomic: set it to end the count; what was counted by then is kept */
    gint mappings, total; /* atomic: mappings read so far, and how many there are; 0 unknown */
    gint done;            /* atomic, set last: what follows may be read */
    GArray *pages;        /* PageKib, by size, then node */
    char *problem;        /* why it did not come to its end, or NULL */
} PageCount;

PageCount *page_count_new(const char *root, int pid);
PageCount *page_count_ref(PageCount *count);
void page_count_unref(PageCount *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PageCount, page_count_unref)

/* What was counted by node, of all sizes: GArray of NodeKib (domain.h) ascending, the caller's. */
GArray *page_count_nodes(const PageCount *count);
/* Counts; returns at the end. For a thread that may wait. */
void page_count_run(PageCount *count);
