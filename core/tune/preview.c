/* The Preview: what a Plan would do to what a Snapshot shows. */
#include "core/tune/preview-private.h"

#include "core/tune/blame.h"
#include "core/tune/diff.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define CONTEXT_LINES 3

static void add_step(Preview *preview, StepKind kind, const Change *change, const char *old_value)
{
    Step *step = g_new0(Step, 1);

    step->kind = kind;
    step->target = g_strdup(change->target);
    step->name = g_strdup(change->name);
    step->key = tunable_key_copy(change->key);
    step->old_value = g_strdup(old_value);
    step->new_value = g_strdup(change->value);
    step->undoes = change->undoes;
    g_ptr_array_add(preview->steps, step);
    preview_call(preview, step);
}

/* A line of XML made fit to show: tabs become blanks, a secret becomes dots, the rest is escaped.
 */
static char *showable(const char *text)
{
    static GRegex *secret; /* libvirt's attributes that hold one: <graphics passwd=…>, <auth> … */
    if (g_once_init_enter(&secret)) {
        GRegex *regex =
            g_regex_new("\\b(passwd|password)(\\s*=\\s*)(?:'[^']*'|\"[^\"]*\")", 0, 0, NULL);
        g_once_init_leave(&secret, regex);
    }
    g_autoptr(GString) line = g_string_new(text);
    if (line->len && line->str[line->len - 1] == '\r')
        g_string_truncate(line, line->len - 1);
    g_string_replace(line, "\t", "        ", 0);
    g_autofree char *valid = g_utf8_make_valid(line->str, -1);
    g_autofree char *masked = strstr(valid, "passw")
                                  ? g_regex_replace(secret, valid, -1, 0, "\\1\\2'•••'", 0, NULL)
                                  : NULL;
    return text_escape(masked ? masked : valid, 0);
}

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

static PreviewLineKind diff_line_kind(char sign)
{
    return sign == '@'   ? LINE_HUNK
           : sign == '-' ? LINE_REMOVED
           : sign == '+' ? LINE_ADDED
                         : LINE_CONTEXT;
}

/* A hunk's heading and context are of all changes that its lines are of; where none is known (the
 * diff found a shorter way than the changes went), of all that changed the document. */
static void finish_hunk(PreviewLine *head, GPtrArray *lines, const IdSet *all)
{
    if (head == NULL)
        return;
    if (head->changes == NULL)
        head->changes = idset_copy(all);
    for (guint i = 0; i < lines->len; i++) {
        PreviewLine *line = g_ptr_array_index(lines, i);
        if (line->changes == NULL)
            line->changes = idset_copy(head->changes);
    }
    g_ptr_array_set_size(lines, 0);
}

/* The diff of @document, each line with the changes that made it; @all are the domain's. */
static void show_document(Preview *preview, PreviewPart part, const char *head,
    const Document *document, const IdSet *all)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    PreviewLine *hunk = NULL;

    preview_say(preview, part, LINE_HEAD, "%s", head);
    for (guint i = 0; i < document->diff->len; i++) {
        const char *text = g_ptr_array_index(document->diff, i);
        const DiffPlace *place = &g_array_index(document->places, DiffPlace, i);
        PreviewLine *line = preview_line(preview, part, diff_line_kind(*text), showable(text));
        if (line->kind == LINE_HUNK) {
            finish_hunk(hunk, lines, all);
            hunk = line;
            continue;
        }
        const IdSet *by = line->kind == LINE_REMOVED ? blame_removed(document->blame, place->before)
                          : line->kind == LINE_ADDED ? blame_added(document->blame, place->after)
                                                     : NULL;
        line->changes = idset_copy(by);
        if (by && hunk->changes == NULL)
            hunk->changes = idset_copy(by);
        else if (by)
            hwloc_bitmap_or(hunk->changes, hunk->changes, by);
        g_ptr_array_add(lines, line);
    }
    finish_hunk(hunk, lines, all);
}

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

/* "2" or "(nothing)" */
static const char *shown_value(const char *value)
{
    return *value ? value : "(nothing)";
}

