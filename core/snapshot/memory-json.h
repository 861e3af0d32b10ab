/* Memory in JSON: what a domain's asks for and is made of, and what the host's is used for. */
#pragma once

#include "core/snapshot/snapshot.h"
#include "core/util/json.h"

/* The array @name of {"node", "kib"} of @memory (NodeKib; NULL: unknown, null). */
void memory_json_nodes(JsonBuilder *builder, const char *name, const GArray *memory);
/* "hugepage_demand": what its backing will need at the next start, what of it is missing, and what
 * is to be set for it; "hugetlb", "thp", "ksm": what it has of the pools, in transparent huge
 * pages, and merged. */
void memory_json_put(JsonBuilder *builder, const DomainView *view, const Host *host);

/* "memory_use": what the host's memory is used for, and, where the domains are known, what they may
 * come to need of it. Where they are not, the guests are null and in "other". */
void memory_json_use(JsonBuilder *builder, const Snapshot *snapshot);

/* The host of @snapshot as host_to_json() has it, with "memory_use". The caller frees it. */
char *memory_json_host(const Snapshot *snapshot);
