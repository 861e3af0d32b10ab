/* Why a domain was put where it is, and why one was left out: sentences with their figures. */
#include "core/place/layout.h"
#include "core/util/text.h"

G_GNUC_PRINTF(2, 3)
static void add_reason(PlacedDomain *placed, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(placed->reasons, g_strdup_vprintf(format, args));
    va_end(args);
}

/* "16.0 GiB", "8192 pages of 2M". The caller frees it. */
static char *amount_text(const PlaceMemory *memory, gint64 amount)
{
    if (memory->page_kib == 0)
        return text_size_kib((guint64)MAX(amount, 0));
    g_autofree char *size = text_page_size(memory->page_kib);
    return g_strdup_printf("%" G_GINT64_FORMAT " pages of %s", amount, size);
}

/* "vCPUs 0-3", by the guest's numbers. The caller frees it. */
static char *members_text(const PlaceState *state, const PlaceGroup *group)
{
    g_autoptr(IdSet) numbers = hwloc_bitmap_alloc();

    for (guint v = group->first; v < group->first + group->count; v++)
        hwloc_bitmap_set(numbers, state->vcpu[v].number);
    g_autofree char *text = idset_format(numbers);
    return g_strdup_printf("vCPU%s %s", group->count == 1 ? "" : "s", text);
}

static gboolean is_seat(const PlaceGroup *group, guint node)
{
    for (guint i = 0; i < group->seats; i++)
        if (group->seat[i] == node)
            return TRUE;
    return FALSE;
}

static void tell_nodes(const PlaceState *state, const PlaceGroup *group, PlacedDomain *placed)
{
    const PlaceMachine *machine = state->machine;
    g_autoptr(IdSet) memory = hwloc_bitmap_alloc();
    g_autoptr(IdSet) cpus = hwloc_bitmap_alloc();
    g_autofree char *members = members_text(state, group);
    g_autofree char *need = amount_text(&group->memory, group->memory.need);

    for (guint i = 0; i < group->seats; i++)
        hwloc_bitmap_set(memory, (unsigned)machine->node_id[group->seat[i]]);
    for (guint v = group->first; v < group->first + group->count; v++)
        hwloc_bitmap_set(cpus, (unsigned)machine->node_id[machine->node_of[state->vcpu[v].cpu]]);
    g_autofree char *memory_text = idset_format(memory);
    g_autofree char *cpus_text = idset_format(cpus);
    if (idset_equal(memory, cpus) && group->seats == 1)
        add_reason(placed, "%s and %s of memory on node %s", members, need, memory_text);
    else if (idset_equal(memory, cpus))
        add_reason(placed, "%s and %s of memory on nodes %s: no node alone has room for both",
            members, need, memory_text);
    else
        add_reason(placed,
            "%s on node%s %s, %s of memory on node%s %s: no node alone has room for both", members,
            idset_count(cpus) > 1 ? "s" : "", cpus_text, need, group->seats > 1 ? "s" : "",
            memory_text);
}

static void tell_caches(const PlaceState *state, const PlaceGroup *group, PlacedDomain *placed)
{
    const PlaceMachine *machine = state->machine;
    g_autoptr(IdSet) caches = hwloc_bitmap_alloc();

    for (guint v = group->first; v < group->first + group->count; v++)
        hwloc_bitmap_set(caches, machine->cache_of[state->vcpu[v].cpu]);
    guint used = idset_count(caches);
    if (used == 1 && machine->caches > machine->nodes)
        add_reason(placed, "in one last-level cache group");
    else if (used > group->caches)
        add_reason(placed,
            "over %u cache groups, though %u would hold it: they are taken, and to share threads "
            "with another VM costs more",
            used, group->caches);
    else if (used > 1)
        add_reason(placed, "over %u cache groups: no fewer hold %u vCPUs", used, group->count);
}

