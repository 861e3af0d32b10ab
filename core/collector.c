/* The collector: two threads and what they exchange. The host thread reads the kernel and makes the
 * Snapshots; the libvirt thread keeps the connection, reads domains when events name them, and runs
 * jobs. */
#include "core/collector.h"

#include "core/collector-private.h"
#include "core/demo.h"
#include "core/util/error.h"
#include "core/virt/events.h"
#include "core/virt/remote.h"
#include "core/virt/usage.h"

#include <string.h>

#define SECOND          G_USEC_PER_SEC
#define WAITING_AFTER   SECOND        /* a call that takes longer is shown */
#define PROBE_INTERVAL  (5 * SECOND)  /* is an idle connection still answered? */
#define RELIST_INTERVAL (60 * SECOND) /* no event tells of a pin set for the next start only */
#define RELIST_SHARE    500           /* … and of the time, listing takes at most this part */
#define SECOND_SAMPLE   (SECOND / 4)  /* loads need two pictures: the second comes soon */
#define MIN_SAMPLE      (SECOND / 5)  /* a load over less time than this is noise */
#define SETTLE          (SECOND / 50) /* between two pictures: events come in flocks */
#define LEARN_INTERVAL  (10 * SECOND) /* libvirt's statistics ask every domain: seldom */
#define BACKOFF_MAX     10            /* seconds between two tries to connect */

typedef enum { MESSAGE_JOB, MESSAGE_DOMAIN, MESSAGE_CLOSED, MESSAGE_QUIT } MessageKind;

typedef struct {
    MessageKind kind;
    char *uuid;
    CollectorWork work;
    gpointer data;
    GDestroyNotify
        release; /* of a job that only asks: frees data; NULL: it may have changed much */
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
    GAsyncQueue *queue;   /* Message*, to the libvirt thread */
    Snapshot *base;       /* the host thread's own: the picture that loads are measured against */
    guint64 serial;       /* likewise */
    ForeignScan *foreign; /* likewise */

    GMutex lock; /* guards what follows; never held across a call into kernel or libvirt */
    GCond wake;
    gboolean stopping, refresh, virt_ended;
    guint host_jobs; /* that run just now, each on a thread of its own */
    Snapshot *current;
    LinkInfo link;
    GPtrArray *domains;  /* Domain*; replaced as a whole, never changed */
    Host *far_host;      /* of a remote connection: what libvirt tells of it, NULL not yet */
    GHashTable *usages;  /* likewise: of its domains; replaced as a whole */
    GHashTable *counted; /* pid → GArray* of NodeKib: pages that somebody counted */
    gint64 busy_since;   /* the libvirt thread is in a call since then; 0: it is not */
};

static void message_free(gpointer data)
{
    Message *message = data;

    if (message->release)
        message->release(message->data);
    g_free(message->uuid);
    g_free(message);
}

static void collector_unref(Collector *collector)
{
    if (!g_atomic_ref_count_dec(&collector->refs))
        return;
    snapshot_unref(collector->current);
    snapshot_unref(collector->base);
    link_info_clear(&collector->link);
    g_clear_pointer(&collector->domains, g_ptr_array_unref);
    g_clear_pointer(&collector->far_host, host_unref);
    g_clear_pointer(&collector->usages, g_hash_table_unref);
    g_hash_table_unref(collector->counted);
    g_async_queue_unref(collector->queue);
    g_mutex_clear(&collector->lock);
    g_cond_clear(&collector->wake);
    g_free(collector->uri);
    g_free(collector->root);
    g_free(collector->pid_folder);
    foreign_scan_free(collector->foreign);
    g_free(collector);
}

/* Whether a call of libvirt has been without an answer for too long. With the lock held. */
static gboolean is_waiting(const Collector *c)
{
    return c->busy_since && c->link.state == LINK_UP &&
           g_get_monotonic_time() - c->busy_since >= WAITING_AFTER;
}

/* ---- the host thread ---- */

static gint64 age_of(const Snapshot *snapshot)
{
    return g_get_monotonic_time() - snapshot->host->taken_us;
}

/* The picture that loads are measured against, the newest that is old enough for it: pictures that
 * events or keys ask for may follow in a flock. NULL where there is none yet. */
static const Snapshot *choose_base(Collector *c, Snapshot *before)
{
    if (before->host && (c->base == NULL || age_of(before) >= MIN_SAMPLE)) {
        snapshot_unref(c->base);
        c->base = snapshot_ref(before);
    }
    return c->base && age_of(c->base) >= MIN_SAMPLE ? c->base : NULL;
}

