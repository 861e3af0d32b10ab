/* <cachetune vcpus='0-3'><cache id='0' level='3' type='both' size='3' unit='MiB'/>…: a value is a
 * list of items, one for each child element; all but an item's last part say which child it is. */
#include "core/catalogue/resctrl.h"

#include "core/catalogue/tunable-value.h"
#include "core/util/text.h"

#include <string.h>

#define ITEMS_MAX 256 /* more caches or nodes than any host has */
#define PARTS_MAX 4

static const struct {
    const char *prefix;           /* of the key */
    const char *child;            /* the element of an item */
    const char *names[PARTS_MAX]; /* the attributes of its parts */
    guint parts;
    const char *example;
} kinds[] = {
    {"cputune.cachetune.", "cache", {"id", "level", "type", "size"}, 4,
        "CACHE:LEVEL:both|code|data:SIZE, such as 0:3:both:3M;1:3:both:3M"},
    {"cputune.memorytune.", "node", {"id", "bandwidth"}, 2, "NODE:PERCENT, such as 0:60;1:30"},
};

static guint kind_of(const TunableKey *key)
{
    return g_str_has_prefix(key->key, kinds[0].prefix) ? 0 : 1;
}

/* One part of an item in its one form; NULL where it is no good. */
static char *normal_part(const char *name, const char *text)
{
    gint64 number;
    guint64 kib;

    if (g_str_equal(name, "size"))
        return text_parse_size(text, &kib) ? text_page_size(kib) : NULL;
    if (g_str_equal(name, "type"))
        return g_str_equal(text, "both") || g_str_equal(text, "code") || g_str_equal(text, "data")
                   ? g_strdup(text)
                   : NULL;
    gint64 least = g_str_equal(name, "id") ? 0 : 1;
    gint64 most = g_str_equal(name, "level") ? 9 : g_str_equal(name, "bandwidth") ? 100 : 65535;
    return text_parse_int(text, &number) && number >= least && number <= most
               ? g_strdup_printf("%" G_GINT64_FORMAT, number)
               : NULL;
}

static char *normal_item(guint kind, const char *item)
{
    g_auto(GStrv) parts = g_strsplit(item, ":", -1);
    g_autoptr(GString) normal = g_string_new(NULL);

    if (g_strv_length(parts) != kinds[kind].parts)
        return NULL;
    for (guint i = 0; i < kinds[kind].parts; i++) {
        g_autofree char *part = normal_part(kinds[kind].names[i], parts[i]);
        if (part == NULL)
            return NULL;
        g_string_append_printf(normal, "%s%s", i ? ":" : "", part);
    }
    return g_strdup(normal->str);
}

/* By the number that an item begins with, then by text. */
static int compare_items(gconstpointer a, gconstpointer b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    guint64 m = g_ascii_strtoull(x, NULL, 10), n = g_ascii_strtoull(y, NULL, 10);

    return m != n ? (m > n) - (m < n) : strcmp(x, y);
}

/* The length of the item's parts before the last: they name the child. */
static gsize name_length(const char *item)
{
    return (gsize)(strrchr(item, ':') - item);
}

static char *join(GPtrArray *items)
{
    g_ptr_array_sort(items, compare_items);
    g_ptr_array_add(items, NULL);
    return g_strjoinv(";", (char **)items->pdata);
}

char *resctrl_normalize(const TunableKey *key, const char *value, GError **error)
{
    guint kind = kind_of(key);
    g_auto(GStrv) texts = g_strsplit(value, ";", ITEMS_MAX + 1);
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean ok = g_strv_length(texts) <= ITEMS_MAX;

    for (guint i = 0; ok && texts[i]; i++) {
        char *item = normal_item(kind, texts[i]);
        ok = item != NULL && g_hash_table_add(seen, g_strndup(item, name_length(item)));
        if (item != NULL)
            g_ptr_array_add(items, item);
    }
    return ok ? join(items)
              : tunable_refuse(key, value, error, "%s is allowed, each one once, joined by \";\"",
                    kinds[kind].example);
}

