/* core/virt/usage: threads, affinities, loads, memory by node and other QEMU processes out of
 * made-up trees of /proc and /sys/fs/cgroup. */
#include "core/virt/usage-foreign.h"
#include "core/virt/usage.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

typedef struct {
    char *root, *folder;
    Domain *domain;
} Fixture;

#define CONFIG                                                                                     \
    "<domain type='kvm'><vcpu>2</vcpu><iothreads>2</iothreads><cputune>"                           \
    "<vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='2'/>"                                 \
    "<iothreadpin iothread='2' cpuset='1'/></cputune></domain>"

G_GNUC_PRINTF(3, 4)
static void put(const Fixture *f, const char *path, const char *format, ...)
{
    g_autofree char *full = g_strconcat(f->root, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void put_thread(const Fixture *f, int pid, int tid, const char *comm, const char *cpus,
    int last, guint64 run_ns, int started)
{
    g_autofree char *task = g_strdup_printf("/proc/%d/task/%d", pid, tid);
    const struct {
        const char *name;
        char *text;
    } files[] = {
        {"comm", g_strdup_printf("%s\n", comm)},
        {"schedstat", g_strdup_printf("%" G_GUINT64_FORMAT " 12 3\n", run_ns)},
        {"stat", g_strdup_printf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 3 0 %d 100 200 "
                                 "0 0 0 0 0 0 0 0 0 0 0 0 0 17 %d 0 0\n",
                     tid, comm, started, last)},
        {"status", g_strdup_printf("Name:\t%s\nVmRSS:\t   65536 kB\nCpus_allowed:\tf\n"
                                   "Cpus_allowed_list:\t%s\nMems_allowed_list:\t0\n",
                       comm, cpus)},
    };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strconcat(task, "/", files[i].name, NULL);
        put(f, path, "%s", files[i].text);
        g_free(files[i].text);
    }
}

static void put_command(const Fixture *f, int pid, const char *command)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", f->root, pid);
    g_autofree char *bytes = g_strdup(command);
    gsize length = strlen(bytes);

    g_strdelimit(bytes, "|", '\0');
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
}

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->root = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    f->folder = usage_pid_folder("qemu:///system", f->root);
    f->domain = g_new0(Domain, 1);
    g_atomic_ref_count_init(&f->domain->refs);
    f->domain->name = g_strdup("web,1");
    f->domain->uuid = g_strdup(UUID);
    f->domain->id = 4;
    put(f, "/run/libvirt/qemu/web,1.pid", "500");
    put_thread(f, 500, 500, "qemu-system-x86", "0-3", 1, 1000000000, 77);
    put_thread(f, 500, 501, "CPU 1/KVM", "2", 2, 3000000000, 78);
    put_thread(f, 500, 502, "CPU 0/KVM", "0,^9", 3, 2000000000, 78);
    put_thread(f, 500, 503, "a) S 9 (b", "0-3", 0, 500000000, 79);
    put_command(f, 500, "/usr/bin/qemu|-name|guest=web,,1,debug-threads=on|-uuid|" UUID "|");
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        remove_all(below);
    }
    g_remove(path);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    remove_all(f->root);
    domain_unref(f->domain);
    g_free(f->root);
    g_free(f->folder);
}

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
    put_thread(f, 500, 501, "CPU 1/KVM", "0-1", 0, 3250000000, 78);
    put_thread(f, 500, 504, "CPU 2/KVM", "0", 0, 10, 90);
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
    put_thread(f, 500, 501, "CPU 1/KVM", "0-1", 0, 9000000000000, 78);
    g_autoptr(DomainUsage) busy = read_usage(f, second);
    g_assert_cmpint(domain_usage_vcpu(busy, 1)->load.value, ==, 1000);
    g_assert_cmpint(busy->load.value, <=, 1000 * (gint64)(busy->threads->len + busy->others->len));

    /* The same number, another process: nothing of the old one is carried over. */
    put_thread(f, 500, 500, "qemu-system-x86", "0-3", 1, 2000000000, 9999);
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
        put_command(f, 500, rows[i].command);
        g_autoptr(DomainUsage) usage = read_usage(f, NULL);
        g_assert_cmpint(usage != NULL, ==, rows[i].ours);
    }
}

