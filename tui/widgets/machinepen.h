/* What the files that lay a map share: the pen, and what is laid below a node or a package. */
#pragma once

#include "tui/widgets/machine.h"
#include "tui/widgets/machineparts.h"

#define NODE_INDENT 2 /* of what stands below a node's or a package's line */

/* Where is being laid, and within which lines. */
typedef struct {
    Map *map;
    int x, width; /* of the column */
    int y;        /* the next free line */
    int block;    /* the line at which the node began */
    int parent;   /* the part that is being laid, -1: none */
} Pen;

void pen_text(const Pen *pen, int y, int x, int width, Style style, const char *text);
/* Adds the part @level of @cpus at (@y, @x), and returns a pen to lay what is in it. */
Pen pen_open(const Pen *pen, MapLevel level, int index, const IdSet *cpus, int y, int x, int width);
/* Of the part that @inner lays: where its own chips stand, its last line, and that it is the cell
 * of its CPUs. */
void pen_strip(const Pen *inner, int y, int x, int width);
void pen_height(const Pen *inner, int bottom);
void pen_cell(const Pen *inner);

/* machinecells.c: lays @cpus by cache, core and thread, down to what the zoom makes a cell of. */
void pen_lay_cpus(Pen *pen, const IdSet *cpus);
/* The cells of the screen that @cores (IdSet*) take in one line. */
int pen_cores_width(const Map *map, const GPtrArray *cores);
