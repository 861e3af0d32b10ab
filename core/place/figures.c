/* The figures of a layout. A vCPU that may run on several CPUs asks an equal part of each of them;
 * one that may run anywhere is no demand on any. */
#include "core/place/layout.h"

#define WHOLE 720720u /* a vCPU's demand: the numbers up to 16 divide it */
#define MEMO  8       /* wide sets of a domain that are remembered */

static const PlaceFigureInfo infos[] = {
    [FIGURE_VCPUS_PER_THREAD] = {"vcpus_per_thread", "vCPUs/thread", "", 100,
        "The vCPUs of the running domains, for each online host thread."},
    [FIGURE_CROWDED_THREADS] = {"crowded_threads", "crowded threads", "", 1,
        "Host threads of which more than one CPU is asked: the pinned vCPUs, each in equal parts "
        "over the CPUs it may run on, add up to more than 1 there."},
    [FIGURE_CROWDED_CORES] = {"crowded_cores", "crowded cores", "", 1,
        "Host cores of which more than one thread's worth is asked, and by more than one domain: "
        "they slow each other down."},
    [FIGURE_STRADDLE_NODES] = {"straddle_nodes", "straddle nodes", "", 1,
        "Domains with a guest cell (without cells: the whole guest) whose pinned vCPUs may run on "
        "more than one NUMA node."},
    [FIGURE_STRADDLE_CACHES] = {"straddle_caches", "straddle caches", "", 1,
        "Domains with a guest cell (without cells: the whole guest) whose pinned vCPUs may run in "
        "more than one last-level cache group, of one node or of several."},
    [FIGURE_REMOTE_MEMORY] = {"remote_memory", "memory remote", "%", 10,
        "The share of the domains' memory that is remote to the vCPU using it, each vCPU using "
        "each page alike. Memory lies where the domain's cgroup says; else, or where numatune is "
        "staged, evenly on its nodes. A vCPU that may run anywhere counts on all CPUs."},
    [FIGURE_HELPERS_ON_VCPU_CORES] = {"helpers_on_vcpu_cores", "helpers on vCPU cores", "", 1,
        "Emulator and I/O threads that may run on a core to which a vCPU is pinned: they take its "
        "time."},
};

const PlaceFigureInfo *place_figure_info(PlaceFigure figure)
{
    return &infos[figure];
}

char *place_figure_text(PlaceFigure figure, Num value)
{
    const PlaceFigureInfo *info = &infos[figure];
    guint digits = 0;

    if (!value.known)
        return g_strdup("–");
    for (guint scale = info->scale; scale > 1; scale /= 10)
        digits++;
    return g_strdup_printf("%.*f%s", (int)digits, (double)value.value / info->scale, info->unit);
}

/* What is summed up over all domains. */
typedef struct {
    const PlaceMachine *machine;
    guint64 *thread;   /* by CPU: the demand on it */
    guint *owner;      /* by core: the domain (from 1) with demand on it; 0: none */
    gboolean *several; /* by core: there are more domains with demand */
    guint vcpus, straddle_nodes, straddle_caches, helpers;
    double memory_kib, remote_kib;
} Sum;

/* A cell's pinned vCPUs: where they may run. */
typedef struct {
    guint64 *node;  /* by node: the demand */
    guint64 *other; /* scratch for the memory */
    guint first_node, first_cache;
    gboolean any, nodes, caches; /* some; on more than one node, in more than one cache group */
    guint anywhere;              /* vCPUs that may run anywhere */
} CellSum;

/* Adds @count vCPUs of domain number @owner that may run on @set. */
static void add_demand(Sum *sum, CellSum *cell, const IdSet *set, guint count, guint owner)
{
    const PlaceMachine *machine = sum->machine;
    guint cpus = 0;

    for (IDSET_EACH(id, set))
        cpus += place_cpu(machine, id) >= 0;
    guint64 part = cpus ? (guint64)WHOLE * count / cpus : 0;
    for (IDSET_EACH(id, set)) {
        int cpu = place_cpu(machine, id);
        if (cpu < 0)
            continue;
        guint core = machine->core_of[cpu], cache = machine->cache_of[cpu];
        guint node = machine->node_of[cpu];
        sum->thread[cpu] += part;
        cell->node[node] += part;
        if (sum->owner[core] != 0 && sum->owner[core] != owner)
            sum->several[core] = TRUE;
        sum->owner[core] = owner;
        cell->nodes |= cell->any && node != cell->first_node;
        cell->caches |= cell->any && cache != cell->first_cache;
        if (!cell->any) {
            cell->first_node = node;
            cell->first_cache = cache;
        }
        cell->any = TRUE;
    }
}

