/* What one verb of the screen tests does (acts.c, demands.c, ends.c), and the helpers they share.
 * tests/screen/README.md says what each means. */
#pragma once

#include "tests/screen/session.h"

/* When a step that begins now has to be done. */
gint64 step_deadline(const Session *session);

/* Says in @why that @what, and how the program is. Always FALSE. */
gboolean step_fail(const Session *session, GString *why, const char *what);

/* The number of the signal @name ("TERM"); 0 where there is none. */
int step_signal(const char *name);

/* Finds a place on the screen: "LINE,COLUMN", counted from 1, or "TEXT" in quotes, where it stands
 * first. @rest takes what follows it. FALSE where @text is no place. */
gboolean step_place(
    const Session *session, const char *text, int *row, int *col, int *width, const char **rest);

/* Each does one step; FALSE with the reason in @why where the program did not do as it says. */
gboolean do_key(Session *session, Step *step, GString *why);
gboolean do_type(Session *session, Step *step, GString *why);
gboolean do_send(Session *session, Step *step, GString *why);
gboolean do_mouse(Session *session, Step *step, GString *why);
gboolean do_resize(Session *session, Step *step, GString *why);
gboolean do_signal(Session *session, Step *step, GString *why);
gboolean do_shell(Session *session, Step *step, GString *why);
gboolean do_wait(Session *session, Step *step, GString *why);
gboolean do_wait_gone(Session *session, Step *step, GString *why);
gboolean do_settle(Session *session, Step *step, GString *why);
gboolean do_expect(Session *session, Step *step, GString *why);
gboolean do_expect_line(Session *session, Step *step, GString *why);
gboolean do_expect_no(Session *session, Step *step, GString *why);
gboolean do_expect_copied(Session *session, Step *step, GString *why);
gboolean do_attr(Session *session, Step *step, GString *why);
gboolean do_cursor(Session *session, Step *step, GString *why);
gboolean do_expect_exit(Session *session, Step *step, GString *why);
gboolean do_expect_cooked(Session *session, Step *step, GString *why);
gboolean do_expect_stopped(Session *session, Step *step, GString *why);
gboolean do_crash(Session *session, Step *step, GString *why);
gboolean do_hangup(Session *session, Step *step, GString *why);
