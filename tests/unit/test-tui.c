/* What of the screen can be tested without one: the cutting of text to cells, clipping, theme
 * files (the hostile ones too), the key table. */
#include <curses.h>
#include <string.h>

#include "core/util/error.h"
#include "tests/unit/nullscreen.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/clipboard.h"
#include "tui/terminal/glyphs.h"
#include "tui/terminal/keymap.h"
#include "tui/widgets/cell.h"
#include "tui/widgets/spark.h"

static void test_fit(void)
{
    static const struct {
        const char *text;
        int width;
        gboolean ascii;
        const wchar_t *shown;
        int cells;
    } rows[] = {
        {"web1", 10, FALSE, L"web1", 4},
        {"web1", 4, FALSE, L"web1", 4},
        {"web10", 4, FALSE, L"web…", 4},
        {"web10", 1, FALSE, L"…", 1},
        {"web10", 0, FALSE, L"", 0},
        {"web10", -1, FALSE, L"web10", 5},
        {"", 4, FALSE, L"", 0},
        {NULL, 4, FALSE, L"–", 1},
        /* Two cells each: half a character is never drawn. */
        {"仮想機械", 8, FALSE, L"仮想機械", 8},
        {"仮想機械", 7, FALSE, L"仮想機…", 7},
        {"仮想機械", 6, FALSE, L"仮想…", 5},
        {"仮", 1, FALSE, L"…", 1},
        /* A combining accent stays with its letter. */
        {"cafe\xcc\x81", 4, FALSE, L"cafe\u0301", 4},
        /* Outside text cannot speak to the terminal. */
        {"a\033[2Jb", -1, FALSE, L"a\\x1b[2Jb", 9},
        {"a\xff", -1, FALSE, L"a\\xff", 5},
        {"a\nb", -1, FALSE, L"a\\x0ab", 6},
        /* ASCII: what kvmtune draws has a stand-in, the rest is "?". */
        {"1 → 2", -1, TRUE, L"1 -> 2", 6},
        {"web10", 4, TRUE, L"web~", 4},
        {"仮想", -1, TRUE, L"??", 2},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        int cells = -1;
        g_autofree wchar_t *shown = canvas_fit(rows[i].text, rows[i].width, rows[i].ascii, &cells);
        if (wcscmp(shown, rows[i].shown) != 0 || cells != rows[i].cells)
            g_error("row %u: got \"%ls\" of %d cells, expected \"%ls\" of %d", i, shown, cells,
                rows[i].shown, rows[i].cells);
    }
}

