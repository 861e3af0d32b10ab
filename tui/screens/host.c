/* The Host screen: the machine as it is built, each CPU with its load, and what is pinned to the
 * one under the cursor. */
#include "core/util/text.h"
#include "tui/app.h"
#include "tui/glyphs.h"
#include "tui/screens/hostdetail.h"
#include "tui/screens/hostmap.h"
#include "tui/widgets/meter.h"

#define HEAD_LINES   1
#define DETAIL_LINES 3  /* two of the CPU under the cursor, and the legend */
#define ROOM_FOR_ALL 10 /* a canvas of fewer lines shows the map only */
#define METER_WIDTH  8
#define SHARE_WIDTH  15 /* "1023.9/1024 GiB" */
#define WIDE         96 /* a node's line has room for words from here on */
#define WHEEL_LINES  3

typedef struct {
    HostMap map;
    int cpu;         /* under the cursor */
    int top;         /* the first line of the map shown */
    int height;      /* lines of the map as last drawn */
    gboolean follow; /* the cursor has moved: bring it into view */
} HostState;

static const Host *host_of(const App *app)
{
    return app->snapshot->host;
}

static void host_update(App *app, gpointer data)
{
    HostState *state = data;
    const Host *host = host_of(app);

    if (host == NULL || host->topology->cpus->len == 0 ||
        topology_cpu(host->topology, state->cpu) != NULL)
        return;
    state->cpu = ((Cpu *)host->topology->cpus->pdata[0])->id;
    state->follow = TRUE;
}

/* The mean load of @cpus; unknown where that of none is known. */
static Num mean_load(const Host *host, const IdSet *cpus)
{
    gint64 sum = 0, count = 0;

    for (IDSET_EACH(id, cpus)) {
        Num load = host_cpu_load(host, topology_cpu_index(host->topology, id));
        sum += load.known ? load.value : 0;
        count += load.known ? 1 : 0;
    }
    return count > 0 ? NUM(sum / count) : NUM_UNKNOWN;
}

/* "42.5/62.7 GiB" */
static char *share_text(Num used, Num total)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    guint unit = 0;
    double scale = 1;

    if (!total.known)
        return g_strdup("–");
    for (; unit + 1 < G_N_ELEMENTS(units) && (double)total.value >= 1024 * scale; unit++)
        scale *= 1024;
    if (!used.known)
        return g_strdup_printf("–/%.1f %s", (double)total.value / scale, units[unit]);
    return g_strdup_printf(
        "%.1f/%.1f %s", (double)used.value / scale, (double)total.value / scale, units[unit]);
}

static char *num_text(Num number)
{
    return number.known ? g_strdup_printf("%" G_GINT64_FORMAT, number.value) : g_strdup("–");
}

/* "2M 2048/6144 free   1G 0/24 free" */
static char *pools_text(const GArray *pools, gboolean wide)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *free_pages = num_text(pool->free);
        g_autofree char *total = num_text(pool->total);
        g_string_append_printf(
            out, "%s%s %s/%s free", i ? (wide ? "   " : "  ") : "", size, free_pages, total);
    }
    return g_strdup(out->str);
}

static void draw_node(const Canvas *canvas, const Host *host, const HostItem *item)
{
    const Node *node = host->topology->nodes->pdata[item->index];
    const NodeMemory *memory = host->nodes->pdata[item->index];
    gboolean wide = item->width >= WIDE;
    int gap = wide ? 3 : 2;
    int meter = wide ? 2 * METER_WIDTH : METER_WIDTH;
    Num used = memory->memory_kib.known && memory->free_kib.known
                   ? NUM(memory->memory_kib.value - memory->free_kib.value)
                   : NUM_UNKNOWN;
    gboolean known = used.known && memory->memory_kib.value > 0;
    /* The part is cut to the column, so that a neighbour is never written over. */
    Canvas line = canvas_part(canvas, item->y - canvas->scroll, item->x, 1, item->width);
    g_autofree char *load = host_percent_text(mean_load(host, node->cpus));
    g_autofree char *load_text =
        idset_count(node->cpus) > 0 ? g_strdup_printf("load %s", load) : g_strdup("no CPUs");
    g_autofree char *size = share_text(used, memory->memory_kib);
    g_autofree char *pools = pools_text(memory->pools, wide);
    int x = 0;

    canvas_printf(&line, 0, x, -1, STYLE_TITLE, "node %d", node->id);
    x += 8;
    canvas_text(&line, 0, x, 9, STYLE_DIM, load_text);
    x += 9 + gap;
    meter_draw(&line, 0, x, meter, known, known ? used.value * 1000 / memory->memory_kib.value : 0);
    x += meter + 1;
    canvas_field(&line, 0, x, SHARE_WIDTH, ALIGN_RIGHT, STYLE_TEXT, size);
    x += SHARE_WIDTH;
    if (wide) {
        canvas_text(&line, 0, x, -1, STYLE_DIM, " used");
        x += 5;
    }
    canvas_text(&line, 0, x + gap, -1, STYLE_TEXT, pools);
}

