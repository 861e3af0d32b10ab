/* The board's side panel: a part of the machine. */
#include "tui/screens/board/boardpanel.h"

#include "core/util/text.h"
#include "tui/screens/hostdetail.h"
#include "tui/screens/hostdraw.h"
#include "tui/widgets/cell.h"

static char *chips_text(const BoardState *state, const GArray *here)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; here != NULL && i < here->len; i++) {
        const Chip *chip = chips_at(&state->chips, g_array_index(here, guint, i));
        g_string_append_printf(
            text, "%s%s%s", i > 0 ? " " : "", chip->label, chip->strays ? "!" : "");
    }
    return g_strdup(text->len > 0 ? text->str : "none");
}

char *board_part_title(const MapItem *part, const Topology *topology)
{
    g_autofree char *list = idset_format(part->cpus);

    switch (part->level) {
    case LEVEL_THREAD:
        return g_strdup_printf("CPU %s", list);
    case LEVEL_CORE:
        return g_strdup_printf("core of CPUs %s", list);
    case LEVEL_LLC:
        return g_strdup_printf("last-level cache of CPUs %s", list);
    case LEVEL_NODE:
        if (part->index < 0)
            return g_strdup_printf("CPUs in no node: %s", list);
        return g_strdup_printf("node %d", ((const Node *)topology->nodes->pdata[part->index])->id);
    default:
        return part->index < 0 ? g_strdup("package –") : g_strdup_printf("package %d", part->index);
    }
}

static char *distances_text(const Topology *topology, const Node *node)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; node->distances != NULL && i < node->distances->len; i++)
        g_string_append_printf(text, "%s%d:%d", i > 0 ? " " : "",
            ((const Node *)topology->nodes->pdata[i])->id, g_array_index(node->distances, int, i));
    return g_strdup(text->len > 0 ? text->str : "–");
}

static void add_node(GArray *lines, const Host *host, const Node *node, gboolean beside)
{
    const NodeMemory *memory = host_node(host, node->id);

    if (memory != NULL) {
        g_autofree char *free_text = cell_size(memory->free_kib);
        g_autofree char *total = cell_size(memory->memory_kib);
        panel_add(lines, "memory", STYLE_TEXT, g_strdup_printf("%s free of %s", free_text, total));
        g_autofree char *pools = host_pools_text(memory->pools, FALSE, TRUE);
        panel_go_on(lines, "pools", g_strdup(*pools ? pools : "–"), beside);
    }
    panel_add(lines, "distances", STYLE_TEXT, distances_text(host->topology, node));
}

static void add_cpu(GArray *lines, const Host *host, const MapItem *part, gboolean beside)
{
    const Cpu *cpu = topology_cpu(host->topology, hwloc_bitmap_first(part->cpus));
    const Node *node = cpu->node >= 0 ? topology_node(host->topology, cpu->node) : NULL;

    if (part->level == LEVEL_THREAD)
        panel_add(lines, "siblings", STYLE_TEXT, cell_set(cpu->siblings, "–"));
    panel_go_on(lines, "cache of", cell_set(cpu->llc, "–"), beside || part->level != LEVEL_THREAD);
    if (cpu->package >= 0)
        panel_add(lines, "stands in", STYLE_TEXT,
            node != NULL ? g_strdup_printf("package %d, node %d", cpu->package, node->id)
                         : g_strdup_printf("package %d", cpu->package));
    if (node != NULL)
        panel_go_on(
            lines, "distances", distances_text(host->topology, node), beside || cpu->package < 0);
}

/* What else runs there: QEMU processes that are none of the connection's domains. */
static void add_foreign(GArray *lines, const Snapshot *snapshot, const MapItem *part)
{
    for (guint i = 0; snapshot->foreign != NULL && i < snapshot->foreign->len; i++) {
        const ForeignUsage *process = snapshot->foreign->pdata[i];
        if (process->last_cpu < 0 || !idset_has(part->cpus, process->last_cpu))
            continue;
        g_autofree char *name = text_escape(process->name, 20);
        g_autofree char *load = cell_percent(process->load);
        panel_add(lines, "not ours", STYLE_WARN,
            g_strdup_printf("%s, process %d, load %s", name, process->pid, load));
    }
}

/* What the kernel keeps off CPUs of @part, or that a thread or core is one that bears it. */
static const char *kept_text(const Topology *topology, const MapItem *part)
{
    const IdSet *cpus = part->cpus;

    if (topology->isolated != NULL && hwloc_bitmap_intersects(cpus, topology->isolated))
        return "  isolated";
    if (topology->nohz_full != NULL && hwloc_bitmap_intersects(cpus, topology->nohz_full))
        return "  nohz_full";
    return part->level <= LEVEL_CORE && host_is_housekeeping(topology, cpus) ? "  housekeeping"
                                                                             : "";
}

void panel_add_part(GArray *lines, const BoardState *state, const Host *host, const MapItem *part)
{
    gboolean beside = panel_is_beside(state);
    const Chip *chip = beside ? NULL : board_chip(state);
    const Topology *topology = host->topology;
    gboolean online = hwloc_bitmap_intersects(part->cpus, topology->online);
    g_autofree char *title = board_part_title(part, topology);
    g_autofree char *load = host_percent_text(host_mean_load(host, part->cpus));

    if (idset_count(part->cpus) == 0)
        panel_add(lines, NULL, STYLE_TITLE, g_strdup_printf("%s  memory only", title));
    else if (!online)
        panel_add(lines, NULL, STYLE_TITLE, g_strdup_printf("%s  offline", title));
    else
        panel_add(lines, NULL, STYLE_TITLE,
            g_strdup_printf("%s  load %s%s", title, load, kept_text(topology, part)));
    g_autoptr(GArray) here = board_chips_here(state);
    panel_add(lines, "pinned", STYLE_TEXT, chips_text(state, here));
    if (chip != NULL)
        panel_add_chip_line(lines, state, chip);
    add_foreign(lines, state->chips.snapshot, part);
    if (part->level == LEVEL_NODE && part->index >= 0)
        add_node(lines, host, topology->nodes->pdata[part->index], beside);
    else if (online && part->level <= LEVEL_LLC)
        add_cpu(lines, host, part, beside);
}
