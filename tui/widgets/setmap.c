/* A set of CPUs or of NUMA nodes, drawn as the machine is built. */
#include "tui/widgets/setmap.h"

#include "core/util/text.h"

#define WHEEL_LINES 3

static const Topology *topology_of(const SetMap *map)
{
    return map->host->topology;
}

static int first_id(const SetMap *map)
{
    const Topology *topology = topology_of(map);

    if (map->kind == SETMAP_NODES)
        return ((const Node *)topology->nodes->pdata[0])->id;
    return ((const Cpu *)topology->cpus->pdata[0])->id;
}

void setmap_open(SetMap *map, SetMapKind kind, Host *host)
{
    setmap_close(map);
    map->kind = kind;
    map->host = host_ref(host);
    map->set = hwloc_bitmap_alloc();
    map->cursor = first_id(map);
    map->top = 0;
}

void setmap_close(SetMap *map)
{
    map_clear(&map->map);
    map->map = (Map){0};
    g_clear_pointer(&map->set, hwloc_bitmap_free);
    g_clear_pointer(&map->host, host_unref);
}

static gboolean has_id(const SetMap *map, int id)
{
    return map->kind == SETMAP_NODES ? topology_node(topology_of(map), id) != NULL
                                     : topology_cpu(topology_of(map), id) != NULL;
}

void setmap_choose(SetMap *map, const IdSet *set)
{
    hwloc_bitmap_copy(map->set, set);
    int first = hwloc_bitmap_first(map->set);
    map->cursor = first >= 0 && has_id(map, first) ? first : first_id(map);
}

/* ---- where things stand ---- */

/* The line of node @id. */
static int node_line(const SetMap *map, int id)
{
    const GPtrArray *nodes = topology_of(map)->nodes;

    for (guint i = 0; i < nodes->len; i++)
        if (((const Node *)nodes->pdata[i])->id == id)
            return (int)i;
    return 0;
}

static int cursor_line(const SetMap *map)
{
    const MapItem *item;

    if (map->kind == SETMAP_NODES)
        return node_line(map, map->cursor);
    item = map_cell_of(&map->map, map->cursor);
    return item ? item->y : 0;
}

int setmap_lines(SetMap *map, int width)
{
    if (map->kind == SETMAP_NODES)
        return (int)topology_of(map)->nodes->len;
    map_lay(
        &map->map, map->host->topology, &(MapShape){.width = MAX(width, 1), .zoom = LEVEL_THREAD});
    return map->map.height;
}

/* ---- drawing ---- */

static void draw_cpu(const SetMap *map, const Canvas *canvas, const MapItem *item)
{
    const Cpu *cpu = topology_of(map)->cpus->pdata[item->index];
    gboolean chosen = idset_has(map->set, cpu->id);
    Style style = chosen ? STYLE_STAGED : !cpu->online ? STYLE_DIM : STYLE_DIALOG;
    g_autofree char *id = g_strdup_printf("%d", cpu->id);
    Canvas cell = *canvas;
    int x = item->x + map->map.label_width;

    cell.selected = cpu->id == map->cursor;
    canvas_field(&cell, item->y, item->x, map->map.label_width, ALIGN_RIGHT, style, id);
    canvas_text(&cell, item->y, x, 1, style, chosen ? "●" : cpu->online ? " " : "x");
    if (map->map.marks)
        canvas_text(&cell, item->y, x + 1, 1, style, cpu->isolated ? "i" : " ");
}

/* "node 0   8 of 16 CPUs" */
static void draw_node_heading(const SetMap *map, const Canvas *canvas, const MapItem *item)
{
    g_autoptr(IdSet) chosen = idset_copy(item->cpus);
    Canvas line = canvas_part(canvas, item->y - canvas->scroll, item->x, 1, item->width);
    const Node *node = item->index >= 0 ? topology_of(map)->nodes->pdata[item->index] : NULL;
    int used = node ? canvas_printf(&line, 0, 0, -1, STYLE_TITLE, "node %d", node->id)
                    : canvas_text(&line, 0, 0, -1, STYLE_TITLE, "in no node");

    hwloc_bitmap_and(chosen, chosen, map->set);
    canvas_printf(&line, 0, MAX(used + 2, 9), -1, STYLE_DIALOG, "%u of %u CPUs",
        idset_count(chosen), idset_count(item->cpus));
}

