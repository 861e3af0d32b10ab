/* The Memory screen's part on hugepages: who asks for them, who holds them, a pool made larger or
 * smaller by steps, and what is said at the cursor. */
#include "tui/screens/memory/memorypages.h"

#include "core/tune/grant.h"
#include "core/util/text.h"
#include "tui/app/fit.h"
#include "tui/app/pool.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define DEMAND_ID "demand."    /* begins the id of a domain's row: demand.UUID.NUMBER */
#define STEP_KIB  (128 * 1024) /* what + and - add and take, at least a page */

/* ---- who asks ---- */

static const struct {
    const char *word;
    Style style;
} states[] = {
    [DEMAND_UNKNOWN] = {"–", STYLE_DIM},
    [DEMAND_STARTS] = {"starts", STYLE_GOOD},
    [DEMAND_SURPLUS] = {"surplus", STYLE_WARN},
    [DEMAND_LACKS] = {"lacks", STYLE_WARN},
};

static gint64 missing_of(const Demand *demand, const PageNeed *need)
{
    gint64 pages = 0;

    for (guint i = 0; i < demand->lacks->len; i++) {
        const PageLack *lack = &g_array_index(demand->lacks, PageLack, i);
        if (lack->size_kib == need->size_kib && idset_equal(lack->nodes, need->nodes))
            pages += lack->pages;
    }
    return pages;
}

/* Whether an earlier need is of the same size and nodes: both are in its row. */
static gboolean is_told(const GArray *needs, guint index)
{
    const PageNeed *need = &g_array_index(needs, PageNeed, index);

    for (guint i = 0; i < index; i++) {
        const PageNeed *before = &g_array_index(needs, PageNeed, i);
        if (before->size_kib == need->size_kib && idset_equal(before->nodes, need->nodes))
            return TRUE;
    }
    return FALSE;
}

static Num pages_like(const GArray *needs, const PageNeed *need)
{
    gint64 pages = 0;

    for (guint i = 0; i < needs->len; i++) {
        const PageNeed *other = &g_array_index(needs, PageNeed, i);
        if (other->size_kib != need->size_kib || !idset_equal(other->nodes, need->nodes))
            continue;
        if (other->pages < 0)
            return NUM_UNKNOWN;
        pages += other->pages;
    }
    return NUM(pages);
}

static void add_rows(App *app, Table *table, const Domain *domain, const Demand *demand)
{
    g_autoptr(Supply) supply = supply_new(app->snapshot->host);
    gboolean runs = domain_is_active(domain) && demand->state == DEMAND_STARTS;

    for (guint i = 0; i < demand->needs->len; i++) {
        const PageNeed *need = &g_array_index(demand->needs, PageNeed, i);
        g_autofree char *id = g_strdup_printf(DEMAND_ID "%s.%u", domain->uuid, i);
        g_autofree char *size = need->size_kib ? text_page_size(need->size_kib) : g_strdup("–");
        if (is_told(demand->needs, i))
            continue;
        gint64 missing = missing_of(demand, need);
        gboolean known = demand->state != DEMAND_UNKNOWN;
        TableRow *row = table_add(table, id);
        table_cell(row, MEMORY_NAME, STYLE_TEXT, g_strdup(i ? "" : domain->name));
        table_cell(row, MEMORY_TOTAL, STYLE_TEXT, cell_num(pages_like(demand->needs, need)));
        table_cell(row, MEMORY_SECOND, STYLE_TEXT, g_strdup_printf("of %s", size));
        table_cell(
            row, MEMORY_FREE, STYLE_TEXT, cell_set(need->nodes, need->numad ? "numad's" : "any"));
        table_cell(row, MEMORY_A, STYLE_TEXT,
            cell_num(known ? NUM(supply_pages(supply, need->size_kib, need->nodes)) : NUM_UNKNOWN));
        table_cell(row, MEMORY_B, missing ? STYLE_WARN : STYLE_TEXT,
            cell_num(known ? NUM(missing) : NUM_UNKNOWN));
        if (i == 0)
            table_cell(row, MEMORY_C, runs ? STYLE_GOOD : states[demand->state].style,
                g_strdup(runs ? "runs" : states[demand->state].word));
    }
}

