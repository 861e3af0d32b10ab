/* Carrying chips over the board and dropping them, by keys. A drop is one act: `u` takes it back.
 */
#include "core/util/text.h"
#include "tui/screens/board/board.h"

/* ---- what would happen ---- */

gboolean board_adds(const BoardState *state)
{
    return state->add || state->drag.add;
}

static DropTarget target_of(const BoardState *state)
{
    const MapItem *part = board_part(state);
    DropTarget target = {.node = -1, .add = board_adds(state)};

    if (part != NULL) {
        target.cpus = part->cpus;
        if (part->level == LEVEL_NODE)
            target.node = state->cursor.id;
    }
    return target;
}

void board_foresee(App *app, BoardState *state)
{
    const BoardCursor *cursor = &state->cursor;
    gboolean nothing = carry_count(&state->carry) == 0 || state->drag.nowhere;
    g_autofree char *what = carry_text(&state->carry);
    g_autofree char *of = nothing
                              ? NULL
                              : g_strdup_printf("%d %d %d %d %" G_GUINT64_FORMAT " %u %s",
                                    cursor->tray, (int)cursor->level, cursor->id, board_adds(state),
                                    state->chips.snapshot->serial, app->plan->acts, what);

    if (of != NULL && g_strcmp0(of, state->drop_of) == 0)
        return;
    g_clear_pointer(&state->drop, drop_free);
    g_free(state->drop_of);
    state->drop_of = g_steal_pointer(&of);
    if (nothing)
        return;
    DropTarget target = target_of(state);
    state->drop = drop_make(&state->chips, app->plan, &state->carry, &target);
}

/* ---- staging ---- */

/* TRUE where the change would change nothing: then what is staged of it is taken back. */
static gboolean stands_already(App *app, const DropChange *change)
{
    g_autoptr(Plan) alone = plan_new();

    if (!plan_stage(
            alone, app->snapshot, change->uuid, change->key, change->value, SCOPE_BOTH, NULL))
        return FALSE;
    g_autoptr(Preview) preview = preview_make(app->snapshot, alone);
    if (preview->steps->len > 0 || preview->errors > 0)
        return FALSE;
    for (guint i = app->plan->changes->len; i-- > 0;) {
        const Change *staged = app->plan->changes->pdata[i];
        if (g_str_equal(staged->target, change->uuid) && g_str_equal(staged->key->key, change->key))
            plan_unstage(app->plan, i);
    }
    return TRUE;
}

/* Stages @drop as one act; returns how many changes there are of it. */
static guint stage(App *app, const Drop *drop)
{
    guint acts = app->plan->acts, count = 0;

    for (guint i = 0; i < drop->changes->len; i++) {
        const DropChange *change = drop->changes->pdata[i];
        if (!stands_already(app, change) && plan_stage(app->plan, app->snapshot, change->uuid,
                                                change->key, change->value, SCOPE_BOTH, NULL))
            count++;
    }
    plan_join(app->plan, acts);
    return count;
}

static char *target_text(const BoardState *state)
{
    const MapItem *part = board_part(state);

    return part != NULL ? board_part_title(part, state->map.topology)
                        : g_strdup("the tray, unpinned");
}

void board_drop(App *app, BoardState *state)
{
    DropTarget target = target_of(state);
    g_autofree char *what = carry_text(&state->carry);
    g_autofree char *where = target_text(state);

    if (!board_still_holds(app, state))
        return;
    if (!app_may_write(app)) {
        board_cancel(app, state, NULL);
        return;
    }
    g_autoptr(Drop) drop = drop_make(&state->chips, app->plan, &state->carry, &target);
    if (drop->refusal != NULL) {
        app_say(app, STYLE_WARN, "nothing dropped: %s", drop->refusal);
        board_cancel(app, state, NULL);
        return;
    }
    guint count = stage(app, drop);
    if (count > 0)
        app_say(app, STYLE_STAGED, "staged: %s → %s   (p shows it, u takes it back)", what, where);
    else
        app_say(app, STYLE_TEXT, "%s: stands there already, nothing to change", what);
    board_cancel(app, state, NULL);
    state->stale = TRUE;
    board_refresh(app, state);
}

/* ---- the keys ---- */

