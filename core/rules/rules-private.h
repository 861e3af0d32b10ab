/* What the files of rules share: a row, what its function sees, and how it speaks. */
#pragma once

#include "core/rules/rules.h"
#include "core/virt/demand.h"
#include "core/xml/xmlread.h"

/* What a rule is asked of: the host or the document once, or each of some elements of it. */
typedef enum {
    OF_HOST,
    OF_DOMAIN,
    OF_DISK,
    OF_INTERFACE,
    OF_VCPUPIN,
    OF_EMULATORPIN,
    OF_IOTHREADPIN,
    OF_TIMER,
} RuleSubject;

typedef struct Rule Rule;

typedef struct {
    const RuleGround *ground;
    const Host *host;        /* NULL: not known */
    const Domain *domain;    /* NULL: the host is looked at */
    const xmlNode *root;     /* <domain> */
    const XmlEdit *document; /* that it is of */
    guint vcpus;             /* of the document */
    gint64 memory_kib;       /* its <memory>; 0 not known */
    GHashTable *staged;      /* key → const Change*; NULL: all is looked at */
    const Rule *rule;
    GPtrArray *keys;     /* char*: what the next finding speaks of */
    GPtrArray *findings; /* Finding* */
} RuleCase;

#define RULE_KEYS 10

struct Rule {
    const char *name;
    RuleSubject of;
    RuleSeverity severity;
    const char *keys[RULE_KEYS]; /* rows of the catalogue; "disk.DEV.iotune.*" is all that begin so.
                                  * The upper case part is the subject's. */
    /* @element is the subject's (OF_DOMAIN: <domain>, OF_HOST: NULL), @name what its keys call it.
     */
    void (*check)(RuleCase *c, const xmlNode *element, const char *name);
};

/* The rows of each file; *count of them. */
const Rule *rules_of_host(guint *count);
const Rule *rules_of_cpu(guint *count);
const Rule *rules_of_memory(guint *count);
const Rule *rules_of_numa(guint *count);
const Rule *rules_of_devices(guint *count);
const Rule *rules_of_vm(guint *count);

const Host *rule_ground_host(const RuleGround *ground);
const Plan *rule_ground_plan(const RuleGround *ground);

/* Names a key that the next finding speaks of; without it, these are the row's, with the subject's
 * name in them. */
void rule_about(RuleCase *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A finding; what stands in its text from outside must be escaped. */
Finding *rule_find(RuleCase *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
void rule_offer(Finding *finding, const char *key, const char *value, const char *reason);

/* The change that sets @key here; NULL where none does. */
const Change *rule_staged(const RuleCase *c, const char *key);
/* The host's value of @key when all that is staged is done; NULL unknown. The caller frees it. */
char *rule_host_value(const RuleCase *c, const char *key);

/* All domains there are: DomainView*; NULL where libvirt was not heard yet. */
const GPtrArray *rule_domains(const RuleCase *c);

/* What the domain's process is known to do; NULL: it does not run, or nothing is known. */
const DomainUsage *rule_usage(const RuleCase *c);

/* The host's hugepages as all that is staged leaves them. The caller frees it. */
Supply *rule_supply(const RuleCase *c);
/* The pages of @size KiB that the plan's domains will need beyond those that they have. */
gint64 rule_pages_asked(const RuleCase *c, guint64 size);

/* A pin to more CPUs than this leaves the scheduler room. */
#define RULE_NARROW 4
/* Another domain's vCPU, or NULL, that is pinned narrowly to one of @cpus; *vcpu its number. */
const Domain *rule_pinned_there(const RuleCase *c, const IdSet *cpus, guint *vcpu);
/* How many NUMA cells the guest has; the memory of one in KiB, 0 where it is not known. */
guint rule_cells(const xmlNode *domain);
gint64 rule_cell_kib(const xmlNode *cell);
/* The numbers of the document's I/O threads. The caller frees it. */
IdSet *rule_iothreads(const RuleCase *c);
/* The set in @element's attribute; NULL where there is none. The caller frees it. */
IdSet *rule_set(const xmlNode *element, const char *attribute);
/* The host's nodes that @cpus lie on; NULL where the host is not known. The caller frees it. */
IdSet *rule_nodes_of(const RuleCase *c, const IdSet *cpus);
