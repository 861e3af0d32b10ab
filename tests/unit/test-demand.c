/* core/virt/demand: what a backing needs, by node and size, held against made-up pools. */
#include "core/snapshot/domains-json.h"
#include "core/util/text.h"
#include "core/virt/demand.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tree.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define UUID "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"
#define NODE "/sys/devices/system/node/node%d"
#define POOL "/hugepages/hugepages-%dkB/"

static void put_number(const Tree *tree, const char *path, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT "\n", number);
    tree_put(tree, path, text);
}

static void put_pool(const Tree *tree, int node, int size, int total, int free_pages)
{
    g_autofree char *folder = node < 0 ? g_strdup_printf("/sys/kernel/mm" POOL, size)
                                       : g_strdup_printf(NODE POOL, node, size);
    g_autofree char *nr = g_strconcat(folder, "nr_hugepages", NULL);
    g_autofree char *freed = g_strconcat(folder, "free_hugepages", NULL);
    g_autofree char *surplus = g_strconcat(folder, "surplus_hugepages", NULL);

    put_number(tree, nr, total);
    put_number(tree, freed, free_pages);
    put_number(tree, surplus, 0);
}

/* Nodes 0 and 1: 100 and 20 free pages of 2M, of 1G 4 and none; 10 of 2M promised, 5 may be added.
 * Node 0 has 8 GiB free, node 1 has 2. */
static Host *make_host(const Tree *tree)
{
    g_autoptr(GError) error = NULL;

    tree_put(tree, "/sys/devices/system/cpu/online", "0-1\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0-1\n");
    for (int node = 0; node < 2; node++) {
        g_autofree char *cpu =
            g_strdup_printf("/sys/devices/system/cpu/cpu%d/topology/core_id", node);
        g_autofree char *cpus = g_strdup_printf(NODE "/cpulist", node);
        g_autofree char *meminfo = g_strdup_printf(NODE "/meminfo", node);
        g_autofree char *lines =
            g_strdup_printf("Node %d MemTotal: 16777216 kB\nNode %d MemFree: %d kB\n", node, node,
                node ? 2097152 : 8388608);
        put_number(tree, cpu, node);
        put_number(tree, cpus, node);
        tree_put(tree, meminfo, lines);
        put_pool(tree, node, 2048, node ? 30 : 100, node ? 20 : 100);
        put_pool(tree, node, 1048576, node ? 0 : 4, node ? 0 : 4);
    }
    put_pool(tree, -1, 2048, 130, 120);
    put_pool(tree, -1, 1048576, 4, 4);
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "10\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "5\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "0\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_overcommit_hugepages", "0\n");
    tree_put(tree, "/proc/meminfo", "MemTotal: 33554432 kB\nHugepagesize: 2048 kB\n");
    Host *host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    return host;
}

#define DOMAIN(body)  "<domain type='kvm'>" body "</domain>"
#define MEMORY(mib)   "<memory unit='MiB'>" #mib "</memory>"
#define HUGE(pages)   "<memoryBacking><hugepages>" pages "</hugepages></memoryBacking>"
#define PAGE(size)    "<page size='" #size "' unit='KiB'/>"
#define ON(mode, set) "<numatune><memory mode='" mode "' nodeset='" set "'/></numatune>"
/* Two cells of 100 MiB, the first bound to node 1, the second where numatune says. */
#define CELLS                                                                                      \
    "<cpu><numa><cell id='0' cpus='0' memory='100' unit='MiB'/>"                                   \
    "<cell id='1' cpus='1' memory='100' unit='MiB'/></numa></cpu>"                                 \
    "<numatune><memory mode='strict' nodeset='0'/>"                                                \
    "<memnode cellid='0' mode='strict' nodeset='1'/></numatune>"

#define DEVICES(list) "<devices>" list "</devices>"
#define DIMM(model, source, mib, target)                                                           \
    "<memory model='" model "'><source>" source "</source><target><size unit='MiB'>" #mib          \
    "</size>" target "</target></memory>"

