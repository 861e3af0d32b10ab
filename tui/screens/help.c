/* Help: the keys of the screen one comes from, made from the key table, and what the marks mean. */
#include <string.h>

#include "core/place/figures.h"
#include "tui/app.h"
#include "tui/cell.h"
#include "tui/frame.h"
#include "tui/widgets/table.h"

typedef struct {
    Table table;
} State;

#define KEY_WIDTH 22

static const TableColumn columns[] = {
    {"Key", KEY_WIDTH, KEY_WIDTH, ALIGN_LEFT, 0},
    {"What it does", 20, 0, ALIGN_LEFT, 0},
    {NULL, 0, 0, ALIGN_LEFT, 0},
};

/* What each screen is for, and what its marks mean. */
static const struct {
    ScreenId screen;
    KeyContext context;
    const char *about, *marks;
} topics[] = {
    {SCREEN_HOST, CONTEXT_HOST,
        "The machine as it is built: packages, in them NUMA nodes with their memory and hugepage "
        "pools, in "
        "them the CPUs by last-level cache and core, each with its load.",
        "i: isolated from the scheduler.  off: offline.  The bar by a CPU is its load."},
    {SCREEN_MEMORY, CONTEXT_MEMORY,
        "Hugepage pools by node and size, memory by node, and the kernel's meminfo. free pages are "
        "in the "
        "pool and unused; surplus ones are beyond the pool and go when they are freed.",
        "100 → 200: stands at 100, 200 is staged."},
    {SCREEN_PAGES, CONTEXT_PAGES,
        "Where each running VM's memory is, by node, of its cgroup; where its vCPUs ran last; what "
        "of its memory is on another node than theirs; and what its numatune asks.",
        "▇: the part of its memory that is on this node.  ≠: more than 1% is on nodes that "
        "numatune does not name."},
    {SCREEN_SHARING, CONTEXT_SHARING,
        "KSM shares equal pages of VMs; THP gives memory huge pages by itself. Each control is "
        "explained "
        "below the list.",
        "100 → 200: stands at 100, 200 is staged.  /s: change per second."},
    {SCREEN_DOMAINS, CONTEXT_DOMAINS,
        "The domains: where their vCPUs are pinned (asked), and where the kernel lets them run "
        "(real).",
        "!: the real affinity of a vCPU is not the asked one.  *: changes are staged.  ▸: marked."},
    {SCREEN_DOMAIN, CONTEXT_DOMAIN,
        "One domain's vCPUs: asked is what libvirt was told, real is the kernel's "
        "Cpus_allowed_list of the "
        "QEMU thread, last the CPU it ran on last.",
        "!: real is not asked.  → 4-7: staged."},
    {SCREEN_BOARD, CONTEXT_BOARD,
        "The machine, and on it a chip for every vCPU (w3), emulator (we) and I/O thread (wi1) "
        "where "
        "it is pinned: at a thread, or at the core, cache, node or package it is pinned to as a "
        "whole. Above: the domains, with those of their chips that may run anywhere.",
        "w3!: does not run as asked.  w×4: four chips of w.  +2: two more, c goes through them.  "
        "Underlined: staged.  Dim: not running."},
    {SCREEN_TUNING, CONTEXT_TUNING,
        "All that can be tuned of a domain, or of several at once: what runs now, what the next "
        "start will have, what is staged. What is dim is the default.",
        "• now.  ◷ waits for the next start.  ≠ next start differs.  → staged."},
    {SCREEN_PREVIEW, CONTEXT_PREVIEW,
        "What is staged, as it would be written: by domain the diffs of its XML, the calls of "
        "libvirt in order, and how QEMU's command line would change. Nothing is written before a.",
        "✗ error  ! warning  ◷ waits for a restart  • happens now  + an offer  ▸ folded"},
    {SCREEN_JOURNAL, CONTEXT_JOURNAL,
        "Every transaction that was applied. A value that somebody changed since is left alone by "
        "undo, and "
        "named.",
        "done, undone, failed (all was put back), partial (the entry says what stands), open "
        "(being applied)."},
};

