/* What is to be said of a drop on the board before it is made. */
#include "core/util/text.h"
#include "tui/screens/boarddrop.h"

/* Takes @sentence. */
static void warn(Drop *drop, char *sentence)
{
    for (guint i = 0; i < drop->warnings->len; i++)
        if (g_str_equal(drop->warnings->pdata[i], sentence)) {
            g_free(sentence);
            return;
        }
    g_ptr_array_add(drop->warnings, sentence);
}

static IdSet *parse_set(const char *value)
{
    return *value ? idset_parse(value, NULL) : NULL;
}

/* Where chip @index would be asked to run; NULL: anywhere. The caller frees it. */
static IdSet *asked_after(const Drop *drop, const Chips *chips, guint index)
{
    const Chip *chip = chips_at(chips, index);
    const char *value =
        plan_value(drop->plan, chips_domain(chips, chip->domain)->domain->uuid, chip->key);

    return value != NULL ? parse_set(value) : idset_copy(chip->asked);
}

typedef enum { SPAN_NODES, SPAN_CACHES } Span;

/* The nodes (by number), or the caches (by the first CPU), that @cpus lie in, added to @spans. */
static void add_spans(IdSet *spans, const IdSet *cpus, const Topology *topology, Span span)
{
    for (IDSET_EACH(id, cpus)) {
        const Cpu *cpu = topology_cpu(topology, id);
        if (cpu == NULL || !cpu->online)
            continue;
        if (span == SPAN_NODES && cpu->node >= 0)
            hwloc_bitmap_set(spans, (unsigned)cpu->node);
        if (span == SPAN_CACHES && cpu->llc != NULL)
            hwloc_bitmap_set(spans, (unsigned)hwloc_bitmap_first(cpu->llc));
    }
}

/* What the vCPUs of @domain span, before or after; NULL where one may run anywhere. */
static IdSet *domain_spans(
    const Drop *drop, const Chips *chips, const ChipDomain *domain, Span span, gboolean after)
{
    const Topology *topology = chips->snapshot->host->topology;
    g_autoptr(IdSet) spans = hwloc_bitmap_alloc();

    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        const Chip *chip = chips_at(chips, i);
        g_autoptr(IdSet) asked = after ? asked_after(drop, chips, i) : idset_copy(chip->asked);
        if (chip->kind == CHIP_VCPU && asked == NULL)
            return NULL;
        if (chip->kind == CHIP_VCPU)
            add_spans(spans, asked, topology, span);
    }
    return g_steal_pointer(&spans);
}

static void warn_spans(Drop *drop, const Chips *chips, const ChipDomain *domain)
{
    g_autofree char *name = text_escape(domain->domain->name, 20);
    g_autoptr(IdSet) nodes = domain_spans(drop, chips, domain, SPAN_NODES, TRUE);
    g_autoptr(IdSet) nodes_before = domain_spans(drop, chips, domain, SPAN_NODES, FALSE);
    g_autoptr(IdSet) caches = domain_spans(drop, chips, domain, SPAN_CACHES, TRUE);
    g_autoptr(IdSet) caches_before = domain_spans(drop, chips, domain, SPAN_CACHES, FALSE);
    g_autofree char *list = idset_format(nodes);

    if (idset_count(nodes) > MAX(1, idset_count(nodes_before)))
        warn(drop, g_strdup_printf("%s straddles nodes %s", name, list));
    else if (idset_count(nodes) == 1 && idset_count(caches) > MAX(1, idset_count(caches_before)))
        warn(drop, g_strdup_printf("%s straddles %u caches", name, idset_count(caches)));
}

/* Hugepages of the node that a domain would be on alone and is not now. */
static void warn_pages(Drop *drop, const Chips *chips, const ChipDomain *domain)
{
    const DomainConfig *config = domain_now(domain->domain);
    g_autoptr(IdSet) nodes = domain_spans(drop, chips, domain, SPAN_NODES, TRUE);
    g_autoptr(IdSet) before = domain_spans(drop, chips, domain, SPAN_NODES, FALSE);
    g_autofree char *name = text_escape(domain->domain->name, 20);
    guint64 size = 0;

    if (idset_count(nodes) != 1 || idset_equal(nodes, before) || config->hugepages == NULL ||
        !config->memory_kib.known || !text_parse_size(config->hugepages, &size))
        return;
    /* What lies there already needs no other pages. */
    if (idset_has(config->numatune_nodeset, hwloc_bitmap_first(nodes)))
        return;
    const NodeMemory *memory = host_node(chips->snapshot->host, hwloc_bitmap_first(nodes));
    for (guint i = 0; memory != NULL && i < memory->pools->len; i++) {
        const HugePool *pool = &g_array_index(memory->pools, HugePool, i);
        gint64 wanted = (config->memory_kib.value + (gint64)size - 1) / (gint64)size;
        if (pool->size_kib == size && pool->free.known && pool->free.value < wanted)
            warn(drop,
                g_strdup_printf("node %d has %" G_GINT64_FORMAT
                                " free %s pages, %s has %" G_GINT64_FORMAT,
                    hwloc_bitmap_first(nodes), pool->free.value, config->hugepages, name, wanted));
    }
}

/* The vCPUs that would share the only thread of chip @index. */
static void warn_crowded(Drop *drop, const Chips *chips, guint index)
{
    const Chip *chip = chips_at(chips, index);
    g_autoptr(IdSet) mine = asked_after(drop, chips, index);

    if (chip->kind != CHIP_VCPU || idset_count(mine) != 1)
        return;
    for (guint i = 0; i < chips->chips->len; i++) {
        const Chip *other = chips_at(chips, i);
        if (i == index || other->kind != CHIP_VCPU ||
            !domain_is_active(chips_domain(chips, other->domain)->domain))
            continue;
        g_autoptr(IdSet) theirs = asked_after(drop, chips, i);
        if (theirs == NULL || idset_count(theirs) != 1 || !hwloc_bitmap_intersects(theirs, mine))
            continue;
        warn(drop,
            g_strdup_printf("CPU %d is crowded: %s %s", hwloc_bitmap_first(mine),
                i < index ? other->label : chip->label, i < index ? chip->label : other->label));
    }
}

static void warn_cpus(Drop *drop, const Chips *chips, const IdSet *cpus)
{
    const Topology *topology = chips->snapshot->host->topology;
    g_autoptr(IdSet) isolated = idset_copy(topology->isolated);

    if (isolated == NULL || cpus == NULL)
        return;
    hwloc_bitmap_and(isolated, isolated, cpus);
    if (hwloc_bitmap_iszero(isolated))
        return;
    g_autofree char *list = idset_format(isolated);
    warn(drop, g_strdup_printf("isolated, the scheduler balances nothing there: CPU %s", list));
}

void drop_warn(Drop *drop, const Chips *chips)
{
    g_autoptr(IdSet) used = hwloc_bitmap_alloc();

    for (guint c = 0; c < drop->changes->len; c++) {
        const DropChange *change = drop->changes->pdata[c];
        int domain = chips_find_domain(chips, change->uuid);
        int chip = chips_find(chips, change->uuid, change->key);
        g_autoptr(IdSet) set = chip >= 0 ? parse_set(change->value) : NULL;
        if (domain < 0)
            continue;
        warn_spans(drop, chips, chips_domain(chips, (guint)domain));
        warn_pages(drop, chips, chips_domain(chips, (guint)domain));
        if (chip < 0)
            continue;
        if (set != NULL)
            hwloc_bitmap_or(used, used, set);
        warn_crowded(drop, chips, (guint)chip);
    }
    warn_cpus(drop, chips, used);
}
