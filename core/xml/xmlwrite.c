/* What a change is in the text: new elements, attributes and texts as they are written. */
#include "core/xml/xmledit-private.h"

#include <string.h>

#define PLAIN_MAX (1u << 20) /* bytes; beyond that libxml2's own limits might refuse the text */

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

static void append_attribute(
    GString *out, const XmlEdit *edit, const char *name, const char *value, char quote)
{
    g_string_append_printf(out, " %s=%c", name, quote);
    append_escaped(out, edit->xml, value, quote);
    g_string_append_c(out, quote);
}

/* The value of @path's attribute @i in @value's parts; NULL where it is to be left away. */
const char *xml_part_of(const XmlPath *path, char **parts, guint i)
{
    for (guint k = 0; k < i; k++)
        if (parts[k] == NULL)
            return NULL;
    return parts[i] != NULL && (*parts[i] != '\0' || path->attributes->len == 1) ? parts[i] : NULL;
}

/* @value, one part for each of @path's attributes; the last has the rest. */
char **xml_split_value(const XmlPath *path, const char *value)
{
    if (path->attributes->len > 1)
        return g_strsplit(value, path->separator, (int)path->attributes->len);
    char **one = g_new0(char *, 2);
    one[0] = g_strdup(value);
    return one;
}

/* Begins the element @name in the text and in the tree; its index among the new ones. */
static guint begin_element(
    GString *out, const XmlNewElement *new, xmlNode *parent, const char *name)
{
    xmlNode *node = xmlNewDocNode(new->edit->xml->doc, NULL, (const xmlChar *)name, NULL);
    XmlSpan span = {(guint32)out->len, 0, 0, 0, 0};

    g_string_append_printf(out, "<%s", name);
    span.name_end = (guint32)out->len;
    if (parent != NULL)
        xmlAddChild(parent, node);
    g_ptr_array_add(new->nodes, node);
    g_array_append_val(new->spans, span);
    return new->nodes->len - 1;
}

static void add_attribute(
    GString *out, const XmlNewElement *new, guint element, const char *name, const char *value)
{
    append_attribute(out, new->edit, name, value, new->edit->quote);
    xmlNewProp(new->nodes->pdata[element], (const xmlChar *)name, (const xmlChar *)value);
}

static void add_text(GString *out, const XmlNewElement *new, guint element, const char *value)
{
    append_escaped(out, new->edit->xml, value, 0);
    if (*value != '\0')
        xmlAddChild(
            new->nodes->pdata[element], xmlNewDocText(new->edit->xml->doc, (const xmlChar *)value));
}

/* Ends the start tag: of an element with content, or of one without, which is its end. */
static void end_start(GString *out, const XmlNewElement *new, guint element, gboolean content)
{
    XmlSpan *span = &g_array_index(new->spans, XmlSpan, element);

    g_string_append(out, content ? ">" : "/>");
    span->tag_end = span->end_tag = span->end = (guint32)out->len;
}

static void end_element(GString *out, const XmlNewElement *new, guint element)
{
    XmlSpan *span = &g_array_index(new->spans, XmlSpan, element);
    const xmlNode *node = new->nodes->pdata[element];

    span->end_tag = (guint32)out->len;
    g_string_append_printf(out, "</%s>", (const char *)node->name);
    span->end = (guint32)out->len;
}

/* A line of its own for what comes next, where lines are written at all. */
static void begin_line(GString *out, const char *eol, const char *indent)
{
    if (eol != NULL)
        g_string_append_printf(out, "%s%s", eol, indent);
}

/* The child by which @predicate knows its element. */
static void write_known_child(
    GString *out, const XmlNewElement *new, xmlNode *parent, const XmlPredicate *predicate)
{
    guint child = begin_element(out, new, parent, predicate->child);

    if (predicate->attribute != NULL)
        add_attribute(out, new, child, predicate->attribute, predicate->value);
    end_start(out, new, child, predicate->attribute == NULL);
    if (predicate->attribute == NULL) {
        add_text(out, new, child, predicate->value);
        end_element(out, new, child);
    }
}

/* The attributes of a new element: those it is known by, and its value's. TRUE where it has content
 * besides. */
