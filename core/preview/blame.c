/* Blame: every line of the text remembers where it came from and who made it; each change's own
 * diff moves that along. */
#include "core/preview/blame.h"

#include "core/preview/diff.h"

#include <string.h>

typedef struct {
    guint origin; /* its number in the first text; NONE where a change made it */
    IdSet *by;    /* the changes that did; NULL: none */
} Line;

#define NONE G_MAXUINT

struct Blame {
    GArray *lines;    /* Line, of the text as it is now */
    GArray *original; /* Line, of the first text: `by` took it away */
};

static void line_clear(gpointer data)
{
    hwloc_bitmap_free(((Line *)data)->by);
}

static GArray *lines_new(guint count)
{
    GArray *lines = g_array_sized_new(FALSE, FALSE, sizeof(Line), count);

    g_array_set_clear_func(lines, line_clear);
    for (guint i = 0; i < count; i++) {
        Line line = {i, NULL};
        g_array_append_val(lines, line);
    }
    return lines;
}

static guint count_lines(const char *text)
{
    guint count = 0;

    for (const char *p = text; *p; count++) {
        const char *lf = strchr(p, '\n');
        p = lf ? lf + 1 : p + strlen(p);
    }
    return count;
}

Blame *blame_new(const char *text)
{
    Blame *blame = g_new(Blame, 1);
    guint count = count_lines(text);

    blame->lines = lines_new(count);
    blame->original = lines_new(count);
    return blame;
}

void blame_free(Blame *blame)
{
    if (blame == NULL)
        return;
    g_array_unref(blame->lines);
    g_array_unref(blame->original);
    g_free(blame);
}

static void add_number(IdSet **set, guint number)
{
    if (*set == NULL)
        *set = hwloc_bitmap_alloc();
    hwloc_bitmap_set(*set, number);
}

/* One edit of change @number: the lines it replaces tell the new ones who else had a hand in them.
 */
static void replace_lines(Blame *blame, const DiffEdit *edit, guint number)
{
    g_autoptr(IdSet) by = hwloc_bitmap_alloc();
    guint gone = edit->a1 - edit->a0;

    hwloc_bitmap_set(by, number);
    for (guint i = edit->a0; i < edit->a1; i++) {
        Line *line = &g_array_index(blame->lines, Line, i);
        if (line->origin != NONE)
            add_number(&g_array_index(blame->original, Line, line->origin).by, number);
        else
            hwloc_bitmap_or(by, by, line->by);
    }
    if (gone)
        g_array_remove_range(blame->lines, edit->a0, gone);
    g_autofree Line *fresh = g_new(Line, edit->b1 - edit->b0);
    for (guint i = 0; i < edit->b1 - edit->b0; i++)
        fresh[i] = (Line){NONE, idset_copy(by)};
    if (edit->b1 > edit->b0)
        g_array_insert_vals(blame->lines, edit->a0, fresh, edit->b1 - edit->b0);
}

void blame_change(Blame *blame, const char *before, const char *after, guint number)
{
    g_autoptr(GArray) edits = diff_edits(before, after);

    /* The last one first: the numbers of the lines before it stay true. */
    for (guint i = edits->len; i-- > 0;)
        replace_lines(blame, &g_array_index(edits, DiffEdit, i), number);
}

static const IdSet *by(const GArray *lines, guint line)
{
    return line < lines->len ? g_array_index(lines, Line, line).by : NULL;
}

const IdSet *blame_removed(const Blame *blame, guint line)
{
    return by(blame->original, line);
}

const IdSet *blame_added(const Blame *blame, guint line)
{
    return by(blame->lines, line);
}
