/* What tunable-value.c and tunable-check.c share. */
#pragma once

#include "core/catalogue/tunable.h"

/* Sets @error to "KEY cannot be "VALUE": …" and returns NULL. */
char *tunable_refuse(const TunableKey *key, const char *value, GError **error, const char *allowed,
    ...) G_GNUC_PRINTF(4, 5);
