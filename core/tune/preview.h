/* The Preview: a pure function of (Snapshot, Plan). It says, per target, what would be written,
 * what happens now and what waits for a restart, and carries the steps that apply() executes. */
#pragma once

#include "core/tune/plan.h"

typedef enum {
    STEP_HOST,   /* write new to a file of the kernel */
    STEP_LIVE,   /* set the running domain */
    STEP_CONFIG, /* define the domain's next start; a domain's config steps go in one definition */
} StepKind;

/* One reversible write: the same row serves apply, read-back, roll-back, Journal and undo. */
typedef struct {
    StepKind kind;
    char *target, *name; /* as in Change */
    TunableKey *key;
    char *old_value, *new_value; /* "" for nothing there */
    char *granted;               /* what was read back after the write; NULL before */
} Step;

Step *step_copy(const Step *step);
void step_free(Step *step);

typedef enum {
    LINE_TARGET,  /* a heading: the domain's name, or "host" */
    LINE_HEAD,    /* a smaller heading: "running now", "next start", "--- …", "+++ …" */
    LINE_HUNK,    /* "@@ …" */
    LINE_CONTEXT, /* " …" */
    LINE_REMOVED, /* "-…" */
    LINE_ADDED,   /* "+…" */
    LINE_WRITE,   /* "/sys/…: old → new" */
    LINE_NOW,     /* what happens at once, as a sentence */
    LINE_LATER,   /* what waits for a restart, as a sentence */
    LINE_WARNING,
    LINE_ERROR, /* it cannot be applied like this */
} PreviewLineKind;

typedef struct {
    PreviewLineKind kind;
    char *text; /* escaped: safe to show */
} PreviewLine;

/* A change that would make the plan work, offered to the user ("ksm.run=2 first"). */
typedef struct {
    char *reason;               /* a sentence */
    char *target, *key, *value; /* to be staged before everything else */
} PreviewOffer;

typedef struct {
    gatomicrefcount refs;
    GPtrArray *lines;  /* PreviewLine*: what is shown, in order */
    GPtrArray *steps;  /* Step*, in order of execution; empty: nothing would change */
    GPtrArray *offers; /* PreviewOffer* */
    GHashTable *xml_live, *xml_config; /* domain UUID → the XML previewed upon (char*) */
    guint errors, warnings;
} Preview;

Preview *preview_make(const Snapshot *snapshot, const Plan *plan);
Preview *preview_ref(Preview *preview);
void preview_unref(Preview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Preview, preview_unref)
/* Stages @offer's change before all others. */
gboolean preview_accept(
    const PreviewOffer *offer, const Snapshot *snapshot, Plan *plan, GError **error);
/* All lines as text, for --dry-run. The caller frees it. */
char *preview_text(const Preview *preview);
