/* The screen of one domain: its memory, and its vCPUs with what was asked and what is. */
#include "tui/app/app.h"
#include "tui/app/fit.h"
#include "tui/widgets/cell.h"
#include "tui/widgets/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/util/text.h"

#define HEADING_LINES 5 /* of which all but the first go where the table would have no room */
#define TABLE_LINES   4

enum {
    COLUMN_THREAD,
    COLUMN_ASKED,
    COLUMN_NEXT,
    COLUMN_STAGED,
    COLUMN_REAL,
    COLUMN_STRAYS,
    COLUMN_LAST,
    COLUMN_NODE,
    COLUMN_LOAD,
    COLUMNS,
};

static const TableColumn columns[COLUMNS + 1] = {
    [COLUMN_THREAD] = {"vCPU", 8, 16, ALIGN_LEFT, 0},
    [COLUMN_ASKED] = {"pinned to", 9, 24, ALIGN_LEFT, 0},
    [COLUMN_NEXT] = {"next start", 10, 24, ALIGN_LEFT, 2},
    [COLUMN_STAGED] = {"staged", 8, 24, ALIGN_LEFT, 0},
    [COLUMN_REAL] = {"runs on", 8, 24, ALIGN_LEFT, 0},
    [COLUMN_STRAYS] = {"", 1, 1, ALIGN_LEFT, 0},
    [COLUMN_LAST] = {"now on", 6, 8, ALIGN_RIGHT, 3},
    [COLUMN_NODE] = {"node", 4, 4, ALIGN_RIGHT, 4},
    [COLUMN_LOAD] = {"load", 5, 6, ALIGN_RIGHT, 1},
};

typedef struct {
    Table table;
    gboolean ready;
    char *uuid;  /* whose rows the table holds */
    int heading; /* the lines above the table, as last drawn */
} PageState;

/* What a domain says of one pin, now and at its next start. */
typedef struct {
    gboolean has_now, has_next;
    const IdSet *now, *next; /* NULL: anywhere */
} Pin;

/* A thread of the domain that can be pinned; a row's id is its key. */
typedef enum { THREAD_VCPU, THREAD_EMULATOR, THREAD_IO, THREADS } ThreadKind;

typedef struct {
    ThreadKind kind;
    guint n; /* 0 of the emulator */
} Thread;

static const struct {
    const char *key; /* with the number behind it, but of the emulator */
    const char *name;
} threads[THREADS] = {
    [THREAD_VCPU] = {"vcpupin.", ""},
    [THREAD_EMULATOR] = {"emulatorpin", "emulator"},
    [THREAD_IO] = {"iothreadpin.", "iothread "},
};

static const DomainView *view_of(const App *app)
{
    return app->domain ? snapshot_domain(app->snapshot, app->domain) : NULL;
}

/* NULL: anywhere. */
static const IdSet *asked_of(const DomainConfig *config, Thread thread)
{
    switch (thread.kind) {
    case THREAD_EMULATOR:
        return config->emulatorpin;
    case THREAD_IO:
        return g_hash_table_lookup(config->iothreadpin, GINT_TO_POINTER((int)thread.n));
    default:
        return domain_config_asked(config, thread.n);
    }
}

static Pin pin_of(const Domain *domain, Thread thread)
{
    const DomainConfig *now = domain_now(domain), *next = domain->config;

    return (Pin){now != NULL, next != NULL, now ? asked_of(now, thread) : NULL,
        next ? asked_of(next, thread) : NULL};
}

static const ThreadUsage *usage_of(const DomainUsage *usage, Thread thread)
{
    return thread.kind == THREAD_IO
               ? domain_usage_iothread(usage, (int)thread.n)
               : domain_usage_vcpu(usage, thread.kind == THREAD_EMULATOR ? -1 : (int)thread.n);
}

/* @text with the thread's number behind it; the caller frees it. */
static char *numbered(const char *text, Thread thread)
{
    return thread.kind == THREAD_EMULATOR ? g_strdup(text)
                                          : g_strdup_printf("%s%u", text, thread.n);
}

static char *key_of(Thread thread)
{
    return numbered(threads[thread.kind].key, thread);
}

