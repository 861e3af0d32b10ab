/* Paths: parsing them, and finding what they name in libxml2's tree. */
#include "core/tune/xmlpath.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

static void predicate_clear(gpointer data)
{
    XmlPredicate *predicate = data;
    g_free(predicate->name);
    g_free(predicate->value);
}

static void step_clear(gpointer data)
{
    XmlStep *step = data;
    g_free(step->name);
    g_array_unref(step->predicates);
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

/* Takes "[@name='value']" at *p. */
static gboolean take_predicate(const char **p, GArray *predicates)
{
    if (!g_str_has_prefix(*p, "[@"))
        return FALSE;
    *p += 2;
    g_autofree char *name = take_name(p);
    if (name == NULL || !g_str_has_prefix(*p, "='"))
        return FALSE;
    const char *value = *p + 2;
    const char *end = strstr(value, "']");
    if (end == NULL || memchr(value, '\'', (gsize)(end - value)) != NULL)
        return FALSE;
    *p = end + 2;
    XmlPredicate predicate = {g_steal_pointer(&name), g_strndup(value, (gsize)(end - value))};
    g_array_append_val(predicates, predicate);
    return TRUE;
}

/* Takes one part of the path at *p: a step, or the "@attribute" or "text()" that ends it. */
static gboolean take_part(const char **p, XmlPath *path)
{
    if (**p == '@') {
        (*p)++;
        path->part = XML_PART_ATTRIBUTE;
        path->attribute = take_name(p);
        return path->attribute != NULL && **p == '\0';
    }
    if (g_str_equal(*p, "text()")) {
        *p += strlen("text()");
        path->part = XML_PART_TEXT;
        return path->steps->len > 0;
    }
    XmlStep step = {take_name(p), g_array_new(FALSE, FALSE, sizeof(XmlPredicate))};
    g_array_set_clear_func(step.predicates, predicate_clear);
    gboolean ok = step.name != NULL;
    while (ok && **p == '[')
        ok = take_predicate(p, step.predicates);
    g_array_append_val(path->steps, step);
    return ok && (**p == '\0' || **p == '/');
}

/* Predicates are written into the document: XML has no control characters but white space. */
static gboolean is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            return FALSE;
    }
    return g_utf8_validate(text, -1, NULL);
}

XmlPath *xml_path_parse(const char *text, GError **error)
{
    g_autoptr(XmlPath) path = g_new0(XmlPath, 1);
    const char *p = text;
    gboolean ok = is_plain(text);

    path->steps = g_array_new(FALSE, FALSE, sizeof(XmlStep));
    g_array_set_clear_func(path->steps, step_clear);
    while (ok && (ok = take_part(&p, path)) && *p == '/')
        p++;
    if (ok)
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
    g_free(path->attribute);
    g_free(path);
}

char *xml_node_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

static gboolean same_value(const char *a, const char *b)
{
    guint64 x, y;

    if (g_str_equal(a, b))
        return TRUE;
    return g_ascii_string_to_unsigned(a, 10, 0, G_MAXUINT64, &x, NULL) &&
           g_ascii_string_to_unsigned(b, 10, 0, G_MAXUINT64, &y, NULL) && x == y;
}

gboolean xml_step_matches(const XmlStep *step, const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE || node->ns != NULL ||
        !g_str_equal((const char *)node->name, step->name))
        return FALSE;
    for (guint i = 0; i < step->predicates->len; i++) {
        const XmlPredicate *predicate = &g_array_index(step->predicates, XmlPredicate, i);
        g_autofree char *value = xml_node_attribute(node, predicate->name);
        if (value == NULL || !same_value(value, predicate->value))
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
