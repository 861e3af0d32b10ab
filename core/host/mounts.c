/* Mounts of hugetlbfs: read from /proc/mounts, made, removed; and what qemu.conf says of them. */
#include "core/host/mounts.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define PROC_MOUNTS "/proc/mounts"
#define SOURCE_NAME "hugetlbfs" /* of what is mounted here */

static void mount_free(gpointer data)
{
    HugeMount *mount = data;

    g_free(mount->path);
    g_free(mount->options);
    g_free(mount);
}

/* The words of a line of /proc/mounts. */
enum { SOURCE, PATH, TYPE, OPTIONS, WORDS };

static void line_free(gpointer line)
{
    g_strfreev(line);
}

static gboolean is_huge(const GStrv line)
{
    return strcmp(line[TYPE], "hugetlbfs") == 0;
}

/* Every mount below @root, in the order mounted. GPtrArray of GStrv, at least WORDS long; blanks in
 * a path are written "\040" there. */
static GPtrArray *read_lines(const char *root)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(line_free);
    g_autofree char *text = rootfile_read(root, PROC_MOUNTS);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", WORDS + 1);
        if (g_strv_length(words) < WORDS)
            continue;
        char *path = text_mount_path(words[PATH]);
        g_free(words[PATH]);
        words[PATH] = path;
        g_ptr_array_add(all, g_steal_pointer(&words));
    }
    return all;
}

GPtrArray *mounts_read(const char *root)
{
    GPtrArray *mounts = g_ptr_array_new_with_free_func(mount_free);
    g_autoptr(GPtrArray) lines = read_lines(root);

    for (guint i = 0; i < lines->len; i++) {
        const GStrv words = g_ptr_array_index(lines, i);
        if (!is_huge(words))
            continue;
        HugeMount *mount = g_new0(HugeMount, 1);
        mount->path = g_strdup(words[PATH]);
        mount->options = g_strdup(words[OPTIONS]);
        g_auto(GStrv) options = g_strsplit(words[OPTIONS], ",", -1);
        for (guint j = 0; options[j]; j++)
            if (g_str_has_prefix(options[j], "pagesize="))
                text_parse_size(options[j] + strlen("pagesize="), &mount->size_kib);
        g_ptr_array_add(mounts, mount);
    }
    return mounts;
}

gboolean mounts_are_known(const char *root)
{
    g_autofree char *path = g_strconcat(root, PROC_MOUNTS, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static guint64 default_size(const Host *host)
{
    return (guint64)MAX(num_or(kernel_file_number(host->meminfo, "Hugepagesize"), 0), 0);
}

gboolean mounts_has(const Host *host, guint64 size_kib)
{
    g_autofree char *paths = host->mounts && host->mounts_known
                                 ? mounts_value(host->mounts, size_kib, default_size(host))
                                 : NULL;

    return paths == NULL || *paths != '\0';
}

char *mounts_usual_path(const Host *host, guint64 size_kib)
{
    g_autofree char *size = text_page_size(size_kib);

    return g_strconcat("/dev/hugepages", size_kib == default_size(host) ? "" : size, NULL);
}

guint64 mounts_default_size(const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/meminfo");
    const char *line = text ? strstr(text, "Hugepagesize:") : NULL;

    return line ? g_ascii_strtoull(line + strlen("Hugepagesize:"), NULL, 10) : 0;
}

char *mounts_value(const GPtrArray *mounts, guint64 size_kib, guint64 default_kib)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (guint i = 0; i < mounts->len; i++) {
        const HugeMount *mount = g_ptr_array_index(mounts, i);
        if ((mount->size_kib ? mount->size_kib : default_kib) == size_kib &&
            strpbrk(mount->path, ", \t\n") == NULL)
            g_ptr_array_add(paths, mount->path);
    }
    return text_join_sorted(paths);
}

/* ---- making and removing ---- */

static gboolean fail(GError **error, const char *what, const char *path, const char *why)
{
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s %s failed: %s", what, path, why);
    return FALSE;
}

/* A tree that is opened here is no running host: what is mounted there is what its file says. */
static gboolean rewrite_mounts(
    const char *root, const char *path, const char *added, GError **error)
{
    g_autofree char *text = rootfile_read_whole(root, PROC_MOUNTS);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) cause = NULL;

    if (text == NULL)
        return fail(error, "writing the mounts of", root,
            "its /proc/mounts cannot be read as a whole, and stays as it is");
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 4);
        gboolean is_it = g_strv_length(words) == 4 && strcmp(words[1], path) == 0 &&
                         strcmp(words[2], "hugetlbfs") == 0;
        if (*lines[i] && !is_it)
            g_string_append_printf(out, "%s\n", lines[i]);
    }
    g_string_append(out, added);
    if (rootfile_write(root, PROC_MOUNTS, out->str, &cause))
        return TRUE;
    return fail(error, "writing the mounts of", root, cause->message);
}

