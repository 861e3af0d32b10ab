/* The rules of CPUs: pins, schedulers, quotas, vCPU counts and the CPU model. Their sources:
 * libvirt's formatdomain.html, and what its test and QEMU drivers refuse (tests/live/live-rules).
 */
#include "core/rules/rules-private.h"

#include "core/util/text.h"

/* A pin's CPUs in three sets: all, those offline, those isolated. NULL where there is no set. */
static IdSet *pinned(const RuleCase *c, const xmlNode *pin, IdSet **offline, IdSet **isolated)
{
    IdSet *cpus = rule_set(pin, "cpuset");

    *offline = hwloc_bitmap_alloc();
    *isolated = hwloc_bitmap_alloc();
    for (IDSET_EACH(id, c->host ? cpus : NULL)) {
        const Cpu *cpu = topology_cpu(c->host->topology, id);
        if (cpu == NULL || !cpu->online)
            hwloc_bitmap_set(*offline, (unsigned)id);
        else if (cpu->isolated)
            hwloc_bitmap_set(*isolated, (unsigned)id);
    }
    return cpus;
}

/* Of a running domain the kernel refuses a pin to CPUs that are not there; the next start may find
 * them online. */
static void say_offline(RuleCase *c, const xmlNode *pin, gboolean refused)
{
    g_autoptr(IdSet) offline = NULL, isolated = NULL;
    g_autoptr(IdSet) cpus = pinned(c, pin, &offline, &isolated);
    const Change *change = c->keys->len ? rule_staged(c, g_ptr_array_index(c->keys, 0)) : NULL;
    gboolean none = cpus && !hwloc_bitmap_iszero(cpus) && hwloc_bitmap_isequal(offline, cpus);
    gboolean now = domain_is_active(c->domain) && change && change->scope != SCOPE_CONFIG;

    if (cpus == NULL || hwloc_bitmap_iszero(offline) || (none && now) != refused)
        return;
    g_autofree char *text = idset_format(offline);
    rule_find(c, none ? "CPU %s is offline: it cannot run there" : "CPU %s is offline", text);
}

static void pin_refused(RuleCase *c, const xmlNode *pin, const char *name)
{
    (void)name;
    say_offline(c, pin, TRUE);
}

static void pin_offline(RuleCase *c, const xmlNode *pin, const char *name)
{
    (void)name;
    say_offline(c, pin, FALSE);
}

static void pin_isolated(RuleCase *c, const xmlNode *pin, const char *name)
{
    g_autoptr(IdSet) offline = NULL, isolated = NULL;
    g_autoptr(IdSet) cpus = pinned(c, pin, &offline, &isolated);
    (void)name;

    if (cpus == NULL || hwloc_bitmap_iszero(isolated) || idset_count(cpus) == 1)
        return;
    g_autofree char *text = idset_format(isolated);
    rule_find(c,
        "CPU %s is isolated from the scheduler: what is pinned there and elsewhere is not balanced",
        text);
}

static void pin_nodes(RuleCase *c, const xmlNode *pin, const char *name)
{
    g_autoptr(IdSet) cpus = rule_set(pin, "cpuset");
    g_autoptr(IdSet) nodes = cpus ? rule_nodes_of(c, cpus) : NULL;
    (void)name;

    if (idset_count(nodes) < 2)
        return;
    g_autofree char *cpus_text = idset_format(cpus), *nodes_text = idset_format(nodes);
    rule_find(c, "CPUs %s lie on NUMA nodes %s", cpus_text, nodes_text);
}

/* A CPU that a vCPU of another running domain is pinned to as well: they take turns. */
static void pin_shared(RuleCase *c, const xmlNode *pin, const char *name)
{
    g_autoptr(IdSet) cpus = rule_set(pin, "cpuset");
    guint vcpu;
    const Domain *other =
        idset_count(cpus) <= RULE_NARROW ? rule_pinned_there(c, cpus, &vcpu) : NULL;
    (void)name;

    if (other == NULL)
        return;
    g_autofree char *shown = text_escape(other->name, 60);
    rule_find(c, "vCPU %u of %s is pinned to the same CPU", vcpu, shown);
}

