/* The Pages screen: domains by nodes as a table of heat, how much of each VM's memory is where,
 * beside where its vCPUs ran last and what its numatune asks. Opened from Memory. */
#include "tui/screens/memory/pages.h"

#include "core/virt/pagecount.h"
#include "tui/terminal/glyphs.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define NOTE_LINES 6

enum { COLUMN_DOMAIN, COLUMN_TOTAL, COLUMN_NODES };

/* The columns behind those of the nodes. */
enum { AFTER_VCPUS, AFTER_REMOTE, AFTER_NUMATUNE, AFTER_COUNT };

static guint column_after(const PagesState *state, guint n)
{
    return COLUMN_NODES + state->nodes + state->others + n;
}

/* The columns follow the host's nodes, which hardly ever change. */
static void set_columns(PagesState *state, const Host *host)
{
    const GPtrArray *nodes = host->topology->nodes;
    gboolean others = nodes->len > PAGES_NODES;
    guint count = MIN(nodes->len, PAGES_NODES);

    gboolean same = state->table.columns && state->nodes == count && state->others == others;
    for (guint i = 0; i < count; i++) {
        const Node *node = g_ptr_array_index(nodes, i);
        g_autofree char *title = g_strdup_printf("node %d", node->id);
        same = same && g_str_equal(title, state->titles[i]);
        g_strlcpy(state->titles[i], title, sizeof state->titles[i]);
    }
    if (same)
        return;
    state->nodes = count;
    state->others = others;
    TableColumn *column = state->columns;
    *column++ = (TableColumn){"domain", 8, 24, ALIGN_LEFT, 0};
    *column++ = (TableColumn){"total", 6, 6, ALIGN_RIGHT, 20};
    for (guint i = 0; i < count; i++) /* the last node goes first when there is no room */
        *column++ = (TableColumn){state->titles[i], 7, 7, ALIGN_RIGHT, i > 0 ? (int)i + 3 : 0};
    if (others)
        *column++ = (TableColumn){"others", 7, 7, ALIGN_RIGHT, 2};
    *column++ = (TableColumn){"vCPUs", 5, 9, ALIGN_LEFT, 0};
    *column++ = (TableColumn){"remote", 6, 6, ALIGN_RIGHT, 0};
    *column++ = (TableColumn){"numatune", 8, 0, ALIGN_LEFT, 1};
    *column = (TableColumn){NULL, 0, 0, ALIGN_LEFT, 0};
    g_autofree char *selected = g_strdup(state->table.selected);
    table_clear(&state->table);
    table_init(&state->table, state->columns, TRUE);
    state->table.selected = g_steal_pointer(&selected);
}

/* "▇ 24.2G": the height of the first says what part of the domain's memory it is. */
static char *heat_text(guint64 kib, Num share)
{
    g_autofree char *size = cell_short_size(NUM(MIN(kib, G_MAXINT64)));
    const char *level = glyph_level(num_or(share, 0));

    return g_strdup_printf("%s %5s", level, size);
}

/* Memory where a vCPU runs is as it should be; elsewhere it is looked at from one per cent on. */
static Style heat_style(const DomainPages *pages, int node, Num share)
{
    if (num_or(share, 0) < PAGES_STRAY_PERMILLE)
        return STYLE_DIM;
    if (pages->vcpu_nodes == NULL)
        return STYLE_TEXT;
    return idset_has(pages->vcpu_nodes, node) ? STYLE_GOOD : STYLE_WARN;
}

static void fill_nodes(const PagesState *state, TableRow *row, const DomainPages *pages,
    const GArray *memory, const Topology *topology)
{
    guint64 rest = node_kib_sum(memory);

    for (guint i = 0; i < state->nodes; i++) {
        int id = ((const Node *)g_ptr_array_index(topology->nodes, i))->id;
        guint64 kib = node_kib_on(memory, id);
        Num share = domain_pages_share(NUM(kib), pages->total_kib);
        rest -= MIN(kib, rest);
        if (memory == NULL)
            table_cell(row, COLUMN_NODES + i, STYLE_DIM, g_strdup("–"));
        else if (kib > 0)
            table_cell(row, COLUMN_NODES + i, heat_style(pages, id, share), heat_text(kib, share));
        else
            table_cell(row, COLUMN_NODES + i, STYLE_DIM, g_strdup("·"));
    }
    if (state->others)
        table_cell(row, COLUMN_NODES + state->nodes, STYLE_DIM,
            memory ? heat_text(rest, domain_pages_share(NUM(rest), pages->total_kib))
                   : g_strdup("–"));
}

static char *policy_text(const DomainPages *pages)
{
    g_autofree char *nodes = pages->asked ? idset_format(pages->asked) : NULL;
    const char *mark = domain_pages_stray(pages) ? " ≠" : "";

    if (pages->mode == NULL && nodes == NULL)
        return g_strdup("–");
    return g_strdup_printf("%s %s%s", pages->mode ? pages->mode : "", nodes ? nodes : "", mark);
}

static void add_domain(const App *app, PagesState *state, const DomainView *view)
{
    const Topology *topology = app->snapshot->host->topology;
    const GArray *memory = view->usage ? view->usage->memory : NULL;
    g_auto(DomainPages) pages;
    TableRow *row = table_add(&state->table, view->domain->uuid);

    domain_pages_look(&pages, view->domain, view->usage, topology);
    table_cell(row, COLUMN_DOMAIN, STYLE_TEXT, g_strdup(view->domain->name));
    table_cell(row, COLUMN_TOTAL, STYLE_TEXT, cell_short_size(pages.total_kib));
    fill_nodes(state, row, &pages, memory, topology);
    table_cell(row, column_after(state, AFTER_VCPUS), STYLE_TEXT, cell_set(pages.vcpu_nodes, "–"));
    table_cell(row, column_after(state, AFTER_REMOTE),
        num_or(pages.remote, 0) >= PAGES_STRAY_PERMILLE ? STYLE_WARN : STYLE_TEXT,
        cell_percent(pages.remote));
    table_cell(row, column_after(state, AFTER_NUMATUNE),
        domain_pages_stray(&pages) ? STYLE_WARN : STYLE_TEXT, policy_text(&pages));
}

