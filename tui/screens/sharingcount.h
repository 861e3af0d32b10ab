/* What of a VM's process is in transparent huge pages, counted when somebody asks on the Sharing
 * screen. */
#pragma once

#include "tui/app/counting.h"

/* Begins to count the process of the VM of row @id, or stops the count that runs. */
void sharing_count(App *app, Counting *state, const char *id);
/* What was counted of the VM of row @id, or how far it is; NULL where nothing is of it. *problem is
 * set where it did not come to its end. The caller frees it. */
char *sharing_count_text(const Counting *state, const char *id, gboolean *problem);