/* Unknown is NULL or -1: a process that has gone, a torn file, a name that would lead elsewhere. */
static void test_missing(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(DomainUsage) whole = read_usage(f, NULL);
    put(f, "/proc/500/task/501/stat", "501 (CPU 1/KVM) S");
    put(f, "/proc/500/task/501/status", "Name:\tCPU 1/KVM\nCpus_allowed_list:\tx-y\n");
    put(f, "/proc/500/task/501/schedstat", "%s", "");
    put(f, "/proc/500/task/501/comm", "CPU 99999999999/KVM\n");
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
        put(f, "/run/libvirt/qemu/web,1.pid", "%s", pids[i]);
        g_assert_null(read_usage(f, NULL));
    }
    put(f, "/run/libvirt/qemu/web,1.pid", "500");
    put(f, "/run/libvirt/x.pid", "500");
    g_free(f->domain->name);
    f->domain->name = g_strdup("../x");
    g_assert_null(read_usage(f, NULL));
    f->domain->id = -1;
    g_assert_null(read_usage(f, whole));
}

static void test_folder(void)
{
    static const struct {
        const char *uri, *root, *folder;
    } rows[] = {
        {"qemu:///system", "", "/run/libvirt/qemu"},
        {"qemu+unix:///system?socket=/x", "", "/run/libvirt/qemu"},
        {"qemu:///system", "/tree", "/tree/run/libvirt/qemu"},
        {"qemu:///embed?root=/a%20b", "", "/a b/run/qemu"},
        {"qemu:///embed?x=1&root=/c", "", "/c/run/qemu"},
        {"qemu:///embed", "", ""},
        {"test:///default", "", ""},
        {"test:///demo.xml", "/demo", "/demo/run/libvirt/qemu"},
        {"qemu+ssh://host/system", "", ""},
        {"qemu://host/system", "", ""},
        {"xen:///system", "", ""},
        {"nonsense", "", ""},
        {NULL, "", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *folder = usage_pid_folder(rows[i].uri, rows[i].root);
        g_assert_cmpstr(folder, ==, rows[i].folder);
    }
}

/* I/O threads by QEMU's name for them; the monitor's and one cut by the kernel are none. */
static void test_iothreads(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    put_thread(f, 500, 510, "IO iothread2", "1", 1, 7, 78);
    put_thread(f, 500, 511, "IO iothread1", "0-3", 3, 7, 78);
    put_thread(f, 500, 512, "IO mon_iothread", "0-3", 3, 7, 78);
    put_thread(f, 500, 513, "IO iothread12345", "0-3", 3, 7, 78);
    put_thread(f, 500, 514, "CPU 2/TCG", "0-3", 3, 7, 78);
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
    put(f, "/proc/500/task/502/schedstat", "2000000000 400000003 9\n");
    g_autoptr(DomainUsage) second = read_usage(f, first);
    Num wait = domain_usage_vcpu(second, 0)->wait;

    g_assert_true(wait.known);
    g_assert_cmpint(wait.value, <=, 400);
    g_assert_cmpint(wait.value, >, 0); /* the reading itself takes a while */
    g_assert_true(domain_usage_vcpu(second, 1)->wait.known);
    g_assert_cmpint(domain_usage_vcpu(second, 1)->wait.value, ==, 0);
    put(f, "/proc/500/task/502/schedstat", "x\n");
    g_autoptr(DomainUsage) third = read_usage(f, second);
    g_assert_false(domain_usage_vcpu(third, 0)->wait.known);
}

/* A host of the CPUs @present, of which @online are, below the fixture's root. */
static Host *make_host(const Fixture *f, const char *present, const char *online)
{
    g_autoptr(GError) error = NULL;

    put(f, "/sys/devices/system/cpu/present", "%s\n", present);
    put(f, "/sys/devices/system/cpu/online", "%s\n", online);
    for (guint cpu = 0; cpu < 8; cpu++) {
        g_autofree char *core =
            g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
        put(f, core, "%u\n", cpu);
    }
    put(f, "/sys/devices/system/node/online", "0\n");
    put(f, "/sys/devices/system/node/node0/cpulist", "%s\n", online);
    put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
    Host *host = host_read(f->root, NULL, &error);
    g_assert_no_error(error);
    return host;
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
    g_autoptr(Host) host = make_host(f, "0-5", "0-3");

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
    g_autoptr(Host) host = make_host(f, "0-3", "0-3");

    f->domain->live = domain_config_parse(CONFIG, NULL);
    put_thread(f, 500, 502, "CPU 0/KVM", "1-3", 1, 7, 78);
    put(f, "/proc/500/task/502/cgroup", "0::/m.slice/libvirt/vcpu0\n");
    put(f, "/sys/fs/cgroup/m.slice/libvirt/vcpu0/cpuset.cpus.effective", "1-3\n");
    put(f, "/proc/500/task/501/cgroup", "0::/m.slice/libvirt/vcpu1\n");
    put(f, "/sys/fs/cgroup/m.slice/libvirt/vcpu1/cpuset.cpus.effective", "2\n");
    g_autoptr(DomainUsage) first = usage_read(f->root, f->folder, host, f->domain, NULL);
    const ThreadUsage *thread = domain_usage_vcpu(first, 0);
    g_autofree char *text = idset_format(thread->cpuset);
    g_assert_cmpstr(text, ==, "1-3");
    g_assert_cmpint(
        domain_affinity_gap(domain_config_asked(f->domain->live, 0), thread, host->topology), ==,
        AFFINITY_CGROUP);
    g_assert_null(domain_usage_vcpu(first, 1)->cpuset);

    put(f, "/proc/500/task/502/cgroup", "4:memory:/x\n7:cpu,cpuset:/../escape\n");
    g_autoptr(DomainUsage) kept = usage_read(f->root, f->folder, host, f->domain, first);
    g_assert_nonnull(domain_usage_vcpu(kept, 0)->cpuset);
    g_autoptr(DomainUsage) anew = usage_read(f->root, f->folder, host, f->domain, NULL);
    g_assert_null(domain_usage_vcpu(anew, 0)->cpuset);
    put(f, "/proc/500/task/502/cgroup", "4:memory:/x\n7:cpu,cpuset:/m/vcpu0\n");
    put(f, "/sys/fs/cgroup/cpuset/m/vcpu0/cpuset.effective_cpus", "1\n");
    g_autoptr(DomainUsage) first_version = usage_read(f->root, f->folder, host, f->domain, NULL);
    g_autofree char *one = idset_format(domain_usage_vcpu(first_version, 0)->cpuset);
    g_assert_cmpstr(one, ==, "1");
}

/* "0:12,2:3" in KiB; NULL where unknown. */
static char *memory_text(const DomainUsage *usage)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; usage->memory && i < usage->memory->len; i++) {
        const NodeKib *part = &g_array_index(usage->memory, NodeKib, i);
        g_string_append_printf(
            text, "%s%d:%" G_GUINT64_FORMAT, i ? "," : "", part->node, part->kib);
    }
    return usage->memory ? g_strdup(text->str) : NULL;
}

