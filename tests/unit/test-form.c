/* What edits a value: the text field, the map of the machine, the boxes that ask, and the Tuning
 * screen itself, driven by keys and clicks on a screen that nobody sees. */
#include <curses.h>
#include <string.h>

#include "core/tune/tunings.h"
#include "tests/unit/made.h"
#include "tests/unit/nullscreen.h"
#include "tui/app/app-private.h"
#include "tui/widgets/textfield.h"

#define UUID_A "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7001"
#define UUID_B "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7002"
#define UUID_C "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7003"

/* ---- the text field ---- */

static void type_text(TextField *field, const char *text)
{
    for (; *text; text = g_utf8_next_char(text))
        g_assert_true(textfield_key(field, g_utf8_get_char(text)));
}

static void test_textfield(void)
{
    TextField field;

    textfield_init(&field);
    textfield_set(&field, "old");
    type_text(&field, "0-3é");
    g_assert_cmpstr(field.text->str, ==, "0-3é");
    textfield_key(&field, KEY_CODE_BACKSPACE);
    textfield_key(&field, KEY_CODE_HOME);
    textfield_key(&field, KEY_CODE_DELETE);
    type_text(&field, "12");
    g_assert_cmpstr(field.text->str, ==, "12-3");
    textfield_key(&field, KEY_CTRL('u'));
    g_assert_cmpstr(field.text->str, ==, "-3");
    g_assert_false(textfield_key(&field, KEY_CODE_F1));
    g_assert_false(textfield_key(&field, 7));

    /* What was proposed is kept where one moves first. */
    textfield_set(&field, "old");
    textfield_key(&field, KEY_CODE_LEFT);
    type_text(&field, "X");
    g_assert_cmpstr(field.text->str, ==, "olXd");
    textfield_set(&field, "\xff\xfe");
    g_assert_true(g_utf8_validate(field.text->str, -1, NULL));

    textfield_set(&field, "");
    for (int i = 0; i < TEXTFIELD_MAX + 50; i++)
        textfield_key(&field, 0x1f600);
    g_assert_cmpint(g_utf8_strlen(field.text->str, -1), ==, TEXTFIELD_MAX);
    textfield_clear(&field);
}

/* ---- the map ---- */

static void check_set(const SetMap *map, const char *text)
{
    g_autofree char *now = idset_format(map->set);
    g_assert_cmpstr(now, ==, text);
}

static void test_setmap_cpus(void)
{
    g_autoptr(Snapshot) snapshot = made_snapshot();
    g_autoptr(Theme) theme = theme_load("dark", NULL);
    Canvas canvas = {.window = stdscr, .theme = theme, .height = 24, .width = 80};
    SetMap map = {0};

    setmap_open(&map, SETMAP_CPUS, snapshot->host);
    g_autoptr(IdSet) set = idset_parse("1", NULL);
    setmap_choose(&map, set);
    setmap_draw(&map, &canvas);
    /* CPU 1 and 33 are a core, 0-7 and 32-39 a node, 0-15 and 32-47 a package of the demo. */
    g_assert_true(setmap_key(&map, 'c'));
    check_set(&map, "1,33");
    g_assert_true(setmap_key(&map, 'c'));
    check_set(&map, "");
    g_assert_true(setmap_key(&map, 'n'));
    check_set(&map, "0-7,32-39");
    g_assert_true(setmap_key(&map, 'p'));
    check_set(&map, "0-15,32-47");
    g_assert_true(setmap_key(&map, ' '));
    check_set(&map, "0,2-15,32-47");
    g_assert_false(setmap_key(&map, KEY_CODE_LEFT));
    g_assert_true(setmap_key(&map, ' '));
    g_assert_false(setmap_key(&map, KEY_CODE_F1));

    /* A click on a cell, and one on a node's line. */
    setmap_choose(&map, set);
    const MapItem *cell = map_cell_of(&map.map, 2);
    MouseEvent click = {.kind = MOUSE_PRESS, .button = 1, .y = cell->y - map.top, .x = cell->x};
    g_assert_true(setmap_mouse(&map, &click));
    check_set(&map, "1-2");
    click.y = cell->block - map.top;
    g_assert_true(setmap_mouse(&map, &click));
    check_set(&map, "0-7,32-39");
    click.y = 1000;
    g_assert_false(setmap_mouse(&map, &click));
    setmap_close(&map);
}

