/* Kernels of five ages: what each offers is shown and set, what it has not is unknown, on every
 * screen and in both JSON documents. */
#include "core/demo/demo.h"
#include "core/host/host-json.h"
#include "core/snapshot/domains-json.h"
#include "core/virt/driverfolders.h"
#include "core/virt/pages.h"
#include "core/virt/usage.h"
#include "tests/unit/fixture.h"
#include "tests/unit/kernels.h"
#include "tests/unit/nullscreen.h"
#include "tui/app/app-private.h"
#include "tui/screens/memory/memoryparts.h"

#include <curses.h>
#include <json-glib/json-glib.h>
#include <string.h> /* strverscmp */

#define PLAIN_XML                                                                                  \
    "<domain type='kvm'><name>" KERNELS_PLAIN "</name><uuid>" KERNELS_PLAIN_UUID "</uuid>"         \
    "<memory unit='MiB'>64</memory><vcpu>1</vcpu>"                                                 \
    "<numatune><memory mode='strict' nodeset='0'/></numatune></domain>"
#define XML                                                                                        \
    "<domain type='kvm'><name>" KERNELS_NAME "</name><uuid>" KERNELS_UUID "</uuid>"                \
    "<memory unit='MiB'>64</memory><vcpu>1</vcpu>"                                                 \
    "<memoryBacking><hugepages><page size='2048' "                                                 \
    "unit='KiB'/></hugepages></memoryBacking></domain>"

typedef struct {
    Tree tree;
    Snapshot *snapshot; /* the second picture */
    guint ticks;
} Fixture;

/* The next picture, in the place of the one before (if any). */
static void take(Fixture *f, Kernel kernel)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = driver_run_folder("qemu:///system", f->tree.root);
    g_autoptr(Snapshot) before = f->snapshot;
    Snapshot *now = fixture_snapshot();

    g_free(now->root);
    now->root = g_strdup(f->tree.root);
    kernels_put(&f->tree, kernel, f->ticks++);
    now->host = host_read(f->tree.root, before ? before->host : NULL, &error);
    g_assert_no_error(error);
    fixture_domain(now, KERNELS_NAME, KERNELS_UUID, XML, XML);
    fixture_domain(now, KERNELS_PLAIN, KERNELS_PLAIN_UUID, PLAIN_XML, PLAIN_XML);
    for (guint i = 0; i < now->domains->len; i++) {
        DomainView *view = g_ptr_array_index(now->domains, i);
        const DomainView *old = before ? before->domains->pdata[i] : NULL;
        view->usage =
            usage_read(f->tree.root, folder, now->host, view->domain, old ? old->usage : NULL);
        g_assert_nonnull(view->usage);
    }
    f->snapshot = now;
}

static void set_up(Fixture *f, gconstpointer data)
{
    tree_setup(&f->tree, NULL);
    take(f, GPOINTER_TO_UINT(data));
    take(f, GPOINTER_TO_UINT(data));
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    snapshot_unref(f->snapshot);
    tree_teardown(&f->tree, NULL);
}

/* ---- keys ---- */

/* Keys that not all of them have, and since when. */
static const struct {
    const char *key;
    Kernel since;
} keys[] = {
    {"ksm.run", LINUX_3_10},
    {"ksm.merge_across_nodes", LINUX_3_10},
    {"ksm.use_zero_pages", LINUX_4_18},
    {"ksm.max_page_sharing", LINUX_4_18},
    {"ksm.smart_scan", LINUX_6_18},
    {"ksm.advisor_mode", LINUX_6_18},
    {"ksm.advisor_max_cpu", LINUX_6_18},
    {"thp.enabled", LINUX_3_10},
    {"thp.shmem_enabled", LINUX_4_18},
    {"thp.shrink_underused", LINUX_6_18},
    {"thp.khugepaged.max_ptes_swap", LINUX_4_18},
    {"thp.khugepaged.max_ptes_shared", LINUX_5_14},
    {"thp.size.64K.enabled", LINUX_6_18},
    {"thp.size.32K.enabled", KERNELS},
    {"vm.compaction_proactiveness", LINUX_5_14},
    {"vm.compact_memory", LINUX_3_10},
    {"hugepages.node0.2M", LINUX_3_10},
    {"hugepages.overcommit.2M", LINUX_3_10},
    {"hugepages.node0.1G", KERNELS},
};

