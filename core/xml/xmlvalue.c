/* What stands in an open document: the values at paths. */
#include "core/xml/xmledit-private.h"

#include <string.h>

/* The values of @path's attributes of @element as one, "2:1:4:2"; those at the end that are missing
 * are left away. NULL where @element has none of them. */
static char *attributes_value(const XmlPath *path, const xmlNode *element)
{
    GString *value = g_string_new(NULL);
    gsize end = 0;
    gboolean any = FALSE;

    for (guint i = 0; i < path->attributes->len; i++) {
        const XmlAttribute *attribute = xml_path_attribute(path, i);
        g_autofree char *part = xml_node_attribute(element, attribute->name);
        any |= part != NULL;
        if (i > 0)
            g_string_append(value, path->separator);
        if (part != NULL || attribute->fallback != NULL) {
            g_string_append(value, part ? part : attribute->fallback);
            end = value->len;
        }
    }
    g_string_truncate(value, end);
    return g_string_free(value, !any);
}

char *xml_value_at(const XmlPath *path, const xmlNode *element)
{
    switch (path->part) {
    case XML_PART_ATTRIBUTES:
        return attributes_value(path, element);
    case XML_PART_TEXT:
        return xml_node_text(element);
    case XML_PART_ELEMENT:
        break;
    }
    return g_strdup("");
}

char *xml_edit_get(const XmlEdit *edit, const char *path)
{
    g_autoptr(XmlPath) parsed = xml_path_parse(path, NULL);
    const xmlNode *element =
        parsed ? xml_path_find(parsed, xml_text_root(edit->xml), NULL, NULL) : NULL;

    return element ? xml_value_at(parsed, element) : NULL;
}

gboolean xml_edit_has_room(const XmlEdit *edit, const char *path)
{
    g_autoptr(XmlPath) parsed = xml_path_parse(path, NULL);

    return parsed != NULL && xml_path_has_room(parsed, xml_text_root(edit->xml));
}

/* What a list has of an element: its attribute, or what stands at the path below it. */
static char *listed_value(xmlNode *node, const char *what)
{
    if (strchr(what, '/') == NULL)
        return xml_node_attribute(node, what);
    g_autoptr(XmlPath) path = xml_path_parse(what, NULL);
    const xmlNode *element = path ? xml_path_find(path, node, NULL, NULL) : NULL;
    return element ? xml_value_at(path, element) : NULL;
}

GPtrArray *xml_edit_list(const XmlEdit *edit, const char *path, const char *what)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(XmlPath) parsed = xml_path_parse(path, NULL);

    if (parsed == NULL || parsed->steps->len == 0)
        return values;
    const XmlStep *last = xml_path_step(parsed, parsed->steps->len - 1);
    xmlNode *node = xml_path_find(parsed, xml_text_root(edit->xml), NULL, NULL);
    for (; node != NULL; node = xml_step_find(last, node->next))
        g_ptr_array_add(values, listed_value(node, what));
    return values;
}
