/* Transactions: each unit is noted in the journal, checked once more, written, read back. */
#include "core/apply/transaction.h"

#include "core/tune/grant.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/connection.h"

G_GNUC_PRINTF(2, 3)
static void add_sentence(GString *text, const char *format, ...)
{
    va_list args;

    if (text->len)
        g_string_append(text, "; ");
    va_start(args, format);
    g_string_append_vprintf(text, format, args);
    va_end(args);
}

gboolean transaction_check_step(Reading *reading, const Step *step, GError **error)
{
    if (step_traits[step->kind].drifts)
        return step_has_place(reading_context(reading), step, error);
    g_autofree char *now = reading_value(reading, step, error);

    if (now == NULL)
        return FALSE;
    if (g_str_equal(now, step->old_value))
        return TRUE;
    g_autofree char *name = text_escape(step->name, 60);
    g_autofree char *was = step_shown_value(step->old_value), *is = step_shown_value(now);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
        "%s %s was %s in the preview and is %s now: nothing is written, look at the new preview",
        name, step->key->key, was, is);
    return FALSE;
}

gboolean transaction_reached(Transaction *t, GError **error)
{
    if (t->context->checkpoint && !t->dead)
        t->dead = !t->context->checkpoint(t->context->checkpoint_data);
    if (t->dead && error && *error == NULL)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "ended by the test");
    return !t->dead;
}

static gboolean note(Transaction *t, const GPtrArray *steps, StepProgress progress, GError **error)
{
    return journal_note(t->context->journal, t->entry, steps, progress, error) &&
           transaction_reached(t, error);
}

/* The last look before the write: what stands is still what was previewed. A next start is looked
 * at by the call that defines it. */
static gboolean check_unit(Transaction *t, const Unit *unit, const char *ground, GError **error)
{
    g_autoptr(Reading) reading = reading_new(t->context);

    for (guint i = 0; ground == NULL && i < unit->steps->len; i++) {
        const Step *step = g_ptr_array_index(unit->steps, i);
        g_autofree char *now = t->resumes ? reading_value(reading, step, NULL) : NULL;
        if (!(now && step_is_half(step, now)) && !transaction_check_step(reading, step, error))
            return FALSE;
    }
    return TRUE;
}

/* Why @got pages are fewer than asked for, where @step is a pool's; else "". */
static char *short_grant(const Transaction *t, const Step *step, const char *got)
{
    const ApplyContext *context = t->context;
    MoveResult result = {0};
    gboolean compacted = FALSE;
    gint64 asked, granted;

    if (step->key->size_kib == 0 || !text_parse_int(step->new_value, &asked) ||
        !text_parse_int(got, &granted) || granted >= asked)
        return g_strdup("");
    if (context->move)
        page_move_look(context->move, &result);
    for (guint i = 0; i < t->entry->steps->len; i++) /* they are done before any pool grows */
        compacted |= ((const Step *)g_ptr_array_index(t->entry->steps, i))->key->tunable->trigger;
    g_autofree char *reason =
        result.stopped ? g_strdup("stopped by you")
                       : grant_reason(context->root, step->key, asked - granted, compacted);
    return g_strdup_printf(" (%s)", reason);
}

/* What came of a step that is told and not refused. */
static void tell_moved(Transaction *t, const Step *step)
{
    MoveResult result;

    if (t->context->move == NULL)
        return;
    page_move_look(t->context->move, &result);
    g_autofree char *text = page_move_text(&result);
    add_sentence(t->report, "%s %s: %s", step->name, step->key->key, text);
}

/* Reads @unit back; what stands is in each step's `granted`. */
static gboolean verify_unit(Transaction *t, const Unit *unit, GError **error)
{
    g_autoptr(Reading) reading = reading_new(t->context);

    for (guint i = 0; i < unit->steps->len; i++) {
        Step *step = g_ptr_array_index(unit->steps, i);
        char *got = reading_value(reading, step, error);
        if (got == NULL)
            return FALSE;
        g_free(step->granted);
        step->granted = got;
        if (step_traits[step->kind].drifts)
            tell_moved(t, step);
        if (step_traits[step->kind].drifts ||
            step_is_granted(t->context, step, step->new_value, got))
            continue;
        g_autofree char *asked = step_shown_value(step->new_value);
        g_autofree char *shown = step_shown_value(got);
        if (!t->context->partial || step->key->tunable->type != VALUE_INT) {
            g_autofree char *why = short_grant(t, step, got);
            t->is_short = *why != '\0';
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "%s: %s was asked, %s was granted%s", step->key->key, asked, shown, why);
            return FALSE;
        }
        add_sentence(t->report, "%s: %s granted of %s asked", step->key->key, shown, asked);
    }
    return TRUE;
}

