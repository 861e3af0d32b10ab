/* Mounts of hugetlbfs, now and at boot: what others mount, what stands in the way, which paths. */
#include "core/host/host-json.h"
#include "core/host/mounts.h"
#include "core/util/error.h"
#include "tests/unit/bootfixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void check_refused(
    const Fixture *f, PlanScope scope, const char *key, const char *value, const char *sentence)
{
    g_autoptr(Preview) what = boot_preview(f, scope, key, value, NULL);

    g_assert_cmpuint(what->errors, ==, 1);
    g_assert_true(boot_has_line(what, LINE_ERROR, sentence));
    g_assert_cmpuint(what->steps->len, ==, 0);
}

/* What others mount at boot is part of the value, and not kvmtune's to take away. */
static void test_foreign_mounts(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *value, *sentence; /* NULL: it is taken */
    } rows[] = {
        {"/dev/hugepages,/mnt/fstab,/mnt/new", NULL},
        {"/mnt/fstab", "/dev/hugepages is mounted at boot by "
                       "/usr/lib/systemd/system/dev-hugepages.mount, which kvmtune leaves alone"},
        {"/dev/hugepages", "/mnt/fstab is mounted at boot by /etc/fstab:2"},
        {"/dev/hugepages,/mnt/fstab,/mnt/own",
            "/etc/systemd/system/mnt-own.mount is there already and is not kvmtune's"},
        {"/dev/hugepages,/mnt/fstab,/mnt/giant", "with other pages by /etc/fstab:3"},
    };
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, "/usr/lib/systemd/system/dev-hugepages.mount",
        "[Mount]\nWhat=hugetlbfs\nWhere=/dev/hugepages\nType=hugetlbfs\n");
    fixture_put(f, "/usr/lib/systemd/system/sysinit.target.wants/dev-hugepages.mount", "");
    fixture_put(f, "/usr/lib/systemd/system/off.mount",
        "[Mount]\nWhat=hugetlbfs\nWhere=/off\nType=hugetlbfs\n");
    fixture_put(f, "/etc/systemd/system/mnt-own.mount", "[Mount]\nWhat=x\nWhere=/mnt/own\n");
    fixture_put(f, "/etc/fstab",
        "# none /mnt/not hugetlbfs defaults 0 0\nnone /mnt/fstab hugetlbfs pagesize=2M 0 0\n"
        "none /mnt/giant hugetlbfs pagesize=1G 0 0\nnone /mnt/no hugetlbfs noauto 0 0\n");
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autofree char *kept = keep_value(snapshot->host->keep, "hugetlbfs pagesize=2048K");
    g_assert_cmpstr(kept, ==, "/dev/hugepages,/mnt/fstab");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Preview) what =
            boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", rows[i].value, NULL);
        g_assert_cmpuint(what->errors, ==, rows[i].sentence != NULL);
        if (rows[i].sentence)
            g_assert_true(boot_has_line(what, LINE_ERROR, rows[i].sentence));
        else
            g_assert_cmpuint(what->files->len, ==, 2);
    }
}

/* Where the default size is not known, as in an image, a mount without a size has none to compare.
 */
static void test_unknown_default(Fixture *f, gconstpointer data)
{
    (void)data;
    boot_put_mounts(f);
    fixture_put(f, "/proc/meminfo", "MemTotal: 4096 kB\n");
    fixture_put(f, "/etc/fstab",
        "none /dev/hugepages hugetlbfs defaults 0 0\nnone /mnt/giant hugetlbfs pagesize=1G 0 0\n");
    check_refused(f, SCOPE_CONFIG, "hugetlbfs.2M", "/dev/hugepages",
        "/dev/hugepages is mounted at boot by /etc/fstab:1 with pages of the default size, which "
        "is "
        "not known here");
    check_refused(f, SCOPE_CONFIG, "hugetlbfs.2M", "/mnt/giant", "with other pages");
    g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "/mnt/new", NULL);
    g_assert_cmpuint(what->errors, ==, 0);
    g_assert_cmpuint(what->files->len, ==, 2);
}

