/* The Memory screen: the hugepage pools of every node, to be edited; the nodes' memory; and meminfo
 * with the lines about hugepages in front. One list, or two beside each other where there is room.
 */
#include "core/util/text.h"
#include "tui/app/app.h"
#include "tui/screens/hostvalue.h"
#include "tui/screens/kept.h"
#include "tui/screens/memory/memorypages.h"
#include "tui/screens/memory/memoryparts.h"
#include "tui/widgets/cell.h"
#include "tui/widgets/table.h"

#define LEFT_WIDTH 80 /* of memory_columns, the gaps between them, the arrows beside them */
#define GAP        4  /* between the two lists */
#define WIDE       (LEFT_WIDTH + GAP + 36) /* from here on there are two */
#define COUNT_MAX  99999999                /* larger counts are shown in millions */

/* Every section of the list uses these as its heading says; so the widths are fixed. */
static const TableColumn memory_columns[] = {
    {"", 17, 17, ALIGN_LEFT, 0},
    {"", 9, 9, ALIGN_RIGHT, 0},
    {"", 8, 8, ALIGN_LEFT, 0},
    {"", 9, 9, ALIGN_RIGHT, 0},
    {"", 8, 8, ALIGN_RIGHT, 1},
    {"", 8, 8, ALIGN_RIGHT, 2},
    {"", 8, 8, ALIGN_RIGHT, 3},
    {NULL, 0, 0, ALIGN_LEFT, 0},
};
#define HEADING "%-17s  %9s  %-8s  %9s  %8s  %8s  %8s"

static const TableColumn meminfo_columns[] = {
    {"", 20, 20, ALIGN_LEFT, 0},
    {"", 12, 12, ALIGN_RIGHT, 0},
    {NULL, 0, 0, ALIGN_LEFT, 0},
};

typedef struct {
    Table list;        /* all of it, or all but meminfo */
    Table meminfo;     /* where there is room for two */
    gboolean wide;     /* there is */
    gboolean in_right; /* the cursor is in meminfo */
    int list_top;      /* the line at which the lists begin */
} MemoryState;

static void add_heading(Table *table, const char *name, const char *total, const char *second,
    const char *free_title, const char *a, const char *b, const char *c)
{
    g_autofree char *text = g_strdup_printf(HEADING, name, total, second, free_title, a, b, c);

    if (table->rows->len > 0)
        table_heading(table, STYLE_TEXT, "");
    table_heading(table, STYLE_TITLE, g_strchomp(text));
}

/* A count in at most 8 figures. */
static char *count_text(Num number)
{
    if (!number.known)
        return g_strdup("–");
    if (number.value > COUNT_MAX)
        return g_strdup_printf("%" G_GINT64_FORMAT " M", number.value / 1000000);
    return g_strdup_printf("%" G_GINT64_FORMAT, number.value);
}

static char *size_text(Num kib)
{
    return kib.known && kib.value >= 0 ? text_size_kib((guint64)kib.value) : g_strdup("–");
}

static Num less(Num total, Num part)
{
    return total.known && part.known ? NUM(total.value - part.value) : NUM_UNKNOWN;
}

/* Fills what the pools of a node and of the whole host have in common. */
static void fill_pool(TableRow *row, const HugePool *pool, char *name)
{
    table_cell(row, MEMORY_NAME, STYLE_TEXT, name);
    table_cell(row, MEMORY_TOTAL, STYLE_TEXT, count_text(pool->total));
    table_cell(row, MEMORY_FREE, STYLE_TEXT, count_text(pool->free));
    table_cell(row, MEMORY_A, STYLE_TEXT, count_text(less(pool->total, pool->free)));
    table_cell(row, MEMORY_B, num_or(pool->surplus, 0) > 0 ? STYLE_WARN : STYLE_TEXT,
        count_text(pool->surplus));
}

static void add_node_pools(App *app, Table *table, int node, const GArray *pools)
{
    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *key = g_strdup_printf(MEMORY_POOL_ID "node%d.%s", node, size);
        g_autofree char *now =
            pool->total.known ? g_strdup_printf("%" G_GINT64_FORMAT, pool->total.value) : NULL;
        Style style;
        char *staged = kept_text(app, key, now, memory_columns[MEMORY_SECOND].max_width, &style);
        TableRow *row = table_add(table, key);
        fill_pool(row, pool, g_strdup_printf("node %-4d %6s", node, size));
        if (staged != NULL)
            table_cell(row, MEMORY_SECOND, style, staged);
    }
}

