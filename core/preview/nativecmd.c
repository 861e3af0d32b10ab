/* QEMU's command line, argument by argument. */
#include "core/preview/nativecmd.h"

#include "core/preview/diff.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

/* The data of QEMU's secret objects: encrypted, but with a new key each time it is asked for, so
 * that every one would seem to have changed. */
static char *mask_secrets(const char *argument)
{
    static GRegex *data;

    if (strstr(argument, "secret") == NULL)
        return g_strdup(argument);
    if (g_once_init_enter(&data)) {
        GRegex *regex =
            g_regex_new("\\b(data|iv)(\"?[:=])(\"[^\"]*\"|[^,\"}]*)", G_REGEX_OPTIMIZE, 0, NULL);
        g_once_init_leave(&data, regex);
    }
    return g_regex_replace(data, argument, -1, 0, "\\1\\2•••", 0, NULL);
}

/* One line an option with its values, in the order they stand in. */
static char *lay_out(const char *line, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    if (!g_shell_parse_argv(line, NULL, &words, &cause)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "libvirt's command line cannot be read: %s", cause->message);
        return NULL;
    }
    gboolean options = FALSE; /* environment and program come before the first one */
    for (guint i = 0; words[i]; i++) {
        g_autofree char *masked = mask_secrets(words[i]);
        g_autofree char *word = text_escape(masked, 0);
        gboolean option = *word == '-';
        if (i > 0)
            g_string_append_c(out, options && !option ? ' ' : '\n');
        g_string_append(out, word);
        options |= option;
    }
    g_string_append_c(out, '\n');
    return g_strdup(out->str);
}

GPtrArray *nativecmd_diff(const char *before, const char *after, GError **error)
{
    g_autofree char *old = lay_out(before, error);
    g_autofree char *new = old ? lay_out(after, error) : NULL;

    if (new == NULL)
        return NULL;
    g_autoptr(GPtrArray) diff = diff_unified(old, new, 0, NULL);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < diff->len; i++) {
        const char *line = g_ptr_array_index(diff, i);
        /* Options begin with a "-" of their own: the sign stands apart. */
        if (*line != '@')
            g_ptr_array_add(lines, g_strdup_printf("%c %s", *line, line + 1));
    }
    return lines;
}

GPtrArray *nativecmd_change(
    Connection *connection, const char *before, const char *after, GError **error)
{
    g_autofree char *old = connection_native(connection, before, error);
    g_autofree char *new = old ? connection_native(connection, after, error) : NULL;

    return new ? nativecmd_diff(old, new, error) : NULL;
}
