/* Lists of KernelFile: a folder of one-value files, or the lines of a file such as meminfo. */
#pragma once

#include "core/host/host.h"

/* An empty list that frees its files. */
GPtrArray *kernel_files_new(void);

/* Every file in the folder @root/@path by name, subfolders left out; empty where there is no such
 * folder. A file that cannot be read stays in the list with a NULL text. The caller owns it. */
GPtrArray *kernel_files_read(const char *root, const char *path);

/* Adds those of the files @names (ends with NULL) that the folder @root/@path has. */
void kernel_files_add(
    GPtrArray *files, const char *root, const char *path, const char *const *names);

/* Adds @name without a text where the folder has such a file: one that is only written. */
void kernel_files_add_unread(
    GPtrArray *files, const char *root, const char *path, const char *name);

/* The lines "Name:  123 kB", "Node 0 Name:  123 kB" or "name 123" of @text (may be NULL), in their
 * order. @prefixes (NULL-terminated; NULL takes all) are the beginnings of the names wanted. The
 * caller owns the list. */
GPtrArray *kernel_files_parse(const char *text, const char *const *prefixes);

/* Sets the rates of @files by the list @elapsed_us before; @previous may be NULL. */
void kernel_files_set_rates(GPtrArray *files, const GPtrArray *previous, gint64 elapsed_us);
