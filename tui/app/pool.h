/* A hugepage pool of a node that is to be made larger or smaller: which one, and what a number of
 * pages leaves. */
#pragma once

#include "tui/app/app.h"

/* The most pages that the pool of @key could have: those it has and what fits in the memory that
 * its node has free when all else that is staged is done. Unknown where one of these is. */
Num pool_most(const App *app, const TunableKey *key);
/* What @pages of the pool leave: "40 GiB; leaves 12.3 GiB free on node 0". @style: how it is shown.
 * NULL where there is no such pool, or nothing is known of it. The caller frees it. */
char *pool_note(const App *app, const TunableKey *key, gint64 pages, Style *style);
