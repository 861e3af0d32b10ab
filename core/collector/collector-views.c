/* The views of a Snapshot, the loads that are none of theirs, and who may write: what every picture
 * needs. */
#include "core/collector/collector-private.h"

#include "core/virt/remote.h"
#include "core/virt/usage.h"

#include <unistd.h>

gboolean collector_is_remote(const CollectorOptions *options)
{
    return *options->root == '\0' && remote_uri(options->uri);
}

const char *collector_root(const CollectorOptions *options)
{
    return collector_is_remote(options) ? REMOTE_ROOT : options->root;
}

void collector_add_usages(GPtrArray *views, GHashTable *usages)
{
    for (guint i = 0; i < views->len; i++) {
        DomainView *view = g_ptr_array_index(views, i);
        if (view->usage == NULL)
            view->usage = remote_usage(usages, view->domain->uuid);
    }
}

gboolean collector_is_read_only(const CollectorOptions *options, gboolean connection)
{
    if (options->read_only || connection || collector_is_remote(options))
        return options->read_only || connection;
    return *options->root ? access(options->root, W_OK) != 0 : geteuid() != 0;
}

GPtrArray *collector_make_views(const char *root, const char *pid_folder, const Host *host,
    const GPtrArray *domains, const GPtrArray *before)
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
            root, pid_folder, host, view->domain, g_hash_table_lookup(old, view->domain->uuid));
        g_ptr_array_add(views, view);
    }
    return views;
}

/* Takes what the threads of @usage ran off @other, where they ran last. What the process's threads
 * of no name did is taken off where its main thread ran: it is seldom much. FALSE where a load is
 * not known (yet). */
static gboolean take_off(gint64 *other, const Topology *topology, const DomainUsage *usage)
{
    gint64 rest = usage->load.value;
    int home = -1;

    for (guint i = 0; i < usage->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        int index = topology_cpu_index(topology, thread->last_cpu);
        gint64 load = num_or(thread->load, 0);
        if (index >= 0)
            other[index] -= load;
        if (thread->tid == usage->pid)
            home = index;
        rest -= load;
    }
    if (home >= 0)
        other[home] -= MAX(rest, 0);
    return usage->load.known;
}

/* The load of each CPU that no thread of @views explains; NULL where one of their loads is unknown.
 */
static Num *other_loads(const Host *host, const GPtrArray *views)
{
    guint count = host->topology->cpus->len;
    g_autofree gint64 *other = g_new0(gint64, count);
    gboolean known = TRUE;

    for (guint i = 0; i < count; i++)
        other[i] = num_or(host->load[i], 0);
    for (guint i = 0; views && i < views->len; i++) {
        const DomainView *view = g_ptr_array_index(views, i);
        known = (view->usage == NULL || take_off(other, host->topology, view->usage)) && known;
    }
    if (!known)
        return NULL;
    Num *loads = g_new0(Num, count);
    for (guint i = 0; i < count; i++)
        if (host->load[i].known)
            loads[i] = NUM(MAX(other[i], 0));
    return loads;
}

void collector_read_others(Snapshot *snapshot, ForeignScan *scan)
{
    g_autoptr(GHashTable) own = g_hash_table_new(NULL, NULL);

    if (snapshot->host == NULL)
        return;
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (view->usage)
            g_hash_table_add(own, GINT_TO_POINTER(view->usage->pid));
    }
    snapshot->other_load = other_loads(snapshot->host, snapshot->domains);
    snapshot->foreign = foreign_read(scan, own, snapshot->host->taken_us);
}
