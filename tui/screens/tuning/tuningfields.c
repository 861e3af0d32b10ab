/* The fields of the Tuning screen: what the domains' XML says and what is staged, several domains'
 * as one. */
#include "tui/screens/tuning/tuning.h"

#include "core/util/text.h"

#define DISTINCT_MAX 4 /* values named of domains that differ */
#define HOLDERS_MAX  3 /* domains named of one value */

void tuning_field_free(gpointer data)
{
    Field *field = data;

    g_free(field->instance);
    g_free(field->live);
    g_free(field->config);
    g_free(field->value);
    g_free(field->staged);
    g_free(field);
}

void tuning_tuned_free(gpointer data)
{
    Tuned *tuned = data;

    g_hash_table_unref(tuned->by_key);
    g_ptr_array_unref(tuned->tunings);
    domain_unref(tuned->domain);
    g_free(tuned);
}

static Tuned *tuned_new(Domain *domain)
{
    Tuned *tuned = g_new0(Tuned, 1);

    tuned->domain = domain_ref(domain);
    tuned->tunings = tunings_read(domain);
    tuned->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < tuned->tunings->len; i++) {
        Tuning *tuning = g_ptr_array_index(tuned->tunings, i);
        g_hash_table_insert(tuned->by_key, tuning->key->key, tuning);
    }
    return tuned;
}

/* A value as it is shown; nothing set is the default, where the catalogue knows it. */
static const char *shown_value(const Tunable *row, const char *value)
{
    return *value ? value : row->fallback ? row->fallback : "not set";
}

void tuning_add_distinct(GPtrArray *texts, const char *text)
{
    for (guint i = 0; i < texts->len; i++)
        if (g_str_equal(g_ptr_array_index(texts, i), text))
            return;
    g_ptr_array_add(texts, (gpointer)text);
}

/* "4", or "2 · 4", of @several domains "differ: 2 · 4"; NULL of none. */
static char *join_distinct(const GPtrArray *texts, gboolean several)
{
    if (texts->len == 0)
        return NULL;
    if (texts->len == 1)
        return g_strdup(g_ptr_array_index(texts, 0));
    GString *out = g_string_new(several ? "differ: " : "");
    for (guint i = 0; i < MIN(texts->len, DISTINCT_MAX); i++)
        g_string_append_printf(
            out, "%s%s", i ? " · " : "", (const char *)g_ptr_array_index(texts, i));
    if (texts->len > DISTINCT_MAX)
        g_string_append(out, " …");
    return g_string_free(out, FALSE);
}

char *tuning_holders(const TuningState *state, const Field *field, gboolean live)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree guint *counts = g_new0(guint, state->tuned->len + 1);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < state->tuned->len; i++) {
        const Tuned *tuned = g_ptr_array_index(state->tuned, i);
        const Tuning *tuning = g_hash_table_lookup(tuned->by_key, field->key->key);
        const char *value = tuning == NULL ? NULL : live ? tuning->live : tuning->config;
        guint at = 0;
        if (value == NULL)
            continue;
        value = shown_value(field->key->tunable, value);
        while (at < texts->len && !g_str_equal(g_ptr_array_index(texts, at), value))
            at++;
        if (at == texts->len) {
            g_ptr_array_add(texts, (gpointer)value);
            g_ptr_array_add(names, g_string_new(NULL));
        }
        g_autofree char *name = text_escape(tuned->domain->name, 24);
        if (counts[at]++ < HOLDERS_MAX)
            g_string_append_printf(
                g_ptr_array_index(names, at), "%s%s", counts[at] > 1 ? ", " : "", name);
    }
    for (guint at = 0; at < texts->len; at++) {
        g_autofree char *who = g_string_free(g_ptr_array_index(names, at), FALSE);
        if (at >= DISTINCT_MAX)
            continue;
        g_string_append_printf(out, "%s%s", at ? " · " : "", who);
        if (counts[at] > HOLDERS_MAX)
            g_string_append_printf(out, " +%u", counts[at] - HOLDERS_MAX);
        g_string_append_printf(out, ": %s", (const char *)g_ptr_array_index(texts, at));
    }
    if (texts->len > DISTINCT_MAX)
        g_string_append_printf(out, " · %u more values", texts->len - DISTINCT_MAX);
    return g_string_free(out, FALSE);
}

