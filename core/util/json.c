/* Members of JSON objects as kvmtune writes them. */
#include "core/util/json.h"

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

char *json_to_text(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}
