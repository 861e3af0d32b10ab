/* Which nodes would hold a group's memory and vCPUs: from one on by distance, as few as suffice. */
#include "core/place/layout.h"

#include <string.h>

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
    return room >= group->memory.need && cpus >= MIN(group->count, guest->usable);
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
