/* Reading a domain's tree where it stands: nothing is copied, what is returned belongs to it. */
#pragma once

#include "core/util/num.h"

#include <libxml/tree.h>

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
/* @node's text with its unit, in KiB. */
Num xml_read_kib(const xmlNode *node);
