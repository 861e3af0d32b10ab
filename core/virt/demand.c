/* Demand against supply: needs of a domain's backing, the pools' pages, and what is missing. */
#include "core/virt/demand.h"

#include "core/host/mounts.h"
#include "core/util/text.h"

#include <string.h>

/* ---- supply ---- */

typedef struct {
    guint64 size_kib;
    int node;
    gint64 total, free;
    gboolean known;
} NodePool;

typedef struct {
    guint64 size_kib;
    gint64 unpromised; /* free pages that are reserved for nobody */
    gint64 surplus;    /* pages that overcommit has added */
    gint64 room;       /* those that it may still add */
    gboolean known;
    gboolean mounted; /* or not known */
} HostPool;

struct Supply {
    gboolean known; /* the pools of the host were read */
    GArray *nodes;  /* NodePool, by node, then size */
    GArray *sizes;  /* HostPool */
};

Supply *supply_new(const Host *host)
{
    Supply *supply = g_new0(Supply, 1);

    supply->nodes = g_array_new(FALSE, TRUE, sizeof(NodePool));
    supply->sizes = g_array_new(FALSE, TRUE, sizeof(HostPool));
    if (host == NULL)
        return supply;
    /* A host whose memory is not known, as a remote one's, has pools that are not known either. */
    supply->known = host->meminfo && host->meminfo->len > 0;
    for (guint n = 0; n < host->nodes->len; n++) {
        const NodeMemory *memory = host->nodes->pdata[n];
        int id = ((const Node *)host->topology->nodes->pdata[n])->id;
        for (guint i = 0; i < memory->pools->len; i++) {
            const HugePool *pool = &g_array_index(memory->pools, HugePool, i);
            NodePool entry = {pool->size_kib, id, num_or(pool->total, 0), num_or(pool->free, 0),
                pool->total.known && pool->free.known};
            g_array_append_val(supply->nodes, entry);
        }
    }
    for (guint i = 0; i < host->pools->len; i++) {
        const HugePool *pool = &g_array_index(host->pools, HugePool, i);
        HostPool entry = {.size_kib = pool->size_kib, .known = pool->free.known};
        entry.mounted = mounts_has(host, pool->size_kib);
        /* A kernel that does not tell of reserved pages has promised none that we know of. */
        entry.unpromised = num_or(pool->free, 0) - num_or(pool->reserved, 0);
        entry.surplus = num_or(pool->surplus, 0);
        entry.room = MAX(num_or(pool->overcommit, 0) - entry.surplus, 0);
        g_array_append_val(supply->sizes, entry);
    }
    return supply;
}

void supply_free(Supply *supply)
{
    if (supply == NULL)
        return;
    g_array_unref(supply->nodes);
    g_array_unref(supply->sizes);
    g_free(supply);
}

static NodePool *node_pool(const Supply *supply, int node, guint64 size_kib)
{
    for (guint i = 0; i < supply->nodes->len; i++) {
        NodePool *pool = &g_array_index(supply->nodes, NodePool, i);
        if (pool->node == node && pool->size_kib == size_kib)
            return pool;
    }
    return NULL;
}

static HostPool *host_pool(const Supply *supply, guint64 size_kib)
{
    for (guint i = 0; i < supply->sizes->len; i++)
        if (g_array_index(supply->sizes, HostPool, i).size_kib == size_kib)
            return &g_array_index(supply->sizes, HostPool, i);
    return NULL;
}

void supply_resize(Supply *supply, int node, guint64 size_kib, gint64 total)
{
    NodePool *pool = node_pool(supply, node, size_kib);
    HostPool *all = host_pool(supply, size_kib);

    if (pool == NULL || !pool->known)
        return;
    /* Pages in use stay, however small it is made. */
    gint64 now = MAX(pool->free + total - pool->total, 0);
    if (all)
        all->unpromised += now - pool->free;
    pool->total += now - pool->free;
    pool->free = now;
}

