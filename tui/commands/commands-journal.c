/* The commands of the Journal: what was applied, taking it back, and ending what was left open. */
#include "core/apply/lock.h"
#include "core/apply/undo.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

/* ENTRY as it is written on the command line; 0 where it is left out. */
static gboolean parse_number(char **arguments, guint *number, GError **error)
{
    gint64 entry = 0;

    if (arguments[0] && (!text_parse_int(arguments[0], &entry) || entry < 1 || entry > 99999999)) {
        g_autofree char *shown = text_escape(arguments[0], 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "\"%s\" is no entry of the journal: write its number, as `kvmtune journal` shows it",
            shown);
        return FALSE;
    }
    *number = (guint)entry;
    return TRUE;
}

/* ---- journal ---- */

static void print_entry(
    const CommandOptions *options, const JournalEntry *entry, const char *holder)
{
    g_autoptr(GDateTime) time = entry->time ? g_date_time_new_from_unix_local(entry->time) : NULL;
    g_autofree char *when = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("–");
    g_autofree char *summary = journal_entry_summary(entry);
    g_autofree char *problem = entry->problem ? text_escape(entry->problem, 0) : NULL;

    g_print("%4u  %-19s  %-7s  %s%s%s\n", entry->number, when, journal_state_name(entry->state),
        summary, problem ? "  " : "", problem ? problem : "");
    if (entry->state != ENTRY_OPEN)
        return;
    if (holder) {
        g_print("      %s is applying it\n", holder);
        return;
    }
    g_autofree char *words = g_strdup_printf("recover %u", entry->number);
    g_autofree char *recover = command_again(options, words);
    g_print("      it was not ended, and its kvmtune is gone: `%s` says what stands, and finishes "
            "it or takes it back\n",
        recover);
}

static void print_steps(const JournalEntry *entry)
{
    for (guint i = 0; i < entry->steps->len; i++) {
        g_autofree char *text = step_line(g_ptr_array_index(entry->steps, i));
        g_print("      %s\n", text);
    }
}

gboolean command_journal(const CommandOptions *options, char **arguments, GError **error)
{
    g_autofree char *holder = host_lock_holder(options->collector.root);
    g_autoptr(Journal) journal = NULL;
    guint number;

    if (!parse_number(arguments, &number, error) ||
        (journal = journal_open(options->collector.root, options->journal_folder, error)) == NULL)
        return FALSE;
    if (number) {
        g_autoptr(JournalEntry) entry = journal_get(journal, number, error);
        if (entry == NULL)
            return FALSE;
        print_entry(options, entry, holder);
        print_steps(entry);
        return TRUE;
    }
    g_autoptr(GPtrArray) entries = journal_list(journal, 0, NULL);
    if (entries->len == 0)
        g_print("the journal is empty: nothing was applied yet\n");
    for (guint i = 0; i < entries->len; i++)
        print_entry(options, g_ptr_array_index(entries, i), holder);
    return TRUE;
}

/* ---- undo ---- */

/* FALSE with a sentence where @entry holds a step that is none of an image's. */
static gboolean check_image(const JournalEntry *entry, GError **error)
{
    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        if (step_traits[step->kind].host && step_traits[step->kind].later)
            continue;
        g_autofree char *text = step_text(step, FALSE);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "entry %u is not of an image (%s): with --root only what is kept at boot is changed",
            entry->number, text);
        return FALSE;
    }
    return TRUE;
}

/* The connection to @entry's domains: the one that is asked for, else the default. The URI in the
 * journal is compared with that and never followed: a URI can name a program to run, and whoever
 * wrote the journal of another tree is not the one who runs kvmtune. NULL with a sentence. */
static const char *choose_uri(
    const CommandOptions *options, const JournalEntry *entry, GError **error)
{
    if (options->collector.uri)
        return options->collector.uri;
    const char *uri = connection_default_uri();
    g_autofree char *shown = connection_shown_uri(uri);
    g_autofree char *other = entry->uri ? connection_shown_uri(entry->uri) : NULL;
    if (g_strcmp0(other, shown) == 0)
        return uri;
    g_autofree char *quoted = other ? g_shell_quote(other) : g_strdup("URI");
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "entry %u changed a domain through %s, and the connection here is %s: if that is where it "
        "is to be changed, say so with -c %s",
        entry->number, other ? other : "a connection that it does not name", shown, quoted);
    return NULL;
}

/* The Snapshot that @entry is undone upon, with domains where it changed some. *way is then
 * @options with the connection to them. */
static Snapshot *take_snapshot(const CommandOptions *options, const JournalEntry *entry,
    CommandOptions *way, Connection **connection, GError **error)
{
    gboolean domains = FALSE;

    for (guint i = 0; i < entry->steps->len; i++)
        domains |= !step_traits[((const Step *)g_ptr_array_index(entry->steps, i))->kind].host;
    *way = *options;
    if (options->image && !check_image(entry, error))
        return NULL;
    if (domains && (way->collector.uri = choose_uri(options, entry, error)) == NULL)
        return NULL;
    return collector_take_values(&way->collector, domains, domains ? connection : NULL, error);
}

/* Nothing of @entry is there to be written back: because it is so already, or because somebody
 * changed all of it. */
