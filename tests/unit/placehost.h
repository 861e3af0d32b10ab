/* Made-up hosts and guests for what is said of placement: each is told by a few numbers. */
#pragma once

#include "core/place/place.h"

typedef struct {
    guint nodes, caches, cores,
        threads;          /* of the one above: caches a node, cores a cache group … */
    gint64 free_kib;      /* of each node */
    gint64 pages_2m;      /* free, of each node; there are no other pools */
    const char *isolated; /* a set; NULL none */
} HostShape;

/* CPU n's siblings are n + cores, as firmware numbers them; distances 10, 12 within a pair of nodes
 * and 21. */
Host *placehost_new(const HostShape *shape);
void placehost_set_room(Host *host, guint node, gint64 free_kib, gint64 pages_2m);

/* A Snapshot of @host, which it takes; no domains yet. */
Snapshot *placehost_snapshot(Host *host);
/* Adds a domain of the XML <domain>@body</domain>; it runs where @running. */
Domain *placehost_add(Snapshot *snapshot, const char *name, const char *body, gboolean running);

/* The set that @text names. */
IdSet *placehost_set(const char *text);
/* The layout for @wish, which must be one. */
PlaceLayout *placehost_propose(const Snapshot *snapshot, const PlaceWish *wish);
const PlacedDomain *placehost_placed(const PlaceLayout *layout, guint index);
/* Whether a reason of @domain has @words in it. */
gboolean placehost_has_reason(const PlacedDomain *domain, const char *words);
