/* A host that is reached by libvirt only: what libvirt tells of it, in place of /sys and /proc. */
#pragma once

#include "core/host/host.h"
#include "core/virt/connection.h"

/* Whether @uri (may be NULL) names another host, as qemu+ssh://HOST/system does. */
gboolean remote_uri(const char *uri);

/* A directory that never exists: the root of hosts whose files are not here, so that nothing of
 * this one is read or written in their place. */
#define REMOTE_ROOT "/dev/null"

/* The host as the capabilities document @xml tells it: topology, memory and pool sizes of its
 * nodes; all else is unknown. @hostname may be NULL. NULL with a sentence. */
Host *remote_host_parse(const char *xml, const char *hostname, GError **error);
/* The same of the host at the other end. Blocks. */
Host *remote_host(Connection *connection, GError **error);

/* What libvirt's statistics tell of the running domains, by UUID: DomainUsage*, with loads against
 * @before (an earlier answer; may be NULL). libvirt asks no domain that is busy. NULL where it
 * tells nothing. Blocks. */
GHashTable *remote_usages(Connection *connection, GHashTable *before);
/* One of them for a Snapshot; NULL where there is none. The caller frees it. */
DomainUsage *remote_usage(GHashTable *usages, const char *uuid);
