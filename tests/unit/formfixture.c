/* The Tuning screen's fixture: an App with three domains. */
#include "tests/unit/formfixture.h"

#include <curses.h>
#include <string.h>

#include "tests/unit/nullscreen.h"

void form_set_up(FormFixture *f, gconstpointer unused)
{
    (void)unused;
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

void form_tear_down(FormFixture *f, gconstpointer unused)
{
    (void)unused;
    app_clear(&f->app);
    memset(f, 0, sizeof *f);
}

gboolean form_shows(App *app, const char *text)
{
    app_draw(app);
    for (int y = 0; y < LINES; y++) {
        g_autofree char *line = nullscreen_line(y);
        if (strstr(line, text))
            return TRUE;
    }
    return FALSE;
}

void form_press(App *app, const char *names)
{
    g_auto(GStrv) keys = g_strsplit(names, " ", -1);

    for (guint i = 0; keys[i]; i++) {
        guint code = keymap_code(keys[i]);
        g_assert_cmpuint(code, !=, 0);
        app_take_key(app, code);
        app_draw(app);
    }
}

void form_open(App *app, const char *first, const char *second)
{
    app_open_tuning(app, (const char *[]){first, second, NULL});
    app_draw(app);
}

guint form_random_key(GRand *random)
{
    static const guint special[] = {KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_LEFT, KEY_CODE_RIGHT,
        KEY_CODE_HOME, KEY_CODE_END, KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN, KEY_CODE_DELETE,
        KEY_CODE_BACKSPACE, KEY_CODE_BACKTAB, KEY_CODE_ENTER, KEY_CODE_ENTER, KEY_CODE_ESCAPE,
        KEY_CODE_TAB, KEY_CTRL('u'), ' ', ' ', 'y', 'n', 'c', 'p', '+', '-', '/', 'z', 't',
        0x1f600};
    guint at = (guint)g_rand_int_range(random, 0, 2 * G_N_ELEMENTS(special));

    return at < G_N_ELEMENTS(special) ? special[at] : (guint)g_rand_int_range(random, 1, 128);
}
