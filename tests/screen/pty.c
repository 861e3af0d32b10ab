/* A child program on a pseudo-terminal. */
#include "tests/screen/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITE_SECONDS = 1 };

/* What the child does between fork() and exec(): only async-signal-safe calls. */
static _Noreturn void run_child(
    const Pty *pty, int report, GPid parent, char **argv, char **envp, const char *cwd)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && setsid() >= 0 && ioctl(pty->slave, TIOCSCTTY, 0) == 0 &&
        dup2(pty->slave, 0) == 0 && dup2(pty->slave, 1) == 1 && dup2(pty->slave, 2) == 2 &&
        (cwd == NULL || chdir(cwd) == 0))
        execvpe(argv[0], argv, envp);
    int cause = errno;
    (void)!write(report, &cause, sizeof cause);
    _exit(127);
}

static gboolean open_terminal(Pty *pty, unsigned rows, unsigned cols)
{
    char name[64];

    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0 ||
        ptsname_r(pty->master, name, sizeof name) != 0)
        return FALSE;
    pty->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->slave < 0 || tcgetattr(pty->slave, &pty->before) != 0)
        return FALSE;
    pty_resize(pty, rows, cols);
    return TRUE;
}

Pty *pty_spawn(
    char **argv, char **envp, const char *cwd, unsigned rows, unsigned cols, GError **error)
{
    g_autoptr(Pty) pty = g_new0(Pty, 1);
    GPid parent = getpid();
    int report[2];
    int cause = 0;

    pty->master = pty->slave = pty->pidfd = -1;
    if (!open_terminal(pty, rows, cols) || pipe2(report, O_CLOEXEC) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
            "cannot open a pseudo-terminal: %s", g_strerror(errno));
        return NULL;
    }
    pty->pid = fork();
    if (pty->pid == 0)
        run_child(pty, report[1], parent, argv, envp, cwd);
    close(report[1]);
    if (pty->pid < 0)
        cause = errno;
    else if (read(report[0], &cause, sizeof cause) <= 0)
        cause = 0; /* exec() closed the pipe: the program runs */
    close(report[0]);
    if (pty->pid > 0 && cause == 0) {
        pty->pidfd = (int)syscall(SYS_pidfd_open, pty->pid, 0);
        cause = pty->pidfd < 0 ? errno : 0;
    }
    if (cause != 0) {
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "cannot run %s: %s", argv[0],
            g_strerror(cause));
        return NULL;
    }
    return g_steal_pointer(&pty);
}

static void reap(Pty *pty, int flags)
{
    if (!pty->ended && waitpid(pty->pid, &pty->status, flags) == pty->pid)
        pty->ended = TRUE;
}

void pty_free(Pty *pty)
{
    if (pty->pid > 0) {
        kill(-pty->pid, SIGKILL);
        if (!pty->ended)
            kill(pty->pid, SIGKILL);
        reap(pty, 0);
    }
    pty_hangup(pty);
    if (pty->pidfd >= 0)
        close(pty->pidfd);
    g_free(pty);
}

/* Waits for @events on the terminal, or for the child's end. FALSE at the deadline. */
static gboolean wait_for(Pty *pty, short events, gint64 deadline)
{
    struct pollfd fds[] = {{.fd = pty->ended ? -1 : pty->pidfd, .events = POLLIN},
        {.fd = events != 0 ? pty->master : -1, .events = events}};

    for (;;) {
        gint64 left = deadline - g_get_monotonic_time();
        int timeout = left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
        int ready = poll(fds, G_N_ELEMENTS(fds), timeout);
        if (ready > 0) {
            if (fds[0].revents != 0)
                reap(pty, WNOHANG);
            return TRUE;
        }
        if (ready == 0 && g_get_monotonic_time() >= deadline)
            return FALSE;
    }
}

gssize pty_read(Pty *pty, char *buffer, gsize size, gint64 deadline)
{
    while (pty->master >= 0) {
        gssize count = read(pty->master, buffer, size);
        if (count > 0)
            return count;
        if (pty->ended)
            break;
        if (!wait_for(pty, POLLIN, deadline))
            return 0;
    }
    return -1;
}

gboolean pty_write(Pty *pty, const char *bytes, gsize length)
{
    gint64 deadline = g_get_monotonic_time() + WRITE_SECONDS * G_USEC_PER_SEC;

    while (length > 0 && pty->master >= 0 && !pty->ended) {
        gssize count = write(pty->master, bytes, length);
        if (count > 0) {
            bytes += count;
            length -= (gsize)count;
        } else if (!wait_for(pty, POLLOUT, deadline)) {
            break;
        }
    }
    return length == 0;
}

void pty_resize(Pty *pty, unsigned rows, unsigned cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    ioctl(pty->master, TIOCSWINSZ, &size);
}

gboolean pty_settings(Pty *pty, struct termios *settings)
{
    return pty->slave >= 0 && tcgetattr(pty->slave, settings) == 0;
}

gboolean pty_wait(Pty *pty, gint64 deadline)
{
    while (!pty->ended && wait_for(pty, 0, deadline))
        ;
    return pty->ended;
}

void pty_hangup(Pty *pty)
{
    if (pty->master >= 0)
        close(pty->master);
    if (pty->slave >= 0)
        close(pty->slave);
    pty->master = pty->slave = -1;
}
