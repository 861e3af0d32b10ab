/* Reading a plan file: lines, groups, keys; and staging what it says. */
#include "core/tune/planfile-private.h"

#include "core/util/document.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define BOM       "\xef\xbb\xbf"
#define BY_UUID   "uuid:"
#define NAME_SHOW 60

/* The marks behind a key; a key without one is of its target's usual scope. */
static const struct {
    TargetKind target;
    PlanScope scope;
    const char *mark;
} scope_marks[] = {
    {TARGET_DOMAIN, SCOPE_LIVE, "@now"},
    {TARGET_DOMAIN, SCOPE_CONFIG, "@next"},
    {TARGET_HOST, SCOPE_LIVE, "@now"},
    {TARGET_HOST, SCOPE_CONFIG, "@boot"},
    {TARGET_HOST, SCOPE_KEPT, "@both"},
};

static PlanScope usual_scope(TargetKind target)
{
    return target == TARGET_HOST ? SCOPE_LIVE : SCOPE_BOTH;
}

const char *plan_scope_mark(TargetKind target, PlanScope scope)
{
    for (guint i = 0; i < G_N_ELEMENTS(scope_marks) && scope != usual_scope(target); i++)
        if (scope_marks[i].target == target && scope_marks[i].scope == scope)
            return scope_marks[i].mark;
    return "";
}

static TargetKind group_target(const char *group)
{
    return g_str_equal(group, "host") ? TARGET_HOST : TARGET_DOMAIN;
}

PlanLine *plan_line_new(PlanLineKind kind, const char *group)
{
    PlanLine *line = g_new0(PlanLine, 1);

    line->kind = kind;
    line->bytes = g_string_new(NULL);
    line->group = g_strdup(group);
    return line;
}

static void plan_line_free(gpointer data)
{
    PlanLine *line = data;

    g_string_free(line->bytes, TRUE);
    g_free(line->group);
    tunable_key_free(line->key);
    g_free(line->value);
    g_free(line);
}

void plan_file_free(PlanFile *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_ptr_array_unref(file->lines);
    g_string_free(file->text, TRUE);
    g_free(file);
}

