/* core/place: figures, what is proposed and why, the same answer to the same question, hard limits,
 * and how far from the best a layout is, where the best can be found by trying all. */
#include "core/host/kernelfile.h"
#include "core/place/layout.h"
#include "tests/unit/placehost.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

/* ---- made-up cases ---- */

static guint64 seed;

static guint draw(guint below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (guint)(seed >> 33) % below;
}

static IdSet *set_of(const char *text)
{
    IdSet *set = idset_parse(text, NULL);

    g_assert_nonnull(set);
    return set;
}

static PlaceLayout *propose(const Snapshot *snapshot, const PlaceWish *wish)
{
    g_autoptr(GError) error = NULL;
    PlaceLayout *layout = place_propose(snapshot, NULL, wish, &error);

    g_assert_no_error(error);
    return layout;
}

static const PlacedDomain *placed(const PlaceLayout *layout, guint index)
{
    return g_ptr_array_index(layout->domains, index);
}

static gint64 figure(PlaceFigures figures, PlaceFigure which)
{
    g_assert_true(figures.values[which].known);
    return figures.values[which].value;
}

/* Whether a reason of @domain has @words in it. */
static gboolean has_reason(const PlacedDomain *domain, const char *words)
{
    for (guint i = 0; i < domain->reasons->len; i++) {
        g_test_message("%s", (char *)g_ptr_array_index(domain->reasons, i));
        if (strstr(g_ptr_array_index(domain->reasons, i), words))
            return TRUE;
    }
    return FALSE;
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
    g_autoptr(PlaceLayout) layout = propose(snapshot, &wish);
    const PlacedDomain *big = placed(layout, 0), *paired = placed(layout, 1);
    g_autofree char *nodes = idset_format(big->nodeset);
    g_autofree char *other = idset_format(paired->nodeset);
    g_assert_cmpstr(nodes, ==, "1");
    g_assert_cmpstr(other, ==, "0");
    g_assert_true(has_reason(big, "on node 1"));
    g_assert_true(has_reason(paired, "guest siblings on host siblings"));
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
    g_assert_cmpuint(placed(again, 0)->settings->len, ==, 0);
    g_assert_cmpuint(placed(again, 1)->settings->len, ==, 0);
}

