/* The domains of a Snapshot as text: JSON, and a table. */
#include "core/snapshot/domains-json.h"

#include "core/snapshot/memory-json.h"
#include "core/util/json.h"
#include "core/util/text.h"
#include "core/virt/demand.h"
#include "core/virt/pages.h"

/* A load of 1/1000 in percent. */
static void put_load(JsonBuilder *builder, const char *name, Num load)
{
    json_put_scaled(builder, name, load, 10);
}

static void put_thread(JsonBuilder *builder, const ThreadUsage *thread)
{
    json_put_num(builder, "tid", thread && thread->tid > 0 ? NUM(thread->tid) : NUM_UNKNOWN);
    json_put_set(builder, "affinity", thread ? thread->affinity : NULL);
    json_put_num(
        builder, "last_cpu", thread && thread->last_cpu >= 0 ? NUM(thread->last_cpu) : NUM_UNKNOWN);
    put_load(builder, "load", thread ? thread->load : NUM_UNKNOWN);
    put_load(builder, "wait", thread ? thread->wait : NUM_UNKNOWN);
}

/* What @thread (may be NULL) is asked, what it really may, and why that differs. */
static void put_pin(
    JsonBuilder *builder, const IdSet *asked, const ThreadUsage *thread, const Topology *topology)
{
    json_put_set(builder, "asked", asked);
    put_thread(builder, thread);
    json_put_set(builder, "cpuset", thread ? thread->cpuset : NULL);
    json_put_text(builder, "affinity_is",
        domain_affinity_gap_name(domain_affinity_gap(asked, thread, topology)));
}

