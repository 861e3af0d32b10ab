/* Myers' shortest edit script in linear space (E. W. Myers, An O(ND) Difference Algorithm and Its
 * Variations, 1986, section 4b), and its form as unified hunks.
 *
 * Memory grows with the number of lines only. Time is bounded by DIFF_MAX_COST: a stretch whose two
 * sides differ more is shown as removed and written anew, which is true, if not the shortest. */
#include "core/preview/diff.h"

#include <string.h>

#define DIFF_MAX_COST 2048 /* edits searched for from either end of a stretch */

/* One line, in the text it is of. */
typedef struct {
    const char *at;
    guint length;  /* its line end left out */
    gboolean open; /* the last one, without a line end: it equals no line that has one */
} Line;

typedef struct {
    GArray *lines;     /* Line */
    guint *ids;        /* of each line between `from` and `to`: equal lines have equal ids */
    gboolean *changed; /* of each line: deleted or added; one more than there are lines */
} Side;

typedef struct {
    Side a, b;
    int *forward, *backward; /* furthest a-line by diagonal (a-line minus b-line) */
} Diff;

static const Line *line_at(const Side *side, guint i)
{
    return &g_array_index(side->lines, Line, i);
}

static guint line_hash(gconstpointer key)
{
    const Line *line = key;
    guint32 hash = 2166136261u; /* FNV-1a */

    for (guint i = 0; i < line->length; i++)
        hash = (hash ^ (guchar)line->at[i]) * 16777619u;
    return hash;
}

static gboolean line_equal(gconstpointer a, gconstpointer b)
{
    const Line *x = a, *y = b;

    return x->length == y->length && x->open == y->open && memcmp(x->at, y->at, x->length) == 0;
}

/* Cuts @text into lines. */
static void side_init(Side *side, const char *text)
{
    const char *end = text + strlen(text);

    side->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    while (text < end) {
        const char *lf = memchr(text, '\n', (gsize)(end - text));
        Line line = {text, (guint)((lf ? lf : end) - text), lf == NULL};
        g_array_append_val(side->lines, line);
        text = lf ? lf + 1 : end;
    }
    side->ids = g_new(guint, side->lines->len + 1);
    side->changed = g_new0(gboolean, side->lines->len + 1);
}

static void side_clear(Side *side)
{
    g_array_unref(side->lines);
    g_free(side->ids);
    g_free(side->changed);
}

/* Gives the lines @from to @to (not in it) their ids; @known holds those of both sides. */
static void name_lines(Side *side, int from, int to, GHashTable *known)
{
    for (guint i = (guint)from; i < (guint)to; i++) {
        gpointer line = (gpointer)line_at(side, i), id;
        if (!g_hash_table_lookup_extended(known, line, NULL, &id)) {
            id = GUINT_TO_POINTER(g_hash_table_size(known));
            g_hash_table_insert(known, line, id);
        }
        side->ids[i] = GPOINTER_TO_UINT(id);
    }
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
        while (
            i < count && !other->changed[j] && line_equal(line_at(side, start), line_at(side, i))) {
            side->changed[start++] = FALSE;
            side->changed[i++] = TRUE;
            j++;
            while (i < count && side->changed[i])
                i++;
        }
    }
}

