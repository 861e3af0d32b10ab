/* Names of files as a person types them. */
#include "tui/files.h"

char *file_path_typed(const char *typed, char **problem)
{
    g_autofree char *name = g_strstrip(g_strdup(typed));
    g_autofree char *path = g_str_has_prefix(name, "~/")
                                ? g_build_filename(g_get_home_dir(), name + 2, NULL)
                                : g_strdup(name);

    if (*path == '\0') {
        *problem = g_strdup("A file needs a name.");
        return NULL;
    }
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        *problem = g_strdup("That is a folder: add the file's name.");
        return NULL;
    }
    return g_steal_pointer(&path);
}
