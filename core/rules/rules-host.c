/* The rules of the host: KSM and the hugepage pools. Their sources: the kernel's ksm.rst and
 * hugetlbpage.rst. */
#include "core/rules/rules-private.h"
#include "core/tune/grant.h"

#include "core/host/mounts.h"
#include "core/util/text.h"

#include <string.h>

static gint64 pages_shared(const RuleCase *c)
{
    return num_or(kernel_file_number(c->host->ksm, "pages_shared"), 0);
}

/* The place of @key among all that is staged; -1 where it is not. */
static int place_of(const RuleCase *c, const char *key)
{
    const Plan *plan = rule_ground_plan(c->ground);

    for (guint i = 0; plan && i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        if (g_str_equal(change->target, "host") && g_str_equal(change->key->key, key) &&
            plan_scope_has(change->scope, STEP_HOST))
            return (int)i;
    }
    return -1;
}

/* The kernel answers EBUSY while pages are shared (merge_across_nodes, max_page_sharing), so the
 * sharing must end first, by ksm.run=2. */
static void unmerge_first(RuleCase *c, const xmlNode *element, const char *name)
{
    static const char *const keys[] = {"ksm.merge_across_nodes", "ksm.max_page_sharing"};
    g_autofree char *run = rule_host_value(c, "ksm.run");
    (void)element, (void)name;

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        int run_place = place_of(c, "ksm.run");
        if (rule_staged(c, keys[i]) == NULL || pages_shared(c) == 0 ||
            (g_strcmp0(run, "2") == 0 && run_place >= 0 && run_place < place_of(c, keys[i])))
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "%s", keys[i]);
        Finding *finding = rule_find(c,
            "changes only while no page is shared, and %" G_GINT64_FORMAT
            " are: ksm.run=2 must unmerge them first (write it before %s)",
            pages_shared(c), keys[i]);
        rule_offer(finding, "ksm.run", "2",
            "unmerges all shared pages and stops KSM; set ksm.run=1 afterwards to go on");
    }
}

/* Unmerging gives every sharer a page of its own again: that memory must be there. */
static void unmerge_room(RuleCase *c, const xmlNode *element, const char *name)
{
    const Change *run = rule_staged(c, "ksm.run");
    Num need = host_unmerge_kib(c->host), have = host_available_kib(c->host);
    (void)element, (void)name;

    if (run == NULL || !g_str_equal(run->value, "2") || !need.known || !have.known ||
        need.value <= have.value)
        return;
    g_autofree char *need_text = text_size_kib((guint64)need.value);
    g_autofree char *have_text = text_size_kib((guint64)MAX(have.value, 0));
    rule_find(c,
        "unmerging needs %s of memory, and %s is available: the kernel will swap, or kill VMs",
        need_text, have_text);
}

/* It ends the sharing, which is easily forgotten where it was only a step on the way. */
static void unmerge_stops(RuleCase *c, const xmlNode *element, const char *name)
{
    const Change *run = rule_staged(c, "ksm.run");
    (void)element, (void)name;

    if (run && g_str_equal(run->value, "2"))
        rule_find(c, "KSM is off after this: set ksm.run=1 to let it run again");
}

/* Said where it is turned on, not where it runs already. */
static void ksm_side_channel(RuleCase *c, const xmlNode *element, const char *name)
{
    const Change *run = rule_staged(c, "ksm.run");
    (void)element, (void)name;

    if (run && g_str_equal(run->value, "1") &&
        num_or(kernel_file_number(c->host->ksm, "run"), 0) != 1)
        rule_find(c, "a VM can learn by timing its writes what other VMs hold: where they do not "
                     "trust one another, leave it off or give them memory.nosharepages=on");
}

/* The kernel answers EINVAL while the advisor is on, and sets it anew when that goes on or off
 * (mm/ksm.c): the mode must be none before it, and not change after it. */
