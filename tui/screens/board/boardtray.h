/* The tray of the board: the domains by name, each followed by its chips that are pinned nowhere.
 */
#pragma once

#include "tui/screens/board/boardchips.h"

typedef struct {
    int y, x, width;
    guint domain;
    int chip; /* in Chips.chips; -1: the domain's name */
} TrayItem;

typedef struct {
    GArray *items; /* TrayItem, in order */
    int height;
} Tray;

/* Lays the domains of @chips out in lines of @width: where they are no more than @lines each in a
 * line of its own, else one after the other. */
void tray_lay(
    Tray *tray, const Chips *chips, const ChipPlaces *places, int width, int lines, gboolean ascii);
void tray_clear(Tray *tray);
/* What is at (@y, @x); NULL for nothing. */
const TrayItem *tray_at(const Tray *tray, int y, int x);
/* The item of domain @uuid's name, or the @chosen-th of its chips in the tray; NULL for none. */
const TrayItem *tray_find(const Tray *tray, const Chips *chips, const char *uuid, guint chosen);
/* The text of a domain's name there: "w web1". The caller frees it. */
char *tray_name(const ChipDomain *domain);
