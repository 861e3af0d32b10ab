/* A line in which text is typed. */
#include "tui/widgets/textfield.h"

#include "tui/terminal/keymap.h"

void textfield_init(TextField *field)
{
    *field = (TextField){.text = g_string_new(NULL)};
}

void textfield_clear(TextField *field)
{
    if (field->text)
        g_string_free(field->text, TRUE);
    field->text = NULL;
}

void textfield_set(TextField *field, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

    g_string_assign(field->text, valid);
    field->cursor = g_utf8_strlen(valid, -1);
    field->untouched = TRUE;
}

static gboolean is_typed(guint key)
{
    return key >= ' ' && key < KEY_CODE_UP && g_unichar_isprint(key);
}

static gssize offset_of(const TextField *field, glong character)
{
    return g_utf8_offset_to_pointer(field->text->str, character) - field->text->str;
}

/* Takes the characters from @from up to @to away; the cursor stands there. */
static void erase(TextField *field, glong from, glong to)
{
    gssize start = offset_of(field, from);

    g_string_erase(field->text, start, offset_of(field, to) - start);
    field->cursor = from;
}

static void type(TextField *field, gunichar character)
{
    if (field->untouched)
        erase(field, 0, g_utf8_strlen(field->text->str, -1));
    if (g_utf8_strlen(field->text->str, -1) >= TEXTFIELD_MAX)
        return;
    g_string_insert_unichar(field->text, offset_of(field, field->cursor), character);
    field->cursor++;
}

gboolean textfield_key(TextField *field, guint key)
{
    glong length = g_utf8_strlen(field->text->str, -1);

    if (key == KEY_CODE_LEFT)
        field->cursor = MAX(field->cursor - 1, 0);
    else if (key == KEY_CODE_RIGHT)
        field->cursor = MIN(field->cursor + 1, length);
    else if (key == KEY_CODE_HOME || key == KEY_CTRL('a'))
        field->cursor = 0;
    else if (key == KEY_CODE_END || key == KEY_CTRL('e'))
        field->cursor = length;
    else if (key == KEY_CTRL('u'))
        erase(field, 0, field->cursor);
    else if (key == KEY_CODE_BACKSPACE && field->cursor > 0)
        erase(field, field->cursor - 1, field->cursor);
    else if (key == KEY_CODE_DELETE && field->cursor < length)
        erase(field, field->cursor, field->cursor + 1);
    else if (is_typed(key))
        type(field, key);
    else
        return FALSE;
    field->untouched = FALSE;
    return TRUE;
}

void textfield_draw(const TextField *field, const Canvas *canvas, int y, int x, int width)
{
    const char *shown = field->text->str;
    g_autofree char *before = g_utf8_substring(shown, 0, field->cursor);
    int column = canvas_width(before, canvas->ascii);
    int hidden = 0;

    if (width <= 0)
        return;
    while (column - hidden >= width && *shown) {
        g_autofree char *one = g_utf8_substring(shown, 0, 1);
        hidden += canvas_width(one, canvas->ascii);
        shown = g_utf8_next_char(shown);
    }
    canvas_fill(canvas, y, x, 1, width, STYLE_FIELD);
    Canvas line = *canvas;
    line.selected = field->untouched && *shown;
    canvas_text(&line, y, x, width, STYLE_FIELD, shown);
    canvas_cursor(canvas, y, x + column - hidden);
}
