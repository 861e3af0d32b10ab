/* core/tune/diff: its form by example, and against diff(1) over random edits. */
#include "core/preview/diff.h"

#include <glib/gstdio.h>
#include <string.h>

static char *unified(const char *before, const char *after, guint context)
{
    g_autoptr(GPtrArray) lines = diff_unified(before, after, context, NULL);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(out, "%s\n", (const char *)lines->pdata[i]);
    return g_string_free(out, FALSE);
}

static void test_rows(void)
{
    static const struct {
        const char *before, *after;
        guint context;
        const char *hunks;
    } rows[] = {
        {"", "", 3, ""},
        {"a\n", "a\n", 3, ""},
        {"", "a\n", 3, "@@ -0,0 +1 @@\n+a\n"},
        {"a\n", "", 3, "@@ -1 +0,0 @@\n-a\n"},
        {"a\nb\nc\n", "a\nx\nc\n", 3, "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
        {"a\nb\nc\n", "a\nx\nc\n", 0, "@@ -2 +2 @@\n-b\n+x\n"},
        {"a\nb\n", "a\nb\nc\n", 0, "@@ -2,0 +3 @@\n+c\n"},
        {"a", "a\n", 3, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
        {"a\nb", "x\nb", 3, "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
        {"a\r\nb\r\n", "a\r\nc\r\n", 3, "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"},
        {"1\n2\n3\n4\n", "x\n2\n3\ny\n", 1, "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n"},
        {"1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n", 1,
            "@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -4,2 +4,2 @@\n 4\n-5\n+y\n"},
        /* an added block that could begin earlier stands as low as it can */
        {"<a>\n</a>\n", "<a>\n</a>\n<a>\n</a>\n", 0, "@@ -2,0 +3,2 @@\n+<a>\n+</a>\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hunks = unified(rows[i].before, rows[i].after, rows[i].context);
        g_assert_cmpstr(hunks, ==, rows[i].hunks);
    }
}

/* A text of up to @count lines, each of which occurs once ("line 7") or, with @common, one of a
 * few. */
static GPtrArray *random_lines(GRand *rand, gint32 count, gboolean common)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    gint32 n = g_rand_int_range(rand, 0, count);

    for (gint32 i = 0; i < n; i++)
        g_ptr_array_add(
            lines, g_strdup_printf("line %d", common ? g_rand_int_range(rand, 0, 6) : i));
    return lines;
}

/* Replaces, removes and adds a few lines; an added line is new, or with @common one of the few. */
static void mutate(GRand *rand, GPtrArray *lines, gboolean common)
{
    for (gint32 n = g_rand_int_range(rand, 0, 6); n > 0; n--) {
        gint32 at = g_rand_int_range(rand, 0, (gint32)lines->len + 1);
        if (at < (gint32)lines->len && g_rand_boolean(rand))
            g_ptr_array_remove_index(lines, (guint)at);
        if (g_rand_boolean(rand))
            g_ptr_array_insert(lines, at,
                common ? g_strdup_printf("line %d", g_rand_int_range(rand, 0, 6))
                       : g_strdup_printf("new %u", g_rand_int(rand)));
    }
}

static char *join(GRand *rand, GPtrArray *lines)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)lines->pdata[i]);
    if (text->len > 0 && g_rand_int_range(rand, 0, 4) == 0)
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

/* Plays the whole diff (all lines are context) forward: the result. */
static char *patched(const char *before, GPtrArray *diff)
{
    GString *text = g_string_new(NULL);
    gboolean kept = TRUE; /* the last line went into the text */

    if (diff->len == 0)
        return g_strdup(before);
    for (guint i = 1; i < diff->len; i++) {
        const char *line = diff->pdata[i];
        if (*line == '\\' && kept)
            g_string_truncate(text, text->len - 1);
        else if (*line != '\\' && (kept = *line != '-'))
            g_string_append_printf(text, "%s\n", line + 1);
    }
    return g_string_free(text, FALSE);
}

static guint count_changes(GPtrArray *diff)
{
    guint n = 0;
    for (guint i = 0; i < diff->len; i++)
        n += *(char *)diff->pdata[i] == '-' || *(char *)diff->pdata[i] == '+';
    return n;
}

/* The lines of "diff -U context --minimal" behind its two headers; NULL where there is no diff. */
static GPtrArray *reference(const char *dir, const char *before, const char *after, guint context)
{
    g_autofree char *a = g_build_filename(dir, "a", NULL);
    g_autofree char *b = g_build_filename(dir, "b", NULL);
    g_autofree char *option = g_strdup_printf("-U%u", context);
    const char *argv[] = {"diff", "--minimal", option, a, b, NULL};
    g_autofree char *out = NULL;

    g_assert_true(g_file_set_contents(a, before, -1, NULL));
    g_assert_true(g_file_set_contents(b, after, -1, NULL));
    gboolean ran = g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL);
    g_remove(a);
    g_remove(b);
    if (!ran)
        return NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) split = g_strsplit(out, "\n", -1);
    for (guint i = 2; split[0] && split[1] && split[i] && split[i + 1]; i++)
        g_ptr_array_add(lines, g_strdup(split[i]));
    return lines;
}