/* The kernel tells of reserved pages for the whole host only. */
static void add_host_pools(Table *table, const GArray *pools)
{
    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *id = g_strdup_printf(MEMORY_ALL_ID "%s", size);
        TableRow *row = table_add(table, id);
        fill_pool(row, pool, g_strdup_printf("all nodes %6s", size));
        table_cell(row, MEMORY_C, STYLE_TEXT, count_text(pool->reserved));
    }
}

/* How many pages beyond the pools the kernel may make: rows of their own, as what is staged of it
 * is no size of a pool. */
static void add_overcommit(App *app, Table *table, const GArray *pools)
{
    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *key = g_strdup_printf(MEMORY_OVERCOMMIT_ID "%s", size);
        g_autofree char *now = count_text(pool->overcommit);
        Style style;
        char *staged = kept_text(app, key, now, memory_columns[MEMORY_SECOND].max_width, &style);
        TableRow *row = table_add(table, key);
        table_cell(row, MEMORY_NAME, STYLE_TEXT, g_strdup_printf("overcommit %5s", size));
        table_cell(row, MEMORY_TOTAL, STYLE_TEXT, g_strdup(now));
        if (staged != NULL)
            table_cell(row, MEMORY_SECOND, style, staged);
    }
}

static void add_pools(App *app, Table *table, const Host *host)
{
    add_heading(table, "Hugepage pools", "pages", "", "free", "used", "surplus", "reserved");
    for (guint i = 0; i < host->nodes->len; i++)
        add_node_pools(app, table, ((Node *)host->topology->nodes->pdata[i])->id,
            ((NodeMemory *)host->nodes->pdata[i])->pools);
    add_host_pools(table, host->pools);
    add_overcommit(app, table, host->pools);
    if (host->pools->len == 0)
        table_heading(table, STYLE_DIM, "no hugepage pools are known");
}

static char *used_text(const NodeMemory *memory)
{
    Num used = less(memory->memory_kib, memory->free_kib);

    if (!used.known || memory->memory_kib.value <= 0)
        return g_strdup("–");
    return g_strdup_printf("%5.1f %%", (double)used.value * 100 / (double)memory->memory_kib.value);
}

static void add_nodes(Table *table, const Host *host)
{
    add_heading(table, "Nodes", "memory", "   used", "free", "hit", "miss", "foreign");
    for (guint i = 0; i < host->nodes->len; i++) {
        const Node *node = host->topology->nodes->pdata[i];
        const NodeMemory *memory = host->nodes->pdata[i];
        g_autofree char *id = g_strdup_printf("node.%d", node->id);
        TableRow *row = table_add(table, id);
        table_cell(row, MEMORY_NAME, STYLE_TEXT, g_strdup_printf("node %d", node->id));
        table_cell(row, MEMORY_TOTAL, STYLE_TEXT, size_text(memory->memory_kib));
        table_cell(row, MEMORY_SECOND, STYLE_TEXT, used_text(memory));
        table_cell(row, MEMORY_FREE, STYLE_TEXT, size_text(memory->free_kib));
        table_cell(row, MEMORY_A, STYLE_TEXT,
            count_text(kernel_file_number(memory->numastat, "numa_hit")));
        table_cell(row, MEMORY_B, STYLE_TEXT,
            count_text(kernel_file_number(memory->numastat, "numa_miss")));
        table_cell(row, MEMORY_C, STYLE_TEXT,
            count_text(kernel_file_number(memory->numastat, "numa_foreign")));
    }
}

/* Whether a line of meminfo tells of hugepages. */
static gboolean is_huge(const char *name)
{
    static const char *const names[] = {
        "Hugepagesize", "Hugetlb", "AnonHugePages", "ShmemHugePages", "FileHugePages", NULL};

    return g_str_has_prefix(name, "HugePages_") || g_strv_contains(names, name);
}

static void add_meminfo_line(Table *table, const KernelFile *line)
{
    g_autofree char *id = g_strdup_printf("meminfo.%s", line->name);
    gboolean size = line->number.known && g_str_has_suffix(line->text, "kB");
    TableRow *row = table_add(table, id);

    table_cell(row, MEMORY_NAME, STYLE_TEXT, g_strdup(line->name));
    table_cell(
        row, MEMORY_TOTAL, STYLE_TEXT, size ? size_text(line->number) : g_strdup(line->text));
}

