/* What is kept across a reboot, all the way: staged, previewed, applied, undone, recovered after an
 * end in the middle, exported, refused. */
#include "core/host/host-json.h"
#include "core/host/mounts.h"
#include "core/keep/bootfile.h"
#include "core/preview/export.h"
#include "core/util/error.h"
#include "tests/unit/bootfixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCAN      "/sys/kernel/mm/ksm/pages_to_scan"
#define SCAN_LINE "w /sys/kernel/mm/ksm/pages_to_scan - - - - "

/* Now, at boot, both: what each writes, and that undo gives the owner's bytes back. */
static void test_when(Fixture *f, gconstpointer data)
{
    static const char mine[] = "# mine\nw /sys/kernel/mm/ksm/run  - - - -  0 \ngarbage\t[\n";
    static const struct {
        PlanScope scope;
        gboolean now, boot;
    } rows[] = {{SCOPE_BOTH, TRUE, FALSE}, {SCOPE_LIVE, TRUE, FALSE}, {SCOPE_CONFIG, FALSE, TRUE},
        {SCOPE_KEPT, TRUE, TRUE}};
    (void)data;

    fixture_put(f, BOOTFILE_TMPFILES, mine);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Preview) what =
            boot_preview(f, rows[i].scope, "ksm.pages_to_scan", "200", "ksm.run", "2", NULL);
        g_assert_cmpuint(what->errors, ==, 0);
        g_assert_cmpuint(what->steps->len, ==, 2 * (rows[i].now + rows[i].boot));
        guint number = boot_apply(f, what);
        fixture_check_file(f, SCAN, rows[i].now ? "200" : "100");
        boot_check_text(f, BOOTFILE_TMPFILES,
            rows[i].boot ? "# mine\nw /sys/kernel/mm/ksm/run  - - - -  2 \ngarbage\t[\n" SCAN_LINE
                           "200\n"
                         : mine);
        g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
        fixture_check_file(f, SCAN, "100");
        boot_check_text(f, BOOTFILE_TMPFILES, mine);
    }
}

/* What is kept, and who overwrites it, as data. */
static void test_json(Fixture *f, gconstpointer data)
{
    static const char *const wanted[] = {"\"kept\" : [", "\"value\" : \"50\"",
        "\"file\" : \"" BOOTFILE_TMPFILES "\"", "\"line\" : 2", "\"by\" : \"tuned\"",
        "\"value\" : \"77\"", "\"place\" : \"hugetlbfs pagesize=2048K\"",
        "\"value\" : \"/dev/hugepages2M\"",
        "\"file\" : \"/etc/systemd/system/dev-hugepages2M.mount\""};
    (void)data;
    fixture_put(f, BOOTFILE_TMPFILES, "# mine\n" SCAN_LINE "50\n");
    fixture_put(f, "/etc/tuned/active_profile", "mine\n");
    fixture_put(f, "/etc/tuned/mine/tuned.conf", "[sysfs]\n/sys/kernel/mm/ksm/pages_to_scan=77\n");
    g_autoptr(Preview) unit =
        boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "/dev/hugepages2M", NULL);
    g_assert_cmpuint(apply_preview(&f->context, unit, NULL, NULL), ==, 1);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autofree char *json = host_to_json(snapshot->host);
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (strstr(json, wanted[i]) == NULL)
            g_error("%s is not in %s", wanted[i], json);
    const char *kept = strstr(json, "\"kept\""), *rival = strstr(kept, "\"overwritten_by\" : {");
    g_assert_nonnull(rival);
    g_assert_nonnull(strstr(rival, "\"value\" : \"77\""));
}

/* The journal's lines tell now from at boot. */
static void test_journal_lines(Fixture *f, gconstpointer data)
{
    static const struct {
        PlanScope scope;
        const char *summary, *line;
    } rows[] = {
        {SCOPE_LIVE, "host ksm.pages_to_scan=200, now", "100 → 200, now"},
        {SCOPE_CONFIG, "host ksm.pages_to_scan=200, at boot", "(nothing) → 200, at boot"},
        {SCOPE_KEPT, "host ksm.pages_to_scan=200, now and at boot", "(nothing) → 200, at boot"},
    };
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Preview) what = boot_preview(f, rows[i].scope, "ksm.pages_to_scan", "200", NULL);
        guint number = apply_preview(&f->context, what, NULL, NULL);
        g_autoptr(JournalEntry) entry = journal_get(f->context.journal, number, NULL);
        g_autofree char *summary = journal_entry_summary(entry);
        g_autofree char *line = step_line(g_ptr_array_index(entry->steps, 0));
        g_assert_cmpstr(summary, ==, rows[i].summary);
        g_assert_true(g_str_has_suffix(line, rows[i].line));
        g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    }
}