static const struct {
    const char *config, *live;
    DemandState state;
    const char *needs, *lacks, *grow; /* "KEY=TO" */
} cases[] = {
    {DOMAIN(MEMORY(64)), NULL, DEMAND_NONE, "", "", ""},
    {DOMAIN(MEMORY(64) HUGE(PAGE(4))), NULL, DEMAND_NONE, "", "", ""},
    {DOMAIN(MEMORY(200) HUGE(PAGE(2048)) ON("strict", "0")), NULL, DEMAND_STARTS,
        "100 pages of 2M on node 0", "", ""},
    /* rounded up to whole pages; the default size is meminfo's */
    {DOMAIN(MEMORY(201) HUGE("")), NULL, DEMAND_STARTS, "101 pages of 2M", "", ""},
    /* a cpuset's nodes get of overcommit only what all pools together lack, */
    {DOMAIN(MEMORY(201) HUGE("") ON("restrictive", "0")), NULL, DEMAND_LACKS,
        "101 pages of 2M on node 0", "1 page of 2M on node 0", "hugepages.node0.2M=101"},
    {DOMAIN(MEMORY(230) HUGE("") ON("strict", "0-1")), NULL, DEMAND_SURPLUS,
        "115 pages of 2M on nodes 0-1", "", ""},
    /* a cell's nodes, without a cpuset, what they lack */
    {DOMAIN(MEMORY(202)
             HUGE("") "<cpu><numa><cell id='0' cpus='0' memory='202' unit='MiB'/></numa>"
                      "</cpu><numatune><memnode cellid='0' mode='strict' nodeset='0'/></numatune>"),
        NULL, DEMAND_SURPLUS, "101 pages of 2M on node 0", "", ""},
    {DOMAIN(MEMORY(220) HUGE(PAGE(2048)) ON("strict", "0")), NULL, DEMAND_LACKS,
        "110 pages of 2M on node 0", "10 pages of 2M on node 0", "hugepages.node0.2M=110"},
    {DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "1")), NULL, DEMAND_LACKS,
        "40 pages of 2M on node 1", "20 pages of 2M on node 1", "hugepages.node1.2M=50"},
    /* what does not bind takes pages of any node */
    {DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("preferred", "1")), NULL, DEMAND_STARTS,
        "40 pages of 2M", "", ""},
    /* 120 are free, but 10 of them are promised, and 5 may be added */
    {DOMAIN(MEMORY(240) HUGE(PAGE(2048))), NULL, DEMAND_LACKS, "120 pages of 2M",
        "5 pages of 2M (what is free is reserved for others)", "hugepages.node0.2M=105"},
    {DOMAIN(MEMORY(5120) HUGE(PAGE(1048576))), NULL, DEMAND_LACKS, "5 pages of 1G", "1 page of 1G",
        "hugepages.node0.1G=5"},
    {DOMAIN(MEMORY(64) HUGE("<page size='16' unit='MiB'/>")), NULL, DEMAND_LACKS, "4 pages of 16M",
        "4 pages of 16M (this kernel has none of that size)", ""},
    /* more than node 0 has memory for goes on to node 1 */
    {DOMAIN(MEMORY(14336) HUGE(PAGE(1048576)) ON("strict", "0-1")), NULL, DEMAND_LACKS,
        "14 pages of 1G on nodes 0-1", "10 pages of 1G on nodes 0-1",
        "hugepages.node0.1G=12 hugepages.node1.1G=2"},
    /* by guest cell */
    {DOMAIN(MEMORY(200) HUGE(PAGE(2048)) CELLS), NULL, DEMAND_LACKS,
        "50 pages of 2M on node 1, 50 pages of 2M on node 0", "25 pages of 2M on node 1",
        "hugepages.node1.2M=55"},
    {DOMAIN(MEMORY(200) HUGE("<page size='2048' nodeset='1'/>") CELLS), NULL, DEMAND_STARTS,
        "50 pages of 2M on node 0", "", ""},
    {DOMAIN(MEMORY(200) HUGE("<page size='1048576' nodeset='0'/>" PAGE(2048)) CELLS), NULL,
        DEMAND_LACKS, "1 page of 1G on node 1, 50 pages of 2M on node 0", "1 page of 1G on node 1",
        "hugepages.node1.1G=1"},
    /* a running domain gives back what it has, where that may lie */
    {DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "1")),
        DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "1")), DEMAND_STARTS,
        "40 pages of 2M on node 1", "", ""},
    {DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "1")),
        DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "0")), DEMAND_LACKS,
        "40 pages of 2M on node 1", "20 pages of 2M on node 1", "hugepages.node1.2M=50"},
    {DOMAIN(MEMORY(80) HUGE(PAGE(2048)) ON("strict", "1")), DOMAIN(MEMORY(80)), DEMAND_LACKS,
        "40 pages of 2M on node 1", "20 pages of 2M on node 1", "hugepages.node1.2M=50"},
    /* memory devices: <memory> counts them; of their own page size or as the backing of their cell
     * is, on their own nodes or where numatune says; a file's is none */
    {DOMAIN(MEMORY(260) DEVICES(DIMM("dimm", "<pagesize unit='KiB'>2048</pagesize>", 60, "")
             DIMM("nvdimm", "<path>/x</path>", 64, ""))),
        NULL, DEMAND_STARTS, "30 pages of 2M", "", ""},
    {DOMAIN(MEMORY(220) HUGE(PAGE(2048)) ON("strict", "0") DEVICES(
         DIMM("dimm", "<pagesize unit='KiB'>2048</pagesize><nodemask>1</nodemask>", 60, ""))),
        NULL, DEMAND_LACKS, "30 pages of 2M on node 1, 80 pages of 2M on node 0",
        "5 pages of 2M on node 1", "hugepages.node1.2M=35"},
    {DOMAIN(MEMORY(200) HUGE(PAGE(2048)) CELLS DEVICES(DIMM("dimm", "", 20, "<node>0</node>")
             DIMM("virtio-mem", "<pagesize unit='KiB'>4</pagesize>", 20, "<node>0</node>"))),
        NULL, DEMAND_LACKS, "60 pages of 2M on node 1, 50 pages of 2M on node 0",
        "35 pages of 2M on node 1", "hugepages.node1.2M=65"},
    {DOMAIN(MEMORY(64) DEVICES(DIMM("virtio-mem", "<pagesize unit='GiB'>1</pagesize>", 8192,
         "<requested unit='MiB'>2048</requested>"))),
        NULL, DEMAND_STARTS, "2 pages of 1G", "", ""},
    /* cells of several sizes */
    {DOMAIN(MEMORY(2148) HUGE("<page size='2048' nodeset='0'/><page size='1048576' "
                              "nodeset='1'/>") "<cpu><numa><cell id='0' cpus='0' memory='100' "
                                               "unit='MiB'/>"
                                               "<cell id='1' cpus='1' memory='2048' "
                                               "unit='MiB'/></numa></cpu>"),
        NULL, DEMAND_STARTS, "50 pages of 2M, 2 pages of 1G", "", ""},
    /* numad's nodes are not known before; too few on all of them are too few */
    {DOMAIN(MEMORY(64) HUGE(PAGE(2048)) "<numatune><memory placement='auto'/></numatune>"), NULL,
        DEMAND_UNKNOWN, "32 pages of 2M on nodes that numad chooses", "", ""},
    {DOMAIN("<vcpu placement='auto'>1</vcpu>" MEMORY(64) HUGE(PAGE(2048))), NULL, DEMAND_UNKNOWN,
        "32 pages of 2M on nodes that numad chooses", "", ""},
    {DOMAIN("<vcpu placement='auto'>1</vcpu>" MEMORY(64) HUGE(PAGE(2048)) ON("strict", "0")), NULL,
        DEMAND_STARTS, "32 pages of 2M on node 0", "", ""},
    {DOMAIN(MEMORY(64)
             HUGE(PAGE(2048)) "<numatune><memory mode='interleave' placement='auto'/></numatune>"),
        NULL, DEMAND_STARTS, "32 pages of 2M", "", ""},
    {DOMAIN(MEMORY(5120) HUGE(PAGE(1048576)) "<numatune><memory placement='auto'/></numatune>"),
        NULL, DEMAND_LACKS, "5 pages of 1G on nodes that numad chooses", "1 page of 1G",
        "hugepages.node0.1G=5"},
    /* absurd, but not to be stumbled over */
    {DOMAIN("<memory unit='EiB'>7</memory>" HUGE(PAGE(2048)) ON("strict", "9")), NULL, DEMAND_LACKS,
        "1099511627776 pages of 2M on node 9", "1099511627771 pages of 2M on node 9", ""},
};