static void test_setmap_nodes(void)
{
    g_autoptr(Snapshot) snapshot = made_snapshot();
    g_autoptr(Theme) theme = theme_load("dark", NULL);
    Canvas canvas = {.window = stdscr, .theme = theme, .height = 3, .width = 60};
    SetMap map = {0};

    setmap_open(&map, SETMAP_NODES, snapshot->host);
    setmap_draw(&map, &canvas);
    g_assert_true(setmap_key(&map, ' '));
    g_assert_false(setmap_key(&map, KEY_CODE_END));
    g_assert_true(setmap_key(&map, ' '));
    check_set(&map, "0,3");
    /* Scrolled to the last node: the first line is node 1. */
    setmap_draw(&map, &canvas);
    MouseEvent click = {.kind = MOUSE_PRESS, .button = 1, .y = 0, .x = 1};
    g_assert_true(setmap_mouse(&map, &click));
    check_set(&map, "0-1,3");
    g_assert_true(setmap_key(&map, 'a'));
    check_set(&map, "0-3");
    g_assert_true(setmap_key(&map, 'a'));
    check_set(&map, "");
    setmap_close(&map);
}

/* ---- the whole screen ---- */

typedef struct {
    AppOptions options;
    struct AppPrivate private;
    App app;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->options.collector.root = "";
    f->options.journal_folder = "/nonexistent/kvmtune";
    f->app = (App){.options = &f->options, .private = &f->private};
    f->app.snapshot = made_snapshot();
    f->app.theme = theme_load("dark", NULL);
    made_add(f->app.snapshot,
        made_domain("a", UUID_A,
            "<memory>4096</memory><vcpu>4</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/></cputune>",
            "<memory>4096</memory><vcpu>4</vcpu><cputune><vcpupin vcpu='0' "
            "cpuset='2'/></cputune>"));
    made_add(f->app.snapshot,
        made_domain("b\xc2\x9b"
                    "2J",
            UUID_B, NULL,
            "<memory>4096</memory><vcpu>2</vcpu><cputune><emulatorpin cpuset='0-1'/></cputune>"));
    made_add(
        f->app.snapshot, made_domain("t", UUID_C, "<memory>4096</memory><vcpu>1</vcpu>", NULL));
    app_set_up(&f->app);
    resizeterm(24, 80);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    app_clear(&f->app);
    memset(f, 0, sizeof *f);
}

/* TRUE where a line of the screen has @text. */
static gboolean shows(App *app, const char *text)
{
    app_draw(app);
    for (int y = 0; y < LINES; y++) {
        g_autofree char *line = nullscreen_line(y);
        if (strstr(line, text))
            return TRUE;
    }
    return FALSE;
}

static void press(App *app, const char *names)
{
    g_auto(GStrv) keys = g_strsplit(names, " ", -1);

    for (guint i = 0; keys[i]; i++) {
        guint code = keymap_code(keys[i]);
        g_assert_cmpuint(code, !=, 0);
        app_take_key(app, code);
        app_draw(app);
    }
}

/* Searches for @key and puts the cursor on it. */
static void go_to(App *app, const char *key)
{
    press(app, "/ Ctrl-U");
    for (const char *p = key; *p; p++)
        app_take_key(app, (guint)*p);
    press(app, "Enter End");
}

static void open_form(App *app, const char *first, const char *second)
{
    app_open_tuning(app, (const char *[]){first, second, NULL});
    app_draw(app);
}

