/* The rules a change is held against in a preview. */
#include "core/tune/check.h"

#include "core/tune/backing.h"
#include "core/util/text.h"

#include <string.h>

/* What a rule sees. */
typedef struct {
    Preview *preview;
    const Snapshot *snapshot;
    const Plan *plan;     /* host rules only */
    const Domain *domain; /* domain rules only */
    const XmlEdit *edit;
    const Change *change;
} Case;

/* The kernel answers EBUSY while pages are shared (ksm.rst, merge_across_nodes and
 * max_page_sharing), so the sharing must end first, by ksm.run=2. */
static void rule_unmerge_first(const Case *c)
{
    gint64 shared = num_or(kernel_file_number(c->snapshot->host->ksm, "pages_shared"), 0);
    const char *run = plan_value(c->plan, "host", "ksm.run");

    if (shared == 0)
        return;
    for (guint i = 0; i < c->plan->changes->len; i++) {
        const Change *other = g_ptr_array_index(c->plan->changes, i);
        if (other == c->change)
            break;
        if (g_str_equal(other->key->key, "ksm.run") && g_strcmp0(run, "2") == 0)
            return;
    }
    preview_refuse(c->preview,
        "%s changes only while no page is shared, and %" G_GINT64_FORMAT
        " are: ksm.run=2 must unmerge them first (write it before %s)",
        c->change->key->key, shared, c->change->key->key);
    preview_offer(c->preview, "host", "ksm.run", "2",
        "unmerges all shared pages and stops KSM; set ksm.run=1 afterwards to go on");
}

/* Unmerging gives every sharer a page of its own again: that memory must be there. And it ends the
 * sharing, which is easily forgotten where it was only a step on the way. */
static void rule_unmerge(const Case *c)
{
    const Host *host = c->snapshot->host;
    Num available = kernel_file_number(host->meminfo, "MemAvailable");

    if (!g_str_equal(c->change->value, "2"))
        return;
    if (num_or(host->ksm_saved_kib, 0) > 0) {
        g_autofree char *need = text_size_kib((guint64)host->ksm_saved_kib.value);
        g_autofree char *have = text_escape(NULL, 0);
        if (available.known) {
            g_free(have);
            have = text_size_kib((guint64)available.value);
        }
        preview_warn(c->preview, "unmerging needs %s of memory, and %s is available", need, have);
    }
    preview_warn(c->preview, "KSM is off after this: set ksm.run=1 to let it run again");
}

static void rule_advisor_sets_pages(const Case *c)
{
    g_autofree char *mode =
        kernel_file_value(kernel_file_find(c->snapshot->host->ksm, "advisor_mode"));
    const char *staged = plan_value(c->plan, "host", "ksm.advisor_mode");

    if (g_strcmp0(staged ? staged : mode, "scan-time") == 0)
        preview_refuse(c->preview,
            "%s is set by the kernel while ksm.advisor_mode=scan-time: set that to none first",
            c->change->key->key);
}

static void rule_pool_fits(const Case *c)
{
    const TunableKey *key = c->change->key;
    const NodeMemory *node = host_node(c->snapshot->host, (int)key->n);
    g_autofree char *now = tunable_host_value(key, c->snapshot->host);
    gint64 from = 0, to = 0;

    if (node == NULL || !node->free_kib.known || now == NULL || !text_parse_int(now, &from) ||
        !text_parse_int(c->change->value, &to) || to <= from)
        return;
    double need = (double)(to - from) * (double)key->size_kib;
    double left = (double)node->free_kib.value - need;
    if (left >= 0 && node->memory_kib.known && left < (double)node->memory_kib.value / 20) {
        g_autofree char *left_text = text_size_kib((guint64)left);
        preview_warn(c->preview, "%s: this leaves %s of node %u free", key->key, left_text, key->n);
    }
    if (need > (double)node->free_kib.value) {
        g_autofree char *more = text_size_kib((guint64)MIN(need, 1e15));
        g_autofree char *free_text = text_size_kib((guint64)node->free_kib.value);
        preview_warn(c->preview,
            "this takes %s more of node %u, which has %s free: the kernel may grant less", more,
            key->n, free_text);
    }
}

