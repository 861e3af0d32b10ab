/* Rows of a domain's CPUs: pins, schedulers, shares, the vCPUs themselves, the CPU model; NUMA. */
#include "core/catalogue/cells.h"
#include "core/catalogue/resctrl.h"
#include "core/catalogue/rows.h"
#include "core/catalogue/sched.h"
#include "core/catalogue/vcpus.h"
#include "core/util/error.h"

#define TUNING   VIRT_DOC "#cpu-tuning"
#define MODEL    VIRT_DOC "#cpu-model-and-topology"
#define NUMATUNE VIRT_DOC "#numa-node-tuning"
#define SCHED    VIRT_DOC "#cpu-tuning; sched(7)"
#define CFS      VIRT_DOC "#cpu-tuning; Linux Documentation/scheduler/sched-bwc.rst"

static const TunableChoice cpu_modes[] = {
    {"custom", "the model and features named here: the guest migrates to any host that has them"},
    {"host-model",
        "a copy of the host's CPU in libvirt's words, made at each start: nearly all its "
        "speed, and a running guest migrates to hosts that have at least that"},
    {"host-passthrough", "the host's CPU as it is: all its speed; migration only between equal "
                         "hosts (CPU, microcode, QEMU)"},
    {"maximum", "everything the hypervisor can do: with KVM as host-passthrough, migration "
                "likewise"},
    {NULL, NULL},
};

static const TunableChoice cpu_checks[] = {
    {"none", "libvirt does not look: QEMU starts with what it has"},
    {"partial", "libvirt looks before the start, QEMU may still leave features out"},
    {"full", "the guest starts only with exactly this CPU"},
    {NULL, NULL},
};

static const TunableChoice cache_modes[] = {
    {"passthrough", "the host's caches as they are"},
    {"emulate", "caches that the guest sees, of QEMU's making; a level may follow: emulate:3"},
    {"disable", "no cache is shown"},
    {NULL, NULL},
};

static const TunableChoice physaddr_modes[] = {
    {"passthrough", "as many bits as the host has"},
    {"emulate", "as many bits as follow: emulate:42"},
    {NULL, NULL},
};

static const TunableChoice feature_policies[] = {
    {"force", "shown to the guest, whether the host has it or not"},
    {"require", "the guest starts only where the host has it"},
    {"optional", "shown where the host has it"},
    {"disable", "not shown"},
    {"forbid", "the guest does not start where the host has it"},
    {NULL, NULL},
};

static const TunableChoice numa_modes[] = {
    {"strict", "memory only from these nodes: an allocation fails where they are full"},
    {"preferred", "memory from this one node, from others where it is full"},
    {"interleave", "pages in turn from each of these nodes"},
    {"restrictive", "the kernel's cgroup limits the nodes; the policy may change while it runs"},
    {NULL, NULL},
};

/* A limit of the CFS bandwidth controller on some of a domain's threads. */
#define PERIOD(name, parameter, threads, version)                                                  \
    {                                                                                              \
        DOMAIN_ROW("cputune." name, "CPU"),                                                        \
            .type = VALUE_INT, .min = 1000, .max = 1000000, .effect = EFFECT_NOW_AND_NEXT,         \
            .live = {.call = LIVE_SCHEDULER, .field = parameter, .reset = "100000"}, .unit = "µs", \
            .place = "cputune/" name "/text()", .fallback = "100000 where a quota is set",         \
            .help = "The interval over which the quota of " threads " is counted.",                \
            .gain = "A longer one lets bursts through and makes waits longer; a shorter one is "   \
                    "even and costs more of the scheduler.",                                       \
            .conflicts = "A quota below it leaves less than one CPU.", .source = CFS,              \
            .since = version                                                                       \
    }
