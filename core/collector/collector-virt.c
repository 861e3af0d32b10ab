/* The collector's libvirt thread: it keeps the connection, reads domains when events name them, and
 * runs jobs. */
#include "core/collector/collector-struct.h"
#include "core/util/error.h"
#include "core/virt/configwatch.h"
#include "core/virt/driverfolders.h"
#include "core/virt/events.h"
#include "core/virt/remote.h"

#include <string.h>

#define PROBE_INTERVAL  (5 * SECOND)  /* is an idle connection still answered? */
#define RELIST_INTERVAL (60 * SECOND) /* no event tells of a weight, or what a next start gets */
#define RELIST_SHARE    500           /* … and of the time, listing takes at most this part */
#define LEARN_INTERVAL  (10 * SECOND) /* libvirt's statistics ask every domain: seldom */
#define BACKOFF_MAX     10            /* seconds between two tries to connect */
#define START_INTERVAL  (1 * SECOND)  /* no event tells that a domain failed to start */

static void set_busy(Collector *c, gboolean busy)
{
    g_mutex_lock(&c->lock);
    c->busy_since = busy ? g_get_monotonic_time() : 0;
    if (!busy && c->current->link.state == LINK_WAITING)
        c->refresh = TRUE; /* the silence is over: say so at once */
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
}

static gboolean is_stopping(Collector *c)
{
    g_mutex_lock(&c->lock);
    gboolean stopping = c->stopping;
    g_mutex_unlock(&c->lock);
    return stopping;
}

static void set_link(Collector *c, LinkState state, const char *problem)
{
    g_mutex_lock(&c->lock);
    if (c->link.state != state)
        c->link.since_us = g_get_monotonic_time();
    c->link.state = state;
    g_free(c->link.problem);
    c->link.problem = g_strdup(problem);
    g_mutex_unlock(&c->lock);
}

/* Takes @domains (may be NULL: nothing new). */
static void set_domains(Collector *c, GPtrArray *domains)
{
    if (domains == NULL)
        return;
    g_mutex_lock(&c->lock);
    GPtrArray *old = c->domains;
    c->domains = domains;
    g_mutex_unlock(&c->lock);
    g_clear_pointer(&old, g_ptr_array_unref);
    collector_refresh(c);
}

/* What libvirt tells of a host that is not this one, and of its domains; NULL keeps what was. */
static void learn_remote(Collector *c, Connection *connection, gboolean of_host)
{
    set_busy(c, TRUE);
    Host *host = of_host ? remote_host(connection, NULL) : NULL;
    GHashTable *usages = remote_usages(connection, c->usages); /* only this thread replaces it */
    set_busy(c, FALSE);
    g_mutex_lock(&c->lock);
    Host *old_host = host ? c->far_host : NULL;
    GHashTable *old_usages = usages ? c->usages : NULL;
    c->far_host = host ? host : c->far_host;
    c->usages = usages ? usages : c->usages;
    g_mutex_unlock(&c->lock);
    host_unref(old_host);
    g_clear_pointer(&old_usages, g_hash_table_unref);
    collector_refresh(c);
}

static void list_domains(Collector *c, Connection *connection, gboolean without_xml)
{
    set_busy(c, TRUE);
    GPtrArray *domains = connection_domains(connection, without_xml, NULL);
    set_busy(c, FALSE);
    set_domains(c, domains);
}

/* Reads the domains in the set @uuids again; what is gone leaves the list. */
static void read_domains(Collector *c, Connection *connection, GHashTable *uuids)
{
    GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    GHashTableIter iter;
    gpointer uuid;

    /* Only this thread replaces the list, so it may be read without the lock. */
    for (guint i = 0; c->domains && i < c->domains->len; i++) {
        Domain *domain = g_ptr_array_index(c->domains, i);
        if (!g_hash_table_contains(uuids, domain->uuid))
            g_ptr_array_add(domains, domain_ref(domain));
        else if (g_hash_table_lookup(uuids, domain->uuid) == NULL)
            g_hash_table_insert(uuids, g_strdup(domain->uuid), domain);
    }
    set_busy(c, TRUE);
    g_hash_table_iter_init(&iter, uuids);
    for (gpointer known; g_hash_table_iter_next(&iter, &uuid, &known);) {
        g_autoptr(GError) error = NULL;
        Domain *fresh = connection_domain(connection, uuid, &error);
        /* It cannot be read just now (busy, or the connection is gone): as it was. */
        if (fresh == NULL && known && error->code != KVMTUNE_ERROR_CHANGED)
            fresh = domain_ref(known);
        if (fresh)
            g_ptr_array_add(domains, fresh);
    }
    set_busy(c, FALSE);
    g_ptr_array_sort(domains, domain_compare);
    set_domains(c, domains);
}

