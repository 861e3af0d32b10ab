/* The Plan: an ordered set of Changes, staged like a git index. One value per target and key
 * (and, where undo puts different ones back, one for the running domain and one for its next
 * start); to stage a key again replaces its value where it stands.
 *
 * A Change remembers its ground: the value it was staged upon. Where that has moved since, the
 * Preview says so. */
#pragma once

#include "core/tune/ground.h"
#include "core/virt/demand.h"

/* What a change is for. */
typedef enum {
    SCOPE_BOTH,   /* the running domain where it can be, and the next start; of the host: now */
    SCOPE_LIVE,   /* the running domain; of the host: now */
    SCOPE_CONFIG, /* the next start; of the host: at boot */
    SCOPE_KEPT,   /* of the host: now and at boot */
} PlanScope;

#define PLAN_SCOPES (SCOPE_KEPT + 1)

/* Whether changes of both scopes could set the same. */
gboolean plan_scopes_meet(PlanScope a, PlanScope b);
/* Whether a change of @scope takes steps of @kind. */
gboolean plan_scope_has(PlanScope scope, StepKind kind);

typedef struct {
    char *target; /* "host", or the domain's UUID */
    char *name;   /* "host", or the domain's name when it was staged; escaped, fit to show */
    TunableKey *key;
    char *value;     /* as tunable_check() gave it; "" removes */
    PlanScope scope; /* of the host never SCOPE_BOTH: that is SCOPE_LIVE there */
    guint act;       /* changes of one plan_stage() have one number: they are taken back together */
    char *ground[STEP_KINDS]; /* the value it was staged upon, by where it is written; NULL: none */
    guint undoes;             /* the journal's entry that it takes back a part of; 0: none */
    Domain *looked_at; /* its domain when plan_look() last looked; NULL: not yet, or the host's */
    gboolean moved;    /* as plan_look() saw it */
} Change;

typedef struct {
    GPtrArray *changes; /* Change*, in the order staged; plan_…() put them there */
    guint acts;         /* plan_stage() calls so far */
    GHashTable *index;  /* Change* → GPtrArray: the changes of its target and key */
    GHashTable *counts; /* target → how many changes it has */
    Ground *ground;     /* of the domain that was staged for, or looked at, last */
} Plan;

Plan *plan_new(void);
Plan *plan_copy(const Plan *plan);
/* Whether both have the same changes in the same order. */
gboolean plan_equal(const Plan *a, const Plan *b);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* Looks whether the ground of @plan's changes has moved in @snapshot; cheap where no domain was
 * read again. Returns the first change whose ground moved since it was last looked at, or NULL. */
const Change *plan_look(Plan *plan, const Snapshot *snapshot);
void change_free(Change *change);

/* Whether @target can be changed from here. FALSE with a KVMTUNE_ERROR_USAGE sentence for the files
 * of a host that libvirt only reaches. */
gboolean plan_reaches(const Snapshot *snapshot, const char *target, GError **error);
/* Stages @key=@value for @target: "host", or a domain's name, UUID or ID in @snapshot. At boot the
 * host's value may be "": it is kept no longer. FALSE with a KVMTUNE_ERROR_USAGE sentence, and
 * nothing staged, where target, key or value is no good. */
gboolean plan_stage(Plan *plan, const Snapshot *snapshot, const char *target, const char *key,
    const char *value, PlanScope scope, GError **error);
/* Stages @change, which is taken, in the place of those it covers: the same target and key, for the
 * running domain, its next start or both. It belongs to the newest act. */
void plan_add(Plan *plan, Change *change);
/* Lets all that plan_stage() staged since @plan had @acts of them be taken back together. */
void plan_join(Plan *plan, guint acts);
/* Takes back what the last plan_stage() staged; FALSE where there is nothing. */
gboolean plan_unstage_last(Plan *plan);
void plan_unstage(Plan *plan, guint index);
/* Moves change @from to before what is @to now; @to is not behind it. */
void plan_move(Plan *plan, guint from, guint to);
void plan_clear(Plan *plan);
/* How many changes are staged for @target ("host" or a UUID). */
guint plan_count(const Plan *plan, const char *target);
/* The staged value for @target ("host" or a UUID) and @key, or NULL; of the host the one that is
 * set now. */
const char *plan_value(const Plan *plan, const char *target, const char *key);
/* The staged value of the host's @key at boot, or NULL. */
const char *plan_boot_value(const Plan *plan, const char *key);

/* The changes for @target and @key: GPtrArray of Change*, two at most (one for the running domain,
 * one for the next start; of the host one for now, one for the boot), which is the plan's; NULL for
 * none. */
GPtrArray *plan_find(const Plan *plan, const char *target, const char *key);
/* Whether @now, what stands where @change would be written, is another value than the one it was
 * staged upon, and not yet the wanted one. */
gboolean change_has_moved(const Change *change, StepKind kind, const char *now);
/* The hugepages of @host (may be NULL) when what @plan (likewise) has staged of its pools is done.
 * The caller frees it. */
Supply *plan_supply(const Plan *plan, const Host *host);
