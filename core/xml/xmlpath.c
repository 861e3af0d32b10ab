/* Paths: parsing them, and finding what they name in libxml2's tree. */
#include "core/xml/xmlpath.h"

#include "core/util/error.h"
#include "core/util/text.h"
#include "core/xml/xmlscan.h"

#include <string.h>

static void predicate_clear(gpointer data)
{
    XmlPredicate *predicate = data;
    g_free(predicate->child);
    g_free(predicate->attribute);
    g_free(predicate->value);
}

static void step_clear(gpointer data)
{
    XmlStep *step = data;
    g_free(step->name);
    g_array_unref(step->predicates);
}

static void attribute_clear(gpointer data)
{
    XmlAttribute *attribute = data;
    g_free(attribute->name);
    g_free(attribute->fallback);
}

/* An array of @size that clears its elements with @clear. */
static GArray *array_of(guint size, GDestroyNotify clear)
{
    GArray *array = g_array_new(FALSE, FALSE, size);
    g_array_set_clear_func(array, clear);
    return array;
}

/* Takes an ASCII name at *p and moves past it; NULL where there is none. */
static char *take_name(const char **p)
{
    const char *start = *p;

    if (!g_ascii_isalpha(*start) && *start != '_')
        return NULL;
    while (g_ascii_isalnum(**p) || (**p != '\0' && strchr("_-.", **p) != NULL))
        (*p)++;
    return g_strndup(start, (gsize)(*p - start));
}

/* Takes the name of an attribute. "xmlns" is none: it says what names mean. */
static char *take_attribute_name(const char **p)
{
    g_autofree char *name = take_name(p);
    return g_strcmp0(name, "xmlns") == 0 ? NULL : g_steal_pointer(&name);
}

/* Whether one of @predicates speaks of the same thing: with another value no element would hold
 * both, and one that is made could not be found again. One child has all that is said of it. */
static gboolean is_spoken_of(const GArray *predicates, const XmlPredicate *predicate)
{
    for (guint i = 0; i < predicates->len; i++) {
        const XmlPredicate *other = &g_array_index(predicates, XmlPredicate, i);
        if (predicate->child != NULL
                ? g_strcmp0(other->child, predicate->child) == 0
                : other->child == NULL && g_strcmp0(other->attribute, predicate->attribute) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Takes "[@name='value']", "[child/@name='value']" or "[child='value']" at *p. */
static gboolean take_predicate(const char **p, GArray *predicates)
{
    XmlPredicate predicate = {NULL, NULL, NULL};
    gboolean ok = *(*p)++ == '[';

    if (ok && **p != '@') {
        predicate.child = take_name(p);
        ok = predicate.child != NULL && **p != '@';
        *p += ok && g_str_has_prefix(*p, "/@");
    }
    if (ok && **p == '@') {
        (*p)++;
        predicate.attribute = take_attribute_name(p);
        ok = predicate.attribute != NULL;
    }
    ok = ok && g_str_has_prefix(*p, "='");
    const char *value = ok ? *p + 2 : NULL;
    const char *end = ok ? strchr(value, '\'') : NULL;
    ok = end != NULL && end[1] == ']';
    if (ok) {
        predicate.value = g_strndup(value, (gsize)(end - value));
        *p = end + 2;
        ok = !is_spoken_of(predicates, &predicate);
    }
    g_array_append_val(predicates, predicate);
    return ok;
}

/* Takes "@name", "@name=fallback" and, behind ":" or ",", more of them: the end of a path. */
static gboolean take_attributes(const char **p, XmlPath *path)
{
    path->part = XML_PART_ATTRIBUTES;
    for (;;) {
        if (*(*p)++ != '@')
            return FALSE;
        XmlAttribute attribute = {take_attribute_name(p), NULL};
        if (attribute.name != NULL && **p == '=') {
            gsize length = strcspn(*p + 1, ":,");
            attribute.fallback = g_strndup(*p + 1, length);
            *p += 1 + length;
        }
        g_array_append_val(path->attributes, attribute);
        if (attribute.name == NULL || **p == '\0')
            return attribute.name != NULL;
        if ((**p != ':' && **p != ',') || (*path->separator && **p != *path->separator))
            return FALSE;
        *path->separator = *(*p)++;
    }
}

/* Takes one part of the path at *p: a step, or the attributes or "text()" that end it. */
static gboolean take_part(const char **p, XmlPath *path)
{
    if (**p == '@')
        return take_attributes(p, path);
    if (g_str_equal(*p, "text()")) {
        *p += strlen("text()");
        path->part = XML_PART_TEXT;
        return path->steps->len > 0;
    }
    XmlStep step = {take_name(p), array_of(sizeof(XmlPredicate), predicate_clear), FALSE};
    gboolean ok = step.name != NULL;
    while (ok && **p == '[')
        ok = take_predicate(p, step.predicates);
    if (ok && **p == '!') {
        step.required = TRUE;
        (*p)++;
    }
    g_array_append_val(path->steps, step);
    return ok && (**p == '\0' || **p == '/');
}

/* Predicates are written into the document, as attributes: white space but blanks would be read as
 * blanks. */
static gboolean is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            return FALSE;
    }
    return xml_is_text(text);
}

/* FALSE where the value names an attribute twice, or could be one of which nothing is written. */
static gboolean has_plain_value(const XmlPath *path)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean written = path->part != XML_PART_ATTRIBUTES;

    for (guint i = 0; i < path->attributes->len; i++) {
        const XmlAttribute *attribute = xml_path_attribute(path, i);
        if (!g_hash_table_add(names, attribute->name))
            return FALSE;
        written |= attribute->fallback == NULL;
    }
    return written;
}

