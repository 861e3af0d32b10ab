/* Files that a person names in a box. */
#include "tui/app/files.h"

#include "core/util/text.h"

#include <string.h>

char *file_path_typed(const char *typed, char **problem)
{
    g_autofree char *name = g_strstrip(g_strdup(typed));
    g_autofree char *path = g_str_has_prefix(name, "~/")
                                ? g_build_filename(g_get_home_dir(), name + 2, NULL)
                                : g_strdup(name);

    if (*path == '\0') {
        *problem = g_strdup("A file needs a name.");
        return NULL;
    }
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        *problem = g_strdup("That is a folder: add the file's name.");
        return NULL;
    }
    return g_steal_pointer(&path);
}

/* ---- written ---- */

/* What is asked, and the path that was typed. */
typedef struct {
    const FileQuestion *question;
    char path[];
} FileAnswer;

static void write_over(App *app, gpointer data)
{
    const FileAnswer *answer = data;
    g_autofree char *problem = answer->question->write(app, answer->path);

    if (problem)
        app_say(app, STYLE_BAD, "%s", problem);
}

static char *accept_name(App *app, const char *typed, gpointer data)
{
    const FileQuestion *question = *(const FileQuestion *const *)data;
    char *problem = NULL;
    g_autofree char *path = file_path_typed(typed, &problem);

    if (path == NULL)
        return problem;
    if (!g_file_test(path, G_FILE_TEST_EXISTS) || (question->is_own && question->is_own(app, path)))
        return question->write(app, path);
    FileAnswer *answer = g_malloc(sizeof *answer + strlen(path) + 1);
    answer->question = question;
    strcpy(answer->path, path);
    g_autofree char *shown = text_escape(path, 200);
    g_autofree char *text = g_strdup_printf("%s is there already.%s%s\n\nWrite over it? y/n", shown,
        *question->over ? " " : "", question->over);
    app_confirm(app, question->title, text, write_over, answer);
    return NULL;
}

void files_ask(App *app, const FileQuestion *question, const char *name)
{
    app_ask(app, question->title, question->help, name, accept_name,
        g_memdup2(&question, sizeof question));
}
