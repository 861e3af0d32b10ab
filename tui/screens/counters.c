/* What the files of KSM and THP that cannot be set count. Sources: Linux
 * Documentation/admin-guide/mm/ksm.rst and transhuge.rst. */
#include "tui/screens/counters.h"

#include <glib.h>
#include <string.h>

static const Counter counters[] = {
    {"ksm.full_scans", COUNTS_EVENTS, "How often all candidate memory has been scanned."},
    {"ksm.general_profit", COUNTS_BYTES,
        "What KSM saves less what its own records take; negative where it costs more than it "
        "saves."},
    {"ksm.ksm_zero_pages", COUNTS_PAGES, "Empty pages mapped to the kernel's zero page by KSM."},
    {"ksm.pages_scanned", COUNTS_EVENTS, "Pages scanned since boot."},
    {"ksm.pages_shared", COUNTS_PAGES, "Shared pages in use: what the shared contents take."},
    {"ksm.pages_sharing", COUNTS_PAGES,
        "Further places that use a shared page: what is saved. High beside pages_shared is good."},
    {"ksm.pages_skipped", COUNTS_EVENTS, "Pages that smart_scan passed over."},
    {"ksm.pages_unshared", COUNTS_PAGES,
        "Pages checked again and again though nothing equals them. High beside pages_sharing means "
        "work for nothing."},
    {"ksm.pages_volatile", COUNTS_PAGES, "Pages that change too fast to be shared."},
    {"ksm.stable_node_chains", COUNTS_EVENTS,
        "Pages shared so often that they were copied for max_page_sharing."},
    {"ksm.stable_node_dups", COUNTS_EVENTS, "Copies made for max_page_sharing."},
    {"thp.hpage_pmd_size", COUNTS_BYTES, "The size of a transparent huge page."},
    {"thp.khugepaged.full_scans", COUNTS_EVENTS, "How often khugepaged has scanned all memory."},
    {"thp.khugepaged.pages_collapsed", COUNTS_EVENTS, "Huge pages khugepaged made of small ones."},
    {"thp_fault_alloc", COUNTS_EVENTS, "Page faults answered with a huge page."},
    {"thp_fault_fallback", COUNTS_EVENTS,
        "Page faults that got small pages because no huge page was free: memory is fragmented."},
    {"thp_collapse_alloc", COUNTS_EVENTS, "Huge pages khugepaged could get to collapse into."},
    {"thp_collapse_alloc_failed", COUNTS_EVENTS, "Times khugepaged could not get a huge page."},
    {"thp_split_page", COUNTS_EVENTS, "Huge pages split into small ones, to swap or to move."},
    {"thp_split_page_failed", COUNTS_EVENTS, "Splits that failed, as of a pinned page."},
    {"thp_zero_page_alloc", COUNTS_EVENTS, "Huge pages of zeros made."},
    {"thp_swpout", COUNTS_EVENTS, "Huge pages swapped out whole."},
    {"thp_swpout_fallback", COUNTS_EVENTS, "Huge pages split before they were swapped out."},
};

const Counter *counter_find(const char *id)
{
    for (guint i = 0; i < G_N_ELEMENTS(counters); i++)
        if (strcmp(counters[i].id, id) == 0)
            return &counters[i];
    return NULL;
}
