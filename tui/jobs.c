/* Apply and undo from the full screen: jobs for the libvirt thread, and what is said at their end.
 */
#include "core/demo.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/app-private.h"

/* Everything a job needs is its own: the screen goes on meanwhile. */
struct Job {
    Preview *preview; /* NULL: an undo */
    guint entry;
    char *root, *uri, *folder;
    gboolean demo;
    gint done; /* set last, by the collector */
    guint number;
    char *report;
    GError *error;
};

static void job_free(Job *job)
{
    preview_unref(job->preview);
    g_free(job->root);
    g_free(job->uri);
    g_free(job->folder);
    g_free(job->report);
    g_clear_error(&job->error);
    g_free(job);
}

/* On the libvirt thread. */
static void run_job(Connection *connection, gpointer data)
{
    Job *job = data;
    g_autoptr(Journal) journal = journal_open(job->folder, &job->error);

    if (journal == NULL)
        return;
    ApplyContext context = {
        .connection = connection,
        .root = job->root,
        .journal = journal,
        .uri = job->uri,
        .settle = job->demo ? demo_settle : NULL,
    };
    job->number = job->preview ? apply_preview(&context, job->preview, &job->report, &job->error)
                               : apply_undo(&context, job->entry, &job->report, &job->error);
}

static void start_job(App *app, const Preview *preview, guint entry)
{
    struct AppPrivate *private = app->private;

    if (!app_may_write(app))
        return;
    if (private->job) {
        app_say(app, STYLE_WARN, "one change is still being written: wait for its end");
        return;
    }
    Job *job = g_new0(Job, 1);
    job->preview = preview ? preview_ref((Preview *)preview) : NULL;
    job->entry = entry;
    job->root = g_strdup(app->snapshot->root);
    job->uri = g_strdup(app->options->collector.uri);
    job->folder = g_strdup(app->options->journal_folder);
    job->demo = app->options->collector.demo;
    private->job = job;
    app_say(app, STYLE_TEXT, preview ? "applying…" : "undoing…");
    collector_run(private->collector, run_job, job, &job->done);
}

static void apply_confirmed(App *app, gpointer data)
{
    (void)data;
    start_job(app, app->private->asked, 0);
}

/* With warnings there is one more question; what was shown is what will be applied. */
static void confirm_warnings(App *app, const Preview *preview)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_WARNING)
            g_string_append_printf(text, "! %s\n", line->text);
    }
    g_string_append(text, "\nApply all the same? y/n");
    preview_unref(app->private->asked);
    app->private->asked = preview_ref((Preview *)preview);
    app_confirm(app, "Apply", text->str, apply_confirmed, NULL);
}

void app_apply(App *app, const Preview *preview)
{
    if (preview->errors > 0)
        app_say(app, STYLE_BAD, "it cannot be applied like this: see the lines marked as errors");
    else if (preview->steps->len == 0)
        app_say(app, STYLE_TEXT, "nothing to apply: everything stands as staged");
    else if (preview->warnings > 0)
        confirm_warnings(app, preview);
    else
        start_job(app, preview, 0);
}

void app_undo(App *app, guint number)
{
    start_job(app, NULL, number);
}

gboolean app_is_applying(const App *app)
{
    return app->private->job != NULL;
}

guint app_journal_serial(const App *app)
{
    return app->private->journal_serial;
}

/* Takes what was applied out of the plan; what was staged meanwhile stays. */
static void unstage_applied(App *app, const Preview *preview)
{
    for (guint i = app->plan->changes->len; i-- > 0;) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        for (guint j = 0; j < preview->steps->len; j++) {
            const Step *step = g_ptr_array_index(preview->steps, j);
            if (g_str_equal(step->target, change->target) &&
                g_str_equal(step->key->key, change->key->key) &&
                g_str_equal(step->new_value, change->value)) {
                plan_unstage(app->plan, i);
                break;
            }
        }
    }
}

void jobs_poll(App *app)
{
    struct AppPrivate *private = app->private;
    Job *job = private->job;

    if (job == NULL || !g_atomic_int_get(&job->done))
        return;
    private->job = NULL;
    private->journal_serial++;
    if (job->number == 0) {
        app_say_error(app, job->error);
    } else {
        if (job->preview)
            unstage_applied(app, job->preview);
        app_say(app, STYLE_GOOD, "%s as entry %u of the journal%s%s",
            job->preview ? "applied" : "undone", job->number,
            job->report ? "; " : "; u takes it back", job->report ? job->report : "");
    }
    job_free(job);
}

static void undo_confirmed(App *app, gpointer data)
{
    app_undo(app, *(guint *)data);
}

void jobs_confirm_undo(App *app, guint number)
{
    g_autoptr(GError) error = NULL;

    if (!app_may_write(app))
        return;
    g_autoptr(Journal) journal = journal_open(app->options->journal_folder, &error);
    g_autoptr(JournalEntry) entry = journal ? journal_get(journal, number, &error) : NULL;
    if (entry == NULL) {
        app_say_error(app, error);
        return;
    }
    if (entry->undone_by || entry->state == ENTRY_FAILED) {
        app_say(app, STYLE_WARN,
            entry->undone_by ? "entry %u is undone already" : "entry %u was not applied",
            entry->number);
        return;
    }
    GString *text = g_string_new(NULL);
    for (guint i = entry->steps->len; i-- > 0 && text->len < 4096;) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        const char *now = step->granted ? step->granted : step->new_value;
        g_string_append_printf(text, "%s %s: %s → %s%s\n", step->name, step->key->key,
            *now ? now : "(nothing)", *step->old_value ? step->old_value : "(nothing)",
            step->kind == STEP_LIVE     ? "  now"
            : step->kind == STEP_CONFIG ? "  next start"
                                        : "");
    }
    g_string_append(text, "\nTake it back? y/n");
    g_autofree char *title = g_strdup_printf("Undo entry %u", entry->number);
    app_confirm(
        app, title, text->str, undo_confirmed, g_memdup2(&entry->number, sizeof entry->number));
    g_string_free(text, TRUE);
}
