/* Preview: what is staged would do, line by line, and the way to apply it. */
#include "core/tune/preview.h"
#include "tui/app.h"
#include "tui/widgets/table.h"

#include <string.h>

typedef struct {
    Table table;
    Preview *preview;
} State;

static const TableColumn columns[] = {{"", 1, 0, ALIGN_LEFT, 0}, {NULL, 0, 0, ALIGN_LEFT, 0}};

/* How a kind of line looks, and what stands before it. */
static const struct {
    Style style;
    const char *mark;
} looks[] = {
    [LINE_TARGET] = {STYLE_TITLE, ""},
    [LINE_HEAD] = {STYLE_KEY, ""},
    [LINE_HUNK] = {STYLE_DIM, ""},
    [LINE_CONTEXT] = {STYLE_TEXT, ""},
    [LINE_REMOVED] = {STYLE_REMOVED, ""},
    [LINE_ADDED] = {STYLE_ADDED, ""},
    [LINE_WRITE] = {STYLE_STAGED, ""},
    [LINE_NOW] = {STYLE_GOOD, "• "},
    [LINE_LATER] = {STYLE_WARN, "◷ "},
    [LINE_WARNING] = {STYLE_WARN, "! "},
    [LINE_ERROR] = {STYLE_BAD, "✗ "},
};

/* A sentence or a write is broken over as many rows as it needs; a line of a diff stays one. */
static gboolean may_break(PreviewLineKind kind)
{
    return kind == LINE_WRITE || kind >= LINE_NOW;
}

static void add_line(Table *table, int width, guint n, PreviewLineKind kind, const char *text)
{
    g_autofree char *rest = g_strconcat(looks[kind].mark, text, NULL);
    const char *p = rest;

    for (guint part = 0; *p || part == 0; part++) {
        g_autofree char *id = g_strdup_printf("%u.%u", n, part);
        const char *end = p, *blank = NULL;
        for (int cells = 0; *end && (cells < width || !may_break(kind)); cells++) {
            if (*end == ' ' && cells > width / 4)
                blank = end;
            end = g_utf8_next_char(end);
        }
        if (*end && blank)
            end = blank;
        table_cell(table_add(table, id), 0, looks[kind].style,
            g_strdup_printf("%s%.*s", part ? "  " : "", (int)(end - p), p));
        p = *end == ' ' ? end + 1 : end;
        if (part == 0)
            width -= 2;
    }
}

/* Errors and warnings first: nobody should have to scroll to them. */
static void add_lines(Table *table, int width, const Preview *preview)
{
    guint n = 0;

    for (int turn = 0; turn < 2; turn++) {
        for (guint i = 0; i < preview->lines->len; i++) {
            const PreviewLine *line = g_ptr_array_index(preview->lines, i);
            gboolean first = line->kind == LINE_WARNING || line->kind == LINE_ERROR;
            if (first == (turn == 0))
                add_line(table, width, n++, line->kind, line->text);
        }
        for (guint i = 0; turn == 0 && i < preview->offers->len; i++) {
            const PreviewOffer *offer = g_ptr_array_index(preview->offers, i);
            g_autofree char *text = g_strdup_printf(
                "o stages %s=%s first: %s", offer->key, offer->value, offer->reason);
            add_line(table, width, n++, LINE_NOW, text);
        }
        if (turn == 0 && n > 0)
            table_heading(table, STYLE_TEXT, "");
    }
}

static void update(App *app, gpointer data)
{
    State *state = data;

    if (state->table.columns == NULL)
        table_init(&state->table, columns, FALSE);
    preview_unref(state->preview);
    state->preview = preview_make(app->snapshot, app->plan);
    table_begin(&state->table);
    add_lines(&state->table, MAX(app->width - 5, 20), state->preview);
    table_end(&state->table);
}

static void draw_empty(const Canvas *canvas)
{
    canvas_text(canvas, 1, 2, -1, STYLE_TITLE, "Nothing is staged.");
    canvas_wrap(canvas, 3, 2, canvas->width - 4, 5, STYLE_TEXT,
        "Stage changes on the other screens: pools on Memory, KSM and THP on Sharing, pins and "
        "backing "
        "of a domain on Domains. They are shown here as diffs, and applied from here.");
}

static void draw(App *app, gpointer data, const Canvas *canvas)
{
    State *state = data;
    const Preview *preview = state->preview;

    if (app->plan->changes->len == 0) {
        draw_empty(canvas);
        return;
    }
    canvas_printf(canvas, 0, 1, -1, STYLE_TITLE, "%u staged, %u write%s", app->plan->changes->len,
        preview->steps->len, preview->steps->len == 1 ? "" : "s");
    int x = 28;
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

/* The change that the line under the cursor speaks of: the one whose key it names, else the last.
 */
static guint change_under_cursor(const App *app, const State *state)
{
    const TableRow *row = table_selected(&state->table);

    for (guint i = 0; row && i < app->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        g_autofree char *place = tunable_key_place(change->key);
        if (strstr(row->cells[0].text, change->key->key) || strstr(row->cells[0].text, place))
            return i;
    }
    return app->plan->changes->len - 1;
}

static void unstage(App *app, State *state)
{
    if (app->plan->changes->len == 0)
        return;
    guint index = change_under_cursor(app, state);
    const Change *change = g_ptr_array_index(app->plan->changes, index);
    app_say(app, STYLE_TEXT, "unstaged: %s %s", change->name, change->key->key);
    plan_unstage(app->plan, index);
    update(app, state);
}

static void accept_offer(App *app, State *state)
{
    g_autoptr(GError) error = NULL;

    if (!app_may_write(app))
        return;
    if (state->preview->offers->len == 0) {
        app_say(app, STYLE_TEXT, "the preview offers nothing");
        return;
    }
    const PreviewOffer *offer = g_ptr_array_index(state->preview->offers, 0);
    if (preview_accept(offer, app->snapshot, app->plan, &error))
        app_say(app, STYLE_STAGED, "staged first: %s=%s", offer->key, offer->value);
    else
        app_say_error(app, error);
    update(app, state);
}

static gboolean act(App *app, gpointer data, Action action)
{
    State *state = data;

    switch (action) {
    case ACTION_APPLY:
        app_apply(app, state->preview);
        return TRUE;
    case ACTION_ACCEPT:
        accept_offer(app, state);
        return TRUE;
    case ACTION_UNSTAGE:
        unstage(app, state);
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

static void mouse(App *app, gpointer data, const MouseEvent *event)
{
    State *state = data;
    MouseEvent inside = *event;

    (void)app;
    inside.y -= 1;
    inside.x -= 1;
    table_mouse(&state->table, &inside, NULL);
}

static void clear(gpointer data)
{
    State *state = data;

    table_clear(&state->table);
    preview_unref(state->preview);
}

const Screen screen_preview = {
    .title = "Preview",
    .context = CONTEXT_PREVIEW,
    .state_size = sizeof(State),
    .update = update,
    .draw = draw,
    .act = act,
    .mouse = mouse,
    .clear = clear,
};
