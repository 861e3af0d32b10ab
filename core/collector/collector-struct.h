/* What the collector's two threads and its owner share: collector.c has the host thread and the
 * owner's side, collector-virt.c the libvirt thread. */
#pragma once

#include "core/collector/collector-private.h"

#define SECOND G_USEC_PER_SEC

typedef enum { MESSAGE_JOB, MESSAGE_DOMAIN, MESSAGE_CLOSED, MESSAGE_QUIT } MessageKind;

typedef struct {
    MessageKind kind;
    char *uuid;
    CollectorWork work;
    gpointer data;
    GDestroyNotify
        release; /* of a job that only asks: frees data; NULL: it may have changed much */
    gint *done;
} Message;

struct Collector {
    gatomicrefcount refs; /* the owner's, and the libvirt thread's: it may be left behind */
    char *uri, *root, *pid_folder;
    gint64 interval_us;
    gboolean read_only, demo;
    CollectorNotify notify;
    gpointer user_data;
    GThread *host_thread, *virt_thread;
    GAsyncQueue *queue;   /* Message*, to the libvirt thread */
    Snapshot *base;       /* the host thread's own: the picture that loads are measured against */
    guint64 serial;       /* likewise */
    ForeignScan *foreign; /* likewise */

    GMutex lock; /* guards what follows; never held across a call into kernel or libvirt */
    GCond wake;
    gboolean stopping, refresh, virt_ended;
    gint64 changed_us; /* when a job last ended: it may have written the host's files */
    guint host_jobs;   /* that run just now, each on a thread of its own */
    Snapshot *current;
    LinkInfo link;
    GPtrArray *domains;  /* Domain*; replaced as a whole, never changed */
    Host *far_host;      /* of a remote connection: what libvirt tells of it, NULL not yet */
    GHashTable *usages;  /* likewise: of its domains; replaced as a whole */
    GHashTable *counted; /* pid → GArray* of NodeKib: pages that somebody counted */
    gint64 busy_since;   /* the libvirt thread is in a call since then; 0: it is not */
};

void collector_message_free(gpointer message);
/* Frees it with the last reference. */
void collector_unref(Collector *collector);
/* The libvirt thread; @data is a Collector, a reference of which it takes over. */
gpointer collector_run_virt(gpointer data);
