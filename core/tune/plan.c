/* The Plan: staging and unstaging. */
#include "core/tune/plan.h"

#include "core/util/error.h"
#include "core/util/text.h"

void change_free(Change *change)
{
    if (change == NULL)
        return;
    for (guint i = 0; i < STEP_KINDS; i++)
        g_free(change->ground[i]);
    domain_unref(change->looked_at);
    g_free(change->target);
    g_free(change->name);
    tunable_key_free(change->key);
    g_free(change->value);
    g_free(change);
}

/* ---- finding ---- */

static guint hash_change(gconstpointer data)
{
    const Change *change = data;

    return g_str_hash(change->target) * 31 + g_str_hash(change->key->key);
}

static gboolean same_place(gconstpointer a, gconstpointer b)
{
    const Change *x = a, *y = b;

    return g_str_equal(x->key->key, y->key->key) && g_str_equal(x->target, y->target);
}

GPtrArray *plan_find(const Plan *plan, const char *target, const char *key)
{
    TunableKey sought_key = {.key = (char *)key};
    const Change sought = {.target = (char *)target, .key = &sought_key};

    return g_hash_table_lookup(plan->index, &sought);
}

static void count_change(Plan *plan, const char *target, int by)
{
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(plan->counts, target));

    g_hash_table_insert(plan->counts, g_strdup(target), GUINT_TO_POINTER(count + (guint)by));
}

static void index_change(Plan *plan, Change *change)
{
    GPtrArray *all = plan_find(plan, change->target, change->key->key);

    if (all == NULL) {
        all = g_ptr_array_new();
        g_hash_table_insert(plan->index, change, all);
    }
    g_ptr_array_add(all, change);
    count_change(plan, change->target, 1);
}

/* The table's key is one of the changes: it goes with that. */
static void forget_change(Plan *plan, Change *change)
{
    g_autoptr(GPtrArray) all = g_ptr_array_ref(plan_find(plan, change->target, change->key->key));

    g_hash_table_remove(plan->index, change);
    g_ptr_array_remove(all, change);
    if (all->len > 0)
        g_hash_table_insert(plan->index, g_ptr_array_index(all, 0), g_ptr_array_ref(all));
    count_change(plan, change->target, -1);
}

guint plan_count(const Plan *plan, const char *target)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(plan->counts, target));
}

gboolean plan_scope_has(PlanScope scope, StepKind kind)
{
    const StepTraits *traits = &step_traits[kind];

    switch (scope) {
    case SCOPE_BOTH:
        return !traits->host || !traits->later;
    case SCOPE_LIVE:
        return !traits->later;
    case SCOPE_CONFIG:
        return traits->later;
    case SCOPE_KEPT:
        return traits->host;
    }
    return FALSE;
}

/* The value of the first change of @key that takes steps of @kind (STEP_KINDS: of any). */
static const char *value_for(const Plan *plan, const char *target, const char *key, StepKind kind)
{
    const GPtrArray *all = plan_find(plan, target, key);

    for (guint i = 0; all && i < all->len; i++) {
        const Change *change = g_ptr_array_index(all, i);
        if (kind == STEP_KINDS || plan_scope_has(change->scope, kind))
            return change->value;
    }
    return NULL;
}

const char *plan_value(const Plan *plan, const char *target, const char *key)
{
    return value_for(plan, target, key, g_str_equal(target, "host") ? STEP_HOST : STEP_KINDS);
}

const char *plan_boot_value(const Plan *plan, const char *key)
{
    return value_for(plan, "host", key, STEP_BOOT);
}

/* ---- a plan as a whole ---- */

Plan *plan_new(void)
{
    Plan *plan = g_new0(Plan, 1);

    plan->changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    plan->index =
        g_hash_table_new_full(hash_change, same_place, NULL, (GDestroyNotify)g_ptr_array_unref);
    plan->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    plan->ground = ground_new();
    return plan;
}

Plan *plan_copy(const Plan *plan)
{
    Plan *copy = plan_new();
    copy->acts = plan->acts;

    for (guint i = 0; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        Change *twin = g_memdup2(change, sizeof *change);
        twin->target = g_strdup(change->target);
        twin->name = g_strdup(change->name);
        twin->key = tunable_key_copy(change->key);
        twin->value = g_strdup(change->value);
        twin->looked_at = change->looked_at ? domain_ref(change->looked_at) : NULL;
        for (guint kind = 0; kind < STEP_KINDS; kind++)
            twin->ground[kind] = g_strdup(change->ground[kind]);
        g_ptr_array_add(copy->changes, twin);
        index_change(copy, twin);
    }
    return copy;
}

