/* Values kept across a reboot: the lines of kvmtune's files below /etc, read and edited. */
#include "core/keep/bootfile.h"

#include "core/keep/mountunit.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSCTL_ROOT "/proc/sys/"
#define HEADING     "# Written by kvmtune; the lines that are yours stay as they are.\n"

/* ---- one line ---- */

void bootline_clear(BootLine *line)
{
    g_clear_pointer(&line->place, g_free);
    g_clear_pointer(&line->value, g_free);
}

/* sysctl.d(5): "If the first separator is a slash, remaining slashes and dots are left intact. If
 * the first separator is a dot, dots and slashes are exchanged." */
static void exchange_separators(char *name)
{
    char *first = name + strcspn(name, "./");

    if (*first != '.')
        return;
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
}

gboolean bootline_parse_sysctl(const char *text, BootLine *line)
{
    g_autofree char *copy = g_strstrip(g_strdup(text));
    char *name = copy + (*copy == '-');
    char *equals = strchr(name, '=');

    if (*copy == '#' || *copy == ';' || equals == NULL || equals == name)
        return FALSE;
    *equals = '\0';
    g_strstrip(name);
    exchange_separators(name);
    line->place = g_strconcat(SYSCTL_ROOT, name, NULL);
    line->value = g_strstrip(g_strdup(equals + 1));
    return TRUE;
}

/* The next word of *@rest, which is moved behind it; quotes as tmpfiles.d(5) takes them around a
 * path. NULL at the end. */
static char *next_word(const char **rest)
{
    const char *from = *rest + strspn(*rest, " \t");

    if (*from == '\0')
        return NULL;
    if (*from == '"' || *from == '\'') {
        const char *end = strchr(from + 1, *from);
        if (end) {
            *rest = end + 1;
            return g_strndup(from + 1, (gsize)(end - from - 1));
        }
    }
    gsize length = strcspn(from, " \t");
    *rest = from + length;
    return g_strndup(from, length);
}

/* "%%" is one "%"; other specifiers stand for what only the booting system knows. */
static char *without_specifiers(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (text[0] == '%' && text[1] == '%')
            text++;
        g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

enum { TYPE, PATH, MODE, USER, GROUP, AGE, FIELDS };

gboolean bootline_parse_tmpfiles(const char *text, BootLine *line)
{
    g_autofree char *copy = g_strstrip(g_strdup(text));
    const char *rest = copy;
    char *fields[FIELDS] = {NULL};
    gboolean is_write = FALSE;

    if (*copy != '#')
        for (guint i = 0; i < FIELDS && (fields[i] = next_word(&rest)) != NULL; i++)
            ;
    rest += strspn(rest, " \t");
    /* Without a value systemd-tmpfiles refuses the line. */
    if (fields[AGE] && *rest && fields[TYPE][0] == 'w' &&
        strspn(fields[TYPE] + 1, "+!-=~^$") == strlen(fields[TYPE] + 1)) {
        is_write = TRUE;
        line->place = without_specifiers(fields[PATH]);
        line->value = without_specifiers(rest);
    }
    for (guint i = 0; i < FIELDS; i++)
        g_free(fields[i]);
    return is_write;
}

/* Where the value of a line that sets something begins. */
static gsize sysctl_value_at(const char *text)
{
    const char *value = strchr(text, '=') + 1;

    return (gsize)(value + strspn(value, " \t") - text);
}

static gsize tmpfiles_value_at(const char *text)
{
    const char *rest = text;

    for (guint i = 0; i < FIELDS; i++)
        g_free(next_word(&rest));
    return (gsize)(rest + strspn(rest, " \t") - text);
}

/* ---- the two files ---- */

static char *escape_sysctl(const char *value)
{
    return g_strdup(value);
}

static char *escape_tmpfiles(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "%", -1);

    return g_strjoinv("%%", parts);
}

/* What stands before the value in a new line. */
static char *begin_sysctl(const char *place)
{
    g_autofree char *name = g_strdup(place + strlen(SYSCTL_ROOT));

    /* With a dot in a name the form with slashes is the only one that is read back as it was. */
    if (strchr(name, '.') == NULL)
        g_strdelimit(name, "/", '.');
    return g_strconcat(name, " = ", NULL);
}

static char *begin_tmpfiles(const char *place)
{
    return g_strdup_printf("w %s - - - - ", place);
}

/* Of several lines of one file for the same kernel file systemd-sysctl lets the last one hold, and
 * systemd-tmpfiles the first one: it leaves later ones out ("Duplicate line for path"). */
static const struct {
    const char *below; /* the kernel's files it is for */
    const char *file;
    gboolean first_holds;
    gboolean (*parse)(const char *text, BootLine *line);
    gsize (*value_at)(const char *text);
    char *(*begin)(const char *place);
    char *(*escape)(const char *value);
} kinds[BOOTFILES] = {
    [BOOTFILE_OF_SYSCTL] = {SYSCTL_ROOT, BOOTFILE_SYSCTL, FALSE, bootline_parse_sysctl,
        sysctl_value_at, begin_sysctl, escape_sysctl},
    [BOOTFILE_OF_TMPFILES] = {"/sys/", BOOTFILE_TMPFILES, TRUE, bootline_parse_tmpfiles,
        tmpfiles_value_at, begin_tmpfiles, escape_tmpfiles},
};

