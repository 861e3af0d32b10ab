/* Edits of a domain's XML that keep its text. Each edit is one splice of the bytes, and the same
 * change made in the tree; a document where that is not plain to see is read anew instead. The text
 * is the truth, the tree only a view of it. */
#include "core/xml/xmledit-private.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/xml/xmlpath.h"
#include "core/xml/xmlplace.h"
#include "core/xml/xmltext.h"

#include <string.h>

/* The quote of the root's first attribute; libvirt's ' where it has none. */
static char document_quote(const XmlText *xml)
{
    const XmlSpan *span = xml_text_span(xml, xml_text_root(xml));
    XmlAttributeSpan attribute;
    guint32 at = span->name_end;

    return xml_scan_attribute(xml->text, span, &at, &attribute) ? xml->text[attribute.value_end]
                                                                : '\'';
}

XmlEdit *xml_edit_open(const char *text, gssize length, GError **error)
{
    gsize size = length < 0 ? strlen(text) : (gsize)length;

    char *copy = g_malloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    XmlText *xml = xml_text_new(copy, size, error);
    if (xml == NULL)
        return NULL;
    XmlEdit *edit = g_new0(XmlEdit, 1);
    edit->xml = xml;
    edit->quote = document_quote(xml);
    return edit;
}

void xml_edit_free(XmlEdit *edit)
{
    if (edit == NULL)
        return;
    xml_text_free(edit->xml);
    g_free(edit);
}

const xmlNode *xml_edit_root(const XmlEdit *edit)
{
    return xml_text_root(edit->xml);
}

const char *xml_edit_text(const XmlEdit *edit, gsize *length)
{
    if (length != NULL)
        *length = edit->xml->length;
    return edit->xml->text;
}

static gboolean is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

static gboolean check_value(const char *path, const char *value, GError **error)
{
    if (xml_is_text(value))
        return TRUE;
    g_autofree char *shown = text_escape(value, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "\"%s\" cannot be written to %s: XML has no control characters, and text is UTF-8", shown,
        path);
    return FALSE;
}

static gboolean holds_only_text(const xmlNode *element)
{
    for (const xmlNode *node = element->children; node != NULL; node = node->next) {
        if (!is_text(node))
            return FALSE;
    }
    return TRUE;
}

static int compare_splices(gconstpointer a, gconstpointer b)
{
    const XmlSplice *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static void splice_clear(gpointer data)
{
    XmlSplice *splice = data;
    g_string_free(splice->insert, TRUE);
}

static GArray *new_splices(void)
{
    GArray *splices = g_array_new(FALSE, FALSE, sizeof(XmlSplice));
    g_array_set_clear_func(splices, splice_clear);
    return splices;
}

#define SPLICES_MAX 8 /* each moves the rest of the text; above, to read it anew is cheaper */

/* Makes the splices in the text, the last one first, so that none moves another. The caller makes
 * the same change in the tree. */
static void splice_text(XmlEdit *edit, GArray *splices)
{
    g_array_sort(splices, compare_splices);
    for (guint i = splices->len; i-- > 0;) {
        const XmlSplice *splice = &g_array_index(splices, XmlSplice, i);
        xml_text_splice(edit->xml, splice->from, splice->to, splice->insert);
    }
}

/* FALSE with a sentence where the splices would make the text too large. */
static gboolean check_length(const XmlEdit *edit, const GArray *splices, GError **error)
{
    gsize length = edit->xml->length;

    for (guint i = 0; i < splices->len; i++)
        length += g_array_index(splices, XmlSplice, i).insert->len;
    if (length <= XML_MAX)
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "the document would be larger than %u MiB, which no domain's XML is", XML_MAX >> 20);
    return FALSE;
}

/* Makes the splices, none of which overlap, and reads the document anew; the old one stays where
 * the new one is refused. */
static gboolean splice_and_read(XmlEdit *edit, GArray *splices, GError **error)
{
    const XmlText *old = edit->xml;
    GString *text = g_string_sized_new(old->length + 256);
    gsize at = 0;

    g_array_sort(splices, compare_splices);
    for (guint i = 0; i < splices->len; i++) {
        const XmlSplice *splice = &g_array_index(splices, XmlSplice, i);
        g_string_append_len(text, old->text + at, (gssize)(splice->from - at));
        g_string_append_len(text, splice->insert->str, (gssize)splice->insert->len);
        at = splice->to;
    }
    g_string_append_len(text, old->text + at, (gssize)(old->length - at));
    gsize length = text->len;
    XmlText *new = xml_text_new(g_string_free(text, FALSE), length, error);
    if (new == NULL)
        return FALSE;
    xml_text_free(edit->xml);
    edit->xml = new;
    return TRUE;
}

