/* The board's side panel: a chip, and a domain with its chips. */
#include "tui/screens/board/boardpanel.h"

#include "core/util/text.h"
#include "tui/widgets/cell.h"

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

static const char *asked_name(const Chip *chip)
{
    return chip->staged ? "staged" : "asked";
}

/* "2-3", where it really may run; with @mark where that is not as asked. The caller frees it, as
 * all texts here. */
static char *real_text(const Chip *chip, const char *mark)
{
    g_autofree char *real = cell_set(chip->real, "–");
    g_autofree char *cpuset = cell_set(chip->cpuset, "");

    return g_strdup_printf(
        "%s%s%s%s", real, chip->strays ? mark : "", *cpuset ? ", its cgroup allows " : "", cpuset);
}

/* "30%, waits 1%, last on CPU 2" */
static char *load_text(const Chip *chip)
{
    g_autofree char *load = cell_percent(chip->load);
    g_autofree char *wait = cell_percent(chip->wait);
    g_autofree char *last = cell_num(chip->last_cpu >= 0 ? NUM(chip->last_cpu) : NUM_UNKNOWN);

    return g_strdup_printf("%s, waits %s, last on CPU %s", load, wait, last);
}

/* "2  load 30%  waits 1%", or "2 ! 0-7 …" where it really may run on 0-7. */
static char *brief_text(const Chip *chip, const char *gap)
{
    g_autofree char *asked = cell_set(chip->asked, "anywhere");
    g_autofree char *real = cell_set(chip->real, "–");
    g_autofree char *load = cell_percent(chip->load);
    g_autofree char *wait = cell_percent(chip->wait);

    return g_strdup_printf("%s%s%s%sload %s%swaits %s", asked, chip->strays ? " ! " : "",
        chip->strays ? real : "", gap, load, gap, wait);
}

void panel_add_chip(GArray *lines, const BoardState *state, const Chip *chip)
{
    const ChipDomain *domain = chips_domain(&state->chips, chip->domain);

    panel_add(lines, NULL, domain->mark->style, chip_title(domain, chip));
    panel_add(lines, asked_name(chip), chip->staged ? STYLE_STAGED : STYLE_TEXT,
        cell_set(chip->asked, "anywhere"));
    if (domain->usage == NULL) {
        panel_add(lines, "runs", STYLE_DIM, g_strdup(domain_state_name(domain->domain->state)));
        return;
    }
    panel_add(
        lines, "real", chip->strays ? STYLE_BAD : STYLE_TEXT, real_text(chip, "  ! not as asked"));
    panel_add(lines, "load", STYLE_TEXT, load_text(chip));
}

void panel_add_chip_line(GArray *lines, const BoardState *state, const Chip *chip)
{
    const ChipDomain *domain = chips_domain(&state->chips, chip->domain);
    g_autofree char *name = text_escape(domain->domain->name, 12);
    g_autofree char *asked = cell_set(chip->asked, "anywhere");
    g_autofree char *real = real_text(chip, " !");
    g_autofree char *load = load_text(chip);
    Style style = chip->strays ? STYLE_BAD : chip->staged ? STYLE_STAGED : STYLE_TEXT;

    panel_add(lines, chip->label, style,
        domain->usage == NULL
            ? g_strdup_printf("%s, %s: %s %s", name, domain_state_name(domain->domain->state),
                  asked_name(chip), asked)
            : g_strdup_printf(
                  "%s: %s %s, real %s, load %s", name, asked_name(chip), asked, real, load));
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
        g_autofree char *brief = brief_text(chip, ", ");
        g_string_append_printf(text, "%s%s %s", i > domain->first ? "; " : "", chip->label, brief);
    }
    return g_strdup(text->str);
}

/* A table of its vCPUs: as much as there is room for. */
static void add_vcpus(GArray *lines, const BoardState *state, const ChipDomain *domain)
{
    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        const Chip *chip = chips_at(&state->chips, i);
        panel_add(
            lines, chip->label, chip->strays ? STYLE_BAD : STYLE_TEXT, brief_text(chip, "  "));
    }
}

void panel_add_domain(GArray *lines, const BoardState *state, const ChipDomain *domain)
{
    const DomainConfig *config = domain_now(domain->domain);
    g_autofree char *name = text_escape(domain->domain->name, 40);
    const char *state_name = domain_state_name(domain->domain->state);
    gboolean beside = panel_is_beside(state);

    panel_add(lines, NULL, domain->mark->style,
        g_strdup_printf("%s  %s%s%s", domain->mark->letters, name, beside ? "" : "  ",
            beside ? "" : state_name));
    if (beside)
        panel_add(lines, "state", STYLE_TEXT, g_strdup(state_name));
    if (config == NULL)
        return;
    g_autofree char *memory = cell_size(config->memory_kib);
    g_autofree char *nodes = cell_set(config->numatune_nodeset, "");
    panel_add(lines, "memory", STYLE_TEXT,
        g_strdup_printf("%s, hugepages %s", memory, config->hugepages));
    panel_go_on(lines, "numatune",
        config->numatune_mode != NULL ? g_strdup_printf("%s %s", config->numatune_mode, nodes)
                                      : g_strdup("none"),
        beside);
    if (domain->usage != NULL)
        panel_add(lines, "lies on", STYLE_TEXT, memory_by_node(domain->usage));
    if (beside)
        add_vcpus(lines, state, domain);
    else if (domain->usage != NULL)
        panel_add(lines, "threads", STYLE_TEXT, threads_text(state, domain));
}
