/* A map of a machine: how CPUs stand below their node or package, by cache, core and thread. */
#include "tui/terminal/canvas.h"
#include "tui/widgets/machinepen.h"

#define LLC_CHIPS    9     /* room for chips at the end of a cache's line, at least */
#define GROUP_BORDER " │ " /* between cache groups */

static int cell_lines(const Map *map)
{
    return MAX(1, map->shape.lines);
}

static gboolean is_tall(const Map *map)
{
    return cell_lines(map) > 1;
}

/* "12▃", and "12▃i" where there are isolated CPUs, and the chips; where these have a line of their
 * own, that is as wide as the other one at least. */
static int cell_width(const Map *map)
{
    int width = map->label_width + 1 + (map->marks ? 1 : 0);

    return is_tall(map) ? MAX(width + MAP_LOAD_WIDTH, map->shape.chips) : width + map->shape.chips;
}

static int core_gap(const Map *map)
{
    return map->shape.chips > 0 && map->shape.zoom == LEVEL_THREAD && !is_tall(map) ? 0 : 1;
}

/* Lays the part of @cpus as one cell. */
static void lay_cell(const Pen *pen, MapLevel level, int y, int x, const IdSet *cpus)
{
    int index = level == LEVEL_THREAD
                    ? topology_cpu_index(pen->map->topology, hwloc_bitmap_first(cpus))
                    : -1;
    int width = cell_width(pen->map);
    int lines = cell_lines(pen->map);
    int room = lines > 1 ? width : pen->map->shape.chips;
    Pen inner = pen_open(pen, level, index, cpus, y, x, width);

    pen_strip(&inner, y + lines - 1, x + width - room, room);
    pen_height(&inner, y + lines);
    pen_cell(&inner);
}

/* A core of several threads stands in brackets: "[0▃ 32▁]". */
static int core_width(const Map *map, const IdSet *core)
{
    int threads = (int)idset_count(core);

    if (map->shape.zoom == LEVEL_CORE)
        return cell_width(map);
    return threads * (cell_width(map) + 1) - 1 + (threads > 1 ? 2 : 0);
}

/* Lays a core's threads from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_core(const Pen *pen, int y, int x, int width, const IdSet *core)
{
    gboolean boxed = idset_count(core) > 1;
    int step = cell_width(pen->map) + 1;
    int at = boxed ? 1 : 0;
    int line = 0, lines = cell_lines(pen->map);

    if (pen->map->shape.zoom == LEVEL_CORE) {
        lay_cell(pen, LEVEL_CORE, y, x, core);
        return lines;
    }
    Pen inner = pen_open(pen, LEVEL_CORE, -1, core, y, x, MIN(width, core_width(pen->map, core)));
    for (int i = 0; boxed && i < lines; i++)
        pen_text(&inner, y + i, x, 1, STYLE_DIM, "[");
    for (IDSET_EACH(id, core)) {
        g_autoptr(IdSet) alone = hwloc_bitmap_alloc();
        hwloc_bitmap_only(alone, (unsigned)id);
        if (at > 1 && at + step > width) {
            line += lines;
            at = 1;
        }
        lay_cell(&inner, LEVEL_THREAD, y + line, x + at, alone);
        at += step;
    }
    for (int i = 0; boxed && i < lines; i++)
        pen_text(&inner, y + line + i, x + at - 1, 1, STYLE_DIM, "]");
    pen_height(&inner, y + line + lines);
    return line + lines;
}

/* Lays the cores of a cache group from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_cores(const Pen *pen, int y, int x, int width, const GPtrArray *cores)
{
    int line = 0;
    int lines = 1; /* that the cores beside each other take */
    int at = 0;

    for (guint i = 0; i < cores->len; i++) {
        int needs = core_width(pen->map, cores->pdata[i]);
        if (at > 0 && at + needs > width) {
            line += lines;
            at = 0;
        }
        lines = lay_core(pen, y + line, x + at, width - at, cores->pdata[i]);
        at += needs + core_gap(pen->map);
    }
    return line + lines;
}

int pen_cores_width(const Map *map, const GPtrArray *cores)
{
    int width = -core_gap(map);

    for (guint i = 0; i < cores->len; i++)
        width += core_width(map, cores->pdata[i]) + core_gap(map);
    return width;
}

