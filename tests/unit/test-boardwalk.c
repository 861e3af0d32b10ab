/* The board under 100,000 random events: keys, mouse reports of any kind and order, resizes, and
 * Snapshots that change while something is carried. Nothing sticks, nothing is staged but by a
 * drop. The walk is the same in every run; KVMTUNE_WALK_SEED gives another. */
#define NCURSES_NOMACROS
#include <curses.h>
#include <locale.h>
#include <stdlib.h>

#include "tests/unit/machines.h"
#include "tui/app/app-private.h"
#include "tui/screens/board/board.h"

#define EVENTS     100000
#define DRAW_EVERY 40 /* events: terminals send them faster than screens are drawn */

static const Action actions[] = {ACTION_UP, ACTION_DOWN, ACTION_LEFT, ACTION_RIGHT, ACTION_PAGE_UP,
    ACTION_PAGE_DOWN, ACTION_FIRST, ACTION_LAST, ACTION_ZOOM_IN, ACTION_ZOOM_OUT, ACTION_OUT,
    ACTION_IN, ACTION_NEXT_CHIP, ACTION_PICK, ACTION_PICK, ACTION_ADD, ACTION_BACK};
static const Action staging[] = {ACTION_DROP, ACTION_UNPIN};

typedef struct {
    App app;
    struct AppPrivate private;
    AppOptions options;
    Snapshot *pictures[5]; /* of one machine with more and fewer domains, of another, of none */
    BoardState *state;
    Canvas canvas;
    GRand *random;
    guint drops;
} Walk;

/* What must hold after every event. */
static void check(const Walk *walk, guint acts, gboolean may_stage)
{
    const BoardState *state = walk->state;

    if (!may_stage)
        g_assert_cmpuint(walk->app.plan->acts, ==, acts);
    if (state->drag.kind == DRAG_NONE)
        g_assert_cmpuint(carry_count(&state->drag.pressed), ==, 0);
    if (state->drag.kind == DRAG_CHIPS)
        g_assert_cmpuint(carry_count(&state->carry), >, 0);
    g_assert_cmpint(state->zoom, >=, LEVEL_THREAD);
    g_assert_cmpint(state->zoom, <=, LEVEL_NODE);
}

static void draw(Walk *walk)
{
    erase();
    screen_board.draw(&walk->app, walk->state, &walk->canvas);
    if (walk->app.snapshot->host != NULL) {
        g_assert_true(board_part(walk->state) != NULL || board_tray_item(walk->state) != NULL);
        g_assert_false(walk->state->stale);
    }
}

static void change_picture(Walk *walk)
{
    walk->app.snapshot = walk->pictures[g_rand_int_range(walk->random, 0, 5)];
    screen_board.update(&walk->app, walk->state);
    g_assert_null(carry_lost(&walk->state->carry, walk->app.snapshot));
}

static void resize_canvas(Walk *walk)
{
    walk->app.height = g_rand_int_range(walk->random, 5, 61);
    walk->app.width = g_rand_int_range(walk->random, 20, 201);
    walk->canvas.height = MAX(1, walk->app.height - 4);
    walk->canvas.width = walk->app.width;
    screen_board.update(&walk->app, walk->state);
    g_assert_cmpint(walk->state->drag.kind, ==, DRAG_NONE);
    draw(walk);
}

static void send_mouse(Walk *walk, guint acts)
{
    MouseEvent event = {.kind = (MouseKind)g_rand_int_range(walk->random, 0, 6),
        .button = g_rand_int_range(walk->random, 0, 8) ? 1 : g_rand_int_range(walk->random, 1, 4),
        .ctrl = g_rand_boolean(walk->random),
        .y = g_rand_int_range(walk->random, -3, walk->canvas.height + 3),
        .x = g_rand_int_range(walk->random, 0, walk->canvas.width + 3)};

    screen_board.mouse(&walk->app, walk->state, &event);
    check(walk, acts, event.kind == MOUSE_RELEASE);
    if (event.kind == MOUSE_RELEASE && event.button == 1)
        g_assert_cmpint(walk->state->drag.kind, ==, DRAG_NONE);
}