static void pin_without_vcpu(RuleCase *c, const xmlNode *pin, const char *name)
{
    Num number = xml_read_number(name);
    (void)pin;

    if (number.known && number.value >= c->vcpus)
        rule_find(c, "there is no vCPU %s: they go from 0 to %u", name, c->vcpus - 1);
}

/* What <cputune>'s lists of vCPUs or I/O threads name beyond those that there are. */
static void each_sched(
    RuleCase *c, const char *element, const char *attribute, const IdSet *there, const char *what)
{
    g_autofree char *path = g_strdup_printf("cputune/%s", element);

    for (XML_READ_EACH(sched, c->root, path)) {
        g_autoptr(IdSet) named = rule_set(sched, attribute);
        for (IDSET_EACH(id, named)) {
            if (idset_has(there, id))
                continue;
            rule_about(c, "%s.%d", element, id);
            rule_find(c, "there is no %s %d, and libvirt refuses what names it", what, id);
            g_ptr_array_set_size(c->keys, c->keys->len - 1);
        }
    }
}

static void sched_without_vcpu(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(IdSet) there = hwloc_bitmap_alloc();
    (void)domain, (void)name;

    hwloc_bitmap_set_range(there, 0, (int)c->vcpus - 1);
    each_sched(c, "vcpusched", "vcpus", there, "vCPU");
}

IdSet *rule_iothreads(const RuleCase *c)
{
    IdSet *there = hwloc_bitmap_alloc();
    Num count = xml_read_number(xml_read_text(xml_read_at(c->root, "iothreads")));
    guint found = 0;

    for (XML_READ_EACH(thread, c->root, "iothreadids/iothread")) {
        Num id = xml_read_number(xml_read_get(thread, "id"));
        if (id.known && id.value < IDSET_MAX)
            hwloc_bitmap_set(there, (unsigned)id.value), found++;
    }
    /* libvirt numbers the rest itself, from 1 on, where a number is free. */
    for (guint id = 1; found < num_or(count, 0) && id < IDSET_MAX; id++)
        if (!idset_has(there, id))
            hwloc_bitmap_set(there, id), found++;
    return there;
}

static void sched_without_iothread(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(IdSet) there = rule_iothreads(c);
    (void)domain, (void)name;

    each_sched(c, "iothreadsched", "iothreads", there, "I/O thread");
}

static void pin_without_iothread(RuleCase *c, const xmlNode *pin, const char *name)
{
    g_autoptr(IdSet) there = rule_iothreads(c);
    Num id = xml_read_number(name);
    (void)pin;

    if (id.known && !(id.value < IDSET_MAX && idset_has(there, id.value))) {
        g_autofree char *list = idset_format(there);
        rule_find(c, "there is no I/O thread %s (there is %s): set iothreads first", name,
            *list ? list : "none");
    }
}

/* The pin of vCPU @n; NULL where it may run anywhere. */
static IdSet *pin_of(const RuleCase *c, int n)
{
    for (XML_READ_EACH(pin, c->root, "cputune/vcpupin"))
        if (num_or(xml_read_number(xml_read_get(pin, "vcpu")), -1) == n)
            return rule_set(pin, "cpuset");
    return NULL;
}

/* A real-time thread does not give way: what else runs on its core starves, the host's own tasks
 * and QEMU's emulator thread among it. */