static char *growth_text(const Demand *demand, const Supply *supply, const Host *host)
{
    g_autoptr(GPtrArray) growths = demand_growths(demand, supply, host);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < growths->len; i++) {
        const PoolGrowth *growth = growths->pdata[i];
        g_assert_cmpint(growth->from, <, growth->to);
        g_string_append_printf(
            out, "%s%s=%" G_GINT64_FORMAT, i ? " " : "", growth->key, growth->to);
    }
    return g_string_free(out, FALSE);
}

static DomainConfig *parse(const char *xml)
{
    g_autoptr(GError) error = NULL;
    DomainConfig *config = xml ? domain_config_parse(xml, &error) : NULL;

    g_assert_no_error(error);
    return config;
}

static void test_cases(Tree *tree, gconstpointer unused)
{
    g_autoptr(Host) host = make_host(tree);
    (void)unused;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DomainConfig) config = parse(cases[i].config);
        g_autoptr(DomainConfig) live = parse(cases[i].live);
        g_autoptr(Supply) supply = supply_new(host);
        g_autoptr(Demand) demand = demand_new(supply, config, live, NULL, host);
        g_autofree char *needs = demand_needs_text(demand);
        g_autofree char *lacks = demand_lacks_text(demand);
        g_autofree char *grow = growth_text(demand, supply, host);
        g_test_message("%s", cases[i].config);
        g_assert_cmpstr(needs, ==, cases[i].needs);
        g_assert_cmpstr(lacks, ==, cases[i].lacks);
        g_assert_cmpint(demand->state, ==, cases[i].state);
        g_assert_cmpstr(grow, ==, cases[i].grow);
    }
}

