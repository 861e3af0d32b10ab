/* Apply: executes a Preview's steps as one transaction, reads every value back, and on a failure
 * puts back what was done. Blocks: runs on the libvirt thread, or in a command. */
#pragma once

#include "core/tune/journal.h"

typedef struct {
    Connection *connection; /* NULL: host steps only */
    const char *root;       /* of the host's files */
    Journal *journal;
    const char *uri;
    gboolean partial; /* keep what the kernel grants, even if it is less */
    /* Answers a write below a root that has no kernel: the demo's. NULL on a real host. */
    void (*settle)(const char *root);
} ApplyContext;

/* Returns the journal entry's number and, where the kernel granted less (with partial), a sentence
 * in *report (may be set to NULL); 0 with an error: FAILED (everything as before), CHANGED (nothing
 * written), PARTIAL (the sentence says what stands). */
guint apply_preview(
    const ApplyContext *context, const Preview *preview, char **report, GError **error);

/* Takes entry @number (0: the newest) back, last step first. A value that is no longer what the
 * entry set is not overwritten: it is named in the error. Returns the number of the new entry, or
 * 0 with an error: FAILED, CHANGED (nothing undone), PARTIAL. */
guint apply_undo(const ApplyContext *context, guint number, char **report, GError **error);
