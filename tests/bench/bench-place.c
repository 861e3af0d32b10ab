/* Measures placement without a screen: a proposal for 100 VMs on 512 CPUs, and the figures that the
 * board shows at each motion of the mouse. Prints "name median-ms max-ms runs" a line, in
 * milliseconds of CPU time, and what the large case costs beside the small one. */
#include "core/place/place.h"
#include "tests/unit/placehost.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS 15

/* @count VMs of 1 to 8 vCPUs, every second one pinned. */
static Snapshot *make_case(const HostShape *shape, guint count)
{
    Snapshot *snapshot = placehost_snapshot(placehost_new(shape));
    guint cpus = shape->nodes * shape->caches * shape->cores * shape->threads;

    for (guint i = 0; i < count; i++) {
        guint vcpus = 1 + i * 7 % 8;
        g_autofree char *name = g_strdup_printf("vm%03u", i);
        g_autoptr(GString) body = g_string_new("<memory unit='GiB'>4</memory>");
        g_string_append_printf(body, "<vcpu>%u</vcpu><cputune>", vcpus);
        for (guint n = 0; n < vcpus && i % 2; n++)
            g_string_append_printf(
                body, "<vcpupin vcpu='%u' cpuset='%u'/>", n, (i * 37 + n * 5) % cpus);
        g_string_append(body, "</cputune>");
        placehost_add(snapshot, name, body->str, TRUE);
    }
    return snapshot;
}

static void run_propose(const Snapshot *snapshot, PlacePolicy policy)
{
    const PlaceWish wish = {.policy = policy};
    g_autoptr(PlaceLayout) layout = place_propose(snapshot, NULL, &wish, NULL);
}

static void run_spread(const Snapshot *snapshot)
{
    run_propose(snapshot, PLACE_SPREAD);
}

static void run_pack(const Snapshot *snapshot)
{
    run_propose(snapshot, PLACE_PACK);
}

static void run_isolate(const Snapshot *snapshot)
{
    run_propose(snapshot, PLACE_ISOLATE);
}

static void run_figures(const Snapshot *snapshot)
{
    place_figures(snapshot, NULL);
}

static int compare(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

/* The thread's own time in µs: a loaded machine does not count. */
static gint64 own_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* The median, in µs. */
static gint64 measure(const char *name, const Snapshot *snapshot, void (*run)(const Snapshot *))
{
    gint64 times[RUNS];

    for (guint r = 0; r < RUNS; r++) {
        gint64 start = own_time();
        run(snapshot);
        times[r] = own_time() - start;
    }
    qsort(times, RUNS, sizeof *times, compare);
    printf("%s %.3f %.3f %d\n", name, (double)times[RUNS / 2] / 1000,
        (double)times[RUNS - 1] / 1000, RUNS);
    return times[RUNS / 2];
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(const Snapshot *);
    } benches[] = {{"place-spread", run_spread}, {"place-pack", run_pack},
        {"place-isolate", run_isolate}, {"place-figures", run_figures}};
    const HostShape large = {8, 4, 8, 2, 128 << 20, 0, NULL},
                    small = {1, 2, 8, 2, 128 << 20, 0, NULL};
    g_autoptr(Snapshot) many = make_case(&large, 100);
    g_autoptr(Snapshot) few = make_case(&small, 6);

    for (guint i = 0; i < G_N_ELEMENTS(benches); i++) {
        g_autofree char *first = g_strdup_printf("%s-100-on-512", benches[i].name);
        g_autofree char *second = g_strdup_printf("%s-6-on-32", benches[i].name);
        gint64 all = measure(first, many, benches[i].run);
        gint64 part = measure(second, few, benches[i].run);
        printf("%s-ratio %.1f\n", benches[i].name, (double)all / (double)MAX(part, 1));
    }
    return 0;
}
