/* A layout in the making: what is put where, and what it costs. The cost is kept up to date at each
 * step, so that thousands of layouts may be tried. */
#include "core/place/layout.h"

#include <string.h>

#define KIB_PER_GIB (1024 * 1024)

gboolean place_may_use(const PlaceState *state, const PlaceGuest *guest, guint cpu)
{
    return state->usable[cpu] && (!state->machine->isolated[cpu] || guest->isolated);
}

/* ---- memory ---- */

static guint size_index(const PlaceState *state, guint64 page_kib)
{
    for (guint i = 0; i < state->sizes; i++)
        if (state->page_kib[i] == page_kib)
            return i;
    return G_MAXUINT;
}

gboolean place_take(PlaceState *state, guint g, const guint *seat, guint seats)
{
    PlaceGroup *group = &state->group[g];
    guint nodes = state->machine->nodes;
    guint size = size_index(state, group->memory.page_kib);
    gint64 left = group->memory.need, fresh = 0;

    memset(group->taken, 0, nodes * sizeof *group->taken);
    memset(group->lies, 0, nodes * sizeof *group->lies);
    if (left > 0 && size == G_MAXUINT)
        return FALSE; /* pages of a size the host has not */
    /* What it has already costs nothing; the rest is taken nearest first, as the kernel does. */
    for (guint i = 0; i < seats && group->memory.held; i++) {
        gint64 held = MIN(group->memory.held[seat[i]], left);
        group->lies[seat[i]] = held;
        left -= held;
    }
    for (guint i = 0; i < seats && left > 0; i++) {
        gint64 part = CLAMP(left, 0, state->room[size * nodes + seat[i]]);
        group->taken[seat[i]] = part;
        group->lies[seat[i]] += part;
        left -= part;
        fresh += part;
    }
    if (left > 0 || (size > 0 && fresh > state->spare[size])) {
        memset(group->taken, 0, nodes * sizeof *group->taken);
        return FALSE;
    }
    /* Of the nodes, those count on which something lies. */
    group->seats = 0;
    for (guint i = 0; i < seats; i++) {
        if (size < state->sizes)
            state->room[size * nodes + seat[i]] -= group->taken[seat[i]];
        if (group->lies[seat[i]] > 0 || group->memory.need == 0)
            group->seat[group->seats++] = seat[i];
    }
    if (size < state->sizes)
        state->spare[size] -= fresh;
    group->placed = TRUE;
    state->unplaced--;
    return TRUE;
}

void place_give_back(PlaceState *state, guint g)
{
    PlaceGroup *group = &state->group[g];
    guint nodes = state->machine->nodes;
    guint size = size_index(state, group->memory.page_kib);

    for (guint node = 0; node < nodes && size < state->sizes; node++) {
        state->room[size * nodes + node] += group->taken[node];
        state->spare[size] += group->taken[node];
    }
    group->placed = FALSE;
    group->seats = 0;
    state->unplaced++;
}

/* ---- vCPUs ---- */

static gint64 pairs(guint64 n)
{
    return (gint64)(n * (n - (n > 0)) / 2);
}

/* What a cache group or node costs in which @used of @capacity threads are. */
static gint64 balance(guint64 used, guint capacity)
{
    return capacity ? (gint64)(COST_BALANCE * used * used / capacity) : 0;
}

/* The part of the cost that @cpu, its core, group and node bear. */
static gint64 cost_around(const PlaceState *state, guint cpu)
{
    const PlaceMachine *machine = state->machine;
    guint core = machine->core_of[cpu], cache = machine->cache_of[cpu];
    guint node = machine->node_of[cpu];
    guint vms = state->vms_core[core] + state->fixed_vms[core];
    gint64 cost = COST_THREAD * pairs(state->on_cpu[cpu]) + state->fixed[cpu] * state->on_cpu[cpu];

    if (state->vms_core[core] > 0 && vms > 1)
        cost += COST_CORE * (gint64)(vms - 1);
    if (state->policy == PLACE_PACK)
        return cost + (state->on_core[core] && !state->fixed_vms[core] ? COST_OPEN_CORE : 0) +
               (state->on_cache[cache] && !state->fixed_used[cache] ? COST_OPEN_CACHE : 0) +
               (state->on_node[node] ? COST_OPEN_NODE : 0);
    if (state->policy == PLACE_ISOLATE && state->vms_cache[cache] > 1)
        cost += COST_NEIGHBOUR * (gint64)(state->vms_cache[cache] - 1);
    return cost + COST_TOGETHER * pairs(state->on_core[core]) +
           balance(state->on_cache[cache] + state->fixed_used[cache], state->capacity[cache]) +
           balance(state->on_node[node], state->node_capacity[node]);
}

