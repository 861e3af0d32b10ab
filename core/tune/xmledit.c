/* Edits of a domain's XML that keep its text. Each edit is one splice of the bytes, after which the
 * document is read anew: the text is the truth, the tree only a view of it. */
#include "core/tune/xmledit.h"

#include "core/tune/xmlpath.h"
#include "core/tune/xmlplace.h"
#include "core/tune/xmltext.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

struct XmlEdit {
    XmlText *xml;
    char quote; /* of the document's first attribute: new elements use it too */
};

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

    if (size == 0 || size > XML_EDIT_MAX) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            size == 0
                ? "the document is empty: give the XML of a domain, as virsh dumpxml prints it"
                : "the document is larger than %u MiB, which no domain's XML is",
            XML_EDIT_MAX >> 20);
        return NULL;
    }
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

/* The text directly in @element. */
static char *element_text(const xmlNode *element)
{
    GString *text = g_string_new(NULL);

    for (const xmlNode *node = element->children; node != NULL; node = node->next) {
        if (is_text(node))
            g_string_append(text, (const char *)node->content);
    }
    return g_string_free(text, FALSE);
}

static char *value_at(const XmlPath *path, const xmlNode *element)
{
    switch (path->part) {
    case XML_PART_ATTRIBUTE:
        return xml_node_attribute(element, path->attribute);
    case XML_PART_TEXT:
        return element_text(element);
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

    return element ? value_at(parsed, element) : NULL;
}

GPtrArray *xml_edit_list(const XmlEdit *edit, const char *path, const char *attribute)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(XmlPath) parsed = xml_path_parse(path, NULL);

    if (parsed == NULL || parsed->steps->len == 0)
        return values;
    const XmlStep *last = xml_path_step(parsed, parsed->steps->len - 1);
    xmlNode *node = xml_path_find(parsed, xml_text_root(edit->xml), NULL, NULL);
    for (; node != NULL; node = xml_step_find(last, node->next))
        g_ptr_array_add(values, xml_node_attribute(node, attribute));
    return values;
}

/* Appends @value as it stands between @quote and @quote, or as text where @quote is 0. */
static void append_escaped(GString *out, const XmlText *xml, const char *value, char quote)
{
    for (const char *p = value; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '&')
            g_string_append(out, "&amp;");
        else if (c == '<')
            g_string_append(out, "&lt;");
        else if (c == '>')
            g_string_append(out, "&gt;");
        else if (quote != 0 && c == (gunichar)quote)
            g_string_append(out, quote == '"' ? "&quot;" : "&apos;");
        else if (c == '\r' || (quote != 0 && (c == '\n' || c == '\t')) || (c > 0x7e && !xml->utf8))
            g_string_append_printf(out, "&#%u;", c);
        else
            g_string_append_unichar(out, c);
    }
}

/* What XML calls a Char: no controls but tab and line ends, no U+FFFE and U+FFFF. */
static gboolean check_value(const char *path, const char *value, GError **error)
{
    gboolean ok = g_utf8_validate(value, -1, NULL);

    for (const char *p = value; ok && *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        ok = (c >= 0x20 && c != 0xfffe && c != 0xffff) || c == '\t' || c == '\n' || c == '\r';
    }
    if (ok)
        return TRUE;
    g_autofree char *shown = text_escape(value, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "\"%s\" cannot be written to %s: XML has no control characters, and text is UTF-8", shown,
        path);
    return FALSE;
}

static void append_attribute(
    GString *out, const XmlEdit *edit, const char *name, const char *value, char quote)
{
    g_string_append_printf(out, " %s=%c", name, quote);
    append_escaped(out, edit->xml, value, quote);
    g_string_append_c(out, quote);
}

/* The elements of @path from step @depth on, with the value in the last one. */
typedef struct {
    const XmlEdit *edit;
    const XmlPath *path;
    guint depth;
    const char *value;
} NewElement;

