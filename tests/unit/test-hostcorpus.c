/* Every machine of ../shared/corpus/hwloc comes out as its raw files say; so do machines made of
 * them by taking CPUs, nodes and files away, and made-up ones that no corpus holds. */
#include "tests/unit/archives.h"
#include "tests/unit/hosttruth.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define CPUS  "sys/devices/system/cpu"
#define NODES "sys/devices/system/node"

static gboolean run(const char *const *command)
{
    int status = -1;

    return g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
               &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static void drop(const char *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void drop(const char *root, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *full = g_build_filename(root, path, NULL);
    nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_assert_false(g_file_test(full, G_FILE_TEST_EXISTS));
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
    g_remove(full); /* it may be read-only */
    g_assert_true(g_file_set_contents_full(full, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static char *get(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    char *text = NULL;

    g_file_get_contents(full, &text, NULL, NULL);
    return text;
}

/* The numbers of the folders "cpu7" or "node1", ascending. */
static GArray *numbers(const char *root, const char *folder, const char *prefix)
{
    g_autofree char *path = g_build_filename(root, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(int));

    for (int id = 0; dir && id < 512; id++) {
        g_autofree char *name = g_strdup_printf("%s/%s%d", path, prefix, id);
        if (g_file_test(name, G_FILE_TEST_IS_DIR))
            g_array_append_val(found, id);
    }
    return found;
}

/* ---- the changes: each leaves a tree that some kernel, or some bad copy, could have ---- */

static void keep_online(const char *root, gboolean (*stays)(guint i, guint count))
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");
    g_autoptr(GString) online = g_string_new(NULL), offline = g_string_new(NULL);

    for (guint i = 0; i < cpus->len; i++) {
        int id = g_array_index(cpus, int, i);
        GString *list = stays(i, cpus->len) ? online : offline;
        g_string_append_printf(list, list->len ? ",%d" : "%d", id);
        if (list == offline) { /* the kernel takes these away */
            drop(root, CPUS "/cpu%d/topology", id);
            drop(root, CPUS "/cpu%d/cache", id);
        }
        put(root, list == online ? "1\n" : "0\n", CPUS "/cpu%d/online", id);
    }
    put(root, online->str, CPUS "/online");
    put(root, offline->str, CPUS "/offline");
}

static gboolean not_the_first(guint i, guint count)
{
    return i > 0 || count == 1;
}

static void cpu0_offline(const char *root)
{
    keep_online(root, not_the_first);
}

static gboolean not_every_third(guint i, guint count)
{
    return i % 3 != 1 || count == 1;
}

static void some_offline(const char *root)
{
    keep_online(root, not_every_third);
}

static void more_possible(const char *root)
{
    put(root, "0-4095\n", CPUS "/possible");
}

static void more_present(const char *root)
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");
    int last = cpus->len ? g_array_index(cpus, int, cpus->len - 1) : 0;
    g_autofree char *present = g_strdup_printf("0-%d\n", last + 5);

    put(root, present, CPUS "/present");
}

/* The same sets, written as no kernel does but as the format allows. */
static void reordered_sets(const char *root)
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");

    for (guint i = 0; i < cpus->len; i++) {
        int id = g_array_index(cpus, int, i);
        g_autofree char *path = g_strdup_printf(CPUS "/cpu%d/topology/thread_siblings_list", id);
        g_autofree char *text = get(root, path);
        g_auto(GStrv) parts = g_strsplit(text ? g_strchomp(text) : "", ",", -1);
        g_autoptr(GString) reversed = g_string_new(NULL);
        for (guint j = g_strv_length(parts); j-- > 0;)
            g_string_append_printf(reversed, "%s,", parts[j]);
        g_string_append_printf(reversed, "%d\n", id); /* and once more */
        if (parts[0])
            put(root, reversed->str, "%s", path);
    }
}

/* Old kernels have masks only. */
static void masks_only(const char *root)
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu"), nodes = numbers(root, NODES, "node");

    for (guint i = 0; i < cpus->len; i++) {
        int id = g_array_index(cpus, int, i);
        drop(root, CPUS "/cpu%d/topology/thread_siblings_list", id);
        drop(root, CPUS "/cpu%d/topology/core_cpus_list", id);
        for (int cache = 0; cache < 5; cache++)
            drop(root, CPUS "/cpu%d/cache/index%d/shared_cpu_list", id, cache);
    }
    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *map =
            g_strdup_printf("%s/" NODES "/node%d/cpumap", root, g_array_index(nodes, int, i));
        if (g_file_test(map, G_FILE_TEST_EXISTS))
            drop(root, NODES "/node%d/cpulist", g_array_index(nodes, int, i));
    }
}

