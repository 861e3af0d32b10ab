/* The tunings of one domain, and staging them on another. */
#include "core/tune/tunings.h"

#include "core/catalogue/instances.h"

#include <string.h>

static void tuning_free(gpointer data)
{
    Tuning *tuning = data;

    tunable_key_free(tuning->key);
    g_free(tuning->live);
    g_free(tuning->config);
    g_free(tuning);
}

/* Whether both documents have the same of what comes and goes while a domain runs. */
static gboolean same_devices(const XmlEdit *live, const XmlEdit *config)
{
    GPtrArray *(*const lists[])(const XmlEdit *edit) = {
        instances_vcpus, instances_iothreads, instances_disks, instances_cards};
    gboolean same = TRUE;

    for (guint i = 0; same && i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GPtrArray) ours = lists[i](live), theirs = lists[i](config);
        same = ours->len == theirs->len;
        for (guint k = 0; same && k < ours->len; k++)
            same = g_str_equal(g_ptr_array_index(ours, k), g_ptr_array_index(theirs, k));
    }
    return same;
}

/* The keys that one of the documents has room for: what was plugged in is the running one's only.
 */
static GPtrArray *list_keys(const XmlEdit *live, const XmlEdit *config)
{
    GPtrArray *keys = tunable_keys_for(config ? config : live);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (live == NULL || config == NULL || same_devices(live, config))
        return keys;
    g_autoptr(GPtrArray) others = tunable_keys_for(live);
    for (guint i = 0; i < keys->len; i++)
        g_hash_table_add(seen, ((const TunableKey *)g_ptr_array_index(keys, i))->key);
    for (guint i = 0; i < others->len; i++) {
        const TunableKey *key = g_ptr_array_index(others, i);
        if (!g_hash_table_contains(seen, key->key))
            g_ptr_array_add(keys, tunable_key_copy(key));
    }
    return keys;
}

GPtrArray *tunings_read(const Domain *domain)
{
    GPtrArray *tunings = g_ptr_array_new_with_free_func(tuning_free);
    g_autoptr(XmlEdit) live = domain->xml_live ? xml_edit_open(domain->xml_live, -1, NULL) : NULL;
    g_autoptr(XmlEdit) config =
        domain->xml_config ? xml_edit_open(domain->xml_config, -1, NULL) : NULL;

    if (live == NULL && config == NULL)
        return tunings;
    g_autoptr(GPtrArray) keys = list_keys(live, config);
    for (guint i = 0; i < keys->len; i++) {
        const TunableKey *key = g_ptr_array_index(keys, i);
        Tuning *tuning = g_new0(Tuning, 1);
        tuning->key = tunable_key_copy(key);
        tuning->live = live ? tunable_xml_value(key, live) : NULL;
        tuning->config = config ? tunable_xml_value(key, config) : NULL;
        tuning->waits = live && key->tunable->waits ? key->tunable->waits(live) : NULL;
        g_ptr_array_add(tunings, tuning);
    }
    return tunings;
}

const Tuning *tunings_find(const GPtrArray *tunings, const char *key)
{
    for (guint i = 0; i < tunings->len; i++) {
        const Tuning *tuning = g_ptr_array_index(tunings, i);
        if (g_str_equal(tuning->key->key, key))
            return tuning;
    }
    return NULL;
}

const char *tunings_waits(const Tunable *row, const Domain *domain)
{
    if (row->waits == NULL || domain->xml_live == NULL)
        return NULL;
    g_autoptr(XmlEdit) live = xml_edit_open(domain->xml_live, -1, NULL);
    return live ? row->waits(live) : NULL;
}

const char *tuning_value(const Tuning *tuning)
{
    return tuning->config ? tuning->config : tuning->live ? tuning->live : "";
}

gboolean tuning_is_default(const Tunable *row, const char *value)
{
    return *value == '\0' || g_strcmp0(value, row->fallback) == 0;
}

gboolean tuning_differs(const Tuning *tuning)
{
    const Tunable *row = tuning->key->tunable;

    if (tuning->live == NULL || tuning->config == NULL || g_str_equal(tuning->live, tuning->config))
        return FALSE;
    /* Where nothing was set libvirt writes what it chose into the running domain's XML. */
    if (row->filled && *tuning->config == '\0')
        return FALSE;
    return !tuning_is_default(row, tuning->live) || !tuning_is_default(row, tuning->config);
}

/* Where the first part in upper case of a catalogue's key begins; its length in *length. NULL where
 * it has none. */
static const char *upper_part(const char *pattern, gsize *length)
{
    const char *p = pattern;

    for (;;) {
        gsize part = strcspn(p, ".");
        gsize upper = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (part > 0 && upper == part) {
            *length = part;
            return p;
        }
        if (p[part] == '\0')
            return NULL;
        p += part + 1;
    }
}

