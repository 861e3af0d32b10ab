/* Moving the pages of a running process to other nodes: move_pages(2) in portions, to be watched,
 * held up and stopped; where the process's cpuset does not let it, migrate_pages(2), a node at a
 * time. */
#pragma once

#include "core/virt/pageshares.h"

/* The kernel's calls, as numaif.h has them; tests put others in their place. */
typedef struct {
    long (*move_pages)(
        int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags);
    long (*migrate_pages)(
        int pid, unsigned long max_node, const unsigned long *from, const unsigned long *to);
} PageCalls;

typedef enum { MOVE_RUNS, MOVE_PAUSED, MOVE_STOPPED } MoveWish;

/* Why pages stay where they are. */
typedef enum {
    STAYS_BUSY,   /* pinned (a passed-through device, RDMA), or in use just then */
    STAYS_ROOM,   /* no memory, or no free page of the pool, on the node */
    STAYS_SHARED, /* of other processes as well, as KSM's */
    STAYS_REASONS,
} StayReason;

/* In KiB. */
typedef struct {
    guint64 total;                 /* what is to move */
    guint64 moved;                 /* what did */
    guint64 stayed[STAYS_REASONS]; /* what did not */
    guint64 stayed_huge;           /* of that, pages of a hugepage pool */
    gboolean stopped;              /* somebody stopped it: there is more */
} MoveResult;

/* One move, seen by those who watch it. */
typedef struct {
    gatomicrefcount refs;
    gint wish; /* atomic, a MoveWish: set by whoever watches */
    GMutex lock;
    gboolean running;  /* with the lock, as what follows */
    MoveResult result; /* so far */
} PageMove;

PageMove *page_move_new(void);
PageMove *page_move_ref(PageMove *move);
void page_move_unref(PageMove *move);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PageMove, page_move_unref)
/* A copy of what has come of it so far; TRUE while it runs. */
gboolean page_move_look(PageMove *move, MoveResult *result);

/* Moves the pages of process @pid (its maps and numa_maps below @root) until they are spread as
 * @shares, or everything was tried. Blocks. @calls NULL: the kernel's. FALSE with a sentence where
 * the process ended, or the kernel refuses; what was moved by then is in @move. */
gboolean page_move_run(PageMove *move, const char *root, int pid, const PageShares *shares,
    const PageCalls *calls, GError **error);

/* "3.1 GiB moved to node 2; 12 MiB stay: 8.0 MiB pinned or in use, …". The caller frees it. */
char *page_move_text(const MoveResult *result);
