/* A Step: the one reversible write. The same row serves preview, apply, read-back, roll-back,
 * Journal, recovery and undo. */
#pragma once

#include "core/catalogue/tunable.h"

typedef enum {
    STEP_HOST,   /* write new to a file of the kernel */
    STEP_LIVE,   /* set the running domain */
    STEP_CONFIG, /* define the domain's next start; a domain's config steps go in one definition */
    STEP_BOOT,   /* edit a file below /etc that sets the host when it boots */
    STEP_MOUNT,  /* mount and unmount hugetlbfs */
    STEP_PAGES, /* move the running domain's pages; values are as core/virt/pageshares.h has them */
} StepKind;

#define STEP_KINDS (STEP_PAGES + 1)

typedef struct Step Step;

/* What is true of a kind of step, whoever asks; stepkind.c has how each is read and written. */
typedef struct {
    const char *name;  /* in the journal's files */
    const char *where; /* ", running now", ", next start": which of the values it sets; "" */
    /* What is called to execute a step, see step_call(). */
    char *(*call)(const Step *step, const char *live);
    gboolean host;    /* it is the host's; else a domain's */
    gboolean later;   /* it takes effect at the next start, or at boot; else at once */
    gboolean libvirt; /* it is a call of libvirt */
    /* All steps of one target are one write, of a whole that is still the one previewed. */
    gboolean whole;
    /* What it writes moves by itself: it is not held against the preview before the write, and
     * what is granted is told, not refused. */
    gboolean drifts;
    gboolean unchecked; /* nobody refuses a text that makes no sense there */
} StepTraits;

extern const StepTraits step_traits[STEP_KINDS];

/* The kind of step that sets @key, one of the host's, at once. */
StepKind step_kind_now(const TunableKey *key);

/* How far a step of a Journal entry came, as far as the journal knows. */
typedef enum {
    STEP_PLANNED, /* not begun: what was there stands */
    STEP_BEGUN,   /* either value may stand */
    STEP_DONE,    /* written, and read back */
    STEP_BACK,    /* being put back: either value may stand */
} StepProgress;

struct Step {
    StepKind kind;
    char *target, *name; /* as in Change */
    TunableKey *key;
    char *old_value, *new_value; /* "" for nothing there */
    char *granted;               /* what was read back after the write; NULL before */
    guint undoes;                /* the journal's entry that this takes back a part of; 0: none */
    gboolean follows; /* it is done with the step before: a file coupled to that one, or the nodeset
                       * with which pages move */
    guint index;      /* its place among the steps of its entry */
    StepProgress progress;
};

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
/* "web1 vcpupin.0: 0 → 2-3, next start", escaped; the way back with @back. The caller frees it. */
char *step_text(const Step *step, gboolean back);
/* The same as a line of the journal, which tells a host's value of now from that at boot: "host
 * vm.swappiness: 60 → 10, now". The caller frees it. */
char *step_line(const Step *step);