static void add_meminfo(const App *app, Table *table, const Host *host)
{
    if (table->rows->len > 0)
        table_heading(table, STYLE_TEXT, "");
    table_heading(table, STYLE_TITLE, "meminfo");
    if (host->meminfo->len == 0)
        table_heading(table, STYLE_DIM, app->snapshot->link.remote ? "– " CELL_NOT_TOLD : "–");
    for (int huge = 1; huge >= 0; huge--)
        for (guint i = 0; i < host->meminfo->len; i++) {
            const KernelFile *line = host->meminfo->pdata[i];
            if (is_huge(line->name) == huge)
                add_meminfo_line(table, line);
        }
}

static void add_demand(App *app, Table *table)
{
    add_heading(table, "Asked by domains", "pages", "", "on nodes", "free", "missing", "");
    if (memory_demand_rows(app, table) == 0)
        table_heading(table, STYLE_DIM,
            app->snapshot->domains ? "no domain asks for hugepages" : "the domains are not known");
}

static void memory_update(App *app, gpointer data)
{
    MemoryState *state = data;
    const Host *host = app->snapshot->host;

    if (state->list.columns == NULL) {
        table_init(&state->list, memory_columns, FALSE);
        table_init(&state->meminfo, meminfo_columns, FALSE);
    }
    if (host == NULL)
        return;
    table_begin(&state->list);
    table_begin(&state->meminfo);
    add_pools(app, &state->list, host);
    add_demand(app, &state->list);
    add_nodes(&state->list, host);
    if (!app->snapshot->link.remote) /* of another host none is known, which is not "not mounted" */
        kept_add_mounts(app, &state->list, host);
    memory_rows_add(app, &state->list, MEMORY_NAME, MEMORY_TOTAL, MEMORY_SECOND);
    add_meminfo(app, state->wide ? &state->meminfo : &state->list, host);
    table_end(&state->list);
    table_end(&state->meminfo);
}

/* Draws @table, its cursor only where @focused. */
static void draw_table(Table *table, const Canvas *canvas, gboolean focused)
{
    g_autofree char *selected = focused ? NULL : g_steal_pointer(&table->selected);

    table_draw(table, canvas);
    if (!focused)
        table->selected = g_steal_pointer(&selected);
}

static Table *focused_table(MemoryState *state)
{
    return state->in_right ? &state->meminfo : &state->list;
}

/* Whether the row is one of memory_vm_add()'s. */
static gboolean is_value(const char *id)
{
    return !g_str_has_prefix(id, MEMORY_POOL_ID) && !g_str_has_prefix(id, KEPT_MOUNT) &&
           hostvalue_tunable(id);
}

/* What the row under the cursor is, or what is staged of it does. */
static void draw_footer(App *app, MemoryState *state, const Canvas *canvas)
{
    const TableRow *row = table_selected(focused_table(state));
    g_autofree char *help = row ? memory_row_help(app, row->id) : NULL;
    Canvas inner = canvas_part(canvas, 1, 1, canvas->height - 1, canvas->width - 2);

    if (help)
        canvas_wrap(canvas, 1, 1, canvas->width - 2, MEMORY_FOOTER - 1, STYLE_DIM, help);
    else if (row == NULL || !is_value(row->id) || hostvalue_draw(app, row->id, &inner) == 0)
        memory_footer(app, row ? row->id : NULL, canvas);
}

