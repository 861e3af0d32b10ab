/* The commands that take a plan file: apply, diff and export. */
#include "core/preview/export.h"
#include "core/preview/preview.h"
#include "core/tune/planfile.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

/* A plan file, the picture of the host it is for, and what it stages there. */
typedef struct {
    PlanFile *file;
    Connection *connection; /* NULL where the file names no domain */
    Snapshot *snapshot;     /* NULL where the file is empty: nothing was asked */
    Plan *plan;
    guint left_out; /* lines that --live or --config leave out */
} Opened;

static void opened_clear(Opened *opened)
{
    plan_file_free(opened->file);
    snapshot_unref(opened->snapshot);
    g_clear_pointer(&opened->connection, connection_close);
    plan_free(opened->plan);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

/* Reads @path, then the host as far as the plan speaks of it: a plan of the host alone asks no
 * libvirt. FALSE with a sentence. */
static gboolean open_plan(
    const CommandOptions *options, const char *path, Opened *opened, GError **error)
{
    opened->file = plan_file_read(path, error);
    if (opened->file == NULL)
        return FALSE;
    gboolean domains = plan_file_names_domains(opened->file);
    opened->plan = plan_new();
    if (!domains && plan_file_count(opened->file) == 0)
        return TRUE;
    opened->snapshot = collector_take_values(
        &options->collector, domains, domains ? &opened->connection : NULL, error);
    return opened->snapshot && plan_file_stage(opened->file, opened->plan, opened->snapshot,
                                   command_scope(options), &opened->left_out, error);
}

gboolean command_apply(const CommandOptions *options, char **arguments, GError **error)
{
    g_auto(Opened) opened = {0};

    if (!open_plan(options, arguments[0], &opened, error))
        return FALSE;
    if (opened.left_out)
        g_printerr("kvmtune: %u of %u lines are left out: they are not for %s\n", opened.left_out,
            plan_file_count(opened.file), options->live ? "--live" : "--config");
    if (opened.plan->changes->len == 0) {
        g_print("nothing to do: the plan is empty\n");
        return TRUE;
    }
    return command_run_plan(options, opened.plan, opened.snapshot, opened.connection, error);
}

/* "web1 vcpupin.0: 3, not 2, next start" */
static void print_difference(const Step *step)
{
    g_autofree char *is = step_shown_value(step->old_value);
    g_autofree char *wanted = step_shown_value(step->new_value);

    g_print("%s %s: %s, not %s%s\n", step->name, step->key->key, is, wanted,
        step_traits[step->kind].where);
}

gboolean command_diff(const CommandOptions *options, char **arguments, GError **error)
{
    g_auto(Opened) opened = {0};

    if (!open_plan(options, arguments[0], &opened, error))
        return FALSE;
    guint differ = 0;
    if (opened.plan->changes->len) {
        g_autoptr(Preview) preview = preview_make(opened.snapshot, opened.plan);
        for (guint i = 0; i < preview->steps->len; i++) {
            const Step *step = g_ptr_array_index(preview->steps, i);
            if (step->key->tunable->trigger)
                continue; /* done once, and nothing is left of it that could differ */
            print_difference(step);
            differ++;
        }
    }
    for (guint i = 0; i < opened.plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(opened.plan->changes, i);
        if (change->key->tunable->target != TARGET_HOST || change->scope == SCOPE_CONFIG)
            continue;
        g_autofree char *now = tunable_host_value(change->key, opened.snapshot->host);
        if (now == NULL) {
            g_print("host %s: this kernel does not offer it\n", change->key->key);
            differ++;
        }
    }
    if (differ == 0)
        return TRUE;
    g_autofree char *shown = text_escape(arguments[0], 100);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_DIFFERS,
        "%u value%s of %s do%s not stand here; `kvmtune apply` sets them", differ,
        differ == 1 ? "" : "s", shown, differ == 1 ? "es" : "");
    return FALSE;
}

gboolean command_export(const CommandOptions *options, char **arguments, GError **error)
{
    g_auto(Opened) opened = {0};
    ExportFormat format;

    if (!export_format(options->format, &format, error) ||
        !open_plan(options, arguments[0], &opened, error))
        return FALSE;
    if (opened.snapshot == NULL) {
        g_printerr("kvmtune: the plan is empty: there is nothing to export\n");
        return TRUE;
    }
    g_autoptr(Preview) preview = preview_make(opened.snapshot, opened.plan);
    g_autofree char *text = export_text(preview, format,
        options->collector.demo ? NULL : opened.snapshot->link.uri, arguments[0], error);
    if (text)
        g_print("%s", text);
    return text != NULL;
}
