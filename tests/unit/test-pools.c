/* Hugepage pools: what they leave, in which order, compacted first. */
#include "tests/unit/poolfixture.h"

#include <stdlib.h>
#include <string.h>

static void test_at_once(Fixture *f, gconstpointer data)
{
    (void)data;
    put_pieces(f);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    const NodeMemory *node = host_node(snapshot->host, 0);

    g_assert_cmpint(host_pages_at_once(snapshot->host, node, 2048).value, ==, 3);
    g_assert_cmpint(host_pages_at_once(snapshot->host, node, 4096).value, ==, 1);
    g_assert_false(host_pages_at_once(snapshot->host, node, 1048576).known);
    g_assert_false(
        host_pages_at_once(f->snapshot->host, host_node(f->snapshot->host, 0), 2048).known);
}

/* In small pieces: said, compacting is offered, done first, and not "undone". */
static void test_compact_first(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    put_pieces(f);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) few = stage(snapshot, "hugepages.node0.2M", "7");
    g_autoptr(Preview) fits = preview_make(snapshot, few);
    g_assert_cmpuint(fits->offers->len, ==, 0);

    g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", "10");
    g_autoptr(Preview) broken = preview_make(snapshot, plan);
    g_assert_true(warns(broken, "whole ones for 3 pages of 2M: the kernel may grant fewer than 6"));
    g_assert_cmpuint(broken->offers->len, ==, 1);
    g_assert_true(preview_accept(g_ptr_array_index(broken->offers, 0), snapshot, plan, &error));
    g_assert_no_error(error);

    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_false(warns(preview, "whole ones"));
    g_assert_true(warns(preview, COMPACT ": write 1"));
    g_assert_cmpuint(preview->steps->len, ==, 2);
    const Step *first = g_ptr_array_index(preview->steps, 0);
    g_assert_cmpstr(first->key->key, ==, "vm.compact_memory");
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    g_assert_no_error(error);
    fixture_check_file(f, COMPACT, "1");
    fixture_check_file(f, POOL, "10");

    fixture_put(f, COMPACT, "");
    guint undone = fixture_undo(f, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(undone, ==, 2);
    fixture_check_file(f, COMPACT, ""); /* nothing is written to take it back */
    fixture_check_file(f, POOL, "4");
}

/* Staged behind the pool it is done before it all the same. */
static void test_compact_late(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    put_pieces(f);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", "10");
    g_assert_true(plan_stage(plan, snapshot, "host", "vm.compact_memory", "1", SCOPE_BOTH, &error));
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    static const char *const order[] = {"vm.compact_memory", "hugepages.node0.2M"};

    g_assert_cmpuint(preview->steps->len, ==, G_N_ELEMENTS(order));
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        g_assert_cmpstr(
            ((const Step *)g_ptr_array_index(preview->steps, i))->key->key, ==, order[i]);

    /* With --both the pool is kept, and the compacting done now. */
    g_autoptr(Plan) kept = plan_new();
    g_assert_true(plan_stage(kept, snapshot, "host", "hugepages.node0.2M", "10", SCOPE_KEPT, NULL));
    g_assert_true(plan_stage(kept, snapshot, "host", "vm.compact_memory", "1", SCOPE_KEPT, NULL));
    g_autoptr(Preview) both = preview_make(snapshot, kept);
    g_assert_cmpuint(both->errors, ==, 0);
    g_assert_cmpuint(both->steps->len, ==, 3);
    g_assert_true(warns(both, COMPACT ": write 1"));
    g_assert_true(warns(both, "now and at boot: hugepages.node0.2M = 10"));
}

/* A pool of 1G pages beside that of 2M, none in use, on a node of 8 GiB. */
static void put_large(const Fixture *f, const char *pages)
{
    put_pieces(f);
    fixture_put(f, LARGE "/nr_hugepages", pages);
    fixture_put(f, LARGE "/free_hugepages", pages);
    fixture_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
    fixture_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", pages);
    fixture_put(f, "/proc/mounts",
        "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"
        "none /dev/hugepages1G hugetlbfs rw,pagesize=1024M 0 0\n");
}

/* One pool grows into what another gives back: that one is written first, either way round, and
 * what both leave is said. */
