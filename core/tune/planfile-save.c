/* Writing a Plan into a plan file: only the lines whose values differ are touched. */
#include "core/tune/planfile-private.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

/* The change of @plan that says what @old said: of the same document, else one of another that no
 * line has spoken of yet. NULL for none. */
static Change *find_successor(const Plan *plan, const Change *old, GHashTable *spoken)
{
    const GPtrArray *all = plan_find(plan, old->target, old->key->key);
    Change *other = NULL;

    for (guint i = 0; all && i < all->len; i++) {
        Change *change = g_ptr_array_index(all, i);
        if (change->scope == old->scope)
            return change;
        if (other == NULL && !g_hash_table_contains(spoken, change))
            other = change;
    }
    return other;
}

static gboolean same_change(const Change *a, const Change *b)
{
    return a && b && a->scope == b->scope && g_str_equal(a->value, b->value);
}

/* Whether two plans come to the same: each target's changes, in order. */
static gboolean same_plan(const Plan *a, const Plan *b)
{
    g_autoptr(GHashTable) at = g_hash_table_new(g_str_hash, g_str_equal);

    if (a->changes->len != b->changes->len)
        return FALSE;
    for (guint i = 0; i < a->changes->len; i++) {
        const Change *change = g_ptr_array_index(a->changes, i);
        guint from = GPOINTER_TO_UINT(g_hash_table_lookup(at, change->target));
        const Change *other = NULL;
        for (; from < b->changes->len; from++) {
            other = g_ptr_array_index(b->changes, from);
            if (g_str_equal(other->target, change->target))
                break;
        }
        if (from == b->changes->len || !g_str_equal(other->key->key, change->key->key) ||
            !same_change(change, other))
            return FALSE;
        g_hash_table_insert(at, change->target, GUINT_TO_POINTER(from + 1));
    }
    return TRUE;
}

/* The text of an entry: KEY[@SCOPE]=VALUE */
static char *entry_text(const Change *change)
{
    return g_strconcat(change->key->key,
        plan_scope_mark(change->key->tunable->target, change->scope), "=", change->value, NULL);
}

/* Puts @change in place of what the entry says; blanks around it, and its end of line, stay. */
static void rewrite_entry(PlanLine *line, const Change *change)
{
    g_autofree char *text = entry_text(change);
    const char *start = line->bytes->str;
    const char *end = start + line->bytes->len;

    while (g_ascii_isspace(*start))
        start++;
    while (end > start && g_ascii_isspace(end[-1]))
        end--;
    gssize from = start - line->bytes->str;
    g_string_erase(line->bytes, from, end - start);
    g_string_insert(line->bytes, from, text);
}

/* The changes of @plan by their act: act → GPtrArray of Change*. */
static GHashTable *changes_by_act(const Plan *plan)
{
    GHashTable *acts = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);

    for (guint i = 0; i < plan->changes->len; i++) {
        Change *change = g_ptr_array_index(plan->changes, i);
        GPtrArray *changes = g_hash_table_lookup(acts, GUINT_TO_POINTER(change->act));
        if (changes == NULL) {
            changes = g_ptr_array_new();
            g_hash_table_insert(acts, GUINT_TO_POINTER(change->act), changes);
        }
        g_ptr_array_add(changes, change);
    }
    return acts;
}

/* Which entries stand as they are, which take another value, which go. @spoken gets the changes of
 * @plan that need no line of their own. */
static void edit_entries(PlanFile *file, const Plan *before, const Plan *plan, GHashTable *spoken)
{
    g_autoptr(GHashTable) acts = changes_by_act(before);
    guint act = 0; /* the n-th entry was the n-th plan_stage() */

    for (guint i = 0; i < file->lines->len; i++) {
        PlanLine *line = g_ptr_array_index(file->lines, i);
        g_autoptr(GPtrArray) now = g_ptr_array_new();
        gboolean stands = TRUE;
        if (line->kind != PLAN_LINE_ENTRY)
            continue;
        const GPtrArray *said = g_hash_table_lookup(acts, GUINT_TO_POINTER(++act));
        for (guint n = 0; said && n < said->len; n++) {
            const Change *old = g_ptr_array_index(said, n);
            Change *change = find_successor(plan, old, spoken);
            if (change)
                g_ptr_array_add(now, change);
            stands &= same_change(old, change);
        }
        Change *only = now->len == 1 ? g_ptr_array_index(now, 0) : NULL;
        if (!stands && !(only && g_str_equal(only->key->key, line->key->key))) {
            g_ptr_array_remove_index(file->lines, i--);
            continue;
        }
        if (!stands)
            rewrite_entry(line, only);
        for (guint n = 0; n < now->len; n++)
            g_hash_table_add(spoken, g_ptr_array_index(now, n));
    }
}

