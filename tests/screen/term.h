/* The terminal of the screen tests: libvterm behind plain questions (what stands where, with which
 * attributes, was everything restored) and plain deeds (press a key, use the mouse).
 * Rows and columns count from 0 here; files and messages count from 1. */
#pragma once

#include <glib.h>
#include <vterm.h>

typedef struct Term Term;

/* Takes what the terminal sends to the program: keys, mouse reports, answers to queries. */
typedef void (*TermSend)(const char *bytes, gsize length, gpointer data);

Term *term_new(int rows, int cols, gboolean utf8, TermSend send, gpointer data);
void term_free(Term *term);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Term, term_free)

void term_feed(Term *term, const char *bytes, gsize length);
void term_resize(Term *term, int rows, int cols);
void term_size(const Term *term, int *rows, int *cols);

/* Every row as text, blanks included; the caller frees it with g_strfreev(). */
char **term_lines(const Term *term);

/* Where @text stands first, from the top, and how many cells it takes; FALSE where nowhere. */
gboolean term_find(const Term *term, const char *text, int *row, int *col, int *width);

/* The cell at @row, @col; FALSE outside of the screen. */
gboolean term_cell(const Term *term, int row, int col, VTermScreenCell *cell);

/* Gives @cell the colours of text that has none of its own. */
void term_default_cell(const Term *term, VTermScreenCell *cell);

/* @color as #rrggbb; the caller frees it. */
char *term_color(const Term *term, VTermColor color);

/* Where the cursor is; FALSE where it is hidden. */
gboolean term_cursor(const Term *term, int *row, int *col);

/* Presses the key @name: "a", "Down", "F5", "C-c", "M-x", "S-Tab". FALSE where there is no such
 * key. */
gboolean term_key(Term *term, const char *name);

/* Moves the mouse; @button 1–3, or 4 and 5 for the wheel, 0 for none, changes to @pressed there.
 * FALSE where the program has not asked for mouse reports. */
gboolean term_mouse(Term *term, int row, int col, int button, gboolean pressed);

/* What a program that ended has left switched: "the alternate screen", …; NULL where nothing. */
const char *term_leftover(Term *term);