static gboolean is_free_core(const PlaceState *state, guint core)
{
    if (state->on_core[core] || state->fixed_vms[core])
        return FALSE;
    for (guint cpu = state->machine->core[core].first; cpu < state->machine->core[core].end; cpu++)
        if (state->helper_usable[cpu])
            return TRUE;
    return FALSE;
}

/* Counts vCPU @v in (+1) or out (-1) of @cpu. */
static void count(PlaceState *state, guint v, guint cpu, gboolean in)
{
    const PlaceMachine *machine = state->machine;
    guint core = machine->core_of[cpu], cache = machine->cache_of[cpu];
    guint guest = state->group[state->vcpu[v].group].guest;
    guint16 *of_core = &state->guest_core[guest * machine->cores + core];
    guint16 *of_cache = &state->guest_cache[guest * machine->caches + cache];
    guint by = in ? 1 : G_MAXUINT; /* -1, modulo */

    state->shared -= cost_around(state, cpu);
    gboolean was_free = is_free_core(state, core);
    state->on_cpu[cpu] += by;
    state->on_core[core] += by;
    state->on_cache[cache] += by;
    state->on_node[machine->node_of[cpu]] += by;
    if (in) {
        state->vms_core[core] += (*of_core)++ == 0;
        state->vms_cache[cache] += (*of_cache)++ == 0;
    } else {
        state->vms_core[core] -= --*of_core == 0;
        state->vms_cache[cache] -= --*of_cache == 0;
    }
    gboolean is_free = is_free_core(state, core);
    if (was_free != is_free)
        state->free_cores[machine->node_of[cpu]] += is_free ? 1 : G_MAXUINT;
    state->shared += cost_around(state, cpu);
}

void place_put(PlaceState *state, guint v, guint cpu)
{
    count(state, v, cpu, TRUE);
    state->vcpu[v].cpu = (int)cpu;
}

void place_remove(PlaceState *state, guint v)
{
    count(state, v, (guint)state->vcpu[v].cpu, FALSE);
    state->vcpu[v].cpu = -1;
}

void place_lift(PlaceState *state, guint index)
{
    PlaceGuest *guest = &state->guest[index];

    for (guint i = 0; i < guest->groups; i++) {
        PlaceGroup *group = &state->group[guest->first_group + i];
        for (guint v = group->first; v < group->first + group->count; v++)
            if (state->vcpu[v].cpu >= 0)
                place_remove(state, v);
        if (group->placed)
            place_give_back(state, guest->first_group + i);
    }
    guest->cost = 0;
    guest->doubled = FALSE;
}

/* ---- as it was ---- */

PlaceKept *place_keep(const PlaceState *state, guint index)
{
    const PlaceGuest *guest = &state->guest[index];
    const PlaceGroup *first = &state->group[guest->first_group];
    const PlaceGroup *last = first + guest->groups - 1;
    guint nodes = state->machine->nodes;
    PlaceKept *kept = g_new0(PlaceKept, 1);

    kept->placed = first->placed;
    kept->seats = g_new0(guint, guest->groups);
    kept->seat = g_new0(guint, guest->groups * nodes);
    kept->taken = g_new0(gint64, guest->groups * nodes);
    kept->lies = g_new0(gint64, guest->groups * nodes);
    kept->cpu = g_new(int, last->first + last->count - first->first);
    for (guint i = 0; i < guest->groups; i++) {
        kept->seats[i] = first[i].seats;
        memcpy(kept->seat + i * nodes, first[i].seat, nodes * sizeof(guint));
        memcpy(kept->taken + i * nodes, first[i].taken, nodes * sizeof(gint64));
        memcpy(kept->lies + i * nodes, first[i].lies, nodes * sizeof(gint64));
    }
    for (guint v = first->first; v < last->first + last->count; v++)
        kept->cpu[v - first->first] = state->vcpu[v].cpu;
    return kept;
}

