/* The host's memory, features and loads over small trees of /sys and /proc that each test writes,
 * and both documents made of them. */
#include "core/host/host-json.h"
#include "core/host/kernelfile.h"
#include "core/host/topology.h"
#include "core/util/rootfile.h"
#include "tests/unit/hosttree.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

static void test_memory(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const NodeMemory *first = host_node(host, 0);

    assert_num(kernel_file_number(host->meminfo, "HugePages_Total"), 64);
    assert_num(first->memory_kib, 2000);
    g_assert_cmpuint(first->pools->len, ==, 2);
    const HugePool *pool = &g_array_index(first->pools, HugePool, 0);
    g_assert_cmpuint(pool->size_kib, ==, 2048);
    assert_num(pool->total, 64);
    assert_num(pool->free, 60);
    assert_num(pool->surplus, 2);
    g_assert_false(pool->reserved.known);
    g_assert_cmpuint(g_array_index(first->pools, HugePool, 1).size_kib, ==, 1048576);
    g_assert_cmpuint(host_node(host, 10)->pools->len, ==, 0);
    g_assert_false(host_node(host, 10)->free_kib.known);
    assert_num(g_array_index(host->pools, HugePool, 0).reserved, 3);
}

static void test_features(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    g_autofree char *mode = kernel_file_value(kernel_file_find(host->ksm, "advisor_mode"));

    g_assert_cmpstr(mode, ==, "none");
    assert_num(kernel_file_number(host->ksm, "general_profit"), -5);
    assert_num(host->ksm_saved_kib, 4000);
    g_assert_cmpuint(host->thp->len, ==, 2); /* the folders in it are not files of it */
    g_assert_cmpuint(host->thp_sizes->len, ==, 2);
    g_assert_cmpuint(((ThpSize *)host->thp_sizes->pdata[0])->size_kib, ==, 64);
    g_assert_null(kernel_file_value(NULL));

    /* 1200 KiB free in 75 pages: a host of 16 KiB pages. */
    tree_put(tree, "/proc/vmstat", "nr_free_pages 75\nthp_fault_alloc 3\npgfault 9\n");
    g_autoptr(Host) arm = hosttree_read(tree, NULL);
    assert_num(arm->ksm_saved_kib, 16000);
    g_assert_cmpuint(arm->vmstat->len, ==, 1);
}

static gint64 split(const Host *host, gboolean *rated)
{
    const GPtrArray *stats = ((ThpSize *)host->thp_sizes->pdata[0])->stats;
    const KernelFile *file = kernel_file_find(stats, "split");

    *rated = file->rate.known;
    return num_or(file->number, -1);
}

static Host *read_again(const Tree *tree, const Host *previous)
{
    g_autoptr(GError) error = NULL;
    Host *host = host_read_again(tree->root, previous, &error);

    g_assert_no_error(error);
    return host;
}

/* What hardly changes is read until it has rates, then every few seconds; a whole reading reads it
 * always. */
static void test_slow(Tree *tree, gconstpointer unused)
{
    static const char file[] = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/split";
    gboolean rated;

    (void)unused;
    hosttree_put(tree);
    tree_put(tree, file, "1\n");
    g_autoptr(Host) first = hosttree_read(tree, NULL);
    g_assert_cmpint(split(first, &rated), ==, 1);
    g_assert_false(rated);
    first->slow_us -= G_USEC_PER_SEC;
    tree_put(tree, file, "2\n");
    g_autoptr(Host) second = read_again(tree, first);
    g_assert_cmpint(split(second, &rated), ==, 2);
    g_assert_true(rated);
    tree_put(tree, file, "3\n");
    g_autoptr(Host) third = read_again(tree, second);
    g_assert_cmpint(split(third, &rated), ==, 3);

    tree_put(tree, file, "4\n");
    tree_put(tree, "/proc/sys/vm/swappiness", "44\n");
    tree_put(tree, KSM "/pages_sharing", "7000\n");
    g_autoptr(Host) fourth = read_again(tree, third);
    g_assert_cmpint(split(fourth, &rated), ==, 3);
    g_assert_true(rated);
    g_assert_null(kernel_file_find(fourth->vm, "swappiness"));
    assert_num(kernel_file_number(fourth->ksm, "pages_sharing"), 7000);
    g_assert_cmpstr(fourth->hostname, ==, "box");
    g_assert_true(fourth->keep == third->keep);

    g_autoptr(Host) whole = hosttree_read(tree, fourth);
    g_assert_cmpint(split(whole, &rated), ==, 4);
    assert_num(kernel_file_number(whole->vm, "swappiness"), 44);
    fourth->slow_us -= 10 * G_USEC_PER_SEC;
    g_autoptr(Host) fifth = read_again(tree, fourth);
    g_assert_cmpint(split(fifth, &rated), ==, 4);
    g_assert_true(rated);
    assert_num(kernel_file_number(fifth->vm, "swappiness"), 44);
}

