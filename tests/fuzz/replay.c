/* Plays the seeds of a fuzz target as tests: replay-NAME runs tests/fuzz/seeds/NAME/, or the files
 * it is given (a crash that libFuzzer found). */
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void play(gconstpointer path)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    g_file_get_contents(path, &data, &size, &error);
    g_assert_no_error(error);
    /* an exact copy, so that AddressSanitizer sees a read behind the end */
    uint8_t *exact = g_malloc(MAX(size, 1));
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    g_free(exact);
}

static void add(const char *folder, const char *name, GPtrArray *paths)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *test = g_strconcat("/replay/", base, NULL);

    g_ptr_array_add(paths, path);
    g_test_add_data_func(test, path, play);
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *self = g_path_get_basename(argv[0]);
    const char *target = g_str_has_prefix(self, "replay-") ? self + strlen("replay-") : self;
    const char *top = g_getenv("top_srcdir");
    g_autofree char *seeds =
        g_build_filename(top ? top : ".", "tests", "fuzz", "seeds", target, NULL);

    g_test_init(&argc, &argv, NULL);
    for (int i = 1; i < argc; i++)
        add("", argv[i], paths);
    g_autoptr(GDir) dir = argc > 1 ? NULL : g_dir_open(seeds, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        add(seeds, name, paths);
    if (paths->len == 0)
        g_error("%s: no seeds in %s", self, seeds);
    return g_test_run();
}
