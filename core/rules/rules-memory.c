/* The rules of memory: hugepages, locking, limits, the balloon. Their sources: libvirt's
 * formatdomain.html, and what its drivers and QEMU refuse (tests/live/live-rules). */
#include "core/rules/rules-private.h"

#include "core/host/mounts.h"
#include "core/util/text.h"

#define BACKING "memoryBacking"

static gboolean has(const xmlNode *domain, const char *path)
{
    return xml_read_at(domain, path) != NULL;
}

/* The size of a <page> of <hugepages> in KiB; 0 where it says none. */
static gint64 page_kib(const xmlNode *page)
{
    const char *size = xml_read_get(page, "size");
    guint64 kib;

    return size && text_scaled_kib(size, xml_read_get(page, "unit"), &kib) ? (gint64)kib : 0;
}

/* A guest without cells counts as one, 0. */
static void hugepages_cells(RuleCase *c, const xmlNode *domain, const char *name)
{
    guint cells = MAX(rule_cells(domain), 1);
    (void)name;

    for (XML_READ_EACH(page, domain, BACKING "/hugepages/page")) {
        g_autoptr(IdSet) nodes = rule_set(page, "nodeset");
        int last = nodes ? hwloc_bitmap_last(nodes) : -1;
        if (last >= (int)cells) {
            rule_find(c, "the guest has no NUMA cell %d (it has %u)", last, rule_cells(domain));
            return;
        }
    }
}

/* Hugepages come from hugetlbfs, all of them at the start. */
static void hugepages_source(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (!has(domain, BACKING "/hugepages"))
        return;
    if (xml_read_is(xml_read_at(domain, BACKING "/source"), "type", "anonymous"))
        rule_find(c, "hugepages do not go with memory.source=anonymous");
    if (xml_read_is(xml_read_at(domain, BACKING "/allocation"), "mode", "ondemand"))
        rule_find(c, "hugepages do not go with memory.allocation=ondemand");
}

/* The memory that <page> backs, each part of it by itself: QEMU makes a file for each cell. Calls
 * nothing where the sizes are not known. */
static void each_part(RuleCase *c, const xmlNode *domain,
    void (*check)(RuleCase *c, gint64 page, gint64 memory, const char *what))
{
    guint cells = rule_cells(domain);

    for (XML_READ_EACH(page, domain, BACKING "/hugepages/page")) {
        g_autoptr(IdSet) nodes = rule_set(page, "nodeset");
        gint64 size = page_kib(page);
        guint n = 0;
        if (size == 0)
            continue;
        if (cells == 0 && c->memory_kib > 0)
            check(c, size, c->memory_kib, "the memory");
        for (XML_READ_EACH(cell, domain, "cpu/numa/cell")) {
            int id = (int)num_or(xml_read_number(xml_read_get(cell, "id")), n++);
            g_autofree char *what = g_strdup_printf("the memory of guest cell %d", id);
            if ((nodes == NULL || idset_has(nodes, id)) && rule_cell_kib(cell) > 0)
                check(c, size, rule_cell_kib(cell), what);
        }
    }
}

static void check_larger(RuleCase *c, gint64 page, gint64 memory, const char *what)
{
    g_autofree char *size = text_page_size((guint64)page);
    g_autofree char *has_text = text_size_kib((guint64)memory);

    if (page > memory)
        rule_find(
            c, "a page of %s is larger than %s, %s: QEMU does not start", size, what, has_text);
}

static void hugepages_larger(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    each_part(c, domain, check_larger);
}

static void check_multiple(RuleCase *c, gint64 page, gint64 memory, const char *what)
{
    g_autofree char *size = text_page_size((guint64)page);

    if (memory > page && memory % page)
        rule_find(c, "%s is no multiple of %s: it is rounded up", what, size);
}

static void hugepages_multiple(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    each_part(c, domain, check_multiple);
}

/* Offers that the first pool which is too small grows to what is needed, else the mount that is
 * missing. */
