/* How pages are spread over nodes, as text, and what would have to move for it. */
#include "core/virt/pageshares.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/pages.h"

#include <stdlib.h>
#include <string.h>

#define TOLERANCE 3 /* parts of 100: QEMU's own pages and those that stay are no difference */

void page_shares_free(PageShares *shares)
{
    if (shares == NULL)
        return;
    g_array_unref(shares->parts);
    g_free(shares);
}

static gboolean parse_weights(PageShares *shares, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", IDSET_MAX);

    for (guint i = 0; words[i]; i++) {
        gint64 node, weight;
        char *colon = strchr(words[i], ':');
        if (colon == NULL)
            return FALSE;
        *colon = '\0';
        if (!text_parse_int(words[i], &node) || !text_parse_int(colon + 1, &weight) || node < 0 ||
            node >= IDSET_MAX || weight < 1 || weight > 100)
            return FALSE;
        const NodeKib *last =
            i ? &g_array_index(shares->parts, NodeKib, shares->parts->len - 1) : NULL;
        if (last && last->node >= node)
            return FALSE;
        NodeKib part = {(int)node, (guint64)weight};
        g_array_append_val(shares->parts, part);
    }
    return shares->parts->len > 0;
}

PageShares *page_shares_parse(const char *text, GError **error)
{
    g_autoptr(PageShares) shares = g_new0(PageShares, 1);
    gboolean good;

    shares->parts = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    shares->weighted = strchr(text, ':') != NULL;
    if (shares->weighted) {
        good = parse_weights(shares, text);
    } else {
        g_autoptr(IdSet) nodes = idset_parse(text, NULL);
        good = nodes && !hwloc_bitmap_iszero(nodes);
        for (IDSET_EACH(node, good ? nodes : NULL)) {
            NodeKib part = {node, 1};
            g_array_append_val(shares->parts, part);
        }
    }
    if (good)
        return g_steal_pointer(&shares);
    g_autofree char *shown = text_escape(text, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "\"%s\" names no nodes for pages: write 2, 0-1, or the parts of each as 0:60,1:40", shown);
    return NULL;
}

char *page_shares_text(const GArray *memory)
{
    GString *out = g_string_new(NULL);
    guint64 sum = node_kib_sum(memory);
    guint count = 0, only = 0;

    for (guint i = 0; memory && sum && i < memory->len; i++) {
        const NodeKib *part = &g_array_index(memory, NodeKib, i);
        guint percent = (guint)((double)part->kib * 100 / (double)sum + 0.5);
        if (percent == 0)
            continue;
        g_string_append_printf(out, "%s%d:%u", count ? "," : "", part->node, percent);
        only = (guint)part->node;
        count++;
    }
    if (count == 1)
        g_string_printf(out, "%u", only);
    return g_string_free(out, FALSE);
}

/* The share of @node in @shares, in parts of 100. */
static double percent_of(const PageShares *shares, int node)
{
    return (double)node_kib_on(shares->parts, node) * 100 / (double)node_kib_sum(shares->parts);
}

gboolean page_shares_meet(const char *wanted, const char *got)
{
    g_autoptr(PageShares) want = page_shares_parse(wanted, NULL);
    g_autoptr(PageShares) have = page_shares_parse(got, NULL);
    double stray = 0;

    if (want == NULL || have == NULL)
        return g_str_equal(wanted, got);
    for (guint i = 0; i < have->parts->len; i++) {
        int node = g_array_index(have->parts, NodeKib, i).node;
        double parts = percent_of(have, node);
        if (want->weighted && abs((int)(parts - percent_of(want, node))) > TOLERANCE)
            return FALSE;
        if (node_kib_on(want->parts, node) == 0)
            stray += parts;
    }
    for (guint i = 0; want->weighted && i < want->parts->len; i++) {
        int node = g_array_index(want->parts, NodeKib, i).node;
        if (abs((int)(percent_of(want, node) - percent_of(have, node))) > TOLERANCE)
            return FALSE;
    }
    return stray <= TOLERANCE;
}

GArray *page_shares_excess(const PageShares *shares, const GArray *memory)
{
    GArray *excess = g_array_new(FALSE, TRUE, sizeof(gint64));
    guint64 sum = node_kib_sum(memory), weights = node_kib_sum(shares->parts);
    gint64 outside = 0;

    g_array_set_size(excess, IDSET_MAX);
    for (guint i = 0; i < memory->len; i++) {
        const NodeKib *part = &g_array_index(memory, NodeKib, i);
        gint64 kib = (gint64)MIN(part->kib, G_MAXINT64 / 2);
        gboolean named = node_kib_on(shares->parts, part->node) > 0;
        if (shares->weighted || !named)
            g_array_index(excess, gint64, part->node) = kib;
        if (!named)
            outside += kib;
    }
    for (guint i = 0; i < shares->parts->len; i++) {
        const NodeKib *part = &g_array_index(shares->parts, NodeKib, i);
        double whole = shares->weighted ? (double)sum : (double)outside;
        g_array_index(excess, gint64, part->node) -=
            (gint64)(whole * (double)part->kib / (double)weights);
    }
    return excess;
}

guint64 page_shares_to_move(const GArray *excess)
{
    guint64 sum = 0;

    for (guint node = 0; node < excess->len; node++)
        sum += (guint64)MAX(g_array_index(excess, gint64, node), 0);
    return sum;
}
