/* The Domains screen: every domain in a row, where it is asked to run and where it does. */
#include "tui/app/app.h"
#include "tui/app/fit.h"
#include "tui/screens/tuning/tuning.h"
#include "tui/widgets/cell.h"
#include "tui/widgets/table.h"

#include <string.h>

#include "core/util/text.h"

enum {
    COLUMN_STAGED,
    COLUMN_NAME,
    COLUMN_STATE,
    COLUMN_VCPUS,
    COLUMN_MEMORY,
    COLUMN_BACKING,
    COLUMN_PINNED,
    COLUMN_RUNNING,
    COLUMN_STRAYS,
    COLUMN_LOAD,
    COLUMNS,
};

#define WIDE 120 /* from here on names and sets of CPUs have room */

#define COLUMN_TABLE(name_max, set_max)                                                            \
    {                                                                                              \
        [COLUMN_STAGED] = {"", 1, 2, ALIGN_LEFT, 0},                                               \
        [COLUMN_NAME] = {"name", 12, name_max, ALIGN_NAME, 0},                                     \
        [COLUMN_STATE] = {"state", 8, 11, ALIGN_LEFT, 1},                                          \
        [COLUMN_VCPUS] = {"vCPUs", 5, 5, ALIGN_RIGHT, 3},                                          \
        [COLUMN_MEMORY] = {"memory", 8, 8, ALIGN_RIGHT, 4},                                        \
        [COLUMN_BACKING] = {"backing", 7, 16, ALIGN_LEFT, 5},                                      \
        [COLUMN_PINNED] = {"pinned", 8, set_max, ALIGN_LEFT, 0},                                   \
        [COLUMN_RUNNING] = {"running on", 11, set_max, ALIGN_LEFT, 2},                             \
        [COLUMN_STRAYS] = {"", 1, 1, ALIGN_LEFT, 0},                                               \
        [COLUMN_LOAD] = {"load", 5, 7, ALIGN_RIGHT, 0},                                            \
    }

static const TableColumn narrow_columns[COLUMNS + 1] = COLUMN_TABLE(12, 11);
static const TableColumn wide_columns[COLUMNS + 1] = COLUMN_TABLE(32, 32);

/* Which columns can be sorted by, and which way round is of use first. */
static const struct {
    gboolean sorts, largest_first;
} orders[COLUMNS] = {
    [COLUMN_NAME] = {TRUE, FALSE},
    [COLUMN_STATE] = {TRUE, FALSE},
    [COLUMN_VCPUS] = {TRUE, TRUE},
    [COLUMN_MEMORY] = {TRUE, TRUE},
    [COLUMN_BACKING] = {TRUE, FALSE},
    [COLUMN_PINNED] = {TRUE, FALSE},
    [COLUMN_RUNNING] = {TRUE, FALSE},
    [COLUMN_STRAYS] = {TRUE, TRUE},
    [COLUMN_LOAD] = {TRUE, TRUE},
};

/* A domain with what its row shows and is sorted by. */
typedef struct {
    const DomainView *view;
    const DomainConfig *config; /* NULL: its XML could not be read */
    IdSet *asked, *running;     /* NULL: anywhere; unknown */
    gboolean strays;
    gboolean lacks; /* hugepages for its next start */
    gint64 number;  /* what the sorted column holds, where that is a number */
    const char *text;
} Entry;

typedef struct {
    Table table;
    gboolean ready;
    char *filter; /* as typed, NULL: none */
    guint shown, all;
    int top; /* the table's first line on the canvas */
} DomainsState;

static void entry_clear(gpointer data)
{
    Entry *entry = data;

    hwloc_bitmap_free(entry->asked);
    hwloc_bitmap_free(entry->running);
}

static Num first_of(const IdSet *set)
{
    return idset_is_empty(set) ? NUM_UNKNOWN : NUM(hwloc_bitmap_first(set));
}

static Num load_of(const DomainView *view)
{
    return view->usage ? view->usage->load : NUM_UNKNOWN;
}

/* Unknown numbers are below all others. */
static void set_sort_key(Entry *entry, int column)
{
    const DomainConfig *config = entry->config;
    const DomainView *view = entry->view;

    switch (column) {
    case COLUMN_STATE:
        entry->text = domain_state_name(view->domain->state);
        break;
    case COLUMN_VCPUS:
        entry->number = config ? (gint64)config->vcpus_current : -1;
        break;
    case COLUMN_MEMORY:
        entry->number = config ? num_or(config->memory_kib, -1) : -1;
        break;
    case COLUMN_BACKING:
        entry->text = config ? config->hugepages : "";
        break;
    case COLUMN_PINNED:
        entry->number = num_or(first_of(entry->asked), -1);
        break;
    case COLUMN_RUNNING:
        entry->number = num_or(first_of(entry->running), -1);
        break;
    case COLUMN_STRAYS:
        entry->number = entry->strays;
        break;
    case COLUMN_LOAD:
        entry->number = num_or(load_of(view), -1);
        break;
    default:
        break;
    }
}