/* TRUE where @attribute is one that @path writes: its value's, or its last step's own. */
static gboolean is_written(const XmlPath *path, const xmlAttr *attribute)
{
    const XmlStep *step = xml_path_step(path, path->steps->len - 1);
    const char *name = (const char *)attribute->name;

    if (attribute->ns != NULL)
        return FALSE;
    for (guint i = 0; i < path->attributes->len; i++)
        if (g_str_equal(name, xml_path_attribute(path, i)->name))
            return TRUE;
    for (guint i = 0; i < step->predicates->len; i++)
        if (xml_step_predicate(step, i)->child == NULL &&
            g_str_equal(name, xml_step_predicate(step, i)->attribute))
            return TRUE;
    return FALSE;
}

/* TRUE where nothing of @element would be left to keep without @path's part of it. */
static gboolean goes_whole(const XmlPath *path, const xmlNode *element)
{
    if (xml_path_step(path, path->steps->len - 1)->required)
        return FALSE;
    if (path->part == XML_PART_ELEMENT)
        return TRUE;
    if (path->part == XML_PART_TEXT)
        return holds_only_text(element);
    for (const xmlAttr *a = element->properties; a != NULL; a = a->next) {
        if (!is_written(path, a))
            return FALSE;
    }
    for (const xmlNode *node = element->children; node != NULL; node = node->next) {
        if (!xmlIsBlankNode(node))
            return FALSE;
    }
    return element->nsDef == NULL;
}

static gboolean refuse_kept(const XmlPath *path, const char *shown, GError **error)
{
    gboolean required = xml_path_step(path, path->steps->len - 1)->required;

    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        required ? "%s is a device of its own: it is not taken away here"
                 : "%s holds comments or elements beside its text: edit it by hand",
        shown);
    return FALSE;
}

/* TRUE where @element has something of what @path names. */
static gboolean has_part(const XmlPath *path, const xmlNode *element)
{
    if (path->part != XML_PART_ATTRIBUTES)
        return TRUE;
    for (guint i = 0; i < path->attributes->len; i++)
        if (xmlHasNsProp(element, (const xmlChar *)xml_path_attribute(path, i)->name, NULL))
            return TRUE;
    return FALSE;
}

