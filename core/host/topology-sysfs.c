/* The topology as the kernel's own files give it: /sys/devices/system/cpu and …/node
 * (Documentation/ABI/testing/sysfs-devices-system-cpu, sysfs-devices-node,
 * stable/sysfs-devices-node).
 *
 * Why not by hwloc, which reads the exported topologies: it builds a tree of objects to place
 * programs on, and what does not fit one it mends. Version 2.9 gives a memory-only node the CPUs of
 * its neighbours, has no distance for a single node, leaves out nodes whose CPUs overlap, parts the
 * threads of AMD's two-core modules although the kernel lists them as siblings, and makes up a
 * cache's CPUs where the mask is empty. It also takes another root directory only from an
 * environment variable, which a program with threads must not change. Here every fact is the
 * kernel's word, and tests/unit/test-hostcorpus.c holds it to that. */
#include "core/host/topology.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>

#define CPU_FOLDER  "/sys/devices/system/cpu"
#define NODE_FOLDER "/sys/devices/system/node"

IdSet *topology_parse_mask(const char *text)
{
    if (text == NULL || *text == '\0')
        return NULL;

    g_auto(GStrv) words = g_strsplit(text, ",", IDSET_MAX / 32 + 1);
    guint count = g_strv_length(words);
    g_autoptr(IdSet) set = hwloc_bitmap_alloc();
    if (count > IDSET_MAX / 32)
        return NULL;
    for (guint i = 0; i < count; i++) {
        guint64 word;
        if (strlen(words[i]) > 8 ||
            !g_ascii_string_to_unsigned(words[i], 16, 0, G_MAXUINT32, &word, NULL))
            return NULL;
        for (guint bit = 0; bit < 32; bit++)
            if (word >> bit & 1)
                hwloc_bitmap_set(set, (count - 1 - i) * 32 + bit);
    }
    return g_steal_pointer(&set);
}

/* @name below @folder, as a list or (where its name says nothing of a list) a mask. */
static IdSet *read_set(const char *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);

    if (g_str_has_suffix(name, "list"))
        return idset_read(root, path);
    g_autofree char *text = rootfile_read(root, path);
    return topology_parse_mask(text);
}

static int read_id(const char *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    gint64 value;

    return rootfile_read_int(root, path, &value) && value >= 0 && value <= G_MAXINT ? (int)value
                                                                                    : -1;
}

/* The numbers N of the entries "@prefixN" in a folder; never NULL. */
static IdSet *list_ids(const char *root, const char *folder, const char *prefix)
{
    g_autoptr(GPtrArray) names = rootfile_list(root, folder, prefix);
    IdSet *ids = hwloc_bitmap_alloc();

    for (guint i = 0; i < names->len; i++) {
        gint64 id;
        if (text_parse_int((const char *)names->pdata[i] + strlen(prefix), &id) && id >= 0 &&
            id < IDSET_MAX)
            hwloc_bitmap_set(ids, (unsigned)id);
    }
    return ids;
}

/* The online CPUs sharing something with @cpu, by the first of @names (NULL-terminated) that counts
 * @cpu itself in; NULL where none does, as with the empty masks of some ia64 kernels. */
static IdSet *read_shared(
    const char *root, const char *folder, const char *const *names, int cpu, const IdSet *online)
{
    for (; *names; names++) {
        g_autoptr(IdSet) set = read_set(root, folder, *names);
        if (!idset_has(set, cpu))
            continue;
        hwloc_bitmap_and(set, set, online);
        return g_steal_pointer(&set);
    }
    return NULL;
}

/* Of the caches that hold data the one of the highest level. */
static IdSet *read_llc(const char *root, int cpu, const IdSet *online)
{
    static const char *const names[] = {"shared_cpu_list", "shared_cpu_map", NULL};
    g_autofree char *folder = g_strdup_printf(CPU_FOLDER "/cpu%d/cache", cpu);
    g_autoptr(GPtrArray) caches = rootfile_list(root, folder, "index");
    g_autofree char *highest = NULL;
    int highest_level = 0;

    for (guint i = 0; i < caches->len; i++) {
        g_autofree char *cache = g_strconcat(folder, "/", caches->pdata[i], NULL);
        int level = read_id(root, cache, "level");
        if (level <= highest_level)
            continue;
        g_autofree char *type = rootfile_readf(root, "%s/type", cache);
        if (g_strcmp0(type, "Instruction") == 0)
            continue;
        highest_level = level;
        g_free(highest);
        highest = g_steal_pointer(&cache);
    }
    return highest ? read_shared(root, highest, names, cpu, online) : NULL;
}

