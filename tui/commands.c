/* The commands without a screen. */
#include "tui/commands.h"

#include "core/demo.h"
#include "core/host/host-json.h"
#include "core/tune/apply.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/domains-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean run_host(const CommandOptions *options, char **arguments, GError **error)
{
    (void)arguments;
    g_autoptr(Snapshot) snapshot = collector_take_once(&options->collector, FALSE, NULL, error);
    if (snapshot == NULL)
        return FALSE;
    g_autofree char *text =
        options->json ? host_to_json(snapshot->host) : host_to_table(snapshot->host);
    g_print("%s", text);
    return TRUE;
}

static gboolean run_domains(const CommandOptions *options, char **arguments, GError **error)
{
    (void)arguments;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_once(&options->collector, TRUE, &connection, error);
    if (snapshot == NULL)
        return FALSE;
    g_autofree char *text = options->json ? domains_to_json(snapshot) : domains_to_table(snapshot);
    g_print("%s", text);
    return TRUE;
}

/* "KEY=VALUE" split in place at the first '='. */
static gboolean split_assignment(char *text, char **value, GError **error)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text) {
        g_autofree char *shown = text_escape(text, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "\"%s\" is no KEY=VALUE, such as vcpupin.0=2; an empty VALUE removes", shown);
        return FALSE;
    }
    *equals = '\0';
    *value = equals + 1;
    return TRUE;
}

/* The whole of FILE, "-" for standard input, bounded. */
static char *read_document(const char *path, gsize *length, GError **error)
{
    g_autofree char *shown = text_escape(path, 100);
    FILE *file = g_str_equal(path, "-") ? stdin : fopen(path, "re");
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[65536];
    size_t n = 1;

    while (file && text->len <= XML_EDIT_MAX && (n = fread(buffer, 1, sizeof buffer, file)) > 0)
        g_string_append_len(text, buffer, (gssize)n);
    gboolean failed = file == NULL || ferror(file);
    int saved = errno;
    if (file && file != stdin)
        fclose(file);
    if (failed || text->len > XML_EDIT_MAX) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s cannot be read: %s", shown,
            failed ? g_strerror(saved) : "it is larger than 16 MiB, which no domain's XML is");
        return NULL;
    }
    *length = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean set_xml(const CommandOptions *options, char **assignments, GError **error)
{
    gsize length;
    g_autofree char *text = read_document(options->xml, &length, error);
    if (text == NULL)
        return FALSE;
    g_autoptr(XmlEdit) edit = xml_edit_open(text, (gssize)length, error);
    if (edit == NULL)
        return FALSE;

    /* Only a document that says how many vCPUs it has can be held to it. */
    g_autoptr(DomainConfig) config = domain_config_parse(text, NULL);
    Domain domain = {.name = (char *)options->xml, .config = config};
    for (; *assignments; assignments++) {
        char *value;
        if (!split_assignment(*assignments, &value, error))
            return FALSE;
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, *assignments, error);
        g_autofree char *checked =
            key ? tunable_check(key, value, NULL, config ? &domain : NULL, error) : NULL;
        if (checked == NULL || !tunable_xml_set(key, edit, checked, error))
            return FALSE;
    }
    const char *edited = xml_edit_text(edit, &length);
    if (fwrite(edited, 1, length, stdout) != length || fflush(stdout) != 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the document could not be written: %s", g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static gboolean stage_all(Plan *plan, const Snapshot *snapshot, const char *target,
    char **assignments, PlanScope scope, GError **error)
{
    for (; *assignments; assignments++) {
        char *value;
        if (!split_assignment(*assignments, &value, error) ||
            !plan_stage(plan, snapshot, target, *assignments, value, scope, error))
            return FALSE;
    }
    return TRUE;
}

/* The context of an apply or undo through @connection; the caller closes the journal in it. */
static gboolean make_context(const CommandOptions *options, Connection *connection,
    const Snapshot *snapshot, ApplyContext *context, GError **error)
{
    if (snapshot->link.read_only) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "nothing is changed: this is read-only (run kvmtune as root, without --read-only)");
        return FALSE;
    }
    *context = (ApplyContext){
        .connection = connection,
        .root = snapshot->root,
        .uri = snapshot->link.uri,
        .partial = options->partial,
        .settle = options->collector.demo ? demo_settle : NULL,
        .journal = journal_open(options->journal_folder, error),
    };
    return context->journal != NULL;
}

