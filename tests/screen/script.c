/* Reading and rewriting the files of screen tests. */
#include "tests/screen/script.h"

#include <string.h>

enum { MAX_ROWS = 400, MAX_COLS = 1000, MAX_TIMEOUT_S = 120, DEFAULT_TIMEOUT_S = 30 };

static void mask_free(gpointer data)
{
    Mask *mask = data;

    g_regex_unref(mask->regex);
    g_free(mask->with);
    g_free(mask);
}

static void step_free(gpointer data)
{
    Step *step = data;

    g_free(step->word);
    g_free(step->rest);
    g_strfreev(step->block);
    g_strfreev(step->updated);
    g_free(step);
}

void script_free(Script *script)
{
    g_free(script->path);
    g_free(script->name);
    g_strfreev(script->lines);
    g_free(script->term);
    g_free(script->program);
    g_free(script->args);
    g_ptr_array_unref(script->env);
    g_ptr_array_unref(script->files);
    g_ptr_array_unref(script->masks);
    g_ptr_array_unref(script->steps);
    g_free(script);
}

static void set(char **field, const char *value)
{
    g_free(*field);
    *field = g_strdup(value);
}

/* The header's words. Each takes the rest of its line; FALSE where that means nothing. */
static gboolean head_test(Script *script, const char *value, GError **error)
{
    (void)error;
    set(&script->name, value);
    return value[0] != '\0';
}

static gboolean head_size(Script *script, const char *value, GError **error)
{
    (void)error;
    return script_parse_size(value, &script->cols, &script->rows);
}

static gboolean head_term(Script *script, const char *value, GError **error)
{
    (void)error;
    set(&script->term, strcmp(value, "-") == 0 ? NULL : value);
    return value[0] != '\0';
}

static gboolean head_locale(Script *script, const char *value, GError **error)
{
    (void)error;
    script->utf8 = strcmp(value, "utf8") == 0;
    return script->utf8 || strcmp(value, "ascii") == 0;
}

static gboolean head_timeout(Script *script, const char *value, GError **error)
{
    guint64 seconds;

    if (!g_ascii_string_to_unsigned(value, 10, 1, MAX_TIMEOUT_S, &seconds, error))
        return FALSE;
    script->timeout = (gint64)seconds * G_USEC_PER_SEC;
    return TRUE;
}

static gboolean head_program(Script *script, const char *value, GError **error)
{
    (void)error;
    set(&script->program, value);
    return value[0] != '\0';
}

static gboolean head_args(Script *script, const char *value, GError **error)
{
    (void)error;
    set(&script->args, value);
    return TRUE;
}

static gboolean head_env(Script *script, const char *value, GError **error)
{
    (void)error;
    g_ptr_array_add(script->env, g_strdup(value));
    return strchr(value, '=') != NULL;
}

static gboolean head_mask(Script *script, const char *value, GError **error)
{
    const char *with = g_strrstr(value, " with ");

    if (with == NULL)
        return FALSE;
    g_autofree char *pattern = g_strndup(value, (gsize)(with - value));
    GRegex *regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, error);
    if (regex == NULL)
        return FALSE;
    Mask *mask = g_new(Mask, 1);
    *mask = (Mask){.regex = regex, .with = g_strdup(with + strlen(" with "))};
    g_ptr_array_add(script->masks, mask);
    return mask->with[0] != '\0';
}

static const struct {
    const char *word;
    gboolean (*take)(Script *script, const char *value, GError **error);
} HEADER[] = {{"test", head_test}, {"size", head_size}, {"term", head_term},
    {"locale", head_locale}, {"timeout", head_timeout}, {"program", head_program},
    {"args", head_args}, {"env", head_env}, {"mask", head_mask}};

gboolean script_parse_size(const char *text, int *cols, int *rows)
{
    g_auto(GStrv) parts = g_strsplit(text, "x", -1);
    guint64 width, height;

    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(parts[0], 10, 1, MAX_COLS, &width, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 1, MAX_ROWS, &height, NULL))
        return FALSE;
    *cols = (int)width;
    *rows = (int)height;
    return TRUE;
}

static void complain(const Script *script, guint line, const char *what, GError **error)
{
    if (error != NULL && *error != NULL) {
        g_prefix_error(error, "%s:%u: %s: ", script->path, line, what);
        return;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: %s", script->path, line, what);
}

/* The |…| lines from @first on, without their bars; NULL where there are none. */
static char **take_block(char **lines, guint first, guint *count)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (*count = 0; lines[first + *count] != NULL && lines[first + *count][0] == '|'; ++*count) {
        const char *line = lines[first + *count] + 1;
        const char *bar = strrchr(line, '|');
        g_autofree char *text = bar != NULL ? g_strndup(line, (gsize)(bar - line)) : g_strdup(line);
        g_strv_builder_add(builder, text);
    }
    return *count > 0 ? g_strv_builder_end(builder) : NULL;
}

