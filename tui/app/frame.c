/* What stands around every screen. */
#include "tui/app/frame.h"

#include "core/util/text.h"

#include <string.h>
#include <unistd.h>

#define SHORT_WIDTH 16 /* the cells of a piece that tells something when it is cut */

/* A piece of the header: the least important are cut or left out where the line is short. */
typedef struct {
    int importance; /* the higher the longer it stays */
    Style style;
    char *text; /* NULL: nothing to say */
} Piece;

static char *describe_link(const LinkInfo *link)
{
    gint64 seconds = (g_get_monotonic_time() - link->since_us) / G_USEC_PER_SEC;

    switch (link->state) {
    case LINK_UP:
        return NULL;
    case LINK_CONNECTING:
        if (seconds < 3)
            return g_strdup("libvirt: connecting");
        return g_strdup_printf("libvirt: connecting for %" G_GINT64_FORMAT " s", seconds);
    case LINK_WAITING:
        return g_strdup_printf("libvirt: no answer for %" G_GINT64_FORMAT " s", seconds);
    case LINK_DOWN:
        return g_strdup_printf("libvirt: down for %" G_GINT64_FORMAT " s", seconds);
    }
    return NULL;
}

static void draw_header(const App *app, const Canvas *screen)
{
    const Snapshot *s = app->snapshot;
    const LinkInfo *link = &s->link;
    g_autofree char *host =
        text_escape(s->host && s->host->hostname ? s->host->hostname : "kvmtune", 24);
    guint staged = app->plan->changes->len;
    Piece pieces[] = {
        {9, STYLE_TITLE, g_strdup(host)},
        {8, STYLE_WARN, link->demo ? g_strdup("DEMO") : NULL},
        {8, STYLE_WARN, link->remote ? g_strdup("REMOTE") : NULL},
        {link->remote ? 5 : 2, STYLE_DIM, link->uri && !link->demo ? g_strdup(link->uri) : NULL},
        {1, STYLE_DIM, s->host && s->host->kernel ? text_escape(s->host->kernel, 24) : NULL},
        {3, STYLE_DIM, link->hypervisor && !link->demo ? g_strdup(link->hypervisor) : NULL},
        {0, STYLE_DIM, link->libvirt ? g_strdup_printf("libvirt %s", link->libvirt) : NULL},
        {7, STYLE_WARN, link->read_only ? g_strdup("READ-ONLY") : NULL},
        {4, STYLE_DIM, !link->read_only && geteuid() == 0 ? g_strdup("root") : NULL},
        {6, STYLE_STAGED, staged ? g_strdup_printf("%u staged", staged) : NULL},
        {7, STYLE_BAD, describe_link(link)},
    };
    int widths[G_N_ELEMENTS(pieces)], sum = 0;

    canvas_fill(screen, 0, 0, 1, screen->width, STYLE_HEADER);
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        widths[i] = pieces[i].text ? canvas_width(pieces[i].text, app->ascii) + 2 : 0;
        sum += widths[i];
    }
    while (sum > screen->width) {
        int least = -1;
        for (guint i = 0; i < G_N_ELEMENTS(pieces); i++)
            if (widths[i] && (least < 0 || pieces[i].importance < pieces[least].importance))
                least = (int)i;
        if (least < 0)
            break;
        int cut = MIN(sum - screen->width, widths[least]);
        if (widths[least] - 2 - cut < SHORT_WIDTH)
            cut = widths[least];
        sum -= cut;
        widths[least] -= cut;
    }
    int x = 1;
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        if (widths[i])
            canvas_text(screen, 0, x, MIN(widths[i] - 2, screen->width - x),
                pieces[i].style == STYLE_DIM ? STYLE_HEADER : pieces[i].style, pieces[i].text);
        x += widths[i];
        g_free(pieces[i].text);
    }
}

#define TAB_NARROW 3 /* the cells of a tab without its title: " 1 " */

/* How wide tab @screen is: " 1 Host "; where not all titles fit, only that of the open one stays.
 */
