/* Where elements and attributes stand in the bytes of an XML document: the half that libxml2's
 * tree does not keep. For documents that libxml2 has found well-formed, without an internal DTD
 * subset, in an encoding where the bytes below 0x80 are ASCII. */
#pragma once

#include <glib.h>

#define XML_MAX (16u << 20) /* bytes: libvirt's own limit for a domain's XML over RPC */

/* One element; offsets into the text. <a x='1'>…</a> or <a x='1'/> */
typedef struct {
    guint32 start;    /* of "<" */
    guint32 name_end; /* after the name */
    guint32 tag_end;  /* after the start tag's ">" */
    guint32 end_tag;  /* of "</"; tag_end for an empty-element tag */
    guint32 end;      /* after the last ">" */
} XmlSpan;

#define xml_span_self_closing(span) ((span)->end_tag == (span)->end)

typedef struct {
    guint32 space; /* where the white space before the attribute begins */
    guint32 name, name_end;
    guint32 value, value_end; /* between the quotes */
    guint32 end;              /* after the closing quote */
} XmlAttributeSpan;

/* What stands before the root, looked at before any parser sees the document: FALSE with a
 * KVMTUNE_ERROR_USAGE sentence for an encoding kvmtune does not edit and for a DOCTYPE that
 * declares things (entities among them). *utf8 says whether text may be written as UTF-8. */
gboolean xml_scan_prolog(const char *text, gsize length, gboolean *utf8, GError **error);

/* Every element in the order of the start tags (XmlSpan), which is the tree's document order; NULL
 * where the tags do not nest, which well-formed documents never do. */
GArray *xml_scan_elements(const char *text, gsize length);

/* The next attribute of @span's start tag at or after *at (begin with span->name_end), which moves
 * behind it; FALSE after the last one. */
gboolean xml_scan_attribute(
    const char *text, const XmlSpan *span, guint32 *at, XmlAttributeSpan *attribute);

/* The end of the comment, processing instruction or CDATA section that begins at @at; @at itself
 * where none begins there, @length where it does not end. */
gsize xml_scan_skip(const char *text, gsize length, gsize at);

/* Whether XML can hold @text: UTF-8 of what it calls a Char (XML 1.0, 2.2), which is no control
 * character but tab and line ends, and neither U+FFFE nor U+FFFF. */
gboolean xml_is_text(const char *text);

/* TRUE for the white space of XML. */
#define xml_is_space(c) ((c) == ' ' || (c) == '\t' || (c) == '\n' || (c) == '\r')
