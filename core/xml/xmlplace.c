/* Finding the place of an edit in the text, by lines and indentation.
 *
 * An element "begins its line" when only blanks stand before it. New elements get lines of their
 * own beside siblings that have them; in a document on one line everything stays on that line. */
#include "core/xml/xmlplace.h"

#include "core/xml/xmlorder.h"

#include <string.h>

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static gsize line_start(const XmlText *xml, gsize at)
{
    while (at > 0 && xml->text[at - 1] != '\n')
        at--;
    return at;
}

/* The length of the line end at @at: 2 for CRLF, 1 for LF, 0 where none stands there. */
static gsize line_end_at(const XmlText *xml, gsize at)
{
    if (at < xml->length && xml->text[at] == '\n')
        return 1;
    return at + 1 < xml->length && xml->text[at] == '\r' && xml->text[at + 1] == '\n' ? 2 : 0;
}

static gsize skip_blanks(const XmlText *xml, gsize at)
{
    while (at < xml->length && is_blank(xml->text[at]))
        at++;
    return at;
}

/* TRUE where only blanks (or the byte order mark) stand before @at on its line. */
static gboolean begins_line(const XmlText *xml, gsize at)
{
    while (at > 0 && is_blank(xml->text[at - 1]))
        at--;
    return at == 0 || xml->text[at - 1] == '\n' ||
           (at == 3 && g_str_has_prefix(xml->text, "\xef\xbb\xbf"));
}

/* The blanks at the beginning of the line of @at. The caller frees it. */
static char *indentation(const XmlText *xml, gsize at)
{
    gsize start = line_start(xml, at);
    return g_strndup(xml->text + start, skip_blanks(xml, start) - start);
}

/* The document's line end, by its first line. */
static const char *document_eol(const XmlText *xml)
{
    const char *lf = memchr(xml->text, '\n', xml->length);
    return lf != NULL && lf > xml->text && lf[-1] == '\r' ? "\r\n" : "\n";
}

/* What @inner has beyond @outer; two blanks, as libvirt writes, where it does not extend it. */
static char *one_level(const char *outer, const char *inner)
{
    return g_strdup(g_str_has_prefix(inner, outer) ? inner + strlen(outer) : "  ");
}

/* The indentation of one level, judged by @node and its parent, or by the root's first child. */
static char *unit_below(const XmlText *xml, const xmlNode *node)
{
    const xmlNode *root = xml_text_root(xml);
    const xmlNode *inner = node != root ? node : xmlFirstElementChild((xmlNode *)root);

    if (inner == NULL)
        return g_strdup("  ");
    g_autofree char *outer_blanks = indentation(xml, xml_text_span(xml, inner->parent)->start);
    g_autofree char *inner_blanks = indentation(xml, xml_text_span(xml, inner)->start);
    return one_level(outer_blanks, inner_blanks);
}

gsize xml_place_attributes_end(const XmlText *xml, const XmlSpan *span)
{
    XmlAttributeSpan attribute;
    guint32 at = span->name_end;

    while (xml_scan_attribute(xml->text, span, &at, &attribute))
        ;
    return at;
}

/* A child's place in libvirt's order: that of its name, then its number among its like. */
typedef struct {
    int place; /* -1: not in the table */
    gint64 number;
} OrderKey;

static gint64 number_of(const char *text)
{
    gint64 number;
    return text && g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL) ? number : 0;
}

static OrderKey key_of_node(const xmlNode *container, const xmlNode *node)
{
    const XmlOrderChild *row = NULL;
    OrderKey key = {-1, 0};

    if (node->ns == NULL)
        key.place = xml_order_place((const char *)container->name, (const char *)node->name, &row);
    if (row != NULL && row->number != NULL) {
        g_autofree char *number = xml_node_attribute(node, row->number);
        key.number = number_of(number);
    }
    return key;
}

static OrderKey key_of_step(const xmlNode *container, const XmlStep *step)
{
    const XmlOrderChild *row = NULL;
    OrderKey key = {xml_order_place((const char *)container->name, step->name, &row), 0};

    for (guint i = 0; row != NULL && row->number != NULL && i < step->predicates->len; i++) {
        const XmlPredicate *predicate = xml_step_predicate(step, i);
        if (predicate->child == NULL && g_str_equal(predicate->attribute, row->number))
            key.number = number_of(predicate->value);
    }
    return key;
}

static int compare_keys(OrderKey a, OrderKey b)
{
    if (a.place != b.place)
        return a.place < b.place ? -1 : 1;
    return (a.number > b.number) - (a.number < b.number);
}

