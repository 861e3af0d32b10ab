/* The command that changes: set; and how a Plan is applied. */
#include "core/demo/demo.h"
#include "core/preview/diff.h"
#include "core/preview/nativecmd.h"
#include "core/util/document.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONTEXT 3 /* lines about a change in a diff */

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

/* Whether @text is a key that comes for the first time; of two values one would be lost. */
static gboolean check_key(GHashTable *seen, TargetKind kind, const char *text, GError **error)
{
    g_autoptr(TunableKey) key = tunable_key_parse(kind, text, error);

    if (key == NULL || g_hash_table_add(seen, g_strdup(key->key)))
        return key != NULL;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s stands twice, and has one value: leave the other out", key->key);
    return FALSE;
}

/* The edit as patch(1) takes it; nothing where there is none. */
static char *describe_edit(const char *file, const char *before, const char *after)
{
    g_autoptr(GPtrArray) lines = diff_unified(before, after, CONTEXT, NULL);
    g_autofree char *shown = text_escape(file, 0);
    GString *out = g_string_new(NULL);

    if (lines->len > 0)
        g_string_printf(out, "--- %s\n+++ %s\n", shown, shown);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(out, "%s\n", (char *)g_ptr_array_index(lines, i));
    return g_string_free(out, FALSE);
}

static gboolean set_xml(const CommandOptions *options, char **assignments, GError **error)
{
    gsize length;
    g_autofree char *text =
        document_read(options->xml, XML_MAX >> 20, "a domain's XML", &length, error);
    if (text == NULL)
        return FALSE;
    g_autoptr(XmlEdit) edit = xml_edit_open(text, (gssize)length, error);
    if (edit == NULL)
        return FALSE;

    /* Only a document that says how many vCPUs it has can be held to it. */
    g_autoptr(DomainConfig) config = domain_config_of(xml_edit_root(edit), NULL);
    Domain domain = {.name = (char *)options->xml, .config = config};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; *assignments; assignments++) {
        char *value;
        if (!split_assignment(*assignments, &value, error) ||
            !check_key(seen, TARGET_DOMAIN, *assignments, error))
            return FALSE;
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, *assignments, error);
        g_autofree char *checked =
            key ? tunable_check_in(key, value, NULL, config ? &domain : NULL, edit, error) : NULL;
        if (checked == NULL || !tunable_xml_set(key, edit, checked, error))
            return FALSE;
    }
    const char *edited = xml_edit_text(edit, &length);
    g_autofree char *diff = options->dry_run ? describe_edit(options->xml, text, edited) : NULL;
    if (diff) {
        edited = diff;
        length = strlen(diff);
    }
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
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    TargetKind kind = g_str_equal(target, "host") ? TARGET_HOST : TARGET_DOMAIN;

    for (; *assignments; assignments++) {
        char *value;
        if (!split_assignment(*assignments, &value, error) ||
            !check_key(seen, kind, *assignments, error) ||
            !plan_stage(plan, snapshot, target, *assignments, value, scope, error))
            return FALSE;
    }
    return TRUE;
}

gboolean command_context(const CommandOptions *options, Connection *connection,
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
        .partial_hint = "--partial keeps what is granted",
        .settle = options->collector.demo ? demo_settle : NULL,
        .page_calls = options->collector.demo ? demo_page_calls : NULL,
        .journal = journal_open(options->collector.root, options->journal_folder, error),
    };
    return context->journal != NULL;
}

char *command_again(const CommandOptions *options, const char *words)
{
    const CollectorOptions *collector = &options->collector;
    GString *out = g_string_new("kvmtune ");

    g_string_append(out, words);
    if (*collector->root && !collector->demo) {
        g_autofree char *tree = g_shell_quote(options->image ? options->image : collector->root);
        g_string_append_printf(out, " %s %s", options->image ? "--root" : "--sysroot", tree);
    }
    if (collector->uri && !collector->demo &&
        !g_str_equal(collector->uri, connection_default_uri())) {
        g_autofree char *shown = connection_shown_uri(collector->uri);
        g_autofree char *uri = g_shell_quote(shown);
        g_string_append_printf(out, " -c %s", uri);
    }
    return g_string_free(out, FALSE);
}

void command_say_done(const CommandOptions *options, const char *what, guint number,
    const char *report, const char *otherwise)
{
    if (options->collector.demo)
        g_print("%s in the demo, which ends with this command%s%s\n", what, report ? "; " : "",
            report ? report : "");
    else
        g_print("%s as entry %u of the journal%s%s\n", what, number, report ? "; " : otherwise,
            report ? report : "");
}