static void send_key(Walk *walk, guint acts)
{
    gboolean stages = g_rand_int_range(walk->random, 0, 100) == 0;
    Action action = stages ? staging[g_rand_int_range(walk->random, 0, G_N_ELEMENTS(staging))]
                           : actions[g_rand_int_range(walk->random, 0, G_N_ELEMENTS(actions))];

    /* Enter with nothing carried opens another screen: not the board's any more. */
    if (action == ACTION_DROP &&
        (carry_count(&walk->state->carry) == 0 || walk->state->drag.kind != DRAG_NONE))
        return;
    screen_board.act(&walk->app, walk->state, action);
    check(walk, acts, stages);
    if (action == ACTION_BACK)
        g_assert_cmpuint(carry_count(&walk->state->carry), ==, 0);
}

static void step(Walk *walk)
{
    guint acts = walk->app.plan->acts;
    int dice = g_rand_int_range(walk->random, 0, 1000);

    if (dice < 2)
        resize_canvas(walk);
    else if (dice < 10)
        change_picture(walk);
    else if (dice < 400)
        send_key(walk, acts);
    else
        send_mouse(walk, acts);
    if (walk->app.plan->acts != acts) {
        walk->drops++;
        /* One act, one undo. */
        if (walk->app.plan->changes->len > 0)
            plan_unstage_last(walk->app.plan);
        if (walk->app.plan->changes->len > 24)
            plan_clear(walk->app.plan);
        screen_board.update(&walk->app, walk->state);
    }
}

static void start(Walk *walk, Theme *theme)
{
    static const MachineShape small = {2, 2, 2, 2, 2, FALSE}, other = {1, 1, 1, 3, 1, FALSE};
    const char *seed = g_getenv("KVMTUNE_WALK_SEED");

    walk->random = g_rand_new_with_seed(seed ? (guint32)atoi(seed) : 5);
    walk->app.options = &walk->options;
    walk->app.private = &walk->private;
    walk->app.theme = theme;
    walk->app.screen = SCREEN_BOARD;
    walk->app.plan = plan_new();
    walk->pictures[0] = machine_snapshot(machine_host(&small), 6, 4);
    walk->pictures[1] = machine_snapshot(host_ref(walk->pictures[0]->host), 3, 4);
    walk->pictures[2] = machine_snapshot(host_ref(walk->pictures[0]->host), 6, 2);
    walk->pictures[3] = machine_snapshot(machine_host(&other), 6, 4);
    walk->pictures[4] = snapshot_new("");
    walk->app.snapshot = walk->pictures[0];
    walk->state = g_malloc0(screen_board.state_size);
    walk->canvas = (Canvas){.window = stdscr, .theme = theme, .ascii = FALSE};
}

static void test_walk(void)
{
    g_autoptr(Theme) theme = theme_load("dark", NULL);
    Walk walk = {0};

    start(&walk, theme);
    resize_canvas(&walk);
    for (guint i = 0; i < EVENTS; i++) {
        step(&walk);
        if (i % DRAW_EVERY == 0)
            draw(&walk);
    }
    g_test_message("%u drops", walk.drops);
    g_assert_cmpuint(walk.drops, >, 0);
    screen_board.clear(walk.state);
    g_free(walk.state);
    plan_free(walk.app.plan);
    g_free(walk.private.message);
    g_rand_free(walk.random);
    for (guint i = 0; i < G_N_ELEMENTS(walk.pictures); i++)
        snapshot_unref(walk.pictures[i]);
}

static void test_skip(void)
{
    g_test_skip("there is no C.UTF-8 locale or no terminfo of xterm here");
}

int main(int argc, char **argv)
{
    gboolean utf8 = setlocale(LC_ALL, "C.UTF-8") != NULL;
    FILE *null = fopen("/dev/null", "r+");

    /* A canvas of the largest size; the terminal is nobody's. */
    g_setenv("LINES", "60", TRUE);
    g_setenv("COLUMNS", "200", TRUE);
    SCREEN *screen = null && utf8 ? newterm("xterm", null, null) : NULL;
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/board/walk", screen ? test_walk : test_skip);
    int result = g_test_run();
    if (screen) {
        endwin();
        delscreen(screen);
    }
    if (null)
        fclose(null);
    return result;
}
