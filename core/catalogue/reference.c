/* The catalogue as lists, JSON, Markdown and man page. */
#include "core/catalogue/reference.h"

#include "core/util/json.h"

#include <string.h>

static const char *const effects[] = {
    [EFFECT_NOW] = "at once until the host restarts; at every boot where it is kept",
    [EFFECT_NOW_AND_NEXT] = "in the running domain and at its next start",
    [EFFECT_NEXT] = "at the domain's next start",
    [EFFECT_RUNNING] = "in the running domain, until it ends",
};

/* A row's effect, but of what is written once and leaves nothing. */
static const char *effect_text(const Tunable *row)
{
    return row->trigger ? "once, when it is written; nothing is kept" : effects[row->effect];
}

static const char *target_name(const Tunable *row)
{
    return row->target == TARGET_HOST ? "host" : "domain";
}

/* What is told of a row besides its help, under one name in every document. */
typedef struct {
    const char *name;
    char *text; /* NULL: nothing to tell */
} Fact;

#define FACTS 8

/* The facts of @row, in the order in which they are told; texts are the caller's to free. */
static void collect_facts(const Tunable *row, Fact facts[FACTS])
{
    const char *call = connection_tune_name(row->live.call);
    const Fact all[FACTS] = {
        {"Gains and costs", g_strdup(row->gain)},
        {"Conflicts", g_strdup(row->conflicts)},
        {"Where nothing is set", g_strdup(row->fallback)},
        {"Takes effect", g_strdup(effect_text(row))},
        {"Live by", g_strdup(call)},
        {"Stands in", tunable_shown_place(row)},
        {"Since", row->since ? g_strdup_printf("%s %s",
                                   row->target == TARGET_HOST ? "Linux" : "libvirt", row->since)
                             : NULL},
        {"Source", g_strdup(row->source)},
    };

    memcpy(facts, all, sizeof all);
}

static void free_facts(Fact facts[FACTS])
{
    for (guint i = 0; i < FACTS; i++)
        g_free(facts[i].text);
}

/* Whether one of the choices is told more of than its name. */
static gboolean has_told_choices(const Tunable *row)
{
    for (guint i = 0; row->choices && row->choices[i].value; i++)
        if (!g_str_equal(row->choices[i].value, row->choices[i].help))
            return TRUE;
    return FALSE;
}

/* Appends the words of @text to the line that @out ends with, and begins a new one, @indent blanks
 * in, where the next word would go beyond @width. */
static void append_words(GString *out, int width, int indent, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    const char *last = strrchr(out->str, '\n');
    glong column = g_utf8_strlen(last ? last + 1 : out->str, -1);

    for (guint i = 0; words[i]; i++) {
        glong length = g_utf8_strlen(words[i], -1);
        gboolean apart = !g_str_has_suffix(out->str, " ");
        if (column > indent && column + apart + length > width) {
            g_string_truncate(out, out->len - !apart);
            g_string_append_printf(out, "\n%*s", indent, "");
            column = indent;
        } else if (apart) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, words[i]);
        column += length;
    }
    g_string_append_c(out, '\n');
}

char *reference_explain(const Tunable *row, int width)
{
    GString *out = g_string_new(NULL);
    g_autofree char *allowed = tunable_allowed(row);
    Fact facts[FACTS];

    g_string_append_printf(
        out, "%s=%s%s%s\n  ", row->key, allowed, row->unit ? " " : "", row->unit ? row->unit : "");
    append_words(out, width, 2, row->help);
    for (guint i = 0; has_told_choices(row) && row->choices[i].value; i++) {
        g_string_append_printf(out, "    %-16s ", row->choices[i].value);
        append_words(out, width, 21, row->choices[i].help);
    }
    collect_facts(row, facts);
    for (guint i = 0; i < FACTS; i++) {
        if (facts[i].text == NULL)
            continue;
        g_string_append_printf(out, "  %s: ", facts[i].name);
        append_words(out, width, 4, facts[i].text);
    }
    free_facts(facts);
    return g_string_free(out, FALSE);
}

static gboolean begins(const Tunable *row, const char *prefix)
{
    return g_str_has_prefix(row->key, prefix);
}

char *reference_list(const char *prefix)
{
    GString *out = g_string_new(NULL);
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        g_autofree char *allowed = tunable_allowed(&rows[i]);
        if (begins(&rows[i], prefix))
            g_string_append_printf(
                out, "%-7s %-40s %s\n", target_name(&rows[i]), rows[i].key, allowed);
    }
    return g_string_free(out, FALSE);
}

char *reference_names(const char *prefix)
{
    GString *out = g_string_new(NULL);
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++)
        if (begins(&rows[i], prefix))
            g_string_append_printf(out, "%s %s\n", target_name(&rows[i]), rows[i].key);
    return g_string_free(out, FALSE);
}

