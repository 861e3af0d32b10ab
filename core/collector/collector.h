/* The collector: the threads that take Snapshots, and the only callers of the kernel and of libvirt
 * while a screen is up.
 *
 * One thread reads /sys and /proc at an interval. A second calls libvirt (when an event says that
 * something changed, or a job is asked for); a third runs libvirt's event loop. Whoever holds a
 * Collector never waits for any of them: it takes the newest Snapshot and posts jobs. */
#pragma once

#include "core/snapshot/snapshot.h"
#include "core/virt/connection.h"

typedef struct Collector Collector;

typedef struct {
    const char *uri;    /* NULL: qemu:///system if it answers within 1 s, else the demo */
    const char *root;   /* the root directory of the host, "" for the host itself */
    double interval;    /* seconds between two pictures */
    gboolean read_only; /* asked for with --read-only */
    gboolean demo;
    gboolean image; /* @root is the tree of a host that does not run; for collector_take_once() */
} CollectorOptions;

/* Called on a thread of the collector when there is a new Snapshot; must only wake its receiver. */
typedef void (*CollectorNotify)(gpointer user_data);

/* Starts the threads; the first Snapshot (host only) comes within milliseconds. */
Collector *collector_new(
    const CollectorOptions *options, CollectorNotify notify, gpointer user_data);
/* Stops the threads. Waits for libvirt at most a second: a call that hangs is left behind. */
void collector_free(Collector *collector);

/* The newest Snapshot, a reference of the caller's; never NULL, never waits. */
Snapshot *collector_snapshot(Collector *collector);

/* A piece of work on the libvirt thread (@connection may be NULL where there is none) … */
typedef void (*CollectorWork)(Connection *connection, gpointer data);
/* … whose end is seen by polling *done (set last, atomically) after a notify. Domains are read
 * again after it. Jobs run one after another. */
void collector_run(Collector *collector, CollectorWork work, gpointer data, gint *done);

/* The same for work that only asks: no domain is read again after it. @data is freed with @release
 * on the libvirt thread, also where the end comes before its turn; @done lies in it. */
void collector_ask(
    Collector *collector, CollectorWork work, gpointer data, GDestroyNotify release, gint *done);

/* The same of a job that needs the host's files only (@work gets no connection): it waits for no
 * call of libvirt, and others run beside it. @done may be NULL where @data keeps its own. */
void collector_run_host(Collector *collector, CollectorWork work, gpointer data, gint *done);

/* Where the pages of process @pid are (GArray of NodeKib, taken), as somebody counted them: shown
 * for its domain as long as it lives, where its cgroup does not say. NULL: that is no longer known.
 */
void collector_note_pages(Collector *collector, int pid, GArray *memory);

/* Takes a new picture now, not at the next interval. */
void collector_refresh(Collector *collector);

/* One whole Snapshot taken on the calling thread, for the commands: waits for libvirt (at most
 * 10 s for the connection). *connection (may be NULL) is the open connection, to be
 * closed by the caller. NULL with a sentence. With @want_domains FALSE libvirt is not asked. */
Snapshot *collector_take_once(const CollectorOptions *options, gboolean want_domains,
    Connection **connection, GError **error);
/* The same at once: loads and rates, which need two looks, are not known, nor what else runs. */
Snapshot *collector_take_values(const CollectorOptions *options, gboolean want_domains,
    Connection **connection, GError **error);
