/* The terminal: taken over with curses, and given back as it was on every way out. */
#include "tui/terminal.h"

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
#include "tui/keymap.h"

/* Presses, releases, motion while a button is held (1002), in the form that has no limit of 223
 * columns (1006). curses' own mouse knows neither on every terminal, so kvmtune reads it itself. */
#define MOUSE_ON     "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF    "\033[?1006l\033[?1002l\033[?1000l"
#define KEY_OF_MOUSE (KEY_MAX + 1)

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

static struct {
    SCREEN *screen;
    struct termios saved;
    gboolean mouse;
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

static void add_capability(GString *out, const char *name)
{
    const char *value = tigetstr(name);

    /* Padding ("$<5>") means nothing to today's terminals and must not be written raw. */
    if (value != NULL && value != (const char *)-1)
        for (const char *p = value; *p != '\0'; p++) {
            if (p[0] == '$' && p[1] == '<' && strchr(p, '>') != NULL)
                p = strchr(p, '>');
            else
                g_string_append_c(out, *p);
        }
}

static void prepare_restore(void)
{
    g_autoptr(GString) out = g_string_new(terminal.mouse ? MOUSE_OFF : "");

    add_capability(out, "sgr0");
    add_capability(out, "cnorm");
    add_capability(out, "rmkx");
    add_capability(out, "rmcup");
    g_strlcpy(terminal.restore, out->str, sizeof terminal.restore);

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
    const char *mouse_key = tigetstr("kmous");
    terminal.mouse = mouse && mouse_key != NULL && mouse_key != (char *)-1;
    prepare_restore();
    del_curterm(cur_term); /* newterm reads the description again, into a place of its own */
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
    if (terminal.mouse) {
        define_key("\033[<", KEY_OF_MOUSE);
        write_raw(MOUSE_ON);
    }
    return TRUE;
}

void terminal_close(void)
{
    if (!terminal.open)
        return;
    terminal.open = FALSE;
    if (terminal.mouse)
        write_raw(MOUSE_OFF);
    curs_set(1);
    endwin();
    for (guint i = 0; i < G_N_ELEMENTS(fatal_signals); i++)
        sigaction(fatal_signals[i], &terminal.old[i], NULL);
    delscreen(terminal.screen);
    terminal.screen = NULL;
}

void terminal_suspend(void)
{
    if (terminal.mouse)
        write_raw(MOUSE_OFF);
    endwin();
    raise(SIGSTOP);
    if (terminal.mouse)
        write_raw(MOUSE_ON);
    terminal_resize();
    clearok(curscr, TRUE);
}

void terminal_resize(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        resizeterm(size.ws_row, size.ws_col);
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

/* The rest of "ESC [ < button ; x ; y M|m"; FALSE where it is no such report. */
static gboolean read_mouse(MouseEvent *event)
{
    int numbers[3] = {0};
    guint n = 0;
    int c = 0;

    timeout(50); /* the rest is on its way */
    while ((c = getch()) != ERR && n < 3) {
        if (g_ascii_isdigit(c))
            numbers[n] = MIN(numbers[n] * 10 + (c - '0'), 100000);
        else if (c == ';')
            n++;
        else
            break;
    }
    nodelay(stdscr, TRUE);
    if (n != 2 || (c != 'M' && c != 'm') || numbers[1] < 1 || numbers[2] < 1)
        return FALSE;
    event->x = numbers[1] - 1;
    event->y = numbers[2] - 1;
    event->button = (numbers[0] & 3) + 1;
    if (numbers[0] & 64)
        event->kind = numbers[0] & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    else if (numbers[0] & 32)
        event->kind = MOUSE_DRAG;
    else
        event->kind = c == 'M' ? MOUSE_PRESS : MOUSE_RELEASE;
    return TRUE;
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
    } else if (got == KEY_CODE_YES && c == KEY_OF_MOUSE) {
        /* A report that is none is dropped like an unknown key. */
        input.kind = read_mouse(&input.mouse) ? INPUT_MOUSE : INPUT_KEY;
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
