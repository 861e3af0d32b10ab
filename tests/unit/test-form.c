/* The Tuning screen, driven by keys and clicks on a screen that nobody sees. */
#include <curses.h>
#include <string.h>

#include "core/tune/tunings.h"
#include "tests/unit/formfixture.h"
#include "tests/unit/nullscreen.h"

/* Searches for @key and puts the cursor on it. */
static void go_to(App *app, const char *key)
{
    form_press(app, "/ Ctrl-U");
    for (const char *p = key; *p; p++)
        app_take_key(app, (guint)*p);
    form_press(app, "Enter End");
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

static void test_set(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_A, NULL);
    go_to(app, "vcpupin.0");
    form_press(app, "Enter");
    g_assert_true(form_shows(app, "vcpupin.0 of a"));
    /* The map and the text are one: CPU 2's core, then typed anew, then wrong. */
    form_press(app, "c");
    g_assert_true(form_shows(app, "2,34"));
    form_press(app, "Space Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "vcpupin.0"), ==, "34");
    form_press(app, "Enter 9 9 9");
    g_assert_true(form_shows(app, "no CPU 999"));
    form_press(app, "Enter");
    g_assert_true(dialog_is_open(app->private->dialog));
    form_press(app, "Esc d");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

static void test_scope(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_A, NULL);
    go_to(app, "emulatorpin");
    form_press(app, "Enter 3 Tab Enter");
    g_assert_nonnull(change_of(app, UUID_A, "emulatorpin", SCOPE_LIVE));
    g_assert_true(form_shows(app, "→ 3 (now)"));
    form_press(app, "Enter 4 Tab Enter"); /* it opens at what is staged */
    g_assert_nonnull(change_of(app, UUID_A, "emulatorpin", SCOPE_CONFIG));

    g_assert_true(form_shows(app, "→ 3 (now) · 4 (next)"));

    /* libvirt has no call for it while the domain runs: said before, and staged for later. */
    go_to(app, "memory.nosharepages");
    g_assert_true(form_shows(app, "libvirt cannot change it while the domain runs"));
    form_press(app, "Enter");
    g_assert_true(form_shows(app, "next start only"));
    form_press(app, "Home Enter");
    g_assert_nonnull(change_of(app, UUID_A, "memory.nosharepages", SCOPE_CONFIG));

    /* A transient domain has no next start. */
    form_open(app, UUID_C, NULL);
    go_to(app, "emulatorpin");
    form_press(app, "Enter");
    g_assert_true(form_shows(app, "running only"));
    form_press(app, "5 Enter");
    g_assert_nonnull(change_of(app, UUID_C, "emulatorpin", SCOPE_LIVE));
}

/* What is off takes nothing at once. */
static void test_off(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_B, NULL);
    go_to(app, "emulatorpin");
    g_assert_true(form_shows(app, "◷ at the next start"));
    g_assert_true(form_shows(app, "emulatorpin                ◷  –"));
    g_assert_false(form_shows(app, "takes it at once"));
    form_open(app, UUID_A, NULL);
    go_to(app, "emulatorpin");
    g_assert_true(form_shows(app, "• now: the running domain takes it at once"));
    /* Of several, one that runs does. */
    form_open(app, UUID_A, UUID_B);
    go_to(app, "emulatorpin");
    g_assert_true(form_shows(app, "takes it at once"));
}

/* Where the panel has no room for all that is told of a tunable, ? has. */
static void test_whole(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_A, NULL);
    go_to(app, "memory.hugepages");
    g_assert_true(form_shows(app, "? all of it"));
    g_assert_false(form_shows(app, "memory.allocation=ondemand"));
    form_press(app, "?");
    g_assert_true(form_shows(app, "memory.allocation=ondemand do not go with it."));
    g_assert_true(form_shows(app, "Source: libvirt.org/formatdomain.html#memory-backing"));
    form_press(app, "Esc");
    go_to(app, "rng.model");
    form_press(app, "Esc Home ?"); /* a heading has nothing of its own */
    g_assert_false(form_shows(app, "Source: "));
    g_assert_true(form_shows(app, "Tuning of a domain"));
}

static void test_several(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_A, UUID_B);
    g_assert_true(form_shows(app, "tuning of 2 domains"));
    g_assert_true(form_shows(app, "b\\x9b2J"));
    go_to(app, "emulatorpin");
    g_assert_true(form_shows(app, "differ: "));
    form_press(app, "Enter 6 Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "emulatorpin"), ==, "6");
    g_assert_cmpstr(plan_value(app->plan, UUID_B, "emulatorpin"), ==, "6");
    /* Only one has it: only there it is staged. */
    go_to(app, "vcpupin.3");
    g_assert_true(form_shows(app, "1 of 2 domains have it"));
    form_press(app, "Enter 7 Enter");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "vcpupin.3"), ==, "7");
    g_assert_null(plan_value(app->plan, UUID_B, "vcpupin.3"));
    /* What was staged by one answer goes by one undo. */
    form_press(app, "u u");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

