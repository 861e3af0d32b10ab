/* What kernels of five ages offer below /sys and /proc of memory, sharing and hugepages. Sources:
 * the kernel's Documentation (admin-guide/mm, admin-guide/cgroup-v2, accounting/psi, sysctl/vm) and
 * the release in which each file came. */
#include "tests/unit/kernels.h"

#include <string.h>

static const char *const releases[KERNELS] = {
    "3.10.108", "4.18.20", "5.14.21", "6.1.140", "6.18.1"};

const char *kernels_release(Kernel kernel)
{
    return releases[kernel];
}

#define KSM    "/sys/kernel/mm/ksm/"
#define THP    "/sys/kernel/mm/transparent_hugepage/"
#define KHUGE  THP "khugepaged/"
#define NODE   "/sys/devices/system/node/node0/"
#define POOL   "hugepages/hugepages-2048kB/"
#define HOST   "/sys/kernel/mm/"
#define VM     "/proc/sys/vm/"
#define CGROUP "/sys/fs/cgroup"
#define SCOPE  "/machine.slice/machine-qemu.scope"
#define ALWAYS LINUX_3_10, LINUX_6_18

static const struct {
    Kernel since, until;
    const char *path, *text; /* "%u" stands for a counter that grows */
} files[] = {
    {ALWAYS, "/sys/devices/system/cpu/online", "0\n"},
    {ALWAYS, "/sys/devices/system/cpu/present", "0\n"},
    {ALWAYS, "/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {ALWAYS, "/sys/devices/system/node/online", "0\n"},
    {ALWAYS, NODE "cpulist", "0\n"},
    {ALWAYS, NODE "meminfo", "Node 0 MemTotal: 8388608 kB\nNode 0 MemFree: 4194304 kB\n"},
    {ALWAYS, NODE POOL "nr_hugepages", "8\n"},
    {ALWAYS, NODE POOL "free_hugepages", "8\n"},
    {ALWAYS, NODE POOL "surplus_hugepages", "0\n"},
    {ALWAYS, HOST POOL "nr_hugepages", "8\n"},
    {ALWAYS, HOST POOL "free_hugepages", "8\n"},
    {ALWAYS, HOST POOL "surplus_hugepages", "0\n"},
    {ALWAYS, HOST POOL "resv_hugepages", "0\n"},
    {ALWAYS, HOST POOL "nr_overcommit_hugepages", "0\n"},
    {ALWAYS, "/proc/buddyinfo", "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 1024\n"},
    /* MemAvailable: 3.14 */
    {LINUX_3_10, LINUX_3_10, "/proc/meminfo",
        "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nAnonHugePages: 4096 kB\nHugepagesize: 2048 "
        "kB\n"},
    {LINUX_4_18, LINUX_6_18, "/proc/meminfo",
        "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nMemAvailable: 5000000 kB\nAnonHugePages: 4096 "
        "kB\nHugepagesize: 2048 kB\n"},
    {LINUX_3_10, LINUX_3_10, "/proc/vmstat",
        "nr_free_pages 1048576\nthp_fault_alloc %u0\nthp_fault_fallback %u\nthp_split %u\n"},
    {LINUX_4_18, LINUX_6_18, "/proc/vmstat",
        "nr_free_pages 1048576\nthp_fault_alloc %u0\nthp_fault_fallback %u\nthp_split_page %u\n"},

    {ALWAYS, KSM "run", "1\n"},
    {ALWAYS, KSM "pages_to_scan", "100\n"},
    {ALWAYS, KSM "sleep_millisecs", "20\n"},
    {ALWAYS, KSM "merge_across_nodes", "1\n"}, /* 3.9 */
    {ALWAYS, KSM "full_scans", "%u\n"},
    {ALWAYS, KSM "pages_shared", "1000\n"},
    {ALWAYS, KSM "pages_sharing", "5000\n"},
    {ALWAYS, KSM "pages_unshared", "2000\n"},
    {ALWAYS, KSM "pages_volatile", "0\n"},
    {LINUX_4_18, LINUX_6_18, KSM "use_zero_pages", "0\n"},     /* 4.11 */
    {LINUX_4_18, LINUX_6_18, KSM "max_page_sharing", "256\n"}, /* 4.13, as the next three */
    {LINUX_4_18, LINUX_6_18, KSM "stable_node_chains", "0\n"},
    {LINUX_4_18, LINUX_6_18, KSM "stable_node_dups", "0\n"},
    {LINUX_4_18, LINUX_6_18, KSM "stable_node_chains_prune_millisecs", "2000\n"},
    {LINUX_6_18, LINUX_6_18, KSM "general_profit", "19000000\n"}, /* 6.4 */
    {LINUX_6_18, LINUX_6_18, KSM "pages_scanned", "%u00\n"},      /* 6.6, as the next */
    {LINUX_6_18, LINUX_6_18, KSM "ksm_zero_pages", "0\n"},
    {LINUX_6_18, LINUX_6_18, KSM "smart_scan", "1\n"}, /* 6.7, as the next */
    {LINUX_6_18, LINUX_6_18, KSM "pages_skipped", "0\n"},
    {LINUX_6_18, LINUX_6_18, KSM "advisor_mode", "[none] scan-time\n"}, /* 6.8, as the next four */
    {LINUX_6_18, LINUX_6_18, KSM "advisor_max_cpu", "70\n"},
    {LINUX_6_18, LINUX_6_18, KSM "advisor_target_scan_time", "200\n"},
    {LINUX_6_18, LINUX_6_18, KSM "advisor_min_pages_to_scan", "500\n"},
    {LINUX_6_18, LINUX_6_18, KSM "advisor_max_pages_to_scan", "30000\n"},
    {ALWAYS, "/proc/33/comm", "ksmd\n"},
    {ALWAYS, "/proc/33/schedstat", "%u000000 0 0\n"},

    {ALWAYS, THP "enabled", "always [madvise] never\n"},
    {LINUX_3_10, LINUX_3_10, THP "defrag", "[always] madvise never\n"},
    {LINUX_4_18, LINUX_6_18, THP "defrag", "always defer defer+madvise [madvise] never\n"}, /* 4.11
                                                                                             */
    {ALWAYS, THP "use_zero_page", "1\n"},
    {LINUX_4_18, LINUX_6_18, THP "hpage_pmd_size", "2097152\n"}, /* 4.8, as the next */
    {LINUX_4_18, LINUX_6_18, THP "shmem_enabled", "always within_size advise [never] deny force\n"},
    {LINUX_6_18, LINUX_6_18, THP "shrink_underused", "1\n"}, /* 6.12 */
    {ALWAYS, KHUGE "defrag", "1\n"},
    {ALWAYS, KHUGE "pages_to_scan", "4096\n"},
    {ALWAYS, KHUGE "pages_collapsed", "7\n"},
    {ALWAYS, KHUGE "full_scans", "3\n"},
    {ALWAYS, KHUGE "scan_sleep_millisecs", "10000\n"},
    {ALWAYS, KHUGE "alloc_sleep_millisecs", "60000\n"},
    {ALWAYS, KHUGE "max_ptes_none", "511\n"},
    {LINUX_4_18, LINUX_6_18, KHUGE "max_ptes_swap", "64\n"},    /* 4.8 */
    {LINUX_5_14, LINUX_6_18, KHUGE "max_ptes_shared", "256\n"}, /* 5.8 */
    {LINUX_6_18, LINUX_6_18, THP "hugepages-64kB/enabled",
        "always inherit madvise [never]\n"}, /* 6.8 */
    {LINUX_6_18, LINUX_6_18, THP "hugepages-2048kB/enabled", "always [inherit] madvise never\n"},
    {LINUX_6_18, LINUX_6_18, THP "hugepages-64kB/stats/anon_fault_alloc", "%u\n"}, /* 6.10 */
    {LINUX_6_18, LINUX_6_18, THP "hugepages-64kB/stats/anon_fault_fallback", "1\n"},

    {ALWAYS, VM "compact_memory", "0\n"},
    {ALWAYS, VM "swappiness", "60\n"},
    {LINUX_5_14, LINUX_6_18, VM "compaction_proactiveness", "20\n"}, /* 5.9 */
    {LINUX_5_14, LINUX_6_18, "/proc/pressure/memory",                /* 4.20 */
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},

    {ALWAYS, "/run/libvirt/qemu/" KERNELS_NAME ".pid", "500"},
    {ALWAYS, "/proc/500/task/500/comm", "qemu-system-x86\n"},
    {ALWAYS, "/proc/500/task/500/schedstat", "%u000 0 0\n"},
    {ALWAYS, "/proc/500/task/500/stat",
        "500 (qemu-system-x86) S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 3 0 77 100 200 0 0 0 0 0 0 0 0 "
        "0 "
        "0 0 0 0 17 0 0 0\n"},
    {ALWAYS, "/proc/500/task/500/status",
        "Name:\tqemu\nVmRSS:\t 65536 kB\nCpus_allowed_list:\t0\n"},
    {LINUX_3_10, LINUX_4_18, "/proc/500/cgroup", "5:memory:" SCOPE "/emulator\n6:hugetlb:/\n"},
    {LINUX_5_14, LINUX_6_18, "/proc/500/cgroup", "0::" SCOPE "/libvirt/emulator\n"},
    {LINUX_3_10, LINUX_4_18, CGROUP "/memory" SCOPE "/memory.stat", "total_rss_huge 8388608\n"},
    {LINUX_5_14, LINUX_6_18, CGROUP SCOPE "/memory.stat", "anon_thp 8388608\n"},
    {LINUX_5_14, LINUX_6_18, CGROUP SCOPE "/hugetlb.2MB.current", "4194304\n"}, /* 5.6 */
    {LINUX_6_1, LINUX_6_18, "/proc/500/ksm_merging_pages", "4000\n"},           /* 5.19 */
    {LINUX_6_1, LINUX_6_1, "/proc/500/ksm_stat", "ksm_rmap_items 6000\n"},      /* 6.1 */
    {LINUX_6_18, LINUX_6_18, "/proc/500/ksm_stat",
        "ksm_rmap_items 6000\nksm_zero_pages 0\nksm_merging_pages 4000\n"
        "ksm_process_profit 16000000\nksm_merge_any: no\nksm_mergeable: yes\n"},
};

void kernels_put(const Tree *tree, Kernel kernel, guint tick)
{
    g_autofree char *counter = g_strdup_printf("%u", 100 + tick);

    tree_put(tree, "/proc/sys/kernel/osrelease", releases[kernel]);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        if (kernel < files[i].since || kernel > files[i].until)
            continue;
        g_auto(GStrv) parts = g_strsplit(files[i].text, "%u", -1);
        g_autofree char *text = g_strjoinv(counter, parts);
        tree_put(tree, files[i].path, text);
    }
    /* Its arguments, each ended by a 0 byte. */
    static const char command[] = "qemu\0-name\0guest=" KERNELS_NAME "\0-uuid\0" KERNELS_UUID;
    g_autofree char *path = g_strconcat(tree->root, "/proc/500/cmdline", NULL);
    g_assert_true(g_file_set_contents(path, command, sizeof command, NULL));
}
