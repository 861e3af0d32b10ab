/* The Preview screen's rows: a tree of domains, parts and lines, folded as the user chose. */
#include "tui/screens/preview/preview.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define OPEN_TARGETS 3   /* with more of them all are folded at first */
#define OPEN_LINES   400 /* a longer part is folded at first */
#define INDENT       2
#define NAME_WIDTH   24 /* of a folded domain's name, before its summary */

/* How a kind of line looks, and what stands before it. */
static const struct {
    Style style;
    const char *mark;
} looks[] = {
    [LINE_TARGET] = {STYLE_TITLE, ""},
    [LINE_HEAD] = {STYLE_KEY, ""},
    [LINE_HUNK] = {STYLE_DIM, ""},
    [LINE_CONTEXT] = {STYLE_TEXT, ""},
    [LINE_REMOVED] = {STYLE_REMOVED, ""},
    [LINE_ADDED] = {STYLE_ADDED, ""},
    [LINE_WRITE] = {STYLE_STAGED, ""},
    [LINE_NOW] = {STYLE_GOOD, "• "},
    [LINE_LATER] = {STYLE_WARN, "◷ "},
    [LINE_WARNING] = {STYLE_WARN, "! "},
    [LINE_ERROR] = {STYLE_BAD, "✗ "},
    [LINE_CALL] = {STYLE_TEXT, ""},
    [LINE_OFFER] = {STYLE_KEY, "+ "},
};

/* ---- what is folded ---- */

static const PreviewLine *line_at(const PreviewState *state, guint i)
{
    return g_ptr_array_index(state->preview->lines, i);
}

static const PreviewTarget *target_of(const PreviewState *state, const PreviewLine *line)
{
    return g_ptr_array_index(state->preview->targets, line->target);
}

/* The id of the heading of a target, or with @part of one of its parts. The caller frees it. */
static char *heading_id(const PreviewTarget *target, PreviewPart part)
{
    return g_strdup_printf("%s/%u", target->target, part);
}

static gboolean is_folded(const PreviewState *state, const char *id, gboolean otherwise)
{
    gpointer chosen;

    if (g_hash_table_lookup_extended(state->folds, id, NULL, &chosen))
        return GPOINTER_TO_INT(chosen);
    return otherwise;
}

static gboolean target_is_folded(const PreviewState *state, const PreviewTarget *target)
{
    g_autofree char *id = heading_id(target, PART_TARGET);

    return is_folded(state, id, state->preview->targets->len > OPEN_TARGETS);
}

/* How many lines follow the heading @head of a part. */
static guint part_length(const PreviewState *state, guint head)
{
    const PreviewLine *line = line_at(state, head);
    guint i = head + 1, end = target_of(state, line)->end;

    while (i < end && line_at(state, i)->part == line->part)
        i++;
    return i - head - 1;
}

static gboolean part_is_folded(const PreviewState *state, guint head)
{
    const PreviewLine *line = line_at(state, head);
    g_autofree char *id = heading_id(target_of(state, line), line->part);

    /* To ask libvirt is a choice: it takes its time, and one question a domain. */
    return is_folded(
        state, id, line->part == PART_COMMAND || part_length(state, head) > OPEN_LINES);
}

static void set_folded(PreviewState *state, const char *id, gboolean folded)
{
    g_hash_table_insert(state->folds, g_strdup(id), GINT_TO_POINTER(folded));
}

/* ---- rows ---- */

static void add_row(PreviewState *state, const char *id, guint place, Style style, char *text)
{
    if (id)
        table_cell(table_add(&state->table, id), 0, style, text);
    else {
        table_heading(&state->table, style, text);
        g_free(text);
    }
    g_array_append_val(state->places, place);
}

/* A sentence or a write is broken over as many rows as it needs, and a line of a file at boot,
 * which is one value; a line of XML stays one. */
static gboolean may_break(const PreviewLine *line)
{
    return line->kind == LINE_WRITE || line->kind >= LINE_NOW || line->part == PART_BOOT;
}

/* Adds @text as a line of @kind, the @n-th below the heading of its part, from line @place. */
static void add_text(PreviewState *state, guint place, guint n, PreviewLineKind kind,
    const char *text, gboolean breaks)
{
    const PreviewLine *line = line_at(state, place);
    int width = state->width - INDENT;
    g_autofree char *whole = g_strconcat(looks[kind].mark, text, NULL);
    g_auto(GStrv) lines = breaks ? cell_lines(whole, width, width - 2) : g_strsplit(whole, "\n", 1);

    for (guint part = 0; lines[part]; part++) {
        g_autofree char *id =
            g_strdup_printf("%s/%u/%u.%u", target_of(state, line)->target, line->part, n, part);
        add_row(state, id, place, looks[kind].style,
            g_strdup_printf("%*s%s", part ? INDENT + 2 : INDENT, "", lines[part]));
    }
}

