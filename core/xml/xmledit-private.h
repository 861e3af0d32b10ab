/* What xmledit.c, xmlvalue.c and xmlwrite.c share: the open document, its values, and what a change
 * is in its text. */
#pragma once

#include "core/xml/xmledit.h"
#include "core/xml/xmlplace.h"

struct XmlEdit {
    XmlText *xml;
    char quote; /* of the document's first attribute: new elements use it too */
};

/* The elements of @path from step @depth on, with the value in the last one. */
typedef struct {
    const XmlEdit *edit;
    const XmlPath *path;
    guint depth;
    const char *value;
    xmlNode *parent;  /* of the element in the tree; NULL for the first */
    GPtrArray *nodes; /* xmlNode*, as they are made */
    GArray *spans;    /* XmlSpan of each, from the beginning of what is written */
} XmlNewElement;

/* @value, one part for each of @path's attributes; the last has the rest. The caller frees it. */
char **xml_split_value(const XmlPath *path, const char *value);
/* The value of @path's attribute @i in @value's parts; NULL where it is to be left away. */
const char *xml_part_of(const XmlPath *path, char **parts, guint i);

/* An XmlWriteElement; @data is an XmlNewElement. */
void xml_write_element(
    GString *out, const char *eol, const char *indent, const char *unit, gconstpointer data);

/* Appends the splice that makes the attribute @name of @element @value, or takes it away (NULL). */
void xml_write_attribute(const XmlEdit *edit, const xmlNode *element, const char *name,
    const char *value, GArray *splices);
/* Appends the splices that make @path's attributes of @element @value. One that is missing and
 * reads as what it is to be stays missing. */
void xml_write_attributes(const XmlEdit *edit, const XmlPath *path, const xmlNode *element,
    const char *value, GArray *splices);
/* The splice that makes @value the text of @element, which holds only text. */
XmlSplice xml_write_text(const XmlEdit *edit, const xmlNode *element, const char *value);

/* What @element has at the end of @path: the value of its attributes, its text, "" for itself. NULL
 * for none. The caller frees it. */
char *xml_value_at(const XmlPath *path, const xmlNode *element);

/* Whether the document is what reading its text anew gives: for tests. */
gboolean xml_edit_is_sound(const XmlEdit *edit);

/* TRUE where what @value makes in the text is what it makes in the tree. */
gboolean xml_is_plain_value(const char *value);
/* TRUE where @container has nothing but elements, comments and blanks: how its text is cut into
 * nodes then does not matter. */
gboolean xml_is_plain_container(const xmlNode *container);
