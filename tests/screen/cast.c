/* A recording of a run as asciicast v2. */
#include "tests/screen/cast.h"

#include <stdio.h>
#include <string.h>

struct Cast {
    FILE *file;
    gint64 start;
    GString *waiting; /* bytes not written yet: the begin of a character */
};

/* @text as a JSON string. */
static void put_string(FILE *file, const char *text, gsize length)
{
    fputc('"', file);
    for (gsize i = 0; i < length; i++) {
        guchar c = (guchar)text[i];
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

Cast *cast_open(const char *path, int cols, int rows, const char *title)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return NULL;
    Cast *cast = g_new0(Cast, 1);
    cast->file = file;
    cast->start = g_get_monotonic_time();
    cast->waiting = g_string_new(NULL);
    fprintf(file, "{\"version\": 2, \"width\": %d, \"height\": %d, \"title\": ", cols, rows);
    put_string(file, title, strlen(title));
    fputs(", \"env\": {\"TERM\": \"xterm-256color\"}}\n", file);
    return cast;
}

void cast_add(Cast *cast, const char *bytes, gsize count)
{
    const char *end = NULL;
    double now = (double)(g_get_monotonic_time() - cast->start) / G_USEC_PER_SEC;

    g_string_append_len(cast->waiting, bytes, (gssize)count);
    g_utf8_validate(cast->waiting->str, (gssize)cast->waiting->len, &end);
    gsize whole = (gsize)(end - cast->waiting->str);
    if (whole == 0)
        return;
    fprintf(cast->file, "[%.3f, \"o\", ", now);
    put_string(cast->file, cast->waiting->str, whole);
    fputs("]\n", cast->file);
    g_string_erase(cast->waiting, 0, (gssize)whole);
}

gboolean cast_close(Cast *cast)
{
    if (cast == NULL)
        return TRUE;
    gboolean good = !ferror(cast->file);
    good = fclose(cast->file) == 0 && good;
    g_string_free(cast->waiting, TRUE);
    g_free(cast);
    return good;
}