static void test_exchange(Fixture *f, gconstpointer data)
{
    static const char *const orders[][2] = {
        {"hugepages.node0.2M", "hugepages.node0.1G"}, {"hugepages.node0.1G", "hugepages.node0.2M"}};
    (void)data;
    put_large(f, "2\n");
    for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Snapshot) snapshot = fixture_take(f);
        g_autoptr(Plan) plan = plan_new();
        for (guint n = 0; n < 2; n++) {
            const char *value = g_str_has_suffix(orders[i][n], "1G") ? "1" : "516";
            g_assert_true(
                plan_stage(plan, snapshot, "host", orders[i][n], value, SCOPE_BOTH, &error));
        }
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_assert_cmpuint(preview->steps->len, ==, 2);
        const Step *first = g_ptr_array_index(preview->steps, 0);
        g_assert_cmpstr(first->key->key, ==, "hugepages.node0.1G");
        g_assert_true(warns(preview, "2M = 516; leaves 100 MiB free on node 0, with its other"));
        g_assert_false(warns(preview, "the kernel may grant"));
        g_assert_true(warns(preview, "pages of 1G that are given up may not be had again"));
        g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), >, 0);
        g_assert_no_error(error);
        /* And back: now the 2M pages go first. */
        g_assert_cmpuint(fixture_undo(f, 0, &error), >, 0);
        g_autoptr(JournalEntry) back = journal_get(f->context.journal, 2 * (i + 1), NULL);
        g_assert_cmpstr(
            ((const Step *)g_ptr_array_index(back->steps, 0))->key->key, ==, "hugepages.node0.2M");
        fixture_check_file(f, POOL, "4");
    }
}

/* Each of two pools would fit, both do not. */
static void test_together(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;
    put_large(f, "0\n");
    fixture_put(f, NODE0 "/meminfo", "Node 0 MemTotal: 8388608 kB\nNode 0 MemFree: 1572864 kB\n");
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", "404");
    g_autoptr(Preview) one = preview_make(snapshot, plan);
    g_assert_false(warns(one, "which has 1.5 GiB free"));
    g_assert_true(
        plan_stage(plan, snapshot, "host", "hugepages.node0.1G", "1", SCOPE_BOTH, &error));
    g_autoptr(Preview) both = preview_make(snapshot, plan);
    g_assert_true(warns(both,
        "this with the node's other pools takes 1.8 GiB more of node 0, which has 1.5 GiB free"));
    g_assert_true(warns(both, "1G: each page of 1G needs as much memory in one piece"));
    g_assert_false(warns(both, "2M: each page"));
    /* When a VM asks, such a page is not made at all. */
    g_assert_false(
        plan_stage(plan, snapshot, "host", "hugepages.overcommit.1G", "1", SCOPE_CONFIG, &error));
    g_assert_nonnull(strstr(error->message, "the kernel makes no page of 1G when a VM asks"));
    g_clear_error(&error);
    g_assert_true(
        plan_stage(plan, snapshot, "host", "hugepages.overcommit.2M", "1", SCOPE_CONFIG, &error));
    g_assert_true(warns(both, "288 MiB more than node 0 has free, with its other pools"));
}

/* More than the node has at all: refused, now and at boot; and said at boot where little is left.
 */
static void test_beyond(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *key, *value;
        PlanScope scope;
        guint errors;
        const char *text;
    } rows[] = {
        {"hugepages.node0.2M", "99999999", SCOPE_BOTH, 1,
            "99999999 pages of 2M are 191 TiB, and node 0 has 8.0 GiB in all: ask for 54 at most, "
            "beside its other pools"},
        {"hugepages.node0.2M", "99999999", SCOPE_CONFIG, 1,
            "99999999 pages of 2M are 191 TiB, and node 0 has 8.0 GiB in all: ask for 4096 at "
            "most"},
        {"hugepages.node0.2M", "99999999", SCOPE_KEPT, 1, "ask for 4096 at most"},
        {"hugepages.node0.2M", "3072", SCOPE_BOTH, 0, "the kernel may grant less"},
        {"hugepages.node0.1G", "9", SCOPE_CONFIG, 1, "ask for 8 at most"},
        {"hugepages.node0.1G", "8", SCOPE_CONFIG, 0,
            "at boot its pools leave 0 KiB of node 0 for all else: the host may not come up"},
        {"hugepages.node0.1G", "7", SCOPE_CONFIG, 0, "at boot: hugepages.node0.1G = 7\n--"},
        {"hugepages.node0.1G", "7", SCOPE_CONFIG, 0,
            "sure by the kernel's arguments, which you add by hand (Memory shows them)"},
    };
    (void)data;
    put_large(f, "2\n");
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = plan_new();
        g_assert_true(
            plan_stage(plan, snapshot, "host", rows[i].key, rows[i].value, rows[i].scope, &error));
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_autofree char *text = preview_text(preview);
        g_assert_cmpuint(preview->errors, ==, rows[i].errors);
        if (strstr(text, rows[i].text) == NULL)
            g_error("%s is not in %s", rows[i].text, text);
    }
    /* What is kept of the other pool counts. */
    fixture_put(f, "/etc/tmpfiles.d/kvmtune.conf", "w " LARGE "/nr_hugepages - - - - 6\n");
    g_autoptr(Snapshot) kept = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    g_assert_true(plan_stage(plan, kept, "host", "hugepages.node0.2M", "1025", SCOPE_CONFIG, NULL));
    g_autoptr(Preview) preview = preview_make(kept, plan);
    g_assert_true(warns(preview, "ask for 1024 at most, beside its other pools"));
}

/* Pages in use stay: they do not come free. */
static void test_in_use(Fixture *f, gconstpointer data)
{
    (void)data;
    put_pieces(f);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = stage(snapshot, "hugepages.node0.2M", "0");
    g_autoptr(Preview) preview = preview_make(snapshot, plan);

    g_assert_true(warns(preview, "2M = 0; leaves 102 MiB free on node 0"));
}

