/* Rows of the host: how its kernel manages memory (/proc/sys/vm), and NUMA balancing. Those without
 * a release are older than KVM (2.6.20). */
#include "core/catalogue/rows.h"

#define VM_DOC     "Linux Documentation/admin-guide/sysctl/vm.rst"
#define KERNEL_DOC "Linux Documentation/admin-guide/sysctl/kernel.rst"
#define VM         "/proc/sys/vm/"

static const TunableChoice overcommit[] = {
    {"0", "refuse only what obviously cannot be had"},
    {"1", "never refuse: a VM may be killed later when memory is really gone"},
    {"2", "never promise more than swap and overcommit_ratio of RAM: starts may be refused"},
    {NULL, NULL},
};

static const TunableChoice balancing[] = {
    {"0", "off: pages stay where they are; right where VMs are pinned"},
    {"1", "on: pages move to the node that uses them; faults cost the guest time"},
    {"2", "only between memory tiers (since Linux 5.18, as 3)"},
    {"3", "between nodes and between memory tiers"},
    {NULL, NULL},
};

#define VM_ROW(name, kind)                                                                         \
    .key = "vm." name, .target = TARGET_HOST, .group = "Memory management", .type = kind,          \
    .place = VM name, .source = VM_DOC, .effect = EFFECT_NOW

#define VM_INT(name, lo, hi, u, text, gains, against, version)                                     \
    {                                                                                              \
        VM_ROW(name, VALUE_INT), .min = lo, .max = hi, .unit = u, .help = text, .gain = gains,     \
                                 .conflicts = against, .since = version                            \
    }

/* Of each pair the kernel keeps one: mm/page-writeback.c, dirty_bytes_handler() and its like. */
#define VM_DIRTY(name, other, kind, lo, hi, u, text, gains, against, version)                      \
    {                                                                                              \
        VM_ROW(name, kind),                                                                        \
            .min = lo, .max = hi, .unit = u, .coupled = "vm." other, .help = text, .gain = gains,  \
            .conflicts = "vm." other ": the one set last counts, the other becomes 0. " against,   \
            .since = version                                                                       \
    }

static const Tunable rows[] = {
    VM_INT("swappiness", 0, 200, NULL,
        "How readily the kernel swaps programs' memory (VMs' too) instead of dropping page cache.",
        "Low (1-10) keeps guests in memory on a host that only runs VMs; 0 swaps only in need.",
        "Guests with memory.locked or memory.hugepages are never swapped. More than 100 only since "
        "Linux 5.8.",
        NULL),
    {VM_ROW("overcommit_memory", VALUE_CHOICE), .choices = overcommit,
        .help = "Whether the kernel promises programs more memory than there is.",
        .gain = "1 lets many large VMs start; 2 makes what is promised be there, and wants swap.",
        .conflicts = "2 counts all memory of a guest when it starts, touched or not, and refuses "
                     "what goes beyond swap and vm.overcommit_ratio."},
    VM_INT("overcommit_ratio", 0, 1000000, "%",
        "The share of RAM (hugepage pools aside) that may be promised besides swap.",
        "More lets more VMs start; more than 100 promises what is not there.",
        "Has no effect unless vm.overcommit_memory=2. The kernel sets vm.overcommit_kbytes to 0 "
        "with it.",
        NULL),
    VM_INT("min_free_kbytes", 0, G_MAXINT32, "KiB",
        "Memory the kernel keeps free for allocations that cannot wait.",
        "More avoids stalls under load and helps to make hugepages; it is lost to VMs.",
        "Less than 1024 can lock the host up under load; more than VMs and hugepage pools leave "
        "makes the kernel end processes at once.",
        NULL),
    VM_INT("watermark_scale_factor", 1, 3000, "of 10000",
        "How early background reclaim begins, as a part of a node's memory.",
        "More reclaims sooner: fewer stalls of VMs, less page cache.",
        "More than 1000 only since Linux 5.17.", "4.6"),
    VM_INT("zone_reclaim_mode", 0, 7, NULL,
        "Whether a full node reclaims its own memory before another node's is used: the sum of 1 "
        "(reclaims), 2 (writes dirty pages) and 4 (swaps).",
        "0 is right for most hosts; 1 keeps memory local where each VM fits its node.",
        "Has no effect on a host with one NUMA node. VMs larger than a node, and page cache, lose "
        "by it.",
        NULL),
    VM_INT("compaction_proactiveness", 0, 100, NULL,
        "How eagerly memory is compacted in the background, so that huge pages can be made.",
        "More finds huge pages at once; it costs CPU and moves guests' pages. 0 turns it off.",
        NULL, "5.9"),
    VM_INT("vfs_cache_pressure", 0, 1000, "%",
        "How readily names and inodes are dropped from the cache, against pages.",
        "Less finds files sooner and leaves less for pages; far above 100 looks for them in vain.",
        "0 never drops them: memory may run out.", NULL),
    VM_DIRTY("dirty_ratio", "dirty_bytes", VALUE_INT, 0, 100, "%",
        "The share of memory with unwritten data at which writers must write themselves.",
        "Less makes writes of image files steadier.", "Should be above vm.dirty_background_ratio.",
        NULL),
    VM_DIRTY("dirty_bytes", "dirty_ratio", VALUE_BYTES, 0, G_MAXINT64, NULL,
        "As vm.dirty_ratio, in bytes.",
        "Right where a percentage of much memory is too coarse; less makes writes steadier.",
        "The kernel refuses less than two pages. Should be above vm.dirty_background_bytes.",
        "2.6.29"),
    VM_DIRTY("dirty_background_ratio", "dirty_background_bytes", VALUE_INT, 0, 100, "%",
        "The share of memory with unwritten data at which background writing begins.",
        "Less writes sooner and evenly; more spares writes of what is soon written anew.",
        "Where it is not below vm.dirty_ratio, half of that counts.", NULL),
    VM_DIRTY("dirty_background_bytes", "dirty_background_ratio", VALUE_BYTES, 0, G_MAXINT64, NULL,
        "As vm.dirty_background_ratio, in bytes.",
        "Right where a percentage of much memory is too coarse; less writes sooner and evenly.",
        "Where it is not below vm.dirty_bytes, half of that counts.", "2.6.29"),
    VM_INT("dirty_expire_centisecs", 0, G_MAXINT32, "centisecs",
        "How old unwritten data may become.",
        "Less loses less when the power fails; more spares writes of what is soon written anew.",
        "Has no effect while vm.dirty_writeback_centisecs=0.", NULL),
    VM_INT("dirty_writeback_centisecs", 0, G_MAXINT32, "centisecs",
        "How often old data is written; 0 never by itself.",
        "Less writes in smaller portions; more wakes the disks less often.",
        "0 leaves vm.dirty_expire_centisecs without effect.", NULL),
    {.key = "kernel.numa_balancing",
        .target = TARGET_HOST,
        .group = "Memory management",
        .type = VALUE_CHOICE,
        .choices = balancing,
        .place = "/proc/sys/kernel/numa_balancing",
        .help = "Whether the kernel moves pages towards the CPUs that use them, by making some of "
                "them fault.",
        .gain = "Helps VMs that float; costs VMs that are pinned, whose pages already are near.",
        .conflicts = "Has no effect on a host with one NUMA node. Pages of memory.hugepages and "
                     "those that KSM shares stay where they are.",
        .source = KERNEL_DOC "; kernel/sched/fair.c",
        .since = "3.14",
        .effect = EFFECT_NOW},
};

const TunableRows rows_vm = ROWS_OF(rows);
