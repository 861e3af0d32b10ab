/* The next start of a domain, defined again. */
#pragma once

#include "core/virt/connection.h"

/* Defines @xml (checked by libvirt's schema) for the next start of domain @uuid, where that still
 * is @ground to the byte: it is read once more, and the definition is the very next call. libvirt
 * has no call that does both. FALSE with a sentence: CHANGED where it is another by now and nothing
 * is written, else FAILED. */
gboolean connection_redefine(
    Connection *connection, const char *uuid, const char *ground, const char *xml, GError **error);