void supply_overcommit(Supply *supply, guint64 size_kib, gint64 pages)
{
    HostPool *all = host_pool(supply, size_kib);

    if (all)
        all->room = MAX(pages - all->surplus, 0);
}

void supply_mount(Supply *supply, guint64 size_kib, gboolean mounted)
{
    HostPool *all = host_pool(supply, size_kib);

    if (all)
        all->mounted = mounted;
}

gint64 supply_pages(const Supply *supply, guint64 size_kib, const IdSet *nodes)
{
    const HostPool *all = host_pool(supply, size_kib);
    gint64 sum = 0;

    for (guint i = 0; i < supply->nodes->len; i++) {
        const NodePool *pool = &g_array_index(supply->nodes, NodePool, i);
        if (pool->size_kib == size_kib && (nodes == NULL || idset_has(nodes, pool->node)))
            sum += pool->free;
    }
    return MAX(all && all->known ? MIN(sum, all->unpromised) : sum, 0);
}

static void lack_clear(gpointer data)
{
    hwloc_bitmap_free(((PageLack *)data)->nodes);
}

/* ---- demand ---- */

/* Of @need's pages those that the running domain has where the need may lie: they come back. They
 * are taken out of @held. */
static gint64 given_back(const PageNeed *need, GArray *held)
{
    gint64 back = 0;

    for (guint i = 0; held && i < held->len; i++) {
        PageNeed *own = &g_array_index(held, PageNeed, i);
        gboolean there =
            need->nodes == NULL || (own->nodes && hwloc_bitmap_isincluded(own->nodes, need->nodes));
        if (own->size_kib != need->size_kib || own->pages <= 0 || !there)
            continue;
        gint64 part = MIN(own->pages, need->pages - back);
        own->pages -= part;
        back += part;
    }
    return back;
}

static void add_lack(Demand *demand, const PageNeed *need, gint64 pages, gboolean promised)
{
    for (guint i = 0; i < demand->lacks->len; i++) {
        PageLack *known = &g_array_index(demand->lacks, PageLack, i);
        if (known->size_kib == need->size_kib && known->promised == promised && !known->unmounted &&
            idset_equal(known->nodes, need->nodes)) {
            known->pages += pages;
            return;
        }
    }
    PageLack lack = {need->size_kib, pages, idset_copy(need->nodes), .promised = promised};
    g_array_append_val(demand->lacks, lack);
}

/* Takes @wanted pages from the pools that @need may use, the fullest first; how many there were. */
static gint64 take_pages(Supply *supply, const PageNeed *need, gint64 wanted)
{
    gint64 left = wanted;

    while (left > 0) {
        NodePool *best = NULL;
        for (guint i = 0; i < supply->nodes->len; i++) {
            NodePool *pool = &g_array_index(supply->nodes, NodePool, i);
            if (pool->size_kib == need->size_kib && pool->free > 0 &&
                (need->nodes == NULL || idset_has(need->nodes, pool->node)) &&
                (best == NULL || pool->free > best->free))
                best = pool;
        }
        if (best == NULL)
            break;
        gint64 part = MIN(best->free, left);
        best->free -= part;
        left -= part;
    }
    return wanted - left;
}

/* Whether all that matters for @need is known. */
static gboolean need_is_known(const Supply *supply, const PageNeed *need)
{
    gboolean known = supply->known && need->size_kib && need->pages >= 0;

    for (guint i = 0; known && i < supply->nodes->len; i++) {
        const NodePool *pool = &g_array_index(supply->nodes, NodePool, i);
        known = pool->known || pool->size_kib != need->size_kib ||
                (need->nodes && !idset_has(need->nodes, pool->node));
    }
    return known;
}

/* How many pages beyond the pools @need may have. When memory is mapped the kernel makes only those
 * that all pools together lack, and then wants the whole in pools of the process's cpuset
 * (hugetlb.c: hugetlb_acct_memory, gather_surplus_pages, allowed_mems_nr); what a bound cell's own
 * node lacks after that, it makes when the page is touched. */
