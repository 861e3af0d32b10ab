/* The box that asks: its life, keys and mouse. */
#include "tui/app/dialog-private.h"

#include <string.h>

#define PAGE_STEP 10 /* what PgUp counts a number by */

Dialog *dialog_new(void)
{
    Dialog *dialog = g_new0(Dialog, 1);
    textfield_init(&dialog->field);
    return dialog;
}

void dialog_close(Dialog *dialog)
{
    dialog->kind = DIALOG_NONE;
    dialog->serial++;
    g_clear_pointer(&dialog->title, g_free);
    g_clear_pointer(&dialog->help, g_free);
    g_clear_pointer(&dialog->problem, g_free);
    g_clear_pointer(&dialog->note, g_free);
    g_clear_pointer(&dialog->values, g_strfreev);
    g_clear_pointer(&dialog->helps, g_strfreev);
    g_clear_pointer(&dialog->ways, g_strfreev);
    g_clear_pointer(&dialog->data, g_free);
    setmap_close(&dialog->map);
    textfield_set(&dialog->field, "");
}

void dialog_free(Dialog *dialog)
{
    dialog_close(dialog);
    textfield_clear(&dialog->field);
    g_free(dialog);
}

gboolean dialog_is_open(const Dialog *dialog)
{
    return dialog->kind != DIALOG_NONE;
}

guint dialog_way(const Dialog *dialog)
{
    return dialog->way;
}

/* The map shows what the text says, where that is a set. */
static void map_from_text(Dialog *dialog)
{
    g_autoptr(IdSet) set = idset_parse(dialog->field.text->str, NULL);
    if (set)
        setmap_choose(&dialog->map, set);
}

void dialog_open(Dialog *dialog, const Question *question)
{
    dialog_close(dialog);
    dialog->kind = question->kind;
    dialog->title = g_strdup(question->title);
    dialog->help = g_strdup(question->help);
    dialog->min = question->min;
    dialog->max = question->max;
    dialog->slider = (Slider){
        .min = MAX(question->min, 0), .max = question->slide_max, .now = question->slide_now};
    dialog->slides = FALSE;
    dialog->tell = question->tell;
    dialog->values = g_strdupv((char **)question->values);
    dialog->helps = g_strdupv((char **)question->helps);
    dialog->ways = g_strdupv((char **)question->ways);
    dialog->accept = question->accept;
    dialog->check = question->check;
    dialog->yes = question->yes;
    dialog->data = question->data;
    dialog->way = question->way;
    dialog->index = dialog->top = 0;
    dialog->height = dialog->rows = 0;
    dialog->way_line = -1;
    textfield_set(&dialog->field, question->text);
    for (int i = 0; dialog->values && dialog->values[i]; i++)
        if (g_strcmp0(dialog->values[i], question->text) == 0)
            dialog->index = i;
    if (dialog->kind == DIALOG_SET) {
        setmap_open(&dialog->map, question->set, question->host);
        map_from_text(dialog);
    }
}

/* ---- keys and mouse ---- */

/* Hands what was typed or chosen over; the box stays open with a sentence where it is no good. */
static void accept(Dialog *dialog, App *app, const char *text)
{
    g_autofree char *value = g_strdup(text);
    gpointer data = g_steal_pointer(&dialog->data);
    guint serial = dialog->serial;

    char *problem = dialog->accept(app, value, data);
    if (problem == NULL || dialog->serial != serial) {
        g_free(data);
        g_free(problem);
        /* The call may have opened another one. */
        if (dialog->serial == serial)
            dialog_close(dialog);
        return;
    }
    dialog->data = data;
    g_free(dialog->problem);
    dialog->problem = problem;
}

void dialog_update(Dialog *dialog, App *app)
{
    g_clear_pointer(&dialog->note, g_free);
    dialog->note_style = STYLE_DIALOG;
    if (dialog->kind == DIALOG_SLIDER && dialog->tell)
        dialog->note = dialog->tell(app, dialog->field.text->str, &dialog->note_style);
}

static void text_changed(Dialog *dialog, App *app)
{
    g_clear_pointer(&dialog->problem, g_free);
    if (dialog->check)
        dialog->problem = dialog->check(app, dialog->field.text->str, dialog->data);
    dialog_update(dialog, app);
}

static void set_number(Dialog *dialog, App *app, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

    textfield_set(&dialog->field, text);
    dialog->field.untouched = FALSE;
    text_changed(dialog, app);
}

