/* The verbs of the screen tests that demand something of the screen. */
#include "tests/screen/steps.h"
#include "tests/screen/verbs.h"

#include <stdlib.h>
#include <string.h>

enum { QUIET_MS = 150, CONTEXT_ROWS = 1 };

ExpectMode expect_mode = EXPECT_COMPARE;
void (*expect_seen)(const Term *term);

static gboolean shows(const Session *session, const char *text)
{
    int row, col, width;

    return term_find(session->term, text, &row, &col, &width);
}

static gboolean wait_until(Session *session, const char *text, gboolean there)
{
    gint64 deadline = step_deadline(session);

    while (shows(session, text) != there)
        if (!session_pump(session, deadline))
            return shows(session, text) == there;
    return TRUE;
}

gboolean do_wait(Session *session, Step *step, GString *why)
{
    return wait_until(session, step->rest, TRUE) ||
           step_fail(session, why, "the text did not appear");
}

gboolean do_wait_gone(Session *session, Step *step, GString *why)
{
    return wait_until(session, step->rest, FALSE) || step_fail(session, why, "the text did not go");
}

gboolean do_settle(Session *session, Step *step, GString *why)
{
    guint64 quiet = QUIET_MS;

    if (step->rest[0] != '\0' &&
        !g_ascii_string_to_unsigned(step->rest, 10, 1, 60000, &quiet, NULL))
        return step_fail(session, why, "that is no number of milliseconds");
    return session_settle(session, (gint64)quiet * 1000, step_deadline(session)) ||
           step_fail(session, why, "the program did not stop writing");
}

/* Appends the rows where the screens differ, with a little around them. */
static void show_difference(GString *why, char **expected, char **actual)
{
    guint n_expected = g_strv_length(expected), n_actual = g_strv_length(actual);
    guint last = 0;

    g_string_append_printf(why,
        "the screen is not as expected (-: expected, %u lines; +: is, %u lines)", n_expected,
        n_actual);
    for (guint i = 0; i < MAX(n_expected, n_actual); i++) {
        const char *want = i < n_expected ? expected[i] : NULL;
        const char *is = i < n_actual ? actual[i] : NULL;
        if (g_strcmp0(want, is) == 0)
            continue;
        for (guint c = MAX(last, i > CONTEXT_ROWS ? i - CONTEXT_ROWS : 0); c < i; c++)
            g_string_append_printf(why, "\n  %3u |%s|", c + 1, is != NULL ? actual[c] : "");
        if (want != NULL)
            g_string_append_printf(why, "\n- %3u |%s|", i + 1, want);
        if (is != NULL)
            g_string_append_printf(why, "\n+ %3u |%s|", i + 1, is);
        last = i + 1;
    }
}

static char **masked_screen(const Session *session)
{
    g_auto(GStrv) lines = term_lines(session->term);

    return script_mask(session->script, lines);
}

gboolean do_expect(Session *session, Step *step, GString *why)
{
    gint64 deadline = step_deadline(session);
    g_auto(GStrv) screen = NULL;
    gboolean met = FALSE;

    if (expect_mode != EXPECT_COMPARE) {
        session_settle(session, QUIET_MS * 1000, deadline);
        met = TRUE;
    }
    screen = masked_screen(session);
    if (expect_mode == EXPECT_UPDATE) {
        g_strfreev(step->updated);
        step->updated = g_strdupv(screen);
    }
    while (!met) {
        met = step->block != NULL &&
              g_strv_equal((const char *const *)step->block, (const char *const *)screen);
        if (met || !session_pump(session, deadline))
            break;
        g_strfreev(screen);
        screen = masked_screen(session);
    }
    if (expect_seen != NULL)
        expect_seen(session->term);
    if (!met) {
        char *none[] = {NULL};
        show_difference(why, step->block != NULL ? step->block : none, screen);
    }
    return met;
}

gboolean do_expect_line(Session *session, Step *step, GString *why)
{
    g_autoptr(GPatternSpec) pattern = g_pattern_spec_new(step->rest);
    gint64 deadline = step_deadline(session);

    do {
        g_auto(GStrv) lines = term_lines(session->term);
        for (guint i = 0; lines[i] != NULL; i++)
            if (g_pattern_spec_match_string(pattern, g_strchomp(lines[i])))
                return TRUE;
    } while (session_pump(session, deadline));
    return step_fail(session, why, "no line is like this");
}

gboolean do_expect_no(Session *session, Step *step, GString *why)
{
    session_settle(session, QUIET_MS * 1000, step_deadline(session));
    return !shows(session, step->rest) || step_fail(session, why, "the text is on the screen");
}

/* The text that was sent to the terminal's clipboard last (OSC 52, of any length, up to BEL); NULL:
 * none yet. The caller frees it. */
