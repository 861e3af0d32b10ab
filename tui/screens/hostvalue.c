/* A value of the host as a row of a screen: what it means, and what the keys do. */
#include "tui/screens/hostvalue.h"

#include "tui/screens/kept.h"
#include "tui/widgets/cell.h"

#include <string.h>

/* Asked for every counter at every picture: only ids that begin so are held against patterns. */
#define OF_A_SIZE "thp.size."

const Tunable *hostvalue_tunable(const char *id)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++)
        if (strcmp(rows[i].key, id) == 0)
            return &rows[i];
    g_autoptr(TunableKey) key =
        g_str_has_prefix(id, OF_A_SIZE) ? tunable_key_parse(TARGET_HOST, id, NULL) : NULL;
    return key ? key->tunable : NULL;
}

char *hostvalue_now(const Host *host, const char *id)
{
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_HOST, id, NULL);

    return key ? tunable_host_value(key, host) : NULL;
}

/* ---- in words ---- */

/* What a choice written as a number means in a word: "run" of "1", "run: look for …". */
static char *choice_word(const Tunable *tunable, const char *value)
{
    for (const TunableChoice *choice = tunable->choices; choice && choice->value; choice++)
        if (strcmp(choice->value, value) == 0 && g_ascii_isdigit(*value))
            return g_strndup(choice->help, strcspn(choice->help, ":;"));
    return NULL;
}

char *hostvalue_meaning(const Tunable *tunable, const char *value)
{
    return tunable->unit ? g_strdup(tunable->unit) : choice_word(tunable, value);
}

/* "0 to 100 %", "always, madvise, never". */
static char *range_text(const Tunable *tunable)
{
    if (tunable->type != VALUE_CHOICE)
        return g_strdup_printf("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s%s", tunable->min,
            tunable->max, tunable->unit ? " " : "", tunable->unit ? tunable->unit : "");

    GString *out = g_string_new(NULL);
    for (const TunableChoice *choice = tunable->choices; choice->value; choice++) {
        g_autofree char *word = choice_word(tunable, choice->value);
        g_string_append_printf(out, "%s%s%s%s", out->len ? ", " : "", choice->value,
            word ? " " : "", word ? word : "");
    }
    return g_string_free(out, FALSE);
}

static gboolean fits(const char *text, int width, guint lines)
{
    g_auto(GStrv) broken = cell_lines(text, width, width);

    return g_strv_length(broken) <= lines;
}

/* What it does, and, as far as all of it fits into @lines, gains and costs, and does not go
 * together with: ? tells the whole. */
static char *about_text(const Tunable *tunable, int width, guint lines)
{
    const char *const parts[] = {tunable->gain, tunable->conflicts};
    char *text = g_strdup(tunable->help);

    for (guint i = 0; i < G_N_ELEMENTS(parts) && parts[i]; i++) {
        g_autofree char *more = g_strconcat(text, " ", parts[i], NULL);
        if (!fits(more, width, lines))
            break;
        g_free(text);
        text = g_steal_pointer(&more);
    }
    return text;
}

int hostvalue_draw(const App *app, const char *id, const Canvas *canvas)
{
    const Tunable *tunable = hostvalue_tunable(id);
    Style style = STYLE_DIM;

    if (tunable == NULL)
        return 0;
    g_autofree char *claim = kept_claim(app->snapshot->host, id, &style);
    int room = claim ? canvas->height - 1 : canvas->height; /* who else sets it is always said */
    int lines = CLAMP(room, 1, HOSTVALUE_HELP);
    g_autofree char *about =
        about_text(tunable, canvas->width, (guint)MIN(lines, canvas->height - 1));
    int line = canvas_wrap(canvas, 0, 0, canvas->width, lines, STYLE_TEXT, about);
    g_autofree char *range = range_text(tunable);
    /* A long source is known by its first document's file. */
    g_autofree char *whole = g_strdup_printf("%s  (%s)", range, tunable->source);
    g_autofree char *first = g_strndup(tunable->source, strcspn(tunable->source, ";"));
    const char *slash = strrchr(first, '/');
    g_autofree char *brief = g_strdup_printf("%s  (%s)", range, slash ? slash + 1 : first);
    if (claim)
        canvas_field(canvas, line, 0, canvas->width, ALIGN_LEFT, style, claim);
    else
        canvas_text(canvas, line, 0, canvas->width, STYLE_DIM,
            g_utf8_strlen(whole, -1) <= canvas->width ? whole : brief);
    return line + 1;
}

/* ---- by keys ---- */

void hostvalue_edit(App *app, const char *id)
{
    g_autofree char *now = hostvalue_now(app->snapshot->host, id);

    app_edit_value(app, "host", id, now);
}

void hostvalue_cycle(App *app, const char *id)
{
    const Tunable *tunable = hostvalue_tunable(id);
    g_autofree char *now = hostvalue_now(app->snapshot->host, id);
    const char *staged = plan_value(app->plan, "host", id);

    if (tunable->type != VALUE_CHOICE) {
        app_say(app, STYLE_WARN, "%s is a number: Enter edits it", id);
        return;
    }
    const TunableChoice *choice = tunable->choices;
    while (choice->value && g_strcmp0(choice->value, staged ? staged : now) != 0)
        choice++;
    if (choice->value)
        choice++;
    if (choice->value == NULL)
        choice = tunable->choices;
    app_stage(app, "host", id, choice->value);
}