static void files_missing(const char *root)
{
    static const char *const names[] = {
        "topology/core_id", "topology/physical_package_id", "cache", "topology"};
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");

    for (guint i = 0; i < MIN(cpus->len, G_N_ELEMENTS(names)); i++)
        drop(root, CPUS "/cpu%d/%s", g_array_index(cpus, int, i), names[i]);
}

/* The numbers of the caches say nothing of their levels. */
static void caches_renamed(const char *root)
{
    static const int odd[] = {9, 4, 7, 2, 0};
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");

    for (guint i = 0; i < cpus->len; i++) {
        g_autofree char *folder =
            g_strdup_printf("%s/" CPUS "/cpu%d/cache", root, g_array_index(cpus, int, i));
        for (int cache = 4; cache >= 0; cache--) {
            g_autofree char *from = g_strdup_printf("%s/index%d", folder, cache);
            g_autofree char *over = g_strdup_printf("%s/odd%d", folder, cache);
            g_rename(from, over);
        }
        for (int cache = 0; cache < 5; cache++) {
            g_autofree char *over = g_strdup_printf("%s/odd%d", folder, cache);
            g_autofree char *to = g_strdup_printf("%s/index%d", folder, odd[cache]);
            g_rename(over, to);
        }
    }
}

static void more_levels(const char *root)
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");

    for (guint i = 0; i < cpus->len; i++) {
        int id = g_array_index(cpus, int, i);
        put(root, "0\n", CPUS "/cpu%d/topology/die_id", id);
        put(root, "-1\n", CPUS "/cpu%d/topology/cluster_id", id);
        put(root, i % 2 ? "446\n" : "1024\n", CPUS "/cpu%d/cpu_capacity", id);
    }
}

/* Of the first node the memory, of the last the CPUs, between them the distances. */
static void nodes_bare(const char *root)
{
    g_autoptr(GArray) nodes = numbers(root, NODES, "node");

    for (guint i = 0; i < nodes->len; i++) {
        int id = g_array_index(nodes, int, i);
        if (i == 0)
            drop(root, NODES "/node%d/meminfo", id);
        if (i == 0 || i % 2)
            put(root, "10", NODES "/node%d/distance", id); /* cut off, where there are more */
        else
            drop(root, NODES "/node%d/distance", id);
        if (i > 0 && i + 1 == nodes->len) {
            put(root, "\n", NODES "/node%d/cpulist", id);
            put(root, "00000000\n", NODES "/node%d/cpumap", id);
        }
    }
}

static void nodes_sparse(const char *root)
{
    g_autoptr(GArray) nodes = numbers(root, NODES, "node");

    if (nodes->len == 0)
        return;
    int last = g_array_index(nodes, int, nodes->len - 1);
    g_autofree char *from = g_strdup_printf("%s/" NODES "/node%d", root, last);
    g_autofree char *to = g_strdup_printf("%s/" NODES "/node255", root);
    g_assert_cmpint(g_rename(from, to), ==, 0);
}

static void cut_off(const char *root)
{
    static const char *const files[] = {"proc/meminfo", NODES "/node0/meminfo"};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = get(root, files[i]);
        if (text == NULL)
            continue;
        text[strlen(text) * 2 / 3] = '\0';
        put(root, text, "%s", files[i]);
    }
    put(root, "", "sys/kernel/mm/ksm/run");
}

static void lists_missing(const char *root)
{
    drop(root, CPUS "/online");
    drop(root, CPUS "/present");
    drop(root, CPUS "/possible");
    drop(root, CPUS "/isolated");
}

static void no_nodes(const char *root)
{
    drop(root, NODES);
}

static void no_topology(const char *root)
{
    g_autoptr(GArray) cpus = numbers(root, CPUS, "cpu");

    for (guint i = 0; i < cpus->len; i++)
        drop(root, CPUS "/cpu%d/topology", g_array_index(cpus, int, i));
}