static void test_copy(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_B, NULL);
    form_press(app, "P");
    g_assert_true(form_shows(app, "nothing is copied yet"));
    form_press(app, "y");
    form_open(app, UUID_A, NULL);
    form_press(app, "P");
    g_assert_true(form_shows(app, "to be staged, "));
    form_press(app, "n");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
    form_press(app, "P y");
    g_assert_cmpstr(plan_value(app->plan, UUID_A, "emulatorpin"), ==, "0-1");
    g_assert_null(plan_value(app->plan, UUID_A, "memory.max")); /* it stands already */
}

static void test_keeps_place(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_A, NULL);
    form_press(app, "Down Right End");
    g_assert_true(form_shows(app, "features."));
    /* A picture in which the domain has more vCPUs: the cursor stays on its key. */
    Snapshot *fresh = made_snapshot();
    made_add(fresh, made_domain("a", UUID_A, NULL, "<memory>4096</memory><vcpu>9</vcpu>"));
    form_press(app, "Home Down Down");
    g_assert_true(form_shows(app, "vcpupin.0  CPUS"));
    snapshot_unref(app->snapshot);
    app->snapshot = fresh;
    app_update(app);
    g_assert_true(form_shows(app, "vcpupin.0  CPUS"));
    /* And one in which it is gone. */
    Snapshot *without = made_snapshot();
    snapshot_unref(app->snapshot);
    app->snapshot = without;
    app_update(app);
    g_assert_true(form_shows(app, "This domain is gone"));
    form_press(app, "Enter Space z y P d x Left Right / Esc Up Down");
}

static void test_read_only(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    app->snapshot->link.read_only = TRUE;
    form_open(app, UUID_A, NULL);
    g_assert_true(form_shows(app, "emulatorpin"));
    g_assert_false(form_shows(app, "paste"));
    go_to(app, "emulatorpin");
    form_press(app, "Enter");
    g_assert_false(dialog_is_open(app->private->dialog));
    form_press(app, "x Space P");
    g_assert_cmpuint(app->plan->changes->len, ==, 0);
}

/* What the rules say of a staged value is said at its field. */
static void test_findings(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_B, NULL);
    go_to(app, "memory.locked");
    g_assert_false(form_shows(app, "! → on") || form_shows(app, "✗ → on"));
    form_press(app, "Space");
    g_assert_true(form_shows(app, "! → on") || form_shows(app, "✗ → on"));
    form_press(app, "d");
    g_assert_false(form_shows(app, "→ on"));
}

/* What somebody changed since a value was staged upon it is marked at the field. */
static void test_ground(FormFixture *f, gconstpointer data)
{
    App *app = &f->app;

    (void)data;
    form_open(app, UUID_B, NULL);
    go_to(app, "emulatorpin");
    form_press(app, "Enter 3 Enter");
    g_assert_null(plan_look(app->plan, app->snapshot));
    g_assert_true(form_shows(app, "→ 3"));
    g_assert_false(form_shows(app, "! → 3") || form_shows(app, "somebody changed it"));

    g_autoptr(Snapshot) before = app->snapshot;
    app->snapshot = made_snapshot();
    made_add(app->snapshot,
        made_domain("b", UUID_B, NULL,
            "<memory>4096</memory><vcpu>2</vcpu><cputune><emulatorpin cpuset='1'/></cputune>"));
    g_assert_nonnull(plan_look(app->plan, app->snapshot));
    app_update(app);
    g_assert_true(form_shows(app, "! → 3"));
    g_assert_true(form_shows(app, "! somebody changed it since it was staged"));
    form_press(app, "d");
    g_assert_false(form_shows(app, "somebody changed it"));
}

/* All that is asked is that it neither fails nor stages what the catalogue refuses. */
static void test_anything(FormFixture *f, gconstpointer data)
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
            form_open(app, UUID_A, i % 2 ? UUID_B : NULL);
        }
        guint key = form_random_key(random);
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

int main(int argc, char **argv)
{
    gboolean screen = nullscreen_open();

    g_test_init(&argc, &argv, NULL);
    if (screen) {
#define ADD(name, function)                                                                        \
    g_test_add("/form/" name, FormFixture, NULL, form_set_up, function, form_tear_down)
        ADD("set", test_set);
        ADD("scope", test_scope);
        ADD("off", test_off);
        ADD("whole", test_whole);
        ADD("several", test_several);
        ADD("copy", test_copy);
        ADD("keeps-place", test_keeps_place);
        ADD("read-only", test_read_only);
        ADD("findings", test_findings);
        ADD("ground", test_ground);
        ADD("anything", test_anything);
    }
    int result = g_test_run();
    nullscreen_close();
    return result;
}
