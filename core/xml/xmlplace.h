/* Where an edit stands in the text: the place, indentation and line ends of a new element, and the
 * bytes that go with a removed one. */
#pragma once

#include "core/xml/xmlpath.h"
#include "core/xml/xmltext.h"

/* A change of the text: the bytes from @from up to @to become @insert. */
typedef struct {
    gsize from, to;
    GString *insert;
} XmlSplice;

/* Appends the new element to @out, its own first line not indented. @eol and @indent (that of the
 * element's own line) are NULL where all stands on one line; @unit is the depth of one level. */
typedef void (*XmlWriteElement)(
    GString *out, const char *eol, const char *indent, const char *unit, gconstpointer data);

/* The splice that puts a new element, the one @step names, among the children of @parent where
 * libvirt's writer has it (xmlorder.h). In *behind the element behind which it comes, or else in
 * *before the one before which; both NULL where @parent has none. */
XmlSplice xml_place_new(const XmlText *xml, const xmlNode *parent, const XmlStep *step,
    XmlWriteElement write, gconstpointer data, xmlNode **before, xmlNode **behind);

/* Appends to @splices what takes @nodes (those of @path, children of one parent, in document order;
 * at least one) away: their lines where nothing else stands on them. Containers that are then empty
 * but for what the path knows them by go as well, but none that it requires, and never the root.
 * @nodes becomes what goes, or is empty and *emptied is the element that stays without content. */
void xml_place_removal(
    const XmlText *xml, const XmlPath *path, GPtrArray *nodes, GArray *splices, xmlNode **emptied);

/* The end of the start tag's last attribute, or of the name where it has none. */
gsize xml_place_attributes_end(const XmlText *xml, const XmlSpan *span);
