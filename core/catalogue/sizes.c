/* Sizes in a document. */
#include "core/catalogue/sizes.h"

#include "core/util/text.h"

#include <string.h>

/* The path of the unit of the size at @place: "memory/text()" has "memory/@unit". */
static char *unit_place(const char *place)
{
    const char *slash = strrchr(place, '/');
    g_autofree char *element = g_strndup(place, (gsize)(slash - place));

    return g_strconcat(element, "/@unit", NULL);
}

char *size_get(const XmlEdit *edit, const char *place)
{
    g_autofree char *text = xml_edit_get(edit, place);
    g_autofree char *unit_path = unit_place(place);
    g_autofree char *unit = xml_edit_get(edit, unit_path);
    guint64 kib;

    if (text == NULL)
        return NULL;
    return text_scaled_kib(g_strstrip(text), unit, &kib) && kib > 0 ? text_page_size(kib)
                                                                    : g_steal_pointer(&text);
}

gboolean size_set(XmlEdit *edit, const char *place, const char *value, GError **error)
{
    g_autofree char *unit_path = unit_place(place);
    g_autofree char *now = xml_edit_get(edit, place);
    g_autofree char *unit = xml_edit_get(edit, unit_path);
    guint64 kib, factor = text_unit_bytes(unit);

    if (!text_parse_size(value, &kib))
        return xml_edit_set(edit, place, value, error);
    if (now == NULL || factor == 0 || (kib * 1024) % factor != 0) {
        factor = 1024;
        g_free(unit);
        unit = g_strdup("KiB");
    }
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, kib * 1024 / factor);
    return xml_edit_set(edit, place, text, error) &&
           (unit == NULL || xml_edit_set(edit, unit_path, unit, error));
}
