/* Apply: executes a Preview's steps as one transaction, reads every value back, and on a failure
 * puts back what was done. Blocks: runs on the libvirt thread, or in a command. */
#pragma once

#include "core/apply/stepkind.h"

/* Returns the journal entry's number and, where the kernel granted less (with partial), a sentence
 * in *report (may be set to NULL); 0 with an error: FAILED (everything as before), CHANGED (nothing
 * written), PARTIAL (the sentence says what stands, and the commands that would put it back).
 *
 * Steps that take back an earlier entry mark that one undone; where a part of it still stands
 * afterwards that is said by the error PARTIAL, although the steps themselves are applied. */
guint apply_preview(
    const ApplyContext *context, const Preview *preview, char **report, GError **error);

/* ---- entries that were not ended: kvmtune was killed, libvirtd died, power was lost ---- */

/* How a step of an entry stands now. */
typedef enum {
    STANDS_OLD,
    STANDS_NEW,
    STANDS_HALF,    /* written, or put back, in part (step_is_half()) */
    STANDS_OTHER,   /* somebody made it something else */
    STANDS_NOWHERE, /* its domain is gone, or does not run any more: nothing is to be done */
    STANDS_UNKNOWN, /* cannot be read: `now` is why */
} Standing;

typedef struct {
    Standing standing;
    char *now; /* the value, or why there is none */
} StepStanding;

/* One StepStanding for each of @steps (GArray, the caller unrefs it). */
GArray *apply_survey(const ApplyContext *context, const GPtrArray *steps);
/* "written: web1 vcpupin.0: 0 → 2, next start", a line a step. The caller frees it. */
char *apply_survey_text(const GPtrArray *steps, const GArray *survey);

/* Ends the open entry @number, whose kvmtune is gone: writes what was not yet written (@finish), or
 * puts back what was. What somebody changed since is left alone and named. Returns @number, or 0
 * with an error as apply_preview's. */
guint apply_recover(const ApplyContext *context, guint number, gboolean finish, GError **error);

/* Marks entry @number as taken back by entry @by (0: by hand) where nothing of it stands any more,
 * else as partial. Returns NULL, or what still stands as a sentence, which the caller frees. For
 * whoever holds the host's lock. */
char *apply_mark_undone(const ApplyContext *context, guint number, guint by);
/* The same for who does not hold the lock, where nothing had to be written. FALSE with an error:
 * FAILED, or PARTIAL where something still stands. */
gboolean apply_settle_undo(const ApplyContext *context, guint number, GError **error);
