/* core/place: figures, what is proposed and why, the same answer to the same question. */
#include "core/host/kernelfile.h"
#include "core/place/layout.h"
#include "tests/unit/placehost.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

static gint64 figure(PlaceFigures figures, PlaceFigure which)
{
    g_assert_true(figures.values[which].known);
    return figures.values[which].value;
}

/* ---- figures ---- */

static void test_figures(void)
{
    const HostShape shape = {2, 2, 2, 2, 1 << 20, 0, NULL}; /* cores 0-7, siblings +8 */
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    PlaceFigures none = place_figures(snapshot, NULL);

    g_assert_cmpint(figure(none, FIGURE_VCPUS_PER_THREAD), ==, 0);
    g_assert_false(none.values[FIGURE_REMOTE_MEMORY].known);

    /* Two vCPUs on CPU 0 and its sibling 8; one of another on 8: crowded thread, crowded core. */
    placehost_add(snapshot, "a",
        "<memory>1024</memory><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='0'/>"
        "<vcpupin vcpu='1' cpuset='8'/><emulatorpin cpuset='1'/></cputune>"
        "<numatune><memory nodeset='1'/></numatune>",
        TRUE);
    placehost_add(snapshot, "b",
        "<memory>1024</memory><vcpu>1</vcpu><iothreads>2</iothreads>"
        "<cputune><vcpupin vcpu='0' cpuset='8'/><emulatorpin cpuset='8'/>"
        "<iothreadpin iothread='1' cpuset='7'/></cputune>"
        "<numatune><memory nodeset='0'/></numatune>",
        TRUE);
    /* One over both nodes, one within a node but over two cache groups, one that floats. */
    placehost_add(snapshot, "c",
        "<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='3'/><vcpupin vcpu='1' cpuset='4'/>"
        "<emulatorpin cpuset='2'/></cputune>",
        TRUE);
    placehost_add(snapshot, "d", "<vcpu cpuset='4-7'>4</vcpu>", TRUE);
    placehost_add(snapshot, "e", "<vcpu>7</vcpu>", FALSE);
    PlaceFigures figures = place_figures(snapshot, NULL);
    g_assert_cmpint(figure(figures, FIGURE_VCPUS_PER_THREAD), ==, 56); /* 9 of 16 */
    /* CPU 8; and CPU 4, of which c asks the whole and d a quarter of each of four vCPUs */
    g_assert_cmpint(figure(figures, FIGURE_CROWDED_THREADS), ==, 2);
    g_assert_cmpint(figure(figures, FIGURE_CROWDED_CORES), ==, 2);
    g_assert_cmpint(figure(figures, FIGURE_STRADDLE_NODES), ==, 1);
    g_assert_cmpint(figure(figures, FIGURE_STRADDLE_CACHES), ==, 2);
    g_assert_cmpint(figure(figures, FIGURE_REMOTE_MEMORY), ==, 500); /* a's all, b's none */
    /* b's emulator, its I/O threads (1 on d's core, 2 anywhere), d's emulator */
    g_assert_cmpint(figure(figures, FIGURE_HELPERS_ON_VCPU_CORES), ==, 4);

    /* With a plan: b's vCPU to CPU 1, where a's emulator is; a's memory to node 0. */
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    plan_stage(plan, snapshot, "b", "vcpupin.0", "1", SCOPE_BOTH, &error);
    g_assert_no_error(error);
    plan_stage(plan, snapshot, "a", "numatune.nodeset", "0", SCOPE_BOTH, &error);
    g_assert_no_error(error);
    figures = place_figures(snapshot, plan);
    g_assert_cmpint(figure(figures, FIGURE_CROWDED_THREADS), ==, 1);
    g_assert_cmpint(figure(figures, FIGURE_CROWDED_CORES), ==, 1);
    g_assert_cmpint(figure(figures, FIGURE_REMOTE_MEMORY), ==, 0);
    g_assert_cmpint(figure(figures, FIGURE_HELPERS_ON_VCPU_CORES), ==, 5);
    g_autofree char *text = place_figure_text(FIGURE_VCPUS_PER_THREAD, NUM(56));
    g_assert_cmpstr(text, ==, "0.56");
    g_autofree char *share = place_figure_text(FIGURE_REMOTE_MEMORY, NUM(125));
    g_assert_cmpstr(share, ==, "12.5%");
    g_autofree char *unknown = place_figure_text(FIGURE_REMOTE_MEMORY, NUM_UNKNOWN);
    g_assert_cmpstr(unknown, ==, "–");
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++)
        g_assert_cmpuint(strlen(place_figure_info(i)->definition), >, 20);
}