/* A key's value is known where its file is there; a change of one that is not is refused. */
static void test_keys(Fixture *f, gconstpointer data)
{
    Kernel kernel = GPOINTER_TO_UINT(data);

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_HOST, keys[i].key, NULL);
        g_assert_nonnull(key);
        g_autofree char *value = tunable_host_value(key, f->snapshot->host);
        gboolean offered = kernel >= keys[i].since;
        g_test_message("%s", keys[i].key);
        g_assert_cmpint(value != NULL, ==, offered);
        /* The row tells in which release it came. */
        const char *since = key->tunable->since;
        if (keys[i].since < KERNELS)
            g_assert_cmpint(
                offered, ==, since == NULL || strverscmp(kernels_release(kernel), since) >= 0);
        g_autoptr(Plan) plan = plan_new();
        const char *other = key->tunable->choices ? key->tunable->choices[0].value : "3";
        if (!plan_stage(plan, f->snapshot, "host", keys[i].key, other, SCOPE_BOTH, NULL)) {
            g_assert_false(offered);
            continue;
        }
        g_autoptr(Preview) preview = preview_make(f->snapshot, plan);
        g_autofree char *text = preview_text(preview);
        g_assert_cmpint(strstr(text, "this kernel does not offer") != NULL, ==, !offered);
    }
}

/* ---- figures ---- */

static void assert_known(Num number, gboolean known, gint64 value)
{
    g_assert_cmpint(number.known, ==, known);
    g_assert_cmpint(number.value, ==, known ? value : 0);
}

static void test_figures(Fixture *f, gconstpointer data)
{
    Kernel kernel = GPOINTER_TO_UINT(data);
    const Host *host = f->snapshot->host;
    const DomainUsage *usage = ((DomainView *)f->snapshot->domains->pdata[0])->usage;
    const DomainUsage *plain = ((DomainView *)f->snapshot->domains->pdata[1])->usage;

    g_assert_cmpstr(host->kernel, ==, kernels_release(kernel));
    assert_known(host->ksm_saved_kib, TRUE, 20000);
    /* 5000 pages saved, 8000 records of 64 bytes */
    g_assert_cmpint(host->ksm_profit_told, ==, kernel >= LINUX_6_18);
    assert_known(host->ksm_profit, TRUE, kernel >= LINUX_6_18 ? 19000000 : 5000 * 4096 - 8000 * 64);
    g_assert_true(host->ksmd_load.known);
    g_assert_false(host->ksmtuned.installed);
    g_assert_cmpuint(host->thp_sizes->len, ==, kernel >= LINUX_6_18 ? 2 : 0);
    g_assert_cmpint(host->pressure.some10.known, ==, kernel >= LINUX_5_14);
    assert_known(kernel_file_number(host->meminfo, "MemAvailable"), kernel >= LINUX_4_18, 9000000);

    assert_known(usage->thp_kib, TRUE, 8192);
    assert_known(usage->ksm_pages, kernel >= LINUX_6_1, 4000);
    assert_known(usage->ksm_profit, kernel >= LINUX_6_18, 16000000);
    g_assert_cmpint(usage->hugetlb != NULL, ==, kernel >= LINUX_5_14);
    /* Pages of pools by node: 5.18; the others since long. */
    g_assert_cmpuint(node_kib_sum(usage->memory), ==, kernel >= LINUX_6_1 ? 8192 + 4096 : 0);
    g_assert_cmpuint(node_kib_on(plain->memory, 0), ==, 49152);
    g_assert_cmpuint(node_kib_on(plain->memory, 1), ==, 16384);
    g_assert_cmpint(plain->pressure.some10.known, ==, kernel >= LINUX_5_14);
}

/* Both documents are JSON, and what is not there is null. */
static void test_json(Fixture *f, gconstpointer data)
{
    Kernel kernel = GPOINTER_TO_UINT(data);
    g_autofree char *host = host_to_json(f->snapshot->host);
    g_autofree char *domains = domains_to_json(f->snapshot);
    g_autoptr(JsonParser) parser = json_parser_new();

    g_assert_true(json_parser_load_from_data(parser, domains, -1, NULL));
    g_assert_true(json_parser_load_from_data(parser, host, -1, NULL));
    g_assert_cmpint(strstr(domains, "\"merging_pages\" : null") != NULL, ==, kernel < LINUX_6_1);
    g_assert_cmpint(strstr(domains, "\"profit_bytes\" : null") != NULL, ==, kernel < LINUX_6_18);
    g_assert_cmpint(strstr(domains, "\"hugetlb\" : [") != NULL, ==, kernel >= LINUX_5_14);
    g_assert_cmpint(
        strstr(host, "\"profit_by\" : \"formula of ksm.rst\"") != NULL, ==, kernel < LINUX_6_18);
    g_assert_cmpint(strstr(host, "\"anon_fault_alloc\" : 101") != NULL, ==, kernel >= LINUX_6_18);
    g_assert_cmpint(strstr(host, "\"smart_scan\"") != NULL, ==, kernel >= LINUX_6_18);
    g_assert_cmpint(strstr(host, "\"some_avg10\" : null") != NULL, ==, kernel < LINUX_5_14);
}

