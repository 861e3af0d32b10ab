/* A map of a machine: where its packages, NUMA nodes, last-level caches, cores and threads stand on
 * a screen. A pure function of the topology and the shape wanted; the Host screen and the board
 * draw upon it. */
#pragma once

#include "core/host/host.h"
#include "tui/terminal/keymap.h"
#include "tui/terminal/theme.h"

/* What a part of the machine is, from the inside out. */
typedef enum {
    LEVEL_THREAD,
    LEVEL_CORE,
    LEVEL_LLC,
    LEVEL_NODE,
    LEVEL_PACKAGE,
    LEVEL_COUNT,
} MapLevel;

typedef struct {
    int width;     /* of the content; it grows downwards */
    MapLevel zoom; /* what a cell is: LEVEL_THREAD to LEVEL_NODE */
    int chips;     /* cells of room for chips in each; 0: none, and no lines for them */
    int lines;     /* of a cell: 0 or 1 one for all of it; 2 its load, and below its chips */
    int air;       /* blank lines between nodes */
} MapShape;

typedef enum {
    MAP_TEXT, /* text that does not change */
    MAP_PART, /* a part of the machine: the box it takes */
} MapItemKind;

typedef struct {
    MapItemKind kind;
    int y, x, height, width; /* on the content, which may be higher than the screen */
    Style style;             /* MAP_TEXT */
    const char *text;        /* MAP_TEXT */
    MapLevel level;          /* from here on MAP_PART */
    gboolean cell;           /* it is what the zoom makes a cell of: nothing stands in it */
    int parent;              /* the part around it, an index of Map.items; -1: none */
    int index;   /* LEVEL_THREAD: in Topology.cpus; LEVEL_NODE: in Topology.nodes, -1 for the CPUs
                  * that no node holds; LEVEL_PACKAGE: its number, -1 unknown */
    int block;   /* the line at which its node begins */
    IdSet *cpus; /* in it; the map's own */
    int strip_y, strip_x, strip_width; /* where its own chips stand; width 0: nowhere */
} MapItem;

/* Zeroed before the first use. */
typedef struct {
    Topology *topology; /* what it is a map of */
    MapShape shape;
    int height;
    int label_width; /* cells of the longest name of a cell */
    gboolean marks;  /* cells have room for the mark of an isolated CPU */
    GArray *items;   /* MapItem; a part stands before those in it */
    int *cells;      /* by CPU of the topology: the cell it is in, an index of items */
    GStringChunk *texts;
} Map;

/* What a cell's load takes where that has room: a meter of four cells and "100%". */
#define MAP_LOAD_WIDTH 9

/* Lays @topology out; nothing is done where that is what @map shows already. */
void map_lay(Map *map, Topology *topology, const MapShape *shape);
void map_clear(Map *map);

/* The cell that CPU @id is in, or NULL. */
const MapItem *map_cell_of(const Map *map, int id);
/* The innermost part at (@y, @x) of the content, or NULL. */
const MapItem *map_at(const Map *map, int y, int x);
/* The part that @item stands in, or NULL. */
const MapItem *map_parent(const Map *map, const MapItem *item);
/* Whether @item is @part or stands in it. */
gboolean map_within(const Map *map, const MapItem *item, const MapItem *part);
/* The part of @level that CPU @id is in, or for LEVEL_NODE node @id (-1: those in no node); NULL
 * where there is none. */
const MapItem *map_part(const Map *map, MapLevel level, int id);
/* The part that @action leads to from @from, which is one of the same level, @page lines being a
 * page; from NULL to the first cell. NULL where @action is no movement or nothing is there. */
const MapItem *map_move(const Map *map, const MapItem *from, Action action, int page);