static void offer_growth(
    const RuleCase *c, Finding *finding, const Demand *demand, const Supply *supply)
{
    g_autoptr(GPtrArray) growths = demand_growths(demand, supply, c->host);

    for (guint i = 0; growths->len == 0 && i < demand->lacks->len; i++) {
        const PageLack *lack = &g_array_index(demand->lacks, PageLack, i);
        if (!lack->unmounted)
            continue;
        g_autofree char *size = text_page_size(lack->size_kib);
        g_autofree char *mount = g_strconcat("hugetlbfs.", size, NULL);
        g_autofree char *path = mounts_usual_path(c->host, lack->size_kib);
        rule_offer(finding, mount, path, "mounts one for it");
        finding->target = g_strdup("host");
        return;
    }
    if (growths->len == 0)
        return;
    const PoolGrowth *growth = g_ptr_array_index(growths, 0);
    g_autofree char *to = g_strdup_printf("%" G_GINT64_FORMAT, growth->to);
    rule_offer(finding, growth->key, to, "makes the pool large enough for it");
    finding->target = g_strdup("host");
}

/* Whether the pools of the nodes that its memory is bound to can hold it when the plan is done, and
 * those of the host all that the plan gives such pages. */
static void hugepages_pool(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autoptr(DomainConfig) config =
        c->host ? domain_config_of(xml_edit_root(c->document), NULL) : NULL;
    (void)domain, (void)name;

    if (config == NULL || c->host->pools == NULL)
        return;
    g_autoptr(Supply) supply = rule_supply(c);
    g_autoptr(Demand) demand = demand_new(supply, config, c->domain->live, NULL, c->host);
    g_autofree char *needs = demand_needs_text(demand);
    g_autofree char *lacks = demand_lacks_text(demand);
    if (demand->state == DEMAND_LACKS) {
        offer_growth(c, rule_find(c, "it needs %s; missing: %s. It will not start", needs, lacks),
            demand, supply);
        return;
    }
    if (demand->state == DEMAND_SURPLUS)
        rule_find(c,
            "%" G_GINT64_FORMAT " of its pages are beyond the pool (overcommit): the kernel makes "
            "them at the start, or refuses",
            demand->surplus);
    g_autoptr(Supply) whole = rule_supply(c);
    for (guint i = 0; i < c->host->pools->len; i++) {
        guint64 size = g_array_index(c->host->pools, HugePool, i).size_kib;
        gint64 all = rule_pages_asked(c, size), any = supply_pages(whole, size, NULL);
        g_autofree char *size_text = text_page_size(size);
        if (any < all && demand_pages(demand->needs, size) > 0)
            rule_find(c,
                "the domains of this plan need %" G_GINT64_FORMAT
                " pages of %s together, and %" G_GINT64_FORMAT " are free: not all will start",
                all, size_text, any);
    }
}

static void locked_limit(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (has(domain, BACKING "/locked") && !has(domain, "memtune/hard_limit"))
        rule_find(c, "without memtune.hard_limit QEMU may lock all of the host's memory");
}

static void locked_discard(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (has(domain, BACKING "/locked") && has(domain, BACKING "/discard"))
        rule_find(c, "locked memory is not discarded");
}

/* Only a file's memory outlives QEMU. */
static void discard_file(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (has(domain, BACKING "/discard") && !has(domain, BACKING "/hugepages") &&
        !xml_read_is(xml_read_at(domain, BACKING "/source"), "type", "file"))
        rule_find(c, "has no effect without memory.source=file or hugepages: the memory is gone "
                     "with QEMU");
}

static gboolean has_vfio(const xmlNode *domain)
{
    for (XML_READ_EACH(hostdev, domain, "devices/hostdev"))
        if (xml_read_is(hostdev, "type", "pci") || xml_read_is(hostdev, "type", "mdev"))
            return TRUE;
    for (XML_READ_EACH(interface, domain, "devices/interface"))
        if (xml_read_is(interface, "type", "hostdev"))
            return TRUE;
    return FALSE;
}

/* libvirt's own lock limit for VFIO is the memory and 1 GiB (qemuDomainGetMemLockLimitBytes): as
 * much is what QEMU itself may need. */
