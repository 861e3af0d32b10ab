/* The Preview out of the terminal: to its clipboard, to a file. */
#include "core/util/text.h"
#include "tui/app/files.h"
#include "tui/screens/preview/preview.h"
#include "tui/terminal/clipboard.h"

#include <string.h>

void preview_copy(App *app, const PreviewState *state, gboolean section)
{
    const PreviewLine *line = preview_row_line(state);
    g_autoptr(GError) error = NULL;

    if (line == NULL) {
        app_say(app, STYLE_TEXT, "there is nothing to copy");
        return;
    }
    g_autofree char *text =
        section ? preview_section_text(state->preview, line->target) : preview_text(state->preview);
    if (!clipboard_copy(text, &error))
        app_say_error(app, error);
    else
        app_say(app, STYLE_TEXT, "%" G_GSIZE_FORMAT " bytes sent to the terminal's clipboard",
            strlen(text));
}

/* NULL: written. Else why not; the caller frees it. The preview is that of this moment, whichever
 * was on the screen when the question was asked. */
static char *write_file(App *app, const char *path)
{
    g_autoptr(Preview) preview = preview_make(app->snapshot, app->plan);
    g_autofree char *text = preview_text(preview);
    g_autofree char *shown = text_escape(path, 200);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, text, -1, &error))
        return text_escape(error->message, 300);
    app_say(app, STYLE_GOOD, "written: %s", shown);
    return NULL;
}

static const FileQuestion question = {.title = "Write the preview to a file",
    .help = "As kvmtune set --dry-run prints it.",
    .over = "",
    .write = write_file};

void preview_write(App *app, PreviewState *state)
{
    if (state->preview->lines->len == 0) {
        app_say(app, STYLE_TEXT, "there is nothing to write");
        return;
    }
    files_ask(app, &question, "preview.diff");
}