/* Whether @change may be written where @now stands. A ground that moved since it was staged is
 * said; what undo would put back is then left alone. */
static gboolean check_ground(Preview *preview, const Change *change, StepKind kind, const char *now)
{
    if (!change_has_moved(change, kind, now))
        return TRUE;
    g_autofree char *is = step_shown_value(now), *was = step_shown_value(change->ground[kind]);
    if (change->undoes)
        preview_warn(preview, "%s %s%s is %s now, not %s as entry %u left it: it is left alone",
            change->name, change->key->key, step_kind_where(kind), is, was, change->undoes);
    else
        preview_warn(preview, "%s %s%s was %s when it was staged, somebody made it %s since",
            change->name, change->key->key, step_kind_where(kind), was, is);
    preview->moved++;
    return change->undoes == 0;
}

/* Who else writes the file, after a boot or again and again, and not what is staged. */
static void say_rival(
    Preview *preview, const Snapshot *snapshot, const Change *change, const char *place)
{
    const Keep *keep = snapshot->host->keep;
    const Claim *claim = keep ? claims_winner(keep->claims, place) : NULL;

    if (claim == NULL || g_strcmp0(claim->value, change->value) == 0)
        return;
    g_autofree char *sentence = claim_sentence(claim);
    preview_warn(preview, "%s: %s%s", change->key->key, sentence,
        claim->kind == CLAIM_KSMTUNED || claim->kind == CLAIM_TUNED ? " while it runs"
                                                                    : " when the host boots");
}

static void preview_host_change(
    Preview *preview, const Snapshot *snapshot, const Change *change, GPtrArray *made)
{
    g_autofree char *place = tunable_key_place(change->key);
    g_autofree char *now = snapshot->host ? tunable_host_value(change->key, snapshot->host) : NULL;

    if (now == NULL) {
        preview_refuse(preview, "%s: this kernel does not offer %s", change->key->key, place);
        return;
    }
    if (g_str_equal(now, change->value)) {
        preview_say(preview, PART_EFFECT, LINE_NOW, "%s is %s already", change->key->key, now);
        return;
    }
    if (!check_ground(preview, change, STEP_HOST, now))
        return;
    preview_say(preview, PART_WRITES, LINE_WRITE, "%s: %s → %s", place, now, change->value);
    preview_say(preview, PART_EFFECT, LINE_NOW, "now: %s = %s", change->key->key, change->value);
    say_rival(preview, snapshot, change, place);
    add_step(preview, STEP_HOST, change, now);
    g_ptr_array_add(made, (gpointer)change);
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
    if (g_str_equal(now, change->value) || !check_ground(preview, change, kind, now))
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
    add_step(preview, kind, change, now);
    g_ptr_array_add(document->changes, (gpointer)change);
    return TRUE;
}

/* What is no good about @change's scope, before anything is tried; FALSE: it is said. */
static gboolean may_change(
    Preview *preview, const Change *change, const Document *live, const Document *config)
{
    if (change->scope == SCOPE_LIVE && change->key->tunable->effect == EFFECT_NEXT)
        preview_refuse(
            preview, "%s cannot change while the domain runs: leave out --live", change->key->key);
    else if (change->scope == SCOPE_LIVE && live->edit == NULL)
        preview_refuse(preview, "%s does not run: leave out --live", change->name);
    else if (change->scope == SCOPE_CONFIG && config->edit == NULL)
        preview_refuse(preview,
            "%s has no next start to configure (it is transient): leave out --config",
            change->name);
    else
        return TRUE;
    return FALSE;
}

