/* Reading a document: the checks before, libxml2's verdict, and tree and bytes brought together. */
#include "core/tune/xmltext.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>

typedef struct {
    char *message; /* the first error; NULL for none */
    int line;
} ParseError;

#if LIBXML_VERSION >= 21200
typedef const xmlError *ErrorArgument;
#else
typedef xmlErrorPtr ErrorArgument;
#endif

/* Keeps the first error and prints nothing: the screen belongs to someone else. */
static void keep_error(void *data, ErrorArgument error)
{
    ParseError *kept = data;

    if (kept->message != NULL || error->level < XML_ERR_ERROR || error->message == NULL)
        return;
    g_autofree char *line = g_strdup(error->message);
    line[strcspn(line, "\n")] = '\0';
    char *option = strstr(line, " use XML_PARSE_HUGE"); /* advice for programmers */
    if (option != NULL)
        *option = '\0';
    kept->message = text_escape(g_strstrip(line), 160);
    kept->line = error->line;
}

/* libxml2's tree: no entity is expanded, no DTD or other file loaded, its limits on depth (256)
 * and on the length of texts and names stay on. */
static xmlDoc *parse(const char *text, gsize length, GError **error)
{
    ParseError kept = {NULL, 0};
    xmlStructuredErrorFunc old = xmlStructuredError;
    void *old_context = xmlStructuredErrorContext;

    xmlSetStructuredErrorFunc(&kept, keep_error);
    xmlDoc *doc = xmlReadMemory(text, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
    xmlSetStructuredErrorFunc(old_context, old);
    if (doc == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the document is not well-formed XML: line %d: %s", kept.line,
            kept.message ? kept.message : "libxml2 does not say why");
    }
    g_free(kept.message);
    return doc;
}

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
    if (!xml_scan_prolog(text, length, &xml->utf8, error))
        return NULL;
    xml->doc = parse(text, length, error);
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
