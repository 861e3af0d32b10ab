/* How a node's line and a CPU's cell are drawn on the map of a machine. */
#include "tui/screens/hostdraw.h"

#include "core/util/text.h"
#include "tui/screens/hostdetail.h"
#include "tui/terminal/glyphs.h"
#include "tui/widgets/meter.h"

#define METER_WIDTH   8
#define PERCENT_WIDTH 5  /* " 100%" */
#define NODE_WIDTH    9  /* "node 255 " */
#define SHARE_WIDTH   15 /* "1023.9/1024 GiB" */
#define WIDE          96 /* a node's line has room for words from here on */

/* The mean load of @cpus; unknown where that of none is known. */
Num host_mean_load(const Host *host, const IdSet *cpus)
{
    gint64 sum = 0, count = 0;

    for (IDSET_EACH(id, cpus)) {
        Num load = host_cpu_load(host, topology_cpu_index(host->topology, id));
        sum += load.known ? load.value : 0;
        count += load.known ? 1 : 0;
    }
    return count > 0 ? NUM(sum / count) : NUM_UNKNOWN;
}

char *host_share_text(Num used, Num total)
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

/* "2M 2048/6144 free   1G 0/24 free"; empty pools only where @empty. */
char *host_pools_text(const GArray *pools, gboolean wide, gboolean empty)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        if (!empty && pool->total.known && pool->total.value == 0)
            continue;
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *free_pages = num_text(pool->free);
        g_autofree char *total = num_text(pool->total);
        g_string_append_printf(out, "%s%s %s/%s free", out->len > 0 ? (wide ? "   " : "  ") : "",
            size, free_pages, total);
    }
    return g_strdup(out->str);
}

void host_draw_node(const Canvas *canvas, const Host *host, const MapItem *item)
{
    const Node *node = host->topology->nodes->pdata[item->index];
    const NodeMemory *memory = host->nodes->pdata[item->index];
    /* Chips at the end of the line leave the figures the rest. */
    int width = item->strip_width > 0 && item->strip_y == item->y ? item->strip_x - item->x - 1
                                                                  : item->width;
    gboolean wide = width >= WIDE;
    int gap = wide ? 3 : 2;
    int meter = wide ? 2 * METER_WIDTH : METER_WIDTH;
    Num used = memory->memory_kib.known && memory->free_kib.known
                   ? NUM(memory->memory_kib.value - memory->free_kib.value)
                   : NUM_UNKNOWN;
    gboolean known = used.known && memory->memory_kib.value > 0;
    /* The part is cut to the column, so that a neighbour is never written over. */
    Canvas line = canvas_part(canvas, item->y - canvas->scroll, item->x, 1, width);
    g_autofree char *load = host_percent_text(host_mean_load(host, node->cpus));
    g_autofree char *load_text = idset_count(node->cpus) > 0
                                     ? g_strdup_printf("load %s", load)
                                     : g_strdup(node->cpus_unknown ? "CPUs –" : "no CPUs");
    g_autofree char *size = host_share_text(used, memory->memory_kib);
    g_autofree char *pools = host_pools_text(memory->pools, wide, TRUE);
    int x = 0;

    if (item->y < canvas->scroll)
        return; /* of a node of which only the rest is seen */
    canvas_printf(&line, 0, x, -1, STYLE_TITLE, "node %d", node->id);
    x += NODE_WIDTH;
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
    x += gap;
    if (canvas_width(pools, canvas->ascii) > width - x) {
        g_free(pools);
        pools = host_pools_text(memory->pools, wide, FALSE);
    }
    canvas_text(&line, 0, x, -1, STYLE_TEXT, pools);
}

static gboolean intersects(const IdSet *cpus, const IdSet *set)
{
    return set != NULL && hwloc_bitmap_intersects(cpus, set);
}

