/* The rules: what does not go together, one row a rule. A rule sees what a plan leads to (the
 * resulting document, the host, all that is staged) and names the keys it speaks of, so that a
 * preview says it and a form shows it at the field. */
#pragma once

#include "core/tune/plan.h"

typedef enum {
    RULE_WARNS,
    RULE_QEMU_REFUSES, /* libvirt's QEMU driver, or QEMU itself: not for a domain of another type */
    RULE_REFUSES,      /* libvirt, or the kernel */
} RuleSeverity;

typedef struct {
    const char *rule; /* the row's name: "disk-native-io" */
    gboolean error;   /* it would be refused; else a warning */
    gboolean staged;  /* a change made speaks of it; FALSE: it was so before */
    char **keys;      /* concrete: "disk.vda.io", "disk.vda.cache"; the first is its field */
    char *text;       /* a sentence without its subject; escaped, fit to show */
    char *key, *value, *reason; /* offered to be staged first; NULL: none */
    char *target;               /* what the offer is of; NULL: the same target */
} Finding;

void finding_free(Finding *finding);

/* The rules' names of one kind of target, and all keys that they speak of ("disk.DEV.iotune.*" is
 * all that begin so): GPtrArray of const char*. */
GPtrArray *rules_names(TargetKind target);
GPtrArray *rules_keys(void);

typedef struct RuleGround RuleGround;

/* What rules look up in every domain, gathered once. @snapshot and @plan must outlive it. */
RuleGround *rule_ground_new(const Snapshot *snapshot, const Plan *plan);
void rule_ground_free(RuleGround *ground);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleGround, rule_ground_free)

/* Holds @document, the XML of @domain with its changes made, against every rule that speaks of one
 * of @changes (const Change*: those made in it); the cost is that of these. With @changes NULL
 * every rule speaks, and no finding is staged. GPtrArray of Finding*, in the order of the rules. */
GPtrArray *rules_check_domain(const RuleGround *ground, const Domain *domain,
    const XmlEdit *document, const GPtrArray *changes);
/* The same of the changes that @plan has for @domain: at its next start, or while it runs where it
 * has none. */
GPtrArray *rules_check_staged(const RuleGround *ground, const Plan *plan, const Domain *domain);
/* The same of the host. */
GPtrArray *rules_check_host(const RuleGround *ground, const GPtrArray *changes);
