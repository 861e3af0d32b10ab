/* The Preview screen's search: over all lines, the folded ones included. */
#include "tui/screens/preview/preview.h"

#include <string.h>

static gboolean matches(const PreviewState *state, guint i)
{
    const PreviewLine *line = g_ptr_array_index(state->preview->lines, i);

    return strcasestr(line->text, state->search) != NULL;
}

static void find(App *app, PreviewState *state, guint from, gboolean forward)
{
    guint count = state->preview->lines->len, all = 0, rank = 0, found = NO_LINE;

    for (guint n = 0; n < count && found == NO_LINE; n++) {
        guint i = (forward ? from + n : from + count - n) % count;
        if (matches(state, i))
            found = i;
    }
    if (found == NO_LINE) {
        app_say(app, STYLE_WARN, "nothing here has \"%s\"", state->search);
        return;
    }
    for (guint i = 0; i < count; i++)
        if (matches(state, i)) {
            all++;
            rank += i <= found;
        }
    preview_reveal(state, found);
    app_say(
        app, STYLE_TEXT, "\"%s\": %u of %u   (n next, N the one before)", state->search, rank, all);
}

void preview_search(App *app, PreviewState *state, const char *text)
{
    guint place = preview_row_place(state);

    g_free(state->search);
    state->search = g_strdup(text);
    if (state->preview->lines->len)
        find(app, state, place == NO_LINE ? 0 : place, TRUE);
}

void preview_search_again(App *app, PreviewState *state, gboolean forward)
{
    guint place = preview_row_place(state), count = state->preview->lines->len;

    if (state->search == NULL)
        app_say(app, STYLE_TEXT, "nothing was looked for yet: / does");
    else if (count)
        find(app, state,
            place == NO_LINE ? 0
            : forward        ? (place + 1) % count
                             : (place + count - 1) % count,
            forward);
}
