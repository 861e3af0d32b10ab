/* Hugepages for domains: in a sentence what the next start lacks, and the pools grown to fit. */
#include "tui/app/fit.h"

#include "core/util/text.h"

Demand *fit_demand(const App *app, const Domain *domain)
{
    const Host *host = app->snapshot->host;
    const DomainConfig *next = domain->config ? domain->config : domain->live;

    /* Most ask for none: a list of many domains is not held up by them. */
    if (host == NULL || next == NULL || !domain_config_has_hugepages(next))
        return NULL;
    g_autoptr(Supply) supply = supply_new(host);
    g_autoptr(Demand) demand = demand_of(domain, supply, host);

    return demand && demand->state != DEMAND_NONE ? g_steal_pointer(&demand) : NULL;
}

/* "hugepages.node3.1G=24, …": @growths in short. */
static char *growths_text(const GPtrArray *growths)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < growths->len; i++) {
        const PoolGrowth *growth = g_ptr_array_index(growths, i);
        g_string_append_printf(
            out, "%s%s=%" G_GINT64_FORMAT, i ? ", " : "", growth->key, growth->to);
    }
    return g_string_free(out, FALSE);
}

char *fit_sentence(const App *app, const Domain *domain, const Demand *demand, Style *style)
{
    const Host *host = app->snapshot->host;
    const char *start = domain_is_active(domain) ? "would not start again" : "will not start";

    *style = STYLE_WARN;
    if (demand->state == DEMAND_UNKNOWN && demand->numad)
        return g_strdup("numad chooses its nodes when it starts: there are enough pages on all of "
                        "them together, whether those nodes have them is not known");
    if (demand->state == DEMAND_SURPLUS)
        return g_strdup_printf("%" G_GINT64_FORMAT " of its pages are beyond the pool "
                               "(overcommit): the kernel makes them at the start, or refuses",
            demand->surplus);
    if (demand->state != DEMAND_LACKS)
        return g_strdup("");
    g_autofree char *lacks = demand_lacks_text(demand);
    g_autoptr(Supply) supply = plan_supply(app->plan, host);
    g_autoptr(Demand) planned = demand_of(domain, supply, host);
    g_autoptr(GPtrArray) growths = demand_growths(planned, supply, host);
    if (planned->state != DEMAND_LACKS) {
        *style = STYLE_STAGED;
        return g_strdup_printf("%s: %s missing; what is staged gives it", start, lacks);
    }
    g_autofree char *keys = growths_text(growths);
    return g_strdup_printf(
        "%s: %s missing%s%s", start, lacks, growths->len ? "; F stages " : "", keys);
}

/* The demand of @uuid with what is staged of its backing, taken from @supply; NULL: none. */
static Demand *take_demand(const App *app, const char *uuid, Supply *supply)
{
    const DomainView *view = snapshot_domain(app->snapshot, uuid);
    const DomainConfig *next = NULL;

    if (view)
        next = view->domain->config ? view->domain->config : view->domain->live;
    return next ? demand_new(supply, next, view->domain->live,
                      plan_value(app->plan, uuid, "memory.hugepages"), app->snapshot->host)
                : NULL;
}

/* Stages what the domain @uuids[@at] lacks when those before it have theirs; how many pools grow,
 * -1 where one could not be staged. *@lacks is told where something is missing at all,
 * *@only_mounts cleared where that is more than a hugetlbfs. */
static int grow_for(
    App *app, const char *const *uuids, guint at, gboolean *lacks, gboolean *only_mounts)
{
    g_autoptr(Supply) supply = plan_supply(app->plan, app->snapshot->host);

    for (guint i = 0; i < at; i++)
        demand_free(take_demand(app, uuids[i], supply));
    g_autoptr(Demand) demand = take_demand(app, uuids[at], supply);
    if (demand == NULL)
        return 0;
    *lacks |= demand->state == DEMAND_LACKS;
    for (guint i = 0; i < demand->lacks->len; i++)
        *only_mounts &= g_array_index(demand->lacks, PageLack, i).unmounted;
    g_autoptr(GPtrArray) growths = demand_growths(demand, supply, app->snapshot->host);
    for (guint i = 0; i < growths->len; i++) {
        const PoolGrowth *growth = g_ptr_array_index(growths, i);
        g_autofree char *to = g_strdup_printf("%" G_GINT64_FORMAT, growth->to);
        if (!app_stage(app, "host", growth->key, to))
            return -1;
    }
    return (int)growths->len;
}

/* "1G": the sizes of the pools staged to grow of which no hugetlbfs is mounted or staged. */
static char *unmounted_sizes(const App *app)
{
    const Host *host = app->snapshot->host;
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < host->pools->len; i++) {
        guint64 size_kib = g_array_index(host->pools, HugePool, i).size_kib;
        g_autofree char *size = text_page_size(size_kib);
        g_autofree char *name = g_strconcat("hugetlbfs.", size, NULL);
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_HOST, name, NULL);
        g_autofree char *now = key ? tunable_host_value(key, host) : NULL;
        const char *staged = plan_value(app->plan, "host", name);
        gboolean grows = FALSE;
        for (guint n = 0; n < app->plan->changes->len; n++) {
            const Change *change = g_ptr_array_index(app->plan->changes, n);
            grows |= change->key->tunable->pool && change->key->size_kib == size_kib;
        }
        if (grows && g_strcmp0(staged ? staged : now, "") == 0)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", size);
    }
    return g_string_free(out, FALSE);
}

void fit_pools(App *app, const char *const *uuids)
{
    guint acts = app->plan->acts, count = g_strv_length((char **)uuids);
    gboolean lacks = FALSE, only_mounts = TRUE;
    int pools = 0;

    if (!app_may_write(app) || app->snapshot->host == NULL)
        return;
    for (guint i = 0; i < count; i++) {
        int grown = grow_for(app, uuids, i, &lacks, &only_mounts);
        if (grown < 0)
            return; /* it was said why */
        pools += grown;
    }
    plan_join(app->plan, acts);
    g_autofree char *unmounted = unmounted_sizes(app);
    if (pools > 0 && *unmounted)
        app_say(app, STYLE_WARN,
            "staged: %d pool%s to fit; no hugetlbfs of %s mounted: p offers one", pools,
            pools == 1 ? " grows" : "s grow", unmounted);
    else if (pools > 1)
        app_say(
            app, STYLE_STAGED, "staged: %d pools grow to fit   (p shows what would change)", pools);
    else if (pools == 0)
        app_say(app, lacks ? STYLE_WARN : STYLE_TEXT,
            lacks && only_mounts
                ? "the pools have the pages, no hugetlbfs of them is mounted: Memory "
                  "has a line that mounts one"
            : lacks ? "no pool of this host can be grown for it"
                    : "the pools have what is needed: nothing to grow");
}