static const char *end_of_line(const PlanFile *file)
{
    const char *first = strchr(file->text->str, '\n');
    return first && first > file->text->str && first[-1] == '\r' ? "\r\n" : "\n";
}

/* Inserts a line at @at, the line before it ended. */
static void insert_line(PlanFile *file, guint at, PlanLine *line)
{
    if (at > 0) {
        PlanLine *before = g_ptr_array_index(file->lines, at - 1);
        if (!g_str_has_suffix(before->bytes->str, "\n"))
            g_string_append(before->bytes, end_of_line(file));
    }
    g_ptr_array_insert(file->lines, (int)at, line);
}

/* A name that the file can hold and that nobody takes for something else. */
static char *group_name(const char *target, const Snapshot *snapshot)
{
    const DomainView *view = snapshot_domain(snapshot, target);
    const char *name = view ? view->domain->name : "";
    g_autofree char *escaped = text_escape(name, 0);
    g_autofree char *stripped = g_strstrip(g_strdup(name));

    if (g_str_equal(target, "host"))
        return g_strdup(target);
    if (*name == '\0' || !g_str_equal(escaped, name) || !g_str_equal(stripped, name) ||
        g_strcmp0(plan_group_target(name, snapshot), target) != 0)
        return g_strconcat("uuid:", target, NULL);
    return g_strdup(name);
}

/* The lines of the groups by their targets: target → PlanLine*. */
static GHashTable *lines_of_groups(const PlanFile *file, const Snapshot *snapshot)
{
    GHashTable *groups = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < file->lines->len; i++) {
        PlanLine *line = g_ptr_array_index(file->lines, i);
        const char *target =
            line->kind == PLAN_LINE_GROUP ? plan_group_target(line->group, snapshot) : NULL;
        if (target)
            g_hash_table_insert(groups, (char *)target, line);
    }
    return groups;
}

/* Where the line of @target's group is; it is made at the end, and noted in @groups, where there is
 * none. */
static guint find_group(
    PlanFile *file, GHashTable *groups, const char *target, const Snapshot *snapshot)
{
    PlanLine *line = g_hash_table_lookup(groups, target);
    guint at;

    if (line && g_ptr_array_find(file->lines, line, &at))
        return at;
    g_autofree char *name = group_name(target, snapshot);
    if (file->lines->len) {
        PlanLine *blank = plan_line_new(PLAN_LINE_OTHER, NULL);
        g_string_append(blank->bytes, end_of_line(file));
        insert_line(file, file->lines->len, blank);
    }
    line = plan_line_new(PLAN_LINE_GROUP, name);
    g_string_append_printf(line->bytes, "[%s]%s", name, end_of_line(file));
    insert_line(file, file->lines->len, line);
    g_hash_table_insert(groups, (char *)target, line);
    return file->lines->len - 1;
}

/* Writes @change into its group: before the entry of @next, the one that follows it in the plan,
 * else behind the group's last entry. */
static void add_entry(PlanFile *file, GHashTable *groups, const Change *change, const Change *next,
    const Snapshot *snapshot)
{
    guint at = find_group(file, groups, change->target, snapshot), last = at;

    for (guint i = at + 1; i < file->lines->len; i++) {
        const PlanLine *line = g_ptr_array_index(file->lines, i);
        if (line->kind == PLAN_LINE_GROUP)
            break;
        if (line->kind != PLAN_LINE_ENTRY)
            continue;
        if (next && g_str_equal(line->key->key, next->key->key)) {
            last = i - 1;
            break;
        }
        last = i;
    }
    g_autofree char *text = entry_text(change);
    PlanLine *line =
        plan_line_new(PLAN_LINE_ENTRY, ((PlanLine *)g_ptr_array_index(file->lines, at))->group);
    line->key = tunable_key_copy(change->key);
    line->scope = change->scope;
    line->value = g_strdup(change->value);
    g_string_append_printf(line->bytes, "%s%s", text, end_of_line(file));
    insert_line(file, last + 1, line);
}