static gboolean end_without_steps(
    const ApplyContext *context, const JournalEntry *entry, const Preview *preview, GError **error)
{
    g_autoptr(GString) kept = g_string_new(NULL);

    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_WARNING)
            g_string_append_printf(kept, "%s%s", kept->len ? "; " : "", line->text);
    }
    if (preview->moved) {
        g_set_error(
            error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED, "nothing is undone: %s", kept->str);
        return FALSE;
    }
    if (!apply_settle_undo(context, entry->number, error))
        return FALSE;
    g_print("nothing is left to take back of entry %u: it is marked as undone\n", entry->number);
    return TRUE;
}

static gboolean undo_upon(const CommandOptions *options, const JournalEntry *entry,
    const Snapshot *snapshot, Connection *connection, Journal *journal, GError **error)
{
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GPtrArray) notes = undo_stage(plan, snapshot, entry);
    move_count_pages(snapshot, plan);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    gboolean is_empty = preview->steps->len == 0 && preview->errors == 0;
    ApplyContext context;

    for (guint i = 0; i < notes->len; i++)
        g_printerr("kvmtune: note: %s\n", (char *)g_ptr_array_index(notes, i));
    if (options->dry_run) {
        g_autofree char *text = preview_text(preview);
        g_print("%s", text);
        if (is_empty && !preview->moved)
            g_print("nothing is left to take back of entry %u\n", entry->number);
        return TRUE;
    }
    if (!command_context(options, connection, snapshot, &context, error))
        return FALSE;
    journal_close(context.journal);
    context.journal = journal;
    if (is_empty)
        return end_without_steps(&context, entry, preview, error);
    g_autofree char *report = NULL;
    MoveWatch *watch = move_watch_begin(preview, &context);
    guint number = apply_preview(&context, preview, &report, error);
    move_watch_end(watch);
    if (number)
        command_say_done(options, "undone", number, report, "");
    return number != 0;
}

gboolean command_undo(const CommandOptions *options, char **arguments, GError **error)
{
    g_autoptr(Journal) journal = NULL;
    guint number;

    if (!parse_number(arguments, &number, error) ||
        (journal = journal_open(options->collector.root, options->journal_folder, error)) == NULL)
        return FALSE;
    g_autoptr(JournalEntry) entry = journal_get(journal, number, error);
    g_autofree char *reason = entry ? journal_entry_not_undoable(entry) : NULL;
    if (reason)
        g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, reason);
    if (entry == NULL || reason)
        return FALSE;
    CommandOptions way;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot = take_snapshot(options, entry, &way, &connection, error);
    return snapshot && undo_upon(&way, entry, snapshot, connection, journal, error);
}

/* ---- recover ---- */

/* The entry to recover: @number, 0: the newest that was not ended, as `journal` says it, whatever
 * its file is called. NULL without an error: there is none. */
static JournalEntry *find_unended(Journal *journal, guint number, GError **error)
{
    g_autoptr(GPtrArray) unended = journal_unended(journal), entries = NULL;

    if (number) {
        g_autoptr(JournalEntry) entry = journal_get(journal, number, error);
        if (entry == NULL || entry->state == ENTRY_OPEN)
            return g_steal_pointer(&entry);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "entry %u was ended: there is nothing to recover", number);
        return NULL;
    }
    /* One that was being applied and cannot be read is not passed over: the error says so. */
    for (guint i = 0; i < unended->len; i++) {
        const JournalEntry *entry = g_ptr_array_index(unended, i);
        if (entry->state == ENTRY_DAMAGED)
            return journal_get(journal, entry->number, error);
    }
    entries = journal_list(journal, 0, NULL);
    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = g_ptr_array_index(entries, i);
        if (entry->state == ENTRY_OPEN)
            return journal_get(journal, entry->number, error);
    }
    return NULL;
}

static gboolean recover_upon(const CommandOptions *options, const JournalEntry *entry,
    const ApplyContext *context, GError **error)
{
    if (options->finish || options->back) {
        if (apply_recover(context, entry->number, options->finish, error) == 0)
            return FALSE;
        g_print("entry %u is %s\n", entry->number, options->finish ? "finished" : "taken back");
        return TRUE;
    }
    g_autoptr(GArray) survey = apply_survey(context, entry->steps);
    g_autofree char *text = apply_survey_text(entry->steps, survey);
    g_autofree char *words = g_strdup_printf("recover %u", entry->number);
    g_autofree char *recover = command_again(options, words);
    g_print("entry %u was not ended, and its kvmtune is gone. What stands:\n%s"
            "`%s --finish` writes what is not written, `%s --back` puts back what is\n",
        entry->number, text, recover, recover);
    return TRUE;
}

gboolean command_recover(const CommandOptions *options, char **arguments, GError **error)
{
    g_autofree char *holder = host_lock_holder(options->collector.root);
    g_autoptr(GError) cause = NULL;
    g_autoptr(Journal) journal = NULL;
    guint number;

    if (options->finish && options->back) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--finish and --back exclude one another; without either it is only said what stands");
        return FALSE;
    }
    if (!parse_number(arguments, &number, error) ||
        (journal = journal_open(options->collector.root, options->journal_folder, error)) == NULL)
        return FALSE;
    g_autoptr(JournalEntry) entry = find_unended(journal, number, &cause);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (entry == NULL) {
        g_print("nothing was left open\n");
        return TRUE;
    }
    if (holder) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s is applying entry %u: wait for its end", holder, entry->number);
        return FALSE;
    }
    CommandOptions way;
    ApplyContext context;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot = take_snapshot(options, entry, &way, &connection, error);
    if (snapshot == NULL || !command_context(&way, connection, snapshot, &context, error))
        return FALSE;
    journal_close(context.journal);
    context.journal = journal;
    return recover_upon(&way, entry, &context, error);
}