/* GCompareDataFunc; equal ones stand by name, whichever way round the column is. */
static int compare_entries(gconstpointer left, gconstpointer right, gpointer data)
{
    const Entry *a = left, *b = right;
    const Table *table = data;
    int sign = table->descending ? -1 : 1;

    if (a->number != b->number)
        return a->number < b->number ? -sign : sign;
    int order = g_strcmp0(a->text, b->text);
    if (order)
        return sign * order;
    order = strverscmp(a->view->domain->name, b->view->domain->name);
    return table->sorted == COLUMN_NAME ? sign * order : order;
}

static GArray *list_entries(const App *app, const char *filter, int sorted)
{
    const Snapshot *snapshot = app->snapshot;
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(Entry));
    g_autofree char *folded = filter ? g_utf8_casefold(filter, -1) : NULL;
    const Topology *topology = snapshot->host ? snapshot->host->topology : NULL;

    g_array_set_clear_func(entries, entry_clear);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        const DomainConfig *config = domain_now(view->domain);
        if (folded && !text_has_folded(view->domain->name, folded) &&
            !(config && text_has_folded(config->title, folded)))
            continue;
        Entry entry = {.view = view, .config = config};
        if (config)
            entry.asked = domain_config_all_asked(config);
        if (config && view->usage) {
            entry.running = domain_usage_all_real(view->usage, config);
            if (entry.running == NULL)
                entry.running = domain_usage_all_last(view->usage, config);
            for (guint n = 0; n < config->vcpus_current && !entry.strays; n++) {
                const ThreadUsage *thread = domain_usage_vcpu(view->usage, (int)n);
                entry.strays = domain_affinity_strays(
                    domain_config_asked(config, n), thread ? thread->affinity : NULL, topology);
            }
        }
        g_autoptr(Demand) demand = fit_demand(app, view->domain);
        entry.lacks = demand && demand->state == DEMAND_LACKS;
        set_sort_key(&entry, sorted);
        g_array_append_val(entries, entry);
    }
    return entries;
}

static Style state_style(DomainState state)
{
    switch (state) {
    case DOMAIN_RUNNING:
    case DOMAIN_BLOCKED:
        return STYLE_GOOD;
    case DOMAIN_CRASHED:
        return STYLE_BAD;
    case DOMAIN_PAUSED:
    case DOMAIN_SHUTDOWN:
    case DOMAIN_PMSUSPENDED:
        return STYLE_WARN;
    default:
        return STYLE_DIM;
    }
}

static void add_row(Table *table, const Entry *entry, GHashTable *staged, gboolean marked)
{
    const Domain *domain = entry->view->domain;
    const DomainConfig *config = entry->config;
    TableRow *row = table_add(table, domain->uuid);
    Style quiet = domain_is_active(domain) ? STYLE_TEXT : STYLE_DIM;

    if (marked || g_hash_table_contains(staged, domain->uuid))
        table_cell(row, COLUMN_STAGED, STYLE_STAGED,
            g_strconcat(
                marked ? "▸" : "", g_hash_table_contains(staged, domain->uuid) ? "*" : "", NULL));
    table_cell(row, COLUMN_NAME, marked ? STYLE_STAGED : STYLE_TEXT, g_strdup(domain->name));
    table_cell(row, COLUMN_STATE, entry->lacks ? STYLE_WARN : state_style(domain->state),
        g_strdup_printf("%s%s", domain_state_name(domain->state), entry->lacks ? "!" : ""));
    table_cell(
        row, COLUMN_VCPUS, quiet, cell_num(config ? NUM(config->vcpus_current) : NUM_UNKNOWN));
    table_cell(row, COLUMN_MEMORY, quiet, cell_size(config ? config->memory_kib : NUM_UNKNOWN));
    table_cell(row, COLUMN_BACKING, entry->lacks ? STYLE_WARN : quiet,
        g_strdup(config ? config->hugepages : "–"));
    table_cell(row, COLUMN_PINNED, entry->asked ? quiet : STYLE_DIM,
        cell_set(entry->asked, config ? "anywhere" : "–"));
    table_cell(
        row, COLUMN_RUNNING, entry->strays ? STYLE_WARN : quiet, cell_set(entry->running, "–"));
    if (entry->strays)
        table_cell(row, COLUMN_STRAYS, STYLE_WARN, g_strdup("!"));
    table_cell(row, COLUMN_LOAD, quiet, cell_percent(load_of(entry->view)));
}