/* A file or a link of the owner where the unit's link would go: refused, and left as it is. */
static void test_owners_link(Fixture *f, gconstpointer data)
{
    static const char *const targets[] = {NULL, "/usr/lib/systemd/system/own.mount"};
    g_autofree char *full = g_strconcat(f->root, LINK, NULL);
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (targets[i]) {
            g_assert_cmpint(remove(full), ==, 0);
            g_assert_cmpint(symlink(targets[i], full), ==, 0);
        } else {
            fixture_put(f, LINK, "mine\n");
        }
        g_autoptr(Preview) what =
            boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "/dev/hugepages2M", NULL);
        g_assert_cmpuint(what->errors, ==, 1);
        g_assert_true(boot_has_line(
            what, LINE_ERROR, LINK " is there already and is not kvmtune's: move it away"));
        g_assert_cmpuint(what->steps->len, ==, 0);
    }

    /* With a unit of kvmtune's beside it, that one goes alone. */
    g_autofree char *unit = mountunit_text("/dev/hugepages2M", 2048);
    fixture_put(f, UNIT, unit);
    g_autoptr(Preview) none = boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "", NULL);
    boot_apply(f, none);
    boot_check_text(f, UNIT, NULL);
    g_autofree char *leads = g_file_read_link(full, NULL);
    g_assert_cmpstr(leads, ==, targets[1]);
}

/* A table of mounts that cannot be read as a whole is not written anew from a part of it. */
static void test_broken_mounts(Fixture *f, gconstpointer data)
{
    static const char broken[] = "/dev/sda1 / ext4 rw 0 0\n\0\nproc /proc proc rw 0 0\n";
    g_autofree char *full = g_strconcat(f->root, "/proc/mounts", NULL);
    g_autofree char *kept = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;
    (void)data;

    boot_put_mounts(f);
    g_assert_true(g_file_set_contents(full, broken, sizeof(broken) - 1, NULL));
    g_autoptr(Preview) what = boot_preview(f, SCOPE_LIVE, "hugetlbfs.2M", "/mnt/new", NULL);
    g_assert_cmpuint(what->errors, ==, 0);
    g_assert_cmpuint(apply_preview(&f->context, what, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "/proc/mounts cannot be read as a whole"));
    g_assert_true(g_file_get_contents(full, &kept, &length, NULL));
    g_assert_cmpuint(length, ==, sizeof(broken) - 1);
    g_assert_true(memcmp(kept, broken, sizeof(broken) - 1) == 0);
}

/* A folder has pages of one size: in one plan, and over two. */
static void test_one_size(Fixture *f, gconstpointer data)
{
    static const PlanScope scopes[] = {SCOPE_LIVE, SCOPE_CONFIG, SCOPE_KEPT};
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
    for (guint i = 0; i < G_N_ELEMENTS(scopes); i++) {
        g_autoptr(Preview) both =
            boot_preview(f, scopes[i], "hugetlbfs.2M", "/a,/mnt/huge", "hugetlbfs.1G", "/a", NULL);
        g_assert_cmpuint(both->errors, ==, 1);
        g_assert_true(
            boot_has_line(both, LINE_ERROR, "hugetlbfs.1G: /a has pages of another size"));
        g_assert_cmpuint(apply_preview(&f->context, both, NULL, NULL), ==, 0);
        g_autoptr(GPtrArray) mounts = mounts_read(f->root);
        g_assert_cmpuint(mounts->len, ==, 1);
        boot_check_text(f, MOUNTUNIT_FOLDER "/a.mount", NULL);
    }
    g_autoptr(Preview) first = boot_preview(f, SCOPE_KEPT, "hugetlbfs.2M", "/a,/mnt/huge", NULL);
    boot_apply(f, first);
    check_refused(f, SCOPE_LIVE, "hugetlbfs.1G", "/a", "/a has pages of another size, mounted now");
    check_refused(f, SCOPE_CONFIG, "hugetlbfs.1G", "/a",
        "/a has pages of another size at boot, hugetlbfs.2M: take it away there first");

    /* From one size to the other in one plan. */
    g_autoptr(Preview) moved =
        boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "", "hugetlbfs.1G", "/a", NULL);
    guint number = boot_apply(f, moved);
    g_autofree char *giant = mountunit_text("/a", 1048576), *small = mountunit_text("/a", 2048);
    boot_check_text(f, MOUNTUNIT_FOLDER "/a.mount", giant);
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    boot_check_text(f, MOUNTUNIT_FOLDER "/a.mount", small);
}

