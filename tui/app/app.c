/* The full screen: its state, what screens may ask for, and the loop. */
#include "tui/app/app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/app/app-private.h"
#include "tui/app/frame.h"
#include "tui/terminal/glyphs.h"

#define FIRST_PICTURE_MS 100 /* how long the first frame waits for something to show */

const Screen *const screens[SCREEN_COUNT] = {
    [SCREEN_HOST] = &screen_host,
    [SCREEN_MEMORY] = &screen_memory,
    [SCREEN_SHARING] = &screen_sharing,
    [SCREEN_DOMAINS] = &screen_domains,
    [SCREEN_BOARD] = &screen_board,
    [SCREEN_PREVIEW] = &screen_preview,
    [SCREEN_JOURNAL] = &screen_journal,
    [SCREEN_DOMAIN] = &screen_domain,
    [SCREEN_TUNING] = &screen_tuning,
    [SCREEN_PAGES] = &screen_pages,
    [SCREEN_HELP] = &screen_help,
};

/* ---- what screens may ask for ---- */

void app_update(App *app)
{
    screens[app->screen]->update(app, app->private->states[app->screen]);
}

void app_hush(App *app)
{
    g_clear_pointer(&app->private->message, g_free);
}

void app_say(App *app, Style style, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(app->private->message);
    app->private->message = g_strdup_vprintf(format, args);
    app->private->message_style = style;
    va_end(args);
}

void app_say_error(App *app, const GError *error)
{
    app_say(app, STYLE_BAD, "%s", error->message);
}

gboolean app_may_write(App *app)
{
    if (!app->snapshot->link.read_only)
        return TRUE;
    app_say(app, STYLE_WARN,
        app->options->collector.read_only
            ? "read-only, as --read-only asked: nothing can be staged"
            : "read-only: run kvmtune as root, with a connection that may write, to change things");
    return FALSE;
}

void app_ask(App *app, const char *title, const char *help, const char *text, AppAccept accept,
    gpointer data)
{
    dialog_open(app->private->dialog, &(Question){.kind = DIALOG_TEXT,
                                          .title = title,
                                          .help = help,
                                          .text = text,
                                          .accept = accept,
                                          .data = data});
}

/* @data: where the text is kept. */
static char *accept_search(App *app, const char *text, gpointer data)
{
    char **kept = *(char ***)data;
    g_autofree char *typed = g_strstrip(g_utf8_make_valid(text, -1));

    g_free(*kept);
    *kept = *typed ? g_steal_pointer(&typed) : NULL;
    app_update(app);
    return NULL;
}

void app_ask_search(App *app, const char *title, const char *help, char **text)
{
    app_ask(app, title, help, *text ? *text : "", accept_search, g_memdup2(&text, sizeof text));
}

void app_choose(App *app, const char *title, const char *const *values, const char *now,
    AppAccept accept, gpointer data)
{
    dialog_open(app->private->dialog, &(Question){.kind = DIALOG_CHOOSE,
                                          .title = title,
                                          .values = values,
                                          .text = now,
                                          .accept = accept,
                                          .data = data});
}

void app_confirm(App *app, const char *title, const char *text,
    void (*yes)(App *app, gpointer data), gpointer data)
{
    dialog_open(app->private->dialog,
        &(Question){
            .kind = DIALOG_CONFIRM, .title = title, .help = text, .yes = yes, .data = data});
}

/* ---- keys and mouse ---- */

static void next_theme(App *app)
{
    const char *const *names = theme_names();
    const char *next = names[0];
    g_autoptr(GError) error = NULL;

    for (; *names; names++)
        if (g_str_equal(*names, theme_name(app->theme)) && names[1])
            next = names[1];
    Theme *theme = theme_load(next, &error);
    if (theme == NULL) {
        app_say_error(app, error);
        return;
    }
    theme_use_colour(theme, theme_colours(app->theme));
    theme_free(app->theme);
    app->theme = theme;
    app_say(app, STYLE_TEXT, "theme: %s", next);
}

static void undo(App *app)
{
    /* What is being written is still in the plan, and not to be unstaged. */
    if (app->plan->changes->len == 0 || app_is_applying(app)) {
        app_undo(app, 0);
        return;
    }
    guint before = app->plan->changes->len;
    plan_unstage_last(app->plan);
    guint gone = before - app->plan->changes->len;
    app_say(app, STYLE_TEXT, "unstaged: the last %s, %u %s staged",
        gone == 1 ? "change" : "changes", app->plan->changes->len,
        app->plan->changes->len == 1 ? "is" : "are");
    app_update(app);
}

/* Says why a key did nothing, where its screen said no more. */
static void say_idle(App *app, const char *sentence)
{
    if (app->private->message == NULL)
        app_say(app, STYLE_DIM, "%s", sentence);
}

