/* A Transaction: the units of one journal entry, written forward and, on a failure, back. */
#pragma once

#include "core/apply/stepkind.h"

typedef struct {
    const ApplyContext *context;
    JournalEntry *entry; /* begun in the journal */
    GPtrArray *units;    /* of the entry's steps */
    GHashTable *grounds; /* UUID → the XML that its next start must still have; NULL: any */
    GString *report;     /* what is said of a success */
    gboolean resumes;    /* a part of it may be written already */
    gboolean is_short;   /* the kernel granted fewer pages than were asked for */
    gboolean dead;       /* a test ended it */
} Transaction;

/* Whether @step's old value stands in @reading; else CHANGED. */
gboolean transaction_check_step(Reading *reading, const Step *step, GError **error);
/* The test's checkpoint, after the journal was written. FALSE: the transaction is dead. */
gboolean transaction_reached(Transaction *transaction, GError **error);
/* Writes every unit and ends the entry: as done, or, everything put back, as failed with the error
 * FAILED or CHANGED, or as partial with PARTIAL. */
gboolean transaction_run(Transaction *transaction, GError **error);
/* Puts everything back, the last unit first: what was written, what may have been. Returns NULL, or
 * what could not be put back, with the commands that would; the caller frees it. */
char *transaction_back(Transaction *transaction, guint count);
/* Ends the entry after everything was put back but @standing (NULL: nothing). TRUE: it stays open,
 * because libvirt is gone. */
gboolean transaction_fail(Transaction *transaction, const char *standing, const char *problem);