static char *copied(const Session *session)
{
    static const char begin[] = "\033]52;c;";
    const char *from = NULL, *end = NULL, *limit = session->raw->str + session->raw->len;

    for (const char *p = session->raw->str; p != NULL && p < limit;) {
        p = memmem(p, (gsize)(limit - p), begin, strlen(begin));
        const char *bell = p != NULL ? memchr(p, '\a', (gsize)(limit - p)) : NULL;
        if (bell == NULL)
            break;
        from = p + strlen(begin);
        end = p = bell;
    }
    if (from == NULL)
        return NULL;
    g_autofree char *base64 = g_strndup(from, (gsize)(end - from));
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    return g_strndup((const char *)bytes, length);
}

gboolean do_expect_copied(Session *session, Step *step, GString *why)
{
    gint64 deadline = step_deadline(session);

    do {
        g_autofree char *text = copied(session);
        if (text != NULL && strstr(text, step->rest) != NULL)
            return TRUE;
    } while (session_pump(session, deadline));
    return step_fail(session, why, "the clipboard was not sent this");
}

/* What a cell has, for the word of an "attr" step. -1 where there is no such word. */
static int cell_has(const Term *term, const VTermScreenCell *cell, const char *word)
{
    const struct {
        const char *name;
        gboolean is;
    } rows[] = {{"bold", cell->attrs.bold}, {"underline", cell->attrs.underline != 0},
        {"italic", cell->attrs.italic}, {"blink", cell->attrs.blink},
        {"reverse", cell->attrs.reverse}, {"fg=default", VTERM_COLOR_IS_DEFAULT_FG(&cell->fg)},
        {"bg=default", VTERM_COLOR_IS_DEFAULT_BG(&cell->bg)}};
    const VTermColor *color = g_str_has_prefix(word, "bg=") ? &cell->bg : &cell->fg;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(word, rows[i].name) == 0)
            return rows[i].is;
    if (!g_str_has_prefix(word, "fg=") && !g_str_has_prefix(word, "bg="))
        return -1;
    if (word[3] == '#') {
        g_autofree char *is = term_color(term, *color);
        return g_ascii_strcasecmp(word + 3, is) == 0;
    }
    return VTERM_COLOR_IS_INDEXED(color) && color->indexed.idx == strtol(word + 3, NULL, 10);
}

/* Whether every cell of the place has the attribute @word, or has not where it begins with "!". */
static gboolean place_has(
    const Session *session, int row, int col, int width, const char *word, GString *why)
{
    gboolean wanted = word[0] != '!';
    VTermScreenCell cell;

    for (int i = col; i < col + width; i++) {
        if (!term_cell(session->term, row, i, &cell)) {
            g_string_append(why, "the place is outside of the screen");
            return FALSE;
        }
        int has = cell_has(session->term, &cell, wanted ? word : word + 1);
        if (has == wanted)
            continue;
        g_autofree char *fg = term_color(session->term, cell.fg);
        g_autofree char *bg = term_color(session->term, cell.bg);
        g_string_append_printf(why, "line %d, column %d is not %s: it has%s%s%s%s fg %s bg %s",
            row + 1, i + 1, word, cell.attrs.bold ? " bold" : "",
            cell.attrs.underline ? " underline" : "", cell.attrs.italic ? " italic" : "",
            cell.attrs.reverse ? " reverse" : "", fg, bg);
        return FALSE;
    }
    return TRUE;
}

static gboolean try_attr(const Session *session, const Step *step, GString *why)
{
    const char *rest;
    int row, col, width;

    if (!step_place(session, step->rest, &row, &col, &width, &rest)) {
        g_string_append(why, "there is no such place on the screen");
        return FALSE;
    }
    g_auto(GStrv) words = g_strsplit_set(rest, " ", -1);
    for (guint i = 0; words[i] != NULL; i++)
        if (words[i][0] != '\0' && !place_has(session, row, col, width, words[i], why))
            return FALSE;
    return TRUE;
}

static gboolean try_cursor(const Session *session, const Step *step, GString *why)
{
    const char *rest;
    int row, col, is_row, is_col, width;
    gboolean visible = term_cursor(session->term, &is_row, &is_col);
    gboolean met = strcmp(step->rest, "hidden") == 0
                       ? !visible
                       : visible && step_place(session, step->rest, &row, &col, &width, &rest) &&
                             row == is_row && col == is_col;

    if (!met)
        g_string_append_printf(why, "the cursor is %s at line %d, column %d",
            visible ? "visible" : "hidden", is_row + 1, is_col + 1);
    return met;
}

/* Tries @attempt again whenever the program has written, until it is met or the time is up. */
static gboolean keep_trying(Session *session, Step *step, GString *why,
    gboolean (*attempt)(const Session *, const Step *, GString *))
{
    gint64 deadline = step_deadline(session);

    while (!attempt(session, step, why)) {
        if (!session_pump(session, deadline))
            return FALSE;
        g_string_truncate(why, 0);
    }
    return TRUE;
}

gboolean do_attr(Session *session, Step *step, GString *why)
{
    return keep_trying(session, step, why, try_attr);
}

gboolean do_cursor(Session *session, Step *step, GString *why)
{
    return keep_trying(session, step, why, try_cursor);
}
