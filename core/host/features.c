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

/* With ten sizes their counters are more files than all others of the host together, and nobody
 * needs them by the second. */
#define STATS_AGAIN_US (5 * G_USEC_PER_SEC)

static const struct {
    const char *folder;
    gsize where; /* a GPtrArray* of Host */
} folders[] = {
    {"/sys/kernel/mm/ksm", G_STRUCT_OFFSET(Host, ksm)},
    {THP_FOLDER, G_STRUCT_OFFSET(Host, thp)},
    {THP_FOLDER "/khugepaged", G_STRUCT_OFFSET(Host, khugepaged)},
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

/* The counters of @size in @folder, or those of @before (may be NULL) where they are young and have
 * their rates. The first picture of this host, which somebody waits for, leaves them to the second:
 * that follows at once, for loads need two. */
static void read_thp_stats(
    ThpSize *size, const char *root, const char *folder, const ThpSize *before, gint64 now_us)
{
    if (before && before->rated && now_us - before->stats_us < STATS_AGAIN_US) {
        size->stats = g_ptr_array_ref(before->stats);
        size->stats_us = before->stats_us;
        size->rated = TRUE;
        return;
    }
    size->stats_us = now_us;
    if (before == NULL && *root == '\0') {
        size->stats = kernel_files_new();
        return;
    }
    g_autofree char *path = g_strconcat(folder, "/stats", NULL);
    size->stats = kernel_files_read(root, path);
    size->rated = before && before->stats->len > 0 && now_us > before->stats_us;
    if (size->rated)
        kernel_files_set_rates(size->stats, before->stats, now_us - before->stats_us);
}

/* The folders hugepages-64kB … of THP (Linux 6.8), ascending as their names are. */
static GPtrArray *read_thp_sizes(const char *root, const Host *previous, gint64 now_us)
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
        read_thp_stats(size, root, folder, size_before(previous, kib), now_us);
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

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        GPtrArray *files = kernel_files_read(root, folders[i].folder);
        kernel_files_set_rates(files,
            previous ? G_STRUCT_MEMBER(GPtrArray *, previous, folders[i].where) : NULL, elapsed);
        G_STRUCT_MEMBER(GPtrArray *, host, folders[i].where) = files;
    }
    host->thp_sizes = read_thp_sizes(root, previous, host->taken_us);

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
