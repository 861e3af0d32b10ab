/* The Ground: what stands in a domain's documents, and among the host's files, where changes are
 * written. A domain's documents are parsed once for all of its keys that are asked one after
 * another. */
#pragma once

#include "core/tune/step.h"

typedef struct Ground Ground;

Ground *ground_new(void);
void ground_free(Ground *ground);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ground, ground_free)

/* @domain's document in which steps of @kind write; NULL where it has none. It is @ground's, until
 * another domain is asked for. */
const XmlEdit *ground_document(Ground *ground, Domain *domain, StepKind kind);
/* What stands at @key where a step of @kind would write: in @domain's document, or (steps of the
 * host) among @host's files, those that set it at boot too. NULL where there is no such document,
 * or nothing is known. The caller frees it. */
char *ground_value(
    Ground *ground, const Host *host, Domain *domain, const TunableKey *key, StepKind kind);
