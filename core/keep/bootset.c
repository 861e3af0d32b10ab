/* The files that keep values across a reboot, read, edited in memory and written. */
#include "core/keep/bootset.h"

#include "core/keep/bootfile.h"
#include "core/keep/mountunit.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define HUGETLBFS "hugetlbfs pagesize=" /* begins a place that is no file of the kernel */

/* A hugetlbfs that is mounted at boot by somebody else. */
typedef struct {
    char *where, *by; /* "/usr/lib/systemd/system/dev-hugepages.mount" */
    guint64 size_kib; /* 0: the default, which is not known here */
} Foreign;

struct BootSet {
    GPtrArray *files;    /* BootSetFile*; the first ones are those of BootFile */
    GPtrArray *foreign;  /* Foreign*, shared by copies */
    GPtrArray *taken;    /* char*, likewise: files of systemd there that are not kvmtune's */
    GPtrArray *wanted;   /* char*, likewise: kvmtune's units that the owner has enabled elsewhere */
    guint64 default_kib; /* the default huge page size; 0 unknown */
};

static void file_free(gpointer data)
{
    BootSetFile *file = data;

    g_free(file->path);
    g_free(file->before);
    g_free(file->text);
    g_free(file->problem);
    g_free(file);
}

static void foreign_free(gpointer data)
{
    Foreign *foreign = data;

    g_free(foreign->where);
    g_free(foreign->by);
    g_free(foreign);
}

void bootset_free(BootSet *set)
{
    if (set == NULL)
        return;
    g_ptr_array_unref(set->files);
    g_ptr_array_unref(set->foreign);
    g_ptr_array_unref(set->taken);
    g_ptr_array_unref(set->wanted);
    g_free(set);
}

/* Takes @text. */
static BootSetFile *add_file(BootSet *set, const char *path, gboolean is_link, char *text)
{
    BootSetFile *file = g_new0(BootSetFile, 1);

    file->path = g_strdup(path);
    file->is_link = is_link;
    file->before = text;
    file->text = g_strdup(text);
    g_ptr_array_add(set->files, file);
    return file;
}

BootSet *bootset_copy(const BootSet *set)
{
    BootSet *copy = g_new0(BootSet, 1);

    copy->files = g_ptr_array_new_with_free_func(file_free);
    copy->foreign = g_ptr_array_ref(set->foreign);
    copy->taken = g_ptr_array_ref(set->taken);
    copy->wanted = g_ptr_array_ref(set->wanted);
    copy->default_kib = set->default_kib;
    for (guint i = 0; i < set->files->len; i++) {
        const BootSetFile *file = g_ptr_array_index(set->files, i);
        BootSetFile *twin = add_file(copy, file->path, file->is_link, g_strdup(file->before));
        g_free(twin->text);
        twin->text = g_strdup(file->text);
        twin->problem = g_strdup(file->problem);
    }
    return copy;
}

/* ---- reading ---- */

static void add_foreign(BootSet *set, const char *where, const char *by, guint64 size_kib)
{
    Foreign *foreign = g_new(Foreign, 1);

    *foreign = (Foreign){g_strdup(where), g_strdup(by), size_kib};
    g_ptr_array_add(set->foreign, foreign);
}

/* systemd.unit(5): the first folder that has a name hides it in the later ones. */
static const char *const unit_folders[] = {MOUNTUNIT_FOLDER, "/run/systemd/system",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

/* Whether a target wants or requires the unit @name. */
static gboolean is_enabled(const char *root, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(unit_folders); i++) {
        g_autoptr(GPtrArray) names = rootfile_list(root, unit_folders[i], "");
        for (guint j = 0; j < names->len; j++) {
            const char *target = names->pdata[j];
            if (!g_str_has_suffix(target, ".wants") && !g_str_has_suffix(target, ".requires"))
                continue;
            g_autofree char *link =
                g_strconcat(root, unit_folders[i], "/", target, "/", name, NULL);
            if (g_file_test(link, G_FILE_TEST_IS_SYMLINK) || g_file_test(link, G_FILE_TEST_EXISTS))
                return TRUE;
        }
    }
    return FALSE;
}

static char *link_path(const char *name)
{
    return g_strconcat(MOUNTUNIT_WANTS "/", name, NULL);
}