static const Change *change_of(const App *app, const char *target, const char *key, PlanScope scope)
{
    for (guint i = 0; i < app->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        if (g_str_equal(change->target, target) && g_str_equal(change->key->key, key) &&
            change->scope == scope)
            return change;
    }
    return NULL;
}

static void test_set(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_A, NULL);
    go_to(app, "vcpupin.0");
    press(app, "Enter");
    g_assert_true(shows(app, "vcpupin.0 of a"));
    /* The map and the text are one: CPU 2's core, then typed anew, then wrong. */
    press(app, "c");
    g_assert_true(shows(app, "2,34"));
    press(app, "Space Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "vcpupin.0"), ==, "34");
    press(app, "Enter 9 9 9");
    g_assert_true(shows(app, "no CPU 999"));
    press(app, "Enter");
    g_assert_true(dialog_is_open(app->private->dialog));
    press(app, "Esc d");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

static void test_scope(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_A, NULL);
    go_to(app, "emulatorpin");
    press(app, "Enter 3 Tab Enter");
    g_assert_nonnull(change_of(app, UUID_A, "emulatorpin", SCOPE_LIVE));
    g_assert_true(shows(app, "→ 3 (now)"));
    press(app, "Enter 4 Tab Tab Enter");
    g_assert_nonnull(change_of(app, UUID_A, "emulatorpin", SCOPE_CONFIG));

    g_assert_true(shows(app, "→ 3 (now) · 4 (next)"));

    /* libvirt has no call for it while the domain runs: said before, and staged for later. */
    go_to(app, "memory.nosharepages");
    g_assert_true(shows(app, "libvirt cannot change it while the domain runs"));
    press(app, "Enter");
    g_assert_true(shows(app, "next start only"));
    press(app, "Home Enter");
    g_assert_nonnull(change_of(app, UUID_A, "memory.nosharepages", SCOPE_CONFIG));

    /* A transient domain has no next start. */
    open_form(app, UUID_C, NULL);
    go_to(app, "emulatorpin");
    press(app, "Enter");
    g_assert_true(shows(app, "running only"));
    press(app, "5 Enter");
    g_assert_nonnull(change_of(app, UUID_C, "emulatorpin", SCOPE_LIVE));
}

static void test_several(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_A, UUID_B);
    g_assert_true(shows(app, "tuning of 2 domains"));
    g_assert_true(shows(app, "b\\x9b2J"));
    go_to(app, "emulatorpin");
    g_assert_true(shows(app, "differ: "));
    press(app, "Enter 6 Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "emulatorpin"), ==, "6");
    g_assert_cmpstr(plan_value(app->plan, UUID_B, "emulatorpin"), ==, "6");
    /* Only one has it: only there it is staged. */
    go_to(app, "vcpupin.3");
    g_assert_true(shows(app, "1 of 2 domains have it"));
    press(app, "Enter 7 Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "vcpupin.3"), ==, "7");
    g_assert_null(plan_value(app->plan, UUID_B, "vcpupin.3"));
    /* What was staged by one answer goes by one undo. */
    press(app, "u u");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

static void test_copy(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_B, NULL);
    press(app, "P");
    g_assert_true(shows(app, "nothing is copied yet"));
    press(app, "y");
    open_form(app, UUID_A, NULL);
    press(app, "P");
    g_assert_true(shows(app, "to be staged, "));
    press(app, "n");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
    press(app, "P y");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "emulatorpin"), ==, "0-1");
    g_assert_null(plan_value(app->plan, UUID_A, "memory.max")); /* it stands already */
}

