/* The terminal of the screen tests, on libvterm. */
#include "tests/screen/term.h"

#include <string.h>

struct Term {
    VTerm *vterm;
    VTermScreen *screen;
    VTermState *state;
    gboolean cursor_visible, alternate;
    int mouse;
    TermSend send;
    gpointer data;
    GString *captured; /* non-NULL: output goes here, not to the program */
    GString *pending;  /* the beginning of what may be a mode switch (term_feed) */
};

/* The foreground and background of a plain cell; the pictures (svg.c) show these colours. */
static const guint8 FOREGROUND[3] = {0xd4, 0xd7, 0xdd};
static const guint8 BACKGROUND[3] = {0x16, 0x18, 0x1d};

static int on_property(VTermProp property, VTermValue *value, void *data)
{
    Term *term = data;

    if (property == VTERM_PROP_CURSORVISIBLE)
        term->cursor_visible = value->boolean != 0;
    else if (property == VTERM_PROP_ALTSCREEN)
        term->alternate = value->boolean != 0;
    else if (property == VTERM_PROP_MOUSE)
        term->mouse = value->number;
    return 1;
}

static void on_output(const char *bytes, size_t length, void *data)
{
    Term *term = data;

    if (term->captured != NULL)
        g_string_append_len(term->captured, bytes, (gssize)length);
    else
        term->send(bytes, length, term->data);
}

Term *term_new(int rows, int cols, gboolean utf8, TermSend send, gpointer data)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
    Term *term = g_new0(Term, 1);
    VTermColor fg, bg;

    term->send = send;
    term->data = data;
    term->pending = g_string_new(NULL);
    term->vterm = vterm_new(rows, cols);
    vterm_set_utf8(term->vterm, utf8);
    vterm_output_set_callback(term->vterm, on_output, term);
    term->state = vterm_obtain_state(term->vterm);
    term->screen = vterm_obtain_screen(term->vterm);
    vterm_screen_set_callbacks(term->screen, &callbacks, term);
    vterm_screen_enable_altscreen(term->screen, 1);
    vterm_color_rgb(&fg, FOREGROUND[0], FOREGROUND[1], FOREGROUND[2]);
    vterm_color_rgb(&bg, BACKGROUND[0], BACKGROUND[1], BACKGROUND[2]);
    vterm_state_set_default_colors(term->state, &fg, &bg);
    vterm_screen_reset(term->screen, 1);
    return term;
}

void term_free(Term *term)
{
    vterm_free(term->vterm);
    g_string_free(term->pending, TRUE);
    g_free(term);
}

static const char MODE_SWITCH[] = "\033[?";

/* Whether @byte continues what stands in @pending as the beginning of ESC [ ? 1006 ; 1000 h. */
static gboolean continues_switch(const GString *pending, char byte)
{
    gsize lead = strlen(MODE_SWITCH);

    if (pending->len < lead)
        return byte == MODE_SWITCH[pending->len];
    return g_ascii_isdigit(byte) || byte == ';';
}

/* Passes on what was held back, as one sequence for each mode where it ends with @final. */
static void pass_pending(Term *term, char final)
{
    GString *pending = term->pending;

    if (final == '\0') {
        vterm_input_write(term->vterm, pending->str, pending->len);
    } else {
        g_auto(GStrv) modes = g_strsplit(pending->str + strlen(MODE_SWITCH), ";", -1);
        for (guint i = 0; modes[i] != NULL; i++) {
            g_autofree char *one = g_strdup_printf("%s%s%c", MODE_SWITCH, modes[i], final);
            vterm_input_write(term->vterm, one, strlen(one));
        }
    }
    g_string_truncate(pending, 0);
}

/* libvterm before 0.3 takes only the first mode of a switch of several, as ncurses writes it for
 * the mouse of xterm (ESC [ ? 1006 ; 1000 h); so they are taken apart. */
