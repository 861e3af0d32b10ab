/* A proposal: the domains wished for are placed by the search, and what came out is told: the sets,
 * the settings that differ, the figures, and why. */
#include "core/place/layout.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

static const char *const policies[] = {
    [PLACE_SPREAD] = "spread", [PLACE_PACK] = "pack", [PLACE_ISOLATE] = "isolate"};

gboolean place_policy_parse(const char *name, PlacePolicy *policy, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(policies); i++) {
        if (g_str_equal(name, policies[i])) {
            *policy = (PlacePolicy)i;
            return TRUE;
        }
    }
    g_autofree char *shown = text_escape(name, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "there is no policy \"%s\": write pack, spread or isolate", shown);
    return FALSE;
}

const char *place_policy_name(PlacePolicy policy)
{
    return policies[policy];
}

static void setting_free(gpointer data)
{
    PlaceSetting *setting = data;

    g_free(setting->key);
    g_free(setting->value);
    g_free(setting);
}

static void placed_free(gpointer data)
{
    PlacedDomain *placed = data;

    g_free(placed->uuid);
    g_free(placed->name);
    g_free(placed->problem);
    g_ptr_array_unref(placed->vcpus);
    hwloc_bitmap_free(placed->helpers);
    hwloc_bitmap_free(placed->iothread_ids);
    hwloc_bitmap_free(placed->nodeset);
    g_ptr_array_unref(placed->cells);
    g_ptr_array_unref(placed->reasons);
    g_ptr_array_unref(placed->settings);
    g_free(placed);
}

void place_layout_free(PlaceLayout *layout)
{
    if (layout == NULL)
        return;
    g_ptr_array_unref(layout->domains);
    g_ptr_array_unref(layout->notes);
    g_free(layout);
}

static PlacedDomain *placed_new(const PlacePins *pins)
{
    PlacedDomain *placed = g_new0(PlacedDomain, 1);

    placed->uuid = g_strdup(pins->view->domain->uuid);
    placed->name = g_strdup(pins->view->domain->name);
    placed->vcpus = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    placed->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    placed->reasons = g_ptr_array_new_with_free_func(g_free);
    placed->settings = g_ptr_array_new_with_free_func(setting_free);
    return placed;
}

/* ---- which domains ---- */

static PlacePins *find_pins(const GPtrArray *all, const DomainView *view)
{
    for (guint i = 0; i < all->len; i++) {
        PlacePins *pins = g_ptr_array_index(all, i);
        if (pins->view == view)
            return pins;
    }
    return NULL;
}

/* FALSE with a sentence where @reserve names a CPU that the host does not have: it was mistyped. */
static gboolean check_reserve(const Topology *topology, const IdSet *reserve, GError **error)
{
    for (IDSET_EACH(id, reserve)) {
        if (topology_cpu(topology, id) == NULL) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "CPU %d cannot be reserved: this host has no such CPU", id);
            return FALSE;
        }
    }
    return TRUE;
}

/* The PlacePins of @all that @wish names, in the Snapshot's order. */
static GPtrArray *choose(
    const Snapshot *snapshot, const GPtrArray *all, const PlaceWish *wish, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);

    for (guint i = 0; wish->domains && wish->domains[i]; i++) {
        const DomainView *view = snapshot_domain(snapshot, wish->domains[i]);
        const PlacePins *pins = view ? find_pins(all, view) : NULL;
        if (pins == NULL) {
            g_autofree char *shown = text_escape(wish->domains[i], 60);
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                view ? "the XML of \"%s\" could not be read, so it cannot be placed"
                     : "there is no domain \"%s\"; `kvmtune domains` lists them",
                shown);
            return NULL;
        }
        g_hash_table_add(wanted, (gpointer)pins);
    }
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        PlacePins *pins = g_ptr_array_index(all, i);
        if (wish->domains ? g_hash_table_contains(wanted, pins)
                          : wish->all || domain_is_active(pins->view->domain))
            g_ptr_array_add(chosen, pins);
    }
    return chosen;
}

/* ---- the sets ---- */

/* The nodes that hold the memory of @group. */
static void add_nodes(const PlaceState *state, const PlaceGroup *group, IdSet *set)
{
    for (guint i = 0; i < group->seats; i++)
        hwloc_bitmap_set(set, (unsigned)state->machine->node_id[group->seat[i]]);
}

/* The CPUs of the node of @cpu on which more than one vCPU was put: there they share them all, for
 * the kernel to balance; with isolate, each guest its own. */
