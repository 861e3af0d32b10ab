/* The pins of all domains as they would stand with a Plan applied. */
#include "core/place/pins.h"

#include "core/util/text.h"

#include <string.h>

static void pins_free(gpointer data)
{
    PlacePins *pins = data;

    g_free(pins->vcpu);
    g_free(pins->iothread_id);
    g_free(pins->iothread);
    g_free(pins->cell_nodeset);
    g_ptr_array_unref(pins->owned);
    g_free(pins);
}

static PlacePins *pins_new(const DomainView *view)
{
    const DomainConfig *config = domain_now(view->domain);
    PlacePins *pins = g_new0(PlacePins, 1);
    ThreadUsage thread = {.vcpu = -1};

    pins->view = view;
    pins->config = config;
    pins->counts = domain_is_active(view->domain);
    pins->owned = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    pins->vcpus = config->vcpus_current;
    pins->vcpu = g_new0(const IdSet *, pins->vcpus);
    for (guint n = 0; n < pins->vcpus; n++)
        pins->vcpu[n] = domain_config_asked(config, n);
    pins->emulator = domain_config_asked_of(config, &thread);
    pins->iothreads = idset_count(config->iothread_ids);
    pins->iothread_id = g_new0(int, pins->iothreads);
    pins->iothread = g_new0(const IdSet *, pins->iothreads);
    guint i = 0;
    for (IDSET_EACH(id, config->iothread_ids)) {
        thread.iothread = id;
        pins->iothread_id[i] = id;
        pins->iothread[i++] = domain_config_asked_of(config, &thread);
    }
    pins->nodeset = config->numatune_nodeset;
    pins->cell_nodeset = g_new0(const IdSet *, config->cells->len);
    for (guint c = 0; c < config->cells->len; c++)
        pins->cell_nodeset[c] = g_array_index(config->cells, GuestCell, c).nodeset;
    return pins;
}

/* The number after @head in @key ("vcpupin.", "vcpupin.3" gives 3); -1 where it is another key. */
static gint64 number_after(const char *key, const char *head)
{
    gint64 number;

    if (!g_str_has_prefix(key, head) || !text_parse_int(key + strlen(head), &number))
        return -1;
    return number;
}

/* The set that @value asks for, kept by @pins; @otherwise where it takes the setting away. */
static const IdSet *staged_set(PlacePins *pins, const char *value, const IdSet *otherwise)
{
    IdSet *set = *value ? idset_parse(value, NULL) : NULL;

    if (set == NULL)
        return otherwise;
    g_ptr_array_add(pins->owned, set);
    return set;
}

/* Where @key (an element's text of the catalogue's keys) pins one thing of @pins, that place. */
static const IdSet **pin_of(PlacePins *pins, const char *key)
{
    gint64 number;

    if ((number = number_after(key, "vcpupin.")) >= 0)
        return number < pins->vcpus ? &pins->vcpu[number] : NULL;
    if (g_str_equal(key, "emulatorpin"))
        return &pins->emulator;
    number = number_after(key, "iothreadpin.");
    for (guint i = 0; number > 0 && i < pins->iothreads; i++)
        if (pins->iothread_id[i] == number)
            return &pins->iothread[i];
    return NULL;
}

static void apply_change(PlacePins *pins, const Change *change)
{
    const char *key = change->key->key;
    const IdSet **pin = pin_of(pins, key);
    gint64 cell = number_after(key, "numatune.memnode.");

    /* What waits for the next start is no demand on the host while it runs as it does. */
    if (change->scope == SCOPE_CONFIG && domain_is_active(pins->view->domain))
        return;
    if (pin) {
        *pin = staged_set(pins, change->value, pins->config->vcpu_cpuset);
        pins->counts = TRUE;
    } else if (g_str_equal(key, "numatune.nodeset")) {
        pins->nodeset = staged_set(pins, change->value, NULL);
        pins->nodeset_staged = TRUE;
    }
    for (guint c = 0; cell >= 0 && c < pins->config->cells->len; c++) {
        const char *colon = strchr(change->value, ':'); /* MODE:NODESET */
        if (g_array_index(pins->config->cells, GuestCell, c).id == cell)
            pins->cell_nodeset[c] = staged_set(pins, colon ? colon + 1 : "", NULL);
    }
}

GPtrArray *place_pins(const Snapshot *snapshot, const Plan *plan)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(pins_free);
    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        if (domain_now(view->domain) == NULL)
            continue;
        PlacePins *pins = pins_new(view);
        g_ptr_array_add(all, pins);
        g_hash_table_insert(by_uuid, view->domain->uuid, pins);
    }
    for (guint i = 0; plan && i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        PlacePins *pins = g_hash_table_lookup(by_uuid, change->target);
        if (pins)
            apply_change(pins, change);
    }
    return all;
}
