/* Measures single operations without a screen: what a frame or a change is made of, and what the
 * same machine takes for the libvirt calls that nobody can avoid. Prints "name median-ms max-ms
 * runs" a line. A new benchmark is one function and one row of BENCHMARKS. */
#include "core/collector/collector.h"
#include "core/preview/preview.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>

/* A benchmark does its work once. FALSE where it cannot; libvirt's reason is printed. */
typedef gboolean (*BenchRun)(const char *uri);

static gboolean bench_connect(const char *uri)
{
    virConnectPtr connection = virConnectOpenReadOnly(uri);

    if (connection != NULL)
        virConnectClose(connection);
    return connection != NULL;
}

/* The least that a list of all domains costs: connect, and take their names. */
static gboolean bench_list(const char *uri)
{
    virConnectPtr connection = virConnectOpenReadOnly(uri);
    virDomainPtr *domains = NULL;
    int count = -1;

    if (connection != NULL)
        count = virConnectListAllDomains(connection, &domains, 0);
    for (int i = 0; i < count; i++)
        virDomainFree(domains[i]);
    free(domains);
    if (connection != NULL)
        virConnectClose(connection);
    return count >= 0;
}

/* One change of every domain, staged; read once, and not measured. */
static gboolean stage_all(const char *uri, Snapshot **snapshot, Plan **plan)
{
    static Snapshot *taken;
    static Plan *staged;
    CollectorOptions options = {.uri = uri, .root = ""};

    gboolean fresh = taken == NULL;
    if (fresh) {
        taken = collector_take_once(&options, TRUE, NULL, NULL);
        staged = plan_new();
    }
    for (guint i = 0; fresh && taken != NULL && i < taken->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(taken->domains, i);
        plan_stage(staged, taken, view->domain->uuid, "vcpupin.0", "0", SCOPE_BOTH, NULL);
    }
    *snapshot = taken;
    *plan = staged;
    return taken != NULL;
}

/* What one look at the preview costs, of one change on every domain. */
static gboolean bench_preview(const char *uri)
{
    Snapshot *snapshot;
    Plan *plan;

    if (!stage_all(uri, &snapshot, &plan))
        return FALSE;
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    return preview->steps->len >= snapshot->domains->len && preview->errors == 0;
}

/* What it costs to see that nothing has changed: at every new picture. */
static gboolean bench_preview_current(const char *uri)
{
    static Preview *preview;
    Snapshot *snapshot;
    Plan *plan;

    if (!stage_all(uri, &snapshot, &plan))
        return FALSE;
    if (preview == NULL)
        preview = preview_make(snapshot, plan);
    return preview_is_current(preview, snapshot, plan);
}

static const struct {
    const char *name;
    BenchRun run;
    guint runs;
    gboolean prepares; /* the first run does more than the others: it is not counted */
} BENCHMARKS[] = {{"connect", bench_connect, 9, FALSE}, {"list", bench_list, 9, FALSE},
    {"preview", bench_preview, 9, TRUE}, {"preview-is-current", bench_preview_current, 9, TRUE}};

static int compare(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

static void be_silent(void *data, virErrorPtr error)
{
    (void)data, (void)error;
}

int main(int argc, char **argv)
{
    const char *uri = argc > 1 ? argv[1] : "test:///default";
    const char *only = argc > 2 ? argv[2] : NULL;

    virSetErrorFunc(NULL, be_silent);
    for (guint i = 0; i < G_N_ELEMENTS(BENCHMARKS); i++) {
        g_autofree gint64 *times = g_new(gint64, BENCHMARKS[i].runs);
        if (only != NULL && g_strcmp0(only, BENCHMARKS[i].name) != 0)
            continue;
        if (BENCHMARKS[i].prepares)
            BENCHMARKS[i].run(uri);
        for (guint r = 0; r < BENCHMARKS[i].runs; r++) {
            gint64 start = g_get_monotonic_time();
            if (!BENCHMARKS[i].run(uri)) {
                fprintf(stderr, "bench-core: %s on %s: %s\n", BENCHMARKS[i].name, uri,
                    virGetLastErrorMessage());
                return 1;
            }
            times[r] = g_get_monotonic_time() - start;
        }
        qsort(times, BENCHMARKS[i].runs, sizeof *times, compare);
        printf("%s %.3f %.3f %u\n", BENCHMARKS[i].name,
            (double)times[BENCHMARKS[i].runs / 2] / 1000,
            (double)times[BENCHMARKS[i].runs - 1] / 1000, BENCHMARKS[i].runs);
    }
    return 0;
}