/* Sets an error's sentence with the file and the line before it. */
G_GNUC_PRINTF(4, 5)
static void complain(const PlanFile *file, guint number, GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(
        error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s, line %u: %s", file->name, number, sentence);
}

/* The number of the line in which byte @at of @text stands. */
static guint line_of(const char *text, gsize at)
{
    guint line = 1;

    for (gsize i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* "[NAME]": everything between the first and the last bracket is the name. */
static gboolean read_group(
    PlanFile *file, PlanLine *line, char *text, GHashTable *groups, GError **error)
{
    gsize length = strlen(text);
    guint first;

    if (length < 3 || text[length - 1] != ']') {
        g_autofree char *shown = text_escape(text, NAME_SHOW);
        complain(file, line->number, error,
            "\"%s\" is no group: write [NAME] with a domain's name, [uuid:…] or [host]", shown);
        return FALSE;
    }
    text[length - 1] = '\0';
    line->kind = PLAN_LINE_GROUP;
    line->group = g_strdup(text + 1);
    first = GPOINTER_TO_UINT(g_hash_table_lookup(groups, line->group));
    if (first) {
        g_autofree char *shown = text_escape(line->group, NAME_SHOW);
        complain(file, line->number, error, "[%s] stands already in line %u: put its keys together",
            shown, first);
        return FALSE;
    }
    g_hash_table_insert(groups, line->group, GUINT_TO_POINTER(line->number));
    return TRUE;
}

/* Takes the mark of a scope off the end of @key; *other is one that the target has not. */
static PlanScope take_mark(char *key, TargetKind target, const char **other)
{
    const char *at = strrchr(key, '@');

    for (guint i = 0; at && i < G_N_ELEMENTS(scope_marks); i++) {
        if (!g_str_equal(at, scope_marks[i].mark))
            continue;
        if (scope_marks[i].target != target) {
            *other = scope_marks[i].mark;
            continue;
        }
        *other = NULL;
        key[at - key] = '\0';
        return scope_marks[i].scope;
    }
    if (*other)
        key[at - key] = '\0';
    return usual_scope(target);
}

/* "KEY=VALUE", blanks around either left out. */
static gboolean read_entry(
    PlanFile *file, PlanLine *line, char *text, const PlanLine *group, GError **error)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text || group == NULL) {
        g_autofree char *shown = text_escape(text, NAME_SHOW);
        complain(file, line->number, error,
            group ? "\"%s\" is no KEY=VALUE, [group] or # comment"
                  : "\"%s\" stands in no group: write a line [NAME] or [host] before it",
            shown);
        return FALSE;
    }
    *equals = '\0';
    g_strchomp(text);
    line->kind = PLAN_LINE_ENTRY;
    line->group = g_strdup(group->group);
    TargetKind target = group_target(line->group);
    const char *other = NULL;
    line->scope = take_mark(text, target, &other);
    line->value = g_strdup(g_strchug(equals + 1));
    g_autoptr(GError) cause = NULL;
    line->key = tunable_key_parse(target, text, &cause);
    if (line->key == NULL)
        complain(file, line->number, error, "%s", cause->message);
    else if (other)
        complain(file, line->number, error, "%s has no %s: %s", text, other,
            target == TARGET_HOST ? "the host's keys are set at once, with @boot when the host "
                                    "boots, with @both then too"
                                  : "a domain's keys have @now and @next");
    else
        return TRUE;
    return FALSE;
}

/* The line that has the entry's key already, for the same domain's document; 0 for none. @keys
 * holds the group's so far. */
static guint find_twin(GHashTable *keys, const PlanLine *line)
{
    TargetKind target = group_target(line->group);
    guint first = 0;

    for (guint scope = 0; first == 0 && scope < PLAN_SCOPES; scope++) {
        const char *mark = plan_scope_mark(target, (PlanScope)scope);
        g_autofree char *marked = g_strconcat(line->key->key, mark, NULL);
        gboolean is_targets = *mark || scope == usual_scope(target);
        if (is_targets && plan_scopes_meet(line->scope, (PlanScope)scope))
            first = GPOINTER_TO_UINT(g_hash_table_lookup(keys, marked));
    }
    return first;
}

/* Reads one line's meaning. */
static gboolean read_line(PlanFile *file, PlanLine *line, const PlanLine *group, GHashTable *groups,
    GHashTable *keys, GError **error)
{
    const char *bytes = line->bytes->str;
    if (line->number == 1 && g_str_has_prefix(bytes, BOM))
        bytes += strlen(BOM);
    g_autofree char *text = g_strstrip(g_strdup(bytes));

    if (*text == '\0' || *text == '#' || *text == ';') {
        line->group = g_strdup(group ? group->group : NULL);
        return TRUE;
    }
    if (*text == '[')
        return read_group(file, line, text, groups, error);
    if (!read_entry(file, line, text, group, error))
        return FALSE;
    guint first = find_twin(keys, line);
    if (first == 0) {
        g_hash_table_insert(keys,
            g_strconcat(
                line->key->key, plan_scope_mark(group_target(line->group), line->scope), NULL),
            GUINT_TO_POINTER(line->number));
        return TRUE;
    }
    complain(file, line->number, error, "%s has a value already, in line %u: a key has one value",
        line->key->key, first);
    return FALSE;
}

static gboolean read_lines(PlanFile *file, GError **error)
{
    g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const PlanLine *group = NULL;
    const char *end = file->text->str + file->text->len;

    for (const char *p = file->text->str; p < end;) {
        const char *stop = memchr(p, '\n', (gsize)(end - p));
        stop = stop ? stop + 1 : end;
        PlanLine *line = plan_line_new(PLAN_LINE_OTHER, NULL);
        line->number = file->lines->len + 1;
        g_string_append_len(line->bytes, p, stop - p);
        g_ptr_array_add(file->lines, line);
        if (!read_line(file, line, group, groups, keys, error))
            return FALSE;
        if (line->kind == PLAN_LINE_GROUP) {
            group = line;
            g_hash_table_remove_all(keys);
        }
        p = stop;
    }
    return TRUE;
}

PlanFile *plan_file_parse(const char *name, const char *text, gsize length, GError **error)
{
    g_autoptr(PlanFile) file = g_new0(PlanFile, 1);
    const char *bad;

    file->name = text_escape(g_str_equal(name, "-") ? "standard input" : name, 100);
    file->lines = g_ptr_array_new_with_free_func(plan_line_free);
    file->text = g_string_new_len(text, (gssize)length);
    if (g_utf8_validate_len(text, length, &bad))
        return read_lines(file, error) ? g_steal_pointer(&file) : NULL;
    complain(file, line_of(text, (gsize)(bad - text)), error,
        *bad == '\0' ? "a NUL byte: this is no text" : "not UTF-8: save it as UTF-8");
    return NULL;
}

PlanFile *plan_file_read(const char *path, GError **error)
{
    gsize length;
    g_autofree char *text = document_read(path, PLAN_FILE_MAX_MIB, "a plan", &length, error);

    return text ? plan_file_parse(path, text, length, error) : NULL;
}

guint plan_file_count(const PlanFile *file)
{
    guint count = 0;

    for (guint i = 0; i < file->lines->len; i++)
        count += ((const PlanLine *)g_ptr_array_index(file->lines, i))->kind == PLAN_LINE_ENTRY;
    return count;
}

gboolean plan_file_names_domains(const PlanFile *file)
{
    for (guint i = 0; i < file->lines->len; i++) {
        const PlanLine *line = g_ptr_array_index(file->lines, i);
        if (line->kind == PLAN_LINE_GROUP && !g_str_equal(line->group, "host"))
            return TRUE;
    }
    return FALSE;
}

const char *plan_file_text(const PlanFile *file, gsize *length)
{
    if (length)
        *length = file->text->len;
    return file->text->str;
}

/* By name or uuid: only. An ID is another domain's tomorrow, and a plan is kept. */
const char *plan_group_target(const char *group, const Snapshot *snapshot)
{
    const char *uuid = g_str_has_prefix(group, BY_UUID) ? group + strlen(BY_UUID) : NULL;

    if (g_str_equal(group, "host"))
        return "host";
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (uuid ? g_ascii_strcasecmp(uuid, view->domain->uuid) == 0
                 : g_str_equal(group, view->domain->name))
            return view->domain->uuid;
    }
    return NULL;
}

