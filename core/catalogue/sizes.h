/* Sizes in a document: a number with the unit beside it. */
#pragma once

#include "core/xml/xmledit.h"

/* The size that stands at @place ("memory/text()", "cpu/numa/cell[@id='0']/@memory"), its unit in
 * @unit of the same element, in the form that people write ("4G"); as it stands where it is no
 * size; NULL where nothing does. The caller frees it. */
char *size_get(const XmlEdit *edit, const char *place);

/* Writes the size in the document's own unit where that can say it, else in KiB; a new element has
 * KiB, as libvirt writes it. */
gboolean size_set(XmlEdit *edit, const char *place, const char *value, GError **error);
