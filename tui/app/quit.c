/* Leaving the full screen: what is asked before, and what is waited for. */
#include "tui/app/app-private.h"
#include "tui/app/unstage.h"

static void forget(App *app, gpointer data)
{
    (void)data;
    app->private->quit = TRUE;
}

void quit_stop_move(App *app)
{
    PageMove *move = app_move(app);

    if (move)
        g_atomic_int_set(&move->wish, MOVE_STOPPED);
}

/* Pages that move are stopped, any other change is written to its end: jobs_poll() sees it, and
 * quit_after_job() leaves then. */
static void leave_with_job(App *app, gpointer data)
{
    (void)data;
    quit_stop_move(app);
    app->private->leaving = TRUE;
    app->private->quit = !app_is_applying(app);
    app_say(app, STYLE_STAGED,
        "kvmtune ends when it is written; q again ends it now, and the next start asks what shall "
        "become of the rest");
}

void quit_after_job(App *app, gboolean good)
{
    struct AppPrivate *private = app->private;

    if (!private->leaving)
        return;
    private->leaving = FALSE;
    /* What failed was not asked about: it is said, and what is staged can be tried again. */
    private->quit = good;
    if (good)
    private->farewell = g_strdup(private->message);
}

/* "2 staged changes will be forgotten. ", "" for none; the caller frees it. */
static char *forgotten(guint count)
{
    return count ? g_strdup_printf(
                       "%u staged change%s will be forgotten. ", count, count == 1 ? "" : "s")
                 : g_strdup("");
}

/* What is staged and not written by the change that runs. */
static guint staged_besides(const App *app, const Preview *preview)
{
    guint count = 0;

    for (guint i = 0; i < app->plan->changes->len; i++)
        count += !unstage_is_applied(g_ptr_array_index(app->plan->changes, i), preview);
    return count;
}

static gboolean moves_pages(const Preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++)
        if (step_traits[((const Step *)g_ptr_array_index(preview->steps, i))->kind].drifts)
            return TRUE;
    return FALSE;
}

static void ask_with_job(App *app)
{
    const Preview *preview = jobs_preview(app); /* NULL: an entry is recovered, or looked at */
    g_autofree char *others =
        forgotten(preview ? staged_besides(app, preview) : app->plan->changes->len);
    g_autofree char *text = g_strdup_printf("%s\n%sQuit? y/n",
        preview && moves_pages(preview)
            ? "Pages are being moved: that stops, and what is moved stays moved."
            : "A change is being written: kvmtune ends when that is done.",
        others);

    app_confirm(app, "Quit", text, leave_with_job, NULL);
}

void quit_ask(App *app)
{
    guint staged = app->plan->changes->len;

    /* Who asks twice does not want to wait for a libvirt that hangs. */
    if (app_is_applying(app) && !app->private->leaving) {
        ask_with_job(app);
        return;
    }
    if (staged == 0 || app->private->leaving) {
        app->private->quit = TRUE;
        return;
    }
    g_autofree char *lost = forgotten(staged);
    g_autofree char *text = g_strconcat(lost, "Quit? y/n", NULL);
    app_confirm(app, "Quit", text, forget, NULL);
}
