/* The Preview: a pure function of (Snapshot, Plan). It says, per target, what would be written,
 * what happens now and what waits for a restart, and carries the steps that apply() executes. */
#pragma once

#include "core/tune/plan.h"

typedef enum {
    LINE_TARGET,  /* a heading: the domain's name, or "host" */
    LINE_HEAD,    /* a smaller heading, of a part: "running now", "next start" */
    LINE_HUNK,    /* "@@ …" */
    LINE_CONTEXT, /* " …" */
    LINE_REMOVED, /* "-…" */
    LINE_ADDED,   /* "+…" */
    LINE_WRITE,   /* "/sys/…: old → new" */
    LINE_NOW,     /* what happens at once, as a sentence */
    LINE_LATER,   /* what waits for a restart, as a sentence */
    LINE_WARNING,
    LINE_ERROR, /* it cannot be applied like this */
    LINE_CALL,  /* a call of libvirt, in order of execution */
    LINE_OFFER, /* a change that would make the plan work */
} PreviewLineKind;

/* The parts of a target's section, in their order. */
typedef enum {
    PART_TARGET,   /* its heading */
    PART_FINDINGS, /* errors, warnings, offers */
    PART_EFFECT,   /* what happens now, what waits */
    PART_WRITES,   /* files of the kernel and mounts, in order of execution */
    PART_BOOT,     /* the diff of each file that sets the host at boot */
    PART_BOTH,     /* the diff of the running XML and the next start's, where they are the same */
    PART_RUNNING,
    PART_NEXT,
    PART_CALLS,   /* of libvirt, in order of execution */
    PART_COMMAND, /* a heading only: QEMU's command line is asked of libvirt (nativecmd.h) */
} PreviewPart;

/* A change that would make the plan work, offered to the user ("ksm.run=2 first"). */
typedef struct {
    char *reason;               /* a sentence */
    char *target, *key, *value; /* to be staged before everything else */
} PreviewOffer;

typedef struct {
    PreviewLineKind kind;
    PreviewPart part;
    guint target;              /* whose section it is in: an index of Preview.targets */
    char *text;                /* escaped: safe to show */
    IdSet *changes;            /* which of Preview.plan's changes made it, by index; NULL: none */
    const PreviewOffer *offer; /* LINE_OFFER's; else NULL */
} PreviewLine;

/* A file below /etc that the host's changes would write. */
typedef struct {
    char *path;
    gboolean is_link;     /* symbolic; its texts are where it leads */
    char *before, *after; /* "": there is none */
} PreviewFile;

/* One section: a domain, or the host. */
typedef struct {
    char *target, *name;  /* as in Change */
    guint first, end;     /* its lines in Preview.lines; first is its LINE_TARGET */
    guint changes, steps; /* how many */
    guint errors, warnings, waiting;
    PreviewLine *definition; /* its LINE_CALL that defines the next start; NULL: none */
    const char *next_before; /* its next start's XML, and … */
    char *next_after;        /* … what it would be; NULL where it stays as it is */
} PreviewTarget;

typedef struct {
    gatomicrefcount refs;
    Plan *plan;         /* what it is a preview of */
    GPtrArray *domains; /* Domain*: what it was made upon */
    char *host_state;   /* likewise: the host's values that rules and writes depend on */
    GPtrArray *targets; /* PreviewTarget*: those with errors, with warnings, the rest; as staged */
    GPtrArray *lines;   /* PreviewLine*: what is shown, in order: target by target, part by part */
    GPtrArray *steps;   /* Step*, in order of execution; empty: nothing would change */
    GPtrArray *offers;  /* PreviewOffer* */
    GPtrArray *files;   /* PreviewFile*: what sets the host at boot */
    GHashTable *xml_live, *xml_config; /* domain UUID → the XML previewed upon (char*) */
    guint errors, warnings;
    const char *live_flag; /* by which libvirt reaches a running domain */
    int making;            /* while it is made: the change looked at, by index; -1: none alone */
    guint moved; /* values that somebody changed since they were staged: each has a warning */
} Preview;

Preview *preview_make(const Snapshot *snapshot, const Plan *plan);
/* FALSE where the plan, a domain's XML or what the rules see of the host is another than @preview
 * was made of: make it anew. (Free memory is not looked at: it never stands still.) */
gboolean preview_is_current(const Preview *preview, const Snapshot *snapshot, const Plan *plan);
Preview *preview_ref(Preview *preview);
void preview_unref(Preview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Preview, preview_unref)
/* Stages @offer's change before all others. */
gboolean preview_accept(
    const PreviewOffer *offer, const Snapshot *snapshot, Plan *plan, GError **error);
/* The lines of section @target as text. The caller frees it. */
char *preview_section_text(const Preview *preview, guint target);
/* All of them, for --dry-run. The caller frees it. */
char *preview_text(const Preview *preview);
