/* The search puts a group's vCPUs on CPUs: core by core of the guest, each where it costs least. */
#include "core/place/search.h"

#include <string.h>

#define CORE_THREADS_MAX 16 /* of a guest's core that is put as one */

/* One of the guest's cores that is to be put: what it is of, and what holds wherever it goes. */
typedef struct {
    const PlaceGroup *group;
    const PlaceGuest *guest;
    const PlaceVcpu *vcpu; /* @size of them */
    guint size;
    guint opened;  /* cache groups the group has vCPUs in */
    gboolean fill; /* where others are already, rather than where nobody is */
} Unit;

/* What it costs to go to any core of @cache: no core of it costs less. */
static gint64 cache_cost(const PlaceSearch *search, const Unit *unit, guint cache, guint node)
{
    const PlaceState *state = search->state;
    gint64 cost = search->far[node] * unit->size;

    if (search->mine[cache] == 0 && unit->opened >= unit->group->caches)
        cost += COST_CACHE;
    if (unit->fill)
        return cost + (state->on_cache[cache] ? 0 : COST_OPEN_CACHE) +
               (state->on_node[node] ? 0 : COST_OPEN_NODE);
    gint64 group_used = state->on_cache[cache] + state->fixed_used[cache];
    gint64 node_used = state->on_node[node];
    if (state->policy == PLACE_ISOLATE && search->mine[cache] == 0 && state->vms_cache[cache] > 0)
        cost += COST_NEIGHBOUR;
    cost += COST_BALANCE * 2 * group_used * unit->size / MAX(state->capacity[cache], 1);
    return cost + COST_BALANCE * 2 * node_used * unit->size / MAX(state->node_capacity[node], 1);
}

/* What the core of its own adds; PLACE_IMPOSSIBLE where it must not go there. */
static gint64 core_cost(const PlaceSearch *search, const Unit *unit, guint core, guint node)
{
    const PlaceState *state = search->state;
    gboolean stranger = state->vms_core[core] + state->fixed_vms[core] > 0 &&
                        state->guest_core[unit->group->guest * state->machine->cores + core] == 0;
    gint64 cost = stranger ? COST_CORE : 0;

    if (stranger && state->policy == PLACE_ISOLATE)
        return PLACE_IMPOSSIBLE;
    if (state->on_core[core] == 0 && state->free_cores[node] == 1 && !state->fixed_vms[core])
        cost += COST_HELPER;
    if (unit->fill)
        return cost + (state->on_core[core] ? 0 : COST_OPEN_CORE);
    return cost + COST_TOGETHER * (gint64)state->on_core[core] * unit->size;
}

/* Picks for each vCPU of @unit the CPU of @core with the least on it that is left, into @picked.
 * Returns what they cost; PLACE_IMPOSSIBLE where there are too few. */
static gint64 pick_threads(const PlaceSearch *search, const Unit *unit, guint core, guint *picked)
{
    const PlaceState *state = search->state;
    PlaceSpan cpus = state->machine->core[core];
    gint64 cost = 0;

    for (guint k = 0; k < unit->size; k++) {
        const IdSet *pin = unit->vcpu[k].pin;
        gint64 least = G_MAXINT64;
        for (guint cpu = cpus.first; cpu < cpus.end; cpu++) {
            gboolean taken = FALSE;
            for (guint i = 0; i < k; i++)
                taken |= picked[i] == cpu;
            if (taken || !place_may_use(state, unit->guest, cpu))
                continue;
            gint64 load =
                COST_THREAD * state->on_cpu[cpu] + state->fixed[cpu] + COST_OWN * search->own[cpu];
            load += pin != NULL && !idset_has(pin, state->machine->cpu_id[cpu]) ? COST_MOVE : 0;
            if (load < least) {
                least = load;
                picked[k] = cpu;
            }
        }
        if (least == G_MAXINT64)
            return PLACE_IMPOSSIBLE;
        cost += least;
    }
    return cost;
}

/* Puts the @size vCPUs from @v of @unit on the core where they cost least; where it is the group's
 * first, of cache group @start if that has room. FALSE where none has enough threads. */