static void test_keeps_place(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_A, NULL);
    press(app, "Down Right End");
    g_assert_true(shows(app, "features."));
    /* A picture in which the domain has more vCPUs: the cursor stays on its key. */
    Snapshot *fresh = made_snapshot();
    made_add(fresh, made_domain("a", UUID_A, NULL, "<memory>4096</memory><vcpu>9</vcpu>"));
    press(app, "Home Down Down");
    g_assert_true(shows(app, "vcpupin.0  CPUS"));
    snapshot_unref(app->snapshot);
    app->snapshot = fresh;
    app_update(app);
    g_assert_true(shows(app, "vcpupin.0  CPUS"));
    /* And one in which it is gone. */
    Snapshot *without = made_snapshot();
    snapshot_unref(app->snapshot);
    app->snapshot = without;
    app_update(app);
    g_assert_true(shows(app, "This domain is gone"));
    press(app, "Enter Space z y P d x Left Right / Esc Up Down");
}

static void test_read_only(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    app->snapshot->link.read_only = TRUE;
    open_form(app, UUID_A, NULL);
    g_assert_true(shows(app, "emulatorpin"));
    g_assert_false(shows(app, "paste"));
    go_to(app, "emulatorpin");
    press(app, "Enter");
    g_assert_false(dialog_is_open(app->private->dialog));
    press(app, "x Space P");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

/* What the rules say of a staged value is said at its field. */
static void test_findings(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_B, NULL);
    go_to(app, "memory.locked");
    g_assert_false(shows(app, "! → on") || shows(app, "✗ → on"));
    press(app, "Space");
    g_assert_true(shows(app, "! → on") || shows(app, "✗ → on"));
    press(app, "d");
    g_assert_false(shows(app, "→ on"));
}

/* What somebody changed since a value was staged upon it is marked at the field. */
static void test_ground(Fixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    open_form(app, UUID_B, NULL);
    go_to(app, "emulatorpin");
    press(app, "Enter 3 Enter");
    g_assert_null(plan_look(app->plan, app->snapshot));
    g_assert_true(shows(app, "→ 3"));
    g_assert_false(shows(app, "! → 3") || shows(app, "somebody changed it"));

    g_autoptr(Snapshot) before = app->snapshot;
    app->snapshot = made_snapshot();
    made_add(app->snapshot,
        made_domain("b", UUID_B, NULL,
            "<memory>4096</memory><vcpu>2</vcpu><cputune><emulatorpin cpuset='1'/></cputune>"));
    g_assert_nonnull(plan_look(app->plan, app->snapshot));
    app_update(app);
    g_assert_true(shows(app, "! → 3"));
    g_assert_true(shows(app, "! somebody changed it since it was staged"));
    press(app, "d");
    g_assert_false(shows(app, "somebody changed it"));
}

/* ---- anything at all ---- */

static guint random_key(GRand *random)
{
    static const guint special[] = {KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_LEFT, KEY_CODE_RIGHT,
        KEY_CODE_HOME, KEY_CODE_END, KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN, KEY_CODE_DELETE,
        KEY_CODE_BACKSPACE, KEY_CODE_BACKTAB, KEY_CODE_ENTER, KEY_CODE_ENTER, KEY_CODE_ESCAPE,
        KEY_CODE_TAB, KEY_CTRL('u'), ' ', ' ', 'y', 'n', 'c', 'p', '+', '-', '/', 'z', 't',
        0x1f600};
    guint at = (guint)g_rand_int_range(random, 0, 2 * G_N_ELEMENTS(special));

    return at < G_N_ELEMENTS(special) ? special[at] : (guint)g_rand_int_range(random, 1, 128);
}

