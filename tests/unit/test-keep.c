/* core/keep: the files that keep values across a reboot, and who else sets them. */
#include "core/keep/bootfile.h"
#include "core/keep/claims.h"
#include "core/keep/keep.h"
#include "core/keep/mountunit.h"
#include "core/keep/qemuconf.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "tests/unit/tree.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define SWAPPINESS "/proc/sys/vm/swappiness"
#define KSM_RUN    "/sys/kernel/mm/ksm/run"

static void test_lines(void)
{
    static const struct {
        gboolean (*parse)(const char *text, BootLine *line);
        const char *text, *place, *value; /* place NULL: no such line */
    } rows[] = {
        {bootline_parse_sysctl, "vm.swappiness = 10", SWAPPINESS, "10"},
        {bootline_parse_sysctl, "  -vm/swappiness=10 ", SWAPPINESS, "10"},
        {bootline_parse_sysctl, "net.ipv4.conf.eth0/1.rp_filter=1",
            "/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "1"},
        {bootline_parse_sysctl, "net/ipv4/conf/eth0.1/rp_filter=1",
            "/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "1"},
        {bootline_parse_sysctl, "# vm.swappiness = 10", NULL, NULL},
        {bootline_parse_sysctl, "; vm.swappiness = 10", NULL, NULL},
        {bootline_parse_sysctl, "vm.swappiness", NULL, NULL},
        {bootline_parse_sysctl, "= 10", NULL, NULL},
        {bootline_parse_sysctl, "", NULL, NULL},
        /* A mark of byte order is a part of the name: sysctl, systemd-sysctl and systemd-tmpfiles
         * leave such a first line out, and so it is nobody's here. */
        {bootline_parse_sysctl, "\xef\xbb\xbfvm.swappiness = 10",
            "/proc/sys/\xef\xbb\xbfvm/swappiness", "10"},
        {bootline_parse_tmpfiles, "\xef\xbb\xbfw /sys/x - - - - 1", NULL, NULL},
        {bootline_parse_tmpfiles, "w /sys/kernel/mm/ksm/run - - - - 1", KSM_RUN, "1"},
        {bootline_parse_tmpfiles, "w!-  \"/sys/kernel/mm/ksm/run\"\t- - - - 1", KSM_RUN, "1"},
        {bootline_parse_tmpfiles, "w /sys/x - - - - 100%% of all", "/sys/x", "100% of all"},
        {bootline_parse_tmpfiles, "w /sys/x - - - -", NULL, NULL}, /* sets nothing */
        {bootline_parse_tmpfiles, "w /sys/x - - - - \r", NULL, NULL},
        {bootline_parse_tmpfiles, "d /run/x 0755 root root - 1", NULL, NULL},
        {bootline_parse_tmpfiles, "w /sys/x - -", NULL, NULL},
        {bootline_parse_tmpfiles, "#w /sys/x - - - - 1", NULL, NULL},
        {bootline_parse_tmpfiles, "w \"/sys/x", NULL, NULL},
        {bootline_parse_tmpfiles, "", NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        BootLine line = {NULL, NULL};
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(rows[i].parse(rows[i].text, &line), ==, rows[i].place != NULL);
        g_assert_cmpstr(line.place, ==, rows[i].place);
        g_assert_cmpstr(line.value, ==, rows[i].value);
        bootline_clear(&line);
    }
}

/* Sets, finds the value, takes it away again, and has the owner's text back. */
static void test_set(void)
{
    static const struct {
        const char *before, *place, *value, *after;
    } rows[] = {
        {NULL, SWAPPINESS, "10",
            "# Written by kvmtune; the lines that are yours stay as they are.\n"
            "vm.swappiness = 10\n"},
        {"# mine\nvm.dirty_ratio=5", SWAPPINESS, "10",
            "# mine\nvm.dirty_ratio=5\nvm.swappiness = 10\n"},
        {"garbage \\\x01 [ =\n\n\n", KSM_RUN, "1",
            "garbage \\\x01 [ =\n\n\nw /sys/kernel/mm/ksm/run - - - - 1\n"},
        /* The owner's lines without a value set nothing, and stay. */
        {"w /sys/kernel/mm/ksm/run - - - -\n", KSM_RUN, "1",
            "w /sys/kernel/mm/ksm/run - - - -\nw /sys/kernel/mm/ksm/run - - - - 1\n"},
        {"vm.swappiness =\n", SWAPPINESS, "10", "vm.swappiness =\nvm.swappiness = 10\n"},
        {"", SWAPPINESS, "10", "vm.swappiness = 10\n"}, /* a file that is there, and empty */
        {NULL, "/sys/x", "50%",
            "# Written by kvmtune; the lines that are yours stay as they are.\n"
            "w /sys/x - - - - 50%%\n"},
        {NULL, "/proc/sys/net/ipv4/conf/eth0.1/rp_filter", "1",
            "# Written by kvmtune; the lines that are yours stay as they are.\n"
            "net/ipv4/conf/eth0.1/rp_filter = 1\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = bootfile_set(rows[i].before, rows[i].place, rows[i].value, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(after, ==, rows[i].after);
        g_autofree char *value = bootfile_value(after, rows[i].place, NULL);
        g_assert_cmpstr(value, ==, rows[i].value);
        g_autofree char *again = bootfile_set(after, rows[i].place, rows[i].value, &error);
        g_assert_cmpstr(again, ==, after);
        g_autofree char *gone = bootfile_set(after, rows[i].place, "", &error);
        g_autofree char *lines = g_strconcat(rows[i].before ? rows[i].before : "", NULL);
        if (*lines && !g_str_has_suffix(lines, "\n"))
            g_assert_true(g_str_has_prefix(gone, lines));
        else if (rows[i].before)
            g_assert_cmpstr(gone, ==, lines);
        g_assert_cmpint(bootfile_is_bare(gone), ==, rows[i].before == NULL);
    }
}

static void test_set_twice(void)
{
    static const char twice[] = "vm.swappiness=1\nvm/swappiness = 2\nvm.dirty_ratio=5\n";
    guint line = 0;
    g_autofree char *value = bootfile_value(twice, SWAPPINESS, &line);
    g_autofree char *after = bootfile_set(twice, SWAPPINESS, "3", NULL);

    g_assert_cmpstr(value, ==, "2");
    g_assert_cmpuint(line, ==, 2);
    g_assert_cmpstr(after, ==, "vm.swappiness=1\nvm/swappiness = 3\nvm.dirty_ratio=5\n");
}

static void test_refused(void)
{
    static const struct {
        const char *place, *value;
    } rows[] = {{SWAPPINESS, "1\nkernel.panic = 1"}, {"/etc/passwd", "x"}, {"/sys/a b", "1"},
        {"/sys/*", "1"}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(bootfile_set(NULL, rows[i].place, rows[i].value, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    }
}

static void test_write(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_assert_null(bootfile_read(tree->root, BOOTFILE_SYSCTL, &error));
    g_assert_no_error(error);
    g_assert_true(bootfile_write(tree->root, BOOTFILE_SYSCTL, "vm.swappiness = 10\n\n", &error));
    g_autofree char *text = bootfile_read(tree->root, BOOTFILE_SYSCTL, &error);
    g_assert_cmpstr(text, ==, "vm.swappiness = 10\n\n");
    g_assert_true(bootfile_write(tree->root, BOOTFILE_SYSCTL, "", &error));
    g_autofree char *empty = bootfile_read(tree->root, BOOTFILE_SYSCTL, &error);
    g_assert_cmpstr(empty, ==, "");
    g_assert_true(bootfile_write(tree->root, BOOTFILE_SYSCTL, NULL, &error));
    g_assert_true(bootfile_write(tree->root, BOOTFILE_SYSCTL, NULL, &error));
    g_assert_null(bootfile_read(tree->root, BOOTFILE_SYSCTL, &error));
    g_assert_no_error(error);
}

/* A file that is a folder, a link, binary, or in a folder that leads out of the tree. */
static void test_write_refused(Tree *tree, gconstpointer unused)
{
    g_autofree char *folder = g_strconcat(tree->root, BOOTFILE_SYSCTL, NULL);
    g_autofree char *binary = g_strconcat(tree->root, BOOTFILE_TMPFILES, NULL);
    g_autofree char *etc = g_strconcat(tree->root, "/out/etc", NULL);
    g_autofree char *out = g_strconcat(tree->root, "/out", NULL);
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_null(bootfile_read(tree->root, BOOTFILE_SYSCTL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_false(bootfile_write(tree->root, BOOTFILE_SYSCTL, "vm.x = 1\n", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);

    tree_put(tree, BOOTFILE_TMPFILES, "");
    g_assert_true(g_file_set_contents(binary, "w /sys/x\0- - - - 1\n", 19, NULL));
    g_assert_null(bootfile_read(tree->root, BOOTFILE_TMPFILES, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);

    g_assert_cmpint(g_mkdir_with_parents(out, 0700), ==, 0);
    g_assert_cmpint(symlink(g_get_tmp_dir(), etc), ==, 0);
    g_assert_false(bootfile_write(out, BOOTFILE_SYSCTL, "vm.x = 1\n", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
}

static void assert_winner(const GPtrArray *claims, const char *place, const char *sentence)
{
    const Claim *winner = claims_winner(claims, place);
    g_autofree char *said = winner ? claim_sentence(winner) : NULL;

    g_assert_cmpstr(said, ==, sentence);
}

static void test_claims(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, "/proc/cmdline",
        "root=/dev/vda hugepages=7 hugepagesz=1G hugepages=0:2,1:4 hugepagesz=2M hugepages=512 "
        "transparent_hugepage=never numa_balancing=disable quiet\n");
    tree_put(tree, "/etc/sysctl.d/10-a.conf", "vm.swappiness = 1\nvm.dirty_ratio = 7\n");
    tree_put(tree, "/usr/lib/sysctl.d/10-a.conf", "vm.dirty_ratio = 99\n"); /* hidden */
    tree_put(tree, "/run/sysctl.d/50-b.conf", "# x\nvm/swappiness=2\nkernel.numa_* = 1\n");
    tree_put(tree, "/etc/sysctl.d/99-not", "vm.swappiness = 3\n"); /* no .conf */
    tree_put(tree, "/etc/tmpfiles.d/a.conf", "w /sys/kernel/mm/ksm/run - - - - 1\n");
    tree_put(tree, "/usr/lib/tmpfiles.d/z.conf", "w /sys/kernel/mm/ksm/run - - - - 0\n");
    tree_put(tree, "/etc/tuned/active_profile", "virtual-host\n");
    tree_put(tree, "/usr/lib/tuned/virtual-host/tuned.conf",
        "[main]\ninclude=throughput\n[sysctl]\nvm.dirty_background_ratio = 5\nvm.x = ${y}\n");
    tree_put(tree, "/usr/lib/tuned/throughput/tuned.conf",
        "[main]\ninclude=virtual-host\n[vm]\ntransparent_hugepages=always\n"
        "[sysfs]\n/sys/kernel/mm/ksm/sleep_millisecs=100\n[sysctl]\nvm.dirty_background_ratio=9\n");

    g_autoptr(GPtrArray) claims = claims_read(tree->root);
    assert_winner(claims, SWAPPINESS, "systemd-sysctl (/run/sysctl.d/50-b.conf:2) sets it to 2");
    assert_winner(claims, "/proc/sys/vm/dirty_ratio",
        "systemd-sysctl (/etc/sysctl.d/10-a.conf:2) sets it to 7");
    assert_winner(claims, "/proc/sys/kernel/numa_balancing",
        "systemd-sysctl (/run/sysctl.d/50-b.conf:3) sets it to 1");
    assert_winner(claims, KSM_RUN, "systemd-tmpfiles (/etc/tmpfiles.d/a.conf:1) sets it to 1");
    assert_winner(claims, "/proc/sys/vm/dirty_background_ratio",
        "tuned's active profile (/usr/lib/tuned/virtual-host/tuned.conf:4) sets it to 5");
    assert_winner(claims, "/proc/sys/vm/x",
        "tuned's active profile (/usr/lib/tuned/virtual-host/tuned.conf:5) sets it as it sees fit");
    assert_winner(claims, "/sys/kernel/mm/transparent_hugepage/enabled",
        "tuned's active profile (/usr/lib/tuned/throughput/tuned.conf:4) sets it to always");
    assert_winner(claims, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
        "the kernel's command line (/proc/cmdline) sets all nodes together to 512");
    assert_winner(claims, "/sys/devices/system/node/node3/hugepages/hugepages-2048kB/nr_hugepages",
        "the kernel's command line (/proc/cmdline) sets all nodes together to 512");
    tree_put(tree, "/proc/meminfo", "Hugepagesize:    2048 kB\n");
    tree_put(tree, "/etc/sysctl.d/20-pool.conf", "vm.nr_hugepages = 9\n");
    g_autoptr(GPtrArray) pools = claims_read(tree->root);
    assert_winner(pools, "/sys/devices/system/node/node3/hugepages/hugepages-2048kB/nr_hugepages",
        "systemd-sysctl (/etc/sysctl.d/20-pool.conf:1) sets all nodes together to 9");
    assert_winner(claims,
        "/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages",
        "the kernel's command line (/proc/cmdline) sets it to 4");
    assert_winner(claims, "/sys/kernel/mm/ksm/pages_to_scan", NULL);
}

/* Of lines for one path the first one holds, and patterns that differ in their order; thousands of
 * lines are all there. */
static void test_claims_order(Tree *tree, gconstpointer unused)
{
    g_autoptr(GString) text = g_string_new(NULL);

    (void)unused;
    for (guint i = 0; i < 60000; i++)
        g_string_append_printf(text, "w /sys/x%u - - - - %u\n", i % 30000, i);
    g_string_append(text, "w /sys/x1* - - - - last\n");
    tree_put(tree, "/etc/tmpfiles.d/a.conf", text->str);
    tree_put(tree, "/etc/tmpfiles.d/b.conf", "w /sys/x2 - - - - late\n");
    g_autoptr(GPtrArray) claims = claims_read(tree->root);

    g_assert_cmpuint(claims->len, ==, 60002);
    assert_winner(claims, "/sys/x2", "systemd-tmpfiles (/etc/tmpfiles.d/a.conf:3) sets it to 2");
    assert_winner(
        claims, "/sys/x29999", "systemd-tmpfiles (/etc/tmpfiles.d/a.conf:30000) sets it to 29999");
    assert_winner(
        claims, "/sys/x12", "systemd-tmpfiles (/etc/tmpfiles.d/a.conf:60001) sets it to last");
}

static void test_claims_ksmtuned(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, "/run/ksmtune.pid", "77\n");
    {
        g_autoptr(GPtrArray) dead = claims_read(tree->root);
        g_assert_cmpuint(dead->len, ==, 0);
    }
    tree_put(tree, "/proc/77/comm", "ksmtuned\n");
    g_autoptr(GPtrArray) claims = claims_read(tree->root);
    assert_winner(claims, KSM_RUN, "ksmtuned (/etc/ksmtuned.conf) sets it as it sees fit");
}

/* Who comes after kvmtune's file, and that a picture is kept while nothing changes. */
static void test_rivals(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, BOOTFILE_SYSCTL, "vm.swappiness = 10\nvm.dirty_ratio = 5\n");
    tree_put(tree, BOOTFILE_TMPFILES, "w /sys/kernel/mm/ksm/run - - - - 1\n");
    tree_put(tree, "/etc/sysctl.d/99-late.conf", "vm.swappiness = 60\n");
    tree_put(tree, "/etc/sysctl.d/10-early.conf", "vm.dirty_ratio = 20\n");
    tree_put(tree, "/etc/tmpfiles.d/a.conf", "w /sys/kernel/mm/ksm/run - - - - 0\n");
    Keep *keep = keep_read(tree->root, NULL);
    Keep *again = keep_read(tree->root, keep);
    g_autofree char *kept = keep_value(keep, SWAPPINESS);
    g_autofree char *none = keep_value(keep, "/proc/sys/vm/other");

    g_assert_true(again == keep);
    g_assert_cmpstr(kept, ==, "10");
    g_assert_cmpstr(none, ==, "");
    g_assert_null(keep_value(keep, "/etc/fstab"));
    g_assert_cmpstr(keep_rival(keep, SWAPPINESS)->value, ==, "60");
    g_assert_null(keep_rival(keep, "/proc/sys/vm/dirty_ratio"));
    g_assert_cmpstr(keep_rival(keep, KSM_RUN)->file, ==, "/etc/tmpfiles.d/a.conf");
    g_assert_null(keep_rival(keep, "/etc/fstab"));
    keep_unref(again);

    tree_put(tree, "/etc/sysctl.d/zz.conf", "vm.dirty_ratio = 9\n");
    again = keep_read(tree->root, keep);
    g_assert_true(again != keep);
    g_assert_cmpstr(keep_rival(again, "/proc/sys/vm/dirty_ratio")->value, ==, "9");
    keep_unref(again);
    keep_unref(keep);
}

/* The programs that read the files at boot agree with what was written. */
static void test_accepted(Tree *tree, gconstpointer unused)
{
    g_autofree char *text = bootfile_set(NULL, "/sys/kernel/x", "50% of 2", NULL);
    g_autofree char *command = NULL;
    g_autofree char *tool = g_find_program_in_path("systemd-tmpfiles");

    (void)unused;
    if (tool == NULL || getuid() != 0) {
        g_test_skip("needs systemd-tmpfiles and root");
        return;
    }
    g_assert_true(bootfile_write(tree->root, BOOTFILE_TMPFILES, text, NULL));
    tree_put(tree, "/sys/kernel/x", "0\n");
    command = g_strdup_printf("systemd-tmpfiles --create --root='%s' --prefix=/sys/kernel/x '%s%s'",
        tree->root, tree->root, BOOTFILE_TMPFILES);
    int status = 0;
    g_autofree char *output = NULL, *errors = NULL;
    g_assert_true(g_spawn_command_line_sync(command, &output, &errors, &status, NULL));
    g_test_message("%s: %d %s%s", command, status, output, errors);
    g_autofree char *written = rootfile_read(tree->root, "/sys/kernel/x");
    g_assert_cmpstr(written, ==, "50% of 2");
}

/* Which of several lines holds, as systemd-tmpfiles itself has it: the first of one path, the last
 * of patterns that differ. */
static void test_tmpfiles_order(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *file, *value, *where;
    } rows[] = {{"/sys/k/a", "first", "/etc/tmpfiles.d/10-a.conf:1"},
        {"/sys/k/b", "b10", "/etc/tmpfiles.d/10-a.conf:3"},
        {"/sys/k/c", "cplain20", "/usr/lib/tmpfiles.d/20-b.conf:2"},
        {"/sys/k/d", "globd20", "/usr/lib/tmpfiles.d/20-b.conf:3"}};
    g_autofree char *tool = g_find_program_in_path("systemd-tmpfiles");

    (void)unused;
    tree_put(tree, "/etc/tmpfiles.d/10-a.conf",
        "w /sys/k/a - - - - first\nw /sys/k/a - - - - second\nw /sys/k/b - - - - b10\n"
        "w /sys/k/[c] - - - - globc10\nw /sys/k/d - - - - d10\n");
    tree_put(tree, "/usr/lib/tmpfiles.d/20-b.conf",
        "w /sys/k/b - - - - b20\nw /sys/k/c - - - - cplain20\nw /sys/k/[d] - - - - globd20\n");
    g_autoptr(GPtrArray) claims = claims_read(tree->root);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *sentence =
            g_strdup_printf("systemd-tmpfiles (%s) sets it to %s", rows[i].where, rows[i].value);
        assert_winner(claims, rows[i].file, sentence);
        tree_put(tree, rows[i].file, "");
    }
    if (tool == NULL || getuid() != 0) {
        g_test_skip("needs systemd-tmpfiles and root to ask it");
        return;
    }
    g_autofree char *command = g_strdup_printf("systemd-tmpfiles --create --root='%s'", tree->root);
    g_autofree char *output = NULL, *errors = NULL;
    g_assert_true(g_spawn_command_line_sync(command, &output, &errors, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *written = rootfile_read(tree->root, rows[i].file);
        g_assert_cmpstr(written, ==, rows[i].value);
    }
}

/* As `systemd-escape -p --suffix=mount` has them. */
static void test_unit_names(void)
{
    static const char *const rows[][2] = {{"/dev/hugepages1G", "dev-hugepages1G.mount"},
        {"/mnt/x-y", "mnt-x\\x2dy.mount"}, {"//a///b/", "a-b.mount"}, {"/", "-.mount"},
        {"/.x/.y", "\\x2ex-.y.mount"}, {"/a+b@c:d_e", "a\\x2bb\\x40c:d_e.mount"}};
    g_autofree char *tool = g_find_program_in_path("systemd-escape");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = mountunit_name(rows[i][0]);
        g_assert_cmpstr(name, ==, rows[i][1]);
        char *argv[] = {tool, (char *)"-p", (char *)"--suffix=mount", (char *)rows[i][0], NULL};
        g_autofree char *said = NULL;
        if (tool &&
            g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &said, NULL, NULL, NULL))
            g_assert_cmpstr(g_strchomp(said), ==, name);
    }
}

static void test_unit_text(void)
{
    g_autofree char *text = mountunit_text("/mnt/a", 1048576);
    MountUnit unit;

    g_assert_true(mountunit_parse(text, &unit));
    g_assert_cmpstr(unit.where, ==, "/mnt/a");
    g_assert_cmpuint(unit.size_kib, ==, 1048576);
    g_assert_true(unit.ours);
    mountunit_clear(&unit);
    g_assert_true(mountunit_parse("[Mount]\nWhere=/x\nType=hugetlbfs\n", &unit));
    g_assert_false(unit.ours);
    g_assert_cmpuint(unit.size_kib, ==, 0);
    mountunit_clear(&unit);
    g_assert_false(mountunit_parse("[Mount]\nWhere=/x\nType=tmpfs\n", &unit));
    g_assert_false(mountunit_parse("[Mount]\nWhere=x\nType=hugetlbfs\n", &unit));
    g_assert_false(mountunit_parse("", &unit));
}

static void test_qemuconf(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *text, *paths; /* paths NULL: not set */
    } rows[] = {{"", NULL}, {"#hugetlbfs_mount = \"/x\"\n", NULL},
        {"hugetlbfs_mount = \"/dev/hugepages\"\nuser = \"root\"\n", "/dev/hugepages"},
        {"hugetlbfs_mount=\"\"\n", ""}, {"hugetlbfs_mount = [ \"/a\", \"/b\" ]\n", "/a,/b"},
        {"hugetlbfs_mount = [\n  \"/a\",\n # \"/no\",\n \"/b\"\n]\nuser = \"x\"\n", "/a,/b"},
        {"hugetlbfs_mount_x = \"/y\"\n", NULL}, {"hugetlbfs_mount = \"/open\n", ""},
        {"hugetlbfs_mount = \"/a\"\nhugetlbfs_mount = \"/b\"", "/b"}};

    (void)unused;
    g_assert_null(qemuconf_mounts(tree->root));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        tree_put(tree, QEMUCONF, rows[i].text);
        g_autoptr(GPtrArray) paths = qemuconf_mounts(tree->root);
        g_autofree char *list = paths ? text_join_sorted(paths) : NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(list, ==, rows[i].paths);
    }
}

/* A file's mode and owner stay, and nothing is left beside it. */
static void test_write_keeps_mode(Tree *tree, gconstpointer unused)
{
    g_autofree char *full = g_strconcat(tree->root, BOOTFILE_SYSCTL, NULL);
    GStatBuf status;

    (void)unused;
    tree_put(tree, BOOTFILE_SYSCTL, "vm.x = 1\n");
    g_assert_cmpint(g_chmod(full, 0640), ==, 0);
    g_assert_true(bootfile_write(tree->root, BOOTFILE_SYSCTL, "vm.x = 2\n", NULL));
    g_assert_cmpint(g_stat(full, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 07777, ==, 0640);
    g_autoptr(GPtrArray) names = rootfile_list(tree->root, "/etc/sysctl.d", "");
    g_assert_cmpuint(names->len, ==, 1);
}

#define TREE_TEST(name, test) g_test_add(name, Tree, NULL, tree_setup, test, tree_teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keep/lines", test_lines);
    g_test_add_func("/keep/set", test_set);
    g_test_add_func("/keep/set-twice", test_set_twice);
    g_test_add_func("/keep/refused", test_refused);
    TREE_TEST("/keep/write", test_write);
    TREE_TEST("/keep/write-refused", test_write_refused);
    TREE_TEST("/keep/claims", test_claims);
    TREE_TEST("/keep/claims-order", test_claims_order);
    TREE_TEST("/keep/claims-ksmtuned", test_claims_ksmtuned);
    TREE_TEST("/keep/rivals", test_rivals);
    TREE_TEST("/keep/accepted", test_accepted);
    TREE_TEST("/keep/tmpfiles-order", test_tmpfiles_order);
    TREE_TEST("/keep/qemuconf", test_qemuconf);
    TREE_TEST("/keep/write-keeps-mode", test_write_keeps_mode);
    g_test_add_func("/keep/unit-names", test_unit_names);
    g_test_add_func("/keep/unit-text", test_unit_text);
    return g_test_run();
}
