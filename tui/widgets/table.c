/* A table whose cursor follows its row's id, and whose columns only grow. */
#include "tui/widgets/table.h"

#include <string.h>

#define GAP 2 /* cells between two columns */

static void row_free(gpointer data)
{
    TableRow *row = data;

    for (guint i = 0; i < TABLE_COLUMNS; i++)
        g_free(row->cells[i].text);
    g_free(row->id);
    g_free(row);
}

static guint column_count(const Table *table)
{
    guint n = 0;

    while (n < TABLE_COLUMNS && table->columns[n].title)
        n++;
    return n;
}

void table_init(Table *table, const TableColumn *columns, gboolean has_header)
{
    *table = (Table){.columns = columns, .has_header = has_header, .sorted = -1};
    for (guint i = 0; i < column_count(table); i++)
        table->widths[i] = columns[i].width;
    table->rows = g_ptr_array_new_with_free_func(row_free);
}

void table_clear(Table *table)
{
    g_clear_pointer(&table->rows, g_ptr_array_unref);
    g_clear_pointer(&table->selected, g_free);
}

void table_begin(Table *table)
{
    g_ptr_array_set_size(table->rows, 0);
}

TableRow *table_add(Table *table, const char *id)
{
    TableRow *row = g_new0(TableRow, 1);

    row->id = g_strdup(id);
    g_ptr_array_add(table->rows, row);
    return row;
}

void table_cell(TableRow *row, guint column, Style style, char *text)
{
    g_free(row->cells[column].text);
    row->cells[column] = (TableCell){text, style};
}

void table_wrap(
    Table *table, const char *id, guint column, Style style, const char *text, int width)
{
    gsize indent = strspn(text, " ");
    g_auto(GStrv) words = g_strsplit(text + indent, " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);
    guint part = 0;

    g_string_printf(line, "%*s", (int)indent, "");
    for (guint i = 0; words[i]; i++) {
        int used = canvas_width(line->str, FALSE) + canvas_width(words[i], FALSE);
        if (i > 0 && used >= MAX(width, 20)) {
            g_autofree char *name = g_strdup_printf("%s.%u", id, part++);
            table_cell(table_add(table, name), column, style, g_strdup(line->str));
            g_string_printf(line, "%*s", (int)indent + 2, "");
        } else if (i > 0) {
            g_string_append_c(line, ' ');
        }
        g_string_append(line, words[i]);
    }
    g_autofree char *name = g_strdup_printf("%s.%u", id, part);
    table_cell(table_add(table, name), column, style, g_strdup(line->str));
}

TableRow *table_line(Table *table, const char *id, Style style, const char *text)
{
    TableRow *row = table_add(table, id);

    row->shape = ROW_LINE;
    row->style = style;
    row->cells[0].text = g_strdup(text);
    return row;
}

TableRow *table_heading(Table *table, Style style, const char *text)
{
    TableRow *row = table_add(table, NULL);

    row->style = style;
    table_cell(row, 0, style, g_strdup(text));
    return row;
}

static TableRow *row_at(const Table *table, int index)
{
    return index >= 0 && index < (int)table->rows->len ? g_ptr_array_index(table->rows, index)
                                                       : NULL;
}

/* The nearest row that the cursor may rest on, from @index on in direction @step, else the other.
 */
static int resting_row(const Table *table, int index, int step)
{
    for (int turn = 0; turn < 2; turn++, step = -step)
        for (int i = index; i >= 0 && i < (int)table->rows->len; i += step)
            if (row_at(table, i)->id)
                return i;
    return -1;
}

static void set_cursor(Table *table, int index, int step)
{
    int last = (int)table->rows->len - 1;

    index = resting_row(table, CLAMP(index, 0, MAX(last, 0)), step);
    table->index = MAX(index, 0);
    g_free(table->selected);
    table->selected = index >= 0 ? g_strdup(row_at(table, index)->id) : NULL;
}

static void grow_widths(Table *table)
{
    guint columns = column_count(table);

    for (guint i = 0; i < columns; i++) {
        int limit = table->columns[i].max_width ? table->columns[i].max_width : 1000;
        if (table->has_header)
            table->widths[i] =
                MAX(table->widths[i], MIN(limit, canvas_width(table->columns[i].title, FALSE)));
    }
    for (guint r = 0; r < table->rows->len; r++) {
        const TableRow *row = g_ptr_array_index(table->rows, r);
        for (guint i = 0; row->id && row->shape != ROW_LINE && i < columns; i++) {
            int limit = table->columns[i].max_width ? table->columns[i].max_width : 1000;
            if (row->cells[i].text == NULL ||
                (table->widths[i] >= limit && table->columns[i].align != ALIGN_NAME))
                continue;
            int cells = canvas_width(row->cells[i].text, FALSE);
            table->widths[i] = MAX(table->widths[i], MIN(limit, cells));
            table->wanted[i] = MAX(table->wanted[i], cells);
        }
    }
}

void table_end(Table *table)
{
    grow_widths(table);
    for (guint i = 0; table->selected && i < table->rows->len; i++) {
        const TableRow *row = g_ptr_array_index(table->rows, i);
        if (row->id && strcmp(row->id, table->selected) == 0) {
            /* What is above may have come or gone: the row keeps its line on the screen. */
            table->top += (int)i - table->index;
            table->index = (int)i;
            return;
        }
    }
    set_cursor(table, table->index, 1);
}

const TableRow *table_selected(const Table *table)
{
    return table->selected ? row_at(table, table->index) : NULL;
}

void table_select(Table *table, const char *id)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const TableRow *row = g_ptr_array_index(table->rows, i);
        if (row->id && strcmp(row->id, id) == 0) {
            set_cursor(table, (int)i, 1);
            return;
        }
    }
    g_free(table->selected);
    table->selected = g_strdup(id);
}

