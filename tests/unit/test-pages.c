/* core/virt/pages and pagecount: where a domain's pages are against its vCPUs and its numatune; and
 * the count of numa_maps, stopped, and of a process that ends meanwhile. */
#include "core/host/topology.h"
#include "core/virt/pagecount.h"
#include "core/virt/pages.h"
#include "core/virt/pageshares.h"
#include "tests/unit/tree.h"

#include <sys/wait.h>
#include <unistd.h>

#define XML(numatune)                                                                              \
    "<domain type='kvm'><vcpu>2</vcpu><memory unit='KiB'>2000</memory>" numatune "</domain>"

/* Two nodes with two CPUs each. */
static Host *two_nodes(const Tree *tree)
{
    g_autoptr(GError) error = NULL;

    tree_put(tree, "/sys/devices/system/cpu/online", "0-3\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0-3\n");
    for (int cpu = 0; cpu < 4; cpu++) {
        g_autofree char *path =
            g_strdup_printf("/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
        tree_put(tree, path, "0\n");
    }
    tree_put(tree, "/sys/devices/system/node/online", "0-1\n");
    tree_put(tree, "/sys/devices/system/node/node0/cpulist", "0-1\n");
    tree_put(tree, "/sys/devices/system/node/node1/cpulist", "2-3\n");
    Host *host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    return host;
}

static DomainUsage *usage_of(int cpu0, int cpu1, guint64 kib0, guint64 kib1)
{
    DomainUsage *usage = g_new0(DomainUsage, 1);
    const NodeKib parts[] = {{0, kib0}, {1, kib1}};
    const ThreadUsage threads[] = {{.vcpu = 0, .last_cpu = cpu0}, {.vcpu = 1, .last_cpu = cpu1}};

    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    g_array_append_vals(usage->threads, threads, 2);
    usage->memory = g_array_new(FALSE, TRUE, sizeof(NodeKib));
    g_array_append_vals(usage->memory, parts, 2);
    return usage;
}

/* numatune, the vCPUs' CPUs, the pages of two nodes; and what is made of it. */
static void test_look(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *xml;
        int cpus[2];
        guint64 kib[2];
        const char *vcpu_nodes, *asked;
        gint64 remote, outside; /* -1: unknown */
        gboolean stray;
    } rows[] = {
        {XML(""), {0, 1}, {1000, 0}, "0", NULL, 0, -1, FALSE},
        {XML(""), {0, 2}, {1000, 0}, "0-1", NULL, 500, -1, FALSE},
        {XML(""), {2, 3}, {750, 250}, "1", NULL, 750, -1, FALSE},
        {XML(""), {-1, -1}, {750, 250}, NULL, NULL, -1, -1, FALSE},
        {XML(""), {0, 1}, {0, 0}, "0", NULL, -1, -1, FALSE},
        {XML("<numatune><memory mode='strict' nodeset='0'/></numatune>"), {0, 1}, {995, 5}, "0",
            "0", 5, 5, FALSE},
        {XML("<numatune><memory mode='strict' nodeset='1'/></numatune>"), {0, 1}, {995, 5}, "0",
            "1", 5, 995, TRUE},
        {XML("<cpu><numa><cell id='0' cpus='0-1' memory='2000'/></numa></cpu>"
             "<numatune><memnode cellid='0' mode='preferred' nodeset='1'/></numatune>"),
            {0, 1}, {10, 990}, "0", "1", 990, 10, TRUE},
    };
    g_autoptr(Host) host = two_nodes(tree);
    (void)unused;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainConfig) config = domain_config_parse(rows[i].xml, &error);
        g_assert_no_error(error);
        Domain domain = {.id = 1, .live = config};
        g_autoptr(DomainUsage) usage =
            usage_of(rows[i].cpus[0], rows[i].cpus[1], rows[i].kib[0], rows[i].kib[1]);
        g_auto(DomainPages) pages;
        domain_pages_look(&pages, &domain, usage, host->topology);
        g_autofree char *nodes = pages.vcpu_nodes ? idset_format(pages.vcpu_nodes) : NULL;
        g_autofree char *asked = pages.asked ? idset_format(pages.asked) : NULL;
        g_assert_cmpstr(nodes, ==, rows[i].vcpu_nodes);
        g_assert_cmpstr(asked, ==, rows[i].asked);
        g_assert_cmpint(num_or(pages.remote, -1), ==, rows[i].remote);
        g_assert_cmpint(num_or(pages.outside_kib, -1), ==, rows[i].outside);
        g_assert_cmpint(domain_pages_stray(&pages), ==, rows[i].stray);
    }
}

