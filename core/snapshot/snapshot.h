/* The Snapshot: an immutable, reference-counted picture of the host and its domains at one moment.
 * The collector makes it; every screen, rule and command reads it. */
#pragma once

#include "core/host/host.h"
#include "core/virt/domain.h"
#include "core/virt/usage-foreign.h"

typedef enum {
    LINK_CONNECTING, /* not answered yet */
    LINK_UP,
    LINK_WAITING, /* connected, but a call has had no answer for over a second */
    LINK_DOWN,    /* lost or refused; it is tried again by itself */
} LinkState;

/* What is known of the connection to libvirt. */
typedef struct {
    LinkState state;
    gint64 since_us;  /* g_get_monotonic_time at which @state began */
    char *uri;        /* as libvirt names it, passwords removed */
    char *problem;    /* the last error's sentence while not LINK_UP; else NULL */
    char *hypervisor; /* "QEMU 7.2.22", "TEST 2"; "QEMU" while its version is not known */
    char *libvirt;    /* "9.0.0" */
    gboolean demo;
    gboolean remote;    /* the host is another one: libvirt tells what is known of it */
    gboolean read_only; /* of the connection, or not root: nothing is offered */
} LinkInfo;

typedef struct {
    Domain *domain;
    DomainUsage *usage; /* NULL: does not run, or its process is not on this host */
} DomainView;

void domain_view_free(DomainView *view);
/* Copies and frees the texts of a LinkInfo. */
void link_info_copy(LinkInfo *to, const LinkInfo *from);
void link_info_clear(LinkInfo *info);

typedef struct {
    gatomicrefcount refs;
    guint64 serial;     /* grows with every Snapshot */
    char *root;         /* the root directory the host was read below, "" for the host itself */
    Host *host;         /* NULL until first read */
    char *host_problem; /* why there is no host, or NULL */
    LinkInfo link;
    GPtrArray *domains; /* DomainView*, by name (strverscmp); NULL until libvirt first answered */
    GPtrArray *foreign; /* ForeignUsage* ascending by pid: the host's other QEMU processes; may be
                         * NULL (no host) */
    Num *other_load;    /* per Topology.cpus: its load that no thread of @domains explains, in
                         * 1/1000; an estimate, for a thread counts where it ran last. NULL unknown
                         */
} Snapshot;

/* An empty picture of @root, to be filled before anyone else sees it. */
Snapshot *snapshot_new(const char *root);
Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_unref)

/* @name: a domain's name, UUID or ID. NULL where there is none. */
const DomainView *snapshot_domain(const Snapshot *snapshot, const char *name);
