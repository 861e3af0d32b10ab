/* core/memoryuse: the parts of the host's memory add up, what is not told is not known, and what
 * the domains may come to need. */
#include "core/snapshot/memoryuse.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tree.h"

#define XML(kib) "<domain type='kvm'><vcpu>1</vcpu><memory unit='KiB'>" kib "</memory></domain>"
#define POOL     "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static Host *read_host(const Tree *tree, const char *meminfo)
{
    g_autoptr(GError) error = NULL;

    tree_put(tree, "/sys/devices/system/cpu/online", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0\n");
    tree_put(tree, "/proc/meminfo", meminfo);
    Host *host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    return host;
}

static void set_usage(Snapshot *snapshot, guint n, Num small, Num rss, guint64 kib)
{
    DomainView *view = g_ptr_array_index(snapshot->domains, n);
    const NodeKib part = {0, kib};

    view->usage = g_new0(DomainUsage, 1);
    view->usage->threads = g_array_new(FALSE, FALSE, sizeof(ThreadUsage));
    view->usage->small_kib = small;
    view->usage->rss_kib = rss;
    if (kib) {
        view->usage->memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
        g_array_append_val(view->usage->memory, part);
    }
}

static void assert_whole(const MemoryUse *use)
{
    gint64 sum = 0;

    for (MemoryPart part = 0; part < USE_PARTS; part++) {
        g_assert_nonnull(memory_part_name(part));
        g_assert_cmpint(num_or(use->parts[part], 0), >=, 0);
        sum += num_or(use->parts[part], 0);
    }
    g_assert_cmpint(sum, ==, use->total.value);
}

static void test_parts(Tree *tree, gconstpointer unused)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_auto(MemoryUse) use;
    (void)unused;

    tree_put(tree, POOL "nr_hugepages", "100\n");
    tree_put(tree, POOL "free_hugepages", "60\n");
    snapshot->host = read_host(tree,
        "MemTotal: 1000000 kB\nMemFree: 100000 kB\nBuffers: 1000 kB\nCached: 90000 kB\n"
        "Shmem: 11000 kB\nSReclaimable: 5000 kB\nSUnreclaim: 7000 kB\nKernelStack: 300 kB\n"
        "PageTables: 700 kB\nSwapTotal: 4000 kB\nSwapFree: 3000 kB\n");
    fixture_domain(snapshot, "a", "u-a", XML("400000"), XML("400000"));
    fixture_domain(snapshot, "b", "u-b", XML("500000"), XML("500000"));
    fixture_domain(snapshot, "c", "u-c", XML("900000"), NULL);
    fixture_domain(snapshot, "d", "u-d", NULL, XML("1000"));
    set_usage(snapshot, 0, NUM(20000), NUM(1), 100000); /* the rest in hugepages */
    /* No hugetlb cgroup, as on most hosts: by its process. */
    set_usage(snapshot, 1, NUM_UNKNOWN, NUM(300000), 0);
    const HugeHeld held = {2048, 40960, NULL};
    DomainUsage *second = ((DomainView *)g_ptr_array_index(snapshot->domains, 1))->usage;
    second->hugetlb = huge_held_new();
    g_array_append_val(second->hugetlb, held);
    memory_use_make(&use, snapshot);

    g_assert_cmpint(use.parts[USE_GUESTS].value, ==, 320000);
    g_assert_cmpint(use.parts[USE_POOL_USED].value, ==, 40 * 2048);
    g_assert_cmpint(use.parts[USE_POOL_FREE].value, ==, 60 * 2048);
    g_assert_cmpint(use.parts[USE_KERNEL].value, ==, 8000);
    g_assert_cmpint(use.parts[USE_CACHE].value, ==, 85000);
    g_assert_cmpint(use.parts[USE_FREE].value, ==, 100000);
    g_assert_cmpint(use.parts[USE_OTHER].value, ==, 1000000 - 320000 - 204800 - 8000 - 185000);
    assert_whole(&use);
    g_assert_cmpuint(use.guests->len, ==, 2);
    g_assert_cmpstr(g_array_index(use.guests, GuestUse, 0).name, ==, "b");
    g_assert_cmpint(g_array_index(use.guests, GuestUse, 0).kib, ==, 340960);
    g_assert_cmpint(g_array_index(use.guests, GuestUse, 1).kib, ==, 100000);
    g_assert_cmpuint(use.guests_unknown, ==, 1);
    g_assert_cmpuint(use.running.domains, ==, 3);
    g_assert_cmpint(use.running.kib, ==, 901000);
    g_assert_cmpuint(use.all.domains, ==, 4);
    g_assert_cmpint(use.all.kib, ==, 1801000);
    g_assert_cmpint(use.swap_free.value, ==, 3000);
}

/* Pages that are counted twice leave no rest below 0. */
static void test_twice(Tree *tree, gconstpointer unused)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_auto(MemoryUse) use;
    (void)unused;

    snapshot->host = read_host(tree, "MemTotal: 1000 kB\nMemFree: 100 kB\n");
    fixture_domain(snapshot, "a", "u-a", NULL, XML("5000"));
    set_usage(snapshot, 0, NUM(5000), NUM(1), 5000);
    memory_use_make(&use, snapshot);
    g_assert_cmpint(use.parts[USE_OTHER].value, ==, 0);
    g_assert_cmpint(use.parts[USE_GUESTS].value, ==, 900);
    g_assert_false(use.parts[USE_KERNEL].known);
    g_assert_false(use.parts[USE_CACHE].known);
    assert_whole(&use);
}

/* Figures that no host has are none: nothing overflows. */
static void test_beyond(Tree *tree, gconstpointer unused)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_auto(MemoryUse) use;
    (void)unused;

    tree_put(tree, POOL "nr_hugepages", "9223372036854775807\n");
    tree_put(tree, POOL "free_hugepages", "9223372036854775807\n");
    snapshot->host =
        read_host(tree, "MemTotal: 9223372036854775807 kB\nSUnreclaim: 9007199254740992 kB\n"
                        "KernelStack: 9007199254740992 kB\nPageTables: -9223372036854775808 kB\n");
    memory_use_make(&use, snapshot);
    g_assert_false(use.total.known);
    g_assert_false(use.parts[USE_POOL_USED].known);
}

static void test_unknown(Tree *tree, gconstpointer unused)
{
    g_autoptr(Snapshot) snapshot = snapshot_new("");
    g_auto(MemoryUse) none, use;
    (void)unused;

    memory_use_make(&none, snapshot);
    g_assert_false(none.total.known);
    snapshot->host = read_host(tree, "rubbish\n");
    memory_use_make(&use, snapshot);
    for (MemoryPart part = 0; part < USE_PARTS; part++)
        g_assert_false(use.parts[part].known);
    g_assert_cmpuint(use.all.domains, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/memoryuse/parts", Tree, NULL, tree_setup, test_parts, tree_teardown);
    g_test_add("/memoryuse/twice", Tree, NULL, tree_setup, test_twice, tree_teardown);
    g_test_add("/memoryuse/beyond", Tree, NULL, tree_setup, test_beyond, tree_teardown);
    g_test_add("/memoryuse/unknown", Tree, NULL, tree_setup, test_unknown, tree_teardown);
    return g_test_run();
}
