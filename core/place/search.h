/* The search's own state, and its steps. Internal to the search: layout.h has what others call. */
#pragma once

#include "core/place/layout.h"

typedef struct {
    PlaceState *state;
    guint64 limit;      /* of PlaceState.work */
    guint64 random;     /* never 0 */
    guint *own;         /* by CPU: vCPUs of the guest that is being put */
    guint *mine;        /* by cache group: vCPUs of the group that is being put */
    gint64 *far;        /* by node: what a vCPU of that group costs there for its distance */
    guint *seat, seats; /* the nodes for the group that is being put */
    guint *order;
    int *to; /* by vCPU: where an exchange moves it */
} PlaceSearch;

/* A number below @below (xorshift64*): the same sequence in every search. */
static inline guint search_draw(PlaceSearch *search, guint below)
{
    search->random ^= search->random >> 12;
    search->random ^= search->random << 25;
    search->random ^= search->random >> 27;
    return (guint)((search->random * 2685821657736338717u) >> 33) % below;
}

static inline gboolean search_is_spent(const PlaceSearch *search)
{
    return search->state->work >= search->limit;
}

/* search-put.c: puts the vCPUs of group @g, whose memory is taken, beginning in cache group @start;
 * with @fill beside others rather than where nobody is. FALSE where some find no CPU. */
gboolean search_put_group(PlaceSearch *search, guint g, guint start, gboolean fill);
/* Puts each vCPU of @g on the least busy of the CPUs it is pinned to. FALSE where one is not. */
gboolean search_put_as_pinned(PlaceSearch *search, guint g);

/* search-guest.c: places all of guest @index, which is lifted, each group the cheapest way, or
 * nothing of it; with @wild now and then another way. */
void search_place_guest(PlaceSearch *search, guint index, gboolean wild);

/* search-polish.c: moves single vCPUs, swaps pairs and whole cores while that helps. @cost is that
 * of the layout; returns what it is then. */
gint64 search_polish(PlaceSearch *search, gint64 cost);
