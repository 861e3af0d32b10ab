/* A Host as `kvmtune host` prints it. */
#pragma once

#include "core/host/host.h"

#include <json-glib/json-glib.h>

/* One JSON object, indented, with a line end. Unknown is null. The caller frees it. */
char *host_to_json(const Host *host);
/* The same as an object, to add to; the caller unrefs it. */
JsonObject *host_json_object(const Host *host);

/* Tables for people, ending with a newline. Unknown is "–"; what comes from the host is escaped.
 * The caller frees it. */
char *host_to_table(const Host *host);
