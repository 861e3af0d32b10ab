/* Made-up hosts and guests. */
#include "tests/unit/placehost.h"

#include <string.h>

#include "core/host/kernelfile.h"
#include "core/host/topology.h"

static void memory_free(gpointer data)
{
    NodeMemory *memory = data;

    g_ptr_array_unref(memory->meminfo);
    g_array_unref(memory->pools);
    g_free(memory);
}

static NodeMemory *memory_new(gint64 free_kib, gint64 pages_2m)
{
    NodeMemory *memory = g_new0(NodeMemory, 1);
    HugePool pool = {.size_kib = 2048, .total = NUM(pages_2m), .free = NUM(pages_2m)};

    memory->memory_kib = NUM(2 * free_kib);
    memory->free_kib = NUM(free_kib);
    memory->meminfo = kernel_files_new();
    memory->pools = g_array_new(FALSE, TRUE, sizeof(HugePool));
    g_array_append_val(memory->pools, pool);
    return memory;
}

static void add_cpus(Topology *topology, const HostShape *shape)
{
    guint cores = shape->nodes * shape->caches * shape->cores, group = shape->caches * shape->cores;

    for (guint id = 0; id < cores * shape->threads; id++) {
        guint core = id % cores;
        Cpu *cpu = topology_add_cpu(topology, (int)id, TRUE);
        cpu->node = (int)(core / group);
        cpu->package = cpu->node;
        cpu->core = (int)core;
        cpu->isolated = idset_has(topology->isolated, id);
        cpu->siblings = hwloc_bitmap_alloc();
        cpu->llc = hwloc_bitmap_alloc();
        for (guint other = 0; other < cores * shape->threads; other++) {
            if (other % cores == core)
                hwloc_bitmap_set(cpu->siblings, other);
            if (other % cores / shape->cores == core / shape->cores)
                hwloc_bitmap_set(cpu->llc, other);
        }
        hwloc_bitmap_set(topology->online, id);
        hwloc_bitmap_set(topology_node(topology, cpu->node)->cpus, id);
    }
}

Host *placehost_new(const HostShape *shape)
{
    Host *host = g_new0(Host, 1);
    Topology *topology = topology_new();
    HugePool pool = {.size_kib = 2048,
        .total = NUM(shape->pages_2m * shape->nodes),
        .free = NUM(shape->pages_2m * shape->nodes),
        .reserved = NUM(0)};

    g_atomic_ref_count_init(&host->refs);
    host->topology = topology;
    host->page_kib = 4;
    topology->online = hwloc_bitmap_alloc();
    topology->isolated = idset_parse(shape->isolated ? shape->isolated : "", NULL);
    host->nodes = g_ptr_array_new_with_free_func(memory_free);
    host->meminfo = kernel_files_new();
    host->pools = g_array_new(FALSE, TRUE, sizeof(HugePool));
    g_array_append_val(host->pools, pool);
    for (guint n = 0; n < shape->nodes; n++) {
        Node *node = topology_add_node(topology, (int)n);
        node->cpus = hwloc_bitmap_alloc();
        node->distances = g_array_new(FALSE, FALSE, sizeof(int));
        for (guint to = 0; to < shape->nodes; to++) {
            int distance = n == to ? 10 : n / 2 == to / 2 ? 12 : 21;
            g_array_append_val(node->distances, distance);
        }
        g_ptr_array_add(host->nodes, memory_new(shape->free_kib, shape->pages_2m));
    }
    add_cpus(topology, shape);
    host->load = g_new0(Num, topology->cpus->len);
    GPtrArray **features[] = {
        &host->ksm, &host->thp, &host->khugepaged, &host->thp_sizes, &host->vmstat};
    for (guint i = 0; i < G_N_ELEMENTS(features); i++)
        *features[i] = g_ptr_array_new();
    return host;
}

void placehost_set_room(Host *host, guint node, gint64 free_kib, gint64 pages_2m)
{
    NodeMemory *memory = g_ptr_array_index(host->nodes, node);
    HugePool *pool = &g_array_index(memory->pools, HugePool, 0);
    HugePool *all = &g_array_index(host->pools, HugePool, 0);

    memory->free_kib = NUM(free_kib);
    all->free.value += pages_2m - pool->free.value;
    all->total.value += pages_2m - pool->total.value;
    pool->free = pool->total = NUM(pages_2m);
}

Snapshot *placehost_snapshot(Host *host)
{
    Snapshot *snapshot = snapshot_new("");

    snapshot->host = host;
    snapshot->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_view_free);
    return snapshot;
}

Domain *placehost_add(Snapshot *snapshot, const char *name, const char *body, gboolean running)
{
    DomainView *view = g_new0(DomainView, 1);
    Domain *domain = g_new0(Domain, 1);
    g_autofree char *xml = g_strdup_printf("<domain type='kvm'>%s</domain>", body);
    g_autoptr(GError) error = NULL;

    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(name);
    domain->uuid = g_strdup_printf("00000000-0000-4000-8000-%012u", snapshot->domains->len + 1);
    domain->id = running ? (int)snapshot->domains->len + 1 : -1;
    domain->state = running ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
    domain->persistent = TRUE;
    domain->xml_config = g_strdup(xml);
    domain->config = domain_config_parse(xml, &error);
    g_assert_no_error(error);
    if (running) {
        domain->xml_live = g_strdup(xml);
        domain->live = domain_config_parse(xml, NULL);
    }
    view->domain = domain;
    g_ptr_array_add(snapshot->domains, view);
    return domain;
}

IdSet *placehost_set(const char *text)
{
    IdSet *set = idset_parse(text, NULL);

    g_assert_nonnull(set);
    return set;
}

PlaceLayout *placehost_propose(const Snapshot *snapshot, const PlaceWish *wish)
{
    g_autoptr(GError) error = NULL;
    PlaceLayout *layout = place_propose(snapshot, NULL, wish, &error);

    g_assert_no_error(error);
    return layout;
}

const PlacedDomain *placehost_placed(const PlaceLayout *layout, guint index)
{
    return g_ptr_array_index(layout->domains, index);
}

gboolean placehost_has_reason(const PlacedDomain *domain, const char *words)
{
    for (guint i = 0; i < domain->reasons->len; i++) {
        g_test_message("%s", (char *)g_ptr_array_index(domain->reasons, i));
        if (strstr(g_ptr_array_index(domain->reasons, i), words))
            return TRUE;
    }
    return FALSE;
}
