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

#define KSM           "/sys/kernel/mm/ksm/"
#define THP           "/sys/kernel/mm/transparent_hugepage/"
#define KHUGE         THP "khugepaged/"
#define CPU           "/sys/devices/system/cpu/"
#define NODE          "/sys/devices/system/node/"
#define POOL          "hugepages/hugepages-2048kB/"
#define HOST          "/sys/kernel/mm/"
#define VM            "/proc/sys/vm/"
#define MODULE        "/sys/module/"
#define CGROUP        "/sys/fs/cgroup"
#define SCOPE         "/machine.slice/machine-qemu.scope"
#define PLAIN         "/machine.slice/machine-qemu\\x2d2.scope"
#define ALWAYS        LINUX_3_10, LINUX_6_18
#define SINCE(kernel) kernel, LINUX_6_18

/* From the state on, up to the last CPU it ran on. */
#define STAT " S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 3 0 77 100 200 0 0 0 0 0 0 0 0 0 0 0 0 0 17 "

/* In the order of the files; lines that follow each other and are of one file are that file. */
static const struct {
    Kernel since, until;
    const char *path, *text; /* "%u" stands for a counter that grows */
} files[] = {
    {ALWAYS, CPU "online", "0-1\n"},
    {ALWAYS, CPU "present", "0-1\n"},
    {ALWAYS, CPU "cpu0/topology/core_id", "0\n"},
    {ALWAYS, CPU "cpu1/topology/core_id", "0\n"},
    {ALWAYS, CPU "cpu0/topology/physical_package_id", "0\n"},
    {ALWAYS, CPU "cpu1/topology/physical_package_id", "1\n"},
    {ALWAYS, CPU "cpu0/topology/thread_siblings_list", "0\n"},
    {ALWAYS, CPU "cpu1/topology/thread_siblings_list", "1\n"},
    {SINCE(LINUX_4_18), CPU "isolated", "\n"}, /* 4.2 */
    {ALWAYS, NODE "online", "0-1\n"},
    {ALWAYS, NODE "node0/cpulist", "0\n"},
    {ALWAYS, NODE "node1/cpulist", "1\n"},
    {ALWAYS, NODE "node0/distance", "10 21\n"},
    {ALWAYS, NODE "node1/distance", "21 10\n"},
    {ALWAYS, NODE "node0/meminfo", "Node 0 MemTotal: 8388608 kB\nNode 0 MemFree: 4194304 kB\n"},
    {ALWAYS, NODE "node1/meminfo", "Node 1 MemTotal: 8388608 kB\nNode 1 MemFree: 2097152 kB\n"},
    {ALWAYS, NODE "node0/numastat",
        "numa_hit %u00\nnuma_miss 3\nnuma_foreign 0\ninterleave_hit 5\nlocal_node 9\nother_node "
        "1\n"},
    {ALWAYS, NODE "node1/numastat",
        "numa_hit %u0\nnuma_miss 0\nnuma_foreign 3\ninterleave_hit 5\nlocal_node 9\nother_node "
        "1\n"},
    {ALWAYS, NODE "node0/" POOL "nr_hugepages", "8\n"},
    {ALWAYS, NODE "node0/" POOL "free_hugepages", "6\n"},
    {ALWAYS, NODE "node0/" POOL "surplus_hugepages", "0\n"},
    {ALWAYS, NODE "node1/" POOL "nr_hugepages", "0\n"},
    {ALWAYS, NODE "node1/" POOL "free_hugepages", "0\n"},
    {ALWAYS, NODE "node1/" POOL "surplus_hugepages", "0\n"},
    {ALWAYS, HOST POOL "nr_hugepages", "8\n"},
    {ALWAYS, HOST POOL "free_hugepages", "6\n"},
    {ALWAYS, HOST POOL "surplus_hugepages", "0\n"},
    {ALWAYS, HOST POOL "resv_hugepages", "0\n"},
    {ALWAYS, HOST POOL "nr_overcommit_hugepages", "0\n"},
    {ALWAYS, "/proc/buddyinfo",
        "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 1024\nNode 1, zone   Normal 0 0 0 0 0 0 0 0 0 0 "
        "512\n"},
    {ALWAYS, "/proc/stat",
        "cpu  %u0 0 0 90000 0 0 0 0 0 0\ncpu0 %u0 0 0 45000 0 0 0 0 0 0\ncpu1 %u0 "
        "0 0 45000 0 0 0 0 0 0\n"},
    {ALWAYS, "/proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw,relatime 0 0\n"},
    {ALWAYS, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme pdpe1gb vmx\n"},

    {ALWAYS, "/proc/meminfo", "MemTotal:       16777216 kB\n"},
    {ALWAYS, "/proc/meminfo", "MemFree:         6291456 kB\n"},
    {SINCE(LINUX_4_18), "/proc/meminfo", "MemAvailable:    9000000 kB\n"}, /* 3.14 */
    {ALWAYS, "/proc/meminfo", "Buffers:          100000 kB\n"},
    {ALWAYS, "/proc/meminfo", "Cached:          2500000 kB\n"},
    {ALWAYS, "/proc/meminfo", "AnonPages:       5000000 kB\n"},
    {ALWAYS, "/proc/meminfo", "Shmem:             10000 kB\n"},
    {SINCE(LINUX_5_14), "/proc/meminfo", "KReclaimable:     200000 kB\n"}, /* 4.20 */
    {ALWAYS, "/proc/meminfo", "Slab:             300000 kB\n"},
    {ALWAYS, "/proc/meminfo", "SReclaimable:     200000 kB\n"},
    {ALWAYS, "/proc/meminfo", "SUnreclaim:       100000 kB\n"},
    {ALWAYS, "/proc/meminfo", "KernelStack:        9000 kB\n"},
    {ALWAYS, "/proc/meminfo", "PageTables:        20000 kB\n"},
    {SINCE(LINUX_6_1), "/proc/meminfo", "SecPageTables:      4000 kB\n"}, /* 6.1 */
    {ALWAYS, "/proc/meminfo", "SwapTotal:       4194304 kB\n"},
    {ALWAYS, "/proc/meminfo", "SwapFree:        4194304 kB\n"},
    {SINCE(LINUX_5_14), "/proc/meminfo", "Percpu:             2000 kB\n"}, /* 4.20 */
    {ALWAYS, "/proc/meminfo", "AnonHugePages:      4096 kB\n"},
    {SINCE(LINUX_4_18), "/proc/meminfo", "ShmemHugePages:        0 kB\n"}, /* 4.8 */
    {SINCE(LINUX_5_14), "/proc/meminfo", "FileHugePages:         0 kB\n"}, /* 5.4 */
    {ALWAYS, "/proc/meminfo", "HugePages_Total:       8\n"},
    {ALWAYS, "/proc/meminfo", "HugePages_Free:        6\n"},
    {ALWAYS, "/proc/meminfo", "HugePages_Rsvd:        0\n"},
    {ALWAYS, "/proc/meminfo", "HugePages_Surp:        0\n"},
    {ALWAYS, "/proc/meminfo", "Hugepagesize:       2048 kB\n"},
    {SINCE(LINUX_5_14), "/proc/meminfo", "Hugetlb:           16384 kB\n"}, /* 4.20 */

    {ALWAYS, "/proc/vmstat", "nr_free_pages 1572864\nthp_fault_alloc %u0\nthp_fault_fallback %u\n"},
    {LINUX_3_10, LINUX_3_10, "/proc/vmstat", "thp_split %u\n"},
    {SINCE(LINUX_4_18), "/proc/vmstat", "thp_split_page %u\n"}, /* 4.5 */

    {ALWAYS, KSM "run", "1\n"},
    {ALWAYS, KSM "pages_to_scan", "100\n"},
    {ALWAYS, KSM "sleep_millisecs", "20\n"},
    {ALWAYS, KSM "merge_across_nodes", "1\n"}, /* 3.9 */
    {ALWAYS, KSM "full_scans", "%u\n"},
    {ALWAYS, KSM "pages_shared", "1000\n"},
    {ALWAYS, KSM "pages_sharing", "5000\n"},
    {ALWAYS, KSM "pages_unshared", "2000\n"},
    {ALWAYS, KSM "pages_volatile", "0\n"},
    {SINCE(LINUX_4_18), KSM "use_zero_pages", "0\n"},     /* 4.11 */
    {SINCE(LINUX_4_18), KSM "max_page_sharing", "256\n"}, /* 4.13, as the next three */
    {SINCE(LINUX_4_18), KSM "stable_node_chains", "0\n"},
    {SINCE(LINUX_4_18), KSM "stable_node_dups", "0\n"},
    {SINCE(LINUX_4_18), KSM "stable_node_chains_prune_millisecs", "2000\n"},
    {SINCE(LINUX_6_18), KSM "general_profit", "19000000\n"}, /* 6.4 */
    {SINCE(LINUX_6_18), KSM "pages_scanned", "%u00\n"},      /* 6.6, as the next */
    {SINCE(LINUX_6_18), KSM "ksm_zero_pages", "0\n"},
    {SINCE(LINUX_6_18), KSM "smart_scan", "1\n"}, /* 6.7, as the next */
    {SINCE(LINUX_6_18), KSM "pages_skipped", "0\n"},
    {SINCE(LINUX_6_18), KSM "advisor_mode", "[none] scan-time\n"}, /* 6.8, as the next four */
    {SINCE(LINUX_6_18), KSM "advisor_max_cpu", "70\n"},
    {SINCE(LINUX_6_18), KSM "advisor_target_scan_time", "200\n"},
    {SINCE(LINUX_6_18), KSM "advisor_min_pages_to_scan", "500\n"},
    {SINCE(LINUX_6_18), KSM "advisor_max_pages_to_scan", "30000\n"},
    {ALWAYS, "/proc/33/comm", "ksmd\n"},
    {ALWAYS, "/proc/33/schedstat", "%u000000 0 0\n"},

    {ALWAYS, THP "enabled", "always [madvise] never\n"},
    {LINUX_3_10, LINUX_3_10, THP "defrag", "[always] madvise never\n"},
    {SINCE(LINUX_4_18), THP "defrag", "always defer defer+madvise [madvise] never\n"}, /* 4.11
                                                                                        */
    {ALWAYS, THP "use_zero_page", "1\n"},
    {SINCE(LINUX_4_18), THP "hpage_pmd_size", "2097152\n"}, /* 4.8, as the next */
    {SINCE(LINUX_4_18), THP "shmem_enabled", "always within_size advise [never] deny force\n"},
    {SINCE(LINUX_6_18), THP "shrink_underused", "1\n"}, /* 6.12 */
    {ALWAYS, KHUGE "defrag", "1\n"},
    {ALWAYS, KHUGE "pages_to_scan", "4096\n"},
    {ALWAYS, KHUGE "pages_collapsed", "7\n"},
    {ALWAYS, KHUGE "full_scans", "3\n"},
    {ALWAYS, KHUGE "scan_sleep_millisecs", "10000\n"},
    {ALWAYS, KHUGE "alloc_sleep_millisecs", "60000\n"},
    {ALWAYS, KHUGE "max_ptes_none", "511\n"},
    {SINCE(LINUX_4_18), KHUGE "max_ptes_swap", "64\n"},                                    /* 4.8 */
    {SINCE(LINUX_5_14), KHUGE "max_ptes_shared", "256\n"},                                 /* 5.8 */
    {SINCE(LINUX_6_18), THP "hugepages-64kB/enabled", "always inherit madvise [never]\n"}, /* 6.8 */
    {SINCE(LINUX_6_18), THP "hugepages-2048kB/enabled", "always [inherit] madvise never\n"},
    {SINCE(LINUX_6_18), THP "hugepages-64kB/stats/anon_fault_alloc", "%u\n"}, /* 6.10 */
    {SINCE(LINUX_6_18), THP "hugepages-64kB/stats/anon_fault_fallback", "1\n"},

    {ALWAYS, VM "compact_memory", "0\n"},
    {ALWAYS, VM "swappiness", "60\n"},
    {ALWAYS, VM "overcommit_memory", "0\n"},
    {ALWAYS, VM "overcommit_ratio", "50\n"},
    {ALWAYS, VM "min_free_kbytes", "67584\n"},
    {SINCE(LINUX_4_18), VM "watermark_scale_factor", "10\n"}, /* 4.6 */
    {ALWAYS, VM "zone_reclaim_mode", "0\n"},
    {SINCE(LINUX_5_14), VM "compaction_proactiveness", "20\n"}, /* 5.9 */
    {ALWAYS, VM "vfs_cache_pressure", "100\n"},
    {ALWAYS, VM "dirty_ratio", "20\n"},
    {ALWAYS, VM "dirty_background_ratio", "10\n"},
    {ALWAYS, "/proc/sys/kernel/numa_balancing", "1\n"}, /* 3.8 */
    {SINCE(LINUX_5_14), "/proc/pressure/memory",        /* 4.20 */
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
    {ALWAYS, MODULE "kvm_intel/parameters/ept", "Y\n"},
    {ALWAYS, MODULE "kvm_intel/parameters/vpid", "Y\n"},
    {ALWAYS, MODULE "kvm_intel/parameters/nested", "N\n"},
    {SINCE(LINUX_5_14), MODULE "kvm/parameters/tdp_mmu", "Y\n"}, /* 5.10 */

    /* A VM with hugepages, and one without. */
    {ALWAYS, "/run/libvirt/qemu/" KERNELS_NAME ".pid", "500"},
    {ALWAYS, "/run/libvirt/qemu/" KERNELS_PLAIN ".pid", "600"},
    {ALWAYS, "/proc/500/task/500/comm", "qemu-system-x86\n"},
    {ALWAYS, "/proc/500/task/500/schedstat", "%u000 0 0\n"},
    {ALWAYS, "/proc/500/task/500/stat", "500 (qemu-system-x86)" STAT "0 0 0\n"},
    {ALWAYS, "/proc/500/task/500/status",
        "Name:\tqemu\nVmRSS:\t 65536 kB\nCpus_allowed_list:\t0\n"},
    {ALWAYS, "/proc/500/task/501/comm", "CPU 0/KVM\n"},
    {ALWAYS, "/proc/500/task/501/schedstat", "%u000 0 0\n"},
    {ALWAYS, "/proc/500/task/501/stat", "501 (CPU 0/KVM)" STAT "0 0 0\n"},
    {ALWAYS, "/proc/500/task/501/status", "Name:\tCPU 0/KVM\nCpus_allowed_list:\t0\n"},
    {ALWAYS, "/proc/600/task/600/comm", "qemu-system-x86\n"},
    {ALWAYS, "/proc/600/task/600/schedstat", "%u000 0 0\n"},
    {ALWAYS, "/proc/600/task/600/stat", "600 (qemu-system-x86)" STAT "1 0 0\n"},
    {ALWAYS, "/proc/600/task/600/status",
        "Name:\tqemu\nVmRSS:\t 65536 kB\nCpus_allowed_list:\t0-1\n"},
    {ALWAYS, "/proc/600/task/601/comm", "CPU 0/KVM\n"},
    {ALWAYS, "/proc/600/task/601/schedstat", "%u000 0 0\n"},
    {ALWAYS, "/proc/600/task/601/stat", "601 (CPU 0/KVM)" STAT "1 0 0\n"},
    {ALWAYS, "/proc/600/task/601/status", "Name:\tCPU 0/KVM\nCpus_allowed_list:\t0-1\n"},
    {LINUX_3_10, LINUX_4_18, "/proc/500/cgroup", "5:memory:" SCOPE "/emulator\n6:hugetlb:/\n"},
    {LINUX_3_10, LINUX_4_18, "/proc/600/cgroup", "5:memory:" PLAIN "/emulator\n6:hugetlb:/\n"},
    {SINCE(LINUX_5_14), "/proc/500/cgroup", "0::" SCOPE "/libvirt/emulator\n"},
    {SINCE(LINUX_5_14), "/proc/600/cgroup", "0::" PLAIN "/libvirt/emulator\n"},
    {LINUX_3_10, LINUX_4_18, CGROUP "/memory" SCOPE "/memory.stat", "total_rss_huge 8388608\n"},
    {LINUX_3_10, LINUX_4_18, CGROUP "/memory" PLAIN "/memory.stat", "total_rss_huge 0\n"},
    {LINUX_3_10, LINUX_4_18, CGROUP "/memory" SCOPE "/memory.numa_stat",
        "total=2048 N0=2048 N1=0\nfile=0 N0=0 N1=0\nanon=2048 N0=2048 N1=0\n"
        "unevictable=0 N0=0 N1=0\n"},
    {LINUX_4_18, LINUX_4_18, CGROUP "/memory" SCOPE "/memory.numa_stat",
        "hierarchical_total=2048 N0=2048 N1=0\nhierarchical_file=0 N0=0 N1=0\n"
        "hierarchical_anon=2048 N0=2048 N1=0\nhierarchical_unevictable=0 N0=0 N1=0\n"},
    {LINUX_3_10, LINUX_4_18, CGROUP "/memory" PLAIN "/memory.numa_stat",
        "total=16384 N0=12288 N1=4096\nfile=0 N0=0 N1=0\nanon=16384 N0=12288 N1=4096\n"
        "unevictable=0 N0=0 N1=0\n"},
    {LINUX_4_18, LINUX_4_18, CGROUP "/memory" PLAIN "/memory.numa_stat",
        "hierarchical_total=16384 N0=12288 N1=4096\nhierarchical_file=0 N0=0 N1=0\n"
        "hierarchical_anon=16384 N0=12288 N1=4096\nhierarchical_unevictable=0 N0=0 N1=0\n"},
    {SINCE(LINUX_5_14), CGROUP SCOPE "/memory.stat", "anon_thp 8388608\n"},
    {SINCE(LINUX_5_14), CGROUP PLAIN "/memory.stat", "anon_thp 0\n"},
    {SINCE(LINUX_5_14), CGROUP SCOPE "/memory.numa_stat", /* 5.8 */
        "anon N0=8388608 N1=0\nfile N0=0 N1=0\nshmem N0=0 N1=0\n"},
    {SINCE(LINUX_5_14), CGROUP PLAIN "/memory.numa_stat",
        "anon N0=50331648 N1=16777216\nfile N0=0 N1=0\nshmem N0=0 N1=0\n"},
    {SINCE(LINUX_5_14), CGROUP SCOPE "/memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
    {SINCE(LINUX_5_14), CGROUP PLAIN "/memory.pressure",
        "some avg10=0.10 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
    {SINCE(LINUX_5_14), CGROUP SCOPE "/hugetlb.2MB.current", "4194304\n"}, /* 5.6 */
    {SINCE(LINUX_6_1), CGROUP SCOPE "/hugetlb.2MB.numa_stat",
        "total=4194304 N0=4194304 N1=0\n"},                      /* 5.18 */
    {SINCE(LINUX_6_1), "/proc/500/ksm_merging_pages", "4000\n"}, /* 5.19 */
    {SINCE(LINUX_6_1), "/proc/600/ksm_merging_pages", "0\n"},
    {LINUX_6_1, LINUX_6_1, "/proc/500/ksm_stat", "ksm_rmap_items 6000\n"}, /* 6.1 */
    {SINCE(LINUX_6_18), "/proc/500/ksm_stat",
        "ksm_rmap_items 6000\nksm_zero_pages 0\nksm_merging_pages 4000\n"
        "ksm_process_profit 16000000\nksm_merge_any: no\nksm_mergeable: yes\n"},
    {LINUX_6_1, LINUX_6_1, "/proc/600/ksm_stat", "ksm_rmap_items 0\n"},
    {SINCE(LINUX_6_18), "/proc/600/ksm_stat",
        "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\n"
        "ksm_process_profit 0\nksm_merge_any: no\nksm_mergeable: no\n"},
};

/* Appends @text with @counter for each "%u"; TRUE where there is one. */
static gboolean add(GString *out, const char *text, const char *counter)
{
    g_auto(GStrv) parts = g_strsplit(text, "%u", -1);
    g_autofree char *filled = g_strjoinv(counter, parts);

    g_string_append(out, filled);
    return g_strv_length(parts) > 1;
}

/* Its arguments, each ended by a 0 byte. */
static void put_command(const Tree *tree, const char *pid, const char *name, const char *uuid)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%s/cmdline", tree->root, pid);
    g_autoptr(GString) command = g_string_new(NULL);
    const char *const words[] = {"qemu", "-name", "guest=", "-uuid", uuid};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_string_append(command, words[i]);
        g_string_append(command, i == 2 ? name : "");
        g_string_append_c(command, '\0');
    }
    g_assert_true(g_file_set_contents(path, command->str, (gssize)command->len, NULL));
}

void kernels_put(const Tree *tree, Kernel kernel, guint tick)
{
    g_autofree char *counter = g_strdup_printf("%u", 100 + tick);

    if (tick == 0)
        tree_put(tree, "/proc/sys/kernel/osrelease", releases[kernel]);
    for (guint i = 0; i < G_N_ELEMENTS(files);) {
        const char *path = files[i].path;
        g_autoptr(GString) text = g_string_new(NULL);
        gboolean grows = FALSE;
        for (; i < G_N_ELEMENTS(files) && strcmp(files[i].path, path) == 0; i++)
            if (kernel >= files[i].since && kernel <= files[i].until)
                grows |= add(text, files[i].text, counter);
        if (text->len && (tick == 0 || grows))
            tree_put(tree, path, text->str);
    }
    if (tick > 0)
        return;
    put_command(tree, "500", KERNELS_NAME, KERNELS_UUID);
    put_command(tree, "600", KERNELS_PLAIN, KERNELS_PLAIN_UUID);
}
