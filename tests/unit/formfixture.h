/* The Tuning screen on a screen that nobody sees, driven by keys. */
#pragma once

#include "tests/unit/made.h"
#include "tui/app/app-private.h"

#define UUID_A "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7001" /* runs, with another pin at its next start  \
                                                       */
#define UUID_B "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7002" /* is off; its name is not fit to show */
#define UUID_C "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7003" /* runs, transient */

typedef struct {
    AppOptions options;
    struct AppPrivate private;
    App app;
} FormFixture;

void form_set_up(FormFixture *f, gconstpointer unused);
void form_tear_down(FormFixture *f, gconstpointer unused);

/* Opens the form of one or two domains; @second may be NULL. */
void form_open(App *app, const char *first, const char *second);
/* Presses keys by name: "Down Enter 5". */
void form_press(App *app, const char *names);
/* TRUE where a line of the screen has @text. */
gboolean form_shows(App *app, const char *text);
/* Some key, those that mean something oftener than others. */
guint form_random_key(GRand *random);
