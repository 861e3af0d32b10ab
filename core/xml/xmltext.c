/* Tree and bytes of a document brought together, and held together while it is edited. */
#include "core/xml/xmltext.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/xml/xmlpath.h"
#include "core/xml/xmlread.h"

#include <string.h>

static gboolean check_root(const xmlNode *root, GError **error)
{
    if (root != NULL && root->ns == NULL && g_str_equal((const char *)root->name, "domain"))
        return TRUE;
    g_autofree char *name = text_escape(root ? (const char *)root->name : "", 40);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "the document is a <%s>%s, not a <domain>: give the XML of a domain, as virsh dumpxml "
        "prints it",
        name, root && root->ns ? " of a namespace" : "");
    return FALSE;
}

static gboolean same_name(const XmlText *xml, const XmlSpan *span, const xmlNode *node)
{
    const char *name = xml->text + span->start + 1;
    gsize n = span->name_end - span->start - 1;
    gsize prefix = node->ns && node->ns->prefix ? strlen((const char *)node->ns->prefix) + 1 : 0;
    gsize local = strlen((const char *)node->name);

    return n == prefix + local && memcmp(name + prefix, node->name, local) == 0;
}

/* The next node below @root in document order after @node; NULL after the last. */
static xmlNode *next_node(const xmlNode *root, xmlNode *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL)
        return node->children;
    while (node != root && node->next == NULL)
        node = node->parent;
    return node == root ? NULL : node->next;
}

/* Gives every element of the tree its span's number. A document that uses an entity nobody
 * declares (an external DTD might) is refused: its values are not known here. */
static gboolean number_elements(XmlText *xml, GError **error)
{
    guint number = 0;
    gboolean entity = FALSE;
    gboolean matched = xml->spans != NULL;

    xmlNode *root = xml_text_root(xml);
    for (xmlNode *node = root; node != NULL && matched; node = next_node(root, node)) {
        entity = entity || node->type == XML_ENTITY_REF_NODE;
        if (node->type != XML_ELEMENT_NODE)
            continue;
        matched = number < xml->spans->len &&
                  same_name(xml, &g_array_index(xml->spans, XmlSpan, number), node);
        node->_private = GUINT_TO_POINTER(number++);
        for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
            for (const xmlNode *part = a->children; part != NULL; part = part->next)
                entity = entity || part->type == XML_ENTITY_REF_NODE;
        }
    }
    if (entity) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document uses an entity that it does not declare: write its text instead");
        return FALSE;
    }
    if (!matched || number != xml->spans->len) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document's elements cannot be located in its text: save it as plain UTF-8");
        return FALSE;
    }
    return TRUE;
}

XmlText *xml_text_new(char *text, gsize length, GError **error)
{
    g_autoptr(XmlText) xml = g_new0(XmlText, 1);

    xml->text = text;
    xml->length = length;
    xml->doc = xml_read_document(text, length, &xml->utf8, error);
    if (xml->doc == NULL || !check_root(xmlDocGetRootElement(xml->doc), error))
        return NULL;
    xml->spans = xml_scan_elements(text, length);
    return number_elements(xml, error) ? g_steal_pointer(&xml) : NULL;
}

void xml_text_free(XmlText *xml)
{
    if (xml == NULL)
        return;
    g_free(xml->text);
    g_clear_pointer(&xml->doc, xmlFreeDoc);
    g_clear_pointer(&xml->spans, g_array_unref);
    g_free(xml);
}

xmlNode *xml_text_root(const XmlText *xml)
{
    return xmlDocGetRootElement(xml->doc);
}

const XmlSpan *xml_text_span(const XmlText *xml, const xmlNode *node)
{
    return &g_array_index(xml->spans, XmlSpan, GPOINTER_TO_UINT(node->_private));
}

/* Where @x is after the bytes from @from up to @to have become @delta more. What begins at an
 * insertion moves, what ends there stays. */
static guint32 moved(guint32 x, gsize from, gsize to, gssize delta, gboolean begins)
{
    if (x < from || (x == from && !(from == to && begins)))
        return x;
    return x >= to ? (guint32)((gssize)x + delta) : (guint32)from;
}

