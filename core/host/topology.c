/* Topology: the model, which source fills it, and what is counted from it.
 *
 * Two sources: the kernel's own files (topology-sysfs.c) and a topology exported by hwloc
 * (topology-hwloc.c), which is taken where @root holds the file hwloc.xml. */
#include "core/host/topology.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>

#define CPU_FOLDER "/sys/devices/system/cpu"

/* The lists that change when CPUs or nodes come and go. */
static const char *const lists[] = {CPU_FOLDER "/online", CPU_FOLDER "/present",
    CPU_FOLDER "/isolated", CPU_FOLDER "/nohz_full", "/sys/devices/system/node/online"};

static void cpu_free(gpointer data)
{
    Cpu *cpu = data;

    hwloc_bitmap_free(cpu->siblings);
    hwloc_bitmap_free(cpu->llc);
    g_free(cpu);
}

static void node_free(gpointer data)
{
    Node *node = data;

    hwloc_bitmap_free(node->cpus);
    g_clear_pointer(&node->distances, g_array_unref);
    g_free(node);
}

Topology *topology_ref(Topology *topology)
{
    g_atomic_ref_count_inc(&topology->refs);
    return topology;
}

void topology_unref(Topology *topology)
{
    if (topology == NULL || !g_atomic_ref_count_dec(&topology->refs))
        return;
    g_ptr_array_unref(topology->cpus);
    g_ptr_array_unref(topology->nodes);
    hwloc_bitmap_free(topology->online);
    hwloc_bitmap_free(topology->isolated);
    hwloc_bitmap_free(topology->nohz_full);
    g_free(topology->online_text);
    g_free(topology);
}

int topology_cpu_index(const Topology *topology, int id)
{
    guint low = 0, high = topology->cpus->len;

    /* Mostly CPUs are numbered without a gap, and each stands at its number. */
    if (id >= 0 && (guint)id < high && ((const Cpu *)topology->cpus->pdata[id])->id == id)
        return id;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Cpu *cpu = topology->cpus->pdata[middle];
        if (cpu->id == id)
            return (int)middle;
        if (cpu->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const Cpu *topology_cpu(const Topology *topology, int id)
{
    int index = topology_cpu_index(topology, id);

    return index >= 0 ? topology->cpus->pdata[index] : NULL;
}

const Node *topology_node(const Topology *topology, int id)
{
    for (guint i = 0; i < topology->nodes->len; i++) {
        const Node *node = topology->nodes->pdata[i];
        if (node->id == id)
            return node;
    }
    return NULL;
}

Cpu *topology_add_cpu(Topology *topology, int id, gboolean online)
{
    Cpu *cpu = g_new0(Cpu, 1);

    cpu->id = id;
    cpu->online = online;
    cpu->package = cpu->node = cpu->core = -1;
    g_ptr_array_add(topology->cpus, cpu);
    return cpu;
}

Node *topology_add_node(Topology *topology, int id)
{
    Node *node = g_new0(Node, 1);

    node->id = id;
    g_ptr_array_add(topology->nodes, node);
    return node;
}

IdSet *topology_cpu_list(const char *root, const char *name)
{
    g_autofree char *path = g_strconcat(CPU_FOLDER "/", name, NULL);
    g_autoptr(IdSet) set = idset_read(root, path);

    return idset_count(set) > 0 ? g_steal_pointer(&set) : NULL;
}

/* An empty list says that there is no such CPU; without the file nothing is known of it. */
static void read_isolated(Topology *topology, const char *root)
{
    topology->isolated = idset_read(root, CPU_FOLDER "/isolated");
    /* "(null)" where it was not asked for */
    topology->nohz_full = idset_read(root, CPU_FOLDER "/nohz_full");
    for (guint i = 0; i < topology->cpus->len; i++) {
        Cpu *cpu = topology->cpus->pdata[i];
        cpu->isolated = idset_has(topology->isolated, cpu->id);
    }
}

/* Gives every CPU its node. Only a made-up machine has a CPU in two: there the first one counts. */
static void assign_nodes(Topology *topology)
{
    for (guint i = 0; i < topology->cpus->len; i++) {
        Cpu *cpu = topology->cpus->pdata[i];
        for (guint j = 0; j < topology->nodes->len && cpu->node < 0; j++) {
            const Node *node = topology->nodes->pdata[j];
            if (idset_has(node->cpus, cpu->id))
                cpu->node = node->id;
        }
    }
}

/* Cores are told apart by their first thread: core_id is unique neither in a host nor, on older
 * AMD machines of two dies in a package, in a package. It serves where siblings are unknown. */
static void count_parts(Topology *topology)
{
    g_autoptr(GHashTable) packages = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < topology->cpus->len; i++) {
        const Cpu *cpu = topology->cpus->pdata[i];
        if (cpu->package >= 0)
            g_hash_table_add(packages, GINT_TO_POINTER(cpu->package));
        if (cpu->siblings)
            g_hash_table_add(cores, idset_format(cpu->siblings));
        else if (cpu->core >= 0)
            g_hash_table_add(cores, g_strdup_printf("%d/%d", cpu->package, cpu->core));
    }
    topology->packages = g_hash_table_size(packages);
    topology->cores = g_hash_table_size(cores);
}

Topology *topology_new(void)
{
    Topology *topology = g_new0(Topology, 1);

    g_atomic_ref_count_init(&topology->refs);
    topology->cpus = g_ptr_array_new_with_free_func(cpu_free);
    topology->nodes = g_ptr_array_new_with_free_func(node_free);
    return topology;
}

void topology_finish(Topology *topology)
{
    assign_nodes(topology);
    count_parts(topology);
}

/* What @topology was read with: when one of these lists differs, it is read again. */
static char *read_lists(const char *root)
{
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *text = rootfile_read(root, lists[i]);
        g_string_append_printf(all, "%s\n", text ? text : "?");
    }
    return g_string_free(all, FALSE);
}

Topology *topology_read(const char *root, const Topology *previous, GError **error)
{
    g_autofree char *listed = read_lists(root);

    if (previous && strcmp(previous->online_text, listed) == 0)
        return topology_ref((Topology *)previous);

    g_autoptr(Topology) topology = topology_new();
    topology->online_text = g_steal_pointer(&listed);

    g_autofree char *xml = rootfile_read(root, "/hwloc.xml");
    gboolean filled = xml ? topology_fill_hwloc(topology, root, xml, error)
                          : topology_fill_sysfs(topology, root, error);
    if (!filled)
        return NULL;
    read_isolated(topology, root);
    topology_finish(topology);
    return g_steal_pointer(&topology);
}
