/* Where libvirt's writer puts each child of the elements kvmtune edits. */
#pragma once

#include <glib.h>

typedef struct {
    const char *name;
    const char
        *number; /* the attribute by which libvirt sorts several of them; NULL: as they come */
} XmlOrderChild;

/* The place of @child among the children of @container, 0 being the first, and its row in *row;
 * -1 where the table does not have it (it then goes last). */
int xml_order_place(const char *container, const char *child, const XmlOrderChild **row);
