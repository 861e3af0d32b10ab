/* A recording of a run as asciicast v2, which plays in a terminal: a JSON line of the size, then
 * one for each piece that the program wrote, with the seconds since the begin
 * (docs.asciinema.org/manual/asciicast/v2). */
#pragma once

#include <glib.h>

typedef struct Cast Cast;

/* NULL where @path cannot be written. */
Cast *cast_open(const char *path, int cols, int rows, const char *title);
/* Adds @count bytes that were written now; those of a character cut short wait for its rest. */
void cast_add(Cast *cast, const char *bytes, gsize count);
/* FALSE where not all of it could be written. NULL is fine. */
gboolean cast_close(Cast *cast);
