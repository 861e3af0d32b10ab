/* An entry's file: one line of JSON with what was to be done, then a line for each thing that came
 * of it. */
#include "core/apply/journal-file.h"

#include "core/keep/bootfile.h"
#include "core/util/json.h"

#include <string.h>

static const char *const state_names[] = {
    [ENTRY_OPEN] = "open",
    [ENTRY_DONE] = "done",
    [ENTRY_FAILED] = "failed",
    [ENTRY_UNDONE] = "undone",
    [ENTRY_PARTIAL] = "partial",
    [ENTRY_DAMAGED] = "damaged",
};
#define WRITTEN_STATES ENTRY_DAMAGED /* no file says of itself that it is damaged */

const char *journal_state_name(EntryState state)
{
    return state_names[state];
}

static const char *const progress_names[] = {
    [STEP_PLANNED] = "planned",
    [STEP_BEGUN] = "begun",
    [STEP_DONE] = "done",
    [STEP_BACK] = "back",
};

static int name_index(const char *const *names, guint count, const char *name)
{
    for (guint i = 0; name && i < count; i++)
        if (g_str_equal(names[i], name))
            return (int)i;
    return -1;
}

/* The StepKind of that name; -1 for none. */
static int kind_of(const char *name)
{
    for (int kind = 0; name && kind < STEP_KINDS; kind++)
        if (g_str_equal(step_traits[kind].name, name))
            return kind;
    return -1;
}

/* ---- written ---- */

static void put_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

static void put_number(JsonBuilder *builder, const char *name, gint64 number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

/* The line that @builder holds. */
static char *take_line(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, root);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}

char *journal_file_begin(const JournalEntry *entry)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    put_text(builder, "state", state_names[entry->state]);
    put_number(builder, "time", entry->time);
    put_text(builder, "uri", entry->uri);
    put_number(builder, "undoes", entry->undoes);
    json_builder_set_member_name(builder, "steps");
    json_builder_begin_array(builder);
    for (guint i = 0; i < entry->steps->len; i++) {
        const Step *step = g_ptr_array_index(entry->steps, i);
        json_builder_begin_object(builder);
        put_text(builder, "kind", step_traits[step->kind].name);
        put_text(builder, "target", step->target);
        put_text(builder, "name", step->name);
        put_text(builder, "key", step->key->key);
        put_text(builder, "old", step->old_value);
        put_text(builder, "new", step->new_value);
        if (step->undoes)
            put_number(builder, "undoes", step->undoes);
        if (step->follows)
            put_number(builder, "follows", 1);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return take_line(builder);
}

char *journal_file_note(const GPtrArray *steps, StepProgress progress)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, progress_names[progress]);
    json_builder_begin_array(builder);
    for (guint i = 0; i < steps->len; i++)
        json_builder_add_int_value(builder, ((const Step *)g_ptr_array_index(steps, i))->index);
    json_builder_end_array(builder);
    if (progress == STEP_DONE) {
        json_builder_set_member_name(builder, "granted");
        json_builder_begin_array(builder);
        for (guint i = 0; i < steps->len; i++)
            json_builder_add_string_value(builder, step_left(g_ptr_array_index(steps, i)));
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
    return take_line(builder);
}

char *journal_file_end(const JournalEntry *entry)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    put_text(builder, "state", state_names[entry->state]);
    put_number(builder, "undone_by", entry->undone_by);
    put_text(builder, "problem", entry->problem);
    json_builder_end_object(builder);
    return take_line(builder);
}

/* ---- read ---- */

