/* Help: the tunable under the cursor of the screen one comes from, that screen's keys, made from
 * the key table, and what its marks mean. */
#include "core/catalogue/reference.h"
#include "core/place/figures.h"
#include "tui/app/app.h"
#include "tui/app/frame.h"
#include "tui/widgets/cell.h"

#define KEY_WIDTH   22 /* of the column of keys, where there is room for it, … */
#define KEY_NARROW  13 /* … and below WIDE */
#define WIDE        70
#define WHEEL_LINES 3

/* A line of the text. */
typedef struct {
    Style style; /* of what it says */
    char *key;   /* in the column before that; NULL: there is none, it begins at the edge */
    char *text;
} Line;

typedef struct {
    GArray *lines; /* Line */
    guint opened;  /* the opening of a screen for which they begin at the top */
    int top, height;
} State;

/* What each screen is for, and what its marks mean. */
static const struct {
    ScreenId screen;
    KeyContext context;
    const char *title, *about, *marks;
} topics[] = {
    {SCREEN_HOST, CONTEXT_HOST, "Host",
        "The machine as it is built: packages, in them NUMA nodes with their memory and hugepage "
        "pools, in them the CPUs by last-level cache and core, each with its load.",
        "i: isolated from the scheduler.  n: nohz_full.  x: offline.  The bar by a CPU is its "
        "load."},
    {SCREEN_MEMORY, CONTEXT_MEMORY, "Memory",
        "Hugepage pools by node and size, memory by node, how the kernel manages it (vm.*), what "
        "KVM "
        "does here, and meminfo: each line is explained below the list. free pages are in the pool "
        "and unused; surplus ones are beyond the pool and go when they are freed.",
        "100 → 200: stands at 100, 200 is staged.  Asked by domains: what each needs at its next "
        "start and what of it is missing; lacks: it will not start, F grows the pools."},
    {SCREEN_PAGES, CONTEXT_PAGES, "Pages of the VMs",
        "Where each running VM's memory is, by node, of its cgroup; where its vCPUs ran last; what "
        "of its memory is on another node than theirs; and what its numatune asks.",
        "▇: the part of its memory that is on this node.  ≠: more than 1% is on nodes that "
        "numatune does not name."},
    {SCREEN_SHARING, CONTEXT_SHARING, "Sharing",
        "KSM shares equal pages of VMs; THP gives memory huge pages by itself. Each control is "
        "explained below the list. In figures: what is saved, and at what cost.",
        "100 → 200: stands at 100, 200 is staged.  /s: change per second, the bars its last ones."},
    {SCREEN_DOMAINS, CONTEXT_DOMAINS, "Domains",
        "The domains: where their vCPUs are pinned (asked), and where the kernel lets them run "
        "(real).",
        "!: a vCPU's real affinity is not the asked one; at the state: it lacks hugepages to "
        "start.  *: changes are staged.  ▸: marked."},
    {SCREEN_DOMAIN, CONTEXT_DOMAIN, "A domain",
        "One domain's vCPUs: asked is what libvirt was told, real is the kernel's "
        "Cpus_allowed_list of the "
        "QEMU thread, last the CPU it ran on last.",
        "!: real is not asked.  → 4-7: staged."},
    {SCREEN_BOARD, CONTEXT_BOARD, "Board",
        "The machine, and on it a chip for every vCPU (w3), emulator (we) and I/O thread (wi1) "
        "where it is pinned: at a thread, or at the core, cache, node or package it is pinned to "
        "as a whole. Above: the domains, with those of their chips that may run anywhere. Where it "
        "is larger than the screen, the column beside it shows where one is.",
        "w3!: does not run as asked.  w×4: four chips of w.  +2: two more, c goes through them.  "
        "Underlined: staged.  Dim: not running.  x: offline.  i: isolated, n: nohz_full, ·: of the "
        "rest, which keep house."},
    {SCREEN_TUNING, CONTEXT_TUNING, "Tuning of a domain",
        "All that can be tuned of a domain, or of several at once: what runs now, what the next "
        "start will have, what is staged. What is dim is the default.",
        "• now.  ◷ waits for the next start.  ≠ next start differs.  → staged."},
    {SCREEN_PREVIEW, CONTEXT_PREVIEW, "Preview",
        "What is staged, as it would be written: by domain the diffs of its XML, the calls of "
        "libvirt in order, and how QEMU's command line would change. Nothing is written before a.",
        "✗ error  ! warning  ◷ waits for a restart  • happens now  + an offer  ▸ folded"},
    {SCREEN_JOURNAL, CONTEXT_JOURNAL, "Journal",
        "Every transaction that was applied. A value that somebody changed since is left alone by "
        "undo, and named.",
        "done, undone, failed (all was put back), partial (the entry says what stands), open "
        "(being applied)."},
};

static int key_width(const App *app)
{
    return app->width >= WIDE ? KEY_WIDTH : KEY_NARROW;
}

static void line_clear(gpointer data)
{
    Line *line = data;

    g_free(line->key);
    g_free(line->text);
}

static void add_line(State *state, Style style, const char *key, const char *text)
{
    Line line = {style, g_strdup(key), g_strdup(text)};

    g_array_append_val(state->lines, line);
}

/* @text in as many lines as it takes, behind @key where there is one. */
static void add_text(const App *app, State *state, Style style, const char *key, const char *text)
{
    int width = MAX(app->width - 3 - (key ? key_width(app) + 2 : 0), 10);
    g_auto(GStrv) parts = cell_lines(text, width, width);

    for (guint i = 0; parts[i]; i++)
        add_line(state, style, key ? (i ? "" : key) : NULL, parts[i]);
}

