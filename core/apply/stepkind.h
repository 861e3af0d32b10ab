/* How each kind of step is read, written, compared and said as a command: one row a kind. */
#pragma once

#include "core/apply/journal.h"
#include "core/virt/pagemove.h"

/* What steps are executed with. */
typedef struct {
    Connection *connection; /* NULL: host steps only */
    const char *root;       /* of the host's files */
    Journal *journal;
    const char *uri;             /* as it is noted in the journal, and named in commands */
    const PageCalls *page_calls; /* by which pages are moved; NULL: the kernel's, or none */
    PageMove *move;   /* seen and stopped by others while pages are moved; NULL: by nobody */
    gboolean partial; /* keep what the kernel grants, even if it is less */
    const char *partial_hint; /* said last where less was granted and put back; NULL: nothing */
    /* Answers a write below a root that has no kernel: the demo's. NULL on a real host. */
    void (*settle)(const char *root);
    /* For tests, NULL otherwise: called each time the journal was written. FALSE ends the
     * transaction there and then, as kill -9 would. */
    gboolean (*checkpoint)(gpointer data);
    gpointer checkpoint_data;
} ApplyContext;

/* What stands at one moment: each domain is read once, however many steps ask for it. */
typedef struct Reading Reading;
Reading *reading_new(const ApplyContext *context);
void reading_free(Reading *reading);
const ApplyContext *reading_context(const Reading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)
/* The value that stands where @step writes; the caller frees it. NULL with a sentence: CHANGED
 * where that place is gone (no such domain, it does not run, no such file), FAILED where it cannot
 * be read. */
char *reading_value(Reading *reading, const Step *step, GError **error);
/* The XML of the next start of @step's domain, which belongs to @reading; NULL likewise. */
const char *reading_config(Reading *reading, const Step *step, GError **error);

/* What is written in one go: a file of the kernel, a running domain's value, or one definition of a
 * domain's next start with all its changes. */
typedef struct {
    StepKind kind;
    GPtrArray *steps; /* Step*, borrowed, at least one */
} Unit;

/* Unit* for @steps, in order; a domain's next start comes before what is set of the running one. */
GPtrArray *units_make(const GPtrArray *steps);
Unit *unit_new(StepKind kind);
void unit_free(Unit *unit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unit, unit_free)

/* Whether the place of a step that drifts is there still; else CHANGED. */
gboolean step_has_place(const ApplyContext *context, const Step *step, GError **error);

/* Writes the new values of @unit's steps, or with @back the old ones. @ground: the XML that a next
 * start must still have; if it has another, nothing is written and the error is CHANGED. NULL: the
 * values go into whatever it is by then. */
gboolean unit_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error);
/* Whether @got, read back, is what writing @wanted gives: the same by meaning, however it is put.
 */
gboolean step_is_granted(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got);
/* Whether @now is what a write of @step that did not come to its end has left: pages move, and
 * pools grow, in portions, and mounts are made one by one. It can be finished and put back, unlike
 * what somebody else has set. */
gboolean step_is_half(const Step *step, const char *now);
/* The command that would write the old value of @step by hand, quoted for the shell. The caller
 * frees it. */
char *step_back_command(const ApplyContext *context, const Step *step);