/* Takes the step or header line at @index. How many lines it took; 0 on @error. */
static guint take_line(Script *script, guint index, GError **error)
{
    const char *line = script->lines[index];
    gsize length = strcspn(line, " \t");
    g_autofree char *word = g_strndup(line, length);
    const char *rest = line + length + strspn(line + length, " \t");

    if (word[0] == '\0' || word[0] == '#')
        return 1;
    if (word[0] == '|') {
        complain(script, index + 1, "this block belongs to no step", error);
        return 0;
    }
    for (guint i = 0; i < G_N_ELEMENTS(HEADER); i++) {
        if (strcmp(word, HEADER[i].word) != 0)
            continue;
        if (script->steps->len == 0 && HEADER[i].take(script, rest, error))
            return 1;
        complain(script, index + 1,
            script->steps->len > 0 ? "the header ends where the steps begin" : "a bad value",
            error);
        return 0;
    }
    Step *step = g_new0(Step, 1);
    step->word = g_steal_pointer(&word);
    step->rest = g_strdup(rest);
    step->line = index + 1;
    step->block = take_block(script->lines, index + 1, &step->n_block);
    g_ptr_array_add(strcmp(step->word, "file") == 0 ? script->files : script->steps, step);
    return 1 + step->n_block;
}

Script *script_load(const char *path, GError **error)
{
    g_autoptr(Script) script = g_new0(Script, 1);
    g_autofree char *contents = NULL;

    script->path = g_strdup(path);
    script->name = g_path_get_basename(path);
    script->rows = 24;
    script->cols = 80;
    script->term = g_strdup("xterm-256color");
    script->utf8 = TRUE;
    script->timeout = DEFAULT_TIMEOUT_S * G_USEC_PER_SEC;
    script->args = g_strdup("");
    script->env = g_ptr_array_new_with_free_func(g_free);
    script->files = g_ptr_array_new_with_free_func(step_free);
    script->masks = g_ptr_array_new_with_free_func(mask_free);
    script->steps = g_ptr_array_new_with_free_func(step_free);
    if (!g_file_get_contents(path, &contents, NULL, error))
        return NULL;
    if (!g_utf8_validate(contents, -1, NULL)) {
        complain(script, 1, "the file is not UTF-8", error);
        return NULL;
    }
    script->lines = g_strsplit(contents, "\n", -1);
    for (guint i = 0, taken; script->lines[i] != NULL; i += taken)
        if ((taken = take_line(script, i, error)) == 0)
            return NULL;
    if (script->steps->len == 0) {
        complain(script, 1, "there are no steps", error);
        return NULL;
    }
    return g_steal_pointer(&script);
}

/* @with repeated and cut to as many columns as @found has. */
static gboolean mask_one(const GMatchInfo *match, GString *result, gpointer data)
{
    const Mask *mask = data;
    g_autofree char *found = g_match_info_fetch(match, 0);
    glong width = g_utf8_strlen(found, -1);
    const char *next = mask->with;

    for (glong i = 0; i < width; i++) {
        g_string_append_unichar(result, g_utf8_get_char(next));
        next = g_utf8_next_char(next);
        if (*next == '\0')
            next = g_utf8_strlen(mask->with, -1) == 1 ? mask->with : " ";
    }
    return FALSE;
}

char **script_mask(const Script *script, char **lines)
{
    char **masked = g_strdupv(lines);

    for (guint m = 0; m < script->masks->len; m++) {
        Mask *mask = script->masks->pdata[m];
        for (guint i = 0; masked[i] != NULL; i++) {
            char *replaced =
                g_regex_replace_eval(mask->regex, masked[i], -1, 0, 0, mask_one, mask, NULL);
            if (replaced != NULL) {
                g_free(masked[i]);
                masked[i] = replaced;
            }
        }
    }
    return masked;
}

gboolean script_save(const Script *script, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint line = 0;

    for (guint s = 0; s < script->steps->len; s++) {
        const Step *step = script->steps->pdata[s];
        if (step->updated == NULL)
            continue;
        for (; line < step->line; line++)
            g_string_append_printf(text, "%s\n", script->lines[line]);
        for (guint i = 0; step->updated[i] != NULL; i++)
            g_string_append_printf(text, "|%s|\n", step->updated[i]);
        line += step->n_block;
    }
    for (; script->lines[line] != NULL; line++)
        g_string_append_printf(
            text, "%s%s", script->lines[line], script->lines[line + 1] != NULL ? "\n" : "");
    return g_file_set_contents(script->path, text->str, (gssize)text->len, error);
}