/* What of @unit is not written yet; the rest stands, or has gone with its domain. */
static Unit *not_yet_written(Transaction *t, const Unit *unit)
{
    g_autoptr(Reading) reading = reading_new(t->context);
    Unit *rest = unit_new(unit->kind);

    for (guint i = 0; i < unit->steps->len; i++) {
        Step *step = g_ptr_array_index(unit->steps, i);
        g_autofree char *now = reading_value(reading, step, NULL);
        if (now && (step_is_granted(t->context, step, step->old_value, now) ||
                       (step_is_half(step, now) &&
                           !step_is_granted(t->context, step, step_left(step), now))))
            g_ptr_array_add(rest->steps, step);
    }
    return rest;
}

/* Writes @unit, or says why not. */
static gboolean run_steps(Transaction *t, const Unit *unit, GError **error)
{
    const Step *first = g_ptr_array_index(unit->steps, 0);
    const char *ground = t->grounds && step_traits[unit->kind].whole
                             ? g_hash_table_lookup(t->grounds, first->target)
                             : NULL;

    return note(t, unit->steps, STEP_BEGUN, error) && check_unit(t, unit, ground, error) &&
           unit_write(t->context, unit, FALSE, ground, error) && verify_unit(t, unit, error) &&
           note(t, unit->steps, STEP_DONE, error);
}

static gboolean run_unit(Transaction *t, const Unit *unit, GError **error)
{
    if (!t->resumes)
        return run_steps(t, unit, error);
    g_autoptr(Unit) rest = not_yet_written(t, unit);
    return rest->steps->len == 0 || run_steps(t, rest, error);
}

/* The steps of @unit that stand as it left them; the others are back already, have gone with their
 * domain, or are named in @standing. */
