/* A canvas: a rectangle of the screen that text is drawn into, clipped, in terminal cells. Every
 * text passes text_escape() on its way, so no caller can let outside text reach the terminal. */
#pragma once

#include <wchar.h>

#include "tui/terminal/theme.h"

typedef struct {
    gpointer window; /* a curses WINDOW* */
    const Theme *theme;
    gboolean ascii;
    gboolean selected; /* what is drawn stands on the selected row's background */
    int y, x;          /* of the upper left corner, on the terminal */
    int height, width;
    int scroll; /* the line of the content that stands in the first line */
} Canvas;

typedef enum {
    ALIGN_LEFT,
    ALIGN_RIGHT,
    ALIGN_NAME, /* left, and what is too long loses its middle: names that belong together begin
                   alike */
} Align;

/* The part of @canvas at (@y, @x), cut to @canvas; unscrolled. */
Canvas canvas_part(const Canvas *canvas, int y, int x, int height, int width);

/* Draws @text at (@y, @x) in at most @width cells (-1: to the edge), the cut shown as "…". Returns
 * the cells used, 0 where nothing of it is inside. */
int canvas_text(const Canvas *canvas, int y, int x, int width, Style style, const char *text);
int canvas_printf(const Canvas *canvas, int y, int x, int width, Style style, const char *format,
    ...) G_GNUC_PRINTF(6, 7);
/* The same in a field of @width cells, padded. */
void canvas_field(
    const Canvas *canvas, int y, int x, int width, Align align, Style style, const char *text);
/* @text broken at spaces over at most @lines lines; returns the lines used. */
int canvas_wrap(
    const Canvas *canvas, int y, int x, int width, int lines, Style style, const char *text);
void canvas_fill(const Canvas *canvas, int y, int x, int height, int width, Style style);
void canvas_frame(const Canvas *canvas, Style style, const char *title);

/* Puts the terminal's cursor there (for a text field). */
void canvas_cursor(const Canvas *canvas, int y, int x);

/* The cells @text takes when drawn. */
int canvas_width(const char *text, gboolean ascii);
/* @text as it is drawn in at most @width cells (-1: no limit); *cells (may be NULL) is what it
 * takes. The caller frees it. */
wchar_t *canvas_fit(const char *text, int width, gboolean ascii, int *cells);