/* ---- screens ---- */

/* What a screen of 120 lines shows and does not; since which kernel. */
static const struct {
    ScreenId screen;
    const char *text;
    Kernel since, until;
} shown[] = {
    {SCREEN_HOST, "2 packages, 2 nodes, 2 cores, 2 CPUs", LINUX_3_10, LINUX_6_18},
    {SCREEN_HOST, "16.0 GiB memory, 8.6 GiB available", LINUX_4_18, LINUX_6_18},
    {SCREEN_HOST, "16.0 GiB memory", LINUX_3_10, LINUX_6_18},
    {SCREEN_HOST, "2M 6/8 free", LINUX_3_10, LINUX_6_18},
    {SCREEN_MEMORY, "node 0        2M           8", LINUX_3_10, LINUX_6_18},
    {SCREEN_MEMORY, "in pieces for 2048 pages of 2M", LINUX_3_10, LINUX_6_18},
    {SCREEN_MEMORY, "held by vm 4.0 MiB", LINUX_5_14, LINUX_6_18},
    {SCREEN_MEMORY, "MemAvailable", LINUX_4_18, LINUX_6_18},
    {SCREEN_MEMORY, "SecPageTables", LINUX_6_1, LINUX_6_18},
    {SCREEN_MEMORY, "32  of 2M", LINUX_3_10, LINUX_6_18},
    {SCREEN_MEMORY, "vm.compaction_proactiveness        20", LINUX_5_14, LINUX_6_18},
    {SCREEN_MEMORY, "vm.watermark_scale_factor          10", LINUX_4_18, LINUX_6_18},
    {SCREEN_MEMORY, "kernel.numa_balancing               1  on", LINUX_3_10, LINUX_6_18},
    {SCREEN_MEMORY, "TDP MMU                       on", LINUX_5_14, LINUX_6_18},
    {SCREEN_MEMORY, "TDP MMU                       –", LINUX_3_10, LINUX_4_18},
    {SCREEN_MEMORY, "host                       –  not known", LINUX_3_10, LINUX_4_18},
    {SCREEN_MEMORY, "plain                  0.10%  some in 10 s", LINUX_5_14, LINUX_6_18},
    {SCREEN_MEMORY, "their cgroup does not tell", LINUX_3_10, LINUX_4_18},
    {SCREEN_SHARING, "KSM  running  saves 19.5 MiB  sharing ratio 5.0", LINUX_3_10, LINUX_6_18},
    {SCREEN_SHARING, "by formula", LINUX_3_10, LINUX_6_1},
    {SCREEN_SHARING, "18.1 MiB            general_profit", LINUX_6_18, LINUX_6_18},
    {SCREEN_SHARING, "smart_scan", LINUX_6_18, LINUX_6_18},
    {SCREEN_SHARING, "max_page_sharing", LINUX_4_18, LINUX_6_18},
    {SCREEN_SHARING, "max_ptes_shared", LINUX_5_14, LINUX_6_18},
    {SCREEN_SHARING, "64K anon_fault_alloc", LINUX_6_18, LINUX_6_18},
    {SCREEN_SHARING, "thp_split_page", LINUX_4_18, LINUX_6_18},
    {SCREEN_SHARING, "15.6 MiB", LINUX_6_1, LINUX_6_18},   /* the VM's merged pages */
    {SCREEN_SHARING, "12% of it", LINUX_3_10, LINUX_6_18}, /* … in huge pages */
    {SCREEN_PAGES, "plain           64M  ▆   48M  ▂   16M  1         75%  strict 0 ≠", LINUX_3_10,
        LINUX_6_18},
    {SCREEN_PAGES, "vm              12M  █   12M        ·  0          0%  –", LINUX_6_1,
        LINUX_6_18},
    {SCREEN_PAGES, "vm                –        –        –  0           –  –", LINUX_3_10,
        LINUX_5_14},
};

static gboolean shows(const char *text)
{
    for (int y = 0; y < LINES; y++) {
        g_autofree char *line = nullscreen_line(y);
        if (strstr(line, text))
            return TRUE;
    }
    return FALSE;
}

static const ScreenId of_memory[] = {SCREEN_HOST, SCREEN_MEMORY, SCREEN_SHARING, SCREEN_PAGES};

static void open_screen(App *app, ScreenId screen)
{
    if (screen == SCREEN_DOMAIN)
        app_open_domain(app, KERNELS_UUID);
    else if (screen == SCREEN_TUNING)
        app_open_tuning(app, (const char *[]){KERNELS_UUID, NULL});
    else
        app_open(app, screen);
    app_draw(app);
}