/* The neighbours of a new element: the child to stand behind, or else the one to stand before. A
 * hand-written document may have another order; then the nearest in libvirt's order decides. */
static void find_neighbours(const xmlNode *parent, OrderKey key, xmlNode **before, xmlNode **behind)
{
    OrderKey low = {-1, 0}, high = {-1, 0};
    xmlNode *last = NULL;

    *before = *behind = NULL;
    for (xmlNode *node = parent->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        last = node;
        OrderKey other = key_of_node(parent, node);
        if (other.place < 0 || key.place < 0)
            continue;
        if (compare_keys(other, key) <= 0) {
            if (*behind == NULL || compare_keys(other, low) >= 0) {
                *behind = node;
                low = other;
            }
        } else if (*before == NULL || compare_keys(other, high) < 0) {
            *before = node;
            high = other;
        }
    }
    if (*behind == NULL && *before == NULL)
        *behind = last;
}

/* The indentation of @near where it begins its line, or of another child of @parent that does;
 * NULL where none does. */
static char *sibling_indentation(const XmlText *xml, const xmlNode *parent, const xmlNode *near)
{
    if (begins_line(xml, xml_text_span(xml, near)->start))
        return indentation(xml, xml_text_span(xml, near)->start);
    for (const xmlNode *node = parent->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && begins_line(xml, xml_text_span(xml, node)->start))
            return indentation(xml, xml_text_span(xml, node)->start);
    }
    return NULL;
}

/* The end of the line after @at where only blanks and comments follow there (they belong to what
 * stands before them); 0 where anything else does. */
static gsize rest_of_line(const XmlText *xml, gsize at)
{
    for (;;) {
        gsize next = skip_blanks(xml, at);
        if (line_end_at(xml, next) > 0)
            return next;
        next = g_str_has_prefix(xml->text + next, "<!--")
                   ? xml_scan_skip(xml->text, xml->length, next)
                   : at;
        if (next == at)
            return 0;
        at = next;
    }
}

/* Beside the siblings @before and @behind; one of them is not NULL. */
static XmlSplice place_beside(const XmlText *xml, const xmlNode *parent, const xmlNode *before,
    const xmlNode *behind, XmlWriteElement write, gconstpointer data)
{
    const XmlSpan *span = xml_text_span(xml, behind ? behind : before);
    g_autofree char *indent = sibling_indentation(xml, parent, behind ? behind : before);
    g_autofree char *outer = indentation(xml, xml_text_span(xml, parent)->start);
    g_autofree char *unit = one_level(outer, indent ? indent : "");
    const char *eol = document_eol(xml);
    gsize line = behind ? rest_of_line(xml, span->end) : line_start(xml, span->start);
    gboolean own_line = indent != NULL && (behind ? line > 0 : begins_line(xml, span->start));
    gsize at = own_line ? line : behind ? span->end : span->start;
    XmlSplice splice = {at, at, g_string_new(NULL)};

    if (own_line && behind)
        g_string_append(splice.insert, eol);
    if (own_line)
        g_string_append(splice.insert, indent);
    write(splice.insert, own_line ? eol : NULL, own_line ? indent : NULL, unit, data);
    if (own_line && !behind)
        g_string_append(splice.insert, eol);
    return splice;
}

static gboolean is_empty_but_blanks(const XmlText *xml, gsize from, gsize to)
{
    while (from < to && xml_is_space(xml->text[from]))
        from++;
    return from == to;
}

/* Into @parent, which has no child elements yet: the end of its content. */
static XmlSplice place_inside(
    const XmlText *xml, const xmlNode *parent, XmlWriteElement write, gconstpointer data)
{
    const XmlSpan *span = xml_text_span(xml, parent);
    gboolean closed = xml_span_self_closing(span);
    gboolean end_begins = !closed && begins_line(xml, span->end_tag);
    gboolean blank = is_empty_but_blanks(xml, span->tag_end, span->end_tag);
    gboolean root = parent == xml_text_root(xml);
    gboolean lines = end_begins || (!root && blank && begins_line(xml, span->start));
    const char *eol = lines ? document_eol(xml) : NULL;
    g_autofree char *outer = indentation(xml, end_begins ? span->end_tag : span->start);
    g_autofree char *unit = unit_below(xml, parent);
    g_autofree char *indent = g_strconcat(outer, unit, NULL);
    XmlSplice splice = {span->end_tag, span->end_tag, g_string_new(NULL)};

    if (end_begins)
        splice.from = splice.to = line_start(xml, span->end_tag);
    else if (closed)
        splice.from = xml_place_attributes_end(xml, span);
    else if (lines)
        splice.from = span->tag_end;

    if (closed)
        g_string_append_c(splice.insert, '>');
    if (lines && !end_begins)
        g_string_append(splice.insert, eol);
    if (lines)
        g_string_append(splice.insert, indent);
    write(splice.insert, eol, lines ? indent : NULL, unit, data);
    if (lines)
        g_string_append(splice.insert, eol);
    if (lines && !end_begins)
        g_string_append(splice.insert, outer);
    if (closed) {
        splice.to = span->end;
        g_string_append(splice.insert, "</");
        g_string_append_len(
            splice.insert, xml->text + span->start + 1, span->name_end - span->start - 1);
        g_string_append_c(splice.insert, '>');
    }
    return splice;
}

