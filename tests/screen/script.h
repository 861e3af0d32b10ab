/* A screen test as it stands in its file: what to run and on which terminal (the header), then one
 * step a line. tests/screen/README.md describes the format. */
#pragma once

#include <glib.h>

typedef struct {
    GRegex *regex;
    char *with;
} Mask;

typedef struct {
    char *word;     /* what to do: "key", "expect", … */
    char *rest;     /* what follows it on the line, "" where nothing */
    char **block;   /* the text between the bars of the |…| lines below it, or NULL */
    guint line;     /* counted from 1 */
    guint n_block;  /* how many lines the block has in the file */
    char **updated; /* what --update writes in its place, or NULL */
} Step;

typedef struct {
    char *path;
    char *name;       /* the "test" line, else the file's name */
    char **lines;     /* the file, for --update */
    int rows, cols;   /* 24 by 80 */
    char *term;       /* TERM; NULL: unset */
    gboolean utf8;    /* the locale and the terminal's mode */
    gint64 timeout;   /* of each step, in µs */
    char *program;    /* NULL: the kvmtune that was built */
    char *args;       /* in the shell's quoting; may name $top_srcdir, $top_builddir, $HOME */
    GPtrArray *env;   /* "NAME=VALUE" */
    GPtrArray *files; /* Step: files to be in HOME before the start; rest is the path */
    GPtrArray *masks; /* Mask */
    GPtrArray *steps; /* Step */
} Script;

/* Reads @path. NULL and @error (naming file and line) where it is no screen test. Whether a step's
 * word means anything is for steps.h to say. */
Script *script_load(const char *path, GError **error);
void script_free(Script *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_free)

/* @lines with the volatile parts replaced as the masks say; every line keeps its width. */
char **script_mask(const Script *script, char **lines);

/* Parses "80x24", columns first; FALSE where it is no size. */
gboolean script_parse_size(const char *text, int *cols, int *rows);

/* Writes the file anew, with the updated blocks. */
gboolean script_save(const Script *script, GError **error);
