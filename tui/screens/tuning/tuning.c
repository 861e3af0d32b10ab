/* The Tuning screen: every tunable of a domain, or of several at once, as one form. */
#include "tui/screens/tuning/tuning.h"

#include <string.h>

#define PANEL_LINES  7   /* below the form, the line above it included */
#define PANEL_WIDTH  60  /* beside it */
#define BESIDE_WIDTH 150 /* from here on the panel is beside */
#define ROOM_FOR_ALL 14  /* a canvas of fewer lines shows the form only */
#define HEAD_LINES   2

static void tuning_screen_update(App *app, gpointer data)
{
    tuning_update(app, data);
}

/* ---- drawing ---- */

/* "web1  running", "3 domains: web1, web2, db", and what is searched for. */
static void draw_heading(const App *app, const TuningState *state, const Canvas *canvas)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const Tuned *first = g_ptr_array_index(state->tuned, 0);
    int x = 1;

    (void)app;
    for (guint i = 0; i < state->tuned->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
            ((const Tuned *)g_ptr_array_index(state->tuned, i))->domain->name);
    if (state->tuned->len > 1) {
        x += canvas_printf(
            canvas, 0, x, -1, STYLE_TITLE, "tuning of %u domains  ", state->tuned->len);
        x += canvas_text(canvas, 0, x, canvas->width - x - 1, STYLE_TEXT, names->str);
    } else {
        gboolean active = domain_is_active(first->domain);
        x += canvas_printf(
            canvas, 0, x, canvas->width / 2, STYLE_TITLE, "tuning of %s  ", names->str);
        x += canvas_printf(canvas, 0, x, -1, active ? STYLE_GOOD : STYLE_DIM, "%s%s",
            domain_state_name(first->domain->state),
            first->domain->persistent ? "" : ", transient");
    }
    if (state->search)
        canvas_printf(canvas, 0, x + 3, -1, STYLE_KEY, "search: %s (%u of %u)", state->search,
            state->found, state->fields->len);
}

/* Why there is no form. */
static void draw_absence(const App *app, const TuningState *state, const Canvas *canvas)
{
    const Tuned *first = state->tuned->len ? g_ptr_array_index(state->tuned, 0) : NULL;

    canvas_wrap(canvas, 1, 1, canvas->width - 2, 3, STYLE_WARN,
        first == NULL && app->snapshot->domains
            ? "This domain is gone: libvirt does not know it any more. Esc goes back."
        : first == NULL          ? "asking libvirt…"
        : first->domain->problem ? first->domain->problem
                                 : "its XML was not read yet");
}

static void draw_rule(const Canvas *canvas, int y)
{
    for (int x = 0; x < canvas->width; x++)
        canvas_text(canvas, y, x, 1, STYLE_DIM, "─");
}

static void tuning_draw(App *app, gpointer data, const Canvas *canvas)
{
    TuningState *state = data;
    gboolean beside = canvas->width >= BESIDE_WIDTH;
    gboolean below = !beside && canvas->height >= ROOM_FOR_ALL;
    int width = canvas->width - 2 - (beside ? PANEL_WIDTH + 3 : 0);
    int height = canvas->height - HEAD_LINES - (below ? PANEL_LINES : 0);

    if (state->fields->len == 0) {
        draw_absence(app, state, canvas);
        return;
    }
    state->beside = beside;
    if (width != state->form_width) {
        state->form_width = width;
        tuning_update(app, state);
    }
    draw_heading(app, state, canvas);
    Canvas form = canvas_part(canvas, HEAD_LINES, 1, height, width);
    state->form_height = form.height;
    table_draw(&state->table, &form);
    if (state->found == 0)
        canvas_text(canvas, HEAD_LINES + 1, 1, -1, STYLE_DIM,
            "no tuning has this in its key or help: / changes the search, Esc ends it");
    Canvas panel =
        beside
            ? canvas_part(canvas, HEAD_LINES, width + 3, canvas->height - HEAD_LINES, PANEL_WIDTH)
            : canvas_part(canvas, HEAD_LINES + height + 1, 1, PANEL_LINES - 1, canvas->width - 2);
    if (below)
        draw_rule(canvas, HEAD_LINES + height);
    if (beside || below)
        tuning_draw_panel(app, state, &panel);
}

/* ---- acting ---- */

static void edit_selected(App *app, TuningState *state)
{
    const Field *field = tuning_selected(state);

    if (field == NULL)
        return;
    g_autofree const char **targets = tuning_targets(state, field);
    app_edit_for(app, targets, field->key->key, field->value);
}

