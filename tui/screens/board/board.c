/* The placement board: the machine as it is built, and on it the chips of the domains' vCPUs where
 * they are pinned, to be carried to where they shall be. */
#include "tui/screens/board/board.h"

void board_cancel(App *app, BoardState *state, const char *why)
{
    carry_clear(&state->carry);
    carry_clear(&state->drag.pressed);
    state->drag = (Drag){.kind = DRAG_NONE};
    g_clear_pointer(&state->drop, drop_free);
    g_clear_pointer(&state->drop_of, g_free);
    if (why != NULL)
        app_say(app, STYLE_WARN, "%s", why);
}

static gboolean is_carrying(const BoardState *state)
{
    return state->drag.kind != DRAG_NONE || carry_count(&state->carry) > 0;
}

gboolean board_same_machine(const Topology *a, const Topology *b)
{
    return a != NULL && b != NULL && a->cpus->len == b->cpus->len &&
           g_strcmp0(a->online_text, b->online_text) == 0;
}

gboolean board_still_holds(App *app, BoardState *state)
{
    g_autofree char *lost = carry_lost(&state->carry, app->snapshot);
    g_autofree char *pressed = carry_lost(&state->drag.pressed, app->snapshot);
    const Host *host = app->snapshot->host;

    if (lost != NULL || pressed != NULL) {
        g_autofree char *why =
            g_strdup_printf("%s: nothing dropped", lost != NULL ? lost : pressed);
        board_cancel(app, state, why);
        return FALSE;
    }
    if (host == NULL || !board_same_machine(host->topology, state->map.topology)) {
        board_cancel(app, state, "the machine's CPUs changed: nothing dropped");
        return FALSE;
    }
    if (state->drag.kind != DRAG_NONE &&
        (state->screen_height != app->height || state->screen_width != app->width)) {
        board_cancel(app, state, "the terminal's size changed: nothing dropped");
        return FALSE;
    }
    return TRUE;
}

static void board_update(App *app, gpointer data)
{
    BoardState *state = data;

    if (is_carrying(state))
        board_still_holds(app, state);
    if (state->proposal != NULL && !board_proposal_holds(app, state)) {
        board_forget_proposal(state);
        app_say(app, STYLE_WARN, "a domain or CPU of the proposal went away: f proposes anew");
    }
    state->screen_height = app->height;
    state->screen_width = app->width;
    state->stale = TRUE;
}

void board_refresh(App *app, BoardState *state)
{
    if (app->snapshot->host == NULL || state->width == 0)
        return;
    if (state->stale) {
        chips_update(&state->chips, app->snapshot, app->plan, state->ghost_plan);
        state->figures = place_figures(app->snapshot, app->plan);
    }
    state->stale = FALSE;
    board_lay(state);
}

static Canvas area_canvas(const Canvas *canvas, const Area *area, int scroll)
{
    Canvas part = canvas_part(canvas, area->y, area->x, area->height, area->width);

    part.scroll = scroll;
    return part;
}

static void board_draw(App *app, gpointer data, const Canvas *canvas)
{
    BoardState *state = data;

    if (app->snapshot->host == NULL) {
        const char *problem = app->snapshot->host_problem;
        canvas_wrap(canvas, 0, 0, canvas->width, canvas->height, problem ? STYLE_BAD : STYLE_DIM,
            problem ? problem : "reading the host…");
        return;
    }
    state->height = canvas->height;
    state->width = canvas->width;
    state->ascii = canvas->ascii;
    board_refresh(app, state);
    board_follow(state);
    board_foresee(app, state);
    Canvas map = area_canvas(canvas, &state->map_area, state->top);
    board_draw_map(&map, app, state);
    Canvas track = area_canvas(canvas, &state->track_area, 0);
    board_draw_track(&track, app, state);
    Canvas tray = area_canvas(canvas, &state->tray_area, state->tray_top);
    if (state->tray_area.height > 0)
        board_draw_tray(&tray, state);
    Canvas figures = area_canvas(canvas, &state->figures_area, 0);
    board_draw_figures(&figures, state);
    Canvas panel = area_canvas(canvas, &state->panel_area, 0);
    board_draw_panel(&panel, app, state);
}

static gboolean board_act(App *app, gpointer data, Action action)
{
    BoardState *state = data;

    if (app->snapshot->host == NULL || state->width == 0)
        return FALSE;
    if (state->drag.kind != DRAG_NONE && action != ACTION_ADD)
        board_cancel(app, state, "a key was pressed: nothing dropped");
    board_refresh(app, state);
    return board_carry_act(app, state, action) || board_move(state, action);
}

static void board_clear(gpointer data)
{
    BoardState *state = data;

    carry_clear(&state->carry);
    carry_clear(&state->drag.pressed);
    drop_free(state->drop);
    place_layout_free(state->proposal);
    plan_free(state->ghost_plan);
    g_free(state->drop_of);
    tray_clear(&state->tray);
    chip_places_clear(&state->places);
    chips_clear(&state->chips);
    map_clear(&state->map);
    g_free(state->cursor.uuid);
}

const Screen screen_board = {
    .title = "Board",
    .context = CONTEXT_BOARD,
    .state_size = sizeof(BoardState),
    .update = board_update,
    .draw = board_draw,
    .act = board_act,
    .mouse = board_mouse,
    .clear = board_clear,
};
