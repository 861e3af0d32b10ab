/* The board's side panel: what is under the cursor, told in full. Its lines are made first, as many
 * as there are to tell, then drawn as far as there is room: the first ones matter most. Below the
 * map there are few lines, so that more is told in each. */
#include <string.h>

#include "core/util/text.h"
#include "tui/screens/board/board.h"
#include "tui/screens/hostdetail.h"
#include "tui/screens/hostdraw.h"
#include "tui/widgets/cell.h"

#define NAME_WIDTH  10
#define SHORT_PANEL 8 /* lines: the first ones are all there may be */

typedef struct {
    const char *name; /* lives as long as the state; NULL: a heading */
    Style style;
    char *text;
} PanelLine;

static void line_clear(gpointer data)
{
    g_free(((PanelLine *)data)->text);
}

/* Takes @text. */
static void add(GArray *lines, const char *name, Style style, char *text)
{
    PanelLine line = {name, style, text};

    g_array_append_val(lines, line);
}

/* A line of its own, or, where @alone is FALSE, the rest of the last one. Takes @text. */
static void add_or_go_on(GArray *lines, const char *name, char *text, gboolean alone)
{
    if (alone) {
        add(lines, name, STYLE_TEXT, text);
        return;
    }
    PanelLine *last = &g_array_index(lines, PanelLine, lines->len - 1);
    g_autofree char *before = last->text;
    last->text = g_strdup_printf("%s, %s %s", before, name, text);
    g_free(text);
}

/* Whether there is room for a line of each thing. */
static gboolean is_beside(const BoardState *state)
{
    return state->panel_area.height > SHORT_PANEL;
}

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

/* ---- a part of the machine ---- */

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
        add(lines, "memory", STYLE_TEXT, g_strdup_printf("%s free of %s", free_text, total));
        g_autofree char *pools = host_pools_text(memory->pools, FALSE, TRUE);
        add_or_go_on(lines, "pools", g_strdup(*pools ? pools : "–"), beside);
    }
    add(lines, "distances", STYLE_TEXT, distances_text(host->topology, node));
}

