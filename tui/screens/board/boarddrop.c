/* What a drop on the board would do: the pins it sets. */
#include "tui/screens/board/boarddrop.h"

/* ---- the threads of a target ---- */

#define VCPU_WEIGHT 64u

/* A thread, and what counts when one is chosen: those come first that sort first. */
typedef struct {
    guint pinned; /* what of others is pinned to it: VCPU_WEIGHT a vCPU, 1 a helper */
    gboolean isolated;
    int core; /* its first thread */
    int cpu;
} Thread;

static int compare_threads(gconstpointer a, gconstpointer b)
{
    const Thread *x = a, *y = b;

    if (x->pinned != y->pinned)
        return x->pinned < y->pinned ? -1 : 1;
    if (x->isolated != y->isolated)
        return x->isolated ? 1 : -1;
    if (x->core != y->core)
        return x->core < y->core ? -1 : 1;
    return x->cpu < y->cpu ? -1 : 1;
}

/* What a drop is made of while it is made. */
typedef struct {
    const Chips *chips;
    const Topology *topology;
    const Plan *plan;
    const DropTarget *target;
    IdSet *cpus;             /* of the target, online */
    GArray *vcpus, *helpers; /* guint: chips carried */
    gboolean *is_carried;    /* by chip */
    guint wholes;            /* domains laid out as a whole */
    Drop *drop;
} Making;

/* Whether @chip runs, or will by what is staged, and is pinned to some of the host's CPUs only. */
static gboolean takes_room(const Making *m, guint index)
{
    const Chip *chip = chips_at(m->chips, index);
    const Domain *domain = chips_domain(m->chips, chip->domain)->domain;

    return !m->is_carried[index] && chip->asked != NULL &&
           (domain_is_active(domain) || chip->staged) &&
           !hwloc_bitmap_isincluded(m->topology->online, chip->asked);
}

static guint count_pinned(const Making *m, int cpu)
{
    guint count = 0;

    for (guint i = 0; i < m->chips->chips->len; i++)
        if (takes_room(m, i) && idset_has(chips_at(m->chips, i)->asked, cpu))
            count += chips_at(m->chips, i)->kind == CHIP_VCPU ? VCPU_WEIGHT : 1;
    return count;
}

static GArray *sort_threads(const Making *m)
{
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(Thread));

    for (IDSET_EACH(id, m->cpus)) {
        const Cpu *cpu = topology_cpu(m->topology, id);
        int core = cpu->siblings != NULL ? hwloc_bitmap_first(cpu->siblings) : id;
        Thread thread = {count_pinned(m, id), cpu->isolated, core, id};
        g_array_append_val(threads, thread);
    }
    g_array_sort(threads, compare_threads);
    return threads;
}

/* ---- the changes ---- */

/* Takes @value. */
static void add_change(Making *m, const char *uuid, const char *key, char *value)
{
    DropChange *change = g_new0(DropChange, 1);

    change->uuid = g_strdup(uuid);
    change->key = g_strdup(key);
    change->value = value;
    g_ptr_array_add(m->drop->changes, change);
}

/* Pins @index to @cpus (NULL: nowhere), or to these as well. */
static void change_pin(Making *m, guint index, const IdSet *cpus)
{
    const Chip *chip = chips_at(m->chips, index);
    g_autoptr(IdSet) set = idset_copy(cpus);

    if (set != NULL && m->target->add && chip->asked != NULL)
        hwloc_bitmap_or(set, set, chip->asked);
    add_change(m, chips_domain(m->chips, chip->domain)->domain->uuid, chip->key,
        set != NULL ? idset_format(set) : g_strdup(""));
}

/* One chip takes all of the target. Several vCPUs take a thread each, the free ones first; what
 * helps them (emulator, I/O threads) takes what they leave free, or all of it. */
static void spread(Making *m)
{
    g_autoptr(GArray) threads = sort_threads(m);
    g_autoptr(IdSet) left = idset_copy(m->cpus);

    if (m->vcpus->len == 1)
        change_pin(m, g_array_index(m->vcpus, guint, 0), m->cpus);
    for (guint i = 0; m->vcpus->len > 1 && i < m->vcpus->len; i++) {
        g_autoptr(IdSet) alone = hwloc_bitmap_alloc();
        int cpu = g_array_index(threads, Thread, i % threads->len).cpu;
        hwloc_bitmap_only(alone, (unsigned)cpu);
        hwloc_bitmap_clr(left, (unsigned)cpu);
        change_pin(m, g_array_index(m->vcpus, guint, i), alone);
    }
    for (guint i = 0; i < threads->len; i++)
        if (g_array_index(threads, Thread, i).pinned >= VCPU_WEIGHT)
            hwloc_bitmap_clr(left, (unsigned)g_array_index(threads, Thread, i).cpu);
    if (m->vcpus->len == 0 || hwloc_bitmap_iszero(left))
        hwloc_bitmap_copy(left, m->cpus);
    for (guint i = 0; i < m->helpers->len; i++)
        change_pin(m, g_array_index(m->helpers, guint, i), left);
}

