/* Measures screens on a curses screen that nobody sees. The tuning form of a domain of 256 vCPUs:
 * opened, a key and its redraw, a new Snapshot in which nothing changed. The list of 1,000 domains:
 * a key, a new Snapshot. Prints "name median-ms max-ms runs" a line. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/made.h"
#include "tests/unit/nullscreen.h"
#include "tui/app/app-private.h"

#define RUNS  101
#define VCPUS 256
#define LIST  1000
#define UUID  "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7256"

static Domain *large_domain(void)
{
    g_autoptr(GString) body = g_string_new(NULL);

    g_string_append_printf(
        body, "  <memory>67108864</memory>\n  <vcpu>%d</vcpu>\n  <cputune>\n", VCPUS);
    for (int n = 0; n < VCPUS; n++)
        g_string_append_printf(body, "    <vcpupin vcpu='%d' cpuset='%d'/>\n", n, n % 62);
    g_string_append(body, "  </cputune>\n");
    return made_domain("large", UUID, body->str, body->str);
}

static void add_list(Snapshot *snapshot)
{
    static const char body[] =
        "  <memory>4194304</memory>\n  <vcpu>4</vcpu>\n  <cputune>\n"
        "    <vcpupin vcpu='0' cpuset='0-3'/>\n    <vcpupin vcpu='1' cpuset='8,10,12'/>\n"
        "  </cputune>\n";

    for (int i = 0; i < LIST; i++) {
        g_autofree char *name = g_strdup_printf("web%d.example", i);
        g_autofree char *uuid = g_strdup_printf("11111111-58a7-4c0b-9e31-%012d", i);
        made_add(snapshot, made_domain(name, uuid, body, body));
    }
}

static void open_form(App *app)
{
    /* Another form first, so that nothing of this one is known. */
    app_open_tuning(app, (const char *[]){"none", NULL});
    app_open_tuning(app, (const char *[]){UUID, NULL});
    app_draw(app);
}

static void press_down(App *app)
{
    app_take_key(app, KEY_CODE_DOWN);
    app_draw(app);
}

static void press_list_down(App *app)
{
    if (app->screen != SCREEN_DOMAINS)
        app_open(app, SCREEN_DOMAINS);
    press_down(app);
}

/* Every second time all the vCPUs' lines come, then they go. */
static void fold_all(App *app)
{
    app_take_key(app, 'z');
    app_draw(app);
}

static void take_picture(App *app)
{
    app_update(app);
    app_draw(app);
}

static int compare(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(App *app);
    } rows[] = {{"form-open", open_form}, {"form-key", press_down}, {"form-fold-all", fold_all},
        {"form-picture", take_picture}, {"list-key", press_list_down},
        {"list-picture", take_picture}};
    static const AppOptions options = {
        .collector.root = "", .journal_folder = "/nonexistent/kvmtune"};
    struct AppPrivate private = {0};
    App app = {.options = &options, .private = &private};

    if (!nullscreen_open()) {
        fputs("bench-screens: no UTF-8 locale or no terminfo\n", stderr);
        return 1;
    }
    app.snapshot = made_snapshot();
    app.theme = theme_load("dark", NULL);
    made_add(app.snapshot, large_domain());
    add_list(app.snapshot);
    app_set_up(&app);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 times[RUNS];
        for (guint r = 0; r < RUNS; r++) {
            gint64 start = g_get_monotonic_time();
            rows[i].run(&app);
            times[r] = g_get_monotonic_time() - start;
        }
        qsort(times, RUNS, sizeof *times, compare);
        printf("%s %.3f %.3f %d\n", rows[i].name, (double)times[RUNS / 2] / 1000,
            (double)times[RUNS - 1] / 1000, RUNS);
    }
    app_clear(&app);
    nullscreen_close();
    return 0;
}
