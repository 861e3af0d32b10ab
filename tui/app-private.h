/* What app.c and jobs.c share of the App. */
#pragma once

#include "tui/app.h"
#include "tui/dialog.h"

typedef struct Job Job;

struct AppPrivate {
    Collector *collector;
    int wake_fd; /* an eventfd: the collector has news */
    gpointer states[SCREEN_COUNT];
    Dialog *dialog;
    char *message;
    Style message_style;
    Job *job;       /* the apply or undo that runs, NULL */
    Preview *asked; /* the one that the question about its warnings is of, or NULL */
    guint journal_serial;
    gboolean quit;
    int exit_code;
};

/* Ends a job that is done; to be called at every wake. */
void jobs_poll(App *app);
/* Asks whether the journal's entry @number (0: the newest) shall be taken back. */
void jobs_confirm_undo(App *app, guint number);
