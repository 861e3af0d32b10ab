/* The small machine of the tests of core/host. */
#include "tests/unit/hosttree.h"

void hosttree_put(const Tree *tree)
{
    static const char *const rows[][2] = {
        {CPU "/online", "0-2\n"},
        {CPU "/present", "0-3\n"},
        {CPU "/isolated", "2-3\n"},
        {CPU "/nohz_full", "1-2\n"},
        {CPU "/cpu0/topology/physical_package_id", "0\n"},
        {CPU "/cpu0/topology/core_id", "0\n"},
        {CPU "/cpu0/topology/thread_siblings_list", "0-1\n"},
        {CPU "/cpu1/topology/physical_package_id", "0\n"},
        {CPU "/cpu1/topology/core_id", "0\n"},
        {CPU "/cpu1/topology/thread_siblings_list", "0-1\n"},
        {CPU "/cpu2/topology/physical_package_id", "1\n"},
        {CPU "/cpu2/topology/core_id", "0\n"},
        {CPU "/cpu2/topology/core_cpus_list", "2-3\n"},
        {CPU "/cpu0/cache/index0/level", "1\n"},
        {CPU "/cpu0/cache/index0/type", "Data\n"},
        {CPU "/cpu0/cache/index0/shared_cpu_list", "0\n"},
        {CPU "/cpu0/cache/index2/level", "2\n"},
        {CPU "/cpu0/cache/index2/type", "Unified\n"},
        {CPU "/cpu0/cache/index2/shared_cpu_list", "0-1,3\n"},
        {CPU "/cpu0/cache/index3/level", "3\n"},
        {CPU "/cpu0/cache/index3/type", "Instruction\n"},
        {CPU "/cpu0/cache/index3/shared_cpu_list", "0\n"},
        {NODE "/node0/cpulist", "0-3\n"},
        {NODE "/node0/distance", "10 21\n"},
        {NODE "/node0/meminfo", "\nNode 0 MemTotal:  2000 kB\nNode 0 MemFree:  1000 kB\n"},
        {NODE "/node0/numastat", "numa_hit 100\nnuma_miss 0\n"},
        {NODE "/node0/hugepages/hugepages-1048576kB/nr_hugepages", "1\n"},
        {NODE "/node0/hugepages/hugepages-2048kB/nr_hugepages", "64\n"},
        {NODE "/node0/hugepages/hugepages-2048kB/free_hugepages", "60\n"},
        {NODE "/node0/hugepages/hugepages-2048kB/surplus_hugepages", "2\n"},
        {NODE "/node10/cpulist", "\n"},
        {NODE "/node10/distance", "21 10\n"},
        {NODE "/node10/meminfo", "Node 10 MemTotal: 500 kB\n"},
        {"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "64\n"},
        {"/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "3\n"},
        {"/proc/meminfo", "MemTotal:  2500 kB\nMemFree: 1200 kB\nHugePages_Total:  64\n"},
        {"/proc/version", "Linux version 6.1.0-13 (x@y) #1\n"},
        {"/proc/sys/kernel/hostname", "box\n"},
        {"/proc/stat", "cpu  0 0 0 0\ncpu0 10 0 10 80 0 0 0 0 5 0\ncpu1 1 1 1 1\ncpu2 7\nintr 1\n"},
        {KSM "/run", "1\n"},
        {KSM "/pages_sharing", "1000\n"},
        {KSM "/advisor_mode", "[none] scan-time\n"},
        {KSM "/general_profit", "-5\n"},
        {THP "/enabled", "always [madvise] never\n"},
        {THP "/hpage_pmd_size", "2097152\n"},
        {THP "/khugepaged/defrag", "1\n"},
        {THP "/hugepages-64kB/enabled", "always inherit madvise [never]\n"},
        {THP "/hugepages-2048kB/enabled", "always [inherit] madvise never\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        tree_put(tree, rows[i][0], rows[i][1]);
}

Host *hosttree_read(const Tree *tree, const Host *previous)
{
    g_autoptr(GError) error = NULL;
    Host *host = host_read(tree->root, previous, &error);

    g_assert_no_error(error);
    return host;
}

void assert_set(const IdSet *set, const char *text)
{
    g_autofree char *is = set ? idset_format(set) : NULL;

    g_assert_cmpstr(is, ==, text);
}