/* What stands in the tree where it is to be mounted, now and at boot. */
static void test_obstacles(Fixture *f, gconstpointer data)
{
    static const PlanScope scopes[] = {SCOPE_LIVE, SCOPE_CONFIG};
    static const struct {
        const char *path, *sentence;
    } rows[] = {
        {"/mnt/full", "/mnt/full: it is not empty"},
        {"/mnt/full/file", "/mnt/full/file is no folder"},
        {"/mnt/full/file/below", "/mnt/full/file is no folder"},
        {"/mnt/link", "/mnt/link is a link"},
        {"/mnt/link/below", "/mnt/link is a link"},
    };
    g_autofree char *link = g_strconcat(f->root, "/mnt/link", NULL);
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, "/mnt/full/file", "x");
    fixture_put(f, "/mnt/huge/page", "x"); /* mounted already */
    g_assert_cmpint(symlink("/proc", link), ==, 0);
    for (guint i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = g_strconcat("/mnt/huge,", rows[i / 2].path, NULL);
        check_refused(f, scopes[i % 2], "hugetlbfs.2M", value, rows[i / 2].sentence);
    }
}

/* The rule that a path breaks is named. */
static void test_paths(Fixture *f, gconstpointer data)
{
    static const char *const system[] = {"/", "/proc", "/proc/sys/x", "/sys", "/sys/fs/x", "/etc",
        "/dev", "/run", "/usr", "/var", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/root",
        "/home", "/dev/shm", "/dev/mqueue", "/dev/pts", "/dev/pts/x", "/var/tmp", "/srv",
        "/boot/efi", "/lost+found", "/run/lock", "/run/user", "/run/user/0/x", "/tmp"};
    static const struct {
        const char *path, *sentence;
    } rows[] = {
        {"relative", "a folder such as /dev/hugepages is allowed"},
        {"/mnt/.h", "no part of the path may be empty or begin with \".\""},
        {"/mnt/../h", "no part of the path may be empty or begin with \".\""},
        {"/mnt//h", "no part of the path may be empty or begin with \".\""},
        {"/mnt/h/", "no part of the path may be empty or begin with \".\""},
        {"/mnt/a b", "a folder of letters, digits and ._+:@- is allowed"},
    };
    g_autofree char *dashes = g_strnfill(47, '-'), *fits = g_strconcat("/m", dashes, "nnnnn", NULL);
    g_autofree char *longer = g_strconcat(fits, "n", NULL);
    g_autoptr(Plan) plan = plan_new();
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(rows) + G_N_ELEMENTS(system) + 1; i++) {
        g_autoptr(GError) error = NULL;
        guint at = i - MIN(i, (guint)G_N_ELEMENTS(rows));
        const char *path = i < G_N_ELEMENTS(rows)      ? rows[i].path
                           : at < G_N_ELEMENTS(system) ? system[at]
                                                       : longer;
        const char *sentence = i < G_N_ELEMENTS(rows)      ? rows[i].sentence
                               : at < G_N_ELEMENTS(system) ? "a folder of the system itself"
                                                           : "200 bytes are allowed";
        g_assert_false(
            plan_stage(plan, f->snapshot, "host", "hugetlbfs.2M", path, SCOPE_CONFIG, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, sentence));
    }
    g_autofree char *name = mountunit_name(fits);
    g_assert_cmpuint(strlen(name), ==, 200);
    boot_put_mounts(f);
    g_autofree char *usual =
        g_strconcat(fits, ",/dev/shm/x,/dev/shm2,/run/hugepages,/mnt,/var/lib/h,/opt/h", NULL);
    g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", usual, NULL);
    g_assert_cmpuint(what->errors, ==, 0);
}

