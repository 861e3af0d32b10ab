/* core/virt/usage: threads, affinities and loads out of made-up trees of /proc. */
#include "tests/unit/usagefixture.h"

#include <string.h>

static DomainUsage *read_usage(const Fixture *f, const DomainUsage *previous)
{
    return usage_read(f->root, f->folder, NULL, f->domain, previous);
}

static void test_threads(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(DomainUsage) usage = read_usage(f, NULL);

    g_assert_nonnull(usage);
    g_assert_cmpint(usage->pid, ==, 500);
    g_assert_cmpint(usage->rss_kib.value, ==, 65536);
    g_assert_cmpuint(usage->run_ns, ==, 6500000000);
    g_assert_false(usage->load.known);
    g_assert_cmpuint(usage->threads->len, ==, 3);
    const int expected[][3] = {{0, 502, 3}, {1, 501, 2}, {-1, 500, 1}};
    for (guint i = 0; i < 3; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        g_assert_cmpint(thread->vcpu, ==, expected[i][0]);
        g_assert_cmpint(thread->tid, ==, expected[i][1]);
        g_assert_cmpint(thread->last_cpu, ==, expected[i][2]);
        g_assert_false(thread->load.known);
    }
    g_autofree char *cpus = idset_format(domain_usage_vcpu(usage, 1)->affinity);
    g_assert_cmpstr(cpus, ==, "2");
    g_assert_null(domain_usage_vcpu(usage, 2));
}

static void test_load(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(DomainUsage) first = read_usage(f, NULL);
    first->taken_us -= 1000000; /* a second ago */
    usage_put_thread(f, 500, 501, "CPU 1/KVM", "0-1", 0, 3250000000, 78);
    usage_put_thread(f, 500, 504, "CPU 2/KVM", "0", 0, 10, 90);
    g_autoptr(DomainUsage) second = read_usage(f, first);

    g_assert_cmpint(domain_usage_vcpu(second, 0)->load.value, ==, 0);
    g_assert_true(domain_usage_vcpu(second, 0)->load.known);
    gint64 load = domain_usage_vcpu(second, 1)->load.value;
    g_assert_cmpint(load, <=, 250);
    g_assert_cmpint(load, >, 0); /* the reading itself takes a while */
    g_assert_false(domain_usage_vcpu(second, 2)->load.known);
    g_assert_cmpint(second->load.value, <=, 250);
    g_autofree char *cpus = idset_format(domain_usage_vcpu(second, 1)->affinity);
    g_assert_cmpstr(cpus, ==, "0-1");

    /* More than the time that has passed: no thread runs more than all of it. */
    usage_put_thread(f, 500, 501, "CPU 1/KVM", "0-1", 0, 9000000000000, 78);
    g_autoptr(DomainUsage) busy = read_usage(f, second);
    g_assert_cmpint(domain_usage_vcpu(busy, 1)->load.value, ==, 1000);
    g_assert_cmpint(busy->load.value, <=, 1000 * (gint64)(busy->threads->len + busy->others->len));

    /* The same number, another process: nothing of the old one is carried over. */
    usage_put_thread(f, 500, 500, "qemu-system-x86", "0-3", 1, 2000000000, 9999);
    g_autoptr(DomainUsage) third = read_usage(f, second);
    g_assert_nonnull(third);
    g_assert_false(third->load.known);
}

static void test_whose(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *command;
        gboolean ours;
    } rows[] = {
        {"qemu|-name|guest=web,,1,debug-threads=on|", TRUE},
        {"qemu|-name|guest=web,,1|", TRUE},
        {"qemu|-name|guest=web,1,debug-threads=on|", FALSE},
        {"qemu|-name|guest=web,,1,,2|", FALSE},
        {"qemu|-name|guest=web,,10|", FALSE},
        {"qemu|-name|guest=web,,1|-uuid|00000000-0000-0000-0000-000000000000|", FALSE},
        {"qemu|-name|guest=other|-uuid|6695EB01-F6A4-8304-79AA-97F2502E193F|", TRUE},
        {"sleep|100|", FALSE},
        {"qemu|-uuid", FALSE},
        {"", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].command);
        usage_put_command(f, 500, rows[i].command);
        g_autoptr(DomainUsage) usage = read_usage(f, NULL);
        g_assert_cmpint(usage != NULL, ==, rows[i].ours);
    }
}

