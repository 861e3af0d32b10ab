/* What stands of an entry: of one that was not ended, to finish it or take it back; of one that was
 * taken back, to say whether all of it was. */
#include "core/apply/apply.h"
#include "core/apply/lock.h"
#include "core/apply/transaction.h"
#include "core/keep/bootfile.h"
#include "core/util/error.h"
#include "core/util/text.h"

static void standing_clear(gpointer data)
{
    g_free(((StepStanding *)data)->now);
}

static StepStanding look(const ApplyContext *context, Reading *reading, const Step *step)
{
    g_autoptr(GError) error = NULL;
    char *now = reading_value(reading, step, &error);

    if (now == NULL) {
        gboolean gone = !step_traits[step->kind].host && error->code == KVMTUNE_ERROR_CHANGED;
        return (StepStanding){
            gone ? STANDS_NOWHERE : STANDS_UNKNOWN, text_escape(error->message, 0)};
    }
    if (step->key->tunable->trigger)
        return (StepStanding){STANDS_OLD, now}; /* nothing of it is left to take back */
    if (g_str_equal(now, step_left(step)))
        return (StepStanding){STANDS_NEW, now};
    if (step_is_granted(context, step, step->old_value, now))
        return (StepStanding){STANDS_OLD, now};
    if (step_is_granted(context, step, step_left(step), now))
        return (StepStanding){STANDS_NEW, now};
    if (step_is_half(step, now))
        return (StepStanding){STANDS_HALF, now};
    return (StepStanding){step_traits[step->kind].drifts ? STANDS_OLD : STANDS_OTHER, now};
}

GArray *apply_survey(const ApplyContext *context, const GPtrArray *steps)
{
    GArray *survey = g_array_new(FALSE, FALSE, sizeof(StepStanding));
    g_autoptr(Reading) reading = reading_new(context);

    g_array_set_clear_func(survey, standing_clear);
    for (guint i = 0; i < steps->len; i++) {
        StepStanding standing = look(context, reading, g_ptr_array_index(steps, i));
        g_array_append_val(survey, standing);
    }
    return survey;
}

char *apply_survey_text(const GPtrArray *steps, const GArray *survey)
{
    static const char *const words[] = {
        [STANDS_OLD] = "not written",
        [STANDS_NEW] = "written",
        [STANDS_HALF] = "written in part",
        [STANDS_OTHER] = "changed since",
        [STANDS_NOWHERE] = "gone",
        [STANDS_UNKNOWN] = "not known",
    };
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const StepStanding *standing = &g_array_index(survey, StepStanding, i);
        g_autofree char *text = step_text(g_ptr_array_index(steps, i), FALSE);
        g_autofree char *now = step_shown_value(standing->now);
        gboolean plain = standing->standing == STANDS_OLD || standing->standing == STANDS_NEW;
        g_string_append_printf(out, "%s: %s%s%s%s\n", words[standing->standing], text,
            plain ? "" : " (", plain ? "" : now, plain ? "" : ")");
    }
    return g_string_free(out, FALSE);
}

/* What of @survey is neither as it was nor as it was to be, nor gone; NULL for nothing. */
static char *in_the_way(const GPtrArray *steps, const GArray *survey)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const StepStanding *standing = &g_array_index(survey, StepStanding, i);
        g_autofree char *text = step_text(g_ptr_array_index(steps, i), FALSE);
        g_autofree char *now = step_shown_value(standing->now);
        if (standing->standing == STANDS_OTHER)
            g_string_append_printf(out, "%s%s is %s now", out->len ? "; " : "", text, now);
        else if (standing->standing == STANDS_UNKNOWN)
            g_string_append_printf(out, "%s%s", out->len ? "; " : "", now);
    }
    return out->len ? g_strdup(out->str) : NULL;
}

