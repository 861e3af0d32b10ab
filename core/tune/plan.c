/* The Plan: staging and unstaging. */
#include "core/tune/plan.h"

#include "core/util/error.h"
#include "core/util/text.h"

static void change_free(gpointer data)
{
    Change *change = data;

    g_free(change->target);
    g_free(change->name);
    tunable_key_free(change->key);
    g_free(change->value);
    g_free(change);
}

Plan *plan_new(void)
{
    Plan *plan = g_new0(Plan, 1);
    plan->changes = g_ptr_array_new_with_free_func(change_free);
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
        g_ptr_array_add(copy->changes, twin);
    }
    return copy;
}

void plan_free(Plan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->changes);
    g_free(plan);
}

static Change *find_change(const Plan *plan, const char *target, const char *key)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        Change *change = g_ptr_array_index(plan->changes, i);
        if (g_str_equal(change->target, target) && g_str_equal(change->key->key, key))
            return change;
    }
    return NULL;
}

const char *plan_value(const Plan *plan, const char *target, const char *key)
{
    const Change *change = find_change(plan, target, key);
    return change ? change->value : NULL;
}

static void put_change(Plan *plan, const char *target, const char *name, const TunableKey *key,
    const char *value, PlanScope scope)
{
    Change *change = find_change(plan, target, key->key);

    if (change == NULL) {
        change = g_new0(Change, 1);
        change->target = g_strdup(target);
        change->name = text_escape(name, 60);
        change->key = tunable_key_copy(key);
        g_ptr_array_add(plan->changes, change);
    }
    g_free(change->value);
    change->value = g_strdup(value);
    change->scope = scope;
    change->act = plan->acts;
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
    const Domain *domain = view ? view->domain : NULL;
    g_autoptr(TunableKey) key =
        tunable_key_parse(host ? TARGET_HOST : TARGET_DOMAIN, key_text, error);
    if (key == NULL)
        return FALSE;
    g_autofree char *checked = tunable_check(key, value, snapshot, domain, error);
    if (checked == NULL)
        return FALSE;

    plan->acts++;
    if (!key->all) {
        put_change(
            plan, host ? "host" : domain->uuid, host ? "host" : domain->name, key, checked, scope);
        return TRUE;
    }
    /* vcpupin.all is as many changes as there are vCPUs: each has a value of its own to go back to.
     */
    const DomainConfig *config = domain->config ? domain->config : domain->live;
    for (guint n = 0; config && n < config->vcpus_max; n++) {
        g_autofree char *one_text = g_strdup_printf("vcpupin.%u", n);
        g_autoptr(TunableKey) one = tunable_key_parse(TARGET_DOMAIN, one_text, NULL);
        put_change(plan, domain->uuid, domain->name, one, checked, scope);
    }
    return TRUE;
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
    if (index < plan->changes->len)
        g_ptr_array_remove_index(plan->changes, index);
}

void plan_clear(Plan *plan)
{
    g_ptr_array_set_size(plan->changes, 0);
}
