/* What a drop on the board would do: which pins it sets, made from the chips carried and what they
 * are dropped on, and what is to be said of it. Nothing is staged here. */
#pragma once

#include "core/place/place.h"
#include "tui/screens/board/boardchips.h"

/* What is carried over the board: chips, and whole domains where a key is NULL. */
typedef struct {
    char *uuid, *key;
    char *label;     /* as it was when it was taken, to be named when it is gone */
    gboolean active; /* whether its domain ran then */
} Carried;

/* Zeroed before the first use. */
typedef struct {
    GPtrArray *items; /* Carried*; NULL for none */
} Carry;

guint carry_count(const Carry *carry);
void carry_clear(Carry *carry);
gboolean carry_has(const Carry *carry, const char *uuid, const char *key);
/* Takes the chip @key of @domain, or with NULL all of it. */
void carry_add(Carry *carry, const Domain *domain, const char *key, const char *label);
/* The same of what another one carries. */
void carry_add_carried(Carry *carry, const Carried *carried);
void carry_remove(Carry *carry, const char *uuid, const char *key);
/* Why it cannot go on, as things are in @snapshot: "a0 went away", "a0 was stopped"; NULL where all
 * is as it was when it was taken. The caller frees it. */
char *carry_lost(const Carry *carry, const Snapshot *snapshot);
/* "a0 a1 db". The caller frees it. */
char *carry_text(const Carry *carry);

/* What it is dropped on. */
typedef struct {
    const IdSet *cpus; /* NULL: the tray, which unpins */
    int node;          /* where it is a node, for a whole domain's memory; else -1 */
    gboolean add;      /* to what it has */
} DropTarget;

typedef struct {
    char *uuid, *key, *value;
} DropChange;

typedef struct {
    GPtrArray *changes;   /* DropChange*: one act */
    char *refusal;        /* why nothing can be dropped there, or NULL */
    GPtrArray *warnings;  /* char*: sentences */
    Plan *plan;           /* @plan with the changes; NULL where refused */
    PlaceFigures figures; /* of that plan */
} Drop;

/* What it would do to drop @carry on @target. The caller frees it. */
Drop *drop_make(const Chips *chips, const Plan *plan, const Carry *carry, const DropTarget *target);
/* Says of @drop what one should know before it is made; drop_make() does. */
void drop_warn(Drop *drop, const Chips *chips);
void drop_free(Drop *drop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Drop, drop_free)
