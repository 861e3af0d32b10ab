/* A slider: a number on a line that is dragged, or moved in steps. */
#pragma once

#include "tui/terminal/canvas.h"

typedef struct {
    gint64 min, max; /* the ends of the line; max > min, else there is none */
    gint64 now;      /* marked on it: what stands */
    int y, x, width; /* the line as last drawn, in the canvas; width 0: it was not */
} Slider;

/* A step of the keys: about a cell of the line, a power of two. */
gint64 slider_step(const Slider *slider);
/* The next number of @value in steps, up or down (@direction 1 or -1), kept to the line. */
gint64 slider_next(const Slider *slider, gint64 value, int direction);
/* The number at column @x of the canvas, in steps but for the ends. */
gint64 slider_at(const Slider *slider, int x);
/* Draws the line with its ends named, and @value on it; a value beyond an end is at the end. */
void slider_draw(Slider *slider, const Canvas *canvas, int y, int x, int width, gint64 value);
