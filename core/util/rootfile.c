/* Small files of the kernel, read and written below a root directory. */
#include "core/util/rootfile.h"

#include "core/util/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that @path holds, from the open @folder on, or NULL. */
static GString *read_from(int folder, const char *path)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;

    /* Most kernel files fit the first read; the buffer grows only for the long ones. */
    GString *out = g_string_sized_new(512);
    char buffer[4096];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || out->len + (gsize)n > ROOTFILE_MAX)
            break;
        g_string_append_len(out, buffer, n);
    }
    close(fd);
    if (n != 0) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return out;
}

static GString *read_below(const char *root, const char *path)
{
    if (*root == '\0')
        return read_from(AT_FDCWD, path);
    g_autofree char *full = g_strconcat(root, path, NULL);
    return read_from(AT_FDCWD, full);
}

static char *chomped(GString *text)
{
    return text ? g_strchomp(g_string_free(text, FALSE)) : NULL;
}

char *rootfile_read(const char *root, const char *path)
{
    return chomped(read_below(root, path));
}

char *rootfile_read_in(int folder, const char *name)
{
    return folder >= 0 ? chomped(read_from(folder, name)) : NULL;
}

char *rootfile_read_whole(const char *root, const char *path)
{
    GString *text = read_below(root, path);

    if (text == NULL || strlen(text->str) == text->len)
        return text ? g_string_free(text, FALSE) : NULL;
    g_string_free(text, TRUE);
    return NULL;
}

char *rootfile_readf(const char *root, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    return rootfile_read(root, path);
}

gboolean rootfile_read_int(const char *root, const char *path, gint64 *value)
{
    g_autofree char *text = rootfile_read(root, path);
    return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, value, NULL);
}

/* "node10" after "node2": the texts compare as names, runs of digits in them as numbers. */
static int compare_names(gconstpointer a, gconstpointer b)
{
    return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* Takes @dir, which may be NULL. */
static GPtrArray *list(DIR *dir, const char *prefix, gboolean folders)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        const char *name = entry->d_name;
        gboolean wanted = folders || entry->d_type != DT_DIR;
        if (wanted && g_str_has_prefix(name, prefix) && strcmp(name, ".") && strcmp(name, ".."))
            g_ptr_array_add(names, g_strdup(name));
    }
    if (dir)
        closedir(dir);
    g_ptr_array_sort(names, compare_names);
    return names;
}

GPtrArray *rootfile_list(const char *root, const char *path, const char *prefix)
{
    g_autofree char *full = g_strconcat(root, path, NULL);

    return list(opendir(full), prefix, TRUE);
}

int rootfile_folder(const char *root, const char *path)
{
    g_autofree char *full = g_strconcat(root, path, NULL);

    return open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

GPtrArray *rootfile_list_in(int folder)
{
    int own = folder >= 0 ? fcntl(folder, F_DUPFD_CLOEXEC, 0) : -1;

    return list(own >= 0 ? fdopendir(own) : NULL, "", FALSE);
}

/* Whether @path is the folder @root or lies in it; both resolved, NULL where that failed. */
static gboolean is_inside(const char *root, const char *path)
{
    gsize length = root ? strlen(root) : 0;

    return length > 0 && path && strncmp(path, root, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || root[length - 1] == '/');
}

/* Whether @full is a plain file of the tree @root: no pipe to wait on, and no link out of the tree,
 * which in another machine's copy would name a file of this one. A file that is not there passes:
 * opening it says so. */
static gboolean is_own_file(const char *root, const char *full)
{
    struct stat status;
    if (stat(full, &status) != 0)
        return errno != ELOOP;
    char *real_root = realpath(root, NULL), *real_file = realpath(full, NULL);
    gboolean below = S_ISREG(status.st_mode) && is_inside(real_root, real_file);
    free(real_root);
    free(real_file);
    return below;
}

char *rootfile_not_below(const char *root, const char *full)
{
    g_autofree char *path = g_strdup(full);
    char *real_root = NULL, *real_path = NULL, *reason = NULL;
    struct stat status;

    if (*root == '\0')
        return NULL;
    real_root = realpath(root, NULL);
    while ((real_path = realpath(path, NULL)) == NULL && errno == ENOENT &&
           lstat(path, &status) != 0 && strlen(path) > strlen(root)) {
        char *parent = g_path_get_dirname(path);
        g_free(path);
        path = parent;
    }
    if (real_path == NULL && errno != ENOENT)
        reason = g_strdup_printf("%s cannot be looked into: %s%s", path, g_strerror(errno),
            errno == EACCES ? "; run kvmtune as root" : "");
    else if (real_path == NULL && lstat(path, &status) == 0)
        reason = g_strdup_printf("%s is a link that leads nowhere", path);
    else if (!is_inside(real_root, real_path))
        reason = g_strdup_printf("a link in it leads out of %s", root);
    free(real_root);
    free(real_path);
    return reason;
}

gboolean rootfile_is_below(const char *root, const char *full)
{
    g_autofree char *reason = rootfile_not_below(root, full);

    return reason == NULL;
}

gboolean rootfile_write(const char *root, const char *path, const char *text, GError **error)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    gsize length = strlen(text);

    if (*root && !is_own_file(root, full)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
            "%s is not written: it is no plain file, or a link that leads out of %s", full, root);
        return FALSE;
    }
    /* A file of the kernel is never created or cut; one of a copied tree must lose its old tail,
     * and only when the new value is in it: the disk may be full. */
    int fd = open(full, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd >= 0 ? write(fd, text, length) : -1;
    if (n == (ssize_t)length && *root && ftruncate(fd, n) != 0)
        n = -1;
    int saved = n < 0 ? errno : EIO;
    if (fd >= 0)
        close(fd);
    if (n == (ssize_t)length)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(saved),
        "writing \"%s\" to %s failed: %s", text, full, g_strerror(saved));
    return FALSE;
}
