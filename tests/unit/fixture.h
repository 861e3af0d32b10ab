/* Domains for unit tests and fuzz targets, made of XML written there. */
#pragma once

#include "core/snapshot/snapshot.h"

static inline Snapshot *fixture_snapshot(void)
{
    Snapshot *snapshot = snapshot_new("");

    snapshot->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_view_free);
    return snapshot;
}

/* A domain whose next start is @config, running as @live unless that is NULL. */
static inline Domain *fixture_domain(
    Snapshot *snapshot, const char *name, const char *uuid, const char *config, const char *live)
{
    DomainView *view = g_new0(DomainView, 1);
    Domain *domain = g_new0(Domain, 1);

    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(name);
    domain->uuid = g_strdup(uuid);
    domain->id = live ? (int)snapshot->domains->len + 1 : -1;
    domain->state = live ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
    domain->persistent = TRUE;
    domain->xml_config = g_strdup(config);
    domain->config = config ? domain_config_parse(config, NULL) : NULL;
    domain->xml_live = g_strdup(live);
    domain->live = live ? domain_config_parse(live, NULL) : NULL;
    view->domain = domain;
    g_ptr_array_add(snapshot->domains, view);
    return domain;
}