static void preview_domain_change(
    Preview *preview, const Change *change, Document *live, Document *config)
{
    const char *key = change->key->key, *value = shown_value(change->value);

    if (!may_change(preview, change, live, config))
        return;
    guint moved = preview->moved;
    gboolean later = change->scope != SCOPE_LIVE && config->edit &&
                     change_document(preview, config, STEP_CONFIG, change);
    gboolean now = change->scope != SCOPE_CONFIG && live->edit &&
                   change->key->tunable->effect != EFFECT_NEXT &&
                   change_document(preview, live, STEP_LIVE, change);
    if (!later && !now && preview->moved > moved)
        return;
    if (!later && !now)
        preview_say(preview, PART_EFFECT, LINE_NOW, "%s is %s already", key, value);
    else if (now)
        preview_say(preview, PART_EFFECT, LINE_NOW, "now%s: %s = %s",
            later ? " and at the next start" : "", key, value);
    else
        preview_say(preview, PART_EFFECT, live->edit ? LINE_LATER : LINE_NOW,
            live->edit ? "waits for a restart: %s = %s" : "at the next start: %s = %s", key, value);
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
    check_document(preview, ground, domain, config);
    for (guint i = live->changes->len; i-- > 0;)
        if (g_ptr_array_find(config->changes, g_ptr_array_index(live->changes, i), NULL))
            g_ptr_array_remove_index(live->changes, i);
    check_document(preview, ground, domain, live);
}

static void show_documents(
    Preview *preview, PreviewTarget *target, Document *live, Document *config, const IdSet *all)
{
    Document *both[] = {live, config};

    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        both[i]->places = g_array_new(FALSE, FALSE, sizeof(DiffPlace));
        both[i]->diff = both[i]->blame
                            ? diff_unified(both[i]->before, xml_edit_text(both[i]->edit, NULL),
                                  CONTEXT_LINES, both[i]->places)
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
        if (change->key->tunable->effect != EFFECT_RUNNING) {
            preview_domain_change(preview, change, &live, &config);
            continue;
        }
        g_autofree char *now = preview_pages(preview, snapshot, view, change);
        if (now)
            add_step(preview, STEP_PAGES, change, now);
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

static void preview_host(
    Preview *preview, const Snapshot *snapshot, const RuleGround *ground, const IdSet *changes)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new();

    for (IDSET_EACH(i, changes)) {
        preview->making = i;
        preview_host_change(preview, snapshot, g_ptr_array_index(preview->plan->changes, i), made);
    }
    preview->making = -1;
    g_autoptr(GPtrArray) findings = rules_check_host(ground, made);
    preview_findings(preview, findings);
}

/* The section of the target of change @first, which is its first. */
static void preview_target(
    Preview *preview, const Snapshot *snapshot, const RuleGround *ground, guint first)
{
    const Plan *plan = preview->plan;
    const Change *head = g_ptr_array_index(plan->changes, first);
    g_autoptr(IdSet) changes = hwloc_bitmap_alloc();

    for (guint i = first; i < plan->changes->len; i++)
        if (g_str_equal(
                ((const Change *)g_ptr_array_index(plan->changes, i))->target, head->target))
            hwloc_bitmap_set(changes, i);
    PreviewTarget *target = preview_begin(preview, head->target, head->name);
    if (head->key->tunable->target == TARGET_HOST)
        preview_host(preview, snapshot, ground, changes);
    else
        preview_domain(preview, snapshot, ground, target, changes);
    preview_end(preview);
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
    g_string_append_printf(out, "%s\n%d", host->topology->online_text,
        num_or(kernel_file_number(host->ksm, "pages_shared"), 0) > 0);
    return g_string_free(out, FALSE);
}

Preview *preview_make(const Snapshot *snapshot, const Plan *plan)
{
    Preview *preview = preview_new(plan);
    /* The test driver knows no LIVE (core/virt/connection.h). */
    const char *hypervisor = snapshot->link.hypervisor;
    preview->live_flag = hypervisor && g_str_has_prefix(hypervisor, "TEST") ? "current" : "live";
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, preview->plan);
    preview->host_state = host_state(snapshot->host);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        g_ptr_array_add(preview->domains, domain_ref(view->domain));
    }
    for (guint i = 0; i < preview->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(preview->plan->changes, i);
        if (g_hash_table_add(seen, change->target))
            preview_target(preview, snapshot, ground, i);
    }
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