/* Pages in use are not taken away: the pool shrinks to them, the rest becomes surplus. */
static void rule_pool_in_use(const Case *c)
{
    const TunableKey *key = c->change->key;
    const NodeMemory *node = host_node(c->snapshot->host, (int)key->n);
    gint64 to;

    for (guint i = 0; node && i < node->pools->len; i++) {
        const HugePool *pool = &g_array_index(node->pools, HugePool, i);
        if (pool->size_kib != key->size_kib || !pool->total.known || !pool->free.known ||
            !text_parse_int(c->change->value, &to))
            continue;
        gint64 used = pool->total.value - pool->free.value;
        if (to < used)
            preview_warn(c->preview,
                "%" G_GINT64_FORMAT
                " pages of this pool are in use: they stay until their VMs stop",
                used);
    }
}

static void rule_pin_state(const Case *c)
{
    const Topology *topology = c->snapshot->host->topology;
    g_autoptr(IdSet) cpus = idset_parse(c->change->value, NULL);
    g_autoptr(IdSet) offline = hwloc_bitmap_alloc();
    g_autoptr(IdSet) isolated = hwloc_bitmap_alloc();
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();

    for (IDSET_EACH(id, cpus)) {
        const Cpu *cpu = topology_cpu(topology, id);
        if (cpu && !cpu->online)
            hwloc_bitmap_set(offline, (unsigned)id);
        if (cpu && cpu->isolated)
            hwloc_bitmap_set(isolated, (unsigned)id);
        if (cpu && cpu->node >= 0)
            hwloc_bitmap_set(nodes, (unsigned)cpu->node);
    }
    g_autofree char *offline_text = idset_format(offline);
    g_autofree char *isolated_text = idset_format(isolated);
    g_autofree char *nodes_text = idset_format(nodes);
    if (*offline_text && hwloc_bitmap_isequal(offline, cpus))
        preview_refuse(c->preview, "%s %s: CPU %s is offline", c->change->name, c->change->key->key,
            offline_text);
    else if (*offline_text)
        preview_warn(c->preview, "%s %s: CPU %s is offline", c->change->name, c->change->key->key,
            offline_text);
    if (*isolated_text && !hwloc_bitmap_isequal(isolated, cpus))
        preview_warn(c->preview,
            "%s %s: CPU %s is isolated from the scheduler: tasks pinned there and elsewhere are "
            "not "
            "balanced",
            c->change->name, c->change->key->key, isolated_text);
    if (idset_count(nodes) > 1)
        preview_warn(c->preview, "%s %s: CPUs %s lie on NUMA nodes %s", c->change->name,
            c->change->key->key, c->change->value, nodes_text);
}

/* A vCPU away from the memory that a strict numatune holds on other nodes. */
static void rule_pin_far_from_memory(const Case *c)
{
    const DomainConfig *config = c->domain->config ? c->domain->config : c->domain->live;
    const Topology *topology = c->snapshot->host->topology;
    g_autoptr(IdSet) cpus = idset_parse(c->change->value, NULL);

    if (config == NULL || config->numatune_nodeset == NULL)
        return;
    for (IDSET_EACH(id, cpus)) {
        const Cpu *cpu = topology_cpu(topology, id);
        if (cpu && cpu->node >= 0 && !idset_has(config->numatune_nodeset, cpu->node)) {
            g_autofree char *nodes = idset_format(config->numatune_nodeset);
            preview_warn(c->preview,
                "%s %s: CPU %d is on node %d, and numatune keeps the memory on node %s",
                c->change->name, c->change->key->key, id, cpu->node, nodes);
            return;
        }
    }
}

#define NARROW 4 /* a pin to more CPUs than this leaves the scheduler room */

/* A CPU that a vCPU of another running domain is pinned to as well: they take turns. */
static void rule_pin_shared(const Case *c)
{
    g_autoptr(IdSet) cpus = idset_parse(c->change->value, NULL);

    if (idset_count(cpus) > NARROW || c->snapshot->domains == NULL)
        return;
    for (guint i = 0; i < c->snapshot->domains->len; i++) {
        const Domain *other =
            ((const DomainView *)g_ptr_array_index(c->snapshot->domains, i))->domain;
        if (other->live == NULL || g_str_equal(other->uuid, c->domain->uuid))
            continue;
        for (guint n = 0; n < other->live->vcpupin->len; n++) {
            const IdSet *pin = g_ptr_array_index(other->live->vcpupin, n);
            if (pin == NULL || idset_count(pin) > NARROW || !hwloc_bitmap_intersects(pin, cpus))
                continue;
            g_autofree char *name = text_escape(other->name, 60);
            preview_warn(c->preview, "%s %s: vCPU %u of %s is pinned to the same CPU",
                c->change->name, c->change->key->key, n, name);
            return;
        }
    }
}

