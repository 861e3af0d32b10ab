/* The rules of how the host's kernel manages memory: /proc/sys/vm and NUMA balancing. Their
 * sources: the kernel's sysctl/vm.rst and sysctl/kernel.rst, and where these are silent
 * mm/page-writeback.c, mm/util.c (vm_commit_limit) and kernel/sched/fair.c. */
#include "core/rules/rules-private.h"

#include "core/util/text.h"

#include <string.h>

#define FREE_LEAST   1024 /* KiB: below it vm.rst says "subtly broken, and prone to deadlock" */
#define NAMED_MAX    3
#define NAME_MAX_LEN 24

static Num host_number(const RuleCase *c, const char *key)
{
    g_autofree char *text = rule_host_value(c, key);
    gint64 value;

    return text && text_parse_int(text, &value) ? NUM(value) : NUM_UNKNOWN;
}

/* The number that the plan gives @key now; unknown where it does not. */
static Num staged_number(const RuleCase *c, const char *key)
{
    return rule_staged(c, key) ? host_number(c, key) : NUM_UNKNOWN;
}

/* What counts only together with another row's value. */
static void without_effect(RuleCase *c, const xmlNode *element, const char *name)
{
    static const struct {
        const char *key, *other, *value;
        gboolean wanted; /* it counts with that value only; FALSE: with all others */
    } rows[] = {
        {"ksm.advisor_max_cpu", "ksm.advisor_mode", "none", FALSE},
        {"ksm.advisor_target_scan_time", "ksm.advisor_mode", "none", FALSE},
        {"ksm.advisor_min_pages_to_scan", "ksm.advisor_mode", "none", FALSE},
        {"ksm.advisor_max_pages_to_scan", "ksm.advisor_mode", "none", FALSE},
        {"vm.overcommit_ratio", "vm.overcommit_memory", "2", TRUE},
        {"vm.dirty_expire_centisecs", "vm.dirty_writeback_centisecs", "0", FALSE},
    };
    (void)element, (void)name;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *other = rule_host_value(c, rows[i].other);
        if (rule_staged(c, rows[i].key) == NULL || other == NULL ||
            g_str_equal(other, rows[i].value) == rows[i].wanted)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "%s", rows[i].key);
        rule_find(c, "has no effect %s %s=%s", rows[i].wanted ? "unless" : "while", rows[i].other,
            rows[i].value);
    }
}

static void one_node(RuleCase *c, const xmlNode *element, const char *name)
{
    static const char *const keys[] = {"kernel.numa_balancing", "vm.zone_reclaim_mode"};
    (void)element, (void)name;

    for (guint i = 0; i < G_N_ELEMENTS(keys) && c->host->nodes->len == 1; i++) {
        if (num_or(staged_number(c, keys[i]), 0) == 0)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "%s", keys[i]);
        rule_find(c, "has no effect: this host has one NUMA node");
    }
}

/* Whether all vCPUs of @domain, which runs, are bound to CPUs of one node. */
static gboolean is_bound(const RuleCase *c, const Domain *domain)
{
    g_autoptr(IdSet) cpus = domain->live ? domain_config_all_asked(domain->live) : NULL;
    g_autoptr(IdSet) nodes = cpus ? rule_nodes_of(c, cpus) : NULL;

    return nodes && idset_count(nodes) == 1;
}

/* "If the target workload is already bound to NUMA nodes then this feature should be disabled"
 * (kernel.rst). Said where it is turned on, not where it is on already. */
static void balancing_bound(RuleCase *c, const xmlNode *element, const char *name)
{
    const GPtrArray *views = rule_domains(c);
    Num was = kernel_file_number(c->host->vm, "numa_balancing");
    g_autoptr(GString) names = g_string_new(NULL);
    guint bound = 0;
    (void)element, (void)name;

    if ((num_or(staged_number(c, "kernel.numa_balancing"), 0) & 1) == 0 ||
        (num_or(was, 0) & 1) != 0 || c->host->nodes->len == 1)
        return;
    for (guint i = 0; views && i < views->len; i++) {
        const Domain *domain = ((const DomainView *)g_ptr_array_index(views, i))->domain;
        g_autofree char *shown = text_escape(domain->name, NAME_MAX_LEN);
        if (is_bound(c, domain) && bound++ < NAMED_MAX)
            g_string_append_printf(names, "%s%s", bound > 1 ? ", " : "", shown);
    }
    if (bound > NAMED_MAX)
        g_string_append_printf(names, " and %u more", bound - NAMED_MAX);
    if (bound > 0)
        rule_find(c, "%s: pinned within a node already, to gain nothing and pay for the faults",
            names->str);
}