static int tab_width(const App *app, ScreenId screen, int width)
{
    int all = 0, own = canvas_width(screens[screen]->title, app->ascii) + 4;
    gboolean alone = screen == app_tab(app) && (SCREEN_TABS - 1) * TAB_NARROW + own <= width;

    for (int i = 0; i < SCREEN_TABS; i++)
        all += canvas_width(screens[i]->title, app->ascii) + 4;
    return all <= width || alone ? own : TAB_NARROW;
}

static void draw_tabs(const App *app, const Canvas *screen)
{
    int x = 0;

    for (ScreenId i = 0; i < SCREEN_TABS; i++) {
        int width = tab_width(app, i, screen->width);
        Style style = i == app_tab(app) ? STYLE_TAB_OPEN : STYLE_TAB;
        canvas_fill(screen, 1, x, 1, width, style);
        canvas_printf(screen, 1, x + 1, width - 1, style, width > TAB_NARROW ? "%d %s" : "%d",
            (int)i + 1, screens[i]->title);
        x += width;
    }
    if (screen->width < TERMINAL_GOOD_WIDTH || screen->height < TERMINAL_GOOD_HEIGHT)
        canvas_text(screen, 1, x + 1, -1, STYLE_WARN, "needs 80×24");
}

ScreenId frame_tab_at(const App *app, int x)
{
    /* Both layouts are told apart by the same rule as when they were drawn. */
    int left = 0;

    for (ScreenId i = 0; i < SCREEN_TABS; i++) {
        int width = tab_width(app, i, app->width);
        if (x >= left && x < left + width)
            return i;
        left += width;
    }
    return SCREEN_COUNT;
}

/* The first key of @row: "Enter" of "Enter e". */
static char *first_key(const KeyRow *row)
{
    return g_strndup(row->keys, strcspn(row->keys, " "));
}

/* Whether the screen of @context has a row of its own for @row's action, or is where it leads. */
static gboolean is_said(const KeyRow *rows, guint count, const KeyRow *row, KeyContext context)
{
    if (row->context != CONTEXT_EVERYWHERE)
        return FALSE;
    if (row->action == ACTION_PREVIEW && context == CONTEXT_PREVIEW)
        return TRUE;
    for (guint i = 0; i < count; i++)
        if (rows[i].context == context && rows[i].action == row->action)
            return TRUE;
    return FALSE;
}

/* Draws "KEY word" at @x and notes where; a key that is none (arrows) is only drawn. Returns the
 * cells used, 0 where it does not fit any more. */
static int draw_hint(
    const App *app, const Canvas *screen, int x, const char *key, const char *word, GArray *hints)
{
    FrameHint hint = {
        x, canvas_width(key, app->ascii) + 1 + canvas_width(word, app->ascii), keymap_code(key)};
    int y = screen->height - 1;

    if (x + hint.width > screen->width - 1)
        return 0;
    int used = canvas_text(screen, y, x, -1, STYLE_KEY, key);
    canvas_text(screen, y, x + used + 1, -1, STYLE_DIM, word);
    if (hint.key)
        g_array_append_val(hints, hint);
    return hint.width;
}

/* Whether @row is a hint of the screen of @context, with the key that does it in *key, which the
 * caller frees. */
static gboolean hints_at(const App *app, const KeyRow *rows, guint count, const KeyRow *row,
    KeyContext context, char **key)
{
    if (row->hint == NULL || *row->keys == '\0' || (row->writes && app->snapshot->link.read_only) ||
        is_said(rows, count, row, context))
        return FALSE;
    g_autofree char *first = first_key(row);
    if (keymap_action(context, keymap_code(first)) != row->action)
        return FALSE;
    *key = g_steal_pointer(&first);
    return TRUE;
}

typedef struct {
    char *key;
    const char *word;
    gboolean stays; /* whatever else goes for want of room: the way back, and to all the others */
    int width;      /* with the gap that follows */
} Hint;

static void hint_clear(gpointer data)
{
    g_free(((Hint *)data)->key);
}

