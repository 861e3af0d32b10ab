/* Files that a person names in a box. */
#pragma once

#include "tui/app/app.h"

/* The path that @typed stands for: trimmed, "~/" being the home directory as in a shell. NULL with
 * a sentence where it names no file that could be written. The caller frees both. */
char *file_path_typed(const char *typed, char **problem);

/* A file to be written: how it is asked for, and what writes it. */
typedef struct {
    const char *title, *help; /* of the box */
    const char *over;         /* asked where the file is there: "Its lines go.", or "" */
    /* NULL: written. Else why not; the caller frees it. */
    char *(*write)(App *app, const char *path);
    /* Whether the file is what is written's own, so that nobody is asked; NULL: none is. */
    gboolean (*is_own)(App *app, const char *path);
} FileQuestion;

/* Asks for a name, beginning with @name, and before a file that is there is written over; then
 * writes. @question must be static. */
void files_ask(App *app, const FileQuestion *question, const char *name);