static IdSet *shared_cpus(const PlaceState *state, guint guest, guint cpu)
{
    const PlaceMachine *machine = state->machine;
    IdSet *set = hwloc_bitmap_alloc();

    for (guint v = 0; v < state->vcpus; v++) {
        guint other = (guint)state->vcpu[v].cpu;
        gboolean placed = state->vcpu[v].cpu >= 0 && state->on_cpu[other] > 1;
        if (placed && machine->node_of[other] == machine->node_of[cpu] &&
            (state->policy != PLACE_ISOLATE || state->group[state->vcpu[v].group].guest == guest))
            hwloc_bitmap_set(set, (unsigned)machine->cpu_id[other]);
    }
    return set;
}

static IdSet *vcpu_cpus(const PlaceState *state, const PlaceVcpu *vcpu)
{
    guint cpu = (guint)vcpu->cpu;

    if (state->on_cpu[cpu] > 1)
        return shared_cpus(state, state->group[vcpu->group].guest, cpu);
    IdSet *set = hwloc_bitmap_alloc();
    hwloc_bitmap_set(set, (unsigned)state->machine->cpu_id[cpu]);
    return set;
}

static gboolean is_on(const PlacedDomain *placed, int node)
{
    return idset_has(placed->nodeset, node);
}

/* How good a CPU is for emulators and I/O threads: the first of these of which its nodes have any.
 */
typedef enum { HELPER_RESERVED, HELPER_FREE_CORE, HELPER_FREE_THREAD, HELPER_ANY } HelperPlace;

static gboolean suits_helpers(
    const PlaceState *state, const PlaceWish *wish, guint cpu, HelperPlace place)
{
    guint core = state->machine->core_of[cpu];
    gboolean free_core = state->on_core[core] == 0 && state->fixed_vms[core] == 0;

    if (!state->helper_usable[cpu])
        return FALSE;
    if (place == HELPER_RESERVED)
        return free_core && idset_has(wish->reserve, state->machine->cpu_id[cpu]);
    if (place == HELPER_FREE_CORE)
        return free_core;
    return place == HELPER_ANY || (state->on_cpu[cpu] == 0 && state->fixed[cpu] == 0);
}

static HelperPlace choose_helpers(
    const PlaceState *state, const PlaceWish *wish, PlacedDomain *placed)
{
    HelperPlace place = HELPER_RESERVED;

    placed->helpers = hwloc_bitmap_alloc();
    for (; place <= HELPER_ANY; place++) {
        for (guint cpu = 0; cpu < state->machine->cpus; cpu++) {
            int node = state->machine->node_id[state->machine->node_of[cpu]];
            if (is_on(placed, node) && suits_helpers(state, wish, cpu, place))
                hwloc_bitmap_set(placed->helpers, (unsigned)state->machine->cpu_id[cpu]);
        }
        if (!hwloc_bitmap_iszero(placed->helpers))
            return place;
    }
    /* Its memory is where no CPU is: beside its vCPUs, then. */
    for (guint n = 0; n < placed->vcpus->len; n++)
        hwloc_bitmap_or(placed->helpers, placed->helpers, g_ptr_array_index(placed->vcpus, n));
    return HELPER_ANY;
}

static HelperPlace fill_sets(
    const PlaceState *state, const PlaceWish *wish, const PlaceGuest *guest, PlacedDomain *placed)
{
    const GArray *cells = guest->pins->config->cells;

    placed->nodeset = hwloc_bitmap_alloc();
    placed->iothread_ids = idset_copy(guest->pins->config->iothread_ids);
    g_ptr_array_set_size(placed->vcpus, (gint)guest->pins->vcpus);
    for (guint i = 0; i < guest->groups; i++) {
        const PlaceGroup *group = &state->group[guest->first_group + i];
        for (guint v = group->first; v < group->first + group->count; v++)
            placed->vcpus->pdata[state->vcpu[v].number] = vcpu_cpus(state, &state->vcpu[v]);
        add_nodes(state, group, placed->nodeset);
        if (cells->len > 0) {
            IdSet *own = hwloc_bitmap_alloc();
            add_nodes(state, group, own);
            g_ptr_array_add(placed->cells, own);
        }
    }
    return choose_helpers(state, wish, placed);
}

/* ---- the settings ---- */

G_GNUC_PRINTF(3, 4)
static void add_setting(PlacedDomain *placed, char *value, const char *format, ...)
{
    PlaceSetting *setting = g_new(PlaceSetting, 1);
    va_list args;

    va_start(args, format);
    setting->key = g_strdup_vprintf(format, args);
    va_end(args);
    setting->value = value;
    g_ptr_array_add(placed->settings, setting);
}

