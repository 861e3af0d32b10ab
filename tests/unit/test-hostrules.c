/* The rules of the host: each speaks of a plan that breaks it and is silent of one that does not,
 * on a host made for it. */
#include "core/preview/preview.h"
#include "core/rules/rules.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tree.h"

#include <string.h>

#define A     "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"
#define KSM   "/sys/kernel/mm/ksm/"
#define VM    "/proc/sys/vm/"
#define HUGE  "/sys/kernel/mm/hugepages/hugepages-"
#define NODE0 "/sys/devices/system/node/node0/"
#define POOL0 NODE0 "hugepages/hugepages-2048kB/"

/* A vCPU pinned to node 0. */
#define PINNED                                                                                     \
    "<domain type='kvm'><name>web</name><uuid>" A "</uuid><memory unit='MiB'>64</memory>"          \
    "<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='0-1'/></cputune></domain>"

/* CPUs 0-1 on node 0, which has 1 GiB free in large pieces, and 2-3 on node 1; KSM is off and
 * shares nothing. */
static const char *const tree_files[][2] = {
    {"/sys/devices/system/cpu/online", "0-3\n"},
    {"/sys/devices/system/cpu/present", "0-3\n"},
    {"/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {"/sys/devices/system/cpu/cpu1/topology/core_id", "1\n"},
    {"/sys/devices/system/cpu/cpu2/topology/core_id", "2\n"},
    {"/sys/devices/system/cpu/cpu3/topology/core_id", "3\n"},
    {NODE0 "cpulist", "0-1\n"},
    {NODE0 "meminfo", "Node 0 MemTotal: 4194304 kB\nNode 0 MemFree: 1048576 kB\n"},
    {POOL0 "nr_hugepages", "100\n"},
    {POOL0 "free_hugepages", "40\n"},
    {NODE0 "hugepages/hugepages-1048576kB/nr_hugepages", "0\n"},
    {HUGE "2048kB/nr_hugepages", "100\n"},
    {HUGE "2048kB/free_hugepages", "40\n"},
    {HUGE "2048kB/nr_overcommit_hugepages", "0\n"},
    {HUGE "1048576kB/nr_hugepages", "0\n"},
    {HUGE "1048576kB/nr_overcommit_hugepages", "0\n"},
    {"/proc/buddyinfo", "Node 0, zone Normal 0 0 0 0 0 0 0 0 0 0 250\n"},
    {"/proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"},
    {"/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\nSwapTotal: 1048576 kB\n"
                      "CommitLimit: 3043328 kB\nCommitted_AS: 2097152 kB\n"},
    {KSM "run", "0\n"},
    {KSM "pages_to_scan", "100\n"},
    {KSM "pages_shared", "0\n"},
    {KSM "pages_sharing", "0\n"},
    {KSM "merge_across_nodes", "1\n"},
    {KSM "max_page_sharing", "256\n"},
    {KSM "advisor_mode", "none [scan-time]\n"},
    {KSM "advisor_max_cpu", "70\n"},
    {KSM "advisor_target_scan_time", "200\n"},
    {VM "compact_memory", "0\n"},
    {VM "overcommit_memory", "0\n"},
    {VM "overcommit_ratio", "50\n"},
    {VM "min_free_kbytes", "65536\n"},
    {VM "zone_reclaim_mode", "0\n"},
    {VM "dirty_ratio", "20\n"},
    {VM "dirty_bytes", "0\n"},
    {VM "dirty_background_ratio", "10\n"},
    {VM "dirty_background_bytes", "0\n"},
    {VM "dirty_expire_centisecs", "3000\n"},
    {VM "dirty_writeback_centisecs", "500\n"},
    {"/proc/sys/kernel/numa_balancing", "0\n"},
};
/* What most hosts have besides: a second node. */
static const char node1[] = "/sys/devices/system/node/node1/cpulist";

static const struct {
    const char *rule;
    gboolean error;
    const char *path, *text; /* what the host has besides, or instead; NULL: nothing */
    const char *broken, *fine, *said;
} cases[] = {
    {"ksm-unmerge-first", TRUE, KSM "pages_shared", "7\n", "ksm.merge_across_nodes=0",
        "ksm.run=2 ksm.merge_across_nodes=0",
        "ksm.merge_across_nodes: changes only while no page is shared, and 7 are"},
    {"ksm-unmerge-first", TRUE, KSM "pages_shared", "7\n", "ksm.max_page_sharing=100 ksm.run=2",
        "ksm.run=2 ksm.max_page_sharing=100", "write it before ksm.max_page_sharing"},
    {"ksm-unmerge-room", FALSE, KSM "pages_sharing", "1000000\n", "ksm.run=2", "ksm.run=1",
        "unmerging needs 3.8 GiB of memory, and 1.0 GiB is available: the kernel will swap"},
    {"ksm-unmerge-stops", FALSE, NULL, NULL, "ksm.run=2", "ksm.run=1", "KSM is off after this"},
    {"ksm-side-channel", FALSE, NULL, NULL, "ksm.run=1", "ksm.run=2", "learn by timing"},
    {"ksm-advisor", TRUE, NULL, NULL, "ksm.pages_to_scan=200",
        "ksm.advisor_mode=none ksm.pages_to_scan=200", "is set by the kernel while"},
    {"ksm-advisor", TRUE, NULL, NULL, "ksm.pages_to_scan=200 ksm.advisor_mode=none",
        "ksm.advisor_mode=none ksm.pages_to_scan=200",
        "ksm.pages_to_scan: is set anew when ksm.advisor_mode changes: write that first"},
    {"ksm-advisor", TRUE, KSM "advisor_mode", "[none] scan-time\n",
        "ksm.pages_to_scan=200 ksm.advisor_mode=scan-time", "ksm.pages_to_scan=200",
        "is set by the kernel while"},
    {"pool-room", FALSE, NULL, NULL, "hugepages.node0.2M=700", "hugepages.node0.2M=300",
        "this takes 1.2 GiB more of node 0, which has 1.0 GiB free"},
    {"pool-large", FALSE, NULL, NULL, "hugepages.node0.1G=1", "hugepages.node0.2M=110",
        "each page of 1G needs as much memory in one piece"},
    {"pool-pieces", FALSE, "/proc/buddyinfo", "Node 0, zone Normal 9 9 9 9 9 9 9 9 9 9 9\n",
        "hugepages.node0.2M=200", "vm.compact_memory=1 hugepages.node0.2M=200",
        "whole ones for 27 pages of 2M"},
    {"pool-mounted", FALSE, "/proc/mounts", "proc /proc proc rw 0 0\n", "hugepages.node0.2M=110",
        "hugetlbfs.2M=/dev/hugepages hugepages.node0.2M=110", "no hugetlbfs of 2M pages"},
    {"pool-used", FALSE, NULL, NULL, "hugepages.node0.2M=50", "hugepages.node0.2M=60",
        "60 pages of this pool are in use"},

    {"without-effect", FALSE, KSM "advisor_mode", "[none] scan-time\n", "ksm.advisor_max_cpu=50",
        "ksm.advisor_mode=scan-time ksm.advisor_max_cpu=50",
        "ksm.advisor_max_cpu: has no effect while ksm.advisor_mode=none"},
    {"without-effect", FALSE, NULL, NULL, "vm.overcommit_ratio=80",
        "vm.overcommit_ratio=80 vm.overcommit_memory=2",
        "vm.overcommit_ratio: has no effect unless vm.overcommit_memory=2"},
    {"without-effect", FALSE, NULL, NULL,
        "vm.dirty_expire_centisecs=100 vm.dirty_writeback_centisecs=0",
        "vm.dirty_expire_centisecs=100", "has no effect while vm.dirty_writeback_centisecs=0"},
    {"one-node", FALSE, NULL, NULL, "kernel.numa_balancing=1", "kernel.numa_balancing=0",
        "kernel.numa_balancing: has no effect: this host has one NUMA node"},
    {"one-node", FALSE, NULL, NULL, "vm.zone_reclaim_mode=1", "vm.zone_reclaim_mode=0",
        "vm.zone_reclaim_mode: has no effect"},
    {"balancing-bound", FALSE, node1, "2-3\n", "kernel.numa_balancing=3", "kernel.numa_balancing=2",
        "web: pinned within a node already"},
    {"min-free", FALSE, NULL, NULL, "vm.min_free_kbytes=1000", "vm.min_free_kbytes=2000",
        "less than 1024 KiB"},
    {"min-free", FALSE, NULL, NULL, "vm.min_free_kbytes=2097152", "vm.min_free_kbytes=1000000",
        "keeps 1.9 GiB more free, and 1.0 GiB is available"},
    {"commit-limit", FALSE, "/proc/meminfo",
        "MemTotal: 4194304 kB\nSwapTotal: 1048576 kB\nCommitLimit: 3043328 kB\n"
        "Committed_AS: 4194304 kB\n",
        "vm.overcommit_memory=2", "vm.overcommit_memory=1",
        "2.9 GiB may be promised with vm.overcommit_memory=2, and 4.0 GiB is already"},
    /* (4 GiB - 100 pages of 2M) * 20 % + 1 GiB */
    {"commit-limit", FALSE, VM "overcommit_memory", "2\n", "vm.overcommit_ratio=20",
        "vm.overcommit_ratio=40", "1.8 GiB may be promised"},
    {"dirty-order", FALSE, NULL, NULL, "vm.dirty_background_ratio=20",
        "vm.dirty_background_ratio=19",
        "vm.dirty_background_ratio: 20 is not below vm.dirty_ratio=20"},
    {"dirty-order", FALSE, NULL, NULL, "vm.dirty_ratio=5", "vm.dirty_ratio=11",
        "10 is not below vm.dirty_ratio=5"},
    {"dirty-least", TRUE, NULL, NULL, "vm.dirty_bytes=8191", "vm.dirty_bytes=8192",
        "vm.dirty_bytes: the kernel takes no less than two pages, 8192 bytes"},
};

static Snapshot *make_snapshot(const Tree *tree, const char *path, const char *text)
{
    Snapshot *snapshot = fixture_snapshot();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(tree_files); i++)
        tree_put(tree, tree_files[i][0], tree_files[i][1]);
    if (path)
        tree_put(tree, path, text);
    snapshot->host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    fixture_domain(snapshot, "web", A, PINNED, PINNED);
    return snapshot;
}

