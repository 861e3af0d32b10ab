/* Rows of the host: KSM and transparent hugepages. */
#include "core/catalogue/rows.h"

#define KSM_DOC      "Linux Documentation/admin-guide/mm/ksm.rst"
#define THP_DOC      "Linux Documentation/admin-guide/mm/transhuge.rst"
#define UINT_MAX_ROW G_MAXUINT32

static const TunableChoice off_on[] = {{"0", "off"}, {"1", "on"}, {NULL, NULL}};

static const TunableChoice ksm_run[] = {
    {"1", "run: look for equal pages and share them"},
    {"0", "stop; pages that are shared stay shared"},
    {"2", "stop and unmerge: every shared page gets memory of its own again"},
    {NULL, NULL},
};

static const TunableChoice ksm_advisor[] = {
    {"none", "pages_to_scan is what you set"},
    {"scan-time", "the kernel sets pages_to_scan so that a full scan takes the target time"},
    {NULL, NULL},
};

static const TunableChoice thp_enabled[] = {
    {"always", "huge pages for every mapping that can have them"},
    {"madvise", "only where a program asks (QEMU asks for guest memory)"},
    {"never", "none"},
    {NULL, NULL},
};

static const TunableChoice thp_defrag[] = {
    {"always", "stall at a page fault until a huge page is made free"},
    {"defer", "never stall; kswapd and kcompactd make room in the background"},
    {"defer+madvise", "stall only where a program asked, else in the background"},
    {"madvise", "stall only where a program asked, else take what is free"},
    {"never", "take what is free, never make room"},
    {NULL, NULL},
};

static const TunableChoice thp_shmem[] = {
    {"always", "huge pages for every shared mapping"},
    {"within_size", "only where they lie within the file's size"},
    {"advise", "only where a program asks"},
    {"never", "none"},
    {"deny", "none, whatever a mount says (for emergencies)"},
    {"force", "always, whatever a mount says (for tests)"},
    {NULL, NULL},
};

static const TunableChoice thp_size[] = {
    {"inherit", "as thp.enabled says"},
    {"always", "for every mapping that can have them"},
    {"madvise", "only where a program asks"},
    {"never", "none of this size"},
    {NULL, NULL},
};

static const TunableChoice thp_size_shmem[] = {
    {"inherit", "as thp.shmem_enabled says"},
    {"always", "for every shared mapping"},
    {"within_size", "only where they lie within the file's size"},
    {"advise", "only where a program asks"},
    {"never", "none of this size"},
    {NULL, NULL},
};

/* A file of the kernel: key, the folder's file, range or choices, unit, help. */
#define HOST_INT(k, file, lo, hi, u, text, doc)                                                    \
    {                                                                                              \
        .key = k, .target = TARGET_HOST, .group = GROUP, .type = VALUE_INT, .min = lo, .max = hi,  \
        .unit = u, .place = file, .help = text, .source = doc, .effect = EFFECT_NOW                \
    }
#define HOST_CHOICE(k, file, list, text, doc)                                                      \
    {                                                                                              \
        .key = k, .target = TARGET_HOST, .group = GROUP, .type = VALUE_CHOICE, .choices = list,    \
        .place = file, .help = text, .source = doc, .effect = EFFECT_NOW                           \
    }
#define KSM   "/sys/kernel/mm/ksm/"
#define THP   "/sys/kernel/mm/transparent_hugepage/"
#define KHUGE THP "khugepaged/"

