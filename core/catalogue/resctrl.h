/* Parts of shared caches and of memory bandwidth for sets of vCPUs (the kernel's resctrl). */
#pragma once

#include "core/catalogue/tunable.h"

/* @value in its one form: "CACHE:LEVEL:TYPE:SIZE;…" of cputune.cachetune.CPUS, "NODE:PERCENT;…" of
 * cputune.memorytune.CPUS, sorted. NULL with a sentence. */
char *resctrl_normalize(const TunableKey *key, const char *value, GError **error);

/* get and set of both rows. */
char *resctrl_get(const TunableKey *key, const XmlEdit *edit);
gboolean resctrl_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
