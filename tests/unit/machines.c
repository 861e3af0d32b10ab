/* Machines to test with. */
#include "tests/unit/machines.h"

#include <hwloc.h>
#include <stdio.h>

int machine_cpus(const MachineShape *shape)
{
    return shape->packages * shape->nodes * shape->caches * shape->cores * shape->threads;
}

static void put(const char *root, const char *text, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void put(const char *root, const char *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *full = g_build_filename(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    /* Not g_file_set_contents(): it waits for the disk, thousands of times. */
    FILE *file = fopen(full, "w");
    g_assert_nonnull(file);
    g_assert_cmpint(fputs(text, file), >=, 0);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* Thread @thread of core @core of node @node, cores counted over the node: the threads of a core
 * are far apart, as on most machines. */
static int cpu_number(const MachineShape *shape, int node, int core, int thread)
{
    int nodes = shape->packages * shape->nodes;
    int cores = shape->caches * shape->cores;
    int first = shape->interleaved ? core * nodes + node : node * cores + core;

    return thread * nodes * cores + first;
}

/* The kernel's numbers of the CPUs, in the order in which they stand in the machine. */
static char *all_numbers(const MachineShape *shape)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int node = 0; node < shape->packages * shape->nodes; node++)
        for (int core = 0; core < shape->caches * shape->cores; core++)
            for (int thread = 0; thread < shape->threads; thread++)
                g_string_append_printf(
                    text, "%s%d", text->len > 0 ? "," : "", cpu_number(shape, node, core, thread));
    return g_strdup(text->str);
}

static void write_topology(const MachineShape *shape, const char *root)
{
    g_autofree char *numbers = all_numbers(shape);
    g_autofree char *description =
        g_strdup_printf("pack:%d numa:%d l3:%d core:%d pu:%d(indexes=%s)", shape->packages,
            shape->nodes, shape->caches, shape->cores, shape->threads, numbers);
    g_autofree char *path = g_build_filename(root, "hwloc.xml", NULL);
    hwloc_topology_t hw;

    g_assert_cmpint(hwloc_topology_init(&hw), ==, 0);
    g_assert_cmpint(hwloc_topology_set_synthetic(hw, description), ==, 0);
    /* All of them, though there be one core in a cache. */
    g_assert_cmpint(hwloc_topology_set_all_types_filter(hw, HWLOC_TYPE_FILTER_KEEP_ALL), ==, 0);
    g_assert_cmpint(hwloc_topology_load(hw), ==, 0);
    g_assert_cmpint(hwloc_topology_export_xml(hw, path, 0), ==, 0);
    hwloc_topology_destroy(hw);
}

static void write_node(const char *root, int node)
{
    static const char pool[] = "sys/devices/system/node/node%d/hugepages/hugepages-2048kB/%s";
    g_autofree char *meminfo = g_strdup_printf(
        "Node %d MemTotal: 67108864 kB\nNode %d MemFree: 33554432 kB\n", node, node);

    put(root, meminfo, "sys/devices/system/node/node%d/meminfo", node);
    put(root, "4096\n", pool, node, "nr_hugepages");
    put(root, "2048\n", pool, node, "free_hugepages");
    put(root, "0\n", pool, node, "surplus_hugepages");
}

void machine_write(const MachineShape *shape, const char *root)
{
    g_autoptr(GString) stat = g_string_new("cpu 1 0 1 1 0 0 0 0\n");

    for (int id = 0; id < machine_cpus(shape); id++)
        g_string_append_printf(stat, "cpu%d 1 0 1 1 0 0 0 0\n", id);
    put(root, stat->str, "proc/stat");
    put(root, "MemTotal: 67108864 kB\nMemAvailable: 33554432 kB\n", "proc/meminfo");
    put(root, "made\n", "proc/sys/kernel/hostname");
    write_topology(shape, root);
    for (int node = 0; node < shape->packages * shape->nodes; node++)
        write_node(root, node);
}

Host *machine_host(const MachineShape *shape)
{
    g_autofree char *root = g_dir_make_tmp("kvmtune-machine-XXXXXX", NULL);
    const char *const tidy[] = {"rm", "-rf", root, NULL};
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_assert_nonnull(root);
    machine_write(shape, root);
    Host *host = host_read(root, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < host->topology->cpus->len && host->load != NULL; i++)
        host->load[i] = NUM(i * 37 % 1000);
    g_assert_true(g_spawn_sync(
        NULL, (char **)tidy, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    return host;
}

char *machine_domain_xml(const char *name, guint number, guint vcpus, int first)
{
    g_autoptr(GString) pins = g_string_new("  <cputune>\n");

    for (guint n = 0; n < vcpus && first >= 0; n++)
        g_string_append_printf(pins, "    <vcpupin vcpu='%u' cpuset='%d'/>\n", n, first + (int)n);
    g_string_append(pins, "  </cputune>\n");
    return g_strdup_printf("<domain type='test'>\n  <name>%s</name>\n"
                           "  <uuid>6f1d2c4e-58a7-4c0b-9e31-%012x</uuid>\n"
                           "  <memory unit='KiB'>4194304</memory>\n  <vcpu>%u</vcpu>\n%s"
                           "  <os><type>hvm</type></os>\n</domain>\n",
        name, number, vcpus, first >= 0 ? pins->str : "");
}

static DomainView *make_view(guint number, guint vcpus, int first)
{
    g_autofree char *name = g_strdup_printf("vm%u", number);
    DomainView *view = g_new0(DomainView, 1);
    Domain *domain = g_new0(Domain, 1);

    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup(name);
    domain->uuid = g_strdup_printf("6f1d2c4e-58a7-4c0b-9e31-%012x", number);
    domain->id = (int)number + 1;
    domain->state = DOMAIN_RUNNING;
    domain->persistent = TRUE;
    domain->xml_live = machine_domain_xml(name, number, vcpus, first);
    domain->xml_config = g_strdup(domain->xml_live);
    domain->live = domain_config_parse(domain->xml_live, NULL);
    domain->config = domain_config_parse(domain->xml_config, NULL);
    g_assert_nonnull(domain->live);
    view->domain = domain;
    return view;
}

Snapshot *machine_snapshot(Host *host, guint count, guint vcpus)
{
    Snapshot *snapshot = snapshot_new("");
    int cpus = (int)host->topology->cpus->len;

    snapshot->host = host;
    snapshot->link.state = LINK_UP;
    snapshot->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_view_free);
    for (guint i = 0; i < count; i++) {
        int first = i % 3 == 2 ? -1 : (int)(i * vcpus) % MAX(1, cpus - (int)vcpus + 1);
        g_ptr_array_add(snapshot->domains, make_view(i, vcpus, first));
    }
    return snapshot;
}