static void add_cpu(GArray *lines, const Host *host, const MapItem *part, gboolean beside)
{
    const Cpu *cpu = topology_cpu(host->topology, hwloc_bitmap_first(part->cpus));
    const Node *node = cpu->node >= 0 ? topology_node(host->topology, cpu->node) : NULL;

    if (part->level == LEVEL_THREAD)
        add(lines, "siblings", STYLE_TEXT, cell_set(cpu->siblings, "–"));
    add_or_go_on(lines, "cache of", cell_set(cpu->llc, "–"), beside || part->level != LEVEL_THREAD);
    if (cpu->package >= 0)
        add(lines, "stands in", STYLE_TEXT,
            node != NULL ? g_strdup_printf("package %d, node %d", cpu->package, node->id)
                         : g_strdup_printf("package %d", cpu->package));
    if (node != NULL)
        add_or_go_on(
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
        add(lines, "not ours", STYLE_WARN,
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

/* The chip that is chosen among those that stand here, in a line. */
static void add_chip_in_line(GArray *lines, const BoardState *state, const Chip *chip)
{
    const ChipDomain *domain = chips_domain(&state->chips, chip->domain);
    g_autofree char *name = text_escape(domain->domain->name, 12);
    g_autofree char *asked = cell_set(chip->asked, "anywhere");
    Style style = chip->strays ? STYLE_BAD : chip->staged ? STYLE_STAGED : STYLE_TEXT;

    if (domain->usage == NULL) {
        add(lines, chip->label, style,
            g_strdup_printf("%s, %s: %s %s", name, domain_state_name(domain->domain->state),
                chip->staged ? "staged" : "asked", asked));
        return;
    }
    g_autofree char *load = cell_percent(chip->load);
    g_autofree char *wait = cell_percent(chip->wait);
    g_autofree char *real = cell_set(chip->real, "–");
    g_autofree char *cpuset = cell_set(chip->cpuset, "");
    g_autofree char *last = cell_num(chip->last_cpu >= 0 ? NUM(chip->last_cpu) : NUM_UNKNOWN);
    add(lines, chip->label, style,
        g_strdup_printf("%s: %s %s, real %s%s, load %s, waits %s, last on %s%s%s", name,
            chip->staged ? "staged" : "asked", asked, real, chip->strays ? " !" : "", load, wait,
            last, *cpuset ? ", its cgroup allows " : "", cpuset));
}

static void add_part(GArray *lines, const BoardState *state, const Host *host, const MapItem *part)
{
    gboolean beside = is_beside(state);
    const Chip *chip = beside ? NULL : board_chip(state);
    const Topology *topology = host->topology;
    gboolean online = hwloc_bitmap_intersects(part->cpus, topology->online);
    g_autofree char *title = board_part_title(part, topology);
    g_autofree char *load = host_percent_text(host_mean_load(host, part->cpus));

    if (idset_count(part->cpus) == 0)
        add(lines, NULL, STYLE_TITLE, g_strdup_printf("%s  memory only", title));
    else if (!online)
        add(lines, NULL, STYLE_TITLE, g_strdup_printf("%s  offline", title));
    else
        add(lines, NULL, STYLE_TITLE,
            g_strdup_printf("%s  load %s%s", title, load, kept_text(topology, part)));
    g_autoptr(GArray) here = board_chips_here(state);
    add(lines, "pinned", STYLE_TEXT, chips_text(state, here));
    if (chip != NULL)
        add_chip_in_line(lines, state, chip);
    add_foreign(lines, state->chips.snapshot, part);
    if (part->level == LEVEL_NODE && part->index >= 0)
        add_node(lines, host, topology->nodes->pdata[part->index], beside);
    else if (online && part->level <= LEVEL_LLC)
        add_cpu(lines, host, part, beside);
}

/* ---- a chip, a domain ---- */

static char *chip_title(const ChipDomain *domain, const Chip *chip)
{
    g_autofree char *name = text_escape(domain->domain->name, 40);

    switch (chip->kind) {
    case CHIP_VCPU:
        return g_strdup_printf("%s  %s vCPU %u", chip->label, name, chip->n);
    case CHIP_IOTHREAD:
        return g_strdup_printf("%s  %s I/O thread %u", chip->label, name, chip->n);
    default:
        return g_strdup_printf("%s  %s emulator", chip->label, name);
    }
}

static void add_chip(GArray *lines, const BoardState *state, const Chip *chip)
{
    const ChipDomain *domain = chips_domain(&state->chips, chip->domain);

    add(lines, NULL, domain->mark->style, chip_title(domain, chip));
    add(lines, chip->staged ? "staged" : "asked", chip->staged ? STYLE_STAGED : STYLE_TEXT,
        cell_set(chip->asked, "anywhere"));
    if (domain->usage == NULL) {
        add(lines, "runs", STYLE_DIM, g_strdup(domain_state_name(domain->domain->state)));
        return;
    }
    g_autofree char *load = cell_percent(chip->load);
    g_autofree char *wait = cell_percent(chip->wait);
    g_autofree char *real = cell_set(chip->real, "–");
    g_autofree char *cpuset = cell_set(chip->cpuset, "");
    g_autofree char *last = cell_num(chip->last_cpu >= 0 ? NUM(chip->last_cpu) : NUM_UNKNOWN);
    add(lines, "real", chip->strays ? STYLE_BAD : STYLE_TEXT,
        g_strdup_printf("%s%s%s%s", real, chip->strays ? "  ! not as asked" : "",
            *cpuset ? ", its cgroup allows " : "", cpuset));
    add(lines, "load", STYLE_TEXT,
        g_strdup_printf("%s, waits %s, last on CPU %s", load, wait, last));
}

/* "0: 4.0 GiB  1: 512 MiB" */
static char *memory_by_node(const DomainUsage *usage)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; usage->memory != NULL && i < usage->memory->len; i++) {
        const NodeKib *part = &g_array_index(usage->memory, NodeKib, i);
        g_autofree char *size = text_size_kib(part->kib);
        g_string_append_printf(text, "%snode %d: %s", i > 0 ? "  " : "", part->node, size);
    }
    return g_strdup(text->len > 0 ? text->str : "–");
}

/* Its threads one after the other: "a0 0, load 30%, waits 1%; a1 …". */
static char *threads_text(const BoardState *state, const ChipDomain *domain)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        const Chip *chip = chips_at(&state->chips, i);
        g_autofree char *asked = cell_set(chip->asked, "anywhere");
        g_autofree char *real = cell_set(chip->real, "–");
        g_autofree char *load = cell_percent(chip->load);
        g_autofree char *wait = cell_percent(chip->wait);
        g_string_append_printf(text, "%s%s %s%s%s, load %s, waits %s",
            i > domain->first ? "; " : "", chip->label, asked, chip->strays ? " ! " : "",
            chip->strays ? real : "", load, wait);
    }
    return g_strdup(text->str);
}

/* A table of its vCPUs: as much as there is room for. */
static void add_vcpus(GArray *lines, const BoardState *state, const ChipDomain *domain)
{
    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        const Chip *chip = chips_at(&state->chips, i);
        g_autofree char *asked = cell_set(chip->asked, "anywhere");
        g_autofree char *real = cell_set(chip->real, "–");
        g_autofree char *load = cell_percent(chip->load);
        g_autofree char *wait = cell_percent(chip->wait);
        add(lines, chip->label, chip->strays ? STYLE_BAD : STYLE_TEXT,
            g_strdup_printf("%s%s%s  load %s  waits %s", asked, chip->strays ? " ! " : "",
                chip->strays ? real : "", load, wait));
    }
}

