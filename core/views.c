/* The views of a Snapshot, and who may write: what every picture needs. */
#include "core/collector-private.h"

#include "core/virt/usage.h"

#include <unistd.h>

gboolean collector_is_read_only(const CollectorOptions *options, gboolean connection)
{
    if (options->read_only || connection)
        return TRUE;
    return *options->root ? access(options->root, W_OK) != 0 : geteuid() != 0;
}

GPtrArray *collector_make_views(
    const char *root, const char *pid_folder, const GPtrArray *domains, const GPtrArray *before)
{
    GPtrArray *views = g_ptr_array_new_full(domains->len, (GDestroyNotify)domain_view_free);
    g_autoptr(GHashTable) old = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; before && i < before->len; i++) {
        const DomainView *view = g_ptr_array_index(before, i);
        if (view->usage)
            g_hash_table_insert(old, view->domain->uuid, view->usage);
    }
    for (guint i = 0; i < domains->len; i++) {
        DomainView *view = g_new(DomainView, 1);
        view->domain = domain_ref(g_ptr_array_index(domains, i));
        view->usage = usage_read(
            root, pid_folder, view->domain, g_hash_table_lookup(old, view->domain->uuid));
        g_ptr_array_add(views, view);
    }
    return views;
}
