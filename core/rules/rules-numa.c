/* The rules of NUMA: the guest's cells, and the nodes that its memory is bound to. Their sources:
 * libvirt's formatdomain.html, and what its drivers refuse (tests/live/live-rules). */
#include "core/rules/rules-private.h"

#include "core/util/text.h"

guint rule_cells(const xmlNode *domain)
{
    guint count = 0;

    for (XML_READ_EACH(cell, domain, "cpu/numa/cell"))
        count++;
    return count;
}

/* A cell's memory: its unit is in the attribute beside it. */
gint64 rule_cell_kib(const xmlNode *cell)
{
    const char *memory = xml_read_get(cell, "memory");
    guint64 kib;

    return memory && text_scaled_kib(memory, xml_read_get(cell, "unit"), &kib) ? (gint64)kib : 0;
}

/* Cells say how much memory there is: libvirt sets <memory> to their sum. */
static void max_cells(RuleCase *c, const xmlNode *domain, const char *name)
{
    gint64 sum = 0;
    (void)name;

    for (XML_READ_EACH(cell, domain, "cpu/numa/cell"))
        sum += rule_cell_kib(cell);
    for (XML_READ_EACH(memory, domain, "devices/memory"))
        sum = 0; /* DIMMs count too, and are not counted here */
    if (sum == 0 || c->memory_kib == 0 || sum == c->memory_kib)
        return;
    g_autofree char *text = text_size_kib((guint64)sum);
    rule_find(c, "the guest's NUMA cells have %s together, and that is what it gets", text);
}

static void memnode_cells(RuleCase *c, const xmlNode *domain, const char *name)
{
    const char *mode = xml_read_get(xml_read_at(domain, "numatune/memory"), "mode");
    guint cells = rule_cells(domain);
    (void)name;

    for (XML_READ_EACH(memnode, domain, "numatune/memnode")) {
        Num id = xml_read_number(xml_read_get(memnode, "cellid"));
        if (!id.known)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "numatune.memnode.%" G_GINT64_FORMAT, id.value);
        rule_about(c, "numa.cells");
        rule_about(c, "numatune.mode");
        if (id.value >= cells)
            rule_find(c,
                cells ? "the guest has no NUMA cell %" G_GINT64_FORMAT
                      : "the guest has no NUMA cells: lay them out by numa.cells first",
                id.value);
        else if (g_strcmp0(mode, "restrictive") == 0 && !xml_read_is(memnode, "mode", mode))
            rule_find(c, "must be restrictive too where numatune.mode is");
    }
}

static void numatune_nodeset(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *memory = xml_read_at(domain, "numatune/memory");
    const char *placement = xml_read_get(memory, "placement");
    const char *vcpus = xml_read_get(xml_read_at(domain, "vcpu"), "placement");
    (void)name;

    /* Where the vCPUs are placed by numad, memory follows them. */
    if (placement == NULL)
        placement = vcpus;
    if (memory && xml_read_get(memory, "nodeset") == NULL && g_strcmp0(placement, "auto") != 0)
        rule_find(c, "numatune.mode says how, and no numatune.nodeset says where");
}

static void numatune_auto(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *memory = xml_read_at(domain, "numatune/memory");
    (void)name;

    if (xml_read_is(memory, "placement", "auto") && xml_read_get(memory, "nodeset"))
        rule_find(c, "numad chooses the nodes (<numatune> says placement='auto'): libvirt takes "
                     "either, not both");
}

static void numatune_node(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(IdSet) nodes = rule_set(xml_read_at(domain, "numatune/memory"), "nodeset");
    (void)name;

    for (IDSET_EACH(id, c->host ? nodes : NULL))
        if (topology_node(c->host->topology, id) == NULL)
            rule_find(c, "the host has no NUMA node %d now: it does not start", id);
}

