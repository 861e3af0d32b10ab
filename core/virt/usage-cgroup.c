/* What a domain's cgroup says: its memory by node, and the CPUs that a cpuset leaves its threads.
 * Both versions of cgroups (Documentation/admin-guide/cgroup-v2.rst "memory.numa_stat", "HugeTLB",
 * "cpuset.cpus.effective"; cgroup-v1/memory.rst 5.6, cgroup-v1/cpusets.rst).
 *
 * It costs one file a domain, with version 2 one more for its memory pressure, and one for each
 * page size where it has hugepages, all of which make the kernel add up what it counts by CPU: they
 * are read every few seconds, and which cgroup is the domain's once a process. numa_maps would say
 * it page by page, but to read it stops the guest. */
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/pages.h"
#include "core/virt/usage-private.h"

#include <stdlib.h>
#include <string.h>

#define CGROUPS "/sys/fs/cgroup"

/* ---- which cgroup ---- */

/* Whether @controllers ("cpu,cpuacct") has @name. */
static gboolean has_controller(const char *controllers, const char *name)
{
    g_auto(GStrv) names = g_strsplit(controllers, ",", -1);

    return g_strv_contains((const char *const *)names, name);
}

/* The folder of the cgroup that controls @controller for the task whose cgroup file is @file; NULL
 * unknown. Lines are "5:cpuset:/PATH" with version 1, "0::/PATH" with version 2; a host may have
 * both, a controller is in one of them. The caller frees it. */
static char *cgroup_folder(const char *root, const char *file, const char *controller)
{
    g_autofree char *text = rootfile_read(root, file);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    const char *unified = NULL;

    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3);
        if (g_strv_length(parts) != 3 || parts[2][0] != '/' || strstr(parts[2], "/.."))
            continue;
        if (parts[1][0] == '\0')
            unified = strchr(strchr(lines[i], ':') + 1, ':') + 1;
        else if (has_controller(parts[1], controller))
            return g_strconcat(CGROUPS "/", controller, parts[2], NULL);
    }
    if (unified == NULL)
        return NULL;
    g_autofree char *hybrid = g_strconcat(root, CGROUPS "/unified", NULL);
    gboolean is_hybrid = g_file_test(hybrid, G_FILE_TEST_IS_DIR);
    return g_strconcat(CGROUPS, is_hybrid ? "/unified" : "", unified, NULL);
}

/* Cuts the last part off @folder where it is @name, or @name and a number. */
static gboolean cut_part(char *folder, const char *name)
{
    char *slash = strrchr(folder, '/');

    if (slash == NULL || !g_str_has_prefix(slash + 1, name))
        return FALSE;
    const char *after = slash + 1 + strlen(name);
    if (after[strspn(after, "0123456789")] != '\0')
        return FALSE;
    *slash = '\0';
    return TRUE;
}

/* The whole domain's of @folder, its main thread's. libvirt puts that thread in MACHINE/emulator or
 * MACHINE/libvirt/emulator, and names MACHINE "machine-qemu-….scope" or "qemu-….libvirt-qemu". NULL
 * where it is none of these: that cgroup holds others as well, and its figures are not the
 * domain's. Takes @folder. */
static char *machine_folder(char *folder)
{
    if (folder == NULL)
        return NULL;
    gboolean own = cut_part(folder, "emulator");
    own |= cut_part(folder, "libvirt");
    const char *name = strrchr(folder, '/');
    own |= name && g_str_has_prefix(name, "/machine-qemu") && g_str_has_suffix(name, ".scope");
    own |= name && g_str_has_suffix(name, ".libvirt-qemu");
    if (own)
        return folder;
    g_free(folder);
    return NULL;
}

/* ---- its memory ---- */

static int compare_nodes(gconstpointer a, gconstpointer b)
{
    return ((const NodeKib *)a)->node - ((const NodeKib *)b)->node;
}

/* Adds the figures of the line "KEY N0=5 N1=6" or "KEY=11 N0=5 N1=6" of @text, in units of
 * @multiply / @divide KiB. FALSE where there is no such line. */
static gboolean add_line(
    GArray *memory, const char *text, const char *key, guint64 multiply, guint64 divide)
{
    gsize length = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) != 0 || (line[length] != ' ' && line[length] != '='))
            continue;
        const char *end = strchrnul(line, '\n');
        for (const char *p = strstr(line, " N"); p && p < end; p = strstr(p, " N")) {
            char *equals, *after;
            guint64 node = g_ascii_strtoull(p + 2, &equals, 10);
            if (*equals != '=' || node >= IDSET_MAX)
                return FALSE;
            guint64 value = g_ascii_strtoull(equals + 1, &after, 10);
            node_kib_add(memory, (int)node, MIN(value, G_MAXUINT64 / 1024) * multiply / divide);
            p = after;
        }
        return TRUE;
    }
    return FALSE;
}

/* Guest memory is anonymous, or shared memory where the domain has it backed by a file. Version 2
 * counts bytes and what lies in the cgroups below; version 1 (*is_first) counts pages, shared
 * memory among the anonymous, locked pages apart; of the cgroups below only
 * in kernels newer than 3.10; a domain has none of its memory there. */
