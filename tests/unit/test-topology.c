/* The host's topology, read from small trees of /sys that each test writes, or from hwloc's export.
 */
#include "core/host/topology.h"

#include "core/host/host-json.h"
#include "core/util/error.h"
#include "tests/unit/hosttree.h"

#include <hwloc.h>
#include <json-glib/json-glib.h>
#include <string.h>

static void test_topology(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const Topology *topology = host->topology;

    g_assert_cmpuint(topology->cpus->len, ==, 4);
    g_assert_cmpuint(topology->packages, ==, 2);
    g_assert_cmpuint(topology->cores, ==, 2);
    assert_set(topology->online, "0-2");
    assert_set(topology_cpu(topology, 0)->siblings, "0-1");
    assert_set(topology_cpu(topology, 0)->llc, "0-1"); /* of level 2: level 3 holds no data */
    assert_set(topology_cpu(topology, 1)->llc, NULL);
    assert_set(topology_cpu(topology, 2)->siblings, "2"); /* 3 is offline */
    g_assert_true(topology_cpu(topology, 2)->isolated);
    assert_set(topology->nohz_full, "1-2");
    g_assert_null(topology_cpu(topology, 4));

    const Cpu *offline = topology_cpu(topology, 3);
    g_assert_false(offline->online);
    g_assert_true(offline->isolated);
    g_assert_cmpint(offline->package, ==, -1);
    g_assert_cmpint(offline->node, ==, -1);
    assert_set(offline->siblings, NULL);

    g_assert_cmpuint(topology->nodes->len, ==, 2);
    assert_set(topology_node(topology, 0)->cpus, "0-2");
    assert_set(topology_node(topology, 10)->cpus, "");
    g_assert_cmpint(g_array_index(topology_node(topology, 10)->distances, int, 0), ==, 21);
    g_assert_null(topology_node(topology, 1));
    g_assert_cmpstr(host->hostname, ==, "box");
    g_assert_cmpstr(host->kernel, ==, "6.1.0-13");
}

/* A kernel of 2008: masks only, and a file per CPU that says whether it is online. */
static void test_masks(Tree *tree, gconstpointer unused)
{
    static const char *const rows[][2] = {
        {CPU "/cpu0/topology/thread_siblings", "00000001,00000001\n"},
        {CPU "/cpu0/cache/index0/level", "1\n"},
        {CPU "/cpu0/cache/index0/shared_cpu_map", "00000003,00000001\n"},
        {CPU "/cpu32/topology/thread_siblings", "00000001,00000001\n"},
        {CPU "/cpu32/online", "1\n"},
        {CPU "/cpu33/online", "0\n"},
        {CPU "/cpufreq/x", ""},
        {NODE "/node0/cpumap", "00000003,00000000\n"},
        {NODE "/node1/cpu0", ""}, /* neither list nor mask: its links count */
        {NODE "/node1/cpumask_x", ""},
    };

    (void)unused;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        tree_put(tree, rows[i][0], rows[i][1]);
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const Topology *topology = host->topology;
    assert_set(topology->online, "0,32");
    g_assert_cmpuint(topology->cpus->len, ==, 3);
    assert_set(topology_cpu(topology, 0)->siblings, "0,32");
    assert_set(topology_cpu(topology, 0)->llc, "0,32");
    assert_set(topology_node(topology, 0)->cpus, "32");
    assert_set(topology_node(topology, 1)->cpus, "0");
    g_assert_cmpint(topology_cpu(topology, 0)->node, ==, 1);
    g_assert_null(topology->isolated); /* that kernel does not tell */
    g_assert_cmpuint(topology->cores, ==, 1);
    g_assert_cmpuint(topology->packages, ==, 0);
}

/* "\n" says that there is nothing; a file of 0 bytes was not copied: what else tells it counts. */
static void test_empty_files(Tree *tree, gconstpointer unused)
{
    (void)unused;
    hosttree_put(tree);
    tree_put(tree, CPU "/isolated", "");
    tree_put(tree, CPU "/nohz_full", "\n");
    tree_put(tree, NODE "/node0/cpulist", "");
    tree_put(tree, NODE "/node0/cpu1/online", "1\n"); /* the links to its CPUs */
    tree_put(tree, NODE "/node1/cpulist", "");
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const Topology *topology = host->topology;

    g_assert_null(topology->isolated);
    assert_set(topology->nohz_full, "");
    assert_set(topology_node(topology, 0)->cpus, "1");
    g_assert_false(topology_node(topology, 0)->cpus_unknown);
    g_assert_true(topology_node(topology, 1)->cpus_unknown);
    assert_set(topology_node(topology, 10)->cpus, "");
    g_assert_false(topology_node(topology, 10)->cpus_unknown);
    g_autofree char *json = host_to_json(host);
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    static const char *const wanted[] = {"1", NULL, ""}; /* of the nodes 0, 1 and 10 */
    JsonArray *nodes = json_object_get_array_member(
        json_object_get_object_member(json_node_get_object(root), "topology"), "nodes");
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_assert_cmpstr(json_object_get_string_member_with_default(
                            json_array_get_object_element(nodes, i), "cpus", NULL),
            ==, wanted[i]);
}