/* What an edit of the pin begins with: staged, else as it stands, "" for none. */
static char *text_of_pin(const App *app, const Domain *domain, Thread thread)
{
    g_autofree char *key = key_of(thread);
    const char *staged = plan_value(app->plan, domain->uuid, key);
    Pin pin = pin_of(domain, thread);

    return staged ? g_strdup(staged) : cell_set(pin.has_now ? pin.now : pin.next, "");
}

static void add_thread_row(
    App *app, Table *table, const DomainView *view, Thread which, gboolean offline)
{
    const Topology *topology = app->snapshot->host ? app->snapshot->host->topology : NULL;
    const ThreadUsage *thread = usage_of(view->usage, which);
    g_autofree char *key = key_of(which), *name = numbered(threads[which.kind].name, which);
    TableRow *row = table_add(table, key);
    Pin pin = pin_of(view->domain, which);
    gboolean strays = domain_affinity_strays(pin.now, thread ? thread->affinity : NULL, topology);
    const char *staged = plan_value(app->plan, view->domain->uuid, key);
    gboolean differs = domain_pins_differ(pin.now, pin.next, topology);

    table_cell(row, COLUMN_THREAD, offline ? STYLE_DIM : STYLE_TEXT,
        g_strconcat(name, offline ? " (off)" : "", NULL));
    table_cell(row, COLUMN_ASKED, pin.now ? STYLE_TEXT : STYLE_DIM,
        cell_set(pin.now, pin.has_now ? "anywhere" : "–"));
    if (pin.has_now && pin.has_next && differs)
        table_cell(row, COLUMN_NEXT, STYLE_WARN, cell_set(pin.next, "anywhere"));
    if (staged)
        table_cell(row, COLUMN_STAGED, STYLE_STAGED,
            g_strdup_printf("→ %s", *staged ? staged : "anywhere"));
    table_cell(row, COLUMN_REAL, strays ? STYLE_WARN : STYLE_TEXT,
        cell_set(thread ? thread->affinity : NULL, "–"));
    if (strays)
        table_cell(row, COLUMN_STRAYS, STYLE_WARN, g_strdup("!"));
    gboolean ran = thread && thread->last_cpu >= 0;
    const Cpu *cpu = ran && topology ? topology_cpu(topology, thread->last_cpu) : NULL;
    table_cell(row, COLUMN_LAST, STYLE_TEXT, cell_num(ran ? NUM(thread->last_cpu) : NUM_UNKNOWN));
    table_cell(row, COLUMN_NODE, STYLE_TEXT,
        cell_num(cpu && cpu->node >= 0 ? NUM(cpu->node) : NUM_UNKNOWN));
    table_cell(row, COLUMN_LOAD, STYLE_TEXT, cell_percent(thread ? thread->load : NUM_UNKNOWN));
}

static void prepare(PageState *state)
{
    if (!state->ready)
        table_init(&state->table, columns, TRUE);
    state->ready = TRUE;
}

static void domain_update(App *app, gpointer data)
{
    PageState *state = data;
    const DomainView *view = view_of(app);

    prepare(state);
    if (g_strcmp0(state->uuid, app->domain) != 0) {
        table_clear(&state->table);
        table_init(&state->table, columns, TRUE);
        g_free(state->uuid);
        state->uuid = g_strdup(app->domain);
    }
    table_begin(&state->table);
    const DomainConfig *config = view ? domain_now(view->domain) : NULL;
    if (config) {
        for (guint n = 0; n < config->vcpus_max; n++)
            add_thread_row(
                app, &state->table, view, (Thread){THREAD_VCPU, n}, n >= config->vcpus_current);
        add_thread_row(app, &state->table, view, (Thread){THREAD_EMULATOR, 0}, FALSE);
        for (IDSET_EACH(id, config->iothread_ids))
            add_thread_row(app, &state->table, view, (Thread){THREAD_IO, (guint)id}, FALSE);
    }
    table_end(&state->table);
}