/* Which columns fit @width, those of the highest priority left out first, and where each begins.
 * What is left over is for the names. */
static void place_columns(Table *table, int width)
{
    guint columns = column_count(table);
    gboolean dropped[TABLE_COLUMNS] = {FALSE};
    int left = width + GAP, x = 0;

    for (;;) {
        int sum = -GAP, worst = -1;
        for (guint i = 0; i < columns; i++) {
            if (dropped[i])
                continue;
            /* The last column is cut before another is dropped. */
            sum += (i + 1 == columns ? table->columns[i].width : table->widths[i]) + GAP;
            if (table->columns[i].priority > 0 &&
                (worst < 0 || table->columns[i].priority > table->columns[worst].priority))
                worst = (int)i;
        }
        if (sum <= width || worst < 0)
            break;
        dropped[worst] = TRUE;
    }
    for (guint i = 0; i < columns; i++)
        left -= dropped[i] ? 0 : table->widths[i] + GAP;
    for (guint i = 0; i < columns; i++) {
        int more = MIN(left, table->wanted[i] - table->widths[i]);
        gboolean takes = table->columns[i].align == ALIGN_NAME && more > 0;
        table->drawn[i] = table->widths[i] + (takes ? more : 0);
        table->shown[i] = dropped[i] ? -1 : x;
        x += dropped[i] ? 0 : table->drawn[i] + GAP;
    }
}

/* The cells that column @i of @row may use: to the edge for the last one shown; in a row that
 * spills, to the next one that holds something. */
static int column_room(const Table *table, const TableRow *row, guint i, int width)
{
    gboolean spills = row->shape == ROW_SPILLS;

    for (guint next = i + 1; next < column_count(table); next++) {
        if (table->shown[next] < 0 || (spills && row->cells[next].text == NULL))
            continue;
        int room = spills ? table->shown[next] - GAP - table->shown[i] : table->drawn[i];
        return MIN(room, width - table->shown[i]);
    }
    return width - table->shown[i];
}

static void draw_header(const Table *table, const Canvas *canvas)
{
    for (guint i = 0; i < column_count(table); i++) {
        const TableColumn *column = &table->columns[i];
        if (table->shown[i] < 0)
            continue;
        g_autofree char *title = (int)i == table->sorted ? g_strdup_printf("%s%s", column->title,
                                                               table->descending ? "▼" : "▲")
                                                         : g_strdup(column->title);
        canvas_field(canvas, 0, table->shown[i],
            MIN(table->drawn[i] + ((int)i == table->sorted), canvas->width - table->shown[i]),
            column->align, (int)i == table->sorted ? STYLE_KEY : STYLE_DIM, title);
    }
}

