/* What a person had in the files at boot comes back with undo, and what a killed kvmtune left in
 * their folders goes. */
#include "core/keep/bootfile.h"
#include "core/util/rootfile.h"
#include "tests/unit/bootfixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWAPPINESS "/proc/sys/vm/swappiness"
#define SCAN       "/sys/kernel/mm/ksm/pages_to_scan"
#define SCAN_LINE  "w " SCAN " - - - - "

/* A value that could not be put back as it stands is not overwritten. */
static void test_no_way_back(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *line, *place;
        gboolean goes;
    } rows[] = {
        {"vm.swappiness = 10 # less", SWAPPINESS, TRUE},
        {"vm.swappiness = \\x31", SWAPPINESS, FALSE},
        {"w " SCAN " - - - - \"100\" ", SCAN, TRUE},
        {"w " SCAN " - - - - 100 200", SCAN, TRUE},
        {"w " SCAN " - - - - 50%% of it", SCAN, TRUE},
        {"w " SCAN " - - - - %v", SCAN, FALSE},
        {"w " SCAN " - - - - \\x31", SCAN, FALSE},
    };
    (void)f;
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *old = bootfile_value(rows[i].line, rows[i].place, NULL);
        g_autofree char *set = bootfile_set(rows[i].line, rows[i].place, "1", &error);
        g_test_message("%s", rows[i].line);
        g_assert_cmpint(set != NULL, ==, rows[i].goes);
        if (set == NULL) {
            g_assert_nonnull(strstr(error->message, "line 1 of /etc/"));
            g_assert_nonnull(strstr(error->message, "could not put back"));
            continue;
        }
        g_autofree char *back = bootfile_set(set, rows[i].place, old, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(back, ==, rows[i].line);
    }
}

/* Whatever a person wrote there goes back, byte for byte. */
static void test_odd_values(Fixture *f, gconstpointer data)
{
    static const char *const values[] = {"10 # less", "\"100\"", "100 200", "50%%"};
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *mine = g_strconcat(SCAN_LINE, values[i], "\n", NULL);
        g_autoptr(GError) error = NULL;
        fixture_put(f, BOOTFILE_TMPFILES, mine);
        g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
        guint number = boot_apply(f, what);
        g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
        g_assert_no_error(error);
        boot_check_text(f, BOOTFILE_TMPFILES, mine);
    }
    fixture_put(f, BOOTFILE_TMPFILES, SCAN_LINE "\\x31\n");
    g_autoptr(Preview) refused = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
    g_assert_true(boot_has_line(refused, LINE_ERROR, "could not put back"));
}

/* A file that was there stays when its last line goes; one that kvmtune made goes with it. */
static void test_emptied(Fixture *f, gconstpointer data)
{
    static const char *const there[] = {"", NULL};
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(there); i++) {
        if (there[i])
            fixture_put(f, BOOTFILE_TMPFILES, there[i]);
        g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
        g_assert_cmpint(
            boot_has_line(what, LINE_HEAD, BOOTFILE_TMPFILES ", new"), ==, there[i] == NULL);
        guint number = boot_apply(f, what);
        g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
        boot_check_text(f, BOOTFILE_TMPFILES, there[i]);
        if (there[i])
            g_assert_true(bootfile_write(f->root, BOOTFILE_TMPFILES, NULL, NULL));
    }
    /* A person's only line: it goes, the file stays, and undo has both again. */
    fixture_put(f, BOOTFILE_TMPFILES, SCAN_LINE "50\n");
    g_autoptr(Preview) what = boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "", NULL);
    g_assert_false(boot_has_line(what, LINE_HEAD, ", removed"));
    guint number = boot_apply(f, what);
    boot_check_text(f, BOOTFILE_TMPFILES, "");
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    boot_check_text(f, BOOTFILE_TMPFILES, SCAN_LINE "50\n");
}

/* ---- killed ---- */

/* Killed while it writes: what it left is of a name that the next one finds. */
static void test_killed(Fixture *f, gconstpointer data)
{
    g_autofree char *folder = g_path_get_dirname(BOOTFILE_SYSCTL);
    g_autofree char *mine = g_strconcat(folder, "/mine.conf.new", NULL);
    int status = 0;

    (void)data;
    fixture_put(f, mine, "vm.x = 1\n");
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit small = {5, 5}, none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_FSIZE, &small); /* the kernel ends who writes more: SIGXFSZ */
        bootfile_write(f->root, BOOTFILE_SYSCTL, "vm.swappiness = 10\n", NULL);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    g_autoptr(GPtrArray) left = rootfile_list(f->root, folder, "");
    g_assert_cmpuint(left->len, ==, 2);
    bootfile_sweep(f->root);
    g_autoptr(GPtrArray) swept = rootfile_list(f->root, folder, "");
    g_assert_cmpuint(swept->len, ==, 1);
    g_assert_cmpstr(swept->pdata[0], ==, "mine.conf.new");
}

/* What a killed one left beside its files goes with recovery, either way, and with the next write.
 */
static void test_swept(Fixture *f, gconstpointer data)
{
    static const char *const left[] = {BOOTFILE_SYSCTL BOOTFILE_BESIDE,
        BOOTFILE_TMPFILES BOOTFILE_BESIDE, UNIT BOOTFILE_BESIDE, LINK BOOTFILE_BESIDE};
    enum { BACK, FINISH, SET, WAYS };
    (void)data;

    for (guint way = 0; way < WAYS; way++) {
        g_autofree char *entry = g_strdup_printf("/journal/%08u.open", 2 * way + 1);
        for (guint i = 0; i < G_N_ELEMENTS(left); i++)
            fixture_put(f, left[i], "half");
        if (way == SET) {
            g_autoptr(Preview) what =
                boot_preview(f, SCOPE_CONFIG, "ksm.pages_to_scan", "200", NULL);
            boot_apply(f, what);
        } else {
            fixture_put(f, entry,
                "{\"state\":\"open\",\"steps\":[{\"kind\":\"boot\",\"target\":\"host\","
                "\"key\":\"ksm.pages_to_scan\",\"old\":\"\",\"new\":\"200\"}]}\n"
                "{\"begun\":[0]}\n");
            g_autoptr(GError) error = NULL;
            apply_recover(&f->context, 2 * way + 1, way == FINISH, &error);
            g_assert_no_error(error);
        }
        for (guint i = 0; i < G_N_ELEMENTS(left); i++)
            boot_check_text(f, left[i], NULL);
        g_autofree char *kept = boot_file(f, BOOTFILE_TMPFILES);
        g_assert_cmpint(kept != NULL, ==, way != BACK);
        if (kept)
            g_assert_cmpuint(fixture_undo(f, 0, NULL), >, 0);
    }
}

#define TEST(name, test)                                                                           \
    g_test_add("/bootback/" name, Fixture, NULL, fixture_set_up, test, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("no-way-back", test_no_way_back);
    TEST("odd-values", test_odd_values);
    TEST("emptied", test_emptied);
    TEST("killed", test_killed);
    TEST("swept", test_swept);
    return g_test_run();
}
