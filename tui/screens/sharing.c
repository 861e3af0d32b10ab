/* The Sharing screen: KSM and transparent huge pages, what they do and what can be set. */
#include "tui/app/app.h"
#include "tui/screens/counters.h"
#include "tui/screens/hostvalue.h"
#include "tui/screens/kept.h"
#include "tui/screens/sharingcount.h"
#include "tui/screens/sharingfacts.h"
#include "tui/widgets/cell.h"
#include "tui/widgets/table.h"

#include <string.h>

#include "core/util/text.h"

#define WIDE         150                  /* from here on KSM stands left and THP right */
#define THP_SIZE     "thp.size."          /* begins the ids of what is of one size of THP */
#define FOOTER_LINES (HOSTVALUE_HELP + 2) /* an empty one, and one of range and source */

static const TableColumn columns[SHARING_COLUMNS + 1] = {
    [SHARING_NAME] = {"name", 30, 34, ALIGN_LEFT, 0},
    [SHARING_VALUE] = {"value", 11, 13, ALIGN_RIGHT, 0},
    [SHARING_STAGED] = {"staged", 8, 15, ALIGN_LEFT, 0},
    [SHARING_UNIT] = {"unit", 10, 16, ALIGN_LEFT, 0}, /* or what the value means */
};

typedef struct {
    Table tables[2]; /* KSM and THP; all in the first where the screen is narrow */
    gboolean ready, wide;
    int active;
    SharingRates rates;
    Counting counting;
    int rows, half; /* lines of the tables as last drawn; where the second begins */
} SharingState;

/* The unit of @value or its meaning; pages as memory, too. */
static char *meaning_text(const Host *host, const char *id, const char *value)
{
    const Tunable *tunable = hostvalue_tunable(id);
    gint64 pages;

    if (g_strcmp0(tunable->unit, "pages") != 0 || !text_parse_int(value, &pages) || pages < 0)
        return hostvalue_meaning(tunable, value);
    g_autofree char *size = text_size_kib((guint64)pages * host->page_kib);
    return g_strdup_printf("pages, %s", size);
}

/* A row for the tunable @id, which stands at @value. Takes @value. */
static void add_control(App *app, Table *table, const char *id, const char *name, char *value)
{
    Style style;
    char *staged = kept_text(app, id, value, columns[SHARING_STAGED].max_width, &style);
    TableRow *row = table_add(table, id);

    table_cell(row, SHARING_NAME, STYLE_TEXT, g_strdup(name));
    table_cell(row, SHARING_UNIT, STYLE_DIM, meaning_text(app->snapshot->host, id, value));
    table_cell(row, SHARING_VALUE, STYLE_TEXT, value);
    if (staged)
        table_cell(row, SHARING_STAGED, style, staged);
}

/* A row for each tunable below @prefix whose file the kernel has. */
static void add_controls(App *app, Table *table, const Host *host, const char *prefix)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        char *value =
            g_str_has_prefix(rows[i].key, prefix) ? hostvalue_now(host, rows[i].key) : NULL;
        if (value)
            add_control(app, table, rows[i].key, rows[i].key + strlen(prefix), value);
    }
}

/* A row for each of @files that is no tunable and whose name begins with @wanted (NULL: all); its
 * id is @prefix and its name. */
static void add_counters(Table *table, const Host *host, const GPtrArray *files, const char *prefix,
    const char *wanted, const char *shown_prefix)
{
    for (guint i = 0; i < files->len; i++) {
        const KernelFile *file = g_ptr_array_index(files, i);
        g_autofree char *id = g_strconcat(prefix, file->name, NULL);
        if (hostvalue_tunable(id) || (wanted && !g_str_has_prefix(file->name, wanted)))
            continue;
        TableRow *row = table_add(table, id);
        const Counter *counter = counter_find(id);
        Counts counts = counter ? counter->counts : COUNTS_EVENTS;
        table_cell(row, SHARING_NAME, STYLE_TEXT, g_strconcat(shown_prefix, file->name, NULL));
        table_cell(row, SHARING_VALUE, STYLE_TEXT,
            !file->number.known       ? kernel_file_value(file)
            : counts == COUNTS_EVENTS ? cell_count(file->number)
                                      : cell_num(file->number));
        Num kib = counts == COUNTS_PAGES ? NUM(file->number.value * host->page_kib)
                                         : NUM(file->number.value / 1024);
        if (counts != COUNTS_EVENTS && file->number.known && kib.value >= 0)
            table_cell(row, SHARING_UNIT, STYLE_DIM, cell_size(kib));
        else if (counts == COUNTS_EVENTS)
            table_cell(row, SHARING_UNIT, STYLE_DIM, cell_rate(file->rate));
    }
}