/* The screen's own keys, then those of everywhere (Hint); help has no need of those. */
static GArray *list_hints(const App *app, KeyContext context)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(Hint));
    guint count;
    const KeyRow *rows = keymap_rows(&count);

    g_array_set_clear_func(list, hint_clear);
    for (int turn = 0; turn < (context == CONTEXT_HELP ? 1 : 2); turn++)
        for (guint i = 0; i < count; i++) {
            const KeyRow *row = &rows[i];
            Hint hint = {.word = row->hint};
            if (row->context != (turn == 0 ? context : CONTEXT_EVERYWHERE) ||
                !hints_at(app, rows, count, row, context, &hint.key))
                continue;
            hint.stays = row->action == ACTION_BACK || row->action == ACTION_PREVIEW ||
                         row->action == ACTION_HELP;
            hint.width =
                canvas_width(hint.key, app->ascii) + 1 + canvas_width(hint.word, app->ascii) + 2;
            g_array_append_val(list, hint);
        }
    return list;
}

/* All of them where they fit the line; else as many as fit, "…", and those that stay. */
static void draw_hints(const App *app, const Canvas *screen, KeyContext context, GArray *hints)
{
    g_autoptr(GArray) list = list_hints(app, context);
    int x = 1, all = 0, staying = canvas_width("…", app->ascii) + 2;
    gboolean cut = FALSE;

    for (guint i = 0; i < list->len; i++) {
        const Hint *hint = &g_array_index(list, Hint, i);
        all += hint->width;
        staying += hint->stays ? hint->width : 0;
    }
    gboolean fits =
        all <= screen->width; /* the blank before the first, but no gap behind the last */
    for (guint i = 0; i < list->len && !cut; i++) {
        const Hint *hint = &g_array_index(list, Hint, i);
        if (!fits && hint->stays)
            continue;
        cut = !fits && x - 1 + hint->width + staying > screen->width;
        if (!cut)
            x += draw_hint(app, screen, x, hint->key, hint->word, hints) + 2;
    }
    if (fits)
        return;
    x += canvas_text(screen, screen->height - 1, x, screen->width - 1 - x, STYLE_DIM, "…") + 2;
    for (guint i = 0; i < list->len; i++) {
        const Hint *hint = &g_array_index(list, Hint, i);
        int used = hint->stays ? draw_hint(app, screen, x, hint->key, hint->word, hints) : 0;
        x += used ? used + 2 : 0;
    }
}

/* A dialog's own: "Enter accept  Esc cancel"; those that do not fit go, with a sign. */
static void draw_own_hints(const App *app, const Canvas *screen, const char *text, GArray *hints)
{
    g_auto(GStrv) parts = g_strsplit(text, "  ", -1);
    int x = 1;

    for (guint i = 0; parts[i]; i++) {
        char *word = strchr(parts[i], ' ');
        if (word == NULL)
            continue;
        *word++ = '\0';
        int used = draw_hint(app, screen, x, parts[i], word, hints);
        if (used == 0) {
            canvas_text(screen, screen->height - 1, x, 1, STYLE_DIM, "…");
            return;
        }
        x += used + 2;
    }
}

void frame_draw(const App *app, const Canvas *screen, const Frame *frame, GArray *hints)
{
    g_array_set_size(hints, 0);
    draw_header(app, screen);
    draw_tabs(app, screen);
    int lines = frame->message ? canvas_wrap(screen, screen->height - 2, 1, screen->width - 2, 2,
                                     frame->style, frame->message)
                               : 0;
    if (lines > 1)
        return; /* the hints come back with the next key */
    if (frame->hint)
        draw_own_hints(app, screen, frame->hint, hints);
    else
        draw_hints(app, screen, frame->context, hints);
}

guint frame_hint_at(const GArray *hints, int x)
{
    for (guint i = 0; i < hints->len; i++) {
        const FrameHint *hint = &g_array_index(hints, FrameHint, i);
        if (x >= hint->x && x < hint->x + hint->width)
            return hint->key;
    }
    return 0;
}
