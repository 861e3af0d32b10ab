/* Runs screen tests: kvmtune on a pseudo-terminal, keys and mouse in, the emulated screen compared
 * with the one in the file. tests/screen/README.md describes the files and the options. */
#include "tests/screen/steps.h"
#include "tests/screen/svg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exit status that tells automake's drivers of a broken test. */
enum { EXIT_BROKEN = 99, RAW_SHOWN = 600 };

static gboolean update;
static char *svg_path, *text_path, *cast_path;
static char **paths;

static const GOptionEntry OPTIONS[] = {
    {"update", 'u', 0, G_OPTION_ARG_NONE, &update,
        "Write what is on the screen into the files as what is expected", NULL},
    {"svg", 0, 0, G_OPTION_ARG_FILENAME, &svg_path,
        "Write a picture of the last expected screen to FILE", "FILE"},
    {"text", 0, 0, G_OPTION_ARG_FILENAME, &text_path,
        "Write the last expected screen to FILE as text", "FILE"},
    {"cast", 0, 0, G_OPTION_ARG_FILENAME, &cast_path,
        "Record the run into FILE, to be played in a terminal", "FILE"},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "TEST.screen…"}, {0}};

/* The last expected screen, as --svg and --text give it. */
static struct {
    char *svg, *text;
} picture;
static const char *picture_title;

static void take_picture(const Term *term)
{
    g_auto(GStrv) lines = term_lines(term);

    for (guint i = 0; lines[i] != NULL; i++)
        g_strchomp(lines[i]);
    g_free(picture.svg);
    g_free(picture.text);
    picture.svg = svg_render(term, picture_title);
    g_autofree char *joined = g_strjoinv("\n", lines);
    picture.text = g_strconcat(g_strchomp(joined), "\n", NULL);
}

/* Prints @lines as TAP diagnostics. */
static void diagnose(const char *lines)
{
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);

    for (guint i = 0; each[i] != NULL; i++)
        printf("# %s\n", each[i]);
}

static void diagnose_raw(const GString *raw)
{
    const char *from = raw->str + (raw->len > RAW_SHOWN ? raw->len - RAW_SHOWN : 0);
    g_autofree char *escaped = g_strescape(from, NULL);

    printf("# the last bytes it wrote: %s\n", escaped);
}

static void print_point(gboolean ok, guint number, const Step *step)
{
    g_autoptr(GString) rest = g_string_new(step->rest);

    g_string_replace(rest, "#", "\\#", 0);
    printf("%s %u - line %u: %s%s%s\n", ok ? "ok" : "not ok", number, step->line, step->word,
        rest->len > 0 ? " " : "", rest->str);
}

/* Does the steps. The first failure ends the run; the points after it were not reached, and fail.
 */
static gboolean run_steps(Session *session, const Verb *const *verbs, guint first_point)
{
    const Script *script = session->script;
    guint point = first_point;
    gboolean good = TRUE;

    for (guint i = 0; i < script->steps->len; i++) {
        Step *step = script->steps->pdata[i];
        g_autoptr(GString) why = g_string_new(NULL);
        gboolean ok = good && verbs[i]->run(session, step, why);
        gboolean broke = good && !ok;

        good = ok;
        if (verbs[i]->is_point)
            print_point(ok, ++point, step);
        if (broke) {
            printf("# %s:%u: %s %s\n", script->path, step->line, step->word, step->rest);
            diagnose(why->str);
            if (strncmp(step->word, "expect", 6) != 0 || step->rest[0] != '\0') {
                g_auto(GStrv) lines = term_lines(session->term);
                for (guint l = 0; lines[l] != NULL; l++)
                    printf("#  %3u |%s|\n", l + 1, lines[l]);
            }
            diagnose_raw(session->raw);
        }
        fflush(stdout);
    }
    return good;
}

typedef struct {
    Script *script;
    const Verb **verbs;
    guint points;
} Test;

static void test_free(gpointer data)
{
    Test *test = data;

    g_clear_pointer(&test->script, script_free);
    g_free(test->verbs);
    g_free(test);
}

static Test *test_load(const char *path, GError **error)
{
    Test *test = g_new0(Test, 1);

    test->script = script_load(path, error);
    if (test->script == NULL) {
        test_free(test);
        return NULL;
    }
    test->verbs = g_new0(const Verb *, test->script->steps->len);
    for (guint i = 0; i < test->script->steps->len; i++) {
        test->verbs[i] = verb_find(test->script, test->script->steps->pdata[i], error);
        if (test->verbs[i] == NULL) {
            test_free(test);
            return NULL;
        }
        test->points += test->verbs[i]->is_point ? 1 : 0;
    }
    return test;
}

static int broken(const GError *error)
{
    printf("Bail out! %s\n", error->message);
    return EXIT_BROKEN;
}

static int run_tests(GPtrArray *tests)
{
    g_autoptr(GError) error = NULL;
    gboolean good = TRUE;
    guint points = 0;

    for (guint i = 0; i < tests->len; i++)
        points += ((Test *)tests->pdata[i])->points;
    printf("1..%u\n", points);
    points = 0;
    for (guint i = 0; i < tests->len; i++) {
        const Test *test = tests->pdata[i];
        printf("# %s\n", test->script->name);
        picture_title = test->script->name;
        g_autoptr(Session) session = session_start(test->script, &error);
        if (session == NULL)
            return broken(error);
        Cast *cast = cast_path != NULL ? cast_open(cast_path, test->script->cols,
                                             test->script->rows, test->script->name)
                                       : NULL;
        session->cast = cast;
        gboolean passed = run_steps(session, test->verbs, points);
        session->cast = NULL;
        if (!cast_close(cast) || (cast_path != NULL && cast == NULL)) {
            fprintf(stderr, "run-screen: %s cannot be written\n", cast_path);
            return EXIT_FAILURE;
        }
        good = good && passed;
        points += test->points;
        if (update && passed && !script_save(test->script, &error))
            return broken(error);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Writes the pictures that were asked for. */
static int save_pictures(void)
{
    g_autoptr(GError) error = NULL;

    if (picture.text == NULL) {
        fputs("run-screen: the test has no \"expect\" step to take a picture at\n", stderr);
        return EXIT_FAILURE;
    }
    if ((svg_path != NULL && !g_file_set_contents(svg_path, picture.svg, -1, &error)) ||
        (text_path != NULL && !g_file_set_contents(text_path, picture.text, -1, &error))) {
        fprintf(stderr, "run-screen: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) options = g_option_context_new("- run screen tests");
    g_autoptr(GPtrArray) tests = g_ptr_array_new_with_free_func(test_free);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(options, OPTIONS, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || paths == NULL) {
        fprintf(stderr, "run-screen: %s\n", error != NULL ? error->message : "name a test file");
        return EXIT_BROKEN;
    }
    session_catch_signals();
    for (guint i = 0; paths[i] != NULL; i++) {
        Test *test = test_load(paths[i], &error);
        if (test == NULL)
            return broken(error);
        g_ptr_array_add(tests, test);
    }
    if (update)
        expect_mode = EXPECT_UPDATE;
    if (svg_path != NULL || text_path != NULL) {
        expect_mode = EXPECT_PICTURE;
        expect_seen = take_picture;
    }
    int status = run_tests(tests);
    if (status == EXIT_SUCCESS && expect_mode == EXPECT_PICTURE)
        status = save_pictures();
    g_free(picture.svg);
    g_free(picture.text);
    g_free(svg_path);
    g_free(text_path);
    g_strfreev(paths);
    return status;
}
