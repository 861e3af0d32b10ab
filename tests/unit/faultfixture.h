/* What tests of transactions that go wrong share: one plan of every domain and of the host, and a
 * kvmtune that ends after a line of the journal. */
#pragma once

#include "tests/unit/applyfixture.h"

/* The preview of a plan of @domains domains and the host. */
Preview *faults_preview(const Fixture *f, guint domains);
/* That all of it stands, or none (@after FALSE). */
void faults_check(const Fixture *f, guint domains, gboolean after);
guint faults_unended(const Fixture *f); /* entries that were not ended */
EntryState faults_state(const Fixture *f, guint number);

/* A checkpoint (ApplyContext) that ends kvmtune: */
typedef struct {
    guint count, last; /* how often the journal was written, and after which time the end comes */
    int signal;        /* sent to this process then; 0: the transaction only stops */
} Death;

gboolean faults_die_at(gpointer death);
/* How often the journal is written while @preview is applied; it is undone afterwards. */
guint faults_count_writes(Fixture *f, const Preview *preview);