/* What the owner has mounted where kvmtune mounts nothing could not be put back: it stays. */
static void test_owners_odd_mount(Fixture *f, gconstpointer data)
{
    static const char odd[] = "hugetlbfs /mnt/.huge hugetlbfs rw,relatime,pagesize=2M 0 0";
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, "/proc/mounts", odd);
    check_refused(f, SCOPE_LIVE, "hugetlbfs.2M", "/mnt/new", "/mnt/.huge is set by hand");
    check_refused(f, SCOPE_LIVE, "hugetlbfs.2M", "", "/mnt/.huge is set by hand");
    fixture_check_file(f, "/proc/mounts", odd);
    fixture_put(f, "/etc/fstab", "none /mnt/.boot hugetlbfs pagesize=2M 0 0\n");
    check_refused(f, SCOPE_CONFIG, "hugetlbfs.2M", "/mnt/new", "/mnt/.boot is set by hand");
}

static char *mounted_now(const Fixture *f)
{
    g_autoptr(GPtrArray) mounts = mounts_read(f->root);

    return mounts_value(mounts, 2048, 2048);
}

/* What undo could not put back as it was, and what umount would not take, stays mounted. */
static void test_bonds(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *mounts, *value, *sentence; /* NULL: it is unmounted */
    } rows[] = {
        {"hugetlbfs /a hugetlbfs rw,nosuid,nodev,relatime,seclabel,pagesize=2M 0 0\n", "", NULL},
        {"hugetlbfs /a hugetlbfs rw 0 0\ntmpfs /a tmpfs rw 0 0\n", "",
            "/a has several file systems, one over the other (tmpfs too)"},
        {"tmpfs /a tmpfs rw 0 0\nhugetlbfs /a hugetlbfs rw 0 0\n", "",
            "/a has several file systems, one over the other (tmpfs too)"},
        {"hugetlbfs /a hugetlbfs rw 0 0\nhugetlbfs /a hugetlbfs rw,pagesize=1024M 0 0\n", "",
            "/a has several file systems, one over the other (hugetlbfs too)"},
        {"hugetlbfs /a hugetlbfs rw 0 0\nhugetlbfs /a hugetlbfs rw 0 0\n", "",
            "/a has several file systems, one over the other (hugetlbfs too)"},
        {"hugetlbfs /a/b hugetlbfs rw 0 0\ntmpfs /a tmpfs rw 0 0\n", "",
            "/a/b is hidden by what is mounted at /a since (tmpfs)"},
        {"tmpfs /a tmpfs rw 0 0\nhugetlbfs /a/b hugetlbfs rw 0 0\n", "", NULL},
        {"hugetlbfs /a/b hugetlbfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\n", "", NULL},
        {"hugetlbfs /a hugetlbfs rw 0 0\ntmpfs /a/b tmpfs rw 0 0\n", "",
            "/a is in use: a file system (tmpfs) is mounted below it, at /a/b"},
        {"hugetlbfs /a hugetlbfs rw 0 0\nhugetlbfs /a/b hugetlbfs rw 0 0\n", "/a/b",
            "/a is in use: a file system (hugetlbfs) is mounted below it, at /a/b"},
        {"hugetlbfs /a hugetlbfs rw 0 0\nhugetlbfs /a/b hugetlbfs rw 0 0\n", "", NULL},
        {"hugetlbfs /a hugetlbfs rw 0 0\ntmpfs /ab tmpfs rw 0 0\n", "", NULL},
        {"hugetlbfs /a hugetlbfs rw,mode=1770,uid=7,pagesize=2M 0 0\n", "",
            "/a is mounted with mode=1770,uid=7, which undo could not give back"},
        {"hugetlbfs /a hugetlbfs ro,pagesize=2M 0 0\n", "", "/a is mounted with ro, which"},
        {"none /a hugetlbfs rw,size=64M 0 0\n", "",
            "/a is mounted with size=64M and the source \"none\", which"},
        {"none /a hugetlbfs rw,size=64M 0 0\n", "/a,/b", NULL}, /* it stays */
    };
    (void)data;

    boot_put_mounts(f);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        fixture_put(f, "/proc/mounts", rows[i].mounts);
        if (rows[i].sentence) {
            check_refused(f, SCOPE_LIVE, "hugetlbfs.2M", rows[i].value, rows[i].sentence);
            continue;
        }
        g_autofree char *before = mounted_now(f);
        g_autoptr(Preview) what = boot_preview(f, SCOPE_LIVE, "hugetlbfs.2M", rows[i].value, NULL);
        guint number = boot_apply(f, what);
        g_autofree char *after = mounted_now(f);
        g_assert_cmpstr(after, ==, rows[i].value);
        g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
        g_autofree char *again = mounted_now(f);
        g_assert_cmpstr(again, ==, before);
    }
}

