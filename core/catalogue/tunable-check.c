/* A value held against what is there: the host's CPUs, nodes and pools, the domain's vCPUs, cells,
 * disks and cards. */
#include "core/catalogue/backing.h"
#include "core/catalogue/tunable-value.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/pageshares.h"

#include <string.h>

static gboolean check_cpus(
    const TunableKey *key, const char *value, const Host *host, GError **error)
{
    g_autoptr(IdSet) cpus = idset_parse(value, NULL);

    if (host->topology->cpus->len == 0)
        return TRUE;
    const Cpu *last = g_ptr_array_index(host->topology->cpus, host->topology->cpus->len - 1);
    for (IDSET_EACH(id, cpus)) {
        if (topology_cpu(host->topology, id) != NULL)
            continue;
        tunable_refuse(
            key, value, error, "the host has no CPU %d; its CPUs go from 0 to %d", id, last->id);
        return FALSE;
    }
    return TRUE;
}

/* "0, 1" */
static char *node_list(const Host *host)
{
    GString *ids = g_string_new(NULL);

    for (guint i = 0; i < host->topology->nodes->len; i++)
        g_string_append_printf(ids, "%s%d", i ? ", " : "",
            ((const Node *)g_ptr_array_index(host->topology->nodes, i))->id);
    return g_string_free(ids, FALSE);
}

/* Those of "2", "0-1" or "0:60,1:40"; NULL where it is none of these. */
static IdSet *spread_nodes(const char *value)
{
    g_autoptr(PageShares) shares = page_shares_parse(value, NULL);
    IdSet *nodes = shares ? hwloc_bitmap_alloc() : NULL;

    for (guint i = 0; shares && i < shares->parts->len; i++)
        hwloc_bitmap_set(nodes, (unsigned)g_array_index(shares->parts, NodeKib, i).node);
    return nodes;
}

/* The set of nodes in the value, which may have a mode before it ("strict:0-1"). */
static gboolean check_nodes(
    const TunableKey *key, const char *value, const Host *host, GError **error)
{
    const char *colon = strchr(value, ':');
    gboolean spread = key->tunable->type == VALUE_SPREAD;
    g_autoptr(IdSet) nodes =
        spread ? spread_nodes(value) : idset_parse(colon ? colon + 1 : value, NULL);

    for (IDSET_EACH(id, nodes)) {
        if (host_node(host, id) != NULL)
            continue;
        g_autofree char *list = node_list(host);
        tunable_refuse(
            key, value, error, "the host has no NUMA node %d; its nodes are %s", id, list);
        return FALSE;
    }
    return TRUE;
}

static gboolean has_pool(const GArray *pools, guint64 size_kib)
{
    for (guint i = 0; pools && i < pools->len; i++)
        if (g_array_index(pools, HugePool, i).size_kib == size_kib)
            return TRUE;
    return FALSE;
}

/* "2M, 1G" */
static char *pool_sizes(const GArray *pools)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; pools && i < pools->len; i++) {
        g_autofree char *size = text_page_size(g_array_index(pools, HugePool, i).size_kib);
        g_string_append_printf(out, "%s%s", i ? ", " : "", size);
    }
    return g_string_free(out, FALSE);
}

static gboolean check_backing(
    const TunableKey *key, const char *value, const Host *host, GError **error)
{
    g_autoptr(GArray) sizes = backing_sizes(value);

    if (host->pools == NULL || host->pools->len == 0)
        return TRUE;
    for (guint i = 0; i < sizes->len; i++) {
        if (has_pool(host->pools, g_array_index(sizes, guint64, i)))
            continue;
        g_autofree char *list = pool_sizes(host->pools);
        tunable_refuse(key, value, error, "the host's page sizes are %s", list);
        return FALSE;
    }
    return TRUE;
}

/* nr_overcommit_hugepages_store() refuses pages that it could not make at once. */
static gboolean check_overcommit(
    const TunableKey *key, const char *value, const Host *host, GError **error)
{
    if (!g_str_has_prefix(key->key, "hugepages.overcommit.") || g_str_equal(value, "0") ||
        !host_is_gigantic(host, key->size_kib))
        return TRUE;
    g_autofree char *size = text_page_size(key->size_kib);
    tunable_refuse(key, value, error,
        "the kernel makes no page of %s when a VM asks, only in the pools (hugepages.nodeN.%s)",
        size, size);
    return FALSE;
}

static gboolean check_host_value(
    const TunableKey *key, const char *value, const Host *host, GError **error)
{
    switch (key->tunable->type) {
    case VALUE_CPUS:
        return check_cpus(key, value, host, error);
    case VALUE_NODES:
    case VALUE_MEMNODE:
    case VALUE_SPREAD:
        return check_nodes(key, value, host, error);
    case VALUE_BACKING:
        return check_backing(key, value, host, error);
    default:
        return check_overcommit(key, value, host, error);
    }
}

