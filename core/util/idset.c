/* Sets of CPU and NUMA node numbers: parsing and printing. */
#include "core/util/idset.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

/* Reads a decimal number at *@p and moves past it; -1 where there is none or it is too large. */
static int take_number(const char **p)
{
    int n = 0;

    if (!g_ascii_isdigit(**p))
        return -1;
    while (g_ascii_isdigit(**p)) {
        n = n * 10 + (**p - '0');
        if (n >= IDSET_MAX)
            return -1;
        (*p)++;
    }
    return n;
}

IdSet *idset_parse(const char *text, GError **error)
{
    g_autoptr(IdSet) set = hwloc_bitmap_alloc();
    const char *p = text;

    while (*p != '\0') {
        gboolean exclude = *p == '^';
        if (exclude)
            p++;
        int first = take_number(&p);
        int last = first;
        if (first >= 0 && *p == '-' && !exclude) {
            p++;
            last = take_number(&p);
        }
        if (first < 0 || last < first || (*p != '\0' && *p != ',') || (*p == ',' && p[1] == '\0')) {
            g_autofree char *shown = text_escape(text, 60);
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "\"%s\" is not a set of numbers: write it as 0-3,8 or 0-7,^2 (numbers below %d)",
                shown, IDSET_MAX);
            return NULL;
        }
        if (exclude)
            hwloc_bitmap_clr(set, (unsigned)first);
        else
            hwloc_bitmap_set_range(set, (unsigned)first, last);
        if (*p == ',')
            p++;
    }
    return g_steal_pointer(&set);
}

IdSet *idset_parse_kernel(const char *text)
{
    if (text == NULL)
        return NULL;
    g_autofree char *copy = g_strstrip(g_strdup(text));
    return idset_parse(copy, NULL);
}

IdSet *idset_read(const char *root, const char *path)
{
    g_autofree char *text = rootfile_read_whole(root, path);

    return text && *text ? idset_parse_kernel(text) : NULL;
}

char *idset_format(const IdSet *set)
{
    GString *out = g_string_new(NULL);

    for (IDSET_EACH(first, set)) {
        int last = first;
        while (last + 1 < IDSET_MAX && hwloc_bitmap_isset(set, (unsigned)last + 1))
            last++;
        if (out->len > 0)
            g_string_append_c(out, ',');
        g_string_append_printf(out, "%d", first);
        if (last > first)
            g_string_append_printf(out, "-%d", last);
        first = last;
        if (last + 1 >= IDSET_MAX)
            break;
    }
    return g_string_free(out, FALSE);
}

IdSet *idset_copy(const IdSet *set)
{
    return set ? hwloc_bitmap_dup(set) : NULL;
}

gboolean idset_equal(const IdSet *a, const IdSet *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return hwloc_bitmap_isequal(a, b) != 0;
}

gboolean idset_is_empty(const IdSet *set)
{
    return set == NULL || hwloc_bitmap_iszero(set);
}

guint idset_count(const IdSet *set)
{
    return set && hwloc_bitmap_weight(set) > 0 ? (guint)hwloc_bitmap_weight(set) : 0;
}
