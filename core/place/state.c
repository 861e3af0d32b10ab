/* The state a proposal starts from: the host's room, the guests to place, and what stays. */
#include "core/place/layout.h"
#include "core/util/text.h"

#include <string.h>

/* ---- the guests ---- */

/* The KiB of the default hugepage; 0 unknown. */
static guint64 default_page(const Host *host)
{
    return (guint64)num_or(kernel_file_number(host->meminfo, "Hugepagesize"), 0);
}

/* The page size that the backing @value ("off", "default", "2M", "2M@0-1;1G@2") has for guest cell
 * @cell; 0: small pages. */
static guint64 page_for(const Host *host, const char *value, int cell)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", -1);

    if (g_str_equal(value, "off"))
        return 0;
    for (guint i = 0; parts[i]; i++) {
        char *at = strchr(parts[i], '@');
        guint64 kib;
        if (at)
            *at = '\0';
        g_autoptr(IdSet) cells = at ? idset_parse(at + 1, NULL) : NULL;
        if (text_parse_size(parts[i], &kib) && (at == NULL || idset_has(cells, MAX(cell, 0))))
            return kib;
    }
    return default_page(host);
}

/* Where the memory of a running guest lies, as a share of all it has: as its cgroup says; else on
 * the nodes it is bound to; else, not being known, as the nodes are large. */
static double lies_on(
    const PlaceMachine *machine, const Host *host, const PlacePins *pins, guint node)
{
    const DomainUsage *usage = pins->view->usage;
    const IdSet *bound = pins->config->numatune_nodeset;
    double part = 0, all = 0;

    for (guint i = 0; usage && usage->memory && i < usage->memory->len; i++) {
        const NodeKib *lying = &g_array_index(usage->memory, NodeKib, i);
        all += (double)lying->kib;
        part += lying->node == machine->node_id[node] ? (double)lying->kib : 0;
    }
    for (guint n = 0; (usage == NULL || usage->memory == NULL) && n < machine->nodes; n++) {
        const NodeMemory *memory = host->nodes->pdata[n];
        double size =
            bound ? idset_has(bound, machine->node_id[n]) : (double)num_or(memory->memory_kib, 0);
        all += size;
        part += n == node ? size : 0;
    }
    return all > 0 ? part / all : 0;
}

/* What of its memory lies on which node already, in the group's units. To stay there it needs no
 * more than it has. */
static void hold_memory(
    PlaceState *state, const Host *host, const PlacePins *pins, PlaceMemory *memory)
{
    gint64 sum = 0;

    memory->held = g_new0(gint64, state->machine->nodes);
    for (guint node = 0; node < state->machine->nodes; node++) {
        double share = lies_on(state->machine, host, pins, node);
        memory->held[node] = (gint64)(share * (double)memory->need + 0.5);
        sum += memory->held[node];
    }
    if (sum > 0)
        memory->need = sum;
}

static void add_group(
    PlaceState *state, const Host *host, guint guest, const GuestCell *cell, const char *backing)
{
    const PlacePins *pins = state->guest[guest].pins;
    PlaceGroup *group = &state->group[state->groups++];
    gint64 kib = num_or(cell ? cell->memory_kib : pins->config->memory_kib, 0);

    group->guest = guest;
    group->first = state->vcpus;
    group->memory.page_kib = page_for(host, backing, cell ? cell->id : -1);
    gint64 unit = group->memory.page_kib ? (gint64)group->memory.page_kib : 1;
    group->memory.need = kib / unit + (kib % unit != 0);
    group->seat = g_new0(guint, state->machine->nodes);
    group->taken = g_new0(gint64, state->machine->nodes);
    group->lies = g_new0(gint64, state->machine->nodes);
    if (state->guest[guest].running)
        hold_memory(state, host, pins, &group->memory);
    for (guint n = 0; n < pins->vcpus; n++) {
        /* A vCPU of no cell goes with the first one. */
        gboolean first = cell == NULL || cell == (const GuestCell *)pins->config->cells->data;
        gboolean member = cell == NULL || idset_has(cell->cpus, n);
        for (guint c = 0; !member && first; c++) {
            member = c == pins->config->cells->len;
            if (member || idset_has(g_array_index(pins->config->cells, GuestCell, c).cpus, n))
                break;
        }
        if (member)
            state->vcpu[state->vcpus++] = (PlaceVcpu){.group = state->groups - 1,
                .number = n,
                .unit = n / MAX(pins->config->threads, 1),
                .cpu = -1,
                .pin = pins->vcpu[n]};
    }
    group->count = state->vcpus - group->first;
}

/* The least number of cache groups that hold as many vCPUs as @group has: the largest ones of a
 * node, for it is to be in one. */
static guint least_caches(const PlaceState *state, const PlaceGroup *group)
{
    guint largest = 0;

    for (guint cache = 0; cache < state->machine->caches; cache++)
        largest = MAX(largest, state->capacity[cache]);
    return largest ? (group->count + largest - 1) / largest : G_MAXUINT;
}

