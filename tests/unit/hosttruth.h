/* The raw files of a host against `kvmtune host --json`. */
#pragma once

#include <glib.h>

/* Aborts the test, naming the value, where the JSON of the host below @root differs from its files.
 * @still: a copied tree, in which nothing changes between the two readings. */
void check_host(const char *root, gboolean still);
