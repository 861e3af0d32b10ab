/* The search for a layout of low cost: each guest is put where it costs least as things stand, the
 * large ones first; then, again and again, a few are taken up and put anew in another order, and
 * what is cheaper is kept; at the end single vCPUs change places. All of it is bounded by counted
 * work and led by a fixed sequence of numbers: the same input gives the same layout. */
#include "core/place/layout.h"

#include <string.h>

#define WORK_PER_EFFORT 420000 /* looks at a core, or at a vCPU */
#define SIBLINGS_TURNED 2      /* cores of more threads are rare: as they are, and by one */
#define RUIN_MAX        4      /* guests taken up together */
#define PATIENCE        60     /* rounds without gain, for each guest */
#define STARTS          10     /* beginnings, where the work allows */
#define STARTS_MAX      4      /* cache groups tried to begin with in a node of many */

typedef struct {
    PlaceState *state;
    guint64 limit;
    guint64 random;
    guint *own;         /* by CPU: vCPUs of the guest that is being put */
    guint *mine;        /* by cache group: vCPUs of the group that is being put */
    gint64 *far;        /* by node: what a vCPU of that group costs there for its distance */
    guint *seat, seats; /* the nodes for the group that is being put */
    guint *order;
} Search;

/* A number below @below (xorshift64*). */
static guint draw(Search *search, guint below)
{
    search->random ^= search->random >> 12;
    search->random ^= search->random << 25;
    search->random ^= search->random >> 27;
    return (guint)((search->random * 2685821657736338717u) >> 33) % below;
}

static gboolean is_spent(const Search *search)
{
    return search->state->work >= search->limit;
}

/* ---- nodes for the memory ---- */

static guint usable_on(const PlaceState *state, const PlaceGuest *guest, guint node)
{
    const PlaceMachine *machine = state->machine;
    guint count = 0;

    if (!guest->isolated)
        return state->node_capacity[node];
    for (guint cpu = 0; cpu < machine->cpus; cpu++)
        count += machine->node_of[cpu] == node && place_may_use(state, guest, cpu);
    return count;
}

static gint64 room_on(const PlaceState *state, const PlaceGroup *group, guint node)
{
    gint64 held = group->memory.held ? group->memory.held[node] : 0;

    for (guint i = 0; i < state->sizes; i++)
        if (state->page_kib[i] == group->memory.page_kib)
            return held + state->room[i * state->machine->nodes + node];
    return held;
}

/* Whether the nodes @seat suffice for group @g, without the one at @without. */
static gboolean suffices(
    const PlaceState *state, const PlaceGroup *group, const guint *seat, guint seats, guint without)
{
    const PlaceGuest *guest = &state->guest[group->guest];
    gint64 room = 0;
    guint cpus = 0;

    for (guint i = 0; i < seats; i++) {
        if (i == without)
            continue;
        room += room_on(state, group, seat[i]);
        cpus += usable_on(state, guest, seat[i]);
    }
    return room >= group->memory.need && cpus >= group->count;
}

gboolean place_seats_from(PlaceState *state, guint g, guint start, guint *seat, guint *seats)
{
    const PlaceMachine *machine = state->machine;
    const PlaceGroup *group = &state->group[g];
    const PlaceGuest *guest = &state->guest[group->guest];
    guint last = 0, count = 0;

    /* By distance from @start, itself first; of equals the lower number. */
    for (guint found = 0; found < machine->nodes && !suffices(state, group, seat, count, G_MAXUINT);
         found++) {
        guint next = G_MAXUINT;
        for (guint node = 0; node < machine->nodes; node++) {
            guint key = node == start ? 0 : place_distance(machine, start, node) * 65536 + node + 1;
            if ((found == 0 ? node == start : key > last) && (next == G_MAXUINT || key < next))
                next = key;
        }
        if (next == G_MAXUINT)
            break;
        last = next;
        guint node = next == 0 ? start : next % 65536 - 1;
        if (room_on(state, group, node) > 0 || usable_on(state, guest, node) > 0)
            seat[count++] = node;
    }
    for (guint i = 1; i < count;) {
        if (suffices(state, group, seat, count, i)) {
            memmove(seat + i, seat + i + 1, (count - i - 1) * sizeof *seat);
            count--;
        } else {
            i++;
        }
    }
    *seats = count;
    return count > 0;
}