gboolean host_is_housekeeping(const Topology *topology, const IdSet *cpus)
{
    g_autoptr(IdSet) rest = idset_copy(topology->online);

    if (idset_count(topology->isolated) + idset_count(topology->nohz_full) == 0)
        return FALSE;
    if (topology->isolated != NULL)
        hwloc_bitmap_andnot(rest, rest, topology->isolated);
    if (topology->nohz_full != NULL)
        hwloc_bitmap_andnot(rest, rest, topology->nohz_full);
    return hwloc_bitmap_intersects(rest, cpus);
}

/* Of those that bear what the kernel keeps off others the mark is of use only where they are the
 * fewer. */
static gboolean marks_housekeeping(const Topology *topology)
{
    g_autoptr(IdSet) kept = idset_copy(topology->online), off = hwloc_bitmap_alloc();

    if (topology->isolated != NULL)
        hwloc_bitmap_or(off, off, topology->isolated);
    if (topology->nohz_full != NULL)
        hwloc_bitmap_or(off, off, topology->nohz_full);
    hwloc_bitmap_and(off, off, topology->online);
    hwloc_bitmap_andnot(kept, kept, off);
    return idset_count(kept) <= idset_count(off);
}

/* What the kernel keeps off these CPUs; where there are chips, which CPUs bear it. */
static void draw_mark(
    const Canvas *canvas, const Topology *topology, const Map *map, const MapItem *item, int x)
{
    const char *mark = intersects(item->cpus, topology->isolated)    ? "i"
                       : intersects(item->cpus, topology->nohz_full) ? "n"
                                                                     : NULL;

    if (mark != NULL)
        canvas_text(canvas, item->y, x, 1, STYLE_TITLE, mark);
    else if (map->shape.chips > 0 && host_is_housekeeping(topology, item->cpus) &&
             marks_housekeeping(topology))
        canvas_text(canvas, item->y, x, 1, STYLE_DIM, "·");
    else
        canvas_text(canvas, item->y, x, 1, STYLE_TEXT, " ");
}

/* The load of a cell that has a line for it: a meter, and the number. Neither is lit where the cell
 * is a target: they would be most of the bytes of it. */
static void draw_load(const Canvas *canvas, const MapItem *item, int x, gboolean online, Num load)
{
    int width = item->x + item->width - x;
    int meter = MIN(width - PERCENT_WIDTH, METER_WIDTH);
    g_autofree char *text = host_percent_text(load);
    Canvas plain = *canvas;

    plain.selected = FALSE;
    if (!online || !load.known) {
        canvas_text(&plain, item->y, x, width, STYLE_DIM, online ? "–" : "offline");
        return;
    }
    meter_draw(&plain, item->y, x, meter, TRUE, load.value);
    canvas_field(&plain, item->y, x + meter, PERCENT_WIDTH, ALIGN_RIGHT, STYLE_DIM, text);
}

void host_draw_cell(
    const Canvas *canvas, const Host *host, const Map *map, const MapItem *item, gboolean selected)
{
    Num load = host_mean_load(host, item->cpus);
    gboolean online = hwloc_bitmap_intersects(item->cpus, host->topology->online);
    gboolean isolated = intersects(item->cpus, host->topology->isolated);
    Style style = !online ? STYLE_DIM : isolated ? STYLE_TITLE : STYLE_TEXT;
    g_autofree char *name = idset_format(item->cpus);
    Canvas cell = *canvas;
    int x = item->x + map->label_width;

    cell.selected = selected;
    canvas_field(&cell, item->y, item->x, map->label_width, ALIGN_RIGHT, style, name);
    gboolean tall = map->shape.lines > 1;
    if (tall)
        draw_load(canvas, item, x + 1, online, load);
    else if (!online)
        canvas_text(&cell, item->y, x, 1, STYLE_DIM, "x");
    else if (!load.known)
        canvas_text(&cell, item->y, x, 1, STYLE_DIM, "–");
    else
        canvas_text(&cell, item->y, x, 1, meter_style(load.value), glyph_level(load.value));
    if (map->marks)
        draw_mark(&cell, host->topology, map, item, tall ? x : x + 1);
}
