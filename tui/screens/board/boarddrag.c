/* Carrying chips over the board and dropping them, by mouse. A drag ends at the button's release,
 * or without a drop where that was lost: at the next press, or at a motion without a button. */
#include "core/util/text.h"
#include "tui/screens/board/board.h"
#include "tui/screens/board/boardstrip.h"

#define WHEEL_LINES 3

static gboolean is_in(const Area *area, int y, int x)
{
    return y >= area->y && y < area->y + area->height && x >= area->x && x < area->x + area->width;
}

static const MapItem *part_at(const BoardState *state, int y, int x)
{
    const Area *area = &state->map_area;

    return is_in(area, y, x) ? map_at(&state->map, y - area->y + state->top, x - area->x) : NULL;
}

static const TrayItem *tray_item_at(const BoardState *state, int y, int x)
{
    const Area *area = &state->tray_area;

    return is_in(area, y, x) ? tray_at(&state->tray, y - area->y + state->tray_top, x - area->x)
                             : NULL;
}

static void add_chip(Carry *carry, const BoardState *state, guint index)
{
    const Chip *chip = chips_at(&state->chips, index);

    carry_add(carry, chips_domain(&state->chips, chip->domain)->domain, chip->key, chip->label);
}

/* The chips at column @x of @part's strip, into @carry; *chosen is the first. */
static void take_strip(
    const BoardState *state, const MapItem *part, int y, int x, Carry *carry, guint *chosen)
{
    const GArray *here = chip_places_at(&state->places, &state->map, part);

    if (here == NULL || part->strip_width == 0 ||
        y - state->map_area.y + state->top != part->strip_y)
        return;
    g_autoptr(GArray) strip = strip_lay(&state->chips, here, part);
    const StripItem *item = strip_at(strip, x - state->map_area.x);
    if (item == NULL)
        return;
    *chosen = item->first;
    for (guint i = item->first; i < item->first + item->count; i++)
        add_chip(carry, state, g_array_index(here, guint, i));
}

static void press(App *app, BoardState *state, const MouseEvent *event)
{
    const MapItem *part = part_at(state, event->y, event->x);
    const TrayItem *item = tray_item_at(state, event->y, event->x);
    guint chosen = 0;

    if (state->drag.kind != DRAG_NONE)
        board_cancel(app, state, "the button's release was lost: nothing dropped");
    if (board_pan_to(state, event->y, event->x))
        return;
    state->drag.kind = DRAG_PRESSED;
    state->drag.from_y = state->drag.y = event->y;
    state->drag.from_x = state->drag.x = event->x;
    if (part != NULL) {
        take_strip(state, part, event->y, event->x, &state->drag.pressed, &chosen);
        board_go_to_part(state, part);
        state->cursor.chosen = chosen;
    } else if (item != NULL) {
        const Domain *domain = chips_domain(&state->chips, item->domain)->domain;
        g_autofree char *name = text_escape(domain->name, 20);
        if (item->chip >= 0)
            add_chip(&state->drag.pressed, state, (guint)item->chip);
        else
            carry_add(&state->drag.pressed, domain, NULL, name);
        board_go_to_tray(state, item);
    }
}

/* The button was pressed and the mouse moved: what was pressed is carried, and with it what was
 * picked up before where it is among that. */
static void begin(BoardState *state)
{
    gboolean among = carry_count(&state->drag.pressed) > 0;

    for (guint i = 0; i < carry_count(&state->drag.pressed); i++) {
        const Carried *carried = state->drag.pressed.items->pdata[i];
        among = among && carry_has(&state->carry, carried->uuid, carried->key);
    }
    if (carry_count(&state->drag.pressed) == 0) {
        state->drag.kind = DRAG_RECTANGLE;
        return;
    }
    state->drag.kind = DRAG_CHIPS;
    if (!among) {
        carry_clear(&state->carry);
        state->carry = state->drag.pressed;
        state->drag.pressed.items = NULL;
    }
}

/* The map goes on under a drag that is held above its first line or below its last, a line each
 * motion. On these lines it stands still: what is there can be dropped on. */
static void scroll_beyond(BoardState *state, int y, int x)
{
    const Area *area = &state->map_area;

    if (is_in(&state->tray_area, y, x))
        return;
    if (y < area->y && state->top > 0)
        state->top--;
    else if (y >= area->y + area->height && state->top + area->height < state->map.height)
        state->top++;
}

static void point(BoardState *state, const MouseEvent *event)
{
    const MapItem *part = part_at(state, event->y, event->x);
    const TrayItem *item = tray_item_at(state, event->y, event->x);

    state->drag.nowhere = FALSE;
    if (part != NULL) {
        board_go_to_part(state, part);
    } else if (item != NULL) {
        board_go_to_tray(state, item);
    } else if (is_in(&state->tray_area, event->y, event->x)) {
        state->cursor.tray = TRUE;
    } else {
        state->drag.nowhere = TRUE;
    }
    state->follow = FALSE; /* it is where the mouse is */
}

