/* The catalogue: every file of rows, in the order in which they are shown. */
#include "core/catalogue/rows.h"

#include <string.h>

const TunableChoice choice_on_off[] = {{"on", "on"}, {"off", "off"}, {NULL, NULL}};
const TunableChoice choice_yes_no[] = {{"yes", "yes"}, {"no", "no"}, {NULL, NULL}};

const Tunable *tunable_catalogue(guint *count)
{
    static const TunableRows *const files[] = {&rows_host, &rows_pools, &rows_vm, &rows_cpu,
        &rows_memory, &rows_disk, &rows_net, &rows_guest};
    static Tunable *all;
    static guint total;

    if (g_once_init_enter(&all)) {
        guint sum = 0;
        for (guint i = 0; i < G_N_ELEMENTS(files); i++)
            sum += files[i]->count;
        Tunable *rows = g_new(Tunable, sum);
        total = sum;
        sum = 0;
        for (guint i = 0; i < G_N_ELEMENTS(files); sum += files[i++]->count)
            memcpy(rows + sum, files[i]->rows, files[i]->count * sizeof *rows);
        g_once_init_leave(&all, rows);
    }
    *count = total;
    return all;
}
