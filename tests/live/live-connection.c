/* A real QEMU domain (TCG) through libvirt's embedded driver: what the collector says of its
 * threads is what the kernel says of them, and a change reaches the collector by its event. */
#include "core/collector/collector.h"
#include "core/virt/tune-live.h"

#include <glib/gstdio.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (120 * G_USEC_PER_SEC) /* a slow machine, not a promise */
#define NAME     "kvmtune-live, \xe7\xba\xa2"

static const char xml_format[] =
    "<domain type='qemu'><name>" NAME "</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>"
    "<iothreads>1</iothreads>"
    "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
    "<devices><emulator>%s</emulator></devices></domain>";

typedef gboolean (*Wanted)(const Snapshot *snapshot);

static void ignore(gpointer data G_GNUC_UNUSED)
{
}

static Snapshot *wait_for(Collector *collector, Wanted wanted)
{
    gint64 until = g_get_monotonic_time() + PATIENCE;

    while (g_get_monotonic_time() < until) {
        g_autoptr(Snapshot) snapshot = collector_snapshot(collector);
        if (wanted(snapshot))
            return g_steal_pointer(&snapshot);
        g_usleep(20000);
    }
    return NULL;
}

static gboolean is_up(const Snapshot *snapshot)
{
    return snapshot->link.state == LINK_UP && snapshot->domains != NULL;
}

static const DomainView *in_state(const Snapshot *snapshot, DomainState state)
{
    const DomainView *view = snapshot_domain(snapshot, NAME);

    return view && view->domain->state == state ? view : NULL;
}

static gboolean is_defined(const Snapshot *snapshot)
{
    return in_state(snapshot, DOMAIN_SHUTOFF) != NULL;
}

static gboolean has_loads(const Snapshot *snapshot)
{
    const DomainView *view = in_state(snapshot, DOMAIN_RUNNING);
    const ThreadUsage *thread = view ? domain_usage_vcpu(view->usage, 1) : NULL;

    return thread && thread->load.known && view->usage->load.known;
}

static gboolean is_paused(const Snapshot *snapshot)
{
    return in_state(snapshot, DOMAIN_PAUSED) != NULL;
}

static gboolean is_gone(const Snapshot *snapshot)
{
    return snapshot->domains && snapshot_domain(snapshot, NAME) == NULL;
}

/* The kernel's own answer for each thread of the picture. */
static void compare_affinities(const DomainUsage *usage)
{
    for (guint i = 0; i < usage->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        cpu_set_t set;
        g_assert_cmpint(sched_getaffinity(thread->tid, sizeof set, &set), ==, 0);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            g_assert_cmpint(CPU_ISSET(cpu, &set) != 0, ==, idset_has(thread->affinity, cpu) != 0);
        /* Not in the set where the thread has slept since it was pinned. */
        g_assert_cmpint(thread->last_cpu, >=, 0);
    }
}

static gboolean pin_took(const Snapshot *snapshot)
{
    const DomainView *view = in_state(snapshot, DOMAIN_RUNNING);
    const ThreadUsage *thread = view ? domain_usage_vcpu(view->usage, 1) : NULL;
    g_autofree char *asked = view && view->domain->live
                                 ? idset_format(domain_config_asked(view->domain->live, 1))
                                 : NULL;

    return thread && idset_has(thread->affinity, 0) && idset_count(thread->affinity) == 1 &&
           g_strcmp0(asked, "0") == 0;
}

/* vCPU 0, which is asked to run anywhere, was pinned behind libvirt's back. */
static gboolean is_set_by_hand(const Snapshot *snapshot)
{
    const DomainView *view = in_state(snapshot, DOMAIN_RUNNING);
    const ThreadUsage *thread = view ? domain_usage_vcpu(view->usage, 0) : NULL;

    return domain_affinity_gap(NULL, thread, snapshot->host->topology) == AFFINITY_BY_HAND;
}

static void pin_by_hand(Collector *collector, const ThreadUsage *thread)
{
    cpu_set_t before, one;

    g_assert_cmpint(sched_getaffinity(thread->tid, sizeof before, &before), ==, 0);
    if (CPU_COUNT(&before) < 2 || !CPU_ISSET(0, &before))
        return; /* on one CPU nothing strays */
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    g_assert_cmpint(sched_setaffinity(thread->tid, sizeof one, &one), ==, 0);
    g_autoptr(Snapshot) strayed = wait_for(collector, is_set_by_hand);
    g_assert_nonnull(strayed);
    g_assert_cmpint(sched_setaffinity(thread->tid, sizeof before, &before), ==, 0);
}

/* Who is connected elsewhere sees the same process as none of its own. */
static void find_as_foreign(const DomainUsage *usage)
{
    const CollectorOptions options = {.uri = "test:///default", .root = ""};
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = collector_take_once(&options, TRUE, NULL, &error);
    const ForeignUsage *found = NULL;

    g_assert_no_error(error);
    for (guint i = 0; i < snapshot->foreign->len; i++) {
        const ForeignUsage *foreign = g_ptr_array_index(snapshot->foreign, i);
        if (foreign->pid == usage->pid)
            found = foreign;
    }
    g_assert_nonnull(found);
    g_assert_cmpstr(found->name, ==, NAME);
    g_assert_true(found->load.known);
    g_assert_nonnull(found->affinity);
}