static void test_preview(Fixture *f, gconstpointer data)
{
    (void)data;
    fixture_put(f, BOOTFILE_TMPFILES, SCAN_LINE "50\n");
    g_autoptr(Preview) what = boot_preview(
        f, SCOPE_KEPT, "ksm.pages_to_scan", "200", "hugetlbfs.2M", "/dev/hugepages2M", NULL);
    g_autofree char *text = preview_text(what);

    g_assert_cmpstr(text, ==,
        "== host\n"
        "# now and at boot: ksm.pages_to_scan = 200\n"
        "# now and at boot: hugetlbfs.2M = /dev/hugepages2M\n"
        "# hugetlbfs.2M: libvirt gives VMs its pages when libvirtd (virtqemud) was restarted\n"
        "/sys/kernel/mm/ksm/pages_to_scan: 100 → 200\n"
        "mount hugetlbfs pagesize=2048K at /dev/hugepages2M\n"
        "-- at boot: /etc/tmpfiles.d/kvmtune.conf\n"
        "@@ -1 +1 @@\n"
        "-" SCAN_LINE "50\n"
        "+" SCAN_LINE "200\n"
        "-- at boot: /etc/systemd/system/dev-hugepages2M.mount, new\n"
        "@@ -0,0 +1,14 @@\n"
        "+# Written by kvmtune, which replaces or removes it as a whole.\n"
        "+[Unit]\n"
        "+Description=Hugepages of 2M\n"
        "+Documentation=https://docs.kernel.org/admin-guide/mm/hugetlbpage.html\n"
        "+ConditionPathExists=/sys/kernel/mm/hugepages/hugepages-2048kB\n"
        "+\n"
        "+[Mount]\n"
        "+What=hugetlbfs\n"
        "+Where=/dev/hugepages2M\n"
        "+Type=hugetlbfs\n"
        "+Options=pagesize=2M\n"
        "+\n"
        "+[Install]\n"
        "+WantedBy=local-fs.target\n"
        "-- at boot: /etc/systemd/system/local-fs.target.wants/dev-hugepages2M.mount (a link), "
        "new\n"
        "@@ -0,0 +1 @@\n"
        "+/etc/systemd/system/dev-hugepages2M.mount\n");

    /* A line of a diff knows the change that made it: it can be unstaged there. */
    for (guint i = 0; i < what->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(what->lines, i);
        if (line->part == PART_BOOT && line->kind == LINE_ADDED)
            g_assert_cmpint(
                hwloc_bitmap_first(line->changes), ==, strstr(line->text, "pages_to_scan") ? 0 : 1);
    }
    g_assert_cmpuint(what->files->len, ==, 3);
}