static gboolean uses_isolated(const PlaceMachine *machine, const PlacePins *pins)
{
    for (guint n = 0; n < pins->vcpus; n++) {
        const IdSet *pin = pins->vcpu[n];
        int cpu = pin ? place_cpu(machine, hwloc_bitmap_first(pin)) : -1;
        if (cpu >= 0 && machine->isolated[cpu] && idset_count(pin) == 1)
            return TRUE;
    }
    return FALSE;
}

static void add_guests(
    PlaceState *state, const Host *host, const GPtrArray *chosen, const Plan *plan)
{
    guint groups = 0, vcpus = 0;

    for (guint i = 0; i < chosen->len; i++) {
        const PlacePins *pins = chosen->pdata[i];
        groups += MAX(pins->config->cells->len, 1);
        vcpus += pins->vcpus;
    }
    state->guests = chosen->len;
    state->guest = g_new0(PlaceGuest, chosen->len);
    state->group = g_new0(PlaceGroup, groups);
    state->vcpu = g_new0(PlaceVcpu, vcpus);
    for (guint i = 0; i < chosen->len; i++) {
        const PlacePins *pins = chosen->pdata[i];
        const Domain *domain = pins->view->domain;
        const GArray *cells = pins->config->cells;
        PlaceGuest *guest = &state->guest[i];
        guest->pins = pins;
        guest->running = domain_is_active(domain);
        guest->isolated = uses_isolated(state->machine, pins);
        guest->helpers = 1 + pins->iothreads;
        for (guint cpu = 0; cpu < state->machine->cpus; cpu++)
            guest->usable += place_may_use(state, guest, cpu);
        guest->larger = pins->vcpus > guest->usable;
        guest->first_group = state->groups;
        guest->groups = MAX(cells->len, 1);
        const char *staged = guest->running || plan == NULL
                                 ? NULL
                                 : plan_value(plan, domain->uuid, "memory.hugepages");
        const char *backing = staged && *staged ? staged : pins->config->hugepages;
        if (cells->len == 0)
            add_group(state, host, i, NULL, backing);
        for (guint c = 0; c < cells->len; c++)
            add_group(state, host, i, &g_array_index(cells, GuestCell, c), backing);
    }
    state->unplaced = state->groups;
}

/* ---- the host ---- */

/* What of a node's memory could be had: what is free, and what only caches files. */
static gint64 free_memory(const NodeMemory *node)
{
    gint64 kib = num_or(node->free_kib, 0);

    kib += num_or(kernel_file_number(node->meminfo, "Active(file)"), 0);
    return kib + num_or(kernel_file_number(node->meminfo, "Inactive(file)"), 0);
}

static void add_room(PlaceState *state, const Host *host)
{
    guint nodes = state->machine->nodes, pools = host->pools ? host->pools->len : 0;

    state->sizes = 1 + pools;
    state->page_kib = g_new0(guint64, state->sizes);
    state->room = g_new0(gint64, state->sizes * nodes);
    state->spare = g_new0(gint64, state->sizes);
    state->spare[0] = G_MAXINT64 / 2;
    for (guint i = 0; i < pools; i++) {
        const HugePool *pool = &g_array_index(host->pools, HugePool, i);
        state->page_kib[1 + i] = pool->size_kib;
        /* Reserved pages are free still, but promised to somebody, on whichever node. */
        state->spare[1 + i] = MAX(num_or(pool->free, 0) - num_or(pool->reserved, 0), 0);
    }
    for (guint n = 0; n < nodes && n < host->nodes->len; n++) {
        const NodeMemory *node = g_ptr_array_index(host->nodes, n);
        state->room[n] = free_memory(node);
        for (guint p = 0; node->pools && p < node->pools->len; p++) {
            const HugePool *pool = &g_array_index(node->pools, HugePool, p);
            for (guint i = 1; i < state->sizes; i++)
                if (state->page_kib[i] == pool->size_kib)
                    state->room[i * nodes + n] = num_or(pool->free, 0);
        }
    }
}

static void add_cpus(PlaceState *state, const PlaceWish *wish)
{
    const PlaceMachine *machine = state->machine;

    state->usable = g_new0(gboolean, machine->cpus);
    state->helper_usable = g_new0(gboolean, machine->cpus);
    state->capacity = g_new0(guint, machine->caches);
    state->node_capacity = g_new0(guint, machine->nodes);
    for (guint cpu = 0; cpu < machine->cpus; cpu++) {
        int id = machine->cpu_id[cpu];
        gboolean within = wish->within == NULL || idset_has(wish->within, id);
        state->usable[cpu] = within && !idset_has(wish->reserve, id);
        state->helper_usable[cpu] = within && !machine->isolated[cpu];
        if (state->usable[cpu] && !machine->isolated[cpu]) {
            state->capacity[machine->cache_of[cpu]]++;
            state->node_capacity[machine->node_of[cpu]]++;
        }
    }
}

