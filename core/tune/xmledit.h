/* Edits of a domain's XML that keep its text: libxml2 says whether it is well-formed and where
 * things stand, the change is spliced into the bytes. Nothing but the named element's own lines
 * changes; an edit made twice changes nothing the second time. */
#pragma once

#include <glib.h>

typedef struct XmlEdit XmlEdit;

#define XML_EDIT_MAX (16u << 20) /* bytes; a larger document is refused */

/* Opens @length bytes (-1: NUL-terminated) of a <domain> document (the root may also be any other
 * element that has one: <domainsnapshot> is refused). No entity is expanded, nothing is loaded.
 * NULL with a KVMTUNE_ERROR_USAGE sentence (with the line) where it is no such document. */
XmlEdit *xml_edit_open(const char *text, gssize length, GError **error);
void xml_edit_free(XmlEdit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlEdit, xml_edit_free)

/* A path below <domain>, in the words of the catalogue:
 *   cputune/emulatorpin/@cpuset
 *   cputune/vcpupin[@vcpu='3']/@cpuset
 *   memoryBacking/nosharepages          (an element that is there or not: value "" or NULL)
 *   memory/text()
 * Elements are those of no namespace. */

/* The value that stands at @path, entities resolved, "" for a present element; NULL where there is
 * none. The caller frees it. */
char *xml_edit_get(const XmlEdit *edit, const char *path);
/* The attribute @attribute of every element that matches @path, in document order
 * (path "cputune/vcpupin", attribute "vcpu"). GPtrArray of char*, NULL for an element without it.
 */
GPtrArray *xml_edit_list(const XmlEdit *edit, const char *path, const char *attribute);

/* Sets the value at @path, making the elements it lacks (where libvirt's writer has them, with
 * their siblings' indentation and line ends; a predicate's attribute is written first). A NULL
 * @value removes: an attribute goes; its element goes with it when nothing but the predicate's
 * attributes remain; a container emptied by that goes as well, one that held anything else stays.
 */
gboolean xml_edit_set(XmlEdit *edit, const char *path, const char *value, GError **error);

/* The document's text now; belongs to @edit, valid until the next set. */
const char *xml_edit_text(const XmlEdit *edit, gsize *length);
