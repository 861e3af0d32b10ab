/* A curses screen that nobody sees. */
#include "tests/unit/nullscreen.h"

#include <curses.h>
#include <locale.h>

#include "tui/terminal/glyphs.h"

#define LINE_MAX_CELLS 512

static SCREEN *screen;
static FILE *null;

gboolean nullscreen_open(void)
{
    /* The locale must know the width of a character; the terminal is nobody's. */
    if (setlocale(LC_ALL, "C.UTF-8") == NULL || !glyphs_have_utf8())
        return FALSE;
    null = fopen("/dev/null", "r+");
    screen = null ? newterm("xterm", null, null) : NULL;
    if (screen == NULL)
        return FALSE;
    start_color();
    use_default_colors();
    return TRUE;
}

void nullscreen_close(void)
{
    if (screen) {
        endwin();
        delscreen(screen);
    }
    if (null)
        fclose(null);
    screen = NULL;
    null = NULL;
}

char *nullscreen_line(int y)
{
    wchar_t line[LINE_MAX_CELLS + 1] = L"";

    mvinnwstr(y, 0, line, LINE_MAX_CELLS);
    char *text = g_ucs4_to_utf8((const gunichar *)line, -1, NULL, NULL, NULL);
    return g_strchomp(text);
}
