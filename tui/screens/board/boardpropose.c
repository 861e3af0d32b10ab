/* A proposal on the board: where core/place would put the domains, shown as ghost chips at their
 * new places, with the reasons; taken whole, one domain at a time, or not. */
#include "core/util/text.h"
#include "tui/screens/board/board.h"

void board_forget_proposal(BoardState *state)
{
    g_clear_pointer(&state->proposal, place_layout_free);
    g_clear_pointer(&state->ghost_plan, plan_free);
    state->stale = TRUE;
}

gboolean board_proposal_holds(const App *app, const BoardState *state)
{
    const Host *host = app->snapshot->host;

    for (guint i = 0; i < state->proposal->domains->len; i++) {
        const PlacedDomain *placed = state->proposal->domains->pdata[i];
        if (snapshot_domain(app->snapshot, placed->uuid) == NULL)
            return FALSE;
    }
    return host != NULL && board_same_machine(host->topology, state->map.topology);
}

/* The plan with all that is left of the proposal. */
static void stage_ghosts(const App *app, BoardState *state)
{
    plan_free(state->ghost_plan);
    state->ghost_plan = plan_copy(app->plan);
    for (guint i = 0; i < state->proposal->domains->len; i++) {
        const PlacedDomain *placed = state->proposal->domains->pdata[i];
        if (placed->problem == NULL)
            place_stage(state->proposal, i, app->snapshot, state->ghost_plan, NULL);
    }
    state->stale = TRUE;
}

static guint count_moves(const PlaceLayout *layout)
{
    guint count = 0;

    for (guint i = 0; i < layout->domains->len; i++) {
        const PlacedDomain *placed = layout->domains->pdata[i];
        count += placed->problem == NULL && placed->settings->len > 0 ? 1 : 0;
    }
    return count;
}

void board_propose(App *app, BoardState *state, gboolean all)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    PlaceWish wish = {.policy = PLACE_SPREAD, .all = all};

    board_forget_proposal(state);
    for (guint i = 0; !all && i < carry_count(&state->carry); i++)
        g_ptr_array_add(names, ((Carried *)state->carry.items->pdata[i])->uuid);
    g_ptr_array_add(names, NULL);
    if (names->len > 1)
        wish.domains = (const char *const *)names->pdata;
    state->proposal = place_propose(app->snapshot, app->plan, &wish, &error);
    board_cancel(app, state, NULL);
    if (state->proposal == NULL) {
        app_say_error(app, error);
        return;
    }
    guint moves = count_moves(state->proposal);
    if (moves == 0) {
        app_say(app, STYLE_GOOD, "nothing to propose: no layout costs less");
        board_forget_proposal(state);
        return;
    }
    stage_ghosts(app, state);
    app_say(app, STYLE_TEXT,
        "proposed: A takes all of it, Enter the domain under the cursor, Esc none");
}

/* Stages domain @index of the proposal. */
static gboolean take(App *app, BoardState *state, guint index)
{
    g_autoptr(GError) error = NULL;
    guint acts = app->plan->acts;

    if (!place_stage(state->proposal, index, app->snapshot, app->plan, &error)) {
        app_say_error(app, error);
        return FALSE;
    }
    plan_join(app->plan, acts);
    return TRUE;
}

void board_take_all(App *app, BoardState *state)
{
    guint acts = app->plan->acts, taken = 0;

    if (state->proposal == NULL || !app_may_write(app))
        return;
    for (guint i = 0; i < state->proposal->domains->len; i++) {
        const PlacedDomain *placed = state->proposal->domains->pdata[i];
        if (placed->problem == NULL && placed->settings->len > 0 && take(app, state, i))
            taken++;
    }
    plan_join(app->plan, acts);
    board_forget_proposal(state);
    app_say(app, STYLE_STAGED, "staged: the layout of %u domain%s   (p shows it, u takes it back)",
        taken, taken == 1 ? "" : "s");
}

/* The domain of the chip or name under the cursor; NULL for none. */
static const Domain *domain_here(const BoardState *state)
{
    const Chip *chip = board_chip(state);
    const TrayItem *item = board_tray_item(state);

    if (chip != NULL)
        return chips_domain(&state->chips, chip->domain)->domain;
    return item != NULL ? chips_domain(&state->chips, item->domain)->domain : NULL;
}

static int find_placed(const BoardState *state, const Domain *domain)
{
    for (guint i = 0; domain != NULL && i < state->proposal->domains->len; i++) {
        const PlacedDomain *placed = state->proposal->domains->pdata[i];
        if (g_str_equal(placed->uuid, domain->uuid) && placed->settings->len > 0)
            return (int)i;
    }
    return -1;
}

void board_take_one(App *app, BoardState *state)
{
    int index = find_placed(state, domain_here(state));

    if (!app_may_write(app))
        return;
    if (index < 0) {
        app_say(app, STYLE_TEXT, "nothing is proposed for what is under the cursor");
        return;
    }
    const PlacedDomain *placed = state->proposal->domains->pdata[index];
    g_autofree char *name = text_escape(placed->name, 20);
    if (!take(app, state, (guint)index))
        return;
    app_say(
        app, STYLE_STAGED, "staged: the layout of %s   (A takes the rest, Esc leaves it)", name);
    g_ptr_array_remove_index(state->proposal->domains, (guint)index);
    g_ptr_array_set_size(state->proposal->notes, 0); /* they tell of the whole */
    if (count_moves(state->proposal) == 0)
        board_forget_proposal(state);
    else
        stage_ghosts(app, state);
}

const PlacedDomain *board_placed_here(const BoardState *state)
{
    int index = state->proposal != NULL ? find_placed(state, domain_here(state)) : -1;

    return index >= 0 ? state->proposal->domains->pdata[index] : NULL;
}