/* "LLC 0-3,32-35" of the CPUs @group, or NULL where the kernel does not tell. */
static char *group_label(const Map *map, const IdSet *group)
{
    const Cpu *cpu = topology_cpu(map->topology, hwloc_bitmap_first(group));

    if (cpu->llc == NULL)
        return NULL;
    g_autofree char *list = idset_format(cpu->llc);
    return g_strdup_printf("LLC %s", list);
}

/* Caches are named above their CPUs where every name fits there, else not at all; where chips are
 * shown, those of a cache need the line. */
static gboolean want_labels(const Map *map, const GPtrArray *groups, int width)
{
    gboolean all = TRUE;
    gboolean any = FALSE;

    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = map_take_apart(map->topology, groups->pdata[i], FALSE);
        g_autofree char *label = group_label(map, groups->pdata[i]);
        any = any || label != NULL;
        all = all && label != NULL &&
              canvas_width(label, FALSE) <= MIN(width, pen_cores_width(map, cores));
    }
    return map->shape.chips > 0 ? any : all;
}

/* A cache's CPUs from (@y, @x) on, in lines of @width; returns the lines. */
static int lay_group(const Pen *pen, int y, int x, int width, const IdSet *group, gboolean labels)
{
    g_autoptr(GPtrArray) cores = map_take_apart(pen->map->topology, group, FALSE);
    g_autofree char *label = group_label(pen->map, group);
    int own = MIN(pen_cores_width(pen->map, cores), width);
    Pen inner = *pen;

    if (label != NULL)
        inner = pen_open(pen, LEVEL_LLC, -1, group, y, x, own);
    if (labels && label != NULL) {
        int room = pen->map->shape.chips > 0 ? MAX(own / 2, own - LLC_CHIPS) : own;
        int used = MIN(canvas_width(label, FALSE), room);
        pen_text(&inner, y, x, room, STYLE_DIM, label);
        pen_strip(&inner, y, x + used + 1, own - used - 1);
    }
    int lines = lay_cores(&inner, y + labels, x, width, cores) + labels;
    if (label != NULL)
        pen_height(&inner, y + lines);
    return lines;
}

/* With LEVEL_LLC for cells. */
static void lay_group_cells(Pen *pen, const GPtrArray *groups)
{
    int left = pen->x + NODE_INDENT;
    int step = cell_width(pen->map) + 2;
    int lines = cell_lines(pen->map);
    int at = 0;

    for (guint i = 0; i < groups->len; i++) {
        if (at > 0 && at + step - 2 > pen->width - NODE_INDENT) {
            pen->y += lines;
            at = 0;
        }
        lay_cell(pen, LEVEL_LLC, pen->y, left + at, groups->pdata[i]);
        at += step;
    }
    if (groups->len > 0)
        pen->y += lines;
}

static void lay_groups(Pen *pen, const GPtrArray *groups)
{
    int left = pen->x + NODE_INDENT;
    int width = pen->width - NODE_INDENT;
    gboolean labels = want_labels(pen->map, groups, width);
    int border = canvas_width(GROUP_BORDER, FALSE);
    int at = 0;    /* in the line */
    int lines = 0; /* that the groups beside each other take */

    for (guint i = 0; i < groups->len; i++) {
        g_autoptr(GPtrArray) cores = map_take_apart(pen->map->topology, groups->pdata[i], FALSE);
        int needs = pen_cores_width(pen->map, cores);
        if (at > 0 && at + border + needs > width) {
            pen->y += lines;
            at = 0;
        } else if (at > 0) {
            for (int line = 0; line < cell_lines(pen->map); line++)
                pen_text(pen, pen->y + labels + line, left + at, border, STYLE_DIM, GROUP_BORDER);
            at += border;
        }
        lines = lay_group(pen, pen->y, left + at, width - at, groups->pdata[i], labels);
        at += MIN(needs, width);
    }
    pen->y += lines;
}

void pen_lay_cpus(Pen *pen, const IdSet *cpus)
{
    g_autoptr(GPtrArray) groups = map_take_apart(pen->map->topology, cpus, TRUE);

    if (pen->map->shape.zoom == LEVEL_LLC)
        lay_group_cells(pen, groups);
    else if (pen->map->shape.zoom < LEVEL_LLC)
        lay_groups(pen, groups);
}
