/* The unified diff of two texts, line by line (Myers' shortest edit script). */
#pragma once

#include <glib.h>

/* Appends the hunks with @context lines around each change to an array of lines (char*, no line
 * end), each beginning with "@@", " ", "-" or "+"; a last line without line end is followed by
 * "\ No newline at end of file". Empty where the texts are the same. The caller unrefs it. */
GPtrArray *diff_unified(const char *before, const char *after, guint context);