/* An XmlWriteElement. */
static void write_element(
    GString *out, const char *eol, const char *indent, const char *unit, gconstpointer data)
{
    const NewElement *new = data;
    const XmlStep *step = xml_path_step(new->path, new->depth);
    gboolean last = new->depth + 1 == new->path->steps->len;

    g_string_append_printf(out, "<%s", step->name);
    for (guint i = 0; i < step->predicates->len; i++) {
        const XmlPredicate *predicate = &g_array_index(step->predicates, XmlPredicate, i);
        append_attribute(out, new->edit, predicate->name, predicate->value, new->edit->quote);
    }
    if (last && new->path->part != XML_PART_TEXT) {
        if (new->path->part == XML_PART_ATTRIBUTE)
            append_attribute(out, new->edit, new->path->attribute, new->value, new->edit->quote);
        g_string_append(out, "/>");
        return;
    }
    g_string_append_c(out, '>');
    if (last) {
        append_escaped(out, new->edit->xml, new->value, 0);
    } else {
        NewElement child = {new->edit, new->path, new->depth + 1, new->value};
        g_autofree char *inner = indent ? g_strconcat(indent, unit, NULL) : NULL;
        if (eol != NULL)
            g_string_append_printf(out, "%s%s", eol, inner);
        write_element(out, eol, inner, unit, &child);
        if (eol != NULL)
            g_string_append_printf(out, "%s%s", eol, indent);
    }
    g_string_append_printf(out, "</%s>", step->name);
}

/* Finds the un-prefixed attribute @name in the text of @span's start tag. */
static gboolean find_attribute(
    const XmlText *xml, const XmlSpan *span, const char *name, XmlAttributeSpan *found)
{
    guint32 at = span->name_end;

    while (xml_scan_attribute(xml->text, span, &at, found)) {
        if (found->name_end - found->name == strlen(name) &&
            memcmp(xml->text + found->name, name, strlen(name)) == 0)
            return TRUE;
    }
    return FALSE;
}

static XmlSplice set_attribute(
    const XmlEdit *edit, const xmlNode *element, const char *name, const char *value)
{
    const XmlSpan *span = xml_text_span(edit->xml, element);
    XmlSplice splice = {0, 0, g_string_new(NULL)};
    XmlAttributeSpan found;

    if (find_attribute(edit->xml, span, name, &found)) {
        splice.from = found.value;
        splice.to = found.value_end;
        append_escaped(splice.insert, edit->xml, value, edit->xml->text[found.value_end]);
        return splice;
    }
    splice.from = splice.to = xml_place_attributes_end(edit->xml, span);
    char last = edit->xml->text[splice.from - 1];
    append_attribute(
        splice.insert, edit, name, value, last == '"' || last == '\'' ? last : edit->quote);
    return splice;
}

static gboolean holds_only_text(const xmlNode *element)
{
    for (const xmlNode *node = element->children; node != NULL; node = node->next) {
        if (!is_text(node))
            return FALSE;
    }
    return TRUE;
}

static XmlSplice set_text(const XmlEdit *edit, const xmlNode *element, const char *value)
{
    const XmlSpan *span = xml_text_span(edit->xml, element);
    XmlSplice splice = {span->tag_end, span->end_tag, g_string_new(NULL)};

    if (xml_span_self_closing(span)) {
        splice.from = xml_place_attributes_end(edit->xml, span);
        g_string_append_c(splice.insert, '>');
    }
    append_escaped(splice.insert, edit->xml, value, 0);
    if (xml_span_self_closing(span))
        g_string_append_printf(splice.insert, "</%s>", (const char *)element->name);
    return splice;
}

static int compare_splices(gconstpointer a, gconstpointer b)
{
    const XmlSplice *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Makes the splices, none of which overlap, and reads the document anew; the old one stays where
 * the new one is refused. */
static gboolean apply_splices(XmlEdit *edit, GArray *splices, GError **error)
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
    if (text->len > XML_EDIT_MAX) {
        g_string_free(text, TRUE);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document would be larger than %u MiB, which no domain's XML is",
            XML_EDIT_MAX >> 20);
        return FALSE;
    }
    gsize length = text->len;
    XmlText *new = xml_text_new(g_string_free(text, FALSE), length, error);
    if (new == NULL)
        return FALSE;
    xml_text_free(edit->xml);
    edit->xml = new;
    return TRUE;
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

