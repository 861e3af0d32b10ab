/* Themes: colours named by meaning, read from a small key file, and what curses draws them with. */
#include "tui/terminal/theme.h"

#include <curses.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/resources.h"

#define COLOUR_DEFAULT (-1)
#define COLOUR_RGB     0x1000000 /* set in a colour that is #rrggbb, not a palette number */

/* The terminal's own colours. Pair 0 has them too, but to go back to that curses resets colours and
 * attributes one after the other, by 6 bytes more. */
#define PLAIN_PAIR 1

typedef struct {
    int foreground, background;
    attr_t attributes;
} Look;

struct Theme {
    char *name;  /* NULL: of a text */
    int colours; /* 0: attributes only */
    short plain; /* the pair of the terminal's own colours */
    Look looks[STYLE_COUNT];
};

/* A style's name in a theme file, and how it looks without colour. */
static const struct {
    const char *name;
    attr_t plain;
} styles[STYLE_COUNT] = {
    [STYLE_TEXT] = {"text", A_NORMAL},
    [STYLE_DIM] = {"dim", A_NORMAL},
    [STYLE_TITLE] = {"title", A_BOLD},
    [STYLE_HEADER] = {"header", A_REVERSE},
    [STYLE_TAB] = {"tab", A_NORMAL},
    [STYLE_TAB_OPEN] = {"tab-open", A_REVERSE | A_BOLD},
    [STYLE_SELECTED] = {"selected", A_REVERSE},
    [STYLE_KEY] = {"key", A_BOLD},
    [STYLE_GOOD] = {"good", A_NORMAL},
    [STYLE_WARN] = {"warn", A_BOLD},
    [STYLE_BAD] = {"bad", A_BOLD | A_UNDERLINE},
    [STYLE_ADDED] = {"added", A_BOLD},
    [STYLE_REMOVED] = {"removed", A_NORMAL},
    [STYLE_STAGED] = {"staged", A_BOLD | A_UNDERLINE},
    [STYLE_METER_LOW] = {"meter-low", A_NORMAL},
    [STYLE_METER_MID] = {"meter-mid", A_NORMAL},
    [STYLE_METER_HIGH] = {"meter-high", A_BOLD},
    [STYLE_METER_BACK] = {"meter-back", A_NORMAL},
    [STYLE_DIALOG] = {"dialog", A_NORMAL},
    [STYLE_FIELD] = {"field", A_UNDERLINE},
    [STYLE_CHIP_1] = {"chip-1", A_NORMAL},
    [STYLE_CHIP_2] = {"chip-2", A_BOLD},
    [STYLE_CHIP_3] = {"chip-3", A_NORMAL},
    [STYLE_CHIP_4] = {"chip-4", A_BOLD},
    [STYLE_CHIP_5] = {"chip-5", A_NORMAL},
    [STYLE_CHIP_6] = {"chip-6", A_BOLD},
};

static const char *const colour_names[] = {"black", "red", "green", "yellow", "blue", "magenta",
    "cyan", "white", "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue",
    "bright-magenta", "bright-cyan", "bright-white"};

