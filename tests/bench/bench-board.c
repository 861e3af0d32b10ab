/* What the board costs: from a motion of the mouse, with a chip or a whole domain carried, to the
 * bytes that the terminal gets; and to draw all of it anew. In milliseconds of CPU time, so that
 * a loaded machine does not count. Machines are made, as for the unit tests; nothing is judged
 * here. */
#define NCURSES_NOMACROS
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/machines.h"
#include "tui/app/app-private.h"
#include "tui/screens/board/board.h"

#define MOTIONS 2000
#define REDRAWS 200

typedef struct {
    App app;
    struct AppPrivate private;
    AppOptions options;
    BoardState *state;
    Canvas canvas;
    int out; /* what the terminal gets */
} Bench;

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void print_row(const char *what, GArray *values, const char *unit)
{
    g_array_sort(values, compare_numbers);
    guint last = values->len - 1;
    printf("%-34s %10.2f %10.2f %10.2f  %s\n", what, g_array_index(values, double, last / 2),
        g_array_index(values, double, last * 99 / 100), g_array_index(values, double, last), unit);
}

static void paint(Bench *bench)
{
    werase(stdscr);
    screen_board.draw(&bench->app, bench->state, &bench->canvas);
    wrefresh(stdscr);
}

/* The thread's own time, in µs. */
static gint64 own_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* Times what @act does and paints, in ms, and counts the bytes of it. */
static void measure(
    Bench *bench, void (*act)(Bench *bench, guint i), guint times, GArray *ms, GArray *bytes)
{
    for (guint i = 0; i < times; i++) {
        off_t before = lseek(bench->out, 0, SEEK_END);
        gint64 start = own_time();
        act(bench, i);
        paint(bench);
        double took = (double)(own_time() - start) / 1000;
        double wrote = (double)(lseek(bench->out, 0, SEEK_END) - before);
        g_array_append_val(ms, took);
        g_array_append_val(bytes, wrote);
    }
}

static void send(Bench *bench, MouseKind kind, int y, int x)
{
    MouseEvent event = {.kind = kind, .button = 1, .y = y, .x = x};

    screen_board.mouse(&bench->app, bench->state, &event);
}

/* 0 to @end and back, as @i grows. */
static int to_and_fro(guint i, int end)
{
    int at = (int)(i % (guint)(2 * end));

    return at < end ? at : 2 * end - at;
}

/* As a hand moves: two cells at a time, now and then a line, to and fro. */
static void move_on(Bench *bench, guint i)
{
    int width = MAX(1, bench->state->map_area.width - 4);
    int height = MAX(1, bench->state->map_area.height - 4);

    send(bench, MOUSE_DRAG, bench->state->map_area.y + 1 + to_and_fro(i / 7, height),
        2 + to_and_fro(i * 2, width));
}

static void draw_anew(Bench *bench, guint i)
{
    (void)i;
    screen_board.update(&bench->app, bench->state);
    clearok(curscr, TRUE);
}

/* Presses on the first chip that is drawn, or where @whole on the first domain's name. */
static void take(Bench *bench, gboolean whole)
{
    board_cancel(&bench->app, bench->state, NULL);
    for (int y = 0; y < bench->canvas.height; y++)
        for (int x = 0; x < bench->canvas.width; x++) {
            send(bench, MOUSE_PRESS, y, x);
            const Carry *pressed = &bench->state->drag.pressed;
            if (carry_count(pressed) > 0 &&
                (((const Carried *)pressed->items->pdata[0])->key == NULL) == whole) {
                paint(bench); /* what the clicks on the way changed is no motion's */
                return;
            }
            send(bench, MOUSE_RELEASE, y, x);
        }
}

static void run_act(Bench *bench, const char *what, void (*act)(Bench *bench, guint i), guint times)
{
    g_autoptr(GArray) ms = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) bytes = g_array_new(FALSE, FALSE, sizeof(double));

    measure(bench, act, times, ms, bytes);
    print_row(what, ms, "ms");
    print_row("    bytes", bytes, "bytes");
}

static void run(
    const MachineShape *shape, guint domains, int height, int width, Theme *theme, FILE *out)
{
    Bench bench = {.out = fileno(out)};
    g_autoptr(Snapshot) snapshot = machine_snapshot(machine_host(shape), domains, 8);
    g_autofree char *title =
        g_strdup_printf("%d CPUs, %u domains, %dx%d", machine_cpus(shape), domains, width, height);

    bench.app = (App){.options = &bench.options,
        .snapshot = snapshot,
        .plan = plan_new(),
        .theme = theme,
        .screen = SCREEN_BOARD,
        .width = width,
        .height = height + 4,
        .private = &bench.private};
    bench.state = g_malloc0(screen_board.state_size);
    bench.canvas =
        (Canvas){.window = stdscr, .theme = theme, .y = 2, .height = height, .width = width};
    screen_board.update(&bench.app, bench.state);
    paint(&bench);
    printf("%s\n%-34s %10s %10s %10s\n", title, "", "median", "p99", "worst");
    take(&bench, FALSE);
    run_act(&bench, "  motion to paint, a chip", move_on, MOTIONS);
    take(&bench, TRUE);
    run_act(&bench, "  motion to paint, a domain", move_on, MOTIONS);
    run_act(&bench, "  all drawn anew", draw_anew, REDRAWS);
    screen_board.clear(bench.state);
    g_free(bench.state);
    plan_free(bench.app.plan);
    g_free(bench.private.message);
}

int main(void)
{
    static const MachineShape medium = {2, 2, 4, 8, 2, FALSE}, large = {2, 4, 8, 8, 2, FALSE};
    FILE *null = fopen("/dev/null", "r"), *out = tmpfile();

    setlocale(LC_ALL, "C.UTF-8");
    g_setenv("LINES", "60", TRUE);
    g_setenv("COLUMNS", "200", TRUE);
    SCREEN *screen = null && out ? newterm("xterm-256color", out, null) : NULL;
    if (screen == NULL) {
        fputs("bench-board: curses knows no xterm-256color here\n", stderr);
        return EXIT_FAILURE;
    }
    start_color();
    use_default_colors();
    leaveok(stdscr, TRUE); /* as app_draw() does */
    g_autoptr(Theme) theme = theme_load("dark", NULL);
    theme_use_colour(theme, 256);
    run(&medium, 24, 20, 80, theme, out);
    run(&medium, 24, 56, 200, theme, out);
    run(&large, 100, 20, 80, theme, out);
    run(&large, 100, 56, 200, theme, out);
    endwin();
    delscreen(screen);
    fclose(out);
    fclose(null);
    return EXIT_SUCCESS;
}