/* A pool without a hugetlbfs helps no VM: said where it grows, and one is offered. */
static void test_mounted(Fixture *f, gconstpointer data)
{
    static const char missing[] = "no hugetlbfs of 2M pages is mounted";
    g_autoptr(GError) error = NULL;
    (void)data;
    put_pieces(f);
    g_autoptr(Snapshot) mounted = fixture_take(f);
    g_autoptr(Plan) plan = stage(mounted, "hugepages.node0.2M", "5");
    g_autoptr(Preview) fine = preview_make(mounted, plan);
    g_assert_false(warns(fine, missing));

    fixture_put(f, "/proc/mounts", "none / ext4 rw 0 0\n");
    g_autoptr(Snapshot) bare = fixture_take(f);
    g_autoptr(Plan) less = stage(bare, "hugepages.node0.2M", "3");
    g_autoptr(Preview) shrunk = preview_make(bare, less);
    g_assert_false(warns(shrunk, missing));
    g_autoptr(Preview) lone = preview_make(bare, plan);
    g_assert_true(warns(lone, missing));
    g_assert_cmpuint(lone->offers->len, ==, 1);
    const PreviewOffer *offer = g_ptr_array_index(lone->offers, 0);
    g_assert_cmpstr(offer->key, ==, "hugetlbfs.2M");
    g_assert_true(preview_accept(offer, bare, plan, &error));
    g_assert_no_error(error);
    g_autoptr(Preview) both = preview_make(bare, plan);
    g_assert_false(warns(both, missing));
    g_assert_true(warns(both, "mount hugetlbfs pagesize=2048K at /dev/hugepages"));

    /* What libvirt uses goes with a word. */
    g_autoptr(Plan) gone = stage(mounted, "hugetlbfs.2M", "/mnt/huge");
    g_autoptr(Preview) unmount = preview_make(mounted, gone);
    g_assert_true(warns(unmount, "libvirt takes its pages from /dev/hugepages"));
    g_assert_true(warns(unmount, "unmount /dev/hugepages"));
}

/* What KSM costs in trust is said where it is turned on, and only there. */
static void test_ksm_said(Fixture *f, gconstpointer data)
{
    static const char channel[] = "a VM can learn by timing";
    (void)data;
    fixture_put(f, "/sys/kernel/mm/ksm/run", "0\n");
    g_autoptr(Snapshot) off = fixture_take(f);
    g_autoptr(Plan) on = stage(off, "ksm.run", "1");
    g_autoptr(Plan) scan = stage(off, "ksm.pages_to_scan", "200");
    g_autoptr(Preview) turned_on = preview_make(off, on);
    g_autoptr(Preview) scanned = preview_make(off, scan);
    g_assert_true(warns(turned_on, channel));
    g_assert_false(warns(scanned, channel));

    g_autoptr(Plan) unmerge = stage(f->snapshot, "ksm.run", "2");
    g_autoptr(Preview) back = preview_make(f->snapshot, unmerge);
    g_assert_true(warns(
        back, "unmerging needs 280 KiB of memory, and 100 KiB is available: the kernel will swap"));
    g_assert_cmpuint(back->warnings, ==, 2); /* and that KSM is off then */

    /* It fits: told, and no warning. A kernel before 3.14 tells what is free only. */
    static const struct {
        const char *meminfo, *told;
        guint warnings;
    } rows[] = {
        {"MemFree: 200 kB\nMemAvailable: 1000 kB\n", "takes 312 KiB of the 1000 KiB available", 1},
        {"MemFree: 400 kB\n", "takes 312 KiB of the 400 KiB available", 1},
        {"MemFree: 200 kB\n", "needs 312 KiB of memory, and 200 KiB is available", 2},
        {"MemTotal: 1 kB\n", "takes 312 KiB of the – available", 1},
    };
    fixture_put(f, "/sys/kernel/mm/ksm/run", "1\n");
    fixture_put(f, "/sys/kernel/mm/ksm/ksm_zero_pages", "8\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        fixture_put(f, "/proc/meminfo", rows[i].meminfo);
        g_autoptr(Snapshot) now = fixture_take(f);
        g_autoptr(Preview) fits = preview_make(now, unmerge);
        g_assert_true(warns(fits, rows[i].told));
        g_assert_cmpuint(fits->warnings, ==, rows[i].warnings);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/pools/at-once", test_at_once},
        {"/pools/compact-first", test_compact_first},
        {"/pools/compact-late", test_compact_late},
        {"/pools/exchange", test_exchange},
        {"/pools/together", test_together},
        {"/pools/beyond", test_beyond},
        {"/pools/in-use", test_in_use},
        {"/pools/mounted", test_mounted},
        {"/pools/ksm-said", test_ksm_said},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, fixture_set_up, tests[i].run, fixture_tear_down);
    return g_test_run();
}