/* "2M", and what the next start has where that differs, and what is staged. */
static void draw_backing(const App *app, const Canvas *canvas, int y, const Domain *domain)
{
    const DomainConfig *now = domain_now(domain), *next = domain->config;
    const char *backing = plan_value(app->plan, domain->uuid, "memory.hugepages");
    const char *nosharepages = plan_value(app->plan, domain->uuid, "memory.nosharepages");
    int x = 1;

    x += canvas_printf(canvas, y, x, -1, STYLE_DIM, "hugepages ");
    x += canvas_printf(canvas, y, x, -1, STYLE_TEXT, "%s ", now->hugepages);
    if (next && strcmp(now->hugepages, next->hugepages) != 0)
        x += canvas_printf(canvas, y, x, -1, STYLE_WARN, "(next start %s) ", next->hugepages);
    if (backing)
        x += canvas_printf(canvas, y, x, -1, STYLE_STAGED, "→ %s ", backing);
    x += canvas_printf(canvas, y, x, -1, STYLE_DIM, "  nosharepages ");
    x += canvas_printf(canvas, y, x, -1, STYLE_TEXT, "%s ", now->nosharepages ? "on" : "off");
    if (next && now->nosharepages != next->nosharepages)
        x += canvas_printf(
            canvas, y, x, -1, STYLE_WARN, "(next start %s) ", next->nosharepages ? "on" : "off");
    if (nosharepages)
        x += canvas_printf(canvas, y, x, -1, STYLE_STAGED, "→ %s ", nosharepages);
    if (now->numatune_mode) {
        g_autofree char *nodes = cell_set(now->numatune_nodeset, "–");
        x += canvas_text(canvas, y, x, -1, STYLE_DIM, "  numatune ");
        canvas_printf(canvas, y, x, -1, STYLE_TEXT, "%s %s", now->numatune_mode, nodes);
    }
}

/* Four lines above the table, and one that is empty but where its hugepages are missing. */
static void draw_heading(const App *app, const Canvas *canvas, const DomainView *view)
{
    const Domain *domain = view->domain;
    const DomainConfig *now = domain_now(domain);
    const DomainUsage *usage = view->usage;

    int x = 1 + canvas_text(canvas, 0, 1, -1, STYLE_TITLE, domain->name);
    if (now && now->title)
        x += canvas_printf(canvas, 0, x, -1, STYLE_TEXT, "  %s", now->title);
    x += canvas_printf(canvas, 0, x, -1, domain_is_active(domain) ? STYLE_GOOD : STYLE_DIM,
        "  %s%s", domain_state_name(domain->state), domain->persistent ? "" : ", transient");
    guint staged = plan_count(app->plan, domain->uuid);
    if (staged)
        canvas_printf(canvas, 0, x, -1, STYLE_STAGED, "  %u staged", staged);
    canvas_text(canvas, 1, 1, -1, STYLE_DIM, domain->uuid);
    if (now == NULL) {
        canvas_wrap(canvas, 2, 1, canvas->width - 2, HEADING_LINES - 3, STYLE_WARN,
            domain->problem ? domain->problem : "its XML was not read yet");
        return;
    }

    g_autofree char *memory = cell_size(now->memory_kib);
    g_autofree char *resident = cell_size(usage ? usage->rss_kib : NUM_UNKNOWN);
    g_autofree char *pid = cell_num(usage && usage->pid > 0 ? NUM(usage->pid) : NUM_UNKNOWN);
    g_autofree char *load = cell_percent(usage ? usage->load : NUM_UNKNOWN);
    canvas_printf(canvas, 2, 1, -1, STYLE_TEXT,
        "memory %s   resident %s   vCPUs %u of %u   pid %s   load %s", memory, resident,
        now->vcpus_current, now->vcpus_max, pid, load);
    draw_backing(app, canvas, 3, domain);
    g_autoptr(Demand) demand = fit_demand(app, domain);
    Style style;
    g_autofree char *lacks = demand ? fit_sentence(app, domain, demand, &style) : g_strdup("");
    if (*lacks)
        canvas_text(canvas, 4, 1, canvas->width - 2, style, lacks);
}

static void domain_draw(App *app, gpointer data, const Canvas *canvas)
{
    PageState *state = data;
    const DomainView *view = view_of(app);

    if (view == NULL) {
        canvas_wrap(canvas, 0, 1, canvas->width - 2, 2, STYLE_WARN,
            app->snapshot->domains ? "This domain is gone: libvirt does not know it any more. Esc "
                                     "goes back."
                                   : "asking libvirt…");
        return;
    }
    state->heading = canvas->height >= HEADING_LINES + TABLE_LINES ? HEADING_LINES : 1;
    Canvas heading = canvas_part(canvas, 0, 0, state->heading, canvas->width);
    draw_heading(app, &heading, view);
    Canvas part =
        canvas_part(canvas, state->heading, 1, canvas->height - state->heading, canvas->width - 2);
    table_draw(&state->table, &part);
}