void xml_text_splice(XmlText *xml, gsize from, gsize to, const GString *insert)
{
    gssize delta = (gssize)insert->len - (gssize)(to - from);
    gsize length = (gsize)((gssize)xml->length + delta);

    if (delta > 0)
        xml->text = g_realloc(xml->text, length + 1);
    memmove(xml->text + from + insert->len, xml->text + to, xml->length - to + 1);
    memcpy(xml->text + from, insert->str, insert->len);
    xml->length = length;
    for (guint i = 0; i < xml->spans->len; i++) {
        XmlSpan *span = &g_array_index(xml->spans, XmlSpan, i);
        gboolean open = !xml_span_self_closing(span);
        span->start = moved(span->start, from, to, delta, TRUE);
        span->name_end = moved(span->name_end, from, to, delta, FALSE);
        span->tag_end = moved(span->tag_end, from, to, delta, FALSE);
        span->end_tag = moved(span->end_tag, from, to, delta, open);
        span->end = moved(span->end, from, to, delta, FALSE);
    }
}

void xml_text_add(XmlText *xml, xmlNode *node, XmlSpan span)
{
    node->_private = GUINT_TO_POINTER(xml->spans->len);
    g_array_append_val(xml->spans, span);
}

void xml_text_rescan(XmlText *xml, const xmlNode *node)
{
    XmlSpan *span = &g_array_index(xml->spans, XmlSpan, GPOINTER_TO_UINT(node->_private));
    XmlAttributeSpan attribute;
    guint32 at = span->name_end;

    span->tag_end = span->end;
    while (xml_scan_attribute(xml->text, span, &at, &attribute))
        ;
    while (xml->text[at] != '>')
        at++;
    span->tag_end = at + 1;
    span->end_tag = xml->text[at - 1] == '/'
                        ? span->end
                        : span->end - (guint32)(span->name_end - span->start) - 2;
}

/* The next element below @root in document order after @node; NULL after the last. */
static xmlNode *next_element(const xmlNode *root, xmlNode *node)
{
    do
        node = next_node(root, node);
    while (node != NULL && node->type != XML_ELEMENT_NODE);
    return node;
}

/* The text of an element without children; blanks alone are the layout of a container. */
static char *own_text(xmlNode *node)
{
    char *text = xmlFirstElementChild(node) ? NULL : xml_node_text(node);
    g_autofree char *stripped = g_strstrip(g_strdup(text ? text : ""));

    if (*stripped == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

static gboolean same_element(const XmlText *a, const XmlText *b, xmlNode *x, xmlNode *y)
{
    g_autofree char *text_x = own_text(x);
    g_autofree char *text_y = own_text(y);
    guint count = 0;

    if (!g_str_equal((const char *)x->name, (const char *)y->name) ||
        memcmp(xml_text_span(a, x), xml_text_span(b, y), sizeof(XmlSpan)) != 0 ||
        g_strcmp0(text_x, text_y) != 0)
        return FALSE;
    for (const xmlAttr *attribute = y->properties; attribute; attribute = attribute->next)
        count++;
    for (const xmlAttr *attribute = x->properties; attribute; attribute = attribute->next) {
        const xmlChar *uri = attribute->ns ? attribute->ns->href : NULL;
        xmlChar *is = xmlGetNsProp(x, attribute->name, uri);
        xmlChar *should = xmlGetNsProp(y, attribute->name, uri);
        gboolean same = xmlStrEqual(is, should);
        xmlFree(is);
        xmlFree(should);
        if (!same || count-- == 0)
            return FALSE;
    }
    return count == 0;
}

gboolean xml_text_same(const XmlText *a, const XmlText *b)
{
    xmlNode *x = xml_text_root(a), *y = xml_text_root(b);
    const xmlNode *root_x = x, *root_y = y;

    while (x != NULL && y != NULL && same_element(a, b, x, y)) {
        x = next_element(root_x, x);
        y = next_element(root_y, y);
    }
    return x == NULL && y == NULL;
}
