/* The topology of a file that hwloc exported (lstopo --of xml, hwloc.xml): the picture of a machine
 * whose /sys is not at hand. What the tree beside it does say (cpu/online, cpu/present) counts. */
#include "core/host/topology.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <hwloc.h>
#include <string.h>

static void destroy(hwloc_topology_t *hw)
{
    if (*hw)
        hwloc_topology_destroy(*hw);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hwloc_topology_t, destroy)

static gboolean load(hwloc_topology_t *hw, const char *xml)
{
    return hwloc_topology_init(hw) == 0 && strlen(xml) < G_MAXINT &&
           hwloc_topology_set_flags(*hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) == 0 &&
           hwloc_topology_set_xmlbuffer(*hw, xml, (int)strlen(xml) + 1) == 0 &&
           hwloc_topology_load(*hw) == 0;
}

static int ancestor_id(hwloc_topology_t hw, hwloc_obj_t pu, hwloc_obj_type_t type)
{
    hwloc_obj_t found = hwloc_get_ancestor_obj_by_type(hw, type, pu);

    return found && found->os_index <= G_MAXINT ? (int)found->os_index : -1;
}

/* @set without the offline CPUs; NULL where nothing is left. */
static IdSet *online_of(const Topology *topology, hwloc_const_bitmap_t set)
{
    g_autoptr(IdSet) copy = hwloc_bitmap_dup(set);

    hwloc_bitmap_and(copy, copy, topology->online);
    return idset_count(copy) > 0 ? g_steal_pointer(&copy) : NULL;
}

static void fill_cpu(const Topology *topology, Cpu *cpu, hwloc_topology_t hw, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(hw, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t llc = NULL;

    for (hwloc_obj_t up = pu->parent; up; up = up->parent)
        if (hwloc_obj_type_is_dcache(up->type))
            llc = up;
    cpu->package = ancestor_id(hw, pu, HWLOC_OBJ_PACKAGE);
    cpu->core = ancestor_id(hw, pu, HWLOC_OBJ_CORE);
    cpu->siblings = core ? online_of(topology, core->cpuset) : NULL;
    cpu->llc = llc ? online_of(topology, llc->cpuset) : NULL;
}

/* The distances the operating system gave, by the nodes' numbers. */
static void fill_distances(Topology *topology, hwloc_topology_t hw)
{
    struct hwloc_distances_s *matrix = NULL;
    unsigned count = 1;

    if (hwloc_distances_get_by_type(hw, HWLOC_OBJ_NUMANODE, &count, &matrix,
            HWLOC_DISTANCES_KIND_FROM_OS | HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) != 0 ||
        count == 0)
        return;
    for (guint i = 0; i < topology->nodes->len && matrix->nbobjs == topology->nodes->len; i++) {
        Node *from = topology->nodes->pdata[i];
        g_autoptr(GArray) row = g_array_new(FALSE, FALSE, sizeof(int));
        for (guint j = 0; j < topology->nodes->len; j++) {
            const Node *to = topology->nodes->pdata[j];
            hwloc_uint64_t value = 0;
            for (unsigned k = 0; k < matrix->nbobjs * matrix->nbobjs; k++)
                if (matrix->objs[k / matrix->nbobjs]->os_index == (unsigned)from->id &&
                    matrix->objs[k % matrix->nbobjs]->os_index == (unsigned)to->id)
                    value = matrix->values[k];
            int distance = (int)MIN(value, G_MAXINT);
            g_array_append_val(row, distance);
        }
        from->distances = g_steal_pointer(&row);
    }
    hwloc_distances_release(hw, matrix);
}

/* hwloc gives a memory-only node the CPUs beside it; the kernel gives each CPU one node. So a CPU
 * belongs to the first node that names it: processors' own nodes are numbered before the others. */
static void fill_nodes(Topology *topology, hwloc_topology_t hw)
{
    g_autoptr(IdSet) ids = hwloc_bitmap_alloc();
    g_autoptr(IdSet) taken = hwloc_bitmap_alloc();

    for (hwloc_obj_t node = NULL;
         (node = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_NUMANODE, node)) != NULL;)
        if (node->os_index < IDSET_MAX)
            hwloc_bitmap_set(ids, node->os_index);
    for (IDSET_EACH(id, ids)) {
        hwloc_obj_t object = hwloc_get_numanode_obj_by_os_index(hw, (unsigned)id);
        Node *node = topology_add_node(topology, id);
        node->cpus = hwloc_bitmap_dup(object->cpuset);
        hwloc_bitmap_and(node->cpus, node->cpus, topology->online);
        hwloc_bitmap_andnot(node->cpus, node->cpus, taken);
        hwloc_bitmap_or(taken, taken, node->cpus);
    }
    if (topology->nodes->len == 0)
        topology_add_node(topology, 0)->cpus = idset_copy(topology->online);
    fill_distances(topology, hw);
}

gboolean topology_fill_hwloc(Topology *topology, const char *root, const char *xml, GError **error)
{
    g_auto(hwloc_topology_t) hw = NULL;
    gboolean loaded = load(&hw, xml);
    g_autoptr(IdSet) all = loaded ? hwloc_bitmap_dup(hwloc_topology_get_complete_cpuset(hw)) : NULL;
    g_autoptr(IdSet) limits = hwloc_bitmap_alloc();

    hwloc_bitmap_set_range(limits, 0, IDSET_MAX - 1);
    if (!loaded || !hwloc_bitmap_isincluded(all, limits) ||
        idset_count(hwloc_topology_get_topology_cpuset(hw)) == 0) {
        g_autofree char *shown = text_escape(root, 0);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s/hwloc.xml holds no topology that this hwloc can read: export it again with lstopo "
            "--of xml",
            shown);
        return FALSE;
    }
    topology->online = topology_cpu_list(root, "online");
    if (topology->online == NULL)
        topology->online = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(hw));
    g_autoptr(IdSet) present = topology_cpu_list(root, "present");
    if (present == NULL)
        present = g_steal_pointer(&all);
    hwloc_bitmap_or(present, present, topology->online);
    for (IDSET_EACH(id, present)) {
        Cpu *cpu = topology_add_cpu(topology, id, idset_has(topology->online, id));
        hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(hw, (unsigned)id);
        if (cpu->online && pu)
            fill_cpu(topology, cpu, hw, pu);
    }
    fill_nodes(topology, hw);
    return TRUE;
}
