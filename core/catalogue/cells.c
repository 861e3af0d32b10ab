/* <cpu><numa><cell id='0' cpus='0-3' memory='4194304' unit='KiB'>: the i-th item of the value is
 * cell i. A cell that stays keeps what the value does not speak of (memAccess, discard, caches). */
#include "core/catalogue/cells.h"

#include "core/catalogue/sizes.h"
#include "core/catalogue/tunable-value.h"
#include "core/util/idset.h"
#include "core/util/text.h"

#include <string.h>

#define CELLS_MAX    64
#define CELL         "cpu/numa/cell"
#define DISTANCE_MIN 10 /* ACPI's SLIT: 10 is a node's distance to itself, 255 is unreachable */
#define DISTANCE_MAX 255

/* "10,20" with @count numbers; NULL where it is not that. */
static char *normal_distances(const char *text, guint count)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    if (g_strv_length(parts) != count)
        return NULL;
    for (guint i = 0; i < count; i++) {
        gint64 distance;
        if (!text_parse_int(parts[i], &distance) || distance < DISTANCE_MIN ||
            distance > DISTANCE_MAX)
            return NULL;
        g_free(parts[i]);
        parts[i] = g_strdup_printf("%" G_GINT64_FORMAT, distance);
    }
    return g_strjoinv(",", parts);
}

/* One item of @count; its CPUs, which no other may have, go into @seen. */
static char *normal_cell(const char *text, guint count, IdSet *seen)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    guint length = g_strv_length(parts);
    g_autoptr(IdSet) cpus = length > 0 ? idset_parse(parts[0], NULL) : NULL;
    guint64 kib;

    if (length < 2 || length > 3 || cpus == NULL || hwloc_bitmap_intersects(cpus, seen) ||
        !text_parse_size(parts[1], &kib))
        return NULL;
    hwloc_bitmap_or(seen, seen, cpus);
    g_autofree char *set = idset_format(cpus);
    g_autofree char *size = text_page_size(kib);
    g_autofree char *distances = length == 3 ? normal_distances(parts[2], count) : NULL;
    if (length == 3 && distances == NULL)
        return NULL;
    return g_strdup_printf(
        "%s:%s%s%s", set, size, distances ? ":" : "", distances ? distances : "");
}

char *cells_normalize(const TunableKey *key, const char *value, GError **error)
{
    g_auto(GStrv) cells = g_strsplit(value, ";", CELLS_MAX + 1);
    g_autoptr(IdSet) seen = hwloc_bitmap_alloc();
    guint count = g_strv_length(cells);
    gboolean ok = count >= 1 && count <= CELLS_MAX;

    for (guint i = 0; ok && i < count; i++) {
        char *cell = normal_cell(cells[i], count, seen);
        ok = cell != NULL;
        g_free(cells[i]);
        cells[i] = cell ? cell : g_strdup("");
    }
    if (ok)
        return g_strjoinv(";", cells);
    return tunable_refuse(key, value, error,
        "CPUS:SIZE for each cell is allowed, joined by \";\", each CPU once (0-3:4G;4-7:4G), and "
        "the distances from it to every cell may follow (0-3:4G:10,20;4-7:4G:20,10)");
}

static char *cell_path(guint id, const char *rest)
{
    return g_strdup_printf(CELL "[@id='%u']%s", id, rest);
}

static char *sibling_path(guint id, guint other)
{
    g_autofree char *rest = g_strdup_printf("/distances/sibling[@id='%u']/@value", other);
    return cell_path(id, rest);
}

/* ":10,20", or "" where the document does not give all distances. */
static char *distances_of(const XmlEdit *edit, guint id, guint count)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint other = 0; other < count; other++) {
        g_autofree char *path = sibling_path(id, other);
        g_autofree char *value = xml_edit_get(edit, path);
        if (value == NULL)
            return g_strdup("");
        g_string_append_printf(list, "%s%s", other ? "," : ":", value);
    }
    return g_strdup(list->str);
}

char *cells_get(const TunableKey *key, const XmlEdit *edit)
{
    g_autoptr(GPtrArray) ids = xml_edit_list(edit, CELL, "id");
    GString *value = g_string_new(NULL);
    guint count = MIN(ids->len, CELLS_MAX);
    (void)key;

    for (guint id = 0; id < count; id++) {
        g_autofree char *cpus_path = cell_path(id, "/@cpus");
        g_autofree char *memory_path = cell_path(id, "/@memory");
        g_autofree char *cpus = xml_edit_get(edit, cpus_path);
        g_autofree char *memory = size_get(edit, memory_path);
        g_autofree char *distances = distances_of(edit, id, count);
        g_autoptr(IdSet) set = idset_parse(cpus ? cpus : "", NULL);
        g_autofree char *text = set ? idset_format(set) : g_strdup(cpus);
        g_string_append_printf(
            value, "%s%s:%s%s", id ? ";" : "", text, memory ? memory : "", distances);
    }
    return g_string_free(value, FALSE);
}

static gboolean set_cell(XmlEdit *edit, guint id, guint count, const char *cell, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(cell, ":", -1);
    g_autofree char *cpus = cell_path(id, "/@cpus");
    g_autofree char *memory = cell_path(id, "/@memory");

    if ((*parts[0] && !xml_edit_set(edit, cpus, parts[0], error)) ||
        !size_set(edit, memory, parts[1], error) ||
        (*parts[0] == '\0' && !xml_edit_set(edit, cpus, NULL, error)))
        return FALSE;
    g_auto(GStrv) distances = parts[2] ? g_strsplit(parts[2], ",", -1) : NULL;
    g_autofree char *all = cell_path(id, "/distances");
    if (distances == NULL)
        return xml_edit_set(edit, all, NULL, error);
    for (guint other = 0; other < count; other++) {
        g_autofree char *path = sibling_path(id, other);
        if (!xml_edit_set(edit, path, distances[other], error))
            return FALSE;
    }
    return TRUE;
}

gboolean cells_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autoptr(GPtrArray) ids = xml_edit_list(edit, CELL, "id");
    g_auto(GStrv) cells = g_strsplit(value, ";", -1);
    guint count = g_strv_length(cells);

    for (guint i = 0; i < ids->len; i++) {
        if (g_ptr_array_index(ids, i) != NULL)
            continue;
        tunable_refuse(key, value, error,
            "the document's cells have no id, by which they are found: number them first");
        return FALSE;
    }
    if (*value == '\0')
        return xml_edit_set(edit, CELL, NULL, error);
    for (guint id = 0; id < count; id++)
        if (!set_cell(edit, id, count, cells[id], error))
            return FALSE;
    for (guint id = count; id < ids->len; id++) {
        g_autofree char *path = cell_path(id, "");
        if (!xml_edit_set(edit, path, NULL, error))
            return FALSE;
    }
    /* distances to cells that are gone */
    for (guint id = 0; id < count; id++)
        for (guint gone = count; gone < ids->len; gone++) {
            g_autofree char *path = sibling_path(id, gone);
            if (!xml_edit_set(edit, path, NULL, error))
                return FALSE;
        }
    return TRUE;
}