/* All that is asked is that it neither fails nor stages what the catalogue refuses. */
static void test_anything(Fixture *f, gconstpointer data)
{
    static const struct {
        int lines, columns;
    } sizes[] = {{24, 80}, {50, 200}, {5, 20}, {1, 1}, {3, 12}, {24, 6}, {2, 80}, {60, 300}};
    g_autoptr(GRand) random = g_rand_new_with_seed(20261128);
    App *app = &f->app;

    (void)data;
    for (int i = 0; i < 20000; i++) {
        if (i % 500 == 0) {
            guint size = (guint)g_rand_int_range(random, 0, G_N_ELEMENTS(sizes));
            resizeterm(sizes[size].lines, sizes[size].columns);
            plan_clear(app->plan);
        }
        /* Apply and undo need a libvirt: they are another test's. */
        if (app->screen != SCREEN_TUNING && app->screen != SCREEN_DOMAINS &&
            app->screen != SCREEN_DOMAIN) {
            dialog_close(app->private->dialog);
            open_form(app, UUID_A, i % 2 ? UUID_B : NULL);
        }
        guint key = random_key(random);
        gboolean undoes = !dialog_is_open(app->private->dialog) && key == 'u';
        if (g_rand_int_range(random, 0, 4) == 0) {
            MouseEvent event = {.kind = (MouseKind)g_rand_int_range(random, 0, 5),
                .button = 1,
                .y = g_rand_int_range(random, -2, LINES + 2),
                .x = g_rand_int_range(random, -2, COLS + 2)};
            app_take_mouse(app, &event);
        } else if (!undoes) {
            app_take_key(app, key);
        }
        if (i % 29 == 0)
            app_update(app);
        if (i % 5 == 0)
            app_draw(app);
    }
    for (guint i = 0; i < app->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        const DomainView *view = snapshot_domain(app->snapshot, change->target);
        g_autofree char *checked =
            tunable_check(change->key, change->value, app->snapshot, view->domain, NULL);
        g_assert_cmpstr(checked, ==, change->value);
    }
}

/* Every kind of box with every size of window. */
static void test_boxes(Fixture *f, gconstpointer data)
{
    static const char *const values[] = {"one", "two", "three", NULL};
    static const char *const ways[] = {"this", "that", NULL};
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    App *app = &f->app;
    Dialog *dialog = app->private->dialog;

    (void)data;
    for (int i = 0; i < 4000; i++) {
        if (i % 20 == 0)
            resizeterm(g_rand_int_range(random, 1, 40), g_rand_int_range(random, 1, 130));
        if (!dialog_is_open(dialog)) {
            /* Escape ends them all; Enter is never accepted here. */
            Question question = {
                .kind = (DialogKind)g_rand_int_range(random, DIALOG_TEXT, DIALOG_CONFIRM),
                .title = "title",
                .help = "a line\nand a second, longer one",
                .text = i % 3 ? "9223372036854775807" : "0-3",
                .min = i % 2 ? G_MININT64 : 0,
                .max = G_MAXINT64,
                .set = i % 2 ? SETMAP_NODES : SETMAP_CPUS,
                .host = app->snapshot->host,
                .values = values,
                .helps = values,
                .ways = i % 2 ? ways : NULL};
            dialog_open(dialog, &question);
        }
        guint key = random_key(random);
        MouseEvent event = {.kind = (MouseKind)g_rand_int_range(random, MOUSE_RELEASE, 5),
            .button = 1,
            .y = g_rand_int_range(random, -2, LINES + 2),
            .x = g_rand_int_range(random, -2, COLS + 2)};
        app_draw(app);
        if (i % 5 == 0)
            dialog_mouse(dialog, app, &event);
        else if (key != KEY_CODE_ENTER && key != '\n' && key != ' ')
            dialog_key(dialog, app, key);
    }
}

int main(int argc, char **argv)
{
    gboolean screen = nullscreen_open();

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/form/textfield", test_textfield);
    if (screen) {
        g_test_add_func("/form/setmap/cpus", test_setmap_cpus);
        g_test_add_func("/form/setmap/nodes", test_setmap_nodes);
#define ADD(name, function) g_test_add("/form/" name, Fixture, NULL, set_up, function, tear_down)
        ADD("set", test_set);
        ADD("scope", test_scope);
        ADD("several", test_several);
        ADD("copy", test_copy);
        ADD("keeps-place", test_keeps_place);
        ADD("read-only", test_read_only);
        ADD("findings", test_findings);
        ADD("ground", test_ground);
        ADD("anything", test_anything);
        ADD("boxes", test_boxes);
    }
    int result = g_test_run();
    nullscreen_close();
    return result;
}