/* ---- CPUs for a group ---- */

/* The @size usable CPUs of @core with the least on them, into @picked. Returns how many there are.
 */
static guint pick_threads(const Search *search, const PlaceGuest *guest, const PlaceVcpu *vcpu,
    guint core, guint size, guint *picked)
{
    const PlaceState *state = search->state;
    PlaceSpan cpus = state->machine->core[core];
    guint count = 0;

    for (guint k = 0; k < size; k++) {
        gint64 least = G_MAXINT64;
        guint best = G_MAXUINT;
        for (guint cpu = cpus.first; cpu < cpus.end; cpu++) {
            gboolean taken = FALSE;
            for (guint i = 0; i < count; i++)
                taken |= picked[i] == cpu;
            if (taken || !place_may_use(state, guest, cpu))
                continue;
            gint64 load =
                COST_THREAD * state->on_cpu[cpu] + state->fixed[cpu] + COST_OWN * search->own[cpu];
            const IdSet *pin = vcpu[k].pin;
            load = 2 * load + (pin != NULL && !idset_has(pin, state->machine->cpu_id[cpu]));
            if (load < least) {
                least = load;
                best = cpu;
            }
        }
        if (best == G_MAXUINT)
            break;
        picked[count++] = best;
    }
    return count;
}

/* What it would cost to put @size vCPUs, one of the guest's cores, on @picked of @core. */
static gint64 unit_cost(const Search *search, const PlaceGroup *group, const PlaceVcpu *vcpu,
    guint core, const guint *picked, guint size, guint opened, gboolean fill)
{
    const PlaceState *state = search->state;
    const PlaceMachine *machine = state->machine;
    guint cache = machine->cache_of[picked[0]], node = machine->node_of[picked[0]];
    gboolean stranger = state->guest_core[group->guest * machine->cores + core] == 0 &&
                        state->vms_core[core] + state->fixed_vms[core] > 0;
    gint64 cost = search->far[node] * size;

    if (stranger && state->policy == PLACE_ISOLATE)
        return PLACE_IMPOSSIBLE;
    for (guint i = 0; i < size; i++) {
        const IdSet *pin = vcpu[i].pin;
        cost += COST_THREAD * state->on_cpu[picked[i]] + state->fixed[picked[i]] +
                COST_OWN * search->own[picked[i]];
        cost += pin && !idset_has(pin, machine->cpu_id[picked[i]]) ? COST_MOVE : 0;
    }
    if (search->mine[cache] == 0 && opened >= group->caches)
        cost += COST_CACHE;
    cost += stranger ? COST_CORE : 0;
    if (state->on_core[core] == 0 && state->free_cores[node] == 1 && !state->fixed_vms[core])
        cost += COST_HELPER;
    if (fill)
        return cost + (state->on_core[core] ? 0 : COST_OPEN_CORE) +
               (state->on_cache[cache] ? 0 : COST_OPEN_CACHE) +
               (state->on_node[node] ? 0 : COST_OPEN_NODE);
    gint64 group_used = state->on_cache[cache] + state->fixed_used[cache];
    gint64 node_used = state->on_node[node];
    if (state->policy == PLACE_ISOLATE && search->mine[cache] == 0 && state->vms_cache[cache] > 0)
        cost += COST_NEIGHBOUR;
    cost += COST_TOGETHER * (gint64)state->on_core[core] * size;
    cost += COST_BALANCE * 2 * group_used * size / MAX(state->capacity[cache], 1);
    return cost + COST_BALANCE * 2 * node_used * size / MAX(state->node_capacity[node], 1);
}

/* Puts @size vCPUs from @v on the core where they cost least; where it is the group's first, of
 * cache group @start if that has room. FALSE where none has enough threads. */
