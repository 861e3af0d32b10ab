/* The Host screen: the machine as it is built, each CPU with its load, and what is pinned to the
 * one under the cursor. */
#include "core/util/text.h"
#include "tui/app/app.h"
#include "tui/screens/hostdetail.h"
#include "tui/screens/hostdraw.h"

#define DETAIL_LINES  3  /* two of the CPU under the cursor, and the legend */
#define ROOM_FOR_ALL  10 /* a canvas of fewer lines shows the map only */
#define ROOM_FOR_HEAD 4  /* and of fewer than these not even the heading */
#define WHEEL_LINES   3

typedef struct {
    Map map;
    int cpu;         /* under the cursor */
    int top;         /* the first line of the map shown */
    int head;        /* lines above the map as last drawn */
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

static void draw_map(const Canvas *canvas, const Host *host, const HostState *state)
{
    for (guint i = 0; i < state->map.items->len; i++) {
        const MapItem *item = &g_array_index(state->map.items, MapItem, i);
        if (item->y < canvas->scroll || item->y >= canvas->scroll + canvas->height)
            continue;
        if (item->kind == MAP_TEXT)
            canvas_text(canvas, item->y, item->x, -1, item->style, item->text);
        else if (item->cell)
            host_draw_cell(canvas, host, &state->map, item, idset_has(item->cpus, state->cpu));
        else if (item->level == LEVEL_NODE && item->index >= 0)
            host_draw_node(canvas, host, item);
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
    g_autofree char *size =
        available.known && available.value >= 0 ? text_size_kib((guint64)available.value) : NULL;
    gsize before = text->len;
    g_string_append_printf(text, " · %s memory%s%s%s", memory, size ? ", " : "", size ? size : "",
        size ? " available" : "");
    if (size && canvas_width(text->str, FALSE) > canvas->width) {
        g_autofree char *share = host_share_text(available, total);
        g_string_truncate(text, before);
        g_string_append_printf(text, " · %s available", share);
    }
    canvas_text(canvas, 0, 0, -1, STYLE_TITLE, text->str);
}

static void scroll_to_cursor(HostState *state)
{
    const MapItem *item = map_cell_of(&state->map, state->cpu);

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
    int head = canvas->height >= ROOM_FOR_HEAD ? 1 : 0;
    int height = canvas->height - head - details;

    if (host == NULL) {
        const char *problem = app->snapshot->host_problem;
        canvas_wrap(canvas, 0, 0, canvas->width, canvas->height, problem ? STYLE_BAD : STYLE_DIM,
            problem ? problem : "reading the host…");
        return;
    }
    if (state->height != height || state->map.shape.width != canvas->width)
        state->follow = TRUE;
    state->head = head;
    state->height = MAX(1, height);
    map_lay(&state->map, host->topology, &(MapShape){.width = canvas->width});
    scroll_to_cursor(state);

    Canvas map = canvas_part(canvas, head, 0, state->height, canvas->width);
    map.scroll = state->top;
    if (head > 0)
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
    G_GNUC_UNUSED g_autofree char *pins = host_pins_text(app, state->cpu, &uuid);
    if (uuid != NULL)
        app_open_domain(app, uuid);
    else
        app_say(app, STYLE_DIM, "No vCPU is pinned to CPU %d.", state->cpu);
}

static void select_item(HostState *state, const MapItem *item)
{
    state->cpu = hwloc_bitmap_first(item->cpus);
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
    const MapItem *to =
        map_move(&state->map, map_cell_of(&state->map, state->cpu), action, state->height);
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
    const MapItem *item = NULL;

    (void)app;
    if (event->kind == MOUSE_WHEEL_UP)
        state->top -= WHEEL_LINES;
    else if (event->kind == MOUSE_WHEEL_DOWN)
        state->top += WHEEL_LINES;
    else if (event->kind == MOUSE_PRESS && event->y >= state->head &&
             event->y < state->head + state->height)
        item = map_at(&state->map, event->y - state->head + state->top, event->x);
    if (item != NULL && item->cell)
        select_item(state, item);
}

static void host_clear(gpointer data)
{
    HostState *state = data;

    map_clear(&state->map);
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