/* The heading above KSM: "KSM  running  saves 1.2 GiB  sharing ratio 3.4  scans 250 pages/s". */
static char *ksm_summary(const LinkInfo *link, const Host *host)
{
    Num run = kernel_file_number(host->ksm, "run");
    Num shared = kernel_file_number(host->ksm, "pages_shared");
    Num sharing = kernel_file_number(host->ksm, "pages_sharing");
    const KernelFile *scanned = kernel_file_find(host->ksm, "pages_scanned");
    static const char *const words[] = {"off", "running", "unmerged"};

    if (host->ksm->len == 0)
        return g_strdup_printf("KSM  – %s",
            link->remote ? CELL_NOT_TOLD : "this kernel has none (/sys/kernel/mm/ksm)");
    GString *out = g_string_new("KSM  ");
    g_string_append(out, run.known && run.value >= 0 && run.value < (gint64)G_N_ELEMENTS(words)
                             ? words[run.value]
                             : "–");
    g_autofree char *saved = cell_size(host->ksm_saved_kib);
    g_string_append_printf(out, "  saves %s", saved);
    if (shared.known && sharing.known && shared.value > 0)
        g_string_append_printf(
            out, "  sharing ratio %.1f", (double)sharing.value / (double)shared.value);
    if (scanned && scanned->rate.known)
        g_string_append_printf(
            out, "  scans %" G_GINT64_FORMAT " pages/s", (scanned->rate.value + 500) / 1000);
    return g_string_free(out, FALSE);
}

static void add_ksm(App *app, Table *table, const Host *host, const SharingRates *rates)
{
    g_autofree char *summary = ksm_summary(&app->snapshot->link, host);

    table_heading(table, STYLE_TITLE, summary);
    add_controls(app, table, host, "ksm.");
    sharing_ksm_facts(app, table, rates);
    if (host->ksm->len)
        table_heading(table, STYLE_DIM, "counters");
    add_counters(table, host, host->ksm, "ksm.", NULL, "");
}

static char *thp_summary(const LinkInfo *link, const Host *host)
{
    if (host->thp->len == 0)
        return g_strdup_printf("Transparent huge pages  – %s",
            link->remote ? CELL_NOT_TOLD
                         : "this kernel has none (/sys/kernel/mm/transparent_hugepage)");
    g_autofree char *mode = kernel_file_value(kernel_file_find(host->thp, "enabled"));
    g_autofree char *used = cell_size(kernel_file_number(host->meminfo, "AnonHugePages"));
    return g_strdup_printf("Transparent huge pages  %s  in use %s", mode ? mode : "–", used);
}

/* What was counted of a size: faults that got one, those that did not, splits. */
static void add_thp_stats(Table *table, const ThpSize *size, const char *kib)
{
    for (guint i = 0; i < size->stats->len; i++) {
        const KernelFile *file = g_ptr_array_index(size->stats, i);
        if (num_or(file->number, 0) == 0)
            continue; /* there are fourteen of each size, most of them 0 */
        g_autofree char *id = g_strdup_printf(THP_SIZE "%s.%s", kib, file->name);
        TableRow *row = table_add(table, id);
        table_cell(row, SHARING_NAME, STYLE_TEXT, g_strdup_printf("%s %s", kib, file->name));
        table_cell(row, SHARING_VALUE, STYLE_TEXT, cell_count(file->number));
        table_cell(row, SHARING_UNIT, STYLE_DIM, cell_rate(file->rate));
    }
}

