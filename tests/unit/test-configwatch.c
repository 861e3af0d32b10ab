/* core/virt/configwatch: which of libvirt's files were written anew; and where its drivers keep
 * them. */
#include "core/util/text.h"
#include "core/virt/configwatch.h"
#include "core/virt/driverfolders.h"
#include "tests/unit/tree.h"

#include <glib/gstdio.h>

#define FOLDER "/etc/libvirt/qemu"

/* @wanted: the names that changed since the last call, "a,b"; "" for none. */
static void assert_changed(ConfigWatch *watch, const char *wanted)
{
    g_autoptr(GPtrArray) names = config_watch_changed(watch);
    g_autofree char *text = names ? text_join_sorted(names) : g_strdup("");

    g_assert_cmpstr(text, ==, wanted);
}

/* As libvirt does: beside it, then renamed. The kernel's clock must have moved on since the folder
 * was looked at. */
static void put(const Tree *tree, const char *name, const char *text)
{
    g_autofree char *path = g_strconcat(FOLDER "/", name, NULL);

    g_usleep(20000);
    tree_put(tree, path, text);
}

static void test_changed(Tree *tree, gconstpointer unused)
{
    g_autofree char *folder = g_strconcat(tree->root, FOLDER, NULL);
    g_autofree char *gone = g_strconcat(folder, "/b.xml", NULL);
    (void)unused;

    put(tree, "a.xml", "<domain/>");
    put(tree, "b.xml", "<domain/>");
    put(tree, "name with. blanks.xml", "<domain/>");
    put(tree, "autostart/a.xml", "<domain/>");
    ConfigWatch *watch = config_watch_new(folder);
    assert_changed(watch, "");
    put(tree, "a.xml", "<domain/>"); /* written, if with the same text */
    assert_changed(watch, "a");
    assert_changed(watch, "");
    put(tree, "a.xml", "<domain></domain>");
    put(tree, "name with. blanks.xml", "<domain></domain>");
    assert_changed(watch, "a,name with. blanks");
    /* Of a new one and of one that is gone libvirt tells; of what is none nobody asks. */
    put(tree, "c.xml", "<domain/>");
    put(tree, "c.xml.new", "<domain/>");
    put(tree, "networks/default.xml", "<network/>");
    assert_changed(watch, "");
    g_usleep(20000);
    g_assert_cmpint(g_remove(gone), ==, 0);
    assert_changed(watch, "");
    put(tree, "c.xml", "<domain></domain>");
    assert_changed(watch, "c");
    config_watch_free(watch);
}

/* What is not there does not change; what comes later is seen from then on. */
static void test_no_folder(Tree *tree, gconstpointer unused)
{
    g_autofree char *folder = g_strconcat(tree->root, FOLDER, NULL);
    ConfigWatch *none = config_watch_new(""), *later = config_watch_new(folder);
    (void)unused;

    assert_changed(none, "");
    assert_changed(later, "");
    put(tree, "a.xml", "<domain/>");
    assert_changed(later, "");
    put(tree, "a.xml", "<domain></domain>");
    assert_changed(later, "a");
    config_watch_free(none);
    config_watch_free(later);
}

static void test_folders(void)
{
    static const struct {
        const char *uri, *root, *run, *config;
    } rows[] = {
        {"qemu:///system", "", "/run/libvirt/qemu", FOLDER},
        {"qemu+unix:///system?socket=/x", "", "/run/libvirt/qemu", FOLDER},
        {"qemu:///system", "/tree", "/tree/run/libvirt/qemu", "/tree" FOLDER},
        {"qemu:///embed?root=/a%20b", "", "/a b/run/qemu", "/a b/etc/qemu"},
        {"qemu:///embed?x=1&root=/c", "", "/c/run/qemu", "/c/etc/qemu"},
        {"qemu:///embed", "", "", ""},
        {"test:///default", "", "", ""},
        {"test:///demo.xml", "/demo", "/demo/run/libvirt/qemu", ""},
        {"qemu+ssh://host/system", "", "", ""},
        {"qemu://host/system", "", "", ""},
        {"xen:///system", "", "", ""},
        {"nonsense", "", "", ""},
        {NULL, "", "", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *run = driver_run_folder(rows[i].uri, rows[i].root);
        g_autofree char *config = driver_config_folder(rows[i].uri, rows[i].root);
        g_assert_cmpstr(run, ==, rows[i].run);
        g_assert_cmpstr(config, ==, rows[i].config);
    }
    g_autofree char *session = driver_config_folder("qemu:///session", "");
    g_assert_true(g_str_has_prefix(session, g_get_user_config_dir()));
    g_assert_true(g_str_has_suffix(session, "/libvirt/qemu"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/configwatch/changed", Tree, NULL, tree_setup, test_changed, tree_teardown);
    g_test_add("/configwatch/no-folder", Tree, NULL, tree_setup, test_no_folder, tree_teardown);
    g_test_add_func("/configwatch/folders", test_folders);
    return g_test_run();
}
