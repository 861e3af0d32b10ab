/* A small tree of files for one test. */
#include "tests/unit/tree.h"

#include <glib/gstdio.h>

void tree_setup(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree->root = g_dir_make_tmp("kvmtune-tree-XXXXXX", NULL);
    g_assert_nonnull(tree->root);
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *full = g_build_filename(path, name, NULL);
        if (g_file_test(full, G_FILE_TEST_IS_DIR) && !g_file_test(full, G_FILE_TEST_IS_SYMLINK))
            remove_folder(full);
        else
            g_remove(full);
    }
    g_rmdir(path);
}

void tree_teardown(Tree *tree, gconstpointer unused)
{
    (void)unused;
    remove_folder(tree->root);
    g_clear_pointer(&tree->root, g_free);
}

void tree_put(const Tree *tree, const char *path, const char *text)
{
    g_autofree char *full = g_strconcat(tree->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}
