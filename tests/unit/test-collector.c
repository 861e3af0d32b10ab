/* core/collector on libvirt's test driver, on a URI nobody answers, and on a socket that hangs. */
#include "core/collector/collector.h"
#include "core/virt/tune-live.h"

#include "core/util/error.h"
#include "tests/unit/tree.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE (20 * G_USEC_PER_SEC) /* a test that needs it has failed already */

typedef struct {
    GMutex lock;
    GCond wake;
    guint news;
} Bell;

static void ring(gpointer data)
{
    Bell *bell = data;

    g_mutex_lock(&bell->lock);
    bell->news++;
    g_cond_broadcast(&bell->wake);
    g_mutex_unlock(&bell->lock);
}

static Collector *start(Bell *bell, const char *uri)
{
    const CollectorOptions options = {.uri = uri, .root = "", .interval = 0.2};

    return collector_new(&options, ring, bell);
}

typedef gboolean (*Wanted)(const Snapshot *snapshot, gconstpointer data);

/* The first Snapshot that is as @wanted; NULL where none came in time. */
static Snapshot *wait_for(Collector *collector, Bell *bell, Wanted wanted, gconstpointer data)
{
    gint64 until = g_get_monotonic_time() + PATIENCE;

    for (;;) {
        g_mutex_lock(&bell->lock);
        guint seen = bell->news;
        g_mutex_unlock(&bell->lock);
        g_autoptr(Snapshot) snapshot = collector_snapshot(collector);
        if (wanted(snapshot, data))
            return g_steal_pointer(&snapshot);
        g_mutex_lock(&bell->lock);
        gboolean more = TRUE;
        while (more && bell->news == seen)
            more = g_cond_wait_until(&bell->wake, &bell->lock, until);
        g_mutex_unlock(&bell->lock);
        if (!more)
            return NULL;
    }
}

static gboolean has_host(const Snapshot *snapshot, gconstpointer data G_GNUC_UNUSED)
{
    return snapshot->host != NULL;
}

static gboolean is_in_state(const Snapshot *snapshot, gconstpointer data)
{
    return snapshot->link.state == (LinkState)GPOINTER_TO_INT(data);
}

static gboolean has_version(const Snapshot *snapshot, gconstpointer data G_GNUC_UNUSED)
{
    return g_str_has_prefix(snapshot->link.hypervisor, "TEST ");
}

static gboolean has_swappiness(const Snapshot *snapshot, gconstpointer data)
{
    const KernelFile *file = kernel_file_find(snapshot->host->vm, "swappiness");

    return file && g_strcmp0(file->text, data) == 0;
}

