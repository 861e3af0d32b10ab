/* The screen as SVG: one rectangle for each run of background, one text for each run of foreground.
 * Each text is told its length, so that the columns stand whatever font the reader has; lines and
 * blocks are drawn, so that they join whatever font the reader has. */
#include "tests/screen/svg.h"

#include <string.h>

/* All in units of the picture; a cell has the proportions of most terminals' fonts. */
enum { CELL_W = 9, CELL_H = 19, BASELINE = 14, FONT_SIZE = 15, MARGIN = 12, BOLD_WEIGHT = 700 };

typedef struct {
    char fg[8], bg[8];
    gboolean bold, underline, italic, plain_bg;
} Look;

static void look_of(const Term *term, const VTermScreenCell *cell, Look *look)
{
    g_autofree char *fg = term_color(term, cell->fg);
    g_autofree char *bg = term_color(term, cell->bg);
    gboolean reverse = cell->attrs.reverse;

    memset(look, 0, sizeof *look);
    g_strlcpy(look->fg, reverse ? bg : fg, sizeof look->fg);
    g_strlcpy(look->bg, reverse ? fg : bg, sizeof look->bg);
    look->bold = cell->attrs.bold;
    look->underline = cell->attrs.underline != 0;
    look->italic = cell->attrs.italic;
    look->plain_bg = !reverse && VTERM_COLOR_IS_DEFAULT_BG(&cell->bg);
}

/* Light and double box lines by the arms they have: left, right, up, down. */
enum { L = 1, R = 2, U = 4, D = 8 };
static const struct {
    gunichar character;
    guint arms;
} LINES[] = {{0x2500, L | R}, {0x2501, L | R}, {0x2502, U | D}, {0x2503, U | D}, {0x250c, R | D},
    {0x2510, L | D}, {0x2514, R | U}, {0x2518, L | U}, {0x251c, R | U | D}, {0x2524, L | U | D},
    {0x252c, L | R | D}, {0x2534, L | R | U}, {0x253c, L | R | U | D}, {0x256d, R | D},
    {0x256e, L | D}, {0x256f, L | U}, {0x2570, R | U}};

/* Draws a box line or block in place of its glyph; FALSE where @c is neither. */
static gboolean draw(GString *svg, gunichar c, int x, int y, const char *color)
{
    for (guint i = 0; i < G_N_ELEMENTS(LINES); i++) {
        if (LINES[i].character != c)
            continue;
        guint arms = LINES[i].arms;
        double middle_x = x + CELL_W / 2.0, middle_y = y + CELL_H / 2.0;
        g_string_append_printf(svg, "<path stroke='%s' d='", color);
        if (arms & (L | R))
            g_string_append_printf(svg, "M%g %gH%g", arms & L ? (double)x : middle_x - 0.5,
                middle_y, arms & R ? (double)x + CELL_W : middle_x + 0.5);
        if (arms & (U | D))
            g_string_append_printf(svg, "M%g %gV%g", middle_x, arms & U ? (double)y : middle_y,
                arms & D ? (double)y + CELL_H : middle_y);
        g_string_append(svg, "'/>\n");
        return TRUE;
    }
    if (c < 0x2581 || c > 0x258f)
        return FALSE;
    /* Lower eighths up to the full block, then left eighths down to one. */
    double height = c <= 0x2588 ? CELL_H * (double)(c - 0x2580) / 8 : CELL_H;
    double width = c <= 0x2588 ? CELL_W : CELL_W * (double)(0x2590 - c) / 8;
    g_string_append_printf(svg, "<rect x='%d' y='%g' width='%g' height='%g' fill='%s'/>\n", x,
        y + CELL_H - height, width, height, color);
    return TRUE;
}

static void put_background(const Term *term, GString *svg, int row)
{
    VTermScreenCell cell;
    Look run = {0}, look;
    int start = 0, col = 0;
    gboolean more;

    do {
        more = term_cell(term, row, col, &cell);
        if (more)
            look_of(term, &cell, &look);
        if (!more || col == 0 || strcmp(look.bg, run.bg) != 0 || look.plain_bg != run.plain_bg) {
            if (col > start && !run.plain_bg)
                g_string_append_printf(svg,
                    "<rect x='%d' y='%d' width='%d' height='%d' fill='%s'/>\n",
                    MARGIN + start * CELL_W, MARGIN + row * CELL_H, (col - start) * CELL_W, CELL_H,
                    run.bg);
            start = col;
            run = look;
        }
        col++;
    } while (more);
}

