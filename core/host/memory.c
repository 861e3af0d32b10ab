/* Memory and hugepage pools, of the host and of each node
 * (Documentation/admin-guide/mm/hugetlbpage.rst, Documentation/admin-guide/numastat.rst). */
#include "core/host/kernelfile.h"
#include "core/host/readers.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>
#include <unistd.h>

#define HOST_POOLS  "/sys/kernel/mm/hugepages"
#define NODE_FOLDER "/sys/devices/system/node"

/* One file of a pool's folder and where it stands in a HugePool. */
static const struct {
    const char *file;
    gsize where;
    gboolean of_nodes; /* a node's pool has it, too */
} pool_files[] = {
    {"nr_hugepages", G_STRUCT_OFFSET(HugePool, total), TRUE},
    {"free_hugepages", G_STRUCT_OFFSET(HugePool, free), TRUE},
    {"surplus_hugepages", G_STRUCT_OFFSET(HugePool, surplus), TRUE},
    {"resv_hugepages", G_STRUCT_OFFSET(HugePool, reserved), FALSE},
    {"nr_overcommit_hugepages", G_STRUCT_OFFSET(HugePool, overcommit), FALSE},
};

char *pool_key_of(int node, guint64 size_kib)
{
    g_autofree char *size = text_page_size(size_kib);

    return g_strdup_printf("hugepages.node%d.%s", node, size);
}

Num pool_set_pages(Num total, Num surplus)
{
    return total.known ? NUM(MAX(total.value - num_or(surplus, 0), 0)) : NUM_UNKNOWN;
}

/* The size in a folder's name, "hugepages-2048kB"; 0 where it is none. */
static guint64 size_of_folder(const char *name)
{
    guint64 size;

    return g_str_has_prefix(name, "hugepages-") && g_str_has_suffix(name, "kB") &&
                   text_parse_size(name + strlen("hugepages-"), &size)
               ? size
               : 0;
}

/* The pools below @folder, ascending by size as their names are. */
static GArray *read_pools(const char *root, const char *folder, gboolean is_node)
{
    GArray *pools = g_array_new(FALSE, TRUE, sizeof(HugePool));
    g_autoptr(GPtrArray) names = rootfile_list(root, folder, "hugepages-");

    for (guint i = 0; i < names->len; i++) {
        HugePool pool = {.size_kib = size_of_folder(names->pdata[i])};
        if (pool.size_kib == 0)
            continue;
        g_autofree char *path = g_strconcat(folder, "/", names->pdata[i], NULL);
        int own = rootfile_folder(root, path);
        for (guint j = 0; j < G_N_ELEMENTS(pool_files); j++) {
            if (is_node && !pool_files[j].of_nodes)
                continue;
            g_autofree char *text = rootfile_read_in(own, pool_files[j].file);
            gint64 value;
            if (text && text_parse_int(text, &value) && value >= 0 &&
                value <= (gint64)(NODE_KIB_MAX / pool.size_kib))
                G_STRUCT_MEMBER(Num, &pool, pool_files[j].where) = NUM(value);
        }
        if (own >= 0)
            close(own);
        g_array_append_val(pools, pool);
    }
    return pools;
}

static GPtrArray *read_lines(const char *root, const char *path)
{
    g_autofree char *text = rootfile_read(root, path);

    return kernel_files_parse(text, NULL);
}

Num host_available_kib(const Host *host)
{
    Num available = kernel_file_number(host->meminfo, "MemAvailable");

    return available.known ? available : kernel_file_number(host->meminfo, "MemFree");
}

static NodeMemory *read_node(const char *root, int id)
{
    NodeMemory *node = g_new0(NodeMemory, 1);
    g_autofree char *meminfo = g_strdup_printf(NODE_FOLDER "/node%d/meminfo", id);
    g_autofree char *numastat = g_strdup_printf(NODE_FOLDER "/node%d/numastat", id);
    g_autofree char *pools = g_strdup_printf(NODE_FOLDER "/node%d/hugepages", id);

    node->meminfo = read_lines(root, meminfo);
    node->numastat = read_lines(root, numastat);
    node->pools = read_pools(root, pools, TRUE);
    return node;
}

/* The one node of a kernel without NUMA: all there is in the host is in it. */
static NodeMemory *whole_host(const Host *host)
{
    NodeMemory *node = g_new0(NodeMemory, 1);

    node->meminfo = g_ptr_array_ref(host->meminfo);
    node->numastat = kernel_files_new();
    node->pools = g_array_ref(host->pools);
    return node;
}

static void node_free(gpointer data)
{
    NodeMemory *node = data;

    g_ptr_array_unref(node->meminfo);
    g_ptr_array_unref(node->numastat);
    g_array_unref(node->pools);
    g_clear_pointer(&node->free_blocks, g_array_unref);
    g_free(node);
}

void host_read_memory(Host *host, const char *root, const Host *previous)
{
    g_autofree char *node_folder = g_strconcat(root, NODE_FOLDER "/node0", NULL);
    gint64 elapsed = host_elapsed_us(host, previous);
    const GPtrArray *nodes = host->topology->nodes;

    host->meminfo = read_lines(root, "/proc/meminfo");
    host->pools = read_pools(root, HOST_POOLS, FALSE);
    kernel_files_set_rates(host->meminfo, previous ? previous->meminfo : NULL, elapsed);

    gboolean without_numa = nodes->len == 1 && ((const Node *)nodes->pdata[0])->id == 0 &&
                            !g_file_test(node_folder, G_FILE_TEST_IS_DIR);
    host->nodes = g_ptr_array_new_with_free_func(node_free);
    for (guint i = 0; i < nodes->len; i++) {
        int id = ((const Node *)nodes->pdata[i])->id;
        NodeMemory *node = without_numa ? whole_host(host) : read_node(root, id);
        const NodeMemory *before = previous ? host_node(previous, id) : NULL;
        node->memory_kib = kernel_file_number(node->meminfo, "MemTotal");
        node->free_kib = kernel_file_number(node->meminfo, "MemFree");
        if (!without_numa && before) {
            kernel_files_set_rates(node->meminfo, before->meminfo, elapsed);
            kernel_files_set_rates(node->numastat, before->numastat, elapsed);
        }
        g_ptr_array_add(host->nodes, node);
    }
}

void host_free_memory(Host *host)
{
    g_clear_pointer(&host->nodes, g_ptr_array_unref);
    g_clear_pointer(&host->pools, g_array_unref);
    g_clear_pointer(&host->meminfo, g_ptr_array_unref);
}