static gboolean add_small_pages(
    GArray *memory, const char *text, const Host *host, gboolean *is_first)
{
    guint64 page_kib = host ? host->page_kib : 4;

    *is_first = g_str_has_prefix(text, "total=");
    if (*is_first) {
        gboolean below = strstr(text, "\nhierarchical_anon=") != NULL;
        return add_line(memory, text, below ? "hierarchical_anon" : "anon", page_kib, 1) &&
               add_line(
                   memory, text, below ? "hierarchical_unevictable" : "unevictable", page_kib, 1);
    }
    return add_line(memory, text, "anon", 1, 1024) && add_line(memory, text, "shmem", 1, 1024);
}

char *usage_hugetlb_name(guint64 kib)
{
    static const char *const units[] = {"KB", "MB", "GB"};
    guint unit = 0;

    for (; unit < 2 && kib >= 1024 && kib % 1024 == 0; unit++)
        kib /= 1024;
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", kib, units[unit]);
}

/* The pages of the pools, which memory.numa_stat does not count: HugeHeld; NULL unknown. */
static GArray *read_huge_pages(const char *root, const char *folder, const Host *host)
{
    g_autoptr(GArray) all = huge_held_new();

    for (guint i = 0; folder && host && host->pools && i < host->pools->len; i++) {
        guint64 size_kib = g_array_index(host->pools, HugePool, i).size_kib;
        g_autofree char *name = usage_hugetlb_name(size_kib);
        g_autofree char *text = rootfile_readf(root, "%s/hugetlb.%s.numa_stat", folder, name);
        g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(NodeKib));
        if (text == NULL || !(add_line(nodes, text, "hierarchical_total", 1, 1024) ||
                                add_line(nodes, text, "total", 1, 1024)))
            continue;
        g_array_sort(nodes, compare_nodes);
        HugeHeld held = {size_kib, node_kib_sum(nodes), g_array_ref(nodes)};
        g_array_append_val(all, held);
    }
    return all->len ? g_steal_pointer(&all) : NULL;
}

static void add_held(GArray *memory, const GArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const GArray *nodes = g_array_index(all, HugeHeld, i).nodes;
        for (guint n = 0; n < nodes->len; n++) {
            const NodeKib *part = &g_array_index(nodes, NodeKib, n);
            node_kib_add(memory, part->node, part->kib);
        }
    }
}

/* What somebody counted in @previous is not of a cgroup: whoever adds it, adds it again. */
static void take_over(DomainUsage *usage, const DomainUsage *previous)
{
    usage->memory = previous->memory && !previous->counted ? g_array_ref(previous->memory) : NULL;
    usage->small_kib = previous->small_kib;
    usage->pressure = previous->pressure;
}

void usage_read_memory(DomainUsage *usage, const char *root, const Host *host, const Domain *domain,
    const DomainUsage *previous)
{
    const DomainConfig *config = domain_now(domain);
    gboolean huge = config && domain_config_has_hugepages(config);

    if (previous) {
        usage->memory_cgroup = g_strdup(previous->memory_cgroup);
        usage->hugetlb_cgroup = g_strdup(previous->hugetlb_cgroup);
    } else {
        g_autofree char *file = g_strdup_printf("/proc/%d/cgroup", usage->pid);
        usage->memory_cgroup = machine_folder(cgroup_folder(root, file, "memory"));
        usage->hugetlb_cgroup = machine_folder(cgroup_folder(root, file, "hugetlb"));
    }
    if (usage_takes_over(usage, previous)) {
        take_over(usage, previous);
        return;
    }
    if (huge)
        usage->hugetlb = read_huge_pages(root, usage->hugetlb_cgroup, host);
    g_autofree char *text = usage->memory_cgroup
                                ? rootfile_readf(root, "%s/memory.numa_stat", usage->memory_cgroup)
                                : NULL;
    g_autoptr(GArray) memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    gboolean is_first;
    if (text == NULL || !add_small_pages(memory, text, host, &is_first))
        return;
    if (!is_first) { /* version 1 has no such file: it is not asked for at every picture */
        g_autofree char *pressure =
            rootfile_readf(root, "%s/memory.pressure", usage->memory_cgroup);
        pressure_parse(pressure, &usage->pressure);
    }
    guint64 small_kib = node_kib_sum(memory);
    if (huge && usage->hugetlb == NULL)
        return;
    if (huge)
        add_held(memory, usage->hugetlb);
    usage->small_kib = NUM(MIN(small_kib, G_MAXINT64));
    g_array_sort(memory, compare_nodes);
    usage->memory = g_steal_pointer(&memory);
}

GArray *usage_memory_now(const char *root, const Host *host, const Domain *domain, int pid)
{
    DomainUsage usage = {.pid = pid};

    usage_read_memory(&usage, root, host, domain, NULL);
    g_free(usage.memory_cgroup);
    g_free(usage.hugetlb_cgroup);
    g_clear_pointer(&usage.hugetlb, g_array_unref);
    return usage.memory;
}

/* ---- its CPUs ---- */

IdSet *usage_read_cpuset(const char *root, int pid, int tid)
{
    static const char *const names[] = {"cpuset.cpus.effective", "cpuset.effective_cpus"};
    g_autofree char *file = g_strdup_printf("/proc/%d/task/%d/cgroup", pid, tid);
    g_autofree char *folder = cgroup_folder(root, file, "cpuset");

    for (guint i = 0; folder && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = rootfile_readf(root, "%s/%s", folder, names[i]);
        IdSet *cpus = idset_parse_kernel(text);
        if (cpus && !hwloc_bitmap_iszero(cpus))
            return cpus;
        hwloc_bitmap_free(cpus);
    }
    return NULL;
}