/* What the rules say of the changes "KEY=VALUE KEY=VALUE". */
static Preview *preview(const Snapshot *snapshot, const char *text)
{
    g_auto(GStrv) changes = g_strsplit(text, " ", -1);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; changes[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(changes[i], "=", 2);
        plan_stage(plan, snapshot, "host", pair[0], pair[1], SCOPE_LIVE, &error);
        g_assert_no_error(error);
    }
    return preview_make(snapshot, plan);
}

static gboolean says(const Preview *preview, PreviewLineKind kind, const char *text)
{
    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == kind && strstr(line->text, text))
            return TRUE;
    }
    return FALSE;
}

static void test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tree tree;
        tree_setup(&tree, NULL);
        g_autoptr(Snapshot) snapshot = make_snapshot(&tree, cases[i].path, cases[i].text);
        g_autoptr(Preview) broken = preview(snapshot, cases[i].broken);
        g_autoptr(Preview) fine = preview(snapshot, cases[i].fine);
        PreviewLineKind kind = cases[i].error ? LINE_ERROR : LINE_WARNING;
        g_autofree char *all = preview_text(broken);
        g_autofree char *other = preview_text(fine);
        g_test_message("%s: %s\n%s%s", cases[i].rule, cases[i].broken, all, other);
        g_assert_true(says(broken, kind, cases[i].said));
        g_assert_false(says(fine, kind, cases[i].said));
        g_assert_cmpuint(fine->errors, ==, 0);
        tree_teardown(&tree, NULL);
    }
}

/* Each rule of the host has a case here. */
static void test_all_have_a_case(void)
{
    g_autoptr(GPtrArray) names = rules_names(TARGET_HOST);

    g_assert_cmpuint(names->len, >, 15);
    for (guint i = 0; i < names->len; i++) {
        gboolean found = FALSE;
        for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
            found |= g_str_equal(cases[n].rule, g_ptr_array_index(names, i));
        if (!found)
            g_error("no case for %s", (const char *)g_ptr_array_index(names, i));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hostrules/cases", test_cases);
    g_test_add_func("/hostrules/all-have-a-case", test_all_have_a_case);
    return g_test_run();
}
