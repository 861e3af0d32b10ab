/* core/tune: plan, preview, apply, journal and undo on a host of files, without libvirt. */
#include "core/apply/lock.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "tests/unit/applyfixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_plan(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Plan) plan = plan_new();
    static const struct {
        const char *target, *key, *value, *sentence;
    } bad[] = {
        {"nobody", "vcpupin.0", "0", "there is no domain \"nobody\""},
        {"host", "ksm.rum", "0", "the nearest is ksm.run"},
        {"host", "hugepages.node7.2M", "1", "the host has no NUMA node 7; its nodes are 0"},
        {"host", "hugepages.node0.1G", "1",
            "node 0 has no pages of this size; its page sizes are 2M"},
        {"host", "hugepages.node0.2M", "-1", "hugepages.node0.2M cannot be \"-1\""},
        {"a\033[2J", "vcpupin.0", "0", "a\\x1b[2J"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(plan_stage(
            plan, f->snapshot, bad[i].target, bad[i].key, bad[i].value, SCOPE_BOTH, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, bad[i].sentence));
    }
    g_assert_cmpuint(plan->changes->len, ==, 0);
    g_assert_true(plan_stage(plan, f->snapshot, "host", "ksm.run", "0", SCOPE_BOTH, NULL));
    g_assert_true(plan_stage(plan, f->snapshot, "host", "thp.enabled", "never", SCOPE_BOTH, NULL));
    g_assert_true(plan_stage(plan, f->snapshot, "host", "ksm.run", "2", SCOPE_BOTH, NULL));
    g_assert_cmpuint(plan->changes->len, ==, 2);
    g_assert_cmpstr(plan_value(plan, "host", "ksm.run"), ==, "2");
    g_assert_true(plan_unstage_last(plan));
    /* The last staging goes, wherever its change stands. */
    g_assert_null(plan_value(plan, "host", "ksm.run"));
    g_assert_cmpstr(plan_value(plan, "host", "thp.enabled"), ==, "never");
}

static void test_apply_and_undo(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = fixture_preview(
        f, "host", "ksm.pages_to_scan", "200", "thp.enabled", "never", "ksm.run", "1", NULL);

    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->steps->len, ==, 2); /* ksm.run stands already */
    g_autofree char *text = preview_text(preview);
    g_assert_nonnull(strstr(text, "/sys/kernel/mm/ksm/pages_to_scan: 100 → 200\n"));
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    g_assert_no_error(error);
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "200");
    fixture_check_file(f, "/sys/kernel/mm/transparent_hugepage/enabled", "never");

    g_assert_cmpuint(fixture_undo(f, 0, &error), ==, 2);
    g_assert_no_error(error);
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "100");
    fixture_check_file(f, "/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
    g_assert_cmpuint(fixture_undo(f, 0, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    /* The undo is an entry like any other: taken back, the change stands again. */
    g_assert_cmpuint(fixture_undo(f, 2, &error), ==, 3);
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "200");
}

#define VM_FILES "/proc/sys/vm/"

static void check_dirty(const Fixture *f, const char *ratio, const char *bytes)
{
    fixture_check_file(f, VM_FILES "dirty_ratio", ratio);
    fixture_check_file(f, VM_FILES "dirty_bytes", bytes);
}

/* Two files of which the kernel keeps one: what was lost with a write comes back with its undo. */
static void test_coupled(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;

    fixture_put(f, VM_FILES "dirty_ratio", "20\n");
    fixture_put(f, VM_FILES "dirty_bytes", "0\n");
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "vm.dirty_bytes", "100M", "ksm.pages_to_scan", "200", NULL);
    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->steps->len, ==, 3);
    g_autofree char *text = preview_text(preview);
    g_assert_nonnull(strstr(text, VM_FILES "dirty_bytes: 0 → 104857600\n"));
    g_assert_nonnull(strstr(text, VM_FILES "dirty_ratio: 20 → 0 (by the kernel)\n"));
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    g_assert_no_error(error);
    check_dirty(f, "0", "104857600");
    g_assert_cmpuint(fixture_undo(f, 0, &error), ==, 2);
    g_assert_no_error(error);
    check_dirty(f, "20", "0");
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "100");
    g_autoptr(JournalEntry) entry = journal_get(f->journal, 1, NULL);
    g_assert_cmpint(entry->state, ==, ENTRY_UNDONE);
    /* And the undo of the undo. */
    g_assert_cmpuint(fixture_undo(f, 2, &error), ==, 3);
    g_assert_no_error(error);
    check_dirty(f, "0", "104857600");
    /* Somebody else's value is not written over by the way back of the other file. */
    fixture_put(f, VM_FILES "dirty_bytes", "8192000\n");
    g_assert_cmpuint(fixture_undo(f, 3, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    check_dirty(f, "0", "8192000");
}

/* A step behind them fails: both come back. 0 says nothing by itself, and two values say too much.
 */
static void test_coupled_fails(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;

    fixture_put(f, VM_FILES "dirty_ratio", "20\n");
    fixture_put(f, VM_FILES "dirty_bytes", "0\n");
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "vm.dirty_bytes", "8192000", "ksm.run", "0", NULL);
    g_autofree char *path = g_strconcat(f->root, "/sys/kernel/mm/ksm/run", NULL);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(symlink("/proc/self/oom_score", path), ==, 0);
    Step *step = g_ptr_array_index(preview->steps, 2);
    g_free(step->old_value);
    step->old_value = rootfile_read("", "/proc/self/oom_score");
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "everything is as before"));
    check_dirty(f, "20", "0");

    g_autoptr(Preview) zero = fixture_preview(f, "host", "vm.dirty_ratio", "0", NULL);
    g_assert_cmpuint(zero->errors, ==, 1);
    g_autoptr(Preview) both =
        fixture_preview(f, "host", "vm.dirty_ratio", "30", "vm.dirty_bytes", "8192000", NULL);
    g_assert_cmpuint(both->errors, >, 0);
    g_autoptr(Preview) pair =
        fixture_preview(f, "host", "vm.dirty_ratio", "0", "vm.dirty_bytes", "8192000", NULL);
    g_assert_cmpuint(pair->errors, ==, 0);
    g_assert_cmpuint(pair->steps->len, ==, 2);
}

