/* Rows of the host: KSM and transparent hugepages. */
#include "core/catalogue/rows.h"

#define KSM_DOC      "Linux Documentation/admin-guide/mm/ksm.rst"
#define THP_DOC      "Linux Documentation/admin-guide/mm/transhuge.rst"
#define UINT_MAX_ROW G_MAXUINT32

static const TunableChoice off_on[] = {{"0", "off"}, {"1", "on"}, {NULL, NULL}};

static const TunableChoice ksm_nodes[] = {
    {"0", "off: only pages of one node"},
    {"1", "on: pages of all nodes"},
    {NULL, NULL},
};

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

/* A file of the kernel: key, the folder's file, range or choices, unit, help, what it gains and
 * costs, what it does not go together with, where that stands, and since which Linux. */
#define HOST_INT(k, file, lo, hi, u, text, gains, against, doc, version)                           \
    {                                                                                              \
        .key = k, .target = TARGET_HOST, .group = GROUP, .type = VALUE_INT, .min = lo, .max = hi,  \
        .unit = u, .place = file, .help = text, .gain = gains, .conflicts = against,               \
        .source = doc, .since = version, .effect = EFFECT_NOW                                      \
    }
#define HOST_CHOICE(k, file, list, text, gains, against, doc, version)                             \
    {                                                                                              \
        .key = k, .target = TARGET_HOST, .group = GROUP, .type = VALUE_CHOICE, .choices = list,    \
        .place = file, .help = text, .gain = gains, .conflicts = against, .source = doc,           \
        .since = version, .effect = EFFECT_NOW                                                     \
    }
#define KSM   "/sys/kernel/mm/ksm/"
#define THP   "/sys/kernel/mm/transparent_hugepage/"
#define KHUGE THP "khugepaged/"

/* What several rows say. */
#define UNMERGE_FIRST "Refused while pages are shared: ksm.run=2 first."
#define ADVISOR_ONLY  "Has no effect while ksm.advisor_mode=none."
#define THP_ONLY      "Has no effect where thp.enabled and every thp.size.SIZE.enabled say never."
#define KHUGE_ONLY                                                                                 \
    "khugepaged rests while thp.enabled=never, but where thp.size.2M.enabled or "                  \
    "thp.shmem_enabled wants it."
#define PTES_LESS                                                                                  \
    "Must be less than the small pages of a huge one (512 of 2M), or the kernel refuses it. "
#define TOUCHED_LATER                                                                              \
    "Counts for what is touched from then on: VMs that run keep the pages they have."