static Unit *still_written(Transaction *t, const Unit *unit, GString *standing)
{
    g_autoptr(Reading) reading = reading_new(t->context);
    Unit *written = unit_new(unit->kind);

    for (guint i = 0; i < unit->steps->len; i++) {
        Step *step = g_ptr_array_index(unit->steps, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *now = reading_value(reading, step, &error);
        /* A unit that was written and not enabled yet shows in no value, and goes too. */
        gboolean may_hide = t->resumes && unit->kind == STEP_BOOT && now && step_is_half(step, now);
        if (now && !may_hide && step_is_granted(t->context, step, step->old_value, now))
            continue;
        if (now == NULL && !step_traits[unit->kind].host && error->code == KVMTUNE_ERROR_CHANGED)
            continue;
        if (now == NULL) {
            g_autofree char *command = step_back_command(t->context, step);
            g_autofree char *text = step_text(step, FALSE);
            add_sentence(
                standing, "%s may stand (%s); `%s` puts it back", text, error->message, command);
        } else if (step->progress != STEP_PLANNED &&
                   (step_is_half(step, now) ||
                       step_is_granted(t->context, step, step_left(step), now))) {
            g_ptr_array_add(written->steps, step);
        } else if (step->progress != STEP_PLANNED) {
            g_autofree char *name = text_escape(step->name, 60);
            g_autofree char *is = step_shown_value(now), *was = step_shown_value(step_left(step));
            add_sentence(standing, "%s %s is %s now, not %s as it was written: it is left alone",
                name, step->key->key, is, was);
        }
    }
    return written;
}

/* Puts @unit back and reads that back as well. */
static void put_back(Transaction *t, const Unit *unit, GString *standing)
{
    g_autoptr(Unit) written = still_written(t, unit, standing);
    g_autoptr(GError) error = NULL;

    if (written->steps->len == 0)
        return;
    /* The journal says so where it can; that it cannot must not keep anything from going back. */
    note(t, written->steps, STEP_BACK, NULL);
    if (t->dead)
        return;
    gboolean done = unit_write(t->context, written, TRUE, NULL, &error);
    g_autoptr(Reading) reading = reading_new(t->context);
    for (guint i = 0; i < written->steps->len; i++) {
        const Step *step = g_ptr_array_index(written->steps, i);
        g_autofree char *now = reading_value(reading, step, done && !error ? &error : NULL);
        if (now && step_is_granted(t->context, step, step->old_value, now))
            continue;
        g_autofree char *command = step_back_command(t->context, step);
        g_autofree char *name = text_escape(step->name, 60);
        g_autofree char *stands = step_shown_value(now ? now : step_left(step));
        add_sentence(standing, "%s %s stands at %s (%s); `%s` puts it back", name, step->key->key,
            stands, error ? error->message : "the old value was not granted", command);
    }
}

char *transaction_back(Transaction *t, guint count)
{
    g_autoptr(GString) standing = g_string_new(NULL);

    while (count-- > 0 && !t->dead)
        put_back(t, g_ptr_array_index(t->units, count), standing);
    return standing->len ? g_strdup(standing->str) : NULL;
}

/* Ends the entry. That the journal's last line fails changes nothing on the host: it is said. */
static void end_entry(Transaction *t, EntryState state, const char *problem)
{
    g_autoptr(GError) error = NULL;

    if (t->dead)
        return;
    t->entry->state = state;
    g_free(t->entry->problem);
    t->entry->problem = g_strdup(problem);
    if (!journal_end(t->context->journal, t->entry, &error))
        add_sentence(t->report, "%s (entry %u still says it is being applied)", error->message,
            t->entry->number);
    transaction_reached(t, NULL);
}

gboolean transaction_fail(Transaction *t, const char *standing, const char *problem)
{
    /* With libvirt gone, what stands can be told and put back only when it is there again. */
    gboolean lost = standing && t->context->connection && !connection_alive(t->context->connection);

    end_entry(t, lost ? ENTRY_OPEN : standing ? ENTRY_PARTIAL : ENTRY_FAILED, problem);
    return lost;
}

/* The command that ends what libvirt left in the middle: of the same tree and the same libvirt. */
static char *recover_command(const ApplyContext *context)
{
    g_autofree char *shown = context->uri ? connection_shown_uri(context->uri) : NULL;
    g_autofree char *uri = shown ? g_shell_quote(shown) : NULL;
    g_autofree char *root = g_shell_quote(context->root);
    gboolean usual = shown == NULL || g_str_equal(shown, "qemu:///system");

    return g_strconcat("kvmtune recover", usual ? "" : " -c ", usual ? "" : uri,
        *context->root ? " --sysroot " : "", *context->root ? root : "", NULL);
}

/* Everything back after @cause; the error says how that went. */
static void give_up(Transaction *t, guint count, const GError *cause, GError **error)
{
    /* The one that failed may have been written before it was found short: it goes back too. */
    g_autofree char *standing = transaction_back(t, count);
    g_autofree char *reason = text_escape(cause->message, 0);
    g_autofree char *problem =
        standing ? g_strdup_printf("%s; %s", reason, standing) : g_strdup(reason);

    if (transaction_fail(t, standing, problem)) {
        g_autofree char *command = recover_command(t->context);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL,
            "libvirt went away in the middle of entry %u: `%s` finishes it or takes it back when "
            "libvirt is there again; %s",
            t->entry->number, command, problem);
    } else {
        const char *hint = t->is_short ? t->context->partial_hint : NULL;
        g_set_error(error, KVMTUNE_ERROR, standing ? (int)KVMTUNE_ERROR_PARTIAL : cause->code,
            standing ? "%s" : "%s; everything is as before%s%s", problem, hint ? "; " : "",
            hint ? hint : "");
    }
}

gboolean transaction_run(Transaction *t, GError **error)
{
    for (guint i = 0; i < t->units->len; i++) {
        g_autoptr(GError) cause = NULL;
        if (run_unit(t, g_ptr_array_index(t->units, i), &cause))
            continue;
        if (t->dead)
            g_propagate_error(error, g_steal_pointer(&cause));
        else
            give_up(t, i + 1, cause, error);
        return FALSE;
    }
    end_entry(t, ENTRY_DONE, NULL);
    return TRUE;
}
