/* A slider: a number on a line that is dragged, or moved in steps. */
#include "tui/widgets/slider.h"

#define STEPS      64 /* at least so many are on the line, where its range has them */
#define LINE_LEAST 8  /* cells; a shorter line is not drawn */

gint64 slider_step(const Slider *slider)
{
    gint64 step = 1;

    while (step < (slider->max - slider->min) / STEPS)
        step *= 2;
    return step;
}

gint64 slider_next(const Slider *slider, gint64 value, int direction)
{
    gint64 step = slider_step(slider);
    gint64 inside = CLAMP(value, slider->min, slider->max) - slider->min;
    gint64 steps = direction > 0 ? inside / step + 1 : (inside + step - 1) / step - 1;

    return CLAMP(slider->min + steps * step, slider->min, slider->max);
}

gint64 slider_at(const Slider *slider, int x)
{
    int last = slider->width - 1, cell = CLAMP(x - slider->x, 0, MAX(last, 0));
    gint64 step = slider_step(slider);

    if (cell == 0 || last <= 0)
        return slider->min;
    if (cell == last)
        return slider->max;
    double value = (double)(slider->max - slider->min) * cell / last;
    return MIN(slider->min + (gint64)(value / (double)step + 0.5) * step, slider->max);
}

/* The cell of the line at which @value is. */
static int cell_of(const Slider *slider, gint64 value)
{
    double part = (double)(CLAMP(value, slider->min, slider->max) - slider->min) /
                  (double)(slider->max - slider->min);

    return (int)(part * (slider->width - 1) + 0.5);
}

void slider_draw(Slider *slider, const Canvas *canvas, int y, int x, int width, gint64 value)
{
    g_autofree char *low = g_strdup_printf("%" G_GINT64_FORMAT " ", slider->min);
    g_autofree char *high = g_strdup_printf(" %" G_GINT64_FORMAT, slider->max);
    int left = canvas_width(low, FALSE), right = canvas_width(high, FALSE);

    slider->width = 0;
    if (slider->max <= slider->min || width - left - right < LINE_LEAST)
        return;
    slider->y = y;
    slider->x = x + left;
    slider->width = width - left - right;
    int stands = cell_of(slider, slider->now), at = cell_of(slider, value);
    canvas_text(canvas, y, x, left, STYLE_DIALOG, low);
    for (int i = 0; i < slider->width; i++)
        canvas_text(canvas, y, slider->x + i, 1, i == at ? STYLE_STAGED : STYLE_DIALOG,
            i == at       ? "●"
            : i == stands ? "│"
                          : "─");
    canvas_text(canvas, y, slider->x + slider->width, right, STYLE_DIALOG, high);
}
