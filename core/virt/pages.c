/* Where a running domain's pages are, against where its vCPUs run and what its numatune asks.
 */
#include "core/virt/pages.h"

void node_kib_add(GArray *memory, int node, guint64 kib)
{
    for (guint i = 0; i < memory->len; i++) {
        NodeKib *known = &g_array_index(memory, NodeKib, i);
        if (known->node == node) {
            known->kib = MIN(known->kib + MIN(kib, NODE_KIB_MAX), NODE_KIB_MAX);
            return;
        }
    }
    NodeKib fresh = {node, MIN(kib, NODE_KIB_MAX)};
    g_array_append_val(memory, fresh);
}

guint64 node_kib_sum(const GArray *memory)
{
    guint64 sum = 0;

    for (guint i = 0; memory && i < memory->len; i++)
        sum += g_array_index(memory, NodeKib, i).kib;
    return sum;
}

guint64 node_kib_on(const GArray *memory, int node)
{
    for (guint i = 0; memory && i < memory->len; i++)
        if (g_array_index(memory, NodeKib, i).node == node)
            return g_array_index(memory, NodeKib, i).kib;
    return 0;
}

static void huge_held_clear(gpointer data)
{
    g_clear_pointer(&((HugeHeld *)data)->nodes, g_array_unref);
}

GArray *huge_held_new(void)
{
    GArray *held = g_array_new(FALSE, FALSE, sizeof(HugeHeld));

    g_array_set_clear_func(held, huge_held_clear);
    return held;
}

gint64 huge_held_sum(const GArray *all)
{
    gint64 sum = 0;

    for (guint i = 0; all && i < all->len; i++)
        sum += (gint64)MIN(g_array_index(all, HugeHeld, i).kib, NODE_KIB_MAX);
    return sum;
}

Num huge_held_on(const HugeHeld *held, int node)
{
    if (node >= 0 && held->nodes == NULL)
        return NUM_UNKNOWN;
    return NUM(MIN(node < 0 ? held->kib : node_kib_on(held->nodes, node), (guint64)G_MAXINT64));
}

char *node_kib_nodes(const GArray *memory)
{
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();
    guint64 sum = node_kib_sum(memory);

    if (memory == NULL)
        return NULL;
    for (guint i = 0; i < memory->len; i++) {
        const NodeKib *part = &g_array_index(memory, NodeKib, i);
        if (part->kib > sum / 1000 * PAGES_STRAY_PERMILLE)
            hwloc_bitmap_set(nodes, (unsigned)part->node);
    }
    return idset_format(nodes);
}

Num domain_pages_share(Num part, Num whole)
{
    if (!part.known || !whole.known || whole.value <= 0)
        return NUM_UNKNOWN;
    return NUM((double)part.value * 1000 / (double)whole.value);
}

/* How remote the memory is to each vCPU from where it ran last; and those nodes. */
static void look_at_vcpus(DomainPages *pages, const DomainConfig *config, const DomainUsage *usage,
    const Topology *topology)
{
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();
    double far = 0;
    guint known = 0;

    for (guint n = 0; n < config->vcpus_current; n++) {
        const ThreadUsage *thread = domain_usage_vcpu(usage, (int)n);
        const Cpu *cpu = thread ? topology_cpu(topology, thread->last_cpu) : NULL;
        if (cpu == NULL || cpu->node < 0)
            continue;
        hwloc_bitmap_set(nodes, (unsigned)cpu->node);
        far += (double)(node_kib_sum(usage->memory) - node_kib_on(usage->memory, cpu->node));
        known++;
    }
    if (known == 0)
        return;
    pages->vcpu_nodes = g_steal_pointer(&nodes);
    pages->remote = domain_pages_share(
        usage->memory ? NUM(far / known) : NUM_UNKNOWN, NUM(node_kib_sum(usage->memory)));
}

/* What numatune names, for all of the guest and for each of its cells. */
static void look_at_policy(DomainPages *pages, const DomainConfig *config)
{
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();

    pages->mode = config->numatune_mode;
    if (config->numatune_nodeset)
        hwloc_bitmap_or(nodes, nodes, config->numatune_nodeset);
    for (guint i = 0; i < config->cells->len; i++) {
        const GuestCell *cell = &g_array_index(config->cells, GuestCell, i);
        if (cell->nodeset == NULL)
            continue;
        hwloc_bitmap_or(nodes, nodes, cell->nodeset);
        if (pages->mode == NULL)
            pages->mode = cell->mode;
    }
    if (!hwloc_bitmap_iszero(nodes))
        pages->asked = g_steal_pointer(&nodes);
}

/* What of @memory lies on none of @nodes; unknown where one of them is. */
static Num kib_outside(const GArray *memory, const IdSet *nodes)
{
    gint64 kib = 0;

    if (memory == NULL || nodes == NULL)
        return NUM_UNKNOWN;
    for (guint i = 0; i < memory->len; i++) {
        const NodeKib *part = &g_array_index(memory, NodeKib, i);
        if (!idset_has(nodes, part->node))
            kib += (gint64)MIN(part->kib, G_MAXINT64 / IDSET_MAX);
    }
    return NUM(kib);
}

void domain_pages_look(
    DomainPages *pages, const Domain *domain, const DomainUsage *usage, const Topology *topology)
{
    const DomainConfig *config = domain_now(domain);

    *pages = (DomainPages){0};
    if (config)
        look_at_policy(pages, config);
    if (usage == NULL || topology == NULL)
        return;
    if (config)
        look_at_vcpus(pages, config, usage, topology);
    if (usage->memory)
        pages->total_kib = NUM(MIN(node_kib_sum(usage->memory), G_MAXINT64));
    pages->outside_kib = kib_outside(usage->memory, pages->asked);
}

void domain_pages_clear(DomainPages *pages)
{
    hwloc_bitmap_free(pages->vcpu_nodes);
    hwloc_bitmap_free(pages->asked);
    *pages = (DomainPages){0};
}

gboolean domain_pages_stray(const DomainPages *pages)
{
    Num share = domain_pages_share(pages->outside_kib, pages->total_kib);

    return share.known && share.value >= PAGES_STRAY_PERMILLE;
}