static void advisor_sets_pages(RuleCase *c, const xmlNode *element, const char *name)
{
    g_autofree char *now = kernel_file_value(kernel_file_find(c->host->ksm, "advisor_mode"));
    g_autofree char *then = rule_host_value(c, "ksm.advisor_mode");
    int mode_place = place_of(c, "ksm.advisor_mode");
    gboolean changes = now && then && !g_str_equal(now, then);
    (void)element, (void)name;

    if (rule_staged(c, "ksm.pages_to_scan") == NULL || then == NULL)
        return;
    if (g_str_equal(then, "scan-time"))
        rule_find(c, "is set by the kernel while ksm.advisor_mode=scan-time: set that to none "
                     "first");
    else if (changes && mode_place > place_of(c, "ksm.pages_to_scan"))
        rule_find(c, "is set anew when ksm.advisor_mode changes: write that first");
}

/* Calls @check with each staged pool's key, the pages it has and the pages it shall have. */
static void each_pool(
    RuleCase *c, void (*check)(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to))
{
    GHashTableIter iter;
    gpointer data;

    if (c->staged == NULL)
        return;
    g_hash_table_iter_init(&iter, c->staged);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Change *change = data;
        const TunableKey *key = change->key;
        const NodeMemory *node;
        const HugePool *pool = grant_pool(c->host, key, &node);
        gint64 to;
        if (pool == NULL || !pool->total.known || !text_parse_int(change->value, &to))
            continue;
        g_ptr_array_set_size(c->keys, 0);
        rule_about(c, "%s", key->key);
        check(c, key, pool, to);
    }
}

static void check_room(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to)
{
    const Plan *plan = rule_ground_plan(c->ground);
    const NodeMemory *node = host_node(c->host, (int)key->n);
    Num left = grant_free(c->host, plan, key, to);

    if (!left.known || to <= pool->total.value)
        return;
    const char *all = grant_has_others(c->host, plan, key) ? " with the node's other pools" : "";
    if (left.value >= 0 && node->memory_kib.known && left.value < node->memory_kib.value / 20) {
        g_autofree char *left_text = text_size_kib((guint64)left.value);
        rule_find(c, "this%s leaves %s of node %u free", all, left_text, key->n);
    }
    if (left.value < 0) {
        g_autofree char *more = text_size_kib((guint64)(node->free_kib.value - left.value));
        g_autofree char *free_text = text_size_kib((guint64)node->free_kib.value);
        rule_find(c,
            "this%s takes %s more of node %u, which has %s free: the kernel may grant less; "
            "stop or move VMs there, or drop the page cache first (sysctl vm.drop_caches=1)",
            all, more, key->n, free_text);
    }
}

/* Pages larger than the largest block of free memory: the kernel has to empty a whole range for
 * one, which what cannot be moved there forbids. */
static void check_large(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to)
{
    g_autofree char *size = text_page_size(key->size_kib);

    if (!host_is_gigantic(c->host, key->size_kib))
        return;
    if (to > pool->total.value)
        rule_find(c,
            "each page of %s needs as much memory in one piece, which a host that has run for a "
            "while seldom has: the kernel may grant fewer; sure by the kernel's "
            "arguments only, which Memory shows",
            size);
    else if (to < pool->total.value)
        rule_find(c, "pages of %s that are given up may not be had again before a restart", size);
}

static void pool_large(RuleCase *c, const xmlNode *element, const char *name)
{
    (void)element, (void)name;
    each_pool(c, check_large);
}