static void draw_cpus(const SetMap *map, const Canvas *canvas)
{
    for (guint i = 0; i < map->map.items->len; i++) {
        const MapItem *item = &g_array_index(map->map.items, MapItem, i);
        if (item->y < canvas->scroll || item->y >= canvas->scroll + canvas->height)
            continue;
        if (item->kind == MAP_TEXT)
            canvas_text(canvas, item->y, item->x, -1, STYLE_DIALOG, item->text);
        else if (item->cell)
            draw_cpu(map, canvas, item);
        else if (item->level == LEVEL_NODE)
            draw_node_heading(map, canvas, item);
    }
}

static char *node_memory_text(const NodeMemory *memory)
{
    if (!memory->memory_kib.known || !memory->free_kib.known)
        return g_strdup("memory –");
    g_autofree char *total = text_size_kib((guint64)memory->memory_kib.value);
    g_autofree char *unused = text_size_kib((guint64)memory->free_kib.value);
    return g_strdup_printf("%s free of %s", unused, total);
}

static void draw_nodes(const SetMap *map, const Canvas *canvas)
{
    const GPtrArray *nodes = topology_of(map)->nodes;

    for (int i = canvas->scroll; i < MIN((int)nodes->len, canvas->scroll + canvas->height); i++) {
        const Node *node = nodes->pdata[i];
        gboolean chosen = idset_has(map->set, node->id);
        g_autofree char *cpus = idset_format(node->cpus);
        g_autofree char *memory = node_memory_text(map->host->nodes->pdata[i]);
        Canvas line = *canvas;
        Style style = chosen ? STYLE_STAGED : STYLE_DIALOG;

        line.selected = node->id == map->cursor;
        canvas_fill(&line, i, 0, 1, canvas->width, style);
        int x = canvas_printf(&line, i, 0, -1, style, "%s node %d", chosen ? "●" : "○", node->id);
        x = MAX(x + 2, 12);
        x += 2 + canvas_text(&line, i, x, -1, style, memory);
        canvas_printf(&line, i, MAX(x, 40), -1, style, *cpus ? "CPUs %s" : "no CPUs", cpus);
    }
}

void setmap_draw(SetMap *map, const Canvas *canvas)
{
    int lines = setmap_lines(map, canvas->width);
    int at = cursor_line(map);

    map->height = canvas->height;
    if (map->height <= 0)
        return;
    if (at >= map->top + map->height)
        map->top = at - map->height + 1;
    if (at < map->top)
        map->top = at;
    map->top = CLAMP(map->top, 0, MAX(lines - map->height, 0));
    Canvas scrolled = *canvas;
    scrolled.scroll = map->top;
    if (map->kind == SETMAP_NODES)
        draw_nodes(map, &scrolled);
    else
        draw_cpus(map, &scrolled);
    if (map->top > 0)
        canvas_text(canvas, 0, canvas->width - 1, 1, STYLE_DIALOG, "▲");
    if (map->top + map->height < lines)
        canvas_text(canvas, map->height - 1, canvas->width - 1, 1, STYLE_DIALOG, "▼");
}

const char *setmap_hint(const SetMap *map)
{
    return map->kind == SETMAP_NODES ? "Space toggle  a all"
                                     : "Space CPU  c core  L cache  n node  p pkg";
}

/* ---- keys and mouse ---- */

/* Takes all of @ids out where they are all chosen, else chooses them all. */
static gboolean toggle_all(SetMap *map, const IdSet *ids)
{
    if (ids == NULL || hwloc_bitmap_iszero(ids))
        return FALSE;
    if (hwloc_bitmap_isincluded(ids, map->set))
        hwloc_bitmap_andnot(map->set, map->set, ids);
    else
        hwloc_bitmap_or(map->set, map->set, ids);
    return TRUE;
}

static gboolean toggle_one(SetMap *map, int id)
{
    g_autoptr(IdSet) one = hwloc_bitmap_alloc();

    hwloc_bitmap_set(one, (unsigned)id);
    return toggle_all(map, one);
}