/* TRUE where @next goes into the child by which @step knows its element: it comes with the element,
 * and is not made beside it. */
static gboolean enters_known_child(const XmlStep *step, const XmlStep *next)
{
    for (guint i = 0; i < step->predicates->len; i++)
        if (g_strcmp0(xml_step_predicate(step, i)->child, next->name) == 0)
            return TRUE;
    return FALSE;
}

/* FALSE where an element that is made would hold what it is known by a second time, or beside the
 * text that is its value. */
static gboolean makes_each_once(const XmlPath *path)
{
    const XmlStep *last = path->steps->len ? xml_path_step(path, path->steps->len - 1) : NULL;

    for (guint i = 0; last != NULL && path->part == XML_PART_TEXT && i < last->predicates->len; i++)
        if (xml_step_predicate(last, i)->child != NULL)
            return FALSE;
    for (guint i = 0; i + 1 < path->steps->len; i++)
        if (!xml_path_step(path, i)->required &&
            enters_known_child(xml_path_step(path, i), xml_path_step(path, i + 1)))
            return FALSE;
    return TRUE;
}

XmlPath *xml_path_parse(const char *text, GError **error)
{
    g_autoptr(XmlPath) path = g_new0(XmlPath, 1);
    const char *p = text;
    gboolean ok = is_plain(text);

    path->steps = array_of(sizeof(XmlStep), step_clear);
    path->attributes = array_of(sizeof(XmlAttribute), attribute_clear);
    while (ok && (ok = take_part(&p, path)) && *p == '/')
        p++;
    if (ok && has_plain_value(path) && makes_each_once(path))
        return g_steal_pointer(&path);
    g_autofree char *shown = text_escape(text, 80);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "\"%s\" is not a path in a domain's XML: write it as cputune/vcpupin[@vcpu='3']/@cpuset",
        shown);
    return NULL;
}

void xml_path_free(XmlPath *path)
{
    if (path == NULL)
        return;
    g_array_unref(path->steps);
    g_array_unref(path->attributes);
    g_free(path);
}

char *xml_node_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

char *xml_node_text(const xmlNode *node)
{
    GString *text = g_string_new(NULL);

    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            g_string_append(text, (const char *)child->content);
    }
    return g_string_free(text, FALSE);
}