static void run_test(const char *uri, virConnectPtr libvirt, virDomainPtr *domain)
{
    const CollectorOptions options = {.uri = uri, .root = "", .interval = 0.5};
    Collector *collector = collector_new(&options, ignore, NULL);
    g_autofree char *emulator = g_find_program_in_path("qemu-system-x86_64");
    g_autofree char *xml = g_strdup_printf(xml_format, emulator);
    g_autoptr(GError) error = NULL;

    g_autoptr(Snapshot) up = wait_for(collector, is_up);
    g_assert_nonnull(up);
    g_assert_cmpuint(up->domains->len, ==, 0);

    *domain = virDomainDefineXML(libvirt, xml);
    g_assert_nonnull(*domain);
    g_autoptr(Snapshot) defined = wait_for(collector, is_defined);
    g_assert_nonnull(defined);
    if (virDomainCreate(*domain) != 0)
        g_error("QEMU does not start: %s", virGetLastErrorMessage());
    g_autoptr(Snapshot) running = wait_for(collector, has_loads);
    g_assert_nonnull(running);
    const DomainView *view = snapshot_domain(running, NAME);
    g_assert_cmpuint(view->usage->threads->len, ==, 4);
    g_assert_nonnull(domain_usage_iothread(view->usage, 1));
    g_assert_cmpint(view->usage->rss_kib.value, >, 1024);
    g_assert_nonnull(view->domain->live);
    g_assert_nonnull(view->domain->config);
    compare_affinities(view->usage);
    g_assert_nonnull(running->foreign);
    for (guint i = 0; i < running->foreign->len; i++)
        g_assert_cmpint(
            ((const ForeignUsage *)running->foreign->pdata[i])->pid, !=, view->usage->pid);
    find_as_foreign(view->usage);
    pin_by_hand(collector, domain_usage_vcpu(view->usage, 0));

    /* Set live through a connection of kvmtune's, noticed by the collector's own. */
    g_autoptr(Connection) other = connection_open(uri, FALSE, &error);
    g_assert_no_error(error);
    static const LiveWay pin = {.call = LIVE_VCPU_PIN}, of_emulator = {.call = LIVE_EMULATOR_PIN};
    const char *uuid = view->domain->uuid;
    g_assert_true(connection_tune(other, uuid, &pin, "1", "0", &error));
    g_assert_no_error(error);
    g_autoptr(Snapshot) pinned = wait_for(collector, pin_took);
    g_assert_nonnull(pinned);
    compare_affinities(snapshot_domain(pinned, NAME)->usage);
    g_assert_true(connection_tune(other, uuid, &pin, "1", "", &error));
    g_assert_true(connection_tune(other, uuid, &of_emulator, NULL, "0", &error));
    g_assert_no_error(error);
    g_assert_false(connection_tune(other, uuid, &pin, "2", "0", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);

    g_assert_cmpint(virDomainSuspend(*domain), ==, 0);
    g_autoptr(Snapshot) paused = wait_for(collector, is_paused);
    g_assert_nonnull(paused);
    g_assert_cmpint(virDomainDestroy(*domain), ==, 0);
    g_autoptr(Snapshot) stopped = wait_for(collector, is_defined);
    g_assert_nonnull(stopped);
    g_assert_null(snapshot_domain(stopped, NAME)->usage);
    g_assert_cmpint(virDomainUndefine(*domain), ==, 0);
    g_autoptr(Snapshot) gone = wait_for(collector, is_gone);
    g_assert_nonnull(gone);
    collector_free(collector);
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        remove_all(below);
    }
    g_remove(path);
}

static void test_domain(void)
{
    g_autofree char *emulator = g_find_program_in_path("qemu-system-x86_64");

    if (emulator == NULL || geteuid() != 0) {
        g_test_skip(emulator ? "needs root" : "needs qemu-system-x86_64");
        return;
    }
    g_autofree char *root = g_dir_make_tmp("kvmtune-connection-XXXXXX", NULL);
    /* QEMU as root: else it cannot reach the folder, and where /dev/kvm is root's alone libvirt
     * takes what it knows of QEMU for outdated and asks every emulator again at every step. */
    g_autofree char *folder = g_build_filename(root, "etc", NULL);
    g_autofree char *settings = g_build_filename(folder, "qemu.conf", NULL);
    g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(settings,
        "user = \"root\"\ngroup = \"root\"\nstdio_handler = \"file\"\n"
        "security_driver = \"none\"\nnamespaces = [ ]\n",
        -1, NULL));
    g_autofree char *uri = g_strdup_printf("qemu:///embed?root=%s", root);
    g_autoptr(GError) error = NULL;
    /* The first connection starts the event loop, without which the driver cannot run. */
    g_autoptr(Connection) first = connection_open(uri, FALSE, &error);
    if (first == NULL) {
        g_test_skip(error->message);
        remove_all(root);
        return;
    }
    virConnectPtr libvirt = virConnectOpen(uri);
    virDomainPtr domain = NULL;
    g_assert_nonnull(libvirt);
    run_test(uri, libvirt, &domain);
    virDomainFree(domain);
    virConnectClose(libvirt);
    g_clear_pointer(&first, connection_close);
    remove_all(root);
}

#ifdef __SANITIZE_ADDRESS__
/* The embedded driver forks to start QEMU, and its child allocates: AddressSanitizer's allocator
 * does not mind forks, so the child waits for ever where another thread held its lock. */
static void skip_domain(void)
{
    g_test_skip(
        "AddressSanitizer's allocator may hang in libvirt's forks: run it in another build");
}
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#ifdef __SANITIZE_ADDRESS__
    g_test_add_func("/live/connection", getenv("KVMTUNE_LIVE_EMBED") ? test_domain : skip_domain);
#else
    g_test_add_func("/live/connection", test_domain);
#endif
    return g_test_run();
}
