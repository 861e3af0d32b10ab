/* The terminal: taken over with curses, and given back as it was on every way out. */
#pragma once

#include "tui/terminal/canvas.h"
#include "tui/terminal/mouse.h"

#define TERMINAL_MIN_WIDTH   20
#define TERMINAL_MIN_HEIGHT  5
#define TERMINAL_GOOD_WIDTH  80 /* below these something is missing, and the screen says so */
#define TERMINAL_GOOD_HEIGHT 24

/* Takes the terminal of standard input and output over. FALSE with a sentence where there is none,
 * it is of an unknown type, cannot place its cursor, or is too small. */
gboolean terminal_open(gboolean mouse, GError **error);
/* Gives it back; safe to call twice. */
void terminal_close(void);

/* For Ctrl-Z: gives the terminal back, stops the program, takes it over when it goes on. */
void terminal_suspend(void);
/* Takes the size of the terminal anew. */
void terminal_resize(void);
/* The colours it has and the user wants (NO_COLOR); 0 or 1: none. */
int terminal_colours(gboolean no_colour);

void terminal_size(int *height, int *width);

/* A picture: the empty canvas of the whole terminal, drawn into, then shown.
 * @types: somebody types into it, so that the cursor is seen. */
Canvas terminal_begin(const Theme *theme, gboolean ascii, gboolean types);
void terminal_end(void);
/* The next picture is written whole, whatever the terminal is thought to show. */
void terminal_repaint(void);

/* Sends bytes that draw nothing past curses, such as a text for the clipboard. */
gboolean terminal_send(const char *bytes, gsize length, GError **error);

typedef enum { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_GONE } InputKind;

typedef struct {
    InputKind kind;
    guint key; /* a code of keymap.h */
    MouseEvent mouse;
} Input;

/* The next thing typed or clicked; INPUT_NONE where there is none, never waits. INPUT_GONE: the
 * terminal is no more. */
Input terminal_read(void);