static void toggle(BoardState *state, const Domain *domain, const char *key, const char *label)
{
    if (carry_has(&state->carry, domain->uuid, key))
        carry_remove(&state->carry, domain->uuid, key);
    else
        carry_add(&state->carry, domain, key, label);
}

/* Picks up what is under the cursor, or lets it be again. */
static gboolean pick(App *app, BoardState *state)
{
    const Chip *chip = board_chip(state);
    const TrayItem *item = board_tray_item(state);

    if (chip != NULL) {
        toggle(state, chips_domain(&state->chips, chip->domain)->domain, chip->key, chip->label);
    } else if (item != NULL) {
        const Domain *domain = chips_domain(&state->chips, item->domain)->domain;
        g_autofree char *name = text_escape(domain->name, 20);
        toggle(state, domain, NULL, name);
    } else {
        app_say(app, STYLE_DIM, "no chip stands here");
        return FALSE;
    }
    return TRUE;
}

static void unpin(App *app, BoardState *state)
{
    BoardCursor cursor = state->cursor;

    if (carry_count(&state->carry) == 0 && !pick(app, state))
        return;
    state->cursor.tray = TRUE; /* dropped into the tray, from where it is */
    state->cursor.uuid = NULL;
    board_drop(app, state);
    g_free(state->cursor.uuid);
    state->cursor = cursor;
    board_lay(state);
}

static char *accept_domain(App *app, const char *text, gpointer data)
{
    BoardState *state = *(BoardState **)data;
    g_autofree char *wanted = g_strstrip(g_strdup(text));
    const DomainView *view = *wanted ? snapshot_domain(app->snapshot, wanted) : NULL;

    board_refresh(app, state);
    for (guint i = 0; view == NULL && *wanted && i < state->chips.domains->len; i++) {
        const Domain *domain = chips_domain(&state->chips, i)->domain;
        if (g_str_has_prefix(domain->name, wanted))
            view = snapshot_domain(app->snapshot, domain->uuid);
    }
    const TrayItem *item =
        view != NULL ? tray_find(&state->tray, &state->chips, view->domain->uuid, 0) : NULL;
    if (item == NULL)
        return g_strdup("no domain's name begins so");
    board_go_to_tray(state, item);
    return NULL;
}

static void ask_domain(App *app, BoardState *state)
{
    BoardState **data = g_new(BoardState *, 1);

    *data = state;
    app_ask(app, "Go to a domain", "Its name, or how it begins.", "", accept_domain, data);
}

static void open_domain(App *app, const BoardState *state)
{
    const Chip *chip = board_chip(state);
    const TrayItem *item = board_tray_item(state);

    if (chip != NULL)
        app_open_domain(app, chips_domain(&state->chips, chip->domain)->domain->uuid);
    else if (item != NULL)
        app_open_domain(app, chips_domain(&state->chips, item->domain)->domain->uuid);
}

gboolean board_carry_act(App *app, BoardState *state, Action action)
{
    gboolean carries = carry_count(&state->carry) > 0;

    switch (action) {
    case ACTION_PICK:
        pick(app, state);
        return TRUE;
    case ACTION_PROPOSE:
    case ACTION_PROPOSE_ALL:
        board_propose(app, state, action == ACTION_PROPOSE_ALL);
        return TRUE;
    case ACTION_ACCEPT:
        board_take_all(app, state);
        return TRUE;
    case ACTION_DROP:
        if (carries)
            board_drop(app, state);
        else if (state->proposal != NULL)
            board_take_one(app, state);
        else
            open_domain(app, state);
        return TRUE;
    case ACTION_ADD:
        state->add = !state->add;
        app_say(app, STYLE_TEXT,
            state->add ? "what is dropped is added to what it has"
                       : "what is dropped replaces what it has");
        return TRUE;
    case ACTION_UNPIN:
        unpin(app, state);
        return TRUE;
    case ACTION_GOTO:
        ask_domain(app, state);
        return TRUE;
    case ACTION_BACK:
        if (carries)
            board_cancel(app, state, "nothing dropped");
        else if (state->proposal != NULL)
            board_forget_proposal(state);
        else
            return FALSE;
        return TRUE;
    default:
        return FALSE;
    }
}
