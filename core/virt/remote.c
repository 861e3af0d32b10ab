/* Another host, as libvirt tells it: its topology by the capabilities document (formatcaps: "Host
 * capabilities"), the loads of its domains by libvirt's statistics. */
#include "core/virt/remote.h"

#include "core/host/topology.h"
#include "core/util/error.h"
#include "core/virt/connection-private.h"
#include "core/xml/xmlread.h"

#include <stdlib.h>
#include <string.h>

gboolean remote_uri(const char *uri)
{
    const char *host = uri ? strstr(uri, "://") : NULL;

    return host != NULL && host[3] != '/' && host[3] != '\0';
}

static int id_of(const xmlNode *node, const char *name)
{
    Num id = xml_read_number(xml_read_get(node, name));

    return id.known && id.value < IDSET_MAX ? (int)id.value : -1;
}

/* The CPUs of @cell: the topology's where @topology has them already (they are added ascending). */
static void read_cpus(const xmlNode *cell, GPtrArray *by_id, IdSet *cpus)
{
    for (XML_READ_EACH(cpu, cell, "cpus/cpu")) {
        int id = id_of(cpu, "id");
        if (id < 0)
            continue;
        hwloc_bitmap_set(cpus, (unsigned)id);
        if ((guint)id >= by_id->len)
            g_ptr_array_set_size(by_id, id + 1);
        by_id->pdata[id] = (gpointer)cpu;
    }
}

/* One number a node in the nodes' order, where each is told. */
static GArray *read_distances(const xmlNode *cell, const GArray *order)
{
    g_autoptr(GArray) row = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < order->len; i++)
        for (XML_READ_EACH(sibling, cell, "distances/sibling")) {
            int value = id_of(sibling, "value");
            if (id_of(sibling, "id") == g_array_index(order, int, i) && value >= 0) {
                g_array_append_val(row, value);
                break;
            }
        }
    return row->len == order->len ? g_steal_pointer(&row) : NULL;
}

/* Of the banks that hold data those of the highest level. */
static void read_caches(Topology *topology, const xmlNode *host)
{
    int highest = 0;

    for (XML_READ_EACH(bank, host, "cache/bank")) {
        const char *type = xml_read_get(bank, "type");
        if (g_strcmp0(type, "code") != 0)
            highest = MAX(highest, id_of(bank, "level"));
    }
    for (XML_READ_EACH(bank, host, "cache/bank")) {
        g_autoptr(IdSet) cpus = xml_read_set(xml_read_get(bank, "cpus"));
        if (id_of(bank, "level") != highest)
            continue;
        for (guint i = 0; i < topology->cpus->len; i++) {
            Cpu *cpu = topology->cpus->pdata[i];
            if (cpu->llc == NULL && idset_has(cpus, cpu->id))
                cpu->llc = idset_copy(cpus);
        }
    }
}

static int compare_ints(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* The cells of the document by their numbers. */
static const xmlNode *find_cell(const xmlNode *cells, int id)
{
    for (XML_READ_EACH(cell, cells, "cell"))
        if (id_of(cell, "id") == id)
            return cell;
    return NULL;
}

static Topology *read_topology(const xmlNode *host, const xmlNode *cells)
{
    g_autoptr(Topology) topology = topology_new();
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GPtrArray) by_id = g_ptr_array_new();

    for (XML_READ_EACH(cell, cells, "cell")) {
        int id = id_of(cell, "id");
        if (id >= 0 && find_cell(cells, id) == cell)
            g_array_append_val(order, id);
    }
    g_array_sort(order, compare_ints);
    topology->online = hwloc_bitmap_alloc();
    for (guint i = 0; i < order->len; i++) {
        const xmlNode *cell = find_cell(cells, g_array_index(order, int, i));
        Node *node = topology_add_node(topology, g_array_index(order, int, i));
        node->cpus = hwloc_bitmap_alloc();
        read_cpus(cell, by_id, node->cpus);
        hwloc_bitmap_or(topology->online, topology->online, node->cpus);
        node->distances = read_distances(cell, order);
    }
    for (IDSET_EACH(id, topology->online)) {
        Cpu *cpu = topology_add_cpu(topology, id, TRUE);
        cpu->package = id_of(by_id->pdata[id], "socket_id");
        cpu->core = id_of(by_id->pdata[id], "core_id");
        cpu->siblings = xml_read_set(xml_read_get(by_id->pdata[id], "siblings"));
    }
    read_caches(topology, host);
    topology_finish(topology);
    return g_steal_pointer(&topology);
}

/* The sizes of node @id's memory and pools. Small pages are no pool. */
static void read_memory(NodeMemory *node, const xmlNode *cell, guint page_kib)
{
    node->memory_kib = xml_read_kib(xml_read_at(cell, "memory"));
    for (XML_READ_EACH(pages, cell, "pages")) {
        Num size = xml_read_scaled(xml_read_get(pages, "size"), xml_read_get(pages, "unit"));
        Num count = xml_read_number(xml_read_text(pages));
        if (!size.known || size.value <= page_kib || !count.known)
            continue;
        const HugePool pool = {.size_kib = (guint64)size.value, .total = count};
        g_array_append_val(node->pools, pool);
    }
}