PlanScope command_scope(const CommandOptions *options)
{
    return options->live || options->now      ? SCOPE_LIVE
           : options->config || options->boot ? SCOPE_CONFIG
           : options->both                    ? SCOPE_KEPT
                                              : SCOPE_BOTH;
}

/* What was done goes to standard output, what to beware of to standard error. */
static void say_lines(const Preview *preview)
{
    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_WARNING)
            g_printerr("kvmtune: warning: %s\n", line->text);
        else if (line->kind == LINE_LATER || line->kind == LINE_NOW || line->kind == LINE_WRITE)
            g_print("%s\n", line->text);
    }
}

/* How QEMU's command line of every domain whose next start changes would change. */
static void print_command_lines(const Preview *preview, Connection *connection)
{
    for (guint i = 0; i < preview->targets->len; i++) {
        const PreviewTarget *target = g_ptr_array_index(preview->targets, i);
        g_autoptr(GError) cause = NULL;
        if (target->next_after == NULL)
            continue;
        g_autoptr(GPtrArray) lines =
            nativecmd_change(connection, target->next_before, target->next_after, &cause);
        g_print("-- QEMU's command line of %s\n", target->name);
        if (lines == NULL || lines->len == 0)
            g_print("# %s\n", lines ? "stays as it is" : cause->message);
        for (guint n = 0; lines && n < lines->len; n++)
            g_print("%s\n", (const char *)g_ptr_array_index(lines, n));
    }
}

gboolean command_run_plan(const CommandOptions *options, const Plan *plan, const Snapshot *snapshot,
    Connection *connection, GError **error)
{
    move_count_pages(snapshot, plan);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);

    if (options->dry_run) {
        g_autofree char *text = preview_text(preview);
        g_print("%s", text);
    }
    if (options->command_line)
        print_command_lines(preview, connection);
    if (options->dry_run && preview->errors == 0)
        return TRUE;
    if (preview->steps->len == 0 && preview->errors == 0) {
        g_print("nothing to do: everything stands as asked\n");
        return TRUE;
    }
    ApplyContext context;
    if (!command_context(options, connection, snapshot, &context, error))
        return FALSE;
    G_GNUC_UNUSED g_autoptr(Journal) journal = context.journal;
    g_autofree char *report = NULL;
    MoveWatch *watch = move_watch_begin(preview, &context);
    guint number = apply_preview(&context, preview, &report, error);
    move_watch_end(watch);
    if (number) {
        gboolean leaves = FALSE;
        say_lines(preview);
        for (guint i = 0; i < preview->steps->len; i++)
            leaves |= !((const Step *)g_ptr_array_index(preview->steps, i))->key->tunable->trigger;
        g_autofree char *undo = command_again(options, "undo");
        g_autofree char *hint = g_strdup_printf("; `%s` takes it back", undo);
        command_say_done(options, "done", number, report, leaves ? hint : "");
    }
    return number != 0;
}

/* A domain has a running one and a next start, the host a now and a boot. */
static gboolean check_when(const CommandOptions *options, gboolean host, GError **error)
{
    if (host ? !options->live && !options->config
             : !options->now && !options->boot && !options->both) {
        if (options->image == NULL || (host && options->boot))
            return TRUE;
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--root is for what an image sets when it boots: kvmtune set host KEY=VALUE --boot "
            "--root DIR");
        return FALSE;
    }
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        host ? "the host takes --now, --boot or --both; --live and --config are a domain's"
             : "a domain takes --live or --config; --now, --boot and --both are the host's");
    return FALSE;
}

gboolean command_set(const CommandOptions *options, char **arguments, GError **error)
{
    if (options->xml)
        return set_xml(options, arguments, error);

    const char *target = arguments[0];
    if (arguments[1] == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "usage: kvmtune set TARGET KEY=VALUE… (TARGET is host or a domain)");
        return FALSE;
    }
    gboolean host = g_str_equal(target, "host");
    if (!check_when(options, host, error))
        return FALSE;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_values(&options->collector, !host, host ? NULL : &connection, error);
    if (snapshot == NULL)
        return FALSE;
    g_autoptr(Plan) plan = plan_new();
    return stage_all(plan, snapshot, target, arguments + 1, command_scope(options), error) &&
           command_run_plan(options, plan, snapshot, connection, error);
}
