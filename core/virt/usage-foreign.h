/* QEMU processes of this host that are none of the connection's domains: started by hand, or by a
 * libvirt one is not connected to (another user's session, an embedded driver). */
#pragma once

#include "core/virt/domain.h"

typedef struct {
    int pid;
    char *name;      /* the guest's where -name says it, else the process's; text from outside */
    IdSet *affinity; /* of its main thread; NULL unknown */
    int last_cpu;    /* of its main thread; -1 unknown */
    Num load;        /* of all its threads, in 1/1000 of one CPU */
    Num rss_kib;
    guint64 ticks, started; /* internal */
} ForeignUsage;

/* Remembers what was found, so that /proc is not gone through at every picture. Not thread-safe. */
typedef struct ForeignScan ForeignScan;

ForeignScan *foreign_scan_new(const char *root);
void foreign_scan_free(ForeignScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ForeignScan, foreign_scan_free)

/* The processes of now, ascending by pid: a GPtrArray of ForeignUsage* that the caller unrefs.
 * @own (GHashTable, a set of pids as GINT_TO_POINTER; may be NULL) are the domains' processes.
 * @now_us is g_get_monotonic_time(). */
GPtrArray *foreign_read(ForeignScan *scan, GHashTable *own, gint64 now_us);
