/* A table: columns, rows, a cursor that follows its row's id whatever happens around it. It draws
 * from rows that its screen makes anew for each Snapshot; widths only grow, so nothing jumps. */
#pragma once

#include "tui/terminal/canvas.h"
#include "tui/terminal/keymap.h"
#include "tui/terminal/terminal.h"

#define TABLE_COLUMNS 16

typedef struct {
    const char *title;
    int width;     /* at least; it grows with what it holds up to max_width */
    int max_width; /* 0: no limit */
    Align align;   /* ALIGN_NAME: the column also takes what room is left */
    int priority;  /* the column with the highest goes first when the screen is narrow; 0: never */
} TableColumn;

typedef struct {
    char *text; /* NULL: empty */
    Style style;
} TableCell;

/* How far the cells of a row reach. */
typedef enum {
    ROW_CELLS,  /* each within its column */
    ROW_SPILLS, /* what is longer goes on into the empty ones beside it */
    ROW_LINE,   /* the first one is the whole row, whatever the columns are */
} RowShape;

typedef struct {
    char *id; /* NULL: a heading, on which the cursor does not rest */
    TableCell cells[TABLE_COLUMNS];
    Style style; /* of a heading, or of a line */
    RowShape shape;
} TableRow;

typedef struct {
    const TableColumn *columns; /* at most TABLE_COLUMNS, ends with a NULL title */
    gboolean has_header;
    int header; /* its lines as last drawn: none where there is but one line */
    int sorted; /* the column marked as sorted by, -1 none */
    gboolean descending;
    GPtrArray *rows;           /* TableRow*; NULL before table_begin */
    char *selected;            /* the id under the cursor */
    int index, top, height;    /* the cursor's row, the first row shown, rows that fit */
    int widths[TABLE_COLUMNS]; /* as grown so far */
    int wanted[TABLE_COLUMNS]; /* of columns of names: what the longest takes */
    int drawn[TABLE_COLUMNS];  /* the width of each column as last drawn, and … */
    int shown[TABLE_COLUMNS];  /* … its x; -1: dropped */
} Table;

void table_init(Table *table, const TableColumn *columns, gboolean has_header);
void table_clear(Table *table);

/* Between begin and end the rows are made anew; end puts the cursor back on its id, or near where
 * it was when that is gone. */
void table_begin(Table *table);
TableRow *table_add(Table *table, const char *id);
/* Fills column @column of @row; takes @text (from g_strdup or the like). */
void table_cell(TableRow *row, guint column, Style style, char *text);
/* Adds @text to column @column, broken at blanks over as many rows as it takes at @width cells;
 * what follows the first is indented by two more than @text is. Their ids are @id with ".0", ".1" …
 */
void table_wrap(
    Table *table, const char *id, guint column, Style style, const char *text, int width);
/* A row that is one text over all columns, cut at the edge with "…". */
TableRow *table_line(Table *table, const char *id, Style style, const char *text);
TableRow *table_heading(Table *table, Style style, const char *text);
void table_end(Table *table);

/* The row under the cursor, NULL where there is none. */
const TableRow *table_selected(const Table *table);
void table_select(Table *table, const char *id);

void table_draw(Table *table, const Canvas *canvas);
/* Moves the cursor; FALSE where @action is no movement. */
gboolean table_act(Table *table, Action action);
/* A click or the wheel at (@event->y, @event->x) of the canvas last drawn on. Returns the row that
 * was clicked (now selected), NULL where none was; *column (may be NULL) is the header's column
 * that was clicked, -1 where none was. */
const TableRow *table_mouse(Table *table, const MouseEvent *event, int *column);
