/* Apply: one transaction. Lock, read again, journal, write, read back, and on a failure put back.
 */
#include "core/tune/apply.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <errno.h>
#include <string.h>

/* What is written in one go: a file of the kernel, a running domain's value, or one definition of a
 * domain's next start with all its changes. Steps are borrowed. */
typedef struct {
    StepKind kind;
    const char *target;
    GPtrArray *steps;
} Unit;

static void unit_free(gpointer data)
{
    Unit *unit = data;

    g_ptr_array_unref(unit->steps);
    g_free(unit);
}

static GPtrArray *make_units(const GPtrArray *steps)
{
    GPtrArray *units = g_ptr_array_new_with_free_func(unit_free);

    for (guint i = 0; i < steps->len; i++) {
        Step *step = g_ptr_array_index(steps, i);
        Unit *unit = NULL;
        for (guint j = 0; step->kind == STEP_CONFIG && j < units->len; j++) {
            Unit *other = g_ptr_array_index(units, j);
            if (other->kind == STEP_CONFIG && g_str_equal(other->target, step->target))
                unit = other;
        }
        if (unit == NULL) {
            unit = g_new(Unit, 1);
            *unit = (Unit){step->kind, step->target, g_ptr_array_new()};
            g_ptr_array_add(units, unit);
        }
        g_ptr_array_add(unit->steps, step);
    }
    return units;
}

static Domain *read_domain(const ApplyContext *context, const Step *step, GError **error)
{
    if (context->connection == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s cannot be reached: there is no connection to libvirt", step->name);
        return NULL;
    }
    return connection_domain(context->connection, step->target, error);
}

/* The value of @step's key in @domain's running or next document; NULL where there is none. */
static char *domain_value(const Domain *domain, const Step *step, GError **error)
{
    const char *xml = step->kind == STEP_LIVE ? domain->xml_live : domain->xml_config;

    if (xml == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            step->kind == STEP_LIVE ? "%s does not run any more" : "%s has no next start any more",
            step->name);
        return NULL;
    }
    g_autoptr(XmlEdit) edit = xml_edit_open(xml, -1, error);
    return edit ? tunable_xml_value(step->key, edit) : NULL;
}

/* The value that stands now where @step writes. NULL with a sentence. */
static char *current_value(const ApplyContext *context, const Step *step, GError **error)
{
    if (step->kind != STEP_HOST) {
        g_autoptr(Domain) domain = read_domain(context, step, error);
        return domain ? domain_value(domain, step, error) : NULL;
    }
    g_autofree char *place = tunable_key_place(step->key);
    g_autofree char *text = rootfile_read(context->root, place);
    if (text == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "%s%s cannot be read: it is gone, or not yours to read", context->root, place);
        return NULL;
    }
    KernelFile file = {.text = text};
    return kernel_file_value(&file);
}

/* Whether @got is what writing @wanted gives. A running domain's pin has no "nothing": libvirt pins
 * it to all CPUs that are online. */
static gboolean is_granted(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got)
{
    if (g_str_equal(wanted, got))
        return TRUE;
    if (step->kind != STEP_LIVE || *wanted != '\0')
        return FALSE;
    g_autoptr(IdSet) cpus = idset_parse(got, NULL);
    g_autofree char *text = rootfile_read(context->root, "/sys/devices/system/cpu/online");
    g_autoptr(IdSet) online = idset_parse_kernel(text);
    return cpus && (online == NULL || hwloc_bitmap_isincluded(online, cpus));
}

static gboolean write_host(
    const ApplyContext *context, const Step *step, const char *value, GError **error)
{
    g_autofree char *place = tunable_key_place(step->key);
    g_autoptr(GError) cause = NULL;

    if (rootfile_write(context->root, place, value, &cause)) {
        if (context->settle)
            context->settle(context->root);
        return TRUE;
    }
    const char *advice = "";
    if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
        g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_PERM))
        advice = "; run kvmtune as root";
    else if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_INVAL))
        advice = "; the kernel does not take this value";
    /* EBUSY has no code among GFileError's. */
    else if (g_str_has_prefix(step->key->key, "ksm.") && strstr(cause->message, g_strerror(EBUSY)))
        advice = "; pages are shared: ksm.run=2 must unmerge them first";
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s%s", cause->message, advice);
    return FALSE;
}

