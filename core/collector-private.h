/* What the collector's threads and the commands' single picture (once.c) have in common. */
#pragma once

#include "core/collector.h"

/* Whether nothing may be written: asked for, the connection's, or this user's. */
gboolean collector_is_read_only(const CollectorOptions *options, gboolean connection);

/* DomainView* for each of @domains, with what its process does; @before (views as well, may be
 * NULL) gives the loads. The caller unrefs it. */
GPtrArray *collector_make_views(
    const char *root, const char *pid_folder, const GPtrArray *domains, const GPtrArray *before);