static void drop_node(xmlNode *node)
{
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

/* In the tree: @path's attributes of @node go. */
static void drop_attributes(const XmlPath *path, xmlNode *node)
{
    for (guint i = 0; i < path->attributes->len; i++) {
        xmlAttr *attribute =
            xmlHasNsProp(node, (const xmlChar *)xml_path_attribute(path, i)->name, NULL);
        if (attribute != NULL)
            xmlRemoveProp(attribute);
    }
}

/* Takes @whole away with all they hold, and @path's attributes from @kept. */
static gboolean remove_nodes(
    XmlEdit *edit, const XmlPath *path, GPtrArray *whole, const GPtrArray *kept, GError **error)
{
    g_autoptr(GArray) splices = new_splices();
    xmlNode *emptied = NULL;

    for (guint i = 0; i < kept->len; i++)
        for (guint k = 0; k < path->attributes->len; k++)
            xml_write_attribute(
                edit, kept->pdata[i], xml_path_attribute(path, k)->name, NULL, splices);
    if (whole->len > 0)
        xml_place_removal(edit->xml, path, whole, splices, &emptied);
    gboolean plain = emptied == NULL || kept->len == 0;
    if (plain && whole->len > 0) /* they have one parent */
        plain = xml_is_plain_container(((xmlNode *)whole->pdata[0])->parent);
    if (!plain || splices->len > SPLICES_MAX)
        return splice_and_read(edit, splices, error);
    splice_text(edit, splices);
    for (guint i = 0; i < kept->len; i++)
        drop_attributes(path, kept->pdata[i]);
    for (guint i = 0; i < whole->len; i++)
        drop_node(whole->pdata[i]);
    while (emptied != NULL && emptied->children != NULL)
        drop_node(emptied->children);
    if (emptied != NULL)
        xml_text_rescan(edit->xml, emptied);
    return TRUE;
}

static gboolean remove_value(XmlEdit *edit, const XmlPath *path, const char *shown, GError **error)
{
    const XmlStep *last = xml_path_step(path, path->steps->len - 1);
    xmlNode *node = xml_path_find(path, xml_text_root(edit->xml), NULL, NULL);
    g_autoptr(GPtrArray) whole = g_ptr_array_new();
    g_autoptr(GPtrArray) kept = g_ptr_array_new();

    for (; node != NULL; node = xml_step_find(last, node->next)) {
        if (!has_part(path, node))
            continue;
        if (goes_whole(path, node))
            g_ptr_array_add(whole, node);
        else if (path->part == XML_PART_ATTRIBUTES)
            g_ptr_array_add(kept, node);
        else
            return refuse_kept(path, shown, error);
    }
    return whole->len + kept->len == 0 || remove_nodes(edit, path, whole, kept, error);
}

/* Takes away what stands at @path, and what the path names when that is gone: a document may have
 * a container twice. */
static gboolean remove_all(XmlEdit *edit, const XmlPath *path, const char *shown, GError **error)
{
    for (;;) {
        if (!remove_value(edit, path, shown, error))
            return FALSE;
        const xmlNode *element = xml_path_find(path, xml_text_root(edit->xml), NULL, NULL);
        g_autofree char *value = element ? xml_value_at(path, element) : NULL;
        if (value == NULL)
            return TRUE;
    }
}

/* Puts the new elements into the tree and gives them their places; @at is where what was written
 * begins in the text. */
static void add_nodes(XmlEdit *edit, const XmlNewElement *new, xmlNode *parent, xmlNode *before,
    xmlNode *behind, gsize at)
{
    xmlNode *top = new->nodes->pdata[0];

    if (behind != NULL)
        xmlAddNextSibling(behind, top);
    else if (before != NULL)
        xmlAddPrevSibling(before, top);
    else
        xmlAddChild(parent, top);
    for (guint i = 0; i < new->nodes->len; i++) {
        XmlSpan span = g_array_index(new->spans, XmlSpan, i);
        guint32 shift = (guint32)at;
        span.start += shift;
        span.name_end += shift;
        span.tag_end += shift;
        span.end_tag += shift;
        span.end += shift;
        xml_text_add(edit->xml, new->nodes->pdata[i], span);
    }
}

/* The new elements that @path lacks from step @depth on. */
static gboolean write_new(XmlEdit *edit, const XmlPath *path, const char *shown, const char *value,
    xmlNode *parent, guint depth, GError **error)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(XmlSpan));
    g_autoptr(GArray) splices = new_splices();
    XmlNewElement new = {edit, path, depth, value, NULL, nodes, spans};
    xmlNode *before, *behind;

    if (!xml_path_has_room(path, xml_text_root(edit->xml)) || xml_path_names_its_value(path)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the domain has nothing at %s: the element is not made, it comes with its device",
            shown);
        return FALSE;
    }
    gboolean closed = xml_span_self_closing(xml_text_span(edit->xml, parent));
    XmlSplice splice = xml_place_new(
        edit->xml, parent, xml_path_step(path, depth), xml_write_element, &new, &before, &behind);
    g_array_append_val(splices, splice);
    gboolean fits = check_length(edit, splices, error);
    if (!fits || !xml_is_plain_value(value) || !xml_is_plain_container(parent)) {
        xmlFreeNode(nodes->pdata[0]);
        return fits && splice_and_read(edit, splices, error);
    }
    splice_text(edit, splices);
    if (closed)
        xml_text_rescan(edit->xml, parent);
    add_nodes(edit, &new, parent, before, behind, splice.from);
    return TRUE;
}