static void put(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

static void put_row(JsonBuilder *builder, const Tunable *row)
{
    static const char *const words[] = {[EFFECT_NOW] = "now",
        [EFFECT_NOW_AND_NEXT] = "now and next",
        [EFFECT_NEXT] = "next",
        [EFFECT_RUNNING] = "running"};
    g_autofree char *allowed = tunable_allowed(row);
    g_autofree char *place = tunable_shown_place(row);

    json_builder_begin_object(builder);
    put(builder, "key", row->key);
    put(builder, "target", target_name(row));
    put(builder, "group", row->group);
    put(builder, "allowed", allowed);
    json_builder_set_member_name(builder, "choices");
    json_builder_begin_array(builder);
    for (guint i = 0; row->choices && row->choices[i].value; i++) {
        json_builder_begin_object(builder);
        put(builder, "value", row->choices[i].value);
        put(builder, "help", row->choices[i].help);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    put(builder, "unit", row->unit);
    put(builder, "default", row->fallback);
    put(builder, "effect", words[row->effect]);
    put(builder, "live", connection_tune_name(row->live.call));
    put(builder, "place", place);
    put(builder, "help", row->help);
    put(builder, "gain", row->gain);
    put(builder, "conflicts", row->conflicts);
    put(builder, "source", row->source);
    put(builder, "since", row->since);
    json_builder_end_object(builder);
}

char *reference_json(const char *prefix)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    json_builder_begin_array(builder);
    for (guint i = 0; i < count; i++)
        if (begins(&rows[i], prefix))
            put_row(builder, &rows[i]);
    json_builder_end_array(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_node_text(root);
}

/* @text with what Markdown would read as markup between bars made plain. */
static char *cell(const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, "|", "\\|", 0);
    g_string_replace(out, "<", "&lt;", 0);
    g_string_replace(out, "*", "\\*", 0);
    return g_string_free(out, FALSE);
}

static void markdown_row(GString *out, const Tunable *row)
{
    g_autofree char *allowed = tunable_allowed(row);
    Fact facts[FACTS];

    g_string_append_printf(out, "### `%s`\n\n%s\n\n| | |\n| --- | --- |\n", row->key, row->help);
    if (!has_told_choices(row) || row->type != VALUE_CHOICE) {
        g_autofree char *text = cell(allowed);
        g_string_append_printf(
            out, "| Allowed | %s%s%s |\n", text, row->unit ? " " : "", row->unit ? row->unit : "");
    }
    for (guint i = 0; has_told_choices(row) && row->choices[i].value; i++) {
        g_autofree char *text = cell(row->choices[i].help);
        g_string_append_printf(out, "| `%s` | %s |\n", row->choices[i].value, text);
    }
    collect_facts(row, facts);
    for (guint i = 0; i < FACTS; i++) {
        g_autofree char *text = facts[i].text ? cell(facts[i].text) : NULL;
        gboolean code = g_str_equal(facts[i].name, "Stands in");
        if (text)
            g_string_append_printf(out, "| %s | %s%s%s |\n", facts[i].name, code ? "`" : "",
                code ? facts[i].text : text, code ? "`" : "");
    }
    free_facts(facts);
    g_string_append_c(out, '\n');
}

char *reference_markdown(void)
{
    GString *out = g_string_new(
        "# Tunables\n\nMade from the catalogue by `make doc-tables`; `kvmtune tunables KEY` says "
        "the same of one.\nA part of a key in upper case stands for a number, a name or an "
        "address: `vcpupin.N` is written `vcpupin.0`.\nAn empty value takes away what is set.\n");
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        if (i == 0 || !g_str_equal(rows[i].group, rows[i - 1].group))
            g_string_append_printf(out, "\n## %s (%s)\n\n", rows[i].group, target_name(&rows[i]));
        markdown_row(out, &rows[i]);
    }
    while (out->len > 1 && out->str[out->len - 2] == '\n')
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}

/* @text as troff reads it. */
static char *troff(const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, "\\", "\\e", 0);
    g_string_replace(out, "-", "\\-", 0);
    g_string_replace(out, "–", "\\(en", 0);
    g_string_replace(out, "…", "\\&.\\|.\\|.", 0);
    g_string_replace(out, "|", "|\\:", 0); /* a long list of words may break there */
    if (strchr(".'", out->str[0]))
        g_string_prepend(out, "\\&");
    return g_string_free(out, FALSE);
}

char *reference_man(void)
{
    GString *out = g_string_new(NULL);
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        g_autofree char *allowed = tunable_allowed(&rows[i]);
        g_autofree char *values = troff(allowed);
        g_autofree char *key = troff(rows[i].key);
        g_autofree char *help = troff(rows[i].help);
        if (i == 0 || !g_str_equal(rows[i].group, rows[i - 1].group))
            g_string_append_printf(out, ".SS %s (%s)\n", rows[i].group, target_name(&rows[i]));
        g_string_append_printf(out, ".TP\n.B %s\n.I %s\n.br\n%s\n", key, values, help);
    }
    return g_string_free(out, FALSE);
}
