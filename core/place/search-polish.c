/* The search's last touch: single vCPUs move, pairs of them and whole cores change places. */
#include "core/place/search.h"

#define SIBLINGS_TURNED 2 /* cores of more threads are rare: as they are, and by one */

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
static gboolean try_cores(PlaceSearch *search, guint first, guint second, guint turn, gint64 *cost)
{
    PlaceState *state = search->state;
    const PlaceMachine *machine = state->machine;
    PlaceSpan one = machine->core[first], two = machine->core[second];
    guint size = one.end - one.first;
    gboolean allowed = TRUE;
    int *to = search->to;

    if (size != two.end - two.first || turn >= size || state->on_core[first] == 0)
        return FALSE;
    state->work++;
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

gint64 search_polish(PlaceSearch *search, gint64 cost)
{
    PlaceState *state = search->state;
    guint cores = state->machine->cores;
    gboolean better = TRUE;

    while (better && !search_is_spent(search)) {
        better = FALSE;
        for (guint v = 0; v < state->vcpus; v++) {
            if (state->vcpu[v].cpu < 0)
                continue;
            for (guint cpu = 0; cpu < state->machine->cpus && !search_is_spent(search); cpu++)
                better |= try_move(state, v, cpu, &cost);
            for (guint other = v + 1; other < state->vcpus && !search_is_spent(search); other++)
                if (state->vcpu[other].cpu >= 0)
                    better |= try_swap(state, v, other, &cost);
        }
        for (guint core = 0; core < cores; core++)
            for (guint other = 0; other < cores && !search_is_spent(search); other++)
                for (guint turn = 0; core != other && turn < SIBLINGS_TURNED; turn++)
                    better |= try_cores(search, core, other, turn, &cost);
    }
    return cost;
}