char *tunable_key_instance(const TunableKey *key, const char **rest)
{
    const char *pattern = key->tunable->key;
    gsize length = 0, whole = strlen(key->key);
    const char *upper = upper_part(pattern, &length);

    if (rest)
        *rest = key->key;
    if (upper == NULL || upper == pattern)
        return NULL;
    gsize before = (gsize)(upper - pattern), after = strlen(upper + length);
    if (after == 0 || whole < before + after)
        return g_strndup(key->key, before - 1);
    if (rest)
        *rest = key->key + whole - after + 1;
    g_autofree char *kind = g_strndup(key->key, before - 1);
    return g_strdup_printf("%s %.*s", kind, (int)(whole - before - after), key->key + before);
}

/* ---- what is copied ---- */

#define CARD "interface.MAC."

/* The addresses of the cards that @tunings speak of, in the order of the document (char*, theirs).
 */
static GPtrArray *cards_of(const GPtrArray *tunings)
{
    GPtrArray *cards = g_ptr_array_new();

    for (guint i = 0; i < tunings->len; i++) {
        const TunableKey *key = ((const Tuning *)g_ptr_array_index(tunings, i))->key;
        if (g_str_has_prefix(key->tunable->key, CARD) &&
            !g_ptr_array_find_with_equal_func(cards, key->args[0], g_str_equal, NULL))
            g_ptr_array_add(cards, key->args[0]);
    }
    return cards;
}

/* The key that stands on the other domain for @key: a card is known by its address, which no other
 * domain has, so where both have as many (@from, @to) each is the one in its place. NULL where they
 * have not. The caller frees it. */
static char *key_there(const TunableKey *key, GPtrArray *from, GPtrArray *to)
{
    guint place;

    if (!g_str_has_prefix(key->tunable->key, CARD))
        return g_strdup(key->key);
    if (from->len != to->len ||
        !g_ptr_array_find_with_equal_func(from, key->args[0], g_str_equal, &place))
        return NULL;
    return g_strconcat("interface.", g_ptr_array_index(to, place),
        key->key + strlen("interface.") + strlen(key->args[0]), NULL);
}

/* Adds a sentence about @key, or once about all keys of its disk or card. */
static void say_of(GPtrArray *sentences, const TunableKey *key, const char *what)
{
    const char *rest = NULL;
    g_autofree char *instance = tunable_key_instance(key, &rest);
    g_autofree char *text =
        g_strdup_printf("%s: %s", instance && rest != key->key ? instance : key->key, what);

    if (!g_ptr_array_find_with_equal_func(sentences, text, g_str_equal, NULL))
        g_ptr_array_add(sentences, g_steal_pointer(&text));
}

void tunings_fit_clear(TuningsFit *fit)
{
    g_clear_pointer(&fit->cards, g_ptr_array_unref);
    g_clear_pointer(&fit->unfit, g_ptr_array_unref);
}

TuningsFit tunings_stage(
    const GPtrArray *source, Plan *plan, const Snapshot *snapshot, const Domain *domain)
{
    TuningsFit fit = {.cards = g_ptr_array_new_with_free_func(g_free),
        .unfit = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GPtrArray) own = tunings_read(domain);
    g_autoptr(GPtrArray) from_cards = cards_of(source), to_cards = cards_of(own);
    g_autoptr(GHashTable) by_key = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < own->len; i++) {
        Tuning *tuning = g_ptr_array_index(own, i);
        g_hash_table_insert(by_key, tuning->key->key, tuning);
    }
    for (guint i = 0; i < source->len; i++) {
        const Tuning *from = g_ptr_array_index(source, i);
        const char *value = tuning_value(from);
        g_autofree char *key = key_there(from->key, from_cards, to_cards);
        const Tuning *to = key ? g_hash_table_lookup(by_key, key) : NULL;
        g_autoptr(GError) error = NULL;
        if (tuning_is_default(from->key->tunable, value))
            continue;
        if (key == NULL) {
            g_autofree char *counts =
                g_strdup_printf("%u cards there and %u here: which is the same is not known",
                    from_cards->len, to_cards->len);
            say_of(fit.unfit, from->key, counts);
        } else if (to == NULL) {
            say_of(fit.unfit, from->key, "it has none such");
        } else if (g_str_equal(value, tuning_value(to)) && !tuning_differs(to)) {
            fit.same++;
        } else if (plan_stage(plan, snapshot, domain->uuid, key, value, SCOPE_BOTH, &error)) {
            fit.staged++;
            if (!g_str_equal(key, from->key->key))
                say_of(fit.cards, from->key, to->key->args[0]);
        } else {
            g_ptr_array_add(fit.unfit, g_strdup(error->message));
        }
    }
    return fit;
}