static void hard_limit_short(RuleCase *c, const xmlNode *domain, const char *name)
{
    Num limit = xml_read_kib(xml_read_at(domain, "memtune/hard_limit"));
    (void)name;

    if (!limit.known || c->memory_kib == 0)
        return;
    gboolean pinned = has(domain, BACKING "/locked") || has_vfio(domain);
    gint64 need = c->memory_kib + (pinned ? 1048576 : 0);
    g_autofree char *need_text = text_size_kib((guint64)need);
    g_autofree char *memory_text = text_size_kib((guint64)c->memory_kib);
    if (limit.value < c->memory_kib)
        rule_find(c, "is less than the guest's memory, %s: the kernel kills QEMU when it is used",
            memory_text);
    else if (limit.value < need)
        rule_find(c,
            "leaves QEMU too little beside the guest's memory, which is pinned%s: %s is "
            "enough",
            has_vfio(domain) ? " for VFIO" : "", need_text);
}

static void limits_order(RuleCase *c, const xmlNode *domain, const char *name)
{
    Num hard = xml_read_kib(xml_read_at(domain, "memtune/hard_limit"));
    Num soft = xml_read_kib(xml_read_at(domain, "memtune/soft_limit"));
    Num swap = xml_read_kib(xml_read_at(domain, "memtune/swap_hard_limit"));
    (void)name;

    if (hard.known && soft.known && soft.value > hard.value)
        rule_find(c, "memtune.soft_limit above memtune.hard_limit is never reached");
    if (hard.known && swap.known && swap.value < hard.value)
        rule_find(c, "memtune.swap_hard_limit counts memory and swap: below memtune.hard_limit the "
                     "kernel does not take it");
}

static void min_guarantee(RuleCase *c, const xmlNode *domain, const char *name)
{
    (void)name;
    if (has(domain, "memtune/min_guarantee"))
        rule_find(c, "the QEMU driver does not take it");
}

static void current_max(RuleCase *c, const xmlNode *domain, const char *name)
{
    Num current = xml_read_kib(xml_read_at(domain, "currentMemory"));
    g_autofree char *max = text_size_kib((guint64)c->memory_kib);
    (void)name;

    if (current.known && c->memory_kib && current.value > c->memory_kib)
        rule_find(c, "is more than memory.max, and cut down to it: %s", max);
}

static void nosharepages_ksm(RuleCase *c, const xmlNode *domain, const char *name)
{
    g_autofree char *run = rule_host_value(c, "ksm.run");
    (void)name;

    if (has(domain, BACKING "/nosharepages") && g_strcmp0(run, "1") != 0)
        rule_find(c, "has no effect while KSM is off");
}

/* What it shares now, it needs anew. */
static void nosharepages_gives_up(RuleCase *c, const xmlNode *domain, const char *name)
{
    const DomainUsage *usage = rule_usage(c);
    (void)name;

    if (!has(domain, BACKING "/nosharepages") || usage == NULL || c->host == NULL ||
        num_or(usage->ksm_pages, 0) <= 0 || (c->domain->live && c->domain->live->nosharepages))
        return;
    g_autofree char *size = text_size_kib((guint64)usage->ksm_pages.value * c->host->page_kib);
    rule_find(c,
        "%s of its memory is merged with others now: after its next start it needs that "
        "much more",
        size);
}

/* Shared with a process that reads the guest's memory: virtiofsd. */
static void virtiofs_shared(RuleCase *c, const xmlNode *domain, const char *name)
{
    gboolean wanted = FALSE;
    gboolean shared = xml_read_is(xml_read_at(domain, BACKING "/access"), "mode", "shared");
    gboolean all = TRUE;
    (void)name;

    for (XML_READ_EACH(filesystem, domain, "devices/filesystem"))
        wanted |= xml_read_is(xml_read_at(filesystem, "driver"), "type", "virtiofs");
    for (XML_READ_EACH(cell, domain, "cpu/numa/cell"))
        all &= xml_read_get(cell, "memAccess") ? xml_read_is(cell, "memAccess", "shared") : shared;
    if (wanted && !(rule_cells(domain) ? all : shared))
        rule_find(c, "the guest has a virtiofs, which needs memory.access=shared");
}

static gboolean has_balloon(const xmlNode *domain)
{
    return !xml_read_is(xml_read_at(domain, "devices/memballoon"), "model", "none");
}

/* A balloon gives back single small pages: not of a hugepage, and not of memory that a device may
 * write at any time. */
