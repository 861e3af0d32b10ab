/* The characters beyond ASCII that kvmtune draws with, and what stands for each where the terminal
 * has ASCII only. */
#pragma once

#include <glib.h>

/* What stands for @c on an ASCII terminal: "?" for a character kvmtune does not draw itself. */
const char *glyph_ascii(gunichar c);

/* One cell that shows a share of @permille: a bar of one to eight eighths, " " for nothing. */
const char *glyph_level(gint64 permille);

/* TRUE where the locale writes UTF-8. */
gboolean glyphs_have_utf8(void);
