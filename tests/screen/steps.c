/* The table of verbs, and what they have in common. */
#include "tests/screen/steps.h"
#include "tests/screen/verbs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

gint64 step_deadline(const Session *session)
{
    return g_get_monotonic_time() + session->script->timeout;
}

gboolean step_fail(const Session *session, GString *why, const char *what)
{
    g_autofree char *state = session_state(session);

    g_string_append_printf(why, "%s; %s", what, state);
    return FALSE;
}

int step_signal(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } rows[] = {{"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"ABRT", SIGABRT},
        {"BUS", SIGBUS}, {"FPE", SIGFPE}, {"KILL", SIGKILL}, {"SEGV", SIGSEGV}, {"PIPE", SIGPIPE},
        {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"CONT", SIGCONT},
        {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"WINCH", SIGWINCH}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].number;
    return 0;
}

gboolean step_place(
    const Session *session, const char *text, int *row, int *col, int *width, const char **rest)
{
    char *end;

    if (text[0] == '"') {
        const char *close = strchr(text + 1, '"');
        if (close == NULL)
            return FALSE;
        g_autofree char *wanted = g_strndup(text + 1, (gsize)(close - text - 1));
        *rest = close + 1 + strspn(close + 1, " ");
        return wanted[0] != '\0' && term_find(session->term, wanted, row, col, width);
    }
    *row = (int)strtol(text, &end, 10) - 1;
    if (*end != ',')
        return FALSE;
    *col = (int)strtol(end + 1, &end, 10) - 1;
    *width = 1;
    *rest = end + strspn(end, " ");
    return *row >= 0 && *col >= 0;
}

static const Verb VERBS[] = {{"key", do_key, FALSE, FALSE}, {"type", do_type, FALSE, FALSE},
    {"send", do_send, FALSE, FALSE}, {"mouse", do_mouse, TRUE, FALSE},
    {"resize", do_resize, FALSE, FALSE}, {"signal", do_signal, FALSE, FALSE},
    {"sh", do_shell, TRUE, FALSE}, {"wait", do_wait, TRUE, FALSE},
    {"wait-gone", do_wait_gone, TRUE, FALSE}, {"settle", do_settle, FALSE, FALSE},
    {"expect", do_expect, TRUE, TRUE}, {"expect-line", do_expect_line, TRUE, FALSE},
    {"expect-no", do_expect_no, TRUE, FALSE}, {"expect-copied", do_expect_copied, TRUE, FALSE},
    {"attr", do_attr, TRUE, FALSE}, {"cursor", do_cursor, TRUE, FALSE},
    {"expect-exit", do_expect_exit, TRUE, FALSE}, {"expect-cooked", do_expect_cooked, TRUE, FALSE},
    {"expect-stopped", do_expect_stopped, TRUE, FALSE}, {"crash", do_crash, TRUE, FALSE},
    {"hangup", do_hangup, TRUE, FALSE}};

const Verb *verb_find(const Script *script, const Step *step, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(VERBS); i++) {
        if (strcmp(step->word, VERBS[i].word) != 0)
            continue;
        if (step->block == NULL || VERBS[i].takes_block)
            return &VERBS[i];
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: \"%s\" takes no block",
            script->path, step->line, step->word);
        return NULL;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: there is no step \"%s\"",
        script->path, step->line, step->word);
    return NULL;
}