char *resctrl_get(const TunableKey *key, const XmlEdit *edit)
{
    guint kind = kind_of(key);
    g_autofree char *place = tunable_key_place(key);
    g_autofree char *path = g_strdup_printf("%s/%s", place, kinds[kind].child);
    g_autoptr(GPtrArray) columns =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) units = xml_edit_list(edit, path, "unit");
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < kinds[kind].parts; i++)
        g_ptr_array_add(columns, xml_edit_list(edit, path, kinds[kind].names[i]));
    for (guint row = 0; row < units->len; row++) {
        g_autoptr(GString) item = g_string_new(NULL);
        for (guint i = 0; i < columns->len; i++) {
            const char *text = g_ptr_array_index((GPtrArray *)g_ptr_array_index(columns, i), row);
            const char *unit = g_ptr_array_index(units, row);
            guint64 kib;
            g_autofree char *size = g_str_equal(kinds[kind].names[i], "size") &&
                                            text_scaled_kib(text, unit ? unit : "bytes", &kib) &&
                                            kib > 0
                                        ? text_page_size(kib)
                                        : g_strdup(text ? text : "");
            g_string_append_printf(item, "%s%s", i ? ":" : "", size);
        }
        g_ptr_array_add(items, g_strdup(item->str));
    }
    return join(items);
}

/* The path of @item's child, by all its parts but the last. */
static char *item_path(const TunableKey *key, char **parts)
{
    guint kind = kind_of(key);
    g_autofree char *place = tunable_key_place(key);
    GString *path = g_string_new(NULL);

    g_string_printf(path, "%s/%s", place, kinds[kind].child);
    for (guint i = 0; i + 1 < kinds[kind].parts; i++)
        g_string_append_printf(path, "[@%s='%s']", kinds[kind].names[i], parts[i]);
    g_string_append(path, kind == 0 ? "/@size:@unit" : "/@bandwidth");
    return g_string_free(path, FALSE);
}

/* "3M" as the attributes of a <cache> say it. */
static char *size_and_unit(const char *size)
{
    guint64 kib = 0;
    gboolean whole = text_parse_size(size, &kib) && kib % 1024 == 0;

    return whole ? g_strdup_printf("%" G_GUINT64_FORMAT ":MiB", kib / 1024)
                 : g_strdup_printf("%" G_GUINT64_FORMAT ":KiB", kib);
}

static gboolean set_item(
    const TunableKey *key, XmlEdit *edit, const char *item, gboolean there, GError **error)
{
    guint kind = kind_of(key);
    g_auto(GStrv) parts = g_strsplit(item, ":", -1);

    if (g_strv_length(parts) != kinds[kind].parts) {
        tunable_refuse(key, item, error, "the document has one that is not understood");
        return FALSE;
    }
    g_autofree char *path = item_path(key, parts);
    const char *last = parts[kinds[kind].parts - 1];
    g_autofree char *value = kind == 0 ? size_and_unit(last) : g_strdup(last);
    return xml_edit_set(edit, path, there ? value : NULL, error);
}

/* Whether @list has an item of @item's name. */
static gboolean has_name(char **list, const char *item)
{
    for (guint i = 0; list[i]; i++)
        if (strncmp(list[i], item, name_length(item) + 1) == 0)
            return TRUE;
    return FALSE;
}

/* New ones first, so that the container never stands empty in between and stays where it is. */
gboolean resctrl_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *now = resctrl_get(key, edit);
    g_auto(GStrv) old = g_strsplit(now, ";", -1);
    g_auto(GStrv) new = g_strsplit(value, ";", -1);

    for (guint i = 0; new[i]; i++)
        if (!g_strv_contains((const char *const *)old, new[i]) &&
            !set_item(key, edit, new[i], TRUE, error))
            return FALSE;
    for (guint i = 0; old[i]; i++)
        if (!has_name(new, old[i]) && !set_item(key, edit, old[i], FALSE, error))
            return FALSE;
    return TRUE;
}