static gint64 overcommit_for(
    const Supply *supply, const HostPool *all, const PageNeed *need, gint64 wanted)
{
    gint64 made = MAX(wanted - MAX(all->unpromised, 0), 0);
    gboolean maps =
        need->cage == NULL || wanted - supply_pages(supply, need->size_kib, need->cage) <= made;

    return maps ? all->room : MIN(all->room, made);
}

static void hold_against(Demand *demand, Supply *supply, const PageNeed *need, GArray *held)
{
    HostPool *all = host_pool(supply, need->size_kib);

    if (!need_is_known(supply, need)) {
        demand->state = DEMAND_UNKNOWN;
        return;
    }
    if (all == NULL) {
        PageLack lack = {need->size_kib, need->pages, idset_copy(need->nodes), .absent = TRUE};
        g_array_append_val(demand->lacks, lack);
        return;
    }
    gint64 wanted = need->pages - given_back(need, held);
    gint64 room = overcommit_for(supply, all, need, wanted);
    gint64 taken = take_pages(supply, need, wanted);
    gint64 promised = all->known ? MAX(taken - MAX(all->unpromised, 0), 0) : 0;
    gint64 surplus = MIN(wanted - taken + promised, room);
    all->unpromised -= taken - promised;
    all->room -= surplus;
    demand->surplus += surplus;
    /* Overcommit helps first where the node has none. */
    gint64 missing = MAX(wanted - taken - surplus, 0);
    promised = wanted - taken + promised - surplus - missing;
    if (missing > 0)
        add_lack(demand, need, missing, FALSE);
    if (promised > 0)
        add_lack(demand, need, promised, TRUE);
}

/* Tells of each page size of @demand, once, that no hugetlbfs of it is mounted. */
static void add_unmounted(Demand *demand, const Supply *supply)
{
    for (guint i = 0; i < demand->needs->len; i++) {
        guint64 size = g_array_index(demand->needs, PageNeed, i).size_kib;
        const HostPool *all = host_pool(supply, size);
        gboolean told = all == NULL || all->mounted;
        for (guint n = 0; n < demand->lacks->len && !told; n++) {
            const PageLack *lack = &g_array_index(demand->lacks, PageLack, n);
            told = lack->unmounted && lack->size_kib == size;
        }
        PageLack lack = {.size_kib = size, .unmounted = TRUE};
        if (!told)
            g_array_append_val(demand->lacks, lack);
    }
}

/* The narrowest first: what may lie anywhere takes what they leave. */
static int compare_needs(gconstpointer a, gconstpointer b)
{
    const PageNeed *x = *(const PageNeed *const *)a, *y = *(const PageNeed *const *)b;
    guint m = x->nodes ? idset_count(x->nodes) : G_MAXUINT;
    guint n = y->nodes ? idset_count(y->nodes) : G_MAXUINT;

    return m != n ? (m > n) - (m < n) : (x->cell > y->cell) - (x->cell < y->cell);
}

Demand *demand_new(Supply *supply, const DomainConfig *config, const DomainConfig *live,
    const char *backing, const Host *host)
{
    Demand *demand = g_new0(Demand, 1);
    g_autoptr(GArray) held = live ? demand_needs(live, NULL, host) : NULL;
    g_autoptr(GPtrArray) order = g_ptr_array_new();

    demand->needs = demand_needs(config, backing, host);
    demand->lacks = g_array_new(FALSE, TRUE, sizeof(PageLack));
    g_array_set_clear_func(demand->lacks, lack_clear);
    demand->state = demand->needs->len ? DEMAND_STARTS : DEMAND_NONE;
    for (guint i = 0; i < demand->needs->len; i++) {
        PageNeed *need = &g_array_index(demand->needs, PageNeed, i);
        demand->numad |= need->numad;
        g_ptr_array_add(order, need);
    }
    g_ptr_array_sort(order, compare_needs);
    for (guint i = 0; i < order->len; i++)
        hold_against(demand, supply, order->pdata[i], held);
    if (!config->memfd)
        add_unmounted(demand, supply);
    if (demand->lacks->len) /* also where another part is not known */
        demand->state = DEMAND_LACKS;
    else if (demand->state == DEMAND_STARTS && demand->numad)
        demand->state = DEMAND_UNKNOWN; /* enough, but perhaps not where numad puts it */
    else if (demand->state == DEMAND_STARTS && demand->surplus > 0)
        demand->state = DEMAND_SURPLUS;
    return demand;
}