void place_kept_free(PlaceKept *kept)
{
    g_free(kept->seats);
    g_free(kept->seat);
    g_free(kept->taken);
    g_free(kept->lies);
    g_free(kept->cpu);
    g_free(kept);
}

void place_bring_back(PlaceState *state, guint index, const PlaceKept *kept)
{
    const PlaceGuest *guest = &state->guest[index];
    PlaceGroup *first = &state->group[guest->first_group];
    guint nodes = state->machine->nodes;

    for (guint i = 0; i < guest->groups && kept->placed; i++) {
        PlaceGroup *group = &first[i];
        guint size = size_index(state, group->memory.page_kib);
        group->placed = TRUE;
        group->seats = kept->seats[i];
        state->unplaced--;
        memcpy(group->seat, kept->seat + i * nodes, nodes * sizeof(guint));
        memcpy(group->taken, kept->taken + i * nodes, nodes * sizeof(gint64));
        memcpy(group->lies, kept->lies + i * nodes, nodes * sizeof(gint64));
        for (guint node = 0; node < nodes && size < state->sizes; node++) {
            state->room[size * nodes + node] -= group->taken[node];
            state->spare[size] -= group->taken[node];
        }
        for (guint v = group->first; v < group->first + group->count; v++)
            place_put(state, v, (guint)kept->cpu[v - first->first]);
    }
    place_settle(state, index);
}

/* ---- what is a guest's own ---- */

/* The distance of the group's vCPUs from its memory, over a local one's, in 1/100. */
static gint64 group_distance(const PlaceState *state, const PlaceGroup *group)
{
    const PlaceMachine *machine = state->machine;
    double sum = 0, all = 0;

    for (guint i = 0; i < group->seats; i++)
        all += (double)group->lies[group->seat[i]];
    for (guint v = group->first; v < group->first + group->count; v++) {
        guint node = machine->node_of[state->vcpu[v].cpu];
        double own = 0;
        for (guint i = 0; i < group->seats; i++) {
            double part = all > 0 ? (double)group->lies[group->seat[i]] / all : 1.0 / group->seats;
            guint distance = place_distance(machine, node, group->seat[i]);
            guint local = place_distance(machine, node, node);
            own += part * (distance > local ? distance - local : 0);
        }
        sum += own;
    }
    return (gint64)(100 * sum + 0.5);
}

/* Cache groups beyond those it takes at the least. */
static gint64 group_caches(PlaceState *state, const PlaceGroup *group)
{
    const guint *cache_of = state->machine->cache_of;
    guint *seen = state->scratch; /* by cache group here, and there are fewer than CPUs */
    guint used = 0;

    for (guint v = group->first; v < group->first + group->count; v++)
        used += seen[cache_of[state->vcpu[v].cpu]]++ == 0;
    for (guint v = group->first; v < group->first + group->count; v++)
        seen[cache_of[state->vcpu[v].cpu]] = 0;
    return used > group->caches ? used - group->caches : 0;
}

/* Guest siblings apart, those together on a core, and vCPUs of the guest on one thread. */
static gint64 group_neighbours(PlaceState *state, const PlaceGroup *group)
{
    const PlaceMachine *machine = state->machine;
    gint64 cost = 0;

    for (guint v = group->first; v < group->first + group->count;) {
        guint unit = state->vcpu[v].unit, end = v + 1;
        gboolean apart = FALSE;
        while (end < group->first + group->count && state->vcpu[end].unit == unit)
            end++;
        for (guint a = v; a < end; a++) {
            for (guint b = a + 1; b < end; b++) {
                guint first = (guint)state->vcpu[a].cpu, second = (guint)state->vcpu[b].cpu;
                gboolean core = machine->core_of[first] == machine->core_of[second];
                apart |= !core;
                if (core && state->policy != PLACE_PACK)
                    cost -= COST_TOGETHER; /* they belong together: counted in cost_around() */
            }
        }
        cost += apart ? COST_SIBLINGS : 0;
        v = end;
    }
    return cost;
}

