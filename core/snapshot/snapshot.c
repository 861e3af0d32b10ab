/* The Snapshot: its life, and how a domain is found in it. */
#include "core/snapshot/snapshot.h"

#include "core/util/text.h"

#include <string.h>

void domain_view_free(DomainView *view)
{
    domain_unref(view->domain);
    domain_usage_free(view->usage);
    g_free(view);
}

void link_info_copy(LinkInfo *to, const LinkInfo *from)
{
    *to = *from;
    to->uri = g_strdup(from->uri);
    to->problem = g_strdup(from->problem);
    to->hypervisor = g_strdup(from->hypervisor);
    to->libvirt = g_strdup(from->libvirt);
}

void link_info_clear(LinkInfo *info)
{
    g_clear_pointer(&info->uri, g_free);
    g_clear_pointer(&info->problem, g_free);
    g_clear_pointer(&info->hypervisor, g_free);
    g_clear_pointer(&info->libvirt, g_free);
}

Snapshot *snapshot_new(const char *root)
{
    Snapshot *snapshot = g_new0(Snapshot, 1);

    g_atomic_ref_count_init(&snapshot->refs);
    snapshot->root = g_strdup(root);
    return snapshot;
}

Snapshot *snapshot_ref(Snapshot *snapshot)
{
    g_atomic_ref_count_inc(&snapshot->refs);
    return snapshot;
}

void snapshot_unref(Snapshot *snapshot)
{
    if (snapshot == NULL || !g_atomic_ref_count_dec(&snapshot->refs))
        return;
    g_free(snapshot->root);
    g_clear_pointer(&snapshot->host, host_unref);
    g_free(snapshot->host_problem);
    link_info_clear(&snapshot->link);
    g_clear_pointer(&snapshot->domains, g_ptr_array_unref);
    g_clear_pointer(&snapshot->foreign, g_ptr_array_unref);
    g_free(snapshot->other_load);
    g_free(snapshot);
}

typedef gboolean (*Match)(const Domain *domain, const char *name);

static gboolean match_name(const Domain *domain, const char *name)
{
    return strcmp(domain->name, name) == 0;
}

static gboolean match_uuid(const Domain *domain, const char *name)
{
    return g_ascii_strcasecmp(domain->uuid, name) == 0;
}

static gboolean match_id(const Domain *domain, const char *name)
{
    gint64 id;

    return domain->id >= 0 && text_parse_int(name, &id) && id == domain->id;
}

const DomainView *snapshot_domain(const Snapshot *snapshot, const char *name)
{
    static const Match matches[] = {match_name, match_uuid, match_id};

    if (snapshot->domains == NULL)
        return NULL;
    for (guint m = 0; m < G_N_ELEMENTS(matches); m++) {
        for (guint i = 0; i < snapshot->domains->len; i++) {
            const DomainView *view = g_ptr_array_index(snapshot->domains, i);
            if (matches[m](view->domain, name))
                return view;
        }
    }
    return NULL;
}
