/* A small tree of files that a test writes into a folder of its own: a made-up /sys, /proc or /etc.
 */
#pragma once

#include <glib.h>

/* As a fixture: g_test_add(path, Tree, NULL, tree_setup, test, tree_teardown). */
typedef struct {
    char *root;
} Tree;

void tree_setup(Tree *tree, gconstpointer unused);
void tree_teardown(Tree *tree, gconstpointer unused);

/* Writes @text to @path below the tree, its folders made. */
void tree_put(const Tree *tree, const char *path, const char *text);
