/* Reading libvirt's documents: the tree, and what stands in it. But for numbers and sets nothing is
 * copied: what is returned belongs to the tree. */
#pragma once

#include "core/util/idset.h"
#include "core/util/num.h"

#include "core/xml/xmlscan.h"

#include <libxml/tree.h>

/* libxml2's tree of @text, whose root may be anything: no entity is expanded, no DTD or other file
 * loaded, libxml2's limits on depth (256) and on the length of texts and names stay on. *utf8 (may
 * be NULL) says whether it is written in UTF-8. NULL with a KVMTUNE_ERROR_USAGE sentence where it
 * is not well-formed, empty or larger than XML_MAX. xmlFreeDoc() frees it. */
xmlDoc *xml_read_document(const char *text, gsize length, gboolean *utf8, GError **error);

/* The first element below @node by @path ("devices/disk"), each step by the first of that name; an
 * empty path is @node itself. NULL where there is none, or @node is NULL. */
const xmlNode *xml_read_at(const xmlNode *node, const char *path);
/* The next sibling of @node's name; NULL for none. */
const xmlNode *xml_read_next(const xmlNode *node);
/* for (XML_READ_EACH(disk, root, "devices/disk")) … */
#define XML_READ_EACH(node, from, path)                                                            \
    const xmlNode *node = xml_read_at(from, path);                                                 \
    node != NULL;                                                                                  \
    node = xml_read_next(node)

/* The attribute of @node; NULL where there is none, or @node is NULL. */
const char *xml_read_get(const xmlNode *node, const char *attribute);
/* Whether the attribute is there and is @value. */
gboolean xml_read_is(const xmlNode *node, const char *attribute, const char *value);
/* The text in @node; "" for an empty one, NULL where @node is NULL. */
const char *xml_read_text(const xmlNode *node);
/* @text as a whole number that is not negative, blanks around it; unknown where it is none. */
Num xml_read_number(const char *text);
/* @text in @unit (NULL: KiB), in KiB, as libvirt rounds it; unknown where it is no size. */
Num xml_read_scaled(const char *text, const char *unit);
/* @node's text with its unit, in KiB. */
Num xml_read_kib(const xmlNode *node);
/* A set as libvirt reads it: white space between its parts is no matter. NULL where @text is none;
 * the caller frees it. */
IdSet *xml_read_set(const char *text);
