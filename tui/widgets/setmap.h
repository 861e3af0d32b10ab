/* A set of CPUs or of NUMA nodes, drawn as the machine is built, to be clicked on. */
#pragma once

#include "tui/terminal/canvas.h"
#include "tui/terminal/terminal.h"
#include "tui/widgets/machine.h"

typedef enum { SETMAP_CPUS, SETMAP_NODES } SetMapKind;

/* Zeroed before the first use. */
typedef struct {
    SetMapKind kind;
    Host *host;      /* what is drawn; NULL: closed */
    IdSet *set;      /* never NULL while it is open */
    Map map;         /* of SETMAP_CPUS */
    int cursor;      /* the CPU or node under it */
    int top, height; /* the first line shown, the lines as last drawn */
} SetMap;

/* Opens it for @host, which must have CPUs, with nothing chosen. */
void setmap_open(SetMap *map, SetMapKind kind, Host *host);
void setmap_close(SetMap *map);
/* Chooses @set; the cursor goes to its first member. */
void setmap_choose(SetMap *map, const IdSet *set);

/* The lines it takes in @width cells. */
int setmap_lines(SetMap *map, int width);
void setmap_draw(SetMap *map, const Canvas *canvas);
/* What its keys are, for the hint line. */
const char *setmap_hint(const SetMap *map);
/* Both return TRUE where the set is another one now; a key that is not the map's changes nothing.
 * @event's y and x are those of the canvas last drawn on. */
gboolean setmap_key(SetMap *map, guint key);
gboolean setmap_mouse(SetMap *map, const MouseEvent *event);
