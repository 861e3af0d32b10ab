/* The Preview: what a Plan would do to what a Snapshot shows. */
#include "core/tune/preview.h"

#include "core/tune/check.h"
#include "core/tune/diff.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define CONTEXT_LINES 3

static void line_free(gpointer data)
{
    PreviewLine *line = data;

    g_free(line->text);
    g_free(line);
}

static void offer_free(gpointer data)
{
    PreviewOffer *offer = data;

    g_free(offer->reason);
    g_free(offer->target);
    g_free(offer->key);
    g_free(offer->value);
    g_free(offer);
}

Preview *preview_ref(Preview *preview)
{
    g_atomic_ref_count_inc(&preview->refs);
    return preview;
}

void preview_unref(Preview *preview)
{
    if (preview == NULL || !g_atomic_ref_count_dec(&preview->refs))
        return;
    g_ptr_array_unref(preview->lines);
    g_ptr_array_unref(preview->steps);
    g_ptr_array_unref(preview->offers);
    g_hash_table_unref(preview->xml_live);
    g_hash_table_unref(preview->xml_config);
    g_free(preview);
}

/* Takes @text. */
static void add_line(Preview *preview, PreviewLineKind kind, char *text)
{
    PreviewLine *line = g_new(PreviewLine, 1);

    line->kind = kind;
    line->text = text;
    g_ptr_array_add(preview->lines, line);
    preview->errors += kind == LINE_ERROR;
    preview->warnings += kind == LINE_WARNING;
}

