/* The figures of a layout: how crowded the host's CPUs are, which domains straddle, what of the
 * memory is remote. Made from a Snapshot and a Plan within a millisecond, so that they may be shown
 * before → after while something is dragged. */
#pragma once

#include "core/tune/plan.h"

typedef enum {
    FIGURE_VCPUS_PER_THREAD,
    FIGURE_CROWDED_THREADS,
    FIGURE_CROWDED_CORES,
    FIGURE_STRADDLE_NODES,
    FIGURE_STRADDLE_CACHES,
    FIGURE_REMOTE_MEMORY,
    FIGURE_HELPERS_ON_VCPU_CORES,
    PLACE_FIGURES_COUNT,
} PlaceFigure;

typedef struct {
    const char *key;        /* as JSON names it */
    const char *name;       /* a few words for a line of figures */
    const char *unit;       /* "%", "" for a plain number */
    guint scale;            /* the value is in 1/scale of the unit */
    const char *definition; /* a sentence or two */
} PlaceFigureInfo;

typedef struct {
    Num values[PLACE_FIGURES_COUNT]; /* unknown without a host or where nothing is known of it */
} PlaceFigures;

const PlaceFigureInfo *place_figure_info(PlaceFigure figure);
/* The figures of @snapshot with @plan (may be NULL) applied: of the domains that run, and of those
 * that the plan pins. */
PlaceFigures place_figures(const Snapshot *snapshot, const Plan *plan);
/* "1.25", "3", "12.5%", "–" where unknown. The caller frees it. */
char *place_figure_text(PlaceFigure figure, Num value);