/* One definition with the new (or, going back, the old) values of all its steps. */
static gboolean write_config(
    const ApplyContext *context, const Unit *unit, gboolean back, GError **error)
{
    const Step *first = g_ptr_array_index(unit->steps, 0);
    g_autoptr(Domain) domain = read_domain(context, first, error);

    if (domain == NULL)
        return FALSE;
    if (domain->xml_config == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s has no next start to configure",
            first->name);
        return FALSE;
    }
    g_autoptr(XmlEdit) edit = xml_edit_open(domain->xml_config, -1, error);
    for (guint i = 0; edit && i < unit->steps->len; i++) {
        const Step *step = g_ptr_array_index(unit->steps, i);
        if (!tunable_xml_set(step->key, edit, back ? step->old_value : step->new_value, error))
            return FALSE;
    }
    return edit &&
           connection_define(context->connection, unit->target, xml_edit_text(edit, NULL), error);
}

static gboolean write_live(
    const ApplyContext *context, const Step *step, const char *value, GError **error)
{
    g_autoptr(Domain) domain = read_domain(context, step, error);

    if (domain == NULL)
        return FALSE;
    return step->key->tunable->set_live(context->connection, domain, step->key->n, value, error);
}

static gboolean write_unit(
    const ApplyContext *context, const Unit *unit, gboolean back, GError **error)
{
    const Step *step = g_ptr_array_index(unit->steps, 0);
    const char *value = back ? step->old_value : step->new_value;

    switch (unit->kind) {
    case STEP_HOST:
        return write_host(context, step, value, error);
    case STEP_LIVE:
        return write_live(context, step, value, error);
    case STEP_CONFIG:
        return write_config(context, unit, back, error);
    }
    g_assert_not_reached();
}

/* Writes @unit and reads it back; what stands then is in each step's `granted`. */
static gboolean run_unit(
    const ApplyContext *context, Unit *unit, gboolean back, GString *report, GError **error)
{
    if (!write_unit(context, unit, back, error))
        return FALSE;
    for (guint i = 0; i < unit->steps->len; i++) {
        Step *step = g_ptr_array_index(unit->steps, i);
        const char *wanted = back ? step->old_value : step->new_value;
        char *got = current_value(context, step, error);
        if (got == NULL)
            return FALSE;
        g_free(step->granted);
        step->granted = got;
        if (is_granted(context, step, wanted, got))
            continue;
        if (!context->partial || step->key->tunable->type != VALUE_INT) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "%s: %s was asked, %s was granted%s", step->key->key, *wanted ? wanted : "nothing",
                *got ? got : "nothing",
                step->key->size_kib
                    ? " (memory is short, or in small pieces); --partial keeps what is granted"
                    : "");
            return FALSE;
        }
        g_string_append_printf(report, "%s%s: %s granted of %s asked", report->len ? "; " : "",
            step->key->key, got, wanted);
    }
    return TRUE;
}

/* Whether every value of @unit is the old one, be it that its write never came to anything. */
static gboolean unit_is_back(const ApplyContext *context, const Unit *unit)
{
    for (guint i = 0; i < unit->steps->len; i++) {
        const Step *step = g_ptr_array_index(unit->steps, i);
        g_autofree char *now = current_value(context, step, NULL);
        if (g_strcmp0(now, step->old_value) != 0)
            return FALSE;
    }
    return TRUE;
}

/* Puts units 0…@count-1 back, the last first. Returns what could not be, or NULL. */
static char *roll_back(const ApplyContext *context, const GPtrArray *units, guint count)
{
    g_autoptr(GString) standing = g_string_new(NULL);
    g_autoptr(GString) ignored = g_string_new(NULL);

    while (count-- > 0) {
        Unit *unit = g_ptr_array_index(units, count);
        g_autoptr(GError) error = NULL;
        if (unit_is_back(context, unit) || run_unit(context, unit, TRUE, ignored, &error))
            continue;
        const Step *step = g_ptr_array_index(unit->steps, 0);
        g_string_append_printf(standing, "%s%s %s stands at %s: %s", standing->len ? "; " : "",
            step->name, step->key->key, step->granted ? step->granted : step->new_value,
            error->message);
    }
    return standing->len ? g_strdup(standing->str) : NULL;
}

