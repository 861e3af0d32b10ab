/* What the demo's files share: its clock, and writing the tree. */
#pragma once

#include "core/virt/domain.h"

#include <glib.h>

/* The demo's memory between two calls, kept in ROOT/demo.state. Groups: "clock"; "pools" (the size
 * of each pool); "pages" (what a domain's cgroup was last made from); "kept" (the last good text of
 * files whose writes are checked); "threads" (what each thread's status was last made from). */
typedef struct {
    const char *root;
    GKeyFile *keys;
    guint64 step;  /* how often time has passed */
    gint64 now_us; /* how much time has passed in all */
    gboolean still;
} DemoState;

/* Replaces ROOT/PATH by @text; directories are made. Nobody sees it empty. FALSE, with errno, where
 * it could not be written whole. */
gboolean demo_put(const char *root, const char *path, const char *text);
void demo_putf(const char *root, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The number in ROOT/PATH, 0 where there is none. */
gint64 demo_number(const char *root, const char *path);

/* The same bits for the same words and step, on every machine. */
guint demo_random(const char *word, guint n, guint64 step);

/* demo-kernel.c: answers writes; lets KSM and the counters advance. */
void demo_kernel_settle(DemoState *state);
void demo_kernel_advance(DemoState *state, gint64 elapsed_us);

/* ksmd's number in host.tree: the one process that is no domain's. */
#define DEMO_KSMD "97"

/* demo-load.c: CPUs' time and QEMU's processes. */
void demo_load_advance(DemoState *state, const GPtrArray *domains, gint64 elapsed_us);

/* The nodes of the demo's host, at most. */
#define DEMO_NODES 8
/* demo-pages.c: writes where the pages of process @pid are, in bytes a node (DEMO_NODES of them):
 * small ones, and hugepages of @page_kib (0: none). */
void demo_pages_write(
    const char *root, int pid, const guint64 *small, const guint64 *huge, guint64 page_kib);
/* What pages that moved have changed of a node; of all nodes together it is nothing. */
typedef struct {
    gint64 free_kib;              /* of its free memory */
    gint64 pool_free, pool_pages; /* of a pool: free pages, and all there are */
} DemoMoved;
/* demo.c: writes to the tree what @moved (of DEMO_NODES) says, of the pools of @page_kib. */
void demo_moved(const char *root, guint64 page_kib, const DemoMoved *moved);
void demo_kernel_moved(DemoState *state, guint64 page_kib, const DemoMoved *moved);
/* demo-move.c: the demo whose pages demo_page_calls moves. */
void demo_move_begin(const char *root);
/* demo-pages.c: the cgroup of @domain, whose process is @pid. */
void demo_pages_put(DemoState *state, const Domain *domain, int pid);