/* Counts the number in the text by @step, within its range. */
static void count(Dialog *dialog, App *app, gint64 step)
{
    const char *text = dialog->field.text->str;
    char *rest = NULL;
    gint64 number = g_ascii_strtoll(text, &rest, 10), sum = 0;

    if (__builtin_add_overflow(number, step, &sum))
        sum = step < 0 ? dialog->min : dialog->max;
    g_autofree char *counted = g_strdup_printf(
        "%" G_GINT64_FORMAT "%s", CLAMP(sum, dialog->min, dialog->max), rest == text ? "" : rest);
    textfield_set(&dialog->field, counted);
    dialog->field.untouched = FALSE;
    text_changed(dialog, app);
}

/* TRUE where @key counts. A minus that begins a number is typed. */
static gboolean key_number(Dialog *dialog, App *app, guint key)
{
    gboolean begins = dialog->field.untouched || dialog->field.cursor == 0;

    if (key == KEY_CODE_UP || key == '+')
        count(dialog, app, 1);
    else if (key == KEY_CODE_DOWN || (key == '-' && !(begins && dialog->min < 0)))
        count(dialog, app, -1);
    else if (key == KEY_CODE_PAGE_UP)
        count(dialog, app, PAGE_STEP);
    else if (key == KEY_CODE_PAGE_DOWN)
        count(dialog, app, -PAGE_STEP);
    else
        return FALSE;
    return TRUE;
}

/* TRUE where @key moves what is on the line. */
static gboolean key_slider(Dialog *dialog, App *app, guint key)
{
    const Slider *slider = &dialog->slider;
    gint64 value = g_ascii_strtoll(dialog->field.text->str, NULL, 10);

    if (slider->max <= slider->min)
        return FALSE;
    if (key == KEY_CODE_LEFT || key == KEY_CODE_RIGHT)
        set_number(dialog, app, slider_next(slider, value, key == KEY_CODE_RIGHT ? 1 : -1));
    else if (key == KEY_CODE_HOME || key == KEY_CODE_END)
        set_number(dialog, app, key == KEY_CODE_HOME ? slider->min : slider->max);
    else
        return FALSE;
    return TRUE;
}

/* TRUE where the mouse is at the line, or drags what is on it wherever it is. */
static gboolean mouse_slider(Dialog *dialog, App *app, const MouseEvent *event, int y, int x)
{
    const Slider *slider = &dialog->slider;
    gboolean on =
        slider->width > 0 && y == slider->y && x >= slider->x - 1 && x <= slider->x + slider->width;

    if (event->kind == MOUSE_PRESS && on)
        dialog->slides = TRUE;
    else if (event->kind != MOUSE_DRAG || !dialog->slides)
        dialog->slides = FALSE;
    if (dialog->slides)
        set_number(dialog, app, slider_at(slider, x));
    return dialog->slides;
}

/* The text says what the map shows. */
static void text_from_map(Dialog *dialog, App *app)
{
    g_autofree char *text = idset_format(dialog->map.set);

    textfield_set(&dialog->field, text);
    dialog->field.untouched = FALSE;
    text_changed(dialog, app);
}

/* Figures and what stands between them are typed, all else is the map's. */
static gboolean types_set(guint key)
{
    return (key < 0x80 && (g_ascii_isdigit((char)key) || strchr(",-^", (int)key))) ||
           key == KEY_CODE_BACKSPACE || key == KEY_CODE_DELETE || key == KEY_CTRL('u');
}

static void key_set(Dialog *dialog, App *app, guint key)
{
    if (types_set(key)) {
        textfield_key(&dialog->field, key);
        map_from_text(dialog);
        text_changed(dialog, app);
    } else if (setmap_key(&dialog->map, key)) {
        text_from_map(dialog, app);
    }
}

static void key_typed(Dialog *dialog, App *app, guint key)
{
    if (key == KEY_CODE_ENTER || key == '\n')
        accept(dialog, app, dialog->field.text->str);
    else if (dialog->kind == DIALOG_SET)
        key_set(dialog, app, key);
    else if (dialog->kind == DIALOG_SLIDER && key_slider(dialog, app, key))
        return;
    else if (!(dialog->kind != DIALOG_TEXT && key_number(dialog, app, key)) &&
             textfield_key(&dialog->field, key))
        text_changed(dialog, app);
}

static void key_choose(Dialog *dialog, App *app, guint key)
{
    int last = (int)g_strv_length(dialog->values) - 1;
    int page = MAX(dialog->rows, 1);

    if (last < 0)
        return;
    if (key == KEY_CODE_UP || key == 'k')
        dialog->index = MAX(dialog->index - 1, 0);
    else if (key == KEY_CODE_DOWN || key == 'j')
        dialog->index = MIN(dialog->index + 1, last);
    else if (key == KEY_CODE_PAGE_UP)
        dialog->index = MAX(dialog->index - page, 0);
    else if (key == KEY_CODE_PAGE_DOWN)
        dialog->index = MIN(dialog->index + page, last);
    else if (key == KEY_CODE_HOME)
        dialog->index = 0;
    else if (key == KEY_CODE_END)
        dialog->index = last;
    else if (key == KEY_CODE_ENTER || key == '\n' || key == ' ')
        accept(dialog, app, dialog->values[dialog->index]);
    else if (key < 0x80 && g_ascii_isgraph((char)key))
        /* The next value that begins so. */
        for (int i = 1; i <= last + 1; i++) {
            int n = (dialog->index + i) % (last + 1);
            if (dialog->values[n][0] == (char)key) {
                dialog->index = n;
                break;
            }
        }
}

