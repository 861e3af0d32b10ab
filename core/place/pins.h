/* The pins of all domains as they would stand with a Plan applied: what figures and proposals are
 * made from. */
#pragma once

#include "core/tune/plan.h"

typedef struct {
    const DomainView *view;
    const DomainConfig *config; /* of now: the running domain's, else the next start's */
    gboolean counts;    /* it runs, or the plan pins it: its vCPUs are demand on the host's CPUs */
    guint vcpus;        /* current ones */
    const IdSet **vcpu; /* by number: where it is asked to run; NULL: anywhere */
    const IdSet *emulator; /* likewise */
    guint iothreads;
    int *iothread_id;       /* ascending */
    const IdSet **iothread; /* by the index of iothread_id */
    const IdSet *nodeset;   /* numatune's; NULL: any node */
    gboolean nodeset_staged;
    const IdSet **cell_nodeset; /* by the index of config->cells: numatune's for that guest cell */
    GPtrArray *owned;           /* the sets that the plan gives; internal */
} PlacePins;

/* GPtrArray of PlacePins* for the domains of @snapshot whose XML is known, in their order; @plan
 * may be NULL. What it holds points into @snapshot. The caller unrefs it. */
GPtrArray *place_pins(const Snapshot *snapshot, const Plan *plan);
