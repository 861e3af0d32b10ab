/* The box that asks: for a line of text, for one of some values, for yes or no. One at a time. */
#pragma once

#include "tui/app.h"

typedef struct Dialog Dialog;

Dialog *dialog_new(void);
void dialog_free(Dialog *dialog);
gboolean dialog_is_open(const Dialog *dialog);
void dialog_close(Dialog *dialog);

/* As app_ask, app_choose_value and app_confirm, which the App passes on. @accept of a choice gets
 * the value chosen. */
void dialog_ask(Dialog *dialog, const char *title, const char *help, const char *text,
    AppAccept accept, gpointer data);
void dialog_choose(Dialog *dialog, const char *title, const char *const *values,
    const char *const *help, const char *now, AppAccept accept, gpointer data);
void dialog_confirm(Dialog *dialog, const char *title, const char *text,
    void (*yes)(App *app, gpointer data), gpointer data);

void dialog_draw(Dialog *dialog, const Canvas *screen);
/* An open dialog takes every key and every click. */
void dialog_key(Dialog *dialog, App *app, guint key);
void dialog_mouse(Dialog *dialog, App *app, const MouseEvent *event);
/* TRUE where text is typed, and the terminal's cursor is to be seen. */
gboolean dialog_types(const Dialog *dialog);
/* What the keys do now, for the hint line. */
const char *dialog_hint(const Dialog *dialog);