static const struct {
    const char *name;
    attr_t attribute;
} attribute_names[] = {
    {"bold", A_BOLD},
    {"dim", A_DIM},
    {"reverse", A_REVERSE},
    {"underline", A_UNDERLINE},
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *const *theme_names(void)
{
    static char **names;

    if (g_once_init_enter(&names)) {
        char **files = g_resource_enumerate_children(
            themes_get_resource(), "/kvmtune/themes", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
        for (char **file = files; *file; file++)
            (*file)[strlen(*file) - strlen(".theme")] = '\0';
        qsort(files, g_strv_length(files), sizeof *files, compare_names);
        g_once_init_leave(&names, files);
    }
    return (const char *const *)names;
}

static gboolean parse_colour(const char *word, int *colour)
{
    gint64 number = 0;

    if (strcmp(word, "default") == 0) {
        *colour = COLOUR_DEFAULT;
        return TRUE;
    }
    for (int i = 0; i < (int)G_N_ELEMENTS(colour_names); i++)
        if (strcmp(word, colour_names[i]) == 0) {
            *colour = i;
            return TRUE;
        }
    if (word[0] == '#' && strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6) {
        *colour = COLOUR_RGB | (int)g_ascii_strtoull(word + 1, NULL, 16);
        return TRUE;
    }
    if (text_parse_int(word, &number) && number >= 0 && number <= 255) {
        *colour = (int)number;
        return TRUE;
    }
    return FALSE;
}

/* "bold yellow on black"; FALSE with the word that is none of these in *bad. */
static gboolean parse_look(const char *text, Look *look, char **bad)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    gboolean background = FALSE;

    for (guint i = 0; words[i] != NULL; i++) {
        gboolean found = words[i][0] == '\0';
        if (strcmp(words[i], "on") == 0)
            found = background = TRUE;
        for (guint a = 0; !found && a < G_N_ELEMENTS(attribute_names); a++)
            if (strcmp(words[i], attribute_names[a].name) == 0) {
                look->attributes |= attribute_names[a].attribute;
                found = TRUE;
            }
        if (!found && !parse_colour(words[i], background ? &look->background : &look->foreground)) {
            *bad = text_escape(words[i], 40);
            return FALSE;
        }
    }
    return TRUE;
}

static int style_of_name(const char *name)
{
    for (int s = 0; s < STYLE_COUNT; s++)
        if (strcmp(styles[s].name, name) == 0)
            return s;
    return -1;
}

Theme *theme_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) problem = NULL;
    g_autoptr(Theme) theme = g_new0(Theme, 1);
    gboolean given[STYLE_COUNT] = {FALSE};

    if (length > THEME_FILE_MAX || memchr(text, '\0', length) != NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "a theme file is text of at most %u bytes", THEME_FILE_MAX);
        return NULL;
    }
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &problem)) {
        g_autofree char *reason = text_escape(problem->message, 200);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "no theme file: %s", reason);
        return NULL;
    }
    g_auto(GStrv) keys = g_key_file_get_keys(file, "styles", NULL, NULL);
    if (keys == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "a theme file needs a group [styles] with lines like \"warn = bold yellow\"");
        return NULL;
    }
    for (guint i = 0; keys[i] != NULL; i++) {
        int style = style_of_name(keys[i]);
        g_autofree char *value = g_key_file_get_string(file, "styles", keys[i], NULL);
        g_autofree char *bad = NULL;
        g_autofree char *key = text_escape(keys[i], 40);
        if (style < 0) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "\"%s\" is not a style: kvmtune(1) lists them under THEMES", key);
            return NULL;
        }
        theme->looks[style] = (Look){COLOUR_DEFAULT, COLOUR_DEFAULT, A_NORMAL};
        if (value == NULL || !parse_look(value, &theme->looks[style], &bad)) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "style %s: \"%s\" is neither a colour (a name, 0-255, #rrggbb) nor bold, dim, "
                "reverse, underline",
                key, bad ? bad : "");
            return NULL;
        }
        given[style] = TRUE;
    }
    if (!given[STYLE_TEXT])
        theme->looks[STYLE_TEXT] = (Look){COLOUR_DEFAULT, COLOUR_DEFAULT, A_NORMAL};
    for (int s = 0; s < STYLE_COUNT; s++)
        if (!given[s])
            theme->looks[s] = theme->looks[STYLE_TEXT];
    if (!given[STYLE_SELECTED])
        theme->looks[STYLE_SELECTED].attributes |= A_REVERSE;
    return g_steal_pointer(&theme);
}

