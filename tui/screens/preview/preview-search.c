/* The Preview screen's search, for a text and for what is refused: over all lines, the folded ones
 * included. */
#include "tui/screens/preview/preview.h"

#include <string.h>

typedef gboolean (*Matches)(const PreviewState *state, const PreviewLine *line);

static gboolean has_text(const PreviewState *state, const PreviewLine *line)
{
    return strcasestr(line->text, state->search) != NULL;
}

static gboolean is_error(const PreviewState *state, const PreviewLine *line)
{
    (void)state;
    return line->kind == LINE_ERROR;
}

static gboolean matches_at(const PreviewState *state, Matches matches, guint i)
{
    return matches(state, g_ptr_array_index(state->preview->lines, i));
}

/* Puts the cursor on the first line from @from on, round the end, that @matches. FALSE where none
 * does; else *rank is its place among the *all that do. */
static gboolean find(
    PreviewState *state, Matches matches, guint from, gboolean forward, guint *rank, guint *all)
{
    guint count = state->preview->lines->len, found = NO_LINE;

    for (guint n = 0; n < count && found == NO_LINE; n++) {
        guint i = (forward ? from + n : from + count - n) % count;
        if (matches_at(state, matches, i))
            found = i;
    }
    if (found == NO_LINE)
        return FALSE;
    *rank = *all = 0;
    for (guint i = 0; i < count; i++)
        if (matches_at(state, matches, i)) {
            (*all)++;
            *rank += i <= found;
        }
    preview_reveal(state, found);
    return TRUE;
}

static void find_text(App *app, PreviewState *state, guint from, gboolean forward)
{
    guint rank, all;

    if (find(state, has_text, from, forward, &rank, &all))
        app_say(app, STYLE_TEXT, "\"%s\": %u of %u   (n next, N the one before)", state->search,
            rank, all);
    else
        app_say(app, STYLE_WARN, "nothing here has \"%s\"", state->search);
}

void preview_next_error(App *app, PreviewState *state)
{
    guint place = preview_row_place(state), rank, all;
    gboolean at_one = place != NO_LINE && matches_at(state, is_error, place);

    if (find(state, is_error, at_one ? place + 1 : 0, TRUE, &rank, &all))
        app_say(app, STYLE_BAD, "nothing is applied: this is refused (error %u of %u%s)", rank, all,
            all > 1 ? ", a goes to the next" : "");
}

void preview_search(App *app, PreviewState *state, const char *text)
{
    guint place = preview_row_place(state);

    g_free(state->search);
    state->search = g_strdup(text);
    if (state->preview->lines->len)
        find_text(app, state, place == NO_LINE ? 0 : place, TRUE);
}

void preview_search_again(App *app, PreviewState *state, gboolean forward)
{
    guint place = preview_row_place(state), count = state->preview->lines->len;

    if (state->search == NULL)
        app_say(app, STYLE_TEXT, "nothing was looked for yet: / does");
    else if (count)
        find_text(app, state,
            place == NO_LINE ? 0
            : forward        ? (place + 1) % count
                             : (place + count - 1) % count,
            forward);
}
