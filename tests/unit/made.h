/* Domains and a host made without libvirt, for tests of what is done with them. */
#pragma once

#include "core/snapshot/snapshot.h"

/* A domain with this XML below <domain>, running now and at its next start (NULL: none). */
Domain *made_domain(const char *name, const char *uuid, const char *live, const char *config);
/* The demo's host, no domains. */
Snapshot *made_snapshot(void);
/* Gives @domain to @snapshot. */
void made_add(Snapshot *snapshot, Domain *domain);