static gboolean write_attributes(
    GString *out, const XmlNewElement *new, const XmlStep *step, guint element)
{
    gboolean last = new->depth + 1 == new->path->steps->len;
    gboolean content = !last || new->path->part == XML_PART_TEXT;

    for (guint i = 0; i < step->predicates->len; i++) {
        const XmlPredicate *predicate = xml_step_predicate(step, i);
        if (predicate->child == NULL)
            add_attribute(out, new, element, predicate->attribute, predicate->value);
        content |= predicate->child != NULL;
    }
    if (!last || new->path->part != XML_PART_ATTRIBUTES)
        return content;
    g_auto(GStrv) parts = xml_split_value(new->path, new->value);
    for (guint i = 0; i < new->path->attributes->len; i++) {
        const XmlAttribute *attribute = xml_path_attribute(new->path, i);
        const char *part = xml_part_of(new->path, parts, i);
        if (part != NULL && g_strcmp0(part, attribute->fallback) != 0)
            add_attribute(out, new, element, attribute->name, part);
    }
    return content;
}

/* An XmlWriteElement. */
void xml_write_element(
    GString *out, const char *eol, const char *indent, const char *unit, gconstpointer data)
{
    const XmlNewElement *new = data;
    const XmlStep *step = xml_path_step(new->path, new->depth);
    gboolean last = new->depth + 1 == new->path->steps->len;
    gboolean lines = FALSE;
    g_autofree char *inner = indent ? g_strconcat(indent, unit, NULL) : NULL;
    guint element = begin_element(out, new, new->parent, step->name);
    xmlNode *node = new->nodes->pdata[element];
    gboolean content = write_attributes(out, new, step, element);

    end_start(out, new, element, content);
    if (!content)
        return;
    for (guint i = 0; i < step->predicates->len; i++) {
        const XmlPredicate *predicate = xml_step_predicate(step, i);
        if (predicate->child == NULL)
            continue;
        begin_line(out, eol, inner);
        write_known_child(out, new, node, predicate);
        lines = TRUE;
    }
    if (last && new->path->part == XML_PART_TEXT) {
        add_text(out, new, element, new->value);
    } else if (!last) {
        XmlNewElement child = *new;
        child.depth++;
        child.parent = node;
        begin_line(out, eol, inner);
        xml_write_element(out, eol, inner, unit, &child);
        lines = TRUE;
    }
    if (lines)
        begin_line(out, eol, indent);
    end_element(out, new, element);
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

/* Appends the splice that makes the attribute @name of @element @value, or takes it away (NULL). */
void xml_write_attribute(const XmlEdit *edit, const xmlNode *element, const char *name,
    const char *value, GArray *splices)
{
    const XmlSpan *span = xml_text_span(edit->xml, element);
    XmlSplice splice = {0, 0, g_string_new(NULL)};
    XmlAttributeSpan found;

    if (find_attribute(edit->xml, span, name, &found)) {
        splice.from = value ? found.value : found.space;
        splice.to = value ? found.value_end : found.end;
        if (value != NULL)
            append_escaped(splice.insert, edit->xml, value, edit->xml->text[found.value_end]);
    } else if (value != NULL) {
        splice.from = splice.to = xml_place_attributes_end(edit->xml, span);
        char last = edit->xml->text[splice.from - 1];
        append_attribute(
            splice.insert, edit, name, value, last == '"' || last == '\'' ? last : edit->quote);
    }
    g_array_append_val(splices, splice);
}

/* Appends the splices that make @path's attributes of @element @value. One that is missing and
 * reads as what it is to be stays missing. */
void xml_write_attributes(const XmlEdit *edit, const XmlPath *path, const xmlNode *element,
    const char *value, GArray *splices)
{
    g_auto(GStrv) parts = xml_split_value(path, value);

    for (guint i = 0; i < path->attributes->len; i++) {
        const XmlAttribute *attribute = xml_path_attribute(path, i);
        const char *part = xml_part_of(path, parts, i);
        g_autofree char *now = xml_node_attribute(element, attribute->name);
        const char *reads = now ? now : attribute->fallback;
        if (g_strcmp0(part, now) != 0 && (part == NULL || g_strcmp0(part, reads) != 0))
            xml_write_attribute(edit, element, attribute->name, part, splices);
    }
}

XmlSplice xml_write_text(const XmlEdit *edit, const xmlNode *element, const char *value)
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

gboolean xml_is_plain_value(const char *value)
{
    return strlen(value) < PLAIN_MAX;
}

gboolean xml_is_plain_container(const xmlNode *container)
{
    for (const xmlNode *node = container->children; node != NULL; node = node->next)
        if (node->type != XML_ELEMENT_NODE && node->type != XML_COMMENT_NODE &&
            node->type != XML_PI_NODE && !(node->type == XML_TEXT_NODE && xmlIsBlankNode(node)))
            return FALSE;
    return TRUE;
}
