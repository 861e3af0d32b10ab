/* The collector: two threads and what they exchange. The host thread reads the kernel and makes the
 * Snapshots; the libvirt thread keeps the connection, reads domains when events name them, and runs
 * jobs. */
#include "core/collector.h"

#include "core/collector-private.h"
#include "core/demo.h"
#include "core/virt/events.h"
#include "core/virt/usage.h"

#include <string.h>

#define SECOND          G_USEC_PER_SEC
#define WAITING_AFTER   SECOND        /* a call that takes longer is shown */
#define PROBE_INTERVAL  (5 * SECOND)  /* is an idle connection still answered? */
#define RELIST_INTERVAL (60 * SECOND) /* for drivers whose events do not tell everything */
#define SECOND_SAMPLE   (SECOND / 4)  /* loads need two pictures: the second comes soon */
#define SETTLE          (SECOND / 20) /* events come in flocks: one picture for all of them */
#define BACKOFF_MAX     10            /* seconds between two tries to connect */

typedef enum { MESSAGE_JOB, MESSAGE_DOMAIN, MESSAGE_CLOSED, MESSAGE_QUIT } MessageKind;

typedef struct {
    MessageKind kind;
    char *uuid;
    CollectorWork work;
    gpointer data;
    gint *done;
} Message;

struct Collector {
    gatomicrefcount refs; /* the owner's, and the libvirt thread's: it may be left behind */
    char *uri, *root, *pid_folder;
    gint64 interval_us;
    gboolean read_only, demo;
    CollectorNotify notify;
    gpointer user_data;
    GThread *host_thread, *virt_thread;
    GAsyncQueue *queue; /* Message*, to the libvirt thread */

    GMutex lock; /* guards what follows; never held across a call into kernel or libvirt */
    GCond wake;
    gboolean stopping, refresh, virt_ended;
    Snapshot *current;
    LinkInfo link;
    GPtrArray *domains; /* Domain*; replaced as a whole, never changed */
    gint64 busy_since;  /* the libvirt thread is in a call since then; 0: it is not */
};

static void message_free(gpointer data)
{
    g_free(((Message *)data)->uuid);
    g_free(data);
}

static void collector_unref(Collector *collector)
{
    if (!g_atomic_ref_count_dec(&collector->refs))
        return;
    snapshot_unref(collector->current);
    link_info_clear(&collector->link);
    g_clear_pointer(&collector->domains, g_ptr_array_unref);
    g_async_queue_unref(collector->queue);
    g_mutex_clear(&collector->lock);
    g_cond_clear(&collector->wake);
    g_free(collector->uri);
    g_free(collector->root);
    g_free(collector->pid_folder);
    g_free(collector);
}

/* ---- the host thread ---- */

/* Takes a picture of everything and makes it the current one. */
static void take_picture(Collector *c, const Snapshot *before)
{
    static guint64 serial;
    Snapshot *snapshot = snapshot_new(c->root);
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&c->lock);
    g_autoptr(GPtrArray) domains = c->domains ? g_ptr_array_ref(c->domains) : NULL;
    g_mutex_unlock(&c->lock);
    if (c->demo)
        demo_tick(c->root, domains);
    snapshot->host = host_read(c->root, before ? before->host : NULL, &error);
    if (snapshot->host == NULL)
        snapshot->host_problem = g_strdup(error->message);
    if (domains)
        snapshot->domains =
            collector_make_views(c->root, c->pid_folder, domains, before ? before->domains : NULL);

    g_mutex_lock(&c->lock);
    snapshot->serial = ++serial;
    link_info_copy(&snapshot->link, &c->link);
    gint64 now = g_get_monotonic_time();
    if (c->busy_since && c->link.state == LINK_UP && now - c->busy_since > WAITING_AFTER) {
        snapshot->link.state = LINK_WAITING;
        snapshot->link.since_us = c->busy_since;
    }
    Snapshot *old = c->current;
    c->current = snapshot;
    g_mutex_unlock(&c->lock);
    snapshot_unref(old);
    c->notify(c->user_data);
}

/* Waits for the next picture's time: the interval, or a wish for one now. FALSE: the end. */
static gboolean wait_for_turn(Collector *c, gint64 pause)
{
    gint64 until = g_get_monotonic_time() + pause;

    g_mutex_lock(&c->lock);
    while (!c->stopping && !c->refresh)
        if (!g_cond_wait_until(&c->wake, &c->lock, until))
            break;
    gboolean flock = c->refresh;
    gboolean stopping = c->stopping;
    g_mutex_unlock(&c->lock);
    if (flock && !stopping)
        g_usleep(SETTLE);
    g_mutex_lock(&c->lock);
    c->refresh = FALSE;
    stopping = c->stopping;
    g_mutex_unlock(&c->lock);
    return !stopping;
}