static const Tunable rows[] = {
#define GROUP "KSM"
    HOST_CHOICE("ksm.run", KSM "run", ksm_run,
        "Whether the kernel shares equal pages of VMs. Saves memory, costs a CPU's time, and lets "
        "one VM learn by timing what another holds.",
        KSM_DOC),
    HOST_INT("ksm.pages_to_scan", KSM "pages_to_scan", 0, UINT_MAX_ROW, "pages",
        "Pages scanned before ksmd sleeps. More finds equal pages sooner and costs more CPU.",
        KSM_DOC),
    HOST_INT("ksm.sleep_millisecs", KSM "sleep_millisecs", 0, UINT_MAX_ROW, "ms",
        "How long ksmd sleeps between two portions. Less finds equal pages sooner, costs more CPU.",
        KSM_DOC),
    HOST_CHOICE("ksm.merge_across_nodes", KSM "merge_across_nodes", off_on,
        "1 shares pages of different NUMA nodes (saves most, some reads become remote); 0 only "
        "within a node. Changes only while nothing is shared: ksm.run=2 first.",
        KSM_DOC),
    HOST_CHOICE("ksm.use_zero_pages", KSM "use_zero_pages", off_on,
        "Whether empty pages are mapped to the kernel's zero page instead of being shared with one "
        "another.",
        KSM_DOC),
    HOST_INT("ksm.max_page_sharing", KSM "max_page_sharing", 2, G_MAXINT32, "sharers",
        "How many mappings one shared page may have; fewer keeps migration and reclaim quick. "
        "Changes only while nothing is shared: ksm.run=2 first.",
        KSM_DOC),
    HOST_INT("ksm.stable_node_chains_prune_millisecs", KSM "stable_node_chains_prune_millisecs", 0,
        UINT_MAX_ROW, "ms", "How often chains of copies of one page are cleaned up.", KSM_DOC),
    HOST_CHOICE("ksm.smart_scan", KSM "smart_scan", off_on,
        "Whether pages that were not equal to any other are skipped for a while. Saves CPU.",
        KSM_DOC),
    HOST_CHOICE("ksm.advisor_mode", KSM "advisor_mode", ksm_advisor,
        "Whether the kernel chooses pages_to_scan by itself.", KSM_DOC),
    HOST_INT("ksm.advisor_max_cpu", KSM "advisor_max_cpu", 0, 100, "%",
        "The share of a CPU that the advisor lets ksmd use.", KSM_DOC),
    HOST_INT("ksm.advisor_target_scan_time", KSM "advisor_target_scan_time", 1, UINT_MAX_ROW, "s",
        "How long a scan of all candidate pages should take, for the advisor.", KSM_DOC),
    HOST_INT("ksm.advisor_min_pages_to_scan", KSM "advisor_min_pages_to_scan", 0, UINT_MAX_ROW,
        "pages", "The least that the advisor sets pages_to_scan to.", KSM_DOC),
    HOST_INT("ksm.advisor_max_pages_to_scan", KSM "advisor_max_pages_to_scan", 0, UINT_MAX_ROW,
        "pages", "The most that the advisor sets pages_to_scan to.", KSM_DOC),

#undef GROUP
#define GROUP "Transparent hugepages"
    HOST_CHOICE("thp.enabled", THP "enabled", thp_enabled,
        "Which anonymous memory gets transparent huge pages. Guests gain from always or madvise; "
        "programs that touch memory sparsely lose by always.",
        THP_DOC),
    HOST_CHOICE("thp.defrag", THP "defrag", thp_defrag,
        "What a page fault does when no huge page is free. always can stall a VM for milliseconds.",
        THP_DOC),
    HOST_CHOICE("thp.shmem_enabled", THP "shmem_enabled", thp_shmem,
        "Huge pages for shared memory, such as guests backed by memfd.", THP_DOC),
    HOST_CHOICE("thp.use_zero_page", THP "use_zero_page", off_on,
        "Whether a read of untouched memory maps a huge page of zeros.", THP_DOC),
    HOST_CHOICE("thp.shrink_underused", THP "shrink_underused", off_on,
        "Whether huge pages that are mostly zeros are split when memory is short.", THP_DOC),
    HOST_CHOICE("thp.size.SIZE.enabled", THP "hugepages-%skB/enabled", thp_size,
        "Which anonymous memory gets transparent huge pages of SIZE (64K … 2M), since Linux 6.8.",
        THP_DOC),
    HOST_CHOICE("thp.size.SIZE.shmem_enabled", THP "hugepages-%skB/shmem_enabled", thp_size_shmem,
        "Huge pages of SIZE for shared memory, such as guests backed by memfd, since Linux 6.12.",
        THP_DOC),
    HOST_CHOICE("thp.khugepaged.defrag", KHUGE "defrag", off_on,
        "Whether khugepaged makes room for huge pages by moving others.", THP_DOC),
    HOST_INT("thp.khugepaged.pages_to_scan", KHUGE "pages_to_scan", 1, UINT_MAX_ROW, "pages",
        "Pages khugepaged looks at in one pass.", THP_DOC),
    HOST_INT("thp.khugepaged.scan_sleep_millisecs", KHUGE "scan_sleep_millisecs", 0, UINT_MAX_ROW,
        "ms", "How long khugepaged sleeps between two passes.", THP_DOC),
    HOST_INT("thp.khugepaged.alloc_sleep_millisecs", KHUGE "alloc_sleep_millisecs", 0, UINT_MAX_ROW,
        "ms", "How long khugepaged waits after it could not get a huge page.", THP_DOC),
    HOST_INT("thp.khugepaged.max_ptes_none", KHUGE "max_ptes_none", 0, 65535, "pages",
        "How many untouched small pages khugepaged may fill to make a huge one. More uses memory.",
        THP_DOC),
    HOST_INT("thp.khugepaged.max_ptes_swap", KHUGE "max_ptes_swap", 0, 65535, "pages",
        "How many swapped out small pages khugepaged may read back to make a huge one.", THP_DOC),
    HOST_INT("thp.khugepaged.max_ptes_shared", KHUGE "max_ptes_shared", 0, 65535, "pages",
        "How many small pages shared between processes khugepaged may copy to make a huge one.",
        THP_DOC),
};

const TunableRows rows_host = ROWS_OF(rows);