static const Tunable rows[] = {
#define GROUP "KSM"
    HOST_CHOICE("ksm.run", KSM "run", ksm_run, "Whether the kernel shares equal pages of VMs.",
        "Saves memory where VMs are alike, costs a CPU's time, and lets one VM learn by timing "
        "what another holds.",
        "Shares nothing of memory.hugepages, memory.nosharepages and memory.source=memfd or file; "
        "splits the transparent hugepages that it shares pages of. 2 wants as much memory as was "
        "saved.",
        KSM_DOC "; mm/ksm.c", "2.6.32"),
    HOST_INT("ksm.pages_to_scan", KSM "pages_to_scan", 0, UINT_MAX_ROW, "pages",
        "Pages scanned before ksmd sleeps.", "More finds equal pages sooner and costs more CPU.",
        "ksm.advisor_mode=scan-time sets it, and refuses yours.", KSM_DOC "; mm/ksm.c", "2.6.32"),
    HOST_INT("ksm.sleep_millisecs", KSM "sleep_millisecs", 0, UINT_MAX_ROW, "ms",
        "How long ksmd sleeps between two portions.",
        "Less finds equal pages sooner, costs more CPU; 0 never sleeps.", NULL, KSM_DOC, "2.6.32"),
    HOST_CHOICE("ksm.merge_across_nodes", KSM "merge_across_nodes", ksm_nodes,
        "Whether pages of different NUMA nodes are shared with one another.",
        "1 saves most, and some reads become remote; 0 keeps what is shared near.", UNMERGE_FIRST,
        KSM_DOC, "3.9"),
    HOST_CHOICE("ksm.use_zero_pages", KSM "use_zero_pages", off_on,
        "Whether empty pages are mapped to the kernel's zero page instead of being shared with one "
        "another.",
        "Quicker on architectures that colour their zero pages; may slow KSM where other pages "
        "have an empty one's checksum.",
        "Counts for pages that are shared from then on.", KSM_DOC, "4.11"),
    HOST_INT("ksm.max_page_sharing", KSM "max_page_sharing", 2, G_MAXINT32, "sharers",
        "How many mappings one shared page may have.",
        "More saves more; fewer keeps swapping, compaction, NUMA balancing and migration of such a "
        "page quick.",
        UNMERGE_FIRST, KSM_DOC, "4.13"),
    HOST_INT("ksm.stable_node_chains_prune_millisecs", KSM "stable_node_chains_prune_millisecs", 0,
        UINT_MAX_ROW, "ms", "How often chains of copies of one page are cleaned up.",
        "Less frees what KSM itself needs sooner and costs more CPU.",
        "Has no effect before a page has ksm.max_page_sharing sharers.", KSM_DOC, "4.13"),
    HOST_CHOICE("ksm.smart_scan", KSM "smart_scan", off_on,
        "Whether pages that were not equal to any other are skipped for a while.",
        "Saves CPU; a page that becomes equal to others is found later.", NULL, KSM_DOC, "6.7"),
    HOST_CHOICE("ksm.advisor_mode", KSM "advisor_mode", ksm_advisor,
        "Whether the kernel chooses pages_to_scan by itself.",
        "scan-time follows the VMs that come and go, up to ksm.advisor_max_cpu; none costs always "
        "the same.",
        "Each change of it sets ksm.pages_to_scan anew: to 100 (none) or to "
        "ksm.advisor_min_pages_to_scan.",
        KSM_DOC "; mm/ksm.c", "6.8"),
    HOST_INT("ksm.advisor_max_cpu", KSM "advisor_max_cpu", 0, 100, "%",
        "The share of a CPU that the advisor lets ksmd use.",
        "More finds equal pages sooner where there is much to scan.", ADVISOR_ONLY, KSM_DOC, "6.8"),
    HOST_INT("ksm.advisor_target_scan_time", KSM "advisor_target_scan_time", 1, UINT_MAX_ROW, "s",
        "How long a scan of all candidate pages should take, for the advisor.",
        "Less finds equal pages sooner and costs more CPU.", ADVISOR_ONLY, KSM_DOC, "6.8"),
    HOST_INT("ksm.advisor_min_pages_to_scan", KSM "advisor_min_pages_to_scan", 0, UINT_MAX_ROW,
        "pages", "What the advisor sets pages_to_scan to when it is turned on.",
        "More finds equal pages sooner at first; it may go below it later.", ADVISOR_ONLY,
        KSM_DOC "; mm/ksm.c", "6.8"),
    HOST_INT("ksm.advisor_max_pages_to_scan", KSM "advisor_max_pages_to_scan", 0, UINT_MAX_ROW,
        "pages", "The most that the advisor sets pages_to_scan to.",
        "Less bounds what ksmd does at a time; too little misses the target time.", ADVISOR_ONLY,
        KSM_DOC, "6.8"),

#undef GROUP
#define GROUP "Transparent hugepages"
    HOST_CHOICE("thp.enabled", THP "enabled", thp_enabled,
        "Which anonymous memory gets transparent huge pages.",
        "Guests gain from always or madvise: fewer TLB misses; programs that touch memory sparsely "
        "lose memory by always.",
        TOUCHED_LATER " Has no part in memory.hugepages.", THP_DOC, "2.6.38"),
    HOST_CHOICE("thp.defrag", THP "defrag", thp_defrag,
        "What a page fault does when no huge page is free.",
        "always gives VMs huge pages from the start and can stall them; defer leaves them to "
        "khugepaged.",
        THP_ONLY, THP_DOC, "2.6.38"),
    HOST_CHOICE("thp.shmem_enabled", THP "shmem_enabled", thp_shmem,
        "Huge pages for shared memory, such as guests backed by memfd.",
        "Guests whose memory is shared (virtiofs, vhost-user) gain as others by thp.enabled; what "
        "touches shared memory sparsely loses memory.",
        TOUCHED_LATER, THP_DOC, "4.8"),
    HOST_CHOICE("thp.use_zero_page", THP "use_zero_page", off_on,
        "Whether a read of untouched memory maps a huge page of zeros.",
        "Memory that is only read costs nothing; the first write to it faults again.", THP_ONLY,
        THP_DOC, "3.8"),
    HOST_CHOICE("thp.shrink_underused", THP "shrink_underused", off_on,
        "Whether huge pages that are mostly zeros are split when memory is short.",
        "thp.enabled=always loses less memory; looking for zeros costs CPU, and the guest has its "
        "TLB misses again.",
        "Splits none while thp.khugepaged.max_ptes_none is at its most (511 of a 2M page).",
        THP_DOC "; mm/huge_memory.c", "6.12"),
    HOST_CHOICE("thp.size.SIZE.enabled", THP "hugepages-%skB/enabled", thp_size,
        "Which anonymous memory gets transparent huge pages of SIZE (64K … 2M).",
        "Smaller ones are found sooner and lose less memory; larger ones save more TLB misses.",
        TOUCHED_LATER, THP_DOC, "6.8"),
    HOST_CHOICE("thp.size.SIZE.shmem_enabled", THP "hugepages-%skB/shmem_enabled", thp_size_shmem,
        "Huge pages of SIZE for shared memory, such as guests backed by memfd.",
        "Smaller ones are found sooner and lose less memory; larger ones save more TLB misses.",
        TOUCHED_LATER, THP_DOC, "6.11"),
    HOST_CHOICE("thp.khugepaged.defrag", KHUGE "defrag", off_on,
        "Whether khugepaged makes room for huge pages by moving others.",
        "More huge pages for VMs that run long; moving costs CPU.", KHUGE_ONLY, THP_DOC, "2.6.38"),
    HOST_INT("thp.khugepaged.pages_to_scan", KHUGE "pages_to_scan", 1, UINT_MAX_ROW, "pages",
        "Pages khugepaged looks at in one pass.",
        "More makes huge pages sooner and costs more CPU.", KHUGE_ONLY, THP_DOC, "2.6.38"),
    HOST_INT("thp.khugepaged.scan_sleep_millisecs", KHUGE "scan_sleep_millisecs", 0, UINT_MAX_ROW,
        "ms", "How long khugepaged sleeps between two passes.",
        "Less makes huge pages sooner and costs more CPU; 0 takes a whole one.", KHUGE_ONLY,
        THP_DOC, "2.6.38"),
    HOST_INT("thp.khugepaged.alloc_sleep_millisecs", KHUGE "alloc_sleep_millisecs", 0, UINT_MAX_ROW,
        "ms", "How long khugepaged waits after it could not get a huge page.",
        "More spares CPU where memory is in small pieces; huge pages come later.", KHUGE_ONLY,
        THP_DOC, "2.6.38"),
    HOST_INT("thp.khugepaged.max_ptes_none", KHUGE "max_ptes_none", 0, 65535, "pages",
        "How many untouched small pages khugepaged may fill to make a huge one.",
        "More makes more huge pages and uses more memory.", PTES_LESS KHUGE_ONLY, THP_DOC,
        "2.6.38"),
    HOST_INT("thp.khugepaged.max_ptes_swap", KHUGE "max_ptes_swap", 0, 65535, "pages",
        "How many swapped out small pages khugepaged may read back to make a huge one.",
        "More makes more huge pages; it may swap for nothing.", PTES_LESS KHUGE_ONLY, THP_DOC,
        "4.8"),
    HOST_INT("thp.khugepaged.max_ptes_shared", KHUGE "max_ptes_shared", 0, 65535, "pages",
        "How many small pages shared between processes khugepaged may copy to make a huge one.",
        "More makes more huge pages and uses more memory.", PTES_LESS KHUGE_ONLY, THP_DOC, "5.8"),
};

const TunableRows rows_host = ROWS_OF(rows);
