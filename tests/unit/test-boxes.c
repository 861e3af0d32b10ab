/* What a value is typed and chosen in: the text field, the map of the machine, and every kind of
 * box at every size of window. */
#include <curses.h>
#include <string.h>

#include "tests/unit/formfixture.h"
#include "tests/unit/nullscreen.h"
#include "tui/widgets/textfield.h"

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

/* Every kind of box with every size of window. */
static void test_boxes(FormFixture *f, gconstpointer data)
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
        guint key = form_random_key(random);
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
    g_test_add_func("/boxes/textfield", test_textfield);
    if (screen) {
        g_test_add_func("/boxes/setmap/cpus", test_setmap_cpus);
        g_test_add_func("/boxes/setmap/nodes", test_setmap_nodes);
        g_test_add("/boxes/any", FormFixture, NULL, form_set_up, test_boxes, form_tear_down);
    }
    int result = g_test_run();
    nullscreen_close();
    return result;
}
