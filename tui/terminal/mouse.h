/* The mouse as terminals report it: what to ask them for, and what their reports mean. No curses.
 *
 * Two forms are read. SGR (mode 1006), "ESC [ < button ; x ; y M" and "m" for a release, is what is
 * asked for; it has no limit of columns and says which button was released. A terminal that does
 * not know it (GNU screen before 5, old PuTTYs) goes on with the first form, "ESC [ M" and three
 * bytes, which ends at column and line 223 and knows no button of a release. Sources: XTerm Control
 * Sequences, "Mouse Tracking"; ncurses' user_caps(5) for XM and kmous. */
#pragma once

#include <glib.h>

typedef enum {
    MOUSE_PRESS,
    MOUSE_RELEASE,
    MOUSE_DRAG,  /* moved with a button held */
    MOUSE_HOVER, /* moved without one: a release was lost where a drag was on */
    MOUSE_WHEEL_UP,
    MOUSE_WHEEL_DOWN,
} MouseKind;

typedef struct {
    MouseKind kind;
    int button;    /* 1 to 3 */
    gboolean ctrl; /* held; many terminals keep it for themselves */
    int y, x;      /* from 0 */
} MouseEvent;

/* The longest rest of a report that is read: "65535;65535;65535M". */
#define MOUSE_REPORT_MAX 24

/* Reads the rest of an SGR report, what stands after "ESC [ <" up to and with M or m. FALSE where
 * it is none. */
gboolean mouse_read_sgr(const char *text, MouseEvent *event);
/* Reads the three bytes after "ESC [ M". FALSE where they are no report. */
gboolean mouse_read_bytes(const guchar bytes[3], MouseEvent *event);

/* Where terminfo says nothing of a mouse (@kmous and @xm NULL) though the terminal of type @type
 * may well have one (PuTTY and xterm under the name of a VT): what asks it whether it knows the SGR
 * form (DECRQM). NULL where there is nothing to ask, or an answer is not to be expected. */
const char *mouse_question(const char *type, const char *kmous, const char *xm);
/* Whether the answer, of which @text is what stands after "ESC [ ?" up to and with its last letter,
 * says that the terminal has it. */
gboolean mouse_read_answer(const char *text);

/* What turns reports on and off for a terminal whose terminfo says @kmous and @xm (each NULL where
 * it says nothing); NULL where it has no mouse. Where it answered that it has one, @kmous may be
 * any text. The caller frees it. */
char *mouse_mode(const char *kmous, const char *xm, gboolean on);
