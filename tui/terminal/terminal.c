/* The terminal: taken over with curses, and given back as it was on every way out. */
#include "tui/terminal/terminal.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/terminal/keymap.h"

/* curses' own mouse knows neither motion nor wide terminals everywhere, so kvmtune reads the
 * reports itself: curses finds how they begin. */
#define KEY_OF_SGR    (KEY_MAX + 1)
#define KEY_OF_BYTES  (KEY_MAX + 2)
#define KEY_OF_ANSWER (KEY_MAX + 3) /* to what the terminal was asked */

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

static struct {
    SCREEN *screen;
    struct termios saved;
    char *mouse_on, *mouse_off; /* what turns its reports on and off; NULL: no mouse */
    const char *question;       /* asks it whether it has a mouse; NULL: answered, or not asked */
    volatile sig_atomic_t open;
    char restore[256]; /* what gives the terminal back, made beforehand for the signal handlers */
    struct sigaction old[G_N_ELEMENTS(fatal_signals)];
} terminal;

/* Only what a signal handler may call. */
static void on_fatal_signal(int number)
{
    if (terminal.open) {
        terminal.open = FALSE;
        ssize_t written = write(STDOUT_FILENO, terminal.restore, strlen(terminal.restore));
        (void)written;
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal.saved);
    }
    for (guint i = 0; i < G_N_ELEMENTS(fatal_signals); i++)
        if (fatal_signals[i] == number)
            sigaction(number, &terminal.old[i], NULL);
    raise(number); /* is delivered when this handler returns */
}

/* The string that terminfo has for @name, or NULL. */
static const char *capability(const char *name)
{
    const char *value = tigetstr(name);

    return value != (const char *)-1 ? value : NULL;
}

static void add_capability(GString *out, const char *name)
{
    const char *value = capability(name);

    /* Padding ("$<5>") means nothing to today's terminals and must not be written raw. */
    if (value != NULL)
        for (const char *p = value; *p != '\0'; p++) {
            if (p[0] == '$' && p[1] == '<' && strchr(p, '>') != NULL)
                p = strchr(p, '>');
            else
                g_string_append_c(out, *p);
        }
}

static void set_mouse(const char *kmous, const char *xm)
{
    g_free(terminal.mouse_on);
    g_free(terminal.mouse_off);
    terminal.mouse_on = mouse_mode(kmous, xm, TRUE);
    terminal.mouse_off = mouse_mode(kmous, xm, FALSE);
}

static void prepare_mouse(void)
{
    const char *kmous = capability("kmous"), *xm = capability("XM");

    set_mouse(kmous, xm);
    terminal.question = mouse_question(g_getenv("TERM"), kmous, xm);
}

static void prepare_restore(void)
{
    g_autoptr(GString) out = g_string_new(terminal.mouse_off);

    add_capability(out, "sgr0");
    add_capability(out, "cnorm");
    add_capability(out, "rmkx");
    add_capability(out, "rmcup");
    g_strlcpy(terminal.restore, out->str, sizeof terminal.restore);
}

static void handle_fatal_signals(void)
{
    struct sigaction action = {.sa_handler = on_fatal_signal};
    sigfillset(&action.sa_mask);
    for (guint i = 0; i < G_N_ELEMENTS(fatal_signals); i++)
        sigaction(fatal_signals[i], &action, &terminal.old[i]);
}

static void write_raw(const char *text)
{
    fflush(stdout);
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    (void)written;
}

static void show_cursor(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    add_capability(out, "cnorm");
    write_raw(out->str);
}

gboolean terminal_send(const char *bytes, gsize length, GError **error)
{
    fflush(stdout);
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno != EINTR) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "the terminal takes nothing more: %s", g_strerror(errno));
            return FALSE;
        }
        bytes += MAX(written, 0);
        length -= (gsize)MAX(written, 0);
    }
    return TRUE;
}

static gboolean refuse(GError **error, const char *sentence)
{
    g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, sentence);
    return FALSE;
}