/* The kernel moves what is in use to make whole pieces, and gives up where that takes long. */
static void check_pieces(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to)
{
    const Plan *plan = rule_ground_plan(c->ground);
    const NodeMemory *node = host_node(c->host, (int)key->n);
    Num ready = host_pages_at_once(c->host, node, pool->size_kib);
    Num left = grant_free(c->host, plan, key, to);
    Num given = grant_free(c->host, plan, key, pool->total.value);
    gint64 more = to - pool->total.value;
    gboolean compacts = plan && plan_value(plan, "host", "vm.compact_memory");

    /* Where memory is short altogether, pool-room says so. */
    if (!ready.known || compacts || !left.known || left.value < 0)
        return;
    /* Pages of another pool that shrinks come free in whole pieces. */
    gint64 pieces =
        ready.value + MAX(given.value - node->free_kib.value, 0) / (gint64)key->size_kib;
    if (more <= pieces)
        return;
    g_autofree char *size = text_page_size(key->size_kib);
    Finding *finding = rule_find(c,
        "the free memory of node %u lies in small pieces, whole ones for %" G_GINT64_FORMAT
        " pages of %s: the kernel may grant fewer than %" G_GINT64_FORMAT
        " more; compact first, or reserve them at boot",
        key->n, pieces, size, more);
    if (kernel_file_find(c->host->vm, "compact_memory"))
        rule_offer(finding, "vm.compact_memory", "1", "makes whole pieces before the pool grows");
}

static void pool_pieces(RuleCase *c, const xmlNode *element, const char *name)
{
    (void)element, (void)name;
    each_pool(c, check_pieces);
}

static void pool_room(RuleCase *c, const xmlNode *element, const char *name)
{
    (void)element, (void)name;
    each_pool(c, check_room);
}

/* Pages in use are not taken away: the pool shrinks to them, the rest becomes surplus. */
static void check_used(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to)
{
    gint64 used = pool->total.value - num_or(pool->free, pool->total.value);
    (void)key;

    if (to < used)
        rule_find(c,
            "%" G_GINT64_FORMAT " pages of this pool are in use: they stay until their VMs stop",
            used);
}

static void pool_used(RuleCase *c, const xmlNode *element, const char *name)
{
    (void)element, (void)name;
    each_pool(c, check_used);
}

/* QEMU takes a pool's pages through a hugetlbfs of their size; libvirt looks for the mounts when
 * its daemon starts (virFileFindHugeTLBFS). */
static void check_mounted(RuleCase *c, const TunableKey *key, const HugePool *pool, gint64 to)
{
    g_autofree char *size = text_page_size(key->size_kib);
    g_autofree char *mount = g_strconcat("hugetlbfs.", size, NULL);
    g_autofree char *paths = rule_host_value(c, mount);
    g_autofree char *path = mounts_usual_path(c->host, key->size_kib);

    if (to <= pool->total.value || paths == NULL || *paths)
        return;
    Finding *finding = rule_find(c,
        "no hugetlbfs of %s pages is mounted: no VM can start with them before one is, and "
        "libvirtd was restarted",
        size);
    rule_offer(finding, mount, path, "mounts one for them");
}

static void pool_mounted(RuleCase *c, const xmlNode *element, const char *name)
{
    (void)element, (void)name;
    each_pool(c, check_mounted);
}

static const Rule rules[] = {
    {"ksm-unmerge-first", OF_HOST, RULE_REFUSES, {"ksm.merge_across_nodes", "ksm.max_page_sharing"},
        unmerge_first},
    {"ksm-unmerge-room", OF_HOST, RULE_WARNS, {"ksm.run"}, unmerge_room},
    {"ksm-unmerge-stops", OF_HOST, RULE_WARNS, {"ksm.run"}, unmerge_stops},
    {"ksm-side-channel", OF_HOST, RULE_WARNS, {"ksm.run"}, ksm_side_channel},
    {"ksm-advisor", OF_HOST, RULE_REFUSES, {"ksm.pages_to_scan", "ksm.advisor_mode"},
        advisor_sets_pages},
    {"pool-room", OF_HOST, RULE_WARNS, {"hugepages.nodeN.SIZE"}, pool_room},
    {"pool-large", OF_HOST, RULE_WARNS, {"hugepages.nodeN.SIZE"}, pool_large},
    {"pool-pieces", OF_HOST, RULE_WARNS, {"hugepages.nodeN.SIZE"}, pool_pieces},
    {"pool-mounted", OF_HOST, RULE_WARNS, {"hugepages.nodeN.SIZE"}, pool_mounted},
    {"pool-used", OF_HOST, RULE_WARNS, {"hugepages.nodeN.SIZE"}, pool_used},
};

const Rule *rules_of_host(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}
