/* A screen: one table of functions, one file below tui/screens/. Its state is its own; it reads
 * the App's Snapshot and Plan, draws from them, and stages Changes. */
#pragma once

#include "core/catalogue/tunable.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/keymap.h"
#include "tui/terminal/terminal.h"

typedef struct App App;

typedef struct {
    const char *title;  /* on its tab; NULL for a screen that has none */
    KeyContext context; /* whose keys it has */
    gsize state_size;   /* of its state, which is zeroed before the first call */
    /* There is a new Snapshot or Plan: make what is drawn from it. */
    void (*update)(App *app, gpointer state);
    void (*draw)(App *app, gpointer state, const Canvas *canvas);
    /* FALSE: the action is not this screen's. */
    gboolean (*act)(App *app, gpointer state, Action action);
    /* @event's y and x are those of the canvas last drawn on. May be NULL. */
    void (*mouse)(App *app, gpointer state, const MouseEvent *event);
    void (*clear)(gpointer state); /* frees what the state owns; may be NULL */
    /* The tunable under the cursor, which Help explains first; NULL for none. May be NULL. */
    const Tunable *(*about)(gconstpointer state);
} Screen;

typedef enum {
    SCREEN_HOST,
    SCREEN_MEMORY,
    SCREEN_SHARING,
    SCREEN_DOMAINS,
    SCREEN_BOARD,
    SCREEN_PREVIEW,
    SCREEN_JOURNAL,
    SCREEN_TABS,                 /* those before have tabs */
    SCREEN_DOMAIN = SCREEN_TABS, /* one domain, opened from the list */
    SCREEN_TUNING,               /* the tunings of one domain or several */
    SCREEN_PAGES,                /* where the domains' pages are, opened from Memory */
    SCREEN_HELP,
    SCREEN_COUNT,
} ScreenId;

extern const Screen screen_host, screen_memory, screen_sharing, screen_domains, screen_domain,
    screen_tuning, screen_board, screen_preview, screen_journal, screen_pages, screen_help;
/* Each at its number: the one table of them (app.c). */
extern const Screen *const screens[SCREEN_COUNT];