static void prepare(DomainsState *state)
{
    if (state->ready)
        return;
    table_init(&state->table, narrow_columns, TRUE);
    state->table.sorted = COLUMN_NAME;
    state->ready = TRUE;
}

static void domains_update(App *app, gpointer data)
{
    DomainsState *state = data;
    Table *table = &state->table;

    prepare(state);
    g_autoptr(GHashTable) staged = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < app->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        g_hash_table_add(staged, change->target);
    }
    g_autoptr(GArray) entries = list_entries(app, state->filter, table->sorted);
    g_array_sort_with_data(entries, compare_entries, table);

    table_begin(table);
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        add_row(
            table, entry, staged, g_hash_table_contains(app->marked, entry->view->domain->uuid));
    }
    table_end(table);
    state->shown = entries->len;
    state->all = app->snapshot->domains ? app->snapshot->domains->len : 0;
}

/* Why there is no list, and what can be done. */
static void draw_absence(const LinkInfo *link, const Canvas *canvas)
{
    if (link->problem == NULL) {
        canvas_text(canvas, 0, 1, -1, STYLE_DIM, "asking libvirt…");
        return;
    }
    int line = canvas_wrap(canvas, 0, 1, canvas->width - 2, 4, STYLE_WARN, link->problem);
    canvas_wrap(canvas, line + 1, 1, canvas->width - 2, 4, STYLE_TEXT,
        "kvmtune tries again by itself. Is libvirt's daemon running (systemctl status libvirtd)? "
        "Another host is opened with kvmtune -c URI, the bundled one with kvmtune --demo.");
}

/* The columns for @wide canvases; they grow anew with the next rows. */
static void use_columns(Table *table, gboolean wide)
{
    table->columns = wide ? wide_columns : narrow_columns;
    for (guint i = 0; i < COLUMNS; i++)
        table->widths[i] = table->columns[i].width;
}

static void domains_draw(App *app, gpointer data, const Canvas *canvas)
{
    DomainsState *state = data;

    if (app->snapshot->domains == NULL) {
        draw_absence(&app->snapshot->link, canvas);
        return;
    }
    if ((canvas->width >= WIDE) != (state->table.columns == wide_columns)) {
        use_columns(&state->table, canvas->width >= WIDE);
        domains_update(app, state);
    }
    state->top = state->filter ? 1 : 0;
    if (state->filter)
        canvas_printf(canvas, 0, 1, canvas->width - 1, STYLE_TITLE, "filter: %s (%u of %u)",
            state->filter, state->shown, state->all);
    Canvas part = canvas_part(canvas, state->top, 0, canvas->height - state->top, canvas->width);
    table_draw(&state->table, &part);
    if (state->shown == 0)
        canvas_wrap(canvas, state->top + 1, 1, canvas->width - 2, 2, STYLE_DIM,
            state->filter
                ? "no domain has this in its name or title: / changes the filter"
                : "libvirt knows no domain here yet: those that virt-install, virt-manager "
                  "or virsh make appear by themselves");
}

static void sort_by(App *app, DomainsState *state, int column)
{
    state->table.sorted = column;
    state->table.descending = orders[column].largest_first;
    domains_update(app, state);
}

/* The next column that can be sorted by and is on the screen; that of the name always is. */
static void sort_next(App *app, DomainsState *state, int step)
{
    int column = state->table.sorted;

    do
        column = (column + step + COLUMNS) % COLUMNS;
    while (!orders[column].sorts || state->table.shown[column] < 0);
    sort_by(app, state, column);
}

/* What the menu calls @column. */
static const char *sort_name(int column)
{
    return column == COLUMN_STRAYS ? "! (runs not as asked)" : narrow_columns[column].title;
}

/* @data: the state's address. */
static char *sort_chosen(App *app, const char *text, gpointer data)
{
    for (int i = 0; i < COLUMNS; i++)
        if (orders[i].sorts && g_str_equal(sort_name(i), text))
            sort_by(app, *(DomainsState **)data, i);
    return NULL;
}

static void ask_sort(App *app, DomainsState *state)
{
    const char *values[COLUMNS + 1] = {NULL};
    guint count = 0;

    for (int i = 0; i < COLUMNS; i++)
        if (orders[i].sorts && state->table.shown[i] >= 0)
            values[count++] = sort_name(i);
    app_choose(app, "Sort by", values, sort_name(state->table.sorted), sort_chosen,
        g_memdup2(&state, sizeof state));
}

