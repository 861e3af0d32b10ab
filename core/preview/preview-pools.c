/* The Preview of hugepage pools: in which order they are made, and that a node has as much. */
#include "core/preview/preview-private.h"
#include "core/tune/grant.h"
#include "core/util/text.h"

/* What is left of a node for all else, below which it is said: the twentieth part. */
#define FEW 20

guint preview_rank(const Host *host, const Change *change)
{
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, change->key, &node);
    gint64 pages;

    if (pool && pool->total.known && text_parse_int(change->value, &pages) &&
        pages < pool->total.value)
        return 0;
    return change->key->tunable->trigger ? 1 : 2;
}

/* What the other pools of the node of @key come to, in KiB: as @boot has them, or the plan
 * now where that is NULL. */
static gint64 others_kib(
    const Preview *preview, const BootSet *boot, const TunableKey *key, const NodeMemory *node)
{
    gint64 sum = 0;

    for (guint i = 0; i < node->pools->len; i++) {
        const HugePool *pool = &g_array_index(node->pools, HugePool, i);
        if (pool->size_kib == key->size_kib)
            continue;
        g_autofree char *name = pool_key_of((int)key->n, pool->size_kib);
        g_autoptr(TunableKey) other = tunable_key_parse(TARGET_HOST, name, NULL);
        g_autofree char *place = other ? tunable_key_place(other) : NULL;
        g_autofree char *kept = boot && place ? bootset_value(boot, place) : NULL;
        const char *staged = boot ? kept : plan_value(preview->plan, "host", name);
        gint64 pages = boot ? 0 : num_or(pool->total, 0);
        if (staged)
            text_parse_int(staged, &pages);
        sum += pages * (gint64)pool->size_kib;
    }
    return sum;
}

gboolean preview_pool_fits(
    Preview *preview, const Host *host, const BootSet *boot, const Change *change)
{
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, change->key, &node);
    Num memory = grant_memory(host, change->key);
    gint64 pages;

    if (pool == NULL || !memory.known || change->undoes || !text_parse_int(change->value, &pages))
        return TRUE;
    gint64 size = (gint64)pool->size_kib;
    gint64 others = others_kib(preview, boot, change->key, node);
    gint64 left = memory.value - others - pages * size;
    g_autofree char *all = text_size_kib((guint64)memory.value);
    if (left < 0) {
        g_autofree char *page = text_page_size(pool->size_kib);
        g_autofree char *asked = text_size_kib((guint64)(pages * size));
        gint64 most = MAX(memory.value - others, 0) / size;
        /* Now no more can be had than the free memory gives. */
        Num free = boot || !pool->total.known
                       ? NUM_UNKNOWN
                       : grant_free(host, preview->plan, change->key, pool->total.value);
        if (free.known)
            most = MIN(most, pool->total.value + MAX(free.value, 0) / size);
        preview_refuse(preview,
            "%s: %" G_GINT64_FORMAT
            " pages of %s are %s, and node %u has %s in all: ask for %" G_GINT64_FORMAT
            " at most%s",
            change->key->key, pages, page, asked, change->key->n, all, most,
            others ? ", beside its other pools" : "");
        return FALSE;
    }
    if (boot && pages > 0 && left < memory.value / FEW) {
        g_autofree char *rest = text_size_kib((guint64)left);
        preview_warn(preview,
            "%s: at boot its pools leave %s of node %u for all else: the host may not come up",
            change->key->key, rest, change->key->n);
    }
    if (boot && pages > 0 && host_is_gigantic(host, change->key->size_kib)) {
        g_autofree char *page = text_page_size(pool->size_kib);
        preview_warn(preview,
            "%s: at boot it is written once the host is up, when pieces of %s may be few: sure by "
            "the kernel's arguments, which you add by hand (Memory shows them)",
            change->key->key, page);
    }
    return TRUE;
}