/* Grown as told, the pools are enough: for the same domain, and no less. */
static void test_growth_fits(Tree *tree, gconstpointer unused)
{
    g_autoptr(Host) host = make_host(tree);
    (void)unused;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DomainConfig) config = parse(cases[i].config);
        g_autoptr(DomainConfig) live = parse(cases[i].live);
        g_autoptr(Supply) before = supply_new(host);
        g_autoptr(Demand) demand = demand_new(before, config, live, NULL, host);
        g_autoptr(GPtrArray) growths = demand_growths(demand, before, host);
        g_autoptr(Supply) supply = supply_new(host);
        for (guint n = 0; n < growths->len; n++) {
            const PoolGrowth *growth = growths->pdata[n];
            g_auto(GStrv) parts = g_strsplit(growth->key, ".", 3);
            guint64 size;
            g_assert_true(text_parse_size(parts[2], &size));
            supply_resize(supply, parts[1][4] - '0', size, growth->to);
        }
        g_autoptr(Demand) after = demand_new(supply, config, live, NULL, host);
        if (growths->len)
            g_assert_cmpint(after->state, !=, DEMAND_LACKS);
    }
}

/* Two domains of which each alone would start: the second finds what the first leaves. */
static void test_one_after_another(Tree *tree, gconstpointer unused)
{
    g_autoptr(Host) host = make_host(tree);
    g_autoptr(Supply) supply = supply_new(host);
    g_autoptr(DomainConfig) config = parse(DOMAIN(MEMORY(120) HUGE(PAGE(2048)) ON("strict", "0")));
    g_autoptr(Demand) first = demand_new(supply, config, NULL, NULL, host);
    g_autoptr(Demand) second = demand_new(supply, config, NULL, NULL, host);
    (void)unused;

    g_assert_cmpint(first->state, ==, DEMAND_STARTS);
    g_autofree char *lacks = demand_lacks_text(second);
    g_assert_cmpstr(lacks, ==, "15 pages of 2M on node 0");
    /* What is staged counts. */
    supply_resize(supply, 0, 2048, 160);
    supply_overcommit(supply, 2048, 0);
    g_assert_cmpint(supply_pages(supply, 2048, NULL), >=, 60);
    g_autoptr(Demand) third = demand_new(supply, config, NULL, "2M", host);
    g_assert_cmpint(third->state, ==, DEMAND_STARTS);
}

