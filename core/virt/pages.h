/* Where a running domain's pages are, against where its vCPUs run and what its numatune asks.
 */
#pragma once

#include "core/virt/domain.h"

/* Less than this part (1/1000) of a domain's memory on a node is not worth a word: QEMU's own pages
 * and a few of the kernel's lie anywhere. */
#define PAGES_STRAY_PERMILLE 10

typedef struct {
    Num total_kib;     /* all of its memory; unknown where its cgroup does not say */
    IdSet *vcpu_nodes; /* the nodes its vCPUs ran on last; NULL unknown */
    Num remote;        /* what of its memory is on another node than a vCPU, on average of its vCPUs
                        * where they ran last, in 1/1000 */
    const char *mode;  /* numatune's, of the domain's XML: "strict" …; NULL: it asks for none */
    IdSet *asked;      /* the nodes numatune names, its cells' included; NULL: none */
    Num outside_kib;   /* pages on nodes that numatune does not name; unknown where it names none */
} DomainPages;

/* Fills @pages of a running @domain; all is unknown where @usage or @topology is NULL. Cleared by
 * domain_pages_clear(). */
void domain_pages_look(
    DomainPages *pages, const Domain *domain, const DomainUsage *usage, const Topology *topology);
void domain_pages_clear(DomainPages *pages);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DomainPages, domain_pages_clear)
/* Whether enough of them lie where numatune does not ask them to be. */
gboolean domain_pages_stray(const DomainPages *pages);
/* @part of @whole in 1/1000; unknown where one of them is, or there is no whole. */
Num domain_pages_share(Num part, Num whole);

/* Adds @kib of @node to @memory (NodeKib), to NODE_KIB_MAX at most. */
void node_kib_add(GArray *memory, int node, guint64 kib);
/* The sum of @memory (NodeKib; may be NULL) in KiB, and what of it is on @node. */
guint64 node_kib_sum(const GArray *memory);
guint64 node_kib_on(const GArray *memory, int node);
/* The nodes that hold more than PAGES_STRAY_PERMILLE of @memory, in list form ("0,2"); NULL where
 * @memory is NULL. The caller frees it. */
char *node_kib_nodes(const GArray *memory);