/* In the tree: @element's attributes as set_attributes() writes them. */
static void change_attributes(const XmlPath *path, xmlNode *element, const char *value)
{
    g_auto(GStrv) parts = xml_split_value(path, value);

    for (guint i = 0; i < path->attributes->len; i++) {
        const XmlAttribute *attribute = xml_path_attribute(path, i);
        const char *part = xml_part_of(path, parts, i);
        xmlAttr *old = xmlHasNsProp(element, (const xmlChar *)attribute->name, NULL);
        if (part == NULL && old != NULL)
            xmlRemoveProp(old);
        else if (part != NULL && (old != NULL || g_strcmp0(part, attribute->fallback) != 0))
            xmlSetProp(element, (const xmlChar *)attribute->name, (const xmlChar *)part);
    }
}

/* In the tree: @element, which holds only text, holds @value. */
static void change_text(xmlNode *element, const char *value)
{
    while (element->children != NULL)
        drop_node(element->children);
    if (*value != '\0')
        xmlAddChild(element, xmlNewDocText(element->doc, (const xmlChar *)value));
}

/* Another value for an element that is there. */
static gboolean change_value(
    XmlEdit *edit, const XmlPath *path, const char *value, xmlNode *element, GError **error)
{
    g_autoptr(GArray) splices = new_splices();
    gboolean attributes = path->part == XML_PART_ATTRIBUTES;
    gboolean closed = xml_span_self_closing(xml_text_span(edit->xml, element));

    if (attributes) {
        xml_write_attributes(edit, path, element, value, splices);
    } else {
        XmlSplice splice = xml_write_text(edit, element, value);
        g_array_append_val(splices, splice);
    }
    if (!check_length(edit, splices, error))
        return FALSE;
    if (!xml_is_plain_value(value))
        return splice_and_read(edit, splices, error);
    splice_text(edit, splices);
    if (attributes) {
        change_attributes(path, element, value);
    } else {
        change_text(element, value);
        if (closed)
            xml_text_rescan(edit->xml, element);
    }
    return TRUE;
}

static gboolean write_value(
    XmlEdit *edit, const XmlPath *path, const char *shown, const char *value, GError **error)
{
    xmlNode *parent;
    guint depth;
    xmlNode *element = xml_path_find(path, xml_text_root(edit->xml), &parent, &depth);

    if (element == NULL)
        return write_new(edit, path, shown, value, parent, depth, error);
    g_autofree char *old = xml_value_at(path, element);
    if (g_strcmp0(old, value) == 0)
        return TRUE;
    if (path->part != XML_PART_ATTRIBUTES && !holds_only_text(element))
        return refuse_kept(path, shown, error);
    return change_value(edit, path, value, element, error);
}

/* Whether @value is one that several attributes can be made to read as: it has no part too many,
 * none is empty at its end, or where a missing attribute reads as something, and one is written. */
static gboolean check_parts(
    const XmlPath *path, const char *shown, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, path->separator, -1);
    guint count = g_strv_length(parts);
    gboolean ok = count > 0 && count <= path->attributes->len && *parts[count - 1] != '\0';
    gboolean written = FALSE;

    for (guint i = 0; ok && i < path->attributes->len; i++) {
        gboolean given = i < count && *parts[i] != '\0';
        gboolean needed = xml_path_attribute(path, i)->fallback != NULL;
        ok = given || !needed;
        written |= given && !needed;
    }
    if (ok && written)
        return TRUE;
    g_autofree char *bad = text_escape(value, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "\"%s\" cannot be written to %s: it has not the parts that stand there", bad, shown);
    return FALSE;
}

gboolean xml_edit_set(XmlEdit *edit, const char *path, const char *value, GError **error)
{
    g_autoptr(XmlPath) parsed = xml_path_parse(path, error);

    if (parsed == NULL)
        return FALSE;
    if (parsed->steps->len == 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s is the domain's own: only what stands below <domain> is edited", path);
        return FALSE;
    }
    if (value == NULL)
        return remove_all(edit, parsed, path, error);
    if (parsed->part == XML_PART_ELEMENT && *value != '\0') {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s is there or not, it has no value: name its attribute or text()", path);
        return FALSE;
    }
    if (parsed->attributes->len > 1 && !check_parts(parsed, path, value, error))
        return FALSE;
    return check_value(path, value, error) && write_value(edit, parsed, path, value, error);
}

gboolean xml_edit_is_sound(const XmlEdit *edit)
{
    g_autoptr(XmlEdit) again = xml_edit_open(edit->xml->text, (gssize)edit->xml->length, NULL);

    return again != NULL && xml_text_same(edit->xml, again->xml);
}
