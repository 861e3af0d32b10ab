/* The search for a layout of low cost: each guest is put where it costs least as things stand, the
 * large ones first; then, again and again, a few are taken up and put anew in another order, and
 * what is cheaper is kept; at the end single vCPUs change places. All of it is bounded by counted
 * work and led by a fixed sequence of numbers: the same input gives the same layout. */
#include "core/place/search.h"

#define RUIN_MAX 4  /* guests taken up together */
#define PATIENCE 60 /* rounds without gain, for each guest */
#define STARTS   10 /* beginnings, where the work allows */

static gint64 guest_weight(const PlaceState *state, guint index)
{
    const PlaceGuest *guest = &state->guest[index];
    gint64 weight = 0;

    for (guint i = 0; i < guest->groups; i++)
        weight += state->group[guest->first_group + i].count;
    return weight;
}

/* The order to begin with: most vCPUs first, of equals as they came. */
static void order_guests(PlaceSearch *search)
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
static gint64 try_round(PlaceSearch *search, gint64 cost)
{
    PlaceState *state = search->state;
    guint wish = 1 + search_draw(search, RUIN_MAX), few = MIN(wish, state->guests);
    guint chosen[RUIN_MAX];
    PlaceKept *kept[RUIN_MAX];

    for (guint i = 0; i < few; i++) {
        gboolean again;
        do {
            chosen[i] = search_draw(search, state->guests);
            again = FALSE;
            for (guint k = 0; k < i; k++)
                again |= chosen[k] == chosen[i];
        } while (again);
        kept[i] = place_keep(state, chosen[i]);
    }
    for (guint i = 0; i < few; i++)
        place_lift(state, chosen[i]);
    for (guint i = 0; i < few; i++)
        search_place_guest(search, chosen[i], TRUE);
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

/* Places all guests anew, the first time in their order, then in others; improves that until
 * nothing is gained. Returns the cost. */
static gint64 run_once(PlaceSearch *search, guint start)
{
    PlaceState *state = search->state;

    for (guint i = 0; i < state->guests; i++)
        place_lift(state, i);
    for (guint i = state->guests; i > 1 && start > 0; i--) {
        guint other = search_draw(search, i), kept = search->order[other];
        search->order[other] = search->order[i - 1];
        search->order[i - 1] = kept;
    }
    for (guint i = 0; i < state->guests; i++)
        search_place_guest(search, search->order[i], start > 0);
    gint64 cost = place_cost(state);
    guint patience = PATIENCE * state->guests;
    for (guint idle = 0; idle < patience && !search_is_spent(search); idle++) {
        gint64 now = try_round(search, cost);
        if (now < cost)
            idle = 0;
        cost = now;
    }
    return search_polish(search, cost);
}

void place_search(PlaceState *state, guint64 work)
{
    const PlaceMachine *machine = state->machine;
    PlaceSearch search = {.state = state,
        .limit = work,
        .random = 0x9e3779b97f4a7c15u,
        .own = g_new0(guint, machine->cpus),
        .mine = g_new0(guint, machine->caches),
        .far = g_new0(gint64, machine->nodes),
        .seat = g_new0(guint, machine->nodes),
        .order = g_new0(guint, state->guests),
        .to = g_new0(int, state->vcpus)};
    Best best = {PLACE_IMPOSSIBLE, g_ptr_array_new_with_free_func((GDestroyNotify)place_kept_free)};

    order_guests(&search);
    for (guint start = 0; start < STARTS && machine->cpus > 0 && !search_is_spent(&search);
         start++) {
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
    g_free(search.to);
}
