/* The section of the Memory screen's list that says how the kernel manages memory: /proc/sys/vm and
 * NUMA balancing, to be edited. */
#include "tui/screens/hostvalue.h"
#include "tui/screens/kept.h"
#include "tui/screens/memory/memoryparts.h"
#include "tui/widgets/cell.h"

#define GROUP  "Memory management" /* of rows-vm.c */
#define LINE   "%-27s %9s  %s%s%s"
#define BESIDE 24 /* cells for what is staged or kept */

static void add_value(const App *app, Table *table, const Tunable *tunable, const char *value)
{
    Style style = STYLE_TEXT;
    g_autofree char *kept = kept_text(app, tunable->key, value, BESIDE, &style);
    g_autofree char *meaning = hostvalue_meaning(tunable, value);
    g_autofree char *text = g_strdup_printf(LINE, tunable->key, value, meaning ? meaning : "",
        kept && meaning ? "  " : "", kept ? kept : "");

    table_line(table, tunable->key, kept ? style : STYLE_TEXT, g_strchomp(text));
}

void memory_vm_add(const App *app, Table *table)
{
    const Host *host = app->snapshot->host;
    guint count, known = 0;
    const Tunable *rows = tunable_catalogue(&count);

    table_heading(table, STYLE_TEXT, "");
    table_heading(table, STYLE_TITLE, "How the kernel manages memory");
    for (guint i = 0; i < count; i++) {
        g_autofree char *value =
            g_strcmp0(rows[i].group, GROUP) == 0 ? hostvalue_now(host, rows[i].key) : NULL;
        if (value == NULL)
            continue;
        add_value(app, table, &rows[i], value);
        known++;
    }
    if (known == 0)
        table_heading(table, STYLE_DIM, app->snapshot->link.remote ? "– " CELL_NOT_TOLD : "–");
}
