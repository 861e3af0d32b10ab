/* Whole files that a person names: a domain's XML, a plan. Bounded, whatever they turn out to be.
 */
#pragma once

#include <glib.h>

/* The bytes of @path ("-" is standard input) with a NUL after them, *length of them. NULL with a
 * KVMTUNE_ERROR_USAGE sentence where it cannot be read, is a folder, or is larger than @max MiB
 * (@what says what is never so large: "a domain's XML"). The caller frees it. */
char *document_read(
    const char *path, guint max_mib, const char *what, gsize *length, GError **error);