/* libvirt escapes the name of a pid file as in XML. */
static void test_escaped(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    usage_put(f, "/run/libvirt/qemu/a &lt;1&gt; &amp; &quot;b&quot; &apos;c&apos;.pid", "500");
    usage_put_command(f, 500, "qemu|-name|guest=a <1> & \"b\" 'c'|");
    g_free(f->domain->name);
    f->domain->name = g_strdup("a <1> & \"b\" 'c'");
    g_autoptr(DomainUsage) usage = read_usage(f, NULL);
    g_assert_nonnull(usage);
    g_assert_cmpint(usage->pid, ==, 500);
}

/* Unknown is NULL or -1: a process that has gone, a torn file, a name that would lead elsewhere. */
static void test_missing(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(DomainUsage) whole = read_usage(f, NULL);
    usage_put(f, "/proc/500/task/501/stat", "501 (CPU 1/KVM) S");
    usage_put(f, "/proc/500/task/501/status", "Name:\tCPU 1/KVM\nCpus_allowed_list:\tx-y\n");
    usage_put(f, "/proc/500/task/501/schedstat", "%s", "");
    usage_put(f, "/proc/500/task/501/comm", "CPU 99999999999/KVM\n");
    g_autoptr(DomainUsage) torn = read_usage(f, whole);
    const ThreadUsage *thread = domain_usage_vcpu(torn, 1);
    g_assert_nonnull(thread); /* its name was read before */
    g_assert_cmpint(thread->last_cpu, ==, -1);
    g_assert_null(thread->affinity);
    g_assert_false(thread->load.known);
    g_autoptr(DomainUsage) anew = read_usage(f, NULL);
    g_assert_null(domain_usage_vcpu(anew, 1));

    static const char *const pids[] = {"", "0", "-1", "99999999999", "12x", "501"};
    for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
        usage_put(f, "/run/libvirt/qemu/web,1.pid", "%s", pids[i]);
        g_assert_null(read_usage(f, NULL));
    }
    usage_put(f, "/run/libvirt/qemu/web,1.pid", "500");
    usage_put(f, "/run/libvirt/x.pid", "500");
    g_free(f->domain->name);
    f->domain->name = g_strdup("../x");
    g_assert_null(read_usage(f, NULL));
    f->domain->id = -1;
    g_assert_null(read_usage(f, whole));
}

/* I/O threads by QEMU's name for them; the monitor's and one cut by the kernel are none. */
static void test_iothreads(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    usage_put_thread(f, 500, 510, "IO iothread2", "1", 1, 7, 78);
    usage_put_thread(f, 500, 511, "IO iothread1", "0-3", 3, 7, 78);
    usage_put_thread(f, 500, 512, "IO mon_iothread", "0-3", 3, 7, 78);
    usage_put_thread(f, 500, 513, "IO iothread12345", "0-3", 3, 7, 78);
    usage_put_thread(f, 500, 514, "CPU 2/TCG", "0-3", 3, 7, 78);
    g_autoptr(DomainUsage) first = read_usage(f, NULL);
    g_autoptr(DomainUsage) usage = read_usage(f, first);
    const int expected[][3] = {
        {0, 0, 502}, {1, 0, 501}, {2, 0, 514}, {-1, 0, 500}, {-1, 1, 511}, {-1, 2, 510}};

    g_assert_cmpuint(usage->threads->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        g_assert_cmpint(thread->vcpu, ==, expected[i][0]);
        g_assert_cmpint(thread->iothread, ==, expected[i][1]);
        g_assert_cmpint(thread->tid, ==, expected[i][2]);
    }
    g_assert_cmpint(domain_usage_vcpu(usage, -1)->tid, ==, 500);
    g_assert_cmpint(domain_usage_iothread(usage, 2)->tid, ==, 510);
    g_assert_null(domain_usage_iothread(usage, 3));
}

