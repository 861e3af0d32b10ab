/* A number that may be unknown: what a kernel or libvirt does not say is never 0 and never a guess.
 */
#pragma once

#include <glib.h>

typedef struct {
    gboolean known;
    gint64 value;
} Num;

#define NUM_UNKNOWN ((Num){FALSE, 0})
#define NUM(v)      ((Num){TRUE, (gint64)(v)})

/* The value, or @otherwise where it is unknown: for sorting, not for showing. */
static inline gint64 num_or(Num n, gint64 otherwise)
{
    return n.known ? n.value : otherwise;
}