/* Where nothing is known, nothing is told. */
static void test_unknown(Tree *tree, gconstpointer unused)
{
    g_autoptr(Host) host = two_nodes(tree);
    g_autoptr(DomainConfig) config = domain_config_parse(XML(""), NULL);
    Domain domain = {.id = 1, .live = config};
    g_autoptr(DomainUsage) usage = usage_of(0, 1, 1, 1);
    g_auto(DomainPages) none, pages;
    (void)unused;

    domain_pages_look(&none, &domain, NULL, host->topology);
    g_assert_false(none.total_kib.known || none.remote.known || none.outside_kib.known);
    g_clear_pointer(&usage->memory, g_array_unref);
    domain_pages_look(&pages, &domain, usage, host->topology);
    g_assert_false(pages.total_kib.known || pages.remote.known || pages.outside_kib.known);
    g_assert_nonnull(pages.vcpu_nodes);
    g_assert_null(node_kib_nodes(usage->memory));
}

static void test_nodes(void)
{
    g_autoptr(DomainUsage) usage = usage_of(0, 1, 9, 991);
    g_autofree char *one = node_kib_nodes(usage->memory);

    g_assert_cmpstr(one, ==, "1");
    g_array_index(usage->memory, NodeKib, 0).kib = 20;
    g_autofree char *both = node_kib_nodes(usage->memory);
    g_assert_cmpstr(both, ==, "0-1");
}

static ProcCount *count_of(const Tree *tree, const char *maps, const char *numa_maps)
{
    if (maps)
        tree_put(tree, "/proc/7/maps", maps);
    if (numa_maps)
        tree_put(tree, "/proc/7/numa_maps", numa_maps);
    ProcCount *count = proc_count_new(&page_count, tree->root, 7);
    proc_count_run(count);
    g_assert_true(g_atomic_int_get(&count->done));
    return count;
}

static void assert_page(const ProcCount *count, guint n, guint64 page_kib, int node, guint64 kib)
{
    g_assert_cmpuint(n, <, count->pages->len);
    const PageKib *part = &g_array_index(count->pages, PageKib, n);
    g_assert_cmpuint(part->page_kib, ==, page_kib);
    g_assert_cmpint(part->node, ==, node);
    g_assert_cmpuint(part->kib, ==, kib);
}

static void test_count(Tree *tree, gconstpointer unused)
{
    g_autoptr(ProcCount) count = count_of(tree, "a\nb\nc\nd\ne\n",
        "7f00 default anon=12 dirty=12 active=0 N0=5 N1=7 kernelpagesize_kB=4\n"
        "7e00 bind:0 file=/dev/hugepages/x huge dirty=3 N1=3 kernelpagesize_kB=2048\n"
        "7d00 default file=/usr/lib/libc.so.6 mapped=300 mapmax=40 N0=300 kernelpagesize_kB=4\n"
        "7c00 default anon=1 N0=1 N1= Nx=4 N99999999=3 kernelpagesize_kB=4\n"
        "7b00 default anon=1 N0=1\n");
    (void)unused;

    g_assert_null(count->problem);
    g_assert_cmpint(count->mappings, ==, 5);
    g_assert_cmpint(count->total, ==, 5);
    g_assert_cmpuint(count->pages->len, ==, 3);
    assert_page(count, 0, 4, 0, 24);
    assert_page(count, 1, 4, 1, 28);
    assert_page(count, 2, 2048, 1, 6144);
}