static void test_memory(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
    static const char v2[] = "anon N0=2048 N1=1024\nfile N0=999999 N1=9\nanon_thp N0=5 N1=5\n"
                             "shmem N0=1024 N1=0\n";
    static const char v1[] = "total=9 N0=9\nanon=1 N0=1\nhierarchical_total=9 N0=9\n"
                             "hierarchical_anon=5 N0=3 N2=2\nhierarchical_unevictable=1 N2=1\n";
    static const struct {
        const char *cgroup, *file, *text;
        gboolean huge;
        const char *memory;
    } rows[] = {
        {"0::" SCOPE "/libvirt/emulator", SCOPE "/memory.numa_stat", v2, FALSE, "0:3,1:1"},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", v2, FALSE, "0:3,1:1"},
        {"5:memory:" SCOPE "/emulator\n0::/x", "/memory" SCOPE "/memory.numa_stat", v1, FALSE,
            "0:12,2:12"},
        {"5:memory:/machine/qemu-1-web.libvirt-qemu",
            "/memory/machine/qemu-1-web.libvirt-qemu/"
            "memory.numa_stat",
            v1, FALSE, "0:12,2:12"},
        /* with 2M pages: only where the cgroup counts them too */
        {"0::" SCOPE, SCOPE "/memory.numa_stat", v2, TRUE, NULL},
        {"0::" SCOPE, SCOPE "/hugetlb.2MB.numa_stat", "total=4194304 N0=2097152 N1=2097152\n", TRUE,
            "0:2051,1:2049"},
        /* a cgroup that holds others as well, none at all, a file that is torn */
        {"0::/user.slice/session-1.scope", "/user.slice/session-1.scope/memory.numa_stat", v2,
            FALSE, NULL},
        {"0::/", "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE "/gone", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"nonsense", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE "/../../..", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon N0=2048\n", FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon Nx=2048\nshmem N0=1\n", FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon N99999999=1\nshmem\n", FALSE, NULL},
    };
    g_autoptr(Host) host = make_host(f, "0-3", "0-3");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *backing = rows[i].huge ? "<memoryBacking><hugepages/></memoryBacking>" : "";
        g_autofree char *xml = g_strdup_printf("<domain type='kvm'>%s</domain>", backing);
        g_autofree char *file = g_strconcat("/sys/fs/cgroup", rows[i].file, NULL);
        g_test_message("%u: %s", i, rows[i].cgroup);
        g_clear_pointer(&f->domain->live, domain_config_free);
        f->domain->live = domain_config_parse(xml, NULL);
        put(f, "/proc/500/cgroup", "%s\n", rows[i].cgroup);
        put(f, file, "%s", rows[i].text);
        g_autoptr(DomainUsage) usage = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_autofree char *memory = memory_text(usage);
        g_assert_cmpstr(memory, ==, rows[i].memory);
        g_autoptr(DomainUsage) later = usage_read(f->root, f->folder, host, f->domain, usage);
        g_autofree char *again = memory_text(later);
        g_assert_cmpstr(again, ==, rows[i].memory);
    }
}