static void key_confirm(Dialog *dialog, App *app, guint key)
{
    if (key == 'n' || key == 'N' || key == 'q') {
        dialog_close(dialog);
    } else if (key == 'y' || key == 'Y') {
        g_autofree gpointer data = g_steal_pointer(&dialog->data);
        void (*yes)(App *, gpointer) = dialog->yes;
        dialog_close(dialog);
        yes(app, data);
    }
}

static void next_way(Dialog *dialog)
{
    if (dialog->ways)
        dialog->way = (dialog->way + 1) % MAX(g_strv_length(dialog->ways), 1);
}

void dialog_key(Dialog *dialog, App *app, guint key)
{
    if (dialog->kind == DIALOG_NONE)
        return;
    if (key == KEY_CODE_ESCAPE || key == KEY_CTRL('c'))
        dialog_close(dialog);
    else if (key == KEY_CODE_TAB)
        next_way(dialog);
    else if (dialog->kind == DIALOG_CHOOSE)
        key_choose(dialog, app, key);
    else if (dialog->kind == DIALOG_CONFIRM)
        key_confirm(dialog, app, key);
    else
        key_typed(dialog, app, key);
}

void dialog_mouse(Dialog *dialog, App *app, const MouseEvent *event)
{
    int y = event->y - dialog->y, x = event->x - dialog->x;
    gboolean inside = y >= 0 && y < dialog->height && x >= 0 && x < dialog->width;
    gboolean listed = inside && y >= dialog->first && y < dialog->first + dialog->rows;

    if (dialog->kind == DIALOG_SET && listed) {
        MouseEvent inner = *event;
        inner.y = y - dialog->first;
        inner.x = x - 1;
        if (setmap_mouse(&dialog->map, &inner))
            text_from_map(dialog, app);
        return;
    }
    if (dialog->kind == DIALOG_CHOOSE && event->kind == MOUSE_WHEEL_UP)
        key_choose(dialog, app, KEY_CODE_UP);
    if (dialog->kind == DIALOG_CHOOSE && event->kind == MOUSE_WHEEL_DOWN)
        key_choose(dialog, app, KEY_CODE_DOWN);
    if (dialog->kind == DIALOG_SLIDER && mouse_slider(dialog, app, event, y, x))
        return;
    if (event->kind != MOUSE_PRESS)
        return;
    if (!inside && (y < -1 || y > dialog->height || x < -1 || x > dialog->width)) {
        dialog_close(dialog);
    } else if (inside && y == dialog->way_line) {
        next_way(dialog);
    } else if (dialog->kind == DIALOG_CHOOSE && listed) {
        int n = dialog->top + y - dialog->first;
        if (n < (int)g_strv_length(dialog->values)) {
            dialog->index = n;
            accept(dialog, app, dialog->values[n]);
        }
    }
}

gboolean dialog_types(const Dialog *dialog)
{
    return dialog->kind == DIALOG_TEXT || dialog->kind == DIALOG_NUMBER ||
           dialog->kind == DIALOG_SLIDER || dialog->kind == DIALOG_SET;
}

const char *dialog_hint(Dialog *dialog)
{
    static const char *const hints[] = {
        [DIALOG_NONE] = "",
        [DIALOG_TEXT] = "Enter accept  Esc cancel  ← → edit  Ctrl-U clear",
        [DIALOG_NUMBER] = "Enter accept  Esc cancel  ↑ ↓ + - count  PgUp PgDn by ten",
        [DIALOG_SLIDER] = "Enter accept  Esc cancel  ← → slide  ↑ ↓ + - count",
        [DIALOG_SET] = "Enter accept  Esc cancel",
        [DIALOG_CHOOSE] = "Enter choose  Esc cancel",
        [DIALOG_CONFIRM] = "y yes  n no",
    };
    gboolean set = dialog->kind == DIALOG_SET;

    g_snprintf(dialog->hint, sizeof dialog->hint, "%s%s%s%s", hints[dialog->kind],
        dialog->ways && dialog->ways[0] && dialog->ways[1] ? "  Tab when" : "", set ? "  " : "",
        set ? setmap_hint(&dialog->map) : "");
    return dialog->hint;
}
