/* Text from outside made safe to show, and sizes as people write them. */
#include "core/util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

gboolean text_is_deceptive(gunichar c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x061c;
}

gboolean text_is_plain(const char *text, gsize *length)
{
    gsize i = 0;

    while (text[i] >= ' ' && text[i] <= '~')
        i++;
    *length = i;
    return text[i] == '\0';
}

char *text_escape(const char *text, gsize max_chars)
{
    gsize length;

    if (text == NULL)
        return g_strdup("–");
    if (text_is_plain(text, &length) && (max_chars == 0 || length <= max_chars))
        return g_strndup(text, length);

    GString *out = g_string_new(NULL);
    gsize chars = 0;
    for (const char *p = text; *p != '\0';) {
        if (max_chars > 0 && chars + 1 >= max_chars && p[1] != '\0' &&
            *g_utf8_find_next_char(p, NULL) != '\0') {
            g_string_append(out, "…");
            break;
        }
        gunichar c = g_utf8_get_char_validated(p, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (guchar)*p++);
            chars += 4;
            continue;
        }
        if (g_unichar_iscntrl(c)) {
            g_string_append_printf(out, "\\x%02x", c);
            chars += 4;
        } else if (text_is_deceptive(c)) {
            g_string_append_printf(out, "\\u{%04x}", c);
            chars += 8;
        } else {
            g_string_append_unichar(out, c);
            chars++;
        }
        p = g_utf8_next_char(p);
    }
    return g_string_free(out, FALSE);
}

char *text_size_kib(guint64 kib)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)kib;
    guint unit = 0;

    while (value >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
        value /= 1024;
        unit++;
    }
    return g_strdup_printf(unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

char *text_page_size(guint64 kib)
{
    if (kib >= 1048576 && kib % 1048576 == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT "G", kib / 1048576);
    if (kib >= 1024 && kib % 1024 == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT "M", kib / 1024);
    return g_strdup_printf("%" G_GUINT64_FORMAT "K", kib);
}

gboolean text_parse_size(const char *text, guint64 *kib)
{
    static const struct {
        const char *suffix;
        guint shift;
    } units[] = {{"", 0}, {"K", 0}, {"M", 10}, {"G", 20}, {"T", 30}, {"KiB", 0}, {"MiB", 10},
        {"GiB", 20}, {"TiB", 30}, {"kB", 0}};
    char *end = NULL;

    if (!g_ascii_isdigit(*text))
        return FALSE;
    errno = 0;
    guint64 value = g_ascii_strtoull(text, &end, 10);
    if (errno != 0 || value == 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(end, units[i].suffix) == 0) {
            if (value > (G_GUINT64_CONSTANT(1) << 53) >> units[i].shift)
                return FALSE;
            *kib = value << units[i].shift;
            return TRUE;
        }
    }
    return FALSE;
}

guint64 text_unit_bytes(const char *unit)
{
    static const char prefixes[] = "kmgtpe";

    if (unit == NULL || *unit == '\0')
        return 1024;
    if (g_ascii_strcasecmp(unit, "b") == 0 || g_ascii_strcasecmp(unit, "bytes") == 0)
        return 1;
    const char *prefix = strchr(prefixes, g_ascii_tolower(*unit));
    guint64 base = unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "iB") == 0 ? 1024
                   : g_ascii_strcasecmp(unit + 1, "B") == 0                   ? 1000
                                                                              : 0;
    if (prefix == NULL || base == 0)
        return 0;
    guint64 bytes = base;
    for (const char *p = prefixes; p < prefix; p++)
        bytes *= base;
    return bytes;
}

gboolean text_scaled_kib(const char *text, const char *unit, guint64 *kib)
{
    guint64 value, bytes;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &value, NULL) ||
        text_unit_bytes(unit) == 0 || !g_uint64_checked_mul(&bytes, value, text_unit_bytes(unit)))
        return FALSE;
    *kib = bytes / 1024 + (bytes % 1024 ? 1 : 0);
    return TRUE;
}

gboolean text_parse_int(const char *text, gint64 *value)
{
    return *text != '+' && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, value, NULL);
}

gboolean text_has_folded(const char *text, const char *folded)
{
    if (text == NULL)
        return FALSE;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *mine = g_utf8_casefold(valid, -1);
    return strstr(mine, folded) != NULL;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *text_join_sorted(GPtrArray *words)
{
    GString *out = g_string_new(NULL);

    g_ptr_array_sort(words, compare_texts);
    for (guint i = 0; i < words->len; i++)
        if (i == 0 || strcmp(words->pdata[i - 1], words->pdata[i]) != 0)
            g_string_append_printf(out, "%s%s", out->len ? "," : "", (char *)words->pdata[i]);
    return g_string_free(out, FALSE);
}

char **text_list_without(const char *list, const char *others)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1), known = g_strsplit(others, ",", -1);
    GPtrArray *rest = g_ptr_array_new();

    for (guint i = 0; words[i]; i++)
        if (!g_strv_contains((const char *const *)known, words[i]))
            g_ptr_array_add(rest, g_strdup(words[i]));
    g_ptr_array_add(rest, NULL);
    return (char **)g_ptr_array_free(rest, FALSE);
}

gboolean text_is_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

char *text_mount_path(const char *text)
{
    static const struct {
        const char *code;
        char byte;
    } codes[] = {{"\\040", ' '}, {"\\011", '\t'}, {"\\012", '\n'}, {"\\134", '\\'}};
    GString *out = g_string_new(NULL);

    while (*text) {
        guint i = 0;
        while (i < G_N_ELEMENTS(codes) && !g_str_has_prefix(text, codes[i].code))
            i++;
        g_string_append_c(out, i < G_N_ELEMENTS(codes) ? codes[i].byte : *text);
        text += i < G_N_ELEMENTS(codes) ? 4 : 1;
    }
    return g_string_free(out, FALSE);
}
