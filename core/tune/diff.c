/* Myers' shortest edit script in linear space (E. W. Myers, An O(ND) Difference Algorithm and Its
 * Variations, 1986, section 4b), and its form as unified hunks.
 *
 * Memory grows with the number of lines only. Time is bounded by DIFF_MAX_COST: a stretch whose two
 * sides differ more is shown as removed and written anew, which is true, if not the shortest. */
#include "core/tune/diff.h"

#include <string.h>

#define DIFF_MAX_COST 2048 /* edits searched for from either end of a stretch */

typedef struct {
    GPtrArray *lines; /* char*, into the copy of the text */
    char *copy;
    guint *ids;        /* of each line: equal lines have equal ids */
    gboolean *changed; /* of each line: deleted or added; one more than there are lines */
    gboolean ends;     /* the last line has its line end */
} Side;

typedef struct {
    Side a, b;
    int *forward, *backward; /* furthest a-line by diagonal (a-line minus b-line) */
} Diff;

/* Cuts @text into lines; @known gives equal lines one id. A last line without line end equals no
 * line that has one. */
static void side_init(Side *side, const char *text, GHashTable *known)
{
    gsize length = strlen(text);

    side->copy = g_strdup(text);
    side->lines = g_ptr_array_new();
    side->ends = length == 0 || text[length - 1] == '\n';
    for (char *line = side->copy; *line != '\0';) {
        char *lf = strchr(line, '\n');
        g_ptr_array_add(side->lines, line);
        if (lf == NULL)
            break;
        *lf = '\0';
        line = lf + 1;
    }
    guint count = side->lines->len;
    side->ids = g_new(guint, count + 1);
    side->changed = g_new0(gboolean, count + 1);
    for (guint i = 0; i < count; i++) {
        const char *line = side->lines->pdata[i];
        gboolean open = i + 1 == count && !side->ends;
        char *key = g_strconcat(line, open ? "\n" : "", NULL);
        gpointer id;
        if (g_hash_table_lookup_extended(known, key, NULL, &id)) {
            g_free(key);
        } else {
            id = GUINT_TO_POINTER(g_hash_table_size(known));
            g_hash_table_insert(known, key, id);
        }
        side->ids[i] = GPOINTER_TO_UINT(id);
    }
}

static void side_clear(Side *side)
{
    g_ptr_array_unref(side->lines);
    g_free(side->copy);
    g_free(side->ids);
    g_free(side->changed);
}

/* A stretch of both sides: lines a0 to a1 (not in it) against b0 to b1. */
typedef struct {
    int a0, a1, b0, b1;
} Stretch;

/* The diagonals that one of the two searches has reached. */
typedef struct {
    int low, high;
} Reach;

/* One step wider within @low..@high of the stretch; a diagonal on its border gives way by one, so
 * that the parity of the reached diagonals alternates. @outside is what an unreached one holds. */
static void widen(Reach *reach, int low, int high, int *furthest, int outside)
{
    if (reach->low > low)
        furthest[--reach->low - 1] = outside;
    else
        reach->low++;
    if (reach->high < high)
        furthest[++reach->high + 1] = outside;
    else
        reach->high--;
}

/* Finds a point on a shortest path through @s by searching from both ends until they meet; FALSE
 * where that costs too much. */
