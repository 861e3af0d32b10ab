/* The collector: two threads and what they exchange. The host thread reads the kernel and makes the
 * Snapshots; the libvirt thread (collector-virt.c) keeps the connection, reads domains when events
 * name them, and runs jobs. */
#include "core/collector/collector.h"

#include "core/collector/collector-struct.h"
#include "core/demo/demo.h"
#include "core/virt/driverfolders.h"
#include "core/virt/usage.h"

#define WAITING_AFTER SECOND        /* a call that takes longer is shown */
#define SECOND_SAMPLE (SECOND / 4)  /* loads need two pictures: the second comes soon */
#define MIN_SAMPLE    (SECOND / 5)  /* a load over less time than this is noise */
#define SETTLE        (SECOND / 50) /* between two pictures: events come in flocks */

void collector_message_free(gpointer data)
{
    Message *message = data;

    if (message->release)
        message->release(message->data);
    g_free(message->uuid);
    g_free(message);
}

void collector_unref(Collector *collector)
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
    if (snapshot->host == NULL)
        snapshot->host_problem =
            c->link.problem
                ? g_strdup(c->link.problem)
                : g_strdup_printf("libvirt has not told yet of the host at %s", c->link.uri);
    g_mutex_unlock(&c->lock);
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

/* What was changed since @previous was read is read again, all else in its turn. */
static Host *read_host(Collector *c, const Host *previous, GError **error)
{
    g_mutex_lock(&c->lock);
    gboolean again = previous && previous->slow_us >= c->changed_us;
    g_mutex_unlock(&c->lock);
    return again ? host_read_again(c->root, previous, error) : host_read(c->root, previous, error);
}

/* @is_first: the picture before this one had no domains. */
static void show_local(
    Collector *c, Snapshot *snapshot, GPtrArray *domains, const Snapshot *base, gboolean is_first)
{
    g_autoptr(GError) error = NULL;
    /* Names and states are shown before the domains' processes are looked for: the next picture
     * follows with their XML. */
    const char *pid_folder = is_first ? "" : c->pid_folder;

    if (c->demo)
        demo_tick(c->root, domains);
    snapshot->host = read_host(c, base ? base->host : NULL, &error);
    if (snapshot->host == NULL)
        snapshot->host_problem = g_strdup(error->message);
    if (domains)
        snapshot->domains = collector_make_views(
            c->root, pid_folder, snapshot->host, domains, base ? base->domains : NULL);
    add_counted(c, snapshot->domains);
    /* Neither the first picture nor that of the names waits for a look at every process, which
     * could not tell the domains' from others' before those are known either. */
    if (c->serial > 0 && !is_first)
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
        show_local(c, snapshot, domains, base, domains && before->domains == NULL);
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
    c->pid_folder = driver_run_folder(options->uri, c->root);
    c->foreign = foreign_scan_new(c->root);
    c->interval_us = (gint64)(options->interval * SECOND);
    c->read_only = options->read_only;
    c->demo = options->demo;
    c->notify = notify;
    c->user_data = user_data;
    c->queue = g_async_queue_new_full(collector_message_free);
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
    c->virt_thread = g_thread_new("libvirt", collector_run_virt, c);
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
    c->changed_us = g_get_monotonic_time();
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
    if (memory)
        g_hash_table_insert(c->counted, GINT_TO_POINTER(pid), memory);
    else
        g_hash_table_remove(c->counted, GINT_TO_POINTER(pid));
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
