/* What the collector's threads and the commands' picture (collector-once.c) have in common. */
#pragma once

#include "core/collector/collector.h"
#include "core/virt/usage-foreign.h"

/* Whether the host is at the other end of the connection, so that nothing of this one counts … */
gboolean collector_is_remote(const CollectorOptions *options);
/* … and the root below which its files are: one that does not exist, then. */
const char *collector_root(const CollectorOptions *options);
/* Gives the views (DomainView*) of domains on another host what libvirt's statistics tell. */
void collector_add_usages(GPtrArray *views, GHashTable *usages);

/* Whether nothing may be written: asked for, the connection's, or this user's. */
gboolean collector_is_read_only(const CollectorOptions *options, gboolean connection);

/* DomainView* for each of @domains, with what its process does on @host (may be NULL); @before
 * (views as well, may be NULL) gives the loads. The caller unrefs it. */
GPtrArray *collector_make_views(const char *root, const char *pid_folder, const Host *host,
    const GPtrArray *domains, const GPtrArray *before);

/* Fills what of @snapshot tells of loads that are not its domains'; its host and domains are read
 * already. */
void collector_read_others(Snapshot *snapshot, ForeignScan *scan);
