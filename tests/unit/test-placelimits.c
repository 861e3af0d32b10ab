/* core/place: hard limits on hostile hosts, and how far from the best a layout is, where the best
 * can be found by trying all. */
#include "core/host/kernelfile.h"
#include "core/place/layout.h"
#include "tests/unit/placehost.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

static guint64 seed;

static guint draw(guint below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (guint)(seed >> 33) % below;
}

/* ---- hostile hosts ---- */

static void check_limits(const Snapshot *snapshot, const PlaceWish *wish, const PlaceLayout *layout)
{
    const Topology *topology = snapshot->host->topology;
    g_autofree gint64 *kib = g_new0(gint64, topology->nodes->len);

    for (guint i = 0; i < layout->domains->len; i++) {
        const PlacedDomain *domain = placehost_placed(layout, i);
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
        const PlacedDomain *domain = placehost_placed(layout, i);
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
            for (guint n = 0; n < placehost_placed(layout, i)->vcpus->len; n++)
                for (guint m = 0; m < placehost_placed(layout, k)->vcpus->len; m++) {
                    int cpu = hwloc_bitmap_first(placehost_placed(layout, i)->vcpus->pdata[n]);
                    g_assert_false(hwloc_bitmap_intersects(topology_cpu(topology, cpu)->siblings,
                        placehost_placed(layout, k)->vcpus->pdata[m]));
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
            hwloc_bitmap_set(reserve, draw(snapshot->host->topology->cpus->len));
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
        g_autoptr(PlaceLayout) layout = placehost_propose(snapshot, &wish);
        check_limits(snapshot, &wish, layout);
        /* The same question, the same answer, to the last byte. */
        g_autoptr(PlaceLayout) again = placehost_propose(snapshot, &wish);
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
    g_autoptr(PlaceLayout) none = placehost_propose(empty, &all);
    g_assert_cmpuint(none->domains->len, ==, 0);

    /* More vCPUs than CPUs: each thread gets its part, and the sets are shared. */
    placehost_add(empty, "wide", "<memory>1024</memory><vcpu>5</vcpu>", TRUE);
    g_autoptr(PlaceLayout) wide = placehost_propose(empty, &all);
    g_assert_null(placehost_placed(wide, 0)->problem);
    g_assert_true(placehost_has_reason(placehost_placed(wide, 0), "share threads"));
    g_autofree char *cpus = idset_format(placehost_placed(wide, 0)->vcpus->pdata[0]);
    g_assert_cmpstr(cpus, ==, "0-1");

    /* As many vCPUs as may be; most of them not there yet. */
    placehost_add(empty, "sparse", "<memory>1024</memory><vcpu current='1'>4096</vcpu>", TRUE);
    placehost_add(empty, "giant", "<memory>1024</memory><vcpu>4096</vcpu>", TRUE);
    g_autoptr(PlaceLayout) giant = placehost_propose(empty, &all);
    g_assert_cmpuint(placehost_placed(giant, 1)->vcpus->len, ==, 1);
    g_assert_cmpuint(placehost_placed(giant, 2)->vcpus->len, ==, 4096);
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
    g_autoptr(PlaceLayout) memory_only = placehost_propose(odd, &vm);
    g_assert_null(placehost_placed(memory_only, 0)->problem);
    g_assert_true(idset_has(placehost_placed(memory_only, 0)->nodeset, 1));
    ((NodeMemory *)odd->host->nodes->pdata[0])->free_kib = NUM_UNKNOWN;
    ((NodeMemory *)odd->host->nodes->pdata[1])->free_kib = NUM_UNKNOWN;
    g_autoptr(PlaceLayout) unknown = placehost_propose(odd, &vm);
    g_assert_nonnull(placehost_placed(unknown, 0)->problem);
    g_autoptr(IdSet) every = placehost_set("0-3");
    const PlaceWish reserved = {.domains = vm.domains, .reserve = every};
    g_autoptr(PlaceLayout) no_cpu = placehost_propose(odd, &reserved);
    g_assert_nonnull(strstr(placehost_placed(no_cpu, 0)->problem, "reserved"));
    g_autoptr(IdSet) beyond = placehost_set("500-600");
    const PlaceWish within = {.domains = vm.domains, .within = beyond};
    g_autoptr(PlaceLayout) nowhere = placehost_propose(odd, &within);
    g_assert_nonnull(placehost_placed(nowhere, 0)->problem);
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
    g_test_add_func("/place/limits", test_limits);
    g_test_add_func("/place/hostile", test_hostile);
    g_test_add_func("/place/quality", test_quality);
    return g_test_run();
}
