/* What a number of hugepages leaves of a node's memory, and why the kernel granted fewer than were
 * asked for. */
#pragma once

#include "core/catalogue/tunable.h"

/* The pool that @key (hugepages.nodeN.SIZE) sets, and its node; NULL where there is none. */
const HugePool *grant_pool(const Host *host, const TunableKey *key, const NodeMemory **node);
/* "leaves 12.3 GiB free on node 0", were the pool of @key @pages large, or "2 GiB more than node 0
 * has free". NULL where there is no such pool, or nothing is known of it. The caller frees it. */
char *grant_leaves(const Host *host, const TunableKey *key, gint64 pages);
/* The reason, and what to do, of the pool @key below @root, of which @missing pages were not
 * granted: what the node has free, and in which pieces (buddyinfo). The caller frees it. */
char *grant_reason(const char *root, const TunableKey *key, gint64 missing);