gboolean plan_equal(const Plan *a, const Plan *b)
{
    if (a->changes->len != b->changes->len)
        return FALSE;
    for (guint i = 0; i < a->changes->len; i++) {
        const Change *x = g_ptr_array_index(a->changes, i), *y = g_ptr_array_index(b->changes, i);
        if (!g_str_equal(x->target, y->target) || !g_str_equal(x->key->key, y->key->key) ||
            !g_str_equal(x->value, y->value) || x->scope != y->scope || x->undoes != y->undoes)
            return FALSE;
        for (guint kind = 0; kind < STEP_KINDS; kind++)
            if (g_strcmp0(x->ground[kind], y->ground[kind]) != 0)
                return FALSE;
    }
    return TRUE;
}

void plan_free(Plan *plan)
{
    if (plan == NULL)
        return;
    g_hash_table_unref(plan->index);
    g_hash_table_unref(plan->counts);
    ground_free(plan->ground);
    g_ptr_array_unref(plan->changes);
    g_free(plan);
}

/* ---- the ground ---- */

gboolean change_has_moved(const Change *change, StepKind kind, const char *now)
{
    return !step_traits[kind].drifts && change->ground[kind] && now &&
           !g_str_equal(now, change->ground[kind]) && !g_str_equal(now, change->value);
}

/* Whether a value that @change was staged upon is another now. */
static gboolean has_moved(const Change *change, Ground *ground, const Host *host, Domain *domain)
{
    for (guint kind = 0; kind < STEP_KINDS; kind++) {
        g_autofree char *now =
            change->ground[kind] ? ground_value(ground, host, domain, change->key, kind) : NULL;
        if (change_has_moved(change, kind, now))
            return TRUE;
    }
    return FALSE;
}

const Change *plan_look(Plan *plan, const Snapshot *snapshot)
{
    const Change *found = NULL;
    const DomainView *view = NULL;
    const char *target = "";

    for (guint i = 0; i < plan->changes->len; i++) {
        Change *change = g_ptr_array_index(plan->changes, i);
        gboolean host = change->key->tunable->target == TARGET_HOST;
        if (!host && !g_str_equal(target, change->target)) {
            target = change->target;
            view = snapshot_domain(snapshot, target);
        }
        if (!host && (view == NULL || view->domain == change->looked_at))
            continue;
        if (!host) {
            domain_unref(change->looked_at);
            change->looked_at = domain_ref(view->domain);
        }
        gboolean moved =
            has_moved(change, plan->ground, snapshot->host, host ? NULL : view->domain);
        /* What undo found changed is told with what it staged. */
        if (moved && !change->moved && change->undoes == 0 && found == NULL)
            found = change;
        change->moved = moved;
    }
    return found;
}

gboolean plan_scopes_meet(PlanScope a, PlanScope b)
{
    for (guint kind = 0; kind < STEP_KINDS; kind++)
        if (plan_scope_has(a, kind) && plan_scope_has(b, kind))
            return TRUE;
    return FALSE;
}

/* The places of those that @change covers are found by their addresses: only where a key is staged
 * again, and quicker than their texts could be compared. */
void plan_add(Plan *plan, Change *change)
{
    GPtrArray *same = plan_find(plan, change->target, change->key->key);
    guint place = plan->changes->len, at;

    for (guint i = same ? same->len : 0; i-- > 0;) {
        Change *other = g_ptr_array_index(same, i);
        gboolean last = same->len == 1;
        if (!plan_scopes_meet(other->scope, change->scope) ||
            !g_ptr_array_find(plan->changes, other, &at))
            continue;
        place = MIN(place, at);
        plan_unstage(plan, at);
        if (last)
            break;
    }
    change->act = plan->acts;
    g_ptr_array_insert(plan->changes, (int)place, change);
    index_change(plan, change);
}

static void put_change(Plan *plan, const Host *host, Domain *domain, const TunableKey *key,
    const char *value, PlanScope scope)
{
    Change *change = g_new0(Change, 1);

    change->target = g_strdup(domain ? domain->uuid : "host");
    change->name = domain ? text_escape(domain->name, 60) : g_strdup("host");
    change->key = tunable_key_copy(key);
    change->value = g_strdup(value);
    change->scope = scope;
    for (guint kind = 0; kind < STEP_KINDS; kind++)
        if (step_traits[kind].host == (domain == NULL) && plan_scope_has(scope, kind) &&
            (domain || step_traits[kind].later || kind == step_kind_now(key)))
            change->ground[kind] = ground_value(plan->ground, host, domain, key, kind);
    plan_add(plan, change);
}

