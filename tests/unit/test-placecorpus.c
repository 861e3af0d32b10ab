/* On the machines of ../shared/corpus/hwloc the proposal is held against two simple rules, by the
 * same cost:
 *
 * round-robin: vCPU after vCPU on the next CPU by number, the memory on the nodes they come to lie
 * on. numad(8), -w NCPUS:MB: the nodes with the most of free CPUs and free memory, as few as hold
 * the need; within them each vCPU where the fewest are. */
#include "core/place/layout.h"
#include "tests/unit/archives.h"
#include "tests/unit/placehost.h"

#include <string.h>

/* Puts the vCPUs of @group one after the other by the kernel's numbers, from *next on. */
static void put_round_robin(PlaceState *state, const PlaceGroup *group, guint *next)
{
    const PlaceMachine *machine = state->machine;

    for (guint v = group->first; v < group->first + group->count; (*next)++) {
        int cpu = place_cpu(machine, (int)(*next % machine->ids));
        if (cpu >= 0 && place_may_use(state, &state->guest[group->guest], (guint)cpu))
            place_put(state, v++, (guint)cpu);
    }
}

static gboolean round_robin(PlaceState *state, guint guest, guint *next)
{
    const PlaceMachine *machine = state->machine;
    const PlaceGroup *group = &state->group[state->guest[guest].first_group];
    g_autofree guint *seat = g_new(guint, machine->nodes);
    guint seats = 0;

    put_round_robin(state, group, next);
    for (guint v = group->first; v < group->first + group->count; v++) {
        gboolean known = FALSE;
        for (guint i = 0; i < seats; i++)
            known |= seat[i] == machine->node_of[state->vcpu[v].cpu];
        if (!known)
            seat[seats++] = machine->node_of[state->vcpu[v].cpu];
    }
    return place_take(state, state->guest[guest].first_group, seat, seats);
}

/* The node, of those not in @seat, with the most of free CPUs × free memory. */
static guint best_node(const PlaceState *state, const guint *seat, guint seats)
{
    guint best = G_MAXUINT;
    double most = -1;

    for (guint node = 0; node < state->machine->nodes; node++) {
        gboolean known = FALSE;
        for (guint i = 0; i < seats; i++)
            known |= seat[i] == node;
        double cpus = (double)state->node_capacity[node] - state->on_node[node];
        double magnitude = MAX(cpus, 0.1) * (double)(state->room[node] + 1);
        if (!known && state->node_capacity[node] > 0 && magnitude > most) {
            most = magnitude;
            best = node;
        }
    }
    return best;
}

static gboolean numad(PlaceState *state, guint guest)
{
    const PlaceMachine *machine = state->machine;
    guint g = state->guest[guest].first_group;
    const PlaceGroup *group = &state->group[g];
    g_autofree guint *seat = g_new(guint, machine->nodes);
    guint seats = 0;
    double cpus = 0;
    gint64 room = 0;

    while (seats < machine->nodes && (cpus < group->count || room < group->memory.need)) {
        guint node = best_node(state, seat, seats);
        if (node == G_MAXUINT)
            break;
        seat[seats++] = node;
        cpus += state->node_capacity[node];
        room += state->room[node];
    }
    if (seats == 0 || !place_take(state, g, seat, seats))
        return FALSE;
    for (guint v = group->first; v < group->first + group->count; v++) {
        guint best = G_MAXUINT;
        for (guint id = 0; id < machine->ids; id++) {
            int cpu = place_cpu(machine, (int)id);
            gboolean here = FALSE;
            for (guint i = 0; cpu >= 0 && i < seats; i++)
                here |= machine->node_of[cpu] == seat[i];
            if (here && place_may_use(state, &state->guest[guest], (guint)cpu) &&
                (best == G_MAXUINT || state->on_cpu[cpu] < state->on_cpu[best]))
                best = (guint)cpu;
        }
        if (best == G_MAXUINT)
            return FALSE;
        place_put(state, v, best);
    }
    return TRUE;
}

/* The cost of the layout that a rule gives. */
static gint64 cost_by_rule(PlaceState *state, gboolean is_numad)
{
    guint next = 0;

    for (guint i = 0; i < state->guests; i++) {
        if (is_numad ? numad(state, i) : round_robin(state, i, &next))
            place_settle(state, i);
        else
            place_lift(state, i);
    }
    gint64 cost = place_cost(state);
    for (guint i = 0; i < state->guests; i++)
        place_lift(state, i);
    return cost;
}

/* VMs for three quarters of the CPUs, of different sizes, some with guest siblings. */
static Snapshot *fill_machine(Host *host)
{
    Snapshot *snapshot = placehost_snapshot(host);
    guint cpus = idset_count(host->topology->online), wanted = MAX(cpus * 3 / 4, 1);

    for (guint i = 0; wanted > 0; i++) {
        static const guint sizes[] = {4, 2, 8, 1, 6, 3};
        guint vcpus = MIN(sizes[i % G_N_ELEMENTS(sizes)], wanted);
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autofree char *body =
            g_strdup_printf("<memory unit='MiB'>16</memory><vcpu>%u</vcpu>"
                            "<cpu><topology sockets='1' cores='%u' threads='%u'/></cpu>",
                vcpus, MAX(vcpus / (1 + i % 2), 1), 1 + i % 2);
        placehost_add(snapshot, name, body, FALSE);
        wanted -= vcpus;
    }
    return snapshot;
}

static void compare_rules(const char *root)
{
    g_autoptr(GError) error = NULL;
    Host *host = host_read(root, NULL, &error);

    g_assert_no_error(error);
    g_autoptr(Snapshot) snapshot = fill_machine(host);
    g_autoptr(GPtrArray) all = place_pins(snapshot, NULL);
    g_autoptr(PlaceMachine) machine = place_machine_new(host->topology);
    const PlaceWish wish = {.policy = PLACE_SPREAD};
    g_autoptr(PlaceState) state = place_state_new(snapshot, machine, all, all, NULL, &wish);
    /* The archives do not all say what is free: as much on each node with CPUs. */
    for (guint node = 0; node < machine->nodes; node++)
        state->room[node] = 1 << 20;
    gint64 in_turn = cost_by_rule(state, FALSE), by_numad = cost_by_rule(state, TRUE);
    place_search(state, PLACE_WORK);
    gint64 found = place_cost(state);
    g_test_message("%u CPUs, %u nodes, %u VMs: cost %" G_GINT64_FORMAT
                   ", round-robin %" G_GINT64_FORMAT ", numad %" G_GINT64_FORMAT,
        machine->cpus, machine->nodes, state->guests, found, in_turn, by_numad);
    g_assert_cmpint(found, <=, in_turn);
    g_assert_cmpint(found, <=, by_numad);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    archives_add_tests("placecorpus", compare_rules);
    return g_test_run();
}