/* Fills what the domains say of @field. */
static void fill_values(const TuningState *state, Field *field)
{
    g_autoptr(GPtrArray) live = g_ptr_array_new(), config = g_ptr_array_new();
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    const Tunable *row = field->key->tunable;

    guint takers = 0;
    field->live_unset = field->config_unset = TRUE;
    for (guint i = 0; i < state->tuned->len; i++) {
        const Tuned *tuned = g_ptr_array_index(state->tuned, i);
        const Tuning *tuning = g_hash_table_lookup(tuned->by_key, field->key->key);
        if (tuning == NULL)
            continue;
        field->have++;
        field->waits = tuning->waits ? tuning->waits : field->waits;
        takers += tuning->live && tuning->waits == NULL;
        field->differs |= tuning_differs(tuning);
        tuning_add_distinct(values, tuning_value(tuning));
        if (tuning->live)
            tuning_add_distinct(live, shown_value(row, tuning->live));
        if (tuning->config)
            tuning_add_distinct(config, shown_value(row, tuning->config));
        field->live_unset &= tuning->live == NULL || tuning_is_default(row, tuning->live);
        field->config_unset &= tuning->config == NULL || tuning_is_default(row, tuning->config);
    }
    field->waits = takers ? NULL : field->waits;
    field->live = join_distinct(live, TRUE);
    field->config = join_distinct(config, TRUE);
    field->mixed = live->len > 1 || config->len > 1;
    field->value = values->len == 1 ? g_strdup(g_ptr_array_index(values, 0)) : NULL;
}

/* The place of @name among those seen, @place where it is the first time. */
static guint first_place(GHashTable *seen, const char *name, guint place)
{
    gpointer found = NULL;

    if (g_hash_table_lookup_extended(seen, name, NULL, &found))
        return GPOINTER_TO_UINT(found);
    g_hash_table_insert(seen, g_strdup(name), GUINT_TO_POINTER(place));
    return place;
}

static int compare_fields(gconstpointer left, gconstpointer right)
{
    const Field *a = *(Field *const *)left, *b = *(Field *const *)right;

    for (guint i = 0; i < G_N_ELEMENTS(a->places); i++)
        if (a->places[i] != b->places[i])
            return a->places[i] < b->places[i] ? -1 : 1;
    return 0;
}

/* What belongs together stands together, as the catalogue has it first. */
static void make_fields(TuningState *state)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_ptr_array_set_size(state->fields, 0);
    for (guint d = 0; d < state->tuned->len; d++) {
        const Tuned *tuned = g_ptr_array_index(state->tuned, d);
        for (guint i = 0; i < tuned->tunings->len; i++) {
            const Tuning *tuning = g_ptr_array_index(tuned->tunings, i);
            if (!g_hash_table_add(keys, tuning->key->key))
                continue;
            Field *field = g_new0(Field, 1);
            field->key = tuning->key;
            field->group = tuning->key->tunable->group;
            field->instance = tunable_key_instance(tuning->key, &field->label);
            fill_values(state, field);
            g_autofree char *instance =
                g_strconcat(field->group, "\t", field->instance ? field->instance : "", NULL);
            field->places[2] = state->fields->len;
            field->places[0] = first_place(seen, field->group, field->places[2]);
            field->places[1] =
                field->instance ? first_place(seen, instance, field->places[2]) : field->places[2];
            g_ptr_array_add(state->fields, field);
        }
    }
    g_ptr_array_sort(state->fields, compare_fields);
}

void tuning_read_domains(const App *app, TuningState *state)
{
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(tuning_tuned_free);
    gboolean changed = FALSE;

    for (guint i = 0; state->uuids && state->uuids[i]; i++) {
        const DomainView *view = snapshot_domain(app->snapshot, state->uuids[i]);
        Tuned *known = NULL;
        if (view == NULL)
            continue;
        for (guint k = 0; k < state->tuned->len && known == NULL; k++) {
            const Tuned *tuned = g_ptr_array_index(state->tuned, k);
            const Domain *domain = tuned->domain;
            if (domain == view->domain ||
                (g_str_equal(domain->uuid, view->domain->uuid) &&
                    g_strcmp0(domain->xml_live, view->domain->xml_live) == 0 &&
                    g_strcmp0(domain->xml_config, view->domain->xml_config) == 0))
                known = g_ptr_array_steal_index(state->tuned, k);
        }
        if (known && known->domain != view->domain) {
            domain_unref(known->domain);
            known->domain = domain_ref(view->domain);
        }
        changed |= known == NULL;
        g_ptr_array_add(fresh, known ? known : tuned_new(view->domain));
    }
    changed |= state->tuned->len > 0;
    GPtrArray *old = state->tuned;
    state->tuned = g_steal_pointer(&fresh);
    if (changed) {
        make_fields(state);
        g_clear_pointer(&state->checked, plan_free);
    }
    g_ptr_array_unref(old);
}