/* Reading never fails on what is cut off, gone, a folder, too large or no number: it is unknown. */
static void test_damaged(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    tree_put(tree, CPU "/present", "0-");
    tree_put(tree, CPU "/isolated", "zero");
    tree_put(tree, CPU "/nohz_full", "  (null)\n"); /* so says a kernel that was not asked for it */
    tree_put(tree, CPU "/cpu0/topology/physical_package_id", "99999999999999999999");
    tree_put(tree, CPU "/cpu0/topology/core_id", "-1");
    tree_put(tree, CPU "/cpu0/topology/thread_siblings_list", "0-1,");
    tree_put(tree, CPU "/cpu1/topology/thread_siblings_list", "2");
    tree_put(tree, CPU "/cpu0/cache/index2/shared_cpu_list", "");
    tree_put(tree, NODE "/node0/distance", "10");
    tree_put(tree, NODE "/node10/distance", "10 x");
    tree_put(tree, NODE "/node10/cpulist", "0-");
    tree_put(
        tree, NODE "/node0/meminfo", "Node 0 MemTotal:\nNode 0 MemFree: many kB\nNode\nNode 0");
    tree_put(tree, NODE "/node99999999/cpulist", "0");
    tree_put(tree, NODE "/node0/hugepages/hugepages-2048kB/nr_hugepages", "-3");
    tree_put(tree, NODE "/node0/hugepages/hugepages-kB/nr_hugepages", "1");
    g_autofree char *sharing = g_strconcat(tree->root, KSM "/pages_sharing", NULL);
    g_autofree char *gone = g_strconcat(tree->root, KSM "/gone", NULL);
    g_assert_cmpint(g_remove(sharing), ==, 0);
    g_assert_cmpint(g_mkdir(sharing, 0700), ==, 0);
    g_assert_cmpint(symlink("/nonexistent/kvmtune", gone), ==, 0);
    tree_put(tree, "/proc/stat", "cpu0 1 2\ncpu99999999999999999999 1 1 1 1\ncpux");
    g_autofree char *huge = g_malloc(ROOTFILE_MAX + 2);
    memset(huge, 'a', ROOTFILE_MAX + 1);
    huge[ROOTFILE_MAX + 1] = '\0';
    tree_put(tree, "/proc/meminfo", huge);
    tree_put(tree, "/proc/version", "Linux");

    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const Topology *topology = host->topology;
    const Cpu *cpu = topology_cpu(topology, 0);
    g_assert_cmpuint(topology->cpus->len, ==, 3); /* the folders cpu0 … cpu2 */
    g_assert_null(topology->isolated);
    g_assert_null(topology->nohz_full);
    g_assert_cmpint(cpu->package, ==, -1);
    g_assert_cmpint(cpu->core, ==, -1);
    g_assert_null(cpu->siblings);
    g_assert_null(topology_cpu(topology, 1)->siblings);
    g_assert_null(cpu->llc);
    g_assert_cmpuint(topology->nodes->len, ==, 2);
    g_assert_null(topology_node(topology, 0)->distances);
    g_assert_null(topology_node(topology, 10)->distances);
    g_assert_false(host_node(host, 0)->memory_kib.known);
    g_assert_false(host_node(host, 0)->free_kib.known);
    g_assert_cmpuint(host_node(host, 0)->pools->len, ==, 2);
    g_assert_false(g_array_index(host_node(host, 0)->pools, HugePool, 0).total.known);
    g_assert_null(kernel_file_find(host->ksm, "pages_sharing"));
    g_assert_null(kernel_file_find(host->ksm, "gone")->text);
    g_assert_false(host->ksm_saved_kib.known);
    g_assert_cmpuint(host->meminfo->len, ==, 0);
    g_assert_null(host->kernel);

    g_autofree char *json = host_to_json(host);
    g_autofree char *table = host_to_table(host);
    g_assert_nonnull(strstr(json, "\"gone\" : null"));
    g_assert_nonnull(strstr(json, "\"cpus\" : null"));
    g_assert_nonnull(strstr(table, "–"));
}

