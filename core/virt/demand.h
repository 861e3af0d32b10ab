/* Demand against supply: the hugepages that a domain's backing will need, node by node as its
 * numatune and guest cells say, held against the pools. A pure function of what is known: libvirt's
 * rules are qemuBuildMemoryBackendProps' (which <page> is for which cell, strict and restrictive
 * bind), the kernel's are hugetlb_reserv.rst (a page that is free may be promised to another). */
#pragma once

#include "core/virt/domain.h"

typedef struct {
    guint64 size_kib; /* 0: the default size, which is not known */
    gint64 pages;     /* -1: the memory is not known */
    IdSet *nodes;     /* the host's nodes it is bound to; NULL: any */
    IdSet *cage;      /* those of its process's cpuset, numatune's own; NULL: all of them */
    int cell;         /* the guest's; -1: the guest has none */
    gboolean numad;   /* it is bound, to nodes that numad chooses when the domain starts */
} PageNeed;

/* Pages that are missing. */
typedef struct {
    guint64 size_kib;
    gint64 pages;
    IdSet *nodes;      /* where; NULL: on any node */
    gboolean absent;   /* the kernel has no pages of this size */
    gboolean promised; /* enough are free, but they are reserved for others */
    /* No hugetlbfs of this size is mounted, without which libvirt starts no domain that has them
     * (qemuGetDomainHupageMemPath) unless they are a memfd's; pages is 0 then. */
    gboolean unmounted;
} PageLack;

typedef enum {
    DEMAND_NONE,    /* no hugepages asked for */
    DEMAND_UNKNOWN, /* its memory, its nodes, or the pools are not known */
    DEMAND_STARTS,
    DEMAND_SURPLUS, /* only with pages beyond the pool (overcommit), which the kernel may refuse */
    DEMAND_LACKS,
} DemandState;

typedef struct {
    DemandState state;
    GArray *needs;  /* PageNeed, in the guest's order */
    GArray *lacks;  /* PageLack; empty unless DEMAND_LACKS */
    gint64 surplus; /* how many pages come from overcommit */
    gboolean numad; /* numad chooses the nodes: that they have the pages is not known */
} Demand;

/* What the pools have to give. */
typedef struct Supply Supply;

/* The pools of @host (NULL: nothing known). Owned by the caller. */
Supply *supply_new(const Host *host);
void supply_free(Supply *supply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Supply, supply_free)
/* As if the pool of pages of @size_kib on @node had been set to @total. */
void supply_resize(Supply *supply, int node, guint64 size_kib, gint64 total);
/* As if the pools might have @pages of @size_kib more than they are set to. */
void supply_overcommit(Supply *supply, guint64 size_kib, gint64 pages);
/* As if a hugetlbfs of @size_kib were @mounted, or not. */
void supply_mount(Supply *supply, guint64 size_kib, gboolean mounted);
/* The pages of @size_kib that may be taken from @nodes (NULL: any), promised ones left out. */
gint64 supply_pages(const Supply *supply, guint64 size_kib, const IdSet *nodes);

/* The needs of @config, its memory devices' with them, with @backing (a value of memory.hugepages;
 * NULL: what it says itself).
 * @host (may be NULL) tells the default page size. GArray of PageNeed, owned by the caller. */
GArray *demand_needs(const DomainConfig *config, const char *backing, const Host *host);
/* The pages of @size_kib in @needs; unknown ones are not counted. */
gint64 demand_pages(const GArray *needs, guint64 size_kib);
/* Holds the needs of @config against @supply and takes them from it. @live (may be NULL) is what
 * the domain runs with: it gives its pages back before it starts anew. @backing as above. */
Demand *demand_new(Supply *supply, const DomainConfig *config, const DomainConfig *live,
    const char *backing, const Host *host);
/* The same of @domain's next start (of a transient one: as it runs). NULL where its XML could not
 * be read. */
Demand *demand_of(const Domain *domain, Supply *supply, const Host *host);
void demand_free(Demand *demand);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Demand, demand_free)

/* "24 pages of 1G on node 3"; "" for none. The caller frees it. */
char *demand_needs_text(const Demand *demand);
/* What is missing: "8 pages of 1G on node 3"; "" for nothing. The caller frees it. */
char *demand_lacks_text(const Demand *demand);

/* A pool that must grow. */
typedef struct {
    char *key;       /* "hugepages.node3.1G" */
    gint64 from, to; /* pages */
} PoolGrowth;

void pool_growth_free(PoolGrowth *growth);
/* The pools that must grow, and to what, for @demand to be met: on the nodes it is bound to, else
 * where most memory is free. @supply is the one it was taken from (for what is staged there).
 * GPtrArray of PoolGrowth*; empty where pools do not help. The caller owns it. */
GPtrArray *demand_growths(const Demand *demand, const Supply *supply, const Host *host);
/* All that is to be set of the host for @demand to be met, as far as that helps: pools, and mounts
 * of hugetlbfs, which libvirt sees when it is restarted. {key, value} pairs one after another,
 * NULL-terminated; the caller frees it. */
char **demand_settings(const Demand *demand, const Supply *supply, const Host *host);
/* Whether a mount is among them. */
gboolean demand_wants_mount(const Demand *demand);
