/* The preview of moved pages: by which way, how much moves, whether there is room, what numatune
 * says to it. */
#include "core/preview/preview-private.h"

#include "core/util/text.h"
#include "core/virt/pages.h"
#include "core/virt/pageshares.h"

#include <stdio.h>

/* ---- the way ---- */

/* The mode of numatune in which libvirt changes the nodeset of a running domain: strict, since
 * 7.3.0 restrictive (qemuDomainSetNumaParamsLive). */
static const char *mode_of_live_nodeset(const LinkInfo *link)
{
    guint major, minor;

    return link->libvirt && sscanf(link->libvirt, "%u.%u", &major, &minor) == 2 &&
                   (major < 7 || (major == 7 && minor < 3))
               ? "strict"
               : "restrictive";
}

/* Whether the plan sets the running domain's nodeset beside @change. */
static gboolean is_nodeset_staged(const Preview *preview, const Change *change)
{
    const GPtrArray *all = plan_find(preview->plan, change->target, "numatune.nodeset");

    for (guint i = 0; all && i < all->len; i++)
        if (plan_scope_has(((const Change *)g_ptr_array_index(all, i))->scope, STEP_LIVE))
            return TRUE;
    return FALSE;
}

/* Why libvirt does not move the pages, by numatune's nodeset, with which the kernel takes them
 * along: a part of a sentence, which the caller frees; NULL where it does. "" where there is
 * nothing to say to it. */
static char *why_not_libvirt(const Preview *preview, const LinkInfo *link,
    const DomainConfig *config, const PageShares *shares, const Change *change)
{
    const char *mode = mode_of_live_nodeset(link);
    const char *libvirt = link->libvirt ? link->libvirt : "";
    const char *blank = link->libvirt ? " " : "";
    gboolean cells = FALSE;

    for (guint i = 0; config && i < config->cells->len; i++)
        cells |= g_array_index(config->cells, GuestCell, i).nodeset != NULL;
    if (change->undoes || is_nodeset_staged(preview, change))
        return g_strdup("");
    if (link->hypervisor == NULL || !g_str_has_prefix(link->hypervisor, "QEMU"))
        return g_strdup("this driver of libvirt does not move the pages of a running domain");
    if (config == NULL || config->numatune_nodeset == NULL)
        return g_strdup("there is no numatune.nodeset that libvirt could change");
    if (cells)
        return g_strdup("numatune.nodeset moves no cell that has a nodeset of its own");
    if (g_strcmp0(config->numatune_mode ? config->numatune_mode : "strict", mode) != 0)
        return g_strdup_printf(
            "libvirt%s%s changes numatune.nodeset of a running domain only in mode %s, not %s",
            blank, libvirt, mode, config->numatune_mode ? config->numatune_mode : "strict");
    return shares->weighted ? g_strdup("numatune.nodeset says no parts") : NULL;
}

/* Whether libvirt's cpuset keeps the process from @shares: it lets it have the nodes of a strict or
 * restrictive numatune alone (qemuSetupCpusetMems), and move_pages moves nothing beyond. */
static gboolean is_caged(const LinkInfo *link, const DomainConfig *config, const PageShares *shares)
{
    const char *mode = config && config->numatune_mode ? config->numatune_mode : "strict";
    gboolean beyond = FALSE;

    if (link->hypervisor == NULL || !g_str_has_prefix(link->hypervisor, "QEMU") || config == NULL ||
        config->numatune_nodeset == NULL ||
        !(g_str_equal(mode, "strict") || g_str_equal(mode, "restrictive")))
        return FALSE;
    for (guint i = 0; i < shares->parts->len; i++)
        beyond |=
            !idset_has(config->numatune_nodeset, g_array_index(shares->parts, NodeKib, i).node);
    return beyond;
}

