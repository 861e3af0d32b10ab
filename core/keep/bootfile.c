/* Values kept across a reboot: the lines of kvmtune's files below /etc, read and edited. */
#include "core/keep/bootfile.h"

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

gboolean bootline_parse_tmpfiles(const char *text, BootLine *line)
{
    enum { TYPE, PATH, MODE, USER, GROUP, AGE, FIELDS };
    g_autofree char *copy = g_strstrip(g_strdup(text));
    const char *rest = copy;
    char *fields[FIELDS] = {NULL};
    gboolean is_write = FALSE;

    if (*copy != '#')
        for (guint i = 0; i < FIELDS && (fields[i] = next_word(&rest)) != NULL; i++)
            ;
    if (fields[AGE] && fields[TYPE][0] == 'w' &&
        strspn(fields[TYPE] + 1, "+!-=~^$") == strlen(fields[TYPE] + 1)) {
        is_write = TRUE;
        line->place = without_specifiers(fields[PATH]);
        line->value = without_specifiers(rest + strspn(rest, " \t"));
    }
    for (guint i = 0; i < FIELDS; i++)
        g_free(fields[i]);
    return is_write;
}

/* ---- the two files ---- */

static char *format_sysctl(const char *place, const char *value)
{
    g_autofree char *name = g_strdup(place + strlen(SYSCTL_ROOT));

    /* With a dot in a name the form with slashes is the only one that is read back as it was. */
    if (strchr(name, '.') == NULL)
        g_strdelimit(name, "/", '.');
    return g_strdup_printf("%s = %s", name, value);
}

static char *format_tmpfiles(const char *place, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "%", -1);
    g_autofree char *escaped = g_strjoinv("%%", parts);

    return g_strdup_printf("w %s - - - - %s", place, escaped);
}

/* Of several lines of one file for the same kernel file the last one holds: both programs write
 * them in their order. */
static const struct {
    const char *below; /* the kernel's files it is for */
    const char *file;
    gboolean (*parse)(const char *text, BootLine *line);
    char *(*format)(const char *place, const char *value);
} kinds[BOOTFILES] = {
    [BOOTFILE_OF_SYSCTL] = {SYSCTL_ROOT, BOOTFILE_SYSCTL, bootline_parse_sysctl, format_sysctl},
    [BOOTFILE_OF_TMPFILES] = {"/sys/", BOOTFILE_TMPFILES, bootline_parse_tmpfiles, format_tmpfiles},
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

/* Whether the line sets exactly @place; its value then in *@value (may be NULL). */
static gboolean line_sets(BootFile kind, const char *text, const char *place, char **value)
{
    BootLine line = {NULL, NULL};
    gboolean is_ours = kinds[kind].parse(text, &line) && g_str_equal(line.place, place);

    if (is_ours && value) {
        g_free(*value);
        *value = g_steal_pointer(&line.value);
    }
    bootline_clear(&line);
    return is_ours;
}

char *bootfile_value(const char *text, const char *place, guint *number)
{
    BootFile kind = bootfile_for(place);
    char *value = NULL;

    if (text == NULL || kind == BOOTFILES)
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (line_sets(kind, lines[i], place, &value) && number)
            *number = i + 1;
    return value;
}

char *bootfile_set(const char *text, const char *place, const char *value, GError **error)
{
    BootFile kind = bootfile_for(place);

    if (kind == BOOTFILES || strpbrk(value, "\n\r") || strpbrk(place, " \t\n\r*?[")) {
        g_autofree char *shown = text_escape(value, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s=%s cannot be kept across a reboot: no line of %s or %s can say it", place, shown,
            BOOTFILE_SYSCTL, BOOTFILE_TMPFILES);
        return NULL;
    }
    g_autofree char *wanted = *value ? kinds[kind].format(place, value) : NULL;
    const char *from = text ? text : "";
    GString *out = g_string_new(*from == '\0' && wanted ? HEADING : NULL);
    gboolean is_written = FALSE;

    /* The first line that sets it is replaced where it stands, further ones go. */
    while (*from) {
        gsize length = strcspn(from, "\n");
        g_autofree char *line = g_strndup(from, length);
        gboolean has_end = from[length] == '\n';
        if (!line_sets(kind, line, place, NULL)) {
            g_string_append_len(out, from, (gssize)(length + has_end));
        } else if (wanted && !is_written) {
            g_string_append_printf(out, "%s\n", wanted);
            is_written = TRUE;
        }
        from += length + has_end;
    }
    if (wanted && !is_written) {
        if (out->len && out->str[out->len - 1] != '\n')
            g_string_append_c(out, '\n');
        g_string_append_printf(out, "%s\n", wanted);
    }
    if (g_str_equal(out->str, HEADING))
        g_string_truncate(out, 0);
    return g_string_free(out, FALSE);
}

/* ---- on the disk ---- */

char *bootfile_read(const char *root, const char *path, GError **error)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    struct stat status;

    if (lstat(full, &status) != 0 && errno == ENOENT)
        return NULL;
    g_autofree char *text = S_ISREG(status.st_mode) && status.st_size <= ROOTFILE_MAX
                                ? rootfile_read_whole(root, path)
                                : NULL;
    if (text && g_utf8_validate(text, -1, NULL))
        return g_steal_pointer(&text);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%s cannot be edited: it is %s; look at it, or move it away", full,
        text ? "no text" : "no plain file that can be read");
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

gboolean bootfile_write(const char *root, const char *path, const char *text, GError **error)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    g_autoptr(GError) cause = NULL;
    gboolean is_done;

    if (!rootfile_is_below(root, full)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s is not written: a link in it leads out of %s", full, root);
        return FALSE;
    }
    if (*text) {
        is_done = make_folders(full) &&
                  g_file_set_contents_full(full, text, -1,
                      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &cause);
    } else {
        is_done = g_unlink(full) == 0 || errno == ENOENT;
    }
    int saved = errno;
    if (is_done) {
        flush_folder(full);
        return TRUE;
    }
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%s cannot be written: %s; nothing is kept across a reboot", full,
        cause ? cause->message : g_strerror(saved));
    return FALSE;
}