/* Node and page size of a pool's key are the host's to offer. */
static gboolean check_pool_key(const TunableKey *key, const Host *host, GError **error)
{
    const NodeMemory *node = host_node(host, (int)key->n);

    /* Which sizes of transparent pages there are, the preview says; of an image no kernel is there
     * to ask. */
    if (key->size_kib == 0 || host->is_image || g_str_has_prefix(key->key, "thp."))
        return TRUE;
    if (key->tunable->type == VALUE_PATHS && has_pool(host->pools, key->size_kib))
        return TRUE;
    if (node == NULL) {
        g_autofree char *ids = node_list(host);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s: the host has no NUMA node %u; its nodes are %s", key->key, key->n, ids);
        return FALSE;
    }
    if (has_pool(node->pools, key->size_kib))
        return TRUE;
    g_autofree char *list = pool_sizes(node->pools);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: node %u has no pages of this size; its page sizes are %s", key->key, key->n,
        *list ? list : "none");
    return FALSE;
}

/* vCPUs are counted, not listed: there may be thousands. */
static gboolean check_vcpu_key(const TunableKey *key, const Domain *domain, GError **error)
{
    const DomainConfig *config = domain->config ? domain->config : domain->live;

    if (config == NULL || !g_str_has_prefix(key->key, "vcpu") || key->n < config->vcpus_max)
        return TRUE;
    g_autofree char *name = text_escape(domain->name, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: %s has no vCPU %u; its vCPUs go from 0 to %u", key->key, name, key->n,
        config->vcpus_max - 1);
    return FALSE;
}

/* What a domain must have to be tuned there, by the key's beginning. */
static const struct {
    const char *prefix, *noun;
} parts[] = {
    {"disk.", "disk"},
    {"interface.", "interface"},
    {"iothread", "I/O thread"},
    {"numatune.memnode.", "NUMA cell"},
    {"clock.timer.", "timer with that,"},
};

#define LISTED 8 /* names in an error's sentence */

static gboolean check_part_key(const TunableKey *key, const XmlEdit *edit, GError **error)
{
    const char *noun = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (g_str_has_prefix(key->key, parts[i].prefix))
            noun = parts[i].noun;
    if (noun == NULL || key->tunable->instances == NULL)
        return TRUE;
    g_autoptr(GPtrArray) names = key->tunable->instances(edit);
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (g_ascii_strcasecmp(name, key->args[0]) == 0)
            return TRUE;
        g_autofree char *shown = text_escape(name, 40);
        if (i < LISTED)
            g_string_append_printf(list, "%s%s", i ? ", " : "", shown);
    }
    g_autofree char *arg = text_escape(key->args[0], 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: the domain has no %s %s; it has %s%s", key->key, noun, arg,
        names->len ? list->str : "none", names->len > LISTED ? ", …" : "");
    return FALSE;
}

/* Cells are numbered from 0 without a gap; a guest without any is one cell, 0. */
static gboolean check_cells(
    const TunableKey *key, const char *value, const XmlEdit *edit, GError **error)
{
    g_autoptr(GPtrArray) cells = xml_edit_list(edit, "cpu/numa/cell", "id");
    int highest = backing_highest_cell(value);

    if (highest < (int)MAX(cells->len, 1))
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: the guest has no NUMA cell %d; it has %u", key->key, highest, cells->len);
    return FALSE;
}

static gboolean check_domain_value(
    const TunableKey *key, const char *value, const XmlEdit *document, GError **error)
{
    return check_part_key(key, document, error) &&
           (key->tunable->type != VALUE_BACKING || check_cells(key, value, document, error));
}

/* Whether the domain's document is needed to check @key. */
static gboolean asks_document(const TunableKey *key)
{
    gboolean by_name = key->args[0] != NULL && !g_str_has_prefix(key->key, "vcpu");

    return by_name || key->tunable->type == VALUE_BACKING;
}

char *tunable_check_in(const TunableKey *key, const char *value, const Host *host,
    const Domain *domain, const XmlEdit *document, GError **error)
{
    if ((host && !check_pool_key(key, host, error)) ||
        (domain && !check_vcpu_key(key, domain, error)))
        return NULL;
    g_autofree char *normal = tunable_normalize(key, value, error);
    if (normal == NULL ||
        (document && asks_document(key) && !check_domain_value(key, normal, document, error)) ||
        (host && !check_host_value(key, normal, host, error)))
        return NULL;
    return g_steal_pointer(&normal);
}

char *tunable_check(const TunableKey *key, const char *value, const Snapshot *snapshot,
    const Domain *domain, GError **error)
{
    const char *xml = domain ? domain->xml_config ? domain->xml_config : domain->xml_live : NULL;
    g_autoptr(XmlEdit) document = xml && asks_document(key) ? xml_edit_open(xml, -1, NULL) : NULL;

    return tunable_check_in(key, value, snapshot ? snapshot->host : NULL, domain, document, error);
}
