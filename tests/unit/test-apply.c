/* core/tune: plan, preview, apply, journal and undo on a tree of files written here, no libvirt. */
#include "core/tune/apply.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const tree[][2] = {
    {"/sys/devices/system/cpu/online", "0-3\n"},
    {"/sys/devices/system/cpu/present", "0-3\n"},
    {"/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {"/sys/devices/system/cpu/cpu1/topology/core_id", "1\n"},
    {"/sys/devices/system/cpu/cpu2/topology/core_id", "2\n"},
    {"/sys/devices/system/cpu/cpu3/topology/core_id", "3\n"},
    {"/sys/devices/system/node/node0/cpulist", "0-3\n"},
    {"/sys/devices/system/node/node0/meminfo",
        "Node 0 MemTotal: 4096 kB\nNode 0 MemFree: 2048 kB\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "4\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "1\n"},
    {"/proc/meminfo", "MemTotal: 4096 kB\nMemAvailable: 100 kB\n"},
    {"/sys/kernel/mm/ksm/run", "1\n"},
    {"/sys/kernel/mm/ksm/pages_to_scan", "100\n"},
    {"/sys/kernel/mm/ksm/pages_shared", "7\n"},
    {"/sys/kernel/mm/ksm/pages_sharing", "70\n"},
    {"/sys/kernel/mm/ksm/merge_across_nodes", "1\n"},
    {"/sys/kernel/mm/ksm/advisor_mode", "[none] scan-time\n"},
    {"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
};

typedef struct {
    char *root;
    Snapshot *snapshot;
    Journal *journal;
    ApplyContext context;
} Fixture;

static void put(const char *root, const char *path, const char *text)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static Snapshot *take(const char *root)
{
    g_autoptr(GError) error = NULL;
    Snapshot *snapshot = g_new0(Snapshot, 1);

    g_atomic_ref_count_init(&snapshot->refs);
    snapshot->root = g_strdup(root);
    snapshot->host = host_read(root, NULL, &error);
    g_assert_no_error(error);
    return snapshot;
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->root = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tree); i++)
        put(f->root, tree[i][0], tree[i][1]);
    f->snapshot = take(f->root);
    g_autofree char *folder = g_build_filename(f->root, "journal", NULL);
    f->journal = journal_open(folder, NULL);
    g_assert_nonnull(f->journal);
    f->context = (ApplyContext){.root = f->root, .journal = f->journal, .uri = "test"};
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    journal_close(f->journal);
    snapshot_unref(f->snapshot);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", f->root);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(f->root);
}

static void check_file(Fixture *f, const char *path, const char *text)
{
    g_autofree char *now = rootfile_read(f->root, path);
    g_assert_cmpstr(now, ==, text);
}

/* A preview of KEY=VALUE… on the host. */
static Preview *preview_host(Fixture *f, ...)
{
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, f);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        plan_stage(plan, f->snapshot, "host", key, va_arg(args, const char *), SCOPE_BOTH, &error);
        g_assert_no_error(error);
    }
    va_end(args);
    return preview_make(f->snapshot, plan);
}

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
    g_assert_null(plan_value(plan, "host", "thp.enabled"));
}

static void test_apply_and_undo(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview =
        preview_host(f, "ksm.pages_to_scan", "200", "thp.enabled", "never", "ksm.run", "1", NULL);

    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->steps->len, ==, 2); /* ksm.run stands already */
    g_autofree char *text = preview_text(preview);
    g_assert_nonnull(strstr(text, "/sys/kernel/mm/ksm/pages_to_scan: 100 → 200\n"));
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    g_assert_no_error(error);
    check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "200");
    check_file(f, "/sys/kernel/mm/transparent_hugepage/enabled", "never");

    g_assert_cmpuint(apply_undo(&f->context, 0, NULL, &error), ==, 2);
    g_assert_no_error(error);
    check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "100");
    check_file(f, "/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
    g_assert_cmpuint(apply_undo(&f->context, 0, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    /* The undo is an entry like any other: taken back, the change stands again. */
    g_assert_cmpuint(apply_undo(&f->context, 2, NULL, &error), ==, 3);
    check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "200");
}

static void test_failure_goes_back(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);
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
    check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

static void test_changed_since(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);

    put(f->root, "/sys/kernel/mm/ksm/pages_to_scan", "150\n");
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    check_file(f, "/sys/kernel/mm/ksm/run", "1");
    g_autoptr(GPtrArray) entries = journal_list(f->journal);
    g_assert_cmpuint(entries->len, ==, 0);
}

