/* What a domain's pages are: of hugepage pools and transparent huge ones by its cgroup
 * (Documentation/admin-guide/cgroup-v2.rst "HugeTLB", "memory.stat"; cgroup-v1/hugetlb.rst,
 * cgroup-v1/memory.rst 5.2), merged ones by its process (/proc/PID/ksm_stat since Linux 6.1,
 * ksm_merging_pages since 5.19).
 *
 * None of it changes fast, and memory.stat is dear to the kernel: it is read every few seconds. */
#include "core/host/kernelfile.h"
#include "core/util/rootfile.h"
#include "core/virt/demand.h"
#include "core/virt/usage-private.h"

static Num read_number(const char *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    gint64 value;

    return rootfile_read_int(root, path, &value) && value >= 0 ? NUM(value) : NUM_UNKNOWN;
}

/* Version 2 calls it "current", version 1 "usage_in_bytes". */
static Num read_held(const char *root, const char *folder, guint64 size_kib)
{
    g_autofree char *size = usage_hugetlb_name(size_kib);
    g_autofree char *second = g_strdup_printf("hugetlb.%s.current", size);
    g_autofree char *first = g_strdup_printf("hugetlb.%s.usage_in_bytes", size);
    Num bytes = read_number(root, folder, second);

    return bytes.known ? bytes : read_number(root, folder, first);
}

static GArray *read_hugetlb(const char *root, const char *folder, const Host *host)
{
    g_autoptr(GArray) held = huge_held_new();

    for (guint i = 0; folder && host && i < host->pools->len; i++) {
        HugeHeld part = {.size_kib = g_array_index(host->pools, HugePool, i).size_kib};
        Num bytes = read_held(root, folder, part.size_kib);
        if (!bytes.known)
            continue;
        part.kib = (guint64)bytes.value / 1024;
        g_array_append_val(held, part);
    }
    return held->len ? g_steal_pointer(&held) : NULL;
}

/* What the process has mapped of the pools, which the kernel tells of all sizes together: of a
 * domain whose backing has one size it is of that. (libvirt asks for no hugetlb controller, so this
 * is all there is on most hosts; proc_pid_status(5), HugetlbPages, since Linux 4.4.) */
static GArray *mapped_pages(const DomainUsage *usage, const DomainConfig *config, const Host *host)
{
    g_autoptr(GArray) needs = demand_needs(config, NULL, host);
    HugeHeld part = {.kib = (guint64)MAX(num_or(usage->mapped_huge, 0), 0)};

    for (guint i = 0; i < needs->len; i++) {
        guint64 size_kib = g_array_index(needs, PageNeed, i).size_kib;
        if (size_kib == 0 || (part.size_kib && part.size_kib != size_kib))
            return NULL;
        part.size_kib = size_kib;
    }
    if (part.size_kib == 0 || !usage->mapped_huge.known)
        return NULL;
    GArray *held = huge_held_new();
    g_array_append_val(held, part);
    return held;
}

/* Bytes; version 1 has the cgroups below in the "total_" line. */
static Num read_thp(const char *root, const char *folder)
{
    static const char *const names[] = {"anon_thp", "total_rss_huge", "rss_huge", NULL};
    g_autofree char *text = folder ? rootfile_readf(root, "%s/memory.stat", folder) : NULL;
    g_autoptr(GPtrArray) lines = kernel_files_parse(text, names);

    for (guint i = 0; names[i]; i++) {
        Num bytes = kernel_file_number(lines, names[i]);
        if (bytes.known && bytes.value >= 0)
            return NUM(bytes.value / 1024);
    }
    return NUM_UNKNOWN;
}

static void read_ksm(DomainUsage *usage, const char *root)
{
    static const char *const names[] = {
        "ksm_merging_pages", "ksm_zero_pages", "ksm_process_profit", NULL};
    g_autofree char *text = rootfile_readf(root, "/proc/%d/ksm_stat", usage->pid);
    g_autoptr(GPtrArray) lines = kernel_files_parse(text, names);
    g_autofree char *folder = g_strdup_printf("/proc/%d", usage->pid);

    usage->ksm_pages = kernel_file_number(lines, "ksm_merging_pages");
    usage->ksm_zero_pages = kernel_file_number(lines, "ksm_zero_pages");
    usage->ksm_profit = kernel_file_number(lines, "ksm_process_profit");
    if (!usage->ksm_pages.known)
        usage->ksm_pages = read_number(root, folder, "ksm_merging_pages");
}

void usage_read_pages(DomainUsage *usage, const char *root, const Host *host, const Domain *domain,
    const DomainUsage *previous)
{
    const DomainConfig *config = domain_now(domain);

    if (usage_takes_over(usage, previous)) {
        usage->ksm_pages = previous->ksm_pages;
        usage->ksm_zero_pages = previous->ksm_zero_pages;
        usage->ksm_profit = previous->ksm_profit;
        usage->thp_kib = previous->thp_kib;
        if (usage->hugetlb == NULL && previous->hugetlb)
            usage->hugetlb = g_array_ref(previous->hugetlb);
        return;
    }
    read_ksm(usage, root);
    usage->thp_kib = read_thp(root, usage->memory_cgroup);
    if (config == NULL || !domain_config_has_hugepages(config) || usage->hugetlb)
        return;
    usage->hugetlb = read_hugetlb(root, usage->hugetlb_cgroup, host);
    if (usage->hugetlb == NULL)
        usage->hugetlb = mapped_pages(usage, config, host);
}