/* ---- what its pages are ---- */

/* Both versions of cgroups, and what kernels of either kind tell of KSM; a later picture at once
 * tells the same without a look. */
static void test_pages(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *cgroup, *stat_path, *stat, *held_path, *ksm_path, *ksm;
        Num thp_kib, held_kib, merging, profit;
    } rows[] = {
        {"0::" SCOPE "/libvirt/emulator", SCOPE "/memory.stat",
            "anon 9\nanon_thp 4194304\nfile_thp 2\n", SCOPE "/hugetlb.2MB.current", "ksm_stat",
            "ksm_rmap_items 9\nksm_zero_pages 2\nksm_merging_pages 7\nksm_process_profit -576\n",
            {TRUE, 4096}, {TRUE, 6144}, {TRUE, 7}, {TRUE, -576}},
        {"5:memory:" SCOPE "/emulator\n6:hugetlb:" SCOPE, "/memory" SCOPE "/memory.stat",
            "rss_huge 0\ntotal_rss_huge 2097152\n", "/hugetlb" SCOPE "/hugetlb.2MB.usage_in_bytes",
            "ksm_merging_pages", "12\n", {TRUE, 2048}, {TRUE, 6144}, {TRUE, 12}, {FALSE, 0}},
        {"4:cpu:/", "/x", "", "/y", "z", "", {FALSE, 0}, {FALSE, 0}, {FALSE, 0}, {FALSE, 0}},
    };

    f->domain->live =
        domain_config_parse("<domain><memoryBacking><hugepages/></memoryBacking></domain>", NULL);
    put(f, "/sys/devices/system/cpu/online", "0\n");
    put(f, "/sys/devices/system/cpu/present", "0\n");
    put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
    g_autoptr(Host) host = host_read(f->root, NULL, NULL);
    g_assert_nonnull(host);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *groups = g_strconcat(f->root, "/sys/fs/cgroup", NULL);
        g_autofree char *stat = g_strconcat("/sys/fs/cgroup", rows[i].stat_path, NULL);
        g_autofree char *held = g_strconcat("/sys/fs/cgroup", rows[i].held_path, NULL);
        g_autofree char *ksm = g_strconcat("/proc/500/", rows[i].ksm_path, NULL);
        remove_all(groups);
        put(f, "/proc/500/cgroup", "%s\n", rows[i].cgroup);
        put(f, stat, "%s", rows[i].stat);
        put(f, held, "6291456\n");
        put(f, ksm, "%s", rows[i].ksm);
        g_autoptr(DomainUsage) usage = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_assert_cmpint(usage->thp_kib.known, ==, rows[i].thp_kib.known);
        g_assert_cmpint(usage->thp_kib.value, ==, rows[i].thp_kib.value);
        g_assert_cmpint(usage->ksm_pages.known, ==, rows[i].merging.known);
        g_assert_cmpint(usage->ksm_pages.value, ==, rows[i].merging.value);
        g_assert_cmpint(usage->ksm_profit.known, ==, rows[i].profit.known);
        g_assert_cmpint(usage->ksm_profit.value, ==, rows[i].profit.value);
        g_assert_cmpint(usage->hugetlb != NULL, ==, rows[i].held_kib.known);
        if (usage->hugetlb)
            g_assert_cmpuint(g_array_index(usage->hugetlb, HugeHeld, 0).kib, ==,
                (guint64)rows[i].held_kib.value);
        put(f, stat, "anon_thp 1\n");
        g_autoptr(DomainUsage) later = usage_read(f->root, f->folder, host, f->domain, usage);
        g_assert_cmpint(later->thp_kib.value, ==, rows[i].thp_kib.value);
        g_autofree char *gone = g_strconcat(f->root, ksm, NULL);
        g_remove(gone);
    }
}