const char *bootfile_path(BootFile file)
{
    return kinds[file].file;
}

BootFile bootfile_for(const char *place)
{
    guint file = 0;

    while (file < BOOTFILES && !g_str_has_prefix(place, kinds[file].below))
        file++;
    return file;
}

/* Whether the line sets exactly @place to something; its value then in *@value (may be NULL). */
static gboolean line_sets(BootFile kind, const char *text, const char *place, char **value)
{
    BootLine line = {NULL, NULL};
    gboolean is_ours =
        kinds[kind].parse(text, &line) && g_str_equal(line.place, place) && *line.value;

    if (is_ours && value) {
        g_free(*value);
        *value = g_steal_pointer(&line.value);
    }
    bootline_clear(&line);
    return is_ours;
}

/* The number of the line that holds for @place; 0 for none. Its value in *@value (may be NULL). */
static guint holding_line(BootFile kind, char **lines, const char *place, char **value)
{
    guint found = 0;

    for (guint i = 0; lines[i] && !(found && kinds[kind].first_holds); i++)
        if (line_sets(kind, lines[i], place, value))
            found = i + 1;
    return found;
}

char *bootfile_value(const char *text, const char *place, guint *number)
{
    BootFile kind = bootfile_for(place);
    char *value = NULL;

    if (text == NULL || kind == BOOTFILES)
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint found = holding_line(kind, lines, place, &value);
    if (found && number)
        *number = found;
    return value;
}

/* The line with another value; all else of it stays, blanks at its end too. */
static char *with_value(BootFile kind, const char *line, const char *value)
{
    gsize at = kinds[kind].value_at(line), end = strlen(line);

    while (end > at && g_ascii_isspace(line[end - 1]))
        end--;
    return g_strdup_printf("%.*s%s%s", (int)at, line, value, line + end);
}

gboolean bootfile_fits(const char *value)
{
    return strpbrk(value, "\n\r\\") == NULL;
}

/* Whether @line, whose value reads as @old, is the very same once that is written back. */
static gboolean can_go_back(BootFile kind, const char *line, const char *old)
{
    g_autofree char *escaped = kinds[kind].escape(old);
    g_autofree char *back = with_value(kind, line, escaped);

    return bootfile_fits(old) && g_str_equal(back, line);
}

char *bootfile_set(const char *text, const char *place, const char *value, GError **error)
{
    BootFile kind = bootfile_for(place);

    if (kind == BOOTFILES || !bootfile_fits(value) || strpbrk(place, " \t\n\r*?[")) {
        g_autofree char *shown = text_escape(value, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s=%s cannot be kept across a reboot: no line of %s or %s can say it", place, shown,
            BOOTFILE_SYSCTL, BOOTFILE_TMPFILES);
        return NULL;
    }
    g_autofree char *old = NULL;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    guint holding = holding_line(kind, lines, place, &old);
    if (holding && g_str_equal(old, value))
        return g_strdup(text);
    if (holding && !can_go_back(kind, lines[holding - 1], old)) {
        g_autofree char *shown = text_escape(old, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "line %u of %s sets %s to %s, which kvmtune could not put back: write that value "
            "without \\ and %%, or take the line away",
            holding, kinds[kind].file, place, shown);
        return NULL;
    }
    g_autofree char *escaped = kinds[kind].escape(value);
    GString *out = g_string_new(NULL);
    for (guint i = 0; lines[i]; i++) {
        gboolean is_ours = line_sets(kind, lines[i], place, NULL);
        if (*value == '\0' && is_ours)
            continue;
        g_autofree char *other = i + 1 == holding ? with_value(kind, lines[i], escaped) : NULL;
        g_string_append_printf(out, "%s%s", other ? other : lines[i], lines[i + 1] ? "\n" : "");
    }
    if (*value && holding == 0) {
        g_autofree char *begin = kinds[kind].begin(place);
        if (text == NULL)
            g_string_append(out, HEADING);
        else if (out->len && out->str[out->len - 1] != '\n')
            g_string_append_c(out, '\n');
        g_string_append_printf(out, "%s%s\n", begin, escaped);
    }
    return g_string_free(out, FALSE);
}

gboolean bootfile_is_bare(const char *text)
{
    return g_str_equal(text, HEADING);
}

/* ---- on the disk ---- */

/* All folders of the files that are written. */
static const char *const written_folders[] = {
    "/etc/sysctl.d", "/etc/tmpfiles.d", MOUNTUNIT_FOLDER, MOUNTUNIT_WANTS};

/* Why the file at @status is none that is edited; NULL: it is one. The caller frees it. */
static char *fault_of(const struct stat *status)
{
    if (S_ISLNK(status->st_mode))
        return g_strdup("it is a symbolic link");
    if (!S_ISREG(status->st_mode))
        return g_strdup("it is no plain file");
    return status->st_size > ROOTFILE_MAX
               ? g_strdup_printf("it has more than %u MiB", ROOTFILE_MAX >> 20)
               : NULL;
}

