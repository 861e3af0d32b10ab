/* How pages are spread over nodes, as text: "2" or "0-1" is a set of nodes, each as much as comes;
 * "0:46,1:31,3:23" says in what parts. The value of the key `pages`. */
#pragma once

#include "core/virt/domain.h"

typedef struct {
    GArray *parts;     /* NodeKib ascending; a part's weight is its kib */
    gboolean weighted; /* FALSE: a set, whatever is where in it */
} PageShares;

/* NULL with a KVMTUNE_ERROR_USAGE sentence. */
PageShares *page_shares_parse(const char *text, GError **error);
void page_shares_free(PageShares *shares);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PageShares, page_shares_free)

/* How @memory (NodeKib) is spread, in 1/100, less than one left out: "2", "0:46,1:54"; "" where
 * there is none. The caller frees it. */
char *page_shares_text(const GArray *memory);

/* Whether memory spread as @got is as @wanted, to a few parts of 100. */
gboolean page_shares_meet(const char *wanted, const char *got);

/* What of @memory would have to move to be spread as @shares. GArray of gint64 by the number of the
 * node: KiB too much there, or (below 0) room to fill. The caller unrefs it. */
GArray *page_shares_excess(const PageShares *shares, const GArray *memory);
guint64 page_shares_to_move(const GArray *excess); /* what is too much on some nodes, in KiB */
