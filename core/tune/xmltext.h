/* A domain's XML three ways at once: its bytes, libxml2's tree of them, and where each element of
 * the tree stands in the bytes. */
#pragma once

#include "core/tune/xmlscan.h"

#include <libxml/tree.h>

typedef struct {
    char *text; /* NUL-terminated */
    gsize length;
    xmlDoc *doc;
    GArray *spans; /* XmlSpan, by the order of the start tags */
    gboolean utf8; /* may hold UTF-8; else characters beyond ASCII are written as references */
} XmlText;

/* Reads @text (taken over, whatever happens) of @length bytes. NULL with a KVMTUNE_ERROR_USAGE
 * sentence where it is not the well-formed document of a <domain>. */
XmlText *xml_text_new(char *text, gsize length, GError **error);
void xml_text_free(XmlText *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlText, xml_text_free)

xmlNode *xml_text_root(const XmlText *xml);

/* Where @node, an element of the tree, stands. */
const XmlSpan *xml_text_span(const XmlText *xml, const xmlNode *node);