/* Pages without a hugetlbfs of their size start nothing, but where the memory is a memfd. */
static void test_unmounted(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *mount, *config;
        DemandState state;
        const char *lacks;
    } mounts[] = {
        {"", DOMAIN(MEMORY(200) HUGE(PAGE(2048)) ON("strict", "0")), DEMAND_LACKS,
            "a mounted hugetlbfs of 2M"},
        {"", DOMAIN(MEMORY(220) HUGE(PAGE(2048)) ON("strict", "0")), DEMAND_LACKS,
            "10 pages of 2M on node 0, a mounted hugetlbfs of 2M"},
        {"", DOMAIN(MEMORY(100) HUGE(PAGE(2048)) CELLS), DEMAND_LACKS,
            "25 pages of 2M on node 1, a mounted hugetlbfs of 2M"},
        {"",
            DOMAIN(MEMORY(200) "<memoryBacking><hugepages/><source type='memfd'/></memoryBacking>"),
            DEMAND_STARTS, ""},
        {"", DOMAIN(MEMORY(200)), DEMAND_NONE, ""},
        {"x /dev/huge hugetlbfs rw 0 0\n", DOMAIN(MEMORY(200) HUGE(PAGE(2048)) ON("strict", "0")),
            DEMAND_STARTS, ""},
        {"x /dev/huge hugetlbfs rw,pagesize=1024M 0 0\n", DOMAIN(MEMORY(200) HUGE(PAGE(2048))),
            DEMAND_LACKS, "a mounted hugetlbfs of 2M"},
    };
    (void)unused;

    for (guint i = 0; i < G_N_ELEMENTS(mounts); i++) {
        g_autofree char *text = g_strconcat("proc /proc proc rw 0 0\n", mounts[i].mount, NULL);
        tree_put(tree, "/proc/mounts", text);
        g_autoptr(Host) host = make_host(tree);
        g_autoptr(DomainConfig) config = parse(mounts[i].config);
        g_autoptr(Supply) supply = supply_new(host);
        g_autoptr(Demand) demand = demand_new(supply, config, NULL, NULL, host);
        g_autofree char *lacks = demand_lacks_text(demand);
        g_assert_cmpstr(lacks, ==, mounts[i].lacks);
        g_assert_cmpint(demand->state, ==, mounts[i].state);
        /* What is staged counts. */
        g_autoptr(Supply) staged = supply_new(host);
        supply_mount(staged, 2048, TRUE);
        g_autoptr(Demand) mounted = demand_new(staged, config, NULL, NULL, host);
        g_autofree char *left = demand_lacks_text(mounted);
        g_assert_null(strstr(left, "hugetlbfs"));
    }
    tree_put(tree, "/proc/mounts", "proc /proc proc rw 0 0\n");
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    snapshot->host = make_host(tree);
    fixture_domain(
        snapshot, "a", UUID, DOMAIN(MEMORY(220) HUGE(PAGE(2048)) ON("strict", "0")), NULL);
    g_autofree char *json = domains_to_json(snapshot);
    g_assert_nonnull(strstr(json, "\"why\" : \"no hugetlbfs mounted\""));
    g_autofree char *table = domains_to_table(snapshot);
    g_assert_nonnull(strstr(table,
        "a will not start: 10 pages of 2M on node 0, a mounted hugetlbfs of 2M missing\n"
        "  kvmtune set host hugepages.node0.2M=110 hugetlbfs.2M=/dev/hugepages\n"
        "  and restart libvirtd (virtqemud), which then sees the mount\n"));
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    JsonObject *demand = json_object_get_object_member(
        json_array_get_object_element(
            json_object_get_array_member(json_node_get_object(root), "domains"), 0),
        "hugepage_demand");
    JsonObject *set = json_object_get_object_member(demand, "set");
    g_assert_cmpuint(json_object_get_size(set), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(set, "hugepages.node0.2M"), ==, "110");
    g_assert_cmpstr(json_object_get_string_member(set, "hugetlbfs.2M"), ==, "/dev/hugepages");
    g_assert_true(json_object_get_boolean_member(demand, "restart_libvirt"));
}