static void realtime_shared(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)domain, (void)name;

    for (XML_READ_EACH(sched, c->root, "cputune/vcpusched")) {
        g_autoptr(IdSet) vcpus = rule_set(sched, "vcpus");
        if (!xml_read_is(sched, "scheduler", "fifo") && !xml_read_is(sched, "scheduler", "rr"))
            continue;
        for (IDSET_EACH(n, vcpus)) {
            g_autoptr(IdSet) cpus = pin_of(c, n);
            guint vcpu;
            const Domain *other = cpus ? rule_pinned_there(c, cpus, &vcpu) : NULL;
            gboolean isolated = cpus != NULL;
            for (IDSET_EACH(id, c->host ? cpus : NULL)) {
                const Cpu *cpu = topology_cpu(c->host->topology, id);
                isolated &= cpu && cpu->isolated;
            }
            if (cpus && ((isolated && other == NULL) || c->host == NULL))
                continue;
            g_ptr_array_set_size(c->keys, 0);
            rule_about(c, "vcpusched.%d", n);
            rule_about(c, "vcpupin.%d", n);
            g_autofree char *shown = other ? text_escape(other->name, 60) : NULL;
            if (other)
                rule_find(c,
                    "vCPU %u of %s is pinned to the same CPU, and a real-time vCPU starves "
                    "it",
                    vcpu, shown);
            else
                rule_find(c,
                    cpus
                        ? "its CPUs are not isolated from the host's tasks, which a real-time vCPU "
                          "starves"
                        : "it is not pinned: a real-time vCPU starves what runs wherever it goes");
        }
    }
}

/* Quotas are for each thread of their kind but the global one, which is for all of QEMU. */
static const struct {
    const char *quota, *period, *who;
    gboolean all;
} quotas[] = {
    {"quota", "period", "a vCPU", FALSE},
    {"emulator_quota", "emulator_period", "QEMU's emulator", FALSE},
    {"iothread_quota", "iothread_period", "an I/O thread", FALSE},
    {"global_quota", "global_period", "the domain", TRUE},
};

static void quota_short(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *cputune = xml_read_at(domain, "cputune");
    (void)name;

    for (guint i = 0; i < G_N_ELEMENTS(quotas); i++) {
        Num quota = xml_read_number(xml_read_text(xml_read_at(cputune, quotas[i].quota)));
        gint64 period =
            num_or(xml_read_number(xml_read_text(xml_read_at(cputune, quotas[i].period))), 100000);
        gint64 wanted = quotas[i].all ? c->vcpus : 1;
        if (!quota.known || quota.value == 0 || quota.value >= wanted * period || period <= 0)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "cputune.%s", quotas[i].quota);
        rule_about(c, "cputune.%s", quotas[i].period);
        if (quotas[i].all)
            rule_about(c, "vcpus.max");
        rule_find(c, "%s gets at most %.2f CPUs%s", quotas[i].who,
            (double)quota.value / (double)period,
            quotas[i].all ? ", less than it has vCPUs" : ", less than the one it runs on");
    }
}

static void vcpus_current(RuleCase *c, const xmlNode *domain, const char *name)
{
    Num current = xml_read_number(xml_read_get(xml_read_at(domain, "vcpu"), "current"));
    (void)name;

    if (current.known && current.value > c->vcpus)
        rule_find(
            c, "%" G_GINT64_FORMAT " vCPUs are more than vcpus.max, %u", current.value, c->vcpus);
}

static void topology_count(RuleCase *c, const xmlNode *domain, const char *name)
{
    static const char *const parts[] = {"sockets", "dies", "clusters", "cores", "threads"};
    const xmlNode *topology = xml_read_at(domain, "cpu/topology");
    gint64 product = 1;
    (void)name;

    if (topology == NULL)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        product *=
            CLAMP(num_or(xml_read_number(xml_read_get(topology, parts[i])), 1), 1, IDSET_MAX);
    if (product != c->vcpus)
        rule_find(c, "makes %" G_GINT64_FORMAT " vCPUs, and vcpus.max is %u: they must be the same",
            product, c->vcpus);
}

static gboolean is_passthrough(const xmlNode *cpu)
{
    return xml_read_is(cpu, "mode", "host-passthrough") || xml_read_is(cpu, "mode", "maximum");
}

static void cpu_migratable(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *cpu = xml_read_at(domain, "cpu");
    (void)name;

    if (xml_read_get(cpu, "migratable") && !is_passthrough(cpu))
        rule_find(c, "goes only with cpu.mode=host-passthrough or maximum");
}

static void cpu_migration(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *cpu = xml_read_at(domain, "cpu");
    (void)name;

    if (xml_read_is(cpu, "mode", "host-passthrough") && !xml_read_is(cpu, "migratable", "off"))
        rule_find(c, "the guest migrates only to hosts with the very same CPU, microcode and "
                     "kernel: host-model migrates, cpu.migratable=off says that it need not");
}