/* Figures beyond all reason are taken as much memory, and no sum of them overflows. */
static void test_count_absurd(Tree *tree, gconstpointer unused)
{
    g_autoptr(ProcCount) count = count_of(tree, "a\nb\n",
        "7f00 default anon=1 N0=9223372036854775807 N1=18446744073709551615 kernelpagesize_kB=4\n"
        "7e00 default anon=1 N0=9223372036854775807 N1=1 kernelpagesize_kB=4\n"
        "7d00 huge anon=1 N0=9 N1=9 kernelpagesize_kB=18446744073709551615\n");
    g_autoptr(GArray) memory = page_count_nodes(count);
    g_autoptr(PageShares) shares = page_shares_parse("0:100", NULL);
    g_autoptr(GArray) excess = page_shares_excess(shares, memory);
    (void)unused;

    g_assert_cmpuint(node_kib_on(memory, 0), <=, NODE_KIB_MAX);
    g_assert_cmpuint(node_kib_sum(memory), >, NODE_KIB_MAX);
    g_assert_cmpuint(node_kib_sum(memory), <=, 2 * NODE_KIB_MAX);
    g_assert_cmpint(g_array_index(excess, gint64, 0), <, 0);
    g_assert_cmpint(g_array_index(excess, gint64, 1), >, 0);
}

static void test_count_problems(Tree *tree, gconstpointer unused)
{
    (void)unused;
    g_autoptr(ProcCount) gone = count_of(tree, NULL, NULL);
    g_assert_cmpstr(gone->problem, ==, "the process has ended");
    g_autoptr(ProcCount) none = count_of(tree, "a\n", NULL);
    g_assert_cmpstr(none->problem, ==, "this kernel has no numa_maps (it is built without NUMA)");
    g_autoptr(ProcCount) ended = count_of(tree, NULL, "");
    g_assert_cmpstr(ended->problem, ==, "the process has ended");

    tree_put(tree, "/proc/7/numa_maps", "7f00 default anon=1 N0=1 kernelpagesize_kB=4\n");
    g_autoptr(ProcCount) stopped = proc_count_new(&page_count, tree->root, 7);
    g_atomic_int_set(&stopped->stop, 1);
    proc_count_run(stopped);
    g_assert_cmpstr(stopped->problem, ==, "stopped before the end: there is more");
    g_assert_cmpuint(stopped->pages->len, ==, 0);
}

/* This process's own, as the kernel tells them: what it has touched is there. */
static void test_count_real(void)
{
    if (!g_file_test("/proc/self/numa_maps", G_FILE_TEST_EXISTS)) {
        g_test_skip("this kernel has no numa_maps");
        return;
    }
    g_autoptr(ProcCount) count = proc_count_new(&page_count, "", getpid());
    proc_count_run(count);
    g_assert_null(count->problem);
    g_assert_cmpuint(count->pages->len, >, 0);

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    g_autoptr(ProcCount) gone = proc_count_new(&page_count, "", child);
    proc_count_run(gone);
    g_assert_cmpstr(gone->problem, ==, "the process has ended");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/pages/look", Tree, NULL, tree_setup, test_look, tree_teardown);
    g_test_add("/pages/unknown", Tree, NULL, tree_setup, test_unknown, tree_teardown);
    g_test_add_func("/pages/nodes", test_nodes);
    g_test_add("/pages/count", Tree, NULL, tree_setup, test_count, tree_teardown);
    g_test_add("/pages/count-absurd", Tree, NULL, tree_setup, test_count_absurd, tree_teardown);
    g_test_add("/pages/count-problems", Tree, NULL, tree_setup, test_count_problems, tree_teardown);
    g_test_add_func("/pages/count-real", test_count_real);
    return g_test_run();
}