Host *remote_host_parse(const char *xml, const char *hostname, GError **error)
{
    xmlDoc *document = xml_read_document(xml, strlen(xml), NULL, error);
    if (document == NULL) {
        g_prefix_error(error, "what libvirt tells of this host cannot be read: ");
        return NULL;
    }

    const xmlNode *host = xml_read_at(xmlDocGetRootElement(document), "host");
    const xmlNode *cells = xml_read_at(host, "topology/cells");
    Host *result = NULL;
    if (xml_read_at(cells, "cell")) {
        result = host_new_elsewhere(read_topology(host, cells), hostname, REMOTE_ROOT);
        for (guint i = 0; i < result->nodes->len; i++) {
            const Node *node = result->topology->nodes->pdata[i];
            read_memory(result->nodes->pdata[i], find_cell(cells, node->id), result->page_kib);
        }
    } else {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "libvirt tells no topology of this host: its /sys can be read on the host itself");
    }
    xmlFreeDoc(document);
    return result;
}

Host *remote_host(Connection *connection, GError **error)
{
    char *xml = virConnectGetCapabilities(connection->handle);
    char *hostname = virConnectGetHostname(connection->handle);
    Host *host = NULL;

    if (xml)
        host = remote_host_parse(xml, hostname, error);
    else
        connection_error(error, "what the host at %s is made of cannot be read", connection->uri);
    free(xml);
    free(hostname);
    return host;
}

/* ---- the loads ---- */

static Num load_of(guint64 before, guint64 now, gint64 elapsed_us)
{
    return before <= now && elapsed_us > 0 ? NUM((now - before) / (guint64)elapsed_us)
                                           : NUM_UNKNOWN; /* ns in µs are 1/1000 */
}

static guint64 stat_of(virDomainStatsRecordPtr record, const char *name)
{
    unsigned long long value = 0;

    virTypedParamsGetULLong(record->params, record->nparams, name, &value);
    return value;
}

static void add_vcpu(DomainUsage *usage, virDomainStatsRecordPtr record, int n, gint64 elapsed_us,
    const DomainUsage *before)
{
    g_autofree char *name = g_strdup_printf("vcpu.%d.time", n);
    const ThreadUsage *old = before ? domain_usage_vcpu(before, n) : NULL;
    ThreadUsage thread = {.vcpu = n, .tid = -1, .last_cpu = -1};

    thread.run_ns = stat_of(record, name);
    if (thread.run_ns == 0)
        return; /* offline, or not told while the domain is busy */
    if (old)
        thread.load = load_of(old->run_ns, thread.run_ns, elapsed_us);
    g_array_append_val(usage->threads, thread);
}

static DomainUsage *usage_of(virDomainStatsRecordPtr record, const DomainUsage *before)
{
    DomainUsage *usage = g_new0(DomainUsage, 1);
    unsigned int vcpus = 0;

    usage->pid = -1;
    usage->taken_us = g_get_monotonic_time();
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    usage->run_ns = stat_of(record, "cpu.time");
    gint64 elapsed_us = before ? usage->taken_us - before->taken_us : 0;
    if (before)
        usage->load = load_of(before->run_ns, usage->run_ns, elapsed_us);
    guint64 rss_kib = stat_of(record, "balloon.rss");
    if (rss_kib)
        usage->rss_kib = NUM(rss_kib);
    virTypedParamsGetUInt(record->params, record->nparams, "vcpu.maximum", &vcpus);
    for (unsigned n = 0; n < MIN(vcpus, IDSET_MAX); n++)
        add_vcpu(usage, record, (int)n, elapsed_us, before);
    return usage;
}

GHashTable *remote_usages(Connection *connection, GHashTable *before)
{
    const unsigned groups =
        VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BALLOON;
    virDomainStatsRecordPtr *records = NULL;
    int count = virConnectGetAllDomainStats(connection->handle, groups, &records,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

    if (count < 0)
        return NULL;
    GHashTable *usages =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)domain_usage_free);
    for (int i = 0; i < count; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN];
        if (virDomainGetUUIDString(records[i]->dom, uuid) == 0)
            g_hash_table_insert(usages, g_strdup(uuid),
                usage_of(records[i], before ? g_hash_table_lookup(before, uuid) : NULL));
    }
    virDomainStatsRecordListFree(records);
    return usages;
}

DomainUsage *remote_usage(GHashTable *usages, const char *uuid)
{
    const DomainUsage *from = usages ? g_hash_table_lookup(usages, uuid) : NULL;

    if (from == NULL)
        return NULL;
    DomainUsage *usage = g_memdup2(from, sizeof *from); /* it owns no more than its threads … */
    usage->threads = g_array_copy(from->threads);       /* … which own nothing */
    return usage;
}