/* Reads the domains again whose files another program had libvirt write anew. */
static void read_rewritten(Collector *c, Connection *connection, ConfigWatch *watch)
{
    g_autoptr(GPtrArray) names = config_watch_changed(watch);
    g_autoptr(GHashTable) uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; names && c->domains && i < c->domains->len; i++) {
        const Domain *domain = g_ptr_array_index(c->domains, i);
        if (g_ptr_array_find_with_equal_func(names, domain->name, g_str_equal, NULL))
            g_hash_table_insert(uuids, g_strdup(domain->uuid), NULL);
    }
    if (g_hash_table_size(uuids) > 0)
        read_domains(c, connection, uuids);
}

/* On libvirt's event thread. */
static void on_event(const char *uuid, gpointer data)
{
    Message *message = g_new0(Message, 1);

    message->kind = uuid ? MESSAGE_DOMAIN : MESSAGE_CLOSED;
    message->uuid = g_strdup(uuid);
    g_async_queue_push(data, message);
}

/* The host's files may have been written: what was read of them before is old. */
static void note_change(Collector *c)
{
    g_mutex_lock(&c->lock);
    c->changed_us = g_get_monotonic_time();
    g_mutex_unlock(&c->lock);
}

static void run_job(Collector *c, Connection *connection, const Message *message)
{
    set_busy(c, TRUE);
    message->work(connection, message->data);
    set_busy(c, FALSE);
    if (message->release == NULL)
        note_change(c);
    if (connection && message->release == NULL)
        list_domains(c, connection, FALSE);
    g_atomic_int_set(message->done, 1);
    collector_refresh(c);
}

/* Adds the hypervisor's version to its name. */
static void learn_version(Collector *c, Connection *connection)
{
    set_busy(c, TRUE);
    char *hypervisor = connection_hypervisor(connection);
    set_busy(c, FALSE);
    g_mutex_lock(&c->lock);
    g_free(c->link.hypervisor);
    c->link.hypervisor = hypervisor;
    g_mutex_unlock(&c->lock);
    collector_refresh(c);
}

/* Opens the connection and takes its first list; NULL while there is none. */
static Connection *link_up(Collector *c)
{
    g_autoptr(GError) error = NULL;

    set_busy(c, TRUE);
    Connection *connection = connection_open(c->uri, c->read_only, &error);
    char *hypervisor = connection ? g_strdup(connection_type(connection)) : NULL;
    char *libvirt = connection ? connection_libvirt(connection) : NULL;
    set_busy(c, FALSE);
    if (connection == NULL) {
        set_link(c, LINK_DOWN, error->message);
        collector_refresh(c);
        return NULL;
    }
    CollectorOptions options = {
        .uri = c->uri, .root = c->link.remote ? "" : c->root, .read_only = c->read_only};
    g_mutex_lock(&c->lock);
    g_free(c->link.hypervisor);
    g_free(c->link.libvirt);
    c->link.hypervisor = hypervisor;
    c->link.libvirt = libvirt;
    c->link.read_only = collector_is_read_only(&options, connection_read_only(connection));
    gboolean known = c->domains != NULL;
    g_mutex_unlock(&c->lock);
    set_link(c, LINK_UP, NULL); /* shown with the list that follows */
    events_listen(connection, on_event, c->queue, (gpointer(*)(gpointer))g_async_queue_ref,
        (GDestroyNotify)g_async_queue_unref);
    /* Names and states first: a thousand domains are on screen before their XML is read. */
    if (!known)
        list_domains(c, connection, TRUE);
    list_domains(c, connection, FALSE);
    if (c->link.remote)
        learn_remote(c, connection, TRUE);
    learn_version(c, connection); /* the last: nobody waits for it */
    return connection;
}