static void draw_cpu(const Canvas *canvas, const Host *host, const HostMap *map,
    const HostItem *item, gboolean selected)
{
    const Cpu *cpu = host->topology->cpus->pdata[item->index];
    Num load = host_cpu_load(host, item->index);
    Style style = !cpu->online ? STYLE_DIM : cpu->isolated ? STYLE_TITLE : STYLE_TEXT;
    g_autofree char *id = g_strdup_printf("%d", cpu->id);
    Canvas cell = *canvas;
    int x = item->x + map->id_width;

    cell.selected = selected;
    canvas_field(&cell, item->y, item->x, map->id_width, ALIGN_RIGHT, style, id);
    if (!cpu->online)
        canvas_text(&cell, item->y, x, 1, STYLE_DIM, "x");
    else if (!load.known)
        canvas_text(&cell, item->y, x, 1, STYLE_DIM, "–");
    else
        canvas_text(&cell, item->y, x, 1, meter_style(load.value), glyph_level(load.value));
    if (map->isolated)
        canvas_text(&cell, item->y, x + 1, 1, STYLE_TITLE, cpu->isolated ? "i" : " ");
}

static void draw_map(const Canvas *canvas, const Host *host, const HostState *state)
{
    for (guint i = 0; i < state->map.items->len; i++) {
        const HostItem *item = &g_array_index(state->map.items, HostItem, i);
        if (item->y < canvas->scroll || item->y >= canvas->scroll + canvas->height)
            continue;
        const Cpu *cpu = NULL;
        switch (item->kind) {
        case HOST_TEXT:
            canvas_text(canvas, item->y, item->x, -1, item->style, item->text);
            break;
        case HOST_NODE:
            draw_node(canvas, host, item);
            break;
        case HOST_CPU:
            cpu = host->topology->cpus->pdata[item->index];
            draw_cpu(canvas, host, &state->map, item, cpu->id == state->cpu);
            break;
        }
    }
}

static void append_count(GString *out, guint count, const char *one, const char *many)
{
    if (out->len > 0)
        g_string_append(out, ", ");
    if (count == 0)
        g_string_append_printf(out, "– %s", many);
    else
        g_string_append_printf(out, "%u %s", count, count == 1 ? one : many);
}

static void draw_heading(const Canvas *canvas, const Host *host)
{
    const Topology *topology = host->topology;
    guint online = idset_count(topology->online);
    guint offline = topology->cpus->len - online;
    g_autoptr(GString) text = g_string_new(NULL);
    Num total = kernel_file_number(host->meminfo, "MemTotal");
    Num available = kernel_file_number(host->meminfo, "MemAvailable");

    append_count(text, topology->packages, "package", "packages");
    append_count(text, topology->nodes->len, "node", "nodes");
    append_count(text, topology->cores, "core", "cores");
    append_count(text, online, "CPU", "CPUs");
    if (offline > 0)
        g_string_append_printf(text, " (%u offline)", offline);
    g_autofree char *memory = total.known ? text_size_kib((guint64)total.value) : g_strdup("–");
    g_string_append_printf(text, " · %s memory", memory);
    if (available.known && available.value >= 0) {
        g_autofree char *size = text_size_kib((guint64)available.value);
        g_string_append_printf(text, ", %s available", size);
    }
    canvas_text(canvas, 0, 0, -1, STYLE_TITLE, text->str);
}