static gint64 guest_doubles(PlaceState *state, const PlaceGuest *guest)
{
    guint *own = state->scratch; /* by CPU */
    const PlaceGroup *first = &state->group[guest->first_group];
    const PlaceGroup *last = first + guest->groups - 1;
    gint64 cost = 0;

    for (guint v = first->first; v < last->first + last->count; v++)
        if (state->vcpu[v].cpu >= 0)
            cost += COST_OWN * own[state->vcpu[v].cpu]++;
    for (guint v = first->first; v < last->first + last->count; v++)
        if (state->vcpu[v].cpu >= 0)
            own[state->vcpu[v].cpu] = 0;
    return cost;
}

static gint64 group_moves(const PlaceState *state, const PlaceGroup *group)
{
    gint64 moves = 0, stays = 0;

    for (guint v = group->first; v < group->first + group->count; v++) {
        const IdSet *pin = state->vcpu[v].pin;
        moves += pin && !idset_has(pin, state->machine->cpu_id[state->vcpu[v].cpu]);
    }
    if (group->memory.held == NULL)
        return COST_MOVE * moves;
    for (guint i = 0; i < group->seats; i++)
        stays += group->memory.held[group->seat[i]];
    gint64 unit = group->memory.page_kib ? (gint64)group->memory.page_kib : 1;
    gint64 kib = MAX(group->memory.need - stays, 0) * unit;
    return COST_MOVE * (moves + (kib + KIB_PER_GIB - 1) / KIB_PER_GIB);
}

void place_settle(PlaceState *state, guint index)
{
    PlaceGuest *guest = &state->guest[index];

    guest->cost = guest_doubles(state, guest);
    guest->doubled = guest->cost > 0;
    for (guint i = 0; i < guest->groups; i++) {
        const PlaceGroup *group = &state->group[guest->first_group + i];
        state->work += group->count;
        if (!group->placed)
            continue;
        guest->cost += COST_DISTANCE * group_distance(state, group) +
                       COST_CACHE * group_caches(state, group) + group_neighbours(state, group);
        if (guest->running)
            guest->cost += group_moves(state, group);
        for (guint k = 0; k < i; k++) {
            const PlaceGroup *other = &state->group[guest->first_group + k];
            if (other->placed && group->seats && other->seats) {
                guint far = place_distance(state->machine, group->seat[0], other->seat[0]);
                guest->cost += COST_CELLS * (gint64)(far > 10 ? far - 10 : 0);
            }
        }
    }
}

/* Whether one of the nodes on which the guest is has a core for its helpers. */
static gboolean has_free_core(const PlaceState *state, const PlaceGuest *guest)
{
    for (guint i = 0; i < guest->groups; i++) {
        const PlaceGroup *group = &state->group[guest->first_group + i];
        for (guint k = 0; k < group->seats; k++)
            if (state->free_cores[group->seat[k]])
                return TRUE;
    }
    return FALSE;
}

gint64 place_cost(PlaceState *state)
{
    gint64 cost = state->shared;

    state->work += state->guests / 4; /* as long as it takes, beside a look at a core */
    for (guint i = 0; i < state->guests; i++) {
        const PlaceGuest *guest = &state->guest[i];
        gboolean placed = state->group[guest->first_group].placed;
        cost += guest->cost;
        if (guest->doubled && !guest->larger)
            return PLACE_IMPOSSIBLE;
        if (!placed)
            cost += COST_UNPLACED;
        else if (!has_free_core(state, guest))
            cost += COST_HELPER * (gint64)guest->helpers;
    }
    if (state->policy == PLACE_ISOLATE)
        for (guint core = 0; core < state->machine->cores; core++)
            if (state->vms_core[core] > 0 && state->vms_core[core] + state->fixed_vms[core] > 1)
                return PLACE_IMPOSSIBLE;
    return cost;
}
