/* A domain's XML read into a DomainConfig: one row of a table per element kvmtune shows.
 *
 * The rules are libvirt's (formatdomain: "CPU Allocation", "IOThreads Allocation", "CPU Tuning",
 * "Memory Allocation", "Memory Backing", "NUMA Node Tuning"). */
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/domain.h"
#include "core/xml/xmlread.h"

#include <string.h>

#define VCPU_MAX    16384u /* above libvirt's limit for any machine type */
#define THREAD_MAX  16384u /* iothreads */
#define CELLS_MAX   1024u  /* guest NUMA cells: above QEMU's limit */
#define DEVICES_MAX 256u   /* memory devices: QEMU's limit for slots */
#define PAGES_MAX   64u    /* <page> elements that are read: far above the sizes of any CPU */

static gboolean parse_uint(const char *text, gint64 max, guint *value)
{
    Num number = xml_read_number(text);

    if (!number.known || number.value > max)
        return FALSE;
    *value = (guint)number.value;
    return TRUE;
}

/* The caller frees it; NULL where there is none. */
static char *stripped(const char *text)
{
    return text ? g_strstrip(g_strdup(text)) : NULL;
}

static IdSet *attribute_set(const xmlNode *node, const char *name)
{
    return xml_read_set(xml_read_get(node, name));
}

static gboolean read_vcpus(DomainConfig *config, const xmlNode *domain, GError **error)
{
    const xmlNode *vcpu = xml_read_at(domain, "vcpu");
    const char *max = xml_read_text(vcpu);
    const char *current = xml_read_get(vcpu, "current");

    config->vcpus_max = 1;
    if (vcpu && (!parse_uint(max, VCPU_MAX, &config->vcpus_max) || config->vcpus_max == 0)) {
        g_autofree char *shown = text_escape(max, 40);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "<vcpu>%s</vcpu> is not a number of vCPUs from 1 to %u", shown, VCPU_MAX);
        return FALSE;
    }
    config->vcpus_current = config->vcpus_max;
    if (current && (!parse_uint(current, config->vcpus_max, &config->vcpus_current) ||
                       config->vcpus_current == 0)) {
        g_autofree char *shown = text_escape(current, 40);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "<vcpu current=\"%s\"> is not a number of vCPUs from 1 to %u", shown,
            config->vcpus_max);
        return FALSE;
    }
    config->vcpu_cpuset = attribute_set(vcpu, "cpuset");
    g_ptr_array_set_size(config->vcpupin, (gint)config->vcpus_max);
    return TRUE;
}

static void read_pins(DomainConfig *config, const xmlNode *cputune)
{
    guint n;

    for (XML_READ_EACH(pin, cputune, "vcpupin")) {
        const char *vcpu = xml_read_get(pin, "vcpu");
        if (parse_uint(vcpu, config->vcpus_max - 1, &n) &&
            g_ptr_array_index(config->vcpupin, n) == NULL)
            g_ptr_array_index(config->vcpupin, n) = attribute_set(pin, "cpuset");
    }
    config->emulatorpin = attribute_set(xml_read_at(cputune, "emulatorpin"), "cpuset");
    for (XML_READ_EACH(pin, cputune, "iothreadpin")) {
        const char *id = xml_read_get(pin, "iothread");
        g_autoptr(IdSet) cpus = attribute_set(pin, "cpuset");
        if (cpus && parse_uint(id, G_MAXINT, &n) && n > 0 &&
            g_hash_table_size(config->iothreadpin) < THREAD_MAX)
            g_hash_table_insert(
                config->iothreadpin, GINT_TO_POINTER((int)n), g_steal_pointer(&cpus));
    }
}

/* <iothreads> counts them; <iothreadids> alone does so too, and names some: the others get the
 * lowest ids that are free (formatdomain, "IOThreads Allocation"). */
static void read_iothreads(DomainConfig *config, const xmlNode *domain)
{
    const char *text = xml_read_text(xml_read_at(domain, "iothreads"));
    guint n, ids = 0;

    config->iothread_ids = hwloc_bitmap_alloc();
    for (XML_READ_EACH(iothread, domain, "iothreadids/iothread")) {
        const char *id = xml_read_get(iothread, "id");
        if (ids < THREAD_MAX)
            ids++;
        if (parse_uint(id, IDSET_MAX, &n) && n > 0)
            hwloc_bitmap_set(config->iothread_ids, n);
    }
    if (!parse_uint(text, THREAD_MAX, &config->iothreads))
        config->iothreads = 0;
    config->iothreads = MAX(config->iothreads, ids);
    for (n = 1; idset_count(config->iothread_ids) < config->iothreads && n <= THREAD_MAX; n++)
        hwloc_bitmap_set(config->iothread_ids, n);
}

