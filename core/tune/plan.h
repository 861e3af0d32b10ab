/* The Plan: an ordered set of Changes, staged like a git index. One value per target and key; to
 * stage a key again replaces its value where it stands. */
#pragma once

#include "core/tune/tunable.h"

/* Which of a running domain and its next start a change is for. */
typedef enum {
    SCOPE_BOTH, /* the running domain where it can be, and the next start */
    SCOPE_LIVE,
    SCOPE_CONFIG,
} PlanScope;

typedef struct {
    char *target; /* "host", or the domain's UUID */
    char *name;   /* "host", or the domain's name when it was staged; escaped, fit to show */
    TunableKey *key;
    char *value; /* as tunable_check() gave it; "" removes */
    PlanScope scope;
    guint act; /* changes of one plan_stage() have one number: they are taken back together */
} Change;

typedef struct {
    GPtrArray *changes; /* Change*, in the order staged */
    guint acts;         /* plan_stage() calls so far */
} Plan;

Plan *plan_new(void);
Plan *plan_copy(const Plan *plan);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* Stages @key=@value for @target: "host", or a domain's name, UUID or ID in @snapshot. FALSE with a
 * KVMTUNE_ERROR_USAGE sentence, and nothing staged, where target, key or value is no good. */
gboolean plan_stage(Plan *plan, const Snapshot *snapshot, const char *target, const char *key,
    const char *value, PlanScope scope, GError **error);
/* Takes back what the last plan_stage() staged; FALSE where there is nothing. */
gboolean plan_unstage_last(Plan *plan);
void plan_unstage(Plan *plan, guint index);
void plan_clear(Plan *plan);
/* The staged value for @target ("host" or a UUID) and @key, or NULL. */
const char *plan_value(const Plan *plan, const char *target, const char *key);