static void act_everywhere(App *app, Action action)
{
    switch (action) {
    case ACTION_QUIT:
        quit_ask(app);
        break;
    case ACTION_HELP:
        app_open(app, SCREEN_HELP);
        break;
    case ACTION_BACK:
        if (!app_back(app))
            say_idle(app, "there is nothing to go back to: q quits");
        break;
    case ACTION_REDRAW:
        terminal_repaint();
        break;
    case ACTION_THEME:
        next_theme(app);
        break;
    case ACTION_UNDO:
        undo(app);
        break;
    case ACTION_SAVE:
        plans_save(app);
        break;
    case ACTION_LOAD:
        plans_open(app);
        break;
    case ACTION_NEXT:
        app_open(app, (app_tab(app) + 1) % SCREEN_TABS);
        break;
    case ACTION_PREVIOUS:
        app_open(app, (app_tab(app) + SCREEN_TABS - 1) % SCREEN_TABS);
        break;
    case ACTION_HOST:
    case ACTION_MEMORY:
    case ACTION_SHARING:
    case ACTION_DOMAINS:
    case ACTION_BOARD:
    case ACTION_PREVIEW:
    case ACTION_JOURNAL:
        /* In the order of the tabs. */
        app_open(app, (ScreenId)(SCREEN_HOST + (action - ACTION_HOST)));
        break;
    default:
        say_idle(app, "this key does nothing here: ? lists those that do");
        break;
    }
}

static void act(App *app, Action action)
{
    const Screen *screen = screens[app->screen];

    if (action == ACTION_NONE || !screen->act(app, app->private->states[app->screen], action))
        act_everywhere(app, action);
}

void app_take_key(App *app, guint key)
{
    if (dialog_is_open(app->private->dialog)) {
        dialog_key(app->private->dialog, app, key);
        return;
    }
    app_hush(app);
    act(app, keymap_action(screens[app->screen]->context, key));
}

void app_take_mouse(App *app, const MouseEvent *event)
{
    if (event->y == app->height - 1 && event->kind == MOUSE_PRESS) {
        guint key = frame_hint_at(app->private->hints, event->x);
        if (key)
            app_take_key(app, key);
        return;
    }
    if (dialog_is_open(app->private->dialog)) {
        dialog_mouse(app->private->dialog, app, event);
        return;
    }
    if (event->kind == MOUSE_PRESS)
        app_hush(app);
    if (event->y == 1 && event->kind == MOUSE_PRESS) {
        ScreenId tab = frame_tab_at(app, event->x);
        if (tab < SCREEN_COUNT)
            app_open(app, tab);
        return;
    }
    MouseEvent inside = *event;
    inside.y -= FRAME_TOP;
    /* A drag may leave the screen's lines, and its end must not be missed. */
    gboolean within = inside.y >= 0 && inside.y < app->height - FRAME_TOP - FRAME_BOTTOM;
    gboolean goes_on =
        event->kind == MOUSE_DRAG || event->kind == MOUSE_RELEASE || event->kind == MOUSE_HOVER;
    if (screens[app->screen]->mouse && (within || goes_on))
        screens[app->screen]->mouse(app, app->private->states[app->screen], &inside);
}

/* FALSE: the terminal is gone. */
static gboolean take_input(App *app)
{
    while (!app->private->quit) {
        Input input = terminal_read();
        if (input.kind == INPUT_GONE)
            return FALSE;
        if (input.kind == INPUT_NONE)
            return TRUE;
        if (input.kind == INPUT_KEY && input.key)
            app_take_key(app, input.key);
        else if (input.kind == INPUT_MOUSE)
            app_take_mouse(app, &input.mouse);
    }
    return TRUE;
}

/* ---- drawing ---- */

void app_draw(App *app)
{
    struct AppPrivate *private = app->private;
    Canvas screen = terminal_begin(app->theme, app->ascii, dialog_types(private->dialog));

    app->width = screen.width;
    app->height = screen.height;
    Frame frame = {private->message, private->message_style,
        dialog_is_open(private->dialog) ? dialog_hint(private->dialog) : NULL,
        screens[app->screen]->context};
    frame_draw(app, &screen, &frame, private->hints);
    int height = screen.height - FRAME_TOP - FRAME_BOTTOM;
    if (height > 0) {
        Canvas inside = canvas_part(&screen, FRAME_TOP, 0, height, screen.width);
        screens[app->screen]->draw(app, private->states[app->screen], &inside);
    }
    dialog_draw(private->dialog, &screen);
    terminal_end();
}

/* ---- the loop ---- */