static void test_figures(void)
{
    static const struct {
        char *(*cell)(Num number);
        Num number;
        const char *shown;
    } rows[] = {
        {cell_count, {FALSE, 0}, "–"},
        {cell_count, {TRUE, 0}, "0"},
        {cell_count, {TRUE, 999999}, "999999"},
        {cell_count, {TRUE, 1000000}, "1.00 M"},
        {cell_count, {TRUE, 1048236324}, "1.05 G"},
        {cell_count, {TRUE, 5813914100}, "5.81 G"},
        {cell_count, {TRUE, 99960000}, "100 M"},
        {cell_count, {TRUE, 999600000}, "1.00 G"},
        {cell_count, {TRUE, G_MAXINT64}, "9.22 E"},
        {cell_rate, {FALSE, 0}, ""},
        {cell_rate, {TRUE, 0}, "0/s"},
        {cell_rate, {TRUE, 16}, "< 0.1/s"},
        {cell_rate, {TRUE, 990}, "1.0/s"},
        {cell_rate, {TRUE, -330}, "-0.3/s"},
        {cell_rate, {TRUE, 9960}, "10/s"},
        {cell_rate, {TRUE, 49951400}, "49951/s"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = rows[i].cell(rows[i].number);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

static void test_long_text(void)
{
    g_autofree char *text = g_strnfill(1 << 20, 'x');

    g_assert_cmpint(canvas_width(text, FALSE), <=, 4096);
}

static void test_clip(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Theme) theme = theme_load("dark", &error);
    g_assert_no_error(error);
    Canvas screen = {.window = stdscr, .theme = theme, .height = LINES, .width = COLS};
    Canvas part = canvas_part(&screen, 2, 10, 3, 6);

    erase();
    canvas_text(&part, 0, 0, -1, STYLE_TEXT, "abcdefgh");
    canvas_text(&part, 1, 3, -1, STYLE_TEXT, "仮想");
    canvas_text(&part, 3, 0, -1, STYLE_TEXT, "below");
    canvas_text(&part, -1, 0, -1, STYLE_TEXT, "above");
    canvas_text(&part, 0, 6, -1, STYLE_TEXT, "right");
    canvas_text(&part, 0, -1, -1, STYLE_TEXT, "left");
    canvas_field(&part, 2, 0, 5, ALIGN_RIGHT, STYLE_TEXT, "42");
    g_autofree char *above = nullscreen_line(1);
    g_autofree char *first = nullscreen_line(2);
    g_autofree char *second = nullscreen_line(3);
    g_autofree char *third = nullscreen_line(4);
    g_autofree char *below = nullscreen_line(5);
    g_assert_cmpstr(above, ==, "");
    g_assert_cmpstr(first, ==, "          abcde…");
    g_assert_cmpstr(second, ==, "             仮…");
    g_assert_cmpstr(third, ==, "             42");
    g_assert_cmpstr(below, ==, "");

    /* Scrolled: the content's second line stands in the first. */
    erase();
    part.scroll = 1;
    canvas_text(&part, 0, 0, -1, STYLE_TEXT, "zero");
    canvas_text(&part, 1, 0, -1, STYLE_TEXT, "one");
    g_autofree char *scrolled = nullscreen_line(2);
    g_autofree char *before = nullscreen_line(1);
    g_assert_cmpstr(scrolled, ==, "          one");
    g_assert_cmpstr(before, ==, "");

    /* A part beyond its canvas is empty, and drawing on it does nothing. */
    Canvas nothing = canvas_part(&part, 50, 50, 5, 5);
    g_assert_cmpint(nothing.height, ==, 0);
    g_assert_cmpint(nothing.width, ==, 0);
    canvas_frame(&nothing, STYLE_TEXT, "title");
    g_assert_cmpint(canvas_text(&nothing, 0, 0, -1, STYLE_TEXT, "x"), ==, 0);
}

static void test_wrap(void)
{
    g_autoptr(Theme) theme = theme_load("light", NULL);
    Canvas screen = {.window = stdscr, .theme = theme, .height = LINES, .width = COLS};

    erase();
    g_assert_cmpint(
        canvas_wrap(&screen, 0, 0, 10, 3, STYLE_TEXT, "one two three four five six"), ==, 3);
    g_autofree char *first = nullscreen_line(0);
    g_autofree char *second = nullscreen_line(1);
    g_autofree char *third = nullscreen_line(2);
    g_assert_cmpstr(first, ==, "one two");
    g_assert_cmpstr(second, ==, "three four");
    g_assert_cmpstr(third, ==, "five six");
    g_assert_cmpint(canvas_wrap(&screen, 0, 0, 10, 2, STYLE_TEXT, ""), ==, 0);
}

static void test_themes_built_in(void)
{
    for (const char *const *name = theme_names(); *name; name++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Theme) theme = theme_load(*name, &error);
        g_assert_no_error(error);
        for (int colours = 0; colours <= 256; colours = colours == 0 ? 8 : colours * 2)
            for (int style = 0; style < STYLE_COUNT; style++) {
                guint attributes = 0;
                short pair = 0;
                theme_use_colour(theme, colours);
                theme_look(theme, (Style)style, style % 2, &attributes, &pair);
                g_assert_cmpint(pair, >=, 0);
                if (colours == 0)
                    g_assert_cmpint(pair, ==, 0);
            }
    }
}

/* Plain text has a pair of its own, of the terminal's colours: back to pair 0 curses writes more.
 */
static void test_themes_plain(void)
{
    static const char text[] = "[styles]\nwarn = yellow\n";
    g_autoptr(Theme) theme = theme_parse(text, strlen(text), NULL);
    short pair = 0, foreground = 0, background = 0;
    guint attributes = A_BOLD;

    g_assert_nonnull(theme);
    theme_use_colour(theme, 8);
    theme_look(theme, STYLE_TEXT, FALSE, &attributes, &pair);
    g_assert_cmpuint(attributes, ==, A_NORMAL);
    g_assert_cmpint(pair, >, 0);
    g_assert_cmpint(pair_content(pair, &foreground, &background), ==, OK);
    g_assert_cmpint(foreground, ==, -1);
    g_assert_cmpint(background, ==, -1);
    g_assert_cmpint(PAIR_NUMBER(getbkgd(stdscr)), ==, pair);
    theme_use_colour(theme, 0);
    g_assert_cmpint(PAIR_NUMBER(getbkgd(stdscr)), ==, 0);
}

/* What no theme file may look like, and a word of the sentence that says so. */
static void test_themes_hostile(void)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"", "[styles]"},
        {"[styles", "no theme file"},
        {"text = red\n", "no theme file"},
        {"[other]\ntext = red\n", "[styles]"},
        {"[styles]\nnonsense = red\n", "nonsense"},
        {"[styles]\ntext = reddish\n", "reddish"},
        {"[styles]\ntext = 256\n", "256"},
        {"[styles]\ntext = -2\n", "-2"},
        {"[styles]\ntext = 99999999999999999999\n", "9999"},
        {"[styles]\ntext = #12345\n", "#12345"},
        {"[styles]\ntext = #12345g\n", "#12345g"},
        {"[styles]\ntext = \xff\xfe\n", "text"},
        {"[styles]\ntext = a\033[2J\n", "\\x1b"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Theme) theme = theme_parse(rows[i].text, strlen(rows[i].text), &error);
        g_assert_null(theme);
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        if (strstr(error->message, rows[i].told) == NULL)
            g_error("row %u: \"%s\" does not tell \"%s\"", i, error->message, rows[i].told);
        for (const char *p = error->message; *p; p++)
            g_assert_false(g_ascii_iscntrl(*p));
    }
    g_autofree char *large = g_strnfill(THEME_FILE_MAX + 1, '#');
    g_assert_null(theme_parse(large, THEME_FILE_MAX + 1, NULL));
    g_assert_null(theme_parse("[styles]\ntext=red\n\0x", 20, NULL));
    g_assert_null(theme_load("../../etc/passwd", NULL));
    g_assert_null(theme_load("no-such-theme", NULL));
}

