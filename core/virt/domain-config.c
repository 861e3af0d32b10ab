/* A domain's XML read into a DomainConfig: one row of a table per element kvmtune shows.
 *
 * The rules are libvirt's (formatdomain: "CPU Allocation", "IOThreads Allocation", "CPU Tuning",
 * "Memory Allocation", "Memory Backing", "NUMA Node Tuning"). */
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/domain.h"
#include "core/virt/xmlnode.h"

#include <libxml/parser.h>
#include <string.h>

#define XML_MAX     (16u << 20) /* bytes; libvirt's own limit for a domain's XML over RPC is 16 MiB */
#define VCPU_MAX    16384u      /* above libvirt's limit for any machine type */
#define THREAD_MAX  16384u      /* iothreads */
#define CELLS_MAX   1024u       /* guest NUMA cells: above QEMU's limit */
#define DEVICES_MAX 256u        /* memory devices: QEMU's limit for slots */
#define PAGES_MAX   64u         /* <page> elements that are read: far above the sizes of any CPU */

static gboolean parse_uint(const char *text, guint64 max, guint *value)
{
    guint64 number;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL))
        return FALSE;
    *value = (guint)number;
    return TRUE;
}

/* As text_scaled_kib(); unknown where it is no size. */
static Num scaled_kib(const char *text, const char *unit)
{
    guint64 kib;
    return text_scaled_kib(text, unit, &kib) ? NUM(kib) : NUM_UNKNOWN;
}

static Num element_kib(xmlNode *node)
{
    g_autofree char *text = content(node);
    g_autofree char *unit = attribute(node, "unit");

    return scaled_kib(text, unit);
}

