/* qemu.conf: hugetlbfs_mount = "/dev/hugepages", or several in square brackets. */
#include "core/keep/qemuconf.h"

#include "core/util/rootfile.h"

#include <string.h>

#define NAME "hugetlbfs_mount"

/* The text behind "hugetlbfs_mount =" of the line that sets it last; NULL where none does. */
static const char *find_value(const char *text)
{
    const char *found = NULL;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, " \t\n");
        if (!g_str_has_prefix(line, NAME))
            continue;
        const char *equals = line + strlen(NAME);
        equals += strspn(equals, " \t");
        if (*equals == '=')
            found = equals + 1;
    }
    return found;
}

/* @text without its comments: a list may have some between its lines. */
static char *without_comments(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);

    for (guint i = 0; lines[i]; i++)
        if (*g_strchug(lines[i]) != '#')
            g_string_append_printf(out, "%s\n", lines[i]);
    return g_string_free(out, FALSE);
}

GPtrArray *qemuconf_mounts(const char *root)
{
    g_autofree char *whole = rootfile_read_whole(root, QEMUCONF);
    g_autofree char *text = whole ? without_comments(whole) : NULL;
    const char *from = text ? find_value(text) : NULL;

    if (from == NULL)
        return NULL;
    from += strspn(from, " \t");
    g_autofree char *value = g_strndup(from, strcspn(from, *from == '[' ? "]" : "\n"));
    g_auto(GStrv) parts = g_strsplit(value, "\"", -1);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 1; parts[0] && parts[i] && parts[i + 1]; i += 2)
        if (*parts[i])
            g_ptr_array_add(paths, g_strdup(parts[i]));
    return paths;
}