/* The keys of @row on their own line where they are more than fit beside what they do. */
static void add_key(const App *app, State *state, const KeyRow *row)
{
    gboolean fits = canvas_width(row->keys, app->ascii) <= key_width(app);

    if (!fits)
        add_line(state, STYLE_KEY, NULL, row->keys);
    add_text(app, state, STYLE_TEXT, fits ? row->keys : "", row->help);
}

static void add_keys(const App *app, State *state, KeyContext context)
{
    guint count;
    const KeyRow *rows = keymap_rows(&count);

    for (guint i = 0; i < count; i++)
        if (rows[i].context == context && *rows[i].keys)
            add_key(app, state, &rows[i]);
}

/* What the board's line of figures counts. */
static void add_figures(const App *app, State *state)
{
    add_line(state, STYLE_TEXT, NULL, "");
    add_line(state, STYLE_TITLE, NULL, "Figures");
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        const PlaceFigureInfo *info = place_figure_info(i);
        add_text(app, state, STYLE_TEXT, info->name, info->definition);
    }
}

/* The whole of what the catalogue says of the tunable under the cursor. */
static void add_tunable(const App *app, State *state, const Tunable *row)
{
    g_autofree char *text = reference_explain(row, MAX(app->width - 3, 10));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

    for (guint i = 0; lines[i]; i++)
        add_text(app, state, i ? STYLE_TEXT : STYLE_TITLE, NULL, lines[i]);
    add_line(state, STYLE_TEXT, NULL, "");
}

static void scroll(State *state, int by)
{
    state->top = CLAMP(state->top + by, 0, MAX((int)state->lines->len - MAX(state->height, 1), 0));
}

static void update(App *app, gpointer data)
{
    State *state = data;

    if (state->lines == NULL)
        state->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    g_array_set_clear_func(state->lines, line_clear);
    g_array_set_size(state->lines, 0);
    const Tunable *row = app_about(app);
    if (row)
        add_tunable(app, state, row);
    for (guint i = 0; i < G_N_ELEMENTS(topics); i++) {
        if (topics[i].screen != app_below(app))
            continue;
        add_line(state, STYLE_TITLE, NULL, topics[i].title);
        add_text(app, state, STYLE_TEXT, NULL, topics[i].about);
        add_text(app, state, STYLE_DIM, NULL, topics[i].marks);
        add_line(state, STYLE_TEXT, NULL, "");
        add_keys(app, state, topics[i].context);
    }
    if (app_below(app) == SCREEN_BOARD)
        add_figures(app, state);
    add_line(state, STYLE_TEXT, NULL, "");
    add_line(state, STYLE_TITLE, NULL, "Everywhere");
    add_keys(app, state, CONTEXT_EVERYWHERE);
    if (state->opened != app->opened)
        state->top = 0;
    state->opened = app->opened;
}

static void draw_line(const App *app, const Canvas *canvas, int y, const Line *line)
{
    int x = 1;

    if (line->key) {
        canvas_text(canvas, y, x, key_width(app), STYLE_KEY, line->key);
        x += key_width(app) + 2;
    }
    canvas_text(canvas, y, x, canvas->width - x - 2, line->style, line->text);
}

static void draw(App *app, gpointer data, const Canvas *canvas)
{
    State *state = data;

    state->height = canvas->height;
    scroll(state, 0);
    for (int y = 0; y < state->height && state->top + y < (int)state->lines->len; y++)
        draw_line(app, canvas, y, &g_array_index(state->lines, Line, (guint)(state->top + y)));
    /* The rightmost column is for the arrows that say there is more. */
    if (state->top > 0)
        canvas_text(canvas, 0, canvas->width - 1, 1, STYLE_DIM, "▲");
    if (state->top + state->height < (int)state->lines->len)
        canvas_text(canvas, state->height - 1, canvas->width - 1, 1, STYLE_DIM, "▼");
}

static gboolean act(App *app, gpointer data, Action action)
{
    State *state = data;
    int page = MAX(state->height - 1, 1);

    switch (action) {
    case ACTION_HELP:
    case ACTION_QUIT:
    case ACTION_BACK:
        app_back(app);
        return TRUE;
    case ACTION_UP:
        scroll(state, -1);
        return TRUE;
    case ACTION_DOWN:
        scroll(state, 1);
        return TRUE;
    case ACTION_PAGE_UP:
        scroll(state, -page);
        return TRUE;
    case ACTION_PAGE_DOWN:
        scroll(state, page);
        return TRUE;
    case ACTION_FIRST:
        state->top = 0;
        return TRUE;
    case ACTION_LAST:
        scroll(state, (int)state->lines->len);
        return TRUE;
    default:
        return FALSE;
    }
}

static void mouse(App *app, gpointer data, const MouseEvent *event)
{
    (void)app;
    if (event->kind == MOUSE_WHEEL_UP)
        scroll(data, -WHEEL_LINES);
    else if (event->kind == MOUSE_WHEEL_DOWN)
        scroll(data, WHEEL_LINES);
}

static void clear(gpointer data)
{
    g_clear_pointer(&((State *)data)->lines, g_array_unref);
}

const Screen screen_help = {
    .context = CONTEXT_HELP,
    .state_size = sizeof(State),
    .update = update,
    .draw = draw,
    .act = act,
    .mouse = mouse,
    .clear = clear,
};
