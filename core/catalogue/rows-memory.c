/* Rows of a domain's memory: how much, backed by what, its limits, the balloon. */
#include "core/catalogue/backing.h"
#include "core/catalogue/rows.h"

#define ALLOCATION VIRT_DOC "#memory-allocation"
#define BACKING    VIRT_DOC "#memory-backing"
#define LIMITS     VIRT_DOC "#memory-tuning"
#define BALLOON    VIRT_DOC "#memory-balloon-device"
#define UNLIMITED  "9007199254740991"           /* KiB: VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */
#define MEMORY_MAX (G_GINT64_CONSTANT(1) << 43) /* KiB: 8 PiB, the 53 bits of x86's addresses */

static char *get_backing(const TunableKey *key, const XmlEdit *edit)
{
    (void)key;
    return backing_get(edit);
}

static gboolean set_backing(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    (void)key;
    return backing_set(edit, value, error);
}

static const TunableChoice sources[] = {
    {"anonymous", "QEMU's own memory"},
    {"memfd", "memory that another process can share (vhost-user, virtiofs)"},
    {"file", "a file below memory_backing_dir of qemu.conf"},
    {NULL, NULL},
};

static const TunableChoice accesses[] = {
    {"private", "only QEMU sees it"},
    {"shared", "other processes can map it (vhost-user, virtiofs)"},
    {NULL, NULL},
};

static const TunableChoice allocations[] = {
    {"ondemand", "a page is taken when the guest first touches it: quick start, faults later"},
    {"immediate", "all pages are taken at the start: it takes longer, or fails at once"},
    {NULL, NULL},
};

static const TunableChoice balloons[] = {
    {"virtio", "the device that all guests with virtio drivers know"},
    {"virtio-transitional", "virtio, also for guests that know only its version 0.9"},
    {"virtio-non-transitional", "virtio, only its version 1"},
    {"none", "no balloon: the guest keeps all its memory, and tells no statistics"},
    {NULL, NULL},
};

/* A limit of the guest's memory cgroup. */
#define LIMIT(name, when, way, what, gains, against)                                               \
    {                                                                                              \
        DOMAIN_ROW("memtune." name, "Memory"),                                                     \
            .type = VALUE_SIZE, .min = 1, .max = MEMORY_MAX, .effect = when,                       \
            .live = {.call = way, .field = name, .reset = way == LIVE_NONE ? NULL : UNLIMITED},    \
            .place = "memtune/" name "/text()", .fallback = "no limit", .help = what,              \
            .gain = gains, .conflicts = against, .source = LIMITS, .since = "0.8.0"                \
    }

