/* Journal: what was applied, entry by entry, and the way back. */
#include "core/apply/journal.h"
#include "core/util/text.h"
#include "tui/app/app-private.h"
#include "tui/widgets/table.h"

#include <stdio.h>

#define FIRST_LIMIT 200    /* entries that are read before more are asked for */
#define STEPS_AT    42     /* the columns before the steps, and the margins */
#define MORE        "more" /* the id of the row that asks */

typedef struct {
    Table table;
    GPtrArray *entries; /* JournalEntry*, newest first; NULL before it was read */
    guint serial;       /* of the applies that ended when it was read */
    guint limit, total; /* how many entries are read at most, and how many there are */
    guint open;         /* the entry whose steps are shown; 0: none */
    char *problem;
} State;

static const TableColumn columns[] = {
    {"entry", 5, 8, ALIGN_RIGHT, 0},
    {"time", 19, 19, ALIGN_LEFT, 2},
    {"state", 8, 8, ALIGN_LEFT, 1},
    {"what", 20, 0, ALIGN_LEFT, 0},
    {NULL, 0, 0, ALIGN_LEFT, 0},
};

static const Style state_styles[] = {
    [ENTRY_OPEN] = STYLE_BAD,
    [ENTRY_DONE] = STYLE_GOOD,
    [ENTRY_FAILED] = STYLE_DIM,
    [ENTRY_UNDONE] = STYLE_DIM,
    [ENTRY_PARTIAL] = STYLE_BAD,
    [ENTRY_DAMAGED] = STYLE_BAD,
};

/* The journal is read when it may have changed, not with every picture. */
static void read_entries(App *app, State *state)
{
    g_autoptr(GError) error = NULL;

    if (state->limit == 0)
        state->limit = FIRST_LIMIT;
    if (state->entries && state->serial == app_journal_serial(app))
        return;
    state->serial = app_journal_serial(app);
    g_clear_pointer(&state->entries, g_ptr_array_unref);
    g_clear_pointer(&state->problem, g_free);
    g_autoptr(Journal) journal =
        journal_open(app->options->collector.root, app->options->journal_folder, &error);
    if (journal)
        state->entries = journal_list(journal, state->limit, &state->total);
    else
        state->problem = g_strdup(error->message);
    if (state->entries == NULL)
        state->entries = g_ptr_array_new();
}

/* The number of the newest entry that was read; 0: none was. */
static guint newest(const State *state)
{
    return state->entries && state->entries->len
               ? ((const JournalEntry *)g_ptr_array_index(state->entries, 0))->number
               : 0;
}

static void add_steps(const App *app, Table *table, const JournalEntry *entry)
{
    const char *survey = app_survey(app, entry->number);
    g_auto(GStrv) lines = survey ? g_strsplit(survey, "\n", -1) : NULL;
    int width = app->width - STEPS_AT;

    for (guint i = 0; i < entry->steps->len; i++) {
        g_autofree char *id = g_strdup_printf("%u.%u", entry->number, i);
        g_autofree char *text = step_line(g_ptr_array_index(entry->steps, i));
        gboolean told = lines && i < g_strv_length(lines);
        g_autofree char *shown = g_strconcat("  ", told ? lines[i] : text, NULL);
        table_wrap(table, id, 3, told ? STYLE_TEXT : STYLE_DIM, shown, width);
    }
    if (entry->problem) {
        g_autofree char *id = g_strdup_printf("%u.problem", entry->number);
        g_autofree char *shown = g_strconcat("  ", entry->problem, NULL);
        table_wrap(table, id, 3, STYLE_BAD, shown, width);
    }
}