static void put_text(GString *svg, int row, int col, int width, const Look *look, GString *text)
{
    if (!look->underline) {
        int blanks = (int)strspn(text->str, " ");
        g_string_erase(text, 0, blanks);
        col += blanks;
        width -= blanks;
        while (text->len > 0 && text->str[text->len - 1] == ' ') {
            g_string_truncate(text, text->len - 1);
            width--;
        }
    }
    if (text->len == 0)
        return;
    g_autofree char *escaped = g_markup_escape_text(text->str, -1);
    g_string_append_printf(svg, "<text x='%d' y='%d' textLength='%d' fill='%s'",
        MARGIN + col * CELL_W, MARGIN + row * CELL_H + BASELINE, width * CELL_W, look->fg);
    if (look->bold)
        g_string_append_printf(svg, " font-weight='%d'", BOLD_WEIGHT);
    if (look->italic)
        g_string_append(svg, " font-style='italic'");
    if (look->underline)
        g_string_append(svg, " text-decoration='underline'");
    g_string_append_printf(svg, ">%s</text>\n", escaped);
}

/* Whether a cell continues the run of text before it. Characters beyond ASCII stand alone: readers'
 * fonts may lack them, and the substitute has another width. */
static gboolean continues(const Look *run, const Look *look, const VTermScreenCell *cell)
{
    return strcmp(run->fg, look->fg) == 0 && run->bold == look->bold &&
           run->underline == look->underline && run->italic == look->italic &&
           cell->chars[0] < 0x80;
}

static void put_foreground(const Term *term, GString *svg, int row)
{
    g_autoptr(GString) text = g_string_new(NULL);
    VTermScreenCell cell;
    Look run = {0}, look;
    int start = 0, col = 0;
    gboolean ascii = FALSE;

    for (; term_cell(term, row, col, &cell); col += cell.width) {
        look_of(term, &cell, &look);
        gunichar c = cell.chars[0] != 0 ? cell.chars[0] : ' ';
        if (col == 0 || !ascii || !continues(&run, &look, &cell)) {
            put_text(svg, row, start, col - start, &run, text);
            g_string_truncate(text, 0);
            start = col;
            run = look;
            ascii = c < 0x80;
        }
        if (draw(svg, c, MARGIN + col * CELL_W, MARGIN + row * CELL_H, look.fg)) {
            start = col + cell.width;
            continue;
        }
        g_string_append_unichar(text, c);
        /* libvterm fills chars up to the first 0 and leaves the rest as it was. */
        for (int i = 1; c == cell.chars[0] && i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0;
             i++)
            g_string_append_unichar(text, cell.chars[i]);
    }
    put_text(svg, row, start, col - start, &run, text);
}

char *svg_render(const Term *term, const char *title)
{
    GString *svg = g_string_new(NULL);
    g_autofree char *label = g_markup_escape_text(title, -1);
    VTermScreenCell cell;
    Look look = {0};
    int rows, cols;

    term_size(term, &rows, &cols);
    int width = cols * CELL_W + 2 * MARGIN, height = rows * CELL_H + 2 * MARGIN;
    g_string_append_printf(svg,
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d'>\n"
        "<title>%s</title>\n",
        width, height, width, height, label);
    /* The default background, as the emulated terminal has it. */
    memset(&cell, 0, sizeof cell);
    term_default_cell(term, &cell);
    look_of(term, &cell, &look);
    g_string_append_printf(
        svg, "<rect width='%d' height='%d' rx='6' fill='%s'/>\n", width, height, look.bg);
    g_string_append_printf(svg,
        "<g font-family='ui-monospace, \"DejaVu Sans Mono\", \"Liberation Mono\", Menlo, Consolas, "
        "monospace' font-size='%d' xml:space='preserve'>\n",
        FONT_SIZE);
    for (int row = 0; row < rows; row++)
        put_background(term, svg, row);
    for (int row = 0; row < rows; row++)
        put_foreground(term, svg, row);
    g_string_append(svg, "</g>\n</svg>\n");
    return g_string_free(svg, FALSE);
}