/* Says what moves and by which way; TRUE where numatune's nodeset is set with it. */
static gboolean say_way(Preview *preview, const Snapshot *snapshot, const DomainView *view,
    const PageShares *shares, const Change *change, gint64 moves)
{
    const DomainConfig *config = domain_now(view->domain);
    g_autofree char *size = text_size_kib((guint64)moves);
    g_autofree char *why = why_not_libvirt(preview, &snapshot->link, config, shares, change);

    if (why == NULL) {
        preview_say(preview, PART_EFFECT, LINE_NOW,
            "now: pages = %s: %s move; libvirt sets numatune.nodeset of the running domain, and "
            "the kernel takes all it can along, at once: it cannot be stopped",
            change->value, size);
        preview_say(preview, PART_EFFECT, LINE_NOW,
            "what is left then moves a portion at a time, by move_pages%s",
            view->domain->config ? "; the next start keeps its own numatune.nodeset" : "");
        return TRUE;
    }
    gboolean staged = is_nodeset_staged(preview, change);
    if (!staged && is_caged(&snapshot->link, config, shares))
        preview_say(preview, PART_EFFECT, LINE_NOW,
            "now: pages = %s: %s move, all of a node at once, by migrate_pages, as numatune's "
            "cpuset lets move_pages do nothing: stop and pause hold between two nodes%s",
            change->value, size,
            shares->weighted ? ", and of a node that keeps a part nothing goes" : "");
    else
        preview_say(preview, PART_EFFECT, LINE_NOW,
            "now: pages = %s: %s move, %sa portion at a time while the guest runs, by move_pages",
            change->value, size, staged ? "with numatune.nodeset, and what it leaves " : "");
    if (*why)
        preview_say(preview, PART_EFFECT, LINE_NOW, "not by libvirt: %s", why);
    return FALSE;
}

/* ---- what may be in the way ---- */

/* Warns where of @comes KiB only @free have room on @node; @where tells of what they are free. */
static void check_fit(Preview *preview, int node, const char *where, gint64 comes, Num free)
{
    if (comes <= 0 || !free.known || comes <= free.value)
        return;
    g_autofree char *fits = text_size_kib((guint64)MAX(free.value, 0));
    g_autofree char *all = text_size_kib((guint64)comes);
    g_autofree char *stays = text_size_kib((guint64)(comes - MAX(free.value, 0)));
    preview_warn(preview,
        "pages: node %d has %s free%s, %s are to come: %s have no room and stay where they are",
        node, fits, where, all, stays);
}

/* The same for pages of a pool that the kernel can make of free memory, of which @memory is left:
 * it does where the pool's do not suffice, and frees those that they came from (hugetlb.c's
 * alloc_migrate_huge_page, since Linux 4.16). Others, as of 1G, it takes from the pool alone. */
static void check_pool_fit(
    Preview *preview, int node, guint64 size_kib, gint64 comes, Num free, Num memory)
{
    gint64 more = free.known ? comes - free.value : 0;
    g_autofree char *size = text_page_size(size_kib);

    if (!memory.known || more <= 0 || more > memory.value) {
        Num room = free.known && memory.known ? NUM(free.value + MAX(memory.value, 0)) : free;
        g_autofree char *where = g_strdup_printf(
            " in pools of %s pages%s", size, memory.known ? " and in small ones" : "");
        check_fit(preview, node, where, comes, room);
        return;
    }
    g_autofree char *fits = text_size_kib((guint64)MAX(free.value, 0));
    g_autofree char *all = text_size_kib((guint64)comes);
    g_autofree char *made = text_size_kib((guint64)more);
    preview_warn(preview,
        "pages: node %d has %s free in pools of %s pages, %s are to come: the kernel makes the "
        "other %s of its free memory; its pool grows by that, and that of where they are shrinks",
        node, fits, size, all, made);
}

static Num free_pool_kib(const NodeMemory *node, guint64 size_kib)
{
    for (guint i = 0; i < node->pools->len; i++) {
        const HugePool *pool = &g_array_index(node->pools, HugePool, i);
        if (pool->size_kib == size_kib)
            return pool->free.known ? NUM(pool->free.value * (gint64)size_kib) : NUM_UNKNOWN;
    }
    return NUM_UNKNOWN;
}

/* Whether what is to come has room on each node. What of the guest is no page of a pool comes
 * first, and of the pools' pages each size in its part. */
static void check_room(
    Preview *preview, const Host *host, const GArray *excess, const DomainUsage *usage)
{
    gint64 held = huge_held_sum(usage->hugetlb);

    for (guint i = 0; host && i < host->nodes->len; i++) {
        const Node *node = g_ptr_array_index(host->topology->nodes, i);
        const NodeMemory *memory = g_ptr_array_index(host->nodes, i);
        gint64 comes = MAX(-g_array_index(excess, gint64, node->id), 0);
        gint64 small = usage->small_kib.known ? MIN(comes, usage->small_kib.value) : comes;
        check_fit(preview, node->id, "", small, memory->free_kib);
        for (guint n = 0; held > 0 && n < usage->hugetlb->len; n++) {
            const HugeHeld *part = &g_array_index(usage->hugetlb, HugeHeld, n);
            double share = (double)MIN(part->kib, NODE_KIB_MAX) / (double)held;
            gint64 pages = (gint64)((double)(comes - small) * share) / (gint64)part->size_kib;
            gboolean made = host_pages_at_once(host, memory, part->size_kib).known;
            check_pool_fit(preview, node->id, part->size_kib, pages * (gint64)part->size_kib,
                free_pool_kib(memory, part->size_kib),
                made && memory->free_kib.known ? NUM(memory->free_kib.value - small) : NUM_UNKNOWN);
        }
    }
}

