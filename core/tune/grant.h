/* Why the kernel granted fewer hugepages than were asked for. */
#pragma once

#include "core/tune/tunable.h"

/* The reason, and what to do, of the pool @key below @root, of which @missing pages were not
 * granted: what the node has free, and in which pieces (buddyinfo). The caller frees it. */
char *grant_reason(const char *root, const TunableKey *key, gint64 missing);