static void test_failure_goes_back(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);
    g_autofree char *path = g_strconcat(f->root, "/sys/kernel/mm/ksm/pages_to_scan", NULL);

    /* It can be read and not be written, whoever one is. */
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(symlink("/proc/self/oom_score", path), ==, 0);
    Step *step = g_ptr_array_index(preview->steps, 1);
    g_autofree char *score = rootfile_read("", "/proc/self/oom_score");
    g_free(step->old_value);
    step->old_value = g_strdup(score);

    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

static void test_changed_since(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);

    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "150\n");
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
    g_autoptr(GPtrArray) entries = journal_list(f->journal, 0, NULL);
    g_assert_cmpuint(entries->len, ==, 0);
}

/* A staged change whose ground moved is marked in the preview, until what stands is what it wants.
 */
static void test_ground_moved(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Plan) plan = plan_new();

    g_assert_true(
        plan_stage(plan, f->snapshot, "host", "ksm.pages_to_scan", "200", SCOPE_BOTH, NULL));
    g_autoptr(Preview) still = preview_make(f->snapshot, plan);
    g_assert_cmpuint(still->moved, ==, 0);
    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "150\n");
    g_assert_null(plan_look(plan, f->snapshot));
    g_autoptr(Snapshot) later = fixture_take(f);
    const Change *told = plan_look(plan, later);
    g_assert_nonnull(told);
    g_assert_cmpstr(told->key->key, ==, "ksm.pages_to_scan");
    g_assert_null(plan_look(plan, later)); /* it is told once */
    g_autoptr(Preview) moved = preview_make(later, plan);
    g_assert_cmpuint(moved->moved, ==, 1);
    g_assert_cmpuint(moved->steps->len, ==, 1);
    g_autofree char *text = preview_text(moved);
    g_assert_nonnull(strstr(text, "was 100 when it was staged, somebody made it 150 since"));
    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "200\n");
    g_autoptr(Snapshot) same = fixture_take(f);
    g_autoptr(Preview) nothing = preview_make(same, plan);
    g_assert_cmpuint(nothing->moved + nothing->steps->len, ==, 0);
}

