/* A meter: how much of something is used, in @width cells. */
#pragma once

#include "tui/terminal/canvas.h"

/* Draws a bar of @permille (of 1000) at (@y, @x); one that is not known is drawn as "–". The colour
 * says how full it is. */
void meter_draw(const Canvas *canvas, int y, int x, int width, gboolean known, gint64 permille);
/* The style of the full part. */
Style meter_style(gint64 permille);
