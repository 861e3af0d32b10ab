/* What a domain's memory asks for and is made of, as members of its JSON object. */
#pragma once

#include "core/snapshot/snapshot.h"
#include "core/util/json.h"

/* "hugepage_demand": what its backing will need at the next start, and what of it is missing;
 * "hugetlb", "thp", "ksm": what it has of the pools, in transparent huge pages, and merged. */
void memory_json_put(JsonBuilder *builder, const DomainView *view, const Host *host);