static gboolean middle(Diff *diff, const Stretch *s, int *a_at, int *b_at)
{
    const guint *a = diff->a.ids, *b = diff->b.ids;
    int *fd = diff->forward, *bd = diff->backward;
    int low = s->a0 - s->b1, high = s->a1 - s->b0;
    Reach f = {s->a0 - s->b0, s->a0 - s->b0}, r = {s->a1 - s->b1, s->a1 - s->b1};
    gboolean odd = ((f.low - r.low) & 1) != 0;

    fd[f.low] = s->a0;
    bd[r.low] = s->a1;
    for (int cost = 1; cost <= DIFF_MAX_COST; cost++) {
        widen(&f, low, high, fd, -1);
        for (int d = f.high; d >= f.low; d -= 2) {
            int x = fd[d - 1] < fd[d + 1] ? fd[d + 1] : fd[d - 1] + 1;
            while (x < s->a1 && x - d < s->b1 && a[x] == b[x - d])
                x++;
            fd[d] = x;
            if (odd && d >= r.low && d <= r.high && bd[d] <= x) {
                *a_at = x;
                *b_at = x - d;
                return TRUE;
            }
        }
        widen(&r, low, high, bd, G_MAXINT);
        for (int d = r.high; d >= r.low; d -= 2) {
            int x = bd[d - 1] < bd[d + 1] ? bd[d - 1] : bd[d + 1] - 1;
            while (x > s->a0 && x - d > s->b0 && a[x - 1] == b[x - d - 1])
                x--;
            bd[d] = x;
            if (!odd && d >= f.low && d <= f.high && x <= fd[d]) {
                *a_at = x;
                *b_at = x - d;
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* Marks the changed lines of a stretch. Each level halves the number of edits, so the recursion is
 * no deeper than its logarithm. */
static void compare(Diff *diff, Stretch s)
{
    const guint *a = diff->a.ids, *b = diff->b.ids;
    int a_at = 0, b_at = 0;

    while (s.a0 < s.a1 && s.b0 < s.b1 && a[s.a0] == b[s.b0])
        s.a0++, s.b0++;
    while (s.a0 < s.a1 && s.b0 < s.b1 && a[s.a1 - 1] == b[s.b1 - 1])
        s.a1--, s.b1--;
    if (s.a0 < s.a1 && s.b0 < s.b1 && middle(diff, &s, &a_at, &b_at)) {
        compare(diff, (Stretch){s.a0, a_at, s.b0, b_at});
        compare(diff, (Stretch){a_at, s.a1, b_at, s.b1});
        return;
    }
    for (int i = s.a0; i < s.a1; i++)
        diff->a.changed[i] = TRUE;
    for (int i = s.b0; i < s.b1; i++)
        diff->b.changed[i] = TRUE;
}

/* Moves each run of changed lines of @side as far down as equal lines let it, and joins it with the
 * next one it meets there: diff(1) shows the same. */
static void slide(Side *side, const Side *other)
{
    guint count = side->lines->len, i = 0, j = 0;

    for (;;) {
        while (i < count && !side->changed[i]) {
            while (other->changed[j])
                j++;
            i++, j++;
        }
        if (i >= count)
            return;
        guint start = i;
        while (i < count && side->changed[i])
            i++;
        while (i < count && !other->changed[j] && side->ids[start] == side->ids[i]) {
            side->changed[start++] = FALSE;
            side->changed[i++] = TRUE;
            j++;
            while (i < count && side->changed[i])
                i++;
        }
    }
}

static void append_line(GPtrArray *out, char sign, const Side *side, guint i)
{
    g_ptr_array_add(out, g_strdup_printf("%c%s", sign, (const char *)side->lines->pdata[i]));
    if (i + 1 == side->lines->len && !side->ends)
        g_ptr_array_add(out, g_strdup("\\ No newline at end of file"));
}

/* "12,3": the first line (from 1) and the count, which is left out when it is 1; an empty range
 * names the line before it. */
static char *range(guint from, guint to)
{
    if (to - from == 1)
        return g_strdup_printf("%u", from + 1);
    return g_strdup_printf("%u,%u", to == from ? from : from + 1, to - from);
}

/* Appends the hunk of the lines a0 to a1 and b0 to b1. */
static void append_hunk(GPtrArray *out, const Diff *diff, guint a0, guint a1, guint b0, guint b1)
{
    g_autofree char *old_range = range(a0, a1);
    g_autofree char *new_range = range(b0, b1);

    g_ptr_array_add(out, g_strdup_printf("@@ -%s +%s @@", old_range, new_range));
    while (a0 < a1 || b0 < b1) {
        if (a0 < a1 && diff->a.changed[a0]) {
            append_line(out, '-', &diff->a, a0++);
        } else if (b0 < b1 && diff->b.changed[b0]) {
            append_line(out, '+', &diff->b, b0++);
        } else {
            append_line(out, ' ', &diff->a, a0++);
            b0++;
        }
    }
}

/* Groups the changes into hunks: two share one when at most twice @context lines are between. */
static void append_hunks(GPtrArray *out, const Diff *diff, guint context)
{
    guint a_count = diff->a.lines->len, b_count = diff->b.lines->len;
    guint i = 0, j = 0;         /* the lines looked at */
    guint a0 = 0, b0 = 0;       /* where the hunk begins */
    guint a_end = 0, b_end = 0; /* behind its last change */
    gboolean open = FALSE;

    while (i < a_count || j < b_count) {
        gboolean deleted = i < a_count && diff->a.changed[i];
        gboolean added = j < b_count && diff->b.changed[j];
        if (!deleted && !added) {
            i++, j++;
            continue;
        }
        if (open && (guint64)(i - a_end) > 2 * (guint64)context) {
            append_hunk(out, diff, a0, a_end + context, b0, b_end + context);
            open = FALSE;
        }
        if (!open) {
            guint before = MIN(context, MIN(i, j));
            a0 = i - before;
            b0 = j - before;
            open = TRUE;
        }
        a_end = i += deleted;
        b_end = j += !deleted;
    }
    if (open) {
        guint behind = MIN(context, a_count - a_end);
        append_hunk(out, diff, a0, a_end + behind, b0, b_end + behind);
    }
}

GPtrArray *diff_unified(const char *before, const char *after, guint context)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Diff diff;

    if (g_str_equal(before, after))
        return out;
    side_init(&diff.a, before, known);
    side_init(&diff.b, after, known);
    int a_count = (int)diff.a.lines->len, b_count = (int)diff.b.lines->len;
    g_autofree int *diagonals = g_new(int, 2 * ((gsize)a_count + (gsize)b_count + 3));
    diff.forward = diagonals + b_count + 1;
    diff.backward = diff.forward + a_count + b_count + 3;
    compare(&diff, (Stretch){0, a_count, 0, b_count});
    slide(&diff.a, &diff.b);
    slide(&diff.b, &diff.a);
    append_hunks(out, &diff, context);
    side_clear(&diff.a);
    side_clear(&diff.b);
    return out;
}