/* A phrase that is longer than @width goes on in the next row. */
static void add_keys(Table *table, KeyContext context, int width)
{
    guint count;
    const KeyRow *rows = keymap_rows(&count);

    for (guint i = 0; i < count; i++) {
        if (rows[i].context != context || *rows[i].keys == '\0')
            continue;
        g_auto(GStrv) lines = cell_lines(rows[i].help, width, width);
        for (guint n = 0; lines[n]; n++) {
            g_autofree char *id = g_strdup_printf("%u.%u", i, n);
            TableRow *row = table_add(table, id);
            table_cell(row, 0, STYLE_KEY, n ? NULL : g_strdup(rows[i].keys));
            table_cell(row, 1, STYLE_TEXT, g_strdup(lines[n]));
        }
    }
}

/* @text under @name, in rows of at most @width characters, broken at spaces. */
static void add_text_rows(Table *table, const char *name, const char *text, gsize width)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);

    for (guint i = 0, n = 0; words[i] != NULL; i++) {
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", words[i]);
        if (words[i + 1] != NULL && line->len + 1 + strlen(words[i + 1]) <= width)
            continue;
        g_autofree char *id = g_strdup_printf("%s %u", name, n);
        TableRow *row = table_add(table, id);
        table_cell(row, 0, STYLE_KEY, g_strdup(n++ == 0 ? name : ""));
        table_cell(row, 1, STYLE_TEXT, g_strdup(line->str));
        g_string_truncate(line, 0);
    }
}

/* What the board's line of figures counts. */
static void add_figures(Table *table, int width)
{
    table_heading(table, STYLE_TITLE, "Figures");
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        const PlaceFigureInfo *info = place_figure_info(i);
        add_text_rows(table, info->name, info->definition, (gsize)MAX(20, width - 30));
    }
}

static void update(App *app, gpointer data)
{
    State *state = data;
    int width = MAX(app->width - KEY_WIDTH - 6, 20);

    if (state->table.columns == NULL)
        table_init(&state->table, columns, FALSE);
    table_begin(&state->table);
    for (guint i = 0; i < G_N_ELEMENTS(topics); i++)
        if (topics[i].screen == app->before)
            add_keys(&state->table, topics[i].context, width);
    if (app->before == SCREEN_BOARD)
        add_figures(&state->table, app->width);
    table_heading(&state->table, STYLE_TITLE, "Everywhere");
    add_keys(&state->table, CONTEXT_EVERYWHERE, width);
    table_end(&state->table);
}

static void draw(App *app, gpointer data, const Canvas *canvas)
{
    State *state = data;
    int y = 0;

    for (guint i = 0; i < G_N_ELEMENTS(topics); i++) {
        if (topics[i].screen != app->before)
            continue;
        y += canvas_wrap(canvas, y, 1, canvas->width - 2, 4, STYLE_TEXT, topics[i].about);
        y += canvas_wrap(canvas, y, 1, canvas->width - 2, 2, STYLE_DIM, topics[i].marks);
    }
    Canvas inside = canvas_part(canvas, y + 1, 1, canvas->height - y - 1, canvas->width - 2);
    table_draw(&state->table, &inside);
}

static gboolean act(App *app, gpointer data, Action action)
{
    State *state = data;

    if (action == ACTION_HELP || action == ACTION_QUIT || action == ACTION_BACK) {
        app_open(app, app->before);
        return TRUE;
    }
    return table_act(&state->table, action);
}

static void clear(gpointer data)
{
    table_clear(&((State *)data)->table);
}

const Screen screen_help = {
    .context = CONTEXT_HELP,
    .state_size = sizeof(State),
    .update = update,
    .draw = draw,
    .act = act,
    .clear = clear,
};
