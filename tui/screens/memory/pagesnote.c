/* What the Pages screen tells of the domain under its cursor: the figures in words, and the pages
 * counted by size. */
#include "core/util/text.h"
#include "tui/screens/memory/pages.h"
#include "tui/widgets/cell.h"

/* Memory that is not where it is asked to be, in words. */
static void add_policy(GString *out, const DomainPages *pages)
{
    g_autofree char *asked = pages->asked ? idset_format(pages->asked) : NULL;
    g_autofree char *outside = cell_size(pages->outside_kib);

    if (asked == NULL)
        g_string_append(out, "  numatune names no node: the kernel chooses.");
    else if (!pages->outside_kib.known)
        g_string_append_printf(out, "  numatune names node %s.", asked);
    else if (!domain_pages_stray(pages))
        g_string_append_printf(out, "  All of it is on node %s, as numatune asks.", asked);
    else
        g_string_append_printf(
            out, "  ≠ %s of it are not on node %s, which numatune names.", outside, asked);
}

static char *figures_text(const DomainView *view, const DomainPages *pages)
{
    GString *out = g_string_new(NULL);
    g_autofree char *total = cell_size(pages->total_kib);
    g_autofree char *nodes = cell_set(pages->vcpu_nodes, "–");
    g_autofree char *remote = cell_percent(pages->remote);

    if (!pages->total_kib.known) {
        g_string_append_printf(out,
            "%s: its cgroup does not say where its memory is. c counts its pages.",
            view->domain->name);
        return g_string_free(out, FALSE);
    }
    g_string_append_printf(
        out, "%s: %s%s", view->domain->name, total, view->usage->counted ? " as counted" : "");
    if (pages->remote.known)
        g_string_append_printf(out,
            "; its vCPUs ran on node %s last, and %s of it is on another node than theirs.", nodes,
            remote);
    else
        g_string_append(out, "; where its vCPUs run is not known.");
    add_policy(out, pages);
    return g_string_free(out, FALSE);
}

/* "4K: 176M on 0, 12M on 1   2M: 8.0G on 0" */
static char *counted_text(const GArray *pages)
{
    GString *out = g_string_new(NULL);
    guint64 size = 0;

    for (guint i = 0; i < pages->len; i++) {
        const PageKib *part = &g_array_index(pages, PageKib, i);
        g_autofree char *page = text_page_size(part->page_kib);
        g_autofree char *kib = cell_short_size(NUM(MIN(part->kib, G_MAXINT64)));
        if (part->page_kib != size)
            g_string_append_printf(out, "%s%s pages: ", size ? "   " : "", page);
        g_string_append_printf(
            out, "%s%s on %d", part->page_kib == size ? ", " : "", kib, part->node);
        size = part->page_kib;
    }
    return g_string_free(out, FALSE);
}

/* The count, while it runs and after; nothing where it was of another domain. */
static void draw_count(const PagesState *state, const Domain *domain, const Canvas *canvas, int y)
{
    const ProcCount *count = state->counting.count;

    if (count == NULL || !g_str_equal(state->counting.uuid, domain->uuid))
        return;
    g_autofree char *progress = counting_progress(&state->counting);
    if (progress) {
        canvas_text(canvas, y, 1, canvas->width - 2, STYLE_STAGED, progress);
        return;
    }
    g_autofree char *text = counted_text(count->pages);
    int used = *text ? canvas_wrap(canvas, y, 1, canvas->width - 2, 2, STYLE_TEXT, text) : 0;
    if (count->problem)
        canvas_text(canvas, y + used, 1, canvas->width - 2, STYLE_WARN, count->problem);
    else if (used == 0)
        canvas_text(canvas, y, 1, canvas->width - 2, STYLE_DIM, "no pages of its own");
}

void pages_note(const App *app, const PagesState *state, const Canvas *canvas)
{
    const DomainView *view = pages_selected(app, state);

    if (view == NULL)
        return;
    g_auto(DomainPages) pages;
    domain_pages_look(&pages, view->domain, view->usage, app->snapshot->host->topology);
    g_autofree char *text = figures_text(view, &pages);
    int used = canvas_wrap(canvas, 1, 1, canvas->width - 2, 3, STYLE_TEXT, text);
    draw_count(state, view->domain, canvas, 1 + used);
}
