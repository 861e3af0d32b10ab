/* What the host's memory is used for, guests by name, and what the domains may come to need. Made
 * of a Snapshot; sizes in KiB. */
#pragma once

#include "core/snapshot/snapshot.h"

/* The parts of MemTotal, in the order in which they are drawn. They add up to it. */
typedef enum {
    USE_GUESTS,    /* the guests' small and transparent huge pages */
    USE_POOL_USED, /* hugepages of the pools that are in use */
    USE_POOL_FREE, /* … and those that wait for a guest: nobody else can have them */
    USE_KERNEL,    /* what the kernel cannot give back: slabs, stacks, page tables, per CPU */
    USE_CACHE,     /* page cache, buffers, slabs that can be given back */
    USE_OTHER,     /* the rest: other programs, and what is counted nowhere */
    USE_FREE,
    USE_PARTS,
} MemoryPart;

const char *memory_part_name(MemoryPart part); /* "guests", "page cache" … */

typedef struct {
    const char *name; /* the domain's, of the Snapshot */
    gint64 kib;       /* all of it, hugepages included */
} GuestUse;

/* The most that domains may have (<memory>), and how many of them do not say. */
typedef struct {
    guint domains, unknown;
    gint64 kib;
} Commitment;

typedef struct {
    Num total;            /* MemTotal; unknown: so is all else */
    Num parts[USE_PARTS]; /* unknown where the kernel does not say */
    GArray *guests;       /* GuestUse, the largest first */
    guint guests_unknown; /* domains that run and of which nothing is known */
    Num ksm_saved;        /* what KSM saves: in none of the parts */
    Commitment running, all;
    Num swap_total, swap_free;
} MemoryUse;

/* @snapshot must outlive it; its host may be NULL. Cleared by memory_use_clear(). */
void memory_use_make(MemoryUse *use, const Snapshot *snapshot);
void memory_use_clear(MemoryUse *use);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MemoryUse, memory_use_clear)