Demand *demand_of(const Domain *domain, Supply *supply, const Host *host)
{
    const DomainConfig *next = domain->config ? domain->config : domain->live;

    return next ? demand_new(supply, next, domain->live, NULL, host) : NULL;
}

void demand_free(Demand *demand)
{
    if (demand == NULL)
        return;
    g_array_unref(demand->needs);
    g_array_unref(demand->lacks);
    g_free(demand);
}

/* ---- in words ---- */

/* "on node 3", "on nodes 0-1" after @pages "of 1G". */
static void append_pages(
    GString *out, gint64 pages, guint64 size_kib, const IdSet *nodes, gboolean numad)
{
    g_autofree char *size = size_kib ? text_page_size(size_kib) : g_strdup("the default size");
    g_autofree char *set = idset_format(nodes);

    g_string_append(out, out->len ? ", " : "");
    if (pages < 0)
        g_string_append(out, "pages");
    else
        g_string_append_printf(out, "%" G_GINT64_FORMAT " page%s", pages, pages == 1 ? "" : "s");
    g_string_append_printf(out, " of %s", size);
    if (nodes)
        g_string_append_printf(out, " on node%s %s", idset_count(nodes) == 1 ? "" : "s", set);
    else if (numad)
        g_string_append(out, " on nodes that numad chooses");
}

char *demand_needs_text(const Demand *demand)
{
    GString *out = g_string_new(NULL);

    /* Cells that want the same of the same nodes are told together. */
    for (guint i = 0; i < demand->needs->len; i++) {
        const PageNeed *need = &g_array_index(demand->needs, PageNeed, i);
        gint64 pages = 0;
        gboolean told = FALSE, known = TRUE;
        for (guint j = 0; j < demand->needs->len; j++) {
            const PageNeed *other = &g_array_index(demand->needs, PageNeed, j);
            if (other->size_kib != need->size_kib || !idset_equal(other->nodes, need->nodes))
                continue;
            told |= j < i;
            known &= other->pages >= 0;
            pages += MAX(other->pages, 0);
        }
        if (!told)
            append_pages(out, known ? pages : -1, need->size_kib, need->nodes, need->numad);
    }
    return g_string_free(out, FALSE);
}

char *demand_lacks_text(const Demand *demand)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < demand->lacks->len; i++) {
        const PageLack *lack = &g_array_index(demand->lacks, PageLack, i);
        if (lack->unmounted) {
            g_autofree char *size = text_page_size(lack->size_kib);
            g_string_append_printf(out, "%sa mounted hugetlbfs of %s", out->len ? ", " : "", size);
            continue;
        }
        append_pages(out, lack->pages, lack->size_kib, lack->nodes, FALSE);
        if (lack->absent)
            g_string_append(out, " (this kernel has none of that size)");
        else if (lack->promised)
            g_string_append(out, " (what is free is reserved for others)");
    }
    return g_string_free(out, FALSE);
}

/* ---- growing the pools ---- */

void pool_growth_free(PoolGrowth *growth)
{
    g_free(growth->key);
    g_free(growth);
}

