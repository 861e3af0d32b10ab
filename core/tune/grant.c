/* What a change takes of the host's memory: a number of hugepages, of its node's, and unmerging
 * what KSM shares; and why the kernel granted fewer than were asked for: the node's memory is
 * short, or lies in pieces that are too small (Documentation/admin-guide/mm/hugetlbpage.rst: "The
 * success or failure of huge page allocation depends on the amount of physically contiguous
 * memory"). */
#include "core/tune/grant.h"

#include "core/util/text.h"

const HugePool *grant_pool(const Host *host, const TunableKey *key, const NodeMemory **node)
{
    *node = host && key->tunable->pool ? host_node(host, (int)key->n) : NULL;
    for (guint i = 0; *node && i < (*node)->pools->len; i++) {
        const HugePool *pool = &g_array_index((*node)->pools, HugePool, i);
        if (pool->size_kib == key->size_kib)
            return pool;
    }
    return NULL;
}

/* The pages that @pool has when it is set to @pages: those in use stay. */
static gint64 pages_after(const HugePool *pool, gint64 pages)
{
    return MAX(pages, num_or(pool->total, 0) - num_or(pool->free, num_or(pool->total, 0)));
}

/* What @plan sets @pool of node @node to now; FALSE where it does not. */
static gboolean staged_pages(const Plan *plan, guint node, const HugePool *pool, gint64 *pages)
{
    g_autofree char *key = pool_key_of((int)node, pool->size_kib);
    const char *value = plan ? plan_value(plan, "host", key) : NULL;

    return value && pool->total.known && text_parse_int(value, pages);
}

/* What the other pools of @node take more than now, in KiB; less than 0 where they give back. */
static gint64 others_take(
    const Plan *plan, const TunableKey *key, const NodeMemory *node, guint *others)
{
    gint64 more = 0, pages;

    *others = 0;
    for (guint i = 0; i < node->pools->len; i++) {
        const HugePool *pool = &g_array_index(node->pools, HugePool, i);
        if (pool->size_kib == key->size_kib || !staged_pages(plan, key->n, pool, &pages))
            continue;
        more += (pages_after(pool, pages) - pool->total.value) * (gint64)pool->size_kib;
        ++*others;
    }
    return more;
}

Num grant_free(const Host *host, const Plan *plan, const TunableKey *key, gint64 pages)
{
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, key, &node);
    guint others;

    if (pool == NULL || !pool->total.known || !node->free_kib.known)
        return NUM_UNKNOWN;
    gint64 own = (pages_after(pool, pages) - pool->total.value) * (gint64)pool->size_kib;
    return NUM(node->free_kib.value - own - others_take(plan, key, node, &others));
}

gboolean grant_has_others(const Host *host, const Plan *plan, const TunableKey *key)
{
    const NodeMemory *node;
    guint others = 0;

    if (grant_pool(host, key, &node))
        others_take(plan, key, node, &others);
    return others > 0;
}

char *grant_leaves(const Host *host, const Plan *plan, const TunableKey *key, gint64 pages)
{
    Num left = grant_free(host, plan, key, pages);
    const char *all = grant_has_others(host, plan, key) ? ", with its other pools" : "";

    if (!left.known)
        return NULL;
    g_autofree char *size = text_size_kib((guint64)ABS(left.value));
    return left.value < 0 ? g_strdup_printf("%s more than node %u has free%s", size, key->n, all)
                          : g_strdup_printf("leaves %s free on node %u%s", size, key->n, all);
}

Num grant_memory(const Host *host, const TunableKey *key)
{
    const NodeMemory *node = host ? host_node(host, (int)key->n) : NULL;

    if (node == NULL)
        return NUM_UNKNOWN;
    /* A balloon or memory that is plugged in later shows in the host's figure first. */
    Num all = host->nodes->len == 1 ? kernel_file_number(host->meminfo, "MemTotal") : NUM_UNKNOWN;
    return all.known && node->memory_kib.known ? NUM(MAX(all.value, node->memory_kib.value))
                                               : node->memory_kib;
}

char *grant_takes(const Host *host, const Plan *plan, const TunableKey *key, const char *value)
{
    gboolean unmerges = g_str_equal(key->key, "ksm.run") && g_str_equal(value, "2");
    Num need = host_unmerge_kib(host), have = host_available_kib(host);

    if (!unmerges || num_or(need, 0) == 0)
        return unmerges ? NULL : grant_leaves(host, plan, key, g_ascii_strtoll(value, NULL, 10));
    g_autofree char *need_text = text_size_kib((guint64)need.value);
    g_autofree char *have_text =
        have.known ? text_size_kib((guint64)MAX(have.value, 0)) : text_escape(NULL, 0);
    return g_strdup_printf("unmerging takes %s of the %s available", need_text, have_text);
}

/* ", in pieces for 30 more pages (buddyinfo: 12 of order 9, 9 of order 10)". */
static char *pieces_text(const Host *host, const NodeMemory *node, guint64 size_kib)
{
    Num ready = host_pages_at_once(host, node, size_kib);
    GString *out = g_string_new(NULL);
    gboolean any = FALSE;

    if (!ready.known)
        return g_string_free(out, FALSE);
    g_string_append_printf(
        out, ", in pieces for %" G_GINT64_FORMAT " more (buddyinfo: ", ready.value);
    for (guint order = 0; order < node->free_blocks->len; order++) {
        guint64 blocks = g_array_index(node->free_blocks, guint64, order);
        if (((guint64)host->page_kib << order) < size_kib || blocks == 0)
            continue;
        g_string_append_printf(
            out, "%s%" G_GUINT64_FORMAT " of order %u", any ? ", " : "", blocks, order);
        any = TRUE;
    }
    g_string_append(out, any ? ")" : "no free block so large)");
    return g_string_free(out, FALSE);
}

char *grant_reason(const char *root, const TunableKey *key, gint64 missing, gboolean compacted)
{
    g_autoptr(Host) host = host_read(root, NULL, NULL);
    const NodeMemory *node = host ? host_node(host, (int)key->n) : NULL;

    if (node == NULL || !node->free_kib.known)
        return g_strdup("memory is short, or in small pieces");
    g_autofree char *free_text = text_size_kib((guint64)MAX(node->free_kib.value, 0));
    if ((double)missing * (double)key->size_kib > (double)node->free_kib.value)
        return g_strdup_printf(
            "node %u has only %s left: move VMs, drop caches, or keep it at boot", key->n,
            free_text);
    g_autofree char *pieces = pieces_text(host, node, key->size_kib);
    return g_strdup_printf("node %u has %s left%s%s drop caches, or keep it at boot", key->n,
        free_text, pieces, compacted ? ", though compacted:" : ": vm.compact_memory=1 first,");
}
