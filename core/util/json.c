/* Members of JSON objects as kvmtune writes them. */
#include "core/util/json.h"

#include "core/util/text.h"

#include <string.h>

void json_put_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        json_builder_add_string_value(builder, valid);
    } else {
        json_builder_add_null_value(builder);
    }
}

void json_put_num(JsonBuilder *builder, const char *name, Num number)
{
    json_builder_set_member_name(builder, name);
    if (number.known)
        json_builder_add_int_value(builder, number.value);
    else
        json_builder_add_null_value(builder);
}

void json_put_scaled(JsonBuilder *builder, const char *name, Num number, guint scale)
{
    json_builder_set_member_name(builder, name);
    if (number.known)
        json_builder_add_double_value(builder, (double)number.value / scale);
    else
        json_builder_add_null_value(builder);
}

void json_put_set(JsonBuilder *builder, const char *name, const IdSet *set)
{
    g_autofree char *text = set ? idset_format(set) : NULL;
    json_put_text(builder, name, text);
}

void json_put_bool(JsonBuilder *builder, const char *name, gboolean value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

void json_open_object(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
}

void json_open_array(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

/* Appends the number at @p and returns what is behind it. json-glib prints fractions in the 17
 * figures that tell all of them apart, 16.7 as 16.699999999999999; 15 are as many as a double keeps
 * of what was written in tenths or hundredths. */
static const char *append_number(GString *out, const char *p)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    const char *end = p + strspn(p, "+-.0123456789eE");

    if (strcspn(p, ".eE") >= (gsize)(end - p)) {
        g_string_append_len(out, p, end - p);
        return end;
    }
    g_ascii_formatd(text, sizeof text, "%.15g", g_ascii_strtod(p, NULL));
    g_string_append_printf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
    return end;
}

/* What stands outside ASCII is in strings, where an escape says the same: none of it may act on the
 * terminal that the text is printed on. */
static void append_safe(GString *out, gunichar c)
{
    if ((c >= 0x7f && c < 0xa0) || text_is_deceptive(c))
        g_string_append_printf(out, "\\u%04x", c);
    else
        g_string_append_unichar(out, c);
}

static char *tidy(const char *text)
{
    GString *out = g_string_new(NULL);
    gboolean in_string = FALSE;

    for (const char *p = text; *p;) {
        if (!in_string && (*p == '-' || g_ascii_isdigit(*p))) {
            p = append_number(out, p);
            continue;
        }
        in_string ^= *p == '"';
        if (*p == '\\') /* in a string: what follows does not end it */
            g_string_append_c(out, *p++);
        append_safe(out, g_utf8_get_char(p));
        p = g_utf8_next_char(p);
    }
    return g_string_free(out, FALSE);
}

char *json_node_text(JsonNode *root)
{
    g_autofree char *text = json_to_string(root, TRUE);
    g_autofree char *tidied = tidy(text);

    return g_strconcat(tidied, "\n", NULL);
}

char *json_to_text(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);

    return json_node_text(root);
}

/* Whether @text, outside of its strings, has only what JSON has there, and no more than JSON_DEPTH
 * levels. What begins a comment of json-glib's is not among it, so that a quote always begins or
 * ends a string. */
static gboolean is_shallow(const char *text, gsize length)
{
    gboolean in_string = FALSE;
    guint depth = 0;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && !g_ascii_isspace(c) && !g_ascii_isalnum(c) &&
                 (c == '\0' || strchr("{}[],:+-.", c) == NULL))
            return FALSE;
        else if (!in_string && (c == '[' || c == '{') && ++depth > JSON_DEPTH)
            return FALSE;
        else if (!in_string && (c == ']' || c == '}') && depth-- == 0)
            return FALSE;
    }
    return TRUE;
}

JsonObject *json_read_object(JsonParser *parser, const char *text, gsize length)
{
    JsonNode *root = length <= G_MAXSSIZE && is_shallow(text, length) &&
                             json_parser_load_from_data(parser, text, (gssize)length, NULL)
                         ? json_parser_get_root(parser)
                         : NULL;

    return root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}