static void add_domain(GArray *lines, const BoardState *state, const ChipDomain *domain)
{
    const DomainConfig *config = domain_now(domain->domain);
    g_autofree char *name = text_escape(domain->domain->name, 40);
    const char *state_name = domain_state_name(domain->domain->state);
    gboolean beside = is_beside(state);

    add(lines, NULL, domain->mark->style,
        g_strdup_printf("%s  %s%s%s", domain->mark->letters, name, beside ? "" : "  ",
            beside ? "" : state_name));
    if (beside)
        add(lines, "state", STYLE_TEXT, g_strdup(state_name));
    if (config == NULL)
        return;
    g_autofree char *memory = cell_size(config->memory_kib);
    g_autofree char *nodes = cell_set(config->numatune_nodeset, "");
    add(lines, "memory", STYLE_TEXT,
        g_strdup_printf("%s, hugepages %s", memory, config->hugepages));
    add_or_go_on(lines, "numatune",
        config->numatune_mode != NULL ? g_strdup_printf("%s %s", config->numatune_mode, nodes)
                                      : g_strdup("none"),
        beside);
    if (domain->usage != NULL)
        add(lines, "lies on", STYLE_TEXT, memory_by_node(domain->usage));
    if (beside)
        add_vcpus(lines, state, domain);
    else if (domain->usage != NULL)
        add(lines, "threads", STYLE_TEXT, threads_text(state, domain));
}

/* ---- a drop to come ---- */

#define SINGLY 3 /* vCPUs of a domain that are told one by one, more of them together */

static const DropChange *change_at(const Drop *drop, guint i)
{
    return drop->changes->pdata[i];
}

/* The vCPU that change @i pins, NULL where it does something else. */
static const Chip *pinned_vcpu(const BoardState *state, const Drop *drop, guint i)
{
    const DropChange *change = change_at(drop, i);
    int index = chips_find(&state->chips, change->uuid, change->key);
    const Chip *chip = index >= 0 ? chips_at(&state->chips, (guint)index) : NULL;

    return chip != NULL && chip->kind == CHIP_VCPU ? chip : NULL;
}

/* "0-7 → 8-11,40-43, one each": the @count vCPUs from change @from on, together. */
static void add_vcpus_together(
    GArray *lines, const BoardState *state, const Drop *drop, guint from, guint count)
{
    g_autoptr(IdSet) before = hwloc_bitmap_alloc();
    g_autoptr(IdSet) after = hwloc_bitmap_alloc();
    const Chip *first = pinned_vcpu(state, drop, from);
    gboolean anywhere = FALSE, unpinned = FALSE;

    for (guint i = from; i < from + count; i++) {
        const Chip *chip = pinned_vcpu(state, drop, i);
        const char *value = change_at(drop, i)->value;
        g_autoptr(IdSet) set = *value ? idset_parse(value, NULL) : NULL;
        anywhere |= chip->asked == NULL;
        unpinned |= set == NULL;
        if (chip->asked != NULL)
            hwloc_bitmap_or(before, before, chip->asked);
        if (set != NULL)
            hwloc_bitmap_or(after, after, set);
    }
    g_autofree char *was = anywhere ? g_strdup("anywhere") : idset_format(before);
    g_autofree char *is = unpinned ? g_strdup("anywhere") : idset_format(after);
    gboolean each = !unpinned && idset_count(after) == count;
    add(lines, "vCPUs", STYLE_TEXT,
        g_strdup_printf("%s×%u  %s → %s%s",
            chips_domain(&state->chips, first->domain)->mark->letters, count, was, is,
            each ? ", one each" : ""));
}

/* The change @from, or with it those of the same domain's vCPUs that follow; returns how many. */
static guint add_changes(GArray *lines, const BoardState *state, const Drop *drop, guint from)
{
    const DropChange *change = change_at(drop, from);
    int chip = chips_find(&state->chips, change->uuid, change->key);
    guint count = 0;

    while (from + count < drop->changes->len && pinned_vcpu(state, drop, from + count) != NULL &&
           strcmp(change_at(drop, from + count)->uuid, change->uuid) == 0)
        count++;
    if (count > SINGLY) {
        add_vcpus_together(lines, state, drop, from, count);
        return count;
    }
    if (chip < 0) { /* a whole domain's memory */
        add(lines, "and", STYLE_TEXT, g_strdup_printf("%s = %s", change->key, change->value));
        return 1;
    }
    const Chip *moved = chips_at(&state->chips, (guint)chip);
    g_autofree char *before = cell_set(moved->asked, "anywhere");
    add(lines, moved->label, STYLE_TEXT,
        g_strdup_printf("%s → %s", before, *change->value ? change->value : "anywhere"));
    return 1;
}

