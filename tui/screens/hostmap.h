/* Where everything of a machine stands on the Host screen: packages, nodes, and in them the CPUs as
 * the machine is built, grouped by last-level cache and core. */
#pragma once

#include "core/host/host.h"
#include "tui/keymap.h"
#include "tui/theme.h"

typedef enum {
    HOST_TEXT, /* text that does not change */
    HOST_NODE, /* a node's line: its memory, pools and load */
    HOST_CPU,  /* the cell of a CPU */
} HostItemKind;

typedef struct {
    HostItemKind kind;
    int y, x, width; /* on the content, which may be higher than the screen */
    int index;       /* HOST_NODE: in Topology.nodes; HOST_CPU: in Topology.cpus */
    int block;       /* the line at which its node begins */
    Style style;
    const char *text; /* HOST_TEXT */
} HostItem;

/* Zeroed before the first use. */
typedef struct {
    Topology *topology; /* what it is a map of */
    int width, height;
    int id_width;      /* cells of the largest CPU id */
    gboolean isolated; /* cells have room for the mark of an isolated CPU */
    GArray *items;     /* HostItem */
    GStringChunk *texts;
} HostMap;

/* Lays @topology out in @width cells; nothing is done where that is what @map shows already. */
void host_map_lay(HostMap *map, Topology *topology, int width);
void host_map_clear(HostMap *map);

/* The cell of CPU @id, or NULL. */
const HostItem *host_map_cpu(const HostMap *map, int id);
/* The cell at (@y, @x) of the content, or NULL. */
const HostItem *host_map_at(const HostMap *map, int y, int x);
/* The cell that @action leads to from @from (NULL: the first cell), @page lines being a page; NULL
 * where @action is no movement or there is nothing in that direction. */
const HostItem *host_map_move(const HostMap *map, const HostItem *from, Action action, int page);
