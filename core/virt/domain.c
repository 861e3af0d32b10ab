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

void domain_config_free(DomainConfig *config)
{
    if (config == NULL)
        return;
    g_ptr_array_unref(config->vcpupin);
    hwloc_bitmap_free(config->vcpu_cpuset);
    hwloc_bitmap_free(config->emulatorpin);
    g_hash_table_unref(config->iothreadpin);
    g_free(config->hugepages);
    g_free(config->numatune_mode);
    hwloc_bitmap_free(config->numatune_nodeset);
    g_free(config->title);
    g_free(config->type);
    g_free(config);
}