/* Nothing is said where pools or memory are not known. */
static void test_unknown(Tree *tree, gconstpointer unused)
{
    g_autoptr(DomainConfig) config = parse(DOMAIN(MEMORY(64) HUGE(PAGE(2048))));
    g_autoptr(DomainConfig) vague = parse(DOMAIN(HUGE(PAGE(2048))));
    (void)unused;

    g_autoptr(Supply) nothing = supply_new(NULL);
    g_autoptr(Demand) nowhere = demand_new(nothing, config, NULL, NULL, NULL);
    g_assert_cmpint(nowhere->state, ==, DEMAND_UNKNOWN);
    g_autoptr(GPtrArray) growths = demand_growths(nowhere, nothing, NULL);
    g_assert_cmpuint(growths->len, ==, 0);

    g_autoptr(Host) host = make_host(tree);
    g_autoptr(Supply) supply = supply_new(host);
    g_autoptr(Demand) demand = demand_new(supply, vague, NULL, NULL, host);
    g_assert_cmpint(demand->state, ==, DEMAND_UNKNOWN);
    g_autofree char *needs = demand_needs_text(demand);
    g_assert_cmpstr(needs, ==, "pages of 2M");
}

static void test_json(Tree *tree, gconstpointer unused)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    (void)unused;

    snapshot->host = make_host(tree);
    fixture_domain(
        snapshot, "a", UUID, DOMAIN(MEMORY(220) HUGE(PAGE(2048)) ON("strict", "0")), NULL);
    g_autofree char *json = domains_to_json(snapshot);
    static const char *const wanted[] = {"\"starts\" : false", "\"nodes\" : \"0\"",
        "\"why\" : \"too few free\"", "\"of_overcommit\" : 0", "\"hugepages.node0.2M\" : 110"};
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_assert_nonnull(strstr(json, wanted[i]));
    g_autofree char *table = domains_to_table(snapshot);
    g_assert_nonnull(strstr(table, "a will not start: 10 pages of 2M on node 0 missing\n"
                                   "  kvmtune set host hugepages.node0.2M=110\n"));
}

#define TREE_TEST(name, test) g_test_add(name, Tree, NULL, tree_setup, test, tree_teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TREE_TEST("/demand/cases", test_cases);
    TREE_TEST("/demand/growth-fits", test_growth_fits);
    TREE_TEST("/demand/one-after-another", test_one_after_another);
    TREE_TEST("/demand/unknown", test_unknown);
    TREE_TEST("/demand/unmounted", test_unmounted);
    TREE_TEST("/demand/json", test_json);
    return g_test_run();
}
