/* What tests of apply, undo and recovery stand on: a host's files written into a folder of their
 * own, a journal in it, and, where asked for, domains of libvirt's test driver. */
#pragma once

#include "core/apply/apply.h"
#include "core/apply/undo.h"
#include "tests/unit/tree.h"

typedef struct {
    Tree tree;
    const char *root;       /* the tree's */
    Connection *connection; /* NULL without domains */
    Snapshot *snapshot;     /* of the host's files only */
    Journal *journal;
    ApplyContext context;
} Fixture;

/* For g_test_add; @data is the number of domains (GUINT_TO_POINTER). Domain N is called vmN. */
void fixture_set_up(Fixture *f, gconstpointer data);
void fixture_tear_down(Fixture *f, gconstpointer data);

void fixture_put(const Fixture *f, const char *path, const char *text);
void fixture_check_file(const Fixture *f, const char *path, const char *text);
/* A picture of now: the files, and the domains where there are any. */
Snapshot *fixture_take(const Fixture *f);
/* A preview of KEY, VALUE, … NULL on @target. */
Preview *fixture_preview(const Fixture *f, const char *target, ...) G_GNUC_NULL_TERMINATED;
/* Applies what takes @number (0: the newest) back, as the command does. */
guint fixture_undo(const Fixture *f, guint number, GError **error);
/* The value of @key at the next start of @domain ("host": of the host) now. */
char *fixture_value(const Fixture *f, const char *target, const char *key);
void fixture_check_value(const Fixture *f, const char *target, const char *key, const char *value);
/* Another writer's work: sets @key in the next start of @domain, whatever kvmtune does. */
void fixture_other_sets(const Fixture *f, const char *domain, const char *key, const char *value);
