/* The parts of the Memory screen beside its pools and nodes. */
#pragma once

#include "tui/app/app.h"
#include "tui/widgets/table.h"

/* The host's memory as one bar, with its legend; memorybar.c. Returns the lines used, at most
 * MEMORY_BAR_LINES. */
#define MEMORY_BAR_LINES 5
int memory_bar_draw(const App *app, const Canvas *canvas);

/* Sections of the list, in the columns of its rows as @name and @value, the rest of the line as
 * @text: what the domains may need, memory pressure, what KVM does; memoryrows.c. */
void memory_rows_add(const App *app, Table *table, guint name, guint value, guint text);
/* What the row @id of those sections, or of meminfo, is, in a sentence; NULL where there is none.
 * The caller frees it. */
char *memory_row_help(const App *app, const char *id);
/* The section of how the kernel manages memory, rows of the host's tunables; memoryvm.c. */
void memory_vm_add(const App *app, Table *table);
/* The same of meminfo's line @name; meminfohelp.c. */
const char *meminfo_help(const char *name);
