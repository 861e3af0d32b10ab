/* What the full screen has done on the collector's threads: applying, recovering; and what is said
 * at the end. */
#include "core/apply/lock.h"
#include "core/demo/demo.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/app/app-private.h"
#include "tui/app/unstage.h"

typedef enum {
    JOB_APPLY,
    JOB_SURVEY, /* what stands of an entry that was not ended */
    JOB_FINISH,
    JOB_BACK,
    JOB_SETTLE, /* marks an entry as undone that has nothing left to take back */
} JobKind;

/* Everything a job needs is its own: the screen goes on meanwhile. */
struct Job {
    JobKind kind;
    Preview *preview; /* JOB_APPLY */
    guint entry;      /* the others */
    char *root, *uri;
    char *tree, *folder; /* the journal's, as journal_open() takes them */
    gboolean demo;
    PageMove *move; /* seen and stopped by the screen while pages are moved */
    gint done;      /* set last, by the collector */
    guint number;
    char *report;
    GError *error;
};

static void job_free(Job *job)
{
    preview_unref(job->preview);
    page_move_unref(job->move);
    g_free(job->root);
    g_free(job->uri);
    g_free(job->tree);
    g_free(job->folder);
    g_free(job->report);
    g_clear_error(&job->error);
    g_free(job);
}

/* What stands of the entry, as text; NULL with an error. */
static char *survey(const ApplyContext *context, guint number, GError **error)
{
    g_autoptr(JournalEntry) entry = journal_get(context->journal, number, error);
    g_autoptr(GArray) standings = entry ? apply_survey(context, entry->steps) : NULL;

    return entry ? apply_survey_text(entry->steps, standings) : NULL;
}

/* On the libvirt thread, or on one of its own where it needs no libvirt. */
static void run_job(Connection *connection, gpointer data)
{
    Job *job = data;
    g_autoptr(Journal) journal = journal_open(job->tree, job->folder, &job->error);

    if (journal == NULL)
        return;
    ApplyContext context = {
        .connection = connection,
        .root = job->root,
        .journal = journal,
        .uri = job->uri,
        .settle = job->demo ? demo_settle : NULL,
        .page_calls = job->demo ? demo_page_calls : NULL,
        .move = job->move,
    };
    switch (job->kind) {
    case JOB_APPLY:
        job->number = apply_preview(&context, job->preview, &job->report, &job->error);
        break;
    case JOB_SURVEY:
        job->report = survey(&context, job->entry, &job->error);
        job->number = job->report ? job->entry : 0;
        break;
    case JOB_FINISH:
    case JOB_BACK:
        job->number = apply_recover(&context, job->entry, job->kind == JOB_FINISH, &job->error);
        break;
    case JOB_SETTLE:
        job->number = apply_settle_undo(&context, job->entry, &job->error) ? job->entry : 0;
        break;
    }
}

/* Whether entry @number of @journal changed what the kernel alone has: the host's files, and where
 * pages are. */
static gboolean entry_is_of_host(Journal *journal, guint number)
{
    g_autoptr(JournalEntry) entry = journal_get(journal, number, NULL);

    for (guint i = 0; entry && i < entry->steps->len; i++)
        if (step_traits[((const Step *)g_ptr_array_index(entry->steps, i))->kind].libvirt)
            return FALSE;
    return entry != NULL;
}

/* Whether a job needs the kernel only, so that it need not wait for libvirt: its @preview
 * (may be NULL), and the entries of the journal that this takes back, or that it is about (@number,
 * 0: none), for what stands of all their steps is looked at. */
static gboolean is_of_host(const App *app, const Preview *preview, guint number)
{
    g_autoptr(Journal) journal =
        journal_open(app->options->collector.root, app->options->journal_folder, NULL);
    guint seen = 0; /* the steps of an act take the same entry back, most often */

    if (journal == NULL || (number && !entry_is_of_host(journal, number)))
        return FALSE;
    for (guint i = 0; preview && i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        if (step_traits[step->kind].libvirt)
            return FALSE;
        if (step->undoes && step->undoes != seen && !entry_is_of_host(journal, step->undoes))
            return FALSE;
        seen = step->undoes;
    }
    return TRUE;
}