/* The edits between two texts; @diff stays filled, for their lines. */
static GArray *find_edits(Diff *diff, const char *before, const char *after)
{
    GArray *edits = g_array_new(FALSE, FALSE, sizeof(DiffEdit));
    g_autoptr(GHashTable) known = g_hash_table_new(line_hash, line_equal);

    side_init(&diff->a, before);
    side_init(&diff->b, after);
    int a_count = (int)diff->a.lines->len, b_count = (int)diff->b.lines->len;
    /* What both begin and end with costs one look, and no id: an edit of a large text is cheap. */
    Stretch s = {0, a_count, 0, b_count};
    while (s.a0 < s.a1 && s.b0 < s.b1 &&
           line_equal(line_at(&diff->a, (guint)s.a0), line_at(&diff->b, (guint)s.b0)))
        s.a0++, s.b0++;
    while (s.a0 < s.a1 && s.b0 < s.b1 &&
           line_equal(line_at(&diff->a, (guint)s.a1 - 1), line_at(&diff->b, (guint)s.b1 - 1)))
        s.a1--, s.b1--;
    name_lines(&diff->a, s.a0, s.a1, known);
    name_lines(&diff->b, s.b0, s.b1, known);
    g_autofree int *diagonals = g_new(int, 2 * ((gsize)a_count + (gsize)b_count + 3));
    diff->forward = diagonals + b_count + 1;
    diff->backward = diff->forward + a_count + b_count + 3;
    compare(diff, s);
    slide(&diff->a, &diff->b);
    slide(&diff->b, &diff->a);

    for (guint i = 0, j = 0; i < (guint)a_count || j < (guint)b_count;) {
        DiffEdit edit = {i, i, j, j};
        while (i < (guint)a_count && diff->a.changed[i])
            edit.a1 = ++i;
        while (j < (guint)b_count && diff->b.changed[j])
            edit.b1 = ++j;
        if (edit.a0 < edit.a1 || edit.b0 < edit.b1)
            g_array_append_val(edits, edit);
        else
            i++, j++;
    }
    return edits;
}

static void diff_clear(Diff *diff)
{
    side_clear(&diff->a);
    side_clear(&diff->b);
}

/* The start of the line behind the one at @p. */
static const char *next_line(const char *p)
{
    const char *lf = strchr(p, '\n');
    return lf ? lf + 1 : p + strlen(p);
}

static const char *skip_lines(const char *p, guint count)
{
    while (count-- > 0)
        p = next_line(p);
    return p;
}

/* How many lines a run of @count lines, the first of them at @p, can move down, as slide() moves
 * it. */
static guint room_below(const char *p, guint count)
{
    guint room = 0;

    for (const char *q = skip_lines(p, count); *q; room++) {
        const char *p_next = next_line(p), *q_next = next_line(q);
        if (p_next - p != q_next - q || memcmp(p, q, (gsize)(q_next - q)) != 0)
            break;
        p = p_next;
        q = q_next;
    }
    return room;
}

#define CHUNK 256 /* bytes compared at once */

/* The lines that both texts begin with: their number, and in *length their bytes. */
static guint common_lines(const char *before, gsize a, const char *after, gsize b, gsize *length)
{
    gsize shorter = MIN(a, b), same = 0;
    guint count = 0;

    while (same + CHUNK <= shorter && memcmp(before + same, after + same, CHUNK) == 0)
        same += CHUNK;
    while (same < shorter && before[same] == after[same])
        same++;
    *length = 0;
    for (const char *p = before; (p = memchr(p, '\n', (gsize)(before + same - p))); p++) {
        count++;
        *length = (gsize)(p + 1 - before);
    }
    return count;
}

/* Whether a line begins @n bytes before the end of @text, of which what lies before @from is left
 * out. */
static gboolean begins_line(const char *text, gsize length, gsize from, gsize n)
{
    return n == length - from || text[length - n - 1] == '\n';
}

/* The bytes of the whole lines that both texts end with, those before @from left out. */
static gsize common_end(const char *before, gsize a, const char *after, gsize b, gsize from)
{
    gsize shorter = MIN(a, b) - from, same = 0;

    while (same + CHUNK <= shorter &&
           memcmp(before + a - same - CHUNK, after + b - same - CHUNK, CHUNK) == 0)
        same += CHUNK;
    while (same < shorter && before[a - same - 1] == after[b - same - 1])
        same++;
    while (same > 0 && !(begins_line(before, a, from, same) && begins_line(after, b, from, same)))
        same--;
    return same;
}

/* Only what lies between the lines that both begin and end with is cut into lines: a change in a
 * large text costs a look at it, and what it changes. */
