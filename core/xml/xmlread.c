/* Reading libvirt's documents: the checks before, libxml2's verdict, and the tree where it stands.
 */
#include "core/xml/xmlread.h"

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

xmlDoc *xml_read_document(const char *text, gsize length, gboolean *utf8, GError **error)
{
    ParseError kept = {NULL, 0};
    gboolean ignored;

    if (length == 0 || length > XML_MAX) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            length == 0 ? "the document is empty: give XML, as virsh dumpxml prints it"
                        : "the document is larger than %u MiB, which none of libvirt's is",
            XML_MAX >> 20);
        return NULL;
    }
    if (!xml_scan_prolog(text, length, utf8 ? utf8 : &ignored, error))
        return NULL;
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

/* libvirt writes elements of no namespace; those of another one are the user's own. */
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

Num xml_read_scaled(const char *text, const char *unit)
{
    g_autofree char *copy = text ? g_strstrip(g_strdup(text)) : NULL;
    guint64 kib;

    return text_scaled_kib(copy, unit, &kib) ? NUM(kib) : NUM_UNKNOWN;
}

Num xml_read_kib(const xmlNode *node)
{
    return xml_read_scaled(xml_read_text(node), xml_read_get(node, "unit"));
}

IdSet *xml_read_set(const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text ? text : "", " \t\r\n", -1);
    g_autofree char *joined = g_strjoinv("", parts);

    return *joined ? idset_parse(joined, NULL) : NULL;
}
