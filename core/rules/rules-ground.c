/* What rules look up beyond their own document: the host as the plan leaves it, and which vCPUs are
 * pinned where. Gathered once, so that a plan of many domains costs what its changes are. */
#include "core/rules/rules-private.h"

/* The narrow pins to one CPU: two, so that a domain's own can be passed over. */
typedef struct {
    const Domain *domain;
    guint vcpu;
} Pin;

struct RuleGround {
    const Snapshot *snapshot;
    const Plan *plan;
    GHashTable *pins;  /* CPU (GINT_TO_POINTER) → Pin[2] */
    GHashTable *asked; /* page size in KiB (guint64*) → pages (gint64*) */
};

static void add_pin(RuleGround *ground, const Domain *domain, guint vcpu, const IdSet *cpus)
{
    if (cpus == NULL || idset_count(cpus) > RULE_NARROW)
        return;
    for (IDSET_EACH(cpu, cpus)) {
        Pin *pins = g_hash_table_lookup(ground->pins, GINT_TO_POINTER(cpu));
        if (pins == NULL) {
            pins = g_new0(Pin, 2);
            g_hash_table_insert(ground->pins, GINT_TO_POINTER(cpu), pins);
        }
        if (pins[0].domain == NULL)
            pins[0] = (Pin){domain, vcpu};
        else if (pins[1].domain == NULL && pins[0].domain != domain)
            pins[1] = (Pin){domain, vcpu};
    }
}

/* The running domains' pins, where the plan sets none; then the plan's. */
static void add_pins(RuleGround *ground)
{
    g_autoptr(GHashTable) planned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *views = ground->snapshot->domains;
    g_autoptr(GHashTable) running = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; ground->plan && i < ground->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(ground->plan->changes, i);
        if (g_str_equal(change->key->tunable->key, "vcpupin.N"))
            g_hash_table_insert(planned, g_strdup_printf("%s %u", change->target, change->key->n),
                (gpointer)change);
    }
    for (guint i = 0; views && i < views->len; i++) {
        const Domain *domain = ((const DomainView *)g_ptr_array_index(views, i))->domain;
        if (domain->live == NULL)
            continue;
        g_hash_table_insert(running, domain->uuid, (gpointer)domain);
        for (guint n = 0; n < domain->live->vcpupin->len; n++) {
            g_autofree char *key = g_strdup_printf("%s %u", domain->uuid, n);
            if (!g_hash_table_contains(planned, key))
                add_pin(ground, domain, n, g_ptr_array_index(domain->live->vcpupin, n));
        }
    }
    GHashTableIter iter;
    gpointer change;
    g_hash_table_iter_init(&iter, planned);
    while (g_hash_table_iter_next(&iter, NULL, &change)) {
        const Change *pin = change;
        const Domain *domain = g_hash_table_lookup(running, pin->target);
        g_autoptr(IdSet) cpus = domain ? idset_parse(pin->value, NULL) : NULL;
        if (cpus && !hwloc_bitmap_iszero(cpus))
            add_pin(ground, domain, pin->key->n, cpus);
    }
}

/* Adds @pages of pages of @size KiB to what the plan asks for. */
static void add_pages(RuleGround *ground, guint64 size, gint64 pages)
{
    gint64 *sum = g_hash_table_lookup(ground->asked, &size);

    if (sum == NULL) {
        sum = g_new0(gint64, 1);
        g_hash_table_insert(ground->asked, g_memdup2(&size, sizeof size), sum);
    }
    if (__builtin_add_overflow(*sum, pages, sum))
        *sum = G_MAXINT64;
}