static gboolean put_unit(PlaceSearch *search, const Unit *unit, guint v, guint start)
{
    PlaceState *state = search->state;
    const PlaceMachine *machine = state->machine;
    guint picked[CORE_THREADS_MAX], best[CORE_THREADS_MAX];
    gint64 least = PLACE_IMPOSSIBLE;

    for (guint cache = 0; cache < machine->caches && unit->size <= CORE_THREADS_MAX; cache++) {
        PlaceSpan cores = machine->cache[cache];
        guint node = machine->node_of[machine->core[cores.first].first];
        if (search->far[node] == G_MAXINT64 || (unit->opened == 0 && cache != start))
            continue;
        state->work++;
        gint64 here = cache_cost(search, unit, cache, node);
        for (guint core = cores.first; core < cores.end && here < least; core++) {
            state->work++;
            gint64 cost = core_cost(search, unit, core, node);
            if (cost >= least - here)
                continue;
            gint64 threads = pick_threads(search, unit, core, picked);
            if (threads < least - here - cost) {
                least = here + cost + threads;
                memcpy(best, picked, unit->size * sizeof *picked);
            }
        }
    }
    if (least == PLACE_IMPOSSIBLE)
        return FALSE;
    for (guint i = 0; i < unit->size; i++) {
        place_put(state, v + i, best[i]);
        search->own[best[i]]++;
        search->mine[machine->cache_of[best[i]]]++;
    }
    return TRUE;
}

/* What a vCPU costs on each node for its distance from the memory; G_MAXINT64: not to be used. */
static void measure_nodes(PlaceSearch *search, const PlaceGroup *group)
{
    const PlaceMachine *machine = search->state->machine;
    double all = 0;

    for (guint i = 0; i < group->seats; i++)
        all += (double)group->lies[group->seat[i]];
    for (guint node = 0; node < machine->nodes; node++) {
        double far = 0;
        gboolean seated = FALSE;
        for (guint i = 0; i < search->seats; i++)
            seated |= search->seat[i] == node;
        for (guint i = 0; i < group->seats; i++) {
            double part = all > 0 ? (double)group->lies[group->seat[i]] / all : 1.0 / group->seats;
            guint local = place_distance(machine, node, node);
            guint distance = place_distance(machine, node, group->seat[i]);
            far += part * (distance > local ? distance - local : 0);
        }
        search->far[node] = seated ? (gint64)(100 * far + 0.5) * COST_DISTANCE : G_MAXINT64;
    }
}

gboolean search_put_group(PlaceSearch *search, guint g, guint start, gboolean fill)
{
    PlaceState *state = search->state;
    const PlaceGroup *group = &state->group[g];
    guint end = group->first + group->count;
    gboolean done = TRUE;

    memset(search->mine, 0, state->machine->caches * sizeof *search->mine);
    measure_nodes(search, group);
    for (guint v = group->first; v < end && done;) {
        Unit unit = {.group = group,
            .guest = &state->guest[group->guest],
            .vcpu = &state->vcpu[v],
            .size = 1,
            .fill = fill};
        while (v + unit.size < end && state->vcpu[v + unit.size].unit == state->vcpu[v].unit)
            unit.size++;
        for (guint i = 0; i < state->machine->caches && v > group->first; i++)
            unit.opened += search->mine[i] > 0;
        if (!put_unit(search, &unit, v, start)) {
            unit.size = 1; /* no core has so many threads: each by itself */
            done = put_unit(search, &unit, v, start);
        }
        v += unit.size;
    }
    for (guint v = group->first; v < end; v++)
        if (state->vcpu[v].cpu >= 0)
            search->own[state->vcpu[v].cpu]--;
    return done;
}

gboolean search_put_as_pinned(PlaceSearch *search, guint g)
{
    PlaceState *state = search->state;
    const PlaceGroup *group = &state->group[g];
    const PlaceGuest *guest = &state->guest[group->guest];

    for (guint v = group->first; v < group->first + group->count; v++) {
        guint best = G_MAXUINT;
        gint64 least = G_MAXINT64;
        if (state->vcpu[v].pin == NULL)
            return FALSE;
        for (IDSET_EACH(id, state->vcpu[v].pin)) {
            int cpu = place_cpu(state->machine, id);
            state->work++;
            if (cpu < 0 || !place_may_use(state, guest, (guint)cpu))
                continue;
            gint64 load = COST_THREAD * state->on_cpu[cpu] + state->fixed[cpu];
            if (load < least) {
                least = load;
                best = (guint)cpu;
            }
        }
        if (best == G_MAXUINT)
            return FALSE;
        place_put(state, v, best);
    }
    return TRUE;
}
