/* How much of one process is in transparent huge pages, from /proc/PID/smaps. (smaps_rollup has the
 * same sums, but in one read that cannot stop.) */
#pragma once

#include "core/virt/proccount.h"

extern const ProcCountKind huge_count;