static gboolean apply_splice(XmlEdit *edit, XmlSplice splice, GError **error)
{
    g_autoptr(GArray) splices = new_splices();

    g_array_append_val(splices, splice);
    return apply_splices(edit, splices, error);
}

/* TRUE where nothing of @element would be left to keep without @path's part of it. */
static gboolean goes_whole(const XmlPath *path, const xmlNode *element)
{
    const XmlStep *step = xml_path_step(path, path->steps->len - 1);

    if (path->part == XML_PART_ELEMENT)
        return TRUE;
    if (path->part == XML_PART_TEXT)
        return holds_only_text(element);
    for (const xmlAttr *a = element->properties; a != NULL; a = a->next) {
        gboolean known = a->ns == NULL && g_str_equal((const char *)a->name, path->attribute);
        for (guint i = 0; i < step->predicates->len && a->ns == NULL && !known; i++)
            known = g_str_equal(
                (const char *)a->name, g_array_index(step->predicates, XmlPredicate, i).name);
        if (!known)
            return FALSE;
    }
    for (const xmlNode *node = element->children; node != NULL; node = node->next) {
        if (!xmlIsBlankNode(node))
            return FALSE;
    }
    return element->nsDef == NULL;
}

static gboolean refuse_mixed(const char *path, GError **error)
{
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s holds comments or elements beside its text: edit it by hand", path);
    return FALSE;
}

static gboolean remove_value(XmlEdit *edit, const XmlPath *path, const char *shown, GError **error)
{
    const XmlStep *last = xml_path_step(path, path->steps->len - 1);
    xmlNode *node = xml_path_find(path, xml_text_root(edit->xml), NULL, NULL);
    g_autoptr(GArray) splices = new_splices();
    g_autoptr(GPtrArray) whole = g_ptr_array_new();

    for (; node != NULL; node = xml_step_find(last, node->next)) {
        XmlAttributeSpan found;
        gboolean has =
            path->part != XML_PART_ATTRIBUTE ||
            find_attribute(edit->xml, xml_text_span(edit->xml, node), path->attribute, &found);
        if (!has)
            continue;
        if (goes_whole(path, node)) {
            g_ptr_array_add(whole, node);
        } else if (path->part == XML_PART_TEXT) {
            return refuse_mixed(shown, error);
        } else {
            XmlSplice splice = {found.space, found.end, g_string_new(NULL)};
            g_array_append_val(splices, splice);
        }
    }
    if (whole->len > 0)
        xml_place_removal(edit->xml, whole, splices);
    return splices->len == 0 || apply_splices(edit, splices, error);
}

static gboolean write_value(
    XmlEdit *edit, const XmlPath *path, const char *shown, const char *value, GError **error)
{
    xmlNode *parent;
    guint depth;
    const xmlNode *element = xml_path_find(path, xml_text_root(edit->xml), &parent, &depth);

    if (element == NULL) {
        NewElement new = {edit, path, depth, value};
        return apply_splice(edit,
            xml_place_new(edit->xml, parent, xml_path_step(path, depth), write_element, &new),
            error);
    }
    g_autofree char *old = value_at(path, element);
    if (g_strcmp0(old, value) == 0)
        return TRUE;
    if (path->part == XML_PART_ATTRIBUTE)
        return apply_splice(edit, set_attribute(edit, element, path->attribute, value), error);
    if (!holds_only_text(element))
        return refuse_mixed(shown, error);
    return apply_splice(edit, set_text(edit, element, value), error);
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
        return remove_value(edit, parsed, path, error);
    if (parsed->part == XML_PART_ELEMENT && *value != '\0') {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s is there or not, it has no value: name its attribute or text()", path);
        return FALSE;
    }
    return check_value(path, value, error) && write_value(edit, parsed, path, value, error);
}