#define QUOTA(name, parameter, threads, version)                                                   \
    {                                                                                              \
        DOMAIN_ROW("cputune." name, "CPU"),                                                        \
            .type = VALUE_INT, .min = -1, .max = 17592186044415, .effect = EFFECT_NOW_AND_NEXT,    \
            .live = {.call = LIVE_SCHEDULER, .field = parameter, .reset = "-1"}, .unit = "µs",     \
            .place = "cputune/" name "/text()", .fallback = "no limit",                            \
            .help = "How long " threads " may run within a period; from 1000, -1 for no limit.",   \
            .gain = "Keeps a guest from taking more than its part; one that has used its part "    \
                    "stands still until the period ends, whatever it was doing.",                  \
            .conflicts =                                                                           \
                "Less than its period is less than one CPU; of the whole domain, less than "       \
                "the period times vcpus.max is less than one for each vCPU.",                      \
            .source = CFS, .since = version                                                        \
    }

/* No XML holds where the pages are. */
static char *get_pages(const TunableKey *key, const XmlEdit *edit)
{
    (void)key;
    (void)edit;
    return NULL;
}

static gboolean set_pages(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    (void)edit;
    (void)value;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s is of a running domain: its XML does not hold it", key->key);
    return FALSE;
}

/* libvirt writes mode='strict' beside a nodeset that came without a mode, and refuses a mode that
 * has no nodeset: the one goes with the other. Another mode was somebody's choice, and stays. */
static gboolean set_nodeset(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *place = tunable_key_place(key);
    g_autofree char *mode = xml_edit_get(edit, "numatune/memory/@mode");
    g_autofree char *placement = xml_edit_get(edit, "numatune/memory/@placement");

    if (*value && g_strcmp0(placement, "auto") == 0) {
        g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "numad chooses the nodes (<numatune> says placement='auto'), and libvirt takes either, "
            "not both: take placement='auto' out by virsh edit first");
        return FALSE;
    }
    if (*value)
        return xml_edit_set(edit, place, value, error);
    if (g_strcmp0(mode, "strict") == 0 && g_strcmp0(placement, "auto") != 0)
        return xml_edit_set(edit, "numatune/memory", NULL, error);
    return xml_edit_set(edit, place, NULL, error);
}

/* What QEMU's memory was allocated by cannot change: libvirt (qemuDomainSetNumaParamsLive) binds a
 * running domain where nothing bound it so far, and else where the mode is restrictive. */
static const char *nodeset_waits(const XmlEdit *live)
{
    g_autofree char *mode = xml_edit_get(live, "numatune/memory/@mode");
    g_autofree char *nodeset = xml_edit_get(live, "numatune/memory/@nodeset");
    gboolean unbound = mode == NULL && nodeset == NULL;

    return unbound || g_strcmp0(mode, "restrictive") == 0
               ? NULL
               : "while it runs only mode restrictive lets it change";
}