static gboolean put_unit(Search *search, const PlaceGroup *group, guint v, guint size, guint start,
    guint opened, gboolean fill)
{
    PlaceState *state = search->state;
    const PlaceMachine *machine = state->machine;
    const PlaceGuest *guest = &state->guest[group->guest];
    guint picked[16], best[16];
    gint64 least = PLACE_IMPOSSIBLE;

    for (guint cache = 0; cache < machine->caches && size <= G_N_ELEMENTS(picked); cache++) {
        PlaceSpan cores = machine->cache[cache];
        guint node = machine->node_of[machine->core[cores.first].first];
        if (search->far[node] == G_MAXINT64 || (opened == 0 && cache != start))
            continue;
        for (guint core = cores.first; core < cores.end; core++) {
            state->work++;
            if (pick_threads(search, guest, &state->vcpu[v], core, size, picked) < size)
                continue;
            gint64 cost =
                unit_cost(search, group, &state->vcpu[v], core, picked, size, opened, fill);
            if (cost < least) {
                least = cost;
                memcpy(best, picked, size * sizeof *picked);
            }
        }
    }
    if (least == PLACE_IMPOSSIBLE)
        return FALSE;
    for (guint i = 0; i < size; i++) {
        place_put(state, v + i, best[i]);
        search->own[best[i]]++;
        search->mine[machine->cache_of[best[i]]]++;
    }
    return TRUE;
}

/* What a vCPU costs on each node for its distance from the memory; G_MAXINT64: not to be used. */
static void measure_nodes(Search *search, const PlaceGroup *group)
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

/* Puts the vCPUs of group @g, whose memory is taken, beginning in cache group @start. */
static gboolean put_group(Search *search, guint g, guint start, gboolean fill)
{
    PlaceState *state = search->state;
    const PlaceGroup *group = &state->group[g];
    guint end = group->first + group->count;
    gboolean done = TRUE;

    memset(search->mine, 0, state->machine->caches * sizeof *search->mine);
    measure_nodes(search, group);
    for (guint v = group->first; v < end && done;) {
        guint size = 1, opened = 0;
        while (v + size < end && state->vcpu[v + size].unit == state->vcpu[v].unit)
            size++;
        for (guint i = 0; i < state->machine->caches && v > group->first; i++)
            opened += search->mine[i] > 0;
        if (!put_unit(search, group, v, size, start, opened, fill)) {
            size = 1; /* no core has so many threads: each by itself */
            done = put_unit(search, group, v, 1, start, opened, fill);
        }
        v += size;
    }
    for (guint v = group->first; v < end; v++)
        if (state->vcpu[v].cpu >= 0)
            search->own[state->vcpu[v].cpu]--;
    return done;
}

/* Puts each vCPU of @g on the least busy of the CPUs it is pinned to. FALSE where one is not. */
static gboolean put_as_pinned(Search *search, guint g)
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

/* ---- a guest ---- */

static void clear_group(PlaceState *state, guint g)
{
    const PlaceGroup *group = &state->group[g];

    for (guint v = group->first; v < group->first + group->count; v++)
        if (state->vcpu[v].cpu >= 0)
            place_remove(state, v);
}

/* One way to place a group. */
typedef struct {
    guint node;  /* where its memory begins */
    guint start; /* the cache group its vCPUs begin in; G_MAXUINT: as they are pinned */
    gboolean fill;
} Way;

/* Places group @g so. FALSE where it cannot be: it is to be lifted then, too. */
static gboolean place_so(Search *search, guint g, const Way *way)
{
    PlaceState *state = search->state;

    if (!place_seats_from(state, g, way->node, search->seat, &search->seats) ||
        !place_take(state, g, search->seat, search->seats))
        return FALSE;
    gboolean done = way->start == G_MAXUINT ? put_as_pinned(search, g)
                                            : put_group(search, g, way->start, way->fill);
    if (!done)
        return FALSE;
    place_settle(state, state->group[g].guest);
    return place_cost(state) < PLACE_IMPOSSIBLE;
}

/* Takes group @g up again; the guest's other groups stay. */
static void lift_group(Search *search, guint g)
{
    PlaceState *state = search->state;

    clear_group(state, g);
    if (state->group[g].placed)
        place_give_back(state, g);
    place_settle(state, state->group[g].guest);
}

/* The ways that are worth trying: at each node, its cache groups (of many, the emptiest and the
 * fullest that have room), spread and filled up, and as it is pinned. */