static gboolean is_empty_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    return folder && g_dir_read_name(folder) == NULL;
}

static gboolean is_mounted(const GPtrArray *mounts, const char *path)
{
    for (guint i = 0; mounts && i < mounts->len; i++)
        if (strcmp(((const HugeMount *)mounts->pdata[i])->path, path) == 0)
            return TRUE;
    return FALSE;
}

char *mounts_obstacle(const char *root, const GPtrArray *mounts, const char *path)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    struct stat status;

    for (const char *end = path; *end;) {
        end += 1 + strcspn(end + 1, "/");
        g_autofree char *part = g_strndup(path, (gsize)(end - path));
        g_autofree char *above = g_strconcat(root, part, NULL);
        if (lstat(above, &status) != 0)
            return NULL; /* it will be made */
        if (S_ISLNK(status.st_mode))
            return g_strdup_printf(
                "%s is a link, and systemd mounts nothing there: name the folder itself", part);
        if (!S_ISDIR(status.st_mode))
            return g_strdup_printf("%s is no folder", part);
    }
    g_autoptr(GDir) folder = is_mounted(mounts, path) ? NULL : g_dir_open(full, 0, NULL);
    return folder && g_dir_read_name(folder)
               ? g_strdup_printf("%s: it is not empty, and what is in it would be hidden; choose "
                                 "another folder",
                     path)
               : NULL;
}

gboolean mounts_add(const char *root, const char *path, guint64 size_kib, GError **error)
{
    g_autofree char *size = text_page_size(size_kib);
    g_autofree char *options = g_strconcat("pagesize=", size, NULL);
    g_autoptr(GPtrArray) mounts = mounts_read(root);
    if (is_mounted(mounts, path))
        return fail(error, "mounting hugetlbfs at", path, "one is mounted there already");
    if (*root) {
        g_autofree char *line =
            g_strdup_printf(SOURCE_NAME " %s hugetlbfs rw,relatime,%s 0 0\n", path, options);
        return rewrite_mounts(root, path, line, error);
    }
    if (g_mkdir_with_parents(path, 0755) != 0)
        return fail(error, "making the folder", path, g_strerror(errno));
    if (!is_empty_folder(path))
        return fail(error, "mounting hugetlbfs at", path,
            "it is not empty, and what is in it would be hidden; choose another folder");
    if (mount(SOURCE_NAME, path, "hugetlbfs", MS_NOSUID | MS_NODEV, options) == 0)
        return TRUE;
    return fail(error, "mounting hugetlbfs at", path,
        errno == EPERM ? "only root may, outside a container" : g_strerror(errno));
}

/* ---- what must not be unmounted ---- */

/* A sentence on what else is mounted where @line is, over it or below it, but for the hugetlbfs of
 * @leaving. The table is in the order mounted: what comes later lies above. An initramfs moves "/"
 * to where it is after others were mounted, and that hides nothing. */
