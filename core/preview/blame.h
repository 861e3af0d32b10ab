/* Blame: which of several changes, made one after another in a text, made which of its lines. So a
 * hunk of the diff of all of them can be taken back alone. Changes are numbers, lines are counted
 * from 0. */
#pragma once

#include "core/util/idset.h"

typedef struct Blame Blame;

/* Nothing is changed yet in @text. */
Blame *blame_new(const char *text);
void blame_free(Blame *blame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Blame, blame_free)

/* Change @number made @after of @before, which is the text as the change before it left it. */
void blame_change(Blame *blame, const char *before, const char *after, guint number);

/* The changes that took line @line of the first text away; that made line @line of the last one.
 * NULL: none did. They belong to @blame. */
const IdSet *blame_removed(const Blame *blame, guint line);
const IdSet *blame_added(const Blame *blame, guint line);