static void memory_draw(App *app, gpointer data, const Canvas *canvas)
{
    MemoryState *state = data;
    gboolean wide = canvas->width >= WIDE;

    if (app->snapshot->host == NULL) {
        const char *problem = app->snapshot->host_problem;
        canvas_wrap(canvas, 0, 0, canvas->width, canvas->height, problem ? STYLE_BAD : STYLE_DIM,
            problem ? problem : "reading the host…");
        return;
    }
    if (wide != state->wide || state->list.columns == NULL) {
        state->wide = wide;
        state->in_right = FALSE;
        memory_update(app, state);
    }
    /* Where there is room for it, the bar stands above; what the row is, below. */
    gboolean roomy = canvas->height > 2 * MEMORY_BAR_LINES;
    Canvas top = canvas_part(canvas, 0, 0, MEMORY_BAR_LINES, canvas->width);
    int used = roomy ? memory_bar_draw(app, &top) : 0;
    state->list_top = used ? used + 1 : 0;
    int height = canvas->height - state->list_top - (roomy ? MEMORY_FOOTER : 0);
    Canvas inner = canvas_part(canvas, state->list_top, 0, height, canvas->width);
    Canvas left = canvas_part(&inner, 0, 0, height, wide ? LEFT_WIDTH : canvas->width);
    draw_table(&state->list, &left, !state->in_right);
    if (wide) {
        Canvas right = canvas_part(
            &inner, 0, LEFT_WIDTH + GAP, height, MIN(36, canvas->width - LEFT_WIDTH - GAP));
        draw_table(&state->meminfo, &right, state->in_right);
    }
    Canvas foot = canvas_part(
        canvas, canvas->height - MEMORY_FOOTER, 0, roomy ? MEMORY_FOOTER : 0, canvas->width);
    draw_footer(app, state, &foot);
}

static void edit_selected(App *app, MemoryState *state)
{
    const TableRow *row = table_selected(focused_table(state));

    if (row != NULL && g_str_has_prefix(row->id, KEPT_MOUNT))
        kept_edit_mount(app, row->id);
    else if (row != NULL && (is_value(row->id) || g_str_has_prefix(row->id, MEMORY_POOL_ID)))
        hostvalue_edit(app, row->id);
    else
        app_say(app, STYLE_DIM,
            "Only pools, overcommit, mounts of hugetlbfs and the kernel's values can be changed "
            "here.");
}

static gboolean memory_act(App *app, gpointer data, Action action)
{
    MemoryState *state = data;

    if (state->list.columns == NULL)
        return FALSE;
    const TableRow *row = table_selected(focused_table(state));
    g_autofree char *id = g_strdup(row ? row->id : NULL); /* staging makes the rows anew */
    switch (action) {
    case ACTION_MORE:
    case ACTION_FEWER:
        memory_pool_step(app, id, action == ACTION_MORE ? 1 : -1);
        return TRUE;
    case ACTION_FIT:
        memory_fit(app, id);
        return TRUE;
    case ACTION_EDIT:
        edit_selected(app, state);
        return TRUE;
    case ACTION_KEEP:
        if (id && (g_str_has_prefix(id, MEMORY_POOL_ID) || g_str_has_prefix(id, KEPT_MOUNT) ||
                      is_value(id)))
            kept_cycle(app, id);
        return TRUE;
    case ACTION_STOP:
        app_steer(app, MOVE_STOPPED);
        return TRUE;
    case ACTION_PAGES:
        app_open(app, SCREEN_PAGES);
        return TRUE;
    case ACTION_LEFT:
    case ACTION_RIGHT:
        state->in_right = state->wide && action == ACTION_RIGHT;
        return TRUE;
    default:
        return table_act(focused_table(state), action);
    }
}

static void memory_mouse(App *app, gpointer data, const MouseEvent *event)
{
    MemoryState *state = data;
    gboolean right = state->wide && event->x >= LEFT_WIDTH + GAP;
    MouseEvent inner = *event;

    (void)app;
    if (state->list.columns == NULL)
        return;
    inner.y -= state->list_top;
    inner.x -= right ? LEFT_WIDTH + GAP : 0;
    /* The wheel turns what is below it, without moving the cursor there. */
    if (table_mouse(right ? &state->meminfo : &state->list, &inner, NULL) != NULL)
        state->in_right = right;
}

static void memory_clear(gpointer data)
{
    MemoryState *state = data;

    table_clear(&state->list);
    table_clear(&state->meminfo);
}

static const Tunable *memory_about(gconstpointer data)
{
    const MemoryState *state = data;
    const TableRow *row = table_selected(state->in_right ? &state->meminfo : &state->list);
    g_autoptr(TunableKey) key = row ? tunable_key_parse(TARGET_HOST, row->id, NULL) : NULL;

    return key ? key->tunable : NULL;
}

const Screen screen_memory = {
    .title = "Memory",
    .context = CONTEXT_MEMORY,
    .state_size = sizeof(MemoryState),
    .update = memory_update,
    .draw = memory_draw,
    .act = memory_act,
    .mouse = memory_mouse,
    .clear = memory_clear,
    .about = memory_about,
};