void term_feed(Term *term, const char *bytes, gsize length)
{
    GString *pending = term->pending;

    for (gsize i = 0; i < length;) {
        if (pending->len == 0) {
            const char *escape = memchr(bytes + i, '\033', length - i);
            gsize plain = escape != NULL ? (gsize)(escape - bytes) - i : length - i;
            vterm_input_write(term->vterm, bytes + i, plain);
            i += plain;
            if (escape != NULL)
                g_string_append_c(pending, bytes[i++]);
        } else if (continues_switch(pending, bytes[i])) {
            g_string_append_c(pending, bytes[i++]);
        } else {
            gboolean whole = pending->len > strlen(MODE_SWITCH);
            gboolean is_switch = whole && (bytes[i] == 'h' || bytes[i] == 'l');
            pass_pending(term, is_switch ? bytes[i++] : '\0');
        }
    }
}

void term_resize(Term *term, int rows, int cols)
{
    vterm_set_size(term->vterm, rows, cols);
}

void term_size(const Term *term, int *rows, int *cols)
{
    vterm_get_size(term->vterm, rows, cols);
}

gboolean term_cell(const Term *term, int row, int col, VTermScreenCell *cell)
{
    VTermPos place = {.row = row, .col = col};

    return vterm_screen_get_cell(term->screen, place, cell) != 0;
}

/* The second half of a character two cells wide holds this and no text of its own. */
static gboolean is_second_half(const VTermScreenCell *cell)
{
    return cell->chars[0] == (uint32_t)-1;
}

/* One row as text. @columns, where not NULL, takes the column of each byte. */
static char *line_text(const Term *term, int row, GArray *columns)
{
    g_autoptr(GString) line = g_string_new(NULL);
    VTermScreenCell cell;

    for (int col = 0; term_cell(term, row, col, &cell); col++) {
        if (is_second_half(&cell))
            continue;
        if (cell.chars[0] == 0)
            g_string_append_c(line, ' ');
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++)
            g_string_append_unichar(line, cell.chars[i]);
        while (columns != NULL && columns->len < line->len)
            g_array_append_val(columns, col);
    }
    return g_strdup(line->str);
}

char **term_lines(const Term *term)
{
    int rows, cols;

    term_size(term, &rows, &cols);
    char **lines = g_new0(char *, rows + 1);
    for (int row = 0; row < rows; row++)
        lines[row] = line_text(term, row, NULL);
    return lines;
}

gboolean term_find(const Term *term, const char *text, int *row, int *col, int *width)
{
    int rows, cols;

    term_size(term, &rows, &cols);
    for (*row = 0; *row < rows; (*row)++) {
        g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(int));
        g_autofree char *line = line_text(term, *row, columns);
        const char *found = strstr(line, text);
        if (found == NULL)
            continue;
        gsize start = (gsize)(found - line), end = start + strlen(text);
        *col = start < columns->len ? g_array_index(columns, int, start) : 0;
        *width = (end < columns->len ? g_array_index(columns, int, end) : cols) - *col;
        return TRUE;
    }
    return FALSE;
}

void term_default_cell(const Term *term, VTermScreenCell *cell)
{
    vterm_state_get_default_colors(term->state, &cell->fg, &cell->bg);
}

char *term_color(const Term *term, VTermColor color)
{
    vterm_screen_convert_color_to_rgb(term->screen, &color);
    return g_strdup_printf("#%02x%02x%02x", color.rgb.red, color.rgb.green, color.rgb.blue);
}

gboolean term_cursor(const Term *term, int *row, int *col)
{
    VTermPos place;

    vterm_state_get_cursorpos(term->state, &place);
    *row = place.row;
    *col = place.col;
    return term->cursor_visible;
}