/* A host at the other end of the connection: what the libvirt thread learned of it. */
static void show_remote(Collector *c, Snapshot *snapshot, const GPtrArray *domains)
{
    g_mutex_lock(&c->lock);
    snapshot->host = c->far_host ? host_ref(c->far_host) : NULL;
    g_autoptr(GHashTable) usages = c->usages ? g_hash_table_ref(c->usages) : NULL;
    g_mutex_unlock(&c->lock);
    if (snapshot->host == NULL)
        snapshot->host_problem =
            g_strdup("this host is another one, and libvirt has not told of it yet");
    if (domains == NULL)
        return;
    snapshot->domains = collector_make_views(c->root, c->pid_folder, snapshot->host, domains, NULL);
    collector_add_usages(snapshot->domains, usages);
}

/* Gives the domains whose cgroup does not say where their pages are what was counted of them. */
static void add_counted(Collector *c, GPtrArray *views)
{
    g_mutex_lock(&c->lock);
    for (guint i = 0; views && g_hash_table_size(c->counted) && i < views->len; i++) {
        const DomainView *view = g_ptr_array_index(views, i);
        GArray *memory = view->usage && view->usage->memory == NULL
                             ? g_hash_table_lookup(c->counted, GINT_TO_POINTER(view->usage->pid))
                             : NULL;
        if (memory) {
            view->usage->memory = g_array_ref(memory);
            view->usage->counted = TRUE;
        }
    }
    g_mutex_unlock(&c->lock);
}

static void show_local(Collector *c, Snapshot *snapshot, GPtrArray *domains, const Snapshot *base)
{
    g_autoptr(GError) error = NULL;

    if (c->demo)
        demo_tick(c->root, domains);
    snapshot->host = host_read(c->root, base ? base->host : NULL, &error);
    if (snapshot->host == NULL)
        snapshot->host_problem = g_strdup(error->message);
    if (domains)
        snapshot->domains = collector_make_views(
            c->root, c->pid_folder, snapshot->host, domains, base ? base->domains : NULL);
    add_counted(c, snapshot->domains);
    /* The first picture does not wait for a look at every process, which could not tell the
     * domains' from others' before libvirt has told of them either. */
    if (c->serial > 0)
        collector_read_others(snapshot, c->foreign);
}

/* Takes a picture of everything and makes it the current one. FALSE where a load in it is unknown
 * for want of an earlier picture. */
static gboolean take_picture(Collector *c)
{
    g_autoptr(Snapshot) before = collector_snapshot(c);
    Snapshot *snapshot = snapshot_new(c->root);
    const Snapshot *base = choose_base(c, before);

    g_mutex_lock(&c->lock);
    g_autoptr(GPtrArray) domains = c->domains ? g_ptr_array_ref(c->domains) : NULL;
    g_mutex_unlock(&c->lock);
    if (c->link.remote) /* set once, before the threads */
        show_remote(c, snapshot, domains);
    else
        show_local(c, snapshot, domains, base);
    snapshot->serial = ++c->serial;
    gboolean has_loads = snapshot->host == NULL || (base && (base->domains || domains == NULL));

    g_mutex_lock(&c->lock);
    link_info_copy(&snapshot->link, &c->link);
    if (is_waiting(c)) {
        snapshot->link.state = LINK_WAITING;
        snapshot->link.since_us = c->busy_since;
    }
    Snapshot *old = c->current;
    c->current = snapshot;
    g_mutex_unlock(&c->lock);
    snapshot_unref(old);
    c->notify(c->user_data);
    return has_loads;
}

/* Waits until @due, until someone wishes for a picture, or until libvirt's silence is to be shown.
 * FALSE: the end. */
static gboolean wait_for_turn(Collector *c, gint64 due)
{
    gint64 taken = g_get_monotonic_time();

    g_mutex_lock(&c->lock);
    while (!c->stopping && !c->refresh) {
        gint64 until = due;
        if (c->busy_since && c->link.state == LINK_UP && c->current->link.state != LINK_WAITING)
            until = MIN(due, c->busy_since + WAITING_AFTER);
        if (g_get_monotonic_time() >= until)
            break;
        g_cond_wait_until(&c->wake, &c->lock, until);
    }
    /* A wish is fulfilled at once, but for one that follows on the last picture's heels. */
    while (!c->stopping && g_get_monotonic_time() < taken + SETTLE)
        g_cond_wait_until(&c->wake, &c->lock, taken + SETTLE);
    c->refresh = FALSE;
    gboolean stopping = c->stopping;
    g_mutex_unlock(&c->lock);
    return !stopping;
}

