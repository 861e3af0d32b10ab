/* The board's overview, where the map is higher than the screen: a column that stands for all of
 * it, with the load of what is in each line, the number of each node where it begins, and lit what
 * is seen of it. A press there goes there. */
#include "tui/screens/board/board.h"
#include "tui/screens/hostdraw.h"
#include "tui/terminal/glyphs.h"
#include "tui/widgets/meter.h"

typedef struct {
    int node; /* the first that begins there; -1 none */
    gint64 load;
    guint cells;
} TrackLine;

/* The line of the overview that line @y of the map falls into. */
static int track_line(const BoardState *state, int y)
{
    return y * state->track_area.height / MAX(1, state->map.height);
}

/* TrackLine, as many as the overview is high. The caller frees them. */
static TrackLine *sum_up(const BoardState *state, const Host *host)
{
    TrackLine *lines = g_new0(TrackLine, state->track_area.height);

    for (int i = 0; i < state->track_area.height; i++)
        lines[i].node = -1;
    for (guint i = 0; i < state->map.items->len; i++) {
        const MapItem *item = &g_array_index(state->map.items, MapItem, i);
        TrackLine *line =
            &lines[CLAMP(track_line(state, item->y), 0, state->track_area.height - 1)];
        if (item->kind != MAP_PART)
            continue;
        if (item->level == LEVEL_NODE && item->index >= 0 && line->node < 0)
            line->node = ((const Node *)state->map.topology->nodes->pdata[item->index])->id;
        Num load = item->cell ? host_mean_load(host, item->cpus) : NUM_UNKNOWN;
        line->load += load.known ? load.value : 0;
        line->cells += load.known ? 1 : 0;
    }
    return lines;
}

void board_draw_track(const Canvas *canvas, const App *app, const BoardState *state)
{
    int first = track_line(state, state->top);
    int last = track_line(state, state->top + state->map_area.height - 1);

    if (canvas->height <= 0)
        return;
    g_autofree TrackLine *lines = sum_up(state, app->snapshot->host);
    for (int y = 0; y < canvas->height; y++) {
        const TrackLine *line = &lines[y];
        gboolean seen = y >= first && y <= last;
        Style style = line->cells > 0 ? meter_style(line->load / line->cells) : STYLE_DIM;
        char digit[2] = "";
        Canvas cell = *canvas;
        if (line->node >= 0)
            digit[0] = (char)('0' + line->node % 10);
        cell.selected = seen && line->node >= 0;
        canvas_text(&cell, y, 0, 1, line->node >= 0 ? STYLE_TEXT : style,
            line->node >= 0 ? digit
            : seen          ? "█"
                            : "░");
    }
}

gboolean board_pan_to(BoardState *state, int y, int x)
{
    const Area *area = &state->track_area;

    if (x != area->x || y < area->y || y >= area->y + area->height)
        return FALSE;
    /* What was pointed at comes to stand in the middle. */
    state->top = (y - area->y) * state->map.height / area->height - state->map_area.height / 2;
    state->follow = FALSE;
    board_follow(state);
    return TRUE;
}
