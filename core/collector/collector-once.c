/* One whole Snapshot for a command, taken on the calling thread. */
#include "core/collector/collector.h"

#include "core/collector/collector-private.h"
#include "core/demo/demo.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/driverfolders.h"
#include "core/virt/remote.h"
#include "core/virt/usage.h"

#define CONNECT_TIMEOUT (10 * G_USEC_PER_SEC)
#define SAMPLE          (G_USEC_PER_SEC / 5) /* between the two samples that loads need */

/* An attempt to connect, on a thread of its own: a daemon that hangs must not hang the command. */
typedef struct {
    char *uri;
    gboolean read_only;
    GAsyncQueue *result; /* this struct, when it is done */
    Connection *connection;
    GError *error;
} Attempt;

static gpointer run_attempt(gpointer data)
{
    Attempt *attempt = data;

    attempt->connection = connection_open(attempt->uri, attempt->read_only, &attempt->error);
    g_async_queue_push(attempt->result, attempt);
    return NULL;
}

static Connection *connect_in_time(const CollectorOptions *options, GError **error)
{
    Attempt *attempt = g_new0(Attempt, 1);
    GAsyncQueue *result = g_async_queue_new();

    connection_set_up();
    *attempt = (Attempt){g_strdup(options->uri), options->read_only, result, NULL, NULL};
    g_thread_unref(g_thread_new("connect", run_attempt, attempt));
    if (g_async_queue_timeout_pop(result, CONNECT_TIMEOUT) == NULL) {
        /* The attempt belongs to its thread, which hangs: both are left behind. */
        g_autofree char *shown = connection_shown_uri(options->uri);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "libvirt at %s gave no answer for 10 s: is its daemon stopped?", shown);
        return NULL;
    }
    Connection *connection = attempt->connection;
    if (connection == NULL)
        g_propagate_error(error, attempt->error);
    g_async_queue_unref(result);
    g_free(attempt->uri);
    g_free(attempt);
    return connection;
}

static void describe_link(
    Snapshot *snapshot, const CollectorOptions *options, Connection *connection)
{
    LinkInfo *link = &snapshot->link;

    link->state = connection ? LINK_UP : LINK_DOWN;
    link->since_us = g_get_monotonic_time();
    link->uri = options->uri ? connection_shown_uri(options->uri) : NULL;
    link->demo = options->demo;
    link->remote = collector_is_remote(options);
    link->read_only =
        collector_is_read_only(options, connection && connection_read_only(connection));
    link->hypervisor = connection ? g_strdup(connection_type(connection)) : NULL;
    link->libvirt = connection ? connection_libvirt(connection) : NULL;
}

/* Reads host and domains into @snapshot; what it holds already gives the loads. FALSE with a
 * sentence. */
static gboolean sample(Snapshot *snapshot, const CollectorOptions *options, ForeignScan *scan,
    GPtrArray *domains, GError **error)
{
    g_autofree char *pid_folder = driver_run_folder(options->uri, options->root);
    g_autoptr(Host) before = g_steal_pointer(&snapshot->host);
    g_autoptr(GPtrArray) views = g_steal_pointer(&snapshot->domains);

    if (options->demo)
        demo_tick(options->root, domains);
    snapshot->host = options->image ? host_read_image(options->root, error)
                                    : host_read(options->root, before, error);
    if (domains)
        snapshot->domains =
            collector_make_views(options->root, pid_folder, snapshot->host, domains, views);
    g_clear_pointer(&snapshot->foreign, g_ptr_array_unref);
    g_clear_pointer(&snapshot->other_load, g_free);
    if (scan)
        collector_read_others(snapshot, scan);
    return snapshot->host != NULL;
}

/* The same of a host at the other end of @connection; *usages is what it told before. */
static gboolean sample_remote(Snapshot *snapshot, Connection *connection, GPtrArray *domains,
    GHashTable **usages, GError **error)
{
    GHashTable *now = remote_usages(connection, *usages);

    g_clear_pointer(&snapshot->domains, g_ptr_array_unref);
    g_clear_pointer(usages, g_hash_table_unref);
    *usages = now;
    if (snapshot->host == NULL)
        snapshot->host = remote_host(connection, error);
    snapshot->domains = collector_make_views(snapshot->root, "", snapshot->host, domains, NULL);
    collector_add_usages(snapshot->domains, now);
    return snapshot->host != NULL;
}

static gboolean take_remote(
    Snapshot *snapshot, Connection *connection, GPtrArray *domains, gboolean loads, GError **error)
{
    g_autoptr(GHashTable) usages = NULL;

    if (!sample_remote(snapshot, connection, domains, &usages, error))
        return FALSE;
    if (!loads)
        return TRUE;
    g_usleep(SAMPLE);
    return sample_remote(snapshot, connection, domains, &usages, error);
}

static gboolean take_local(Snapshot *snapshot, const CollectorOptions *options, GPtrArray *domains,
    gboolean loads, GError **error)
{
    g_autoptr(ForeignScan) scan = loads ? foreign_scan_new(options->root) : NULL;

    if (!sample(snapshot, options, scan, domains, error))
        return FALSE;
    /* Loads need two samples; another machine's files do not move. */
    if (!loads || (*options->root && !options->demo))
        return TRUE;
    g_usleep(SAMPLE);
    return sample(snapshot, options, scan, domains, error);
}

static Snapshot *take(const CollectorOptions *options, gboolean want_domains, gboolean loads,
    Connection **connection, GError **error)
{
    g_autoptr(Connection) opened = want_domains ? connect_in_time(options, error) : NULL;
    if (want_domains && opened == NULL)
        return NULL;
    g_autoptr(GPtrArray) domains = opened ? connection_domains(opened, FALSE, error) : NULL;
    if (want_domains && domains == NULL)
        return NULL;

    gboolean remote = opened && collector_is_remote(options);
    g_autoptr(Snapshot) snapshot = snapshot_new(remote ? REMOTE_ROOT : options->root);
    describe_link(snapshot, options, opened);
    if (remote ? !take_remote(snapshot, opened, domains, loads, error)
               : !take_local(snapshot, options, domains, loads, error))
        return NULL;
    if (connection)
        *connection = g_steal_pointer(&opened);
    return g_steal_pointer(&snapshot);
}

Snapshot *collector_take_once(
    const CollectorOptions *options, gboolean want_domains, Connection **connection, GError **error)
{
    return take(options, want_domains, TRUE, connection, error);
}

Snapshot *collector_take_values(
    const CollectorOptions *options, gboolean want_domains, Connection **connection, GError **error)
{
    return take(options, want_domains, FALSE, connection, error);
}
