/* Lists of KernelFile: a folder of one-value files, or the lines of a file such as meminfo. */
#include "core/host/kernelfile.h"

#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void kernel_file_free(gpointer data)
{
    KernelFile *file = data;

    g_free(file->name);
    g_free(file->text);
    g_free(file);
}

GPtrArray *kernel_files_new(void)
{
    return g_ptr_array_new_with_free_func(kernel_file_free);
}

/* What a double, and so JSON, holds exactly: no counter of a kernel comes near, and sums and bytes
 * of them stay within 64 bits. */
#define NUMBER_MAX (G_GINT64_CONSTANT(1) << 53)

static Num number_in(const char *text)
{
    gint64 number;

    return text && text_parse_int(text, &number) && number >= -NUMBER_MAX && number <= NUMBER_MAX
               ? NUM(number)
               : NUM_UNKNOWN;
}

/* Takes @name and @text. */
static void add(GPtrArray *files, char *name, char *text)
{
    KernelFile *file = g_new0(KernelFile, 1);

    file->name = name;
    file->text = text;
    file->number = number_in(text);
    g_ptr_array_add(files, file);
}

/* TRUE of a folder that the file system does not list as one, or that a link leads to. */
static gboolean is_folder(int folder, const char *name)
{
    struct stat status;

    return fstatat(folder, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

GPtrArray *kernel_files_read(const char *root, const char *path)
{
    GPtrArray *files = kernel_files_new();
    int folder = rootfile_folder(root, path);
    g_autoptr(GPtrArray) names = rootfile_list_in(folder);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        char *text = rootfile_read_in(folder, name);
        /* A file that may not be read (or is gone) has a value, which is unknown. */
        if (text || !is_folder(folder, name))
            add(files, g_strdup(name), text ? g_strchug(text) : NULL);
    }
    if (folder >= 0)
        close(folder);
    return files;
}

void kernel_files_add(
    GPtrArray *files, const char *root, const char *path, const char *const *names)
{
    int folder = rootfile_folder(root, path);

    for (; *names; names++) {
        char *text = rootfile_read_in(folder, *names);
        if (text)
            add(files, g_strdup(*names), g_strchug(text));
    }
    if (folder >= 0)
        close(folder);
}

void kernel_files_add_unread(GPtrArray *files, const char *root, const char *path, const char *name)
{
    g_autofree char *full = g_strconcat(root, path, "/", name, NULL);

    if (g_file_test(full, G_FILE_TEST_EXISTS))
        add(files, g_strdup(name), NULL);
}

/* Past the "Node 12 " that begins each line of a node's meminfo. */
static const char *skip_node(const char *line)
{
    const char *p = line;

    if (!g_str_has_prefix(p, "Node "))
        return line;
    for (p += 5; g_ascii_isdigit(*p); p++)
        ;
    return *p == ' ' ? p + 1 : line;
}

static gboolean has_prefix(const char *name, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (g_str_has_prefix(name, *prefixes))
            return TRUE;
    return FALSE;
}

GPtrArray *kernel_files_parse(const char *text, const char *const *prefixes)
{
    GPtrArray *files = kernel_files_new();

    for (const char *p = text; p && *p != '\0';) {
        gsize length = strcspn(p, "\n");
        const char *line = skip_node(p);
        gsize rest = (gsize)(p + length - line);
        gsize name_length = strcspn(line, ": \t\n");
        p += length + (p[length] == '\n');
        if (name_length == 0 || name_length >= rest || (prefixes && !has_prefix(line, prefixes)))
            continue;

        char *value = g_strndup(line + name_length + 1, rest - name_length - 1);
        g_strstrip(value);
        add(files, g_strndup(line, name_length), value);
        KernelFile *file = files->pdata[files->len - 1];
        if (!file->number.known && g_str_has_suffix(value, " kB")) {
            g_autofree char *digits = g_strndup(value, strlen(value) - 3);
            file->number = number_in(digits);
        }
    }
    return files;
}

void kernel_files_set_rates(GPtrArray *files, const GPtrArray *previous, gint64 elapsed_us)
{
    if (previous == NULL || elapsed_us <= 0)
        return;
    for (guint i = 0; i < files->len; i++) {
        KernelFile *file = files->pdata[i];
        /* A list hardly ever changes its members: mostly the file is where it was. */
        const KernelFile *before = i < previous->len ? previous->pdata[i] : NULL;
        if (before == NULL || strcmp(before->name, file->name) != 0)
            before = kernel_file_find(previous, file->name);
        gint64 change;
        if (before && before->number.known && file->number.known &&
            !__builtin_sub_overflow(file->number.value, before->number.value, &change))
            file->rate = NUM(
                CLAMP((double)change * 1000 * G_USEC_PER_SEC / (double)elapsed_us, -9e18, 9e18));
    }
}

const KernelFile *kernel_file_find(const GPtrArray *files, const char *name)
{
    for (guint i = 0; files && i < files->len; i++) {
        const KernelFile *file = files->pdata[i];
        if (strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}

Num kernel_file_number(const GPtrArray *files, const char *name)
{
    const KernelFile *file = kernel_file_find(files, name);

    return file ? file->number : NUM_UNKNOWN;
}

char *kernel_file_value(const KernelFile *file)
{
    if (file == NULL || file->text == NULL)
        return NULL;
    const char *open = strchr(file->text, '[');
    const char *close = open ? strchr(open, ']') : NULL;
    return close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup(file->text);
}
