/* The Preview: what a Plan would do to what a Snapshot shows. */
#include "core/preview/preview-private.h"

#include "core/preview/blame.h"
#include "core/preview/diff.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

/* One document of a domain (the running one's, or the next start's) with its changes made. */
typedef struct {
    const char *before;
    XmlEdit *edit;      /* NULL: there is no such document */
    Blame *blame;       /* who made which line; NULL while nothing is changed */
    GPtrArray *changes; /* const Change*: those made in it */
    GPtrArray *diff;
    GArray *places; /* DiffPlace, of the diff's lines */
} Document;

static void document_clear(Document *document)
{
    xml_edit_free(document->edit);
    blame_free(document->blame);
    g_clear_pointer(&document->changes, g_ptr_array_unref);
    g_clear_pointer(&document->diff, g_ptr_array_unref);
    g_clear_pointer(&document->places, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Document, document_clear)

/* Whether two diffs take and add the same lines, wherever they stand. */
static gboolean same_changes(const GPtrArray *a, const GPtrArray *b)
{
    guint i = 0, j = 0;

    for (;;) {
        while (i < a->len && strchr("@ \\", *(char *)g_ptr_array_index(a, i)))
            i++;
        while (j < b->len && strchr("@ \\", *(char *)g_ptr_array_index(b, j)))
            j++;
        if (i >= a->len || j >= b->len)
            return i >= a->len && j >= b->len;
        if (!g_str_equal(g_ptr_array_index(a, i++), g_ptr_array_index(b, j++)))
            return FALSE;
    }
}

static Document document_open(Preview *preview, const char *xml, const char *name)
{
    Document document = {.before = xml, .changes = g_ptr_array_new()};
    g_autoptr(GError) error = NULL;

    if (xml == NULL)
        return document;
    document.edit = xml_edit_open(xml, -1, &error);
    if (document.edit == NULL)
        preview_refuse(preview, "the XML of %s cannot be read: %s", name, error->message);
    return document;
}

/* Makes one change in one document and its step; says nothing where the value stands already. */
static gboolean change_document(
    Preview *preview, Document *document, StepKind kind, const Change *change)
{
    g_autoptr(GError) error = NULL;

    g_autofree char *now = tunable_xml_value(change->key, document->edit);
    if (g_str_equal(now, change->value) || !preview_may_write(preview, change, kind, now))
        return FALSE;
    g_autofree char *before = g_strdup(xml_edit_text(document->edit, NULL));
    if (!tunable_xml_set(change->key, document->edit, change->value, &error)) {
        preview_refuse(preview, "%s: %s", change->key->key, error->message);
        return FALSE;
    }
    if (document->blame == NULL)
        document->blame = blame_new(before);
    blame_change(
        document->blame, before, xml_edit_text(document->edit, NULL), (guint)preview->making);
    preview_add_step(preview, kind, change, now);
    g_ptr_array_add(document->changes, (gpointer)change);
    return TRUE;
}

/* Why the domain that runs as @live says does not take @change before its next start; NULL: it
 * does, or never could. */
static const char *why_waits(const Change *change, const Document *live)
{
    const Tunable *row = change->key->tunable;

    return row->waits && live->edit ? row->waits(live->edit) : NULL;
}

/* Whether @change waits for a next start, which a transient domain, running as @live says, does not
 * have, and is not so already. */
static gboolean waits_for_nothing(const Change *change, const Document *live)
{
    g_autofree char *now = live->edit ? tunable_xml_value(change->key, live->edit) : NULL;

    return now && !g_str_equal(now, change->value) &&
           (change->key->tunable->effect == EFFECT_NEXT || why_waits(change, live));
}

/* What is no good about @change's scope, before anything is tried; FALSE: it is said. */
static gboolean may_change(
    Preview *preview, const Change *change, const Document *live, const Document *config)
{
    const char *waits = change->scope == SCOPE_LIVE ? why_waits(change, live) : NULL;

    if (change->scope == SCOPE_LIVE && change->key->tunable->effect == EFFECT_NEXT)
        preview_refuse(
            preview, "%s cannot change while the domain runs: leave out --live", change->key->key);
    else if (waits)
        preview_refuse(preview, "%s: %s: leave out --live", change->key->key, waits);
    else if (change->scope == SCOPE_LIVE && live->edit == NULL)
        preview_refuse(preview, "%s does not run: leave out --live", change->name);
    else if (change->scope == SCOPE_CONFIG && config->edit == NULL)
        preview_refuse(preview,
            "%s has no next start to configure (it is transient): leave out --config",
            change->name);
    else if (config->edit == NULL && waits_for_nothing(change, live))
        preview_refuse(preview,
            "%s cannot change while the domain runs, and %s has no next start (it is transient)",
            change->key->key, change->name);
    else
        return TRUE;
    return FALSE;
}

static void preview_domain_change(
    Preview *preview, const Change *change, Document *live, Document *config)
{
    const char *key = change->key->key;
    g_autofree char *value = step_shown_value(change->value);

    if (!may_change(preview, change, live, config))
        return;
    const char *waits = why_waits(change, live);
    guint moved = preview->moved, errors = preview->errors;
    gboolean later = change->scope != SCOPE_LIVE && config->edit &&
                     change_document(preview, config, STEP_CONFIG, change);
    gboolean now = change->scope != SCOPE_CONFIG && live->edit && preview->errors == errors &&
                   change->key->tunable->effect != EFFECT_NEXT && !waits &&
                   change_document(preview, live, STEP_LIVE, change);
    if (!later && !now && (preview->moved > moved || preview->errors > errors))
        return; /* why is said */
    if (!later && !now)
        preview_say(preview, PART_EFFECT, LINE_NOW, "%s is %s already", key, value);
    else if (now)
        preview_say(preview, PART_EFFECT, LINE_NOW, "now%s: %s = %s",
            later ? " and at the next start" : "", key, value);
    else
        preview_say(preview, PART_EFFECT, live->edit ? LINE_LATER : LINE_NOW,
            live->edit ? "waits for a restart: %s = %s%s%s" : "at the next start: %s = %s%s%s", key,
            value, waits ? "   " : "", waits ? waits : "");
}

static void check_document(
    Preview *preview, const RuleGround *ground, const Domain *domain, const Document *document)
{
    if (document->changes->len == 0)
        return;
    g_autoptr(GPtrArray) findings =
        rules_check_domain(ground, domain, document->edit, document->changes);
    preview_findings(preview, findings);
}

/* The rules look at the next start's document, and at the running one's for what only that has. */
static void check_documents(Preview *preview, const RuleGround *ground, const Domain *domain,
    Document *live, const Document *config)
{
    g_autoptr(GHashTable) looked_at = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    check_document(preview, ground, domain, config);
    for (guint i = 0; i < config->changes->len; i++)
        g_hash_table_add(looked_at, g_ptr_array_index(config->changes, i));
    for (guint i = 0; i < live->changes->len; i++)
        if (!g_hash_table_contains(looked_at, g_ptr_array_index(live->changes, i)))
            g_ptr_array_add(others, g_ptr_array_index(live->changes, i));
    g_ptr_array_unref(live->changes);
    live->changes = g_steal_pointer(&others);
    check_document(preview, ground, domain, live);
}

static void show_document(Preview *preview, PreviewPart part, const char *head,
    const Document *document, const IdSet *all)
{
    preview_say(preview, part, LINE_HEAD, "%s", head);
    preview_diff(preview, part, document->diff, document->places, document->blame, all);
}

static void show_documents(
    Preview *preview, PreviewTarget *target, Document *live, Document *config, const IdSet *all)
{
    Document *both[] = {live, config};

    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        both[i]->places = g_array_new(FALSE, FALSE, sizeof(DiffPlace));
        both[i]->diff = both[i]->blame
                            ? diff_unified(both[i]->before, xml_edit_text(both[i]->edit, NULL),
                                  PREVIEW_CONTEXT, both[i]->places)
                            : g_ptr_array_new();
    }
    gboolean now = live->diff->len > 0, later = config->diff->len > 0;
    if (later) {
        target->next_before = config->before;
        target->next_after = g_strdup(xml_edit_text(config->edit, NULL));
    }
    gboolean same = now && later && same_changes(live->diff, config->diff);
    if (same)
        show_document(preview, PART_BOTH, "running now and next start", config, all);
    if (now && !same)
        show_document(preview, PART_RUNNING, "running now", live, all);
    if (later && !same)
        show_document(preview, PART_NEXT, "next start", config, all);
    if (later)
        preview_say(preview, PART_COMMAND, LINE_HEAD, "QEMU's command line")->changes =
            idset_copy(all);
}