/* Whether a vCPU with the pin @set may run anywhere. */
static gboolean is_anywhere(const Sum *sum, const IdSet *set)
{
    return set == NULL || hwloc_bitmap_isincluded(sum->machine->topology->online, set);
}

/* Adds the vCPUs of @pins that are in @members (NULL: all). Equal wide sets are added as one. */
static void add_vcpus(
    Sum *sum, CellSum *cell, const PlacePins *pins, const IdSet *members, guint owner)
{
    struct {
        const IdSet *set;
        guint count;
    } memo[MEMO];
    guint known = 0;

    for (guint n = 0; n < pins->vcpus; n++) {
        const IdSet *set = pins->vcpu[n];
        if (members && !idset_has(members, n))
            continue;
        sum->vcpus++;
        if (set && hwloc_bitmap_first(set) == hwloc_bitmap_last(set)) {
            add_demand(sum, cell, set, 1, owner);
            continue;
        }
        guint m = 0;
        while (m < known && memo[m].set != set && !idset_equal(memo[m].set, set))
            m++;
        if (m < known) {
            memo[m].count++;
        } else if (is_anywhere(sum, set)) {
            cell->anywhere++;
        } else if (known < MEMO) {
            memo[known].set = set;
            memo[known++].count = 1;
        } else {
            add_demand(sum, cell, set, 1, owner);
        }
    }
    for (guint m = 0; m < known; m++)
        add_demand(sum, cell, memo[m].set, memo[m].count, owner);
}

/* The parts of a memory of which nothing but the nodes it is bound to is known. */
static gboolean spread_over(const PlaceMachine *machine, const IdSet *nodeset, guint64 *parts)
{
    gboolean any = FALSE;

    for (guint node = 0; node < machine->nodes; node++) {
        parts[node] = idset_has(nodeset, machine->node_id[node]) ? 1 : 0;
        any |= parts[node] > 0;
    }
    return any;
}

static gboolean measured(const PlaceMachine *machine, const DomainUsage *usage, guint64 *parts)
{
    guint64 all = 0;

    for (guint node = 0; node < machine->nodes; node++) {
        parts[node] = 0;
        for (guint i = 0; usage && usage->memory && i < usage->memory->len; i++) {
            const NodeKib *part = &g_array_index(usage->memory, NodeKib, i);
            if (part->node == machine->node_id[node])
                parts[node] += part->kib;
        }
        all += parts[node];
    }
    return all > 0;
}

/* Adds the memory of @kib KiB: bound to @own (a guest cell's nodes), else where it was measured. */
static void add_memory(
    Sum *sum, const CellSum *cell, const PlacePins *pins, const IdSet *own, Num kib)
{
    const PlaceMachine *machine = sum->machine;
    guint64 vcpus = 0, parts = 0;
    double local = 0;

    gboolean known =
        own ? spread_over(machine, own, cell->other)
            : (!pins->nodeset_staged && measured(machine, pins->view->usage, cell->other)) ||
                  (pins->nodeset && spread_over(machine, pins->nodeset, cell->other));
    if (!known || !kib.known || machine->cpus == 0)
        return;
    for (guint node = 0; node < machine->nodes; node++) {
        PlaceSpan cores = place_node_cores(machine, node);
        guint cpus = cores.end > cores.first
                         ? machine->core[cores.end - 1].end - machine->core[cores.first].first
                         : 0;
        cell->node[node] += (guint64)WHOLE * cell->anywhere * cpus / machine->cpus;
        vcpus += cell->node[node];
        parts += cell->other[node];
    }
    if (vcpus == 0)
        return;
    for (guint node = 0; node < machine->nodes; node++)
        local +=
            (double)cell->node[node] / (double)vcpus * (double)cell->other[node] / (double)parts;
    sum->memory_kib += (double)kib.value;
    sum->remote_kib += (double)kib.value * (1 - local);
}