static GArray *list_ways(Search *search, guint g)
{
    PlaceState *state = search->state;
    const PlaceMachine *machine = state->machine;
    GArray *ways = g_array_new(FALSE, FALSE, sizeof(Way));

    for (guint node = 0; node < machine->nodes; node++) {
        guint seats, home = node;
        Way as_pinned = {node, G_MAXUINT, FALSE};
        if (!place_seats_from(state, g, node, search->seat, &seats))
            continue;
        g_array_append_val(ways, as_pinned);
        /* A node of memory alone: the vCPUs begin at the nearest that has CPUs. */
        for (guint i = 0; i < seats && machine->node[home].first == machine->node[home].end; i++)
            home = search->seat[i];
        PlaceSpan caches = machine->node[home];
        guint least = caches.first, most = G_MAXUINT;
        for (guint cache = caches.first; cache < caches.end; cache++) {
            guint room =
                state->capacity[cache] - MIN(state->on_cache[cache], state->capacity[cache]);
            guint most_room =
                most == G_MAXUINT
                    ? G_MAXUINT
                    : state->capacity[most] - MIN(state->on_cache[most], state->capacity[most]);
            if (state->on_cache[cache] * MAX(state->capacity[least], 1) <
                state->on_cache[least] * MAX(state->capacity[cache], 1))
                least = cache;
            if (room >= state->group[g].count && room < most_room)
                most = cache;
        }
        for (guint cache = caches.first; cache < caches.end; cache++) {
            gboolean few = caches.end - caches.first <= STARTS_MAX;
            if (!few && cache != least && cache != most)
                continue;
            Way spread = {node, cache, FALSE}, fill = {node, cache, TRUE};
            if (state->policy != PLACE_PACK)
                g_array_append_val(ways, spread);
            g_array_append_val(ways, fill);
        }
    }
    return ways;
}

/* Places group @g the cheapest way; with @wild, now and then another. FALSE: there is none. */
static gboolean place_group(Search *search, guint g, gboolean wild)
{
    PlaceState *state = search->state;
    g_autoptr(GArray) ways = list_ways(search, g);
    gint64 least = PLACE_IMPOSSIBLE;
    guint best = G_MAXUINT;

    if (wild && ways->len > 1 && draw(search, 4) == 0) {
        best = draw(search, ways->len);
        if (place_so(search, g, &g_array_index(ways, Way, best)))
            return TRUE;
        lift_group(search, g);
        best = G_MAXUINT;
    }
    for (guint i = 0; i < ways->len; i++) {
        if (place_so(search, g, &g_array_index(ways, Way, i))) {
            gint64 cost = place_cost(state);
            if (cost < least) {
                least = cost;
                best = i;
            }
        }
        lift_group(search, g);
    }
    return best != G_MAXUINT && place_so(search, g, &g_array_index(ways, Way, best));
}

/* All of guest @index, which is lifted, or nothing of it. */
static void place_guest(Search *search, guint index, gboolean wild)
{
    PlaceState *state = search->state;
    const PlaceGuest *guest = &state->guest[index];

    for (guint i = 0; i < guest->groups; i++) {
        if (!place_group(search, guest->first_group + i, wild)) {
            place_lift(state, index);
            return;
        }
    }
}

/* ---- all of them ---- */

static gint64 guest_weight(const PlaceState *state, guint index)
{
    const PlaceGuest *guest = &state->guest[index];
    gint64 weight = 0;

    for (guint i = 0; i < guest->groups; i++)
        weight += state->group[guest->first_group + i].count;
    return weight;
}

/* The order to begin with: most vCPUs first, of equals as they came. */
static void order_guests(Search *search)
{
    const PlaceState *state = search->state;

    for (guint i = 0; i < state->guests; i++) {
        guint at = i;
        for (; at > 0 && guest_weight(state, search->order[at - 1]) < guest_weight(state, i); at--)
            search->order[at] = search->order[at - 1];
        search->order[at] = i;
    }
}

/* A cheapest layout met so far, to go back to. */
typedef struct {
    gint64 cost;
    GPtrArray *kept; /* PlaceKept* by guest */
} Best;

static void keep_all(const PlaceState *state, Best *best, gint64 cost)
{
    g_ptr_array_set_size(best->kept, 0);
    for (guint i = 0; i < state->guests; i++)
        g_ptr_array_add(best->kept, place_keep(state, i));
    best->cost = cost;
}

static void bring_all_back(PlaceState *state, const Best *best)
{
    for (guint i = 0; i < state->guests; i++)
        place_lift(state, i);
    for (guint i = 0; i < state->guests; i++)
        place_bring_back(state, i, g_ptr_array_index(best->kept, i));
}

