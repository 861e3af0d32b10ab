/* One run of a screen test: the program under test in a private home, its pseudo-terminal and the
 * emulated terminal that shows what it draws. */
#pragma once

#include "tests/screen/cast.h"
#include "tests/screen/pty.h"
#include "tests/screen/script.h"
#include "tests/screen/term.h"

typedef struct {
    const Script *script;
    char *home;  /* HOME, the XDG folders and TMPDIR of the program; removed at the end */
    char **envp; /* its environment */
    Pty *pty;
    Term *term;
    GString *raw;       /* the last bytes it wrote, for the report of a failure */
    Cast *cast;         /* records it; NULL: not recorded, and not the session's own */
    gboolean over;      /* it has ended, and all it wrote is on the screen */
    gint64 quiet_since; /* when it last wrote */
} Session;

/* Starts the program. NULL and @error where it cannot be started. */
Session *session_start(const Script *script, GError **error);

/* Kills the program where it still runs, and removes its home. */
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* Reads once what the program writes and shows it. FALSE where it wrote nothing until @deadline,
 * or is over, or the test was told to stop by a signal. */
gboolean session_pump(Session *session, gint64 deadline);

/* Reads until the program has written nothing for @quiet µs; FALSE where it went on until
 * @deadline. */
gboolean session_settle(Session *session, gint64 quiet, gint64 deadline);

/* Reads until the program has ended and all is shown; FALSE where it still runs at @deadline. */
gboolean session_finish(Session *session, gint64 deadline);

/* How the program ended, or that it runs, as part of a sentence; the caller frees it. */
char *session_state(const Session *session);

/* Makes SIGINT, SIGTERM and SIGHUP end a run in an orderly way. */
void session_catch_signals(void);