static void cpu_emulated(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (xml_read_is(domain, "type", "qemu") &&
        xml_read_is(xml_read_at(domain, "cpu"), "mode", "host-passthrough"))
        rule_find(c, "host-passthrough needs KVM, and this domain is emulated: it does not start");
}

static void cpu_features(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *cpu = xml_read_at(domain, "cpu");
    const char *mode = xml_read_get(cpu, "mode");
    (void)name;

    if (xml_read_at(cpu, "feature") && xml_read_at(cpu, "model") == NULL &&
        (mode == NULL || g_str_equal(mode, "custom")))
        rule_find(c, "features need a cpu.model, or another cpu.mode than custom");
}

static void cpu_cache(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *cpu = xml_read_at(domain, "cpu");
    const xmlNode *cache = xml_read_at(cpu, "cache");
    const char *level = xml_read_get(cache, "level");
    (void)name;

    if (xml_read_is(cache, "mode", "passthrough") && !is_passthrough(cpu))
        rule_find(c, "passthrough goes only with cpu.mode=host-passthrough or maximum");
    else if (xml_read_is(cache, "mode", "emulate") && g_strcmp0(level, "3") != 0)
        rule_find(c, "only the cache of level 3 is emulated: emulate:3");
    else if (level && !xml_read_is(cache, "mode", "emulate"))
        rule_find(c, "passthrough and disable take no level");
}

static void cpu_maxphysaddr(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *size = xml_read_at(domain, "cpu/maxphysaddr");
    const char *bits = xml_read_get(size, "bits");
    (void)name;

    if (xml_read_is(size, "mode", "emulate") && bits == NULL)
        rule_find(c, "emulate needs the number of bits: emulate:42");
    else if (xml_read_is(size, "mode", "passthrough") && bits)
        rule_find(c, "passthrough takes no number of bits");
}

/* Every set of vCPUs gets one class of the cache and of the bandwidth: two sets are the same, or
 * have none in common. */
static void resctrl_overlap(RuleCase *c, const xmlNode *domain, const char *name)
{
    static const char *const kinds[] = {"cachetune", "memorytune"};
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    (void)name;

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *path = g_strdup_printf("cputune/%s", kinds[k]);
        for (XML_READ_EACH(tune, domain, path)) {
            IdSet *vcpus = rule_set(tune, "vcpus");
            if (vcpus == NULL)
                continue;
            for (guint i = 0; i < sets->len; i++) {
                const IdSet *other = g_ptr_array_index(sets, i);
                if (!hwloc_bitmap_intersects(vcpus, other) || hwloc_bitmap_isequal(vcpus, other))
                    continue;
                g_autofree char *a = idset_format(other), *b = idset_format(vcpus);
                g_ptr_array_set_size(c->keys, 0);
                for (guint n = 0; n < G_N_ELEMENTS(kinds); n++) {
                    rule_about(c, "cputune.%s.%s", kinds[n], a);
                    rule_about(c, "cputune.%s.%s", kinds[n], b);
                }
                rule_find(c,
                    "the vCPUs %s and %s overlap: a vCPU has one class of cache and "
                    "bandwidth",
                    a, b);
            }
            g_ptr_array_add(sets, vcpus);
        }
    }
}

static void resctrl_kvm(RuleCase *c, const xmlNode *domain, const char *name)
{
    static const char *const kinds[] = {"cachetune", "memorytune"};
    (void)name;

    for (guint k = 0; xml_read_is(domain, "type", "qemu") && k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *path = g_strdup_printf("cputune/%s", kinds[k]);
        for (XML_READ_EACH(tune, domain, path)) {
            g_autofree char *vcpus = text_escape(xml_read_get(tune, "vcpus"), 60);
            g_ptr_array_set_size(c->keys, 0);
            rule_about(c, "cputune.%s.%s", kinds[k], vcpus);
            rule_find(c, "needs KVM, and this domain is emulated");
        }
    }
}

