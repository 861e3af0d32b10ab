/* Why the kernel granted fewer hugepages than were asked for: the node's memory is short, or lies
 * in pieces that are too small (Documentation/admin-guide/mm/hugetlbpage.rst: "The success or
 * failure of huge page allocation depends on the amount of physically contiguous memory"). */
#include "core/tune/grant.h"

#include "core/util/text.h"

char *grant_reason(const char *root, const TunableKey *key, gint64 missing)
{
    g_autoptr(Host) host = host_read(root, NULL, NULL);
    const NodeMemory *node = host ? host_node(host, (int)key->n) : NULL;

    if (node == NULL || !node->free_kib.known)
        return g_strdup("memory is short, or in small pieces");
    g_autofree char *free_text = text_size_kib((guint64)MAX(node->free_kib.value, 0));
    if ((double)missing * (double)key->size_kib > (double)node->free_kib.value)
        return g_strdup_printf("node %u has only %s left", key->n, free_text);
    Num ready = host_pages_at_once(host, node, key->size_kib);
    g_autofree char *pieces =
        ready.known ? g_strdup_printf(", in pieces for %" G_GINT64_FORMAT " more", ready.value)
                    : g_strdup("");
    return g_strdup_printf(
        "node %u has %s left%s: try vm.compact_memory=1 first", key->n, free_text, pieces);
}
