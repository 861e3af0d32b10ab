/* Rows of the host: hugepage pools, where they are mounted, and what lets them grow. */
#include "core/catalogue/rows.h"

#define HUGE_DOC "Linux Documentation/admin-guide/mm/hugetlbpage.rst"

static const TunableChoice compact[] = {
    {"1", "compact all nodes once"},
    {NULL, NULL},
};

/* What begins every row here. */
#define POOL_ROW(k, t) .key = k, .target = TARGET_HOST, .group = "Hugepage pools", .type = t

static const Tunable rows[] = {
    {
        POOL_ROW("hugepages.nodeN.SIZE", VALUE_INT),
        .pool = TRUE,
        .min = 0,
        .max = G_MAXINT32,
        .unit = "pages",
        .place = "/sys/devices/system/node/node%s/hugepages/hugepages-%skB/nr_hugepages",
        .help = "Pages of SIZE (2M, 1G …) kept for VMs on node N. The kernel may grant fewer when "
                "memory is short or in small pieces.",
        .gain = "Guests with memory.hugepages have fewer TLB misses and are never swapped; the "
                "pool's memory is lost to everything else.",
        .conflicts = "Pages in use stay until their VMs stop; KSM shares none of them. VMs start "
                     "with them only where a hugetlbfs.SIZE is mounted.",
        .source = HUGE_DOC,
        .since = "2.6.33",
        .effect = EFFECT_NOW,
    },
    {
        POOL_ROW("hugepages.overcommit.SIZE", VALUE_INT),
        .min = 0,
        .max = G_MAXINT32,
        .unit = "pages",
        .place = "/sys/kernel/mm/hugepages/hugepages-%skB/nr_overcommit_hugepages",
        .help = "How many pages of SIZE the kernel may make beyond the pools when a VM asks "
                "(surplus pages, given back when it ends).",
        .gain = "VMs start though a pool is empty, if whole pages can still be found then.",
        .conflicts = "The kernel refuses it for pages of 1G and more: it cannot make them itself.",
        .source = HUGE_DOC "; mm/hugetlb.c",
        .since = "2.6.27",
        .effect = EFFECT_NOW,
    },
    {
        POOL_ROW("hugetlbfs.SIZE", VALUE_PATHS),
        .effect = EFFECT_NOW,
        .place = "hugetlbfs pagesize=%sK",
        .help =
            "Where hugetlbfs with pages of SIZE is mounted: VMs can have these pages only where "
            "it is. All folders, a comma between them; empty unmounts. A folder that is missing "
            "is made, one that holds something is refused.",
        .gain =
            "libvirt sees a new mount when it is restarted, and takes the first one of each size "
            "unless qemu.conf's hugetlbfs_mount names others.",
        .conflicts = "A mount that VMs have pages of is busy: it goes when they have stopped.",
        .source = HUGE_DOC,
        .since = "2.6.27",
    },
    {
        POOL_ROW("vm.compact_memory", VALUE_CHOICE),
        .choices = compact,
        .place = "/proc/sys/vm/compact_memory",
        .trigger = TRUE,
        .help = "Moves what is in use together, so that free memory lies in whole pieces for "
                "hugepages. Done once, before the pools of the same plan grow.",
        .gain = "Larger pools are granted; it takes seconds on a large host, and VMs may stall.",
        .conflicts = "Memory that passed-through devices reach is pinned, and stays where it is.",
        .source = "Linux Documentation/admin-guide/sysctl/vm.rst",
        .since = "2.6.35",
        .effect = EFFECT_NOW,
    },
};

const TunableRows rows_pools = ROWS_OF(rows);