static Thread selected_thread(const TableRow *row)
{
    Thread thread = {THREAD_VCPU, 0};

    while (!g_str_has_prefix(row->id, threads[thread.kind].key))
        thread.kind++;
    thread.n = (guint)atoi(row->id + strlen(threads[thread.kind].key));
    return thread;
}

static void edit_pin(App *app, const Domain *domain, Thread thread)
{
    g_autofree char *key = key_of(thread);
    g_autofree char *now = text_of_pin(app, domain, thread);

    app_edit_value(app, domain->uuid, key, now);
}

static void edit_selected(App *app, const PageState *state, const Domain *domain, gboolean unpin)
{
    const TableRow *row = table_selected(&state->table);

    if (row && unpin)
        app_stage(app, domain->uuid, row->id, "");
    else if (row)
        edit_pin(app, domain, selected_thread(row));
}

static void edit_all(App *app, const Domain *domain)
{
    const DomainConfig *config = domain_now(domain);
    g_autoptr(IdSet) asked = config ? domain_config_all_asked(config) : NULL;
    g_autofree char *now = cell_set(asked, "");

    app_edit_value(app, domain->uuid, "vcpupin.all", now);
}

static void choose_backing(App *app, const Domain *domain)
{
    const DomainConfig *config = domain->config ? domain->config : domain->live;

    app_edit_value(app, domain->uuid, "memory.hugepages", config ? config->hugepages : NULL);
}

static void toggle_nosharepages(App *app, const Domain *domain)
{
    const DomainConfig *config = domain->config ? domain->config : domain->live;
    const char *staged = plan_value(app->plan, domain->uuid, "memory.nosharepages");
    gboolean on = staged ? strcmp(staged, "on") == 0 : config && config->nosharepages;

    app_stage(app, domain->uuid, "memory.nosharepages", on ? "off" : "on");
}

static gboolean domain_act(App *app, gpointer data, Action action)
{
    PageState *state = data;
    const DomainView *view = view_of(app);

    prepare(state);
    if (view == NULL)
        return FALSE;
    switch (action) {
    case ACTION_EDIT:
        edit_selected(app, state, view->domain, FALSE);
        return TRUE;
    case ACTION_UNPIN:
        edit_selected(app, state, view->domain, TRUE);
        return TRUE;
    case ACTION_EDIT_ALL:
        edit_all(app, view->domain);
        return TRUE;
    case ACTION_EMULATOR:
        edit_pin(app, view->domain, (Thread){THREAD_EMULATOR, 0});
        return TRUE;
    case ACTION_BACKING:
        choose_backing(app, view->domain);
        return TRUE;
    case ACTION_NOSHAREPAGES:
        toggle_nosharepages(app, view->domain);
        return TRUE;
    case ACTION_FIT:
        fit_pools(app, (const char *[]){view->domain->uuid, NULL});
        return TRUE;
    case ACTION_TUNE:
        app_open_tuning(app, (const char *[]){view->domain->uuid, NULL});
        return TRUE;
    default:
        return table_act(&state->table, action);
    }
}

static void domain_mouse(App *app, gpointer data, const MouseEvent *event)
{
    PageState *state = data;
    const DomainView *view = view_of(app);
    MouseEvent inner = *event;

    if (view == NULL)
        return;
    inner.y -= state->heading;
    inner.x -= 1;
    g_autofree char *before = g_strdup(state->table.selected);
    const TableRow *row = table_mouse(&state->table, &inner, NULL);
    if (event->kind == MOUSE_PRESS && row && g_strcmp0(row->id, before) == 0)
        edit_selected(app, state, view->domain, FALSE);
}

static void domain_clear(gpointer data)
{
    PageState *state = data;

    if (state->ready)
        table_clear(&state->table);
    g_free(state->uuid);
}

const Screen screen_domain = {
    .title = NULL,
    .context = CONTEXT_DOMAIN,
    .state_size = sizeof(PageState),
    .update = domain_update,
    .draw = domain_draw,
    .act = domain_act,
    .mouse = domain_mouse,
    .clear = domain_clear,
};
