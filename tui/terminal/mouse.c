/* The mouse as terminals report it. */
#include "tui/terminal/mouse.h"

#include <string.h>

/* Of a report's first number. */
#define BUTTON_BITS 3  /* 0 to 2: the button; 3: none */
#define CTRL_BIT    16 /* 4 is Shift, 8 Meta: terminals keep Shift for copying */
#define MOTION_BIT  32
#define WHEEL_BIT   64
#define EXTRA_BIT   128 /* buttons 8 to 11 */

#define FIRST_BYTE 32 /* the bytes of the first form begin here, coordinates from 1 */

/* An event of the button number @code, and whether a button was let go. FALSE for buttons kvmtune
 * has no use for: the wheel sideways, the fourth and more. */
static gboolean read_code(int code, gboolean release, MouseEvent *event)
{
    int button = code & BUTTON_BITS;

    if (code & EXTRA_BIT || (code & WHEEL_BIT && button > 1))
        return FALSE;
    event->ctrl = (code & CTRL_BIT) != 0;
    event->button = button == BUTTON_BITS ? 1 : button + 1;
    if (code & WHEEL_BIT)
        event->kind = button == 0 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
    else if (code & MOTION_BIT)
        event->kind = button == BUTTON_BITS ? MOUSE_HOVER : MOUSE_DRAG;
    else
        event->kind = release ? MOUSE_RELEASE : MOUSE_PRESS;
    return !(code & WHEEL_BIT && release);
}

gboolean mouse_read_sgr(const char *text, MouseEvent *event)
{
    int numbers[3] = {0};
    guint n = 0, digits = 0;

    for (; *text != '\0' && *text != 'M' && *text != 'm'; text++) {
        if (g_ascii_isdigit(*text)) {
            numbers[n] = MIN(numbers[n] * 10 + (*text - '0'), 65536);
            digits++;
        } else if (*text == ';' && digits > 0 && n < 2) {
            n++;
            digits = 0;
        } else {
            return FALSE;
        }
    }
    if (n != 2 || digits == 0 || *text == '\0' || text[1] != '\0' || numbers[0] > 255 ||
        numbers[1] < 1 || numbers[2] < 1 || numbers[1] > 65535 || numbers[2] > 65535)
        return FALSE;
    event->x = numbers[1] - 1;
    event->y = numbers[2] - 1;
    return read_code(numbers[0], *text == 'm', event);
}

gboolean mouse_read_bytes(const guchar bytes[3], MouseEvent *event)
{
    int code = bytes[0] - FIRST_BYTE;

    if (code < 0 || bytes[1] <= FIRST_BYTE || bytes[2] <= FIRST_BYTE)
        return FALSE;
    event->x = bytes[1] - FIRST_BYTE - 1;
    event->y = bytes[2] - FIRST_BYTE - 1;
    /* Here a release is the button "none" without motion. */
    return read_code(code, !(code & (MOTION_BIT | WHEEL_BIT)) && (code & BUTTON_BITS) == 3, event);
}

/* Without a description of its reports there is no mouse, but an XM that names a mode of them says
 * as much: some descriptions have only that. */
static gboolean is_described(const char *kmous, const char *xm)
{
    return kmous != NULL || (xm != NULL && strstr(xm, "100") != NULL);
}

const char *mouse_question(const char *type, const char *kmous, const char *xm)
{
    /* They have none, and Linux' console before 5.8 writes the "p" of a question onto the screen.
     */
    static const char *const silent[] = {"linux", "dumb", "cons25", "sun", "ansi"};

    for (guint i = 0; i < G_N_ELEMENTS(silent); i++)
        if (g_str_has_prefix(type, silent[i]))
            return NULL;
    return is_described(kmous, xm) ? NULL : "\033[?1006$p";
}

gboolean mouse_read_answer(const char *text)
{
    /* 0: not known; 1 and 2: set and not set; 3: always set; 4: never set. */
    return g_str_has_prefix(text, "1006;") && strchr("123", text[5]) != NULL && text[5] != '\0' &&
           g_str_equal(text + 6, "$y");
}

char *mouse_mode(const char *kmous, const char *xm, gboolean on)
{
    /* Presses and releases; motion while a button is held; the form without limits. */
    static const char *const modes[] = {"1000", "1002", "1006"};
    g_autoptr(GString) text = g_string_new(NULL);

    if (!is_described(kmous, xm))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++)
        g_string_append_printf(
            text, "\033[?%s%c", modes[on ? i : G_N_ELEMENTS(modes) - 1 - i], on ? 'h' : 'l');
    return g_strdup(text->str);
}
