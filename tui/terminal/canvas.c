/* A canvas: a rectangle of the screen that text is drawn into, clipped, in terminal cells. */
#include "tui/terminal/canvas.h"

#include <curses.h>
#include <string.h>

#include "core/util/text.h"
#include "tui/terminal/glyphs.h"

#define TEXT_MAX 4096 /* characters of one text; no terminal is wider */

Canvas canvas_part(const Canvas *canvas, int y, int x, int height, int width)
{
    Canvas part = *canvas;

    y = CLAMP(y, 0, canvas->height);
    x = CLAMP(x, 0, canvas->width);
    part.y += y;
    part.x += x;
    part.height = CLAMP(height, 0, canvas->height - y);
    part.width = CLAMP(width, 0, canvas->width - x);
    part.scroll = 0;
    return part;
}

/* @escaped in the terminal's own characters: a character it has no cell for is shown as "?". */
static wchar_t *to_cells(const char *escaped, gboolean ascii)
{
    gsize length = 0;
    /* "->" for one character is the most a character grows. */
    wchar_t *out = g_new(wchar_t, 2 * strlen(escaped) + 1);

    for (const char *p = escaped; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c < 0x80) {
            out[length++] = (wchar_t)c;
        } else if (ascii) {
            if (!g_unichar_iszerowidth(c))
                for (const char *a = glyph_ascii(c); *a != '\0'; a++)
                    out[length++] = (wchar_t)*a;
        } else {
            out[length++] = wcwidth((wchar_t)c) < 0 ? L'?' : (wchar_t)c;
        }
    }
    out[length] = L'\0';
    return out;
}

wchar_t *canvas_fit(const char *text, int width, gboolean ascii, int *cells)
{
    g_autofree char *escaped = text_escape(text, TEXT_MAX);
    wchar_t *out = to_cells(escaped, ascii);
    int used = 0;
    gsize keep = 0; /* what stands before the sign of the cut, and its cells */
    int keep_cells = 0;

    for (gsize i = 0; out[i] != L'\0'; i++) {
        int w = MAX(0, wcwidth(out[i]));
        if (width >= 0 && used + w > width) {
            if (width > 0)
                out[keep++] = ascii ? L'~' : L'…';
            out[keep] = L'\0';
            used = width > 0 ? keep_cells + 1 : 0;
            break;
        }
        used += w;
        if (width < 0 || used < width) {
            keep = i + 1;
            keep_cells = used;
        }
    }
    if (cells != NULL)
        *cells = used;
    return out;
}

static int cells_of(wchar_t c)
{
    return MAX(0, wcwidth(c));
}

/* As canvas_fit() for at least 3 cells, but the sign of the cut stands in the middle: names that
 * belong together begin alike, and differ at their ends. */
static wchar_t *fit_name(const char *text, int width, gboolean ascii)
{
    g_autofree char *escaped = text_escape(text, TEXT_MAX);
    wchar_t *out = to_cells(escaped, ascii);
    gsize length = wcslen(out), tail = length, head = 0;
    int all = 0, used = 1; /* the sign */

    for (gsize i = 0; i < length; i++)
        all += cells_of(out[i]);
    if (all <= width)
        return out;
    while (used + cells_of(out[tail - 1]) <= width / 2 + 1)
        used += cells_of(out[--tail]);
    while (used + cells_of(out[head]) <= width)
        used += cells_of(out[head++]);
    out[head++] = ascii ? L'~' : L'…';
    memmove(out + head, out + tail, (length - tail + 1) * sizeof *out);
    return out;
}

int canvas_width(const char *text, gboolean ascii)
{
    int cells = 0;
    gsize length;

    if (text && text_is_plain(text, &length) && length <= TEXT_MAX)
        return (int)length;
    G_GNUC_UNUSED g_autofree wchar_t *shown = canvas_fit(text, -1, ascii, &cells);

    return cells;
}

static void use_style(const Canvas *canvas, Style style)
{
    attr_t attributes = 0;
    short pair = 0;

    theme_look(canvas->theme, style, canvas->selected, &attributes, &pair);
    wattr_set((WINDOW *)canvas->window, attributes, pair, NULL);
}

/* TRUE where line @y of the content is on the canvas; *line is then its line there. */
static gboolean visible_line(const Canvas *canvas, int y, int *line)
{
    *line = y - canvas->scroll;
    return *line >= 0 && *line < canvas->height;
}

