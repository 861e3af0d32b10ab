/* A proposal as JSON, and as text for people. */
#include "core/place/place.h"
#include "core/util/json.h"
#include "core/util/text.h"

static void put_sets(JsonBuilder *builder, const char *name, const char *number, const char *value,
    const GPtrArray *sets)
{
    json_open_array(builder, name);
    for (guint i = 0; i < sets->len; i++) {
        json_builder_begin_object(builder);
        json_put_num(builder, number, NUM(i));
        json_put_set(builder, value, g_ptr_array_index(sets, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void put_domain(JsonBuilder *builder, const PlacedDomain *placed)
{
    json_builder_begin_object(builder);
    json_put_text(builder, "name", placed->name);
    json_put_text(builder, "uuid", placed->uuid);
    json_put_bool(builder, "placed", placed->problem == NULL);
    json_put_text(builder, "problem", placed->problem);
    put_sets(builder, "vcpus", "vcpu", "cpus", placed->vcpus);
    json_put_set(builder, "emulator", placed->helpers);
    json_open_array(builder, "iothreads");
    for (IDSET_EACH(id, placed->iothread_ids)) {
        json_builder_begin_object(builder);
        json_put_num(builder, "iothread", NUM(id));
        json_put_set(builder, "cpus", placed->helpers);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_put_set(builder, "nodeset", placed->nodeset);
    put_sets(builder, "cells", "cell", "nodeset", placed->cells);
    json_open_array(builder, "reasons");
    for (guint i = 0; i < placed->reasons->len; i++)
        json_builder_add_string_value(builder, g_ptr_array_index(placed->reasons, i));
    json_builder_end_array(builder);
    json_open_object(builder, "changes");
    for (guint i = 0; i < placed->settings->len; i++) {
        const PlaceSetting *setting = g_ptr_array_index(placed->settings, i);
        json_put_text(builder, setting->key, setting->value);
    }
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void put_figures(JsonBuilder *builder, const char *name, const PlaceFigures *figures)
{
    json_open_object(builder, name);
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        const PlaceFigureInfo *info = place_figure_info(i);
        if (info->scale > 1)
            json_put_scaled(builder, info->key, figures->values[i], info->scale);
        else
            json_put_num(builder, info->key, figures->values[i]);
    }
    json_builder_end_object(builder);
}

char *place_to_json(const PlaceLayout *layout)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_text(builder, "policy", place_policy_name(layout->policy));
    json_put_num(builder, "cost", NUM(layout->cost));
    json_open_array(builder, "domains");
    for (guint i = 0; i < layout->domains->len; i++)
        put_domain(builder, g_ptr_array_index(layout->domains, i));
    json_builder_end_array(builder);
    put_figures(builder, "before", &layout->before);
    put_figures(builder, "after", &layout->after);
    json_open_array(builder, "notes");
    for (guint i = 0; i < layout->notes->len; i++)
        json_builder_add_string_value(builder, g_ptr_array_index(layout->notes, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_to_text(builder);
}

/* "0:3 1:35 2-3:8-11": the vCPUs, those of one set together. */
static void add_vcpus(GString *out, const GPtrArray *vcpus)
{
    for (guint first = 0; first < vcpus->len;) {
        guint end = first + 1;
        while (end < vcpus->len &&
               idset_equal(g_ptr_array_index(vcpus, first), g_ptr_array_index(vcpus, end)))
            end++;
        g_autofree char *cpus = idset_format(g_ptr_array_index(vcpus, first));
        if (end - first > 1)
            g_string_append_printf(out, " %u-%u:%s", first, end - 1, cpus);
        else
            g_string_append_printf(out, " %u:%s", first, cpus);
        first = end;
    }
}

static void add_domain(GString *out, const PlacedDomain *placed)
{
    g_autofree char *name = text_escape(placed->name, 0);
    g_autofree char *helpers = idset_format(placed->helpers);
    g_autofree char *nodes = idset_format(placed->nodeset);

    if (placed->problem) {
        g_string_append_printf(out, "%s\n  left out: %s\n", name, placed->problem);
        return;
    }
    g_string_append_printf(
        out, "%s  node %s%s\n  vCPU:CPU", name, nodes, placed->settings->len ? "" : "  (as it is)");
    add_vcpus(out, placed->vcpus);
    g_string_append_printf(out, "\n  emulator%s %s\n",
        idset_count(placed->iothread_ids) ? ", I/O threads" : "", helpers);
    for (guint i = 0; i < placed->reasons->len; i++)
        g_string_append_printf(out, "  - %s\n", (char *)g_ptr_array_index(placed->reasons, i));
}

char *place_to_text(const PlaceLayout *layout)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < layout->domains->len; i++)
        add_domain(out, g_ptr_array_index(layout->domains, i));
    for (PlaceFigure i = 0; i < PLACE_FIGURES_COUNT; i++) {
        g_autofree char *before = place_figure_text(i, layout->before.values[i]);
        g_autofree char *after = place_figure_text(i, layout->after.values[i]);
        g_string_append_printf(out, "%-22s %s → %s\n", place_figure_info(i)->name, before, after);
    }
    for (guint i = 0; i < layout->notes->len; i++)
        g_string_append_printf(out, "note: %s\n", (char *)g_ptr_array_index(layout->notes, i));
    return g_string_free(out, FALSE);
}