static gboolean read_vcpus(DomainConfig *config, const xmlNode *domain, GError **error)
{
    xmlNode *vcpu = child(domain, "vcpu");
    g_autofree char *max = content(vcpu);
    g_autofree char *current = attribute(vcpu, "current");

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

    for (EACH_CHILD(pin, cputune, "vcpupin")) {
        g_autofree char *vcpu = attribute(pin, "vcpu");
        if (parse_uint(vcpu, config->vcpus_max - 1, &n) &&
            g_ptr_array_index(config->vcpupin, n) == NULL)
            g_ptr_array_index(config->vcpupin, n) = attribute_set(pin, "cpuset");
    }
    config->emulatorpin = attribute_set(child(cputune, "emulatorpin"), "cpuset");
    for (EACH_CHILD(pin, cputune, "iothreadpin")) {
        g_autofree char *id = attribute(pin, "iothread");
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
    g_autofree char *text = content(child(domain, "iothreads"));
    guint n, ids = 0;

    config->iothread_ids = hwloc_bitmap_alloc();
    for (EACH_CHILD(iothread, child(domain, "iothreadids"), "iothread")) {
        g_autofree char *id = attribute(iothread, "id");
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
    const xmlNode *cpu = child(domain, "cpu");
    g_autofree char *threads = attribute(child(cpu, "topology"), "threads");

    if (!parse_uint(threads, VCPU_MAX, &config->threads) || config->threads == 0)
        config->threads = 1;
    config->cells = g_array_new(FALSE, TRUE, sizeof(GuestCell));
    g_array_set_clear_func(config->cells, cell_clear);
    for (EACH_CHILD(node, child(cpu, "numa"), "cell")) {
        g_autofree char *id = attribute(node, "id");
        g_autofree char *memory = attribute(node, "memory");
        g_autofree char *unit = attribute(node, "unit");
        guint n = config->cells->len;
        if (config->cells->len == CELLS_MAX || (id && !parse_uint(id, G_MAXINT, &n)))
            continue;
        GuestCell cell = {
            (int)n, attribute_set(node, "cpus"), scaled_kib(memory, unit), NULL, NULL};
        if (cell.cpus == NULL)
            cell.cpus = hwloc_bitmap_alloc();
        for (EACH_CHILD(memnode, child(domain, "numatune"), "memnode")) {
            g_autofree char *of = attribute(memnode, "cellid");
            guint cellid;
            if (cell.nodeset || !parse_uint(of, G_MAXINT, &cellid) || cellid != n)
                continue;
            cell.mode = attribute(memnode, "mode");
            cell.nodeset = attribute_set(memnode, "nodeset");
        }
        g_array_append_val(config->cells, cell);
    }
}

static void device_clear(gpointer data)
{
    hwloc_bitmap_free(((MemoryDevice *)data)->nodes);
}

/* A set that is an element's text, as attribute_set() has it of an attribute. */
static IdSet *content_set(xmlNode *node)
{
    g_autofree char *text = content(node);
    g_auto(GStrv) parts = g_strsplit_set(text ? text : "", " \t\n", -1);
    g_autofree char *joined = g_strjoinv("", parts);

    return *joined ? idset_parse(joined, NULL) : NULL;
}

/* Memory devices (formatdomain, "Memory devices"): NVDIMMs and what else is a file are none. */
static void read_devices(DomainConfig *config, const xmlNode *domain)
{
    config->devices = g_array_new(FALSE, TRUE, sizeof(MemoryDevice));
    g_array_set_clear_func(config->devices, device_clear);
    for (EACH_CHILD(node, child(domain, "devices"), "memory")) {
        g_autofree char *model = attribute(node, "model");
        gboolean virtio = g_strcmp0(model, "virtio-mem") == 0;
        xmlNode *source = child(node, "source"), *target = child(node, "target");
        g_autofree char *cell = content(child(target, "node"));
        MemoryDevice device = {.size_kib = element_kib(child(target, "size")), .cell = -1};
        Num page = element_kib(child(source, "pagesize"));
        guint n;
        if ((!virtio && g_strcmp0(model, "dimm") != 0) || config->devices->len == DEVICES_MAX)
            continue;
        if (virtio && child(target, "requested"))
            device.size_kib = element_kib(child(target, "requested"));
        if (parse_uint(cell, G_MAXINT, &n))
            device.cell = (int)n;
        device.page_kib = (guint64)MAX(num_or(page, 0), 0);
        device.nodes = content_set(child(source, "nodemask"));
        g_array_append_val(config->devices, device);
    }
}

/* Where memory comes from: numatune, or numad where the placement is auto, which then is the
 * vCPUs' if numatune says none (formatdomain, "NUMA Node Tuning"). */
static void read_numatune(DomainConfig *config, const xmlNode *domain)
{
    xmlNode *numa = child(child(domain, "numatune"), "memory");
    g_autofree char *placement = attribute(numa, "placement");
    g_autofree char *vcpus = attribute(child(domain, "vcpu"), "placement");

    config->numatune_mode = attribute(numa, "mode");
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

    for (EACH_CHILD(cell, child(child(domain, "cpu"), "numa"), "cell")) {
        g_autofree char *text = attribute(cell, "memory");
        g_autofree char *unit = attribute(cell, "unit");
        Num kib = scaled_kib(text, unit);
        if (!kib.known || sum.value > G_MAXINT64 - kib.value)
            return NUM_UNKNOWN;
        sum = NUM(sum.value + kib.value);
    }
    return sum;
}

static void read_memory(DomainConfig *config, const xmlNode *domain)
{
    config->memory_kib = element_kib(child(domain, "memory"));
    if (!config->memory_kib.known)
        config->memory_kib = cells_kib(domain);
    config->current_memory_kib = element_kib(child(domain, "currentMemory"));
    if (!child(domain, "currentMemory"))
        config->current_memory_kib = config->memory_kib;
}

/* "2M@0-1;1G@2": the pages in their order, each with the guest cells it is for. */
static char *backing_text(const xmlNode *hugepages)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint pages = 0;

    if (hugepages == NULL)
        return g_strdup("off");
    for (EACH_CHILD(page, hugepages, "page")) {
        g_autofree char *size = attribute(page, "size");
        g_autofree char *unit = attribute(page, "unit");
        g_autoptr(IdSet) cells = attribute_set(page, "nodeset");
        Num kib = scaled_kib(size, unit);
        if (!kib.known || kib.value == 0 || ++pages > PAGES_MAX)
            continue;
        g_autofree char *name = text_page_size((guint64)kib.value);
        g_autofree char *set = idset_format(cells);
        g_string_append_printf(out, "%s%s%s%s", out->len ? ";" : "", name, *set ? "@" : "", set);
    }
    return out->len ? g_strdup(out->str) : g_strdup("default");
}

static gboolean read_domain(DomainConfig *config, xmlNode *domain, GError **error)
{
    xmlNode *backing = child(domain, "memoryBacking");

    if (!read_vcpus(config, domain, error))
        return FALSE;
    read_pins(config, child(domain, "cputune"));
    read_iothreads(config, domain);
    read_memory(config, domain);
    read_cells(config, domain);
    read_devices(config, domain);
    config->hugepages = backing_text(child(backing, "hugepages"));
    g_autofree char *source = attribute(child(backing, "source"), "type");
    config->memfd = g_strcmp0(source, "memfd") == 0;
    config->nosharepages = child(backing, "nosharepages") != NULL;
    read_numatune(config, domain);
    config->title = content(child(domain, "title"));
    config->type = attribute(domain, "type");
    return TRUE;
}

/* libvirt writes no DOCTYPE. To stop at one is to never see an entity. */
static void refuse_doctype(void *parser, const xmlChar *name G_GNUC_UNUSED,
    const xmlChar *external G_GNUC_UNUSED, const xmlChar *system G_GNUC_UNUSED)
{
    xmlStopParser(parser);
}

static xmlDoc *parse_document(const char *xml, gsize length, GError **error)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();

    parser->sax->internalSubset = refuse_doctype;
    xmlDoc *document = xmlCtxtReadMemory(parser, xml, (int)length, NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    if (document == NULL || !parser->wellFormed) {
        const xmlError *last = xmlCtxtGetLastError(parser);
        g_autofree char *why =
            text_escape(last && last->message ? last->message : "it has a DOCTYPE", 120);
        char *end = strstr(why, "\\x0a"); /* libxml2 ends its messages with a line end */
        if (end)
            *end = '\0';
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the domain's XML cannot be read: %s (line %d)", why, last ? last->line : 1);
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(parser);
    return document;
}

DomainConfig *domain_config_parse(const char *xml, GError **error)
{
    gsize length = strlen(xml);
    if (length > XML_MAX) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the domain's XML is larger than %u MiB", XML_MAX >> 20);
        return NULL;
    }
    xmlDoc *document = parse_document(xml, length, error);
    if (document == NULL)
        return NULL;

    DomainConfig *config = g_new0(DomainConfig, 1);
    config->vcpupin = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    config->iothreadpin =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)hwloc_bitmap_free);
    xmlNode *root = xmlDocGetRootElement(document);
    gboolean done = FALSE;
    if (root && is_element(root, "domain"))
        done = read_domain(config, root, error);
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the XML is not a domain's: its first element is not <domain>");
    xmlFreeDoc(document);
    if (!done) {
        domain_config_free(config);
        return NULL;
    }
    return config;
}