static void add_line(PreviewState *state, guint place, guint n)
{
    const PreviewLine *line = line_at(state, place);

    add_text(state, place, n, line->kind, line->text, may_break(line));
}

/* Below the heading @place: what libvirt says, or that it is being asked. */
static void add_command(PreviewState *state, guint place)
{
    const char *problem;
    const GPtrArray *lines =
        preview_native(state, target_of(state, line_at(state, place)), &problem);

    if (problem)
        add_text(state, place, 0, LINE_CONTEXT, problem, TRUE);
    else if (lines == NULL)
        add_text(state, place, 0, LINE_CONTEXT, "asking libvirt…", TRUE);
    else if (lines->len == 0)
        add_text(state, place, 0, LINE_CONTEXT, "stays as it is", TRUE);
    for (guint i = 0; lines && i < lines->len; i++) {
        const char *text = g_ptr_array_index(lines, i);
        add_text(state, place, i, *text == '-' ? LINE_REMOVED : LINE_ADDED, text, TRUE);
    }
}

static void add_count(GString *out, guint count, const char *what, const char *plural)
{
    if (count)
        g_string_append_printf(
            out, "%s%u %s%s", out->len ? ", " : "", count, what, count == 1 ? "" : plural);
}

/* "2 changes, 4 writes, 1 warning, 1 waits" (for a restart) */
static char *summary(const PreviewTarget *target)
{
    GString *out = g_string_new(NULL);

    add_count(out, target->changes, "change", "s");
    add_count(out, target->steps, "write", "s");
    add_count(out, target->errors, "error", "s");
    add_count(out, target->warnings, "warning", "s");
    add_count(out, target->waiting, "waits", "");
    return g_string_free(out, FALSE);
}

static void add_target(PreviewState *state, const PreviewTarget *target, gboolean folded)
{
    g_autofree char *id = heading_id(target, PART_TARGET);
    g_autofree char *counts = summary(target);
    int gap = MAX(NAME_WIDTH - canvas_width(target->name, FALSE), 0);
    Style style = !folded            ? STYLE_TITLE
                  : target->errors   ? STYLE_BAD
                  : target->warnings ? STYLE_WARN
                                     : STYLE_TITLE;

    add_row(state, id, target->first, style,
        folded ? g_strdup_printf("▸ %s%*s  %s", target->name, gap, "", counts)
               : g_strdup_printf("▾ %s", target->name));
}

/* The heading of a part; TRUE where its lines are not to be seen. */
static gboolean add_head(PreviewState *state, guint place)
{
    const PreviewLine *line = line_at(state, place);
    g_autofree char *id = heading_id(target_of(state, line), line->part);
    gboolean folded = part_is_folded(state, place);
    guint length = part_length(state, place);

    add_row(state, id, place, looks[LINE_HEAD].style,
        folded && length ? g_strdup_printf("%*s▸ %s  (%u lines)", INDENT, "", line->text, length)
                         : g_strdup_printf("%*s%s %s", INDENT, "", folded ? "▸" : "▾", line->text));
    return folded;
}

static void add_section(PreviewState *state, const PreviewTarget *target)
{
    guint n = 0;

    for (guint i = target->first + 1; i < target->end; i++) {
        const PreviewLine *line = line_at(state, i);
        if (line->part != line_at(state, i - 1)->part)
            n = 0;
        if (line->kind != LINE_HEAD)
            add_line(state, i, n++);
        else if (add_head(state, i))
            i += part_length(state, i);
        else if (line->part == PART_COMMAND)
            add_command(state, i);
    }
}

guint preview_row_place(const PreviewState *state)
{
    return table_selected(&state->table) ? g_array_index(state->places, guint, state->table.index)
                                         : NO_LINE;
}

static gboolean is_heading(const PreviewState *state, guint index)
{
    PreviewLineKind kind = line_at(state, index)->kind;

    return kind == LINE_TARGET || kind == LINE_HEAD;
}

void preview_show_below(PreviewState *state)
{
    guint place = preview_row_place(state), row = (guint)state->table.index + 1;

    if (place == NO_LINE || !is_heading(state, place))
        return;
    gboolean target = line_at(state, place)->kind == LINE_TARGET;
    for (; row < state->places->len; row++) {
        guint below = g_array_index(state->places, guint, row);
        if (below == NO_LINE || (below != place && is_heading(state, below) &&
                                    (!target || line_at(state, below)->kind == LINE_TARGET)))
            break;
    }
    int last = (int)row - 1;
    state->table.top =
        MIN(state->table.index, MAX(state->table.top, last - state->table.height + 1));
}