static void free_bytes(RuleCase *c, const xmlNode *element, const char *name)
{
    Num to = staged_number(c, "vm.min_free_kbytes");
    Num was = kernel_file_number(c->host->vm, "min_free_kbytes");
    Num available = kernel_file_number(c->host->meminfo, "MemAvailable");
    (void)element, (void)name;

    if (to.known && to.value < FREE_LEAST)
        rule_find(
            c, "less than %d KiB is too little to reclaim with: the host may lock up", FREE_LEAST);
    if (!to.known || !was.known || !available.known || to.value - was.value <= available.value)
        return;
    g_autofree char *more = text_size_kib((guint64)(to.value - was.value));
    g_autofree char *have = text_size_kib((guint64)MAX(available.value, 0));
    rule_find(c, "keeps %s more free, and %s is available: the kernel will swap, and end processes",
        more, have);
}

/* What may be promised with vm.overcommit_memory=2, in KiB. The kernel tells it for the ratio (or
 * the kbytes) that stands. */
static Num commit_limit(const RuleCase *c)
{
    Num ratio = staged_number(c, "vm.overcommit_ratio");
    Num total = kernel_file_number(c->host->meminfo, "MemTotal");
    Num swap = kernel_file_number(c->host->meminfo, "SwapTotal");
    double ram = (double)total.value;

    if (!ratio.known)
        return kernel_file_number(c->host->meminfo, "CommitLimit");
    if (!total.known || !swap.known)
        return NUM_UNKNOWN;
    for (guint i = 0; i < c->host->pools->len; i++) {
        const HugePool *pool = &g_array_index(c->host->pools, HugePool, i);
        ram -= (double)num_or(pool->total, 0) * (double)pool->size_kib;
    }
    return NUM((gint64)MIN(
        MAX(ram, 0) * (double)ratio.value / 100 + (double)swap.value, (double)(G_MAXINT64 / 2)));
}

static void promised(RuleCase *c, const xmlNode *element, const char *name)
{
    Num asked = kernel_file_number(c->host->meminfo, "Committed_AS");
    Num limit = commit_limit(c);
    (void)element, (void)name;

    if (num_or(host_number(c, "vm.overcommit_memory"), 0) != 2 || !asked.known || !limit.known ||
        asked.value <= limit.value)
        return;
    g_autofree char *asked_text = text_size_kib((guint64)asked.value);
    g_autofree char *limit_text = text_size_kib((guint64)MAX(limit.value, 0));
    rule_find(c,
        "%s may be promised with vm.overcommit_memory=2, and %s is already: no VM will start, and "
        "programs will fail",
        limit_text, asked_text);
}

/* domain_dirty_limits(): where the background's is not below, half of the other counts. */
static void dirty_order(RuleCase *c, const xmlNode *element, const char *name)
{
    static const char *const pairs[][2] = {
        {"vm.dirty_background_ratio", "vm.dirty_ratio"},
        {"vm.dirty_background_bytes", "vm.dirty_bytes"},
    };
    (void)element, (void)name;

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        gint64 begins = num_or(host_number(c, pairs[i][0]), 0);
        gint64 stalls = num_or(host_number(c, pairs[i][1]), 0);
        if (begins == 0 || stalls == 0 || begins < stalls)
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "%s", pairs[i][0]);
        rule_about(c, "%s", pairs[i][1]);
        rule_find(c,
            "%" G_GINT64_FORMAT " is not below %s=%" G_GINT64_FORMAT
            ": the kernel begins at half of that",
            begins, pairs[i][1], stalls);
    }
}

/* The kernel answers EINVAL. (0 is what it shows where the ratio counts.) */
static void dirty_least(RuleCase *c, const xmlNode *element, const char *name)
{
    Num value = staged_number(c, "vm.dirty_bytes");
    guint least = c->host->page_kib * 1024 * 2;
    (void)element, (void)name;

    if (value.known && value.value > 0 && value.value < least)
        rule_find(c, "the kernel takes no less than two pages, %u bytes", least);
}

static const Rule rules[] = {
    {"without-effect", OF_HOST, RULE_WARNS,
        {"ksm.advisor_max_cpu", "ksm.advisor_target_scan_time", "ksm.advisor_min_pages_to_scan",
            "ksm.advisor_max_pages_to_scan", "vm.overcommit_ratio", "vm.dirty_expire_centisecs"},
        without_effect},
    {"one-node", OF_HOST, RULE_WARNS, {"kernel.numa_balancing", "vm.zone_reclaim_mode"}, one_node},
    {"balancing-bound", OF_HOST, RULE_WARNS, {"kernel.numa_balancing"}, balancing_bound},
    {"min-free", OF_HOST, RULE_WARNS, {"vm.min_free_kbytes"}, free_bytes},
    {"commit-limit", OF_HOST, RULE_WARNS, {"vm.overcommit_memory", "vm.overcommit_ratio"},
        promised},
    {"dirty-order", OF_HOST, RULE_WARNS,
        {"vm.dirty_background_ratio", "vm.dirty_ratio", "vm.dirty_background_bytes",
            "vm.dirty_bytes"},
        dirty_order},
    {"dirty-least", OF_HOST, RULE_REFUSES, {"vm.dirty_bytes"}, dirty_least},
};

const Rule *rules_of_vm(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}
