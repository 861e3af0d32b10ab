/* Measures large plans: 20,000 changes on 200 domains staged, looked at, saved, previewed and taken
 * back; vcpupin.all of a domain of 4,096 vCPUs; one value set in a document of 1 MiB. Prints "name
 * median-ms max-ms runs" a line, in milliseconds of CPU time. */
#include "core/preview/preview.h"
#include "core/tune/planfile.h"
#include "tests/unit/fixture.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUNS    5
#define DOMAINS 200
#define KEYS    100 /* changes of each */
#define VCPUS   4096
#define LARGE   "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d9999"

static Snapshot *snapshot;
static Plan *plan, *large;
static char *file, *mebibyte;

static char *make_xml(guint vcpus, gboolean pinned)
{
    GString *xml =
        g_string_new("<domain type='kvm'>\n  <name>x</name>\n  <memory>4194304</memory>\n");

    g_string_append_printf(xml, "  <vcpu>%u</vcpu>\n  <cputune>\n", vcpus);
    for (guint n = 0; pinned && n < vcpus; n++)
        g_string_append_printf(xml, "    <vcpupin vcpu='%u' cpuset='%u'/>\n", n, n % 64);
    g_string_append(xml, "    <shares>1024</shares>\n  </cputune>\n</domain>\n");
    return g_string_free(xml, FALSE);
}

static void set_up(void)
{
    g_autofree char *small = make_xml(KEYS, FALSE), *wide = make_xml(VCPUS, TRUE);
    GString *text = g_string_new("<domain>\n  <name>x</name>\n  <vcpu>2</vcpu>\n  <metadata>\n");

    snapshot = fixture_snapshot();
    for (guint d = 0; d < DOMAINS; d++) {
        g_autofree char *name = g_strdup_printf("vm%u", d);
        g_autofree char *uuid = g_strdup_printf("6f1d2c4e-58a7-4c0b-9e31-%012u", d);
        fixture_domain(snapshot, name, uuid, small, small);
    }
    fixture_domain(snapshot, "large", LARGE, wide, wide);
    plan = plan_new();
    large = plan_new();
    file = g_strdup_printf("%s/kvmtune-bench-plan-%d", g_get_tmp_dir(), (int)getpid());
    while (text->len < 1u << 20)
        g_string_append(
            text, "    <x:note xmlns:x='urn:x'>a line of somebody's metadata</x:note>\n");
    g_string_append(text, "  </metadata>\n</domain>\n");
    mebibyte = g_string_free(text, FALSE);
}

static void stage(void)
{
    for (guint n = 0; n < KEYS; n++) {
        g_autofree char *key = g_strdup_printf("vcpupin.%u", n);
        for (guint d = 0; d < DOMAINS; d++) {
            g_autofree char *name = g_strdup_printf("vm%u", d);
            plan_stage(plan, snapshot, name, key, "1", SCOPE_BOTH, NULL);
        }
    }
}

/* By domain, as a plan file and a person do. */
static void stage_by_domain(void)
{
    for (guint d = 0; d < DOMAINS; d++) {
        g_autofree char *name = g_strdup_printf("vm%u", d);
        for (guint n = 0; n < KEYS; n++) {
            g_autofree char *key = g_strdup_printf("vcpupin.%u", n);
            plan_stage(plan, snapshot, name, key, "1", SCOPE_BOTH, NULL);
        }
    }
}

static void clear_plan(void)
{
    plan_clear(plan);
}

static void look(void)
{
    for (guint i = 0; i < plan->changes->len; i++)
        g_clear_pointer(&((Change *)g_ptr_array_index(plan->changes, i))->looked_at, domain_unref);
    plan_look(plan, snapshot);
}

static void save(void)
{
    g_unlink(file);
    if (!plan_save(plan, snapshot, file, NULL))
        abort();
}

static void load(void)
{
    g_autoptr(Plan) loaded = plan_load(file, snapshot, NULL);

    if (loaded == NULL || loaded->changes->len != plan->changes->len)
        abort();
}

static void show(void)
{
    g_autoptr(Preview) preview = preview_make(snapshot, plan);

    if (preview->steps->len != 2 * DOMAINS * KEYS)
        abort();
}

static void take_back(void)
{
    for (guint i = plan->changes->len; i-- > 0;)
        plan_unstage(plan, i);
}

static void stage_large(void)
{
    plan_clear(large);
    plan_stage(large, snapshot, "large", "vcpupin.all", "63", SCOPE_BOTH, NULL);
}

static void show_large(void)
{
    g_autoptr(Preview) preview = preview_make(snapshot, large);

    if (preview->steps->len == 0 || large->changes->len != VCPUS)
        abort();
}

static void splice(void)
{
    static XmlEdit *edit;
    static TunableKey *key;
    static guint n;
    g_autofree char *value = g_strdup_printf("%u", ++n % 64);

    if (edit == NULL) {
        edit = xml_edit_open(mebibyte, -1, NULL);
        key = tunable_key_parse(TARGET_DOMAIN, "vcpupin.0", NULL);
    }
    if (!tunable_xml_set(key, edit, value, NULL))
        abort();
}

static int compare(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

static gint64 cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*before)(void); /* not measured */
        void (*run)(void);
    } rows[] = {
        {"stage-20000-by-key", clear_plan, stage},
        {"stage-20000", clear_plan, stage_by_domain},
        {"stage-20000-again", NULL, stage_by_domain},
        {"look-20000", NULL, look},
        {"save-20000", NULL, save},
        {"load-20000", NULL, load},
        {"preview-20000", NULL, show},
        {"unstage-20000", stage_by_domain, take_back},
        {"stage-all-of-4096", NULL, stage_large},
        {"preview-all-of-4096", NULL, show_large},
        {"set-in-1-MiB", NULL, splice},
    };

    set_up();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 times[RUNS];
        for (guint r = 0; r < RUNS; r++) {
            if (rows[i].before)
                rows[i].before();
            gint64 start = cpu_us();
            rows[i].run();
            times[r] = cpu_us() - start;
        }
        qsort(times, RUNS, sizeof *times, compare);
        printf("%s %.3f %.3f %d\n", rows[i].name, (double)times[RUNS / 2] / 1000,
            (double)times[RUNS - 1] / 1000, RUNS);
        fflush(stdout);
    }
    g_unlink(file);
    return 0;
}
