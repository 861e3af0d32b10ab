/* Leaving the full screen: what is asked before, and what is waited for. */
#include "tui/app-private.h"

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
 * leaves then. */
static void stop_and_leave(App *app, gpointer data)
{
    (void)data;
    quit_stop_move(app);
    app->private->leaving = TRUE;
    app->private->quit = !app_is_applying(app);
    app_say(app, STYLE_STAGED, "kvmtune ends with the change that is being written…");
}

void quit_ask(App *app)
{
    guint staged = app->plan->changes->len;

    /* Who asks twice does not want to wait for a libvirt that hangs. */
    if (app_is_applying(app) && !app->private->leaving) {
        app_confirm(
            app, "Quit", "A change is being written. Stop it and quit? y/n", stop_and_leave, NULL);
        return;
    }
    if (staged == 0 || app->private->leaving) {
        app->private->quit = TRUE;
        return;
    }
    g_autofree char *text = g_strdup_printf(
        "%u staged change%s will be forgotten. Quit? y/n", staged, staged == 1 ? "" : "s");
    app_confirm(app, "Quit", text, forget, NULL);
}
