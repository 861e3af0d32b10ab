/* A hugepage pool of a node that is to be made larger or smaller: which one, and what a number of
 * pages leaves. */
#include "tui/app/pool.h"

#include "core/tune/grant.h"
#include "core/util/text.h"

Num pool_most(const App *app, const TunableKey *key)
{
    const Host *host = app->snapshot->host;
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, key, &node);
    Num left = pool && pool->total.known ? grant_free(host, app->plan, key, pool->total.value)
                                         : NUM_UNKNOWN;

    return left.known ? NUM(pool->total.value + MAX(left.value, 0) / (gint64)pool->size_kib)
                      : NUM_UNKNOWN;
}

static char *size_of(double kib)
{
    return text_size_kib((guint64)CLAMP(kib, 0, (double)G_MAXINT64 / 2));
}

/* A pool that shrinks keeps the pages in use until they are free. */
static void add_used(GString *out, const HugePool *pool, gint64 pages, Style *style)
{
    gint64 used = pool->free.known ? pool->total.value - pool->free.value : 0;

    if (pages >= used)
        return;
    *style = STYLE_WARN;
    g_string_append_printf(out,
        "; %" G_GINT64_FORMAT " are in use: %" G_GINT64_FORMAT
        " stay as surplus until they are free",
        used, used - pages);
}

char *pool_note(const App *app, const TunableKey *key, gint64 pages, Style *style)
{
    const Host *host = app->snapshot->host;
    const NodeMemory *node;
    const HugePool *pool = grant_pool(host, key, &node);

    if (pool == NULL || pages < 0 || !pool->total.known)
        return NULL;
    GString *out = g_string_new(NULL);
    double size = (double)pool->size_kib, more = (double)(pages - pool->total.value);
    g_autofree char *all = size_of((double)pages * size);
    g_autofree char *leaves = grant_leaves(host, app->plan, key, pages);
    Num ready = host_pages_at_once(host, node, pool->size_kib);
    g_string_append(out, all);
    *style = STYLE_STAGED;
    if (leaves) {
        g_string_append_printf(out, "; %s", leaves);
        *style = grant_free(host, app->plan, key, pages).value < 0 ? STYLE_WARN : STYLE_STAGED;
    }
    add_used(out, pool, pages, style);
    if (ready.known && more > (double)ready.value && *style != STYLE_WARN) {
        g_string_append_printf(out,
            "; the free memory has pieces for %" G_GINT64_FORMAT
            " more, beyond that the kernel has to compact",
            ready.value);
        *style = STYLE_WARN;
    }
    return g_string_free(out, FALSE);
}
