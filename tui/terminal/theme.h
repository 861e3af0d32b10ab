/* Themes: colours named by meaning, read from a small key file.
 *
 *     [styles]
 *     warn = bold yellow on black
 *
 * A colour is "default", one of the 16 names (black, red … white, bright-red …), a number to 255 or
 * #rrggbb; attributes are bold, dim, reverse and underline. On a terminal without colour, and with
 * NO_COLOR, a style is attributes only, the same in every theme. */
#pragma once

#include <glib.h>

typedef enum {
    STYLE_TEXT,
    STYLE_DIM,       /* what is there but not looked for */
    STYLE_TITLE,     /* headings */
    STYLE_HEADER,    /* the first line of the screen */
    STYLE_TAB,       /* a tab that is not open */
    STYLE_TAB_OPEN,  /* the tab that is */
    STYLE_SELECTED,  /* the row or cell under the cursor */
    STYLE_KEY,       /* a key in a hint */
    STYLE_GOOD,      /* as it should be */
    STYLE_WARN,      /* look here */
    STYLE_BAD,       /* wrong */
    STYLE_ADDED,     /* a line of a diff */
    STYLE_REMOVED,   /* a line of a diff */
    STYLE_STAGED,    /* a value that is staged, not applied */
    STYLE_METER_LOW, /* the full part of a meter, by how full it is */
    STYLE_METER_MID,
    STYLE_METER_HIGH,
    STYLE_METER_BACK, /* its empty part */
    STYLE_DIALOG,     /* the ground of a dialog */
    STYLE_FIELD,      /* a text field */
    STYLE_CHIP_1,     /* the chips of a domain on the board: six colours in turn */
    STYLE_CHIP_2,
    STYLE_CHIP_3,
    STYLE_CHIP_4,
    STYLE_CHIP_5,
    STYLE_CHIP_6,
    STYLE_COUNT,
    STYLE_CHIP_FIRST = STYLE_CHIP_1,
    STYLE_CHIP_LAST = STYLE_CHIP_6,
} Style;

typedef struct Theme Theme;

#define THEME_FILE_MAX (64u << 10) /* bytes; a larger theme file is refused */

/* A theme of the text of a theme file. A style it does not name looks like "text". NULL with a
 * KVMTUNE_ERROR_USAGE sentence naming the group, key or value that is no good. */
Theme *theme_parse(const char *text, gsize length, GError **error);
/* Theme @name: $XDG_CONFIG_HOME/kvmtune/themes/NAME.theme, else the built-in one of that name. NULL
 * with a sentence that lists the themes there are. */
Theme *theme_load(const char *name, GError **error);
void theme_free(Theme *theme);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Theme, theme_free)

/* As theme_load() was asked for it; NULL for one of a text. */
const char *theme_name(const Theme *theme);
/* The built-in themes' names, sorted, NULL-terminated. */
const char *const *theme_names(void);

/* Colours may be used (curses has them and the user wants them); else attributes only. */
void theme_use_colour(Theme *theme, int colours);
int theme_colours(const Theme *theme);

/* What to draw @style with: curses attributes and a colour pair, on the selected row's background
 * where @selected. */
void theme_look(const Theme *theme, Style style, gboolean selected, guint *attributes, short *pair);