static gpointer run_host(gpointer data)
{
    Collector *c = data;
    gint64 pause = MIN(SECOND_SAMPLE, c->interval_us);

    do {
        g_autoptr(Snapshot) before = collector_snapshot(c);
        take_picture(c, before);
        /* A picture that a wish brought early is not the second sample. */
        if (before->host)
            pause = c->interval_us;
    } while (wait_for_turn(c, pause));
    return NULL;
}

/* ---- the libvirt thread ---- */

static void set_busy(Collector *c, gboolean busy)
{
    g_mutex_lock(&c->lock);
    c->busy_since = busy ? g_get_monotonic_time() : 0;
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
    collector_refresh(c);
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

static void list_domains(Collector *c, Connection *connection, gboolean without_xml)
{
    set_busy(c, TRUE);
    GPtrArray *domains = connection_domains(connection, without_xml, NULL);
    set_busy(c, FALSE);
    set_domains(c, domains);
}

/* Reads the domain @uuid again; one that is gone leaves the list. */
static void read_domain(Collector *c, Connection *connection, const char *uuid)
{
    set_busy(c, TRUE);
    g_autoptr(Domain) fresh = connection_domain(connection, uuid, NULL);
    gboolean alive = fresh || connection_alive(connection);
    set_busy(c, FALSE);
    if (!alive)
        return;
    GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    gboolean placed = fresh == NULL;
    /* Only this thread replaces the list, so it may be read without the lock. */
    for (guint i = 0; c->domains && i < c->domains->len; i++) {
        Domain *domain = g_ptr_array_index(c->domains, i);
        if (!placed && strverscmp(fresh->name, domain->name) <= 0) {
            g_ptr_array_add(domains, domain_ref(fresh));
            placed = TRUE;
        }
        if (!g_str_equal(domain->uuid, uuid))
            g_ptr_array_add(domains, domain_ref(domain));
    }
    if (!placed)
        g_ptr_array_add(domains, domain_ref(fresh));
    set_domains(c, domains);
}

/* On libvirt's event thread. */
static void on_event(const char *uuid, gpointer data)
{
    Message *message = g_new0(Message, 1);

    message->kind = uuid ? MESSAGE_DOMAIN : MESSAGE_CLOSED;
    message->uuid = g_strdup(uuid);
    g_async_queue_push(data, message);
}

static void run_job(Collector *c, Connection *connection, const Message *message)
{
    set_busy(c, TRUE);
    message->work(connection, message->data);
    set_busy(c, FALSE);
    if (connection)
        list_domains(c, connection, FALSE);
    g_atomic_int_set(message->done, 1);
    collector_refresh(c);
}

/* Opens the connection and takes its first list; NULL while there is none. */
static Connection *link_up(Collector *c)
{
    g_autoptr(GError) error = NULL;

    set_busy(c, TRUE);
    Connection *connection = connection_open(c->uri, c->read_only, &error);
    char *hypervisor = connection ? connection_hypervisor(connection) : NULL;
    char *libvirt = connection ? connection_libvirt(connection) : NULL;
    set_busy(c, FALSE);
    if (connection == NULL) {
        set_link(c, LINK_DOWN, error->message);
        return NULL;
    }
    CollectorOptions options = {.root = c->root, .read_only = c->read_only};
    g_mutex_lock(&c->lock);
    g_free(c->link.hypervisor);
    g_free(c->link.libvirt);
    c->link.hypervisor = hypervisor;
    c->link.libvirt = libvirt;
    c->link.read_only = collector_is_read_only(&options, connection_read_only(connection));
    gboolean known = c->domains != NULL;
    g_mutex_unlock(&c->lock);
    set_link(c, LINK_UP, NULL);
    events_listen(connection, on_event, c->queue, (gpointer(*)(gpointer))g_async_queue_ref,
        (GDestroyNotify)g_async_queue_unref);
    /* Names and states first: a thousand domains are on screen before their XML is read. */
    if (!known)
        list_domains(c, connection, TRUE);
    list_domains(c, connection, FALSE);
    return connection;
}

/* Serves messages until the connection is lost or the end comes. */
static void serve(Collector *c, Connection *connection)
{
    gint64 listed = g_get_monotonic_time();

    while (!is_stopping(c)) {
        g_autofree Message *message = g_async_queue_timeout_pop(c->queue, PROBE_INTERVAL);
        g_autofree char *uuid = message ? message->uuid : NULL;
        if (message && message->kind == MESSAGE_JOB)
            run_job(c, connection, message);
        else if (message && message->kind == MESSAGE_DOMAIN)
            read_domain(c, connection, uuid);
        else if (message && message->kind == MESSAGE_CLOSED)
            return;
        /* Quiet for a while: one small call tells a daemon that hangs from one with no news. */
        set_busy(c, TRUE);
        gboolean alive =
            connection_alive(connection) && (message || connection_answers(connection));
        set_busy(c, FALSE);
        if (!alive)
            return;
        if (g_get_monotonic_time() - listed > RELIST_INTERVAL) {
            list_domains(c, connection, FALSE);
            listed = g_get_monotonic_time();
        }
    }
}

/* Without a connection: jobs are run all the same (the host's files need none). TRUE after
 * @seconds. */
static void wait_down(Collector *c, guint seconds)
{
    gint64 until = g_get_monotonic_time() + seconds * SECOND;

    while (!is_stopping(c) && g_get_monotonic_time() < until) {
        g_autofree Message *message =
            g_async_queue_timeout_pop(c->queue, (guint64)MAX(until - g_get_monotonic_time(), 1));
        g_autofree char *uuid = message ? message->uuid : NULL;
        if (message && message->kind == MESSAGE_JOB)
            run_job(c, NULL, message);
    }
}

static gpointer run_virt(gpointer data)
{
    Collector *c = data;
    guint backoff = 1;

    while (!is_stopping(c)) {
        Connection *connection = link_up(c);
        if (connection) {
            backoff = 1;
            serve(c, connection);
            if (!is_stopping(c))
                set_link(c, LINK_DOWN, "the connection was lost");
            connection_close(connection);
        }
        wait_down(c, backoff);
        backoff = MIN(backoff * 2, BACKOFF_MAX);
    }
    g_mutex_lock(&c->lock);
    c->virt_ended = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
    collector_unref(c);
    return NULL;
}

/* ---- the owner's side ---- */

Collector *collector_new(
    const CollectorOptions *options, CollectorNotify notify, gpointer user_data)
{
    Collector *c = g_new0(Collector, 1);

    g_atomic_ref_count_init(&c->refs);
    g_atomic_ref_count_inc(&c->refs);
    c->uri = g_strdup(options->uri);
    c->root = g_strdup(options->root);
    c->pid_folder = usage_pid_folder(options->uri);
    c->interval_us = (gint64)(options->interval * SECOND);
    c->read_only = options->read_only;
    c->demo = options->demo;
    c->notify = notify;
    c->user_data = user_data;
    c->queue = g_async_queue_new_full(message_free);
    g_mutex_init(&c->lock);
    g_cond_init(&c->wake);
    c->link = (LinkInfo){.state = LINK_CONNECTING,
        .since_us = g_get_monotonic_time(),
        .uri = connection_shown_uri(options->uri),
        .demo = options->demo,
        .read_only = collector_is_read_only(options, FALSE)};
    c->current = snapshot_new(options->root);
    link_info_copy(&c->current->link, &c->link);
    c->host_thread = g_thread_new("host", run_host, c);
    c->virt_thread = g_thread_new("libvirt", run_virt, c);
    return c;
}

void collector_free(Collector *c)
{
    if (c == NULL)
        return;
    Message *quit = g_new0(Message, 1);
    quit->kind = MESSAGE_QUIT;
    g_mutex_lock(&c->lock);
    c->stopping = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
    g_async_queue_push(c->queue, quit);
    g_thread_join(c->host_thread);

    gint64 until = g_get_monotonic_time() + SECOND;
    g_mutex_lock(&c->lock);
    while (!c->virt_ended)
        if (!g_cond_wait_until(&c->wake, &c->lock, until))
            break;
    gboolean ended = c->virt_ended;
    g_mutex_unlock(&c->lock);
    /* A thread that hangs in libvirt keeps its reference; the process ends without it. */
    if (ended)
        g_thread_join(c->virt_thread);
    else
        g_thread_unref(c->virt_thread);
    collector_unref(c);
}

Snapshot *collector_snapshot(Collector *c)
{
    g_mutex_lock(&c->lock);
    Snapshot *snapshot = snapshot_ref(c->current);
    g_mutex_unlock(&c->lock);
    return snapshot;
}

void collector_run(Collector *c, CollectorWork work, gpointer data, gint *done)
{
    Message *message = g_new0(Message, 1);

    *message = (Message){MESSAGE_JOB, NULL, work, data, done};
    g_async_queue_push(c->queue, message);
}

void collector_refresh(Collector *c)
{
    g_mutex_lock(&c->lock);
    c->refresh = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
}