/* All domains are there with their XML. */
static gboolean has_domains(const Snapshot *snapshot, gconstpointer data)
{
    if (snapshot->domains == NULL || snapshot->domains->len != GPOINTER_TO_UINT(data))
        return FALSE;
    for (guint i = 0; i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (domain_now(view->domain) == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean has_title(const Snapshot *snapshot, gconstpointer data)
{
    const DomainView *view = snapshot_domain(snapshot, "test");

    return view && view->domain->config && g_strcmp0(view->domain->config->title, data) == 0;
}

static gboolean is_pinned(const Snapshot *snapshot, gconstpointer data)
{
    const DomainView *view = snapshot_domain(snapshot, "test");
    const DomainConfig *config = view ? domain_now(view->domain) : NULL;
    g_autofree char *cpus = config ? idset_format(domain_config_asked(config, 0)) : NULL;

    return g_strcmp0(cpus, data) == 0;
}

static void pin_first(Connection *connection, gpointer data)
{
    const char *const *uuid = data;
    static const LiveWay way = {.call = LIVE_VCPU_PIN};
    g_autoptr(GError) error = NULL;

    g_assert_true(connection_tune(connection, *uuid, &way, "0", "1", &error));
    g_assert_no_error(error);
}

static gboolean has_foreign(const Snapshot *snapshot, gconstpointer data G_GNUC_UNUSED)
{
    return snapshot->foreign != NULL;
}

/* The first picture does not wait for a look at every process of the host; the next has it, without
 * libvirt as well. */
static void test_foreign_later(void)
{
    Bell bell = {0};
    Collector *collector = start(&bell, "test:///nonexistent/file");
    g_autoptr(Snapshot) snapshot = wait_for(collector, &bell, has_foreign, NULL);

    g_assert_nonnull(snapshot);
    g_assert_cmpuint(snapshot->serial, >, 1);
    collector_free(collector);
}

static void set_swappiness(Connection *connection, gpointer data)
{
    g_assert_null(connection);
    tree_put(data, "/proc/sys/vm/swappiness", "44\n");
}

/* What hardly changes is read again at once when a job may have changed it. */
static void test_changed(void)
{
    Bell bell = {0};
    Tree tree;

    tree_setup(&tree, NULL);
    tree_put(&tree, "/sys/devices/system/cpu/online", "0\n");
    tree_put(&tree, "/proc/sys/vm/swappiness", "60\n");
    /* A picture comes when somebody wishes for it. */
    const CollectorOptions options = {
        .uri = "test:///default", .root = tree.root, .interval = 3600};
    Collector *collector = collector_new(&options, ring, &bell);
    /* The first few read all there is: these are let pass. */
    for (guint i = 0; i < 6; i++) {
        g_usleep(G_USEC_PER_SEC / 4); /* the next is measured against this one */
        collector_refresh(collector);
    }
    g_autoptr(Snapshot) before = wait_for(collector, &bell, has_host, NULL);
    g_assert_nonnull(before);
    g_assert_true(has_swappiness(before, "60"));
    gint done = 0;
    collector_run_host(collector, set_swappiness, &tree, &done);
    g_autoptr(Snapshot) changed = wait_for(collector, &bell, has_swappiness, "44");
    g_assert_nonnull(changed);
    collector_free(collector);
    tree_teardown(&tree, NULL);
}

static void test_default(void)
{
    Bell bell = {0};
    Collector *collector = start(&bell, "test:///default");
    g_autoptr(Snapshot) early = collector_snapshot(collector);
    g_assert_nonnull(early);
    g_autoptr(Snapshot) first = wait_for(collector, &bell, has_domains, GUINT_TO_POINTER(1));
    g_assert_nonnull(first);
    g_assert_cmpint(first->link.state, ==, LINK_UP);
    g_assert_cmpstr(first->link.uri, ==, "test:///default");
    g_assert_true(g_str_has_prefix(first->link.hypervisor, "TEST"));
    g_assert_null(first->link.problem);
    g_autoptr(Snapshot) named = wait_for(collector, &bell, has_version, NULL);
    g_assert_nonnull(named);
    const DomainView *view = snapshot_domain(first, "test");
    g_assert_nonnull(view);
    g_assert_cmpint(view->domain->state, ==, DOMAIN_RUNNING);
    g_assert_true(view->domain->persistent);
    g_assert_null(view->usage);

    /* A job, and what it changed. */
    gint done = 0;
    const char *uuid = view->domain->uuid;
    collector_run(collector, pin_first, &uuid, &done);
    g_autoptr(Snapshot) pinned = wait_for(collector, &bell, is_pinned, "1");
    g_assert_nonnull(pinned);
    for (guint i = 0; i < 200 && !g_atomic_int_get(&done); i++)
        g_usleep(10000);
    g_assert_cmpint(g_atomic_int_get(&done), ==, 1);
    g_assert_cmpuint(pinned->serial, >, first->serial);
    g_assert_false(is_pinned(first, "1")); /* an old picture stays as it is */

    /* Somebody else's change comes by an event. */
    g_autoptr(GError) error = NULL;
    g_autoptr(Connection) other = connection_open("test:///default", FALSE, &error);
    g_assert_no_error(error);
    g_autoptr(Domain) domain = connection_domain(other, "test", &error);
    g_assert_no_error(error);
    const char *end = strstr(domain->xml_config, "<memory");
    g_autofree char *xml = g_strdup_printf("%.*s<title>by another</title>%s",
        (int)(end - domain->xml_config), domain->xml_config, end);
    g_assert_true(connection_define(other, domain->name, domain->uuid, xml, &error));
    g_assert_no_error(error);
    g_autoptr(Snapshot) later = wait_for(collector, &bell, has_title, "by another");
    g_assert_nonnull(later);
    collector_free(collector);
}

static char *write_hosts(guint count)
{
    g_autoptr(GString) xml = g_string_new("<node>");
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("kvmtune-test-XXXXXX.xml", &path, NULL);

    for (guint i = count; i >= 1; i--)
        g_string_append_printf(xml,
            "<domain type='test'><name>vm%u</name><memory>65536</memory><vcpu>2</vcpu>"
            "<os><type>hvm</type></os></domain>",
            i);
    g_string_append(xml, "</node>");
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, xml->str, (gssize)xml->len, NULL));
    return g_steal_pointer(&path);
}

static void test_file(void)
{
    g_autofree char *path = write_hosts(10);
    g_autofree char *uri = g_strconcat("test://", path, NULL);
    Bell bell = {0};
    Collector *collector = start(&bell, uri);
    g_autoptr(Snapshot) snapshot = wait_for(collector, &bell, has_domains, GUINT_TO_POINTER(10));

    g_assert_nonnull(snapshot);
    for (guint i = 0; i < 10; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        g_autofree char *name = g_strdup_printf("vm%u", i + 1);
        g_assert_cmpstr(view->domain->name, ==, name);
    }
    collector_free(collector);
    g_remove(path);
}

static void note_connection(Connection *connection, gpointer data)
{
    *(gboolean *)data = connection != NULL;
}

static void test_dead(void)
{
    Bell bell = {0};
    Collector *collector = start(&bell, "qemu+unix:///system?socket=/nonexistent/socket");
    g_autoptr(Snapshot) host = wait_for(collector, &bell, has_host, NULL);
    g_autoptr(Snapshot) down = wait_for(collector, &bell, is_in_state, GINT_TO_POINTER(LINK_DOWN));
    gboolean connected = TRUE;
    gint done = 0;

    g_assert_nonnull(host);
    g_assert_nonnull(down);
    g_assert_null(down->domains);
    g_assert_nonnull(strstr(down->link.problem, "/nonexistent/socket"));
    g_assert_nonnull(strstr(down->link.problem, "libvirtd"));
    collector_run(collector, note_connection, &connected, &done);
    for (guint i = 0; i < 2000 && !g_atomic_int_get(&done); i++)
        g_usleep(10000);
    g_assert_cmpint(g_atomic_int_get(&done), ==, 1);
    g_assert_false(connected);
    collector_free(collector);
}

/* A call that has no answer until the test has seen what comes of it. */
static void wait_for_release(Connection *connection G_GNUC_UNUSED, gpointer data)
{
    while (!g_atomic_int_get((gint *)data))
        g_usleep(10000);
}

static void test_waiting(void)
{
    Bell bell = {0};
    Collector *collector = start(&bell, "test:///default");
    g_autoptr(Snapshot) up = wait_for(collector, &bell, has_domains, GUINT_TO_POINTER(1));
    gint released = 0, done = 0;

    g_assert_nonnull(up);
    gint64 asked = g_get_monotonic_time();
    collector_run(collector, wait_for_release, &released, &done);
    g_autoptr(Snapshot) waiting =
        wait_for(collector, &bell, is_in_state, GINT_TO_POINTER(LINK_WAITING));
    g_assert_nonnull(waiting);
    g_assert_cmpint(g_get_monotonic_time() - asked, >=, G_USEC_PER_SEC);
    g_assert_cmpint(waiting->link.since_us, >=, asked);
    g_assert_cmpuint(waiting->domains->len, ==, 1);
    g_atomic_int_set(&released, 1);
    g_autoptr(Snapshot) again = wait_for(collector, &bell, is_in_state, GINT_TO_POINTER(LINK_UP));
    g_assert_nonnull(again);
    collector_free(collector);
    g_assert_cmpint(g_atomic_int_get(&done), ==, 1);
}

/* A daemon that takes the connection and says nothing: the host is shown, and the end comes. */
static void test_hang(void)
{
    g_autofree char *folder = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Bell bell = {0};

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 5), ==, 0);
    Collector *collector = start(&bell, uri);
    g_autoptr(Snapshot) host = wait_for(collector, &bell, has_host, NULL);
    g_assert_nonnull(host);
    g_usleep(100000);
    g_autoptr(Snapshot) snapshot = collector_snapshot(collector);
    g_assert_cmpint(snapshot->link.state, ==, LINK_CONNECTING);
    gint64 before = g_get_monotonic_time();
    collector_free(collector);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 60 * G_USEC_PER_SEC); /* not for ever */
    close(fd); /* which lets go of the thread that was left behind */
    g_remove(path);
    g_rmdir(folder);
    g_usleep(200000);
}