static void add_domain(Sum *sum, const PlacePins *pins, guint owner)
{
    const PlaceMachine *machine = sum->machine;
    const GArray *cells = pins->config->cells;
    gboolean nodes = FALSE, caches = FALSE;
    g_autofree guint64 *node = g_new(guint64, machine->nodes);
    g_autofree guint64 *other = g_new(guint64, machine->nodes);

    for (guint c = 0; c < MAX(cells->len, 1); c++) {
        const GuestCell *guest = c < cells->len ? &g_array_index(cells, GuestCell, c) : NULL;
        CellSum cell = {.node = node, .other = other};
        for (guint i = 0; i < machine->nodes; i++)
            node[i] = 0;
        add_vcpus(sum, &cell, pins, guest ? guest->cpus : NULL, owner);
        add_memory(sum, &cell, pins, guest ? pins->cell_nodeset[c] : NULL,
            guest ? guest->memory_kib : pins->config->memory_kib);
        nodes |= cell.nodes;
        caches |= cell.caches;
    }
    sum->straddle_nodes += nodes;
    sum->straddle_caches += caches;
}

/* Whether a thread that may run on @set (NULL: anywhere) may meet a vCPU on its core. */
static gboolean meets_vcpus(const Sum *sum, const IdSet *set)
{
    const PlaceMachine *machine = sum->machine;

    if (set == NULL) {
        for (guint core = 0; core < machine->cores; core++)
            if (sum->owner[core])
                return TRUE;
        return FALSE;
    }
    for (IDSET_EACH(id, set)) {
        int cpu = place_cpu(machine, id);
        if (cpu >= 0 && sum->owner[machine->core_of[cpu]])
            return TRUE;
    }
    return FALSE;
}

static void count_helpers(Sum *sum, const PlacePins *pins)
{
    sum->helpers += meets_vcpus(sum, pins->emulator);
    for (guint i = 0; i < pins->iothreads; i++)
        sum->helpers += meets_vcpus(sum, pins->iothread[i]);
}

static void count_crowds(const Sum *sum, guint *threads, guint *cores)
{
    const PlaceMachine *machine = sum->machine;

    for (guint core = 0; core < machine->cores; core++) {
        guint64 demand = 0;
        for (guint cpu = machine->core[core].first; cpu < machine->core[core].end; cpu++) {
            *threads += sum->thread[cpu] > WHOLE;
            demand += sum->thread[cpu];
        }
        *cores += sum->several[core] && demand > WHOLE;
    }
}

PlaceFigures place_figures_of(const PlaceMachine *machine, const GPtrArray *all)
{
    PlaceFigures figures = {0};
    guint threads = 0, cores = 0;
    g_autofree guint64 *thread = g_new0(guint64, machine->cpus);
    g_autofree guint *owner = g_new0(guint, machine->cores);
    g_autofree gboolean *several = g_new0(gboolean, machine->cores);
    Sum sum = {.machine = machine, .thread = thread, .owner = owner, .several = several};

    for (guint i = 0; i < all->len; i++) {
        const PlacePins *pins = g_ptr_array_index(all, i);
        if (pins->counts)
            add_domain(&sum, pins, i + 1);
    }
    for (guint i = 0; i < all->len; i++) {
        const PlacePins *pins = g_ptr_array_index(all, i);
        if (pins->counts)
            count_helpers(&sum, pins);
    }
    count_crowds(&sum, &threads, &cores);
    if (machine->cpus)
        figures.values[FIGURE_VCPUS_PER_THREAD] = NUM(100 * (gint64)sum.vcpus / machine->cpus);
    figures.values[FIGURE_CROWDED_THREADS] = NUM(threads);
    figures.values[FIGURE_CROWDED_CORES] = NUM(cores);
    figures.values[FIGURE_STRADDLE_NODES] = NUM(sum.straddle_nodes);
    figures.values[FIGURE_STRADDLE_CACHES] = NUM(sum.straddle_caches);
    if (sum.memory_kib > 0)
        figures.values[FIGURE_REMOTE_MEMORY] =
            NUM((gint64)(1000 * sum.remote_kib / sum.memory_kib + 0.5));
    figures.values[FIGURE_HELPERS_ON_VCPU_CORES] = NUM(sum.helpers);
    return figures;
}

PlaceFigures place_figures(const Snapshot *snapshot, const Plan *plan)
{
    if (snapshot->host == NULL || snapshot->domains == NULL)
        return (PlaceFigures){0};
    g_autoptr(PlaceMachine) machine = place_machine_new(snapshot->host->topology);
    g_autoptr(GPtrArray) all = place_pins(snapshot, plan);
    return place_figures_of(machine, all);
}
