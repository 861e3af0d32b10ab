/* What the files that make the box share. */
#pragma once

#include "tui/app/dialog.h"
#include "tui/widgets/slider.h"
#include "tui/widgets/textfield.h"

struct Dialog {
    DialogKind kind;
    guint serial; /* of the question: tells whether an answer opened another */
    char *title, *help;
    char *problem; /* why what was typed is no good */
    TextField field;
    gint64 min, max;
    SetMap map;
    Slider slider;
    gboolean slides; /* it is being dragged */
    char *note;      /* what the number comes to */
    Style note_style;
    AppTell tell;
    char **values, **helps;
    int index, top;
    char **ways;
    guint way;
    AppAccept accept, check;
    void (*yes)(App *app, gpointer data);
    gpointer data;
    /* As last drawn: the box's inside, the lines of the values or the map in it, of the ways (-1:
     * none). */
    int y, x, height, width;
    int first, rows, way_line;
    char hint[160];
};