/* What is not so already. Where the host has one node, nothing is bound to it. */
static void fill_settings(const PlaceState *state, const PlacePins *pins, PlacedDomain *placed)
{
    const DomainConfig *config = pins->config;

    for (guint n = 0; n < placed->vcpus->len; n++) {
        const IdSet *set = g_ptr_array_index(placed->vcpus, n);
        if (!idset_equal(set, pins->vcpu[n]))
            add_setting(placed, idset_format(set), "vcpupin.%u", n);
    }
    if (!idset_equal(placed->helpers, pins->emulator))
        add_setting(placed, idset_format(placed->helpers), "emulatorpin");
    for (guint i = 0; i < pins->iothreads; i++)
        if (!idset_equal(placed->helpers, pins->iothread[i]))
            add_setting(
                placed, idset_format(placed->helpers), "iothreadpin.%d", pins->iothread_id[i]);
    if (state->machine->nodes < 2)
        return;
    if (!idset_equal(placed->nodeset, pins->nodeset))
        add_setting(placed, idset_format(placed->nodeset), "numatune.nodeset");
    for (guint c = 0; placed->cells->len > 1 && c < placed->cells->len; c++) {
        const GuestCell *cell = &g_array_index(config->cells, GuestCell, c);
        const char *mode = cell->mode              ? cell->mode
                           : config->numatune_mode ? config->numatune_mode
                                                   : "strict";
        const IdSet *nodes = g_ptr_array_index(placed->cells, c);
        g_autofree char *text = idset_format(nodes);
        if (!idset_equal(nodes, pins->cell_nodeset[c]))
            add_setting(
                placed, g_strconcat(mode, ":", text, NULL), "numatune.memnode.%d", cell->id);
    }
}

/* The pins as they would be, for the figures after. */
static void apply_sets(PlacePins *pins, const PlacedDomain *placed)
{
    for (guint n = 0; n < placed->vcpus->len; n++)
        pins->vcpu[n] = g_ptr_array_index(placed->vcpus, n);
    pins->emulator = placed->helpers;
    for (guint i = 0; i < pins->iothreads; i++)
        pins->iothread[i] = placed->helpers;
    pins->nodeset = placed->nodeset;
    pins->nodeset_staged = TRUE;
    for (guint c = 0; c < placed->cells->len; c++)
        pins->cell_nodeset[c] = g_ptr_array_index(placed->cells, c);
    pins->counts = TRUE;
}

/* ---- the proposal ---- */

static PlacedDomain *place_one(PlaceState *state, const Host *host, const PlaceWish *wish, guint g)
{
    const PlaceGuest *guest = &state->guest[g];
    PlacedDomain *placed = placed_new(guest->pins);

    if (!state->group[guest->first_group].placed) {
        placed->problem = place_misfit(state, host, g);
        return placed;
    }
    HelperPlace helpers = fill_sets(state, wish, guest, placed);
    fill_settings(state, guest->pins, placed);
    place_add_reasons(state, g, placed, helpers == HELPER_RESERVED || helpers == HELPER_FREE_CORE);
    return placed;
}

/* What weighs more than each figure and may be bought by it (docs/placement.md), and what else it
 * comes from; in the order of weight. */
static const struct {
    PlaceFigure figure;
    const char *else_why;
} prices[] = {
    {FIGURE_REMOTE_MEMORY, "no node has room for the memory and the vCPUs of all"},
    {FIGURE_STRADDLE_NODES, "no node alone has the CPUs or the memory"},
    {FIGURE_CROWDED_THREADS, "there are more vCPUs than CPUs near their memory"},
    {FIGURE_STRADDLE_CACHES, "to share threads with another VM weighs more"},
    {FIGURE_CROWDED_CORES, "there are fewer free cores near their memory than VMs"},
    {FIGURE_HELPERS_ON_VCPU_CORES, "every core of their nodes has vCPUs"},
};

static gboolean is_less(Num a, Num b)
{
    return a.known && b.known && a.value < b.value;
}

/* "memory remote 36.9% → 0.0%" */
static char *price_text(const PlaceLayout *layout, PlaceFigure figure)
{
    g_autofree char *before = place_figure_text(figure, layout->before.values[figure]);
    g_autofree char *after = place_figure_text(figure, layout->after.values[figure]);

    return g_strdup_printf("%s %s → %s", place_figure_info(figure)->name, before, after);
}

/* A figure that gets worse is never left without its reason: what of more weight gets better by it,
 * else what it comes from. */