#define PIN_RULES(key, of)                                                                         \
    {key "-refused", of, RULE_REFUSES, {key ".N"}, pin_refused},                                   \
        {key "-offline", of, RULE_WARNS, {key ".N"}, pin_offline},                                 \
        {key "-isolated", of, RULE_WARNS, {key ".N"}, pin_isolated},                               \
    {                                                                                              \
        key "-nodes", of, RULE_WARNS, {key ".N"}, pin_nodes                                        \
    }

static const Rule rules[] = {
    PIN_RULES("vcpupin", OF_VCPUPIN),
    PIN_RULES("iothreadpin", OF_IOTHREADPIN),
    {"emulatorpin-refused", OF_EMULATORPIN, RULE_REFUSES, {"emulatorpin"}, pin_refused},
    {"emulatorpin-offline", OF_EMULATORPIN, RULE_WARNS, {"emulatorpin"}, pin_offline},
    {"emulatorpin-isolated", OF_EMULATORPIN, RULE_WARNS, {"emulatorpin"}, pin_isolated},
    {"emulatorpin-nodes", OF_EMULATORPIN, RULE_WARNS, {"emulatorpin"}, pin_nodes},
    {"vcpupin-shared", OF_VCPUPIN, RULE_WARNS, {"vcpupin.N"}, pin_shared},
    {"vcpupin-vcpu", OF_VCPUPIN, RULE_WARNS, {"vcpupin.N", "vcpus.max"}, pin_without_vcpu},
    {"vcpusched-vcpu", OF_DOMAIN, RULE_REFUSES, {"vcpus.max", "vcpusched.N"}, sched_without_vcpu},
    {"iothreadpin-iothread", OF_IOTHREADPIN, RULE_REFUSES, {"iothreadpin.N", "iothreads"},
        pin_without_iothread},
    {"iothreadsched-iothread", OF_DOMAIN, RULE_REFUSES, {"iothreads", "iothreadsched.N"},
        sched_without_iothread},
    {"vcpusched-shared", OF_DOMAIN, RULE_WARNS, {"vcpusched.N", "vcpupin.N"}, realtime_shared},
    {"quota-short", OF_DOMAIN, RULE_WARNS,
        {"cputune.quota", "cputune.period", "cputune.emulator_quota", "cputune.emulator_period",
            "cputune.iothread_quota", "cputune.iothread_period", "cputune.global_quota",
            "cputune.global_period", "vcpus.max"},
        quota_short},
    {"vcpus-current", OF_DOMAIN, RULE_REFUSES, {"vcpus.current", "vcpus.max"}, vcpus_current},
    {"cpu-topology", OF_DOMAIN, RULE_QEMU_REFUSES, {"cpu.topology", "vcpus.max"}, topology_count},
    {"cpu-migratable", OF_DOMAIN, RULE_REFUSES, {"cpu.migratable", "cpu.mode"}, cpu_migratable},
    {"cpu-migration", OF_DOMAIN, RULE_WARNS, {"cpu.mode", "cpu.migratable"}, cpu_migration},
    {"cpu-emulated", OF_DOMAIN, RULE_QEMU_REFUSES, {"cpu.mode"}, cpu_emulated},
    {"cpu-features", OF_DOMAIN, RULE_REFUSES, {"cpu.model", "cpu.mode", "cpu.feature.*"},
        cpu_features},
    {"cpu-cache", OF_DOMAIN, RULE_QEMU_REFUSES, {"cpu.cache", "cpu.mode"}, cpu_cache},
    {"cpu-maxphysaddr", OF_DOMAIN, RULE_QEMU_REFUSES, {"cpu.maxphysaddr"}, cpu_maxphysaddr},
    {"resctrl-overlap", OF_DOMAIN, RULE_REFUSES,
        {"cputune.cachetune.CPUS", "cputune.memorytune.CPUS"}, resctrl_overlap},
    {"resctrl-kvm", OF_DOMAIN, RULE_QEMU_REFUSES,
        {"cputune.cachetune.CPUS", "cputune.memorytune.CPUS"}, resctrl_kvm},
};

const Rule *rules_of_cpu(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}