static void cell_clear(gpointer data)
{
    GuestCell *cell = data;

    hwloc_bitmap_free(cell->cpus);
    hwloc_bitmap_free(cell->nodeset);
    g_free(cell->mode);
}

/* The guest's NUMA cells (formatdomain, "CPU model and topology": a cell without id has its place's
 * number), and where numatune has the memory of each. */
static void read_cells(DomainConfig *config, const xmlNode *domain)
{
    const xmlNode *cpu = xml_read_at(domain, "cpu");
    const char *threads = xml_read_get(xml_read_at(cpu, "topology"), "threads");

    if (!parse_uint(threads, VCPU_MAX, &config->threads) || config->threads == 0)
        config->threads = 1;
    config->cells = g_array_new(FALSE, TRUE, sizeof(GuestCell));
    g_array_set_clear_func(config->cells, cell_clear);
    for (XML_READ_EACH(node, cpu, "numa/cell")) {
        const char *id = xml_read_get(node, "id");
        const char *memory = xml_read_get(node, "memory");
        const char *unit = xml_read_get(node, "unit");
        guint n = config->cells->len;
        if (config->cells->len == CELLS_MAX || (id && !parse_uint(id, G_MAXINT, &n)))
            continue;
        GuestCell cell = {
            (int)n, attribute_set(node, "cpus"), xml_read_scaled(memory, unit), NULL, NULL};
        if (cell.cpus == NULL)
            cell.cpus = hwloc_bitmap_alloc();
        for (XML_READ_EACH(memnode, domain, "numatune/memnode")) {
            const char *of = xml_read_get(memnode, "cellid");
            guint cellid;
            if (cell.nodeset || !parse_uint(of, G_MAXINT, &cellid) || cellid != n)
                continue;
            cell.mode = stripped(xml_read_get(memnode, "mode"));
            cell.nodeset = attribute_set(memnode, "nodeset");
        }
        g_array_append_val(config->cells, cell);
    }
}

static void device_clear(gpointer data)
{
    hwloc_bitmap_free(((MemoryDevice *)data)->nodes);
}

/* Memory devices (formatdomain, "Memory devices"): NVDIMMs and what else is a file are none. */
static void read_devices(DomainConfig *config, const xmlNode *domain)
{
    config->devices = g_array_new(FALSE, TRUE, sizeof(MemoryDevice));
    g_array_set_clear_func(config->devices, device_clear);
    for (XML_READ_EACH(node, domain, "devices/memory")) {
        const char *model = xml_read_get(node, "model");
        gboolean virtio = g_strcmp0(model, "virtio-mem") == 0;
        const xmlNode *source = xml_read_at(node, "source"), *target = xml_read_at(node, "target");
        const char *cell = xml_read_text(xml_read_at(target, "node"));
        MemoryDevice device = {.size_kib = xml_read_kib(xml_read_at(target, "size")), .cell = -1};
        Num page = xml_read_kib(xml_read_at(source, "pagesize"));
        guint n;
        if ((!virtio && g_strcmp0(model, "dimm") != 0) || config->devices->len == DEVICES_MAX)
            continue;
        if (virtio && xml_read_at(target, "requested"))
            device.size_kib = xml_read_kib(xml_read_at(target, "requested"));
        if (parse_uint(cell, G_MAXINT, &n))
            device.cell = (int)n;
        device.page_kib = (guint64)MAX(num_or(page, 0), 0);
        device.nodes = xml_read_set(xml_read_text(xml_read_at(source, "nodemask")));
        g_array_append_val(config->devices, device);
    }
}

/* Where memory comes from: numatune, or numad where the placement is auto, which then is the
 * vCPUs' if numatune says none (formatdomain, "NUMA Node Tuning"). */
