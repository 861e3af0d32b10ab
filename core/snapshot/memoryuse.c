/* What the host's memory is used for (proc(5) and Documentation/filesystems/proc.rst, meminfo). */
#include "core/snapshot/memoryuse.h"

#include "core/virt/pages.h"

const char *memory_part_name(MemoryPart part)
{
    static const char *const names[USE_PARTS] = {
        [USE_GUESTS] = "guests",
        [USE_POOL_USED] = "pools used",
        [USE_POOL_FREE] = "pools free",
        [USE_KERNEL] = "kernel",
        [USE_CACHE] = "page cache",
        [USE_OTHER] = "other",
        [USE_FREE] = "free",
    };

    return names[part];
}

/* The sum of the lines @plus (ends with NULL) of meminfo less the line @minus (may be NULL). The
 * first must be there; later ones are younger than some kernels. */
static Num sum_of(const Host *host, const char *const *plus, const char *minus)
{
    Num sum = kernel_file_number(host->meminfo, *plus);

    for (guint i = 1; sum.known && plus[i]; i++)
        sum.value += num_or(kernel_file_number(host->meminfo, plus[i]), 0);
    if (sum.known && minus)
        sum.value = MAX(sum.value - num_or(kernel_file_number(host->meminfo, minus), 0), 0);
    return sum;
}

/* All pages of all pools, and the free ones of them. */
static void read_pools(MemoryUse *use, const Host *host)
{
    gint64 total = 0, free_kib = 0;

    for (guint i = 0; i < host->pools->len; i++) {
        const HugePool *pool = &g_array_index(host->pools, HugePool, i);
        if (!pool->total.known || !pool->free.known)
            return;
        total += pool->total.value * (gint64)pool->size_kib;
        free_kib += pool->free.value * (gint64)pool->size_kib;
    }
    use->parts[USE_POOL_USED] = NUM(MAX(total - free_kib, 0));
    use->parts[USE_POOL_FREE] = NUM(free_kib);
}

static int compare_guests(gconstpointer a, gconstpointer b)
{
    const GuestUse *first = a, *second = b;

    return (second->kib > first->kib) - (second->kib < first->kib);
}

/* Small pages by the cgroup, else what the process has resident, which leaves hugepages out: these
 * are known by the pools' sizes where they are not by node. */
static void add_guest(MemoryUse *use, const DomainView *view, gint64 *small_sum)
{
    const DomainUsage *usage = view->usage;
    Num small = usage ? usage->small_kib : NUM_UNKNOWN;

    if (usage && !small.known)
        small = usage->rss_kib;
    if (!small.known) {
        use->guests_unknown++;
        return;
    }
    gint64 all = usage->memory ? (gint64)MIN(node_kib_sum(usage->memory), G_MAXINT64)
                               : small.value + huge_held_sum(usage->hugetlb);
    GuestUse guest = {view->domain->name, all};
    *small_sum += small.value;
    g_array_append_val(use->guests, guest);
}

static void commit(Commitment *commitment, const DomainConfig *config)
{
    commitment->domains++;
    if (config == NULL || !config->memory_kib.known)
        commitment->unknown++;
    else
        commitment->kib += config->memory_kib.value;
}

static void read_domains(MemoryUse *use, const Snapshot *snapshot)
{
    gint64 small = 0;

    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        const DomainConfig *config = domain_now(view->domain);
        commit(&use->all, config);
        if (!domain_is_active(view->domain))
            continue;
        commit(&use->running, config);
        add_guest(use, view, &small);
    }
    g_array_sort(use->guests, compare_guests);
    if (snapshot->domains && (use->guests->len > 0 || use->guests_unknown == 0))
        use->parts[USE_GUESTS] = NUM(small);
}

/* What none of the others explains. KSM's shared pages and those of QEMU's files are counted with
 * more than one: then there is no rest, and the guests give way. */
static void read_rest(MemoryUse *use)
{
    gint64 rest = use->total.value;

    for (MemoryPart part = 0; part < USE_PARTS; part++)
        rest -= part == USE_OTHER ? 0 : num_or(use->parts[part], 0);
    use->parts[USE_OTHER] = NUM(MAX(rest, 0));
    if (rest < 0 && use->parts[USE_GUESTS].known)
        use->parts[USE_GUESTS].value = MAX(use->parts[USE_GUESTS].value + rest, 0);
}

void memory_use_make(MemoryUse *use, const Snapshot *snapshot)
{
    static const char *const kernel[] = {
        "SUnreclaim", "KernelStack", "PageTables", "SecPageTables", "Percpu", NULL};
    static const char *const cache[] = {"Cached", "Buffers", "SReclaimable", NULL};
    const Host *host = snapshot->host;

    *use = (MemoryUse){.guests = g_array_new(FALSE, FALSE, sizeof(GuestUse))};
    read_domains(use, snapshot);
    if (host == NULL)
        return;
    use->total = kernel_file_number(host->meminfo, "MemTotal");
    use->swap_total = kernel_file_number(host->meminfo, "SwapTotal");
    use->swap_free = kernel_file_number(host->meminfo, "SwapFree");
    use->ksm_saved = host->ksm_saved_kib;
    if (!use->total.known)
        return;
    read_pools(use, host);
    use->parts[USE_KERNEL] = sum_of(host, kernel, NULL);
    use->parts[USE_CACHE] = sum_of(host, cache, "Shmem");
    use->parts[USE_FREE] = kernel_file_number(host->meminfo, "MemFree");
    read_rest(use);
}

void memory_use_clear(MemoryUse *use)
{
    g_clear_pointer(&use->guests, g_array_unref);
}