static void rule_backing_cells(const Case *c)
{
    g_autoptr(GPtrArray) cells = xml_edit_list(c->edit, "cpu/numa/cell", "id");
    int highest = backing_highest_cell(c->change->value);

    if (highest >= 0 && highest >= (int)MAX(cells->len, 1))
        preview_refuse(c->preview, "memory.hugepages: the guest has no NUMA cell %d (it has %u)",
            highest, cells->len);
}

/* Whether the pools could hold the memory at all. One page size only: which cell takes how much is
 * not known here. */
static void rule_backing_fits(const Case *c)
{
    const Host *host = c->snapshot->host;
    const DomainConfig *config = c->domain->config ? c->domain->config : c->domain->live;
    g_autoptr(GArray) sizes = backing_sizes(c->change->value);

    if (sizes->len != 1 || config == NULL || !config->memory_kib.known || host->pools == NULL)
        return;
    guint64 size = g_array_index(sizes, guint64, 0);
    gint64 need = (config->memory_kib.value + (gint64)size - 1) / (gint64)size;
    g_autofree char *size_text = text_page_size(size);
    if (config->memory_kib.value % (gint64)size)
        preview_warn(c->preview, "the memory is no multiple of %s: it is rounded up", size_text);

    gint64 available = 0, unreserved = G_MAXINT64;
    for (guint i = 0; i < host->pools->len; i++) {
        const HugePool *pool = &g_array_index(host->pools, HugePool, i);
        if (pool->size_kib == size && pool->free.known)
            unreserved = pool->free.value - num_or(pool->reserved, 0);
    }
    for (guint n = 0; n < host->nodes->len; n++) {
        const NodeMemory *node = g_ptr_array_index(host->nodes, n);
        const Node *place = g_ptr_array_index(host->topology->nodes, n);
        if (config->numatune_nodeset && !idset_has(config->numatune_nodeset, place->id))
            continue;
        for (guint i = 0; i < node->pools->len; i++) {
            const HugePool *pool = &g_array_index(node->pools, HugePool, i);
            if (pool->size_kib == size)
                available += num_or(pool->free, 0);
        }
    }
    /* Reserved pages are promised to others, on whichever node. */
    available = MIN(available, unreserved);
    if (available < need)
        preview_warn(c->preview,
            "%" G_GINT64_FORMAT
            " pages of %s are free where its memory may lie, and it needs %" G_GINT64_FORMAT
            ": it will not start",
            available, size_text, need);
}

static void rule_nosharepages_without_ksm(const Case *c)
{
    g_autofree char *run = kernel_file_value(kernel_file_find(c->snapshot->host->ksm, "run"));

    if (g_strcmp0(run, "1") != 0 && g_str_equal(c->change->value, "on"))
        preview_warn(c->preview, "memory.nosharepages has no effect while KSM is off");
}

/* A key (its row's) and a rule for it. */
static const struct {
    const char *key;
    void (*rule)(const Case *c);
} host_rules[] =
    {
        {"ksm.merge_across_nodes", rule_unmerge_first},
        {"ksm.max_page_sharing", rule_unmerge_first},
        {"ksm.run", rule_unmerge},
        {"ksm.pages_to_scan", rule_advisor_sets_pages},
        {"hugepages.nodeN.SIZE", rule_pool_fits},
        {"hugepages.nodeN.SIZE", rule_pool_in_use},
},
  domain_rules[] = {
      {"vcpupin.N", rule_pin_state},
      {"vcpupin.N", rule_pin_far_from_memory},
      {"vcpupin.N", rule_pin_shared},
      {"emulatorpin", rule_pin_state},
      {"memory.hugepages", rule_backing_cells},
      {"memory.hugepages", rule_backing_fits},
      {"memory.nosharepages", rule_nosharepages_without_ksm},
};

void check_host_change(
    Preview *preview, const Snapshot *snapshot, const Plan *plan, const Change *change)
{
    Case c = {preview, snapshot, plan, NULL, NULL, change};

    for (guint i = 0; i < G_N_ELEMENTS(host_rules); i++)
        if (g_str_equal(host_rules[i].key, change->key->tunable->key))
            host_rules[i].rule(&c);
}

void check_domain_change(Preview *preview, const Snapshot *snapshot, const Domain *domain,
    const XmlEdit *edit, const Change *change)
{
    Case c = {preview, snapshot, NULL, domain, edit, change};

    for (guint i = 0; snapshot->host && i < G_N_ELEMENTS(domain_rules); i++)
        if (g_str_equal(domain_rules[i].key, change->key->tunable->key))
            domain_rules[i].rule(&c);
}