/* Every entry of MOUNTUNIT_WANTS but a link that leads where kvmtune's own would. */
static void read_links(BootSet *set, const char *root)
{
    g_autoptr(GPtrArray) names = rootfile_list(root, MOUNTUNIT_WANTS, "");

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *link = link_path(names->pdata[i]);
        g_autofree char *full = g_strconcat(root, link, NULL);
        g_autofree char *own = g_strconcat(MOUNTUNIT_FOLDER "/", names->pdata[i], NULL);
        g_autofree char *leads = g_file_read_link(full, NULL);
        if (g_strcmp0(leads, own) != 0)
            g_ptr_array_add(set->taken, g_steal_pointer(&link));
    }
}

static gboolean is_taken(const BootSet *set, const char *path)
{
    return g_ptr_array_find_with_equal_func(set->taken, path, g_str_equal, NULL);
}

static void read_unit(BootSet *set, const char *root, const char *folder, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    g_autofree char *text = rootfile_read_whole(root, path);
    gboolean is_own_folder = g_str_equal(folder, MOUNTUNIT_FOLDER);
    MountUnit unit = {NULL, 0, FALSE};
    gboolean is_huge = text && mountunit_parse(text, &unit);

    if (is_own_folder && !(is_huge && unit.ours))
        g_ptr_array_add(set->taken, g_strdup(path));
    if (!is_huge)
        return;
    if (unit.ours && is_own_folder) {
        g_autofree char *link = link_path(name);
        g_autofree char *full = g_strconcat(root, link, NULL);
        char *leads = is_taken(set, link) ? NULL : g_file_read_link(full, NULL);
        add_file(set, path, FALSE, g_steal_pointer(&text));
        if (leads == NULL && is_enabled(root, name))
            g_ptr_array_add(set->wanted, g_strdup(path));
        if (!is_taken(set, link))
            add_file(set, link, TRUE, leads);
    } else if (is_enabled(root, name)) {
        add_foreign(set, unit.where, path, unit.size_kib);
    }
    mountunit_clear(&unit);
}

static void read_units(BootSet *set, const char *root)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(unit_folders); i++) {
        g_autoptr(GPtrArray) names = rootfile_list(root, unit_folders[i], "");
        for (guint j = 0; j < names->len; j++)
            if (g_str_has_suffix(names->pdata[j], ".mount") &&
                g_hash_table_add(seen, g_strdup(names->pdata[j])))
                read_unit(set, root, unit_folders[i], names->pdata[j]);
    }
}

/* fstab(5): what, where, type, options. */
static void read_fstab(BootSet *set, const char *root)
{
    g_autofree char *text = rootfile_read_whole(root, "/etc/fstab");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        char where[512], type[32], options[512];
        guint64 size_kib = 0;
        if (sscanf(lines[i], " %*[^# \t] %511s %31s %511s", where, type, options) != 3 ||
            strcmp(type, "hugetlbfs") != 0)
            continue;
        g_auto(GStrv) words = g_strsplit(options, ",", -1);
        if (g_strv_contains((const char *const *)words, "noauto"))
            continue;
        for (guint j = 0; words[j]; j++)
            if (g_str_has_prefix(words[j], "pagesize="))
                text_parse_size(words[j] + strlen("pagesize="), &size_kib);
        g_autofree char *by = g_strdup_printf("/etc/fstab:%u", i + 1);
        g_autofree char *path = text_mount_path(where);
        add_foreign(set, path, by, size_kib);
    }
}

static guint64 read_default_size(const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/meminfo");
    const char *line = text ? strstr(text, "Hugepagesize:") : NULL;

    return line ? g_ascii_strtoull(line + strlen("Hugepagesize:"), NULL, 10) : 0;
}

BootSet *bootset_read(const char *root)
{
    BootSet *set = g_new0(BootSet, 1);

    set->files = g_ptr_array_new_with_free_func(file_free);
    set->foreign = g_ptr_array_new_with_free_func(foreign_free);
    set->taken = g_ptr_array_new_with_free_func(g_free);
    set->wanted = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < BOOTFILES; i++) {
        g_autoptr(GError) error = NULL;
        char *text = bootfile_read(root, bootfile_path(i), &error);
        BootSetFile *file = add_file(set, bootfile_path(i), FALSE, text);
        file->problem = error ? g_strdup(error->message) : NULL;
    }
    set->default_kib = read_default_size(root);
    read_links(set, root);
    read_units(set, root);
    read_fstab(set, root);
    return set;
}

/* ---- hugetlbfs ---- */