/* Each domain that the plan gives other pages: what it will need less what it has. */
static void add_asked(RuleGround *ground)
{
    const GPtrArray *views = ground->snapshot->domains;
    const Host *host = ground->snapshot->host;
    g_autoptr(GHashTable) domains = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; views && i < views->len; i++) {
        Domain *domain = ((const DomainView *)g_ptr_array_index(views, i))->domain;
        g_hash_table_insert(domains, domain->uuid, domain);
    }
    for (guint i = 0; host && ground->plan && i < ground->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(ground->plan->changes, i);
        const Domain *domain = g_str_equal(change->key->key, "memory.hugepages")
                                   ? g_hash_table_lookup(domains, change->target)
                                   : NULL;
        if (domain == NULL || domain->config == NULL)
            continue;
        g_autoptr(GArray) needs = demand_needs(domain->config, change->value, host);
        g_autoptr(GArray) held = domain->live ? demand_needs(domain->live, NULL, host) : NULL;
        for (guint j = 0; j < host->pools->len; j++) {
            guint64 size = g_array_index(host->pools, HugePool, j).size_kib;
            gint64 own = held ? demand_pages(held, size) : 0;
            add_pages(ground, size, MAX(demand_pages(needs, size) - own, 0));
        }
    }
}

gint64 rule_pages_asked(const RuleCase *c, guint64 size)
{
    const gint64 *pages = g_hash_table_lookup(c->ground->asked, &size);

    return pages ? *pages : 0;
}

const GPtrArray *rule_domains(const RuleCase *c)
{
    return c->ground->snapshot->domains;
}

const DomainUsage *rule_usage(const RuleCase *c)
{
    const GPtrArray *views = rule_domains(c);

    for (guint i = 0; views && i < views->len; i++) {
        const DomainView *view = g_ptr_array_index(views, i);
        if (g_str_equal(view->domain->uuid, c->domain->uuid))
            return view->usage;
    }
    return NULL;
}

Supply *rule_supply(const RuleCase *c)
{
    return plan_supply(c->ground->plan, c->host);
}

RuleGround *rule_ground_new(const Snapshot *snapshot, const Plan *plan)
{
    RuleGround *ground = g_new0(RuleGround, 1);

    ground->snapshot = snapshot;
    ground->plan = plan;
    ground->pins = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    ground->asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    add_pins(ground);
    add_asked(ground);
    return ground;
}

void rule_ground_free(RuleGround *ground)
{
    if (ground == NULL)
        return;
    g_hash_table_unref(ground->pins);
    g_hash_table_unref(ground->asked);
    g_free(ground);
}

const Host *rule_ground_host(const RuleGround *ground)
{
    return ground->snapshot->host;
}

const Plan *rule_ground_plan(const RuleGround *ground)
{
    return ground->plan;
}

const Domain *rule_pinned_there(const RuleCase *c, const IdSet *cpus, guint *vcpu)
{
    for (IDSET_EACH(cpu, cpus)) {
        const Pin *pins = g_hash_table_lookup(c->ground->pins, GINT_TO_POINTER(cpu));
        for (guint i = 0; pins && i < 2; i++) {
            if (pins[i].domain == NULL || g_str_equal(pins[i].domain->uuid, c->domain->uuid))
                continue;
            *vcpu = pins[i].vcpu;
            return pins[i].domain;
        }
    }
    return NULL;
}

char *rule_host_value(const RuleCase *c, const char *key)
{
    const char *staged = c->ground->plan ? plan_value(c->ground->plan, "host", key) : NULL;
    g_autoptr(TunableKey) parsed =
        staged || c->host == NULL ? NULL : tunable_key_parse(TARGET_HOST, key, NULL);

    return staged ? g_strdup(staged) : parsed ? tunable_host_value(parsed, c->host) : NULL;
}

IdSet *rule_set(const xmlNode *element, const char *attribute)
{
    const char *text = xml_read_get(element, attribute);

    return text ? idset_parse(text, NULL) : NULL;
}

IdSet *rule_nodes_of(const RuleCase *c, const IdSet *cpus)
{
    IdSet *nodes = c->host ? hwloc_bitmap_alloc() : NULL;

    for (IDSET_EACH(id, nodes ? cpus : NULL)) {
        const Cpu *cpu = topology_cpu(c->host->topology, id);
        if (cpu && cpu->node >= 0)
            hwloc_bitmap_set(nodes, (unsigned)cpu->node);
    }
    return nodes;
}