static void scroll_to_cursor(HostState *state)
{
    const HostItem *item = host_map_cpu(&state->map, state->cpu);

    if (state->follow && item != NULL) {
        /* With its node's line above it, where both fit. */
        int first = item->y - item->block < state->height ? item->block : item->y;
        if (item->y >= state->top + state->height)
            state->top = item->y - state->height + 1;
        else if (first < state->top)
            state->top = first;
    }
    state->follow = FALSE;
    state->top = CLAMP(state->top, 0, MAX(0, state->map.height - state->height));
}

static void host_draw(App *app, gpointer data, const Canvas *canvas)
{
    HostState *state = data;
    const Host *host = host_of(app);
    int details = canvas->height >= ROOM_FOR_ALL ? DETAIL_LINES : 0;
    int height = canvas->height - HEAD_LINES - details;

    if (host == NULL) {
        const char *problem = app->snapshot->host_problem;
        canvas_wrap(canvas, 0, 0, canvas->width, canvas->height, problem ? STYLE_BAD : STYLE_DIM,
            problem ? problem : "reading the host…");
        return;
    }
    if (state->height != height || state->map.width != canvas->width)
        state->follow = TRUE;
    state->height = MAX(1, height);
    host_map_lay(&state->map, host->topology, canvas->width);
    scroll_to_cursor(state);

    Canvas map = canvas_part(canvas, HEAD_LINES, 0, state->height, canvas->width);
    map.scroll = state->top;
    draw_heading(canvas, host);
    draw_map(&map, host, state);
    if (details > 0) {
        Canvas detail = canvas_part(canvas, canvas->height - details, 0, details, canvas->width);
        host_draw_detail(&detail, app, state->cpu);
    }
}

static void open_pinned(App *app, const HostState *state)
{
    const char *uuid = NULL;

    if (host_of(app) == NULL)
        return;
    g_autofree char *pins = host_pins_text(app, state->cpu, &uuid);
    if (uuid != NULL)
        app_open_domain(app, uuid);
    else
        app_say(app, STYLE_DIM, "No vCPU is pinned to CPU %d.", state->cpu);
}

static void select_item(HostState *state, const HostItem *item)
{
    state->cpu = ((Cpu *)state->map.topology->cpus->pdata[item->index])->id;
    state->follow = TRUE;
}

static gboolean host_act(App *app, gpointer data, Action action)
{
    HostState *state = data;

    if (action == ACTION_OPEN) {
        open_pinned(app, state);
        return TRUE;
    }
    if (action < ACTION_UP || action > ACTION_LAST)
        return FALSE;
    const HostItem *to =
        host_map_move(&state->map, host_map_cpu(&state->map, state->cpu), action, state->height);
    if (to != NULL)
        select_item(state, to);
    /* What stands above the first cell and below the last is reached by going on. */
    if (action == ACTION_FIRST || (to == NULL && (action == ACTION_UP || action == ACTION_PAGE_UP)))
        state->top = 0;
    else if (to == NULL && action == ACTION_DOWN)
        state->top++;
    else if (to == NULL && action == ACTION_PAGE_DOWN)
        state->top += state->height;
    return TRUE;
}

static void host_mouse(App *app, gpointer data, const MouseEvent *event)
{
    HostState *state = data;
    const HostItem *item = NULL;

    (void)app;
    if (event->kind == MOUSE_WHEEL_UP)
        state->top -= WHEEL_LINES;
    else if (event->kind == MOUSE_WHEEL_DOWN)
        state->top += WHEEL_LINES;
    else if (event->kind == MOUSE_PRESS && event->y >= HEAD_LINES &&
             event->y < HEAD_LINES + state->height)
        item = host_map_at(&state->map, event->y - HEAD_LINES + state->top, event->x);
    if (item != NULL)
        select_item(state, item);
}

static void host_clear(gpointer data)
{
    HostState *state = data;

    host_map_clear(&state->map);
}

const Screen screen_host = {
    .title = "Host",
    .context = CONTEXT_HOST,
    .state_size = sizeof(HostState),
    .update = host_update,
    .draw = host_draw,
    .act = host_act,
    .mouse = host_mouse,
    .clear = host_clear,
};