guint memory_demand_rows(App *app, Table *table)
{
    const GPtrArray *domains = app->snapshot->domains;
    guint before = table->rows->len;

    for (guint i = 0; domains && i < domains->len; i++) {
        const Domain *domain = ((const DomainView *)domains->pdata[i])->domain;
        g_autoptr(Demand) demand = fit_demand(app, domain);
        if (demand)
            add_rows(app, table, domain, demand);
    }
    return table->rows->len - before;
}

/* The domain of the row @id; NULL where it is none of a domain. */
static const Domain *row_domain(const App *app, const char *id)
{
    if (id == NULL || !g_str_has_prefix(id, DEMAND_ID))
        return NULL;
    g_autofree char *uuid = g_strdup(id + strlen(DEMAND_ID));
    char *dot = strrchr(uuid, '.');
    if (dot)
        *dot = '\0';
    const DomainView *view = snapshot_domain(app->snapshot, uuid);
    return view ? view->domain : NULL;
}

void memory_fit(App *app, const char *id)
{
    const Domain *domain = row_domain(app, id);

    if (domain)
        fit_pools(app, (const char *[]){domain->uuid, NULL});
    else
        app_say(app, STYLE_DIM, "choose the row of a domain that asks for pages");
}

/* ---- a pool ---- */

static TunableKey *pool_key(const App *app, const char *id)
{
    return id && app->snapshot->host && g_str_has_prefix(id, MEMORY_POOL_ID)
               ? tunable_key_parse(TARGET_HOST, id, NULL)
               : NULL;
}

void memory_pool_step(App *app, const char *id, int steps)
{
    g_autoptr(TunableKey) key = pool_key(app, id);
    const NodeMemory *node;
    const HugePool *pool = key ? grant_pool(app->snapshot->host, key, &node) : NULL;
    gint64 from = 0, step = 0;

    if (pool == NULL || !pool->total.known) {
        app_say(app, STYLE_DIM, "+ and - are for the pools of a node: choose its row");
        return;
    }
    const char *staged = plan_value(app->plan, "host", id);
    g_autofree char *now = tunable_host_value(key, app->snapshot->host);
    if (!text_parse_int(staged ? staged : now, &from))
        return;
    step = MAX(STEP_KIB / (gint64)pool->size_kib, 1) * steps;
    g_autofree char *to =
        g_strdup_printf("%" G_GINT64_FORMAT, CLAMP(from + step, 0, key->tunable->max));
    app_stage(app, "host", id, to);
}

/* Who has pages of @size_kib on @node (-1: anywhere), as "web1 8.0 GiB, db 24 GiB"; those of whom
 * the node is not known are told with all they have. "" for nobody known. The caller frees it. */
static char *holders_text(const App *app, guint64 size_kib, int node)
{
    const GPtrArray *domains = app->snapshot->domains;
    g_autoptr(GString) out = g_string_new(NULL), elsewhere = g_string_new(NULL);

    for (guint i = 0; domains && i < domains->len; i++) {
        const DomainView *view = domains->pdata[i];
        const GArray *held = view->usage ? view->usage->hugetlb : NULL;
        for (guint n = 0; held && n < held->len; n++) {
            const HugeHeld *part = &g_array_index(held, HugeHeld, n);
            Num there = huge_held_on(part, node);
            GString *text = there.known ? out : elsewhere;
            guint64 kib = there.known ? (guint64)there.value : part->kib;
            if (part->size_kib != size_kib || kib == 0)
                continue;
            g_autofree char *size = text_size_kib(kib);
            g_string_append_printf(
                text, "%s%s %s", text->len ? ", " : "", view->domain->name, size);
        }
    }
    if (elsewhere->len)
        g_string_append_printf(
            out, "%s%s (on which node is not known)", out->len ? "; " : "", elsewhere->str);
    return g_strdup(out->str);
}

