/* The domains of a Snapshot as text: JSON, and a table. */
#pragma once

#include "core/snapshot/snapshot.h"

/* {"domains":[…]}; what is unknown is null, loads are in percent of one CPU, sizes in KiB. The
 * caller frees it. */
char *domains_to_json(const Snapshot *snapshot);
/* The same for people: one line a domain, names escaped. The caller frees it. */
char *domains_to_table(const Snapshot *snapshot);
