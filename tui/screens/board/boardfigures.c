/* The board's line of figures: how good the layout is; while something is carried, those that its
 * drop would change, before → after. */
#include "core/place/figures.h"
#include "tui/screens/board/board.h"

/* Short names, for a line of 80 cells; core/place has the whole ones. */
static const char *const short_names[PLACE_FIGURES_COUNT] = {
    [FIGURE_VCPUS_PER_THREAD] = "vCPU/thr",
    [FIGURE_CROWDED_THREADS] = "crowded thr",
    [FIGURE_CROWDED_CORES] = "core",
    [FIGURE_STRADDLE_NODES] = "straddle node",
    [FIGURE_STRADDLE_CACHES] = "LLC",
    [FIGURE_REMOTE_MEMORY] = "remote",
    [FIGURE_HELPERS_ON_VCPU_CORES] = "helpers",
};

static gboolean differs(Num a, Num b)
{
    return a.known != b.known || (a.known && a.value != b.value);
}

/* Fewer are better, of every figure; but vCPUs per thread are what they are. */
static Style change_style(PlaceFigure figure, Num before, Num after)
{
    if (figure == FIGURE_VCPUS_PER_THREAD || !before.known || !after.known)
        return STYLE_TEXT;
    return after.value > before.value ? STYLE_WARN : STYLE_GOOD;
}

/* "crowded thr 1", or "crowded thr 1→2". The caller frees it. */
static char *figure_text(
    const PlaceFigures *before, const PlaceFigures *after, PlaceFigure figure, gboolean wide)
{
    const char *name = wide ? place_figure_info(figure)->name : short_names[figure];
    g_autofree char *from = place_figure_text(figure, before->values[figure]);
    g_autofree char *to =
        after != NULL ? place_figure_text(figure, after->values[figure]) : g_strdup("");

    return g_strdup_printf("%s %s%s%s", name, from, after != NULL ? "→" : "", to);
}

static int total_width(const PlaceFigures *before, const PlaceFigures *after, gboolean ascii)
{
    int width = -2;

    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        if (after != NULL && !differs(before->values[i], after->values[i]))
            continue;
        g_autofree char *text = figure_text(before, after, i, TRUE);
        width += canvas_width(text, ascii) + 2;
    }
    return width;
}

void board_draw_figures(const Canvas *canvas, const BoardState *state)
{
    const PlaceFigures *before = &state->figures;
    const PlaceFigures *after = state->drop != NULL && state->drop->plan != NULL
                                    ? &state->drop->figures
                                : state->proposal != NULL ? &state->proposal->after
                                                          : NULL;
    gboolean wide = total_width(before, after, canvas->ascii) <= canvas->width;
    int x = 0;

    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        if (after != NULL && !differs(before->values[i], after->values[i]))
            continue;
        g_autofree char *figure = figure_text(before, after, i, wide);
        /* The gap is of the same style: to change it costs the terminal more bytes than a blank. */
        g_autofree char *text = g_strconcat(x == 0 ? "" : wide ? "  " : " ", figure, NULL);
        Style style =
            after != NULL ? change_style(i, before->values[i], after->values[i]) : STYLE_DIM;
        x += canvas_text(canvas, 0, x, -1, style, text);
    }
    if (x == 0)
        canvas_text(canvas, 0, 0, -1, STYLE_DIM, "no figure changes");
}
