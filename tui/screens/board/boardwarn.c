/* What is to be said of a drop on the board before it is made. */
#include "core/util/text.h"
#include "tui/screens/board/boarddrop.h"

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

/* ": memory goes to node 0,2", where a whole domain is put on @node and not all of its memory can
 * come along; else "". The caller frees it. */
static char *memory_elsewhere(const Drop *drop, const Domain *domain, int node)
{
    const char *value = plan_value(drop->plan, domain->uuid, "numatune.nodeset");
    g_autoptr(IdSet) nodes = value != NULL ? parse_set(value) : NULL;
    g_autofree char *list = idset_format(nodes);

    return nodes == NULL || (idset_has(nodes, node) && idset_count(nodes) == 1)
               ? g_strdup("")
               : g_strdup_printf(": memory goes to node %s", list);
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
        if (pool->size_kib != size || !pool->free.known || pool->free.value >= wanted)
            continue;
        g_autofree char *elsewhere =
            memory_elsewhere(drop, domain->domain, hwloc_bitmap_first(nodes));
        warn(drop, g_strdup_printf("node %d has %" G_GINT64_FORMAT
                                   " free %s pages, %s has %" G_GINT64_FORMAT "%s",
                       hwloc_bitmap_first(nodes), pool->free.value, config->hugepages, name, wanted,
                       elsewhere));
    }
}

#define CROWDS_TOLD 2 /* crowded threads that are told one by one */
#define NAMES_TOLD  2 /* and vCPUs of a domain on them */

/* The only CPU that chip @index would be pinned to, where it is a vCPU that runs or would by what
 * is staged; -1 none. */
static int only_cpu(const Drop *drop, const Chips *chips, guint index)
{
    const Chip *chip = chips_at(chips, index);
    const char *uuid = chips_domain(chips, chip->domain)->domain->uuid;
    gboolean counts = domain_is_active(chips_domain(chips, chip->domain)->domain) ||
                      plan_value(drop->plan, uuid, chip->key) != NULL;
    g_autoptr(IdSet) asked =
        chip->kind == CHIP_VCPU && counts ? asked_after(drop, chips, index) : NULL;

    return asked != NULL && idset_count(asked) == 1 ? hwloc_bitmap_first(asked) : -1;
}

/* Those of @domain that have @cpu for their only one: " a0 a2", of more than two " a×3". */
static void name_crowd(
    GString *names, const Chips *chips, const ChipDomain *domain, const int *only, int cpu)
{
    g_autoptr(GString) own = g_string_new(NULL);
    guint count = 0;

    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        if (only[i] != cpu)
            continue;
        g_string_append_printf(own, " %s", chips_at(chips, i)->label);
        count++;
    }
    if (count > NAMES_TOLD)
        g_string_append_printf(names, " %s×%u", domain->mark->letters, count);
    else
        g_string_append(names, own->str);
}

/* "CPU 1 is crowded: a0 a2"; of many threads how many and which. */
static void say_crowded(Drop *drop, const Chips *chips, const int *only, const IdSet *crowded)
{
    g_autofree char *list = idset_format(crowded);

    if (idset_count(crowded) > CROWDS_TOLD) {
        warn(drop, g_strdup_printf("%u CPUs are crowded: %s", idset_count(crowded), list));
        return;
    }
    for (IDSET_EACH(id, crowded)) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint d = 0; d < chips->domains->len; d++)
            name_crowd(names, chips, chips_domain(chips, d), only, id);
        warn(drop, g_strdup_printf("CPU %d is crowded:%s", id, names->str));
    }
}

/* The threads that several vCPUs would have for their only one, where one of @moved is among them.
 */
static void warn_crowded(Drop *drop, const Chips *chips, const GArray *moved)
{
    g_autofree int *only = g_new(int, chips->chips->len + 1);
    g_autoptr(IdSet) taken = hwloc_bitmap_alloc();
    g_autoptr(IdSet) twice = hwloc_bitmap_alloc();
    g_autoptr(IdSet) ours = hwloc_bitmap_alloc();

    for (guint i = 0; i < chips->chips->len; i++)
        only[i] = moved->len > 0 ? only_cpu(drop, chips, i) : -1;
    for (guint m = 0; m < moved->len; m++)
        if (only[g_array_index(moved, guint, m)] >= 0)
            hwloc_bitmap_set(ours, (unsigned)only[g_array_index(moved, guint, m)]);
    for (guint i = 0; i < chips->chips->len; i++) {
        if (only[i] < 0)
            continue;
        hwloc_bitmap_set(idset_has(taken, only[i]) ? twice : taken, (unsigned)only[i]);
    }
    hwloc_bitmap_and(twice, twice, ours);
    if (!hwloc_bitmap_iszero(twice))
        say_crowded(drop, chips, only, twice);
}

/* vCPUs of one domain that would share fewer CPUs than they are. */
static void warn_shared(Drop *drop, const Chips *chips, const ChipDomain *domain)
{
    g_autoptr(IdSet) all = hwloc_bitmap_alloc();
    g_autofree char *name = text_escape(domain->domain->name, 20);
    guint vcpus = 0;

    for (guint i = domain->first; i < domain->first + domain->count; i++) {
        g_autoptr(IdSet) asked =
            chips_at(chips, i)->kind == CHIP_VCPU ? asked_after(drop, chips, i) : NULL;
        if (idset_count(asked) < 2)
            continue;
        hwloc_bitmap_or(all, all, asked);
        vcpus++;
    }
    g_autofree char *list = idset_format(all);
    if (vcpus > idset_count(all))
        warn(drop, g_strdup_printf(
                       "%u vCPUs of %s share %u CPUs: %s", vcpus, name, idset_count(all), list));
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
    g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint c = 0; c < drop->changes->len; c++) {
        const DropChange *change = drop->changes->pdata[c];
        int domain = chips_find_domain(chips, change->uuid);
        int chip = chips_find(chips, change->uuid, change->key);
        g_autoptr(IdSet) set = chip >= 0 ? parse_set(change->value) : NULL;
        if (domain < 0)
            continue;
        warn_spans(drop, chips, chips_domain(chips, (guint)domain));
        warn_pages(drop, chips, chips_domain(chips, (guint)domain));
        warn_shared(drop, chips, chips_domain(chips, (guint)domain));
        if (chip < 0)
            continue;
        if (set != NULL)
            hwloc_bitmap_or(used, used, set);
        guint index = (guint)chip;
        g_array_append_val(moved, index);
    }
    warn_crowded(drop, chips, moved);
    warn_cpus(drop, chips, used);
}