static void test_refresh(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    g_autoptr(Host) first = hosttree_read(tree, NULL);
    g_assert_false(first->load[0].known);
    g_assert_false(kernel_file_find(first->ksm, "pages_sharing")->rate.known);

    tree_put(tree, "/proc/stat", "cpu 0 0 0 0\ncpu0 35 0 10 135 20 0 0 0 9 9\ncpu1 1 1 1 1\n");
    tree_put(tree, KSM "/pages_sharing", "3000\n");
    g_usleep(20000);
    g_autoptr(Host) second = hosttree_read(tree, first);
    g_assert_true(second->topology == first->topology);
    assert_num(second->load[0], 250);
    g_assert_false(second->load[1].known); /* not one tick passed */
    g_assert_false(second->load[3].known);
    double seconds = (double)(second->taken_us - first->taken_us) / G_USEC_PER_SEC;
    Num rate = kernel_file_find(second->ksm, "pages_sharing")->rate;
    g_assert_true(rate.known);
    g_assert_cmpfloat_with_epsilon((double)rate.value, 2000 * 1000 / seconds, 1);
    assert_num(kernel_file_find(host_node(second, 0)->numastat, "numa_hit")->rate, 0);

    g_autoptr(Host) third = hosttree_read(tree, second);
    assert_num(third->load[0], 250); /* still what is known */

    tree_put(tree, CPU "/online", "0-1\n");
    g_autoptr(Host) fourth = hosttree_read(tree, third);
    g_assert_true(fourth->topology != third->topology);
    assert_set(topology_node(fourth->topology, 0)->cpus, "0-1");
    g_assert_false(topology_cpu(fourth->topology, 2)->online);
}

/* Text of the member that a path of names and indexes ("topology.nodes.0.cpus") leads to. */
static void assert_json(JsonNode *root, const char *path, const char *expected)
{
    g_auto(GStrv) steps = g_strsplit(path, ".", -1);
    JsonNode *node = root;

    for (guint i = 0; steps[i]; i++) {
        node = JSON_NODE_HOLDS_ARRAY(node)
                   ? json_array_get_element(
                         json_node_get_array(node), (guint)g_ascii_strtoull(steps[i], NULL, 10))
                   : json_object_get_member(json_node_get_object(node), steps[i]);
        if (node == NULL)
            g_error("no %s in %s", steps[i], path);
    }
    g_autofree char *is = json_to_string(node, FALSE);
    g_assert_cmpstr(is, ==, expected);
}

