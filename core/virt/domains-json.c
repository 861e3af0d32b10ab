/* The domains of a Snapshot as text: JSON, and a table. */
#include "core/virt/domains-json.h"

#include "core/util/text.h"

#include <json-glib/json-glib.h>

static void put_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        json_builder_add_string_value(builder, valid);
    } else {
        json_builder_add_null_value(builder);
    }
}

static void put_num(JsonBuilder *builder, const char *name, Num number)
{
    json_builder_set_member_name(builder, name);
    if (number.known)
        json_builder_add_int_value(builder, number.value);
    else
        json_builder_add_null_value(builder);
}

/* A load of 1/1000 in percent. */
static void put_load(JsonBuilder *builder, const char *name, Num load)
{
    json_builder_set_member_name(builder, name);
    if (load.known)
        json_builder_add_double_value(builder, (double)load.value / 10);
    else
        json_builder_add_null_value(builder);
}

static void put_set(JsonBuilder *builder, const char *name, const IdSet *set)
{
    g_autofree char *text = set ? idset_format(set) : NULL;
    put_text(builder, name, text);
}

static void put_bool(JsonBuilder *builder, const char *name, gboolean value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void put_thread(JsonBuilder *builder, const ThreadUsage *thread)
{
    put_num(builder, "tid", thread ? NUM(thread->tid) : NUM_UNKNOWN);
    put_set(builder, "affinity", thread ? thread->affinity : NULL);
    put_num(
        builder, "last_cpu", thread && thread->last_cpu >= 0 ? NUM(thread->last_cpu) : NUM_UNKNOWN);
    put_load(builder, "load", thread ? thread->load : NUM_UNKNOWN);
}

static void put_vcpus(JsonBuilder *builder, const DomainConfig *config, const DomainUsage *usage)
{
    json_builder_set_member_name(builder, "vcpus");
    json_builder_begin_object(builder);
    put_num(builder, "current", NUM(config->vcpus_current));
    put_num(builder, "max", NUM(config->vcpus_max));
    json_builder_set_member_name(builder, "list");
    json_builder_begin_array(builder);
    for (guint n = 0; n < config->vcpus_max; n++) {
        json_builder_begin_object(builder);
        put_num(builder, "vcpu", NUM(n));
        put_set(builder, "asked", domain_config_asked(config, n));
        put_thread(builder, domain_usage_vcpu(usage, (int)n));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void put_config(JsonBuilder *builder, const DomainConfig *config, const DomainUsage *usage)
{
    put_vcpus(builder, config, usage);
    put_set(builder, "emulatorpin", config->emulatorpin);
    put_num(builder, "iothreads", NUM(config->iothreads));
    put_num(builder, "memory_kib", config->memory_kib);
    put_num(builder, "current_memory_kib", config->current_memory_kib);
    put_text(builder, "hugepages", config->hugepages);
    put_bool(builder, "nosharepages", config->nosharepages);
    json_builder_set_member_name(builder, "numatune");
    json_builder_begin_object(builder);
    put_text(builder, "mode", config->numatune_mode);
    put_set(builder, "nodeset", config->numatune_nodeset);
    json_builder_end_object(builder);
}

static void put_domain(JsonBuilder *builder, const DomainView *view)
{
    const Domain *domain = view->domain;
    const DomainConfig *config = domain_now(domain);
    const DomainUsage *usage = view->usage;

    json_builder_begin_object(builder);
    put_text(builder, "name", domain->name);
    put_text(builder, "uuid", domain->uuid);
    put_num(builder, "id", domain->id >= 0 ? NUM(domain->id) : NUM_UNKNOWN);
    put_text(builder, "state", domain_state_name(domain->state));
    put_bool(builder, "persistent", domain->persistent);
    put_text(builder, "problem", domain->problem);
    if (config)
        put_config(builder, config, usage);
    put_num(builder, "pid", usage && usage->pid > 0 ? NUM(usage->pid) : NUM_UNKNOWN);
    put_load(builder, "load", usage ? usage->load : NUM_UNKNOWN);
    put_num(builder, "rss_kib", usage ? usage->rss_kib : NUM_UNKNOWN);
    json_builder_set_member_name(builder, "emulator");
    json_builder_begin_object(builder);
    put_thread(builder, domain_usage_vcpu(usage, -1));
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

char *domains_to_json(const Snapshot *snapshot)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    put_text(builder, "connection", snapshot->link.uri);
    json_builder_set_member_name(builder, "domains");
    json_builder_begin_array(builder);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++)
        put_domain(builder, g_ptr_array_index(snapshot->domains, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);

    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}

#define TABLE_COLUMNS 8

/* The cells @text takes on a terminal. */
static guint cells_of(const char *text)
{
    guint cells = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        cells += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return cells;
}

/* The rows (char *[TABLE_COLUMNS]) in columns as wide as what they hold: a table that is piped on
 * must not be cut. */
static char *format_rows(const GPtrArray *rows)
{
    guint widths[TABLE_COLUMNS] = {0};
    GString *out = g_string_new(NULL);

    for (guint r = 0; r < rows->len; r++)
        for (guint i = 0; i < TABLE_COLUMNS; i++)
            widths[i] = MAX(widths[i], cells_of(((char **)g_ptr_array_index(rows, r))[i]));
    for (guint r = 0; r < rows->len; r++) {
        char **texts = g_ptr_array_index(rows, r);
        for (guint i = 0; i < TABLE_COLUMNS; i++) {
            gboolean last = i + 1 == TABLE_COLUMNS;
            g_string_append(out, texts[i]);
            for (guint used = cells_of(texts[i]); !last && used < widths[i] + 2; used++)
                g_string_append_c(out, ' ');
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static void add_row(GPtrArray *rows, const char *const *texts)
{
    char **row = g_new0(char *, TABLE_COLUMNS + 1);

    for (guint i = 0; i < TABLE_COLUMNS; i++)
        row[i] = g_strdup(texts[i]);
    g_ptr_array_add(rows, row);
}

char *domains_to_table(const Snapshot *snapshot)
{
    static const char *const titles[] = {
        "NAME", "STATE", "VCPUS", "MEMORY", "BACKING", "PINNED", "RUNNING ON", "LOAD"};
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

    add_row(rows, titles);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        const DomainConfig *config = domain_now(view->domain);
        g_autoptr(IdSet) asked = config ? domain_config_all_asked(config) : NULL;
        g_autoptr(IdSet) real =
            config && view->usage ? domain_usage_all_real(view->usage, config) : NULL;
        g_autofree char *name = text_escape(view->domain->name, 0);
        g_autofree char *vcpus =
            config ? g_strdup_printf("%u", config->vcpus_current) : g_strdup("–");
        g_autofree char *memory = config && config->memory_kib.known
                                      ? text_size_kib((guint64)config->memory_kib.value)
                                      : g_strdup("–");
        g_autofree char *pinned = asked ? idset_format(asked) : g_strdup(config ? "anywhere" : "–");
        g_autofree char *running = real ? idset_format(real) : g_strdup("–");
        g_autofree char *load =
            view->usage && view->usage->load.known
                ? g_strdup_printf("%.0f%%", (double)view->usage->load.value / 10)
                : g_strdup("–");
        const char *texts[] = {name, domain_state_name(view->domain->state), vcpus, memory,
            config ? config->hugepages : "–", pinned, running, load};
        add_row(rows, texts);
    }
    return format_rows(rows);
}
