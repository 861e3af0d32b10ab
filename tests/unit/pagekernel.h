/* A kernel of a test's own for pages that move: a node for each page of one process, and what it
 * does not do: pages that are pinned or shared, a full node, a cpuset that lets none out, a process
 * that ends meanwhile. */
#pragma once

#include "core/virt/pagemove.h"
#include "tests/unit/tree.h"

#define PAGEKERNEL_PID   77
#define PAGEKERNEL_PAGES 3000u

typedef struct {
    int nodes[PAGEKERNEL_PAGES]; /* below 0: a status, such as -ENOENT */
    gboolean pinned[PAGEKERNEL_PAGES], shared[PAGEKERNEL_PAGES];
    gboolean marked[PAGEKERNEL_PAGES]; /* by NUMA balancing: move_pages does not show them */
    guint zeros;                       /* the kernel's page of zeros, counted on node 1 */
    guint room;                        /* pages that still fit */
    guint calls;                       /* that move */
    guint ends_at, stops_at; /* the call at which the process ends, or somebody stops; 0: never */
    gboolean tells;          /* in numa_maps, what was moved */
    gboolean caged;          /* its cpuset lets no page out */
    gint migrations;         /* atomic: calls of migrate_pages */
    MoveWish wishes;         /* what somebody wishes at the first of them */
    PageMove *move;          /* the test's own: it unrefs it */
    const Tree *tree;
} PageKernel;

extern PageKernel pagekernel;
extern const PageCalls pagekernel_calls;

/* Of 3000 pages 300 are not there, 1500 are on node 0 and 1200 on node 1; maps and numa_maps are
 * written below @tree, which must outlive it. */
void pagekernel_begin(const Tree *tree);
/* Writes where its pages are now into numa_maps. */
void pagekernel_tell(void);
guint pagekernel_count(int node); /* pages on it */
