/* Rows of the host: how its kernel manages memory (/proc/sys/vm), and NUMA balancing. */
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
    {"2", "only between memory tiers"},
    {"3", "between nodes and between memory tiers"},
    {NULL, NULL},
};

#define VM_INT(name, lo, hi, u, text, cost)                                                        \
    {                                                                                              \
        .key = "vm." name, .target = TARGET_HOST, .group = "Memory management", .type = VALUE_INT, \
        .min = lo, .max = hi, .unit = u, .place = VM name, .help = text, .gain = cost,             \
        .source = VM_DOC, .effect = EFFECT_NOW                                                     \
    }

/* Of each pair the kernel keeps one: mm/page-writeback.c, dirty_bytes_handler() and its like. */
#define VM_DIRTY(name, other, kind, hi, u, text, cost)                                             \
    {                                                                                              \
        .key = "vm." name, .target = TARGET_HOST, .group = "Memory management", .type = kind,      \
        .min = 0, .max = hi, .unit = u, .place = VM name, .coupled = "vm." other, .help = text,    \
        .gain = cost, .conflicts = "vm." other ": the one set last counts, the other becomes 0.",  \
        .source = VM_DOC, .effect = EFFECT_NOW                                                     \
    }

static const Tunable rows[] = {
    VM_INT("swappiness", 0, 200, NULL,
        "How readily the kernel swaps programs' memory (VMs' too) instead of dropping page cache.",
        "Low (1-10) keeps guests in memory on a host that only runs VMs; 0 swaps only in need."),
    {.key = "vm.overcommit_memory",
        .target = TARGET_HOST,
        .group = "Memory management",
        .type = VALUE_CHOICE,
        .choices = overcommit,
        .place = VM "overcommit_memory",
        .help = "Whether the kernel promises programs more memory than there is.",
        .gain = "1 lets many large VMs start; 2 makes what is promised be there, and wants swap.",
        .source = VM_DOC,
        .effect = EFFECT_NOW},
    VM_INT("overcommit_ratio", 0, 1000000, "%",
        "The share of RAM (hugepage pools aside) that may be promised besides swap, with "
        "vm.overcommit_memory=2.",
        NULL),
    VM_INT("min_free_kbytes", 0, G_MAXINT32, "KiB",
        "Memory the kernel keeps free for allocations that cannot wait.",
        "More avoids stalls under load and helps to make hugepages; it is lost to VMs."),
    VM_INT("watermark_scale_factor", 1, 3000, "1/10000",
        "How early background reclaim begins, as a part of a node's memory.",
        "More reclaims sooner: fewer stalls of VMs, less page cache."),
    VM_INT("zone_reclaim_mode", 0, 7, "bits",
        "Whether a full node reclaims its own memory before another node's is used: 1 reclaims, 2 "
        "writes dirty pages, 4 swaps.",
        "0 is right for most hosts; 1 keeps memory local where each VM fits its node."),
    VM_INT("compaction_proactiveness", 0, 100, NULL,
        "How eagerly memory is compacted in the background, so that huge pages can be made.",
        "More finds huge pages at once; it costs CPU and moves guests' pages. 0 turns it off."),
    VM_INT("vfs_cache_pressure", 0, 1000, NULL,
        "How readily names and inodes are dropped from the cache, against pages.", NULL),
    VM_DIRTY("dirty_ratio", "dirty_bytes", VALUE_INT, 100, "%",
        "The share of memory with unwritten data at which writers must write themselves.",
        "Less makes writes of image files steadier."),
    VM_DIRTY("dirty_bytes", "dirty_ratio", VALUE_BYTES, G_MAXINT64, NULL,
        "As vm.dirty_ratio, in bytes: right where a percentage is too coarse.", NULL),
    VM_DIRTY("dirty_background_ratio", "dirty_background_bytes", VALUE_INT, 100, "%",
        "The share of memory with unwritten data at which background writing begins.", NULL),
    VM_DIRTY("dirty_background_bytes", "dirty_background_ratio", VALUE_BYTES, G_MAXINT64, NULL,
        "As vm.dirty_background_ratio, in bytes.", NULL),
    VM_INT("dirty_expire_centisecs", 0, G_MAXINT32, "1/100 s", "How old unwritten data may become.",
        NULL),
    VM_INT("dirty_writeback_centisecs", 0, G_MAXINT32, "1/100 s",
        "How often old data is written; 0 never by itself.", NULL),
    {.key = "kernel.numa_balancing",
        .target = TARGET_HOST,
        .group = "Memory management",
        .type = VALUE_CHOICE,
        .choices = balancing,
        .place = "/proc/sys/kernel/numa_balancing",
        .help = "Whether the kernel moves pages towards the CPUs that use them, by making some of "
                "them fault.",
        .gain = "Helps VMs that float; costs VMs that are pinned, whose pages already are near.",
        .source = KERNEL_DOC,
        .effect = EFFECT_NOW},
};

const TunableRows rows_vm = ROWS_OF(rows);
