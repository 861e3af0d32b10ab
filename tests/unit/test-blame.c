/* core/preview/blame: which change made which line, however many changed it. */
#include "core/preview/blame.h"

/* "|0|0-1": by whom each line was made, or with @gone taken away. */
static char *owners(const Blame *blame, guint count, gboolean gone)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < count; i++) {
        g_autofree char *by = idset_format(gone ? blame_removed(blame, i) : blame_added(blame, i));
        g_string_append_printf(out, "%s%s", i ? "|" : "", by);
    }
    return g_string_free(out, FALSE);
}

static void test_blame(void)
{
    static const struct {
        const char *texts[4]; /* as change 0, 1, 2 leave it */
        const char *removed, *added;
    } rows[] = {
        {{"a\nb\nc\n", "a\nx\nc\n", NULL}, "|0|", "|0|"},
        {{"a\nb\nc\n", "a\nx\nc\n", "a\nx\ny\n", NULL}, "|0|1", "|0|1"},
        /* a line made by one and changed by another is of both */
        {{"a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", NULL}, "|0|", "|0-1|"},
        {{"a\n", "a\nb\n", "a\nb\nc\n", "0\na\nb\nc\n"}, "", "2||0|1"},
        {{"a\nb\nc\n", "c\n", "c\nd\n", NULL}, "0|0|", "|1"},
        {{"", "a\n", NULL}, "", "0"},
        {{"a", "a\n", NULL}, "0", "0"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Blame) blame = blame_new(rows[i].texts[0]);
        guint n = 0;
        for (; n < 3 && rows[i].texts[n + 1]; n++)
            blame_change(blame, rows[i].texts[n], rows[i].texts[n + 1], n);
        g_auto(GStrv) before = g_strsplit(rows[i].texts[0], "\n", -1),
                      after = g_strsplit(rows[i].texts[n], "\n", -1);
        guint old = g_strv_length(before), new = g_strv_length(after);
        old -= old && *before[old - 1] == '\0';
        new -= new &&*after[new - 1] == '\0';
        g_autofree char *removed = owners(blame, old, TRUE);
        g_autofree char *added = owners(blame, new, FALSE);
        g_assert_cmpstr(removed, ==, rows[i].removed);
        g_assert_cmpstr(added, ==, rows[i].added);
        g_assert_null(blame_added(blame, new));
        g_assert_null(blame_removed(blame, G_MAXUINT));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/blame/lines", test_blame);
    return g_test_run();
}
