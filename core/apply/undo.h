/* Undo: an entry of the Journal as a Plan of its old values, to be previewed and applied like any
 * other. */
#pragma once

#include "core/apply/journal.h"

/* Stages on @plan, as one act, what takes @entry back, last step first: the old values, each upon
 * the value that the entry left, so that the Preview leaves alone what somebody changed since. A
 * domain is found by its UUID, whatever it is called now. What needs no taking back (it is so
 * already) is not staged; what cannot be (the domain is gone, or does not run any more) is told:
 * GPtrArray of sentences (char*), maybe none, which the caller unrefs. */
GPtrArray *undo_stage(Plan *plan, const Snapshot *snapshot, const JournalEntry *entry);
