/* JSON as kvmtune writes it, where what is unknown is null, and as it takes it from outside. */
#pragma once

#include "core/util/idset.h"
#include "core/util/num.h"

#include <json-glib/json-glib.h>

void json_put_text(JsonBuilder *builder, const char *name, const char *text); /* NULL: null */
void json_put_num(JsonBuilder *builder, const char *name, Num number);
/* @number in 1/@scale, as a fraction: 125 with 10 is 12.5. */
void json_put_scaled(JsonBuilder *builder, const char *name, Num number, guint scale);
void json_put_set(JsonBuilder *builder, const char *name, const IdSet *set); /* "0-3,8" */
void json_put_bool(JsonBuilder *builder, const char *name, gboolean value);
void json_open_object(JsonBuilder *builder, const char *name);
void json_open_array(JsonBuilder *builder, const char *name);
/* The document, indented, with a line end; the caller frees it. */
char *json_to_text(JsonBuilder *builder);
char *json_node_text(JsonNode *root);

/* The object that @length bytes of @text are, at most JSON_DEPTH levels deep: json-glib descends
 * one call a level, and another machine's file may have any number of them. It lives as long as
 * @parser. NULL where the text is none: JSON only, without the comments that json-glib passes over.
 */
#define JSON_DEPTH 32
JsonObject *json_read_object(JsonParser *parser, const char *text, gsize length);
