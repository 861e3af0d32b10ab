/* The value of memory.hugepages: off, default, SIZE, or SIZE@GUESTCELLS;… */
#pragma once

#include "core/xml/xmledit.h"

/* Brings @value into its one form: "off", "default", "2M", "2M@0-1;1G@2". NULL with a sentence that
 * says what is allowed. The caller frees it. */
char *backing_normalize(const char *value, GError **error);
/* The page sizes named in the normal form @value: GArray of guint64 KiB. */
GArray *backing_sizes(const char *value);
/* The highest guest cell named in the normal form @value, -1 where none is. */
int backing_highest_cell(const char *value);

/* What stands in <memoryBacking> of @edit, in the normal form. The caller frees it. */
char *backing_get(const XmlEdit *edit);
/* Makes it @value (normal form). <memoryBacking>'s other children stay. */
gboolean backing_set(XmlEdit *edit, const char *value, GError **error);
