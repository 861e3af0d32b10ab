/* The chips of the board: every vCPU, I/O thread and emulator of the domains, where it is asked to
 * run once what is staged is applied, where it really runs, and at which part of the map it stands.
 *
 * A domain's letters stay its own while the board is open, whatever comes and goes around it. */
#pragma once

#include "core/tune/plan.h"
#include "tui/widgets/machine.h"

typedef enum { CHIP_VCPU, CHIP_IOTHREAD, CHIP_EMULATOR } ChipKind;

typedef struct {
    ChipKind kind;
    guint n;        /* the vCPU's or I/O thread's number */
    guint domain;   /* in Chips.domains */
    char label[16]; /* "w3"; "wi1" of an I/O thread, "we" of the emulator */
    char key[24];   /* the tunable that pins it: with the domain's UUID what it is known by */
    IdSet *asked;   /* with what is staged; NULL: anywhere */
    IdSet *real;    /* the kernel's affinity of its thread; NULL unknown */
    IdSet *cpuset; /* what its cgroup leaves it, where that keeps it from what was asked; or NULL */
    int last_cpu;  /* -1 unknown */
    Num load;      /* of one CPU, in 1/1000 */
    Num wait;      /* ready to run but waiting for a CPU, of the time, in 1/1000 */
    gboolean staged;
    gboolean ghost;  /* only proposed */
    gboolean strays; /* real is not what stands as asked now */
} Chip;

/* How a domain's chips are told from another's, with colour and without. */
typedef struct {
    char letters[4];
    Style style;
} ChipMark;

typedef struct {
    const Domain *domain; /* the Snapshot's own */
    const DomainUsage *usage;
    const ChipMark *mark;
    guint first, count; /* its chips */
} ChipDomain;

/* Zeroed before the first use. */
typedef struct {
    Snapshot *snapshot;          /* what they are of */
    GArray *domains;             /* ChipDomain, in the Snapshot's order */
    GArray *chips;               /* Chip */
    GHashTable *marks;           /* UUID → ChipMark, of every domain seen */
    const Plan *plan, *proposed; /* while they are made */
    guint label_width;           /* of the longest label */
} Chips;

/* @proposed (may be NULL): @plan with a proposal, whose chips stand there as ghosts. */
void chips_update(Chips *chips, Snapshot *snapshot, const Plan *plan, const Plan *proposed);
void chips_clear(Chips *chips);

static inline const Chip *chips_at(const Chips *chips, guint i)
{
    return &g_array_index(chips->chips, Chip, i);
}

static inline const ChipDomain *chips_domain(const Chips *chips, guint i)
{
    return &g_array_index(chips->domains, ChipDomain, i);
}

/* The chip @key of the domain @uuid, -1 where there is none. */
int chips_find(const Chips *chips, const char *uuid, const char *key);
/* The domain @uuid in Chips.domains, -1 where there is none. */
int chips_find_domain(const Chips *chips, const char *uuid);

/* Where chips stand. A chip stands at the smallest part that has all the CPUs it is asked to run
 * on; one that is pinned within a core stands at each of its threads. */
typedef struct {
    GPtrArray *at; /* by item of the map: GArray of guint (chips), NULL for none */
    GArray *tray;  /* guint: those that may run anywhere, or over several packages */
} ChipPlaces;

void chip_places_make(ChipPlaces *places, const Chips *chips, const Map *map);
void chip_places_clear(ChipPlaces *places);
/* The chips at @item itself; NULL for none. */
const GArray *chip_places_at(const ChipPlaces *places, const Map *map, const MapItem *item);