/* Nothing is written where the ground has moved: each value must be the one previewed upon, and the
 * next start's XML the very text, because it is defined again as a whole. A running domain's XML is
 * compared by value only: ballooning alone rewrites it. */
static gboolean check_unmoved(const ApplyContext *context, const Preview *preview, GError **error)
{
    g_autoptr(GHashTable) domains =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)domain_unref);

    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        g_autofree char *name = text_escape(step->name, 60);
        g_autofree char *now = NULL;
        if (step->kind == STEP_HOST) {
            now = current_value(context, step, error);
        } else {
            Domain *domain = g_hash_table_lookup(domains, step->target);
            if (domain == NULL) {
                domain = read_domain(context, step, error);
                if (domain == NULL)
                    return FALSE;
                g_hash_table_insert(domains, step->target, domain);
            }
            if (step->kind == STEP_CONFIG &&
                g_strcmp0(domain->xml_config,
                    g_hash_table_lookup(preview->xml_config, step->target)) != 0) {
                g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
                    "%s was changed by someone else since the preview: nothing is written, look at "
                    "the new preview",
                    name);
                return FALSE;
            }
            now = domain_value(domain, step, error);
        }
        if (now == NULL)
            return FALSE;
        if (!g_str_equal(now, step->old_value)) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
                "%s %s was %s in the preview and is %s now: nothing is written, look at the new "
                "preview",
                name, step->key->key, *step->old_value ? step->old_value : "not set",
                *now ? now : "not set");
            return FALSE;
        }
    }
    return TRUE;
}

static JournalEntry *make_entry(const ApplyContext *context, const GPtrArray *steps)
{
    JournalEntry *entry = g_new0(JournalEntry, 1);

    entry->state = ENTRY_OPEN;
    entry->time = g_get_real_time() / G_USEC_PER_SEC;
    entry->uri = g_strdup(context->uri);
    entry->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    for (guint i = 0; i < steps->len; i++)
        g_ptr_array_add(entry->steps, step_copy(g_ptr_array_index(steps, i)));
    return entry;
}

/* Ends @entry. That the last write of the journal fails changes nothing on the host: it is said. */
static void close_entry(
    const ApplyContext *context, JournalEntry *entry, EntryState state, GString *report)
{
    g_autoptr(GError) error = NULL;

    entry->state = state;
    if (!journal_write(context->journal, entry, &error))
        g_string_append_printf(report, "%s%s (entry %u still says it is being applied)",
            report->len ? "; " : "", error->message, entry->number);
}

static void give_report(char **report, const GString *text)
{
    if (report)
        *report = text->len ? g_strdup(text->str) : NULL;
}

/* The transaction itself, the journal's lock held. */
static guint apply_locked(
    const ApplyContext *context, const Preview *preview, GString *report, GError **error)
{
    if (!check_unmoved(context, preview, error))
        return 0;
    g_autoptr(JournalEntry) entry = make_entry(context, preview->steps);
    if (!journal_write(context->journal, entry, error))
        return 0;

    g_autoptr(GPtrArray) units = make_units(entry->steps);
    for (guint i = 0; i < units->len; i++) {
        g_autoptr(GError) cause = NULL;
        if (run_unit(context, g_ptr_array_index(units, i), FALSE, report, &cause))
            continue;
        /* The one that failed may have been written before it was found short: it goes back too. */
        g_autofree char *standing = roll_back(context, units, i + 1);
        g_autofree char *reason = text_escape(cause->message, 0);
        entry->problem = standing ? g_strdup_printf("%s; %s", reason, standing) : g_strdup(reason);
        close_entry(context, entry, standing ? ENTRY_PARTIAL : ENTRY_FAILED, report);
        if (standing)
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL,
                "%s; put back only in part: %s", reason, standing);
        else
            g_set_error(
                error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s; everything is as it was", reason);
        return 0;
    }
    close_entry(context, entry, ENTRY_DONE, report);
    return entry->number;
}

