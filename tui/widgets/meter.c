/* A meter: how much of something is used, in a line of cells. */
#include "tui/widgets/meter.h"

/* From these shares on (of 1000) a meter asks to be looked at. */
#define MID_FROM  700
#define HIGH_FROM 900

Style meter_style(gint64 permille)
{
    if (permille >= HIGH_FROM)
        return STYLE_METER_HIGH;
    return permille >= MID_FROM ? STYLE_METER_MID : STYLE_METER_LOW;
}

static void append_times(GString *text, const char *glyph, int times)
{
    for (int i = 0; i < times; i++)
        g_string_append(text, glyph);
}

void meter_draw(const Canvas *canvas, int y, int x, int width, gboolean known, gint64 permille)
{
    g_autoptr(GString) full = g_string_new(NULL);
    g_autoptr(GString) back = g_string_new(NULL);

    if (!known) {
        canvas_field(canvas, y, x, width, ALIGN_LEFT, STYLE_DIM, "–");
        return;
    }
    /* In half cells, rounded up: what is used at all is seen. */
    permille = CLAMP(permille, 0, 1000);
    int halves = (int)((permille * width * 2 + 999) / 1000);
    append_times(full, "█", halves / 2);
    append_times(full, "▌", halves % 2);
    append_times(back, "░", width - (halves + 1) / 2);
    canvas_text(canvas, y, x, width, meter_style(permille), full->str);
    canvas_text(
        canvas, y, x + (halves + 1) / 2, width - (halves + 1) / 2, STYLE_METER_BACK, back->str);
}