/* The nodes that the memory of @vcpu's cell is bound to strictly; NULL where it is not. */
static IdSet *bound_nodes(const xmlNode *domain, int vcpu)
{
    const xmlNode *from = xml_read_at(domain, "numatune/memory");
    guint n = 0;

    for (XML_READ_EACH(cell, domain, "cpu/numa/cell")) {
        g_autoptr(IdSet) cpus = rule_set(cell, "cpus");
        gint64 id = num_or(xml_read_number(xml_read_get(cell, "id")), n++);
        if (!idset_has(cpus, vcpu))
            continue;
        for (XML_READ_EACH(memnode, domain, "numatune/memnode"))
            if (num_or(xml_read_number(xml_read_get(memnode, "cellid")), -1) == id)
                from = memnode;
    }
    const char *mode = xml_read_get(from, "mode");
    gboolean strict =
        mode == NULL || g_str_equal(mode, "strict") || g_str_equal(mode, "restrictive");
    return from && strict ? rule_set(from, "nodeset") : NULL;
}

/* vCPUs away from the memory that a strict numatune holds on other nodes. */
static void numatune_far(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(IdSet) far = hwloc_bitmap_alloc(), away = hwloc_bitmap_alloc();
    g_autoptr(IdSet) bound = hwloc_bitmap_alloc();
    (void)name;

    for (XML_READ_EACH(pin, domain, "cputune/vcpupin")) {
        Num vcpu = xml_read_number(xml_read_get(pin, "vcpu"));
        g_autoptr(IdSet) cpus = rule_set(pin, "cpuset");
        g_autoptr(IdSet) nodes =
            vcpu.known && vcpu.value < IDSET_MAX ? bound_nodes(domain, (int)vcpu.value) : NULL;
        g_autoptr(IdSet) lie = nodes && cpus ? rule_nodes_of(c, cpus) : NULL;
        if (lie == NULL || hwloc_bitmap_iszero(lie) || hwloc_bitmap_isincluded(lie, nodes))
            continue;
        rule_about(c, "vcpupin.%" G_GINT64_FORMAT, vcpu.value);
        hwloc_bitmap_set(far, (unsigned)vcpu.value);
        hwloc_bitmap_andnot(lie, lie, nodes);
        hwloc_bitmap_or(away, away, lie);
        hwloc_bitmap_or(bound, bound, nodes);
    }
    if (hwloc_bitmap_iszero(far))
        return;
    g_autofree char *far_text = idset_format(far), *away_text = idset_format(away);
    g_autofree char *bound_text = idset_format(bound);
    rule_find(c, "vCPU %s may run on node %s, and numatune keeps the memory on node %s", far_text,
        away_text, bound_text);
}

static void cells_vcpus(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(IdSet) all = hwloc_bitmap_alloc();
    (void)name;

    for (XML_READ_EACH(cell, domain, "cpu/numa/cell")) {
        g_autoptr(IdSet) cpus = rule_set(cell, "cpus");
        if (cpus)
            hwloc_bitmap_or(all, all, cpus);
    }
    if (hwloc_bitmap_last(all) >= (int)c->vcpus)
        rule_find(
            c, "a guest cell has vCPU %d, and vcpus.max is %u", hwloc_bitmap_last(all), c->vcpus);
}

static const Rule rules[] = {
    {"memory-cells", OF_DOMAIN, RULE_WARNS, {"memory.max", "numa.cells"}, max_cells},
    {"memnode-cells", OF_DOMAIN, RULE_REFUSES,
        {"numatune.memnode.CELL", "numa.cells", "numatune.mode"}, memnode_cells},
    {"numatune-nodeset", OF_DOMAIN, RULE_REFUSES, {"numatune.mode", "numatune.nodeset"},
        numatune_nodeset},
    {"numatune-auto", OF_DOMAIN, RULE_REFUSES, {"numatune.nodeset"}, numatune_auto},
    {"numatune-node", OF_DOMAIN, RULE_WARNS, {"numatune.nodeset"}, numatune_node},
    {"numatune-far", OF_DOMAIN, RULE_WARNS,
        {"numatune.nodeset", "numatune.mode", "numa.cells", "vcpupin.N", "numatune.memnode.CELL"},
        numatune_far},
    {"cells-vcpus", OF_DOMAIN, RULE_REFUSES, {"numa.cells", "vcpus.max"}, cells_vcpus},
};

const Rule *rules_of_numa(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}
