/* The lines of the Tuning screen's form: its fields in groups that fold. */
#include "tui/screens/tuning/tuning.h"

#include <string.h>

#include "core/util/text.h"

#define HEADING   '\t' /* begins a heading's id; no key does */
#define WIDE_LIST 100  /* from here on keys and values have room */

enum {
    COLUMN_KEY,
    COLUMN_WHEN,
    COLUMN_NOW,
    COLUMN_MARK,
    COLUMN_NEXT,
    COLUMN_STAGED,
    COLUMN_UNIT,
    COLUMNS,
};

#define COLUMN_TABLE(key_max, value_max)                                                           \
    {                                                                                              \
        [COLUMN_KEY] = {"tuning", 26, key_max, ALIGN_NAME, 0},                                     \
        [COLUMN_WHEN] = {"", 1, 1, ALIGN_LEFT, 2},                                                 \
        [COLUMN_NOW] = {"running now", 12, value_max, ALIGN_LEFT, 0},                              \
        [COLUMN_MARK] = {"", 1, 1, ALIGN_LEFT, 0},                                                 \
        [COLUMN_NEXT] = {"next start", 12, value_max, ALIGN_LEFT, 0},                              \
        [COLUMN_STAGED] = {"staged", 14, value_max, ALIGN_LEFT, 0},                                \
        [COLUMN_UNIT] = {"unit", 5, 8, ALIGN_LEFT, 3},                                             \
    }

static const TableColumn narrow_columns[COLUMNS + 1] = COLUMN_TABLE(26, 12);
static const TableColumn wide_columns[COLUMNS + 1] = COLUMN_TABLE(44, 24);

/* ---- folding ---- */

static char *heading_id(const char *group, const char *instance)
{
    return instance ? g_strdup_printf("%c%s%c%s", HEADING, group, HEADING, instance)
                    : g_strdup_printf("%c%s", HEADING, group);
}

static gboolean is_instance(const char *id)
{
    return strchr(id + 1, HEADING) != NULL;
}

static gboolean is_folded(const TuningState *state, const char *id)
{
    gboolean begins = is_instance(id) ? state->instances_folded : state->groups_folded;

    return state->search == NULL && begins != g_hash_table_contains(state->turned, id);
}

static const char *selected_heading(const TuningState *state)
{
    const TableRow *row = table_selected(&state->table);
    return row && row->id[0] == HEADING ? row->id : NULL;
}

gboolean tuning_fold(TuningState *state, Fold fold)
{
    const char *id = selected_heading(state);

    if (id == NULL)
        return FALSE;
    gboolean wanted = fold == FOLD_OVER ? !is_folded(state, id) : fold == FOLD_CLOSED;
    if (wanted != is_folded(state, id) && !g_hash_table_remove(state->turned, id))
        g_hash_table_add(state->turned, g_strdup(id));
    return TRUE;
}

void tuning_fold_all(TuningState *state)
{
    gboolean open =
        !state->groups_folded && !state->instances_folded && g_hash_table_size(state->turned) == 0;

    state->groups_folded = state->instances_folded = open;
    g_hash_table_remove_all(state->turned);
    tuning_to_heading(state);
}

void tuning_to_heading(TuningState *state)
{
    const TableRow *row = table_selected(&state->table);
    gboolean instance = row && row->id[0] == HEADING && is_instance(row->id);

    for (int i = state->table.index - 1; row && i >= 0; i--) {
        const TableRow *above = g_ptr_array_index(state->table.rows, i);
        if (above->id[0] == HEADING && !(instance && is_instance(above->id))) {
            g_autofree char *id = g_strdup(above->id);
            table_select(&state->table, id);
            return;
        }
    }
}

/* ---- rows ---- */

/* The fields @from up to @to that are shown below one heading, as one line says it. */
typedef struct {
    guint count, set, staged, mixed;
    gboolean differs;
    char *live, *config;
} Summary;

static void summary_clear(Summary *summary)
{
    g_free(summary->live);
    g_free(summary->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Summary, summary_clear)

/* Of one tunable's many: their one value, all their CPUs, or how many values there are. */
static char *summary_value(const GPtrArray *fields, guint from, guint to, gboolean live)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_autoptr(IdSet) all = hwloc_bitmap_alloc();
    gboolean sets = TRUE;

    for (guint i = from; i < to; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        const char *value = live ? field->live : field->config;
        g_autoptr(IdSet) set =
            value && field->key->tunable->type == VALUE_CPUS ? idset_parse(value, NULL) : NULL;
        if (value)
            tuning_add_distinct(values, value);
        sets &= set != NULL;
        if (set)
            hwloc_bitmap_or(all, all, set);
    }
    if (values->len < 2)
        return values->len ? g_strdup(g_ptr_array_index(values, 0)) : NULL;
    return sets ? idset_format(all) : g_strdup_printf("%u values", values->len);
}