static void tell_sharing(const PlaceState *state, const PlaceGuest *guest, PlacedDomain *placed)
{
    const PlaceMachine *machine = state->machine;
    const PlaceGroup *first = &state->group[guest->first_group];
    const PlaceGroup *last = first + guest->groups - 1;
    guint threads = 0, cores = 0, apart = 0, own = last->first + last->count - first->first;

    for (guint v = first->first; v < last->first + last->count; v++) {
        guint cpu = (guint)state->vcpu[v].cpu, core = machine->core_of[cpu];
        threads += state->on_cpu[cpu] > 1 || state->fixed[cpu] >= COST_THREAD / 2;
        cores += state->vms_core[core] + state->fixed_vms[core] > 1;
        apart += v > first->first && state->vcpu[v - 1].unit == state->vcpu[v].unit &&
                 state->vcpu[v - 1].group == state->vcpu[v].group &&
                 machine->core_of[state->vcpu[v - 1].cpu] != core;
    }
    if (threads > 0)
        add_reason(placed,
            "%u of its %u vCPUs share threads with other vCPUs: there are more vCPUs than CPUs for "
            "them",
            threads, own);
    else if (cores > 0)
        add_reason(placed, "no thread shared; %u of its %u vCPUs are on a core with another VM",
            cores, own);
    else
        add_reason(placed, "no core shared with another VM");
    if (guest->pins->config->threads > 1 && apart == 0)
        add_reason(placed, "guest siblings on host siblings");
    else if (apart > 0)
        add_reason(placed, "%u pair%s of guest siblings apart: no core has the threads", apart,
            apart == 1 ? "" : "s");
}

static void tell_moves(const PlaceState *state, const PlaceGuest *guest, PlacedDomain *placed)
{
    const PlaceGroup *first = &state->group[guest->first_group];
    const PlaceGroup *last = first + guest->groups - 1;
    guint moves = 0;
    gint64 kib = 0;

    for (guint v = first->first; v < last->first + last->count; v++) {
        const IdSet *pin = state->vcpu[v].pin;
        moves += pin && !idset_has(pin, state->machine->cpu_id[state->vcpu[v].cpu]);
    }
    for (guint i = 0; i < guest->groups && guest->running; i++) {
        const PlaceMemory *memory = &first[i].memory;
        for (guint node = 0; node < state->machine->nodes; node++)
            if (!is_seat(&first[i], node))
                kib += memory->held[node] * (gint64)MAX(memory->page_kib, 1);
    }
    if (moves)
        add_reason(placed, "moves %u of its pinned vCPUs", moves);
    if (kib > 0) {
        g_autofree char *size = text_size_kib((guint64)kib);
        add_reason(
            placed, "%s of its memory lie on other nodes now and come with its next start", size);
    }
}

void place_add_reasons(
    const PlaceState *state, guint index, PlacedDomain *placed, gboolean helpers_apart)
{
    const PlaceGuest *guest = &state->guest[index];
    g_autofree char *helpers = idset_format(placed->helpers);
    const char *who = guest->helpers > 1 ? "emulator and I/O threads" : "emulator";

    for (guint i = 0; i < guest->groups; i++) {
        const PlaceGroup *group = &state->group[guest->first_group + i];
        if (group->count == 0)
            continue;
        tell_nodes(state, group, placed);
        tell_caches(state, group, placed);
    }
    tell_sharing(state, guest, placed);
    if (helpers_apart)
        add_reason(placed, "%s on %s: no vCPU is on these cores", who, helpers);
    else
        add_reason(placed, "%s on %s: every core of its nodes has vCPUs", who, helpers);
    tell_moves(state, guest, placed);
}

/* ---- left out ---- */

static gint64 room_for(const PlaceState *state, const PlaceGroup *group, guint node)
{
    gint64 held = group->memory.held ? group->memory.held[node] : 0;

    for (guint i = 0; i < state->sizes; i++)
        if (state->page_kib[i] == group->memory.page_kib)
            return held + state->room[i * state->machine->nodes + node];
    return held;
}

/* The node that lacks the least for @group. */
static guint nearest_fit(const PlaceState *state, const PlaceGroup *group)
{
    guint best = 0;

    for (guint node = 1; node < state->machine->nodes; node++)
        if (room_for(state, group, node) > room_for(state, group, best))
            best = node;
    return best;
}

