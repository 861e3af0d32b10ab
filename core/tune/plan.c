/* The Plan: staging and unstaging. */
#include "core/tune/plan.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/pageshares.h"

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

Plan *plan_new(void)
{
    Plan *plan = g_new0(Plan, 1);
    plan->changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
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
    }
    return copy;
}

guint plan_count(const Plan *plan, const char *target)
{
    guint count = 0;

    for (guint i = 0; i < plan->changes->len; i++)
        count += g_str_equal(((const Change *)g_ptr_array_index(plan->changes, i))->target, target);
    return count;
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

/* The document of @domain in which @kind writes; NULL where there is none. */
static XmlEdit *open_document(const Domain *domain, StepKind kind)
{
    const char *xml = kind == STEP_LIVE ? domain->xml_live : domain->xml_config;

    return xml ? xml_edit_open(xml, -1, NULL) : NULL;
}

char *change_value_now(const Change *change, const Snapshot *snapshot, StepKind kind)
{
    if (kind == STEP_HOST)
        return snapshot->host ? tunable_host_value(change->key, snapshot->host) : NULL;
    const DomainView *view = snapshot_domain(snapshot, change->target);
    if (kind == STEP_PAGES)
        return view && view->usage && view->usage->memory ? page_shares_text(view->usage->memory)
                                                          : NULL;
    g_autoptr(XmlEdit) edit = view ? open_document(view->domain, kind) : NULL;
    return edit ? tunable_xml_value(change->key, edit) : NULL;
}

gboolean change_has_moved(const Change *change, StepKind kind, const char *now)
{
    /* Pages come and go by themselves. */
    return kind != STEP_PAGES && change->ground[kind] && now &&
           !g_str_equal(now, change->ground[kind]) && !g_str_equal(now, change->value);
}

/* Whether a value that @change was staged upon is another in @snapshot. */
static gboolean has_moved(const Change *change, const Snapshot *snapshot)
{
    for (StepKind kind = STEP_HOST; kind < STEP_KINDS; kind++) {
        g_autofree char *now =
            change->ground[kind] ? change_value_now(change, snapshot, kind) : NULL;
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
        gboolean moved = has_moved(change, snapshot);
        /* What undo found changed is told with what it staged. */
        if (moved && !change->moved && change->undoes == 0 && found == NULL)
            found = change;
        change->moved = moved;
    }
    return found;
}

/* Whether @kind is among the places that a change of @scope writes. */
static gboolean scope_has(PlanScope scope, StepKind kind)
{
    return scope == SCOPE_BOTH || (scope == SCOPE_LIVE) == (kind == STEP_LIVE);
}

static gboolean scopes_meet(PlanScope a, PlanScope b)
{
    return a == SCOPE_BOTH || b == SCOPE_BOTH || a == b;
}

void plan_add(Plan *plan, Change *change)
{
    guint place = plan->changes->len;

    for (guint i = plan->changes->len; i-- > 0;) {
        const Change *other = g_ptr_array_index(plan->changes, i);
        if (g_str_equal(other->target, change->target) &&
            g_str_equal(other->key->key, change->key->key) &&
            scopes_meet(other->scope, change->scope)) {
            g_ptr_array_remove_index(plan->changes, i);
            place = i;
        }
    }
    change->act = plan->acts;
    g_ptr_array_insert(plan->changes, (int)place, change);
}

/* What changes of one target are staged upon; parsed once for all of them. */
typedef struct {
    const Domain *domain; /* NULL: the host */
    const Host *host;
    XmlEdit *documents[STEP_KINDS];
} Ground;

static void ground_clear(Ground *ground)
{
    for (guint kind = 0; kind < STEP_KINDS; kind++)
        xml_edit_free(ground->documents[kind]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ground, ground_clear)

static Ground ground_open(const Snapshot *snapshot, const Domain *domain, PlanScope scope)
{
    Ground ground = {.domain = domain, .host = snapshot->host};

    for (StepKind kind = STEP_LIVE; domain && kind <= STEP_CONFIG; kind++)
        if (scope_has(scope, kind))
            ground.documents[kind] = open_document(domain, kind);
    return ground;
}

static void put_change(
    Plan *plan, const Ground *ground, const TunableKey *key, const char *value, PlanScope scope)
{
    Change *change = g_new0(Change, 1);

    change->target = g_strdup(ground->domain ? ground->domain->uuid : "host");
    change->name = ground->domain ? text_escape(ground->domain->name, 60) : g_strdup("host");
    change->key = tunable_key_copy(key);
    change->value = g_strdup(value);
    change->scope = scope;
    if (ground->domain == NULL && ground->host)
        change->ground[STEP_HOST] = tunable_host_value(key, ground->host);
    for (guint kind = 0; kind < STEP_KINDS; kind++)
        if (ground->documents[kind])
            change->ground[kind] = tunable_xml_value(key, ground->documents[kind]);
    plan_add(plan, change);
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
    g_auto(Ground) ground = ground_open(snapshot, domain, scope);
    if (!key->all) {
        put_change(plan, &ground, key, checked, scope);
        return TRUE;
    }
    /* vcpupin.all is as many changes as there are vCPUs: each has a value of its own to go back to.
     */
    const DomainConfig *config = domain->config ? domain->config : domain->live;
    for (guint n = 0; config && n < config->vcpus_max; n++) {
        g_autofree char *one_text = g_strdup_printf("vcpupin.%u", n);
        g_autoptr(TunableKey) one = tunable_key_parse(TARGET_DOMAIN, one_text, NULL);
        put_change(plan, &ground, one, checked, scope);
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
    if (index < plan->changes->len)
        g_ptr_array_remove_index(plan->changes, index);
}

void plan_clear(Plan *plan)
{
    g_ptr_array_set_size(plan->changes, 0);
}