static void drag_to(BoardState *state, const MouseEvent *event)
{
    gboolean moved = event->y != state->drag.from_y || event->x != state->drag.from_x;

    if (state->drag.kind == DRAG_PRESSED && moved)
        begin(state);
    if (state->drag.kind == DRAG_CHIPS) {
        if (event->y != state->drag.y || event->x != state->drag.x)
            scroll_beyond(state, event->y, event->x);
        board_pan_to(state, event->y, event->x);
        point(state, event);
    }
    state->drag.y = event->y;
    state->drag.x = event->x;
}

/* Whether the strip item @item of @part, at line @y of the screen, touches the rectangle. */
static gboolean is_touched(const BoardState *state, const MapItem *part, const StripItem *item)
{
    const Drag *drag = &state->drag;
    int y = part->strip_y - state->top + state->map_area.y;
    int x = item->x + state->map_area.x;

    return is_in(&state->map_area, y, x) && y >= MIN(drag->from_y, drag->y) &&
           y <= MAX(drag->from_y, drag->y) && x <= MAX(drag->from_x, drag->x) &&
           x + item->width > MIN(drag->from_x, drag->x);
}

static void take_rectangle(BoardState *state)
{
    carry_clear(&state->carry);
    for (guint i = 0; i < state->map.items->len; i++) {
        const MapItem *part = &g_array_index(state->map.items, MapItem, i);
        const GArray *here = chip_places_at(&state->places, &state->map, part);
        if (here == NULL || part->strip_width == 0)
            continue;
        g_autoptr(GArray) strip = strip_lay(&state->chips, here, part);
        for (guint s = 0; s < strip->len; s++) {
            const StripItem *item = &g_array_index(strip, StripItem, s);
            for (guint c = 0; is_touched(state, part, item) && c < item->count; c++)
                add_chip(&state->carry, state, g_array_index(here, guint, item->first + c));
        }
    }
}

/* A click with Ctrl picks up what it is on, as Space does. */
static void click(BoardState *state, gboolean ctrl)
{
    for (guint i = 0; ctrl && i < carry_count(&state->drag.pressed); i++) {
        const Carried *carried = state->drag.pressed.items->pdata[i];
        if (carry_has(&state->carry, carried->uuid, carried->key))
            carry_remove(&state->carry, carried->uuid, carried->key);
        else
            carry_add_carried(&state->carry, carried);
    }
}

static void release(App *app, BoardState *state, const MouseEvent *event)
{
    state->drag.add = event->ctrl;
    drag_to(state, event); /* a terminal without motion reports tells it only now */
    DragKind kind = state->drag.kind;
    gboolean nowhere = state->drag.nowhere;

    if (kind == DRAG_PRESSED)
        click(state, event->ctrl);
    else if (kind == DRAG_RECTANGLE)
        take_rectangle(state);
    state->drag.kind = DRAG_NONE;
    state->drag.nowhere = FALSE;
    carry_clear(&state->drag.pressed);
    if (kind == DRAG_CHIPS && nowhere)
        board_cancel(app, state, "let go beside the board: nothing dropped");
    else if (kind == DRAG_CHIPS)
        board_drop(app, state);
    else if (kind == DRAG_RECTANGLE)
        app_say(app, STYLE_TEXT, "%u picked up: drag one of them, or Enter drops them",
            carry_count(&state->carry));
}

void board_mouse(App *app, gpointer data, const MouseEvent *event)
{
    BoardState *state = data;
    int step = event->kind == MOUSE_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES;

    if (state->map.items == NULL || app->snapshot->host == NULL)
        return;
    switch (event->kind) {
    case MOUSE_WHEEL_UP:
    case MOUSE_WHEEL_DOWN:
        if (is_in(&state->tray_area, event->y, event->x))
            state->tray_top += step;
        else
            state->top += step;
        board_follow(state);
        break;
    case MOUSE_PRESS:
        if (event->button == 1)
            press(app, state, event);
        else if (state->drag.kind != DRAG_NONE)
            board_cancel(app, state, "another button: nothing dropped");
        break;
    case MOUSE_DRAG:
        state->drag.add = event->ctrl;
        /* What was said of the drag before does not stand beside this one. */
        if (state->drag.kind == DRAG_PRESSED)
            app_hush(app);
        drag_to(state, event);
        break;
    case MOUSE_RELEASE:
        if (state->drag.kind != DRAG_NONE && event->button == 1)
            release(app, state, event);
        break;
    case MOUSE_HOVER:
        if (state->drag.kind != DRAG_NONE)
            board_cancel(app, state, "the button's release was lost: nothing dropped");
        break;
    }
}
