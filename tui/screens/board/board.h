/* What the files of the board share: its state, and what each does for the screen.
 *
 * What is drawn is what is acted upon: a new Snapshot or Plan only marks the picture stale, and it
 * is made anew before it is drawn, or before a key acts on it. A click thus means what was seen. */
#pragma once

#include "tui/app/app.h"
#include "tui/screens/board/boardchips.h"
#include "tui/screens/board/boarddrop.h"
#include "tui/screens/board/boardtray.h"

/* What the cursor is on: known by what it is, not by where it stands. */
typedef struct {
    gboolean tray;
    MapLevel level; /* on the map */
    int id;         /* a CPU in the part; LEVEL_NODE: the node, -1 for CPUs in none */
    char *uuid;     /* in the tray: a domain */
    guint chosen;   /* which of the chips there; in the tray 0 is the domain's name */
} BoardCursor;

typedef struct {
    int y, x, height, width;
} Area;

/* What the mouse button is held for. */
typedef enum {
    DRAG_NONE,
    DRAG_PRESSED, /* not moved yet */
    DRAG_CHIPS,
    DRAG_RECTANGLE,
} DragKind;

typedef struct {
    DragKind kind;
    Carry pressed; /* what the button was pressed on: none for a rectangle */
    int from_y, from_x, y, x;
    gboolean nowhere; /* the mouse is on nothing that could be dropped on */
    gboolean add;     /* Ctrl is held */
} Drag;

/* What the shape of the map's cells was chosen for. */
typedef struct {
    int width, height, zoom, chips;
} BoardFit;

typedef struct {
    int height, width; /* of the canvas, 0 before the first picture */
    gboolean ascii;
    Chips chips;
    Map map;
    ChipPlaces places;
    Tray tray;
    MapLevel zoom;
    BoardFit fit;
    BoardCursor cursor;
    Carry carry;
    gboolean add; /* + : what is dropped is added to what it has */
    Drag drag;
    Drop *drop;            /* what it would do to drop here; NULL: nothing carried */
    char *drop_of;         /* what @drop was made of */
    PlaceLayout *proposal; /* shown as ghosts; NULL: none */
    Plan *ghost_plan;      /* what is staged and the proposal */
    PlaceFigures figures;  /* as things stand with what is staged */
    Area map_area, tray_area, panel_area, figures_area; /* height 0: not shown */
    Area track_area;                 /* the overview beside the map, one column */
    int top;                         /* the first line of the map shown */
    int tray_top;                    /* and of the tray */
    gboolean follow;                 /* the cursor has moved: bring it into view */
    gboolean stale;                  /* there is a newer Snapshot or Plan than it shows */
    int screen_height, screen_width; /* of the terminal when it was last updated */
} BoardState;

/* ---- board.c ---- */

/* Makes the picture anew where it is stale. */
void board_refresh(App *app, BoardState *state);
/* Ends a drag and what is carried, and says why (may be NULL); nothing is dropped. */
void board_cancel(App *app, BoardState *state, const char *why);

/* Whether both have the same CPUs and nodes: a topology may be read again though nothing changed.
 */
gboolean board_same_machine(const Topology *a, const Topology *b);
/* FALSE, and ends the drag, where something carried went, or the machine or the terminal changed.
 */
gboolean board_still_holds(App *app, BoardState *state);

/* ---- boardlayout.c: what is where ---- */

void board_lay(BoardState *state);
/* Brings the cursor into view where it has moved, and the view into the content. */
void board_follow(BoardState *state);
/* The part under the cursor, NULL where it is in the tray or nowhere. */
const MapItem *board_part(const BoardState *state);
const TrayItem *board_tray_item(const BoardState *state);
/* The chips under the cursor: those of the part, then those of what is in it. The caller frees it.
 */
GArray *board_chips_here(const BoardState *state);
/* The chip chosen under the cursor, NULL where there is none. */
const Chip *board_chip(const BoardState *state);
void board_go_to_part(BoardState *state, const MapItem *part);
void board_go_to_tray(BoardState *state, const TrayItem *item);

/* ---- boardtrack.c: the overview ---- */

void board_draw_track(const Canvas *canvas, const App *app, const BoardState *state);
/* Shows the part of the map that the overview's line at (@y, @x) stands for; FALSE: it is not
 * there.
 */
gboolean board_pan_to(BoardState *state, int y, int x);

/* ---- boardmove.c: the cursor ---- */

/* FALSE: @action is no movement of the board's. */
gboolean board_move(BoardState *state, Action action);

/* ---- boarddrag.c, boardact.c: carrying and dropping ---- */

void board_mouse(App *app, gpointer state, const MouseEvent *event);
/* FALSE: @action is none of these. */
gboolean board_carry_act(App *app, BoardState *state, Action action);
/* Drops what is carried on what is under the cursor. */
void board_drop(App *app, BoardState *state);
/* Whether what is dropped is added to what it has. */
gboolean board_adds(const BoardState *state);
/* Makes @state->drop for what is under the cursor, where it is not made already. */
void board_foresee(App *app, BoardState *state);

/* ---- boardpropose.c ---- */

/* @all: for the domains that are off, too. */
void board_propose(App *app, BoardState *state, gboolean all);
void board_take_all(App *app, BoardState *state);
void board_take_one(App *app, BoardState *state);
void board_forget_proposal(BoardState *state);
/* Whether all that it speaks of is still there. */
gboolean board_proposal_holds(const App *app, const BoardState *state);
/* What is proposed for the domain under the cursor; NULL for nothing. */
const PlacedDomain *board_placed_here(const BoardState *state);

/* ---- drawing ---- */

void board_draw_figures(const Canvas *canvas, const BoardState *state);

void board_draw_map(const Canvas *canvas, const App *app, const BoardState *state);
void board_draw_tray(const Canvas *canvas, const BoardState *state);
void board_draw_panel(const Canvas *canvas, const App *app, const BoardState *state);
/* What a part is called: "node 1", "core of CPUs 1,33". The caller frees it. */
char *board_part_title(const MapItem *part, const Topology *topology);