/* ---- QEMU processes that are none of the domains ---- */

#define SECOND G_USEC_PER_SEC

static void put_process(
    const Fixture *f, int pid, const char *comm, int ticks, int started, const char *command)
{
    g_autofree char *comm_path = g_strdup_printf("/proc/%d/comm", pid);
    g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *status_path = g_strdup_printf("/proc/%d/status", pid);

    put(f, comm_path, "%s\n", comm);
    put(f, stat_path,
        "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 3 0 %d 100 16 "
        "0 0 0 0 0 0 0 0 0 0 0 0 0 17 2 0 0\n",
        pid, comm, ticks, started);
    put(f, status_path, "Name:\t%s\nCpus_allowed_list:\t1-2\n", comm);
    put_command(f, pid, command);
}

static GPtrArray *look(const Fixture *f, ForeignScan *scan, gint64 now_us)
{
    g_autoptr(GHashTable) own = g_hash_table_new(NULL, NULL);

    g_hash_table_add(own, GINT_TO_POINTER(f->domain->id)); /* here: the pid that is ours */
    return foreign_read(scan, own, now_us);
}

static void assert_found(const Fixture *f, ForeignScan *scan, gint64 now_us, const char *expected)
{
    g_autoptr(GPtrArray) found = look(f, scan, now_us);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found->len; i++) {
        const ForeignUsage *usage = g_ptr_array_index(found, i);
        g_string_append_printf(text, "%s%d:%s", i ? " " : "", usage->pid, usage->name);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_foreign(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(ForeignScan) scan = foreign_scan_new(f->root);
    gint64 now = 100 * SECOND;

    f->domain->id = 500;
    put_process(f, 500, "qemu-system-x86", 9, 77, "qemu|-name|guest=web,,1|");
    put_process(f, 600, "qemu-system-x86", 100, 80, "qemu|-name|guest=a,,b,debug-threads=on|");
    put_process(f, 601, "kvm", 0, 80, "kvm|-m|64|");
    put_process(f, 602, "kvmtune", 0, 80, "kvmtune|-name|no|");
    put_process(f, 603, "sh", 0, 80, "sh|");
    put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 603\n");
    assert_found(f, scan, now, "600:a,b 601:kvm");
    g_autoptr(GPtrArray) first = look(f, scan, now);
    g_assert_false(((const ForeignUsage *)first->pdata[0])->load.known);

    /* Half a CPU's second in a second; a picture right after it knows no better. */
    int hertz = (int)sysconf(_SC_CLK_TCK);
    put_process(f, 600, "qemu-system-x86", 100 + hertz / 2, 80, "qemu|");
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) second = look(f, scan, now + SECOND + i);
        const ForeignUsage *usage = second->pdata[0];
        g_autofree char *cpus = idset_format(usage->affinity);
        g_assert_cmpint(num_or(usage->load, -1), ==, 500);
        g_assert_cmpint(usage->last_cpu, ==, 2);
        g_assert_cmpstr(cpus, ==, "1-2");
        g_assert_cmpint(usage->rss_kib.value, ==, 16 * (sysconf(_SC_PAGESIZE) / 1024));
    }

    /* A shell becomes QEMU: seen at the next scan, for a pid is judged twice. A new one is not
     * looked for before its time. */
    put_process(f, 603, "qemu-kvm", 0, 80, "qemu-kvm|-name|late|");
    put_process(f, 604, "qemu-kvm", 0, 80, "qemu-kvm|");
    put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 604\n");
    assert_found(f, scan, now + 2 * SECOND, "600:a,b 601:kvm");
    assert_found(f, scan, now + 6 * SECOND, "600:a,b 601:kvm 603:late 604:qemu-kvm");

    /* 604 is gone, 601 is another process by now; 602 has been judged. */
    g_autofree char *gone = g_strconcat(f->root, "/proc/604", NULL);
    remove_all(gone);
    put_process(f, 601, "sleep", 0, 99, "sleep|");
    put_process(f, 602, "qemu:x", 0, 80, "qemu|");
    put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 700\n");
    assert_found(f, scan, now + 12 * SECOND, "600:a,b 603:late");

    /* 601 was another's: looked at twice more. Then no process was made: none is looked for. */
    put_process(f, 605, "qemu-kvm", 0, 80, "qemu-kvm|");
    assert_found(f, scan, now + 18 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    assert_found(f, scan, now + 24 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    put_process(f, 606, "qemu-kvm", 0, 80, "qemu-kvm|");
    assert_found(f, scan, now + 30 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 701\n");
    assert_found(f, scan, now + 36 * SECOND, "600:a,b 603:late 605:qemu-kvm 606:qemu-kvm");
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/usage/threads", test_threads);
    ADD("/usage/load", test_load);
    ADD("/usage/whose", test_whose);
    ADD("/usage/missing", test_missing);
    ADD("/usage/iothreads", test_iothreads);
    ADD("/usage/wait", test_wait);
    ADD("/usage/gap", test_gap);
    ADD("/usage/cpuset", test_cpuset);
    ADD("/usage/memory", test_memory);
    ADD("/usage/pages", test_pages);
    ADD("/usage/foreign", test_foreign);
    g_test_add_func("/usage/folder", test_folder);
    return g_test_run();
}