static void test_undo_leaves_others_work(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", "ksm.pages_to_scan", "200", NULL);

    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    put(f->root, "/sys/kernel/mm/ksm/pages_to_scan", "300\n");
    g_assert_cmpuint(apply_undo(&f->context, 1, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, "ksm.pages_to_scan is 300 now, not 200"));
    check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "300");
    check_file(f, "/sys/kernel/mm/ksm/run", "1");
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
    check_file(f, "/sys/kernel/mm/ksm/merge_across_nodes", "1");

    g_assert_true(preview_accept(g_ptr_array_index(refused->offers, 0), f->snapshot, plan, NULL));
    g_autoptr(Preview) accepted = preview_make(f->snapshot, plan);
    g_assert_cmpuint(accepted->errors, ==, 0);
    const Step *first = g_ptr_array_index(accepted->steps, 0);
    g_assert_cmpstr(first->key->key, ==, "ksm.run");
    g_assert_cmpuint(accepted->warnings, ==, 2); /* 280 KiB to unmerge, 100 available; KSM is off then */
}

static void test_pool_warnings(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Preview) more = preview_host(f, "hugepages.node0.2M", "64", NULL);
    g_autoptr(Preview) less = preview_host(f, "hugepages.node0.2M", "1", NULL);

    g_autofree char *more_text = preview_text(more), *less_text = preview_text(less);
    g_assert_nonnull(strstr(more_text, "takes 120 MiB more of node 0, which has 2.0 MiB free"));
    g_assert_nonnull(strstr(less_text, "3 pages of this pool are in use"));
}

static void test_two_at_once(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", NULL);
    g_autofree char *folder = g_build_filename(f->root, "journal", NULL);
    g_autoptr(Journal) other = journal_open(folder, NULL);

    g_assert_true(journal_lock(other, NULL));
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_autofree char *holder = g_strdup_printf("process %d", (int)getpid());
    g_assert_nonnull(strstr(error->message, holder));
    check_file(f, "/sys/kernel/mm/ksm/run", "1");
    journal_unlock(other);
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 1);
}

static void test_journal_unwritable(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", NULL);
    g_autoptr(Journal) nowhere = journal_open("/proc/self/kvmtune", NULL);
    g_autoptr(Journal) no_folder = journal_open("/dev/null/kvmtune", &error);

    g_assert_null(no_folder);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_nonnull(nowhere);
    f->context.journal = nowhere;
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    f->context.journal = f->journal;
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

/* Files that are no entry, or that somebody bent, are left out and never undone. */
static void test_journal_hostile(Fixture *f, gconstpointer data)
{
    (void)data;
    static const char *const bad[][2] = {
        {"/journal/00000001.json", "{"},
        {"/journal/00000002.json", "[]"},
        {"/journal/00000003.json", "{\"state\":\"done\",\"steps\":[{\"kind\":\"host\"}]}"},
        {"/journal/00000004.json",
            "{\"state\":\"done\",\"steps\":[{\"kind\":\"host\",\"target\":\"host\","
            "\"key\":\"../../etc/passwd\",\"old\":\"\",\"new\":\"\"}]}"},
        {"/journal/00000005.json", "{\"state\":7,\"steps\":{}}"},
        {"/journal/00000006.json", ""},
        {"/journal/x.json", "{}"},
        {"/journal/0000000a.json", "{}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        put(f->root, bad[i][0], bad[i][1]);
    g_autoptr(GPtrArray) entries = journal_list(f->journal);
    g_assert_cmpuint(entries->len, ==, 0);
    g_assert_null(journal_get(f->journal, 4, NULL));
    g_assert_null(journal_get(f->journal, 0, NULL));
    /* A new entry does not overwrite them. */
    g_autoptr(Preview) preview = preview_host(f, "ksm.run", "0", NULL);
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 7);
    /* A newer pipe is not waited on, and entry 7 not taken for it. */
    g_autofree char *pipe = g_build_filename(f->root, "journal", "00000008.json", NULL);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_null(journal_get(f->journal, 0, NULL));
    g_autoptr(JournalEntry) entry = journal_get(f->journal, 7, NULL);
    g_assert_nonnull(entry);
    /* Nor is there a number after the last. */
    put(f->root, "/journal/99999999.json", "");
    f->context.journal = f->journal;
    preview_unref(preview);
    preview = preview_host(f, "ksm.run", "1", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(apply_preview(&f->context, preview, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    check_file(f, "/sys/kernel/mm/ksm/run", "0");
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
        {"/apply/failure-goes-back", test_failure_goes_back},
        {"/apply/changed-since", test_changed_since},
        {"/apply/undo-leaves-others-work", test_undo_leaves_others_work},
        {"/apply/unmerge-is-offered", test_unmerge_is_offered},
        {"/apply/pool-warnings", test_pool_warnings},
        {"/apply/two-at-once", test_two_at_once},
        {"/apply/journal-unwritable", test_journal_unwritable},
        {"/apply/journal-hostile", test_journal_hostile},
        {"/apply/write-stays-inside", test_write_stays_inside},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
