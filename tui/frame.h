/* What stands around every screen: the header line, the tabs, the message and the hints. */
#pragma once

#include "tui/app.h"

#define FRAME_TOP    2 /* lines above a screen: header, tabs */
#define FRAME_BOTTOM 2 /* lines below it: message, hints */

/* What the frame shows besides the App's own. */
typedef struct {
    const char *message; /* NULL: none */
    Style style;
    const char *hint; /* shown instead of the screen's keys; NULL: those */
    KeyContext context;
} Frame;

void frame_draw(const App *app, const Canvas *screen, const Frame *frame);
/* The tab at column @x of the tabs' line; SCREEN_COUNT where there is none. */
ScreenId frame_tab_at(const App *app, int x);
const char *frame_tab_title(ScreenId screen);
