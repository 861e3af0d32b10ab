/* The box that asks: for a line of text, a number, a set of CPUs or nodes, one of some values, yes
 * or no. One at a time. */
#pragma once

#include "tui/app/app.h"
#include "tui/widgets/setmap.h"

typedef struct Dialog Dialog;

typedef enum {
    DIALOG_NONE,
    DIALOG_TEXT,
    DIALOG_NUMBER, /* text that Up, Down, + and - count; what follows the figures stays ("8G") */
    DIALOG_SLIDER, /* a number, and below it a line on which it is dragged; Left and Right move it
                    */
    DIALOG_SET,    /* text, and below it the machine to click on */
    DIALOG_CHOOSE,
    DIALOG_CONFIRM,
} DialogKind;

/* A question. All is copied but data, which is freed with g_free; NULL and 0 for what does not
 * apply. */
typedef struct {
    DialogKind kind;
    const char *title, *help;
    const char *text;            /* proposed; of DIALOG_CHOOSE the value that is marked */
    gint64 min, max;             /* DIALOG_NUMBER, DIALOG_SLIDER */
    gint64 slide_max, slide_now; /* DIALOG_SLIDER: the line's end, and what is marked on it */
    SetMapKind set;              /* DIALOG_SET */
    Host *host;                  /* DIALOG_SET: it has CPUs and nodes */
    const char *const *values, *const *helps; /* DIALOG_CHOOSE, NULL-terminated */
    const char *const *ways; /* what the answer can be for, Tab goes from one to the next; of one
                              * way there is only word */
    guint way;               /* the one first taken, from 0 */
    AppAccept accept;        /* gets what was typed or chosen */
    AppAccept check;         /* says what is wrong while it is typed */
    AppTell tell;            /* DIALOG_SLIDER: what the number comes to */
    void (*yes)(App *app, gpointer data); /* DIALOG_CONFIRM */
    gpointer data;
} Question;

Dialog *dialog_new(void);
void dialog_free(Dialog *dialog);
gboolean dialog_is_open(const Dialog *dialog);
void dialog_close(Dialog *dialog);
void dialog_open(Dialog *dialog, const Question *question);
/* Says anew what the number comes to: after it is opened, and when the host is another. */
void dialog_update(Dialog *dialog, App *app);
/* The way now taken, from 0; for accept. */
guint dialog_way(const Dialog *dialog);

void dialog_draw(Dialog *dialog, const Canvas *screen);
/* An open dialog takes every key and every click. */
void dialog_key(Dialog *dialog, App *app, guint key);
void dialog_mouse(Dialog *dialog, App *app, const MouseEvent *event);
/* TRUE where text is typed, and the terminal's cursor is to be seen. */
gboolean dialog_types(const Dialog *dialog);
/* What the keys do now, for the hint line; belongs to @dialog. */
const char *dialog_hint(Dialog *dialog);
