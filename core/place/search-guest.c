/* The search places a guest: of the ways its groups can be placed, the cheapest. */
#include "core/place/search.h"

#define STARTS_MAX 4 /* cache groups tried to begin with in a node of many */

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
static gboolean place_so(PlaceSearch *search, guint g, const Way *way)
{
    PlaceState *state = search->state;

    if (!place_seats_from(state, g, way->node, search->seat, &search->seats) ||
        !place_take(state, g, search->seat, search->seats))
        return FALSE;
    gboolean done = way->start == G_MAXUINT ? search_put_as_pinned(search, g)
                                            : search_put_group(search, g, way->start, way->fill);
    if (!done)
        return FALSE;
    place_settle(state, state->group[g].guest);
    return place_cost(state) < PLACE_IMPOSSIBLE;
}

/* Takes group @g up again; the guest's other groups stay. */
static void lift_group(PlaceSearch *search, guint g)
{
    PlaceState *state = search->state;

    clear_group(state, g);
    if (state->group[g].placed)
        place_give_back(state, g);
    place_settle(state, state->group[g].guest);
}

/* The ways that are worth trying: at each node, its cache groups (of many, the emptiest and the
 * fullest that have room), spread and filled up, and as it is pinned. */
static GArray *list_ways(PlaceSearch *search, guint g)
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
static gboolean place_group(PlaceSearch *search, guint g, gboolean wild)
{
    PlaceState *state = search->state;
    g_autoptr(GArray) ways = list_ways(search, g);
    gint64 least = PLACE_IMPOSSIBLE;
    guint best = G_MAXUINT;

    if (wild && ways->len > 1 && search_draw(search, 4) == 0) {
        best = search_draw(search, ways->len);
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

void search_place_guest(PlaceSearch *search, guint index, gboolean wild)
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
