/* The file descriptors a process begins with: what whoever started it left closed, and how many it
 * may have. */
#pragma once

#include <glib.h>

/* Opens those of standard input, output and error that are closed, so that no file of kvmtune's
 * becomes one of them. What is opened refuses to be used: output that goes nowhere is still an
 * error. */
void descriptors_fill(void);

/* Raises the limit to what kvmtune needs. FALSE with a KVMTUNE_ERROR_FAILED where it may not be
 * raised so far: GLib ends the process where it gets none. */
gboolean descriptors_suffice(GError **error);