static void test_json(Tree *tree, gconstpointer unused)
{
    static const char *const rows[][2] = {
        {"hostname", "\"box\""},
        {"kernel", "\"6.1.0-13\""},
        {"topology.packages", "2"},
        {"topology.cores", "2"},
        {"topology.nodes.0.id", "0"},
        {"topology.nodes.0.cpus", "\"0-2\""},
        {"topology.nodes.0.memory_kib", "2000"},
        {"topology.nodes.0.free_kib", "1000"},
        {"topology.nodes.0.distances", "[10,21]"},
        {"topology.nodes.0.hugepages.0.size_kib", "2048"},
        {"topology.nodes.0.hugepages.0.total", "64"},
        {"topology.nodes.0.hugepages.0.free", "60"},
        {"topology.nodes.0.hugepages.0.surplus", "2"},
        {"topology.nodes.0.hugepages.1.free", "null"},
        {"topology.nodes.1.cpus", "\"\""},
        {"topology.nodes.1.free_kib", "null"},
        {"topology.nodes.1.hugepages", "[]"},
        {"topology.cpus.0.siblings", "\"0-1\""},
        {"topology.cpus.0.llc", "\"0-1\""},
        {"topology.cpus.0.load", "12.5"},
        {"topology.cpus.1.llc", "null"},
        {"topology.cpus.1.load", "null"},
        {"topology.nohz_full", "\"1-2\""},
        {"topology.cpus.2.isolated", "true"},
        {"topology.cpus.3", "{\"id\":3,\"online\":false,\"isolated\":true,\"package\":null,"
                            "\"node\":null,\"core\":null,\"siblings\":null,\"llc\":null,"
                            "\"load\":null}"},
        {"meminfo", "{\"MemTotal\":2500,\"MemFree\":1200,\"HugePages_Total\":64}"},
        {"ksm.run", "1"},
        {"ksm.advisor_mode", "\"none\""},
        {"ksm.general_profit", "-5"},
        {"ksm.saved_kib", "4000"},
        {"thp.enabled", "\"madvise\""},
        {"thp.hpage_pmd_size", "2097152"},
        {"thp.khugepaged", "{\"defrag\":1}"},
        {"thp.sizes.0.size_kib", "64"},
        {"thp.sizes.0.enabled", "\"never\""},
        {"pools.0.reserved", "3"},
    };

    (void)unused;
    hosttree_put(tree);
    g_autoptr(Host) before = hosttree_read(tree, NULL);
    tree_put(tree, "/proc/stat", "cpu0 60 0 10 430\n");
    g_autoptr(Host) host = hosttree_read(tree, before);
    g_autofree char *json = host_to_json(host);
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    g_assert_nonnull(root);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_json(root, rows[i][0], rows[i][1]);
}

static void test_no_ksm(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, CPU "/online", "0\n");
    tree_put(tree, "/proc/sys/kernel/hostname", "evil\033[2J\xff");
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    g_autofree char *json = host_to_json(host);
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    g_autofree char *table = host_to_table(host);

    assert_json(root, "ksm.saved_kib", "null");
    assert_json(root, "ksm.profit_bytes", "null");
    assert_json(root, "ksm.profit_by", "null");
    assert_json(root, "ksm.ksmd_cpu_percent", "null");
    assert_json(root, "thp", "{\"khugepaged\":{},\"sizes\":[]}");
    assert_json(root, "topology.packages", "null");
    assert_json(root, "kernel", "null");
    g_assert_true(g_utf8_validate(json, -1, NULL));
    g_assert_nonnull(strstr(table, "evil\\x1b[2J\\xff"));
    g_assert_null(strchr(table, '\033'));
    g_assert_nonnull(strstr(table, "KSM  – (no /sys/kernel/mm/ksm)\n"));
}

static void test_parse_lines(void)
{
    static const char *const wanted[] = {"thp_", "numa_hit", NULL};
    g_autoptr(GPtrArray) files = kernel_files_parse("thp_a 1\nnuma_miss 2\nnuma_hit 3", wanted);
    g_autoptr(GPtrArray) odd = kernel_files_parse("a: 1 kB\n\nNode 3 b: x\nc:\n d 1\n:\ne", NULL);

    g_assert_cmpuint(files->len, ==, 2);
    assert_num(kernel_file_number(files, "numa_hit"), 3);
    g_assert_cmpuint(odd->len, ==, 3);
    assert_num(kernel_file_number(odd, "a"), 1);
    g_assert_cmpstr(kernel_file_find(odd, "b")->text, ==, "x");
    g_assert_false(kernel_file_number(odd, "b").known);
    g_assert_cmpstr(kernel_file_find(odd, "c")->text, ==, "");
    g_autoptr(GPtrArray) none = kernel_files_parse(NULL, NULL);
    g_assert_cmpuint(none->len, ==, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Tree *tree, gconstpointer unused);
    } rows[] = {
        {"/host/memory", test_memory},
        {"/host/features", test_features},
        {"/host/slow", test_slow},
        {"/host/damaged", test_damaged},
        {"/host/refresh", test_refresh},
        {"/host/json", test_json},
        {"/host/no-ksm", test_no_ksm},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, Tree, NULL, tree_setup, rows[i].run, tree_teardown);
    g_test_add_func("/host/parse-lines", test_parse_lines);
    return g_test_run();
}