/* As many blanks as it is long. */
static gboolean blank(const GMatchInfo *match, GString *out, gpointer data)
{
    int from, to;
    (void)data;

    g_match_info_fetch_pos(match, 0, &from, &to);
    for (; from < to; from++)
        g_string_append_c(out, ' ');
    return FALSE;
}

/* Adds to @lines what is on the screen, with blanks for figures, rates and bars, from line @y on;
 * without the foot and the hints, where a sentence may be too long. */
static void outline(GPtrArray *lines, int y)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    g_autoptr(GRegex) figures = g_regex_new("(< )?-?[0-9.]+/s *|[0-9.]", 0, 0, NULL);

    for (; y < LINES - 6; y++) {
        g_autofree char *text = nullscreen_line(y);
        g_autoptr(GString) line = g_string_new(text);
        for (guint i = 0; i < G_N_ELEMENTS(bars); i++)
            g_string_replace(line, bars[i], " ", 0);
        char *blanked = g_regex_replace_eval(figures, line->str, -1, 0, 0, blank, NULL, NULL);
        g_ptr_array_add(lines, g_strchomp(blanked));
    }
}

/* The outlines of the screens of memory, one below the other. */
static GPtrArray *outlines(App *app)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < G_N_ELEMENTS(of_memory); i++) {
        open_screen(app, of_memory[i]);
        /* Sharing's first line ends with a rate, which may be longer or shorter. */
        outline(lines, of_memory[i] == SCREEN_SHARING ? 3 : 2);
    }
    return lines;
}

static void stands_still(Fixture *f, Kernel kernel, App *app)
{
    g_autoptr(GPtrArray) before = outlines(app);

    take(f, kernel);
    snapshot_unref(app->snapshot);
    app->snapshot = snapshot_ref(f->snapshot);
    app_update(app);
    g_autoptr(GPtrArray) after = outlines(app);
    g_test_message("%s, %d x %d", kernels_release(kernel), COLS, LINES);
    g_assert_cmpuint(before->len, ==, after->len);
    for (guint i = 0; i < before->len; i++) {
        g_assert_cmpstr(before->pdata[i], ==, after->pdata[i]);
        g_assert_null(strstr(after->pdata[i], "…"));
    }
}

static void test_screens(Fixture *f, gconstpointer data)
{
    Kernel kernel = GPOINTER_TO_UINT(data);
    AppOptions options = {.collector.root = "", .journal_folder = "/nonexistent/kvmtune"};
    struct AppPrivate private = {0};
    App app = {.options = &options, .private = &private};

    app.snapshot = snapshot_ref(f->snapshot);
    app.theme = theme_load("dark", NULL);
    app_set_up(&app);
    /* Each screen at each size: nothing cut, and nothing but figures changes with the next picture.
     */
    static const int sizes[][2] = {{24, 80}, {60, 200}, {120, 80}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        resizeterm(sizes[i][0], sizes[i][1]);
        for (ScreenId screen = 0; screen < SCREEN_COUNT; screen++)
            open_screen(&app, screen);
        stands_still(f, kernel, &app);
    }
    for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
        app_open(&app, shown[i].screen);
        app_draw(&app);
        g_test_message("%s: %s", kernels_release(kernel), shown[i].text);
        g_assert_cmpint(
            shows(shown[i].text), ==, kernel >= shown[i].since && kernel <= shown[i].until);
    }
    app_clear(&app);
}

/* Each line of a young kernel's meminfo is explained. */
static void test_meminfo(void)
{
    g_autoptr(Demo) demo = demo_new(NULL);
    g_autoptr(Host) host = host_read(demo_root(demo), NULL, NULL);

    g_assert_cmpuint(host->meminfo->len, >, 40);
    for (guint i = 0; i < host->meminfo->len; i++) {
        const KernelFile *line = g_ptr_array_index(host->meminfo, i);
        g_test_message("%s", line->name);
        g_assert_nonnull(meminfo_help(line->name));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
        gboolean draws;
    } tests[] = {{"keys", test_keys, FALSE}, {"figures", test_figures, FALSE},
        {"json", test_json, FALSE}, {"screens", test_screens, TRUE}};
    gboolean screen = nullscreen_open();

    g_test_init(&argc, &argv, NULL);
    for (guint kernel = 0; kernel < KERNELS; kernel++)
        for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *name =
                g_strdup_printf("/kernels/%s/%s", kernels_release(kernel), tests[i].name);
            if (screen || !tests[i].draws)
                g_test_add(
                    name, Fixture, GUINT_TO_POINTER(kernel), set_up, tests[i].run, tear_down);
        }
    g_test_add_func("/kernels/meminfo", test_meminfo);
    int result = g_test_run();
    nullscreen_close();
    return result;
}