char *bootfile_read(const char *root, const char *path, GError **error)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    struct stat status;

    int failed = lstat(full, &status) == 0 ? 0 : errno;
    if (failed == ENOENT || failed == ENOTDIR)
        return NULL;
    g_autofree char *fault = failed ? g_strdup(g_strerror(failed)) : fault_of(&status);
    g_autofree char *text = NULL;
    gsize length = 0;
    if (fault == NULL && !g_file_get_contents(full, &text, &length, NULL))
        fault = g_strdup("it cannot be read");
    if (fault == NULL && g_utf8_validate(text, (gssize)length, NULL) && strlen(text) == length)
        return g_steal_pointer(&text);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%s cannot be edited: %s; look at it, or move it away", full,
        fault ? fault : "it is no text");
    return NULL;
}

/* Makes the folders above @full; a folder that is there stays as it is. */
static gboolean make_folders(const char *full)
{
    g_autofree char *folder = g_path_get_dirname(full);

    return g_mkdir_with_parents(folder, 0755) == 0;
}

static gboolean flush_folder(const char *full)
{
    g_autofree char *folder = g_path_get_dirname(full);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean is_flushed = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return is_flushed;
}

/* Writes @text into the new file @fd, with the owner and the mode of @like (NULL: 0644). */
static gboolean fill_file(int fd, const char *text, const struct stat *like)
{
    gsize length = strlen(text), done = 0;

    while (done < length) {
        ssize_t n = write(fd, text + done, length - done);
        if (n < 0 && errno != EINTR)
            return FALSE;
        done += n > 0 ? (gsize)n : 0;
    }
    if (like && fchown(fd, like->st_uid, like->st_gid) != 0)
        return FALSE;
    return fchmod(fd, like ? like->st_mode & 07777 : 0644) == 0 && fsync(fd) == 0;
}

/* Where the new file is made that is renamed to @full then. Always of one name: who finds it there
 * holds the host's lock, so that it is a dead kvmtune's. */
static char *make_beside(const char *full)
{
    char *beside = g_strconcat(full, BOOTFILE_BESIDE, NULL);

    unlink(beside);
    return beside;
}

/* Puts @text into a file beside @full and renames that. */
static gboolean replace_file(const char *full, const char *text)
{
    struct stat status;
    gboolean is_there = lstat(full, &status) == 0;

    if (is_there && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : ELOOP;
        return FALSE;
    }
    g_autofree char *beside = make_beside(full);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return FALSE;
    gboolean is_done = fill_file(fd, text, is_there ? &status : NULL);
    int saved = errno;
    close(fd);
    if (is_done && rename(beside, full) == 0)
        return TRUE;
    if (is_done)
        saved = errno;
    unlink(beside);
    errno = saved;
    return FALSE;
}

/* The same of a symbolic link. */
static gboolean replace_link(const char *full, const char *target)
{
    g_autofree char *beside = make_beside(full);

    if (symlink(target, beside) != 0)
        return FALSE;
    if (rename(beside, full) == 0)
        return TRUE;
    int saved = errno;
    unlink(beside);
    errno = saved;
    return FALSE;
}

static gboolean write_one(const char *root, const char *path, const char *text,
    gboolean (*replace)(const char *full, const char *text), GError **error)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    g_autofree char *outside = rootfile_not_below(root, folder);

    if (outside) {
        g_set_error(
            error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s is not written: %s", full, outside);
        return FALSE;
    }
    gboolean is_done =
        text ? make_folders(full) && replace(full, text) : g_unlink(full) == 0 || errno == ENOENT;
    int saved = errno;
    if (is_done) {
        flush_folder(full);
        return TRUE;
    }
    const char *advice = saved == EROFS ? "; make it writable, or set the value only for now"
                         : saved == EPERM && geteuid() == 0
                             ? "; lsattr shows whether it or its folder is immutable (chattr -i)"
                         : saved == EACCES || saved == EPERM ? "; run kvmtune as root"
                                                             : "";
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%s cannot be written: %s; it stays as it was%s", full, g_strerror(saved), advice);
    return FALSE;
}

gboolean bootfile_write(const char *root, const char *path, const char *text, GError **error)
{
    return write_one(root, path, text, replace_file, error);
}

gboolean bootfile_link(const char *root, const char *path, const char *target, GError **error)
{
    return write_one(root, path, target, replace_link, error);
}

void bootfile_sweep(const char *root)
{
    for (guint i = 0; i < G_N_ELEMENTS(written_folders); i++) {
        g_autofree char *folder = g_strconcat(root, written_folders[i], NULL);
        g_autoptr(GPtrArray) names = rootfile_list(root, written_folders[i], "");
        for (guint j = 0; rootfile_is_below(root, folder) && j < names->len; j++) {
            g_autofree char *left = g_build_filename(folder, names->pdata[j], NULL);
            if (g_str_has_suffix(left, BOOTFILE_BESIDE))
                unlink(left);
        }
    }
}
