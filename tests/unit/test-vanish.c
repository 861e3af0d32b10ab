/* Files that come, go and change while they are read, as the kernel's do when a node or a module
 * goes: what a picture holds of one is its value before or after, or unknown. */
#include "core/host/host-json.h"
#include "core/host/host.h"

#include "tests/unit/tree.h"

#include <glib/gstdio.h>

#define PICTURES 300
#define POOL     "/sys/devices/system/node/node0/hugepages/hugepages-2048kB"

/* What is there in turn with not at all; its value is 7. */
static const char *const files[] = {"/sys/kernel/mm/ksm/pages_shared",
    "/sys/devices/system/node/node0/meminfo", POOL "/nr_hugepages", POOL "/free_hugepages",
    "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan",
    "/sys/devices/system/cpu/cpu1/topology/core_id", "/proc/meminfo"};

typedef struct {
    const Tree *tree;
    gint ended;
} Hand;

static void put(const Tree *tree, const char *path)
{
    if (g_str_has_suffix(path, "node0/meminfo"))
        tree_put(tree, path, "Node 0 MemTotal: 7 kB\n");
    else
        tree_put(tree, path, g_str_has_suffix(path, "/meminfo") ? "MemTotal: 7 kB\n" : "7\n");
}

static void take_away(const Tree *tree, const char *path)
{
    g_autofree char *full = g_strconcat(tree->root, path, NULL);

    g_assert_cmpint(g_remove(full), ==, 0);
    /* The folder goes with its last file, as a page size does. */
    g_autofree char *folder = g_path_get_dirname(full);
    if (g_str_has_suffix(folder, "kB"))
        g_rmdir(folder);
}

static gpointer come_and_go(gpointer data)
{
    Hand *hand = data;

    while (!g_atomic_int_get(&hand->ended)) {
        for (guint i = 0; i < G_N_ELEMENTS(files); i++)
            take_away(hand->tree, files[i]);
        for (guint i = 0; i < G_N_ELEMENTS(files); i++)
            put(hand->tree, files[i]);
    }
    return NULL;
}

/* Seven, or not known: a file that is just being written is empty. */
static void assert_seven(Num number)
{
    if (number.known)
        g_assert_cmpint(number.value, ==, 7);
}

static void look_at(const Host *host)
{
    const NodeMemory *node = host_node(host, 0);

    g_assert_nonnull(node);
    assert_seven(node->memory_kib);
    for (guint i = 0; i < node->pools->len; i++) {
        const HugePool *pool = &g_array_index(node->pools, HugePool, i);
        assert_seven(pool->total);
        assert_seven(pool->free);
    }
    assert_seven(kernel_file_number(host->ksm, "pages_shared"));
    assert_seven(kernel_file_number(host->khugepaged, "pages_to_scan"));
    assert_seven(kernel_file_number(host->meminfo, "MemTotal"));
    g_assert_cmpuint(host->topology->cpus->len, ==, 2);
    g_autofree char *json = host_to_json(host);
    g_assert_nonnull(json);
}

static void test_vanish(Tree *tree, gconstpointer unused)
{
    Hand hand = {.tree = tree};
    g_autoptr(Host) before = NULL;

    (void)unused;
    tree_put(tree, "/sys/devices/system/cpu/present", "0-1\n");
    tree_put(tree, "/sys/devices/system/cpu/online", "0-1\n");
    tree_put(tree, "/sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
    tree_put(tree, "/sys/devices/system/node/node0/cpulist", "0-1\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(tree, files[i]);
    GThread *thread = g_thread_new("hand", come_and_go, &hand);
    for (guint i = 0; i < PICTURES; i++) {
        g_autoptr(GError) error = NULL;
        Host *host = host_read(tree->root, before, &error);
        g_assert_no_error(error);
        look_at(host);
        host_unref(before);
        before = host;
    }
    g_atomic_int_set(&hand.ended, 1);
    g_thread_join(thread);

    /* Once they stay, they are known again. */
    g_autoptr(Host) host = host_read(tree->root, before, NULL);
    g_assert_nonnull(host);
    g_assert_true(kernel_file_number(host->ksm, "pages_shared").known);
    g_assert_true(host_node(host, 0)->memory_kib.known);
    g_assert_cmpuint(host_node(host, 0)->pools->len, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/host/vanish", Tree, NULL, tree_setup, test_vanish, tree_teardown);
    return g_test_run();
}
