/* The Memory screen's part on hugepages: who asks for them, who holds them, a pool made larger or
 * smaller by steps, and what is said at the cursor. */
#pragma once

#include "tui/app/app.h"
#include "tui/widgets/table.h"

/* Begins the id of a pool's row, or of overcommit's, which is its tunable's key. */
#define MEMORY_POOL_ID       "hugepages."
#define MEMORY_OVERCOMMIT_ID MEMORY_POOL_ID "overcommit."
#define MEMORY_ALL_ID        "all." /* the same of a size's pools of all nodes */
#define MEMORY_FOOTER        3      /* lines: an empty one, two of text */

/* The columns of the Memory screen's list: its sections use them as their headings say. */
enum { MEMORY_NAME, MEMORY_TOTAL, MEMORY_SECOND, MEMORY_FREE, MEMORY_A, MEMORY_B, MEMORY_C };

/* Adds a row for each need of each domain that asks for hugepages; returns how many. */
guint memory_demand_rows(App *app, Table *table);
/* Stages the pool of the row @id one step larger or smaller. */
void memory_pool_step(App *app, const char *id, int steps);
/* Grows the pools for the domain of the row @id. */
void memory_fit(App *app, const char *id);
/* Says below the list what the row @id (may be NULL) means and what is staged of it does. */
void memory_footer(App *app, const char *id, const Canvas *canvas);
