/* What the files of the App share: app.c, edit.c, jobs.c, plans.c, quit.c, undo.c. */
#pragma once

#include "tui/app/app.h"
#include "tui/app/dialog.h"

typedef struct Job Job;

/* What the open question is about. */
typedef struct {
    char **targets; /* "host", or UUIDs; NULL-terminated */
    char *key;
    PlanScope scopes[3]; /* by the dialog's ways */
} Edit;

struct AppPrivate {
    Collector *collector;
    int wake_fd; /* an eventfd: the collector has news */
    gpointer states[SCREEN_COUNT];
    Dialog *dialog;
    Edit edit;
    char *message;
    Style message_style;
    Job *job;       /* the apply or undo that runs, NULL */
    Preview *asked; /* the one that the question about its warnings is of, or NULL */
    guint journal_serial;
    GArray *hints;             /* FrameHint: of the last line, as last drawn */
    char *plan_path;           /* the file the plan was saved in or opened from last; NULL: none */
    gboolean recovery_offered; /* what was not ended was looked for since the start, or a failure */
    guint surveyed;            /* the entry that was not ended, and … */
    char *survey;              /* … what stands of it, a line a step */
    gboolean leaving;          /* the end of the job is the end of the program */
    char *farewell;            /* what came of it, said when the screen is gone; NULL: nothing */
    gboolean quit;
    int exit_code;
};

/* What app_run() is made of. The snapshot and the theme, which app_clear() frees with all the rest,
 * are set by the caller. */
void app_set_up(App *app);
void app_clear(App *app);
void app_take_key(App *app, guint key);
void app_take_mouse(App *app, const MouseEvent *event);
void app_draw(App *app); /* on curses' screen */

/* Says how far @move is, where it runs. */
void moves_say(App *app, PageMove *move);
void edit_clear(Edit *edit);

/* Ends a job that is done; to be called at every wake. */
void jobs_poll(App *app);
/* Frees a job that ended with the collector; one that hangs in libvirt keeps what it works on. */
void jobs_clear(App *app);
/* What is being applied; NULL: nothing, or the job is of another kind. */
const Preview *jobs_preview(const App *app);
/* Asks what there is to ask, and lets the loop end (quit.c). */
void quit_ask(App *app);
/* Lets the loop end where the end of the job was waited for, and the job did its work (@good). */
void quit_after_job(App *app, gboolean good);
/* Lets the pages that are moved stay where they are. */
void quit_stop_move(App *app);
/* Ask for a file's name: to save what is staged in it, to stage what it holds instead (plans.c). */
void plans_save(App *app);
void plans_open(App *app);
/* Where an entry of the journal was not ended and its kvmtune is gone: asks on the Journal whether
 * to finish it or to take it back. The second does so at the start, once libvirt answers. */
void jobs_offer_recovery(App *app);
void jobs_check_unended(App *app);
/* Marks entry @number as undone, of which nothing is left to take back. */
void jobs_settle(App *app, guint number);
/* Says so where somebody else changed what is staged to be changed; to be called at every wake. */
void jobs_check_ground(App *app);
