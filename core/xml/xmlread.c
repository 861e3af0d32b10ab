/* Reading a domain's tree where it stands. */
#include "core/xml/xmlread.h"

#include "core/util/text.h"

#include <string.h>

static gboolean is_named(const xmlNode *node, const char *name, gsize length)
{
    return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
           strncmp((const char *)node->name, name, length) == 0 && node->name[length] == '\0';
}

const xmlNode *xml_read_at(const xmlNode *node, const char *path)
{
    while (node && *path) {
        gsize length = strcspn(path, "/");
        node = node->children;
        while (node && !is_named(node, path, length))
            node = node->next;
        path += length + (path[length] == '/');
    }
    return node;
}

const xmlNode *xml_read_next(const xmlNode *node)
{
    const char *name = (const char *)node->name;

    for (node = node->next; node; node = node->next)
        if (is_named(node, name, strlen(name)))
            break;
    return node;
}

/* An attribute's or an element's text is one node: entities are resolved when it is read. */
static const char *only_text(const xmlNode *text)
{
    while (text && text->type != XML_TEXT_NODE && text->type != XML_CDATA_SECTION_NODE)
        text = text->next;
    return text && text->content ? (const char *)text->content : "";
}

const char *xml_read_get(const xmlNode *node, const char *attribute)
{
    for (const xmlAttr *each = node ? node->properties : NULL; each; each = each->next)
        if (each->ns == NULL && strcmp((const char *)each->name, attribute) == 0)
            return only_text(each->children);
    return NULL;
}

gboolean xml_read_is(const xmlNode *node, const char *attribute, const char *value)
{
    return g_strcmp0(xml_read_get(node, attribute), value) == 0;
}

const char *xml_read_text(const xmlNode *node)
{
    return node ? only_text(node->children) : NULL;
}

Num xml_read_number(const char *text)
{
    g_autofree char *copy = text ? g_strstrip(g_strdup(text)) : NULL;
    gint64 number;

    return copy && text_parse_int(copy, &number) && number >= 0 ? NUM(number) : NUM_UNKNOWN;
}

Num xml_read_kib(const xmlNode *node)
{
    g_autofree char *text = node ? g_strstrip(g_strdup(xml_read_text(node))) : NULL;
    guint64 kib;

    return text && text_scaled_kib(text, xml_read_get(node, "unit"), &kib) ? NUM(kib) : NUM_UNKNOWN;
}