/* The text of theme @name: the user's file first. NULL where there is neither. */
static GBytes *theme_text(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".theme", NULL);
    g_autofree char *own =
        g_build_filename(g_get_user_config_dir(), "kvmtune", "themes", file, NULL);
    g_autofree char *built_in = g_strconcat("/kvmtune/themes/", file, NULL);
    GStatBuf status;
    char *text = NULL;
    gsize length = 0;

    if (g_stat(own, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= (goffset)THEME_FILE_MAX && g_file_get_contents(own, &text, &length, NULL))
        return g_bytes_new_take(text, length);
    return g_resource_lookup_data(
        themes_get_resource(), built_in, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

Theme *theme_load(const char *name, GError **error)
{
    g_autofree char *shown = text_escape(name, 60);
    g_autoptr(GBytes) text = strchr(name, '/') == NULL ? theme_text(name) : NULL;
    gsize length = 0;

    if (text == NULL) {
        g_autofree char *names = g_strjoinv(", ", (char **)theme_names());
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "there is no theme \"%s\": there are %s, and any NAME.theme in %s/kvmtune/themes",
            shown, names, g_get_user_config_dir());
        return NULL;
    }
    const char *data = g_bytes_get_data(text, &length);
    Theme *theme = theme_parse(data, length, error);
    if (theme == NULL)
        g_prefix_error(error, "theme %s: ", shown);
    else
        theme->name = g_strdup(name);
    return theme;
}

void theme_free(Theme *theme)
{
    if (theme == NULL)
        return;
    g_free(theme->name);
    g_free(theme);
}

void theme_use_colour(Theme *theme, int colours)
{
    gboolean has_plain = colours > 0 && init_pair(PLAIN_PAIR, COLOUR_DEFAULT, COLOUR_DEFAULT) == OK;

    theme->colours = colours;
    theme->plain = has_plain ? PLAIN_PAIR : 0;
    bkgdset(' ' | (chtype)COLOR_PAIR(theme->plain));
}

const char *theme_name(const Theme *theme)
{
    return theme->name;
}

int theme_colours(const Theme *theme)
{
    return theme->colours;
}

/* The red, green and blue (0–255) of a palette colour, as xterm has them. */
static int palette_rgb(int colour)
{
    static const int basic[] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
        0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
        0xffffff};
    static const int steps[] = {0, 95, 135, 175, 215, 255};

    if (colour < 16)
        return basic[colour];
    if (colour >= 232)
        return (8 + 10 * (colour - 232)) * 0x010101;
    colour -= 16;
    return steps[colour / 36] << 16 | steps[colour / 6 % 6] << 8 | steps[colour % 6];
}

static int distance(int a, int b)
{
    int red = (a >> 16 & 255) - (b >> 16 & 255);
    int green = (a >> 8 & 255) - (b >> 8 & 255);
    int blue = (a & 255) - (b & 255);

    return 2 * red * red + 4 * green * green + 3 * blue * blue;
}

/* @colour in a palette of @colours: itself where it is in it, else the nearest. */
static int palette_colour(int colour, int colours)
{
    if (colour == COLOUR_DEFAULT || colour < MIN(colours, 256))
        return colour;
    if (!(colour & COLOUR_RGB) && colour < 16)
        return colour - 8; /* the plain one of a bright one */

    int rgb = colour & COLOUR_RGB ? colour & 0xffffff : palette_rgb(colour);
    /* The first sixteen are the user's own on a large palette: not to be relied upon. */
    int first = colours >= 256 ? 16 : 0;
    int nearest = first;
    for (int i = first; i < MIN(colours, 256); i++)
        if (distance(palette_rgb(i), rgb) < distance(palette_rgb(nearest), rgb))
            nearest = i;
    return nearest;
}

void theme_look(const Theme *theme, Style style, gboolean selected, guint *attributes, short *pair)
{
    const Look *look = &theme->looks[style];
    const Look *ground = &theme->looks[STYLE_SELECTED];

    if (theme->colours == 0) {
        *attributes = styles[style].plain | (selected ? styles[STYLE_SELECTED].plain : 0);
        *pair = 0;
        return;
    }
    int foreground = look->foreground;
    int background = look->background;
    *attributes = look->attributes;
    if (selected) {
        foreground = ground->foreground;
        background = ground->background;
        *attributes = ground->attributes | (look->attributes & A_UNDERLINE);
    }
    if (foreground == COLOUR_DEFAULT && background == COLOUR_DEFAULT) {
        *pair = theme->plain;
        return;
    }
    int number = alloc_pair(
        palette_colour(foreground, theme->colours), palette_colour(background, theme->colours));
    *pair = number > 0 && number <= G_MAXSHORT ? (short)number : 0;
}