/* Texts of lines that occur once have one shortest script: hunk for hunk as diff(1) has it. Where
 * lines repeat there are several; then it is as short, and plays to the same result. */
static void test_random(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autofree char *dir = g_dir_make_tmp("kvmtune-diff-XXXXXX", NULL);
    guint compared = 0;

    for (guint i = 0; i < 400; i++) {
        gboolean common = i % 2 == 1;
        g_autoptr(GPtrArray) lines = random_lines(rand, 60, common);
        g_autofree char *before = join(rand, lines);
        mutate(rand, lines, common);
        g_autofree char *after = join(rand, lines);
        g_autoptr(GPtrArray) whole = diff_unified(before, after, 1000, NULL);
        g_autofree char *result = patched(before, whole);
        g_assert_cmpstr(result, ==, after);

        guint context = (guint)g_rand_int_range(rand, 0, 5);
        g_autoptr(GPtrArray) ours = diff_unified(before, after, context, NULL);
        g_autoptr(GPtrArray) theirs = reference(dir, before, after, context);
        if (theirs == NULL)
            continue;
        compared++;
        g_assert_cmpuint(count_changes(ours), ==, count_changes(theirs));
        if (common)
            continue;
        g_assert_cmpuint(ours->len, ==, theirs->len);
        for (guint k = 0; k < ours->len; k++)
            g_assert_cmpstr(ours->pdata[k], ==, theirs->pdata[k]);
    }
    g_rmdir(dir);
    g_test_message("%u of 400 compared with diff(1)", compared);
    if (compared == 0)
        g_test_skip("no diff(1) to compare with");
}

/* What blame is told of a change are the very lines that the whole diff shows. */
static void test_edits(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);

    for (guint i = 0; i < 4000; i++) {
        g_autoptr(GPtrArray) lines = random_lines(rand, 20, i % 4 != 0);
        g_autofree char *before = join(rand, lines);
        mutate(rand, lines, i % 4 != 0);
        g_autofree char *after = join(rand, lines);
        g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(DiffPlace));
        g_autoptr(GPtrArray) shown = diff_unified(before, after, 0, places);
        g_autoptr(GArray) edits = diff_edits(before, after);
        guint at = 0;
        for (guint e = 0; e < edits->len; e++) {
            const DiffEdit *edit = &g_array_index(edits, DiffEdit, e);
            g_assert_cmpuint(*(char *)shown->pdata[at], ==, '@');
            at++;
            for (guint a = edit->a0, b = edit->b0; a < edit->a1 || b < edit->b1; at++) {
                const DiffPlace *place = &g_array_index(places, DiffPlace, at);
                char sign = *(char *)shown->pdata[at];
                if (sign == '-')
                    g_assert_cmpuint(place->before, ==, a++);
                else if (sign == '+')
                    g_assert_cmpuint(place->after, ==, b++);
                else
                    g_assert_cmpint(sign, ==, '\\');
            }
            while (at < shown->len && *(char *)shown->pdata[at] == '\\')
                at++;
        }
        g_assert_cmpuint(at, ==, shown->len);
    }
}

/* Large and wholly different: soon done, and true. */
static void test_large(void)
{
    g_autoptr(GString) before = g_string_new("same\n"), after = g_string_new("same\n");
    for (guint i = 0; i < 50000; i++) {
        g_string_append_printf(before, "a%u\n", i);
        g_string_append_printf(after, "b%u\n", i);
    }
    g_string_append(before, "end\n");
    g_string_append(after, "end\n");
    gint64 start = g_get_monotonic_time();
    g_autoptr(GPtrArray) whole = diff_unified(before->str, after->str, 200000, NULL);
    g_test_message(
        "50,000 lines, all different: %.0f ms", (double)(g_get_monotonic_time() - start) / 1000);
    g_autofree char *result = patched(before->str, whole);
    g_assert_cmpstr(result, ==, after->str);
    g_assert_cmpuint(count_changes(whole), ==, 100000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diff/rows", test_rows);
    g_test_add_func("/diff/random", test_random);
    g_test_add_func("/diff/edits", test_edits);
    g_test_add_func("/diff/large", test_large);
    return g_test_run();
}