static void draw_row(const Table *table, const Canvas *canvas, int y, const TableRow *row)
{
    Canvas line = *canvas;

    line.selected = table->selected && row->id && strcmp(row->id, table->selected) == 0;
    if (line.selected)
        canvas_fill(&line, y, 0, 1, canvas->width, STYLE_TEXT);
    if (row->id == NULL) {
        canvas_text(&line, y, 0, -1, row->style, row->cells[0].text ? row->cells[0].text : "");
        return;
    }
    if (row->shape == ROW_LINE) {
        canvas_field(&line, y, 0, canvas->width, ALIGN_LEFT, row->style, row->cells[0].text);
        return;
    }
    for (guint i = 0; i < column_count(table); i++) {
        int room = table->shown[i] < 0 ? 0 : column_room(table, row, i, canvas->width);
        if (room > 0 && row->cells[i].text)
            canvas_field(&line, y, table->shown[i],
                table->columns[i].align == ALIGN_RIGHT ? MIN(room, table->drawn[i]) : room,
                table->columns[i].align, row->cells[i].style, row->cells[i].text);
    }
}

void table_draw(Table *table, const Canvas *whole)
{
    /* The rightmost column is for the arrows that say there is more. */
    Canvas narrowed = canvas_part(whole, 0, 0, whole->height, whole->width - 1);
    const Canvas *canvas = &narrowed;
    int header = table->header = table->has_header && canvas->height > 1 ? 1 : 0;
    int rows = (int)table->rows->len;

    table->height = MAX(canvas->height - header, 1);
    place_columns(table, canvas->width);
    if (header)
        draw_header(table, canvas);
    if (table->index < table->top)
        table->top = table->index;
    if (table->index >= table->top + table->height)
        table->top = table->index - table->height + 1;
    table->top = CLAMP(table->top, 0, MAX(rows - table->height, 0));
    /* What is below the last row can be seen from it, and the headings above the first one are not
     * lost when the cursor comes back to it. */
    if (table->index == resting_row(table, rows - 1, -1) && rows - table->index <= table->height)
        table->top = MAX(rows - table->height, 0);
    if (table->index == resting_row(table, 0, 1) && table->index < table->height)
        table->top = 0;
    for (int i = 0; i < table->height && table->top + i < rows; i++)
        draw_row(table, canvas, header + i, row_at(table, table->top + i));
    if (table->top > 0)
        canvas_text(whole, header, whole->width - 1, 1, STYLE_DIM, "▲");
    if (table->top + table->height < rows)
        canvas_text(whole, header + table->height - 1, whole->width - 1, 1, STYLE_DIM, "▼");
}

/* A page on in direction @step: to the farthest row of it on which the cursor may rest, so that no
 * row between two pages is passed over. */
static void turn_page(Table *table, int step)
{
    int page = step * MAX(table->height - 1, 1), last = (int)table->rows->len - 1;
    int to = CLAMP(table->index + page, 0, MAX(last, 0));

    while (to != table->index && row_at(table, to) && row_at(table, to)->id == NULL)
        to -= step;
    set_cursor(table, to != table->index ? to : table->index + page, step);
}

gboolean table_act(Table *table, Action action)
{
    switch (action) {
    case ACTION_UP:
        set_cursor(table, table->index - 1, -1);
        return TRUE;
    case ACTION_DOWN:
        set_cursor(table, table->index + 1, 1);
        return TRUE;
    case ACTION_PAGE_UP:
        turn_page(table, -1);
        return TRUE;
    case ACTION_PAGE_DOWN:
        turn_page(table, 1);
        return TRUE;
    case ACTION_FIRST:
        set_cursor(table, 0, 1);
        return TRUE;
    case ACTION_LAST:
        set_cursor(table, (int)table->rows->len - 1, -1);
        return TRUE;
    default:
        return FALSE;
    }
}

const TableRow *table_mouse(Table *table, const MouseEvent *event, int *column)
{
    int header = table->header;

    if (column)
        *column = -1;
    if (event->kind == MOUSE_WHEEL_UP || event->kind == MOUSE_WHEEL_DOWN) {
        set_cursor(table, table->index + (event->kind == MOUSE_WHEEL_UP ? -3 : 3),
            event->kind == MOUSE_WHEEL_UP ? -1 : 1);
        return NULL;
    }
    if (event->kind != MOUSE_PRESS || event->y < 0 || event->x < 0)
        return NULL;
    if (event->y < header) {
        for (guint i = 0; column && i < column_count(table); i++)
            if (table->shown[i] >= 0 && event->x >= table->shown[i] &&
                event->x < table->shown[i] + table->drawn[i] + 1)
                *column = (int)i;
        return NULL;
    }
    int index = table->top + event->y - header;
    const TableRow *row = event->y - header < table->height ? row_at(table, index) : NULL;
    if (row == NULL || row->id == NULL)
        return NULL;
    set_cursor(table, index, 1);
    return row;
}