/* The second figure of schedstat: ready, and waiting for a CPU. */
static void test_wait(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(DomainUsage) first = read_usage(f, NULL);
    g_assert_false(domain_usage_vcpu(first, 0)->wait.known);
    first->taken_us -= 1000000; /* a second ago */
    usage_put(f, "/proc/500/task/502/schedstat", "2000000000 400000003 9\n");
    g_autoptr(DomainUsage) second = read_usage(f, first);
    Num wait = domain_usage_vcpu(second, 0)->wait;

    g_assert_true(wait.known);
    g_assert_cmpint(wait.value, <=, 400);
    g_assert_cmpint(wait.value, >, 0); /* the reading itself takes a while */
    g_assert_true(domain_usage_vcpu(second, 1)->wait.known);
    g_assert_cmpint(domain_usage_vcpu(second, 1)->wait.value, ==, 0);
    usage_put(f, "/proc/500/task/502/schedstat", "x\n");
    g_autoptr(DomainUsage) third = read_usage(f, second);
    g_assert_false(domain_usage_vcpu(third, 0)->wait.known);
}

/* The threads are listed when their number changes, when one is gone, and in the host's turn. */
static void test_listed(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Host) host = usage_host(f, "0-3", "0-3");
    g_autoptr(DomainUsage) first = usage_read(f->root, f->folder, host, f->domain, NULL);

    /* As many as before, says the main thread: the new one waits for the turn. */
    usage_put_thread(f, 500, 504, "CPU 2/KVM", "0", 0, 10, 90);
    g_autoptr(DomainUsage) same = usage_read(f->root, f->folder, host, f->domain, first);
    g_assert_cmpuint(same->threads->len, ==, 3);
    g_assert_cmpuint(same->run_ns, ==, 6500000000);
    g_autoptr(Host) later = usage_host(f, "0-3", "0-3");
    g_autoptr(DomainUsage) turn = usage_read(f->root, f->folder, later, f->domain, same);
    g_assert_nonnull(domain_usage_vcpu(turn, 2));
    g_assert_cmpuint(turn->run_ns, ==, 6500000010);

    /* One more than it says: listed. */
    g_autofree char *gone = g_strconcat(f->root, "/proc/500/task/504", NULL);
    usage_remove_all(gone);
    g_autoptr(DomainUsage) fewer = usage_read(f->root, f->folder, later, f->domain, turn);
    g_assert_null(domain_usage_vcpu(fewer, 2));

    /* One is gone, another there. */
    g_autofree char *other = g_strconcat(f->root, "/proc/500/task/503", NULL);
    usage_remove_all(other);
    usage_put_thread(f, 500, 505, "CPU 3/KVM", "0", 0, 10, 90);
    g_autoptr(DomainUsage) swapped = usage_read(f->root, f->folder, later, f->domain, fewer);
    g_assert_nonnull(domain_usage_vcpu(swapped, 3));
    g_assert_cmpuint(swapped->run_ns, ==, 6000000010);
}

