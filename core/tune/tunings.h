/* What stands of every tunable of one domain: running now and at its next start. */
#pragma once

#include "core/tune/plan.h"

typedef struct {
    TunableKey *key;
    char *live;        /* running now; "" where its XML says nothing, NULL where it does not run */
    char *config;      /* at its next start, likewise; NULL where it has none (transient) */
    const char *waits; /* why the running domain does not take it; NULL: it does, or none runs */
} Tuning;

/* A Tuning* for every key that @domain has room for, in the catalogue's order. Empty where its XML
 * is not known yet. */
GPtrArray *tunings_read(const Domain *domain);
const Tuning *tunings_find(const GPtrArray *tunings, const char *key); /* NULL: not among them */

/* Why the running @domain does not take @row's value as it stands, though others do; NULL: it does,
 * or it does not run. */
const char *tunings_waits(const Tunable *row, const Domain *domain);

/* The value to begin an edit with: the next start's, else the running one's. */
const char *tuning_value(const Tuning *tuning);
/* Whether @value is nothing set, or what holds where nothing is set. */
gboolean tuning_is_default(const Tunable *row, const char *value);
/* TRUE where the next start will not be as it runs now. What libvirt wrote into the running
 * domain's XML by itself, because nothing was set, is no difference. */
gboolean tuning_differs(const Tuning *tuning);

/* The part of a key that says of what it is: "disk vda" of disk.vda.cache, "vcpupin" of
 * vcpupin.3; NULL where the domain has only one such key. *rest (may be NULL) is what follows it
 * within @key: "cache", and the whole key for a list. The caller frees it. */
char *tunable_key_instance(const TunableKey *key, const char **rest);

/* What came of staging the tunings of one domain on another. */
typedef struct {
    guint staged, same; /* changes; those that stand already */
    GPtrArray *cards;   /* char*: "interface ADDRESS: ADDRESS HERE", of cards with a change */
    GPtrArray *unfit;   /* char*: a sentence for each key, disk or card that it cannot have: another
                         * disk, too few vCPUs, more or fewer cards */
} TuningsFit;
void tunings_fit_clear(TuningsFit *fit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TuningsFit, tunings_fit_clear)

/* Stages on @domain what @source (Tuning*) sets at the next start, and is otherwise on @domain.
 * Where both have as many cards, a card takes over from the one in its place. */
TuningsFit tunings_stage(
    const GPtrArray *source, Plan *plan, const Snapshot *snapshot, const Domain *domain);