static Summary summarize(const GPtrArray *fields, guint from, guint to)
{
    const Field *first = g_ptr_array_index(fields, from);
    Summary summary = {.count = to - from};
    gboolean list = TRUE;

    for (guint i = from; i < to; i++) {
        const Field *field = g_ptr_array_index(fields, i);
        list &= field->key->tunable == first->key->tunable;
        summary.set += !field->config_unset || !field->live_unset;
        summary.staged += field->staged != NULL;
        summary.differs |= field->differs;
    }
    if (list) {
        summary.live = summary_value(fields, from, to, TRUE);
        summary.config = summary_value(fields, from, to, FALSE);
    }
    return summary;
}

static void add_heading(TuningState *state, const char *id, const char *title,
    const GPtrArray *fields, guint from, guint to)
{
    TableRow *row = table_add(&state->table, id);
    gboolean folded = is_folded(state, id), instance = is_instance(id);
    g_auto(Summary) summary = summarize(fields, from, to);
    Style style = instance ? STYLE_TEXT : STYLE_TITLE;

    row->shape = ROW_SPILLS;
    table_cell(row, COLUMN_KEY, style,
        g_strdup_printf("%s%s %s", instance ? "  " : "", folded ? "▸" : "▾", title));
    if (summary.live && instance)
        table_cell(row, COLUMN_NOW, STYLE_DIM, g_strdup(summary.live));
    else
        table_cell(row, COLUMN_NOW, STYLE_DIM,
            summary.set ? g_strdup_printf("%u of %u set", summary.set, summary.count)
                        : g_strdup_printf("none of %u", summary.count));
    if (summary.config && instance)
        table_cell(row, COLUMN_NEXT, STYLE_DIM, g_strdup(summary.config));
    if (summary.differs && folded)
        table_cell(row, COLUMN_MARK, STYLE_WARN, g_strdup("≠"));
    if (summary.staged)
        table_cell(row, COLUMN_STAGED, STYLE_STAGED, g_strdup_printf("%u staged", summary.staged));
}

static Style value_style(const Field *field, gboolean unset, const char *value)
{
    return value == NULL || unset ? STYLE_DIM : field->mixed ? STYLE_WARN : STYLE_TEXT;
}

static gboolean is_error(const Field *field)
{
    return field->finding && field->finding->error;
}

static gboolean is_warned(const Field *field)
{
    return field->finding || field->moved;
}

static Style staged_style(const Field *field)
{
    return is_error(field) ? STYLE_BAD : is_warned(field) ? STYLE_WARN : STYLE_STAGED;
}

static void add_field(TuningState *state, const Field *field)
{
    TableRow *row = table_add(&state->table, field->key->key);
    const Tunable *tunable = field->key->tunable;

    row->shape = ROW_SPILLS;
    table_cell(row, COLUMN_KEY, STYLE_TEXT,
        g_strdup_printf("%s%s", field->instance ? "    " : "  ", field->label));
    gboolean now = tunable->effect == EFFECT_NOW_AND_NEXT && field->live && field->waits == NULL;
    table_cell(row, COLUMN_WHEN, STYLE_DIM, g_strdup(now ? "•" : "◷"));
    table_cell(row, COLUMN_NOW, value_style(field, field->live_unset, field->live),
        g_strdup(field->live ? field->live : "–"));
    if (field->differs)
        table_cell(row, COLUMN_MARK, STYLE_WARN, g_strdup("≠"));
    table_cell(row, COLUMN_NEXT, value_style(field, field->config_unset, field->config),
        g_strdup(field->config ? field->config : "–"));
    if (field->staged || field->finding)
        table_cell(row, COLUMN_STAGED, staged_style(field),
            g_strconcat(is_error(field)    ? "✗ "
                        : is_warned(field) ? "! "
                                           : "",
                field->staged ? field->staged : "", NULL));
    if (tunable->unit)
        table_cell(row, COLUMN_UNIT, STYLE_DIM, g_strdup(tunable->unit));
}

/* Leaves only what is searched for. */
static GPtrArray *find_fields(const TuningState *state)
{
    GPtrArray *found = g_ptr_array_new();
    g_autofree char *folded = state->search ? g_utf8_casefold(state->search, -1) : NULL;

    for (guint i = 0; i < state->fields->len; i++) {
        Field *field = g_ptr_array_index(state->fields, i);
        if (folded == NULL || text_has_folded(field->key->key, folded) ||
            text_has_folded(field->key->tunable->help, folded))
            g_ptr_array_add(found, field);
    }
    return found;
}

