/* The count of one VM's process that a screen's key begins and stops. */
#pragma once

#include "core/virt/proccount.h"
#include "tui/app/app.h"

typedef struct {
    ProcCount *count; /* the newest, running or done; NULL */
    char *uuid;       /* of the domain it is of */
} Counting;

/* Stops the count that runs, and says so; FALSE where none does. */
gboolean counting_stop(App *app, Counting *counting);
/* Begins to count @kind of @view's process; FALSE with a message where it has none. */
gboolean counting_begin(
    App *app, Counting *counting, const ProcCountKind *kind, const DomainView *view);
/* "counting: 5 of 20 mappings; c stops"; NULL where it is done. The caller frees it. */
char *counting_progress(const Counting *counting);
void counting_clear(Counting *counting);
