/* What the files of the Preview screen share: its state, and its rows. */
#pragma once

#include "core/preview/preview.h"
#include "tui/app/app.h"
#include "tui/widgets/table.h"

typedef struct PreviewAnswer PreviewAnswer;

typedef struct {
    App *app;
    Table table;
    Preview *preview;    /* NULL before the first update */
    GArray *places;      /* guint a row of the table: its line in preview->lines, or NO_LINE */
    GHashTable *folds;   /* a heading's id → GINT_TO_POINTER(TRUE: folded): what the user chose */
    IdSet *doomed;       /* changes that a question about unstaging is of; NULL: none */
    GHashTable *answers; /* of libvirt, on QEMU's command line: PreviewAnswer* (preview-native.c) */
    char *search;        /* the text looked for last, or NULL */
    int width;           /* the rows were made for */
} PreviewState;

#define NO_LINE G_MAXUINT

/* Makes the rows anew from state->preview, as folded and for state->width cells. */
void preview_rows(PreviewState *state);
/* The line under the cursor, and its index in the preview; NULL, NO_LINE where there is none. */
guint preview_row_place(const PreviewState *state);
const PreviewLine *preview_row_line(const PreviewState *state);
/* Puts the cursor on line @index of the preview, unfolding what hides it. */
void preview_reveal(PreviewState *state, guint index);

/* Scrolls so far that what hangs on the heading under the cursor is seen, or as much as fits. */
void preview_show_below(PreviewState *state);

/* Folds or unfolds the heading under the cursor, or the one that the line under it belongs to. */
void preview_fold(PreviewState *state);
/* As Left and Right do in a tree: FALSE goes out (folds, or goes to the heading above), TRUE in. */
void preview_step(PreviewState *state, gboolean in);
/* Folds every domain; unfolds them all where all are folded. */
void preview_fold_all(PreviewState *state);

/* How QEMU's command line of @target, whose next start changes, would change: lines as
 * nativecmd_change() gives them. NULL: *problem says why, or is NULL while libvirt is asked. */
const GPtrArray *preview_native(
    PreviewState *state, const PreviewTarget *target, const char **problem);
/* TRUE where an answer came since the last call: the rows are to be made anew. */
gboolean preview_native_news(PreviewState *state);
/* Forgets an answer that was none, so that it is asked for again. */
void preview_native_forget(PreviewState *state, const PreviewTarget *target);

/* Looks for @text from the cursor on and says what it found; remembers it. */
void preview_search(App *app, PreviewState *state, const char *text);
/* Puts the cursor on the first error, from one on the next, and says that it is refused. */
void preview_next_error(App *app, PreviewState *state);
/* The next one forward, or backward. */
void preview_search_again(App *app, PreviewState *state, gboolean forward);

/* Copies the preview to the terminal's clipboard; only the section under the cursor with @section.
 */
void preview_copy(App *app, const PreviewState *state, gboolean section);
/* Asks for a file's name and writes the preview there. */
void preview_write(App *app, PreviewState *state);