static void start_job(App *app, JobKind kind, const Preview *preview, guint entry)
{
    struct AppPrivate *private = app->private;

    if (private->job) {
        app_say(app, STYLE_WARN, "one change is still being written: wait for its end");
        return;
    }
    Job *job = g_new0(Job, 1);
    job->kind = kind;
    job->preview = preview ? preview_ref((Preview *)preview) : NULL;
    job->entry = entry;
    job->move = page_move_new();
    job->root = g_strdup(app->snapshot->root);
    job->uri = g_strdup(app->options->collector.uri);
    job->tree = g_strdup(app->options->collector.root);
    job->folder = g_strdup(app->options->journal_folder);
    job->demo = app->options->collector.demo;
    private->job = job;
    if (is_of_host(app, preview, entry))
        collector_run_host(private->collector, run_job, job, &job->done);
    else
        collector_run(private->collector, run_job, job, &job->done);
}

/* ---- applying ---- */

static void start_apply(App *app, const Preview *preview)
{
    if (!app_may_write(app))
        return;
    app_say(app, STYLE_TEXT, "applying…");
    start_job(app, JOB_APPLY, preview, 0);
}

static void apply_confirmed(App *app, gpointer data)
{
    (void)data;
    start_apply(app, app->private->asked);
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
    if (preview->steps->len == 0)
        app_say(app, STYLE_TEXT, "nothing to apply: everything stands as staged");
    else if (preview->warnings > 0)
        confirm_warnings(app, preview);
    else
        start_apply(app, preview);
}

void app_ask_libvirt(
    App *app, CollectorWork work, gpointer data, GDestroyNotify release, gint *done)
{
    collector_ask(app->private->collector, work, data, release, done);
}

void app_run_aside(App *app, CollectorWork work, gpointer data)
{
    collector_run_host(app->private->collector, work, data, NULL);
}

void app_note_pages(App *app, int pid, GArray *memory)
{
    collector_note_pages(app->private->collector, pid, memory);
}

PageMove *app_move(const App *app)
{
    return app->private->job ? app->private->job->move : NULL;
}

const Preview *jobs_preview(const App *app)
{
    return app->private->job ? app->private->job->preview : NULL;
}

gboolean app_is_applying(const App *app)
{
    return app->private->job != NULL;
}

guint app_journal_serial(const App *app)
{
    return app->private->journal_serial;
}

/* Where pages that moved were counted to be tells nothing any more. */
static void forget_counts(App *app, const Preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        const DomainView *view =
            step_traits[step->kind].drifts ? snapshot_domain(app->snapshot, step->target) : NULL;
        if (view && view->usage)
            app_note_pages(app, view->usage->pid, NULL);
    }
}

static void end_apply(App *app, const Job *job)
{
    forget_counts(app, job->preview);
    const Step *first = g_ptr_array_index(job->preview->steps, 0);

    /* An undo that is written but leaves a part standing tells so by an error. */
    if (job->number == 0 && job->error->code == KVMTUNE_ERROR_PARTIAL)
        unstage_undo(app->plan, job->preview);
    if (job->number == 0) {
        app_say_error(app, job->error);
        return;
    }
    unstage_applied(app->plan, job->preview);
    unstage_undo(app->plan, job->preview);
    app_say(app, STYLE_GOOD, "%s as entry %u of the journal%s%s",
        first->undoes ? "undone" : "applied", job->number,
        job->report     ? "; "
        : first->undoes ? ""
                        : "; u takes it back",
        job->report ? job->report : "");
}

void jobs_check_ground(App *app)
{
    /* Not while a job of our own moves it. */
    const Change *moved = app->private->job ? NULL : plan_look(app->plan, app->snapshot);

    if (moved)
        app_say(app, STYLE_WARN,
            "somebody changed %s %s since it was staged: p shows what stands there now",
            moved->name, moved->key->key);
}

void jobs_settle(App *app, guint number)
{
    start_job(app, JOB_SETTLE, NULL, number);
}

/* ---- recovery ---- */

