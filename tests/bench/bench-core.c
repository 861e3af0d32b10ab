/* Measures single operations without a screen: what a frame or a change is made of, and what the
 * same machine takes for the libvirt calls that nobody can avoid. Prints "name median-ms max-ms
 * runs" a line. A new benchmark is one function and one row of BENCHMARKS. */
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

static const struct {
    const char *name;
    BenchRun run;
    guint runs;
} BENCHMARKS[] = {{"connect", bench_connect, 9}, {"list", bench_list, 9}};

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