/* Takes all that waits in the queue, @first first: jobs are run, the domains that events name are
 * read once each, however many events named them. FALSE: the connection was closed. */
static gboolean serve_messages(Collector *c, Connection *connection, Message *first)
{
    g_autoptr(GHashTable) changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean open = TRUE;

    for (Message *message = first; message; message = g_async_queue_try_pop(c->queue)) {
        if (message->kind == MESSAGE_JOB && !is_stopping(c))
            run_job(c, connection, message);
        else if (message->kind == MESSAGE_DOMAIN)
            g_hash_table_insert(changed, g_strdup(message->uuid), NULL);
        else
            open = FALSE;
        collector_message_free(message);
    }
    if (open && g_hash_table_size(changed) > 0)
        read_domains(c, connection, changed);
    return open;
}

/* The domains that were on their way up when they were read, as a set of UUIDs. */
static GHashTable *starting_domains(const Collector *c)
{
    GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; c->domains && i < c->domains->len; i++) {
        const Domain *domain = g_ptr_array_index(c->domains, i);
        if (domain->starting)
            g_hash_table_insert(uuids, g_strdup(domain->uuid), NULL);
    }
    return uuids;
}

/* Serves until the connection is lost or the end comes. */
static void serve(Collector *c, Connection *connection, ConfigWatch *watch)
{
    gint64 relist = g_get_monotonic_time() + RELIST_INTERVAL;
    gint64 learn = g_get_monotonic_time() + PROBE_INTERVAL;
    gboolean alive = TRUE;

    while (alive && !is_stopping(c)) {
        g_autoptr(GHashTable) starting = starting_domains(c);
        Message *message = g_async_queue_timeout_pop(
            c->queue, g_hash_table_size(starting) > 0 ? START_INTERVAL : PROBE_INTERVAL);
        if (message && !serve_messages(c, connection, message))
            return;
        if (!message && g_hash_table_size(starting) > 0)
            read_domains(c, connection, starting);
        read_rewritten(c, connection, watch);
        /* Quiet for a while: one small call tells a daemon that hangs from one with no news. */
        set_busy(c, TRUE);
        alive = connection_alive(connection) && (message || connection_answers(connection));
        set_busy(c, FALSE);
        gint64 now = g_get_monotonic_time();
        if (alive && c->link.remote && now >= learn) {
            learn_remote(c, connection, FALSE);
            learn = now + LEARN_INTERVAL;
        }
        if (alive && now >= relist) {
            list_domains(c, connection, FALSE);
            gint64 took = g_get_monotonic_time() - now;
            relist = now + MAX(RELIST_INTERVAL, took * RELIST_SHARE);
        }
    }
}

/* Without a connection jobs are run all the same: the host's files need none. Returns after
 * @seconds, or at the end. */
static void wait_down(Collector *c, guint seconds)
{
    gint64 until = g_get_monotonic_time() + seconds * SECOND;

    for (gint64 now; !is_stopping(c) && (now = g_get_monotonic_time()) < until;) {
        Message *message = g_async_queue_timeout_pop(c->queue, (guint64)(until - now));
        if (message && message->kind == MESSAGE_JOB)
            run_job(c, NULL, message);
        if (message)
            collector_message_free(message);
    }
}

gpointer collector_run_virt(gpointer data)
{
    Collector *c = data;
    g_autofree char *folder = driver_config_folder(c->uri, c->root);
    ConfigWatch *watch = config_watch_new(folder);
    guint backoff = 1;

    while (!is_stopping(c)) {
        Connection *connection = link_up(c);
        if (connection) {
            backoff = 1;
            serve(c, connection, watch);
            set_link(c, LINK_DOWN, "libvirt closed the connection; it is tried again by itself");
            collector_refresh(c);
            connection_close(connection);
        }
        wait_down(c, backoff);
        backoff = MIN(backoff * 2, BACKOFF_MAX);
    }
    config_watch_free(watch);
    g_mutex_lock(&c->lock);
    c->virt_ended = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
    collector_unref(c);
    return NULL;
}