gboolean plan_reaches(const Snapshot *snapshot, const char *target, GError **error)
{
    if (!snapshot->link.remote || !g_str_equal(target, "host"))
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "the host at %s is changed by its files, and these are not here: run kvmtune there",
        snapshot->link.uri ? snapshot->link.uri : "the other end");
    return FALSE;
}

gboolean plan_stage(Plan *plan, const Snapshot *snapshot, const char *target, const char *key_text,
    const char *value, PlanScope scope, GError **error)
{
    gboolean host = g_str_equal(target, "host");
    const DomainView *view = host ? NULL : snapshot_domain(snapshot, target);

    if (!host && view == NULL) {
        g_autofree char *shown = text_escape(target, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "there is no domain \"%s\" on %s; `kvmtune domains` lists them", shown,
            snapshot->link.uri ? snapshot->link.uri : "this connection");
        return FALSE;
    }
    if (!plan_reaches(snapshot, target, error))
        return FALSE;
    Domain *domain = view ? view->domain : NULL;
    g_autoptr(TunableKey) key =
        tunable_key_parse(host ? TARGET_HOST : TARGET_DOMAIN, key_text, error);
    if (key == NULL)
        return FALSE;
    const XmlEdit *document =
        domain ? ground_document(plan->ground, domain, domain->xml_config ? STEP_CONFIG : STEP_LIVE)
               : NULL;
    /* What is done once, as compacting, is done now for the pools that are kept with it. */
    if (host && (scope == SCOPE_BOTH || (scope == SCOPE_KEPT && key->tunable->trigger)))
        scope = SCOPE_LIVE;
    /* At boot a value can be left to whoever else sets it. */
    g_autofree char *checked =
        host && scope == SCOPE_CONFIG && *value == '\0'
            ? g_strdup("")
            : tunable_check_in(key, value, snapshot->host, domain, document, error);
    if (checked == NULL)
        return FALSE;

    plan->acts++;
    if (!key->all) {
        put_change(plan, snapshot->host, domain, key, checked, scope);
        return TRUE;
    }
    /* vcpupin.all is as many changes as there are vCPUs: each has a value of its own to go back to.
     */
    const DomainConfig *config = domain->config ? domain->config : domain->live;
    for (guint n = 0; config && n < config->vcpus_max; n++) {
        g_autofree char *one_text = g_strdup_printf("vcpupin.%u", n);
        g_autoptr(TunableKey) one = tunable_key_parse(TARGET_DOMAIN, one_text, NULL);
        put_change(plan, snapshot->host, domain, one, checked, scope);
    }
    return TRUE;
}

void plan_join(Plan *plan, guint acts)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        Change *change = g_ptr_array_index(plan->changes, i);
        change->act = MIN(change->act, acts + 1);
    }
    plan->acts = MIN(plan->acts, acts + 1);
}

gboolean plan_unstage_last(Plan *plan)
{
    guint last = 0;

    for (guint i = 0; i < plan->changes->len; i++)
        last = MAX(last, ((const Change *)g_ptr_array_index(plan->changes, i))->act);
    for (guint i = plan->changes->len; i-- > 0;)
        if (((const Change *)g_ptr_array_index(plan->changes, i))->act == last)
            plan_unstage(plan, i);
    return last > 0;
}

void plan_unstage(Plan *plan, guint index)
{
    if (index >= plan->changes->len)
        return;
    forget_change(plan, g_ptr_array_index(plan->changes, index));
    g_ptr_array_remove_index(plan->changes, index);
}

void plan_move(Plan *plan, guint from, guint to)
{
    gpointer change = g_ptr_array_steal_index(plan->changes, from);

    g_ptr_array_insert(plan->changes, (int)to, change);
}

void plan_clear(Plan *plan)
{
    g_hash_table_remove_all(plan->index);
    g_hash_table_remove_all(plan->counts);
    g_ptr_array_set_size(plan->changes, 0);
}

Supply *plan_supply(const Plan *plan, const Host *host)
{
    Supply *supply = supply_new(host);

    for (guint i = 0; plan && i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        const TunableKey *key = change->key;
        gint64 to;
        if (g_str_equal(key->tunable->key, "hugetlbfs.SIZE") &&
            plan_scope_has(change->scope, STEP_MOUNT))
            supply_mount(supply, key->size_kib, *change->value != '\0');
        if (!plan_scope_has(change->scope, STEP_HOST) || !text_parse_int(change->value, &to))
            continue;
        if (key->tunable->pool)
            supply_resize(supply, (int)key->n, key->size_kib, to);
        else if (g_str_equal(key->tunable->key, "hugepages.overcommit.SIZE"))
            supply_overcommit(supply, key->size_kib, to);
    }
    return supply;
}
