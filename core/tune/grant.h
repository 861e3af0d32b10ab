/* What a change takes of the host's memory, and why the kernel granted fewer hugepages than were
 * asked for. */
#pragma once

#include "core/catalogue/tunable.h"
#include "core/tune/plan.h"

/* The pool that @key (hugepages.nodeN.SIZE) sets, and its node; NULL where there is none. */
const HugePool *grant_pool(const Host *host, const TunableKey *key, const NodeMemory **node);
/* What @key's node has free, in KiB, when its pool is @pages large and its other pools are as @plan
 * (may be NULL) sets them now: less than 0 where more is asked than there is. Pages in use stay,
 * however small a pool is made. Unknown where nothing is known of it. */
Num grant_free(const Host *host, const Plan *plan, const TunableKey *key, gint64 pages);
/* Whether @plan sets another pool of @key's node now. */
gboolean grant_has_others(const Host *host, const Plan *plan, const TunableKey *key);
/* That in words: "leaves 12.3 GiB free on node 0", "2 GiB more than node 0 has free"; NULL where it
 * is not known. The caller frees it. */
char *grant_leaves(const Host *host, const Plan *plan, const TunableKey *key, gint64 pages);
/* The memory of the node of @key, in KiB. */
Num grant_memory(const Host *host, const TunableKey *key);
/* The same of any @value of the host's @key: of a pool, and of ksm.run=2, which unmerges
 * ("unmerging takes 1.6 GiB of the 139 GiB available"). NULL where it takes nothing that is known.
 */
char *grant_takes(const Host *host, const Plan *plan, const TunableKey *key, const char *value);
/* The reason, and what to do, of the pool @key below @root, of which @missing pages were not
 * granted: what the node has free, and in which pieces (buddyinfo). @compacted: memory was, just
 * before, and need not be again. The caller frees it. */
char *grant_reason(const char *root, const TunableKey *key, gint64 missing, gboolean compacted);