/* ---- what is proposed ---- */

static char *vcpus_text(const PlacedDomain *domain)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint n = 0; n < domain->vcpus->len; n++) {
        g_autofree char *cpus = idset_format(g_ptr_array_index(domain->vcpus, n));
        g_string_append_printf(out, "%s%s", n ? " " : "", cpus);
    }
    return g_strdup(out->str);
}

static void test_node(void)
{
    const HostShape shape = {2, 2, 2, 2, 8 << 20, 0, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    const PlaceWish wish = {.domains = (const char *const[]){"big", "paired", NULL}};

    /* Node 0 has no memory for the big one; the other's siblings belong on a core. */
    placehost_set_room(snapshot->host, 0, 1 << 20, 0);
    placehost_add(snapshot, "big", "<memory unit='GiB'>4</memory><vcpu>3</vcpu>", FALSE);
    placehost_add(snapshot, "paired",
        "<memory unit='MiB'>512</memory><vcpu>4</vcpu><iothreads>1</iothreads>"
        "<cpu><topology sockets='1' cores='2' threads='2'/></cpu>",
        FALSE);
    g_autoptr(PlaceLayout) layout = placehost_propose(snapshot, &wish);
    const PlacedDomain *big = placehost_placed(layout, 0), *paired = placehost_placed(layout, 1);
    g_autofree char *nodes = idset_format(big->nodeset);
    g_autofree char *other = idset_format(paired->nodeset);
    g_assert_cmpstr(nodes, ==, "1");
    g_assert_cmpstr(other, ==, "0");
    g_assert_true(placehost_has_reason(big, "on node 1"));
    g_assert_true(placehost_has_reason(paired, "guest siblings on host siblings"));
    const Topology *topology = snapshot->host->topology;
    for (guint n = 0; n < 4; n += 2) {
        int first = hwloc_bitmap_first(paired->vcpus->pdata[n]);
        int second = hwloc_bitmap_first(paired->vcpus->pdata[n + 1]);
        g_assert_cmpint(first, !=, second);
        g_assert_true(idset_has(topology_cpu(topology, first)->siblings, second));
    }
    for (IDSET_EACH(cpu, paired->helpers))
        for (guint n = 0; n < 4; n++)
            g_assert_false(hwloc_bitmap_intersects(
                topology_cpu(topology, cpu)->siblings, paired->vcpus->pdata[n]));
    g_assert_cmpint(figure(layout->after, FIGURE_CROWDED_CORES), ==, 0);
    g_assert_cmpint(figure(layout->after, FIGURE_STRADDLE_NODES), ==, 0);
    g_assert_cmpint(figure(layout->after, FIGURE_HELPERS_ON_VCPU_CORES), ==, 0);

    /* Staged, each by itself and as one act. */
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(place_stage(layout, 1, snapshot, plan, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(plan->changes->len, ==, paired->settings->len);
    g_assert_nonnull(plan_value(plan, paired->uuid, "iothreadpin.1"));
    g_assert_true(place_stage(layout, 0, snapshot, plan, &error));
    PlaceFigures staged = place_figures(snapshot, plan);
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++)
        g_assert_cmpint(num_or(staged.values[i], -1), ==, num_or(layout->after.values[i], -1));
    g_assert_true(plan_unstage_last(plan));
    g_assert_cmpuint(plan->changes->len, ==, paired->settings->len);

    /* With that staged nothing is left to change. */
    g_assert_true(place_stage(layout, 0, snapshot, plan, &error));
    g_autoptr(PlaceLayout) again = place_propose(snapshot, plan, &wish, &error);
    g_assert_cmpuint(placehost_placed(again, 0)->settings->len, ==, 0);
    g_assert_cmpuint(placehost_placed(again, 1)->settings->len, ==, 0);
}

static void test_policies(void)
{
    const HostShape shape = {2, 2, 2, 2, 8 << 20, 0, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    g_autoptr(IdSet) reserve = placehost_set("0,8");
    PlaceWish wish = {.policy = PLACE_PACK};

    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        placehost_add(snapshot, name, "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    }
    /* Three cores of one node filled up; the fourth is left for the emulators. */
    g_autoptr(PlaceLayout) pack = placehost_propose(snapshot, &wish);
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();
    for (guint i = 0; i < 3; i++)
        hwloc_bitmap_or(nodes, nodes, placehost_placed(pack, i)->nodeset);
    placehost_add(snapshot, "vm3", "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    g_assert_cmpuint(idset_count(nodes), ==, 1);

    wish.policy = PLACE_SPREAD;
    g_autoptr(PlaceLayout) spread = placehost_propose(snapshot, &wish);
    guint on_first = 0;
    for (guint i = 0; i < 4; i++)
        on_first += idset_has(placehost_placed(spread, i)->nodeset, 0);
    g_assert_cmpuint(on_first, ==, 2);
    g_assert_cmpint(figure(spread->after, FIGURE_CROWDED_CORES), ==, 0);

    /* Seven cores for VMs, two vCPUs of a VM on one each: no VM is left out, none shares one. */
    wish.policy = PLACE_ISOLATE;
    wish.reserve = reserve;
    g_autoptr(PlaceLayout) isolate = placehost_propose(snapshot, &wish);
    g_assert_cmpint(figure(isolate->after, FIGURE_CROWDED_CORES), ==, 0);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *text = vcpus_text(placehost_placed(isolate, i));
        g_test_message("%s", text);
        g_assert_null(placehost_placed(isolate, i)->problem);
        for (guint n = 0; n < 2; n++)
            g_assert_false(
                hwloc_bitmap_intersects(placehost_placed(isolate, i)->vcpus->pdata[n], reserve));
        if (idset_has(placehost_placed(isolate, i)->nodeset, 0))
            g_assert_true(hwloc_bitmap_isincluded(placehost_placed(isolate, i)->helpers, reserve));
    }
    for (guint i = 4; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        placehost_add(snapshot, name, "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    }
    g_autoptr(PlaceLayout) full = placehost_propose(snapshot, &wish);
    guint left_out = 0;
    for (guint i = 0; i < 10; i++)
        left_out += placehost_placed(full, i)->problem != NULL;
    g_assert_cmpuint(left_out, ==, 3);
}

/* What does not fit is said, with the change that would make it fit; and with that change it does.
 */
static void test_misfit(void)
{
    const HostShape shape = {2, 1, 2, 1, 8 << 20, 100, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    const PlaceWish wish = {.domains = (const char *const[]){"huge", NULL}};
    const PlaceWish giant = {.domains = (const char *const[]){"giant", NULL}};
    const PlaceWish large = {.domains = (const char *const[]){"large", NULL}};

    placehost_set_room(snapshot->host, 1, 8 << 20, 120);
    placehost_add(snapshot, "huge",
        "<memory unit='MiB'>600</memory><vcpu>1</vcpu><memoryBacking><hugepages/></memoryBacking>",
        FALSE);
    g_ptr_array_unref(snapshot->host->meminfo);
    snapshot->host->meminfo = kernel_files_parse("Hugepagesize:       2048 kB\n", NULL);
    g_autoptr(PlaceLayout) layout = placehost_propose(snapshot, &wish);
    const char *problem = placehost_placed(layout, 0)->problem;
    g_test_message("%s", problem);
    g_assert_nonnull(strstr(problem, "300 pages of 2M"));
    g_assert_nonnull(strstr(problem, "node 1"));
    g_assert_nonnull(strstr(problem, "hugepages.node1.2M=300"));
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(place_stage(layout, 0, snapshot, plan, &error));
    g_assert_nonnull(error);
    placehost_set_room(snapshot->host, 1, 8 << 20, 300);
    g_autoptr(PlaceLayout) fits = placehost_propose(snapshot, &wish);
    g_assert_null(placehost_placed(fits, 0)->problem);
    g_assert_true(placehost_has_reason(placehost_placed(fits, 0), "300 pages of 2M"));
    /* Promised to others: free is not enough. */
    g_array_index(snapshot->host->pools, HugePool, 0).reserved = NUM(200);
    g_autoptr(PlaceLayout) promised = placehost_propose(snapshot, &wish);
    g_assert_nonnull(strstr(placehost_placed(promised, 0)->problem, "promised"));

    placehost_add(snapshot, "giant",
        "<memory unit='GiB'>2</memory><vcpu>1</vcpu><memoryBacking><hugepages>"
        "<page size='1' unit='G'/></hugepages></memoryBacking>",
        FALSE);
    g_autoptr(PlaceLayout) no_pool = placehost_propose(snapshot, &giant);
    g_assert_nonnull(strstr(placehost_placed(no_pool, 0)->problem, "no pool"));
    placehost_add(snapshot, "large", "<memory unit='GiB'>20</memory><vcpu>1</vcpu>", FALSE);
    g_autoptr(PlaceLayout) no_room = placehost_propose(snapshot, &large);
    g_assert_nonnull(strstr(placehost_placed(no_room, 0)->problem, "12.0 GiB more"));
}

/* Guest cells on nodes each, over distance, memory-only nodes, a whole VM onto an object. */
static void test_cells(void)
{
    const HostShape shape = {4, 1, 4, 1, 8 << 20, 0, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    const PlaceWish wish = {.domains = (const char *const[]){"two", NULL}};
    g_autoptr(GError) error = NULL;

    /* Each cell fits a node, both do not: the second goes where it is near the first. */
    placehost_add(snapshot, "two",
        "<vcpu>4</vcpu><cpu><numa><cell id='0' cpus='0-1' memory='6' unit='GiB'/>"
        "<cell id='1' cpus='2-3' memory='6' unit='GiB'/></numa></cpu>",
        FALSE);
    g_autoptr(PlaceLayout) layout = placehost_propose(snapshot, &wish);
    const PlacedDomain *two = placehost_placed(layout, 0);
    g_assert_null(two->problem);
    g_assert_cmpuint(two->cells->len, ==, 2);
    int first = hwloc_bitmap_first(two->cells->pdata[0]);
    int second = hwloc_bitmap_first(two->cells->pdata[1]);
    g_assert_cmpint(first / 2, ==, second / 2);
    g_assert_cmpint(first, !=, second);
    for (guint n = 0; n < 4; n++)
        g_assert_true(hwloc_bitmap_isincluded(two->vcpus->pdata[n],
            topology_node(snapshot->host->topology, n < 2 ? first : second)->cpus));
    g_autoptr(Plan) plan = plan_new();
    g_assert_true(place_stage(layout, 0, snapshot, plan, &error));
    g_assert_no_error(error);
    g_assert_cmpint(figure(place_figures(snapshot, plan), FIGURE_REMOTE_MEMORY), ==, 0);

    placehost_add(snapshot, "one", "<memory unit='GiB'>1</memory><vcpu>2</vcpu>", TRUE);
    g_autoptr(PlaceLayout) onto = place_domain_onto(
        snapshot, NULL, "one", topology_node(snapshot->host->topology, 2)->cpus, &error);
    g_assert_no_error(error);
    g_autofree char *nodes = idset_format(placehost_placed(onto, 0)->nodeset);
    g_assert_cmpstr(nodes, ==, "2");
    for (guint n = 0; n < 2; n++)
        g_assert_true(hwloc_bitmap_isincluded(placehost_placed(onto, 0)->vcpus->pdata[n],
            topology_node(snapshot->host->topology, 2)->cpus));

    /* More vCPUs than the CPUs it is dropped on: its memory goes there all the same. */
    placehost_add(snapshot, "many", "<memory unit='GiB'>1</memory><vcpu>4</vcpu>", TRUE);
    g_autoptr(IdSet) thread = placehost_set("5");
    g_autoptr(PlaceLayout) crowd = place_domain_onto(snapshot, NULL, "many", thread, &error);
    g_assert_no_error(error);
    g_autofree char *beside = idset_format(placehost_placed(crowd, 0)->nodeset);
    g_autofree char *where = g_strdup_printf("%d", topology_cpu(snapshot->host->topology, 5)->node);
    g_assert_cmpstr(beside, ==, where);

    const PlaceWish unknown = {.domains = (const char *const[]){"\033[2J", NULL}};
    g_assert_null(place_propose(snapshot, NULL, &unknown, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error->message, '\033'));
}

/* A figure that gets worse comes with a note that begins with it, and no other does. */
static void check_notes(const PlaceLayout *layout)
{
    for (PlaceFigure i = FIGURE_CROWDED_THREADS; i < PLACE_FIGURES_COUNT; i++) {
        Num before = layout->before.values[i], after = layout->after.values[i];
        g_autofree char *name = g_strconcat(place_figure_info(i)->name, " ", NULL);
        gboolean told = FALSE;
        for (guint n = 0; n < layout->notes->len; n++)
            told |= g_str_has_prefix(layout->notes->pdata[n], name);
        g_assert_cmpint(told, ==, before.known && after.known && after.value > before.value);
    }
}

static void test_notes(void)
{
    const HostShape shape = {2, 1, 2, 2, 8 << 20, 0, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    PlaceWish wish = {.policy = PLACE_SPREAD};

    /* Both have their memory on node 0, and node 1 has no room for it: b comes back to it. */
    placehost_set_room(snapshot->host, 1, 0, 0);
    placehost_add(snapshot, "a",
        "<memory>1048576</memory><vcpu>4</vcpu><cputune><vcpupin vcpu='0' cpuset='0'/>"
        "<vcpupin vcpu='1' cpuset='4'/><vcpupin vcpu='2' cpuset='1'/>"
        "<vcpupin vcpu='3' cpuset='5'/></cputune><numatune><memory nodeset='0'/></numatune>",
        TRUE);
    placehost_add(snapshot, "b",
        "<memory>1048576</memory><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2'/>"
        "<vcpupin vcpu='1' cpuset='3'/></cputune><numatune><memory nodeset='0'/></numatune>",
        TRUE);
    placehost_add(snapshot, "off", "<memory>1024</memory><vcpu>1</vcpu>", FALSE);
    g_autoptr(PlaceLayout) layout = place_propose(snapshot, NULL, &wish, NULL);
    check_notes(layout);
    g_assert_cmpint(figure(layout->before, FIGURE_CROWDED_THREADS), ==, 0);
    g_assert_cmpint(figure(layout->after, FIGURE_CROWDED_THREADS), >, 0);
    g_assert_nonnull(strstr(layout->notes->pdata[0], ": for memory remote "));
    g_assert_cmpstr(layout->notes->pdata[layout->notes->len - 1], ==,
        "no room is kept for 1 domain that is off: --all places it too");
    g_assert_cmpuint(layout->domains->len, ==, 2);
    g_autofree char *json = place_to_json(layout), *text = place_to_text(layout);
    g_assert_nonnull(strstr(json, "\"notes\" : ["));
    g_assert_nonnull(strstr(text, "\nnote: crowded threads "));

    wish.all = TRUE;
    g_autoptr(PlaceLayout) all = place_propose(snapshot, NULL, &wish, NULL);
    check_notes(all);
    g_assert_cmpuint(all->domains->len, ==, 3);
    for (guint n = 0; n < all->notes->len; n++)
        g_assert_null(strstr(all->notes->pdata[n], "is off"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/place/figures", test_figures);
    g_test_add_func("/place/node", test_node);
    g_test_add_func("/place/policies", test_policies);
    g_test_add_func("/place/notes", test_notes);
    g_test_add_func("/place/misfit", test_misfit);
    g_test_add_func("/place/cells", test_cells);
    return g_test_run();
}