/* What can be set of a size, and what was counted. */
static void add_thp_sizes(App *app, Table *table, const Host *host)
{
    static const char *const names[] = {"enabled", "shmem_enabled"};

    for (guint i = 0; i < host->thp_sizes->len; i++) {
        const ThpSize *size = g_ptr_array_index(host->thp_sizes, i);
        g_autofree char *kib = text_page_size(size->size_kib);
        for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
            g_autofree char *id = g_strdup_printf(THP_SIZE "%s.%s", kib, names[n]);
            g_autofree char *value = hostvalue_now(host, id);
            if (value == NULL)
                continue;
            g_autofree char *name = g_strdup_printf("%s %s", kib, names[n]);
            add_control(app, table, id, name, g_steal_pointer(&value));
        }
        add_thp_stats(table, size, kib);
    }
}

static void add_thp(App *app, Table *table, const Host *host, const SharingRates *rates)
{
    g_autofree char *summary = thp_summary(&app->snapshot->link, host);

    table_heading(table, STYLE_TITLE, summary);
    add_controls(app, table, host, "thp.");
    sharing_thp_facts(app, table, rates);
    if (host->thp_sizes->len)
        table_heading(table, STYLE_DIM, "by size");
    add_thp_sizes(app, table, host);
    if (host->thp->len || host->khugepaged->len || host->vmstat->len)
        table_heading(table, STYLE_DIM, "counters");
    add_counters(table, host, host->thp, "thp.", NULL, "");
    add_counters(table, host, host->khugepaged, "thp.khugepaged.", NULL, "khugepaged.");
    add_counters(table, host, host->vmstat, "", "thp_", "");
}

static void prepare(SharingState *state)
{
    if (state->ready)
        return;
    table_init(&state->tables[0], columns, FALSE);
    table_init(&state->tables[1], columns, FALSE);
    state->ready = TRUE;
}

static void sharing_update(App *app, gpointer data)
{
    SharingState *state = data;
    const Host *host = app->snapshot->host;

    prepare(state);
    table_begin(&state->tables[0]);
    table_begin(&state->tables[1]);
    if (host) {
        sharing_rates_add(&state->rates, host);
        add_ksm(app, &state->tables[0], host, &state->rates);
        if (!state->wide)
            table_heading(&state->tables[0], STYLE_TEXT, "");
        add_thp(app, &state->tables[state->wide ? 1 : 0], host, &state->rates);
    }
    table_end(&state->tables[0]);
    table_end(&state->tables[1]);
}

static const TableRow *selected_row(const SharingState *state)
{
    return table_selected(&state->tables[state->active]);
}

/* What the row under the cursor is. */
static void draw_footer(const App *app, const SharingState *state, const Canvas *canvas)
{
    const TableRow *row = selected_row(state);
    const Counter *counter = row ? counter_find(row->id) : NULL;
    Canvas inner = canvas_part(canvas, 1, 1, canvas->height - 1, canvas->width - 2);
    gboolean problem = FALSE;
    g_autofree char *counted = row ? sharing_count_text(&state->counting, row->id, &problem) : NULL;

    if (counted) {
        canvas_wrap(canvas, 1, 1, canvas->width - 2, 3, problem ? STYLE_WARN : STYLE_TEXT, counted);
    } else if (row && hostvalue_draw(app, row->id, &inner)) {
        return;
    } else if (counter) {
        canvas_wrap(canvas, 1, 1, canvas->width - 2, 3, STYLE_TEXT, counter->help);
    } else if (row && sharing_fact_help(app, row->id)) {
        canvas_wrap(
            canvas, 1, 1, canvas->width - 2, 3, STYLE_TEXT, sharing_fact_help(app, row->id));
    } else if (row && g_str_has_prefix(row->id, "thp_")) {
        canvas_wrap(canvas, 1, 1, canvas->width - 2, 3, STYLE_TEXT,
            "A counter of /proc/vmstat, of events since boot.");
    }
}

/* The cursor is shown in the table that has the keys only. */
static void draw_table(SharingState *state, int which, const Canvas *canvas)
{
    Table *table = &state->tables[which];
    char *selected = table->selected;

    if (which != state->active)
        table->selected = NULL;
    table_draw(table, canvas);
    table->selected = selected;
}