static void test_theme_file(void)
{
    g_autoptr(GError) error = NULL;
    const char *text = "[styles]\ntext = bold #ff0000 on default\nwarn = underline 11\n";
    g_autoptr(Theme) theme = theme_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_nonnull(theme);
}

/* A key is one thing on a screen; every key has a code; every row explains itself. */
static void test_keymap(void)
{
    guint count = 0;
    const KeyRow *rows = keymap_rows(&count);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean bound[ACTION_COUNT] = {FALSE};

    for (guint i = 0; i < count; i++) {
        g_auto(GStrv) names = g_strsplit(rows[i].keys, " ", -1);
        bound[rows[i].action] = TRUE;
        g_assert_nonnull(rows[i].help);
        g_assert_cmpuint(g_strv_length(names), >, 0);
        for (guint k = 0; names[k]; k++) {
            g_autofree char *where = g_strdup_printf("%d %s", rows[i].context, names[k]);
            guint code = keymap_code(names[k]);
            g_assert_cmpuint(code, !=, 0);
            if (!g_hash_table_add(seen, g_steal_pointer(&where)))
                g_error(
                    "%s has two meanings in %s", names[k], keymap_context_name(rows[i].context));
            g_assert_cmpint(keymap_action(rows[i].context, code), ==, rows[i].action);
        }
    }
    for (int action = ACTION_NONE + 1; action < ACTION_COUNT; action++) {
        g_assert_nonnull(keymap_action_name((Action)action));
        if (!bound[action])
            g_error("no key for %s", keymap_action_name((Action)action));
    }
    g_assert_cmpint(keymap_action(CONTEXT_DOMAINS, '\n'), ==, ACTION_OPEN);
    g_assert_cmpint(keymap_action(CONTEXT_HOST, 0x10ffff), ==, ACTION_NONE);
    g_assert_cmpuint(keymap_code(""), ==, 0);
    g_assert_cmpuint(keymap_code("F13"), ==, 0);
    g_assert_cmpuint(keymap_code("Ctrl-"), ==, 0);
    g_assert_cmpuint(keymap_code("\xff"), ==, 0);
}

