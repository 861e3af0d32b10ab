/* The diff. Input: the text before NUL the text after. With every line as context, its " " and "+"
 * lines are the text after, its " " and "-" lines the text before. */
#include "core/preview/diff.h"
#include "tests/fuzz/fuzz.h"

/* The lines of @diff that begin with ' ' or @sign, as a text. */
static char *side(GPtrArray *diff, char sign)
{
    GString *text = g_string_new(NULL);
    gboolean kept = FALSE;

    for (guint i = 1; i < diff->len; i++) {
        const char *line = diff->pdata[i];
        if (*line == '\\' && kept)
            g_string_truncate(text, text->len - 1);
        else if (*line != '\\' && (kept = *line == ' ' || *line == sign))
            g_string_append_printf(text, "%s\n", line + 1);
    }
    return g_string_free(text, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *before = fuzz_take_text(&data, &size);
    g_autofree char *after = fuzz_take_text(&data, &size);
    g_autoptr(GPtrArray) whole = diff_unified(before, after, G_MAXUINT / 4, NULL);
    g_autoptr(GPtrArray) bare = diff_unified(before, after, 0, NULL);

    if (g_str_equal(before, after)) {
        g_assert_cmpuint(whole->len + bare->len, ==, 0);
        return 0;
    }
    g_autofree char *old = side(whole, '-');
    g_autofree char *new = side(whole, '+');
    g_assert_cmpstr(old, ==, before);
    g_assert_cmpstr(new, ==, after);
    g_assert_cmpuint(bare->len, >, 0);
    return 0;
}