static gboolean finish(Transaction *transaction, GError **error)
{
    const GPtrArray *steps = transaction->entry->steps;
    g_autoptr(GArray) survey = apply_survey(transaction->context, steps);
    g_autofree char *problem = in_the_way(steps, survey);

    if (problem) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "entry %u cannot be finished, nothing is written: %s; it can be taken back",
            transaction->entry->number, problem);
        return FALSE;
    }
    return transaction_run(transaction, error);
}

static gboolean take_back(Transaction *transaction, GError **error)
{
    g_autofree char *standing = transaction_back(transaction, transaction->units->len);

    transaction_fail(transaction, standing,
        standing ? standing : "kvmtune ended before it was done; everything was taken back");
    if (standing == NULL)
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL,
        "entry %u is taken back only in part: %s", transaction->entry->number, standing);
    return FALSE;
}

guint apply_recover(const ApplyContext *context, guint number, gboolean forward, GError **error)
{
    g_autoptr(HostLock) lock = host_lock_take(context->root, error);
    g_autoptr(JournalEntry) entry = lock ? journal_get(context->journal, number, error) : NULL;
    g_autoptr(GString) report = g_string_new(NULL);

    if (entry == NULL)
        return 0;
    if (entry->state != ENTRY_OPEN) {
        /* It may have been killed between the last line and the renaming. */
        journal_end(context->journal, entry, NULL);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "entry %u has ended: there is nothing to recover", number);
        return 0;
    }
    bootfile_sweep(context->root);
    g_autoptr(GPtrArray) units = units_make(entry->steps);
    Transaction transaction = {
        .context = context, .entry = entry, .units = units, .report = report, .resumes = TRUE};
    gboolean done = forward ? finish(&transaction, error) : take_back(&transaction, error);
    return done ? entry->number : 0;
}

char *apply_mark_undone(const ApplyContext *context, guint number, guint by)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JournalEntry) entry = journal_get(context->journal, number, &error);
    g_autoptr(GString) left = g_string_new(NULL);

    if (entry == NULL)
        return g_strdup(error->message);
    g_autoptr(GArray) survey = apply_survey(context, entry->steps);
    for (guint i = 0; i < entry->steps->len; i++) {
        const StepStanding *standing = &g_array_index(survey, StepStanding, i);
        const Step *step = g_ptr_array_index(entry->steps, i);
        if (standing->standing == STANDS_OLD || standing->standing == STANDS_NOWHERE)
            continue;
        g_autofree char *name = text_escape(step->name, 60), *now = step_shown_value(standing->now);
        g_autofree char *was = step_shown_value(step_left(step));
        if (standing->standing == STANDS_NEW)
            g_string_append_printf(left, "%s%s %s%s still is %s", left->len ? "; " : "", name,
                step->key->key, step_traits[step->kind].where, now);
        else if (standing->standing == STANDS_HALF)
            g_string_append_printf(left, "%s%s %s%s is %s now: not all went back to %s",
                left->len ? "; " : "", name, step->key->key, step_traits[step->kind].where, now,
                step->old_value);
        else if (standing->standing == STANDS_OTHER)
            g_string_append_printf(left, "%s%s %s%s is %s now, not %s: it is left alone",
                left->len ? "; " : "", name, step->key->key, step_traits[step->kind].where, now,
                was);
        else
            g_string_append_printf(left, "%s%s", left->len ? "; " : "", now);
    }
    entry->state = left->len ? ENTRY_PARTIAL : ENTRY_UNDONE;
    entry->undone_by = left->len ? 0 : by;
    g_free(entry->problem);
    entry->problem = left->len ? g_strdup(left->str) : NULL;
    if (!journal_end(context->journal, entry, &error))
        g_string_append_printf(left, "%s%s", left->len ? "; " : "", error->message);
    return left->len ? g_strdup(left->str) : NULL;
}

gboolean apply_settle_undo(const ApplyContext *context, guint number, GError **error)
{
    g_autoptr(HostLock) lock = host_lock_take(context->root, error);
    g_autofree char *left = lock ? apply_mark_undone(context, number, 0) : NULL;

    if (left)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL, "undone only in part: %s", left);
    return lock && left == NULL;
}