static void carry_chip(Making *m, guint index)
{
    if (m->is_carried[index])
        return;
    m->is_carried[index] = TRUE;
    g_array_append_val(chips_at(m->chips, index)->kind == CHIP_VCPU ? m->vcpus : m->helpers, index);
}

/* A whole domain onto a part of the machine: core/place lays it out, its memory with it. */
static void lay_out_whole(Making *m, const Domain *domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PlaceLayout) layout =
        place_domain_onto(m->chips->snapshot, m->plan, domain->uuid, m->target->cpus, &error);
    const PlacedDomain *placed = layout != NULL ? layout->domains->pdata[0] : NULL;

    m->wholes++;
    if (placed == NULL || placed->problem != NULL) {
        g_free(m->drop->refusal);
        m->drop->refusal = g_strdup(placed != NULL ? placed->problem : error->message);
        return;
    }
    for (guint i = 0; i < placed->settings->len; i++) {
        const PlaceSetting *setting = placed->settings->pdata[i];
        add_change(m, domain->uuid, setting->key, g_strdup(setting->value));
    }
}

static void take_carried(Making *m, const Carry *carry)
{
    for (guint i = 0; i < carry_count(carry); i++) {
        const Carried *carried = carry->items->pdata[i];
        int domain = chips_find_domain(m->chips, carried->uuid);
        int chip = carried->key != NULL ? chips_find(m->chips, carried->uuid, carried->key) : -1;
        if (chip >= 0)
            carry_chip(m, (guint)chip);
        if (carried->key != NULL || domain < 0)
            continue;
        const ChipDomain *whole = chips_domain(m->chips, (guint)domain);
        if (m->target->cpus != NULL && !m->target->add) {
            lay_out_whole(m, whole->domain);
            continue;
        }
        for (guint c = whole->first; c < whole->first + whole->count; c++)
            carry_chip(m, c);
    }
}

static char *refuse_target(const Making *m)
{
    if (m->vcpus->len + m->helpers->len + m->wholes == 0)
        return g_strdup("nothing is carried");
    if (m->target->cpus == NULL)
        return NULL;
    if (hwloc_bitmap_iszero(m->target->cpus))
        return g_strdup_printf("node %d has memory only: no CPU to run on", m->target->node);
    if (hwloc_bitmap_iszero(m->cpus)) {
        g_autofree char *list = idset_format(m->target->cpus);
        return g_strdup_printf("CPU %s is offline: nothing can run there", list);
    }
    return NULL;
}

/* The plan as it would be. */
static void stage_all(Making *m, const Plan *plan)
{
    Drop *drop = m->drop;
    guint acts = plan->acts;

    drop->plan = plan_copy(plan);
    for (guint i = 0; i < drop->changes->len && drop->refusal == NULL; i++) {
        const DropChange *change = drop->changes->pdata[i];
        g_autoptr(GError) error = NULL;
        if (!plan_stage(drop->plan, m->chips->snapshot, change->uuid, change->key, change->value,
                SCOPE_BOTH, &error))
            drop->refusal = g_strdup(error->message);
    }
    plan_join(drop->plan, acts);
}

static void drop_change_free(gpointer data)
{
    DropChange *change = data;

    g_free(change->uuid);
    g_free(change->key);
    g_free(change->value);
    g_free(change);
}

Drop *drop_make(const Chips *chips, const Plan *plan, const Carry *carry, const DropTarget *target)
{
    Drop *drop = g_new0(Drop, 1);
    Making m = {.chips = chips,
        .topology = chips->snapshot->host->topology,
        .plan = plan,
        .target = target,
        .cpus = idset_copy(target->cpus),
        .vcpus = g_array_new(FALSE, FALSE, sizeof(guint)),
        .helpers = g_array_new(FALSE, FALSE, sizeof(guint)),
        .is_carried = g_new0(gboolean, chips->chips->len + 1),
        .drop = drop};

    drop->changes = g_ptr_array_new_with_free_func(drop_change_free);
    drop->warnings = g_ptr_array_new_with_free_func(g_free);
    if (m.cpus != NULL)
        hwloc_bitmap_and(m.cpus, m.cpus, m.topology->online);
    take_carried(&m, carry);
    char *refusal = refuse_target(&m);
    if (refusal != NULL) {
        g_free(drop->refusal);
        drop->refusal = refusal;
    }
    if (drop->refusal == NULL && target->cpus != NULL && m.vcpus->len + m.helpers->len > 0)
        spread(&m);
    else if (drop->refusal == NULL)
        for (guint i = 0; i < chips->chips->len; i++)
            if (m.is_carried[i])
                change_pin(&m, i, NULL);
    if (drop->refusal == NULL)
        stage_all(&m, plan);
    if (drop->refusal == NULL) { /* of a value either */
        drop->figures = place_figures(chips->snapshot, drop->plan);
        drop_warn(drop, chips);
    }
    g_array_unref(m.vcpus);
    g_array_unref(m.helpers);
    g_free(m.is_carried);
    hwloc_bitmap_free(m.cpus);
    return drop;
}

void drop_free(Drop *drop)
{
    if (drop == NULL)
        return;
    g_ptr_array_unref(drop->changes);
    g_ptr_array_unref(drop->warnings);
    plan_free(drop->plan);
    g_free(drop->refusal);
    g_free(drop);
}