/* The pages of the running domain, and numatune's nodeset with them where libvirt moves them so. */
static void preview_page_change(Preview *preview, const Snapshot *snapshot, const DomainView *view,
    const Change *change, Document *live)
{
    g_autofree char *nodeset = NULL;
    g_autofree char *now = preview_pages(preview, snapshot, view, change, &nodeset);

    if (now == NULL)
        return;
    preview_add_step(preview, STEP_PAGES, change, now);
    if (nodeset == NULL)
        return;
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, "numatune.nodeset", NULL);
    const Change with = {.target = change->target,
        .name = change->name,
        .key = key,
        .value = nodeset,
        .scope = SCOPE_LIVE};
    if (change_document(preview, live, STEP_LIVE, &with))
        ((Step *)g_ptr_array_index(preview->steps, preview->steps->len - 1))->follows = TRUE;
    g_ptr_array_remove(live->changes, (gpointer)&with); /* it is nobody's change */
}

static void preview_domain(Preview *preview, const Snapshot *snapshot, const RuleGround *ground,
    PreviewTarget *target, const IdSet *changes)
{
    const DomainView *view = snapshot_domain(snapshot, target->target);

    if (view == NULL) {
        preview_refuse(preview, "%s is gone: unstage its changes", target->name);
        return;
    }
    const Domain *domain = view->domain;
    g_auto(Document) live = document_open(preview, domain->xml_live, target->name);
    g_auto(Document) config = document_open(preview, domain->xml_config, target->name);
    if (live.edit == NULL && config.edit == NULL) {
        if (domain->xml_live == NULL && domain->xml_config == NULL)
            preview_refuse(
                preview, "the XML of %s is not known yet: try again in a moment", target->name);
        return;
    }
    for (IDSET_EACH(i, changes)) {
        const Change *change = g_ptr_array_index(preview->plan->changes, i);
        preview->making = i;
        if (change->key->tunable->effect == EFFECT_RUNNING)
            preview_page_change(preview, snapshot, view, change, &live);
        else
            preview_domain_change(preview, change, &live, &config);
    }
    preview->making = -1;
    check_documents(preview, ground, domain, &live, &config);
    show_documents(preview, target, &live, &config, changes);
    if (domain->xml_live)
        g_hash_table_insert(preview->xml_live, g_strdup(domain->uuid), g_strdup(domain->xml_live));
    if (domain->xml_config)
        g_hash_table_insert(
            preview->xml_config, g_strdup(domain->uuid), g_strdup(domain->xml_config));
}