GArray *diff_edits(const char *before, const char *after)
{
    gsize from, a = strlen(before), b = strlen(after);
    guint first = common_lines(before, a, after, b, &from);
    gsize end = common_end(before, a, after, b, from);
    g_autofree char *old = g_strndup(before + from, a - from - end);
    g_autofree char *new = g_strndup(after + from, b - from - end);
    Diff diff;
    GArray *edits = find_edits(&diff, old, new);

    for (guint i = 0; i < edits->len; i++) {
        DiffEdit *edit = &g_array_index(edits, DiffEdit, i);
        guint gone = edit->a1 - edit->a0, come = edit->b1 - edit->b0, down = 0;
        if (i == edits->len - 1 && gone == 0)
            down = room_below(skip_lines(after + from, edit->b0), come);
        else if (i == edits->len - 1 && come == 0)
            down = room_below(skip_lines(before + from, edit->a0), gone);
        *edit = (DiffEdit){edit->a0 + first + down, edit->a1 + first + down,
            edit->b0 + first + down, edit->b1 + first + down};
    }
    diff_clear(&diff);
    return edits;
}

/* What a hunk is appended to: the lines, and where each stands. */
typedef struct {
    GPtrArray *lines;
    GArray *places; /* DiffPlace, or NULL */
} Output;

/* Takes @text. */
static void append_text(Output *out, char *text, guint before, guint after)
{
    DiffPlace place = {before, after};

    g_ptr_array_add(out->lines, text);
    if (out->places)
        g_array_append_val(out->places, place);
}

/* The line @i of @side. */
static void append_line(
    Output *out, char sign, const Side *side, guint i, guint before, guint after)
{
    const Line *line = line_at(side, i);

    append_text(out, g_strdup_printf("%c%.*s", sign, (int)line->length, line->at), before, after);
    if (line->open)
        append_text(out, g_strdup("\\ No newline at end of file"), before, after);
}

/* "12,3": the first line (from 1) and the count, which is left out when it is 1; an empty range
 * names the line before it. */
static char *range(guint from, guint to)
{
    if (to - from == 1)
        return g_strdup_printf("%u", from + 1);
    return g_strdup_printf("%u,%u", to == from ? from : from + 1, to - from);
}

/* Appends one hunk: @count edits from @edit on, and @context lines around. */
static void append_hunk(
    Output *out, const Diff *diff, const DiffEdit *edit, guint count, guint context)
{
    guint before = MIN(context, MIN(edit[0].a0, edit[0].b0));
    guint behind = MIN(context, diff->a.lines->len - edit[count - 1].a1);
    guint a = edit[0].a0 - before, b = edit[0].b0 - before;
    guint a_end = edit[count - 1].a1 + behind, b_end = edit[count - 1].b1 + behind;
    g_autofree char *old_range = range(a, a_end);
    g_autofree char *new_range = range(b, b_end);

    append_text(out, g_strdup_printf("@@ -%s +%s @@", old_range, new_range), a, b);
    for (guint i = 0; i <= count; i++) {
        guint until = i < count ? edit[i].a0 : a_end;
        for (; a < until; a++, b++)
            append_line(out, ' ', &diff->a, a, a, b);
        for (; i < count && a < edit[i].a1; a++)
            append_line(out, '-', &diff->a, a, a, b);
        for (; i < count && b < edit[i].b1; b++)
            append_line(out, '+', &diff->b, b, a, b);
    }
}

GPtrArray *diff_unified(const char *before, const char *after, guint context, GArray *places)
{
    Output out = {g_ptr_array_new_with_free_func(g_free), places};
    Diff diff;

    if (g_str_equal(before, after))
        return out.lines;
    g_autoptr(GArray) edits = find_edits(&diff, before, after);
    const DiffEdit *edit = (const DiffEdit *)(void *)edits->data;
    /* Two share a hunk when at most twice @context lines are between. */
    for (guint first = 0, i = 1; first < edits->len; i++)
        if (i == edits->len || (guint64)(edit[i].a0 - edit[i - 1].a1) > 2 * (guint64)context) {
            append_hunk(&out, &diff, edit + first, i - first, context);
            first = i;
        }
    diff_clear(&diff);
    return out.lines;
}
