/* The domain: its life as a shared, immutable object, and what is derived from its parsed XML. */
#include "core/virt/domain.h"

const char *domain_state_name(DomainState state)
{
    static const char *const names[] = {
        [DOMAIN_NOSTATE] = "no state",
        [DOMAIN_RUNNING] = "running",
        [DOMAIN_BLOCKED] = "idle",
        [DOMAIN_PAUSED] = "paused",
        [DOMAIN_SHUTDOWN] = "in shutdown",
        [DOMAIN_SHUTOFF] = "shut off",
        [DOMAIN_CRASHED] = "crashed",
        [DOMAIN_PMSUSPENDED] = "pmsuspended",
    };

    return (guint)state < G_N_ELEMENTS(names) ? names[state] : names[DOMAIN_NOSTATE];
}

Domain *domain_ref(Domain *domain)
{
    g_atomic_ref_count_inc(&domain->refs);
    return domain;
}

void domain_unref(Domain *domain)
{
    if (domain == NULL || !g_atomic_ref_count_dec(&domain->refs))
        return;
    g_free(domain->name);
    g_free(domain->uuid);
    g_free(domain->xml_live);
    g_free(domain->xml_config);
    domain_config_free(domain->live);
    domain_config_free(domain->config);
    g_free(domain->problem);
    g_free(domain);
}

gboolean domain_is_active(const Domain *domain)
{
    return domain->id >= 0;
}

const DomainConfig *domain_now(const Domain *domain)
{
    return domain->live ? domain->live : domain->config;
}

const IdSet *domain_config_asked(const DomainConfig *config, guint n)
{
    const IdSet *pin = n < config->vcpupin->len ? g_ptr_array_index(config->vcpupin, n) : NULL;

    return pin ? pin : config->vcpu_cpuset;
}

const IdSet *domain_config_asked_of(const DomainConfig *config, const ThreadUsage *thread)
{
    const IdSet *pin = NULL;

    if (thread->vcpu >= 0)
        return domain_config_asked(config, (guint)thread->vcpu);
    if (thread->iothread > 0)
        pin = g_hash_table_lookup(config->iothreadpin, GINT_TO_POINTER(thread->iothread));
    else
        pin = config->emulatorpin;
    return pin ? pin : config->vcpu_cpuset;
}

IdSet *domain_config_all_asked(const DomainConfig *config)
{
    g_autoptr(IdSet) sum = hwloc_bitmap_alloc();

    for (guint n = 0; n < config->vcpus_current; n++) {
        const IdSet *asked = domain_config_asked(config, n);
        if (asked == NULL)
            return NULL;
        hwloc_bitmap_or(sum, sum, asked);
    }
    return g_steal_pointer(&sum);
}

IdSet *domain_usage_all_real(const DomainUsage *usage, const DomainConfig *config)
{
    g_autoptr(IdSet) sum = hwloc_bitmap_alloc();

    for (guint n = 0; n < config->vcpus_current; n++) {
        const ThreadUsage *thread = domain_usage_vcpu(usage, (int)n);
        if (thread == NULL || thread->affinity == NULL)
            return NULL;
        hwloc_bitmap_or(sum, sum, thread->affinity);
    }
    return g_steal_pointer(&sum);
}

IdSet *domain_usage_all_last(const DomainUsage *usage, const DomainConfig *config)
{
    g_autoptr(IdSet) sum = hwloc_bitmap_alloc();

    for (guint n = 0; n < config->vcpus_current; n++) {
        const ThreadUsage *thread = domain_usage_vcpu(usage, (int)n);
        if (thread && thread->last_cpu >= 0)
            hwloc_bitmap_set(sum, (unsigned)thread->last_cpu);
    }
    return hwloc_bitmap_iszero(sum) ? NULL : g_steal_pointer(&sum);
}

