/* What stands around every screen: the header line, the tabs, the message and the hints. */
#pragma once

#include "tui/app/app.h"

#define FRAME_TOP    2 /* lines above a screen: header, tabs */
#define FRAME_BOTTOM 2 /* lines below it: message, hints */

/* What the frame shows besides the App's own. */
typedef struct {
    const char *message; /* NULL: none */
    Style style;
    const char *hint; /* shown instead of the screen's keys; NULL: those */
    KeyContext context;
} Frame;

/* A hint in the last line, as drawn: a click on it is its key. */
typedef struct {
    int x, width;
    guint key; /* a code of keymap.h */
} FrameHint;

/* Fills @hints (FrameHint) with those that are drawn. */
void frame_draw(const App *app, const Canvas *screen, const Frame *frame, GArray *hints);
/* The key of the hint at column @x; 0 where there is none. */
guint frame_hint_at(const GArray *hints, int x);
/* The tab at column @x of the tabs' line; SCREEN_COUNT where there is none. */
ScreenId frame_tab_at(const App *app, int x);
