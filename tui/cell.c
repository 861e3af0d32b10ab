/* Texts for cells of a table. */
#include "tui/cell.h"

#include "core/util/text.h"

#define UNKNOWN "–"

char *cell_num(Num number)
{
    return number.known ? g_strdup_printf("%" G_GINT64_FORMAT, number.value) : g_strdup(UNKNOWN);
}

char *cell_size(Num kib)
{
    return kib.known && kib.value >= 0 ? text_size_kib((guint64)kib.value) : g_strdup(UNKNOWN);
}

char *cell_percent(Num permille)
{
    return permille.known ? g_strdup_printf("%" G_GINT64_FORMAT "%%", (permille.value + 5) / 10)
                          : g_strdup(UNKNOWN);
}

char *cell_rate(Num per_second)
{
    return per_second.known ? g_strdup_printf("%" G_GINT64_FORMAT "/s", per_second.value)
                            : g_strdup("");
}

char *cell_set(const IdSet *set, const char *otherwise)
{
    if (set == NULL)
        return g_strdup(otherwise);
    return idset_count(set) ? idset_format(set) : g_strdup("none");
}