static void add_prices(PlaceLayout *layout)
{
    const Num *before = layout->before.values, *after = layout->after.values;

    for (guint i = 0; i < G_N_ELEMENTS(prices); i++) {
        PlaceFigure worse = prices[i].figure;
        if (!is_less(before[worse], after[worse]))
            continue;
        g_autofree char *text = price_text(layout, worse);
        g_autoptr(GString) note = g_string_new(text);
        gboolean bought = FALSE;
        for (guint k = 0; k < i; k++) {
            PlaceFigure better = prices[k].figure;
            if (!is_less(after[better], before[better]))
                continue;
            g_autofree char *gain = price_text(layout, better);
            g_string_append_printf(note, "%s%s", bought ? ", " : ": for ", gain);
            bought = TRUE;
        }
        if (!bought)
            g_string_append_printf(note, ": %s", prices[i].else_why);
        g_ptr_array_add(layout->notes, g_strdup(note->str));
    }
}

/* Domains that are off and were not asked for get no room: it is said. */
static void note_inactive(const GPtrArray *all, const PlaceWish *wish, PlaceLayout *layout)
{
    guint off = 0;

    for (guint i = 0; i < all->len; i++)
        off += !domain_is_active(((const PlacePins *)all->pdata[i])->view->domain);
    if (off > 0 && wish->domains == NULL && !wish->all)
        g_ptr_array_add(layout->notes,
            g_strdup_printf("no room is kept for %u domain%s that %s off: --all places %s too", off,
                off == 1 ? "" : "s", off == 1 ? "is" : "are", off == 1 ? "it" : "them"));
}

static PlaceLayout *propose(
    const Snapshot *snapshot, const Plan *plan, const PlaceWish *wish, guint64 work, GError **error)
{
    if (snapshot->host == NULL || snapshot->domains == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "nothing can be placed: %s is not known (yet)",
            snapshot->host ? "which domains there are" : "the host's topology");
        return NULL;
    }
    if (!check_reserve(snapshot->host->topology, wish->reserve, error))
        return NULL;
    g_autoptr(GPtrArray) all = place_pins(snapshot, plan);
    g_autoptr(GPtrArray) chosen = choose(snapshot, all, wish, error);
    if (chosen == NULL)
        return NULL;
    g_autoptr(PlaceMachine) machine = place_machine_new(snapshot->host->topology);
    g_autoptr(PlaceState) state = place_state_new(snapshot, machine, all, chosen, plan, wish);
    PlaceLayout *layout = g_new0(PlaceLayout, 1);

    place_search(state, work);
    layout->policy = wish->policy;
    layout->cost = place_cost(state);
    layout->domains = g_ptr_array_new_with_free_func(placed_free);
    layout->notes = g_ptr_array_new_with_free_func(g_free);
    layout->before = place_figures_of(machine, all);
    for (guint i = 0; i < state->guests; i++)
        g_ptr_array_add(layout->domains, place_one(state, snapshot->host, wish, i));
    for (guint i = 0; i < state->guests; i++) {
        const PlacedDomain *placed = g_ptr_array_index(layout->domains, i);
        if (placed->problem == NULL)
            apply_sets(g_ptr_array_index(chosen, i), placed);
    }
    layout->after = place_figures_of(machine, all);
    add_prices(layout);
    note_inactive(all, wish, layout);
    return layout;
}

PlaceLayout *place_propose(
    const Snapshot *snapshot, const Plan *plan, const PlaceWish *wish, GError **error)
{
    return propose(snapshot, plan, wish, PLACE_WORK, error);
}

PlaceLayout *place_domain_onto(const Snapshot *snapshot, const Plan *plan, const char *domain,
    const IdSet *cpus, GError **error)
{
    const char *const domains[] = {domain, NULL};
    const PlaceWish wish = {.domains = domains, .policy = PLACE_SPREAD, .within = cpus};

    return propose(snapshot, plan, &wish, PLACE_WORK_DRAG, error);
}

gboolean place_stage(
    const PlaceLayout *layout, guint index, const Snapshot *snapshot, Plan *plan, GError **error)
{
    const PlacedDomain *placed = g_ptr_array_index(layout->domains, index);
    g_autoptr(Plan) trial = plan_copy(plan);
    guint act = trial->acts + 1;

    if (placed->problem) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s", placed->problem);
        return FALSE;
    }
    for (guint i = 0; i < placed->settings->len; i++) {
        const PlaceSetting *setting = g_ptr_array_index(placed->settings, i);
        if (!plan_stage(
                trial, snapshot, placed->uuid, setting->key, setting->value, SCOPE_BOTH, error))
            return FALSE;
    }
    /* One act, to be taken back as one. */
    for (guint i = 0; i < trial->changes->len; i++) {
        Change *change = g_ptr_array_index(trial->changes, i);
        change->act = MIN(change->act, act);
    }
    trial->acts = MIN(trial->acts, act);
    Plan before = *plan;
    *plan = *trial;
    *trial = before;
    return TRUE;
}
