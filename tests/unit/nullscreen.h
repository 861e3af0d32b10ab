/* A curses screen that nobody sees, for tests of what draws: 80x24, in UTF-8. */
#pragma once

#include <glib.h>

/* FALSE where the machine has no UTF-8 locale or no terminfo. */
gboolean nullscreen_open(void);
void nullscreen_close(void);
/* Line @y as text, its trailing blanks removed. The caller frees it. */
char *nullscreen_line(int y);