static void add_entries(
    PlanFile *file, const Plan *plan, GHashTable *spoken, const Snapshot *snapshot)
{
    g_autoptr(GHashTable) next = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) groups = lines_of_groups(file, snapshot);

    /* Groups in the order of the plan; in them, from the last to the first, so that each finds the
     * one before which it belongs. */
    for (guint i = 0; i < plan->changes->len; i++)
        find_group(
            file, groups, ((const Change *)g_ptr_array_index(plan->changes, i))->target, snapshot);
    for (guint i = plan->changes->len; i-- > 0;) {
        Change *change = g_ptr_array_index(plan->changes, i);
        if (!g_hash_table_contains(spoken, change))
            add_entry(file, groups, change, g_hash_table_lookup(next, change->target), snapshot);
        g_hash_table_insert(next, change->target, change);
    }
}

/* The text that the lines make, read again: every line number is right then. */
static PlanFile *read_again(const PlanFile *file, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < file->lines->len; i++) {
        const PlanLine *line = g_ptr_array_index(file->lines, i);
        g_string_append_len(text, line->bytes->str, (gssize)line->bytes->len);
    }
    return plan_file_parse(file->name, text->str, text->len, error);
}

/* Drops every entry, so that each is written anew. */
static void drop_entries(PlanFile *file)
{
    for (guint i = file->lines->len; i-- > 0;)
        if (((PlanLine *)g_ptr_array_index(file->lines, i))->kind == PLAN_LINE_ENTRY)
            g_ptr_array_remove_index(file->lines, i);
}

gboolean plan_file_update(
    PlanFile *file, const Plan *plan, const Snapshot *snapshot, GError **error)
{
    g_autoptr(Plan) before = plan_new();
    g_autoptr(GHashTable) spoken = g_hash_table_new(g_direct_hash, g_direct_equal);

    if (!plan_file_stage(file, before, snapshot, SCOPE_BOTH, NULL, error))
        return FALSE;
    if (same_plan(before, plan))
        return TRUE;
    edit_entries(file, before, plan, spoken);
    add_entries(file, plan, spoken, snapshot);
    g_autoptr(PlanFile) made = read_again(file, error);
    g_autoptr(Plan) after = plan_new();
    if (made == NULL || !plan_file_stage(made, after, snapshot, SCOPE_BOTH, NULL, error))
        return FALSE;
    /* Lines that the plan has in another order cannot be kept: then all are written in its order.
     */
    if (!same_plan(after, plan)) {
        drop_entries(file);
        g_hash_table_remove_all(spoken);
        add_entries(file, plan, spoken, snapshot);
        plan_file_free(g_steal_pointer(&made));
        made = read_again(file, error);
        if (made == NULL)
            return FALSE;
    }
    PlanFile old = *file;
    *file = *made;
    *made = old;
    return TRUE;
}

gboolean plan_save(const Plan *plan, const Snapshot *snapshot, const char *path, GError **error)
{
    g_autofree char *shown = text_escape(path, 100);
    gboolean there = g_file_test(path, G_FILE_TEST_EXISTS);
    g_autoptr(GError) cause = NULL;

    if (there && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s is no file that a plan could be saved in: write another name", shown);
        return FALSE;
    }
    g_autoptr(PlanFile) file =
        there ? plan_file_read(path, &cause) : plan_file_parse(path, "", 0, &cause);
    if (file == NULL || !plan_file_update(file, plan, snapshot, &cause)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "not saved, what is there is kept: %s", cause->message);
        return FALSE;
    }
    gsize length;
    const char *text = plan_file_text(file, &length);
    if (g_file_set_contents_full(
            path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0666, &cause))
        return TRUE;
    g_set_error(
        error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the plan is not saved: %s", cause->message);
    return FALSE;
}
