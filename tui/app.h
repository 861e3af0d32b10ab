/* The full screen: what every screen can see and ask for, and the loop that runs it. */
#pragma once

#include "core/collector.h"
#include "core/tune/apply.h"
#include "tui/screen.h"

typedef struct {
    CollectorOptions collector;
    gboolean ascii, no_mouse, no_color;
    const char *theme; /* NULL: of the configuration, else dark */
    const char *journal_folder;
} AppOptions;

/* Runs the full screen until it is quit. Returns the exit code; FALSE of an error is told by
 * *error: no terminal, an unknown theme. */
int app_run(const AppOptions *options, GError **error);

/* For screens. Only what is needed to draw is read; everything is changed by the calls below. */
struct App {
    const AppOptions *options;
    Snapshot *snapshot; /* the newest; never NULL */
    Plan *plan;
    Theme *theme;
    gboolean ascii;
    ScreenId screen, before; /* the open one, and the one that Esc goes back to */
    int width, height;       /* of the terminal */
    char *domain;            /* the UUID that SCREEN_DOMAIN shows, or NULL */
    struct AppPrivate *private;
};

void app_open(App *app, ScreenId screen);
/* Opens SCREEN_DOMAIN for the domain @uuid. */
void app_open_domain(App *app, const char *uuid);

/* Shows a sentence in the message line until the next key. */
void app_say(App *app, Style style, const char *format, ...) G_GNUC_PRINTF(3, 4);
void app_say_error(App *app, const GError *error);
/* FALSE, and says why, where nothing may be changed. */
gboolean app_may_write(App *app);

/* Stages @key=@value of @target ("host" or a domain's UUID) and says so; FALSE, and says why not.
 * A value that stands already is unstaged instead. */
gboolean app_stage(App *app, const char *target, const char *key, const char *value);

/* Asks for a line of text in a box: @title, @help below, @text to begin with. @accept gets what was
 * typed at Enter; it returns NULL to close the box, or a sentence (the caller frees it) to show in
 * the box, which stays open. @data is freed with g_free. */
typedef char *(*AppAccept)(App *app, const char *text, gpointer data);
void app_ask(App *app, const char *title, const char *help, const char *text, AppAccept accept,
    gpointer data);
/* The most common question: a new value of @key of @target, from @now (may be NULL). */
void app_ask_value(App *app, const char *target, const char *key, const char *now);

/* Lets one of @values (NULL-terminated, copied) be chosen, each with a line of @help (may be NULL),
 * @now marked; stages @key=VALUE of @target. */
void app_choose_value(App *app, const char *target, const char *key, const char *const *values,
    const char *const *help, const char *now);
/* The same from the catalogue: a menu for choices and switches, a text box for the rest. */
void app_edit_value(App *app, const char *target, const char *key, const char *now);

/* Asks y/n below some lines of text (escaped by the canvas); @yes is called at y. */
void app_confirm(App *app, const char *title, const char *text,
    void (*yes)(App *app, gpointer data), gpointer data);

/* Applies what is staged; takes the journal's entry back (0: the newest). Both on the libvirt
 * thread; the message line tells the end. */
void app_apply(App *app, const Preview *preview);
void app_undo(App *app, guint number);
/* TRUE while one of them runs. */
gboolean app_is_applying(const App *app);
/* Grows with every apply and undo that ended: the journal is to be read again. */
guint app_journal_serial(const App *app);