/* What the nodes have free, for whoever looks for room. */
static void add_free(PagesState *state, const Host *host)
{
    TableRow *row = table_add(&state->table, "free");

    table_cell(row, COLUMN_DOMAIN, STYLE_DIM, g_strdup("free memory"));
    table_cell(row, COLUMN_TOTAL, STYLE_DIM,
        cell_short_size(kernel_file_number(host->meminfo, "MemFree")));
    for (guint i = 0; i < state->nodes; i++) {
        const NodeMemory *memory = g_ptr_array_index(host->nodes, i);
        table_cell(row, COLUMN_NODES + i, STYLE_DIM, cell_short_size(memory->free_kib));
    }
}

static void pages_update(App *app, gpointer data)
{
    PagesState *state = data;
    const Snapshot *snapshot = app->snapshot;
    guint shown = 0;

    if (snapshot->host == NULL)
        return;
    /* What was written since may have moved the pages. */
    if (state->counting.count && state->serial != app_journal_serial(app))
        counting_clear(&state->counting);
    const ProcCount *count = state->counting.count;
    if (count && !state->noted && g_atomic_int_get(&count->done)) {
        state->noted = TRUE;
        if (count->problem == NULL)
            app_note_pages(app, count->pid, page_count_nodes(count));
    }
    set_columns(state, snapshot->host);
    table_begin(&state->table);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (!domain_is_active(view->domain))
            continue;
        add_domain(app, state, view);
        shown++;
    }
    if (shown == 0)
        table_heading(&state->table, STYLE_DIM,
            snapshot->domains ? "no domain runs" : "the domains are not known yet");
    table_heading(&state->table, STYLE_TEXT, "");
    add_free(state, snapshot->host);
    table_end(&state->table);
}

const DomainView *pages_selected(const App *app, const PagesState *state)
{
    const TableRow *row = state->table.columns ? table_selected(&state->table) : NULL;

    return row ? snapshot_domain(app->snapshot, row->id) : NULL;
}

static void pages_draw(App *app, gpointer data, const Canvas *canvas)
{
    PagesState *state = data;

    if (app->snapshot->host == NULL || state->table.columns == NULL) {
        const char *problem = app->snapshot->host_problem;
        canvas_wrap(canvas, 0, 1, canvas->width - 2, 4, problem ? STYLE_BAD : STYLE_DIM,
            problem ? problem : "reading the host…");
        return;
    }
    int rows = canvas->height > 2 * NOTE_LINES ? canvas->height - NOTE_LINES : canvas->height;
    Canvas list = canvas_part(canvas, 0, 0, rows, canvas->width);
    table_draw(&state->table, &list);
    guint hidden = 0;
    for (guint i = 0; i < state->nodes + state->others; i++)
        hidden += state->table.shown[COLUMN_NODES + i] < 0;
    if (hidden)
        canvas_printf(canvas, rows, 1, canvas->width - 2, STYLE_WARN,
            "… %u more %s: the screen is too narrow for them", hidden,
            hidden == 1 ? "node" : "nodes");
    Canvas note = canvas_part(canvas, rows, 0, canvas->height - rows, canvas->width);
    pages_note(app, state, &note);
}

/* Begins to count, or stops the count that runs. */
static void count_pages(App *app, PagesState *state)
{
    if (counting_stop(app, &state->counting) ||
        !counting_begin(app, &state->counting, &page_count, pages_selected(app, state)))
        return;
    state->serial = app_journal_serial(app);
    state->noted = FALSE;
}

/* Asks where to; what stands is where most of them are. */
static void move_pages(App *app, const DomainView *view)
{
    if (view == NULL || !domain_is_active(view->domain)) {
        app_say(app, STYLE_WARN, "choose the row of a running domain");
        return;
    }
    g_autofree char *now =
        view->usage && view->usage->memory ? page_shares_text(view->usage->memory) : NULL;
    app_edit_value(app, view->domain->uuid, "pages", now);
}

static gboolean pages_act(App *app, gpointer data, Action action)
{
    PagesState *state = data;
    const DomainView *view = pages_selected(app, state);

    if (state->table.columns == NULL)
        return FALSE;
    switch (action) {
    case ACTION_COUNT_PAGES:
        count_pages(app, state);
        return TRUE;
    case ACTION_MOVE_PAGES:
        move_pages(app, view);
        return TRUE;
    case ACTION_PAUSE:
        app_steer(app, MOVE_PAUSED);
        return TRUE;
    case ACTION_STOP:
        app_steer(app, MOVE_STOPPED);
        return TRUE;
    case ACTION_OPEN:
        if (view)
            app_open_domain(app, view->domain->uuid);
        return TRUE;
    case ACTION_BACK:
        app_back(app);
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

static void pages_mouse(App *app, gpointer data, const MouseEvent *event)
{
    PagesState *state = data;

    (void)app;
    if (state->table.columns)
        table_mouse(&state->table, event, NULL);
}

static void pages_clear(gpointer data)
{
    PagesState *state = data;

    counting_clear(&state->counting);
    table_clear(&state->table);
}

const Screen screen_pages = {
    .title = NULL,
    .context = CONTEXT_PAGES,
    .state_size = sizeof(PagesState),
    .update = pages_update,
    .draw = pages_draw,
    .act = pages_act,
    .mouse = pages_mouse,
    .clear = pages_clear,
};