static void add_growth(
    GPtrArray *growths, const Supply *supply, int node, guint64 size_kib, gint64 pages)
{
    const NodePool *pool = node_pool(supply, node, size_kib);
    g_autofree char *key = pool_key_of(node, size_kib);
    PoolGrowth *growth = NULL;

    if (pool == NULL || pages <= 0)
        return;
    for (guint i = 0; i < growths->len && growth == NULL; i++)
        if (g_str_equal(((PoolGrowth *)growths->pdata[i])->key, key))
            growth = growths->pdata[i];
    if (growth == NULL) {
        growth = g_new0(PoolGrowth, 1);
        growth->key = g_steal_pointer(&key);
        growth->from = growth->to = pool->total;
        g_ptr_array_add(growths, growth);
    }
    if (__builtin_add_overflow(growth->to, pages, &growth->to))
        growth->to = G_MAXINT64;
}

/* The node of @nodes (NULL: any) that has a pool of the size and, of @room, the most left; -1 none.
 */
static int roomiest(
    const Supply *supply, const Host *host, const PageLack *lack, const gint64 *room)
{
    int best = -1;

    for (guint i = 0; i < host->topology->nodes->len; i++) {
        int id = ((const Node *)host->topology->nodes->pdata[i])->id;
        if ((lack->nodes == NULL || idset_has(lack->nodes, id)) &&
            node_pool(supply, id, lack->size_kib) && (best < 0 || room[i] > room[best]))
            best = (int)i;
    }
    return best;
}

GPtrArray *demand_growths(const Demand *demand, const Supply *supply, const Host *host)
{
    GPtrArray *growths = g_ptr_array_new_with_free_func((GDestroyNotify)pool_growth_free);
    guint count = host ? host->nodes->len : 0;
    g_autofree gint64 *room = g_new0(gint64, count + 1); /* KiB */

    for (guint i = 0; i < count; i++)
        room[i] = num_or(((const NodeMemory *)host->nodes->pdata[i])->free_kib, 0);
    for (guint i = 0; count && i < demand->lacks->len; i++) {
        const PageLack *lack = &g_array_index(demand->lacks, PageLack, i);
        gint64 left = lack->pages, size = (gint64)lack->size_kib;
        while (left > 0 && !lack->absent) {
            int node = roomiest(supply, host, lack, room);
            if (node < 0)
                break;
            /* Where none has room, all is asked of one: the preview says that it is short. */
            gint64 fits = room[node] / size;
            gint64 part = fits > 0 ? MIN(left, fits) : left;
            int id = ((const Node *)host->topology->nodes->pdata[node])->id;
            add_growth(growths, supply, id, lack->size_kib, part);
            /* No room is left where more is asked of it than there is. */
            room[node] = fits > 0 ? room[node] - part * size : 0;
            left -= part;
        }
    }
    return growths;
}

char **demand_settings(const Demand *demand, const Supply *supply, const Host *host)
{
    g_autoptr(GPtrArray) growths = demand_growths(demand, supply, host);
    GPtrArray *settings = g_ptr_array_new();

    for (guint i = 0; i < growths->len; i++) {
        const PoolGrowth *growth = g_ptr_array_index(growths, i);
        g_ptr_array_add(settings, g_strdup(growth->key));
        g_ptr_array_add(settings, g_strdup_printf("%" G_GINT64_FORMAT, growth->to));
    }
    for (guint i = 0; i < demand->lacks->len; i++) {
        const PageLack *lack = &g_array_index(demand->lacks, PageLack, i);
        g_autofree char *size = text_page_size(lack->size_kib);
        if (!lack->unmounted)
            continue;
        g_ptr_array_add(settings, g_strconcat("hugetlbfs.", size, NULL));
        g_ptr_array_add(settings, mounts_usual_path(host, lack->size_kib));
    }
    g_ptr_array_add(settings, NULL);
    return (char **)g_ptr_array_free(settings, FALSE);
}

gboolean demand_wants_mount(const Demand *demand)
{
    for (guint i = 0; i < demand->lacks->len; i++)
        if (g_array_index(demand->lacks, PageLack, i).unmounted)
            return TRUE;
    return FALSE;
}