gboolean domain_affinity_strays(const IdSet *asked, const IdSet *real, const Topology *topology)
{
    if (real == NULL || topology == NULL)
        return FALSE;
    if (asked && idset_equal(asked, real)) /* as nearly always: a list of 1,000 needs it cheap */
        return FALSE;

    g_autoptr(IdSet) missing = hwloc_bitmap_dup(asked ? asked : topology->online);
    hwloc_bitmap_and(missing, missing, topology->online);
    if (asked == NULL && topology->isolated)
        hwloc_bitmap_andnot(missing, missing, topology->isolated);
    hwloc_bitmap_andnot(missing, missing, real);
    if (!hwloc_bitmap_iszero(missing))
        return TRUE;
    if (asked == NULL)
        return FALSE;
    g_autoptr(IdSet) beyond = hwloc_bitmap_dup(real);
    hwloc_bitmap_and(beyond, beyond, topology->online);
    hwloc_bitmap_andnot(beyond, beyond, asked);
    return !hwloc_bitmap_iszero(beyond);
}

static gboolean is_anywhere(const IdSet *set, const Topology *topology)
{
    return set == NULL || (topology && idset_is_empty(topology->isolated) &&
                              hwloc_bitmap_isincluded(topology->online, set));
}

gboolean domain_pins_differ(const IdSet *now, const IdSet *next, const Topology *topology)
{
    return !idset_equal(now, next) && !(is_anywhere(now, topology) && is_anywhere(next, topology));
}

/* Whether @set and @other have the same online CPUs. */
static gboolean equal_online(const IdSet *set, const IdSet *other, const Topology *topology)
{
    g_autoptr(IdSet) differ = hwloc_bitmap_alloc();

    hwloc_bitmap_xor(differ, set, other);
    return !hwloc_bitmap_intersects(differ, topology->online);
}

AffinityGap domain_affinity_gap(
    const IdSet *asked, const ThreadUsage *thread, const Topology *topology)
{
    if (thread == NULL || thread->affinity == NULL || topology == NULL)
        return AFFINITY_UNKNOWN;
    if (!domain_affinity_strays(asked, thread->affinity, topology))
        return asked && !hwloc_bitmap_isincluded(asked, topology->online) ? AFFINITY_OFFLINE
                                                                          : AFFINITY_AS_ASKED;
    if (thread->cpuset == NULL)
        return AFFINITY_BY_HAND;
    /* Where the cpuset leaves nothing of what is asked, the kernel takes the whole cpuset. */
    g_autoptr(IdSet) left = hwloc_bitmap_dup(asked ? asked : topology->online);
    hwloc_bitmap_and(left, left, thread->cpuset);
    gboolean none = !hwloc_bitmap_intersects(left, topology->online);
    return equal_online(none ? thread->cpuset : left, thread->affinity, topology)
               ? AFFINITY_CGROUP
               : AFFINITY_BY_HAND;
}

const char *domain_affinity_gap_name(AffinityGap gap)
{
    static const char *const names[] = {
        [AFFINITY_AS_ASKED] = "as asked",
        [AFFINITY_OFFLINE] = "offline",
        [AFFINITY_CGROUP] = "cgroup",
        [AFFINITY_BY_HAND] = "by hand",
        [AFFINITY_UNKNOWN] = NULL,
    };

    return names[gap];
}

gboolean domain_config_has_hugepages(const DomainConfig *config)
{
    gboolean any = config->hugepages && !g_str_equal(config->hugepages, "off");

    for (guint i = 0; !any && i < config->devices->len; i++)
        any = g_array_index(config->devices, MemoryDevice, i).page_kib > 0;
    return any;
}

void domain_config_free(DomainConfig *config)
{
    if (config == NULL)
        return;
    g_ptr_array_unref(config->vcpupin);
    hwloc_bitmap_free(config->vcpu_cpuset);
    hwloc_bitmap_free(config->emulatorpin);
    hwloc_bitmap_free(config->iothread_ids);
    g_clear_pointer(&config->cells, g_array_unref);
    g_clear_pointer(&config->devices, g_array_unref);
    g_hash_table_unref(config->iothreadpin);
    g_free(config->hugepages);
    g_free(config->numatune_mode);
    hwloc_bitmap_free(config->numatune_nodeset);
    g_free(config->title);
    g_free(config->type);
    g_free(config);
}