static gpointer run_host(gpointer data)
{
    Collector *c = data;
    gint64 due = 0;

    do {
        gboolean has_loads = take_picture(c);
        gint64 now = g_get_monotonic_time();
        if (now >= due)
            due = now + c->interval_us;
        if (!has_loads)
            due = MIN(due, now + SECOND_SAMPLE);
    } while (wait_for_turn(c, due));
    return NULL;
}

/* ---- the libvirt thread ---- */

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
    if (connection && message->release == NULL)
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
        message_free(message);
    }
    if (open && g_hash_table_size(changed) > 0)
        read_domains(c, connection, changed);
    return open;
}

/* Serves until the connection is lost or the end comes. */
static void serve(Collector *c, Connection *connection)
{
    gint64 relist = g_get_monotonic_time() + RELIST_INTERVAL;
    gint64 learn = g_get_monotonic_time() + PROBE_INTERVAL;
    gboolean alive = TRUE;

    while (alive && !is_stopping(c)) {
        Message *message = g_async_queue_timeout_pop(c->queue, PROBE_INTERVAL);
        if (message && !serve_messages(c, connection, message))
            return;
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
            message_free(message);
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
            set_link(c, LINK_DOWN, "libvirt closed the connection; it is tried again by itself");
            collector_refresh(c);
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

    connection_set_up();
    g_atomic_ref_count_init(&c->refs);
    g_atomic_ref_count_inc(&c->refs);
    c->uri = g_strdup(options->uri);
    c->root = g_strdup(collector_root(options));
    c->pid_folder = usage_pid_folder(options->uri, c->root);
    c->foreign = foreign_scan_new(c->root);
    c->interval_us = (gint64)(options->interval * SECOND);
    c->read_only = options->read_only;
    c->demo = options->demo;
    c->notify = notify;
    c->user_data = user_data;
    c->queue = g_async_queue_new_full(message_free);
    c->counted = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    g_mutex_init(&c->lock);
    g_cond_init(&c->wake);
    c->link = (LinkInfo){.state = LINK_CONNECTING,
        .since_us = g_get_monotonic_time(),
        .uri = connection_shown_uri(options->uri),
        .demo = options->demo,
        .remote = collector_is_remote(options),
        .read_only = collector_is_read_only(options, FALSE)};
    c->current = snapshot_new(c->root);
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
    while (!c->virt_ended || c->host_jobs > 0)
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

void collector_ask(
    Collector *c, CollectorWork work, gpointer data, GDestroyNotify release, gint *done)
{
    Message *message = g_new0(Message, 1);

    *message = (Message){MESSAGE_JOB, NULL, work, data, release, done};
    g_async_queue_push(c->queue, message);
}

void collector_run(Collector *c, CollectorWork work, gpointer data, gint *done)
{
    collector_ask(c, work, data, NULL, done);
}

typedef struct {
    Collector *collector;
    CollectorWork work;
    gpointer data;
    gint *done;
} HostJob;

static gpointer run_host_job(gpointer data)
{
    g_autofree HostJob *job = data;
    Collector *c = job->collector;

    job->work(NULL, job->data);
    if (job->done)
        g_atomic_int_set(job->done, 1);
    g_mutex_lock(&c->lock);
    c->host_jobs--;
    c->refresh = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
    collector_unref(c);
    return NULL;
}

void collector_run_host(Collector *c, CollectorWork work, gpointer data, gint *done)
{
    HostJob *job = g_new(HostJob, 1);

    *job = (HostJob){c, work, data, done};
    g_atomic_ref_count_inc(&c->refs);
    g_mutex_lock(&c->lock);
    c->host_jobs++;
    g_mutex_unlock(&c->lock);
    g_thread_unref(g_thread_new("host-job", run_host_job, job));
}

void collector_note_pages(Collector *c, int pid, GArray *memory)
{
    g_mutex_lock(&c->lock);
    g_hash_table_insert(c->counted, GINT_TO_POINTER(pid), memory);
    g_mutex_unlock(&c->lock);
    collector_refresh(c);
}

void collector_refresh(Collector *c)
{
    g_mutex_lock(&c->lock);
    c->refresh = TRUE;
    g_cond_broadcast(&c->wake);
    g_mutex_unlock(&c->lock);
}