/* numatune is asked for each new page: where it names other nodes, later ones come from there. */
static void check_policy(Preview *preview, const LinkInfo *link, const Domain *domain,
    const PageShares *shares, const Change *change)
{
    g_auto(DomainPages) pages;
    gboolean differs = FALSE;
    const char *mode = mode_of_live_nodeset(link);

    domain_pages_look(&pages, domain, NULL, NULL);
    for (guint i = 0; pages.asked && i < shares->parts->len; i++)
        differs |= !idset_has(pages.asked, g_array_index(shares->parts, NodeKib, i).node);
    if (!differs || is_nodeset_staged(preview, change))
        return;
    g_autofree char *asked = idset_format(pages.asked);
    preview_warn(preview,
        "pages: numatune (%s) names node %s, and later pages come from there: set "
        "numatune.nodeset too, which libvirt does %s%s",
        pages.mode ? pages.mode : "strict", asked,
        g_strcmp0(pages.mode, mode) == 0 ? "while the domain runs"
                                         : "at the next start only unless the mode is ",
        g_strcmp0(pages.mode, mode) == 0 ? "" : mode);
}

/* NUMA balancing brings pages to the CPUs that use them. */
static void check_balancing(
    Preview *preview, const Snapshot *snapshot, const DomainView *view, const PageShares *shares)
{
    Num balancing = kernel_file_number(snapshot->host->vm, "numa_balancing");
    gboolean away = FALSE;
    g_auto(DomainPages) pages;

    domain_pages_look(&pages, view->domain, view->usage, snapshot->host->topology);
    for (IDSET_EACH(node, pages.vcpu_nodes))
        away |= node_kib_on(shares->parts, node) == 0;
    if (num_or(balancing, 0) == 0 || !away)
        return;
    g_autofree char *nodes = idset_format(pages.vcpu_nodes);
    preview_warn(preview,
        "pages: kernel.numa_balancing is on and vCPUs run on node %s: the kernel may bring pages "
        "back there; pin the vCPUs to the same nodes",
        nodes);
}

static gboolean check_nodes(Preview *preview, const Host *host, const PageShares *shares)
{
    for (guint i = 0; host && i < shares->parts->len; i++) {
        int node = g_array_index(shares->parts, NodeKib, i).node;
        if (host_node(host, node))
            continue;
        preview_refuse(preview, "pages: the host has no NUMA node %d", node);
        return FALSE;
    }
    return TRUE;
}

char *preview_pages(Preview *preview, const Snapshot *snapshot, const DomainView *view,
    const Change *change, char **nodeset)
{
    const GArray *memory = view->usage ? view->usage->memory : NULL;
    g_autoptr(PageShares) shares = page_shares_parse(change->value, NULL);

    if (!domain_is_active(view->domain) || change->scope == SCOPE_CONFIG)
        preview_refuse(preview, "pages: only a running domain has pages to move");
    else if (*snapshot->root && !snapshot->link.demo)
        preview_refuse(preview, "pages: those of %s are not moved: %s is another machine's tree",
            change->name, snapshot->root);
    else if (memory == NULL)
        preview_refuse(preview,
            "pages: where those of %s are is not known, its cgroup does not say: c on Memory's "
            "list of pages (2 v) counts them",
            change->name);
    if (preview->errors || shares == NULL || memory == NULL ||
        !check_nodes(preview, snapshot->host, shares))
        return NULL;
    g_autofree char *now = page_shares_text(memory);
    g_autoptr(GArray) excess = page_shares_excess(shares, memory);
    gint64 moves = (gint64)page_shares_to_move(excess);
    if (moves == 0 || g_str_equal(now, change->value)) {
        preview_say(preview, PART_EFFECT, LINE_NOW, "pages are on %s already", change->value);
        return NULL;
    }
    gboolean with_nodeset = say_way(preview, snapshot, view, shares, change, moves);
    check_room(preview, snapshot->host, excess, view->usage);
    if (with_nodeset)
        *nodeset = node_kib_nodes(shares->parts);
    else if (!change->undoes)
        check_policy(preview, &snapshot->link, view->domain, shares, change);
    if (snapshot->host)
        check_balancing(preview, snapshot, view, shares);
    return g_steal_pointer(&now);
}