/* ---- killed between two of several ---- */

static gboolean die_at_second(gpointer data)
{
    guint *count = data;

    return ++*count != 2;
}

/* Leaves an open entry from 2M at /a,/b to /b,/c,/d, whose write had begun. */
static guint leave_open(Fixture *f, PlanScope scope)
{
    g_autoptr(Preview) what = boot_preview(f, scope, "hugetlbfs.2M", "/b,/c,/d", NULL);
    guint count = 0;

    g_assert_cmpuint(what->errors, ==, 0);
    f->context.checkpoint = die_at_second;
    f->context.checkpoint_data = &count;
    g_assert_cmpuint(apply_preview(&f->context, what, NULL, NULL), ==, 0);
    f->context.checkpoint = NULL;
    g_autoptr(GPtrArray) open = journal_unended(f->journal);
    g_assert_cmpuint(open->len, ==, 1);
    return ((const JournalEntry *)open->pdata[0])->number;
}

/* @paths are mounted now, or at boot, by whatever means. */
static void put_mounted(const Fixture *f, PlanScope scope, const char *paths)
{
    static const char *const all[] = {"/a", "/b", "/c", "/d", "/x"};
    g_auto(GStrv) there = g_strsplit(paths, ",", -1);
    g_autoptr(GString) lines = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        gboolean is_there = g_strv_contains((const char *const *)there, all[i]);
        g_autofree char *text = mountunit_text(all[i], 2048);
        g_autofree char *name = mountunit_name(all[i]);
        g_autofree char *unit = g_strconcat(MOUNTUNIT_FOLDER "/", name, NULL);
        g_autofree char *link = g_strconcat(f->root, MOUNTUNIT_WANTS "/", name, NULL);
        g_autofree char *full = g_strconcat(f->root, unit, NULL);
        if (is_there)
            g_string_append_printf(lines, "hugetlbfs %s hugetlbfs rw,relatime 0 0\n", all[i]);
        if (scope == SCOPE_LIVE)
            continue;
        remove(link);
        remove(full);
        if (!is_there)
            continue;
        fixture_put(f, unit, text);
        fixture_put(f, MOUNTUNIT_WANTS "/x", ""); /* makes the folder */
        g_assert_cmpint(symlink(unit, link), ==, 0);
    }
    if (scope == SCOPE_LIVE)
        fixture_put(f, "/proc/mounts", lines->str);
}

static void check_mounted(const Fixture *f, PlanScope scope, const char *wanted)
{
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autofree char *now = scope == SCOPE_LIVE
                               ? mounted_now(f)
                               : keep_value(snapshot->host->keep, "hugetlbfs pagesize=2048K");

    g_assert_cmpstr(now, ==, wanted);
}

