/* A strip of chips: what of those that stand at a part is shown there, and where. */
#include "tui/screens/board/boardstrip.h"

#include <string.h>

#define GAP 1 /* between chips: run together, two would look like one */

void strip_label(const Chip *chip, char *text, gsize size)
{
    g_snprintf(text, size, "%s%s", chip->label, chip->strays ? "!" : "");
}

static const Chip *chip_of(const Chips *chips, const GArray *here, guint i)
{
    return chips_at(chips, g_array_index(here, guint, i));
}

/* The texts, not yet placed: one a chip, or where @by_domain one a domain. */
static GArray *make_texts(const Chips *chips, const GArray *here, gboolean by_domain)
{
    GArray *strip = g_array_new(FALSE, TRUE, sizeof(StripItem));

    for (guint i = 0; i < here->len;) {
        const Chip *chip = chip_of(chips, here, i);
        StripItem item = {.first = i, .count = 1};
        while (by_domain && i + item.count < here->len &&
               chip_of(chips, here, i + item.count)->domain == chip->domain)
            item.count++;
        if (item.count == 1)
            strip_label(chip, item.text, sizeof item.text);
        else /* the sign of "times" takes one cell, "x" in ASCII */
            g_snprintf(item.text, sizeof item.text, "%s×%u",
                chips_domain(chips, chip->domain)->mark->letters, item.count);
        item.width = (int)g_utf8_strlen(item.text, -1);
        g_array_append_val(strip, item);
        i += item.count;
    }
    return strip;
}

static int total_width(const GArray *strip)
{
    int width = -GAP;

    for (guint i = 0; i < strip->len; i++)
        width += g_array_index(strip, StripItem, i).width + GAP;
    return width;
}

static StripItem rest_item(const StripItem *from, guint chips)
{
    StripItem rest = {.first = from->first, .count = chips - from->first, .rest = TRUE};

    g_snprintf(rest.text, sizeof rest.text, "+%u", rest.count);
    rest.width = (int)strlen(rest.text);
    return rest;
}

/* Places the items of @strip; those that find no room become one, whose "+" parts it from the last.
 */
static void place(GArray *strip, const MapItem *part, guint chips)
{
    int x = part->strip_x;
    int end = part->strip_x + part->strip_width;

    for (guint i = 0; i < strip->len; i++) {
        StripItem *item = &g_array_index(strip, StripItem, i);
        StripItem rest = rest_item(item, chips);
        gboolean last = i + 1 == strip->len;
        /* What is left after this one needs room for its own sign. */
        if (x + item->width > end || (!last && x + item->width + rest.width > end)) {
            rest.x = i > 0 ? x - GAP : x;
            if (i > 0 && x + rest.width <= end)
                rest.x = x;
            rest.width = MIN(rest.width, MAX(0, end - rest.x));
            *item = rest;
            g_array_set_size(strip, i + 1);
            return;
        }
        item->x = x;
        x += item->width + GAP;
    }
}

GArray *strip_lay(const Chips *chips, const GArray *here, const MapItem *part)
{
    GArray *strip = make_texts(chips, here, FALSE);

    if (total_width(strip) > part->strip_width && part->level != LEVEL_THREAD) {
        g_array_unref(strip);
        strip = make_texts(chips, here, TRUE);
    }
    place(strip, part, here->len);
    return strip;
}

const StripItem *strip_at(const GArray *strip, int x)
{
    for (guint i = 0; i < strip->len; i++) {
        const StripItem *item = &g_array_index(strip, StripItem, i);
        if (x >= item->x && x < item->x + item->width)
            return item;
    }
    return NULL;
}
