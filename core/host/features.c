/* KSM and THP: their folders below /sys/kernel/mm, and what vmstat counts of them
 * (Documentation/admin-guide/mm/ksm.rst, transhuge.rst). Which files there are differs from kernel
 * to kernel: a folder is taken as it is, and a new kernel's file shows without a change here. */
#include "core/host/kernelfile.h"
#include "core/host/readers.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>
#include <unistd.h>

#define THP_FOLDER "/sys/kernel/mm/transparent_hugepage"

static const struct {
    const char *folder;
    gsize where;      /* a GPtrArray* of Host */
    gboolean is_slow; /* nobody needs it by the second */
} folders[] = {
    {"/sys/kernel/mm/ksm", G_STRUCT_OFFSET(Host, ksm), FALSE},
    {THP_FOLDER, G_STRUCT_OFFSET(Host, thp), TRUE},
    {THP_FOLDER "/khugepaged", G_STRUCT_OFFSET(Host, khugepaged), TRUE},
};

static const char *const vmstat_prefixes[] = {"thp_", "ksm_", "cow_ksm", "compact_", "numa_", NULL};

static void thp_size_free(gpointer data)
{
    ThpSize *size = data;

    g_ptr_array_unref(size->files);
    g_ptr_array_unref(size->stats);
    g_free(size);
}

static const ThpSize *size_before(const Host *previous, guint64 size_kib)
{
    for (guint i = 0; previous && i < previous->thp_sizes->len; i++)
        if (((const ThpSize *)previous->thp_sizes->pdata[i])->size_kib == size_kib)
            return previous->thp_sizes->pdata[i];
    return NULL;
}

/* The counters in @folder, whose size was @before (may be NULL). With ten sizes they are more files
 * than all others of the host together: the first picture of this host, which somebody waits for,
 * leaves them to the second, which follows at once, for loads need two. */
static GPtrArray *read_thp_stats(
    const char *root, const char *folder, const ThpSize *before, gint64 elapsed)
{
    if (before == NULL && *root == '\0')
        return kernel_files_new();
    g_autofree char *path = g_strconcat(folder, "/stats", NULL);
    GPtrArray *stats = kernel_files_read(root, path);
    kernel_files_set_rates(stats, before ? before->stats : NULL, elapsed);
    return stats;
}

/* The folders hugepages-64kB … of THP (Linux 6.8), ascending as their names are. */
static GPtrArray *read_thp_sizes(const char *root, const Host *previous, gint64 elapsed)
{
    GPtrArray *sizes = g_ptr_array_new_with_free_func(thp_size_free);
    g_autoptr(GPtrArray) names = rootfile_list(root, THP_FOLDER, "hugepages-");

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        guint64 kib;
        if (!g_str_has_suffix(name, "kB") || !text_parse_size(name + strlen("hugepages-"), &kib))
            continue;
        g_autofree char *folder = g_strconcat(THP_FOLDER "/", name, NULL);
        ThpSize *size = g_new0(ThpSize, 1);
        size->size_kib = kib;
        size->files = kernel_files_read(root, folder);
        size->stats = read_thp_stats(root, folder, size_before(previous, kib), elapsed);
        g_ptr_array_add(sizes, size);
    }
    return sizes;
}

/* The base page in KiB. No file below @root tells it, but /proc has the free memory both in KiB
 * and in pages, and their ratio is near one of the sizes there are. Without that: 4, which KVM
 * hosts other than some arm64 and ppc64 ones have. */
static guint page_size(const char *root, const GPtrArray *meminfo, const char *vmstat)
{
    static const guint sizes[] = {4, 8, 16, 64};
    static const char *const wanted[] = {"nr_free_pages", NULL};

    if (*root == '\0')
        return (guint)sysconf(_SC_PAGESIZE) / 1024;
    g_autoptr(GPtrArray) lines = kernel_files_parse(vmstat, wanted);
    gint64 pages = num_or(kernel_file_number(lines, "nr_free_pages"), 0);
    gint64 free_kib = num_or(kernel_file_number(meminfo, "MemFree"), 0);
    for (guint i = 0; i < G_N_ELEMENTS(sizes) && pages > 0; i++)
        if (ABS((double)free_kib / (double)pages - sizes[i]) < 0.1 * sizes[i])
            return sizes[i];
    return 4;
}

void host_read_features(Host *host, const char *root, const Host *previous)
{
    gint64 elapsed = host_elapsed_us(host, previous);
    gint64 slow_elapsed = previous ? host->slow_us - previous->slow_us : 0;

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        GPtrArray *before =
            previous ? G_STRUCT_MEMBER(GPtrArray *, previous, folders[i].where) : NULL;
        GPtrArray **files = &G_STRUCT_MEMBER(GPtrArray *, host, folders[i].where);
        if (folders[i].is_slow && host_takes_over(host, previous)) {
            *files = g_ptr_array_ref(before);
            continue;
        }
        *files = kernel_files_read(root, folders[i].folder);
        kernel_files_set_rates(*files, before, folders[i].is_slow ? slow_elapsed : elapsed);
    }
    host->thp_sizes = host_takes_over(host, previous)
                          ? g_ptr_array_ref(previous->thp_sizes)
                          : read_thp_sizes(root, previous, slow_elapsed);

    g_autofree char *vmstat = rootfile_read(root, "/proc/vmstat");
    host->vmstat = kernel_files_parse(vmstat, vmstat_prefixes);
    kernel_files_set_rates(host->vmstat, previous ? previous->vmstat : NULL, elapsed);

    /* pages_sharing is "how many more sites are sharing them i.e. how much saved" (ksm.rst). */
    Num sharing = kernel_file_number(host->ksm, "pages_sharing");
    gint64 saved;
    host->page_kib = page_size(root, host->meminfo, vmstat);
    if (sharing.known && sharing.value >= 0 &&
        !__builtin_mul_overflow(sharing.value, (gint64)host->page_kib, &saved))
        host->ksm_saved_kib = NUM(saved);
}

void host_free_features(Host *host)
{
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        g_ptr_array_unref(G_STRUCT_MEMBER(GPtrArray *, host, folders[i].where));
    g_ptr_array_unref(host->thp_sizes);
    g_ptr_array_unref(host->vmstat);
}