static const struct {
    const char *name;
    VTermKey key;
} KEYS[] = {{"Enter", VTERM_KEY_ENTER}, {"Tab", VTERM_KEY_TAB}, {"Backspace", VTERM_KEY_BACKSPACE},
    {"Escape", VTERM_KEY_ESCAPE}, {"Up", VTERM_KEY_UP}, {"Down", VTERM_KEY_DOWN},
    {"Left", VTERM_KEY_LEFT}, {"Right", VTERM_KEY_RIGHT}, {"Insert", VTERM_KEY_INS},
    {"Delete", VTERM_KEY_DEL}, {"Home", VTERM_KEY_HOME}, {"End", VTERM_KEY_END},
    {"PageUp", VTERM_KEY_PAGEUP}, {"PageDown", VTERM_KEY_PAGEDOWN}};

static const struct {
    const char *prefix;
    VTermModifier modifier;
} MODIFIERS[] = {{"C-", VTERM_MOD_CTRL}, {"M-", VTERM_MOD_ALT}, {"S-", VTERM_MOD_SHIFT}};

/* Takes one modifier off the front of @name; FALSE where there is none. "-" alone is a key. */
static gboolean take_modifier(const char **name, VTermModifier *modifiers)
{
    for (guint i = 0; i < G_N_ELEMENTS(MODIFIERS); i++) {
        if (g_str_has_prefix(*name, MODIFIERS[i].prefix) && (*name)[2] != '\0') {
            *name += 2;
            *modifiers |= MODIFIERS[i].modifier;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean term_key(Term *term, const char *name)
{
    VTermModifier modifiers = VTERM_MOD_NONE;
    guint64 number;

    while (take_modifier(&name, &modifiers))
        ;
    for (guint i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        if (strcmp(name, KEYS[i].name) == 0) {
            vterm_keyboard_key(term->vterm, KEYS[i].key, modifiers);
            return TRUE;
        }
    }
    if (name[0] == 'F' && g_ascii_string_to_unsigned(name + 1, 10, 1, 12, &number, NULL)) {
        vterm_keyboard_key(term->vterm, (VTermKey)VTERM_KEY_FUNCTION(number), modifiers);
        return TRUE;
    }
    if (strcmp(name, "Space") == 0)
        name = " ";
    if (g_utf8_strlen(name, -1) != 1)
        return FALSE;
    vterm_keyboard_unichar(term->vterm, g_utf8_get_char(name), modifiers);
    return TRUE;
}

gboolean term_mouse(Term *term, int row, int col, int button, gboolean pressed)
{
    if (term->mouse == VTERM_PROP_MOUSE_NONE)
        return FALSE;
    vterm_mouse_move(term->vterm, row, col, VTERM_MOD_NONE);
    if (button != 0)
        vterm_mouse_button(term->vterm, button, pressed, VTERM_MOD_NONE);
    return TRUE;
}

/* What the terminal would send for a key or a paste tells the modes that libvterm keeps to
 * itself. */
static gboolean sends_now(Term *term, VTermKey key, const char *plain)
{
    g_autoptr(GString) captured = g_string_new(NULL);

    term->captured = captured;
    if (key == VTERM_KEY_NONE)
        vterm_keyboard_start_paste(term->vterm);
    else
        vterm_keyboard_key(term->vterm, key, VTERM_MOD_NONE);
    term->captured = NULL;
    return strcmp(captured->str, plain) == 0;
}

const char *term_leftover(Term *term)
{
    VTermValue value;

    if (term->alternate)
        return "the alternate screen";
    if (!term->cursor_visible)
        return "the hidden cursor";
    if (term->mouse != VTERM_PROP_MOUSE_NONE)
        return "mouse reporting";
    if (!sends_now(term, VTERM_KEY_UP, "\033[A"))
        return "application cursor keys";
    if (!sends_now(term, VTERM_KEY_NONE, ""))
        return "bracketed paste";
    for (VTermAttr attr = VTERM_ATTR_BOLD; attr <= VTERM_ATTR_STRIKE; attr++)
        if (vterm_state_get_penattr(term->state, attr, &value) && value.number != 0)
            return "bold, underline or reverse text";
    if (vterm_state_get_penattr(term->state, VTERM_ATTR_BACKGROUND, &value) &&
        !VTERM_COLOR_IS_DEFAULT_BG(&value.color))
        return "a background colour";
    return NULL;
}
