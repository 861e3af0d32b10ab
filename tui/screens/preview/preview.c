/* Preview: what is staged would do, line by line, and the way to apply it or to take it back. */
#include "tui/screens/preview/preview.h"

#include <string.h>

static const TableColumn columns[] = {{"", 1, 0, ALIGN_LEFT, 0}, {NULL, 0, 0, ALIGN_LEFT, 0}};

static void set_up(App *app, PreviewState *state)
{
    state->app = app;
    table_init(&state->table, columns, FALSE);
    state->places = g_array_new(FALSE, FALSE, sizeof(guint));
    state->folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* The preview is made anew only when something it was made of has changed, the rows only then and
 * when their room has. */
static void update(App *app, gpointer data)
{
    PreviewState *state = data;
    int width = MAX(app->width - 3, 20);
    /* What changes while it is applied is its own work: that is nobody else's change. */
    gboolean current =
        state->preview &&
        (app_is_applying(app) ? plan_equal(state->preview->plan, app->plan)
                              : preview_is_current(state->preview, app->snapshot, app->plan));

    if (state->places == NULL)
        set_up(app, state);
    if (!current) {
        preview_unref(state->preview);
        state->preview = preview_make(app->snapshot, app->plan);
    }
    gboolean news = preview_native_news(state);
    if (!news && current && width == state->width)
        return;
    state->width = width;
    preview_rows(state);
    if (news)
        preview_show_below(state);
}

static void draw_empty(const Canvas *canvas)
{
    canvas_text(canvas, 1, 2, -1, STYLE_TITLE, "Nothing is staged.");
    canvas_wrap(canvas, 3, 2, canvas->width - 4, 5, STYLE_TEXT,
        "Stage changes on the other screens: pools on Memory, KSM and THP on Sharing, pins, "
        "backing and all else of a domain on Domains; or open a plan with o. They are shown here "
        "as diffs, and applied from here.");
}

static void draw(App *app, gpointer data, const Canvas *canvas)
{
    PreviewState *state = data;
    const Preview *preview = state->preview;

    if (app->plan->changes->len == 0) {
        draw_empty(canvas);
        return;
    }
    int x = 1 + 2 +
            canvas_printf(canvas, 0, 1, -1, STYLE_TITLE, "%u staged, %u write%s",
                app->plan->changes->len, preview->steps->len, preview->steps->len == 1 ? "" : "s");
    if (preview->errors)
        x += canvas_printf(canvas, 0, x, -1, STYLE_BAD,
            "%u error%s: it cannot be applied like this  ", preview->errors,
            preview->errors == 1 ? "" : "s");
    if (preview->warnings)
        canvas_printf(canvas, 0, x, -1, STYLE_WARN, "%u warning%s", preview->warnings,
            preview->warnings == 1 ? "" : "s");
    Canvas inside = canvas_part(canvas, 1, 1, canvas->height - 1, canvas->width - 2);
    table_draw(&state->table, &inside);
}

/* ---- taking back ---- */

/* "web1 vcpupin.0", or "3 changes of web1" */
static char *name_changes(const Plan *plan, const IdSet *changes)
{
    const Change *first = g_ptr_array_index(plan->changes, hwloc_bitmap_first(changes));
    guint count = idset_count(changes);

    return count == 1 ? g_strdup_printf("%s %s", first->name, first->key->key)
                      : g_strdup_printf("%u changes of %s", count, first->name);
}

static void unstage_doomed(App *app, gpointer data)
{
    PreviewState *state = *(PreviewState **)data;
    const Plan *plan = state->preview->plan;
    g_autoptr(IdSet) doomed = g_steal_pointer(&state->doomed);

    /* What was asked about is of this preview: the plan may have changed under the question. */
    if (!plan_equal(plan, app->plan))
        return;
    g_autofree char *what = name_changes(plan, doomed);
    app_say(app, STYLE_TEXT, "unstaged: %s", what);
    for (guint i = plan->changes->len; i-- > 0;)
        if (idset_has(doomed, i))
            plan_unstage(app->plan, i);
    update(app, state);
}

/* Takes back what made the line under the cursor; asks where that is more than one change. */
static void unstage(App *app, PreviewState *state)
{
    const PreviewLine *line = preview_row_line(state);

    if (line == NULL || line->changes == NULL) {
        app_say(app, STYLE_TEXT, "no change made this line: nothing is unstaged");
        return;
    }
    hwloc_bitmap_free(state->doomed);
    state->doomed = idset_copy(line->changes);
    if (idset_count(line->changes) == 1) {
        unstage_doomed(app, &state);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    for (IDSET_EACH(i, line->changes)) {
        const Change *change = g_ptr_array_index(state->preview->plan->changes, i);
        if (text->len > 1000) {
            g_string_append(text, "…\n");
            break;
        }
        g_autofree char *shown = step_shown_value(change->value);
        g_string_append_printf(text, "%s %s = %s\n", change->name, change->key->key, shown);
    }
    g_autofree char *what = name_changes(state->preview->plan, line->changes);
    g_string_append_printf(text, "\nUnstage %s? y/n", what);
    app_confirm(app, "Unstage", text->str, unstage_doomed, g_memdup2(&state, sizeof state));
}

/* ---- the rest ---- */

/* The offer under the cursor, else the first. */
static void accept_offer(App *app, PreviewState *state)
{
    const PreviewLine *line = preview_row_line(state);
    g_autoptr(GError) error = NULL;

    if (!app_may_write(app))
        return;
    if (state->preview->offers->len == 0) {
        app_say(app, STYLE_TEXT, "the preview offers nothing");
        return;
    }
    const PreviewOffer *offer =
        line && line->offer ? line->offer : g_ptr_array_index(state->preview->offers, 0);
    if (preview_accept(offer, app->snapshot, app->plan, &error))
        app_say(app, STYLE_STAGED, "staged first: %s=%s", offer->key, offer->value);
    else
        app_say_error(app, error);
    update(app, state);
}

static char *accept_search(App *app, const char *text, gpointer data)
{
    if (*text)
        preview_search(app, *(PreviewState **)data, text);
    return NULL;
}

static void open_row(App *app, PreviewState *state)
{
    const PreviewLine *line = preview_row_line(state);

    if (line && line->offer)
        accept_offer(app, state);
    else
        preview_fold(state);
}

static gboolean act(App *app, gpointer data, Action action)
{
    PreviewState *state = data;

    switch (action) {
    case ACTION_APPLY:
        if (state->preview->errors > 0)
            preview_next_error(app, state);
        else
            app_apply(app, state->preview);
        return TRUE;
    case ACTION_ACCEPT:
        accept_offer(app, state);
        return TRUE;
    case ACTION_UNSTAGE:
        unstage(app, state);
        return TRUE;
    case ACTION_OPEN:
        open_row(app, state);
        return TRUE;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        preview_step(state, action == ACTION_RIGHT);
        return TRUE;
    case ACTION_FOLD_ALL:
        preview_fold_all(state);
        return TRUE;
    case ACTION_SEARCH:
        app_ask(app, "Search", "Any part of a line, in what is folded as well.", state->search,
            accept_search, g_memdup2(&state, sizeof state));
        return TRUE;
    case ACTION_SEARCH_NEXT:
    case ACTION_SEARCH_PREVIOUS:
        preview_search_again(app, state, action == ACTION_SEARCH_NEXT);
        return TRUE;
    case ACTION_COPY:
    case ACTION_COPY_SECTION:
        preview_copy(app, state, action == ACTION_COPY_SECTION);
        return TRUE;
    case ACTION_WRITE:
        preview_write(app, state);
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

/* A click on a heading folds or unfolds it. */
static void mouse(App *app, gpointer data, const MouseEvent *event)
{
    PreviewState *state = data;
    MouseEvent inside = *event;

    (void)app;
    inside.y -= 1;
    inside.x -= 1;
    if (table_mouse(&state->table, &inside, NULL) == NULL)
        return;
    const PreviewLine *line = preview_row_line(state);
    if (line && (line->kind == LINE_TARGET || line->kind == LINE_HEAD))
        preview_fold(state);
}

static void clear(gpointer data)
{
    PreviewState *state = data;

    table_clear(&state->table);
    preview_unref(state->preview);
    g_clear_pointer(&state->places, g_array_unref);
    g_clear_pointer(&state->folds, g_hash_table_unref);
    g_clear_pointer(&state->answers, g_hash_table_unref);
    hwloc_bitmap_free(state->doomed);
    g_free(state->search);
}

const Screen screen_preview = {
    .title = "Preview",
    .context = CONTEXT_PREVIEW,
    .state_size = sizeof(PreviewState),
    .update = update,
    .draw = draw,
    .act = act,
    .mouse = mouse,
    .clear = clear,
};
