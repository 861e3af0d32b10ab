/* What of a VM's process is in transparent huge pages, counted when somebody asks on the Sharing
 * screen. */
#pragma once

#include "core/virt/hugecount.h"
#include "tui/app.h"

typedef struct {
    HugeCount *count; /* the newest, running or done; NULL */
    char *counted;    /* the UUID of the domain it is of */
} SharingCount;

/* Begins to count the process of the VM of row @id, or stops the count that runs. */
void sharing_count(App *app, SharingCount *state, const char *id);
/* What was counted of the VM of row @id, or how far it is; NULL where nothing is of it. *problem is
 * set where it did not come to its end. The caller frees it. */
char *sharing_count_text(const SharingCount *state, const char *id, gboolean *problem);
void sharing_count_clear(SharingCount *state);
