/* Texts for cells of a table. */
#include "tui/widgets/cell.h"

#include "core/util/text.h"

#define UNKNOWN   "–"
#define CALM_FROM 1000000 /* from here on not every figure of a count is worth its flicker */

char *cell_num(Num number)
{
    return number.known ? g_strdup_printf("%" G_GINT64_FORMAT, number.value) : g_strdup(UNKNOWN);
}

char *cell_size(Num kib)
{
    return kib.known && kib.value >= 0 ? text_size_kib((guint64)kib.value) : g_strdup(UNKNOWN);
}

char *cell_short_size(Num kib)
{
    static const char units[] = "KMGTP";
    double value = (double)kib.value;
    guint unit = 0;

    if (!kib.known || kib.value < 0)
        return g_strdup("–");
    for (; value >= 999.5 && unit + 1 < sizeof units - 1; unit++)
        value /= 1024;
    return g_strdup_printf(unit < 2 || value >= 99.95 ? "%.0f%c" : "%.1f%c", value, units[unit]);
}

char *cell_percent(Num permille)
{
    return permille.known ? g_strdup_printf("%" G_GINT64_FORMAT "%%", (permille.value + 5) / 10)
                          : g_strdup(UNKNOWN);
}

char *cell_count(Num number)
{
    static const char units[] = " MGTPE";
    double value = (double)number.value / 1000;
    guint unit = 0;

    if (!number.known || number.value < CALM_FROM)
        return cell_num(number);
    for (; value >= 999.5; value /= 1000)
        unit++;
    return g_strdup_printf("%.*f %c",
        value < 9.995   ? 2
        : value < 99.95 ? 1
                        : 0,
        value, units[unit]);
}

char *cell_rate(Num rate)
{
    double per_second = (double)rate.value / 1000;

    if (!rate.known)
        return g_strdup("");
    if (rate.value == 0 || ABS(per_second) >= 9.95)
        return g_strdup_printf("%.0f/s", per_second);
    return ABS(per_second) < 0.1 ? g_strdup(rate.value < 0 ? "> -0.1/s" : "< 0.1/s")
                                 : g_strdup_printf("%.1f/s", per_second);
}

char *cell_set(const IdSet *set, const char *otherwise)
{
    if (set == NULL)
        return g_strdup(otherwise);
    return idset_is_empty(set) ? g_strdup("none") : idset_format(set);
}

char **cell_lines(const char *text, int first, int rest)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    int width = first;

    do {
        const char *end = text, *blank = NULL;
        for (int cells = 0; *end; end = g_utf8_next_char(end)) {
            cells += g_unichar_iswide(g_utf8_get_char(end)) ? 2 : 1;
            /* A blank far to the left is not worth a line that is nearly empty. */
            if (*end == ' ' && cells > width / 4)
                blank = end;
            if (cells > width && end > text)
                break;
        }
        if (*end && blank)
            end = blank;
        g_ptr_array_add(lines, g_strndup(text, (gsize)(end - text)));
        text = *end == ' ' ? end + 1 : end;
        width = rest;
    } while (*text);
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}
