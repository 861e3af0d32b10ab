/* The machines of ../shared/corpus/hwloc, unpacked one at a time. */
#include "tests/unit/archives.h"

#include <glib.h>
#include <string.h>

typedef struct {
    char *archive;
    void (*check)(const char *root);
} Machine;

static void machine_free(gpointer data)
{
    g_free(((Machine *)data)->archive);
    g_free(data);
}

static gboolean run(const char *const *command)
{
    int status = -1;

    return g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
               &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* The tree in an unpacked archive is its one folder. */
static char *only_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;

    return name ? g_build_filename(path, name, NULL) : NULL;
}

static void test_machine(gconstpointer data)
{
    const Machine *machine = data;
    g_autofree char *temporary = g_dir_make_tmp("kvmtune-corpus-XXXXXX", NULL);
    const char *const unpack[] = {"tar", "-xjf", machine->archive, "-C", temporary, NULL};
    const char *const tidy[] = {"rm", "-rf", temporary, NULL};

    g_assert_nonnull(temporary);
    if (run(unpack)) {
        g_autofree char *root = only_folder(temporary);
        g_assert_nonnull(root);
        machine->check(root);
    } else {
        g_test_skip("tar with bzip2 is not here or could not unpack it");
    }
    g_assert_true(run(tidy));
}

static void test_absent(void)
{
    g_test_skip("../shared/corpus/hwloc is not here");
}

void archives_add_tests(const char *prefix, void (*check)(const char *root))
{
    static const char ending[] = ".tar.bz2";
    const char *top = g_getenv("top_srcdir");
    g_autofree char *corpus = g_build_filename(top ? top : ".", "../shared/corpus/hwloc", NULL);
    g_autoptr(GDir) dir = g_dir_open(corpus, 0, NULL);
    guint found = 0;

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ending))
            continue;
        g_autofree char *test =
            g_strdup_printf("/%s/%.*s", prefix, (int)(strlen(name) - strlen(ending)), name);
        Machine *machine = g_new(Machine, 1);
        *machine = (Machine){g_build_filename(corpus, name, NULL), check};
        g_test_add_data_func_full(test, machine, test_machine, machine_free);
        found++;
    }
    if (found == 0) {
        g_autofree char *test = g_strdup_printf("/%s/absent", prefix);
        g_test_add_func(test, test_absent);
    }
}
