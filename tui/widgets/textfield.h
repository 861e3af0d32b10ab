/* A line in which text is typed, with its cursor. */
#pragma once

#include "tui/terminal/canvas.h"

#define TEXTFIELD_MAX 1024 /* characters that can be typed */

typedef struct {
    GString *text;      /* valid UTF-8 */
    glong cursor;       /* in characters */
    gboolean untouched; /* the text is as proposed: the first character typed replaces it */
} TextField;

void textfield_init(TextField *field);
void textfield_clear(TextField *field);
/* Proposes @text, the cursor behind it. */
void textfield_set(TextField *field, const char *text);
/* TRUE where @key (a code of keymap.h) is one that edits or moves. */
gboolean textfield_key(TextField *field, guint key);
/* Draws it in @width cells of line @y, scrolled so that the cursor is seen. */
void textfield_draw(const TextField *field, const Canvas *canvas, int y, int x, int width);