static void test_once(void)
{
    const CollectorOptions good = {.uri = "test:///default", .root = ""};
    const CollectorOptions dead = {
        .uri = "qemu+unix://u:p@ss@/system?socket=/nonexistent/socket", .root = ""};
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GError) error = NULL;

    g_autoptr(Snapshot) snapshot = collector_take_once(&good, TRUE, &connection, &error);
    g_assert_no_error(error);
    g_assert_nonnull(connection);
    g_assert_cmpuint(snapshot->domains->len, ==, 1);
    g_assert_nonnull(snapshot->host);
    g_autoptr(Snapshot) host = collector_take_once(&dead, FALSE, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(host->domains);
    g_assert_null(collector_take_once(&dead, TRUE, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_test_message("%s", error->message);
    g_assert_null(strstr(error->message, "p@ss"));

    g_clear_error(&error);
    g_assert_null(connection_domain(connection, "no\033such", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_assert_null(strchr(error->message, '\033'));
}

static void test_shown_uri(void)
{
    static const struct {
        const char *uri, *shown;
    } rows[] = {
        {"qemu:///system", "qemu:///system"},
        {"qemu+ssh://root@host/system", "qemu+ssh://root@host/system"},
        {"qemu+tcp://u:secret@host:99/system", "qemu+tcp://u@host:99/system"},
        {"qemu+tcp://u:p@ss:w@host/x?a=b@c:d", "qemu+tcp://u@host/x?a=b@c:d"},
        {"test:///a:b@c", "test:///a:b@c"},
        {"qemu+ssh://h/system?password=x", "qemu+ssh://h/system"},
        {"qemu+ssh://u:x@h/system?no_tty=1&Pass%77ord=x&command=c#f",
            "qemu+ssh://u@h/system?no_tty=1&command=c#f"},
        {"qemu+ssh://h/system?passwd=x;mode=direct", "qemu+ssh://h/system?mode=direct"},
        {"a\033b", "a\\x1bb"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = connection_shown_uri(rows[i].uri);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/collector/foreign-later", test_foreign_later);
    g_test_add_func("/collector/changed", test_changed);
    g_test_add_func("/collector/default", test_default);
    g_test_add_func("/collector/file", test_file);
    g_test_add_func("/collector/dead", test_dead);
    g_test_add_func("/collector/waiting", test_waiting);
    g_test_add_func("/collector/hang", test_hang);
    g_test_add_func("/collector/once", test_once);
    g_test_add_func("/collector/shown-uri", test_shown_uri);
    return g_test_run();
}