static void say_done(const CommandOptions *options, const char *what, guint number,
    const char *report, const char *otherwise)
{
    if (options->collector.demo)
        g_print("%s in the demo, which ends with this command%s%s\n", what, report ? "; " : "",
            report ? report : "");
    else
        g_print("%s as entry %u of the journal%s%s\n", what, number, report ? "; " : otherwise,
            report ? report : "");
}

static gboolean run_set(const CommandOptions *options, char **arguments, GError **error)
{
    if (options->xml)
        return set_xml(options, arguments, error);

    const char *target = arguments[0];
    if (arguments[1] == NULL || (options->live && options->config)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            arguments[1] ? "--live and --config exclude one another; without either, both are set"
                         : "usage: kvmtune set TARGET KEY=VALUE… (TARGET is host or a domain)");
        return FALSE;
    }
    PlanScope scope = options->live ? SCOPE_LIVE : options->config ? SCOPE_CONFIG : SCOPE_BOTH;
    gboolean host = g_str_equal(target, "host");
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_once(&options->collector, !host, host ? NULL : &connection, error);
    if (snapshot == NULL)
        return FALSE;
    g_autoptr(Plan) plan = plan_new();
    if (!stage_all(plan, snapshot, target, arguments + 1, scope, error))
        return FALSE;

    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    if (options->dry_run) {
        g_autofree char *text = preview_text(preview);
        g_print("%s", text);
    }
    if (options->dry_run && preview->errors == 0)
        return TRUE;
    if (preview->steps->len == 0 && preview->errors == 0) {
        g_print("nothing to do: everything stands as asked\n");
        return TRUE;
    }
    ApplyContext context;
    if (!make_context(options, connection, snapshot, &context, error))
        return FALSE;
    g_autoptr(Journal) journal = context.journal;
    g_autofree char *report = NULL;
    guint number = apply_preview(&context, preview, &report, error);
    for (guint i = 0; number && i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_WARNING)
            g_printerr("kvmtune: warning: %s\n", line->text);
        else if (line->kind == LINE_LATER || line->kind == LINE_NOW || line->kind == LINE_WRITE)
            g_print("%s\n", line->text);
    }
    if (number)
        say_done(options, "done", number, report, "; `kvmtune undo` takes it back");
    return number != 0;
}

/* What undo of @entry would write, last step first. */
static void print_reversal(const JournalEntry *entry)
{
    static const char *const wheres[] = {
        [STEP_HOST] = "", [STEP_LIVE] = "  now", [STEP_CONFIG] = "  next start"};

    for (guint i = entry->steps->len; i-- > 0;) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        const char *left = step->granted ? step->granted : step->new_value;
        g_autofree char *name = text_escape(step->name, 60);
        g_print("%s %s: %s → %s%s\n", name, step->key->key, *left ? left : "(nothing)",
            *step->old_value ? step->old_value : "(nothing)", wheres[step->kind]);
    }
}

static gboolean run_undo(const CommandOptions *options, char **arguments, GError **error)
{
    gint64 entry = 0;

    if (arguments[0] && (!text_parse_int(arguments[0], &entry) || entry < 1 || entry > 99999999)) {
        g_autofree char *shown = text_escape(arguments[0], 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "\"%s\" is no entry of the journal: write its number, as `kvmtune journal` shows it",
            shown);
        return FALSE;
    }
    g_autoptr(Journal) journal = journal_open(options->journal_folder, error);
    g_autoptr(JournalEntry) old = journal ? journal_get(journal, (guint)entry, error) : NULL;
    if (old == NULL)
        return FALSE;
    if (options->dry_run) {
        print_reversal(old);
        return TRUE;
    }
    gboolean domains = FALSE;
    for (guint i = 0; i < old->steps->len; i++)
        domains |= ((const Step *)g_ptr_array_index(old->steps, i))->kind != STEP_HOST;

    /* A change goes back by the way it came, unless another is asked for. */
    CommandOptions way = *options;
    if (domains && way.collector.uri == NULL)
        way.collector.uri = old->uri;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_once(&way.collector, domains, domains ? &connection : NULL, error);
    ApplyContext context;
    if (snapshot == NULL || !make_context(&way, connection, snapshot, &context, error))
        return FALSE;
    journal_close(context.journal);
    context.journal = journal;
    g_autofree char *report = NULL;
    guint number = apply_undo(&context, old->number, &report, error);
    if (number)
        say_done(options, "undone", number, report, "");
    return number != 0;
}

