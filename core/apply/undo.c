/* Undo: from an entry of the Journal to a Plan. */
#include "core/apply/undo.h"

#include "core/util/text.h"

typedef struct {
    Plan *plan;
    const Snapshot *snapshot;
    const JournalEntry *entry;
    GPtrArray *notes;
    GHashTable *noted; /* sentences that stand among the notes */
    GHashTable *lives; /* "TARGET KEY" of what the entry set of running domains */
} Undo;

G_GNUC_PRINTF(2, 3)
static void tell(Undo *undo, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    if (g_hash_table_contains(undo->noted, sentence)) {
        g_free(sentence);
        return;
    }
    g_hash_table_add(undo->noted, sentence);
    g_ptr_array_add(undo->notes, sentence);
}

/* The domain that @step was of, where @step can still be taken back; NULL, and says why not. */
static Domain *find_domain(Undo *undo, const Step *step)
{
    const DomainView *view = snapshot_domain(undo->snapshot, step->target);
    g_autofree char *name = text_escape(step->name, 60);

    if (undo->snapshot->domains == NULL) {
        tell(undo, "%s is not known: libvirt gave no answer yet", name);
        return NULL;
    }
    if (view == NULL) {
        tell(undo, "%s is gone: what entry %u changed of it went with it", name,
            undo->entry->number);
        return NULL;
    }
    Domain *domain = view->domain;
    if (!g_str_equal(domain->name, step->name)) {
        g_autofree char *now = text_escape(domain->name, 60);
        tell(undo, "%s is called %s now", name, now);
    }
    if (!step_traits[step->kind].later && !domain_is_active(domain)) {
        tell(undo,
            "%s does not run any more: what entry %u set of the running domain ended with it", name,
            undo->entry->number);
        return NULL;
    }
    if (step_traits[step->kind].later && !domain->persistent) {
        tell(undo, "%s has no next start any more: it is transient", name);
        return NULL;
    }
    return domain;
}

static char *change_id(const Step *step)
{
    return g_strconcat(step->target, " ", step->key->key, NULL);
}

static Change *make_change(const Undo *undo, const Step *step, const Domain *domain)
{
    Change *change = g_new0(Change, 1);

    change->target = g_strdup(step->target);
    change->name = domain ? text_escape(domain->name, 60) : g_strdup("host");
    change->key = tunable_key_copy(step->key);
    change->value = g_strdup(step->old_value);
    change->scope = step_traits[step->kind].later ? SCOPE_CONFIG : SCOPE_LIVE;
    change->undoes = undo->entry->number;
    change->ground[step->kind] = g_strdup(step_left(step));
    return change;
}

/* A value that goes back to the same in the running domain and at its next start, or of the host
 * now and at boot, is one change. */
static gboolean join(Undo *undo, const Change *change, const Step *step)
{
    Change *last = undo->plan->changes->len
                       ? g_ptr_array_index(undo->plan->changes, undo->plan->changes->len - 1)
                       : NULL;

    if (last == NULL || last->act != undo->plan->acts || last->scope == change->scope ||
        !g_str_equal(last->target, change->target) ||
        !g_str_equal(last->key->key, change->key->key) || !g_str_equal(last->value, change->value))
        return FALSE;
    last->scope = step_traits[step->kind].host ? SCOPE_KEPT : SCOPE_BOTH;
    last->ground[step->kind] = g_strdup(change->ground[step->kind]);
    return TRUE;
}

/* The entry changed the next start of a domain that did not run then, and runs now. */
static void tell_started(Undo *undo, const Step *step, const Change *change, Domain *domain)
{
    g_autofree char *id = change_id(step);

    if (g_hash_table_contains(undo->lives, id))
        return;
    g_autofree char *running =
        ground_value(undo->plan->ground, undo->snapshot->host, domain, change->key, STEP_LIVE);
    if (g_strcmp0(running, step_left(step)) == 0)
        tell(undo, "%s was started with what entry %u set: that stays until it restarts",
            change->name, undo->entry->number);
}

static void stage_step(Undo *undo, const Step *step)
{
    gboolean is_host = step_traits[step->kind].host;
    Domain *domain = is_host ? NULL : find_domain(undo, step);

    if (!is_host && domain == NULL)
        return;
    Change *change = make_change(undo, step, domain);
    g_autofree char *now =
        ground_value(undo->plan->ground, undo->snapshot->host, domain, change->key, step->kind);
    if (step->kind == STEP_CONFIG)
        tell_started(undo, step, change, domain);
    if (g_strcmp0(now, step->old_value) == 0 || join(undo, change, step))
        change_free(change);
    else
        plan_add(undo->plan, change);
}

GPtrArray *undo_stage(Plan *plan, const Snapshot *snapshot, const JournalEntry *entry)
{
    g_autoptr(GHashTable) noted = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) lives = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Undo undo = {plan, snapshot, entry, g_ptr_array_new_with_free_func(g_free), noted, lives};

    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        if (step->kind == STEP_LIVE)
            g_hash_table_add(lives, change_id(step));
    }
    plan->acts++;
    for (guint i = entry->steps->len; i-- > 0;)
        stage_step(&undo, g_ptr_array_index(entry->steps, i));
    return undo.notes;
}