static void sharing_draw(App *app, gpointer data, const Canvas *canvas)
{
    SharingState *state = data;
    gboolean wide = canvas->width >= WIDE;

    if (app->snapshot->host == NULL) {
        canvas_wrap(canvas, 0, 1, canvas->width - 2, 4, STYLE_DIM,
            app->snapshot->host_problem ? app->snapshot->host_problem : "reading the host…");
        return;
    }
    if (wide != state->wide) {
        state->wide = wide;
        state->active = 0;
        sharing_update(app, state);
    }
    /* A low screen is for the rows. */
    int footer_lines = canvas->height > 2 * FOOTER_LINES ? FOOTER_LINES : 0;
    state->rows = canvas->height - footer_lines;
    state->half = wide ? canvas->width / 2 : canvas->width;
    Canvas left = canvas_part(canvas, 0, 1, state->rows, state->half - 2);
    draw_table(state, 0, &left);
    if (wide) {
        Canvas right =
            canvas_part(canvas, 0, state->half + 1, state->rows, canvas->width - state->half - 2);
        draw_table(state, 1, &right);
    }
    Canvas footer = canvas_part(canvas, state->rows, 0, footer_lines, canvas->width);
    draw_footer(app, state, &footer);
}

/* The key of the tunable under the cursor; NULL, and says so, where the row is only shown. The
 * caller frees it: staging makes the rows anew. */
static char *selected_key(App *app, const SharingState *state)
{
    const TableRow *row = selected_row(state);

    if (row && hostvalue_tunable(row->id))
        return g_strdup(row->id);
    if (row)
        app_say(app, STYLE_WARN, "this value is shown only, kvmtune does not set it");
    return NULL;
}

static gboolean sharing_act(App *app, gpointer data, Action action)
{
    SharingState *state = data;

    prepare(state);
    if (app->snapshot->host == NULL)
        return FALSE;
    switch (action) {
    case ACTION_EDIT:
    case ACTION_CYCLE:
    case ACTION_KEEP: {
        g_autofree char *key = selected_key(app, state);
        if (key)
            (action == ACTION_EDIT       ? hostvalue_edit
                : action == ACTION_CYCLE ? hostvalue_cycle
                                         : kept_cycle)(app, key);
        return TRUE;
    }
    case ACTION_COUNT_PAGES: {
        const TableRow *row = selected_row(state);
        sharing_count(app, &state->counting, row ? row->id : NULL);
        return TRUE;
    }
    case ACTION_LEFT:
    case ACTION_RIGHT:
        state->active = state->wide && action == ACTION_RIGHT;
        return TRUE;
    default:
        return table_act(&state->tables[state->active], action);
    }
}

static void sharing_mouse(App *app, gpointer data, const MouseEvent *event)
{
    SharingState *state = data;
    MouseEvent inner = *event;
    int which = event->x >= state->half ? 1 : 0;

    if (app->snapshot->host == NULL || event->y >= state->rows)
        return;
    inner.x -= which ? state->half + 1 : 1;
    gboolean same = which == state->active;
    g_autofree char *before = g_strdup(state->tables[which].selected);
    state->active = which;
    const TableRow *row = table_mouse(&state->tables[which], &inner, NULL);
    g_autofree char *key =
        row && event->kind == MOUSE_PRESS && same && g_strcmp0(row->id, before) == 0
            ? selected_key(app, state)
            : NULL;
    if (key)
        hostvalue_edit(app, key);
}

static const Tunable *sharing_about(gconstpointer data)
{
    const TableRow *row = selected_row(data);

    return row ? hostvalue_tunable(row->id) : NULL;
}

static void sharing_clear(gpointer data)
{
    SharingState *state = data;

    counting_clear(&state->counting);
    if (!state->ready)
        return;
    table_clear(&state->tables[0]);
    table_clear(&state->tables[1]);
}

const Screen screen_sharing = {
    .title = "Sharing",
    .context = CONTEXT_SHARING,
    .state_size = sizeof(SharingState),
    .update = sharing_update,
    .draw = sharing_draw,
    .act = sharing_act,
    .mouse = sharing_mouse,
    .clear = sharing_clear,
    .about = sharing_about,
};