void jobs_offer_recovery(App *app)
{
    g_autoptr(Journal) journal =
        journal_open(app->options->collector.root, app->options->journal_folder, NULL);
    g_autoptr(GPtrArray) entries = journal ? journal_unended(journal) : NULL;
    g_autofree char *holder = host_lock_holder(app->snapshot->root);

    if (entries == NULL || entries->len == 0 || app->private->job || holder)
        return;
    const JournalEntry *entry = g_ptr_array_index(entries, 0);
    if (entry->state == ENTRY_OPEN && !app->snapshot->link.read_only)
        start_job(app, JOB_SURVEY, NULL, entry->number);
}

void jobs_check_unended(App *app)
{
    struct AppPrivate *private = app->private;

    /* Once libvirt's answer is there, what stands can be told. */
    if (private->recovery_offered || app->snapshot->domains == NULL ||
        app->snapshot->link.state != LINK_UP || dialog_is_open(private->dialog))
        return;
    private->recovery_offered = TRUE;
    jobs_offer_recovery(app);
}

/* What can become of an entry that was not ended, in the order of the question. */
static const struct {
    const char *name, *help;
    JobKind kind;
} ways[] = {
    {"take back", "puts back what was written; everything is as before", JOB_BACK},
    {"finish", "writes what was not written yet", JOB_FINISH},
    {"later", "leaves it as it is: u on the entry asks again", JOB_SURVEY},
};

static char *way_chosen(App *app, const char *text, gpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        if (g_str_equal(ways[i].name, text) && ways[i].kind != JOB_SURVEY && app_may_write(app)) {
            app_say(app, STYLE_TEXT, ways[i].kind == JOB_BACK ? "taking it back…" : "finishing…");
            start_job(app, ways[i].kind, NULL, *(guint *)data);
        }
    return NULL;
}

/* The Journal shows what stands; the question stands above it. */
static void end_survey(App *app, Job *job)
{
    const char *values[G_N_ELEMENTS(ways) + 1] = {NULL}, *helps[G_N_ELEMENTS(ways) + 1] = {NULL};

    if (job->number == 0) {
        app_say_error(app, job->error);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        values[i] = ways[i].name;
        helps[i] = ways[i].help;
    }
    g_free(app->private->survey);
    app->private->survey = g_steal_pointer(&job->report);
    app->private->surveyed = job->entry;
    app_open(app, SCREEN_JOURNAL);
    g_autofree char *title =
        g_strdup_printf("Entry %u was not ended, its kvmtune is gone", job->entry);
    const Question question = {.kind = DIALOG_CHOOSE,
        .title = title,
        .text = values[0],
        .values = values,
        .helps = helps,
        .accept = way_chosen,
        .data = g_memdup2(&job->entry, sizeof job->entry)};
    dialog_open(app->private->dialog, &question);
}

const char *app_survey(const App *app, guint number)
{
    return app->private->surveyed == number ? app->private->survey : NULL;
}

static void end_recovery(App *app, const Job *job)
{
    app->private->surveyed = 0;
    if (job->number)
        app_say(app, STYLE_GOOD, "entry %u is %s", job->entry,
            job->kind == JOB_FINISH ? "finished" : "taken back");
    else
        app_say_error(app, job->error);
}

/* ---- the end of a job ---- */

void jobs_poll(App *app)
{
    struct AppPrivate *private = app->private;
    Job *job = private->job;

    if (job && !g_atomic_int_get(&job->done))
        moves_say(app, job->move);
    if (job == NULL || !g_atomic_int_get(&job->done))
        return;
    private->job = NULL;
    private->journal_serial++;
    switch (job->kind) {
    case JOB_APPLY:
        end_apply(app, job);
        /* It may have been left open, with libvirt gone in the middle. */
        private->recovery_offered = job->number != 0;
        break;
    case JOB_SURVEY:
        end_survey(app, job);
        break;
    case JOB_FINISH:
    case JOB_BACK:
        end_recovery(app, job);
        break;
    case JOB_SETTLE:
        if (job->number == 0)
            app_say_error(app, job->error);
        break;
    }
    quit_after_job(app, job->number != 0);
    job_free(job);
}

void jobs_clear(App *app)
{
    Job *job = app->private->job;

    if (job && g_atomic_int_get(&job->done))
        job_free(job);
    app->private->job = NULL;
}