static void test_half(Fixture *f, gconstpointer data)
{
    static const PlanScope scopes[] = {SCOPE_LIVE, SCOPE_CONFIG};
    static const struct {
        const char *stands;
        gboolean is_others; /* neither all that stays nor nothing but what was asked is there */
    } rows[] = {{"/a,/b,/c", FALSE}, {"/a,/b,/c,/d", FALSE}, {"/b,/c", FALSE}, {"/b", FALSE},
        {"/a,/c", TRUE}, {"/a,/b,/x", TRUE}};
    (void)data;

    boot_put_mounts(f);
    for (guint i = 0; i < 4 * G_N_ELEMENTS(rows); i++) {
        PlanScope scope = scopes[i % 2];
        gboolean forward = i / 2 % 2, is_others = rows[i / 4].is_others;
        const char *stands = rows[i / 4].stands;
        g_autoptr(GError) error = NULL;
        put_mounted(f, scope, "/a,/b");
        guint number = leave_open(f, scope);
        put_mounted(f, scope, stands);
        g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);
        g_autoptr(GArray) survey = apply_survey(&f->context, entry->steps);
        g_assert_cmpint(g_array_index(survey, StepStanding, 0).standing, ==,
            is_others ? STANDS_OTHER : STANDS_HALF);
        g_assert_cmpuint(
            apply_recover(&f->context, number, forward, &error), ==, is_others ? 0 : number);
        check_mounted(f, scope, is_others ? stands : forward ? "/b,/c,/d" : "/a,/b");
        if (is_others && forward) /* it is still open */
            g_assert_cmpuint(apply_recover(&f->context, number, FALSE, NULL), ==, 0);
    }
}

/* Killed between a unit and the link that enables it: the unit is no value, and goes all the same.
 */
static void test_half_a_unit(Fixture *f, gconstpointer data)
{
    g_autofree char *unit = mountunit_text("/c", 2048);
    (void)data;

    boot_put_mounts(f);
    for (gboolean forward = FALSE; forward <= TRUE; forward++) {
        put_mounted(f, SCOPE_CONFIG, "/a,/b");
        guint number = leave_open(f, SCOPE_CONFIG);
        fixture_put(f, MOUNTUNIT_FOLDER "/c.mount", unit);
        g_assert_cmpuint(apply_recover(&f->context, number, forward, NULL), ==, number);
        check_mounted(f, SCOPE_CONFIG, forward ? "/b,/c,/d" : "/a,/b");
        boot_check_text(f, MOUNTUNIT_FOLDER "/c.mount", forward ? unit : NULL);
    }
}

/* What `systemctl disable` leaves mounts nothing at boot. */
static void test_disabled(Fixture *f, gconstpointer data)
{
    g_autofree char *unit = mountunit_text("/dev/hugepages2M", 2048);
    (void)data;

    boot_put_mounts(f);
    fixture_put(f, UNIT, unit);
    check_mounted(f, SCOPE_CONFIG, "");
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autofree char *json = host_to_json(snapshot->host);
    g_assert_null(strstr(json, UNIT));
    g_autoptr(Preview) what =
        boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "/dev/hugepages2M", NULL);
    g_assert_cmpuint(what->files->len, ==, 1);
    g_assert_cmpstr(((const PreviewFile *)what->files->pdata[0])->path, ==, LINK);
    guint number = boot_apply(f, what);
    check_mounted(f, SCOPE_CONFIG, "/dev/hugepages2M");
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    check_mounted(f, SCOPE_CONFIG, "");

    /* Another target of the owner's choice mounts it as well. */
    fixture_put(f, UNIT, unit);
    fixture_put(f, MOUNTUNIT_FOLDER "/multi-user.target.wants/dev-hugepages2M.mount", "");
    check_mounted(f, SCOPE_CONFIG, "/dev/hugepages2M");
    g_autoptr(Preview) none =
        boot_preview(f, SCOPE_CONFIG, "hugetlbfs.2M", "/dev/hugepages2M", NULL);
    g_assert_cmpuint(none->steps->len, ==, 0);
}

#define TEST(name, test)                                                                           \
    g_test_add("/mounts/" name, Fixture, NULL, fixture_set_up, test, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("foreign-mounts", test_foreign_mounts);
    TEST("unknown-default", test_unknown_default);
    TEST("owners-link", test_owners_link);
    TEST("broken-mounts", test_broken_mounts);
    TEST("one-size", test_one_size);
    TEST("obstacles", test_obstacles);
    TEST("paths", test_paths);
    TEST("owners-odd-mount", test_owners_odd_mount);
    TEST("bonds", test_bonds);
    TEST("half", test_half);
    TEST("half-a-unit", test_half_a_unit);
    TEST("disabled", test_disabled);
    return g_test_run();
}