static const struct {
    const char *name;
    void (*change)(const char *root);
} changes[] = {
    {"more levels", more_levels},
    {"CPUs possible, not present", more_possible},
    {"sets reordered", reordered_sets},
    {"caches renamed", caches_renamed},
    {"every third CPU offline", some_offline},
    {"CPU 0 offline", cpu0_offline},
    {"CPUs present without a folder", more_present},
    {"files missing", files_missing},
    {"nodes without memory, CPUs, distances", nodes_bare},
    {"a node of a high number", nodes_sparse},
    {"files cut off", cut_off},
    {"masks only", masks_only},
    {"lists missing", lists_missing},
    {"no nodes", no_nodes},
    {"no topology", no_topology},
};

/* Each on top of the ones before it: the tree gets odder and odder. */
static void check_changed(const char *root)
{
    const char *const writable[] = {"chmod", "-R", "u+w", root, NULL};

    g_assert_true(run(writable));
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_test_message("%s", changes[i].name);
        changes[i].change(root);
        check_host(root, TRUE);
    }
}

/* ---- machines ---- */

static void check_machine(const char *root)
{
    check_host(root, TRUE);
    check_changed(root);
}

/* A machine of @cpus threads, two a core, eight cores a node; node and CPU numbers are @step apart.
 */
static void make_machine(const char *root, int cpus, int step)
{
    g_autoptr(GString) online = g_string_new(NULL);
    int nodes = MAX(1, cpus / 16);

    for (int i = 0; i < cpus; i++) {
        int id = i * step, first = i / 2 * 2 * step, node = MIN(i / 16, nodes - 1);
        g_autofree char *core = g_strdup_printf("%d,%d\n", first, first + step);
        g_autofree char *core_id = g_strdup_printf("%d\n", i / 2 % 8);
        g_autofree char *package = g_strdup_printf("%d\n", node / 2 * 3);
        g_string_append_printf(online, i ? ",%d" : "%d", id);
        put(root, core, CPUS "/cpu%d/topology/thread_siblings_list", id);
        put(root, core_id, CPUS "/cpu%d/topology/core_id", id);
        put(root, package, CPUS "/cpu%d/topology/physical_package_id", id);
        put(root, "1\n", CPUS "/cpu%d/cache/index0/level", id);
        put(root, core, CPUS "/cpu%d/cache/index0/shared_cpu_list", id);
    }
    put(root, online->str, CPUS "/online");
    put(root, online->str, CPUS "/present");
    put(root, "\n", CPUS "/isolated");
    put(root, "MemTotal:       1048576 kB\nHugePages_Total:       4\n", "proc/meminfo");
    for (int node = 0; node < nodes; node++) {
        g_autoptr(GString) list = g_string_new(NULL), distance = g_string_new(NULL);
        for (int i = node * 16; i < MIN(cpus, node * 16 + 16); i++)
            g_string_append_printf(list, list->len ? ",%d" : "%d", i * step);
        for (int other = 0; other < nodes; other++)
            g_string_append_printf(distance, other ? " %d" : "%d", other == node ? 10 : 21);
        put(root, list->str, NODES "/node%d/cpulist", node * step);
        put(root, distance->str, NODES "/node%d/distance", node * step);
        put(root, "Node 0 MemTotal: 65536 kB\nNode 0 MemFree: 0 kB\n", NODES "/node%d/meminfo",
            node * step);
        put(root, "3\n", NODES "/node%d/hugepages/hugepages-2048kB/nr_hugepages", node * step);
        put(root, "1\n", NODES "/node%d/hugepages/hugepages-1048576kB/free_hugepages", node * step);
    }
}

/* CPUs and the step between their numbers: one CPU, a large machine, sparse numbers. */
static const int made_up[][2] = {{1, 1}, {256, 1}, {40, 7}};

static void test_made_up(gconstpointer data)
{
    const int *size = data;
    g_autofree char *root = g_dir_make_tmp("kvmtune-made-up-XXXXXX", NULL);

    g_assert_nonnull(root);
    make_machine(root, size[0], size[1]);
    check_host(root, TRUE);
    check_changed(root);
    drop("/", "%s", root);
}

static void test_local(void)
{
    check_host("", FALSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    archives_add_tests("hostcorpus", check_machine);
    for (guint i = 0; i < G_N_ELEMENTS(made_up); i++) {
        g_autofree char *test = g_strdup_printf("/hostcorpus/made-up/%d", made_up[i][0]);
        g_test_add_data_func(test, made_up[i], test_made_up);
    }
    g_test_add_func("/hostcorpus/local", test_local);
    return g_test_run();
}