static void test_undo_leaves_others_work(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);

    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "300\n");
    g_assert_cmpuint(fixture_undo(f, 1, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, "ksm.pages_to_scan is 300 now, not 200"));
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "300");
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

static void test_unmerge_is_offered(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_new();
    g_assert_true(
        plan_stage(plan, f->snapshot, "host", "ksm.merge_across_nodes", "0", SCOPE_BOTH, NULL));
    g_autoptr(Preview) refused = preview_make(f->snapshot, plan);

    g_assert_cmpuint(refused->errors, ==, 1);
    g_assert_cmpuint(refused->offers->len, ==, 1);
    g_assert_cmpuint(apply_preview(&f->context, refused, NULL, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "ksm.run=2 must unmerge them first"));
    fixture_check_file(f, "/sys/kernel/mm/ksm/merge_across_nodes", "1");

    g_assert_true(preview_accept(g_ptr_array_index(refused->offers, 0), f->snapshot, plan, NULL));
    g_autoptr(Preview) accepted = preview_make(f->snapshot, plan);
    g_assert_cmpuint(accepted->errors, ==, 0);
    const Step *first = g_ptr_array_index(accepted->steps, 0);
    g_assert_cmpstr(first->key->key, ==, "ksm.run");
    g_assert_cmpuint(
        accepted->warnings, ==, 2); /* 280 KiB to unmerge, 100 available; KSM is off then */
}

static void test_pool_warnings(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Preview) more = fixture_preview(f, "host", "hugepages.node0.2M", "64", NULL);
    g_autoptr(Preview) less = fixture_preview(f, "host", "hugepages.node0.2M", "1", NULL);

    g_autofree char *more_text = preview_text(more), *less_text = preview_text(less);
    g_assert_nonnull(strstr(more_text, "takes 120 MiB more of node 0, which has 2.0 MiB free"));
    g_assert_nonnull(strstr(less_text, "3 pages of this pool are in use"));
}

/* Whoever holds the host's lock is named; journals of their own do not keep two writers apart. */
static void test_two_at_once(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    HostLock *other = host_lock_take(f->root, NULL);

    g_assert_nonnull(other);
    g_autofree char *said = host_lock_holder(f->root);
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_autofree char *holder = g_strdup_printf("process %d, `", (int)getpid());
    g_assert_nonnull(strstr(error->message, holder));
    g_assert_nonnull(strstr(error->message, g_get_user_name()));
    g_assert_true(g_str_has_prefix(error->message, said));
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
    host_lock_drop(other);
    g_assert_null(host_lock_holder(f->root));
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 1);
}

