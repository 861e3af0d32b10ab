/* The pages of one process counted by size and node, from /proc/PID/numa_maps. */
#pragma once

#include "core/virt/proccount.h"

extern const ProcCountKind page_count;

/* What page_count counted by node, of all sizes: GArray of NodeKib (domain.h) ascending, the
 * caller's. */
GArray *page_count_nodes(const ProcCount *count);