/* The demand of those that stay, each vCPU in equal parts over the CPUs it is pinned to. */
static void add_fixed(PlaceState *state, const GPtrArray *all, const GPtrArray *chosen)
{
    const PlaceMachine *machine = state->machine;
    g_autofree double *demand = g_new0(double, machine->cpus);
    g_autofree double *of_core = g_new(double, machine->cores);

    for (guint i = 0; i < all->len; i++) {
        PlacePins *pins = all->pdata[i];
        if (!pins->counts || g_ptr_array_find((GPtrArray *)chosen, pins, NULL))
            continue;
        for (guint core = 0; core < machine->cores; core++)
            of_core[core] = 0;
        for (guint n = 0; n < pins->vcpus; n++) {
            const IdSet *pin = pins->vcpu[n];
            guint cpus = idset_count(pin);
            if (pin == NULL || hwloc_bitmap_isincluded(machine->topology->online, pin))
                continue; /* anywhere: no demand on any one CPU */
            for (IDSET_EACH(id, pin)) {
                int cpu = place_cpu(machine, id);
                if (cpu < 0)
                    continue;
                demand[cpu] += 1.0 / cpus;
                of_core[machine->core_of[cpu]] += 1.0 / cpus;
            }
        }
        for (guint core = 0; core < machine->cores; core++)
            state->fixed_vms[core] += of_core[core] >= 0.5;
    }
    for (guint cpu = 0; cpu < machine->cpus; cpu++)
        state->fixed[cpu] = (gint64)((double)COST_THREAD * demand[cpu]);
    for (guint cache = 0; cache < machine->caches; cache++) {
        PlaceSpan cpus = place_cache_cpus(machine, cache);
        double sum = 0;
        for (guint cpu = cpus.first; cpu < cpus.end; cpu++)
            sum += demand[cpu];
        state->fixed_used[cache] = (guint)(sum + 0.5);
    }
}

static void count_free_cores(PlaceState *state)
{
    const PlaceMachine *machine = state->machine;

    for (guint core = 0; core < machine->cores; core++) {
        gboolean usable = FALSE;
        for (guint cpu = machine->core[core].first; cpu < machine->core[core].end; cpu++)
            usable |= state->helper_usable[cpu];
        if (usable && !state->fixed_vms[core])
            state->free_cores[machine->node_of[machine->core[core].first]]++;
    }
}

PlaceState *place_state_new(const Snapshot *snapshot, const PlaceMachine *machine,
    const GPtrArray *all, const GPtrArray *chosen, const Plan *plan, const PlaceWish *wish)
{
    PlaceState *state = g_new0(PlaceState, 1);

    state->machine = machine;
    state->policy = wish->policy;
    state->scratch = g_new0(guint, MAX(machine->cpus, 1));
    add_cpus(state, wish);
    add_room(state, snapshot->host);
    add_guests(state, snapshot->host, chosen, plan);
    for (guint g = 0; g < state->groups; g++)
        state->group[g].caches = least_caches(state, &state->group[g]);
    state->fixed = g_new0(gint64, machine->cpus);
    state->fixed_vms = g_new0(guint, machine->cores);
    state->fixed_used = g_new0(guint, machine->caches);
    add_fixed(state, all, chosen);
    state->on_cpu = g_new0(guint, machine->cpus);
    state->on_core = g_new0(guint, machine->cores);
    state->on_cache = g_new0(guint, machine->caches);
    state->on_node = g_new0(guint, machine->nodes);
    state->vms_core = g_new0(guint, machine->cores);
    state->vms_cache = g_new0(guint, machine->caches);
    state->guest_core = g_new0(guint16, MAX(state->guests * machine->cores, 1));
    state->guest_cache = g_new0(guint16, MAX(state->guests * machine->caches, 1));
    state->free_cores = g_new0(guint, machine->nodes);
    count_free_cores(state);
    return state;
}

void place_state_free(PlaceState *state)
{
    if (state == NULL)
        return;
    for (guint g = 0; g < state->groups; g++) {
        g_free(state->group[g].memory.held);
        g_free(state->group[g].seat);
        g_free(state->group[g].taken);
        g_free(state->group[g].lies);
    }
    gpointer owned[] = {state->guest, state->group, state->vcpu, state->page_kib, state->room,
        state->spare, state->usable, state->helper_usable, state->fixed, state->fixed_vms,
        state->fixed_used, state->on_cpu, state->on_core, state->on_cache, state->on_node,
        state->vms_core, state->vms_cache, state->guest_core, state->guest_cache, state->free_cores,
        state->capacity, state->node_capacity, state->scratch};
    for (guint i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
    g_free(state);
}