/* What is asked and what is so: offline CPUs, a cgroup's cpuset (both versions), a taskset. */
static void test_gap(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *asked, *real, *cpuset, *gap;
    } rows[] = {
        {"2", "2", NULL, "as asked"},
        {NULL, "0-3", NULL, "as asked"},
        {"2,5", "2", NULL, "offline"},
        {"0-1", "1", "1-3", "cgroup"},
        {"0", "1-3", "1-3", "cgroup"}, /* nothing of it is left: the whole cpuset */
        {NULL, "1-3", "1-3", "cgroup"},
        {"0-1", "1", "0-3", "by hand"},
        {"0-1", "1", NULL, "by hand"},
        {"0-1", NULL, NULL, NULL},
    };
    g_autoptr(Host) host = usage_host(f, "0-5", "0-3");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(IdSet) asked = idset_parse_kernel(rows[i].asked);
        g_autoptr(IdSet) real = idset_parse_kernel(rows[i].real);
        g_autoptr(IdSet) cpuset = idset_parse_kernel(rows[i].cpuset);
        ThreadUsage thread = {.affinity = real, .cpuset = cpuset};
        g_test_message("asked %s, real %s", rows[i].asked, rows[i].real);
        g_assert_cmpstr(
            domain_affinity_gap_name(domain_affinity_gap(asked, &thread, host->topology)), ==,
            rows[i].gap);
    }
}

/* The cpuset is read only for a thread that strays, and once while it strays alike. */
static void test_cpuset(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Host) host = usage_host(f, "0-3", "0-3");

    f->domain->live = domain_config_parse(CONFIG, NULL);
    usage_put_thread(f, 500, 502, "CPU 0/KVM", "1-3", 1, 7, 78);
    usage_put(f, "/proc/500/task/502/cgroup", "0::/m.slice/libvirt/vcpu0\n");
    usage_put(f, "/sys/fs/cgroup/m.slice/libvirt/vcpu0/cpuset.cpus.effective", "1-3\n");
    usage_put(f, "/proc/500/task/501/cgroup", "0::/m.slice/libvirt/vcpu1\n");
    usage_put(f, "/sys/fs/cgroup/m.slice/libvirt/vcpu1/cpuset.cpus.effective", "2\n");
    g_autoptr(DomainUsage) first = usage_read(f->root, f->folder, host, f->domain, NULL);
    const ThreadUsage *thread = domain_usage_vcpu(first, 0);
    g_autofree char *text = idset_format(thread->cpuset);
    g_assert_cmpstr(text, ==, "1-3");
    g_assert_cmpint(
        domain_affinity_gap(domain_config_asked(f->domain->live, 0), thread, host->topology), ==,
        AFFINITY_CGROUP);
    g_assert_null(domain_usage_vcpu(first, 1)->cpuset);

    usage_put(f, "/proc/500/task/502/cgroup", "4:memory:/x\n7:cpu,cpuset:/../escape\n");
    g_autoptr(DomainUsage) kept = usage_read(f->root, f->folder, host, f->domain, first);
    g_assert_nonnull(domain_usage_vcpu(kept, 0)->cpuset);
    g_autoptr(DomainUsage) anew = usage_read(f->root, f->folder, host, f->domain, NULL);
    g_assert_null(domain_usage_vcpu(anew, 0)->cpuset);
    usage_put(f, "/proc/500/task/502/cgroup", "4:memory:/x\n7:cpu,cpuset:/m/vcpu0\n");
    usage_put(f, "/sys/fs/cgroup/cpuset/m/vcpu0/cpuset.effective_cpus", "1\n");
    g_autoptr(DomainUsage) first_version = usage_read(f->root, f->folder, host, f->domain, NULL);
    g_autofree char *one = idset_format(domain_usage_vcpu(first_version, 0)->cpuset);
    g_assert_cmpstr(one, ==, "1");
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, usage_set_up, function, usage_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/usage/threads", test_threads);
    ADD("/usage/load", test_load);
    ADD("/usage/listed", test_listed);
    ADD("/usage/whose", test_whose);
    ADD("/usage/escaped", test_escaped);
    ADD("/usage/missing", test_missing);
    ADD("/usage/iothreads", test_iothreads);
    ADD("/usage/wait", test_wait);
    ADD("/usage/gap", test_gap);
    ADD("/usage/cpuset", test_cpuset);
    return g_test_run();
}