/* Calls the domain by the name it has now where @changes were staged under another. Returns that
 * one, for the caller to free; NULL: it is called so still. */
static char *call_by_name(Preview *preview, const Snapshot *snapshot, const IdSet *changes)
{
    const Change *head = g_ptr_array_index(preview->plan->changes, hwloc_bitmap_first(changes));
    const DomainView *view = head->key->tunable->target == TARGET_DOMAIN
                                 ? snapshot_domain(snapshot, head->target)
                                 : NULL;
    g_autofree char *now = view ? text_escape(view->domain->name, 60) : NULL;

    if (now == NULL || g_str_equal(now, head->name))
        return NULL;
    char *before = g_strdup(head->name);
    for (IDSET_EACH(i, changes)) {
        Change *change = g_ptr_array_index(preview->plan->changes, i);
        g_free(change->name);
        change->name = g_strdup(now);
    }
    return before;
}

/* The section of the target whose @changes these are. */
static void preview_target(
    Preview *preview, const Snapshot *snapshot, const RuleGround *ground, const IdSet *changes)
{
    const Change *head = g_ptr_array_index(preview->plan->changes, hwloc_bitmap_first(changes));
    g_autofree char *before = call_by_name(preview, snapshot, changes);
    PreviewTarget *target = preview_begin(preview, head->target, head->name, changes);

    if (before)
        preview_warn(preview, "%s is called %s now", before, target->name);
    if (head->key->tunable->target == TARGET_HOST)
        preview_host(preview, snapshot->root, snapshot->host, ground, changes);
    else
        preview_domain(preview, snapshot, ground, target, changes);
    preview_end(preview);
}

