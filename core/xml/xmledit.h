/* Edits of a domain's XML that keep its text: libxml2 says whether it is well-formed and what it
 * holds, the change is spliced into the bytes. Nothing but the named element's own lines changes;
 * an edit made twice changes nothing the second time. */
#pragma once

#include "core/xml/xmlscan.h"

typedef struct XmlEdit XmlEdit;

/* Opens @length bytes (-1: NUL-terminated) of a document whose root is a <domain> of no namespace,
 * in UTF-8, ASCII or ISO-8859. No entity is expanded, nothing is loaded; a DOCTYPE that declares
 * anything is refused before any parser sees it. NULL with a KVMTUNE_ERROR_USAGE sentence (with the
 * line, where there is one) for anything else. libxml2 prints nothing. */
XmlEdit *xml_edit_open(const char *text, gssize length, GError **error);
void xml_edit_free(XmlEdit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlEdit, xml_edit_free)

/* Paths are those of xmlpath.h, in the words of the catalogue:
 *   cputune/vcpupin[@vcpu='3']/@cpuset
 *   memoryBacking/nosharepages          (an element that is there or not: value "" or NULL)
 *   memory/text()
 * Elements are those of no namespace, and at each step the first that matches; predicates that are
 * numbers match as numbers. */

/* The value that stands at @path, entities resolved, "" for a present element; NULL where there is
 * none, or @path is no path. The caller frees it. */
char *xml_edit_get(const XmlEdit *edit, const char *path);

/* TRUE where the document has all the elements that @path requires ("devices/rng!/@model"). */
gboolean xml_edit_has_room(const XmlEdit *edit, const char *path);

/* What every element that matches @path's last step has at @what, an attribute or a path below it,
 * in document order (path "cputune/vcpupin", what "vcpu"; "devices/disk", "target/@dev"). GPtrArray
 * of char*, NULL for an element without it. */
GPtrArray *xml_edit_list(const XmlEdit *edit, const char *path, const char *what);

/* Sets the value at @path, making the elements it lacks (where libvirt's writer has them, with
 * their siblings' indentation and line ends; the predicates' attributes are written first, in their
 * order). The value of an element path is "": it is there, its content untouched.
 *
 * A NULL @value removes, from every element that matches the last step: an element with all it
 * holds; an attribute, with its element when only the predicates' attributes and no content remain;
 * a text() with its element when that holds only text. A container emptied by that goes as well,
 * one that held anything else stays.
 *
 * FALSE with a KVMTUNE_ERROR_USAGE sentence, and the text as it was, where @path is no path or
 * @value cannot stand in XML. */
gboolean xml_edit_set(XmlEdit *edit, const char *path, const char *value, GError **error);

/* The document's text now; belongs to @edit, valid until the next set. */
const char *xml_edit_text(const XmlEdit *edit, gsize *length);

/* The <domain> element, for reading (core/xml/xmlread.h); belongs to @edit, valid until the next
 * set. */
const struct _xmlNode *xml_edit_root(const XmlEdit *edit);