static char *find_neighbour(const GPtrArray *lines, const GStrv line, const char *const *leaving)
{
    const char *path = line[PATH];
    gboolean is_later = FALSE;

    for (guint i = 0; i < lines->len; i++) {
        const GStrv other = g_ptr_array_index(lines, i);
        if (other == line) {
            is_later = TRUE;
            continue;
        }
        if (g_str_equal(other[PATH], path))
            return g_strdup_printf("%s has several file systems, one over the other (%s too): "
                                   "unmount the upper one by hand first (umount %s)",
                path, other[TYPE], path);
        if (is_later && text_is_below(path, other[PATH]))
            return g_strdup_printf("%s is hidden by what is mounted at %s since (%s): unmount "
                                   "that first",
                path, other[PATH], other[TYPE]);
        if (text_is_below(other[PATH], path) &&
            !(is_huge(other) && g_strv_contains(leaving, other[PATH])))
            return g_strdup_printf("%s is in use: a file system (%s) is mounted below it, at %s: "
                                   "unmount that first",
                path, other[TYPE], other[PATH]);
    }
    return NULL;
}

/* What mounts_add() would not give back to the mount of @line, a comma between; "" for nothing. */
static char *lost_options(const GStrv line)
{
    static const char *const kept[] = {
        "rw", "relatime", "nosuid", "nodev", "seclabel" /* SELinux's own */, NULL};
    g_auto(GStrv) options = g_strsplit(line[OPTIONS], ",", -1);
    GString *lost = g_string_new(NULL);

    for (guint i = 0; options[i]; i++)
        if (!g_strv_contains(kept, options[i]) && !g_str_has_prefix(options[i], "pagesize="))
            g_string_append_printf(lost, "%s%s", lost->len ? "," : "", options[i]);
    if (strcmp(line[SOURCE], SOURCE_NAME) != 0)
        g_string_append_printf(lost, "%sthe source \"%s\"", lost->len ? " and " : "", line[SOURCE]);
    return g_string_free(lost, FALSE);
}

char *mounts_bond(const char *root, const char *path, const char *const *leaving)
{
    g_autoptr(GPtrArray) lines = read_lines(root);

    for (guint i = 0; i < lines->len; i++) {
        const GStrv line = g_ptr_array_index(lines, i);
        if (!is_huge(line) || !g_str_equal(line[PATH], path))
            continue;
        char *neighbour = find_neighbour(lines, line, leaving);
        if (neighbour)
            return neighbour;
        g_autofree char *lost = lost_options(line);
        if (*lost)
            return g_strdup_printf("%s is mounted with %s, which undo could not give back: unmount "
                                   "it by hand (umount %s)",
                path, lost, path);
    }
    return NULL;
}

/* Whether the uppermost file system at @path is a hugetlbfs of @size_kib: the one that umount2()
 * takes. */
static gboolean is_on_top(const char *path, guint64 size_kib)
{
    struct statfs status;

    return statfs(path, &status) == 0 && status.f_type == HUGETLBFS_MAGIC &&
           (guint64)status.f_bsize == size_kib * 1024;
}

gboolean mounts_remove(const char *root, const char *path, guint64 size_kib, GError **error)
{
    if (*root)
        return rewrite_mounts(root, path, "", error);
    if (!is_on_top(path, size_kib))
        return fail(error, "unmounting", path,
            "something else is mounted over it by now: unmount that first");
    if (umount2(path, UMOUNT_NOFOLLOW) == 0)
        return TRUE;
    return fail(error, "unmounting", path,
        errno == EBUSY ? "it is in use: shut the VMs down whose memory is there"
                       : g_strerror(errno));
}

/* ---- libvirt ---- */

gboolean mounts_is_libvirts(const Host *host, const HugeMount *mount)
{
    const GPtrArray *named = host->keep ? host->keep->libvirt_mounts : NULL;

    if (named)
        return g_ptr_array_find_with_equal_func((GPtrArray *)named, mount->path, g_str_equal, NULL);
    for (guint i = 0; i < host->mounts->len; i++) {
        const HugeMount *other = g_ptr_array_index(host->mounts, i);
        if (other->size_kib == mount->size_kib)
            return other == mount;
    }
    return FALSE;
}
