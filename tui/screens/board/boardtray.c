/* The tray of the board: where its domains and chips stand. */
#include "tui/screens/board/boardtray.h"

#include <string.h>

#include "core/util/text.h"
#include "tui/terminal/canvas.h"

#define NAME_MAX_CELLS 20
#define GAP            2 /* between domains */

char *tray_name(const ChipDomain *domain)
{
    g_autofree char *name = text_escape(domain->domain->name, NAME_MAX_CELLS);

    return g_strdup_printf("%s %s", domain->mark->letters, name);
}

/* Puts @item into the line, or where there is no room into the next one, at @indent. */
static void put(Tray *tray, TrayItem item, int *x, int gap, int width, int indent)
{
    if (*x > indent && *x + gap + item.width > width) {
        tray->height++;
        *x = indent;
    } else if (*x > 0) {
        *x += gap;
    }
    item.y = tray->height;
    item.x = *x;
    *x += item.width;
    g_array_append_val(tray->items, item);
}

/* The cells of the longest name. */
static int name_cells(const Chips *chips, gboolean ascii)
{
    int cells = 0;

    for (guint d = 0; d < chips->domains->len; d++) {
        g_autofree char *name = tray_name(chips_domain(chips, d));
        cells = MAX(cells, canvas_width(name, ascii));
    }
    return cells;
}

void tray_lay(
    Tray *tray, const Chips *chips, const ChipPlaces *places, int width, int lines, gboolean ascii)
{
    guint next = 0; /* of places->tray, which is in the order of the domains */
    int x = 0;
    /* A line for each domain where there are as many, the chips below each other. */
    gboolean list = (int)chips->domains->len <= lines;
    int indent = list ? MIN(name_cells(chips, ascii), width / 2) + GAP - 1 : 0;

    tray_clear(tray);
    tray->items = g_array_new(FALSE, FALSE, sizeof(TrayItem));
    for (guint d = 0; d < chips->domains->len; d++) {
        g_autofree char *name = tray_name(chips_domain(chips, d));
        int cells = MIN(canvas_width(name, ascii), width);
        if (list && d > 0) {
            tray->height++;
            x = 0;
        }
        put(tray, (TrayItem){.width = cells, .domain = d, .chip = -1}, &x, GAP, width, 0);
        x = MAX(x, indent);
        for (; next < places->tray->len; next++) {
            guint index = g_array_index(places->tray, guint, next);
            const Chip *chip = chips_at(chips, index);
            if (chip->domain != d)
                break;
            put(tray,
                (TrayItem){.width = (int)strlen(chip->label) + (chip->strays ? 1 : 0),
                    .domain = d,
                    .chip = (int)index},
                &x, 1, width, indent);
        }
    }
    tray->height += tray->items->len > 0 ? 1 : 0;
}

void tray_clear(Tray *tray)
{
    g_clear_pointer(&tray->items, g_array_unref);
    tray->height = 0;
}

const TrayItem *tray_at(const Tray *tray, int y, int x)
{
    for (guint i = 0; tray->items != NULL && i < tray->items->len; i++) {
        const TrayItem *item = &g_array_index(tray->items, TrayItem, i);
        if (item->y == y && x >= item->x && x < item->x + item->width)
            return item;
    }
    return NULL;
}

const TrayItem *tray_find(const Tray *tray, const Chips *chips, const char *uuid, guint chosen)
{
    int domain = uuid != NULL ? chips_find_domain(chips, uuid) : -1;

    for (guint i = 0; domain >= 0 && tray->items != NULL && i < tray->items->len; i++) {
        const TrayItem *item = &g_array_index(tray->items, TrayItem, i);
        if (item->domain != (guint)domain)
            continue;
        const TrayItem *wanted = item + chosen;
        gboolean inside = i + chosen < tray->items->len && wanted->domain == item->domain;
        return inside ? wanted : item;
    }
    return NULL;
}