static gboolean is_mac(const char *text)
{
    for (guint i = 0; i < 17; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i]))
            return FALSE;
    }
    return text[17] == '\0';
}

/* Figures that begin with no 0: a number in its one form. */
static gboolean is_canonical(const char *text)
{
    return *text >= '1' && *text <= '9' && text[strspn(text, "0123456789")] == '\0';
}

static gboolean same_value(const char *a, const char *b)
{
    guint64 x, y;

    if (g_str_equal(a, b))
        return TRUE;
    /* Most are: the many vCPUs of a domain are told apart without reading numbers. */
    if (is_canonical(a) && is_canonical(b))
        return FALSE;
    if (g_ascii_string_to_unsigned(a, 10, 0, G_MAXUINT64, &x, NULL) &&
        g_ascii_string_to_unsigned(b, 10, 0, G_MAXUINT64, &y, NULL))
        return x == y;
    return is_mac(a) && is_mac(b) && g_ascii_strcasecmp(a, b) == 0;
}

/* Whether the attribute @name of @node is @value. Most attributes are one text node, which is then
 * compared where it lies: a domain has thousands of vcpupin elements. */
static gboolean attribute_is(const xmlNode *node, const char *name, const char *value)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        if (a->ns != NULL || !g_str_equal((const char *)a->name, name))
            continue;
        if (a->children != NULL && a->children->next == NULL && a->children->type == XML_TEXT_NODE)
            return same_value((const char *)a->children->content, value);
        g_autofree char *copy = xml_node_attribute(node, name);
        return copy != NULL && same_value(copy, value);
    }
    return FALSE;
}

static gboolean predicate_holds(const XmlPredicate *predicate, const xmlNode *node)
{
    if (predicate->child == NULL)
        return attribute_is(node, predicate->attribute, predicate->value);
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_ELEMENT_NODE || child->ns != NULL ||
            !g_str_equal((const char *)child->name, predicate->child))
            continue;
        if (predicate->attribute != NULL)
            return attribute_is(child, predicate->attribute, predicate->value);
        g_autofree char *text = xml_node_text(child);
        return g_str_equal(text, predicate->value);
    }
    return FALSE;
}

gboolean xml_step_matches(const XmlStep *step, const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE || node->ns != NULL ||
        !g_str_equal((const char *)node->name, step->name))
        return FALSE;
    for (guint i = 0; i < step->predicates->len; i++) {
        if (!predicate_holds(xml_step_predicate(step, i), node))
            return FALSE;
    }
    return TRUE;
}

xmlNode *xml_step_find(const XmlStep *step, xmlNode *node)
{
    while (node != NULL && !xml_step_matches(step, node))
        node = node->next;
    return node;
}

xmlNode *xml_path_find(const XmlPath *path, xmlNode *root, xmlNode **parent, guint *depth)
{
    xmlNode *node = root;
    guint i;

    for (i = 0; i < path->steps->len; i++) {
        xmlNode *child = xml_step_find(xml_path_step(path, i), node->children);
        if (child == NULL)
            break;
        node = child;
    }
    if (parent != NULL)
        *parent = node;
    if (depth != NULL)
        *depth = i;
    return i == path->steps->len ? node : NULL;
}

gboolean xml_path_has_room(const XmlPath *path, xmlNode *root)
{
    guint found;

    xml_path_find(path, root, NULL, &found);
    for (guint i = found; i < path->steps->len; i++) {
        if (xml_path_step(path, i)->required)
            return FALSE;
    }
    return TRUE;
}

gboolean xml_path_names_its_value(const XmlPath *path)
{
    const XmlStep *step = xml_path_step(path, path->steps->len - 1);

    for (guint i = 0; i < path->attributes->len; i++)
        for (guint k = 0; k < step->predicates->len; k++)
            if (xml_step_predicate(step, k)->child == NULL &&
                g_str_equal(
                    xml_step_predicate(step, k)->attribute, xml_path_attribute(path, i)->name))
                return TRUE;
    return FALSE;
}