/* The page size of a place that is a hugetlbfs; 0 where it is a file. */
static guint64 size_of(const char *place)
{
    guint64 size_kib = 0;

    if (g_str_has_prefix(place, HUGETLBFS))
        text_parse_size(place + strlen(HUGETLBFS), &size_kib);
    return size_kib;
}

/* Whether kvmtune's unit @file, as it is to be, mounts pages of @size_kib; its path in *where. */
static gboolean mounts(const BootSetFile *file, guint64 size_kib, char **where)
{
    MountUnit unit;

    if (file->is_link || file->text == NULL || !g_str_has_suffix(file->path, ".mount") ||
        !mountunit_parse(file->text, &unit))
        return FALSE;
    gboolean is_it = unit.size_kib == size_kib;
    if (is_it)
        *where = g_steal_pointer(&unit.where);
    mountunit_clear(&unit);
    return is_it;
}

static const Foreign *find_foreign(const BootSet *set, const char *where)
{
    for (guint i = 0; i < set->foreign->len; i++) {
        const Foreign *foreign = g_ptr_array_index(set->foreign, i);
        if (g_str_equal(foreign->where, where))
            return foreign;
    }
    return NULL;
}

static gboolean foreign_has(const BootSet *set, const Foreign *foreign, guint64 size_kib)
{
    return (foreign->size_kib ? foreign->size_kib : set->default_kib) == size_kib;
}

static BootSetFile *find_file(const BootSet *set, const char *path)
{
    for (guint i = 0; i < set->files->len; i++) {
        BootSetFile *file = g_ptr_array_index(set->files, i);
        if (g_str_equal(file->path, path))
            return file;
    }
    return NULL;
}

gboolean bootset_is_enabled(const BootSet *set, const BootSetFile *unit)
{
    g_autofree char *name = g_path_get_basename(unit->path);
    g_autofree char *path = link_path(name);
    const BootSetFile *link = find_file(set, path);

    return (link && link->text && *link->text) ||
           g_ptr_array_find_with_equal_func(set->wanted, unit->path, g_str_equal, NULL);
}

static char *mounts_value(const BootSet *set, guint64 size_kib)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < set->files->len; i++) {
        const BootSetFile *file = g_ptr_array_index(set->files, i);
        g_autofree char *where = NULL;
        if (mounts(file, size_kib, &where) && bootset_is_enabled(set, file))
            g_ptr_array_add(paths, g_steal_pointer(&where));
    }
    for (guint i = 0; i < set->foreign->len; i++) {
        const Foreign *foreign = g_ptr_array_index(set->foreign, i);
        if (foreign_has(set, foreign, size_kib))
            g_ptr_array_add(paths, g_strdup(foreign->where));
    }
    return text_join_sorted(paths);
}

/* The page size of kvmtune's unit @path, as it is to be; 0 where there is none. */
static guint64 own_size(const BootSet *set, const char *path)
{
    const BootSetFile *file = find_file(set, path);
    MountUnit unit = {.size_kib = 0};

    if (file && file->text && mountunit_parse(file->text, &unit))
        mountunit_clear(&unit);
    return unit.size_kib;
}

/* Sets the file @path of @set, which may be new. */
static void put_file(BootSet *set, const char *path, gboolean is_link, const char *text)
{
    BootSetFile *file = find_file(set, path);

    if (file == NULL)
        file = add_file(set, path, is_link, NULL);
    g_free(file->text);
    file->text = g_strdup(text);
}

static void put_unit(BootSet *set, const char *where, guint64 size_kib)
{
    g_autofree char *name = mountunit_name(where);
    g_autofree char *path = g_strconcat(MOUNTUNIT_FOLDER "/", name, NULL);
    g_autofree char *link = link_path(name);
    g_autofree char *text = size_kib ? mountunit_text(where, size_kib) : NULL;

    put_file(set, path, FALSE, text);
    if (!is_taken(set, link))
        put_file(set, link, TRUE, size_kib ? path : NULL);
}