/* The changes of each target, the targets in the order staged: GPtrArray of IdSet*. */
static GPtrArray *changes_by_target(const Plan *plan)
{
    GPtrArray *targets = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        IdSet *changes = g_hash_table_lookup(seen, change->target);
        if (changes == NULL) {
            changes = hwloc_bitmap_alloc();
            g_hash_table_insert(seen, change->target, changes);
            g_ptr_array_add(targets, changes);
        }
        hwloc_bitmap_set(changes, i);
    }
    return targets;
}

static void add_pools(GString *out, const GArray *pools)
{
    for (guint i = 0; pools && i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_string_append_printf(out,
            "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
            num_or(pool->total, -1), num_or(pool->free, -1), num_or(pool->reserved, -1));
    }
}

/* The host's values that rules and writes depend on, as one text: what can be set, the pools, which
 * CPUs there are, and whether KSM shares anything. */
static char *host_state(const Host *host)
{
    GString *out = g_string_new(NULL);
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    if (host == NULL)
        return g_string_free(out, FALSE);
    for (guint i = 0; i < count; i++) {
        g_autoptr(TunableKey) key = rows[i].target == TARGET_HOST
                                        ? tunable_key_parse(TARGET_HOST, rows[i].key, NULL)
                                        : NULL;
        g_autofree char *value = key ? tunable_host_value(key, host) : NULL;
        g_string_append_printf(out, "%s\n", value ? value : "");
    }
    for (guint n = 0; n < host->nodes->len; n++) {
        const NodeMemory *node = g_ptr_array_index(host->nodes, n);
        add_pools(out, node->pools);
    }
    add_pools(out, host->pools);
    for (guint i = 0; i < host->mounts->len; i++) {
        const HugeMount *mount = g_ptr_array_index(host->mounts, i);
        g_string_append_printf(out, "%s %s\n", mount->path, mount->options);
    }
    g_string_append_printf(out, "%s\n%s\n%d", host->topology->online_text,
        host->keep ? host->keep->stamp : "",
        num_or(kernel_file_number(host->ksm, "pages_shared"), 0) > 0);
    return g_string_free(out, FALSE);
}

Preview *preview_make(const Snapshot *snapshot, const Plan *plan)
{
    Preview *preview = preview_new(plan);
    /* The test driver knows no LIVE (core/virt/connection.h). */
    const char *hypervisor = snapshot->link.hypervisor;
    preview->live_flag = hypervisor && g_str_has_prefix(hypervisor, "TEST") ? "current" : "live";
    g_autoptr(GPtrArray) targets = changes_by_target(preview->plan);
    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, preview->plan);

    preview->host_state = host_state(snapshot->host);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        g_ptr_array_add(preview->domains, domain_ref(view->domain));
    }
    for (guint i = 0; i < targets->len; i++)
        preview_target(preview, snapshot, ground, g_ptr_array_index(targets, i));
    preview_order(preview);
    return preview;
}

static gboolean same_domain(const Domain *a, const Domain *b)
{
    return a == b || (g_str_equal(a->uuid, b->uuid) && g_strcmp0(a->xml_live, b->xml_live) == 0 &&
                         g_strcmp0(a->xml_config, b->xml_config) == 0);
}

gboolean preview_is_current(const Preview *preview, const Snapshot *snapshot, const Plan *plan)
{
    guint count = snapshot->domains ? snapshot->domains->len : 0;
    g_autofree char *state = host_state(snapshot->host);

    if (!plan_equal(preview->plan, plan) || count != preview->domains->len ||
        g_strcmp0(state, preview->host_state) != 0)
        return FALSE;
    for (guint i = 0; i < count; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (!same_domain(view->domain, g_ptr_array_index(preview->domains, i)))
            return FALSE;
    }
    return TRUE;
}
