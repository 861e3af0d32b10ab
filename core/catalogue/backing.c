/* The value of memory.hugepages, between its text and <memoryBacking><hugepages>. */
#include "core/catalogue/backing.h"

#include "core/util/error.h"
#include "core/util/idset.h"
#include "core/util/text.h"

#include <string.h>

#define HUGEPAGES "memoryBacking/hugepages"
#define PAGES_MAX 64 /* more page elements than any host has sizes times guest cells to say */

/* One <page>: its size, and the guest cells it is for ("" for all). */
typedef struct {
    guint64 size_kib;
    char *cells;
} Page;

static void page_clear(gpointer data)
{
    g_free(((Page *)data)->cells);
}

/* The pages of "2M@0-1;1G@2"; NULL with a sentence. */
static GArray *parse_pages(const char *value, GError **error)
{
    g_autoptr(GArray) pages = g_array_new(FALSE, TRUE, sizeof(Page));
    g_array_set_clear_func(pages, page_clear);
    g_autoptr(IdSet) seen = hwloc_bitmap_alloc();
    g_auto(GStrv) parts = g_strsplit(value, ";", PAGES_MAX);
    guint total = g_strv_length(parts);

    for (guint i = 0; i < total; i++) {
        char *at = strchr(parts[i], '@');
        if (at)
            *at = '\0';
        g_autoptr(IdSet) cells = at && at[1] ? idset_parse(at + 1, NULL) : NULL;
        Page page = {0, NULL};
        gboolean good =
            text_parse_size(parts[i], &page.size_kib) &&
            (at ? cells && !hwloc_bitmap_iszero(cells) && !hwloc_bitmap_intersects(cells, seen)
                : total == 1) &&
            (page.size_kib & (page.size_kib - 1)) == 0;
        if (!good) {
            g_autofree char *shown = text_escape(value, 60);
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "memory.hugepages cannot be \"%s\": write off, default, a page size (2M, 1G), or "
                "sizes by guest cell, each cell once (2M@0-1;1G@2)",
                shown);
            return NULL;
        }
        if (cells)
            hwloc_bitmap_or(seen, seen, cells);
        page.cells = idset_format(cells);
        g_array_append_val(pages, page);
    }
    return g_steal_pointer(&pages);
}

static char *format_pages(const GArray *pages)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < pages->len; i++) {
        const Page *page = &g_array_index(pages, Page, i);
        g_autofree char *size = text_page_size(page->size_kib);
        g_string_append_printf(
            out, "%s%s%s%s", i ? ";" : "", size, *page->cells ? "@" : "", page->cells);
    }
    return g_string_free(out, FALSE);
}

static gboolean is_word(const char *value)
{
    return g_str_equal(value, "off") || g_str_equal(value, "default");
}

char *backing_normalize(const char *value, GError **error)
{
    if (*value == '\0')
        return g_strdup("off");
    if (is_word(value))
        return g_strdup(value);
    g_autoptr(GArray) pages = parse_pages(value, error);
    return pages ? format_pages(pages) : NULL;
}

GArray *backing_sizes(const char *value)
{
    GArray *sizes = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_autoptr(GArray) pages = is_word(value) ? NULL : parse_pages(value, NULL);

    for (guint i = 0; pages && i < pages->len; i++)
        g_array_append_val(sizes, g_array_index(pages, Page, i).size_kib);
    return sizes;
}

int backing_highest_cell(const char *value)
{
    int highest = -1;
    g_autoptr(GArray) pages = is_word(value) ? NULL : parse_pages(value, NULL);

    for (guint i = 0; pages && i < pages->len; i++) {
        g_autoptr(IdSet) cells = idset_parse(g_array_index(pages, Page, i).cells, NULL);
        highest = MAX(highest, cells ? hwloc_bitmap_last(cells) : -1);
    }
    return highest;
}

/* The unit's factor to KiB as libvirt scales a <page>'s size; KiB where it names none. */
static gboolean page_size_kib(const char *size, const char *unit, guint64 *kib)
{
    if (size == NULL)
        return FALSE;
    if (unit == NULL || *unit == '\0')
        return text_parse_size(size, kib);
    g_autofree char *both = g_strconcat(size, unit, NULL);
    return text_parse_size(both, kib);
}

/* The <page> elements as they stand, each with its attributes as written. */
typedef struct {
    GPtrArray *size, *unit, *cells;
} PageList;

static PageList list_pages(const XmlEdit *edit)
{
    return (PageList){xml_edit_list(edit, HUGEPAGES "/page", "size"),
        xml_edit_list(edit, HUGEPAGES "/page", "unit"),
        xml_edit_list(edit, HUGEPAGES "/page", "nodeset")};
}

static void page_list_clear(PageList *list)
{
    g_ptr_array_unref(list->size);
    g_ptr_array_unref(list->unit);
    g_ptr_array_unref(list->cells);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PageList, page_list_clear)

char *backing_get(const XmlEdit *edit)
{
    g_autofree char *present = xml_edit_get(edit, HUGEPAGES);
    if (present == NULL)
        return g_strdup("off");

    g_auto(PageList) list = list_pages(edit);
    g_autoptr(GArray) pages = g_array_new(FALSE, TRUE, sizeof(Page));
    g_array_set_clear_func(pages, page_clear);
    for (guint i = 0; i < list.size->len; i++) {
        Page page = {0, NULL};
        const char *cells = g_ptr_array_index(list.cells, i);
        if (!page_size_kib(
                g_ptr_array_index(list.size, i), g_ptr_array_index(list.unit, i), &page.size_kib))
            continue;
        g_autoptr(IdSet) set = cells ? idset_parse(cells, NULL) : NULL;
        page.cells = idset_format(set);
        g_array_append_val(pages, page);
    }
    return pages->len ? format_pages(pages) : g_strdup("default");
}

gboolean backing_set(XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *now = backing_get(edit);
    if (g_str_equal(now, value))
        return TRUE;

    if (g_str_equal(value, "off"))
        return xml_edit_set(edit, HUGEPAGES, NULL, error);
    if (!g_str_equal(now, "off") && !xml_edit_set(edit, HUGEPAGES, NULL, error))
        return FALSE;
    if (g_str_equal(value, "default"))
        return xml_edit_set(edit, HUGEPAGES, "", error);

    g_autoptr(GArray) pages = parse_pages(value, error);
    for (guint i = 0; pages && i < pages->len; i++) {
        const Page *page = &g_array_index(pages, Page, i);
        g_autoptr(GString) path = g_string_new(HUGEPAGES "/page");
        g_string_append_printf(
            path, "[@size='%" G_GUINT64_FORMAT "'][@unit='KiB']", page->size_kib);
        if (*page->cells)
            g_string_append_printf(path, "[@nodeset='%s']", page->cells);
        if (!xml_edit_set(edit, path->str, "", error))
            return FALSE;
    }
    return pages != NULL;
}
