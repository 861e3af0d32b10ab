/* A domain's XML three ways at once: its bytes, libxml2's tree of them, and where each element of
 * the tree stands in the bytes. */
#pragma once

#include "core/xml/xmlscan.h"

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

/* Replaces the bytes from @from up to @to by @insert, and moves every element's place with them.
 * The tree is not touched: the caller makes the same change there, or reads the text anew. */
void xml_text_splice(XmlText *xml, gsize from, gsize to, const GString *insert);

/* Gives @node, new in the tree, its place. */
void xml_text_add(XmlText *xml, xmlNode *node, XmlSpan span);

/* Finds the end of @node's start tag anew, where a splice has opened an empty-element tag or closed
 * a start tag to one; its end is known. */
void xml_text_rescan(XmlText *xml, const xmlNode *node);

/* Whether @a and @b, read of the same text, have the same elements with the same attributes, texts
 * and places: for tests, which hold a document that was edited against one that was read anew. */
gboolean xml_text_same(const XmlText *a, const XmlText *b);
