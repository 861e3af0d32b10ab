/* What the files of the Pages screen share. */
#pragma once

#include "core/virt/pages.h"
#include "tui/app/counting.h"
#include "tui/widgets/table.h"

#define PAGES_NODES 10 /* nodes with a column of their own; what is on the others has one */

typedef struct {
    Table table;
    TableColumn columns[TABLE_COLUMNS];
    char titles[PAGES_NODES][16];
    guint nodes;     /* columns of nodes */
    gboolean others; /* there are more nodes than columns */
    Counting counting;
    gboolean noted; /* what it counted was told to the collector */
    guint serial;   /* app_journal_serial() when it began */
} PagesState;

/* The domain under the cursor; NULL where none is. */
const DomainView *pages_selected(const App *app, const PagesState *state);
/* What is to be told of it, below the table (pagesnote.c). */
void pages_note(const App *app, const PagesState *state, const Canvas *canvas);
