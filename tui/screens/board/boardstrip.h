/* A strip of chips: what of those that stand at a part is shown there, and where. One by one where
 * there is room, else by domain, the rest as a number. */
#pragma once

#include "tui/screens/board/boardchips.h"

typedef struct {
    int x, width;
    guint first; /* into the chips that stand there */
    guint count; /* of chips this text stands for */
    char text[24];
    gboolean rest; /* "+3": those that there is no room for */
} StripItem;

/* What chip @chip is called there: "w3", and "w3!" where it does not run as asked. */
void strip_label(const Chip *chip, char *text, gsize size);
/* StripItem of the chips @here (guint) at @part, at most as wide as its strip. The caller frees it.
 */
GArray *strip_lay(const Chips *chips, const GArray *here, const MapItem *part);
/* The item at column @x, NULL for none. */
const StripItem *strip_at(const GArray *strip, int x);