static void on_news(gpointer data)
{
    const App *app = data;
    guint64 one = 1;

    ssize_t written = write(app->private->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

static void take_news(App *app)
{
    guint64 count;

    while (read(app->private->wake_fd, &count, sizeof count) > 0)
        ;
    Snapshot *fresh = collector_snapshot(app->private->collector);
    snapshot_unref(app->snapshot);
    app->snapshot = fresh;
    jobs_poll(app);
    jobs_check_unended(app);
    jobs_check_ground(app);
    app_update(app);
}

static void take_signal(App *app, int number)
{
    switch (number) {
    case SIGWINCH:
        terminal_resize();
        terminal_size(&app->height, &app->width);
        app_update(app);
        break;
    case SIGTSTP:
        terminal_suspend();
        break;
    case SIGINT:
        app_take_key(app, KEY_CTRL('c'));
        break;
    default:
        app->private->quit = TRUE;
        app->private->exit_code = 128 + number;
    }
}

static const int handled_signals[] = {SIGWINCH, SIGTSTP, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (guint i = 0; i < G_N_ELEMENTS(handled_signals); i++)
        sigaddset(&set, handled_signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run_loop(App *app, int signal_fd)
{
    struct AppPrivate *private = app->private;
    struct pollfd fds[] = {
        {STDIN_FILENO, POLLIN, 0}, {private->wake_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
    struct signalfd_siginfo info;

    poll(fds, G_N_ELEMENTS(fds), FIRST_PICTURE_MS);
    while (!private->quit) {
        if (fds[1].revents)
            take_news(app);
        while (fds[2].revents && read(signal_fd, &info, sizeof info) == sizeof info)
            take_signal(app, (int)info.ssi_signo);
        if (fds[0].revents && !take_input(app)) {
            private->exit_code = KVMTUNE_ERROR_FAILED;
            return;
        }
        if (private->quit)
            return;
        app_draw(app);
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
            return;
    }
}

/* $XDG_CONFIG_HOME/kvmtune/config, or an empty one. FALSE where it is there and no good. */
static gboolean load_config(GKeyFile *config, GError **error)
{
    g_autofree char *path = g_build_filename(g_get_user_config_dir(), "kvmtune", "config", NULL);
    g_autoptr(GError) cause = NULL;

    if (!g_key_file_load_from_file(config, path, G_KEY_FILE_NONE, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_autofree char *reason = text_escape(cause->message, 200);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the configuration %s cannot be read: %s", path, reason);
        return FALSE;
    }
    return keymap_configure(config, error);
}

void app_set_up(App *app)
{
    struct AppPrivate *private = app->private;

    app->plan = plan_new();
    app->marked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    private->dialog = dialog_new();
    private->hints = g_array_new(FALSE, FALSE, sizeof(FrameHint));
    for (int i = 0; i < SCREEN_COUNT; i++)
        app->private->states[i] = g_malloc0(MAX(screens[i]->state_size, 1));
}

void app_clear(App *app)
{
    struct AppPrivate *private = app->private;

    for (int i = 0; i < SCREEN_COUNT; i++) {
        if (screens[i]->clear)
            screens[i]->clear(private->states[i]);
        g_free(private->states[i]);
    }
    dialog_free(private->dialog);
    g_free(private->message);
    g_free(private->plan_path);
    g_free(private->farewell);
    edit_clear(&private->edit);
    g_array_unref(private->hints);
    preview_unref(private->asked);
    g_free(private->survey);
    plan_free(app->plan);
    snapshot_unref(app->snapshot);
    theme_free(app->theme);
    g_free(app->domain);
    g_strfreev(app->tuned);
    g_hash_table_unref(app->marked);
    g_free(app->copied_from);
    g_clear_pointer(&app->copied, g_ptr_array_unref);
}

int app_run(const AppOptions *options, GError **error)
{
    struct AppPrivate private = {.exit_code = 0};
    App app = {.options = options, .private = &private};
    g_autoptr(GKeyFile) config = g_key_file_new();

    if (!load_config(config, error))
        return 0;
    g_autofree char *wanted = g_key_file_get_string(config, "ui", "theme", NULL);
    app.theme = theme_load(options->theme ? options->theme : wanted ? wanted : "dark", error);
    if (app.theme == NULL)
        return 0;
    int signal_fd = open_signals();
    if (!terminal_open(!options->no_mouse, error)) {
        theme_free(app.theme);
        close(signal_fd);
        return 0;
    }
    theme_use_colour(app.theme, terminal_colours(options->no_color));
    app.ascii = options->ascii || !glyphs_have_utf8();
    app_set_up(&app);
    private.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    private.collector = collector_new(&options->collector, on_news, &app);
    app.snapshot = collector_snapshot(private.collector);
    terminal_size(&app.height, &app.width);
    app_update(&app);
    run_loop(&app, signal_fd);
    terminal_close();
    g_autofree char *farewell = private.farewell ? text_escape(private.farewell, 0) : NULL;
    if (farewell)
        g_print("kvmtune: %s\n", farewell);
    quit_stop_move(&app); /* a signal asks nobody */
    collector_free(private.collector);
    jobs_clear(&app);
    app_clear(&app);
    close(private.wake_fd);
    close(signal_fd);
    return private.exit_code;
}
