/* Plan files from the full screen: what is staged is saved, and a saved plan is staged. */
#include "core/tune/planfile.h"
#include "core/util/text.h"
#include "tui/app/app-private.h"
#include "tui/app/files.h"

#define FIRST_NAME "kvmtune.plan"

static void remember(App *app, const char *path)
{
    char *copy = g_strdup(path);

    g_free(app->private->plan_path);
    app->private->plan_path = copy;
}

/* NULL: saved. Else why not; the caller frees it. */
static char *save(App *app, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *shown = text_escape(path, 200);

    if (!plan_save(app->plan, app->snapshot, path, &error))
        return g_strdup(error->message);
    remember(app, path);
    app_say(app, STYLE_GOOD, "saved: %u change%s in %s", app->plan->changes->len,
        app->plan->changes->len == 1 ? "" : "s", shown);
    return NULL;
}

/* The file that this plan came from, or was saved in, is its own. */
static gboolean is_own(App *app, const char *path)
{
    return g_strcmp0(path, app->private->plan_path) == 0;
}

static const FileQuestion saving = {.title = "Save the plan",
    .help = "A file to keep, to read and to edit: kvmtune apply FILE does the same on any host.",
    .over = "Its comments stay, its values become what is staged.",
    .write = save,
    .is_own = is_own};

void plans_save(App *app)
{
    if (app->plan->changes->len == 0) {
        app_say(app, STYLE_TEXT, "nothing is staged: there is no plan to save");
        return;
    }
    files_ask(app, &saving, app->private->plan_path ? app->private->plan_path : FIRST_NAME);
}

static char *accept_open(App *app, const char *text, gpointer data)
{
    char *problem = NULL;
    g_autofree char *path = file_path_typed(text, &problem);
    g_autoptr(GError) error = NULL;

    (void)data;
    if (path == NULL)
        return problem;
    g_autoptr(Plan) plan = plan_load(path, app->snapshot, &error);
    if (plan == NULL)
        return g_strdup(error->message);
    guint before = app->plan->changes->len, count = plan->changes->len;
    plan_free(app->plan);
    app->plan = g_steal_pointer(&plan);
    remember(app, path);
    app_open(app, SCREEN_PREVIEW);
    g_autofree char *instead = before ? g_strdup_printf(" instead of %u", before) : g_strdup("");
    app_say(app, STYLE_STAGED, "%u change%s staged%s", count, count == 1 ? "" : "s", instead);
    return NULL;
}

static void ask_for_plan(App *app)
{
    app_ask(app, "Open a plan", "Its changes are staged, and nothing is written before you apply.",
        app->private->plan_path ? app->private->plan_path : FIRST_NAME, accept_open, NULL);
}

static void open_confirmed(App *app, gpointer data)
{
    (void)data;
    ask_for_plan(app);
}

void plans_open(App *app)
{
    guint staged = app->plan->changes->len;

    if (!app_may_write(app))
        return;
    if (staged == 0) {
        ask_for_plan(app);
        return;
    }
    g_autofree char *question =
        g_strdup_printf("A plan takes the place of what is staged: %u change%s would go.\n\n"
                        "Open a plan all the same? y/n",
            staged, staged == 1 ? "" : "s");
    app_confirm(app, "Open", question, open_confirmed, NULL);
}
