/* The unified diff of two texts, line by line (Myers' shortest edit script). Lines are counted from
 * 0. */
#pragma once

#include <glib.h>

/* The lines a0 to a1 (not in it) of the text before became the lines b0 to b1 of the text after. */
typedef struct {
    guint a0, a1, b0, b1;
} DiffEdit;

/* All edits (DiffEdit) in order, at least one equal line between two. The caller unrefs it. */
GArray *diff_edits(const char *before, const char *after);

/* Where a line of a unified diff stands, or would stand, in the two texts. */
typedef struct {
    guint before, after;
} DiffPlace;

/* Appends the hunks with @context lines around each change to an array of lines (char*, no line
 * end), each beginning with "@@", " ", "-" or "+"; a last line without line end is followed by
 * "\ No newline at end of file". Empty where the texts are the same. The caller unrefs it. @places
 * (may be NULL) is filled with a DiffPlace a line. */
GPtrArray *diff_unified(const char *before, const char *after, guint context, GArray *places);
