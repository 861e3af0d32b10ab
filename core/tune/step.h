/* A Step: the one reversible write. The same row serves preview, apply, read-back, roll-back,
 * Journal, recovery and undo. */
#pragma once

#include "core/tune/tunable.h"

typedef enum {
    STEP_HOST,   /* write new to a file of the kernel */
    STEP_LIVE,   /* set the running domain */
    STEP_CONFIG, /* define the domain's next start; a domain's config steps go in one definition */
    STEP_BOOT,   /* edit a file below /etc that sets the host when it boots */
    STEP_MOUNT,  /* mount and unmount hugetlbfs */
    STEP_PAGES, /* move the running domain's pages; values are as core/virt/pageshares.h has them */
} StepKind;

#define STEP_KINDS (STEP_PAGES + 1)

/* Whether steps of @kind are the host's; the others are a domain's. */
gboolean step_kind_is_host(StepKind kind);
/* The kind of step that sets @key, one of the host's, at once. */
StepKind step_kind_now(const TunableKey *key);

/* How far a step of a Journal entry came, as far as the journal knows. */
typedef enum {
    STEP_PLANNED, /* not begun: what was there stands */
    STEP_BEGUN,   /* either value may stand */
    STEP_DONE,    /* written, and read back */
    STEP_BACK,    /* being put back: either value may stand */
} StepProgress;

typedef struct {
    StepKind kind;
    char *target, *name; /* as in Change */
    TunableKey *key;
    char *old_value, *new_value; /* "" for nothing there */
    char *granted;               /* what was read back after the write; NULL before */
    guint undoes;                /* the journal's entry that this takes back a part of; 0: none */
    gboolean follows; /* the kernel does it with the step before, a file coupled to that */
    guint index;      /* its place among the steps of its entry */
    StepProgress progress;
} Step;

Step *step_copy(const Step *step);
void step_free(Step *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Step, step_free)

/* The value that the step left, or was to leave: what was granted, where that is known. */
const char *step_left(const Step *step);
/* @value fit to show: "" is "(nothing)". The caller frees it. */
char *step_shown_value(const char *value);
/* What is called to execute @step: "virDomainPinVcpuFlags(web1, 0, 2-3, live)",
 * "virDomainDefineXMLFlags(web1, validate)", "write 2 to /sys/kernel/mm/ksm/run"; @live is the flag
 * by which this libvirt reaches the running domain. Safe to show. The caller frees it. */
char *step_call(const Step *step, const char *live);
/* "", ", running now", ", next start": which of a domain's values a step of that kind sets. */
const char *step_kind_where(StepKind kind);
/* "web1 vcpupin.0: 0 → 2-3, next start", escaped; the way back with @back. The caller frees it. */
char *step_text(const Step *step, gboolean back);