/* The CPUs of the part of the machine, those that are online. */
static gboolean toggle_part(SetMap *map, const MapItem *part)
{
    g_autoptr(IdSet) online = part ? idset_copy(part->cpus) : NULL;

    if (part == NULL)
        return FALSE;
    if (part->level != LEVEL_THREAD && topology_of(map)->online)
        hwloc_bitmap_and(online, online, topology_of(map)->online);
    return toggle_all(map, online);
}

/* The part of @level around the cursor. */
static const MapItem *part_around(const SetMap *map, MapLevel level)
{
    const MapItem *part = map_cell_of(&map->map, map->cursor);

    while (part && part->level != level)
        part = map_parent(&map->map, part);
    return part;
}

static gboolean toggle_every(SetMap *map)
{
    const Topology *topology = topology_of(map);
    g_autoptr(IdSet) all = hwloc_bitmap_alloc();

    if (map->kind == SETMAP_CPUS)
        return toggle_all(map, topology->online);
    for (guint i = 0; i < topology->nodes->len; i++)
        hwloc_bitmap_set(all, (unsigned)((const Node *)topology->nodes->pdata[i])->id);
    return toggle_all(map, all);
}

static gboolean move_node(SetMap *map, Action action)
{
    const GPtrArray *nodes = topology_of(map)->nodes;
    int page = MAX(map->height, 1), last = (int)nodes->len - 1;
    int step = action == ACTION_UP || action == ACTION_LEFT      ? -1
               : action == ACTION_DOWN || action == ACTION_RIGHT ? 1
               : action == ACTION_PAGE_UP                        ? -page
               : action == ACTION_PAGE_DOWN                      ? page
               : action == ACTION_FIRST                          ? -last
                                                                 : last;
    int line = CLAMP(node_line(map, map->cursor) + step, 0, last);
    map->cursor = ((const Node *)nodes->pdata[line])->id;
    return FALSE;
}

static gboolean move_cpu(SetMap *map, Action action)
{
    const MapItem *from = map_cell_of(&map->map, map->cursor);
    const MapItem *to = map_move(&map->map, from, action, MAX(map->height, 1));

    if (to)
        map->cursor = ((const Cpu *)topology_of(map)->cpus->pdata[to->index])->id;
    return FALSE;
}

gboolean setmap_key(SetMap *map, guint key)
{
    static const struct {
        guint key;
        MapLevel level;
    } parts[] = {{'c', LEVEL_CORE}, {'L', LEVEL_LLC}, {'n', LEVEL_NODE}, {'p', LEVEL_PACKAGE}};
    Action action = keymap_action(CONTEXT_EVERYWHERE, key);

    if (key == ' ')
        return toggle_one(map, map->cursor);
    if (key == 'a')
        return toggle_every(map);
    for (guint i = 0; map->kind == SETMAP_CPUS && i < G_N_ELEMENTS(parts); i++)
        if (key == parts[i].key)
            return toggle_part(map, part_around(map, parts[i].level));
    if (action < ACTION_UP || action > ACTION_LAST)
        return FALSE;
    return map->kind == SETMAP_NODES ? move_node(map, action) : move_cpu(map, action);
}

static gboolean click_cpus(SetMap *map, int y, int x)
{
    const MapItem *part = map_at(&map->map, y, x);

    if (part && part->cell)
        map->cursor = hwloc_bitmap_first(part->cpus);
    return toggle_part(map, part);
}

gboolean setmap_mouse(SetMap *map, const MouseEvent *event)
{
    const GPtrArray *nodes = topology_of(map)->nodes;
    int y = event->y + map->top;

    if (event->kind == MOUSE_WHEEL_UP || event->kind == MOUSE_WHEEL_DOWN) {
        for (int i = 0; i < WHEEL_LINES; i++)
            setmap_key(map, event->kind == MOUSE_WHEEL_UP ? KEY_CODE_UP : KEY_CODE_DOWN);
        return FALSE;
    }
    if (event->kind != MOUSE_PRESS || event->y < 0 || event->y >= map->height || event->x < 0)
        return FALSE;
    if (map->kind == SETMAP_CPUS)
        return click_cpus(map, y, event->x);
    if (y >= (int)nodes->len)
        return FALSE;
    map->cursor = ((const Node *)nodes->pdata[y])->id;
    return toggle_one(map, map->cursor);
}