/* The change at @i of the plan where it is for @key of one of the form's domains; else NULL. */
static const Change *staged_here(const App *app, const TuningState *state, const char *key, guint i)
{
    const Change *change = g_ptr_array_index(app->plan->changes, i);

    return g_str_equal(change->key->key, key) &&
                   g_strv_contains((const char *const *)state->uuids, change->target)
               ? change
               : NULL;
}

/* "→ 2M, next start" of the changes of @key; "differ: …" where the domains' differ. */
static char *staged_text(const App *app, const TuningState *state, const char *key)
{
    static const char *const scopes[] = {
        [SCOPE_BOTH] = "",
        [SCOPE_LIVE] = " (now)",
        [SCOPE_CONFIG] = " (next)",
        [SCOPE_KEPT] = "",
    };
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    GStringChunk *chunk = g_string_chunk_new(256);

    for (guint i = 0; i < app->plan->changes->len; i++) {
        const Change *change = staged_here(app, state, key, i);
        if (change == NULL)
            continue;
        gboolean says = change->key->tunable->effect == EFFECT_NOW_AND_NEXT;
        g_autofree char *text = g_strdup_printf(
            "%s%s", *change->value ? change->value : "not set", says ? scopes[change->scope] : "");
        tuning_add_distinct(texts, g_string_chunk_insert_const(chunk, text));
    }
    g_autofree char *joined = join_distinct(texts, state->tuned->len > 1);
    g_string_chunk_free(chunk);
    return joined ? g_strconcat("→ ", joined, NULL) : NULL;
}

/* Holds what is staged against the rules, where it is not what it was held against before. */
static void read_findings(const App *app, TuningState *state)
{
    if (state->checked && plan_equal(state->checked, app->plan))
        return;
    g_autoptr(RuleGround) ground = rule_ground_new(app->snapshot, app->plan);
    g_clear_pointer(&state->findings, g_ptr_array_unref);
    g_clear_pointer(&state->checked, plan_free);
    state->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    state->checked = plan_copy(app->plan);
    for (guint i = 0; i < state->tuned->len; i++) {
        const Tuned *tuned = g_ptr_array_index(state->tuned, i);
        GPtrArray *found = rules_check_staged(ground, app->plan, tuned->domain);
        g_ptr_array_extend_and_steal(state->findings, found);
    }
}

/* The first error that speaks of @key, else the first warning; NULL for none. */
static const Finding *worst_finding(const TuningState *state, const char *key)
{
    const Finding *worst = NULL;

    for (guint i = 0; i < state->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(state->findings, i);
        if (g_strv_contains((const char *const *)finding->keys, key) &&
            (worst == NULL || (finding->error && !worst->error)))
            worst = finding;
    }
    return worst;
}

/* Whether somebody changed what a change of @key was staged upon. */
static gboolean ground_moved(const App *app, const TuningState *state, const char *key)
{
    gboolean moved = FALSE;

    for (guint i = 0; i < app->plan->changes->len; i++) {
        const Change *change = staged_here(app, state, key, i);
        moved |= change && change->moved;
    }
    return moved;
}

void tuning_read_staged(const App *app, TuningState *state)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);

    read_findings(app, state);
    for (guint i = 0; i < app->plan->changes->len; i++)
        g_hash_table_add(
            keys, ((const Change *)g_ptr_array_index(app->plan->changes, i))->key->key);
    for (guint i = 0; i < state->fields->len; i++) {
        Field *field = g_ptr_array_index(state->fields, i);
        g_clear_pointer(&field->staged, g_free);
        field->finding = worst_finding(state, field->key->key);
        if (g_hash_table_contains(keys, field->key->key))
            field->staged = staged_text(app, state, field->key->key);
        field->moved = field->staged && ground_moved(app, state, field->key->key);
    }
}