/* @shown, which fits, at (@y, @x). */
static void put_cells(const Canvas *canvas, int y, int x, Style style, const wchar_t *shown)
{
    use_style(canvas, style);
    mvwaddwstr((WINDOW *)canvas->window, canvas->y + y, canvas->x + x, shown);
}

int canvas_text(const Canvas *canvas, int y, int x, int width, Style style, const char *text)
{
    int line = 0;
    int cells = 0;
    int room = canvas->width - x;

    if (width >= 0)
        room = MIN(room, width);
    if (!visible_line(canvas, y, &line) || x < 0 || room <= 0)
        return 0;
    g_autofree wchar_t *shown = canvas_fit(text, room, canvas->ascii, &cells);
    put_cells(canvas, line, x, style, shown);
    return cells;
}

int canvas_printf(
    const Canvas *canvas, int y, int x, int width, Style style, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return canvas_text(canvas, y, x, width, style, text);
}

void canvas_fill(const Canvas *canvas, int y, int x, int height, int width, Style style)
{
    int line = 0;

    x = MAX(0, x);
    width = MIN(width, canvas->width - x);
    if (width <= 0)
        return;
    use_style(canvas, style);
    for (int i = 0; i < height; i++)
        if (visible_line(canvas, y + i, &line)) {
            wmove((WINDOW *)canvas->window, canvas->y + line, canvas->x + x);
            for (int n = 0; n < width; n++)
                waddch((WINDOW *)canvas->window, ' ');
        }
}

void canvas_field(
    const Canvas *canvas, int y, int x, int width, Align align, Style style, const char *text)
{
    int line = 0, left = 0; /* cells left blank before the text */

    canvas_fill(canvas, y, x, 1, width, style);
    if (align == ALIGN_RIGHT) {
        int cells = 0;
        G_GNUC_UNUSED g_autofree wchar_t *shown = canvas_fit(text, width, canvas->ascii, &cells);
        left = MIN(width, canvas->width - x) - cells;
    }
    width = MIN(width, canvas->width - x);
    if (align == ALIGN_NAME && width >= 3 && visible_line(canvas, y, &line)) {
        g_autofree wchar_t *name = fit_name(text, width, canvas->ascii);
        put_cells(canvas, line, x, style, name);
        return;
    }
    canvas_text(canvas, y, x + left, width, style, text);
}

int canvas_wrap(
    const Canvas *canvas, int y, int x, int width, int lines, Style style, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text != NULL ? text : "", " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);
    int used = 0;

    for (guint i = 0; words[i] != NULL && used < lines; i++) {
        g_autofree char *longer =
            line->len > 0 ? g_strdup_printf("%s %s", line->str, words[i]) : g_strdup(words[i]);
        /* The last line takes all that is left and is cut where it must be. */
        if (line->len > 0 && used + 1 < lines && canvas_width(longer, canvas->ascii) > width) {
            canvas_text(canvas, y + used++, x, width, style, line->str);
            g_string_assign(line, words[i]);
        } else {
            g_string_assign(line, longer);
        }
    }
    if (line->len > 0 && used < lines)
        canvas_text(canvas, y + used++, x, width, style, line->str);
    return used;
}

void canvas_frame(const Canvas *canvas, Style style, const char *title)
{
    int right = canvas->width - 1;
    int bottom = canvas->height - 1;

    if (right < 1 || bottom < 1)
        return;
    canvas_fill(canvas, 0, 0, canvas->height, canvas->width, STYLE_DIALOG);
    for (int x = 1; x < right; x++) {
        canvas_text(canvas, 0, x, 1, style, "─");
        canvas_text(canvas, bottom, x, 1, style, "─");
    }
    for (int y = 1; y < bottom; y++) {
        canvas_text(canvas, y, 0, 1, style, "│");
        canvas_text(canvas, y, right, 1, style, "│");
    }
    canvas_text(canvas, 0, 0, 1, style, "┌");
    canvas_text(canvas, 0, right, 1, style, "┐");
    canvas_text(canvas, bottom, 0, 1, style, "└");
    canvas_text(canvas, bottom, right, 1, style, "┘");
    if (title != NULL)
        canvas_printf(canvas, 0, 2, right - 3, STYLE_TITLE, " %s ", title);
}

void canvas_cursor(const Canvas *canvas, int y, int x)
{
    int line = 0;

    if (visible_line(canvas, y, &line) && x >= 0 && x < canvas->width)
        wmove((WINDOW *)canvas->window, canvas->y + line, canvas->x + x);
}
