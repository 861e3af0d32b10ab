/* Apply: one transaction. Lock, read again, journal each step before it is written, read it back,
 * and on a failure put everything back. */
#include "core/apply/apply.h"

#include "core/apply/lock.h"
#include "core/apply/transaction.h"
#include "core/util/error.h"
#include "core/util/text.h"

/* Nothing is written where the ground has moved: each value must be the one previewed upon, and the
 * next start's XML the very text, because it is defined again as a whole. A running domain's XML is
 * compared by value only: ballooning alone rewrites it. */
static gboolean check_unmoved(const ApplyContext *context, const Preview *preview, GError **error)
{
    g_autoptr(Reading) reading = reading_new(context);

    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        if (step_traits[step->kind].whole) {
            const char *xml = reading_config(reading, step, error);
            if (xml == NULL)
                return FALSE;
            if (g_strcmp0(xml, g_hash_table_lookup(preview->xml_config, step->target)) != 0) {
                g_autofree char *name = text_escape(step->name, 60);
                g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
                    "%s was changed by someone else since the preview: nothing is written, look at "
                    "the new preview",
                    name);
                return FALSE;
            }
        }
        if (!transaction_check_step(reading, step, error))
            return FALSE;
    }
    return TRUE;
}

/* The entry that all of @steps take back a part of; 0 where there is no such one. */
static guint common_undoes(const GPtrArray *steps)
{
    guint undoes = 0;

    for (guint i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);
        if (i > 0 && step->undoes != undoes)
            return 0;
        undoes = step->undoes;
    }
    return undoes;
}

/* Marks the entries that @entry's steps took back. What still stands of them is the error. */
static gboolean mark_undone(const ApplyContext *context, const JournalEntry *entry, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) standing = g_string_new(NULL);

    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        if (step->undoes == 0 || !g_hash_table_add(seen, GUINT_TO_POINTER(step->undoes)))
            continue;
        g_autofree char *left = apply_mark_undone(context, step->undoes, entry->number);
        if (left)
            g_string_append_printf(standing, "%s%s", standing->len ? "; " : "", left);
    }
    if (standing->len == 0)
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL, "undone only in part, by entry %u: %s",
        entry->number, standing->str);
    return FALSE;
}

static guint apply_locked(
    const ApplyContext *context, const Preview *preview, GString *report, GError **error)
{
    if (!check_unmoved(context, preview, error))
        return 0;
    g_autoptr(JournalEntry) entry = journal_entry_new(context->uri, preview->steps);
    entry->undoes = common_undoes(entry->steps);
    if (!journal_begin(context->journal, entry, error))
        return 0;
    g_autoptr(GPtrArray) units = units_make(entry->steps);
    Transaction transaction = {.context = context,
        .entry = entry,
        .units = units,
        .grounds = preview->xml_config,
        .report = report};
    if (!transaction_reached(&transaction, error) || !transaction_run(&transaction, error))
        return 0;
    return mark_undone(context, entry, error) ? entry->number : 0;
}

guint apply_preview(
    const ApplyContext *context, const Preview *preview, char **report, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (report)
        *report = NULL;
    for (guint i = 0; preview->errors && i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_ERROR) {
            g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, line->text);
            return 0;
        }
    }
    g_autoptr(HostLock) lock = host_lock_take(context->root, error);
    guint number = lock ? apply_locked(context, preview, text, error) : 0;
    if (report && text->len)
        *report = g_strdup(text->str);
    return number;
}
