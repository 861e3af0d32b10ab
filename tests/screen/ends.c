/* The verbs of the screen tests about the end of the program, and what it leaves behind. */
#include "tests/screen/verbs.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { HANGUP_S = 2, STOP_SLICE_US = 20 * 1000 };

static gboolean ended_by(const Session *session, int number)
{
    int status = session->pty->status;

    return WIFSIGNALED(status) ? WTERMSIG(status) == number : WEXITSTATUS(status) == 128 + number;
}

gboolean do_expect_exit(Session *session, Step *step, GString *why)
{
    guint64 status;

    if (!session_finish(session, step_deadline(session)))
        return step_fail(session, why, "the program did not end");
    if (g_ascii_string_to_unsigned(step->rest, 10, 0, 255, &status, NULL))
        return (WIFEXITED(session->pty->status) &&
                   WEXITSTATUS(session->pty->status) == (int)status) ||
               step_fail(session, why, "that is not how it ended");
    int number = step_signal(step->rest);
    return (number != 0 && ended_by(session, number)) ||
           step_fail(session, why, "that is not how it ended");
}

static gboolean same_settings(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
           a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/* Whether the terminal is as the program found it. */
static gboolean is_cooked(const Session *session, GString *why)
{
    struct termios now;
    const char *left = term_leftover(session->term);
    if (left != NULL) {
        g_string_append_printf(why, "the program left behind %s", left);
        return FALSE;
    }
    if (!pty_settings(session->pty, &now) || !same_settings(&now, &session->pty->before)) {
        g_string_append(why, "the program left the terminal's settings (stty) changed");
        return FALSE;
    }
    return TRUE;
}

gboolean do_expect_cooked(Session *session, Step *step, GString *why)
{
    (void)step;
    if (!session_finish(session, step_deadline(session)))
        return step_fail(session, why, "the program did not end");
    return is_cooked(session, why);
}

/* Whether the program is stopped, as a shell would see it; what it says is left to be seen again.
 */
static gboolean is_stopped(const Session *session)
{
    siginfo_t info = {.si_pid = 0};

    return !session->pty->ended &&
           waitid(P_PID, (id_t)session->pty->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

gboolean do_expect_stopped(Session *session, Step *step, GString *why)
{
    gint64 deadline = step_deadline(session);

    (void)step;
    while (!is_stopped(session)) {
        session_pump(session, MIN(deadline, g_get_monotonic_time() + STOP_SLICE_US));
        if (session->over || g_get_monotonic_time() >= deadline)
            return step_fail(session, why, "the program did not stop");
    }
    /* It writes nothing any more: what it wrote before is read to its end. */
    while (session_pump(session, g_get_monotonic_time()))
        ;
    return is_cooked(session, why);
}

gboolean do_crash(Session *session, Step *step, GString *why)
{
    int number = step_signal(step->rest[0] != '\0' ? step->rest : "SEGV");

    if (number == 0 || session->pty->ended || kill(session->pty->pid, number) != 0)
        return step_fail(session, why, "the signal cannot be sent");
    if (!session_finish(session, step_deadline(session)) || !ended_by(session, number))
        return step_fail(session, why, "the program did not end by the signal");
    return do_expect_cooked(session, step, why);
}

gboolean do_hangup(Session *session, Step *step, GString *why)
{
    (void)step;
    pty_hangup(session->pty);
    return pty_wait(session->pty, g_get_monotonic_time() + HANGUP_S * G_USEC_PER_SEC) ||
           step_fail(session, why, "the program did not end when its terminal was gone");
}
