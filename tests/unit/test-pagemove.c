/* core/virt/pageshares and pagemove: what is to move, and moving it by a kernel of the test's own:
 * several nodes, pages that are pinned, a full node, a stop, a process that ends meanwhile. */
#include "core/util/error.h"
#include "core/virt/pages.h"
#include "tests/unit/pagekernel.h"

#include <errno.h>
#include <numaif.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Moves to @where; what came of it. */
static MoveResult move_to(const char *where, GError **error)
{
    g_autoptr(PageShares) shares = page_shares_parse(where, NULL);
    MoveResult result;

    gboolean moved = page_move_run(pagekernel.move, pagekernel.tree->root, PAGEKERNEL_PID, shares,
        &pagekernel_calls, NULL, error);
    g_assert_cmpint(moved, ==, error == NULL || *error == NULL);
    g_assert_false(page_move_look(pagekernel.move, &result));
    page_move_unref(pagekernel.move);
    pagekernel.move = NULL;
    return result;
}

static void test_move(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(pagekernel_count(2), ==, 2700);
    g_assert_cmpuint(result.total, ==, 2700 * 4);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_false(result.stopped);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "10.5 MiB of 10.5 MiB moved");

    pagekernel_begin(tree); /* what is on a node of the set stays there */
    result = move_to("1-2", NULL);
    g_assert_cmpuint(pagekernel_count(0), ==, 0);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_assert_cmpuint(pagekernel_count(1), >=, 1200 + 740);
    g_assert_cmpuint(pagekernel_count(2), >=, 740);

    pagekernel_begin(tree);
    result = move_to("0-1", NULL);
    g_assert_cmpuint(result.total, ==, 0);
    g_autofree char *none = page_move_text(&result);
    g_assert_cmpstr(none, ==, "all are there already");
    g_assert_cmpuint(pagekernel.calls, ==, 0);
}

/* There and back: the parts are as they were. */
static void test_parts(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    move_to("2", NULL);
    pagekernel_tell();
    pagekernel.move = page_move_new();
    MoveResult result = move_to("0:56,1:44", NULL);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_cmpuint(pagekernel_count(2), ==, 0);
    g_assert_cmpuint(pagekernel_count(0), >=, 1500);
    g_assert_cmpuint(pagekernel_count(0), <=, 1530);
}

/* Each page that stays is told by its reason, and the others move all the same. */
static void test_stays(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    for (guint i = 1; i < 40; i += 10)
        pagekernel.pinned[i] = TRUE;
    for (guint i = 2; i < 30; i += 10)
        pagekernel.shared[i] = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 4 * 4);
    g_assert_cmpuint(result.stayed[STAYS_SHARED], ==, 3 * 4);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 0);
    g_assert_cmpuint(result.moved, ==, (2700 - 7) * 4);
    g_assert_cmpuint(pagekernel_count(2), ==, 2693);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==,
        "10.5 MiB of 10.5 MiB moved, 16 KiB stay (pinned or in use), 12 KiB stay (shared with "
        "other processes)");

    pagekernel_begin(tree);
    pagekernel.room = 100;
    result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 400);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 2600 * 4);
    g_assert_cmpuint(result.stayed_huge, ==, 0);

    /* What was not tried any more is told as well, and that it is in hugepages. */
    pagekernel_begin(tree);
    pagekernel.room = 100;
    tree_put(tree, "/proc/77/numa_maps",
        "10000000 default file=/dev/hugepages/x huge dirty=2700 N0=1500 N1=1200 "
        "kernelpagesize_kB=4\n");
    result = move_to("2", NULL);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 2600 * 4);
    g_assert_cmpuint(result.stayed_huge, ==, 2600 * 4);
}

static void test_stop(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    pagekernel.stops_at = 1;
    MoveResult result = move_to("2", NULL);
    g_assert_true(result.stopped);
    g_assert_cmpuint(result.moved, >, 0);
    g_assert_cmpuint(result.moved, <, result.total);
    g_assert_cmpuint(pagekernel_count(2) * 4, ==, result.moved);
}

static gpointer let_go(gpointer data)
{
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpuint(*(guint *)data, ==, 0); /* nothing was moved until now */
    g_atomic_int_set(&pagekernel.move->wish, MOVE_RUNS);
    return NULL;
}

static void test_pause(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    pagekernel.move->wish = MOVE_PAUSED;
    GThread *thread = g_thread_new("let go", let_go, &pagekernel.calls);
    MoveResult result = move_to("2", NULL);
    g_thread_join(thread);
    g_assert_cmpuint(result.moved, ==, result.total);
}

static void test_ends(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    (void)unused;

    pagekernel_begin(tree);
    pagekernel.ends_at = 2;
    move_to("2", &error);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_assert_nonnull(strstr(error->message, "process 77 ended while its pages were moved"));
    g_clear_error(&error);

    pagekernel_begin(tree);
    tree_put(tree, "/proc/77/numa_maps", "");
    move_to("2", &error);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
}

