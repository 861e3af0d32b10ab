/* The schedulers of single vCPUs and I/O threads, which a document gives to sets of them. */
#pragma once

#include "core/catalogue/tunable.h"

/* get and set of the rows vcpusched.N and iothreadsched.N. */
char *sched_get(const TunableKey *key, const XmlEdit *edit);
gboolean sched_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
