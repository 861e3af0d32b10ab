/* The demo's cgroups: where the pages of its QEMU processes are, and how long they wait for memory,
 * as version 2 tells it. */
#include "core/demo/demo-private.h"
#include "core/util/rootfile.h"
#include "core/virt/domain.h"

#include <string.h>

#define SLICE    "/machine.slice"
#define OWN_KIB  184320 /* what QEMU itself takes beside the guest's memory */
#define NODE_MAX DEMO_NODES

/* Where what is told of a domain is not all of it: the share of small pages that lies on each of
 * the first nodes, in 1/100, and how much of its hugepages it has touched. */
static const struct {
    const char *name;
    guint small[NODE_MAX];
    guint touched; /* 1/100 */
} habits[] = {
    {"desktop", {46, 31, 0, 23}, 100},
    {"build", {62, 0, 38, 0}, 50}, /* node 2 was full when it started */
};

static void add_line(GString *out, const char *head, const guint64 *bytes, guint nodes)
{
    g_string_append(out, head);
    for (guint n = 0; n < nodes; n++)
        g_string_append_printf(out, " N%u=%" G_GUINT64_FORMAT, n, bytes[n]);
    g_string_append_c(out, '\n');
}

/* @kib on the nodes of @config's numatune, in equal parts; on the first where it has none. */
static void spread(const DomainConfig *config, guint64 kib, guint64 *bytes, guint nodes)
{
    guint count = config->numatune_nodeset ? idset_count(config->numatune_nodeset) : 0;

    for (guint n = 0; n < nodes; n++)
        if (count ? idset_has(config->numatune_nodeset, (int)n) : n == 0)
            bytes[n] += kib * 1024 / MAX(count, 1);
}

/* The same as the kernel's numa_maps has it, in pages of @page_kib. */
static void add_mapping(
    GString *out, const char *head, const guint64 *bytes, guint nodes, guint64 page_kib)
{
    g_string_append(out, head);
    for (guint n = 0; n < nodes; n++)
        if (bytes[n])
            g_string_append_printf(out, " N%u=%" G_GUINT64_FORMAT, n, bytes[n] / 1024 / page_kib);
    g_string_append_printf(out, " kernelpagesize_kB=%" G_GUINT64_FORMAT "\n", page_kib);
}