/* Where the cpuset lets no page out, the kernel moves whole nodes. */
static void test_caged(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    pagekernel.caged = TRUE;
    for (guint i = 1; i < 40; i += 10)
        pagekernel.pinned[i] = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(pagekernel_count(2), ==, 2696);
    g_assert_cmpuint(result.moved, ==, 2696 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 16);

    pagekernel_begin(tree); /* and a part of a node not at all */
    pagekernel.caged = TRUE;
    result = move_to("0:30,2:70", NULL);
    g_assert_cmpuint(pagekernel_count(0), ==, 1500);
    g_assert_cmpuint(result.moved, ==, 1200 * 4);
    g_assert_cmpuint(result.stayed[STAYS_PART], ==, 690 * 4);
}

/* It is stopped between two nodes, and what was not tried is no page that stays. */
static void test_caged_stop(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    pagekernel.caged = TRUE;
    pagekernel.wishes = MOVE_STOPPED;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpint(pagekernel.migrations, ==, 1);
    g_assert_true(result.stopped);
    g_assert_cmpuint(pagekernel_count(0), ==, 0);
    g_assert_cmpuint(pagekernel_count(1), ==, 1200);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 0);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "5.9 MiB of 10.5 MiB moved; stopped before the end");
}

static gpointer go_on_later(gpointer data)
{
    (void)data;
    while (g_atomic_int_get(&pagekernel.migrations) == 0)
        g_usleep(1000);
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpint(g_atomic_int_get(&pagekernel.migrations), ==, 1); /* it waits */
    g_atomic_int_set(&pagekernel.move->wish, MOVE_RUNS);
    return NULL;
}

static void test_caged_pause(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    pagekernel.caged = TRUE;
    pagekernel.wishes = MOVE_PAUSED;
    GThread *thread = g_thread_new("go on", go_on_later, NULL);
    MoveResult result = move_to("2", NULL);
    g_thread_join(thread);
    g_assert_cmpint(pagekernel.migrations, ==, 2);
    g_assert_cmpuint(result.moved, ==, result.total);
    g_assert_false(result.stopped);
}

static void test_shares(void)
{
    static const char *const bad[] = {
        "", "x", "0:", "0:0", "0:101", "1:50,0:50", "0:1,0:1", "-1", "0,1:5", "99999999:1", "0:1,"};
    static const struct {
        const char *wanted, *got;
        gboolean meet;
    } rows[] = {
        {"2", "2", TRUE},
        {"2", "0:3,2:97", TRUE},
        {"2", "0:4,2:96", FALSE},
        {"0-1", "1", TRUE},
        {"0:50,1:50", "1", FALSE},
        {"0:50,1:50", "0:47,1:53", TRUE},
        {"0:50,1:50", "0:45,1:55", FALSE},
        {"0:100", "0", TRUE},
        {"", "", TRUE},
        {"", "0", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(page_shares_parse(bad[i], &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(page_shares_meet(rows[i].wanted, rows[i].got), ==, rows[i].meet);
    g_autoptr(GArray) memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    g_autofree char *none = page_shares_text(memory);
    g_assert_cmpstr(none, ==, "");
    const NodeKib parts[] = {{0, 4}, {1, 400}, {3, 596}};
    g_array_append_vals(memory, parts, 3);
    g_autofree char *text = page_shares_text(memory);
    g_assert_cmpstr(text, ==, "1:40,3:60");
}

/* What numa_maps counts and the calls do not find: the kernel's page of zeros. */
static void test_zeros(Tree *tree, gconstpointer unused)
{
    (void)unused;
    pagekernel_begin(tree);
    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        if (pagekernel.nodes[i] == 1) {
            pagekernel.nodes[i] = -EFAULT;
            pagekernel.zeros++;
        }
    pagekernel.tells = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==,
        "5.9 MiB of 10.5 MiB moved, 4.7 MiB were gone, or are the kernel's page of zeros or marked "
        "by NUMA balancing");
}

/* Marks all of node 0 and a third of node 1. */
static void begin_marked(const Tree *tree)
{
    pagekernel_begin(tree);
    pagekernel.tells = TRUE;
    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        pagekernel.marked[i] = pagekernel.nodes[i] == 0 || (pagekernel.nodes[i] == 1 && i % 3 == 0);
}

/* Pages that NUMA balancing has marked are not shown by move_pages, and move all the same. */
static void test_marked(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin_marked(tree);
    pagekernel.shared[8] = TRUE; /* shared, and seen: told by its reason */
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(pagekernel_count(0), ==, 0);
    g_assert_cmpint(pagekernel.migrations, ==, 2);
    g_assert_cmpuint(result.moved + result.stayed[STAYS_SHARED], ==, result.total);

    /* One that stayed at first and went along in the end is not told twice. */
    begin_marked(tree);
    pagekernel.pinned[8] = TRUE;
    result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 2699 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 4);
    g_assert_cmpuint(pagekernel_count(2), ==, 2699);

    /* A part of a node is not to be had so; it is told. */
    begin_marked(tree);
    result = move_to("0:30,2:70", NULL);
    g_assert_cmpuint(pagekernel_count(0), ==, 1500);
    g_assert_cmpuint(pagekernel_count(1), ==, 0);
    g_assert_cmpuint(result.moved, <, result.total);
    g_autofree char *text = page_move_text(&result);
    g_assert_nonnull(strstr(text, "or marked by NUMA balancing"));

    /* Who stops it before finds them where they were. */
    begin_marked(tree);
    pagekernel.stops_at = 1;
    result = move_to("2", NULL);
    g_assert_true(result.stopped);
    g_assert_cmpint(pagekernel.migrations, ==, 0);
    g_assert_cmpuint(pagekernel_count(0), ==, 1500);
}

/* As libvirt's nodeset: the kernel takes along what it can, at once; *@data (where it is not NULL)
 * is what was seen of that half-way. */
static gboolean take_along(gpointer data, GError **error)
{
    if (pagekernel.ends_at) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "libvirt says no");
        return FALSE;
    }
    MoveResult *seen = data;
    for (guint i = 0; i < PAGEKERNEL_PAGES / 2; i++) {
        if (pagekernel.nodes[i] >= 0)
            pagekernel.nodes[i] = 2;
        if (i != PAGEKERNEL_PAGES / 4 || seen == NULL)
            continue;
        pagekernel_tell();
        for (seen->moved = 0; seen->moved == 0; g_usleep(1000))
            g_assert_true(page_move_look(pagekernel.move, seen));
    }
    pagekernel_tell();
    return TRUE;
}

