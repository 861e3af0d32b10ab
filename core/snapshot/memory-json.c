/* Memory in JSON: what a domain's asks for and is made of, and what the host's is used for. */
#include "core/snapshot/memory-json.h"

#include "core/host/host-json.h"
#include "core/snapshot/memoryuse.h"
#include "core/virt/demand.h"

static void put_needs(JsonBuilder *builder, const GArray *needs)
{
    json_open_array(builder, "need");
    for (guint i = 0; i < needs->len; i++) {
        const PageNeed *need = &g_array_index(needs, PageNeed, i);
        json_builder_begin_object(builder);
        json_put_num(builder, "size_kib", need->size_kib ? NUM(need->size_kib) : NUM_UNKNOWN);
        json_put_num(builder, "pages", need->pages >= 0 ? NUM(need->pages) : NUM_UNKNOWN);
        json_put_set(builder, "nodes", need->nodes);
        json_builder_set_member_name(builder, "numad");
        json_builder_add_boolean_value(builder, need->numad);
        json_put_num(builder, "cell", need->cell >= 0 ? NUM(need->cell) : NUM_UNKNOWN);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void put_lacks(JsonBuilder *builder, const GArray *lacks)
{
    json_open_array(builder, "missing");
    for (guint i = 0; i < lacks->len; i++) {
        const PageLack *lack = &g_array_index(lacks, PageLack, i);
        json_builder_begin_object(builder);
        json_put_num(builder, "size_kib", NUM(lack->size_kib));
        json_put_num(builder, "pages", lack->unmounted ? NUM_UNKNOWN : NUM(lack->pages));
        json_put_set(builder, "nodes", lack->nodes);
        json_put_text(builder, "why",
            lack->unmounted  ? "no hugetlbfs mounted"
            : lack->absent   ? "no pages of this size"
            : lack->promised ? "reserved for others"
                             : "too few free");
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void put_growths(JsonBuilder *builder, const GPtrArray *growths)
{
    json_open_object(builder, "grow");
    for (guint i = 0; i < growths->len; i++) {
        const PoolGrowth *growth = g_ptr_array_index(growths, i);
        json_put_num(builder, growth->key, NUM(growth->to));
    }
    json_builder_end_object(builder);
}

/* What `kvmtune set host` is to be told. */
static void put_settings(JsonBuilder *builder, char **settings)
{
    json_open_object(builder, "set");
    for (guint i = 0; settings[i]; i += 2)
        json_put_text(builder, settings[i], settings[i + 1]);
    json_builder_end_object(builder);
}

static void put_demand(JsonBuilder *builder, const Domain *domain, const Host *host)
{
    g_autoptr(Supply) supply = supply_new(host);
    g_autoptr(Demand) demand = demand_of(domain, supply, host);

    json_builder_set_member_name(builder, "hugepage_demand");
    if (demand == NULL || demand->state == DEMAND_NONE) {
        json_builder_add_null_value(builder);
        return;
    }
    g_autoptr(GPtrArray) growths = demand_growths(demand, supply, host);
    g_auto(GStrv) settings = demand_settings(demand, supply, host);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "starts");
    if (demand->state == DEMAND_UNKNOWN)
        json_builder_add_null_value(builder);
    else
        json_builder_add_boolean_value(builder, demand->state != DEMAND_LACKS);
    json_put_num(builder, "of_overcommit", NUM(demand->surplus));
    put_needs(builder, demand->needs);
    put_lacks(builder, demand->lacks);
    put_growths(builder, growths);
    put_settings(builder, settings);
    json_put_bool(builder, "restart_libvirt", demand_wants_mount(demand));
    json_builder_end_object(builder);
}

void memory_json_nodes(JsonBuilder *builder, const char *name, const GArray *memory)
{
    json_builder_set_member_name(builder, name);
    if (memory == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_array(builder);
    for (guint i = 0; i < memory->len; i++) {
        const NodeKib *part = &g_array_index(memory, NodeKib, i);
        json_builder_begin_object(builder);
        json_put_num(builder, "node", NUM(part->node));
        json_put_num(builder, "kib", NUM(part->kib));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

/* What it has of the pools, and what of it is in huge pages or merged. */
static void put_pages(JsonBuilder *builder, const DomainUsage *usage)
{
    const GArray *held = usage ? usage->hugetlb : NULL;

    json_builder_set_member_name(builder, "hugetlb");
    if (held == NULL) {
        json_builder_add_null_value(builder);
    } else {
        json_builder_begin_array(builder);
        for (guint i = 0; i < held->len; i++) {
            const HugeHeld *part = &g_array_index(held, HugeHeld, i);
            json_builder_begin_object(builder);
            json_put_num(builder, "size_kib", NUM(part->size_kib));
            json_put_num(builder, "kib", NUM(part->kib));
            memory_json_nodes(builder, "by_node", part->nodes);
            json_builder_end_object(builder);
        }
        json_builder_end_array(builder);
    }
    json_open_object(builder, "thp");
    json_put_num(builder, "anon_kib", usage ? usage->thp_kib : NUM_UNKNOWN);
    json_builder_end_object(builder);
    json_open_object(builder, "ksm");
    json_put_num(builder, "merging_pages", usage ? usage->ksm_pages : NUM_UNKNOWN);
    json_put_num(builder, "zero_pages", usage ? usage->ksm_zero_pages : NUM_UNKNOWN);
    json_put_num(builder, "profit_bytes", usage ? usage->ksm_profit : NUM_UNKNOWN);
    json_builder_end_object(builder);
}

void memory_json_put(JsonBuilder *builder, const DomainView *view, const Host *host)
{
    put_demand(builder, view->domain, host);
    put_pages(builder, view->usage);
}

static void put_commitment(JsonBuilder *builder, const char *name, const Commitment *commitment)
{
    json_open_object(builder, name);
    json_put_num(builder, "domains", NUM(commitment->domains));
    json_put_num(builder, "unknown", NUM(commitment->unknown));
    json_put_num(builder, "max_kib", NUM(commitment->kib));
    json_builder_end_object(builder);
}

void memory_json_use(JsonBuilder *builder, const Snapshot *snapshot)
{
    g_auto(MemoryUse) use;

    memory_use_make(&use, snapshot);
    json_open_object(builder, "memory_use");
    json_put_num(builder, "total_kib", use.total);
    for (MemoryPart part = 0; part < USE_PARTS; part++) {
        g_autofree char *name = g_strdup_printf("%s_kib", memory_part_name(part));
        json_put_num(builder, g_strdelimit(name, " ", '_'), use.parts[part]);
    }
    json_put_num(builder, "ksm_saved_kib", use.ksm_saved);
    json_put_num(builder, "swap_total_kib", use.swap_total);
    json_put_num(builder, "swap_free_kib", use.swap_free);
    if (snapshot->domains) {
        json_open_object(builder, "commitment");
        put_commitment(builder, "running", &use.running);
        put_commitment(builder, "all", &use.all);
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
}

char *memory_json_host(const Snapshot *snapshot)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = host_json_object(snapshot->host);

    json_builder_begin_object(builder);
    memory_json_use(builder, snapshot);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) use = json_builder_get_root(builder);
    json_object_set_member(object, "memory_use",
        json_node_copy(json_object_get_member(json_node_get_object(use), "memory_use")));
    json_node_take_object(root, object);
    return json_node_text(root);
}