static gboolean check_terminal(GError **error)
{
    const char *type = g_getenv("TERM");
    int problem = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return refuse(error,
            "standard input and output are not a terminal: run kvmtune in one, or use its commands "
            "(kvmtune --help lists them)");
    if (type == NULL || *type == '\0')
        return refuse(error,
            "the environment variable TERM is not set: say what the terminal is, as in "
            "TERM=xterm-256color kvmtune");
    if (setupterm(type, STDOUT_FILENO, &problem) != OK) {
        g_autofree char *shown = text_escape(type, 40);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the terminal type TERM=%s is not known here: install its description (Debian: "
            "ncurses-term), or try TERM=xterm-256color",
            shown);
        return FALSE;
    }
    if (tigetstr("cup") == NULL || tigetstr("cup") == (char *)-1) {
        g_autofree char *shown = text_escape(type, 40);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the terminal type TERM=%s cannot place its cursor: use another terminal, or kvmtune's "
            "commands (kvmtune --help lists them)",
            shown);
        return FALSE;
    }
    return TRUE;
}

static void turn_mouse_on(void)
{
    define_key("\033[<", KEY_OF_SGR);
    define_key("\033[M", KEY_OF_BYTES);
    write_raw(terminal.mouse_on);
}

gboolean terminal_open(gboolean mouse, GError **error)
{
    struct winsize size = {0};

    if (!check_terminal(error))
        return FALSE;
    if (tcgetattr(STDIN_FILENO, &terminal.saved) != 0)
        return refuse(error, "the terminal does not answer: is it still there?");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0 &&
        (size.ws_col < TERMINAL_MIN_WIDTH || size.ws_row < TERMINAL_MIN_HEIGHT)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the terminal is %u columns by %u lines, kvmtune needs at least %d by %d: enlarge it",
            size.ws_col, size.ws_row, TERMINAL_MIN_WIDTH, TERMINAL_MIN_HEIGHT);
        return FALSE;
    }
    if (mouse)
        prepare_mouse();
    prepare_restore();
    handle_fatal_signals();
    del_curterm(cur_term); /* newterm reads the description again, and keeps that one */
    terminal.screen = newterm(NULL, stdout, stdin);
    if (terminal.screen == NULL)
        return refuse(error, "curses cannot use this terminal: try TERM=xterm-256color");
    terminal.open = TRUE;
    atexit(terminal_close);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    if (terminal.mouse_on != NULL) {
        turn_mouse_on();
    } else if (terminal.question != NULL) {
        define_key("\033[?", KEY_OF_ANSWER);
        write_raw(terminal.question);
    }
    return TRUE;
}

void terminal_close(void)
{
    if (!terminal.open)
        return;
    terminal.open = FALSE;
    if (terminal.mouse_off != NULL)
        write_raw(terminal.mouse_off);
    endwin();
    if (terminal.question != NULL)
        tcflush(STDIN_FILENO, TCIFLUSH); /* an answer that comes now is not for the shell */
    /* After the alternate screen is left: some terminals restore a cursor saved while hidden. */
    show_cursor();
    for (guint i = 0; i < G_N_ELEMENTS(fatal_signals); i++)
        sigaction(fatal_signals[i], &terminal.old[i], NULL);
    delscreen(terminal.screen);
    terminal.screen = NULL;
}

void terminal_suspend(void)
{
    if (terminal.mouse_off != NULL)
        write_raw(terminal.mouse_off);
    endwin();
    raise(SIGSTOP);
    if (terminal.mouse_on != NULL)
        write_raw(terminal.mouse_on);
    terminal_resize();
    clearok(curscr, TRUE);
}

void terminal_resize(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        resizeterm(size.ws_row, size.ws_col);
}

void terminal_size(int *height, int *width)
{
    getmaxyx(stdscr, *height, *width);
}

Canvas terminal_begin(const Theme *theme, gboolean ascii, gboolean types)
{
    Canvas canvas = {.window = stdscr, .theme = theme, .ascii = ascii};

    terminal_size(&canvas.height, &canvas.width);
    erase();
    curs_set(types ? 1 : 0);
    leaveok(stdscr, !types); /* a cursor that nobody sees need not go back: 8 bytes a paint */
    return canvas;
}

void terminal_end(void)
{
    refresh();
}

void terminal_repaint(void)
{
    clearok(curscr, TRUE);
}

