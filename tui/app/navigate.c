/* Which screen is open, and which it was opened over. */
#include "tui/app/app-private.h"

static void show(App *app, ScreenId screen)
{
    app->opened += screen != app->screen;
    app->screen = screen;
    app_update(app);
}

void app_open(App *app, ScreenId screen)
{
    gboolean over = screen >= SCREEN_TABS || screen == SCREEN_PREVIEW;

    if (!over)
        app->depth = 0;
    else if (screen != app->screen && app->screen != SCREEN_HELP)
        app->below[app->depth++] = app->screen;
    /* One that is open further down is gone back to: none stands there twice. */
    for (guint i = 0; i < app->depth; i++)
        if (app->below[i] == screen)
            app->depth = i;
    show(app, screen);
}

gboolean app_back(App *app)
{
    if (app->depth == 0)
        return FALSE;
    show(app, app->below[--app->depth]);
    return TRUE;
}

ScreenId app_below(const App *app)
{
    return app->depth ? app->below[app->depth - 1] : app->screen;
}

const Tunable *app_about(const App *app)
{
    ScreenId below = app_below(app);

    return screens[below]->about ? screens[below]->about(app->private->states[below]) : NULL;
}

ScreenId app_tab(const App *app)
{
    ScreenId screen = app->screen;

    for (guint i = app->depth; screen >= SCREEN_TABS && i-- > 0;)
        screen = app->below[i];
    return screen < SCREEN_TABS ? screen : SCREEN_DOMAINS;
}

void app_open_tuning(App *app, const char *const *uuids)
{
    char **copy = g_strdupv((char **)uuids);

    g_strfreev(app->tuned);
    app->tuned = copy;
    app_open(app, SCREEN_TUNING);
}

void app_open_domain(App *app, const char *uuid)
{
    char *copy = g_strdup(uuid);

    g_free(app->domain);
    app->domain = copy;
    app_open(app, SCREEN_DOMAIN);
}
