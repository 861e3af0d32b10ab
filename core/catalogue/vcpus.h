/* The number of plugged vCPUs, which <vcpu> says only where it is not all of them. */
#pragma once

#include "core/catalogue/tunable.h"

/* get and set of the row vcpus.current. */
char *vcpus_get_current(const TunableKey *key, const XmlEdit *edit);
gboolean vcpus_set_current(const TunableKey *key, XmlEdit *edit, const char *value, GError **error);
