/* core/virt/usage: threads, affinities and loads out of made-up /proc trees. */
#include "core/virt/usage.h"

#include <glib/gstdio.h>
#include <string.h>

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

typedef struct {
    char *root, *folder;
    Domain *domain;
} Fixture;

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
    return usage_read(f->root, f->folder, f->domain, previous);
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
    g_assert_cmpint(load, >=, 200); /* the reading itself takes a while */
    g_assert_false(domain_usage_vcpu(second, 2)->load.known);
    g_assert_cmpint(second->load.value, <=, 250);
    g_autofree char *cpus = idset_format(domain_usage_vcpu(second, 1)->affinity);
    g_assert_cmpstr(cpus, ==, "0-1");

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

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/usage/threads", test_threads);
    ADD("/usage/load", test_load);
    ADD("/usage/whose", test_whose);
    ADD("/usage/missing", test_missing);
    g_test_add_func("/usage/folder", test_folder);
    return g_test_run();
}