G_GNUC_PRINTF(3, 4)
static void say(Preview *preview, PreviewLineKind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(preview, kind, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_step(Preview *preview, StepKind kind, const Change *change, const char *old_value)
{
    Step *step = g_new0(Step, 1);

    step->kind = kind;
    step->target = g_strdup(change->target);
    step->name = g_strdup(change->name);
    step->key = tunable_key_copy(change->key);
    step->old_value = g_strdup(old_value);
    step->new_value = g_strdup(change->value);
    g_ptr_array_add(preview->steps, step);
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
    g_autofree char *masked = g_regex_replace(secret, valid, -1, 0, "\\1\\2'•••'", 0, NULL);
    return text_escape(masked ? masked : valid, 0);
}

static void add_diff(Preview *preview, const GPtrArray *diff)
{
    for (guint i = 0; i < diff->len; i++) {
        const char *line = g_ptr_array_index(diff, i);
        PreviewLineKind kind = *line == '@'   ? LINE_HUNK
                               : *line == '-' ? LINE_REMOVED
                               : *line == '+' ? LINE_ADDED
                                              : LINE_CONTEXT;
        add_line(preview, kind, showable(line));
    }
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

static void preview_host_change(
    Preview *preview, const Snapshot *snapshot, const Plan *plan, const Change *change)
{
    g_autofree char *place = tunable_key_place(change->key);
    g_autofree char *now = snapshot->host ? tunable_host_value(change->key, snapshot->host) : NULL;

    if (now == NULL) {
        say(preview, LINE_ERROR, "%s: this kernel does not offer %s", change->key->key, place);
        return;
    }
    if (g_str_equal(now, change->value)) {
        say(preview, LINE_NOW, "%s is %s already", change->key->key, now);
        return;
    }
    say(preview, LINE_WRITE, "%s: %s → %s", place, now, change->value);
    say(preview, LINE_NOW, "now: %s = %s", change->key->key, change->value);
    add_step(preview, STEP_HOST, change, now);
    check_host_change(preview, snapshot, plan, change);
}

/* One document of a domain (the running one's, or the next start's) with its changes made. */
typedef struct {
    const char *before;
    XmlEdit *edit; /* NULL: there is no such document */
    GPtrArray *diff;
} Document;

static void document_clear(Document *document)
{
    xml_edit_free(document->edit);
    if (document->diff)
        g_ptr_array_unref(document->diff);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Document, document_clear)

static Document document_open(Preview *preview, const char *xml, const char *name)
{
    Document document = {xml, NULL, NULL};
    g_autoptr(GError) error = NULL;

    if (xml == NULL)
        return document;
    document.edit = xml_edit_open(xml, -1, &error);
    if (document.edit == NULL)
        say(preview, LINE_ERROR, "the XML of %s cannot be read: %s", name, error->message);
    return document;
}

/* Makes one change in one document and its step; says nothing where the value stands already. */
static gboolean change_document(
    Preview *preview, Document *document, StepKind kind, const Change *change)
{
    g_autoptr(GError) error = NULL;

    g_autofree char *now = tunable_xml_value(change->key, document->edit);
    if (g_str_equal(now, change->value))
        return FALSE;
    if (!tunable_xml_set(change->key, document->edit, change->value, &error)) {
        say(preview, LINE_ERROR, "%s: %s", change->key->key, error->message);
        return FALSE;
    }
    add_step(preview, kind, change, now);
    return TRUE;
}

static void preview_domain_change(Preview *preview, const Snapshot *snapshot, const Domain *domain,
    const Change *change, Document *live, Document *config, GPtrArray *sentences)
{
    const Tunable *row = change->key->tunable;
    gboolean wants_live = change->scope != SCOPE_CONFIG;
    gboolean wants_config = change->scope != SCOPE_LIVE;
    const char *value = shown_value(change->value);

    if (change->scope == SCOPE_LIVE && row->set_live == NULL) {
        say(preview, LINE_ERROR, "%s cannot change while the domain runs: leave out --live",
            change->key->key);
        return;
    }
    if (change->scope == SCOPE_LIVE && live->edit == NULL) {
        say(preview, LINE_ERROR, "%s does not run: leave out --live", change->name);
        return;
    }
    if (change->scope == SCOPE_CONFIG && config->edit == NULL) {
        say(preview, LINE_ERROR,
            "%s has no next start to configure (it is transient): leave out --config",
            change->name);
        return;
    }
    gboolean later =
        wants_config && config->edit && change_document(preview, config, STEP_CONFIG, change);
    gboolean now = wants_live && live->edit && row->set_live &&
                   change_document(preview, live, STEP_LIVE, change);
    if (!later && !now)
        g_ptr_array_add(sentences, g_strdup_printf("%s is %s already", change->key->key, value));
    else if (now)
        g_ptr_array_add(
            sentences, g_strdup_printf("now%s: %s = %s", later ? " and at the next start" : "",
                           change->key->key, value));
    else
        g_ptr_array_add(sentences, g_strdup_printf(live->edit ? "waits for a restart: %s = %s"
                                                              : "at the next start: %s = %s",
                                       change->key->key, value));
    if (later || now)
        check_domain_change(
            preview, snapshot, domain, config->edit ? config->edit : live->edit, change);
}

static void show_document(Preview *preview, const char *head, const Document *document)
{
    say(preview, LINE_HEAD, "%s", head);
    add_diff(preview, document->diff);
}

static void show_documents(Preview *preview, Document *live, Document *config)
{
    Document *both[] = {live, config};

    for (guint i = 0; i < G_N_ELEMENTS(both); i++)
        both[i]->diff = both[i]->edit ? diff_unified(both[i]->before,
                                            xml_edit_text(both[i]->edit, NULL), CONTEXT_LINES)
                                      : g_ptr_array_new();
    gboolean now = live->diff->len > 0, later = config->diff->len > 0;
    if (now && later && same_changes(live->diff, config->diff)) {
        show_document(preview, "running now and next start", config);
        return;
    }
    if (now)
        show_document(preview, "running now", live);
    if (later)
        show_document(preview, "next start", config);
}

static void preview_domain(
    Preview *preview, const Snapshot *snapshot, const Plan *plan, guint first)
{
    const Change *head = g_ptr_array_index(plan->changes, first);
    const DomainView *view = snapshot_domain(snapshot, head->target);
    g_autofree char *name = text_escape(head->name, 0);

    say(preview, LINE_TARGET, "%s", name);
    if (view == NULL) {
        say(preview, LINE_ERROR, "%s is gone: unstage its changes", name);
        return;
    }
    const Domain *domain = view->domain;
    g_auto(Document) live = document_open(preview, domain->xml_live, name);
    g_auto(Document) config = document_open(preview, domain->xml_config, name);
    if (live.edit == NULL && config.edit == NULL) {
        if (domain->xml_live == NULL && domain->xml_config == NULL)
            say(preview, LINE_ERROR, "the XML of %s is not known yet: try again in a moment", name);
        return;
    }
    g_autoptr(GPtrArray) sentences = g_ptr_array_new_with_free_func(g_free);
    for (guint i = first; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        if (g_str_equal(change->target, head->target))
            preview_domain_change(preview, snapshot, domain, change, &live, &config, sentences);
    }
    for (guint i = 0; i < sentences->len; i++) {
        const char *text = g_ptr_array_index(sentences, i);
        say(preview, g_str_has_prefix(text, "waits") ? LINE_LATER : LINE_NOW, "%s", text);
    }
    show_documents(preview, &live, &config);
    if (domain->xml_live)
        g_hash_table_insert(preview->xml_live, g_strdup(domain->uuid), g_strdup(domain->xml_live));
    if (domain->xml_config)
        g_hash_table_insert(
            preview->xml_config, g_strdup(domain->uuid), g_strdup(domain->xml_config));
}

Preview *preview_make(const Snapshot *snapshot, const Plan *plan)
{
    Preview *preview = g_new0(Preview, 1);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_atomic_ref_count_init(&preview->refs);
    preview->lines = g_ptr_array_new_with_free_func(line_free);
    preview->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    preview->offers = g_ptr_array_new_with_free_func(offer_free);
    preview->xml_live = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    preview->xml_config = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        gboolean host = change->key->tunable->target == TARGET_HOST;
        gboolean first = g_hash_table_add(seen, change->target);
        if (host && first)
            say(preview, LINE_TARGET, "host");
        if (host)
            preview_host_change(preview, snapshot, plan, change);
        else if (first)
            preview_domain(preview, snapshot, plan, i);
    }
    return preview;
}

void preview_warn(Preview *preview, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(preview, LINE_WARNING, g_strdup_vprintf(format, args));
    va_end(args);
}

void preview_refuse(Preview *preview, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(preview, LINE_ERROR, g_strdup_vprintf(format, args));
    va_end(args);
}

void preview_offer(
    Preview *preview, const char *target, const char *key, const char *value, const char *reason)
{
    PreviewOffer *offer = g_new(PreviewOffer, 1);

    offer->reason = g_strdup(reason);
    offer->target = g_strdup(target);
    offer->key = g_strdup(key);
    offer->value = g_strdup(value);
    g_ptr_array_add(preview->offers, offer);
}

gboolean preview_accept(
    const PreviewOffer *offer, const Snapshot *snapshot, Plan *plan, GError **error)
{
    guint before = plan->changes->len;

    if (!plan_stage(plan, snapshot, offer->target, offer->key, offer->value, SCOPE_BOTH, error))
        return FALSE;
    if (plan->changes->len > before) {
        gpointer change = g_ptr_array_steal_index(plan->changes, before);
        g_ptr_array_insert(plan->changes, 0, change);
    }
    return TRUE;
}

char *preview_text(const Preview *preview)
{
    static const char *const marks[] = {
        [LINE_TARGET] = "== ",
        [LINE_HEAD] = "-- ",
        [LINE_HUNK] = "",
        [LINE_CONTEXT] = "",
        [LINE_REMOVED] = "",
        [LINE_ADDED] = "",
        [LINE_WRITE] = "",
        [LINE_NOW] = "# ",
        [LINE_LATER] = "# ",
        [LINE_WARNING] = "# warning: ",
        [LINE_ERROR] = "# error: ",
    };
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        g_string_append_printf(out, "%s%s\n", marks[line->kind], line->text);
    }
    for (guint i = 0; i < preview->offers->len; i++) {
        const PreviewOffer *offer = g_ptr_array_index(preview->offers, i);
        g_string_append_printf(
            out, "# offer: %s=%s first: %s\n", offer->key, offer->value, offer->reason);
    }
    return g_string_free(out, FALSE);
}
