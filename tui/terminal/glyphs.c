/* The characters beyond ASCII that kvmtune draws with, and what stands for each on an ASCII
 * terminal. */
#include "tui/terminal/glyphs.h"

#include <langinfo.h>

static const struct {
    gunichar glyph;
    const char *ascii;
} glyphs[] = {
    {0x2026, "~"},  /* … text goes on */
    {0x2013, "-"},  /* – unknown */
    {0x2014, "-"},  /* — */
    {0x00b7, "."},  /* · between parts */
    {0x00d7, "x"},  /* × */
    {0x2192, "->"}, /* → becomes */
    {0x2260, "!="}, /* ≠ asked is not real */
    {0x2264, "<="}, /* ≤ */
    {0x2265, ">="}, /* ≥ */
    {0x2191, "^"},  /* ↑ sorted ascending, more above */
    {0x2193, "v"},  /* ↓ */
    {0x25b2, "^"},  /* ▲ */
    {0x25bc, "v"},  /* ▼ */
    {0x2022, "*"},  /* • */
    {0x2717, "x"},  /* ✗ an error */
    {0x25f7, "@"},  /* ◷ waits */
    {0x2190, "<-"}, /* ← */
    {0x25b8, ">"},  /* ▸ folded */
    {0x25be, "v"},  /* ▾ unfolded */
    {0x25cf, "*"},  /* ● chosen, staged */
    {0x25cb, "o"},  /* ○ not chosen */
    {0x2500, "-"},  /* ─ lines and frames */
    {0x2502, "|"},  /* │ */
    {0x250c, "+"},  /* ┌ */
    {0x2510, "+"},  /* ┐ */
    {0x2514, "+"},  /* └ */
    {0x2518, "+"},  /* ┘ */
    {0x2581, "."},  /* ▁ to █: loads and meters */
    {0x2582, ":"},
    {0x2583, "-"},
    {0x2584, "="},
    {0x2585, "+"},
    {0x2586, "*"},
    {0x2587, "%"},
    {0x2588, "#"},
    {0x258c, "#"}, /* ▌ the half cell at a meter's end */
    {0x2591, "."}, /* ░ the empty part of a meter */
    {0x201c, "\""},
    {0x201d, "\""},
    {0x2019, "'"},
};

const char *glyph_ascii(gunichar c)
{
    for (guint i = 0; i < G_N_ELEMENTS(glyphs); i++)
        if (glyphs[i].glyph == c)
            return glyphs[i].ascii;
    return "?";
}

const char *glyph_level(gint64 permille)
{
    static const char *const levels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

    /* Under one per cent is idle; the upper eight steps are equal. */
    if (permille < 10)
        return levels[0];
    return levels[1 + MIN(7, permille * 8 / 1001)];
}

gboolean glyphs_have_utf8(void)
{
    return g_ascii_strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