static void balloon_pinned(RuleCase *c, const xmlNode *domain, const char *name)
{
    Num current = xml_read_kib(xml_read_at(domain, "currentMemory"));
    gboolean reports =
        xml_read_is(xml_read_at(domain, "devices/memballoon"), "freePageReporting", "on");
    gboolean inflated = current.known && current.value < c->memory_kib;
    const char *why = has_vfio(domain)                    ? "a VFIO device"
                      : has(domain, BACKING "/hugepages") ? "hugepages"
                      : has(domain, BACKING "/locked")    ? "locked memory"
                                                          : NULL;
    (void)name;

    if (why && has_balloon(domain) && (reports || inflated))
        rule_find(c, "%s with %s gives the host nothing back",
            inflated ? "a balloon" : "free page reporting", why);
}

static void balloon_none(RuleCase *c, const xmlNode *domain, const char *name)
{
    const xmlNode *balloon = xml_read_at(domain, "devices/memballoon");
    Num current = xml_read_kib(xml_read_at(domain, "currentMemory"));
    (void)name;

    if (has_balloon(domain))
        return;
    if (current.known && current.value < c->memory_kib)
        rule_find(c, "without a balloon the guest keeps memory.max, whatever memory.current says");
    else if (xml_read_get(balloon, "autodeflate") || xml_read_get(balloon, "freePageReporting") ||
             xml_read_at(balloon, "stats"))
        rule_find(c, "has no effect: there is no balloon (memballoon.model=none)");
}

static const Rule rules[] = {
    {"hugepages-cells", OF_DOMAIN, RULE_REFUSES, {"memory.hugepages", "numa.cells"},
        hugepages_cells},
    {"hugepages-source", OF_DOMAIN, RULE_QEMU_REFUSES,
        {"memory.hugepages", "memory.source", "memory.allocation"}, hugepages_source},
    {"hugepages-larger", OF_DOMAIN, RULE_QEMU_REFUSES,
        {"memory.hugepages", "memory.max", "numa.cells"}, hugepages_larger},
    {"hugepages-multiple", OF_DOMAIN, RULE_WARNS, {"memory.hugepages", "memory.max", "numa.cells"},
        hugepages_multiple},
    {"hugepages-pool", OF_DOMAIN, RULE_WARNS,
        {"memory.hugepages", "memory.max", "numatune.nodeset"}, hugepages_pool},
    {"locked-limit", OF_DOMAIN, RULE_WARNS, {"memory.locked", "memtune.hard_limit"}, locked_limit},
    {"locked-discard", OF_DOMAIN, RULE_WARNS, {"memory.discard", "memory.locked"}, locked_discard},
    {"discard-file", OF_DOMAIN, RULE_WARNS, {"memory.discard", "memory.source", "memory.hugepages"},
        discard_file},
    {"hard-limit-short", OF_DOMAIN, RULE_WARNS,
        {"memtune.hard_limit", "memory.max", "memory.locked"}, hard_limit_short},
    {"limits-order", OF_DOMAIN, RULE_WARNS,
        {"memtune.swap_hard_limit", "memtune.soft_limit", "memtune.hard_limit"}, limits_order},
    {"min-guarantee", OF_DOMAIN, RULE_QEMU_REFUSES, {"memtune.min_guarantee"}, min_guarantee},
    {"memory-current", OF_DOMAIN, RULE_WARNS, {"memory.current", "memory.max"}, current_max},
    {"nosharepages-ksm", OF_DOMAIN, RULE_WARNS, {"memory.nosharepages"}, nosharepages_ksm},
    {"nosharepages-gives-up", OF_DOMAIN, RULE_WARNS, {"memory.nosharepages"},
        nosharepages_gives_up},
    {"virtiofs-shared", OF_DOMAIN, RULE_QEMU_REFUSES, {"memory.access", "numa.cells"},
        virtiofs_shared},
    {"balloon-pinned", OF_DOMAIN, RULE_WARNS,
        {"memory.current", "memballoon.freePageReporting", "memory.hugepages", "memory.locked",
            "memory.max", "memballoon.model"},
        balloon_pinned},
    {"balloon-none", OF_DOMAIN, RULE_WARNS,
        {"memballoon.model", "memory.current", "memballoon.autodeflate",
            "memballoon.freePageReporting", "memballoon.period"},
        balloon_none},
};

const Rule *rules_of_memory(guint *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}
