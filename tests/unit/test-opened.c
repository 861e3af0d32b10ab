/* Which files a picture opens: no smaps and no numa_maps, and for each domain its threads' and no
 * more than a few others, which are not opened for most pictures, as many of the host's are not.
 * This program's own open() and opendir() stand before the library's, so that
 * whoever opens a file, by whatever function, is seen. */
#include "core/collector/collector-private.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DOMAINS 6
#define VCPUS   4

static GPtrArray *opened; /* char*; NULL: nobody looks */

static int open_seen(int at, const char *path, int flags, mode_t mode)
{
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);

    if (opened)
        g_ptr_array_add(opened, g_strdup(path));
    return fd;
}

#define OPEN(name, ...)                                                                            \
    int name(__VA_ARGS__, int flags, ...);                                                         \
    int name(__VA_ARGS__, int flags, ...)                                                          \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;               \
        va_end(args);                                                                              \
        return open_seen(AT, path, flags, mode);                                                   \
    }
#define AT AT_FDCWD
OPEN(open, const char *path)
OPEN(open64, const char *path)
#undef AT
#define AT at
OPEN(openat, int at, const char *path)
OPEN(openat64, int at, const char *path)

DIR *opendir(const char *path)
{
    int fd = open_seen(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

    return fd >= 0 ? fdopendir(fd) : NULL;
}

/* ---- the tree: a host with cgroups of version 2, and domains with their processes ---- */

G_GNUC_PRINTF(3, 4)
static void put(const Tree *tree, const char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    tree_put(tree, path, text);
}

static void put_thread(const Tree *tree, int pid, int tid, const char *comm)
{
    g_autofree char *stat = g_strdup_printf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 6 0 77 "
                                            "100 200 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0\n",
        tid, comm);
    put(tree, comm, "/proc/%d/task/%d/comm", pid, tid);
    put(tree, "5 6 7\n", "/proc/%d/task/%d/schedstat", pid, tid);
    put(tree, stat, "/proc/%d/task/%d/stat", pid, tid);
    put(tree, "VmRSS:\t 100 kB\nCpus_allowed_list:\t0\n", "/proc/%d/task/%d/status", pid, tid);
}

static void put_domain(const Tree *tree, Snapshot *snapshot, int n)
{
    int pid = 1000 + 100 * n;
    g_autofree char *name = g_strdup_printf("d%d", n);
    g_autofree char *uuid = g_strdup_printf("6695eb01-f6a4-8304-79aa-97f2502e19%02d", n);
    g_autofree char *number = g_strdup_printf("%d\n", pid);
    g_autofree char *cgroup =
        g_strdup_printf("0::/machine.slice/machine-qemu-%d.scope/libvirt/emulator\n", n);
    g_autofree char *command = g_strdup_printf("%s/proc/%d/cmdline", tree->root, pid);
    g_autofree char *line = g_strdup_printf("qemu|-uuid|%s|", uuid);

    fixture_domain(snapshot, name, uuid, NULL,
        "<domain type='kvm'><vcpu>4</vcpu><memory>1</memory><memoryBacking><hugepages/>"
        "</memoryBacking></domain>");
    put(tree, number, "/run/libvirt/qemu/%s.pid", name);
    put_thread(tree, pid, pid, "qemu-system-x86");
    for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
        g_autofree char *comm = g_strdup_printf("CPU %d/KVM", vcpu);
        put_thread(tree, pid, pid + 1 + vcpu, comm);
    }
    put_thread(tree, pid, pid + 1 + VCPUS, "qemu-system-x86"); /* has no name of its own */
    put(tree, cgroup, "/proc/%d/cgroup", pid);
    put(tree, "anon N0=4096\nshmem N0=0\n",
        "/sys/fs/cgroup/machine.slice/machine-qemu-%d.scope/memory.numa_stat", n);
    put(tree, "total=0 N0=0\n",
        "/sys/fs/cgroup/machine.slice/machine-qemu-%d.scope/hugetlb.2MB.numa_stat", n);
    put(tree, "some avg10=0.00 avg60=1.00 avg300=0.00 total=1\n",
        "/sys/fs/cgroup/machine.slice/machine-qemu-%d.scope/memory.pressure", n);
    put(tree, "7f00 default anon=1 N0=1 kernelpagesize_kB=4\n", "/proc/%d/numa_maps", pid);
    put(tree, "x\n", "/proc/%d/smaps", pid);
    put(tree, "x\n", "/proc/%d/smaps_rollup", pid);
    line = g_strdelimit(line, "|", '\0');
    g_assert_true(
        g_file_set_contents(command, line, (gssize)(strlen("qemu-uuid") + 3 + strlen(uuid)), NULL));
}