static void put_pages(
    DemoState *state, const char *folder, const Domain *domain, int pid, guint nodes)
{
    const DomainConfig *config = domain_now(domain);
    gboolean huge = config->hugepages && !g_str_equal(config->hugepages, "off");
    guint64 memory = (guint64)num_or(config->current_memory_kib, num_or(config->memory_kib, 0));
    guint64 small_kib = OWN_KIB + (huge ? 0 : memory / 5 * 4);
    guint64 small[NODE_MAX] = {0}, pages[NODE_MAX] = {0};
    guint touched = 100, habit = G_N_ELEMENTS(habits);

    for (guint i = 0; i < G_N_ELEMENTS(habits); i++)
        if (g_str_equal(habits[i].name, domain->name))
            habit = i;
    if (habit < G_N_ELEMENTS(habits)) {
        touched = habits[habit].touched;
        for (guint n = 0; n < nodes; n++)
            small[n] = small_kib * 1024 * habits[habit].small[n] / 100;
    } else {
        spread(config, small_kib, small, nodes);
    }
    if (huge)
        spread(config, memory * touched / 100, pages, nodes);

    g_autofree char *pressure = g_strconcat(folder, "/memory.pressure", NULL);
    demo_put(state->root, pressure,
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1029\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=512\n");
    /* QEMU's own and the guest's small pages, two thirds of them in transparent huge pages. */
    g_autofree char *smaps = g_strdup_printf("/proc/%d/smaps", pid);
    demo_putf(state->root, smaps,
        "7f0000000000-7f0000001000 rw-p 00000000 00:00 0\nRss: %" G_GUINT64_FORMAT
        " kB\nAnonHugePages: %" G_GUINT64_FORMAT " kB\nShmemPmdMapped: 0 kB\n",
        small_kib, small_kib * 2 / 3 / 2048 * 2048);
    g_autofree char *stat = g_strconcat(folder, "/memory.stat", NULL);
    demo_putf(state->root, stat, "anon %" G_GUINT64_FORMAT "\nanon_thp %" G_GUINT64_FORMAT "\n",
        small_kib * 1024, small_kib * 2 / 3 / 2048 * 2048 * 1024);
    gboolean giant = huge && strchr(config->hugepages, 'G') != NULL;
    demo_pages_write(state->root, pid, small, pages, huge ? giant ? 1048576 : 2048 : 0);
}

static guint64 sum_of(const guint64 *bytes)
{
    guint64 sum = 0;

    for (guint n = 0; n < DEMO_NODES; n++)
        sum += bytes[n];
    return sum;
}

void demo_pages_write(
    const char *root, int pid, const guint64 *small, const guint64 *huge, guint64 page_kib)
{
    static const struct {
        const char *file;
        guint64 page_kib;
    } sizes[] = {{"hugetlb.2MB.numa_stat", 2048}, {"hugetlb.1GB.numa_stat", 1048576}};
    static const guint64 none[DEMO_NODES];
    g_autoptr(GPtrArray) names = rootfile_list(root, "/sys/devices/system/node", "node");
    guint nodes = MIN(names->len, DEMO_NODES);
    g_autofree char *cgroup = rootfile_readf(root, "/proc/%d/cgroup", pid);
    const char *scope = cgroup ? strchr(cgroup, '/') : NULL;
    g_autofree char *path = g_strndup(scope ? scope : "", scope ? strcspn(scope, "\n") : 0);
    char *end = strstr(path, "/libvirt/");
    if (end == NULL)
        return;
    *end = '\0';

    g_autoptr(GString) text = g_string_new(NULL);
    add_line(text, "anon", small, nodes);
    add_line(text, "file", none, nodes);
    add_line(text, "shmem", none, nodes);
    g_autofree char *numa_stat = g_strdup_printf("/sys/fs/cgroup%s/memory.numa_stat", path);
    demo_put(root, numa_stat, text->str);

    g_autoptr(GString) numa_maps = g_string_new(NULL), maps = g_string_new(NULL);
    add_mapping(numa_maps, "7f0000000000 default anon=1 dirty=1", small, nodes, 4);
    g_string_append_printf(maps, "7f0000000000-%" G_GINT64_MODIFIER "x rw-p 00000000 00:00 0\n",
        G_GUINT64_CONSTANT(0x7f0000000000) + sum_of(small) + (DEMO_NODES << 21));
    if (page_kib) {
        add_mapping(numa_maps, "7e0000000000 bind file=/dev/hugepages/ram huge dirty=1", huge,
            nodes, page_kib);
        g_string_append_printf(maps,
            "7e0000000000-%" G_GINT64_MODIFIER "x rw-p 00000000 00:00 0 /dev/hugepages/ram\n",
            G_GUINT64_CONSTANT(0x7e0000000000) + sum_of(huge));
    }
    g_autofree char *numa_maps_file = g_strdup_printf("/proc/%d/numa_maps", pid);
    g_autofree char *maps_file = g_strdup_printf("/proc/%d/maps", pid);
    demo_put(root, numa_maps_file, numa_maps->str);
    demo_put(root, maps_file, maps->str);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint64 *bytes = sizes[i].page_kib == page_kib ? huge : none;
        g_autofree char *head = g_strdup_printf("total=%" G_GUINT64_FORMAT, sum_of(bytes));
        g_autofree char *file = g_strdup_printf("/sys/fs/cgroup%s/%s", path, sizes[i].file);
        g_autoptr(GString) line = g_string_new(NULL);
        add_line(line, head, bytes, nodes);
        demo_put(root, file, line->str);
    }
}

void demo_pages_put(DemoState *state, const Domain *domain, int pid)
{
    const DomainConfig *config = domain_now(domain);
    gboolean huge = config->hugepages != NULL;
    g_autoptr(GPtrArray) nodes = rootfile_list(state->root, "/sys/devices/system/node", "node");
    g_autofree char *set = config->numatune_nodeset ? idset_format(config->numatune_nodeset) : NULL;
    g_autofree char *seen = g_strdup_printf("%s %s %" G_GINT64_FORMAT,
        huge ? config->hugepages : "off", set ? set : "", num_or(config->current_memory_kib, 0));
    g_autofree char *key = g_strdup_printf("%d", pid);
    g_autofree char *kept = g_key_file_get_string(state->keys, "pages", key, NULL);

    if (g_strcmp0(kept, seen) == 0)
        return;
    g_key_file_set_string(state->keys, "pages", key, seen);
    g_autofree char *scope =
        g_strdup_printf(SLICE "/machine-qemu-%d-%s.scope", domain->id, domain->name);
    g_autofree char *folder = g_strconcat("/sys/fs/cgroup", scope, NULL);
    g_autofree char *cgroup = g_strdup_printf("/proc/%d/cgroup", pid);
    demo_putf(state->root, cgroup, "0::%s/libvirt/emulator\n", scope);
    put_pages(state, folder, domain, pid, MIN(nodes->len, NODE_MAX));
}
