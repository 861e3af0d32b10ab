/* Whole files that a person names, read to a bound. */
#include "core/util/document.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <errno.h>
#include <stdio.h>

char *document_read(
    const char *path, guint max_mib, const char *what, gsize *length, GError **error)
{
    g_autofree char *shown = text_escape(g_str_equal(path, "-") ? "standard input" : path, 100);
    FILE *file = g_str_equal(path, "-") ? stdin : fopen(path, "re");
    const gsize max = (gsize)max_mib << 20;
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[65536];
    size_t n = 1;

    while (file && text->len <= max && (n = fread(buffer, 1, sizeof buffer, file)) > 0)
        g_string_append_len(text, buffer, (gssize)n);
    gboolean failed = file == NULL || ferror(file);
    int saved = errno;
    if (file && file != stdin)
        fclose(file);
    if (!failed && text->len <= max) {
        *length = text->len;
        return g_string_free(g_steal_pointer(&text), FALSE);
    }
    if (failed)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s cannot be read: %s", shown,
            g_strerror(saved));
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s cannot be read: it is larger than %u MiB, which %s never is", shown, max_mib, what);
    return NULL;
}