static void add_warnings(GArray *lines, const Drop *drop)
{
    for (guint i = 0; i < drop->warnings->len; i++)
        add(lines, "!", STYLE_WARN, g_strdup(drop->warnings->pdata[i]));
}

static void add_drop(GArray *lines, const BoardState *state, const Drop *drop)
{
    const MapItem *part = board_part(state);
    g_autofree char *what = carry_text(&state->carry);
    g_autofree char *where =
        part != NULL ? board_part_title(part, state->map.topology) : g_strdup("unpinned");

    add(lines, NULL, STYLE_STAGED,
        g_strdup_printf("%s %s %s", what, board_adds(state) ? "+" : "→", where));
    if (drop->refusal != NULL)
        add(lines, NULL, STYLE_BAD, g_strdup(drop->refusal));
    /* Where there is room for all of it, what is there for every target stands still. */
    gboolean beside = is_beside(state);
    if (!beside)
        add_warnings(lines, drop);
    for (guint i = 0; drop->refusal == NULL && i < drop->changes->len;)
        i += add_changes(lines, state, drop, i);
    if (beside)
        add_warnings(lines, drop);
}

/* What is proposed for the domain under the cursor, and why. */
static void add_proposal(GArray *lines, const PlacedDomain *placed)
{
    g_autofree char *name = text_escape(placed->name, 20);

    add(lines, NULL, STYLE_ADDED, g_strdup_printf("%s is proposed anew: Enter takes it", name));
    for (guint i = 0; i < placed->reasons->len; i++)
        add(lines, "why", STYLE_TEXT, g_strdup(placed->reasons->pdata[i]));
}

/* Of the proposal as a whole: what gets worse by it, and why. */
static void add_notes(GArray *lines, const PlaceLayout *layout)
{
    add(lines, NULL, STYLE_ADDED, g_strdup("proposed: A takes all, Enter one domain's, Esc none"));
    for (guint i = 0; i < layout->notes->len; i++)
        add(lines, "!", STYLE_WARN, g_strdup(layout->notes->pdata[i]));
}

/* ---- all ---- */

void board_draw_panel(const Canvas *canvas, const App *app, const BoardState *state)
{
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(PanelLine));
    const MapItem *part = board_part(state);
    const Chip *chip = board_chip(state);
    int domain = state->cursor.tray && state->cursor.uuid != NULL
                     ? chips_find_domain(&state->chips, state->cursor.uuid)
                     : -1;

    int y = 0;

    g_array_set_clear_func(lines, line_clear);
    const PlacedDomain *placed = state->drop == NULL ? board_placed_here(state) : NULL;
    if (placed != NULL)
        add_proposal(lines, placed);
    else if (state->drop == NULL && state->proposal != NULL && state->proposal->notes->len > 0)
        add_notes(lines, state->proposal);
    if (state->drop != NULL)
        add_drop(lines, state, state->drop);
    else if (part != NULL)
        add_part(lines, state, app->snapshot->host, part);
    if (state->drop == NULL && chip != NULL && (part == NULL || is_beside(state)))
        add_chip(lines, state, chip);
    else if (state->drop == NULL && domain >= 0)
        add_domain(lines, state, chips_domain(&state->chips, (guint)domain));
    for (guint i = 0; i < lines->len && y < canvas->height; i++) {
        const PanelLine *line = &g_array_index(lines, PanelLine, i);
        int x = line->name != NULL ? NAME_WIDTH : 0;
        guint rest = lines->len - i - 1;
        /* How many there is no room for is said at the end of the last one. */
        g_autofree char *more =
            rest > 0 && y + 1 == canvas->height ? g_strdup_printf("+%u", rest) : g_strdup("");
        int width = canvas->width - (*more ? (int)strlen(more) + 1 : 0);
        if (line->name != NULL) {
            Style style = line->style == STYLE_WARN ? STYLE_WARN : STYLE_DIM;
            canvas_field(canvas, y, 0, NAME_WIDTH, ALIGN_LEFT, style, line->name);
        }
        canvas_text(canvas, y, width + 1, -1, STYLE_DIM, more);
        /* Beside the map there is room for the whole of a sentence. */
        int left = canvas->height - y - (int)rest;
        y += MAX(1, canvas_wrap(canvas, y, x, width - x, MAX(1, left), line->style, line->text));
    }
}