static void test_journal_unwritable(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    g_autoptr(Journal) nowhere = journal_open("", "/proc/self/kvmtune", NULL);
    g_autoptr(Journal) no_folder = journal_open("", "/dev/null/kvmtune", &error);

    g_assert_null(no_folder);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_nonnull(nowhere);
    f->context.journal = nowhere;
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    f->context.journal = f->journal;
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

/* Files that are no entry, or that somebody bent, are said to be damaged and never undone. */
static void test_journal_hostile(Fixture *f, gconstpointer data)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    (void)data;
    deep[99999] = '\n'; /* as a line of its own: the depth that a parser descends call by call */
    const char *const bad[][2] = {
        {"/journal/00000001.json", "{"},
        {"/journal/00000002.json", "[]"},
        {"/journal/00000003.json", "{\"state\":\"done\",\"steps\":[{\"kind\":\"host\"}]}"},
        {"/journal/00000004.json",
            "{\"state\":\"done\",\"steps\":[{\"kind\":\"host\",\"target\":\"host\","
            "\"key\":\"../../etc/passwd\",\"old\":\"\",\"new\":\"\"}]}"},
        {"/journal/00000005.json", "{\"state\":7,\"steps\":{}}"},
        {"/journal/00000006.json", ""},
        {"/journal/00000007.json", deep},
        {"/journal/x.json", "{}"},
        {"/journal/0000000a.json", "{}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        fixture_put(f, bad[i][0], bad[i][1]);
    g_autoptr(GPtrArray) entries = journal_list(f->journal, 0, NULL);
    /* They are listed, so that somebody looks after them. */
    g_assert_cmpuint(entries->len, ==, 7);
    for (guint i = 0; i < entries->len; i++) {
        const JournalEntry *damaged = g_ptr_array_index(entries, i);
        g_assert_cmpint(damaged->state, ==, ENTRY_DAMAGED);
        g_assert_nonnull(strstr(damaged->problem, "damaged"));
    }
    g_assert_null(journal_get(f->journal, 4, NULL));
    g_assert_null(journal_get(f->journal, 0, NULL));
    /* A new entry does not overwrite them. */
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 8);
    /* A newer pipe is not waited on, and entry 8 not taken for it. */
    g_autofree char *pipe = g_build_filename(f->root, "journal", "00000009.json", NULL);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_null(journal_get(f->journal, 0, NULL));
    g_autoptr(JournalEntry) entry = journal_get(f->journal, 8, NULL);
    g_assert_nonnull(entry);
    /* Nor is there a number after the last. */
    fixture_put(f, "/journal/99999999.json", "");
    f->context.journal = f->journal;
    preview_unref(preview);
    preview = fixture_preview(f, "host", "ksm.run", "1", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(apply_preview(&f->context, preview, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "0");
}

/* A link in the journal is no entry, whatever it leads to; nor is a password written into one. */
static void test_journal_keeps_out(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    const char *uri = f->context.uri;
    (void)data;

    f->context.uri = "qemu+tcp://u:secret@host/system?password=secret&no_tty=1";
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 1);
    f->context.uri = uri;
    g_autofree char *text = rootfile_read(f->root, "/journal/00000001.json");
    g_assert_nonnull(strstr(text, "qemu+tcp://u@host/system?no_tty=1"));
    g_assert_null(strstr(text, "secret"));

    g_autofree char *link = g_build_filename(f->root, "journal", "00000002.json", NULL);
    g_assert_cmpint(symlink("00000001.json", link), ==, 0);
    g_autoptr(GPtrArray) entries = journal_list(f->journal, 0, NULL);
    const JournalEntry *linked = g_ptr_array_index(entries, 0);
    g_assert_cmpint(linked->state, ==, ENTRY_DAMAGED);
    g_assert_nonnull(strstr(linked->problem, "it is a link"));
}

/* A link out of the tree would write to this host; a pipe would be waited on. */
static void test_write_stays_inside(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(f->root, "sys/kernel/mm/ksm/run", NULL);
    g_autofree char *target = g_strconcat(f->root, "-outside", NULL);

    g_assert_true(g_file_set_contents(target, "1", -1, NULL));
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_cmpint(symlink(target, file), ==, 0);
    g_assert_false(rootfile_write(f->root, "/sys/kernel/mm/ksm/run", "0", &error));
    g_assert_nonnull(strstr(error->message, "leads out of"));
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_cmpint(mkfifo(file, 0600), ==, 0);
    g_assert_false(rootfile_write(f->root, "/sys/kernel/mm/ksm/run", "0", NULL));
    g_autofree char *text = rootfile_read("", target);
    g_assert_cmpstr(text, ==, "1");
    g_assert_cmpint(g_unlink(target), ==, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/apply/plan", test_plan},
        {"/apply/apply-and-undo", test_apply_and_undo},
        {"/apply/coupled", test_coupled},
        {"/apply/coupled-fails", test_coupled_fails},
        {"/apply/failure-goes-back", test_failure_goes_back},
        {"/apply/changed-since", test_changed_since},
        {"/apply/ground-moved", test_ground_moved},
        {"/apply/undo-leaves-others-work", test_undo_leaves_others_work},
        {"/apply/unmerge-is-offered", test_unmerge_is_offered},
        {"/apply/pool-warnings", test_pool_warnings},
        {"/apply/two-at-once", test_two_at_once},
        {"/apply/journal-unwritable", test_journal_unwritable},
        {"/apply/journal-hostile", test_journal_hostile},
        {"/apply/journal-keeps-out", test_journal_keeps_out},
        {"/apply/write-stays-inside", test_write_stays_inside},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, fixture_set_up, tests[i].run, fixture_tear_down);
    return g_test_run();
}