/* What is opened for the second picture of @count of the domains; the first finds the processes.
 * Most pictures take over from the one before what hardly changes, some are @whole. */
static GPtrArray *files_of_picture(const Tree *tree, guint count, gboolean whole)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    g_autofree char *folder = g_strconcat(tree->root, "/run/libvirt/qemu", NULL);
    g_autoptr(GError) error = NULL;

    for (guint n = 0; n < count; n++) {
        put_domain(tree, snapshot, (int)n);
        const DomainView *view = g_ptr_array_index(snapshot->domains, n);
        g_ptr_array_add(domains, domain_ref(view->domain));
    }
    g_autoptr(Host) first = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) before = collector_make_views(tree->root, folder, first, domains, NULL);
    first->turns = 100; /* the first few are whole */
    opened = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Host) host = (whole ? host_read : host_read_again)(tree->root, first, &error);
    g_autoptr(GPtrArray) views = collector_make_views(tree->root, folder, host, domains, before);
    GPtrArray *files = g_steal_pointer(&opened);
    for (guint n = 0; n < count; n++) {
        const DomainView *view = g_ptr_array_index(views, n);
        g_assert_nonnull(view->usage);
        g_assert_cmpuint(view->usage->threads->len, ==, VCPUS + 1);
        g_assert_cmpint(num_or(view->usage->small_kib, -1), ==, 4);
        g_assert_cmpint(num_or(view->usage->pressure.some60, -1), ==, 100);
    }
    return files;
}

static void put_host(const Tree *tree)
{
    tree_put(tree, "/sys/devices/system/cpu/online", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0\n");
    tree_put(tree, "/sys/devices/system/node/online", "0\n");
    tree_put(tree, "/sys/devices/system/node/node0/cpulist", "0\n");
    tree_put(tree, "/proc/meminfo", "MemTotal: 1000 kB\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
    tree_put(tree, "/proc/sys/vm/swappiness", "60\n");
    for (int kib = 16; kib <= 2048; kib *= 2) {
        put(tree, "never\n", "/sys/kernel/mm/transparent_hugepage/hugepages-%dkB/enabled", kib);
        put(tree, "1\n", "/sys/kernel/mm/transparent_hugepage/hugepages-%dkB/stats/split", kib);
    }
}

/* Asserts that a picture opens at most @most files for a domain, and none that it must not. How
 * many it opens for the host alone. */
static guint assert_opened(const Tree *tree, gboolean whole, guint most)
{
    g_autoptr(GPtrArray) none = files_of_picture(tree, 0, whole);
    g_autoptr(GPtrArray) all = files_of_picture(tree, DOMAINS, whole);
    guint each = (all->len - none->len) / DOMAINS;

    g_test_message(
        "%u files for the host, %u for each domain of %d threads", none->len, each, VCPUS + 1);
    g_assert_cmpuint(none->len, >, 5); /* that it counts at all */
    for (guint i = 0; i < all->len; i++) {
        const char *path = g_ptr_array_index(all, i);
        if (strstr(path, "smaps") || strstr(path, "numa_maps"))
            g_error("a picture opens %s", path);
    }
    g_assert_cmpuint(each, >, 0);
    g_assert_cmpuint(each, <=, most);
    g_assert_cmpuint((all->len - none->len) % DOMAINS, ==, 0); /* none grows with their number */
    return none->len;
}

static void test_opened(Tree *tree, gconstpointer unused)
{
    (void)unused;
    put_host(tree);
    /* Of each thread schedstat, stat and (of another tree) status, of the one without a name
     * schedstat alone; the folder of the threads. */
    guint host = assert_opened(tree, FALSE, 3 * (VCPUS + 1) + 2);
    /* And its name, where it has one by now; the cgroup's memory, pressure, and of hugepages of one
     * size the nodes and the sum, by one of two names; THP's, KSM's by one of two names. */
    guint whole = assert_opened(tree, TRUE, 3 * (VCPUS + 1) + 2 + 9);
    g_assert_cmpuint(host, <, whole / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/opened/picture", Tree, NULL, tree_setup, test_opened, tree_teardown);
    return g_test_run();
}
