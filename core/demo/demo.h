/* The demo: a bundled host of 4 nodes and 64 CPUs, and six domains with faults to find.
 *
 * Its small /sys and /proc are unpacked into a private folder, so that kvmtune's host writes are
 * plain writes there; its domains live in libvirt's test driver. demo_tick() stands in for the
 * kernel and for QEMU: it answers writes and lets time pass. */
#pragma once

#include "core/virt/pagemove.h"

#include <glib.h>

typedef struct Demo Demo;

/* Unpacks the demo into a new folder of mode 0700 below $TMPDIR. A janitor process removes that
 * folder when this process ends, however it ends. NULL with a sentence. */
Demo *demo_new(GError **error);
const char *demo_root(const Demo *demo); /* the root directory of its host */
const char *demo_uri(const Demo *demo);  /* "test:///…" */
/* Removes the folder; it is gone on return. */
void demo_free(Demo *demo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demo, demo_free)

/* Lets the time pass since the last call on @root, and answers the writes made meanwhile as
 * demo_settle() does. @domains (GPtrArray of Domain*, may be NULL) are what QEMU is seen to run:
 * each active one gets a process in ROOT/proc whose threads are pinned as its XML asks. Loads and
 * counters depend on nothing but the domains, the number of calls and the time between them; with
 * KVMTUNE_DEMO_STILL in the environment loads are constant and counters stay. Thread-safe. */
void demo_tick(const char *root, const GPtrArray *domains);

/* The same with the time that passes given, in microseconds: what tests call. */
void demo_step(const char *root, const GPtrArray *domains, gint64 elapsed_us);

/* Answers the writes made to the tree since the last call, as the kernel would within the write:
 * a word written to a choice file stands in brackets, a hugepage pool grows by what its node's free
 * memory holds and shrinks to what is in use, ksm.run=2 unmerges, and a write the kernel refuses
 * (merge_across_nodes while pages are shared) is put back. To be called between a write and its
 * read-back. No time passes. Thread-safe. */
void demo_settle(const char *root);
/* Moves the pages of the newest demo's processes. */
extern const PageCalls *const demo_page_calls;