static void update(App *app, gpointer data)
{
    State *state = data;

    guint before = newest(state);

    if (state->table.columns == NULL)
        table_init(&state->table, columns, TRUE);
    read_entries(app, state);
    /* What was not ended is shown with what stands of it. */
    for (guint i = 0; state->open == 0 && i < state->entries->len; i++) {
        const JournalEntry *entry = g_ptr_array_index(state->entries, i);
        if (app_survey(app, entry->number))
            state->open = entry->number;
    }
    table_begin(&state->table);
    for (guint i = 0; i < state->entries->len; i++) {
        const JournalEntry *entry = g_ptr_array_index(state->entries, i);
        g_autofree char *id = g_strdup_printf("%u", entry->number);
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(entry->time);
        TableRow *row = table_add(&state->table, id);
        table_cell(row, 0, STYLE_TEXT, g_strdup(id));
        table_cell(row, 1, STYLE_DIM,
            entry->time && time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("–"));
        table_cell(row, 2, state_styles[entry->state], g_strdup(journal_state_name(entry->state)));
        table_cell(row, 3, entry->undone_by ? STYLE_DIM : STYLE_TEXT, journal_entry_summary(entry));
        if (entry->number == state->open)
            add_steps(app, &state->table, entry);
    }
    if (state->total > state->entries->len) {
        TableRow *row = table_add(&state->table, MORE);
        table_cell(row, 3, STYLE_DIM,
            g_strdup_printf(
                "%u older: Enter shows more of them", state->total - state->entries->len));
    }
    table_end(&state->table);
    /* What was applied meanwhile is what is looked for, and what u is meant for. */
    if (before && newest(state) > before) {
        g_autofree char *id = g_strdup_printf("%u", newest(state));
        table_select(&state->table, id);
    }
}

static void show_more(App *app, State *state)
{
    state->limit *= 4;
    g_clear_pointer(&state->entries, g_ptr_array_unref);
    update(app, state);
}

static void draw(App *app, gpointer data, const Canvas *canvas)
{
    State *state = data;
    (void)app;

    if (state->problem)
        canvas_wrap(canvas, 1, 2, canvas->width - 4, 4, STYLE_BAD, state->problem);
    else if (state->entries->len == 0) {
        canvas_text(canvas, 1, 2, -1, STYLE_TITLE, "Nothing was applied yet.");
        canvas_wrap(canvas, 3, 2, canvas->width - 4, 4, STYLE_TEXT,
            "Every transaction is kept here, across restarts, with what is needed to take it "
            "back.");
    } else {
        Canvas inside = canvas_part(canvas, 0, 1, canvas->height, canvas->width - 2);
        table_draw(&state->table, &inside);
    }
}

/* The entry of the row under the cursor, be it one of its steps; 0 where there is none. */
static guint selected_entry(const State *state)
{
    const TableRow *row = table_selected(&state->table);
    guint number = 0;

    return row && sscanf(row->id, "%8u", &number) == 1 ? number : 0;
}

static gboolean act(App *app, gpointer data, Action action)
{
    State *state = data;
    guint number = selected_entry(state);

    switch (action) {
    case ACTION_OPEN:
        if (table_selected(&state->table) && g_str_equal(table_selected(&state->table)->id, MORE)) {
            show_more(app, state);
            return TRUE;
        }
        state->open = state->open == number ? 0 : number;
        update(app, state);
        return TRUE;
    case ACTION_UNDO:
        if (number)
            app_undo(app, number);
        else
            app_say(app, STYLE_TEXT, "there is no entry to undo");
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

static void mouse(App *app, gpointer data, const MouseEvent *event)
{
    State *state = data;
    MouseEvent inside = *event;
    guint before = selected_entry(state);

    inside.x -= 1;
    if (table_mouse(&state->table, &inside, NULL) && selected_entry(state) == before)
        act(app, state, ACTION_OPEN);
}

static void clear(gpointer data)
{
    State *state = data;

    table_clear(&state->table);
    g_clear_pointer(&state->entries, g_ptr_array_unref);
    g_free(state->problem);
}

const Screen screen_journal = {
    .title = "Journal",
    .context = CONTEXT_JOURNAL,
    .state_size = sizeof(State),
    .update = update,
    .draw = draw,
    .act = act,
    .mouse = mouse,
    .clear = clear,
};