/* What a switch would be turned to; NULL where the field is none. */
static const char *turned_over(const App *app, const Field *field, const char *target)
{
    const char *staged = plan_value(app->plan, target, field->key->key);
    const char *value = staged ? staged : field->value;

    if (field->key->tunable->type != VALUE_SWITCH)
        return NULL;
    return g_strcmp0(value, "on") == 0 ? "off" : "on";
}

static void stage_selected(App *app, TuningState *state, gboolean turn)
{
    const Field *field = tuning_selected(state);

    if (field == NULL)
        return;
    g_autofree const char **targets = tuning_targets(state, field);
    const char *value = turn ? turned_over(app, field, targets[0]) : "";
    if (value == NULL)
        edit_selected(app, state);
    else
        app_stage_for(app, targets, field->key->key, value, SCOPE_BOTH);
}

static void unstage_selected(App *app, const TuningState *state)
{
    const Field *field = tuning_selected(state);
    guint gone = 0;

    for (guint i = app->plan->changes->len; field && i-- > 0;) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        if (!g_str_equal(change->key->key, field->key->key) ||
            !g_strv_contains((const char *const *)state->uuids, change->target))
            continue;
        plan_unstage(app->plan, i);
        gone++;
    }
    if (field && gone)
        app_say(app, STYLE_TEXT, "unstaged: %s", field->key->key);
    else
        app_say(app, STYLE_TEXT, "nothing is staged here");
}

static void go_back(App *app, TuningState *state)
{
    if (state->search)
        g_clear_pointer(&state->search, g_free);
    else
        app_back(app);
}

static gboolean tuning_act(App *app, gpointer data, Action action)
{
    TuningState *state = data;

    switch (action) {
    case ACTION_EDIT:
        if (!tuning_fold(state, FOLD_OVER))
            edit_selected(app, state);
        break;
    case ACTION_FOLD:
        if (!tuning_fold(state, FOLD_OVER))
            stage_selected(app, state, TRUE);
        break;
    case ACTION_FOLD_ALL:
        tuning_fold_all(state);
        break;
    case ACTION_LEFT:
        if (tuning_selected(state) || !tuning_fold(state, FOLD_CLOSED))
            tuning_to_heading(state);
        break;
    case ACTION_RIGHT:
        tuning_fold(state, FOLD_OPEN);
        break;
    case ACTION_SEARCH:
        app_ask_search(app, "search",
            "Shows the tunings that have this in their key or help. Empty: all.", &state->search);
        break;
    case ACTION_UNSTAGE:
        unstage_selected(app, state);
        break;
    case ACTION_UNSET:
        stage_selected(app, state, FALSE);
        break;
    case ACTION_COPY:
        tuning_copy(app, state->uuids[0]);
        break;
    case ACTION_PASTE:
        tuning_paste(app, (const char *const *)state->uuids);
        break;
    case ACTION_BACK:
        go_back(app, state);
        break;
    default:
        return table_act(&state->table, action);
    }
    if (app->screen == SCREEN_TUNING)
        tuning_update(app, state);
    return TRUE;
}

static void tuning_mouse(App *app, gpointer data, const MouseEvent *event)
{
    TuningState *state = data;
    MouseEvent inner = *event;

    inner.y -= HEAD_LINES;
    inner.x -= 1;
    if (inner.y >= state->form_height || inner.x >= state->form_width)
        return;
    g_autofree char *before = g_strdup(state->table.selected);
    const TableRow *row = table_mouse(&state->table, &inner, NULL);
    if (event->kind != MOUSE_PRESS || row == NULL)
        return;
    if (tuning_fold(state, FOLD_OVER))
        tuning_update(app, state);
    else if (g_strcmp0(row->id, before) == 0)
        edit_selected(app, state);
}

static void tuning_clear(gpointer data)
{
    tuning_free(data);
}

static const Tunable *tuning_about(gconstpointer data)
{
    const Field *field = tuning_selected(data);

    return field ? field->key->tunable : NULL;
}

const Screen screen_tuning = {
    .title = NULL,
    .context = CONTEXT_TUNING,
    .state_size = sizeof(TuningState),
    .update = tuning_screen_update,
    .draw = tuning_draw,
    .act = tuning_act,
    .mouse = tuning_mouse,
    .clear = tuning_clear,
    .about = tuning_about,
};
