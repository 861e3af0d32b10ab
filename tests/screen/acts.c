/* The verbs of the screen tests that do something: keys, mouse, size, signals, shell commands. */
#include "tests/screen/verbs.h"

#include <signal.h>
#include <string.h>

gboolean do_key(Session *session, Step *step, GString *why)
{
    g_auto(GStrv) names = g_strsplit_set(step->rest, " ", -1);

    for (guint i = 0; names[i] != NULL; i++) {
        if (names[i][0] != '\0' && !term_key(session->term, names[i])) {
            g_string_append_printf(why, "there is no key \"%s\"", names[i]);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean do_type(Session *session, Step *step, GString *why)
{
    (void)why;
    pty_write(session->pty, step->rest, strlen(step->rest));
    return TRUE;
}

gboolean do_send(Session *session, Step *step, GString *why)
{
    g_autofree char *bytes = g_strcompress(step->rest);

    (void)why;
    pty_write(session->pty, bytes, strlen(bytes));
    return TRUE;
}

/* One thing done with the mouse, at one place or from one to another. */
typedef struct {
    const char *name;
    int button;
    gboolean press, release, drag;
} MouseAct;

static const MouseAct MOUSE_ACTS[] = {{"click", 1, TRUE, TRUE, FALSE},
    {"right-click", 3, TRUE, TRUE, FALSE}, {"press", 1, TRUE, FALSE, FALSE},
    {"release", 1, FALSE, TRUE, FALSE}, {"drag", 1, TRUE, TRUE, TRUE},
    {"wheel-up", 4, TRUE, FALSE, FALSE}, {"wheel-down", 5, TRUE, FALSE, FALSE},
    {"move", 0, FALSE, FALSE, FALSE}};

gboolean do_mouse(Session *session, Step *step, GString *why)
{
    const MouseAct *act = NULL;
    const char *rest = step->rest;
    int row, col, width;

    for (guint i = 0; i < G_N_ELEMENTS(MOUSE_ACTS); i++) {
        gsize length = strlen(MOUSE_ACTS[i].name);
        if (g_str_has_prefix(rest, MOUSE_ACTS[i].name) && rest[length] == ' ') {
            act = &MOUSE_ACTS[i];
            rest += length + 1;
            break;
        }
    }
    session_settle(session, 20 * G_TIME_SPAN_MILLISECOND, step_deadline(session));
    if (act == NULL || !step_place(session, rest, &row, &col, &width, &rest))
        return step_fail(session, why, "there is no such mouse action or place");
    if (!term_mouse(session->term, row, col, act->button, act->press))
        return step_fail(session, why, "the program has not switched mouse reporting on");
    if (act->drag && !step_place(session, rest, &row, &col, &width, &rest))
        return step_fail(session, why, "there is no such place to drag to");
    if (act->press && act->release)
        term_mouse(session->term, row, col, act->button, FALSE);
    return TRUE;
}

gboolean do_resize(Session *session, Step *step, GString *why)
{
    int cols, rows;

    if (!script_parse_size(step->rest, &cols, &rows))
        return step_fail(session, why, "that is no size");
    term_resize(session->term, rows, cols);
    pty_resize(session->pty, (unsigned)rows, (unsigned)cols);
    return TRUE;
}

gboolean do_signal(Session *session, Step *step, GString *why)
{
    int number = step_signal(step->rest);

    if (number == 0 || session->pty->ended || kill(session->pty->pid, number) != 0)
        return step_fail(session, why, "the signal cannot be sent");
    return TRUE;
}

gboolean do_shell(Session *session, Step *step, GString *why)
{
    const char *argv[] = {"timeout", "-k1", "30", "/bin/sh", "-c", step->rest, NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;
    int status;

    if (!g_spawn_sync(session->home, (char **)argv, session->envp, G_SPAWN_SEARCH_PATH, NULL, NULL,
            &out, &err, &status, &error) ||
        !g_spawn_check_wait_status(status, &error)) {
        g_string_append_printf(
            why, "%s\n%s%s", error->message, out != NULL ? out : "", err != NULL ? err : "");
        return FALSE;
    }
    return TRUE;
}