static gboolean set_mounts(BootSet *set, guint64 size_kib, const char *value, GError **error)
{
    g_auto(GStrv) wanted = g_strsplit(value, ",", -1);

    for (guint i = 0; i < set->foreign->len; i++) {
        const Foreign *foreign = g_ptr_array_index(set->foreign, i);
        gboolean is_wanted = g_strv_contains((const char *const *)wanted, foreign->where);
        if (foreign_has(set, foreign, size_kib) == is_wanted)
            continue;
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            !is_wanted ? "%s is mounted at boot by %s, which kvmtune leaves alone: name it too, or "
                         "take it away there"
            : foreign->size_kib || set->default_kib
                ? "%s is mounted at boot with other pages by %s, which kvmtune leaves alone"
                : "%s is mounted at boot by %s with pages of the default size, which is not known "
                  "here: leave it out if this is that size, else choose another folder",
            foreign->where, foreign->by);
        return FALSE;
    }
    for (guint i = 0; wanted[i]; i++) {
        g_autofree char *name = mountunit_name(wanted[i]);
        g_autofree char *path = g_strconcat(MOUNTUNIT_FOLDER "/", name, NULL);
        g_autofree char *link = link_path(name);
        gboolean has_unit = is_taken(set, path);
        guint64 other_kib = own_size(set, path);
        if (other_kib && other_kib != size_kib) {
            g_autofree char *other = text_page_size(other_kib);
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "%s has pages of another size at boot, hugetlbfs.%s: take it away there first",
                wanted[i], other);
            return FALSE;
        }
        if (find_foreign(set, wanted[i]) || !(has_unit || is_taken(set, link)))
            continue;
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s is there already and is not kvmtune's: %smove it away", has_unit ? path : link,
            has_unit ? "enable it, or " : "");
        return FALSE;
    }
    for (guint i = 0; i < set->files->len; i++) {
        g_autofree char *where = NULL;
        if (mounts(g_ptr_array_index(set->files, i), size_kib, &where) &&
            !g_strv_contains((const char *const *)wanted, where))
            put_unit(set, where, 0);
    }
    for (guint i = 0; wanted[i]; i++)
        if (find_foreign(set, wanted[i]) == NULL)
            put_unit(set, wanted[i], size_kib);
    return TRUE;
}

/* ---- all of it ---- */

char *bootset_value(const BootSet *set, const char *place)
{
    BootFile kind = bootfile_for(place);
    guint64 size_kib = size_of(place);

    if (size_kib)
        return mounts_value(set, size_kib);
    if (kind == BOOTFILES)
        return NULL;
    const BootSetFile *file = g_ptr_array_index(set->files, kind);
    char *value = bootfile_value(file->text, place, NULL);
    return value ? value : g_strdup("");
}

gboolean bootset_set(BootSet *set, const char *place, const char *value, GError **error)
{
    BootFile kind = bootfile_for(place);
    guint64 size_kib = size_of(place);

    if (size_kib)
        return set_mounts(set, size_kib, value, error);
    BootSetFile *file = kind == BOOTFILES ? NULL : g_ptr_array_index(set->files, kind);
    if (file && file->problem) {
        g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, file->problem);
        return FALSE;
    }
    char *text = bootfile_set(file ? file->text : NULL, place, value, error);
    if (text == NULL)
        return FALSE;
    /* What a person has emptied, or had empty, stays an empty file. */
    if (bootfile_is_bare(text) || (file->text == NULL && *text == '\0'))
        g_clear_pointer(&text, g_free);
    g_free(file->text);
    file->text = text;
    return TRUE;
}

const GPtrArray *bootset_files(const BootSet *set)
{
    return set->files;
}

gboolean bootset_file_changes(const BootSetFile *file)
{
    return g_strcmp0(file->before, file->text) != 0;
}

static gboolean write_file(
    const BootSetFile *file, const char *root, const char *text, GError **error)
{
    gboolean is_done = file->is_link ? bootfile_link(root, file->path, text, error)
                                     : bootfile_write(root, file->path, text, error);

    if (is_done && file->is_link && text == NULL) {
        /* As `systemctl disable` does: goes only where it is empty. */
        g_autofree char *folder = g_strconcat(root, MOUNTUNIT_WANTS, NULL);
        g_rmdir(folder);
    }
    return is_done;
}

gboolean bootset_write(const BootSet *set, const char *root, GError **error)
{
    guint done = 0;

    for (; done < set->files->len; done++) {
        const BootSetFile *file = g_ptr_array_index(set->files, done);
        if (bootset_file_changes(file) && !write_file(file, root, file->text, error))
            break;
    }
    if (done == set->files->len)
        return TRUE;
    while (done-- > 0) {
        const BootSetFile *file = g_ptr_array_index(set->files, done);
        if (bootset_file_changes(file))
            write_file(file, root, file->before, NULL);
    }
    return FALSE;
}