/* Where the run of fields of one group (and with @instance of one instance) ends. */
static guint run_end(const GPtrArray *fields, guint from, gboolean instance)
{
    const Field *first = g_ptr_array_index(fields, from);
    guint to = from + 1;

    for (; to < fields->len; to++) {
        const Field *field = g_ptr_array_index(fields, to);
        if (field->places[0] != first->places[0] ||
            (instance && field->places[1] != first->places[1]))
            break;
    }
    return to;
}

static void add_group(TuningState *state, const GPtrArray *fields, guint from, guint to)
{
    const Field *first = g_ptr_array_index(fields, from);
    g_autofree char *group = heading_id(first->group, NULL);

    add_heading(state, group, first->group, fields, from, to);
    if (is_folded(state, group))
        return;
    for (guint i = from, next; i < to; i = next) {
        const Field *field = g_ptr_array_index(fields, i);
        next = field->instance ? run_end(fields, i, TRUE) : i + 1;
        g_autofree char *id = field->instance ? heading_id(field->group, field->instance) : NULL;
        if (id)
            add_heading(state, id, field->instance, fields, i, next);
        for (guint k = i; k < next && !(id && is_folded(state, id)); k++)
            add_field(state, g_ptr_array_index(fields, k));
    }
}

static void init_state(TuningState *state)
{
    if (state->ready)
        return;
    table_init(&state->table, narrow_columns, TRUE);
    state->tuned = g_ptr_array_new_with_free_func(tuning_tuned_free);
    state->fields = g_ptr_array_new_with_free_func(tuning_field_free);
    state->turned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    state->instances_folded = TRUE;
    state->ready = TRUE;
}

void tuning_free(TuningState *state)
{
    if (!state->ready)
        return;
    table_clear(&state->table);
    g_ptr_array_unref(state->fields);
    g_ptr_array_unref(state->tuned);
    g_hash_table_unref(state->turned);
    g_strfreev(state->uuids);
    g_free(state->search);
    g_clear_pointer(&state->findings, g_ptr_array_unref);
    plan_free(state->checked);
}

/* Another form: the cursor and the columns' widths begin anew, what is folded stays. */
static void begin_form(const App *app, TuningState *state)
{
    gboolean wide = state->table.columns == wide_columns;

    table_clear(&state->table);
    table_init(&state->table, wide ? wide_columns : narrow_columns, TRUE);
    g_strfreev(state->uuids);
    state->uuids = g_strdupv(app->tuned);
    g_clear_pointer(&state->search, g_free);
}

void tuning_update(App *app, TuningState *state)
{
    init_state(state);
    if (app->tuned && (state->uuids == NULL || !g_strv_equal((const char *const *)app->tuned,
                                                   (const char *const *)state->uuids)))
        begin_form(app, state);
    gboolean wide = state->form_width >= WIDE_LIST;
    if (wide != (state->table.columns == wide_columns)) {
        state->table.columns = wide ? wide_columns : narrow_columns;
        for (guint i = 0; i < COLUMNS; i++)
            state->table.widths[i] = state->table.columns[i].width;
    }
    tuning_read_domains(app, state);
    tuning_read_staged(app, state);

    g_autoptr(GPtrArray) found = find_fields(state);
    state->found = found->len;
    table_begin(&state->table);
    for (guint i = 0, next; i < found->len; i = next) {
        next = run_end(found, i, FALSE);
        add_group(state, found, i, next);
    }
    table_end(&state->table);
}

const Field *tuning_selected(const TuningState *state)
{
    const TableRow *row = state->ready ? table_selected(&state->table) : NULL;

    for (guint i = 0; row && i < state->fields->len; i++) {
        const Field *field = g_ptr_array_index(state->fields, i);
        if (g_str_equal(field->key->key, row->id))
            return field;
    }
    return NULL;
}

const char **tuning_targets(const TuningState *state, const Field *field)
{
    GPtrArray *uuids = g_ptr_array_new();

    for (guint i = 0; i < state->tuned->len; i++) {
        const Tuned *tuned = g_ptr_array_index(state->tuned, i);
        if (g_hash_table_contains(tuned->by_key, field->key->key))
            g_ptr_array_add(uuids, tuned->domain->uuid);
    }
    g_ptr_array_add(uuids, NULL);
    return (const char **)g_ptr_array_free(uuids, FALSE);
}