static void read_numatune(DomainConfig *config, const xmlNode *domain)
{
    const xmlNode *numa = xml_read_at(domain, "numatune/memory");
    const char *placement = xml_read_get(numa, "placement");
    const char *vcpus = xml_read_get(xml_read_at(domain, "vcpu"), "placement");

    config->numatune_mode = stripped(xml_read_get(numa, "mode"));
    config->numatune_nodeset = attribute_set(numa, "nodeset");
    config->numad = placement ? g_str_equal(placement, "auto")
                              : config->numatune_nodeset == NULL && g_strcmp0(vcpus, "auto") == 0;
    if (config->numad) /* a nodeset beside it is ignored */
        g_clear_pointer(&config->numatune_nodeset, hwloc_bitmap_free);
    if ((numa || config->numad) && config->numatune_mode == NULL)
        config->numatune_mode = g_strdup("strict"); /* formatdomain: the default */
}

/* Without <memory> a domain has what its guest NUMA cells add up to. */
static Num cells_kib(const xmlNode *domain)
{
    Num sum = NUM_UNKNOWN;

    for (XML_READ_EACH(cell, domain, "cpu/numa/cell")) {
        const char *text = xml_read_get(cell, "memory");
        const char *unit = xml_read_get(cell, "unit");
        Num kib = xml_read_scaled(text, unit);
        if (!kib.known || sum.value > G_MAXINT64 - kib.value)
            return NUM_UNKNOWN;
        sum = NUM(sum.value + kib.value);
    }
    return sum;
}

static void read_memory(DomainConfig *config, const xmlNode *domain)
{
    config->memory_kib = xml_read_kib(xml_read_at(domain, "memory"));
    if (!config->memory_kib.known)
        config->memory_kib = cells_kib(domain);
    config->current_memory_kib = xml_read_kib(xml_read_at(domain, "currentMemory"));
    if (!xml_read_at(domain, "currentMemory"))
        config->current_memory_kib = config->memory_kib;
}

/* "2M@0-1;1G@2": the pages in their order, each with the guest cells it is for. */
static char *backing_text(const xmlNode *hugepages)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint pages = 0;

    if (hugepages == NULL)
        return g_strdup("off");
    for (XML_READ_EACH(page, hugepages, "page")) {
        const char *size = xml_read_get(page, "size");
        const char *unit = xml_read_get(page, "unit");
        g_autoptr(IdSet) cells = attribute_set(page, "nodeset");
        Num kib = xml_read_scaled(size, unit);
        if (!kib.known || kib.value == 0 || ++pages > PAGES_MAX)
            continue;
        g_autofree char *name = text_page_size((guint64)kib.value);
        g_autofree char *set = idset_format(cells);
        g_string_append_printf(out, "%s%s%s%s", out->len ? ";" : "", name, *set ? "@" : "", set);
    }
    return out->len ? g_strdup(out->str) : g_strdup("default");
}

static gboolean read_domain(DomainConfig *config, const xmlNode *domain, GError **error)
{
    const xmlNode *backing = xml_read_at(domain, "memoryBacking");

    if (!read_vcpus(config, domain, error))
        return FALSE;
    read_pins(config, xml_read_at(domain, "cputune"));
    read_iothreads(config, domain);
    read_memory(config, domain);
    read_cells(config, domain);
    read_devices(config, domain);
    config->hugepages = backing_text(xml_read_at(backing, "hugepages"));
    const char *source = xml_read_get(xml_read_at(backing, "source"), "type");
    config->memfd = g_strcmp0(source, "memfd") == 0;
    config->nosharepages = xml_read_at(backing, "nosharepages") != NULL;
    read_numatune(config, domain);
    config->title = stripped(xml_read_text(xml_read_at(domain, "title")));
    config->type = stripped(xml_read_get(domain, "type"));
    return TRUE;
}

DomainConfig *domain_config_of(const xmlNode *domain, GError **error)
{
    DomainConfig *config = g_new0(DomainConfig, 1);

    config->vcpupin = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    config->iothreadpin =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)hwloc_bitmap_free);
    if (!read_domain(config, domain, error))
        g_clear_pointer(&config, domain_config_free);
    return config;
}

DomainConfig *domain_config_parse(const char *xml, GError **error)
{
    xmlDoc *document = xml_read_document(xml, strlen(xml), NULL, error);
    if (document == NULL) {
        g_prefix_error(error, "the domain's XML cannot be read: ");
        return NULL;
    }

    DomainConfig *config = NULL;
    const xmlNode *root = xmlDocGetRootElement(document);
    if (root && root->ns == NULL && g_str_equal((const char *)root->name, "domain"))
        config = domain_config_of(root, error);
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the XML is not a domain's: its first element is not <domain>");
    xmlFreeDoc(document);
    return config;
}