static void sort_reverse(App *app, DomainsState *state)
{
    state->table.descending = !state->table.descending;
    domains_update(app, state);
}

static void open_selected(App *app, DomainsState *state)
{
    g_autofree char *uuid = g_strdup(table_selected(&state->table)->id);

    app_open_domain(app, uuid);
}

static void mark_selected(App *app, DomainsState *state)
{
    const TableRow *row = table_selected(&state->table);

    if (!g_hash_table_remove(app->marked, row->id))
        g_hash_table_add(app->marked, g_strdup(row->id));
    domains_update(app, state);
    table_act(&state->table, ACTION_DOWN);
}

/* The UUIDs of the marked domains that exist, in the Snapshot's order; of the one under the cursor
 * where none is marked. The array is the caller's, the texts are not. */
static const char **marked_uuids(const App *app, const DomainsState *state)
{
    GPtrArray *uuids = g_ptr_array_new();
    const TableRow *row = table_selected(&state->table);

    for (guint i = 0; app->snapshot->domains && i < app->snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(app->snapshot->domains, i);
        if (g_hash_table_contains(app->marked, view->domain->uuid))
            g_ptr_array_add(uuids, view->domain->uuid);
    }
    if (uuids->len == 0 && row)
        g_ptr_array_add(uuids, row->id);
    g_ptr_array_add(uuids, NULL);
    return (const char **)g_ptr_array_free(uuids, FALSE);
}

static void act_on_domains(App *app, DomainsState *state, Action action)
{
    const TableRow *row = table_selected(&state->table);
    g_autofree const char **uuids = marked_uuids(app, state);

    if (uuids[0] == NULL || (row == NULL && (action == ACTION_OPEN || action == ACTION_MARK)))
        app_say(app, STYLE_TEXT, "there is no domain in the list");
    else if (action == ACTION_OPEN)
        open_selected(app, state);
    else if (action == ACTION_MARK)
        mark_selected(app, state);
    else if (action == ACTION_TUNE)
        app_open_tuning(app, uuids);
    else if (action == ACTION_PASTE)
        tuning_paste(app, uuids);
    else if (action == ACTION_FIT)
        fit_pools(app, uuids);
    else
        tuning_copy(app, row ? row->id : uuids[0]);
}

static gboolean domains_act(App *app, gpointer data, Action action)
{
    DomainsState *state = data;

    prepare(state);
    switch (action) {
    case ACTION_OPEN:
    case ACTION_MARK:
    case ACTION_TUNE:
    case ACTION_COPY:
    case ACTION_PASTE:
    case ACTION_FIT:
        act_on_domains(app, state, action);
        return TRUE;
    case ACTION_FILTER:
        app_ask_search(app, "filter",
            "Shows the domains that have this in their name or title. Empty: all.", &state->filter);
        return TRUE;
    case ACTION_BACK:
        if (state->filter == NULL)
            return FALSE;
        g_clear_pointer(&state->filter, g_free);
        domains_update(app, state);
        return TRUE;
    case ACTION_SORT:
        ask_sort(app, state);
        return TRUE;
    case ACTION_SORT_NEXT:
        sort_next(app, state, 1);
        return TRUE;
    case ACTION_SORT_PREVIOUS:
        sort_next(app, state, -1);
        return TRUE;
    case ACTION_SORT_REVERSE:
        sort_reverse(app, state);
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

static void domains_mouse(App *app, gpointer data, const MouseEvent *event)
{
    DomainsState *state = data;
    MouseEvent inner = *event;
    int column = -1;

    if (app->snapshot->domains == NULL)
        return;
    inner.y -= state->top;
    g_autofree char *before = g_strdup(state->table.selected);
    const TableRow *row = table_mouse(&state->table, &inner, &column);
    if (event->kind != MOUSE_PRESS)
        return;
    if (column >= 0 && column == state->table.sorted)
        sort_reverse(app, state);
    else if (column >= 0 && orders[column].sorts)
        sort_by(app, state, column);
    else if (row && g_strcmp0(row->id, before) == 0)
        open_selected(app, state);
}

static void domains_clear(gpointer data)
{
    DomainsState *state = data;

    if (state->ready)
        table_clear(&state->table);
    g_free(state->filter);
}

const Screen screen_domains = {
    .title = "Domains",
    .context = CONTEXT_DOMAINS,
    .state_size = sizeof(DomainsState),
    .update = domains_update,
    .draw = domains_draw,
    .act = domains_act,
    .mouse = domains_mouse,
    .clear = domains_clear,
};