XmlSplice xml_place_new(const XmlText *xml, const xmlNode *parent, const XmlStep *step,
    XmlWriteElement write, gconstpointer data, xmlNode **before, xmlNode **behind)
{
    find_neighbours(parent, key_of_step(parent, step), before, behind);
    if (*before == NULL && *behind == NULL)
        return place_inside(xml, parent, write, data);
    return place_beside(xml, parent, *before, *behind, write, data);
}

/* TRUE where @step knows its element by @child. */
static gboolean is_known_by(const XmlStep *step, const xmlNode *child)
{
    for (guint i = 0; i < step->predicates->len; i++) {
        const char *name = xml_step_predicate(step, i)->child;
        if (name != NULL && child->type == XML_ELEMENT_NODE &&
            g_str_equal((const char *)child->name, name))
            return TRUE;
    }
    return FALSE;
}

/* TRUE where @container, @step's element, holds nothing but @count elements, what it is known by,
 * and blanks. */
static gboolean holds_only(const xmlNode *container, const XmlStep *step, guint count)
{
    guint held = 0;

    for (const xmlNode *child = container->children; child != NULL; child = child->next)
        held +=
            !(child->type == XML_TEXT_NODE && xmlIsBlankNode(child)) && !is_known_by(step, child);
    return held == count;
}

/* TRUE where @node has no attribute but those by which @step knows it. */
static gboolean has_no_other_attribute(const xmlNode *node, const XmlStep *step)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        gboolean known = FALSE;
        for (guint i = 0; i < step->predicates->len && a->ns == NULL && !known; i++)
            known = xml_step_predicate(step, i)->child == NULL &&
                    g_str_equal((const char *)a->name, xml_step_predicate(step, i)->attribute);
        if (!known)
            return FALSE;
    }
    return node->nsDef == NULL;
}

/* The lines of @node, or only its bytes where something else stands on them. */
static void remove_node(const XmlText *xml, const xmlNode *node, GArray *splices)
{
    const XmlSpan *span = xml_text_span(xml, node);
    gsize rest = skip_blanks(xml, span->end);
    gboolean lines = begins_line(xml, span->start) && line_end_at(xml, rest) > 0;
    XmlSplice splice = {lines ? line_start(xml, span->start) : span->start,
        lines ? rest + line_end_at(xml, rest) : span->end, g_string_new(NULL)};

    g_array_append_val(splices, splice);
}

void xml_place_removal(
    const XmlText *xml, const XmlPath *path, GPtrArray *nodes, GArray *splices, xmlNode **emptied)
{
    xmlNode *node = nodes->pdata[0];
    guint count = nodes->len;

    *emptied = NULL;
    for (guint depth = path->steps->len - 1; depth-- > 0; count = 1) {
        const XmlStep *step = xml_path_step(path, depth);
        if (!holds_only(node->parent, step, count) || (step->required && step->predicates->len))
            break;
        node = node->parent;
        if (!step->required && has_no_other_attribute(node, step))
            continue;
        /* it stays, in the form libvirt gives an element without content */
        const XmlSpan *span = xml_text_span(xml, node);
        XmlSplice splice = {xml_place_attributes_end(xml, span), span->end, g_string_new("/>")};
        g_array_append_val(splices, splice);
        g_ptr_array_set_size(nodes, 0);
        *emptied = node;
        return;
    }
    if (node != nodes->pdata[0]) {
        g_ptr_array_set_size(nodes, 0);
        g_ptr_array_add(nodes, node);
    }
    for (guint i = 0; i < nodes->len; i++)
        remove_node(xml, nodes->pdata[i], splices);
}