static void test_policies(void)
{
    const HostShape shape = {2, 2, 2, 2, 8 << 20, 0, NULL};
    g_autoptr(Snapshot) snapshot = placehost_snapshot(placehost_new(&shape));
    g_autoptr(IdSet) reserve = set_of("0,8");
    PlaceWish wish = {.policy = PLACE_PACK};

    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        placehost_add(snapshot, name, "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    }
    /* Three cores of one node filled up; the fourth is left for the emulators. */
    g_autoptr(PlaceLayout) pack = propose(snapshot, &wish);
    g_autoptr(IdSet) nodes = hwloc_bitmap_alloc();
    for (guint i = 0; i < 3; i++)
        hwloc_bitmap_or(nodes, nodes, placed(pack, i)->nodeset);
    placehost_add(snapshot, "vm3", "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    g_assert_cmpuint(idset_count(nodes), ==, 1);

    wish.policy = PLACE_SPREAD;
    g_autoptr(PlaceLayout) spread = propose(snapshot, &wish);
    guint on_first = 0;
    for (guint i = 0; i < 4; i++)
        on_first += idset_has(placed(spread, i)->nodeset, 0);
    g_assert_cmpuint(on_first, ==, 2);
    g_assert_cmpint(figure(spread->after, FIGURE_CROWDED_CORES), ==, 0);

    /* Seven cores for VMs, two vCPUs of a VM on one each: no VM is left out, none shares one. */
    wish.policy = PLACE_ISOLATE;
    wish.reserve = reserve;
    g_autoptr(PlaceLayout) isolate = propose(snapshot, &wish);
    g_assert_cmpint(figure(isolate->after, FIGURE_CROWDED_CORES), ==, 0);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *text = vcpus_text(placed(isolate, i));
        g_test_message("%s", text);
        g_assert_null(placed(isolate, i)->problem);
        for (guint n = 0; n < 2; n++)
            g_assert_false(hwloc_bitmap_intersects(placed(isolate, i)->vcpus->pdata[n], reserve));
        if (idset_has(placed(isolate, i)->nodeset, 0))
            g_assert_true(hwloc_bitmap_isincluded(placed(isolate, i)->helpers, reserve));
    }
    for (guint i = 4; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        placehost_add(snapshot, name, "<memory unit='MiB'>64</memory><vcpu>2</vcpu>", TRUE);
    }
    g_autoptr(PlaceLayout) full = propose(snapshot, &wish);
    guint left_out = 0;
    for (guint i = 0; i < 10; i++)
        left_out += placed(full, i)->problem != NULL;
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
    g_autoptr(PlaceLayout) layout = propose(snapshot, &wish);
    const char *problem = placed(layout, 0)->problem;
    g_test_message("%s", problem);
    g_assert_nonnull(strstr(problem, "300 pages of 2M"));
    g_assert_nonnull(strstr(problem, "node 1"));
    g_assert_nonnull(strstr(problem, "hugepages.node1.2M=300"));
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(place_stage(layout, 0, snapshot, plan, &error));
    g_assert_nonnull(error);
    placehost_set_room(snapshot->host, 1, 8 << 20, 300);
    g_autoptr(PlaceLayout) fits = propose(snapshot, &wish);
    g_assert_null(placed(fits, 0)->problem);
    g_assert_true(has_reason(placed(fits, 0), "300 pages of 2M"));
    /* Promised to others: free is not enough. */
    g_array_index(snapshot->host->pools, HugePool, 0).reserved = NUM(200);
    g_autoptr(PlaceLayout) promised = propose(snapshot, &wish);
    g_assert_nonnull(strstr(placed(promised, 0)->problem, "promised"));

    placehost_add(snapshot, "giant",
        "<memory unit='GiB'>2</memory><vcpu>1</vcpu><memoryBacking><hugepages>"
        "<page size='1' unit='G'/></hugepages></memoryBacking>",
        FALSE);
    g_autoptr(PlaceLayout) no_pool = propose(snapshot, &giant);
    g_assert_nonnull(strstr(placed(no_pool, 0)->problem, "no pool"));
    placehost_add(snapshot, "large", "<memory unit='GiB'>20</memory><vcpu>1</vcpu>", FALSE);
    g_autoptr(PlaceLayout) no_room = propose(snapshot, &large);
    g_assert_nonnull(strstr(placed(no_room, 0)->problem, "12.0 GiB more"));
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
    g_autoptr(PlaceLayout) layout = propose(snapshot, &wish);
    const PlacedDomain *two = placed(layout, 0);
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
    g_autofree char *nodes = idset_format(placed(onto, 0)->nodeset);
    g_assert_cmpstr(nodes, ==, "2");
    for (guint n = 0; n < 2; n++)
        g_assert_true(hwloc_bitmap_isincluded(
            placed(onto, 0)->vcpus->pdata[n], topology_node(snapshot->host->topology, 2)->cpus));

    /* More vCPUs than the CPUs it is dropped on: its memory goes there all the same. */
    placehost_add(snapshot, "many", "<memory unit='GiB'>1</memory><vcpu>4</vcpu>", TRUE);
    g_autoptr(IdSet) thread = set_of("5");
    g_autoptr(PlaceLayout) crowd = place_domain_onto(snapshot, NULL, "many", thread, &error);
    g_assert_no_error(error);
    g_autofree char *beside = idset_format(placed(crowd, 0)->nodeset);
    g_autofree char *where = g_strdup_printf("%d", topology_cpu(snapshot->host->topology, 5)->node);
    g_assert_cmpstr(beside, ==, where);

    const PlaceWish unknown = {.domains = (const char *const[]){"\033[2J", NULL}};
    g_assert_null(place_propose(snapshot, NULL, &unknown, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error->message, '\033'));
}

/* ---- hostile hosts ---- */

static void check_limits(const Snapshot *snapshot, const PlaceWish *wish, const PlaceLayout *layout)
{
    const Topology *topology = snapshot->host->topology;
    g_autofree gint64 *kib = g_new0(gint64, topology->nodes->len);

    for (guint i = 0; i < layout->domains->len; i++) {
        const PlacedDomain *domain = placed(layout, i);
        if (domain->problem) {
            g_assert_cmpuint(domain->settings->len, ==, 0);
            continue;
        }
        g_assert_false(hwloc_bitmap_iszero(domain->helpers));
        g_assert_true(hwloc_bitmap_isincluded(domain->helpers, topology->online));
        for (guint n = 0; n < domain->vcpus->len; n++) {
            const IdSet *set = g_ptr_array_index(domain->vcpus, n);
            g_assert_false(hwloc_bitmap_iszero(set));
            g_assert_true(hwloc_bitmap_isincluded(set, topology->online));
            for (IDSET_EACH(cpu, set)) {
                g_assert_false(topology_cpu(topology, cpu)->isolated);
                g_assert_false(idset_has(wish->reserve, cpu));
                g_assert_true(wish->within == NULL || idset_has(wish->within, cpu));
            }
        }
        g_assert_false(hwloc_bitmap_iszero(domain->nodeset));
        for (IDSET_EACH(node, domain->nodeset))
            g_assert_nonnull(topology_node(topology, node));
    }
    /* One node each, so that what it takes is known: within what is free there. */
    for (guint i = 0; i < layout->domains->len; i++) {
        const PlacedDomain *domain = placed(layout, i);
        const Domain *libvirt = snapshot_domain(snapshot, domain->uuid)->domain;
        if (domain->problem || idset_count(domain->nodeset) != 1 || domain_is_active(libvirt) ||
            !g_str_equal(libvirt->config->hugepages, "off"))
            continue;
        int node = hwloc_bitmap_first(domain->nodeset);
        for (guint n = 0; n < topology->nodes->len; n++)
            if (((const Node *)topology->nodes->pdata[n])->id == node)
                kib[n] += libvirt->config->memory_kib.value;
    }
    for (guint n = 0; n < topology->nodes->len; n++)
        g_assert_cmpint(
            kib[n], <=, ((const NodeMemory *)snapshot->host->nodes->pdata[n])->free_kib.value);
    if (layout->policy != PLACE_ISOLATE)
        return;
    for (guint i = 0; i < layout->domains->len; i++)
        for (guint k = 0; k < i; k++)
            for (guint n = 0; n < placed(layout, i)->vcpus->len; n++)
                for (guint m = 0; m < placed(layout, k)->vcpus->len; m++) {
                    int cpu = hwloc_bitmap_first(placed(layout, i)->vcpus->pdata[n]);
                    g_assert_false(hwloc_bitmap_intersects(
                        topology_cpu(topology, cpu)->siblings, placed(layout, k)->vcpus->pdata[m]));
                }
}

/* Takes @count CPUs of the host offline, as the readers would tell of it. */
static void take_offline(Topology *topology, guint count)
{
    for (guint i = 0; i < count && hwloc_bitmap_weight(topology->online) > 1; i++) {
        Cpu *cpu = g_ptr_array_index(topology->cpus, draw(topology->cpus->len));
        cpu->online = FALSE;
        hwloc_bitmap_clr(topology->online, (unsigned)cpu->id);
        for (guint n = 0; n < topology->nodes->len; n++)
            hwloc_bitmap_clr(((Node *)topology->nodes->pdata[n])->cpus, (unsigned)cpu->id);
        g_clear_pointer(&cpu->siblings, hwloc_bitmap_free);
        g_clear_pointer(&cpu->llc, hwloc_bitmap_free);
        cpu->node = cpu->package = cpu->core = -1;
        for (guint k = 0; k < topology->cpus->len; k++) {
            Cpu *other = topology->cpus->pdata[k];
            if (other->siblings)
                hwloc_bitmap_clr(other->siblings, (unsigned)cpu->id);
            if (other->llc)
                hwloc_bitmap_clr(other->llc, (unsigned)cpu->id);
        }
    }
}

static char *random_body(guint vcpus_max)
{
    guint vcpus = 1 + draw(vcpus_max), threads = 1 + draw(2);
    g_autoptr(GString) body = g_string_new(NULL);
    guint mib = 64 << draw(5);

    g_string_append_printf(body, "<memory unit='MiB'>%u</memory><vcpu>%u</vcpu>", mib, vcpus);
    if (draw(4) == 0)
        g_string_append_printf(body, "<iothreads>%u</iothreads>", 1 + draw(2));
    if (draw(3) == 0)
        g_string_append(body, "<memoryBacking><hugepages><page size='2' unit='M'/></hugepages>"
                              "</memoryBacking>");
    if (draw(4) == 0 && vcpus > 1)
        g_string_append_printf(body,
            "<cpu><topology sockets='1' cores='%u' threads='%u'/><numa>"
            "<cell cpus='0-%u' memory='%u' unit='MiB'/><cell cpus='%u-%u' memory='%u' unit='MiB'/>"
            "</numa></cpu>",
            MAX(vcpus / threads, 1), threads, vcpus / 2 - 1, mib / 2, vcpus / 2, vcpus - 1,
            mib / 2);
    else
        g_string_append_printf(body, "<cpu><topology sockets='1' cores='%u' threads='%u'/></cpu>",
            MAX(vcpus / threads, 1), threads);
    if (draw(2)) {
        g_string_append(body, "<cputune>");
        for (guint n = 0; n < vcpus; n++)
            g_string_append_printf(body, "<vcpupin vcpu='%u' cpuset='%u'/>", n, draw(10));
        g_string_append(body, "</cputune>");
    }
    if (draw(3) == 0)
        g_string_append_printf(body, "<numatune><memory nodeset='%u'/></numatune>", draw(2));
    return g_strdup(body->str);
}

static Snapshot *random_case(guint guests_max, guint vcpus_max)
{
    const HostShape shapes[] = {{1, 1, 2, 1, 1 << 20, 200, NULL}, {1, 1, 2, 2, 1 << 20, 300, NULL},
        {1, 2, 2, 1, 1 << 20, 300, NULL}, {2, 1, 2, 1, 1 << 19, 200, NULL},
        {2, 1, 1, 2, 1 << 19, 200, NULL}, {2, 1, 2, 2, 1 << 19, 200, NULL},
        {2, 2, 1, 2, 1 << 19, 300, NULL}, {3, 1, 1, 2, 1 << 19, 100, NULL}};
    Host *host = placehost_new(&shapes[draw(G_N_ELEMENTS(shapes))]);
    Snapshot *snapshot = placehost_snapshot(host);

    for (guint n = 0; n < host->nodes->len; n++)
        if (draw(2))
            placehost_set_room(host, n, (gint64)(64 + draw(1024)) << 10, draw(400));
    guint guests = 1 + draw(guests_max);
    for (guint i = 0; i < guests; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autofree char *body = random_body(vcpus_max);
        placehost_add(snapshot, name, body, draw(2) == 0);
    }
    return snapshot;
}

/* The names of all domains of @snapshot, running or not. */
static const char **all_names(const Snapshot *snapshot)
{
    const char **names = g_new0(const char *, snapshot->domains->len + 1);

    for (guint i = 0; i < snapshot->domains->len; i++)
        names[i] = ((const DomainView *)snapshot->domains->pdata[i])->domain->uuid;
    return names;
}

static void test_limits(void)
{
    seed = 11;
    for (guint i = 0; i < 150; i++) {
        g_autoptr(Snapshot) snapshot = random_case(5, 6);
        g_autofree const char **names = all_names(snapshot);
        g_autoptr(IdSet) reserve = hwloc_bitmap_alloc();
        PlaceWish wish = {.domains = names, .policy = (PlacePolicy)draw(3), .reserve = reserve};
        take_offline(snapshot->host->topology, draw(3));
        if (draw(2))
            hwloc_bitmap_set(reserve, draw(4));
        if (draw(4) == 0)
            ((Cpu *)snapshot->host->topology->cpus->pdata[0])->isolated = TRUE;
        for (guint d = 0; d < snapshot->domains->len; d++) { /* none may stay on an isolated one */
            Domain *domain = ((DomainView *)snapshot->domains->pdata[d])->domain;
            DomainConfig *configs[] = {domain->live, domain->config};
            for (guint c = 0; c < 2; c++)
                for (guint n = 0; configs[c] && n < configs[c]->vcpupin->len; n++)
                    if (idset_has(configs[c]->vcpupin->pdata[n], 0))
                        hwloc_bitmap_set(configs[c]->vcpupin->pdata[n], 1);
        }
        g_test_message("case %u", i);
        g_autoptr(PlaceLayout) layout = propose(snapshot, &wish);
        check_limits(snapshot, &wish, layout);
        /* The same question, the same answer, to the last byte. */
        g_autoptr(PlaceLayout) again = propose(snapshot, &wish);
        g_autofree char *first = place_to_json(layout);
        g_autofree char *second = place_to_json(again);
        g_assert_cmpstr(first, ==, second);
        g_autofree char *text = place_to_text(layout);
        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
}

static void test_hostile(void)
{
    const HostShape small = {1, 1, 2, 1, 1 << 20, 0, NULL}, two = {2, 1, 2, 1, 1 << 20, 0, NULL};
    const PlaceWish all = {0};
    g_autoptr(GError) error = NULL;

    /* No host, no domains yet; no domains at all. */
    g_autoptr(Snapshot) nothing = snapshot_new("");
    g_assert_null(place_propose(nothing, NULL, &all, &error));
    g_assert_nonnull(error);
    g_assert_false(place_figures(nothing, NULL).values[0].known);
    g_autoptr(Snapshot) empty = placehost_snapshot(placehost_new(&small));
    g_autoptr(PlaceLayout) none = propose(empty, &all);
    g_assert_cmpuint(none->domains->len, ==, 0);

    /* More vCPUs than CPUs: each thread gets its part, and the sets are shared. */
    placehost_add(empty, "wide", "<memory>1024</memory><vcpu>5</vcpu>", TRUE);
    g_autoptr(PlaceLayout) wide = propose(empty, &all);
    g_assert_null(placed(wide, 0)->problem);
    g_assert_true(has_reason(placed(wide, 0), "share threads"));
    g_autofree char *cpus = idset_format(placed(wide, 0)->vcpus->pdata[0]);
    g_assert_cmpstr(cpus, ==, "0-1");

    /* As many vCPUs as may be; most of them not there yet. */
    placehost_add(empty, "sparse", "<memory>1024</memory><vcpu current='1'>4096</vcpu>", TRUE);
    placehost_add(empty, "giant", "<memory>1024</memory><vcpu>4096</vcpu>", TRUE);
    g_autoptr(PlaceLayout) giant = propose(empty, &all);
    g_assert_cmpuint(placed(giant, 1)->vcpus->len, ==, 1);
    g_assert_cmpuint(placed(giant, 2)->vcpus->len, ==, 4096);
    check_limits(empty, &all, giant);

    /* A node of memory alone, a host without distances, no memory known, no CPU to use. */
    g_autoptr(Snapshot) odd = placehost_snapshot(placehost_new(&two));
    Topology *topology = odd->host->topology;
    for (guint i = 0; i < topology->nodes->len; i++)
        g_clear_pointer(&((Node *)topology->nodes->pdata[i])->distances, g_array_unref);
    for (guint i = 2; i < 4; i++)
        ((Cpu *)topology->cpus->pdata[i])->node = 0;
    hwloc_bitmap_zero(((Node *)topology->nodes->pdata[1])->cpus);
    hwloc_bitmap_set_range(((Node *)topology->nodes->pdata[0])->cpus, 0, 3);
    placehost_set_room(odd->host, 0, 1 << 10, 0);
    placehost_add(odd, "vm", "<memory unit='MiB'>512</memory><vcpu>2</vcpu>", FALSE);
    const PlaceWish vm = {.domains = (const char *const[]){"vm", NULL}};
    g_autoptr(PlaceLayout) memory_only = propose(odd, &vm);
    g_assert_null(placed(memory_only, 0)->problem);
    g_assert_true(idset_has(placed(memory_only, 0)->nodeset, 1));
    ((NodeMemory *)odd->host->nodes->pdata[0])->free_kib = NUM_UNKNOWN;
    ((NodeMemory *)odd->host->nodes->pdata[1])->free_kib = NUM_UNKNOWN;
    g_autoptr(PlaceLayout) unknown = propose(odd, &vm);
    g_assert_nonnull(placed(unknown, 0)->problem);
    g_autoptr(IdSet) every = set_of("0-99");
    const PlaceWish reserved = {.domains = vm.domains, .reserve = every};
    g_autoptr(PlaceLayout) no_cpu = propose(odd, &reserved);
    g_assert_nonnull(strstr(placed(no_cpu, 0)->problem, "reserved"));
    g_autoptr(IdSet) beyond = set_of("500-600");
    const PlaceWish within = {.domains = vm.domains, .within = beyond};
    g_autoptr(PlaceLayout) nowhere = propose(odd, &within);
    g_assert_nonnull(placed(nowhere, 0)->problem);
}

/* ---- against the best there is ---- */

/* Tries every way to place the guests, cutting off what is dearer already. */
typedef struct {
    PlaceState *state;
    gint64 best;
    guint64 tried;
} Exhaust;

static void try_guest(Exhaust *exhaust, guint guest, gint64 settled);

/* What the guests that are not settled yet may still save (siblings together). */
static gint64 may_save(const PlaceState *state, guint from)
{
    gint64 pairs = 0;

    for (guint v = 0; v < state->vcpus; v++)
        if (state->group[state->vcpu[v].group].guest >= from)
            pairs++;
    return COST_TOGETHER * pairs;
}

static void try_vcpu(Exhaust *exhaust, guint guest, guint group, guint v, gint64 settled);

static void try_group(Exhaust *exhaust, guint guest, guint g, gint64 settled)
{
    PlaceState *state = exhaust->state;
    const PlaceGuest *of = &state->guest[guest];

    if (g == of->first_group + of->groups) {
        place_settle(state, guest);
        try_guest(exhaust, guest + 1, settled + of->cost);
        return;
    }
    guint nodes = state->machine->nodes;
    for (guint mask = 1; mask < 1u << nodes; mask++) {
        for (guint start = 0; start < nodes; start++) {
            guint seat[8], seats = 0;
            if (!(mask >> start & 1))
                continue;
            seat[seats++] = start;
            for (guint d = 1; d < 256; d++)
                for (guint node = 0; node < nodes; node++)
                    if (node != start && mask >> node & 1 &&
                        place_distance(state->machine, start, node) == d)
                        seat[seats++] = node;
            if (!place_take(state, g, seat, seats))
                continue;
            try_vcpu(exhaust, guest, g, state->group[g].first, settled);
            place_give_back(state, g);
        }
    }
}

static void try_vcpu(Exhaust *exhaust, guint guest, guint g, guint v, gint64 settled)
{
    PlaceState *state = exhaust->state;

    exhaust->tried++;
    if (settled + state->shared - may_save(state, guest) >= exhaust->best)
        return;
    if (v == state->group[g].first + state->group[g].count) {
        try_group(exhaust, guest, g + 1, settled);
        return;
    }
    for (guint cpu = 0; cpu < state->machine->cpus; cpu++) {
        if (!place_may_use(state, &state->guest[guest], cpu))
            continue;
        place_put(state, v, cpu);
        try_vcpu(exhaust, guest, g, v + 1, settled);
        place_remove(state, v);
    }
}

static void try_guest(Exhaust *exhaust, guint guest, gint64 settled)
{
    PlaceState *state = exhaust->state;

    if (settled + state->shared - may_save(state, guest) >= exhaust->best)
        return;
    if (guest == state->guests) {
        exhaust->best = MIN(exhaust->best, place_cost(state));
        return;
    }
    try_group(exhaust, guest, state->guest[guest].first_group, settled);
    place_settle(state, guest); /* nothing of it is placed now */
    try_guest(exhaust, guest + 1, settled + COST_UNPLACED);
}

/* How far the search is from the best, over random hosts: 1.02 at most, together and each. */
static void test_quality(void)
{
    const char *wanted = g_getenv("KVMTUNE_PLACE_HOSTS");
    guint hosts = wanted ? (guint)atoi(wanted) : 60, worse = 0;
    double found = 0, best = 0, worst = 1;
    guint64 tried = 0;

    seed = 7;
    for (guint i = 0; i < hosts; i++) {
        g_autoptr(Snapshot) snapshot = random_case(3, 2);
        g_autofree const char **names = all_names(snapshot);
        const PlaceWish wish = {.domains = names, .policy = (PlacePolicy)(i % 3)};
        g_autoptr(GPtrArray) all = place_pins(snapshot, NULL);
        g_autoptr(PlaceMachine) machine = place_machine_new(snapshot->host->topology);
        g_autoptr(PlaceState) state = place_state_new(snapshot, machine, all, all, NULL, &wish);
        place_search(state, PLACE_WORK);
        gint64 cost = place_cost(state);
        for (guint g = 0; g < state->guests; g++)
            place_lift(state, g);
        Exhaust exhaust = {state, cost, 0};
        try_guest(&exhaust, 0, 0);
        tried += exhaust.tried;
        g_assert_cmpint(exhaust.best, <=, cost);
        double ratio = exhaust.best > 0 ? (double)cost / (double)exhaust.best : cost > 0 ? 99 : 1;
        if (ratio > 1.0) {
            worse++;
            g_test_message("host %u, %s: %" G_GINT64_FORMAT " where %" G_GINT64_FORMAT
                           " is the best",
                i, place_policy_name(wish.policy), cost, exhaust.best);
        }
        worst = MAX(worst, ratio);
        found += (double)cost;
        best += (double)exhaust.best;
    }
    g_test_message(
        "%u hosts: %u not the best, worst %.4f of the best, together %.4f; %" G_GUINT64_FORMAT
        " steps tried",
        hosts, worse, worst, best > 0 ? found / best : 1, tried);
    g_assert_cmpfloat(found, <=, 1.02 * best);
    g_assert_cmpfloat(worst, <=, 1.02);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/place/figures", test_figures);
    g_test_add_func("/place/node", test_node);
    g_test_add_func("/place/policies", test_policies);
    g_test_add_func("/place/misfit", test_misfit);
    g_test_add_func("/place/cells", test_cells);
    g_test_add_func("/place/limits", test_limits);
    g_test_add_func("/place/hostile", test_hostile);
    g_test_add_func("/place/quality", test_quality);
    return g_test_run();
}