static const Tunable rows[] = {
    {DOMAIN_ROW("vcpupin.N", "CPU"), .type = VALUE_CPUS, .effect = EFFECT_NOW_AND_NEXT,
        .place = "cputune/vcpupin[@vcpu='%s']/@cpuset", .live = {.call = LIVE_VCPU_PIN},
        .instances = instances_vcpus, .fallback = "any CPU",
        .help =
            "The host CPUs on which vCPU N may run. Keeps its caches and its memory near; empty "
            "lets it run anywhere.",
        .gain = "Even speed and near memory; the scheduler cannot move the vCPU off a busy CPU.",
        .conflicts = "CPUs that are offline, isolated beside others, another real-time vCPU's, or "
                     "far from numatune.nodeset.",
        .source = TUNING, .since = "0.9.0"},
    {DOMAIN_ROW("vcpupin.all", "CPU"), .type = VALUE_CPUS, .effect = EFFECT_NOW_AND_NEXT,
        .place = "cputune/vcpupin[@vcpu='%s']/@cpuset", .live = {.call = LIVE_VCPU_PIN},
        .fallback = "any CPU",
        .help = "The host CPUs on which each of the domain's vCPUs may run; empty lets them run "
                "anywhere.",
        .gain = "Keeps a guest on a node or a cache and leaves the scheduler room within it.",
        .conflicts = "CPUs that are offline, isolated beside others, or far from numatune.nodeset.",
        .source = TUNING, .since = "0.9.0"},
    {DOMAIN_ROW("emulatorpin", "CPU"), .type = VALUE_CPUS, .effect = EFFECT_NOW_AND_NEXT,
        .place = "cputune/emulatorpin/@cpuset", .live = {.call = LIVE_EMULATOR_PIN},
        .fallback = "any CPU",
        .help =
            "The host CPUs for QEMU's own work (devices, display, migration). Off the vCPUs' CPUs "
            "it takes no time from the guest.",
        .gain = "CPUs of its own are lost to the guests; too few of them slow disks, migration and "
                "the display.",
        .conflicts = "CPUs that are offline, or isolated beside others.", .source = TUNING,
        .since = "0.10.0"},
    {DOMAIN_ROW("iothreadpin.N", "CPU"), .type = VALUE_CPUS, .effect = EFFECT_NOW_AND_NEXT,
        .place = "cputune/iothreadpin[@iothread='%s']/@cpuset", .live = {.call = LIVE_IOTHREAD_PIN},
        .instances = instances_iothreads, .fallback = "any CPU",
        .help = "The host CPUs on which I/O thread N may run; empty lets it run anywhere.",
        .gain = "Disk requests are served beside the vCPUs instead of in their time.",
        .conflicts = "CPUs that are offline, or isolated beside others; a thread beyond iothreads.",
        .source = TUNING, .since = "1.2.9"},
    {DOMAIN_ROW("emulatorsched", "CPU"), .type = VALUE_SCHEDULER, .effect = EFFECT_NEXT,
        .place = "cputune/emulatorsched/@scheduler:@priority",
        .fallback = "the kernel's fair scheduler",
        .help = "The scheduler of QEMU's own threads. Write fifo:1, rr:5, batch or idle; empty "
                "removes.",
        .gain = "Real time keeps devices answering under load; it takes the CPU from everything "
                "that is not.",
        .source = SCHED, .since = "5.3.0"},
    {DOMAIN_ROW("vcpusched.N", "CPU"), .type = VALUE_SCHEDULER, .effect = EFFECT_NEXT,
        .place = "cputune/vcpusched[@vcpus='%s']/@scheduler:@priority", .get = sched_get,
        .set = sched_set, .instances = instances_vcpus, .fallback = "the kernel's fair scheduler",
        .help = "The scheduler of vCPU N. Write fifo:1, rr:5, batch or idle; empty removes.",
        .gain = "Real time makes a vCPU run at once; one that spins keeps everything else from its "
                "CPU.",
        .conflicts = "Real time wants a vCPU pinned to CPUs of its own, better isolated ones.",
        .source = SCHED, .since = "1.2.13"},
    {DOMAIN_ROW("iothreadsched.N", "CPU"), .type = VALUE_SCHEDULER, .effect = EFFECT_NEXT,
        .place = "cputune/iothreadsched[@iothreads='%s']/@scheduler:@priority", .get = sched_get,
        .set = sched_set, .instances = instances_iothreads,
        .fallback = "the kernel's fair scheduler",
        .help = "The scheduler of I/O thread N. Write fifo:1, rr:5, batch or idle; empty removes.",
        .gain = "Real time keeps disks answering under load; it takes the CPU from everything that "
                "is not.",
        .conflicts = "A thread beyond iothreads is refused.", .source = SCHED, .since = "1.2.13"},
    {DOMAIN_ROW("cputune.shares", "CPU"), .type = VALUE_INT, .min = 2, .max = 262144,
        .effect = EFFECT_NOW_AND_NEXT,
        .live = {.call = LIVE_SCHEDULER, .field = "cpu_shares", .reset = "1024"}, .filled = TRUE,
        .place = "cputune/shares/text()", .fallback = "the kernel's: 1024 (cgroup v1), 100 (v2)",
        .help = "The guest's weight where CPUs are short: twice the number, twice the time.",
        .gain = "Costs nothing while CPUs are idle.", .source = TUNING, .since = "0.9.0"},
    PERIOD("period", "vcpu_period", "each vCPU", "0.9.4"),
    QUOTA("quota", "vcpu_quota", "each vCPU", "0.9.4"),
    PERIOD("global_period", "global_period", "the whole domain", "1.3.3"),
    QUOTA("global_quota", "global_quota", "the whole domain", "1.3.3"),
    PERIOD("emulator_period", "emulator_period", "QEMU's own threads", "0.10.0"),
    QUOTA("emulator_quota", "emulator_quota", "QEMU's own threads", "0.10.0"),
    PERIOD("iothread_period", "iothread_period", "each I/O thread", "2.1.0"),
    QUOTA("iothread_quota", "iothread_quota", "each I/O thread", "2.1.0"),
    {DOMAIN_ROW("cputune.cachetune.CPUS", "CPU"), .type = VALUE_CACHES, .effect = EFFECT_NEXT,
        .place = "cputune/cachetune[@vcpus='%s']", .get = resctrl_get, .set = resctrl_set,
        .instances = instances_cachetunes, .fallback = "the whole cache, shared with all",
        .help = "Parts of the host's caches kept for vCPUs CPUS: CACHE:LEVEL:TYPE:SIZE for each, "
                "such as 0:3:both:3M.",
        .gain = "A noisy neighbour cannot empty the cache; the part is lost to everything else.",
        .conflicts = "Sets of vCPUs must not overlap; the host's CPU must have it (resctrl).",
        .source = TUNING "; Linux Documentation/arch/x86/resctrl.rst", .since = "4.1.0"},
    {DOMAIN_ROW("cputune.memorytune.CPUS", "CPU"), .type = VALUE_BANDWIDTHS, .effect = EFFECT_NEXT,
        .place = "cputune/memorytune[@vcpus='%s']", .get = resctrl_get, .set = resctrl_set,
        .instances = instances_memorytunes, .fallback = "no limit",
        .help = "How much of the memory bandwidth of the host's nodes vCPUs CPUS may use: "
                "NODE:PERCENT for each, such as 0:60.",
        .gain = "A noisy neighbour cannot take the memory bus; the limit slows the guest itself.",
        .conflicts = "Sets of vCPUs must not overlap; the host's CPU must have it (resctrl).",
        .source = TUNING "; Linux Documentation/arch/x86/resctrl.rst", .since = "4.7.0"},
    {DOMAIN_ROW("vcpus.current", "CPU"), .type = VALUE_INT, .min = 1, .max = IDSET_MAX,
        .effect = EFFECT_NOW_AND_NEXT, .live = {.call = LIVE_VCPUS}, .place = "vcpu!/@current",
        .fallback = "as many as vcpus.max", .get = vcpus_get_current, .set = vcpus_set_current,
        .help = "How many of the guest's vCPUs are plugged in.",
        .gain = "More can be plugged while it runs, up to vcpus.max; the guest must take them "
                "online.",
        .conflicts = "More than vcpus.max is refused.", .source = VIRT_DOC "#cpu-allocation",
        .since = "0.8.5"},
    {DOMAIN_ROW("vcpus.max", "CPU"), .type = VALUE_INT, .min = 1, .max = IDSET_MAX,
        .effect = EFFECT_NEXT, .place = "vcpu/text()", .required = TRUE,
        .help = "How many vCPUs the guest may have at most.",
        .gain = "Room to plug more; each costs a little memory and a thread of QEMU's only when "
                "it is plugged.",
        .conflicts = "cpu.topology must multiply to it; numa.cells must hold each of them.",
        .source = VIRT_DOC "#cpu-allocation"},
    {DOMAIN_ROW("iothreads", "CPU"), .type = VALUE_INT, .min = 0, .max = 1024,
        .effect = EFFECT_NOW_AND_NEXT, .live = {.call = LIVE_IOTHREADS, .reset = "0"},
        .place = "iothreads/text()", .fallback = "none",
        .help = "How many I/O threads QEMU has for disks (disk.DEV.iothread names one).",
        .gain = "Disks served in parallel and off QEMU's main thread; each wants CPU time of its "
                "own.",
        .conflicts = "Pins, schedulers and disks that name a thread beyond it.",
        .source = VIRT_DOC "#iothreads-allocation", .since = "1.2.8"},
    {DOMAIN_ROW("cpu.mode", "CPU"), .type = VALUE_CHOICE, .choices = cpu_modes, .filled = TRUE,
        .effect = EFFECT_NEXT, .place = "cpu/@mode", .fallback = "custom",
        .help = "What CPU the guest sees, and so to which hosts it can migrate.",
        .gain = "The nearer to the host's CPU, the faster (AES, AVX, wide vectors) and the fewer "
                "hosts it migrates to.",
        .conflicts = "host-passthrough and maximum tie the guest to equal hosts; cpu.model goes "
                     "with custom only.",
        .source = MODEL, .since = "0.9.10"},
    {DOMAIN_ROW("cpu.model", "CPU"), .type = VALUE_TEXT, .effect = EFFECT_NEXT, .filled = TRUE,
        .place = "cpu/model/text()", .fallback = "QEMU's default model",
        .help = "The CPU model by name, for cpu.mode=custom; `virsh domcapabilities` lists those "
                "that the host can be.",
        .gain = "An older model migrates to more hosts and lacks newer instructions.",
        .conflicts = "Every cpu.mode but custom.", .source = MODEL, .since = "0.7.5"},
    {DOMAIN_ROW("cpu.check", "CPU"), .type = VALUE_CHOICE, .choices = cpu_checks,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = "cpu/@check",
        .fallback = "what the mode needs",
        .help = "How strictly the guest's CPU is held against "
                "the one asked for.",
        .gain = "full finds at once that a guest would see another CPU than it knows; none starts "
                "it all the same.",
        .source = MODEL, .since = "3.2.0"},
    {DOMAIN_ROW("cpu.migratable", "CPU"), .type = VALUE_CHOICE, .choices = choice_on_off,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = "cpu/@migratable", .fallback = "on",
        .help = "Whether features that block migration are left out of a host-passthrough CPU.",
        .gain = "off gives the guest invariant TSC and such, and ties it to this host.",
        .conflicts = "Only with cpu.mode=host-passthrough or maximum.", .source = MODEL,
        .since = "6.5.0"},
    {DOMAIN_ROW("cpu.topology", "CPU"), .type = VALUE_TOPOLOGY, .effect = EFFECT_NEXT,
        .place = "cpu/topology/@sockets:@dies=1:@cores:@threads",
        .fallback = "a socket for each vCPU",
        .help = "How the guest sees its vCPUs: SOCKETS:DIES:CORES:THREADS.",
        .gain = "A guest that knows threads and caches schedules as well as the host, where pins "
                "make it true; some software is licensed by socket.",
        .conflicts = "Its product must be vcpus.max.", .source = MODEL, .since = "0.7.5"},
    {DOMAIN_ROW("cpu.cache", "CPU"), .type = VALUE_LEVELLED, .choices = cache_modes, .min = 1,
        .max = 3, .effect = EFFECT_NEXT, .place = "cpu/cache/@mode:@level",
        .fallback = "QEMU's: emulated", .help = "What caches the guest sees.",
        .gain = "passthrough lets a guest's scheduler and allocator size their work rightly.",
        .conflicts = "passthrough goes with cpu.mode=host-passthrough or maximum, and takes no "
                     "level.",
        .source = MODEL, .since = "3.3.0"},
    {DOMAIN_ROW("cpu.feature.NAME", "CPU"), .type = VALUE_CHOICE, .choices = feature_policies,
        .effect = EFFECT_NEXT, .place = "cpu/feature[@name='%s']/@policy",
        .instances = instances_features, .fallback = "as the model has it",
        .help = "A feature of the CPU by its name (pcid, vmx, invtsc …).",
        .gain = "A feature more than all hosts have keeps the guest from migrating.",
        .conflicts = "Wants a cpu.model, or another cpu.mode than custom.", .source = MODEL,
        .since = "0.8.0"},
    {DOMAIN_ROW("cpu.maxphysaddr", "CPU"), .type = VALUE_LEVELLED, .choices = physaddr_modes,
        .min = 32, .max = 64, .effect = EFFECT_NEXT, .place = "cpu/maxphysaddr/@mode:@bits",
        .fallback = "QEMU's: 40 bits", .help = "How many bits the guest's physical addresses have.",
        .gain = "More than 40 bits are needed for guests above 1 TiB of memory.",
        .conflicts = "emulate wants the number of bits, passthrough takes none.", .source = MODEL,
        .since = "8.7.0"},

    {DOMAIN_ROW("numatune.mode", "NUMA"), .type = VALUE_CHOICE, .choices = numa_modes,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = "numatune/memory/@mode",
        .fallback = "strict where a nodeset is given",
        .help = "How the guest's memory keeps to "
                "numatune.nodeset.",
        .gain = "strict keeps memory near whatever the cost; preferred and interleave start and go "
                "on where a node is full, with memory farther away.",
        .conflicts = "Wants a numatune.nodeset; strict disagrees with vCPUs pinned elsewhere.",
        .source = NUMATUNE, .since = "0.9.3"},
    {DOMAIN_ROW("numatune.nodeset", "NUMA"), .type = VALUE_NODES, .effect = EFFECT_NOW_AND_NEXT,
        .live = {.call = LIVE_NUMA, .field = "numa_nodeset", .with = "numa_mode=restrictive"},
        .place = "numatune/memory/@nodeset", .set = set_nodeset, .waits = nodeset_waits,
        .fallback = "any node",
        .help = "The host's NUMA nodes from which the guest's memory comes.",
        .gain = "Near memory answers sooner; a full node can keep a strict guest "
                "from starting.",
        .conflicts = "vCPUs pinned to other nodes read all memory from afar.", .source = NUMATUNE,
        .since = "0.9.3"},
    {DOMAIN_ROW("pages", "NUMA"), .type = VALUE_SPREAD, .effect = EFFECT_RUNNING, .required = TRUE,
        .place = "/proc/PID/numa_maps", .get = get_pages, .set = set_pages,
        .help = "Where the running guest's pages are, by host node: 2, 0-1, or 0:60,1:40 for the "
                "parts of each. Setting it moves them there.",
        .gain = "Near memory answers sooner; while a page is moved the guest waits "
                "for it. What is pinned (passed-through devices) stays. Hugepages take free ones "
                "of the node's pool, and beyond them the pool moves along, but for 1G.",
        .conflicts = "numatune still says where later pages come from: change "
                     "numatune.nodeset too.",
        .source = "move_pages(2), migrate_pages(2)"},
    {DOMAIN_ROW("numatune.memnode.CELL", "NUMA"), .type = VALUE_MEMNODE, .choices = numa_modes,
        .effect = EFFECT_NEXT, .place = "numatune/memnode[@cellid='%s']/@mode:@nodeset",
        .instances = instances_cells, .fallback = "as numatune.mode and numatune.nodeset say",
        .help = "The host's nodes for the memory of one guest cell: strict:0.",
        .gain = "Gives each of the guest's cells the memory of one host node, so that what the "
                "guest thinks near is near.",
        .conflicts = "Only guests with cells (numa.cells) have it; restrictive goes with "
                     "numatune.mode=restrictive only.",
        .source = NUMATUNE, .since = "1.2.7"},
    {DOMAIN_ROW("numa.cells", "NUMA"), .type = VALUE_CELLS, .effect = EFFECT_NEXT,
        .place = "cpu/numa/cell", .get = cells_get, .set = cells_set, .fallback = "one cell",
        .help =
            "The guest's own NUMA cells: CPUS:SIZE for each, and the distances from it to every "
            "cell may follow (0-3:4G:10,20;4-7:4G:20,10).",
        .gain = "A guest that spans host nodes can keep its tasks near their memory.",
        .conflicts =
            "The cells' memory is memory.max; all vCPUs should be in one of them. Worth it "
            "only with pins and numatune.memnode.CELL to match.",
        .source = VIRT_DOC "#guest-numa-topology", .since = "0.9.8"},
};

const TunableRows rows_cpu = ROWS_OF(rows);
