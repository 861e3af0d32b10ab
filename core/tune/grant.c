/* What a number of hugepages leaves of a node's memory, and why the kernel granted fewer than were
 * asked for: the node's memory is short, or lies in pieces that are too small
 * (Documentation/admin-guide/mm/hugetlbpage.rst: "The success or failure of huge page allocation
 * depends on the amount of physically contiguous memory"). */
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

char *grant_leaves(const Host *host, const TunableKey *key, gint64 pages)
{
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, key, &node);

    if (pool == NULL || !pool->total.known || !node->free_kib.known)
        return NULL;
    double more = (double)(pages - pool->total.value) * (double)pool->size_kib;
    double left = (double)node->free_kib.value - more;
    g_autofree char *size = text_size_kib((guint64)MIN(left < 0 ? -left : left, 1e15));
    if (left < 0)
        return g_strdup_printf("%s more than node %u has free", size, key->n);
    return g_strdup_printf("leaves %s free on node %u", size, key->n);
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

char *grant_reason(const char *root, const TunableKey *key, gint64 missing)
{
    g_autoptr(Host) host = host_read(root, NULL, NULL);
    const NodeMemory *node = host ? host_node(host, (int)key->n) : NULL;

    if (node == NULL || !node->free_kib.known)
        return g_strdup("memory is short, or in small pieces");
    g_autofree char *free_text = text_size_kib((guint64)MAX(node->free_kib.value, 0));
    if ((double)missing * (double)key->size_kib > (double)node->free_kib.value)
        return g_strdup_printf(
            "node %u has only %s left: move VMs away, drop caches, or keep it at "
            "boot",
            key->n, free_text);
    g_autofree char *pieces = pieces_text(host, node, key->size_kib);
    return g_strdup_printf("node %u has %s left%s: vm.compact_memory=1 first, drop caches, or keep "
                           "it at boot",
        key->n, free_text, pieces);
}