/* What the node has and what is staged leaves of it; how much is free in pieces large enough. */
static char *pool_text(const App *app, const TunableKey *key, const HugePool *pool,
    const NodeMemory *node, Style *style)
{
    const char *staged = plan_value(app->plan, "host", key->key);
    g_autofree char *free_text = cell_size(node->free_kib);
    g_autofree char *size = text_page_size(pool->size_kib);
    Num ready = host_pages_at_once(app->snapshot->host, node, pool->size_kib);
    GString *out = g_string_new(NULL);
    gint64 to;

    *style = STYLE_TEXT;
    g_string_append_printf(out, "node %u has %s free", key->n, free_text);
    if (ready.known)
        g_string_append_printf(
            out, ", in pieces for %" G_GINT64_FORMAT " pages of %s", ready.value, size);
    Num left = staged && text_parse_int(staged, &to)
                   ? grant_free(app->snapshot->host, app->plan, key, to)
                   : NUM_UNKNOWN;
    if (left.known) {
        *style = left.value < 0 ? STYLE_WARN : STYLE_STAGED;
        g_autofree char *left_text = text_size_kib((guint64)MAX(left.value, 0));
        if (left.value < 0)
            g_string_append(out, "; what is staged asks for more");
        else
            g_string_append_printf(out, "; what is staged leaves %s", left_text);
    }
    return g_string_free(out, FALSE);
}

/* Of the pools of all nodes: who has their pages. */
static void all_footer(const App *app, const TunableKey *key, const Canvas *canvas)
{
    g_autofree char *holders = holders_text(app, key->size_kib, -1);
    int width = canvas->width - 2;

    canvas_text(canvas, 1, 1, width, STYLE_DIM,
        "reserved: free, but promised to a VM that has not used them yet");
    if (*holders)
        canvas_printf(canvas, 2, 1, width, STYLE_DIM, "held by %s", holders);
}

void memory_footer(App *app, const char *id, const Canvas *canvas)
{
    gboolean all = id && g_str_has_prefix(id, MEMORY_ALL_ID);
    g_autofree char *of_size =
        all ? g_strconcat(MEMORY_OVERCOMMIT_ID, id + strlen(MEMORY_ALL_ID), NULL) : NULL;
    g_autoptr(TunableKey) key = pool_key(app, all ? of_size : id);
    const NodeMemory *node = NULL;
    const HugePool *pool = key ? grant_pool(app->snapshot->host, key, &node) : NULL;
    const Domain *domain = row_domain(app, id);
    g_autoptr(Demand) demand = domain ? fit_demand(app, domain) : NULL;
    Style style = STYLE_TEXT;
    int width = canvas->width - 2;

    if (pool) {
        g_autofree char *text = pool_text(app, key, pool, node, &style);
        g_autofree char *holders = holders_text(app, pool->size_kib, (int)key->n);
        int lines = canvas_wrap(canvas, 1, 1, width, 2, style, text);
        if (*holders && lines < 2)
            canvas_printf(canvas, 2, 1, width, STYLE_DIM, "held by %s", holders);
    } else if (all && key) {
        all_footer(app, key, canvas);
    } else if (key) {
        canvas_text(canvas, 1, 1, width, STYLE_TEXT,
            "how many pages beyond the pools the kernel may make when a VM asks");
    } else if (demand) {
        g_autofree char *text = fit_sentence(app, domain, demand, &style);
        if (*text)
            canvas_wrap(canvas, 1, 1, width, 2, style, text);
        else if (demand->state == DEMAND_STARTS)
            canvas_printf(canvas, 1, 1, width, STYLE_DIM, "%s",
                domain_is_active(domain) ? "It has its pages, and would start again with them."
                                         : "The pools have what it needs to start.");
    }
}
