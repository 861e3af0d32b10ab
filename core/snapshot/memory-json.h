/* What a domain's memory asks for and is made of, as members of its JSON object. */
#pragma once

#include "core/snapshot/snapshot.h"
#include "core/util/json.h"

/* The array @name of {"node", "kib"} of @memory (NodeKib; NULL: unknown, null). */
void memory_json_nodes(JsonBuilder *builder, const char *name, const GArray *memory);
/* "hugepage_demand": what its backing will need at the next start, what of it is missing, and what
 * is to be set for it; "hugetlb", "thp", "ksm": what it has of the pools, in transparent huge
 * pages, and merged. */
void memory_json_put(JsonBuilder *builder, const DomainView *view, const Host *host);
