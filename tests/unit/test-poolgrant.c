/* A pool that grows: granted in part and why, in portions, cut short by a signal. */
#include "tests/unit/poolfixture.h"

#include <stdlib.h>
#include <string.h>

/* It failed after the compacting: the pool goes back, the compacting stays done. */
static void grant_six(const char *root)
{
    Tree tree = {(char *)root};
    g_autofree char *path = g_strconcat(root, POOL, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (atoi(text) > 6)
        tree_put(&tree, POOL, "6\n");
}

static void test_short_grant(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *asked, *reason;
        gboolean compact;
    } cases[] = {
        {"10",
            "10 was asked, 6 was granted (node 0 has 100 MiB left, in pieces for 3 more "
            "(buddyinfo: 1 of order 9, 1 of order 10): vm.compact_memory=1 first, drop caches, "
            "or keep it at boot)",
            FALSE},
        {"10",
            "in pieces for 3 more (buddyinfo: 1 of order 9, 1 of order 10), though compacted: "
            "drop caches, or keep it at boot)",
            TRUE},
        {"400",
            "400 was asked, 6 was granted (node 0 has only 100 MiB left: move VMs, drop "
            "caches, or keep it at boot)",
            FALSE},
    };
    (void)data;
    put_pieces(f);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    f->context.settle = grant_six;
    f->context.partial_hint = "a hint";

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", cases[i].asked);
        if (cases[i].compact)
            g_assert_true(
                plan_stage(plan, snapshot, "host", "vm.compact_memory", "1", SCOPE_LIVE, &error));
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i].reason));
        g_assert_true(g_str_has_suffix(error->message, "; everything is as before; a hint"));
        fixture_check_file(f, POOL, "4");
    }
}

/* A pool that grows by much does so in portions, which are counted, and ends where the kernel
 * grants no more: it is asked once more, and not for the rest. */
static guint writes;
static PageMove *stopped; /* by somebody, at the second portion */

static void grant_700(const char *root)
{
    Tree tree = {(char *)root};
    static int last;
    g_autofree char *path = g_strconcat(root, POOL, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    writes += atoi(text) > 4 && atoi(text) != last;
    last = MIN(atoi(text), 700);
    if (atoi(text) > 700)
        tree_put(&tree, POOL, "700\n");
    if (writes == 2 && stopped)
        g_atomic_int_set(&stopped->wish, MOVE_STOPPED);
}

static void test_portions(Fixture *f, gconstpointer data)
{
    (void)data;
    put_pieces(f);
    f->context.settle = grant_700;
    for (guint i = 0; i < 4; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Snapshot) snapshot = fixture_take(f);
        g_autoptr(PageMove) move = page_move_new();
        g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", i == 0 ? "700" : "2000");
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_autofree char *report = NULL;
        MoveResult result;
        writes = 0;
        stopped = i == 2 ? move : NULL;
        f->context.move = move;
        f->context.partial = i == 3;
        guint number = apply_preview(&f->context, preview, &report, &error);
        page_move_look(move, &result);
        g_assert_cmpint(result.kind, ==, MOVE_POOL);
        switch (i) {
        case 0: /* all of it */
            g_assert_no_error(error);
            g_assert_cmpuint(writes, ==, 3);
            g_assert_cmpuint(result.moved, ==, 696 * 2048);
            g_assert_cmpuint(result.total, ==, 696 * 2048);
            fixture_check_file(f, POOL, "700");
            g_assert_cmpuint(fixture_undo(f, 0, &error), >, 0);
            break;
        case 1: /* 256 and 256 and what is left of them, asked for twice: the fifth is not written
                 */
            g_assert_cmpuint(number, ==, 0);
            g_assert_cmpuint(writes, ==, 4);
            g_assert_nonnull(strstr(error->message, "2000 was asked, 700 was granted"));
            break;
        case 2:
            g_assert_cmpuint(writes, ==, 2);
            g_assert_nonnull(strstr(error->message, "516 was granted (stopped by you)"));
            break;
        default:
            g_assert_no_error(error);
            g_assert_nonnull(strstr(report, "700 granted of 2000 asked"));
            fixture_check_file(f, POOL, "700");
            continue;
        }
        fixture_check_file(f, POOL, "4");
    }
    f->context.move = NULL;
}

/* A signal ends a write early: what is left is asked for again. */
static void cut_once(const char *root)
{
    Tree tree = {(char *)root};
    g_autofree char *path = g_strconcat(root, POOL, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (atoi(text) > 100 && writes++ == 0)
        tree_put(&tree, POOL, "100\n");
}

static void test_interrupted(Fixture *f, gconstpointer data)
{
    static const char *const asked[] = {"200", "900"}; /* of one portion, and of several */
    (void)data;
    put_pieces(f);
    f->context.settle = cut_once;
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Snapshot) snapshot = fixture_take(f);
        g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", asked[i]);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        writes = 0;
        g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), >, 0);
        g_assert_no_error(error);
        g_assert_cmpuint(writes, >, 1);
        fixture_check_file(f, POOL, asked[i]);
        writes = 1;
        g_assert_cmpuint(fixture_undo(f, 0, &error), >, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/poolgrant/short", test_short_grant},
        {"/poolgrant/portions", test_portions},
        {"/poolgrant/interrupted", test_interrupted},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, fixture_set_up, tests[i].run, fixture_tear_down);
    return g_test_run();
}
