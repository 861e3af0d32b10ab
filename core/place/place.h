/* Placement: which domain goes where. A proposal is a layout for some domains, with its reasons;
 * docs/placement.md says how it weighs. Nothing is changed: what is taken of it is staged. */
#pragma once

#include "core/place/figures.h"

typedef enum {
    PLACE_SPREAD,  /* over all nodes, cache groups and cores alike: the most of each for every VM */
    PLACE_PACK,    /* on few nodes, cache groups and cores: the others stay idle */
    PLACE_ISOLATE, /* no two VMs on a core: where that cannot be, the VM is left out */
} PlacePolicy;

/* FALSE with a KVMTUNE_ERROR_USAGE sentence where @name is none. */
gboolean place_policy_parse(const char *name, PlacePolicy *policy, GError **error);
const char *place_policy_name(PlacePolicy policy);

typedef struct {
    const char *const *domains; /* names, UUIDs or IDs, NULL-terminated; NULL: all that run */
    gboolean all;               /* with NULL: those that are off as well */
    PlacePolicy policy;
    const IdSet *reserve; /* CPUs for the host, emulators and I/O threads; NULL: none */
    const IdSet *within;  /* the only CPUs to use; NULL: all of them */
} PlaceWish;

/* A key of the catalogue and the value it is to have. */
typedef struct {
    char *key, *value;
} PlaceSetting;

/* Where one domain is to go. */
typedef struct {
    char *uuid, *name; /* the name as libvirt has it: escape it to show */
    char *problem;     /* why it is left out, and the smallest change that would make it fit, as a
                        * sentence; NULL: it is placed, and what follows is set */
    GPtrArray *vcpus;  /* IdSet* by vCPU number, the current ones */
    IdSet *helpers;    /* for its emulator and I/O threads */
    IdSet *iothread_ids;
    IdSet *nodeset;      /* the nodes for its memory */
    GPtrArray *cells;    /* IdSet* by guest cell: the nodes for its memory; empty without cells */
    GPtrArray *reasons;  /* char*: sentences, fit to show */
    GPtrArray *settings; /* PlaceSetting*: what differs from how it stands with the plan */
} PlacedDomain;

typedef struct {
    PlacePolicy policy;
    GPtrArray *domains; /* PlacedDomain*, in the Snapshot's order */
    PlaceFigures before, after;
    GPtrArray *notes; /* char*: why a figure gets worse, what was not looked at; sentences */
    gint64 cost;      /* of docs/placement.md */
} PlaceLayout;

/* A layout for the domains of @wish, as things stand with @plan (may be NULL) applied. The same
 * input gives the same layout. NULL with a KVMTUNE_ERROR_USAGE sentence where a domain, or a
 * CPU to be reserved, is not there, or KVMTUNE_ERROR_FAILED where the host is not known. */
PlaceLayout *place_propose(
    const Snapshot *snapshot, const Plan *plan, const PlaceWish *wish, GError **error);
/* The same for one whole domain onto the CPUs @cpus: those of a node, package, cache group. */
PlaceLayout *place_domain_onto(const Snapshot *snapshot, const Plan *plan, const char *domain,
    const IdSet *cpus, GError **error);
void place_layout_free(PlaceLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlaceLayout, place_layout_free)

/* Stages what domain @index of @layout gets: each can be taken without the others. FALSE with a
 * sentence where it is left out or a value is refused; then nothing of it is staged. */
gboolean place_stage(
    const PlaceLayout *layout, guint index, const Snapshot *snapshot, Plan *plan, GError **error);

/* {"policy":…, "domains":[…], "before":{…}, "after":{…}}: kvmtune(1) describes it. The caller frees
 * it. */
char *place_to_json(const PlaceLayout *layout);
/* The same for people. The caller frees it. */
char *place_to_text(const PlaceLayout *layout);
