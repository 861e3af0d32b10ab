/* The Preview: steps, the ground they are made upon, and diffs whose lines know who made them. */
#include "core/preview/preview-private.h"

#include "core/util/text.h"

#include <string.h>

Step *preview_add_step(Preview *preview, StepKind kind, const Change *change, const char *old_value)
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
    return step;
}

gboolean preview_may_write(Preview *preview, const Change *change, StepKind kind, const char *now)
{
    if (!change_has_moved(change, kind, now))
        return TRUE;
    g_autofree char *is = step_shown_value(now), *was = step_shown_value(change->ground[kind]);
    if (change->undoes)
        preview_warn(preview, "%s %s%s is %s now, not %s as entry %u left it: it is left alone",
            change->name, change->key->key, step_traits[kind].where, is, was, change->undoes);
    else
        preview_warn(preview, "%s %s%s was %s when it was staged, somebody made it %s since",
            change->name, change->key->key, step_traits[kind].where, was, is);
    preview->moved++;
    return change->undoes == 0;
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

void preview_diff(Preview *preview, PreviewPart part, const GPtrArray *diff, const GArray *places,
    const Blame *blame, const IdSet *all)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    PreviewLine *hunk = NULL;

    for (guint i = 0; i < diff->len; i++) {
        const char *text = g_ptr_array_index(diff, i);
        const DiffPlace *place = &g_array_index(places, DiffPlace, i);
        PreviewLine *line = preview_line(preview, part, diff_line_kind(*text), showable(text));
        if (line->kind == LINE_HUNK) {
            finish_hunk(hunk, lines, all);
            hunk = line;
            continue;
        }
        const IdSet *by = line->kind == LINE_REMOVED ? blame_removed(blame, place->before)
                          : line->kind == LINE_ADDED ? blame_added(blame, place->after)
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
