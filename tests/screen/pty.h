/* A child program on a pseudo-terminal of its own, used by the screen tests and the benchmarks.
 * Every call is bounded by a deadline in the time of g_get_monotonic_time(); a child never
 * outlives its Pty, nor the program that holds it. */
#pragma once

#include <glib.h>
#include <termios.h>

typedef struct {
    int master;            /* -1 once hung up */
    int slave;             /* kept open, so that the settings the child leaves behind can be read */
    int pidfd;             /* readable once the child has ended */
    GPid pid;              /* leader of its own session and process group */
    gboolean ended;        /* the child was reaped; @status says how it ended */
    int status;            /* as waitpid() gives it */
    struct termios before; /* the settings the child found */
} Pty;

/* Runs @argv (found through PATH) with the environment @envp in the folder @cwd (NULL: this one),
 * on a new terminal of @rows by @cols. NULL and @error where it cannot be run. */
Pty *pty_spawn(
    char **argv, char **envp, const char *cwd, unsigned rows, unsigned cols, GError **error);

/* Kills what is left of the child's process group, reaps the child, closes the terminal. */
void pty_free(Pty *pty);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pty, pty_free)

/* Waits until @deadline for output. The number of bytes put into @buffer; 0 at the deadline; -1
 * when the child has ended (or the terminal is gone) and everything it wrote was read. */
gssize pty_read(Pty *pty, char *buffer, gsize size, gint64 deadline);

/* Types @length bytes; FALSE where the child does not take them within a second. */
gboolean pty_write(Pty *pty, const char *bytes, gsize length);

/* Changes the size; the kernel tells the child by SIGWINCH. */
void pty_resize(Pty *pty, unsigned rows, unsigned cols);

/* Reads the settings the terminal has now; FALSE once hung up. */
gboolean pty_settings(Pty *pty, struct termios *settings);

/* Waits until @deadline for the child to end, reading nothing. TRUE once it has. */
gboolean pty_wait(Pty *pty, gint64 deadline);

/* Takes the terminal away, as a closed window or a lost ssh connection does. */
void pty_hangup(Pty *pty);