guint apply_preview(
    const ApplyContext *context, const Preview *preview, char **report, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    give_report(report, text);
    for (guint i = 0; preview->errors && i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_ERROR) {
            g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, line->text);
            return 0;
        }
    }
    if (!journal_lock(context->journal, error))
        return 0;
    guint number = apply_locked(context, preview, text, error);
    journal_unlock(context->journal);
    give_report(report, text);
    return number;
}

/* The steps that take @entry back, last first; those whose value is no longer what the entry left
 * are said in @kept. */
static GPtrArray *reverse_steps(
    const ApplyContext *context, const JournalEntry *entry, GString *kept)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);

    for (guint i = entry->steps->len; i-- > 0;) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *name = text_escape(step->name, 60);
        g_autofree char *now = current_value(context, step, &error);
        const char *left = step->granted ? step->granted : step->new_value;
        if (now && g_str_equal(now, step->old_value))
            continue; /* never written, or taken back by hand: nothing to do */
        if (now == NULL || !g_str_equal(now, left)) {
            g_string_append_printf(kept, "%s%s %s ", kept->len ? "; " : "", name, step->key->key);
            if (now)
                g_string_append_printf(kept, "is %s now, not %s: it is left alone",
                    *now ? now : "not set", *left ? left : "unset");
            else
                g_string_append(kept, error->message);
            continue;
        }
        Step *back = step_copy(step);
        g_free(back->old_value);
        g_free(back->new_value);
        back->old_value = g_steal_pointer(&now);
        back->new_value = g_strdup(step->old_value);
        g_clear_pointer(&back->granted, g_free);
        g_ptr_array_add(steps, back);
    }
    return steps;
}

static guint undo_locked(const ApplyContext *context, guint number, GString *report, GError **error)
{
    g_autoptr(JournalEntry) entry = journal_get(context->journal, number, error);
    if (entry == NULL)
        return 0;
    if (entry->undone_by || entry->state == ENTRY_FAILED) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            entry->undone_by ? "entry %u is undone already, by entry %u"
                             : "entry %u was not applied: there is nothing to undo",
            entry->number, entry->undone_by);
        return 0;
    }
    g_autoptr(GString) kept = g_string_new(NULL);
    g_autoptr(GPtrArray) steps = reverse_steps(context, entry, kept);
    if (steps->len == 0 && kept->len > 0) {
        g_set_error(
            error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED, "nothing is undone: %s", kept->str);
        return 0;
    }
    g_autoptr(JournalEntry) undo = make_entry(context, steps);
    undo->undoes = entry->number;
    if (!journal_write(context->journal, undo, error))
        return 0;

    /* Every step is tried, whatever became of the others: the more is taken back the better. */
    g_autoptr(GPtrArray) units = make_units(undo->steps);
    for (guint i = 0; i < units->len; i++) {
        Unit *unit = g_ptr_array_index(units, i);
        g_autoptr(GError) cause = NULL;
        if (!run_unit(context, unit, FALSE, report, &cause))
            g_string_append_printf(kept, "%s%s", kept->len ? "; " : "", cause->message);
    }
    undo->problem = kept->len ? g_strdup(kept->str) : NULL;
    close_entry(context, undo, kept->len ? ENTRY_PARTIAL : ENTRY_DONE, report);
    entry->undone_by = kept->len ? 0 : undo->number;
    close_entry(context, entry, kept->len ? ENTRY_PARTIAL : ENTRY_UNDONE, report);
    if (kept->len) {
        g_set_error(
            error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL, "undone only in part: %s", kept->str);
        return 0;
    }
    return undo->number;
}

guint apply_undo(const ApplyContext *context, guint number, char **report, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    give_report(report, text);
    if (!journal_lock(context->journal, error))
        return 0;
    guint undo = undo_locked(context, number, text, error);
    journal_unlock(context->journal);
    give_report(report, text);
    return undo;
}
