/* The board's side panel: what is under the cursor, told in full. Its lines are made first, as many
 * as there are to tell, then drawn as far as there is room: the first ones matter most. Below the
 * map there are few lines, so that more is told in each. */
#pragma once

#include "tui/screens/board/board.h"

/* Adds a line: @name before it (NULL: a heading), which must outlive the lines. Takes @text. */
void panel_add(GArray *lines, const char *name, Style style, char *text);
/* A line of its own, or, where @alone is FALSE, the rest of the last one. Takes @text. */
void panel_go_on(GArray *lines, const char *name, char *text, gboolean alone);
/* Whether there is room for a line of each thing. */
gboolean panel_is_beside(const BoardState *state);

/* A part of the machine, what is pinned there, and what else runs there. */
void panel_add_part(GArray *lines, const BoardState *state, const Host *host, const MapItem *part);
/* A chip, in lines of its own; or in one. */
void panel_add_chip(GArray *lines, const BoardState *state, const Chip *chip);
void panel_add_chip_line(GArray *lines, const BoardState *state, const Chip *chip);
/* A domain with its vCPUs. */
void panel_add_domain(GArray *lines, const BoardState *state, const ChipDomain *domain);
/* What would change where what is carried were dropped here. */
void panel_add_drop(GArray *lines, const BoardState *state, const Drop *drop);