int terminal_colours(gboolean no_colour)
{
    const char *wish = g_getenv("NO_COLOR");

    if (no_colour || (wish != NULL && *wish != '\0') || !has_colors())
        return 0;
    start_color();
    use_default_colors();
    return COLORS >= 8 ? COLORS : 0;
}

/* The rest of a report, whose begin was the key @begin; FALSE where it is none. */
static gboolean read_mouse(int begin, MouseEvent *event)
{
    char text[MOUSE_REPORT_MAX + 1] = "";
    gsize length = 0, wanted = begin == KEY_OF_BYTES ? 3 : MOUSE_REPORT_MAX;
    int c = 0;

    timeout(50); /* the rest is on its way */
    while (length < wanted && (c = getch()) != ERR) {
        text[length++] = (char)c;
        if (begin == KEY_OF_SGR && (c == 'M' || c == 'm'))
            break;
    }
    nodelay(stdscr, TRUE);
    if (begin == KEY_OF_BYTES)
        return length == wanted && mouse_read_bytes((const guchar *)text, event);
    return mouse_read_sgr(text, event);
}

/* The rest of the terminal's answer; one that is none of what was asked changes nothing. */
static void read_answer(void)
{
    char text[MOUSE_REPORT_MAX + 1] = "";
    gsize length = 0;
    int c = 0;

    timeout(50); /* the rest is on its way */
    while (length < MOUSE_REPORT_MAX && !g_ascii_isalpha(c) && (c = getch()) != ERR)
        text[length++] = (char)c;
    nodelay(stdscr, TRUE);
    terminal.question = NULL;
    if (!mouse_read_answer(text) || terminal.mouse_on != NULL)
        return;
    set_mouse("", NULL);
    prepare_restore();
    turn_mouse_on();
}

static const struct {
    int curses;
    guint code;
} keys[] = {
    {KEY_UP, KEY_CODE_UP},
    {KEY_DOWN, KEY_CODE_DOWN},
    {KEY_LEFT, KEY_CODE_LEFT},
    {KEY_RIGHT, KEY_CODE_RIGHT},
    {KEY_HOME, KEY_CODE_HOME},
    {KEY_FIND, KEY_CODE_HOME},
    {KEY_END, KEY_CODE_END},
    {KEY_SELECT, KEY_CODE_END},
    {KEY_PPAGE, KEY_CODE_PAGE_UP},
    {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
    {KEY_DC, KEY_CODE_DELETE},
    {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
    {KEY_BTAB, KEY_CODE_BACKTAB},
    {KEY_ENTER, KEY_CODE_ENTER},
};

static gboolean terminal_gone(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int waiting = 0;

    if (poll(&in, 1, 0) <= 0)
        return FALSE;
    if (in.revents & (POLLHUP | POLLERR | POLLNVAL))
        return TRUE;
    /* Readable, but curses had nothing and nothing waits: the end of the file. */
    return ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0;
}

Input terminal_read(void)
{
    Input input = {.kind = INPUT_NONE};
    wint_t c = 0;
    int got = get_wch(&c);

    if (got == ERR) {
        input.kind = terminal_gone() ? INPUT_GONE : INPUT_NONE;
    } else if (got == KEY_CODE_YES && (c == KEY_OF_SGR || c == KEY_OF_BYTES)) {
        /* A report that is none is dropped like an unknown key. */
        input.kind = read_mouse((int)c, &input.mouse) ? INPUT_MOUSE : INPUT_KEY;
    } else if (got == KEY_CODE_YES && c == KEY_OF_ANSWER) {
        read_answer();
        input.kind = INPUT_KEY; /* none */
    } else {
        input.kind = INPUT_KEY;
        input.key = c == 0x7f || c == '\b' ? KEY_CODE_BACKSPACE : (guint)c;
        if (got == KEY_CODE_YES) {
            input.key = 0;
            for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
                if (keys[i].curses == (int)c)
                    input.key = keys[i].code;
            if (c >= KEY_F(1) && c <= KEY_F(12))
                input.key = KEY_CODE_F1 + (guint)(c - KEY_F(1));
        }
    }
    return input;
}