static void test_parse_mask(void)
{
    static const struct {
        const char *text, *set;
    } rows[] = {{"00000000,0000ffff", "0-15"}, {"f", "0-3"}, {"80000000,00000000", "63"}, {"0", ""},
        {"", NULL}, {"x", NULL}, {"f,", NULL}, {",f", NULL}, {"-1", NULL}, {"100000000", NULL},
        {"1 ", NULL}, {"0x1", NULL}, {NULL, NULL}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(IdSet) set = topology_parse_mask(rows[i].text);
        assert_set(set, rows[i].set);
    }

    g_autoptr(GString) big = g_string_new("1");
    for (guint i = 1; i < IDSET_MAX / 32; i++)
        g_string_append(big, ",00000000");
    g_autoptr(IdSet) most = topology_parse_mask(big->str);
    assert_set(most, "16352");
    g_string_append(big, ",00000000");
    g_assert_null(topology_parse_mask(big->str));
}

static void test_no_numa(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, CPU "/online", "0-1\n");
    tree_put(tree, "/proc/meminfo", "MemTotal: 900 kB\nMemFree: 100 kB\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "7\n");
    g_autoptr(Host) host = hosttree_read(tree, NULL);
    const NodeMemory *node = host_node(host, 0);

    g_assert_cmpuint(host->topology->nodes->len, ==, 1);
    assert_set(topology_node(host->topology, 0)->cpus, "0-1");
    g_assert_null(topology_node(host->topology, 0)->distances);
    assert_num(node->memory_kib, 900);
    assert_num(node->free_kib, 100);
    g_assert_cmpuint(node->pools->len, ==, 1);
    assert_num(g_array_index(node->pools, HugePool, 0).total, 7);
    g_assert_false(g_array_index(node->pools, HugePool, 0).free.known);
    g_assert_cmpint(topology_cpu(host->topology, 1)->node, ==, 0);
}

static void test_no_tree(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_assert_null(host_read(tree->root, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, tree->root));
    g_clear_error(&error);
    g_assert_null(host_read("/nonexistent/kvmtune", NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    tree_put(tree, CPU "/online", "\n"); /* a folder, but no CPU in it */
    g_assert_null(host_read(tree->root, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
}

/* Two packages, each with a node, a memory-only node and two cache groups of two cores of two
 * threads. CPU 15 is offline, as the tree beside the export says. */
static void test_hwloc_xml(Tree *tree, gconstpointer unused)
{
    g_autofree char *path = g_strconcat(tree->root, "/hwloc.xml", NULL);
    g_autoptr(GError) error = NULL;
    hwloc_topology_t hw;

    (void)unused;
    g_assert_cmpint(hwloc_topology_init(&hw), ==, 0);
    g_assert_cmpint(
        hwloc_topology_set_synthetic(hw, "pack:2 [numa] [numa] l3:2 core:2 pu:2"), ==, 0);
    g_assert_cmpint(hwloc_topology_load(hw), ==, 0);
    g_assert_cmpint(hwloc_topology_export_xml(hw, path, 0), ==, 0);
    hwloc_topology_destroy(hw);

    g_autoptr(Host) whole = hosttree_read(tree, NULL);
    assert_set(whole->topology->online, "0-15");
    tree_put(tree, CPU "/online", "0-14\n");
    g_autoptr(Host) host = hosttree_read(tree, whole);
    const Topology *topology = host->topology;
    g_assert_cmpuint(topology->packages, ==, 2);
    g_assert_cmpuint(topology->cores, ==, 8);
    g_assert_cmpuint(topology->nodes->len, ==, 4);
    g_assert_cmpuint(topology->cpus->len, ==, 16);
    assert_set(topology_node(topology, 1)->cpus, "");
    assert_set(topology_node(topology, 2)->cpus, "8-14");
    assert_set(topology_cpu(topology, 14)->siblings, "14");
    assert_set(topology_cpu(topology, 5)->llc, "4-7");
    g_assert_cmpint(topology_cpu(topology, 9)->package, ==, 1);
    g_assert_cmpint(topology_cpu(topology, 9)->node, ==, 2);
    g_assert_false(topology_cpu(topology, 15)->online);
    g_assert_false(host_node(host, 0)->memory_kib.known);

    tree_put(tree, "/hwloc.xml", "<topology><object");
    g_assert_null(host_read(tree->root, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Tree *tree, gconstpointer unused);
    } rows[] = {
        {"/topology/files", test_topology},
        {"/topology/masks", test_masks},
        {"/topology/empty-files", test_empty_files},
        {"/topology/no-numa", test_no_numa},
        {"/topology/no-tree", test_no_tree},
        {"/topology/hwloc-xml", test_hwloc_xml},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, Tree, NULL, tree_setup, rows[i].run, tree_teardown);
    g_test_add_func("/topology/parse-mask", test_parse_mask);
    return g_test_run();
}