/* Finds the group's target and holds it against those before it: @seen is target → line. */
static const char *find_target(const PlanFile *file, const PlanLine *line, const Snapshot *snapshot,
    GHashTable *seen, GError **error)
{
    const char *target = plan_group_target(line->group, snapshot);
    guint first = target ? GPOINTER_TO_UINT(g_hash_table_lookup(seen, target)) : 0;
    g_autofree char *shown = text_escape(line->group, NAME_SHOW);

    if (target && first == 0) {
        g_hash_table_insert(seen, (char *)target, GUINT_TO_POINTER(line->number));
        return target;
    }
    if (target)
        complain(file, line->number, error, "[%s] is the domain of line %u: put its keys together",
            shown, first);
    else
        complain(file, line->number, error,
            "there is no domain \"%s\" on %s; `kvmtune domains` lists them", shown,
            snapshot->link.uri ? snapshot->link.uri : "this connection");
    return NULL;
}

/* Whether a line is for @scope; *own is the scope it is staged with. */
static gboolean is_wanted(const PlanLine *line, PlanScope scope, PlanScope *own)
{
    gboolean is_whole = line->scope == SCOPE_BOTH || line->scope == SCOPE_KEPT;

    *own = is_whole && scope != SCOPE_BOTH ? scope : line->scope;
    return scope == SCOPE_BOTH || *own == scope;
}

gboolean plan_file_stage(const PlanFile *file, Plan *plan, const Snapshot *snapshot,
    PlanScope scope, guint *left_out, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const char *target = NULL;
    guint left = 0;

    for (guint i = 0; i < file->lines->len; i++) {
        const PlanLine *line = g_ptr_array_index(file->lines, i);
        g_autoptr(GError) cause = NULL;
        PlanScope own;
        if (line->kind == PLAN_LINE_GROUP) {
            target = find_target(file, line, snapshot, seen, error);
            if (target == NULL)
                return FALSE;
        }
        if (line->kind != PLAN_LINE_ENTRY)
            continue;
        if (!is_wanted(line, scope, &own)) {
            left++;
            continue;
        }
        if (!plan_stage(plan, snapshot, target, line->key->key, line->value, own, &cause)) {
            complain(file, line->number, error, "%s", cause->message);
            return FALSE;
        }
    }
    if (left_out)
        *left_out = left;
    return TRUE;
}

Plan *plan_load(const char *path, const Snapshot *snapshot, GError **error)
{
    g_autoptr(PlanFile) file = plan_file_read(path, error);
    g_autoptr(Plan) plan = plan_new();

    if (file == NULL || !plan_file_stage(file, plan, snapshot, SCOPE_BOTH, NULL, error))
        return NULL;
    return g_steal_pointer(&plan);
}
