/* What the files of KSM and THP that cannot be set count, in words for the Sharing screen. */
#pragma once

typedef enum { COUNTS_EVENTS, COUNTS_PAGES, COUNTS_BYTES } Counts;

typedef struct {
    const char *id; /* of its row: "ksm.pages_shared", "thp_fault_alloc" */
    Counts counts;
    const char *help;
} Counter;

/* NULL where nothing is known of @id. */
const Counter *counter_find(const char *id);
