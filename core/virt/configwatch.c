/* libvirt writes NAME.xml beside itself and renames it (virFileRewrite), so that the folder's time
 * of change tells that some file is another one. */
#include "core/virt/configwatch.h"

#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".xml"

/* What tells one file, or one state of a folder, from the next. */
typedef struct {
    ino_t inode;
    struct timespec written;
} Mark;

struct ConfigWatch {
    char *folder;
    Mark mark;         /* of the folder, when its files were looked at */
    GHashTable *files; /* a domain's name → Mark* */
};

static gboolean read_mark(const char *path, Mark *mark)
{
    struct stat found;

    *mark = (Mark){0};
    if (stat(path, &found) != 0)
        return FALSE;
    mark->inode = found.st_ino;
    mark->written = found.st_mtim;
    return TRUE;
}

static gboolean same_mark(const Mark *a, const Mark *b)
{
    return a->inode == b->inode && a->written.tv_sec == b->written.tv_sec &&
           a->written.tv_nsec == b->written.tv_nsec;
}

static GHashTable *read_files(const char *folder)
{
    GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    for (const char *file; dir && (file = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, file, NULL);
        Mark mark;
        if (g_str_has_suffix(file, SUFFIX) && read_mark(path, &mark))
            g_hash_table_insert(files, g_strndup(file, strlen(file) - strlen(SUFFIX)),
                g_memdup2(&mark, sizeof mark));
    }
    return files;
}

ConfigWatch *config_watch_new(const char *folder)
{
    ConfigWatch *watch = g_new0(ConfigWatch, 1);

    watch->folder = g_strdup(folder);
    read_mark(watch->folder, &watch->mark);
    watch->files = read_files(watch->folder);
    return watch;
}

void config_watch_free(ConfigWatch *watch)
{
    g_hash_table_unref(watch->files);
    g_free(watch->folder);
    g_free(watch);
}

GPtrArray *config_watch_changed(ConfigWatch *watch)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer name, mark;
    Mark now;

    if (!read_mark(watch->folder, &now) || same_mark(&now, &watch->mark))
        return NULL;
    g_autoptr(GHashTable) before = g_steal_pointer(&watch->files);
    watch->mark = now;
    watch->files = read_files(watch->folder);
    g_hash_table_iter_init(&iter, watch->files);
    while (g_hash_table_iter_next(&iter, &name, &mark)) {
        const Mark *old = g_hash_table_lookup(before, name);
        if (old && !same_mark(old, mark))
            g_ptr_array_add(names, g_strdup(name));
    }
    return names->len > 0 ? g_steal_pointer(&names) : NULL;
}
