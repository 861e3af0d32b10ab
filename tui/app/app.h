/* The full screen: what every screen can see and ask for, and the loop that runs it. */
#pragma once

#include "core/apply/apply.h"
#include "core/collector/collector.h"
#include "tui/app/screen.h"

typedef struct {
    CollectorOptions collector;
    gboolean ascii, no_mouse, no_color;
    const char *theme; /* NULL: of the configuration, else dark */
    const char *journal_folder;
} AppOptions;

/* Runs the full screen until it is quit. Returns the exit code; with *error set it
 * did not run: no terminal, an unknown theme. */
int app_run(const AppOptions *options, GError **error);

/* For screens. Only what is needed to draw is read; everything is changed by the calls below. */
struct App {
    const AppOptions *options;
    Snapshot *snapshot; /* the newest; never NULL */
    Plan *plan;
    Theme *theme;
    gboolean ascii;
    ScreenId screen;              /* the open one */
    ScreenId below[SCREEN_COUNT]; /* those it was opened over, the last of @depth on top */
    guint depth;
    guint opened;       /* grows with every change of the screen */
    int width, height;  /* of the terminal */
    char *domain;       /* the UUID that SCREEN_DOMAIN shows, or NULL */
    char **tuned;       /* the UUIDs that SCREEN_TUNING shows, NULL-terminated, or NULL */
    GHashTable *marked; /* the UUIDs of the domains marked in the list */
    char *copied_from;  /* the name of the domain whose tunings were copied, or NULL */
    GPtrArray *copied;  /* its tunings (Tuning*), or NULL */
    struct AppPrivate *private;
};

/* Opens @screen over the open one, where Esc goes back to. A tab is a new beginning, but for the
 * Preview, which is looked at from everywhere. */
void app_open(App *app, ScreenId screen);
/* Goes back to the screen below; FALSE where there is none. */
gboolean app_back(App *app);
/* The screen below the open one; the open one itself where there is none. */
ScreenId app_below(const App *app);
/* The tunable under the cursor of the screen below; NULL: there is none. */
const Tunable *app_about(const App *app);
/* The tab that the open screen belongs to. */
ScreenId app_tab(const App *app);
/* Opens SCREEN_DOMAIN for the domain @uuid. */
void app_open_domain(App *app, const char *uuid);

/* Opens SCREEN_TUNING for the domains @uuids (NULL-terminated, at least one). */
void app_open_tuning(App *app, const char *const *uuids);

/* Takes away what app_say() shows. */
void app_hush(App *app);
/* Shows a sentence in the message line until the next key. */
void app_say(App *app, Style style, const char *format, ...) G_GNUC_PRINTF(3, 4);
void app_say_error(App *app, const GError *error);
/* FALSE, and says why, where nothing may be changed. */
gboolean app_may_write(App *app);

/* Stages @key=@value of @target ("host" or a domain's UUID) and says so; FALSE, and says why not.
 * A value that stands already is unstaged instead. */
gboolean app_stage(App *app, const char *target, const char *key, const char *value);
/* The same for each of @targets (NULL-terminated), to be taken back together. */
gboolean app_stage_for(
    App *app, const char *const *targets, const char *key, const char *value, PlanScope scope);

/* Lets the open screen make anew what it draws from. */
void app_update(App *app);

/* Asks for a line of text in a box: @title, @help below, @text to begin with. @accept gets what was
 * typed at Enter; it returns NULL to close the box, or a sentence (the caller frees it) to show in
 * the box, which stays open. @data is freed with g_free. */
typedef char *(*AppAccept)(App *app, const char *text, gpointer data);
/* What @text, being typed, comes to, and how that is shown; NULL: nothing to say. */
typedef char *(*AppTell)(App *app, const char *text, Style *style);
void app_ask(App *app, const char *title, const char *help, const char *text, AppAccept accept,
    gpointer data);
/* Asks for the text that the open screen shows only lines with: kept in *@text, NULL for none. */
void app_ask_search(App *app, const char *title, const char *help, char **text);
/* Asks for a value of @key for @targets with the right widget, from @now (may be NULL) or what is
 * staged, and for what it shall be: the running domain, its next start, both. Stages it. */
void app_edit_for(App *app, const char *const *targets, const char *key, const char *now);
void app_edit_value(App *app, const char *target, const char *key, const char *now);

/* Asks for one of @values (NULL-terminated), @now marked; @accept gets it as that of app_ask(). */
void app_choose(App *app, const char *title, const char *const *values, const char *now,
    AppAccept accept, gpointer data);

/* Asks y/n below some lines of text (escaped by the canvas); @yes is called at y. */
void app_confirm(App *app, const char *title, const char *text,
    void (*yes)(App *app, gpointer data), gpointer data);

/* Applies what is staged, where @preview has no errors, on the libvirt thread; the message line
 * tells the end. */
void app_apply(App *app, const Preview *preview);
/* Stages what takes the journal's entry back (0: the newest), and shows that as a preview. */
void app_undo(App *app, guint number);
/* What stands of the journal's entry @number, a line a step, where it was not ended and that was
 * looked at; else NULL. */
const char *app_survey(const App *app, guint number);
/* The move of pages of the change that is being written; NULL where none is. */
PageMove *app_move(const App *app);
/* Tells what is moved or grows what to do, and says so; to pause what pauses lets it go on. */
void app_steer(App *app, MoveWish wish);
/* TRUE while one of them runs. */
gboolean app_is_applying(const App *app);
/* Grows with every apply and undo that ended: the journal is to be read again. */
guint app_journal_serial(const App *app);

/* A piece of work on a thread of its own; as collector_run_host(), without @done. The screen is
 * updated after it. */
void app_run_aside(App *app, CollectorWork work, gpointer data);
/* As collector_note_pages(). */
void app_note_pages(App *app, int pid, GArray *memory);
/* A question to libvirt, on its thread; as collector_ask(). The screen is updated after it. */
void app_ask_libvirt(
    App *app, CollectorWork work, gpointer data, GDestroyNotify release, gint *done);
