/* Names of files as a person types them into a box. */
#pragma once

#include <glib.h>

/* The path that @typed stands for: trimmed, "~/" being the home directory as in a shell. NULL with
 * a sentence where it names no file that could be written. The caller frees both. */
char *file_path_typed(const char *typed, char **problem);
