/* Moving the pages of a running process to other nodes: move_pages(2) in portions, to be watched,
 * held up and stopped; where the process's cpuset does not let it, migrate_pages(2), a node at a
 * time. Something else may move all it can before that, at once: libvirt's nodeset. */
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

/* What is watched: pages that move, or a pool that grows, which is held up and stopped alike. */
typedef enum { MOVE_PAGES, MOVE_POOL } MoveKind;

/* Why pages stay where they are. */
typedef enum {
    STAYS_BUSY,   /* pinned (a passed-through device, RDMA), or in use just then */
    STAYS_ROOM,   /* no memory, or no free page of the pool, on the node */
    STAYS_SHARED, /* of other processes as well, as KSM's */
    STAYS_PART,   /* its cpuset lets go a node as a whole, and this one is to keep a part */
    STAYS_REASONS,
} StayReason;

/* What goes on in one call just now, so that a wish is heeded only after it. */
typedef enum {
    MOVES_PORTIONS,
    MOVES_NODE, /* all of a node, by the kernel */
    MOVES_ALL,  /* MoveFirst: all that moves, by libvirt; @moved is what is seen of it */
} MoveCall;

/* In KiB. */
typedef struct {
    MoveKind kind;
    MoveCall call;
    guint64 total;                 /* what is to move */
    guint64 moved;                 /* what did */
    guint64 at_once;               /* of that, what went before the portions (MoveFirst) */
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

/* For whoever does other work that is watched so: begins one of @total KiB; waits while it is to
 * pause, FALSE: it is to stop; says that @kib are done; ends it. */
void page_move_begin(PageMove *move, MoveKind kind, guint64 total);
gboolean page_move_goes_on(PageMove *move);
void page_move_count(PageMove *move, guint64 kib);
void page_move_end(PageMove *move);

/* What moves all it can at once, before the portions; FALSE with a sentence. */
typedef struct {
    gboolean (*run)(gpointer data, GError **error);
    /* Where the pages are meanwhile, roughly: asked from another thread several times a second
     * while @run goes on. NodeKib, which the caller unrefs; NULL unknown. */
    GArray *(*look)(gpointer data);
    gpointer data;
} MoveFirst;

/* Calls @first->run, and meanwhile shows in @move what of it is seen to have moved. */
gboolean move_first_run(
    PageMove *move, const PageShares *shares, const MoveFirst *first, GError **error);

/* Moves the pages of process @pid (its maps and numa_maps below @root) until they are spread as
 * @shares, or everything was tried; @first (NULL: nothing) is called before, wherever they are.
 * Blocks. @calls NULL: the kernel's. FALSE with a sentence where the process ended, or the kernel
 * refuses; what was moved by then is in @move. */
gboolean page_move_run(PageMove *move, const char *root, int pid, const PageShares *shares,
    const PageCalls *calls, const MoveFirst *first, GError **error);

/* "3.1 GiB of 3.2 GiB moved, 8.0 MiB stay (pinned or in use)". The caller frees it. */
char *page_move_text(const MoveResult *result);