static void read_cpu(Cpu *cpu, const char *root, const IdSet *online)
{
    /* core_cpus is thread_siblings' new name (Linux 5.3); kernels before 2.6.26 have masks only. */
    static const char *const names[] = {
        "thread_siblings_list", "core_cpus_list", "thread_siblings", "core_cpus", NULL};
    g_autofree char *folder = g_strdup_printf(CPU_FOLDER "/cpu%d/topology", cpu->id);

    cpu->package = read_id(root, folder, "physical_package_id");
    cpu->core = read_id(root, folder, "core_id");
    cpu->siblings = read_shared(root, folder, names, cpu->id, online);
    cpu->llc = read_llc(root, cpu->id, online);
}

/* Without cpu/online (before Linux 2.6.29) a CPU is offline where its own file says so; cpu0 and
 * CPUs that cannot be unplugged have no such file. */
static IdSet *find_online(const char *root, const IdSet *folders)
{
    IdSet *online = topology_cpu_list(root, "online");

    if (online)
        return online;
    online = hwloc_bitmap_alloc();
    for (IDSET_EACH(id, folders)) {
        g_autofree char *text = rootfile_readf(root, CPU_FOLDER "/cpu%d/online", id);
        if (g_strcmp0(text, "0") != 0)
            hwloc_bitmap_set(online, (unsigned)id);
    }
    return online;
}

/* One number a node, in the order of the nodes; a row that is cut off tells nothing. */
static GArray *read_distances(const char *root, int node, guint nodes)
{
    g_autofree char *text = rootfile_readf(root, NODE_FOLDER "/node%d/distance", node);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", 2 * IDSET_MAX);
    g_autoptr(GArray) distances = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; words[i]; i++) {
        gint64 value;
        if (*words[i] == '\0')
            continue;
        if (!text_parse_int(words[i], &value) || value < 0 || value > G_MAXINT)
            return NULL;
        int distance = (int)value;
        g_array_append_val(distances, distance);
    }
    return distances->len == nodes ? g_steal_pointer(&distances) : NULL;
}

/* The node's CPUs; the links to them where an old kernel has neither list nor mask. */
static void read_node_cpus(const char *root, Node *node, const IdSet *online)
{
    g_autofree char *folder = g_strdup_printf(NODE_FOLDER "/node%d", node->id);

    node->cpus = read_set(root, folder, "cpulist");
    if (node->cpus == NULL)
        node->cpus = read_set(root, folder, "cpumap");
    if (node->cpus == NULL) {
        node->cpus = list_ids(root, folder, "cpu");
        node->cpus_unknown = hwloc_bitmap_iszero(node->cpus);
    }
    hwloc_bitmap_and(node->cpus, node->cpus, online);
}

/* A kernel without NUMA has no node folders: that host is one node, 0, with all its CPUs. */
static void read_nodes(Topology *topology, const char *root)
{
    g_autoptr(IdSet) ids = list_ids(root, NODE_FOLDER, "node");
    guint count = idset_count(ids);

    for (IDSET_EACH(id, ids)) {
        Node *node = topology_add_node(topology, id);
        read_node_cpus(root, node, topology->online);
        node->distances = read_distances(root, id, count);
    }
    if (count == 0)
        topology_add_node(topology, 0)->cpus = idset_copy(topology->online);
}

gboolean topology_fill_sysfs(Topology *topology, const char *root, GError **error)
{
    g_autoptr(IdSet) folders = list_ids(root, CPU_FOLDER, "cpu");
    g_autoptr(IdSet) present = topology_cpu_list(root, "present");

    topology->online = find_online(root, folders);
    if (present == NULL)
        present = g_steal_pointer(&folders);
    hwloc_bitmap_or(present, present, topology->online);
    if (idset_count(topology->online) == 0) {
        g_autofree char *shown = text_escape(root, 0);
        if (*root)
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "%s holds no picture of a host: it has no sys/devices/system/cpu with CPUs in it "
                "and no hwloc.xml; name the folder that holds a machine's sys and proc",
                shown);
        else
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "this host cannot be read: there are no CPUs in /sys/devices/system/cpu; is /sys "
                "mounted? (mount -t sysfs sysfs /sys)");
        return FALSE;
    }
    for (IDSET_EACH(id, present)) {
        Cpu *cpu = topology_add_cpu(topology, id, idset_has(topology->online, id));
        if (cpu->online)
            read_cpu(cpu, root, topology->online);
    }
    read_nodes(topology, root);
    return TRUE;
}