static void put_vcpus(JsonBuilder *builder, const DomainConfig *config, const DomainUsage *usage,
    const Topology *topology)
{
    json_open_object(builder, "vcpus");
    json_put_num(builder, "current", NUM(config->vcpus_current));
    json_put_num(builder, "max", NUM(config->vcpus_max));
    json_open_array(builder, "list");
    for (guint n = 0; n < config->vcpus_max; n++) {
        json_builder_begin_object(builder);
        json_put_num(builder, "vcpu", NUM(n));
        put_pin(
            builder, domain_config_asked(config, n), domain_usage_vcpu(usage, (int)n), topology);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void put_config(JsonBuilder *builder, const DomainConfig *config, const DomainUsage *usage,
    const Topology *topology)
{
    put_vcpus(builder, config, usage, topology);
    json_put_set(builder, "emulatorpin", config->emulatorpin);
    json_put_num(builder, "iothreads", NUM(config->iothreads));
    json_put_num(builder, "memory_kib", config->memory_kib);
    json_put_num(builder, "current_memory_kib", config->current_memory_kib);
    json_put_text(builder, "hugepages", config->hugepages);
    json_put_bool(builder, "nosharepages", config->nosharepages);
    json_open_object(builder, "numatune");
    json_put_text(builder, "mode", config->numatune_mode);
    json_put_set(builder, "nodeset", config->numatune_nodeset);
    json_builder_end_object(builder);
}

static void put_emulator(JsonBuilder *builder, const DomainConfig *config, const DomainUsage *usage,
    const Topology *topology)
{
    const ThreadUsage emulator = {.vcpu = -1};
    const IdSet *asked = config ? domain_config_asked_of(config, &emulator) : NULL;

    json_open_object(builder, "emulator");
    put_pin(builder, asked, domain_usage_vcpu(usage, -1), topology);
    json_builder_end_object(builder);
}

static void put_iothreads(JsonBuilder *builder, const DomainConfig *config,
    const DomainUsage *usage, const Topology *topology)
{
    json_open_array(builder, "iothread_list");
    for (guint i = 0; config && usage && i < usage->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        if (thread->iothread == 0)
            continue;
        json_builder_begin_object(builder);
        json_put_num(builder, "iothread", NUM(thread->iothread));
        put_pin(builder, domain_config_asked_of(config, thread), thread, topology);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* Where its pages are against where its vCPUs run and what numatune names. */
static void put_pages(
    JsonBuilder *builder, const Domain *domain, const DomainUsage *usage, const Topology *topology)
{
    g_auto(DomainPages) pages;

    domain_pages_look(&pages, domain, usage, topology);
    json_open_object(builder, "pages");
    json_put_num(builder, "total_kib", pages.total_kib);
    json_put_num(builder, "small_kib", usage ? usage->small_kib : NUM_UNKNOWN);
    json_put_set(builder, "vcpu_nodes", pages.vcpu_nodes);
    json_put_scaled(builder, "remote_percent", pages.remote, 10);
    json_put_set(builder, "numatune_nodes", pages.asked);
    json_put_num(builder, "outside_numatune_kib", pages.outside_kib);
    json_builder_end_object(builder);
}

static void put_pressure(JsonBuilder *builder, const Pressure *pressure)
{
    json_open_object(builder, "memory_pressure");
    json_put_scaled(builder, "some_avg10", pressure->some10, 100);
    json_put_scaled(builder, "some_avg60", pressure->some60, 100);
    json_put_scaled(builder, "full_avg10", pressure->full10, 100);
    json_put_scaled(builder, "full_avg60", pressure->full60, 100);
    json_builder_end_object(builder);
}

static void put_foreign(JsonBuilder *builder, const GPtrArray *foreign)
{
    json_open_array(builder, "foreign");
    for (guint i = 0; foreign && i < foreign->len; i++) {
        const ForeignUsage *usage = g_ptr_array_index(foreign, i);
        json_builder_begin_object(builder);
        json_put_num(builder, "pid", NUM(usage->pid));
        json_put_text(builder, "name", usage->name);
        json_put_set(builder, "affinity", usage->affinity);
        json_put_num(
            builder, "last_cpu", usage->last_cpu >= 0 ? NUM(usage->last_cpu) : NUM_UNKNOWN);
        put_load(builder, "load", usage->load);
        json_put_num(builder, "rss_kib", usage->rss_kib);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* The CPUs with a load that none of the domains explains. */
static void put_other_load(JsonBuilder *builder, const Snapshot *snapshot)
{
    json_builder_set_member_name(builder, "other_load");
    if (snapshot->other_load == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    const Topology *topology = snapshot->host->topology;
    json_builder_begin_array(builder);
    for (guint i = 0; i < topology->cpus->len; i++) {
        json_builder_begin_object(builder);
        json_put_num(builder, "cpu", NUM(((const Cpu *)topology->cpus->pdata[i])->id));
        put_load(builder, "load", snapshot->other_load[i]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void put_domain(JsonBuilder *builder, const DomainView *view, const Host *host)
{
    const Topology *topology = host ? host->topology : NULL;
    const Domain *domain = view->domain;
    const DomainConfig *config = domain_now(domain);
    const DomainUsage *usage = view->usage;

    json_builder_begin_object(builder);
    json_put_text(builder, "name", domain->name);
    json_put_text(builder, "uuid", domain->uuid);
    json_put_num(builder, "id", domain->id >= 0 ? NUM(domain->id) : NUM_UNKNOWN);
    json_put_text(builder, "state", domain_state_name(domain->state));
    json_put_bool(builder, "persistent", domain->persistent);
    json_put_text(builder, "problem", domain->problem);
    if (config)
        put_config(builder, config, usage, topology);
    json_put_num(builder, "pid", usage && usage->pid > 0 ? NUM(usage->pid) : NUM_UNKNOWN);
    put_load(builder, "load", usage ? usage->load : NUM_UNKNOWN);
    json_put_num(builder, "rss_kib", usage ? usage->rss_kib : NUM_UNKNOWN);
    memory_json_nodes(builder, "memory_by_node", usage ? usage->memory : NULL);
    memory_json_put(builder, view, host);
    put_pages(builder, domain, usage, topology);
    put_pressure(builder, usage ? &usage->pressure : &(Pressure){0});
    put_emulator(builder, config, usage, topology);
    put_iothreads(builder, config, usage, topology);
    json_builder_end_object(builder);
}

char *domains_to_json(const Snapshot *snapshot)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_text(builder, "connection", snapshot->link.uri);
    json_open_array(builder, "domains");
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++)
        put_domain(builder, g_ptr_array_index(snapshot->domains, i), snapshot->host);
    json_builder_end_array(builder);
    put_foreign(builder, snapshot->foreign);
    put_other_load(builder, snapshot);
    memory_json_use(builder, snapshot);
    json_builder_end_object(builder);

    return json_to_text(builder);
}

#define TABLE_COLUMNS 8
#define NAME_CHARS    40 /* of a name: a longer one would push all columns off the screen */

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

/* The rows (char *[TABLE_COLUMNS]) in columns as wide as what they hold, whatever the terminal. */
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

/* Below the table: which domains will not start for want of hugepages, and the command that helps.
 */
static char *demand_hints(const Snapshot *snapshot)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const Domain *domain = ((const DomainView *)snapshot->domains->pdata[i])->domain;
        g_autoptr(Supply) supply = supply_new(snapshot->host);
        g_autoptr(Demand) demand = demand_of(domain, supply, snapshot->host);
        if (demand == NULL || demand->state != DEMAND_LACKS)
            continue;
        g_autofree char *name = text_escape(domain->name, 0);
        g_autofree char *lacks = demand_lacks_text(demand);
        g_auto(GStrv) settings = demand_settings(demand, supply, snapshot->host);
        g_string_append_printf(out, "\n%s %s: %s missing\n", name,
            domain_is_active(domain) ? "would not start again" : "will not start", lacks);
        for (guint n = 0; settings[n]; n += 2)
            g_string_append_printf(
                out, "%s %s=%s", n ? "" : "  kvmtune set host", settings[n], settings[n + 1]);
        g_string_append(out, settings[0] ? "\n" : "");
        if (demand_wants_mount(demand))
            g_string_append(out, "  and restart libvirtd (virtqemud), which then sees the mount\n");
    }
    return g_string_free(out, FALSE);
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
        g_autofree char *name = text_escape(view->domain->name, NAME_CHARS);
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
    g_autofree char *table = format_rows(rows);
    g_autofree char *hints = demand_hints(snapshot);
    return g_strconcat(table, hints, NULL);
}