/* The member's text, NULL where there is none or it is no text. */
static const char *take_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gint64 take_number(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

static JsonArray *take_array(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

/* Whether @text is fit to be written where @kind writes it. Files below /etc and mounts take any
 * text, so that here the catalogue is asked; the kernel and libvirt look at theirs themselves. What
 * stood at boot @before is what a person wrote there, and goes back as it was: all that a line of
 * such a file can say, which is no second line. */
static gboolean is_fit(StepKind kind, const TunableKey *key, const char *text, gboolean before)
{
    if (!step_traits[kind].unchecked || *text == '\0')
        return TRUE;
    g_autofree char *normal = tunable_normalize(key, text, NULL);

    return normal != NULL || (before && key->tunable->type != VALUE_PATHS && bootfile_fits(text));
}

static Step *parse_step(JsonNode *node, guint index)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (object == NULL)
        return NULL;
    int kind = kind_of(take_text(object, "kind"));
    const char *target = take_text(object, "target"), *key = take_text(object, "key");
    const char *old_value = take_text(object, "old"), *new_value = take_text(object, "new");
    if (kind < 0 || !target || !key || !old_value || !new_value)
        return NULL;
    /* A key is its text: what else is known of it comes from today's catalogue. */
    TunableKey *parsed =
        tunable_key_parse(step_traits[kind].host ? TARGET_HOST : TARGET_DOMAIN, key, NULL);
    if (parsed == NULL)
        return NULL;
    if (!is_fit((StepKind)kind, parsed, old_value, TRUE) ||
        !is_fit((StepKind)kind, parsed, new_value, FALSE)) {
        tunable_key_free(parsed);
        return NULL;
    }
    Step *step = g_new0(Step, 1);
    step->kind = (StepKind)kind;
    step->target = g_strdup(target);
    step->name = g_strdup(take_text(object, "name") ? take_text(object, "name") : target);
    step->key = parsed;
    step->old_value = g_strdup(old_value);
    step->new_value = g_strdup(new_value);
    step->granted = g_strdup(take_text(object, "granted"));
    step->undoes = (guint)take_number(object, "undoes");
    step->follows = take_number(object, "follows") == 1;
    step->index = index;
    return step;
}

/* Where a state is named: the first line, and the line of the end. */
static gboolean parse_state(JsonObject *object, JournalEntry *entry)
{
    int state = name_index(state_names, WRITTEN_STATES, take_text(object, "state"));

    if (state < 0)
        return FALSE;
    entry->state = (EntryState)state;
    entry->undone_by = (guint)take_number(object, "undone_by");
    g_free(entry->problem);
    entry->problem = g_strdup(take_text(object, "problem"));
    return TRUE;
}

static JournalEntry *parse_begin(JsonObject *object)
{
    g_autoptr(JournalEntry) entry = g_new0(JournalEntry, 1);
    JsonArray *steps = take_array(object, "steps");

    if (steps == NULL || !parse_state(object, entry))
        return NULL;
    entry->time = take_number(object, "time");
    entry->uri = g_strdup(take_text(object, "uri"));
    entry->undoes = (guint)take_number(object, "undoes");
    entry->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    for (guint i = 0; i < json_array_get_length(steps); i++) {
        Step *step = parse_step(json_array_get_element(steps, i), i);
        if (step == NULL)
            return NULL;
        g_ptr_array_add(entry->steps, step);
    }
    return g_steal_pointer(&entry);
}

/* One thing that came of the entry. */
static void parse_later(JsonObject *object, JournalEntry *entry)
{
    if (parse_state(object, entry))
        return;
    JsonArray *granted = take_array(object, "granted");
    for (guint p = STEP_BEGUN; p < G_N_ELEMENTS(progress_names); p++) {
        JsonArray *indexes = take_array(object, progress_names[p]);
        for (guint i = 0; indexes && i < json_array_get_length(indexes); i++) {
            JsonNode *node = json_array_get_element(indexes, i);
            gint64 index = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : -1;
            if (index < 0 || index >= entry->steps->len)
                continue;
            Step *step = g_ptr_array_index(entry->steps, index);
            step->progress = (StepProgress)p;
            JsonNode *value = granted && i < json_array_get_length(granted)
                                  ? json_array_get_element(granted, i)
                                  : NULL;
            if (value && JSON_NODE_HOLDS_VALUE(value) && json_node_get_string(value)) {
                g_free(step->granted);
                step->granted = json_node_dup_string(value);
            }
        }
    }
}

/* The length of the first object: a line, or, as it was once written, several up to a "}" alone. */
static gsize begin_length(const char *text, gsize length)
{
    const char *end = length > 1 && text[1] == '\n' ? g_strstr_len(text, (gssize)length, "\n}")
                                                    : memchr(text, '\n', length);

    return end == NULL ? length : (gsize)(end - text) + (text[1] == '\n' ? 2 : 0);
}

JournalEntry *journal_file_parse(guint number, const char *text, gsize length)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    gsize at = begin_length(text, length);
    JsonObject *first = json_read_object(parser, text, at);
    JournalEntry *entry = first ? parse_begin(first) : NULL;

    if (entry == NULL)
        return NULL;
    entry->number = number;
    while (at < length) {
        const char *line = text + at + 1; /* past the newline */
        gsize left = length - at - 1;
        const char *end = left ? memchr(line, '\n', left) : NULL;
        gsize size = end ? (gsize)(end - line) : left;
        JsonObject *object = size ? json_read_object(parser, line, size) : NULL;
        if (object)
            parse_later(object, entry);
        at += size + 1;
    }
    return entry;
}