/* Two values of one key at a time: now and at boot; and a value that is kept no longer. */
static void test_apart(Fixture *f, gconstpointer data)
{
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    (void)data;

    g_assert_true(plan_stage(plan, snapshot, "host", "ksm.pages_to_scan", "200", SCOPE_BOTH, NULL));
    g_assert_true(
        plan_stage(plan, snapshot, "host", "ksm.pages_to_scan", "300", SCOPE_CONFIG, NULL));
    g_assert_cmpuint(plan->changes->len, ==, 2);
    g_assert_cmpstr(plan_value(plan, "host", "ksm.pages_to_scan"), ==, "200");
    g_assert_cmpstr(plan_boot_value(plan, "ksm.pages_to_scan"), ==, "300");
    g_autoptr(Preview) what = preview_make(snapshot, plan);
    guint number = boot_apply(f, what);
    fixture_check_file(f, SCAN, "200");
    g_autofree char *text = boot_file(f, BOOTFILE_TMPFILES);
    g_assert_true(g_str_has_suffix(text, SCAN_LINE "300\n"));

    g_autoptr(Preview) none = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "", NULL);
    boot_apply(f, none);
    boot_check_text(f, BOOTFILE_TMPFILES, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(plan_stage(plan, snapshot, "host", "ksm.pages_to_scan", "", SCOPE_KEPT, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_clear_error(&error);

    /* Of the entry only what is set now is left to take back. */
    g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
    g_assert_no_error(error);
    fixture_check_file(f, SCAN, "100");

    /* What somebody else keeps since is told and left alone. */
    g_autoptr(Preview) again = boot_preview(f, SCOPE_KEPT, "ksm.pages_to_scan", "200", NULL);
    number = boot_apply(f, again);
    fixture_put(f, BOOTFILE_TMPFILES, SCAN_LINE "77\n");
    g_assert_cmpuint(fixture_undo(f, number, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, "ksm.pages_to_scan, at boot is 77 now, not 200"));
    fixture_check_file(f, SCAN, "100");
    boot_check_text(f, BOOTFILE_TMPFILES, SCAN_LINE "77\n");

    /* Staging both takes the place of the two. */
    g_assert_true(plan_stage(plan, snapshot, "host", "ksm.pages_to_scan", "400", SCOPE_KEPT, NULL));
    g_assert_cmpuint(plan->changes->len, ==, 1);
}

/* ---- killed ---- */

typedef struct {
    guint count, last;
} Death;

static gboolean die_at(gpointer data)
{
    Death *death = data;
    return ++death->count != death->last;
}

static Preview *whole(const Fixture *f)
{
    return boot_preview(f, SCOPE_KEPT, "ksm.pages_to_scan", "200", "hugetlbfs.2M",
        "/dev/hugepages2M,/mnt/huge", NULL);
}

static void check_whole(const Fixture *f, gboolean after)
{
    g_autoptr(GPtrArray) mounts = mounts_read(f->root);
    g_autofree char *paths = mounts_value(mounts, 2048, 2048);
    g_autofree char *unit = boot_file(f, UNIT), *text = boot_file(f, BOOTFILE_TMPFILES);
    g_autofree char *link = g_strconcat(f->root, LINK, NULL);
    g_autofree char *leads = g_file_read_link(link, NULL);

    fixture_check_file(f, SCAN, after ? "200" : "100");
    g_assert_cmpstr(paths, ==, after ? "/dev/hugepages2M,/mnt/huge" : "/mnt/huge");
    g_assert_cmpstr(leads, ==, after ? UNIT : NULL);
    g_assert_cmpint(unit != NULL, ==, after);
    g_assert_cmpint(text != NULL, ==, after);
}

static void test_killed_everywhere(Fixture *f, gconstpointer data)
{
    Death never = {0};
    (void)data;

    boot_put_mounts(f);
    f->context.checkpoint = die_at;
    f->context.checkpoint_data = &never;
    g_autoptr(Preview) first = whole(f);
    guint number = boot_apply(f, first);
    check_whole(f, TRUE);
    f->context.checkpoint = NULL;
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    check_whole(f, FALSE);
    g_assert_cmpuint(never.count, ==, 2 + 2 * 4); /* begun, four steps begun and done, the end */

    for (guint at = 1; at < never.count; at++)
        for (guint forward = 0; forward < 2; forward++) {
            g_autoptr(Preview) what = whole(f);
            g_autoptr(GError) error = NULL;
            Death death = {.last = at};
            f->context.checkpoint = die_at;
            f->context.checkpoint_data = &death;
            g_assert_cmpuint(apply_preview(&f->context, what, NULL, NULL), ==, 0);
            f->context.checkpoint = NULL;
            g_autoptr(GPtrArray) left = journal_unended(f->journal);
            g_assert_cmpuint(left->len, ==, 1);
            number = ((const JournalEntry *)g_ptr_array_index(left, 0))->number;
            g_assert_cmpuint(apply_recover(&f->context, number, forward, &error), ==, number);
            g_assert_no_error(error);
            check_whole(f, forward);
            if (forward)
                g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
            check_whole(f, FALSE);
        }
}

/* ---- refused ---- */

/* What stands where kvmtune's file should: said as what it is, and left as it is. */
static void test_not_edited(Fixture *f, gconstpointer data)
{
    static const char *const linked = "/etc/mine.conf";
    g_autofree char *full = g_strconcat(f->root, BOOTFILE_TMPFILES, NULL);
    g_autofree char *target = g_strconcat(f->root, linked, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    static const struct {
        const char *bytes;
        gsize length;
        const char *fault;
    } rows[] = {
        {"\xff\xfe\n", 3, "it is no text"},
        {"a\0b\n", 4, "it is no text"},
        {"w /x\n\x80\0\n", 8, "it is no text"},
        {NULL, (4 << 20) + 1, "it has more than 4 MiB"},
    };
    (void)data;
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *made = rows[i].bytes ? NULL : g_strnfill(rows[i].length, '#');
        const char *bytes = made ? made : rows[i].bytes;
        g_autofree char *kept = NULL;
        gsize length;
        g_assert_true(g_file_set_contents(full, bytes, (gssize)rows[i].length, NULL));
        g_autoptr(Preview) what = boot_preview(f, SCOPE_KEPT, "ksm.pages_to_scan", "200", NULL);
        g_assert_cmpuint(what->errors, ==, 1);
        g_assert_true(boot_has_line(what, LINE_ERROR, rows[i].fault));
        g_assert_cmpuint(apply_preview(&f->context, what, NULL, NULL), ==, 0);
        g_assert_true(g_file_get_contents(full, &kept, &length, NULL));
        g_assert_cmpint((gint64)length, ==, (gint64)rows[i].length);
        g_assert_cmpint(memcmp(kept, bytes, length), ==, 0);
    }
    fixture_put(f, linked, "# mine\n");
    g_assert_cmpint(remove(full), ==, 0);
    g_assert_cmpint(symlink(target, full), ==, 0);
    g_autoptr(Preview) link = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
    g_assert_true(boot_has_line(link, LINE_ERROR, "it is a symbolic link"));
    g_assert_cmpint(remove(full), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(full, 0755), ==, 0);
    g_autoptr(Preview) dir = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
    g_assert_true(boot_has_line(dir, LINE_ERROR, "it is no plain file"));
    fixture_check_file(f, SCAN, "100");
}

/* A file that cannot be written: nothing changes, not now either. */
static void test_unwritable(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    (void)data;

    /* A folder that is a file: no user, root neither, can make a file below it. */
    fixture_put(f, "/etc/tmpfiles.d", "");
    g_autoptr(Preview) what =
        boot_preview(f, SCOPE_KEPT, "thp.enabled", "never", "ksm.pages_to_scan", "200", NULL);
    g_assert_cmpuint(what->errors, ==, 0);
    g_assert_cmpuint(apply_preview(&f->context, what, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "/etc/tmpfiles.d/kvmtune.conf cannot be written: "));
    g_assert_nonnull(strstr(error->message, "; it stays as it was"));
    g_assert_true(g_str_has_suffix(error->message, "everything is as before"));
    fixture_check_file(f, SCAN, "100");
}

/* Of two that are coupled one is kept: not both, and the other one's line goes. */
static void test_coupled(Fixture *f, gconstpointer data)
{
    (void)data;
    fixture_put(f, "/proc/sys/vm/dirty_ratio", "20\n");
    fixture_put(f, "/proc/sys/vm/dirty_bytes", "0\n");
    g_autoptr(Preview) both =
        boot_preview(f, SCOPE_CONFIG, "vm.dirty_bytes", "8192", "vm.dirty_ratio", "5", NULL);
    g_assert_cmpuint(both->errors, ==, 2);
    g_assert_true(boot_has_line(both, LINE_ERROR,
        "vm.dirty_bytes: only one of it and vm.dirty_ratio counts, the other is 0: leave one out"));

    fixture_put(f, BOOTFILE_SYSCTL, "# mine\nvm.dirty_ratio = 5\n");
    g_autoptr(Preview) one = boot_preview(f, SCOPE_CONFIG, "vm.dirty_bytes", "8192", NULL);
    g_assert_cmpuint(one->errors, ==, 0);
    g_assert_true(boot_has_line(one, LINE_LATER, "vm.dirty_ratio is kept no longer"));
    guint number = boot_apply(f, one);
    boot_check_text(f, BOOTFILE_SYSCTL, "# mine\nvm.dirty_bytes = 8192\n");
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    boot_check_text(f, BOOTFILE_SYSCTL, "# mine\nvm.dirty_ratio = 5\n");
}

/* Who wins at boot is said, on either side. */
static void test_rivals(Fixture *f, gconstpointer data)
{
    (void)data;
    fixture_put(f, "/etc/tmpfiles.d/a.conf", SCAN_LINE "7\n");
    fixture_put(f, "/usr/lib/tmpfiles.d/z.conf", "w /sys/kernel/mm/ksm/run - - - - 0\n");
    fixture_put(f, "/usr/lib/tmpfiles.d/zz.conf", "w /sys/kernel/mm/ksm/sleep* - - - - 9\n");
    g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", "ksm.run",
        "1", "ksm.sleep_millisecs", "5", NULL);

    g_assert_true(boot_has_line(what, LINE_WARNING,
        "ksm.pages_to_scan: systemd-tmpfiles (/etc/tmpfiles.d/a.conf:1) sets it to 7 when the host "
        "boots, after what is kept here: that one wins"));
    g_assert_true(boot_has_line(what, LINE_LATER,
        "ksm.run: at boot systemd-tmpfiles (/usr/lib/tmpfiles.d/z.conf:1) sets it to 0; what is "
        "kept here wins over it"));
    g_assert_true(boot_has_line(what, LINE_WARNING,
        "ksm.sleep_millisecs: systemd-tmpfiles (/usr/lib/tmpfiles.d/zz.conf:1) sets it to 9 when"));
    g_assert_cmpuint(what->warnings, ==, 2);

    /* Everyone who sets another value is named, also where the one that wins sets the same. */
    fixture_put(f, "/etc/tmpfiles.d/b.conf", "\n" SCAN_LINE "8\n");
    fixture_put(f, "/usr/lib/tmpfiles.d/y.conf", "w /sys/kernel/mm/ksm/run - - - - 2\n");
    fixture_put(f, "/etc/tuned/active_profile", "mine\n");
    fixture_put(f, "/etc/tuned/mine/tuned.conf", "[sysfs]\n/sys/kernel/mm/ksm/sleep_millisecs=5\n");
    static const PlanScope scopes[] = {SCOPE_CONFIG, SCOPE_LIVE};
    static const char *const told[][3] = {
        {"that one wins; others set it too: /etc/tmpfiles.d/b.conf:2 (8)",
            "ksm.run: at boot systemd-tmpfiles (/usr/lib/tmpfiles.d/y.conf:1) sets it to 2, and "
            "before "
            "it /usr/lib/tmpfiles.d/z.conf:1 (0); what is kept here wins over it",
            "sets it to 5, too, and wins over /usr/lib/tmpfiles.d/zz.conf:1 (9)"},
        {"when the host boots; others set it too: /etc/tmpfiles.d/b.conf:2 (8)",
            "(/usr/lib/tmpfiles.d/y.conf:1) sets it to 2 when the host boots; others set it too: "
            "/usr/lib/tmpfiles.d/z.conf:1 (0)",
            "sets it to 5, too, and wins over /usr/lib/tmpfiles.d/zz.conf:1 (9)"},
    };
    fixture_put(f, "/sys/kernel/mm/ksm/run", "0\n");
    for (guint i = 0; i < G_N_ELEMENTS(scopes); i++) {
        g_autoptr(Preview) all = boot_preview(f, scopes[i], "ksm.pages_to_scan", "200", "ksm.run",
            "1", "ksm.sleep_millisecs", "5", NULL);
        g_autofree char *text = preview_text(all);
        for (guint n = 0; n < G_N_ELEMENTS(told[i]); n++)
            if (strstr(text, told[i][n]) == NULL)
                g_error("%s is not in %s", told[i][n], text);
    }
}

static void test_export(Fixture *f, gconstpointer data)
{
    (void)data;
    boot_put_mounts(f);
    fixture_put(f, BOOTFILE_TMPFILES, SCAN_LINE "50\n");
    g_autoptr(Preview) what = whole(f);
    g_autofree char *shell = export_text(what, EXPORT_VIRSH, "test", "p", NULL);
    g_autofree char *play = export_text(what, EXPORT_ANSIBLE, "test", "p", NULL);

    g_assert_nonnull(strstr(shell,
        "    mkdir -p '/etc/tmpfiles.d'\n    cat > "
        "'/etc/tmpfiles.d/kvmtune.conf' <<'END_OF_XML'\n" SCAN_LINE "200\nEND_OF_XML\n"));
    g_assert_nonnull(strstr(shell, "    ln -sfn '" UNIT "' '" LINK "'\n"));
    g_assert_nonnull(strstr(shell, "'mount' '-t' 'hugetlbfs' '-o' 'nosuid,nodev,pagesize=2M' "
                                   "'hugetlbfs' '/dev/hugepages2M'\n"));
    const char *back = strstr(shell, "\nback() {");
    g_assert_nonnull(back);
    g_assert_nonnull(strstr(back, "    rm -f '" UNIT "'\n"));
    g_assert_nonnull(strstr(back, SCAN_LINE "50\nEND_OF_XML\n"));
    g_assert_nonnull(strstr(back, " 'umount' '/dev/hugepages2M'\n"));
    g_assert_nonnull(strstr(play, "      ansible.builtin.copy:\n        dest: "
                                  "\"/etc/tmpfiles.d/kvmtune.conf\"\n        content: "));
    g_assert_nonnull(strstr(play, "        state: link\n        src: \"" UNIT "\"\n"));
    g_assert_nonnull(strstr(play, "        path: \"" UNIT "\"\n        state: absent\n"));
}

/* Runs @shell for the tree: paths below /etc are its. */
static gboolean run_script(const Fixture *f, const char *shell, const char *way)
{
    g_autofree char *etc = g_strconcat("'", f->root, "/etc/", NULL);
    g_auto(GStrv) parts = g_strsplit(shell, "'/etc/", -1);
    g_autofree char *moved = g_strjoinv(etc, parts);
    const char *const argv[] = {"sh", "-c", moved, "sh", way, NULL};
    g_autofree char *said = NULL;
    int status;

    g_assert_true(g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status, NULL));
    g_test_message("%s", said);
    gboolean is_done = g_spawn_check_wait_status(status, NULL);
    g_assert_true(is_done || strstr(said, "is not as it was when the plan was exported"));
    return is_done;
}