/* As a cgroup: all of them, and 10% more that are none of the guest's. */
static GArray *look_along(gpointer data)
{
    g_autofree char *text = NULL;
    g_autofree char *path = g_strconcat(pagekernel.tree->root, "/proc/77/numa_maps", NULL);
    GArray *memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    (void)data;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (int node = 0; node < 3; node++) {
        g_autofree char *key = g_strdup_printf(" N%d=", node);
        const char *at = strstr(text, key);
        guint64 pages = at ? g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
        node_kib_add(memory, node, pages * 4 * 11 / 10);
    }
    return memory;
}

/* While it goes on it is seen, in parts of what is to move; and where nobody can look, not. */
static void test_first_seen(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PageShares) shares = page_shares_parse("2", NULL);
    MoveResult seen, result;
    const MoveFirst first = {take_along, look_along, &seen};
    (void)unused;

    pagekernel_begin(tree);
    g_assert_true(page_move_run(
        pagekernel.move, tree->root, PAGEKERNEL_PID, shares, &pagekernel_calls, &first, &error));
    g_assert_cmpint(seen.call, ==, MOVES_ALL);
    g_assert_cmpuint(seen.total, ==, 2700 * 4);
    g_assert_cmpuint(
        seen.moved, >=, 674 * 4); /* a quarter, of 3000 with those that are not there */
    g_assert_cmpuint(seen.moved, <=, 677 * 4);
    page_move_look(pagekernel.move, &result);
    g_assert_cmpint(result.call, ==, MOVES_PORTIONS);
    g_assert_cmpuint(result.at_once, ==, 1350 * 4);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    page_move_unref(pagekernel.move);
}

/* What it moved is counted, and what it left moves in portions. */
static void test_first(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PageShares) shares = page_shares_parse("2", NULL);
    const MoveFirst first = {take_along, NULL, NULL};
    MoveResult result;
    (void)unused;

    pagekernel_begin(tree);
    g_assert_true(page_move_run(
        pagekernel.move, tree->root, PAGEKERNEL_PID, shares, &pagekernel_calls, &first, &error));
    page_move_look(pagekernel.move, &result);
    g_assert_cmpuint(result.at_once, ==, 1350 * 4);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_cmpuint(pagekernel_count(2), ==, 2700);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "10.5 MiB of 10.5 MiB moved (5.3 MiB by numatune.nodeset)");
    page_move_unref(pagekernel.move);

    pagekernel_begin(tree);
    pagekernel.ends_at = 1;
    g_assert_false(page_move_run(
        pagekernel.move, tree->root, PAGEKERNEL_PID, shares, &pagekernel_calls, &first, &error));
    g_assert_nonnull(strstr(error->message, "libvirt says no"));
    g_assert_cmpuint(pagekernel_count(2), ==, 0);
    page_move_unref(pagekernel.move);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Tree *tree, gconstpointer unused);
    } tests[] = {{"/pagemove/move", test_move}, {"/pagemove/parts", test_parts},
        {"/pagemove/stays", test_stays}, {"/pagemove/stop", test_stop},
        {"/pagemove/pause", test_pause}, {"/pagemove/ends", test_ends},
        {"/pagemove/caged", test_caged}, {"/pagemove/caged-stop", test_caged_stop},
        {"/pagemove/caged-pause", test_caged_pause}, {"/pagemove/zeros", test_zeros},
        {"/pagemove/marked", test_marked}, {"/pagemove/first", test_first},
        {"/pagemove/first-seen", test_first_seen}};

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Tree, NULL, tree_setup, tests[i].test, tree_teardown);
    g_test_add_func("/pagemove/shares", test_shares);
    return g_test_run();
}