/* Runs last: it binds keys anew. */
static void test_keymap_configure(void)
{
    static const struct {
        const char *text, *told; /* NULL: good */
    } rows[] = {
        {"[keys]\ndomains.filter = / f\n", NULL},
        {"[other]\nx = y\n", NULL},
        {"[keys]\ndomains.fly = f\n", "domains.fly"},
        {"[keys]\ndomains.filter = Ctrl-\n", "Ctrl-"},
        {"[keys]\ndomains.filter = ab\n", "ab"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_assert_true(
            g_key_file_load_from_data(file, rows[i].text, (gsize)-1, G_KEY_FILE_NONE, NULL));
        g_assert_cmpint(keymap_configure(file, &error), ==, rows[i].told == NULL);
        if (rows[i].told)
            g_assert_nonnull(strstr(error->message, rows[i].told));
    }
    g_assert_cmpint(keymap_action(CONTEXT_DOMAINS, 'f'), ==, ACTION_FILTER);
}

static void test_glyphs(void)
{
    g_assert_cmpstr(glyph_level(0), ==, " ");
    g_assert_cmpstr(glyph_level(9), ==, " ");
    g_assert_cmpstr(glyph_level(10), ==, "▁");
    g_assert_cmpstr(glyph_level(1000), ==, "█");
    g_assert_cmpstr(glyph_level(5000), ==, "█");
    for (gint64 load = 10; load <= 1000; load += 10)
        g_assert_cmpstr(glyph_ascii(g_utf8_get_char(glyph_level(load))), !=, "?");
}

static void test_lines(void)
{
    static const struct {
        const char *text;
        int first, rest;
        const char *lines; /* joined by "|" */
    } rows[] = {
        {"", 5, 5, ""},
        {"one two", 7, 7, "one two"},
        {"one two", 6, 6, "one|two"},
        {"one two three", 7, 5, "one two|three"},
        {"one two three", 8, 5, "one two|three"},
        {"abcdefgh", 3, 2, "abc|de|fg|h"},
        {"仮想機械", 4, 4, "仮想|機械"},
        {"仮", 1, 1, "仮"}, /* no line is empty */
        {"a bcdefghij", 8, 8, "a bcdefg|hij"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) lines = cell_lines(rows[i].text, rows[i].first, rows[i].rest);
        g_autofree char *joined = g_strjoinv("|", lines);
        g_assert_cmpstr(joined, ==, rows[i].lines);
    }
}

static void test_clipboard(void)
{
    static const struct {
        const char *type;
        gboolean tmux;
        const char *bytes;
    } rows[] = {
        {"xterm-256color", FALSE, "\033]52;c;d2ViMQ==\a"},
        {"", FALSE, "\033]52;c;d2ViMQ==\a"},
        {"tmux-256color", FALSE, "\033]52;c;d2ViMQ==\a\033Ptmux;\033\033]52;c;d2ViMQ==\a\033\\"},
        {"screen-256color", TRUE, "\033]52;c;d2ViMQ==\a\033Ptmux;\033\033]52;c;d2ViMQ==\a\033\\"},
        {"screen", FALSE, "\033P\033]52;c;d2ViMQ==\a\033\\"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gsize length;
        g_autofree char *bytes =
            clipboard_sequence("web1", rows[i].type, rows[i].tmux, &length, NULL);
        g_assert_cmpstr(bytes, ==, rows[i].bytes);
        g_assert_cmpuint(length, ==, strlen(bytes));
    }
    /* Its longest text fits in what terminals take, and no longer one is sent. */
    for (gsize more = 0; more < 2; more++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strnfill(CLIPBOARD_MAX + more, 'x');
        gsize length = 0;
        g_autofree char *bytes = clipboard_sequence(text, "screen", FALSE, &length, &error);
        if (more) {
            g_assert_null(bytes);
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
            continue;
        }
        /* Through screen in pieces; put together they are one sequence. */
        g_auto(GStrv) pieces = g_strsplit(bytes, "\033\\\033P", -1);
        for (guint i = 0; pieces[i]; i++)
            g_assert_cmpuint(strlen(pieces[i]), <=, 80);
        g_autofree char *whole = g_strjoinv("", pieces);
        g_assert_cmpuint(strlen(whole), <, 100020);
    }
}

/* The highest is full, what happens at all is seen, nothing and not known are blank. */
static void test_spark(void)
{
    Spark spark = {0};
    g_autofree char *nothing = spark_text(&spark);

    g_assert_cmpstr(nothing, ==, "            ");
    spark_push(&spark, NUM(1000));
    spark_push(&spark, NUM(1));
    spark_push(&spark, NUM_UNKNOWN);
    spark_push(&spark, NUM(0));
    spark_push(&spark, NUM(-5));
    spark_push(&spark, NUM(500));
    g_autofree char *some = spark_text(&spark);
    g_assert_cmpstr(some, ==, "      █▁   ▄");
    for (guint i = 0; i < SPARK_LENGTH; i++)
        spark_push(&spark, NUM(7));
    g_autofree char *level = spark_text(&spark);
    g_assert_cmpstr(level, ==, "████████████");
}

int main(int argc, char **argv)
{
    gboolean screen = nullscreen_open();

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tui/spark", test_spark);
    g_test_add_func("/tui/figures", test_figures);
    g_test_add_func("/tui/canvas/long", test_long_text);
    if (screen) {
        g_test_add_func("/tui/canvas/fit", test_fit);
        g_test_add_func("/tui/canvas/clip", test_clip);
        g_test_add_func("/tui/canvas/wrap", test_wrap);
        g_test_add_func("/tui/theme/built-in", test_themes_built_in);
        g_test_add_func("/tui/theme/plain", test_themes_plain);
    }
    g_test_add_func("/tui/theme/hostile", test_themes_hostile);
    g_test_add_func("/tui/theme/file", test_theme_file);
    g_test_add_func("/tui/glyphs", test_glyphs);
    g_test_add_func("/tui/keymap/table", test_keymap);
    g_test_add_func("/tui/clipboard", test_clipboard);
    g_test_add_func("/tui/lines", test_lines);
    g_test_add_func("/tui/keymap/configure", test_keymap_configure);
    int result = g_test_run();
    nullscreen_close();
    return result;
}