void preview_rows(PreviewState *state)
{
    const GPtrArray *targets = state->preview->targets;
    gboolean open = FALSE;

    table_begin(&state->table);
    g_array_set_size(state->places, 0);
    for (guint i = 0; i < targets->len; i++) {
        const PreviewTarget *target = g_ptr_array_index(targets, i);
        gboolean folded = target_is_folded(state, target);
        if (open)
            add_row(state, NULL, NO_LINE, STYLE_TEXT, g_strdup(""));
        add_target(state, target, folded);
        open = !folded;
        if (open)
            add_section(state, target);
    }
    table_end(&state->table);
}

const PreviewLine *preview_row_line(const PreviewState *state)
{
    guint place = preview_row_place(state);

    return place == NO_LINE ? NULL : line_at(state, place);
}

void preview_reveal(PreviewState *state, guint index)
{
    const PreviewLine *line = line_at(state, index);
    const PreviewTarget *target = target_of(state, line);

    if (line->kind != LINE_TARGET) {
        g_autofree char *outer = heading_id(target, PART_TARGET);
        set_folded(state, outer, FALSE);
    }
    if (line->kind != LINE_TARGET && line->kind != LINE_HEAD) {
        g_autofree char *inner = heading_id(target, line->part);
        set_folded(state, inner, FALSE);
    }
    preview_rows(state);
    for (guint i = 0; i < state->places->len; i++)
        if (g_array_index(state->places, guint, i) == index) {
            const TableRow *row = g_ptr_array_index(state->table.rows, i);
            table_select(&state->table, row->id);
            return;
        }
}

/* ---- folding ---- */

/* The index of the heading that line @index hangs on: its part's, or its target's. */
static guint heading_above(const PreviewState *state, guint index)
{
    const PreviewLine *line = line_at(state, index);
    const PreviewTarget *target = target_of(state, line);

    if (line->kind == LINE_TARGET)
        return index;
    for (guint i = index; line->kind != LINE_HEAD && i > target->first; i--) {
        const PreviewLine *above = line_at(state, i - 1);
        if (above->part == line->part && above->kind == LINE_HEAD)
            return i - 1;
    }
    return target->first;
}

static gboolean heading_is_folded(const PreviewState *state, guint index)
{
    const PreviewLine *line = line_at(state, index);

    return line->kind == LINE_TARGET ? target_is_folded(state, target_of(state, line))
                                     : part_is_folded(state, index);
}

static void fold_heading(PreviewState *state, guint index, gboolean folded)
{
    const PreviewLine *line = line_at(state, index);
    g_autofree char *id = heading_id(target_of(state, line), line->part);

    set_folded(state, id, folded);
    if (line->part == PART_COMMAND)
        preview_native_forget(state, target_of(state, line));
    preview_rows(state);
    table_select(&state->table, id);
    preview_show_below(state);
}

void preview_fold(PreviewState *state)
{
    guint place = preview_row_place(state);

    if (place == NO_LINE)
        return;
    if (!is_heading(state, place))
        place = heading_above(state, place);
    fold_heading(state, place, !heading_is_folded(state, place));
}

void preview_step(PreviewState *state, gboolean in)
{
    guint place = preview_row_place(state);

    if (place == NO_LINE)
        return;
    gboolean heading = is_heading(state, place);
    if (in && heading && heading_is_folded(state, place)) {
        fold_heading(state, place, FALSE);
    } else if (in) {
        table_act(&state->table, ACTION_DOWN);
    } else if (heading && !heading_is_folded(state, place)) {
        fold_heading(state, place, TRUE);
    } else {
        const PreviewLine *above = line_at(state, heading_above(state, place));
        g_autofree char *id = heading_id(target_of(state, above), above->part);
        table_select(&state->table, id);
    }
}

void preview_fold_all(PreviewState *state)
{
    const GPtrArray *targets = state->preview->targets;
    gboolean any_open = FALSE;

    for (guint i = 0; i < targets->len; i++)
        any_open |= !target_is_folded(state, g_ptr_array_index(targets, i));
    const PreviewLine *line = preview_row_line(state);
    g_autofree char *home = line ? heading_id(target_of(state, line), PART_TARGET) : NULL;
    for (guint i = 0; i < targets->len; i++) {
        g_autofree char *id = heading_id(g_ptr_array_index(targets, i), PART_TARGET);
        set_folded(state, id, any_open);
    }
    preview_rows(state);
    if (home)
        table_select(&state->table, home);
}