/* Takes a few guests up and puts them anew; what costs more is put back. Returns the cost. */
static gint64 try_round(Search *search, gint64 cost)
{
    PlaceState *state = search->state;
    guint wish = 1 + draw(search, RUIN_MAX), few = MIN(wish, state->guests);
    guint chosen[RUIN_MAX];
    PlaceKept *kept[RUIN_MAX];

    for (guint i = 0; i < few; i++) {
        gboolean again;
        do {
            chosen[i] = draw(search, state->guests);
            again = FALSE;
            for (guint k = 0; k < i; k++)
                again |= chosen[k] == chosen[i];
        } while (again);
        kept[i] = place_keep(state, chosen[i]);
    }
    for (guint i = 0; i < few; i++)
        place_lift(state, chosen[i]);
    for (guint i = 0; i < few; i++)
        place_guest(search, chosen[i], TRUE);
    gint64 now = place_cost(state);
    if (now > cost) {
        for (guint i = 0; i < few; i++)
            place_lift(state, chosen[i]);
        for (guint i = 0; i < few; i++)
            place_bring_back(state, chosen[i], kept[i]);
        now = cost;
    }
    for (guint i = 0; i < few; i++)
        place_kept_free(kept[i]);
    return now;
}

/* ---- single vCPUs ---- */

static gboolean may_go(const PlaceState *state, guint v, int cpu)
{
    const PlaceGuest *guest = &state->guest[state->group[state->vcpu[v].group].guest];

    return cpu >= 0 && place_may_use(state, guest, (guint)cpu);
}

static void settle_two(PlaceState *state, guint v, guint other)
{
    guint first = state->group[state->vcpu[v].group].guest;
    guint second = state->group[state->vcpu[other].group].guest;

    place_settle(state, first);
    if (second != first)
        place_settle(state, second);
}

/* Moves @v to @cpu where that is cheaper than @cost. */
static gboolean try_move(PlaceState *state, guint v, guint cpu, gint64 *cost)
{
    guint from = (guint)state->vcpu[v].cpu;

    if (from == cpu || !may_go(state, v, (int)cpu))
        return FALSE;
    place_remove(state, v);
    place_put(state, v, cpu);
    settle_two(state, v, v);
    gint64 now = place_cost(state);
    if (now < *cost) {
        *cost = now;
        return TRUE;
    }
    place_remove(state, v);
    place_put(state, v, from);
    settle_two(state, v, v);
    return FALSE;
}

static gboolean try_swap(PlaceState *state, guint v, guint other, gint64 *cost)
{
    int first = state->vcpu[v].cpu, second = state->vcpu[other].cpu;

    if (first == second || !may_go(state, v, second) || !may_go(state, other, first))
        return FALSE;
    place_remove(state, v);
    place_remove(state, other);
    place_put(state, v, (guint)second);
    place_put(state, other, (guint)first);
    settle_two(state, v, other);
    gint64 now = place_cost(state);
    if (now < *cost) {
        *cost = now;
        return TRUE;
    }
    place_remove(state, v);
    place_remove(state, other);
    place_put(state, v, (guint)first);
    place_put(state, other, (guint)second);
    settle_two(state, v, other);
    return FALSE;
}

/* Moves each vCPU to the CPU that @to has for it (-1: it stays), leaving there where it was.
 * Returns the cost. */
static gint64 move_all(PlaceState *state, int *to)
{
    for (guint v = 0; v < state->vcpus; v++) {
        int from = state->vcpu[v].cpu;
        if (to[v] < 0)
            continue;
        place_remove(state, v);
        place_put(state, v, (guint)to[v]);
        to[v] = from;
    }
    guint settled = G_MAXUINT;
    for (guint v = 0; v < state->vcpus; v++) {
        guint guest = state->group[state->vcpu[v].group].guest;
        if (to[v] >= 0 && guest != settled) /* a guest's vCPUs stand together */
            place_settle(state, settled = guest);
    }
    state->work += state->vcpus;
    return place_cost(state);
}

/* Exchanges all that is on two cores of as many threads, thread by thread, the second one's turned
 * round by @turn: what moves single vCPUs one by one would pass through dear layouts for. */