static gboolean run_journal(const CommandOptions *options, char **arguments, GError **error)
{
    (void)arguments;
    g_autoptr(Journal) journal = journal_open(options->journal_folder, error);
    if (journal == NULL)
        return FALSE;
    g_autoptr(GPtrArray) entries = journal_list(journal);
    if (entries->len == 0)
        g_print("the journal is empty: nothing was applied yet\n");
    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *entry = g_ptr_array_index(entries, i);
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(entry->time);
        g_autofree char *when =
            time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("–");
        g_autofree char *summary = journal_entry_summary(entry);
        g_autofree char *problem = entry->problem ? text_escape(entry->problem, 0) : NULL;
        g_print("%4u  %s  %-7s  %s%s%s\n", entry->number, when, journal_state_name(entry->state),
            summary, problem ? "  " : "", problem ? problem : "");
    }
    return TRUE;
}

/* The row's allowed values in a few words. The caller frees it. */
static char *allowed_values(const Tunable *row)
{
    GString *out = g_string_new(NULL);

    switch (row->type) {
    case VALUE_INT:
        g_string_printf(out, "%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT, row->min, row->max);
        break;
    case VALUE_CHOICE:
        for (guint i = 0; row->choices[i].value; i++)
            g_string_append_printf(out, "%s%s", i ? "|" : "", row->choices[i].value);
        break;
    case VALUE_CPUS:
        g_string_append(out, "CPUS");
        break;
    case VALUE_BACKING:
        g_string_append(out, "off|default|SIZE|SIZE@CELLS;…");
        break;
    case VALUE_SWITCH:
        g_string_append(out, "on|off");
        break;
    }
    return g_string_free(out, FALSE);
}

/* The place as a person writes it: upper case letters for what a key's stand for. */
static char *shown_place(const Tunable *row)
{
    g_autoptr(GString) place = g_string_new(row->place);

    g_string_replace(place, "%" G_GUINT64_FORMAT, "SIZE", 0);
    g_string_replace(place, "%u", "N", 0);
    return g_strdup(place->str);
}

static gboolean run_tunables(const CommandOptions *options, char **arguments, GError **error)
{
    static const char *const effects[] = {
        [EFFECT_NOW] = "at once, until the host restarts",
        [EFFECT_NOW_AND_NEXT] = "in the running domain and at its next start",
        [EFFECT_NEXT] = "at the domain's next start",
    };
    guint count, shown = 0;
    const Tunable *rows = tunable_catalogue(&count);
    (void)options;

    for (guint i = 0; i < count; i++) {
        const Tunable *row = &rows[i];
        g_autofree char *allowed = allowed_values(row);
        g_autofree char *place = shown_place(row);
        gboolean exact = arguments[0] && g_str_equal(arguments[0], row->key);
        if (arguments[0] == NULL || (!exact && g_str_has_prefix(row->key, arguments[0]))) {
            g_print("%-7s %-40s %s\n", row->target == TARGET_HOST ? "host" : "domain", row->key,
                allowed);
            shown++;
        } else if (exact) {
            g_print("%s=%s%s%s\n  %s\n  Takes effect %s.\n  Stands in %s\n  Source: %s\n", row->key,
                allowed, row->unit ? " " : "", row->unit ? row->unit : "", row->help,
                effects[row->effect], place, row->source);
            for (guint j = 0; row->choices && row->choices[j].value; j++)
                g_print("  %-14s %s\n", row->choices[j].value, row->choices[j].help);
            shown++;
        }
    }
    if (shown)
        return TRUE;
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, arguments[0], NULL);
    if (key == NULL)
        key = tunable_key_parse(TARGET_HOST, arguments[0], error);
    if (key == NULL)
        return FALSE;
    char *row_key[] = {(char *)key->tunable->key, NULL};
    return run_tunables(options, row_key, error);
}

const Command commands[] = {
    {"host", "", "print the host: topology, memory, pools, KSM, THP (--json, --sysroot DIR)", 0, 0,
        TRUE, run_host},
    {"domains", "", "print the domains (--json)", 0, 0, TRUE, run_domains},
    {"set", "TARGET KEY=VALUE…",
        "change a domain or the host (--dry-run, --live, --config, --partial, --xml FILE)", 1, -1,
        FALSE, run_set},
    {"undo", "[ENTRY]", "take an entry of the journal back, the newest without ENTRY", 0, 1, FALSE,
        run_undo},
    {"journal", "", "list what was applied", 0, 0, TRUE, run_journal},
    {"tunables", "[KEY]", "list what can be set, or explain KEY", 0, 1, TRUE, run_tunables},
    {NULL, NULL, NULL, 0, 0, FALSE, NULL},
};

const Command *command_find(const char *name)
{
    for (const Command *command = commands; command->name; command++)
        if (g_str_equal(command->name, name))
            return command;
    return NULL;
}