static const Tunable rows[] = {
    {DOMAIN_ROW("memory.max", "Memory"), .type = VALUE_SIZE, .min = 1024, .max = MEMORY_MAX,
        .effect = EFFECT_NEXT, .required = TRUE, .place = "memory/text()",
        .help = "The memory that the guest is started with.",
        .gain = "More lets the guest cache more; what it has touched the host has no more, until "
                "the balloon gives it back.",
        .conflicts = "The guest's NUMA cells must add up to it.", .source = ALLOCATION},
    {DOMAIN_ROW("memory.current", "Memory"), .type = VALUE_SIZE, .min = 1024, .max = MEMORY_MAX,
        .effect = EFFECT_NOW_AND_NEXT, .live = {.call = LIVE_BALLOON}, .filled = TRUE,
        .place = "currentMemory/text()", .fallback = "memory.max",
        .help = "What the balloon leaves the guest of memory.max.",
        .gain = "Gives the host memory back while the guest runs; too little makes the guest swap.",
        .conflicts = "More than memory.max is refused; memory.hugepages, memory.locked and devices "
                     "passed through keep the balloon from giving anything back.",
        .source = ALLOCATION},
    {DOMAIN_ROW("memory.hugepages", "Memory"), .type = VALUE_BACKING, .effect = EFFECT_NEXT,
        .place = "memoryBacking/hugepages", .get = get_backing, .set = set_backing,
        .fallback = "off",
        .help =
            "Backs the guest's memory with pages of a pool: fewer TLB misses, no swap, no KSM. "
            "The pool must hold enough when the VM starts. Write off, default, a size (2M, 1G) or "
            "sizes by guest cell (2M@0-1;1G@2).",
        .gain = "Faster for large working sets; the pool's memory is lost to everything else.",
        .conflicts = "KSM and the balloon do nothing for such a guest; memory.source=anonymous and "
                     "memory.allocation=ondemand do not go with it.",
        .source = BACKING, .since = "0.8.3"},
    {DOMAIN_ROW("memory.nosharepages", "Memory"), .type = VALUE_SWITCH, .effect = EFFECT_NEXT,
        .place = "memoryBacking/nosharepages", .fallback = "off",
        .help =
            "Keeps KSM away from this guest's memory: nothing is saved, nothing leaks by timing.",
        .gain = "Safe from neighbours that measure; the host holds each of its pages alone.",
        .conflicts = "Has no effect while KSM is off.", .source = BACKING, .since = "1.0.6"},
    {DOMAIN_ROW("memory.locked", "Memory"), .type = VALUE_SWITCH, .effect = EFFECT_NEXT,
        .place = "memoryBacking/locked", .fallback = "off",
        .help = "Keeps the guest's memory from being swapped out.",
        .gain = "No stalls for memory; the host can take none of it back when it is short.",
        .conflicts =
            "Wants memtune.hard_limit, above the memory and what QEMU needs; does not go with "
            "memory.discard.",
        .source = BACKING, .since = "1.0.6"},
    {DOMAIN_ROW("memory.source", "Memory"), .type = VALUE_CHOICE, .choices = sources,
        .effect = EFFECT_NEXT, .place = "memoryBacking/source/@type", .fallback = "anonymous",
        .help = "What kind of memory the guest has on the host.",
        .gain = "memfd and file let vhost-user and virtiofs work, the quickest ways to network and "
                "files; KSM merges only anonymous memory.",
        .conflicts = "Hugepages do not go with anonymous; memory.discard wants file or hugepages.",
        .source = BACKING, .since = "3.1.0"},
    {DOMAIN_ROW("memory.access", "Memory"), .type = VALUE_CHOICE, .choices = accesses,
        .effect = EFFECT_NEXT, .place = "memoryBacking/access/@mode", .fallback = "private",
        .help = "Whether other processes can map the guest's memory.",
        .gain = "shared is what vhost-user and virtiofs need; KSM does not merge it.",
        .conflicts = "virtiofs wants shared.", .source = BACKING, .since = "3.1.0"},
    {DOMAIN_ROW("memory.allocation", "Memory"), .type = VALUE_CHOICE, .choices = allocations,
        .effect = EFFECT_NEXT, .place = "memoryBacking/allocation/@mode", .fallback = "ondemand",
        .help = "When the host's pages for the guest's memory are taken.",
        .gain = "immediate has no faults later and tells at the start that memory is short; the "
                "start takes longer, and nothing is left to overcommit.",
        .conflicts = "Hugepages do not go with ondemand.", .source = BACKING, .since = "3.1.0"},
    {DOMAIN_ROW("memory.discard", "Memory"), .type = VALUE_SWITCH, .effect = EFFECT_NEXT,
        .place = "memoryBacking/discard", .fallback = "off",
        .help = "Lets the kernel drop the memory at QEMU's end instead of writing it to its file.",
        .gain = "A guest of much memory ends at once; the file does not have its memory then.",
        .conflicts = "Wants memory.source=file or memory.hugepages; does not go with "
                     "memory.locked.",
        .source = BACKING, .since = "4.4.0"},
    LIMIT("hard_limit", EFFECT_NOW_AND_NEXT, LIVE_MEMORY,
        "The most memory that QEMU may take, the guest's and its own; above it the kernel ends it.",
        "Protects the host from a guest. Too low kills the guest: libvirt advises against it, "
        "except "
        "with memory.locked.",
        "Must be above memory.max and what QEMU itself needs; with memory.locked by 1 GiB."),
    LIMIT("soft_limit", EFFECT_NOW_AND_NEXT, LIVE_MEMORY,
        "The memory to which the kernel cuts QEMU back when the host's memory is short.",
        "Lets guests use spare memory; those above their limit swap first.",
        "Above memtune.hard_limit it has no effect."),
    LIMIT("swap_hard_limit", EFFECT_NOW_AND_NEXT, LIVE_MEMORY,
        "The most memory and swap together that QEMU may take.",
        "Keeps a guest from filling the swap.", "Must not be below memtune.hard_limit."),
    LIMIT("min_guarantee", EFFECT_NEXT, LIVE_NONE, "The memory that the guest is guaranteed.",
        "QEMU's driver does not take it: it is for other hypervisors.",
        "The QEMU driver refuses it at the start."),
    {DOMAIN_ROW("memballoon.model", "Memory"), .type = VALUE_CHOICE, .choices = balloons,
        .effect = EFFECT_NEXT, .filled = TRUE, .place = "devices/memballoon!/@model",
        .fallback = "virtio", .help = "The balloon through which memory.current is kept.",
        .gain =
            "Memory comes back to the host without a restart; the device costs next to nothing.",
        .conflicts = "none leaves the other keys of the balloon and memory.current without effect.",
        .source = BALLOON, .since = "0.8.3"},
    {DOMAIN_ROW("memballoon.autodeflate", "Memory"), .type = VALUE_CHOICE, .choices = choice_on_off,
        .effect = EFFECT_NEXT, .place = "devices/memballoon!/@autodeflate", .fallback = "off",
        .help = "Whether the balloon gives memory back to a guest that runs out of it.",
        .gain = "The guest's own OOM killer stays quiet; the host's memory may run short instead.",
        .conflicts = "memballoon.model=none.", .source = BALLOON, .since = "1.3.1"},
    {DOMAIN_ROW("memballoon.freePageReporting", "Memory"), .type = VALUE_CHOICE,
        .choices = choice_on_off, .effect = EFFECT_NEXT,
        .place = "devices/memballoon!/@freePageReporting", .fallback = "off",
        .help = "Whether the guest tells the host which pages it does not use, to be taken back.",
        .gain = "Memory comes back by itself; touching it again costs a fault.",
        .conflicts = "memballoon.model=none; does nothing with memory.hugepages of 1G.",
        .source = BALLOON, .since = "6.9.0"},
    {DOMAIN_ROW("memballoon.period", "Memory"), .type = VALUE_INT, .min = 0, .max = G_MAXINT32,
        .effect = EFFECT_NOW_AND_NEXT, .live = {.call = LIVE_STATS_PERIOD, .reset = "0"},
        .unit = "s", .place = "devices/memballoon!/stats/@period", .fallback = "0: no statistics",
        .help = "How often the guest tells what it does with its memory.",
        .gain = "Shows free and cached memory; each time wakes the guest.",
        .conflicts = "memballoon.model=none.", .source = BALLOON, .since = "1.1.1"},
};

const TunableRows rows_memory = ROWS_OF(rows);
