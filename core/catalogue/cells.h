/* The guest's NUMA cells as one value: CPUS:SIZE[:DISTANCES];… */
#pragma once

#include "core/catalogue/tunable.h"

/* @value in its one form: "0-3:4G;4-7:4G", with distances "0-3:4G:10,20;4-7:4G:20,10"; a cell
 * without CPUs is ":4G". NULL with a sentence. */
char *cells_normalize(const TunableKey *key, const char *value, GError **error);

/* get and set of the row numa.cells. */
char *cells_get(const TunableKey *key, const XmlEdit *edit);
gboolean cells_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