static gboolean try_cores(PlaceState *state, guint first, guint second, guint turn, gint64 *cost)
{
    const PlaceMachine *machine = state->machine;
    PlaceSpan one = machine->core[first], two = machine->core[second];
    guint size = one.end - one.first;
    gboolean allowed = size == two.end - two.first && state->on_core[first] > 0;
    g_autofree int *to = g_new(int, state->vcpus);

    for (guint v = 0; v < state->vcpus && allowed; v++) {
        int cpu = state->vcpu[v].cpu;
        to[v] = -1;
        if (cpu >= (int)one.first && cpu < (int)one.end)
            to[v] = (int)(two.first + ((guint)cpu - one.first + turn) % size);
        else if (cpu >= (int)two.first && cpu < (int)two.end)
            to[v] = (int)(one.first + ((guint)cpu - two.first + size - turn) % size);
        allowed = to[v] < 0 || may_go(state, v, to[v]);
    }
    if (!allowed)
        return FALSE;
    gint64 now = move_all(state, to);
    if (now < *cost) {
        *cost = now;
        return TRUE;
    }
    move_all(state, to);
    return FALSE;
}

/* Moves single vCPUs, swaps pairs and whole cores while that helps. */
static gint64 polish(Search *search, gint64 cost)
{
    PlaceState *state = search->state;
    guint cores = state->machine->cores;
    gboolean better = TRUE;

    while (better && !is_spent(search)) {
        better = FALSE;
        for (guint v = 0; v < state->vcpus; v++) {
            if (state->vcpu[v].cpu < 0)
                continue;
            for (guint cpu = 0; cpu < state->machine->cpus && !is_spent(search); cpu++)
                better |= try_move(state, v, cpu, &cost);
            for (guint other = v + 1; other < state->vcpus && !is_spent(search); other++)
                if (state->vcpu[other].cpu >= 0)
                    better |= try_swap(state, v, other, &cost);
        }
        for (guint core = 0; core < cores; core++)
            for (guint other = 0; other < cores && !is_spent(search); other++)
                for (guint turn = 0; core != other && turn < SIBLINGS_TURNED; turn++)
                    better |= try_cores(state, core, other, turn, &cost);
    }
    return cost;
}

/* Places all guests anew, the first time in their order, then in others; improves that until
 * nothing is gained. Returns the cost. */
static gint64 run_once(Search *search, guint start)
{
    PlaceState *state = search->state;

    for (guint i = 0; i < state->guests; i++)
        place_lift(state, i);
    for (guint i = state->guests; i > 1 && start > 0; i--) {
        guint other = draw(search, i), kept = search->order[other];
        search->order[other] = search->order[i - 1];
        search->order[i - 1] = kept;
    }
    for (guint i = 0; i < state->guests; i++)
        place_guest(search, search->order[i], start > 0);
    gint64 cost = place_cost(state);
    guint patience = PATIENCE * state->guests;
    for (guint idle = 0; idle < patience && !is_spent(search); idle++) {
        gint64 now = try_round(search, cost);
        if (now < cost)
            idle = 0;
        cost = now;
    }
    return polish(search, cost);
}

void place_search(PlaceState *state, guint effort)
{
    const PlaceMachine *machine = state->machine;
    Search search = {.state = state,
        .limit = (guint64)WORK_PER_EFFORT * effort,
        .random = 0x9e3779b97f4a7c15u,
        .own = g_new0(guint, machine->cpus),
        .mine = g_new0(guint, machine->caches),
        .far = g_new0(gint64, machine->nodes),
        .seat = g_new0(guint, machine->nodes),
        .order = g_new0(guint, state->guests)};
    Best best = {PLACE_IMPOSSIBLE, g_ptr_array_new_with_free_func((GDestroyNotify)place_kept_free)};

    order_guests(&search);
    for (guint start = 0; start < STARTS && machine->cpus > 0 && !is_spent(&search); start++) {
        gint64 cost = run_once(&search, start);
        if (cost < best.cost)
            keep_all(state, &best, cost);
    }
    if (best.cost < PLACE_IMPOSSIBLE)
        bring_all_back(state, &best);
    g_ptr_array_unref(best.kept);
    g_free(search.own);
    g_free(search.mine);
    g_free(search.far);
    g_free(search.seat);
    g_free(search.order);
}