/* The sentence for a memory that is nowhere. */
static char *lacks_memory(
    const PlaceState *state, const Host *host, const PlaceGroup *group, const char *name)
{
    const PlaceMemory *memory = &group->memory;
    guint node = nearest_fit(state, group);
    int id = state->machine->node_id[node];
    gint64 room = room_for(state, group, node), missing = memory->need - room;
    g_autofree char *need = amount_text(memory, memory->need);
    g_autofree char *has = amount_text(memory, room);
    g_autofree char *lack = amount_text(memory, missing);
    g_autofree char *size = memory->page_kib ? text_page_size(memory->page_kib) : NULL;

    if (memory->page_kib == 0)
        return g_strdup_printf("%s does not fit: it needs %s of memory, and node %d, which has the "
                               "most, has %s; %s more there would make it fit",
            name, need, id, has, lack);
    const NodeMemory *node_memory = host_node(host, id);
    gint64 total = -1;
    for (guint i = 0; node_memory && node_memory->pools && i < node_memory->pools->len; i++) {
        const HugePool *pool = &g_array_index(node_memory->pools, HugePool, i);
        if (pool->size_kib == memory->page_kib)
            total = num_or(pool->total, -1);
    }
    if (total < 0)
        return g_strdup_printf("%s does not fit: it needs %s, and the host has no pool of that "
                               "size; a pool, or memory.hugepages=off, would make it fit",
            name, need);
    if (missing <= 0)
        return g_strdup_printf("%s does not fit: it needs %s, and those that are free are promised "
                               "to others (HugePages_Rsvd); more of them would make it fit",
            name, need);
    return g_strdup_printf(
        "%s does not fit: it needs %s, and node %d, which has the most, has %s "
        "free; %s more there would make it fit (hugepages.node%d.%s=%" G_GINT64_FORMAT ")",
        name, need, id, has, lack, id, size, total + missing);
}

/* Cores that no VM is on, on which guest @guest may be. */
static guint own_cores(const PlaceState *state, const PlaceGuest *guest)
{
    const PlaceMachine *machine = state->machine;
    guint count = 0;

    for (guint core = 0; core < machine->cores; core++) {
        gboolean usable = FALSE;
        for (guint cpu = machine->core[core].first; cpu < machine->core[core].end; cpu++)
            usable |= place_may_use(state, guest, cpu);
        count += usable && state->vms_core[core] == 0 && state->fixed_vms[core] == 0;
    }
    return count;
}

char *place_misfit(PlaceState *state, const Host *host, guint index)
{
    const PlaceGuest *guest = &state->guest[index];
    g_autofree char *name = text_escape(guest->pins->view->domain->name, 60);
    g_autofree guint *seat = g_new(guint, MAX(state->machine->nodes, 1));
    guint usable = 0, seats;

    for (guint cpu = 0; cpu < state->machine->cpus; cpu++)
        usable += place_may_use(state, guest, cpu);
    if (usable == 0)
        return g_strdup_printf("%s does not fit: every CPU is offline, isolated, reserved or not "
                               "among those to use; one more CPU would make it fit",
            name);
    for (guint i = 0; i < guest->groups; i++) {
        const PlaceGroup *group = &state->group[guest->first_group + i];
        gboolean fits = FALSE;
        for (guint node = 0; node < state->machine->nodes && !fits; node++) {
            if (place_seats_from(state, guest->first_group + i, node, seat, &seats) &&
                place_take(state, guest->first_group + i, seat, seats)) {
                place_give_back(state, guest->first_group + i);
                fits = TRUE;
            }
        }
        if (!fits)
            return lacks_memory(state, host, group, name);
    }
    if (state->policy == PLACE_ISOLATE)
        return g_strdup_printf(
            "%s does not fit: with isolate it needs cores of its own, and %u are "
            "left where its memory fits; more free cores, or the policy spread, "
            "would make it fit",
            name, own_cores(state, guest));
    return g_strdup_printf("%s does not fit: its guest cells find no nodes with memory for all of "
                           "them together; more free memory on one node would make it fit",
        name);
}
