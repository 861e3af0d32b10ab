/* core/virt/hugecount: what of a process is in transparent huge pages, and why a count ends early.
 */
#include "core/virt/hugecount.h"
#include "tests/unit/tree.h"

#include <string.h>
#include <unistd.h>

#define MAPS                                                                                       \
    "7f00-7f10 rw-p 00000000 00:00 0\n7e00-7e10 rw-s 00000000 00:01 9 /memfd:ram (deleted)\n"

static void test_sums(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, "/proc/77/maps", MAPS);
    tree_put(tree, "/proc/77/smaps",
        "7f00-7f10 rw-p 00000000 00:00 0\nSize: 9000 kB\nRss:    8192 kB\n"
        "AnonHugePages:      4096 kB\nShmemPmdMapped:        0 kB\nVmFlags: rd wr\n"
        "7e00-7e10 rw-s 00000000 00:01 9 /memfd:ram (deleted)\nRss: 4096 kB\n"
        "AnonHugePages: 2048 kB\nShmemPmdMapped: 2048 kB\nFilePmdMapped: 2 kB\nRssX: 5 kB\n");
    g_autoptr(ProcCount) count = proc_count_new(&huge_count, tree->root, 77);
    proc_count_run(count);
    g_assert_null(count->problem);
    g_assert_cmpint(count->done, ==, 1);
    g_assert_cmpint(count->mappings, ==, 2);
    g_assert_cmpint(count->total, ==, 2);
    g_assert_cmpint(count->resident_kib.value, ==, 12288);
    g_assert_cmpint(count->anon_kib.value, ==, 6144);
    g_assert_cmpint(count->shared_kib.value, ==, 2050);

    /* A kernel that tells no shared ones, absurd figures. */
    tree_put(tree, "/proc/77/smaps",
        "7f00-7f10 rw-p 0 00:00 0\nRss: 18446744073709551615 kB\n"
        "AnonHugePages: 18446744073709551615 kB\nAnonHugePages: 18446744073709551615 kB\n");
    g_autoptr(ProcCount) old = proc_count_new(&huge_count, tree->root, 77);
    proc_count_run(old);
    g_assert_false(old->shared_kib.known);
    g_assert_cmpint(old->anon_kib.value, >, 0);
}

static void assert_problem(ProcCount *count, const char *problem)
{
    proc_count_run(count);
    g_assert_nonnull(count->problem);
    g_assert_nonnull(strstr(count->problem, problem));
    g_assert_false(count->anon_kib.known);
}

static void test_ends(Tree *tree, gconstpointer unused)
{
    (void)unused;
    g_autoptr(ProcCount) gone = proc_count_new(&huge_count, tree->root, 78);
    assert_problem(gone, "the process has ended");
    tree_put(tree, "/proc/77/maps", MAPS);
    g_autoptr(ProcCount) none = proc_count_new(&huge_count, tree->root, 77);
    assert_problem(none, "this kernel has no smaps");
    tree_put(tree, "/proc/77/smaps", "");
    g_autoptr(ProcCount) zombie = proc_count_new(&huge_count, tree->root, 77);
    assert_problem(zombie, "the process has ended");
    tree_put(tree, "/proc/77/smaps", "7f00-7f10 rw-p 0 0:0 0\nRss: 1 kB\nAnonHugePages: 1 kB\n");
    g_autoptr(ProcCount) stopped = proc_count_new(&huge_count, tree->root, 77);
    stopped->stop = 1;
    assert_problem(stopped, "stopped before the end");
}

/* This very process: what the kernel's own sum says, where it has one. */
static void test_real(void)
{
    g_autoptr(ProcCount) count = proc_count_new(&huge_count, "", getpid());

    if (!g_file_test("/proc/self/smaps", G_FILE_TEST_EXISTS)) {
        g_test_skip("this kernel has no smaps");
        return;
    }
    proc_count_run(count);
    g_assert_null(count->problem);
    g_assert_cmpint(count->mappings, >, 5);
    g_assert_cmpint(count->resident_kib.value, >, 0);
    g_assert_true(count->anon_kib.known);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/hugecount/sums", Tree, NULL, tree_setup, test_sums, tree_teardown);
    g_test_add("/hugecount/ends", Tree, NULL, tree_setup, test_ends, tree_teardown);
    g_test_add_func("/hugecount/real", test_real);
    return g_test_run();
}