/* A script does nothing where a file is not what the plan saw, either way. */
static void test_script_stops(Fixture *f, gconstpointer data)
{
    static const char before[] = "# it's mine $x\n" SCAN_LINE "50\n";
    static const char after[] = "# it's mine $x\n" SCAN_LINE "200\n";
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, BOOTFILE_TMPFILES, before);
    g_autoptr(Preview) what = boot_preview(
        f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", "hugetlbfs.2M", "/dev/hugepages2M", NULL);
    g_autofree char *shell = export_text(what, EXPORT_VIRSH, "test", "p", NULL);
    g_autofree char *play = export_text(what, EXPORT_ANSIBLE, "test", "p", NULL);
    const char *check = strstr(play, " is as the plan saw it"),
               *copy = strstr(play, "builtin.copy");
    g_assert_true(check && copy && check < copy);

    for (guint i = 0; i < 2; i++) {
        g_assert_true(run_script(f, shell, "there"));
        boot_check_text(f, BOOTFILE_TMPFILES, after);
    }
    fixture_put(f, BOOTFILE_TMPFILES, "# another's\n");
    g_assert_false(run_script(f, shell, "back"));
    g_assert_false(run_script(f, shell, "there"));
    boot_check_text(f, BOOTFILE_TMPFILES, "# another's\n");
    fixture_put(f, BOOTFILE_TMPFILES, after);
    for (guint i = 0; i < 2; i++) {
        g_assert_true(run_script(f, shell, "back"));
        boot_check_text(f, BOOTFILE_TMPFILES, before);
        boot_check_text(f, UNIT, NULL);
    }
    fixture_put(f, UNIT, "[Mount]\n");
    g_assert_false(run_script(f, shell, "there"));
    boot_check_text(f, BOOTFILE_TMPFILES, before);
    boot_check_text(f, UNIT, "[Mount]\n");
}

#define TEST(name, test)                                                                           \
    g_test_add("/boot/" name, Fixture, NULL, fixture_set_up, test, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("when", test_when);
    TEST("preview", test_preview);
    TEST("json", test_json);
    TEST("journal-lines", test_journal_lines);
    TEST("apart", test_apart);
    TEST("killed-everywhere", test_killed_everywhere);
    TEST("not-edited", test_not_edited);
    TEST("unwritable", test_unwritable);
    TEST("coupled", test_coupled);
    TEST("rivals", test_rivals);
    TEST("export", test_export);
    TEST("script-stops", test_script_stops);
    return g_test_run();
}
