/* What is carried over the board. */
#include <string.h>

#include "core/util/text.h"
#include "tui/screens/board/boarddrop.h"

static void carried_free(gpointer data)
{
    Carried *carried = data;

    g_free(carried->uuid);
    g_free(carried->key);
    g_free(carried->label);
    g_free(carried);
}

guint carry_count(const Carry *carry)
{
    return carry->items != NULL ? carry->items->len : 0;
}

void carry_clear(Carry *carry)
{
    g_clear_pointer(&carry->items, g_ptr_array_unref);
}

static int find(const Carry *carry, const char *uuid, const char *key)
{
    for (guint i = 0; i < carry_count(carry); i++) {
        const Carried *carried = carry->items->pdata[i];
        if (strcmp(carried->uuid, uuid) == 0 && g_strcmp0(carried->key, key) == 0)
            return (int)i;
    }
    return -1;
}

gboolean carry_has(const Carry *carry, const char *uuid, const char *key)
{
    return find(carry, uuid, key) >= 0;
}

static void add(Carry *carry, const char *uuid, const char *key, const char *label, gboolean active)
{
    if (carry->items == NULL)
        carry->items = g_ptr_array_new_with_free_func(carried_free);
    if (carry_has(carry, uuid, key))
        return;
    Carried *carried = g_new0(Carried, 1);
    carried->uuid = g_strdup(uuid);
    carried->key = g_strdup(key);
    carried->label = g_strdup(label);
    carried->active = active;
    g_ptr_array_add(carry->items, carried);
}

void carry_add(Carry *carry, const Domain *domain, const char *key, const char *label)
{
    add(carry, domain->uuid, key, label, domain_is_active(domain));
}

void carry_add_carried(Carry *carry, const Carried *carried)
{
    add(carry, carried->uuid, carried->key, carried->label, carried->active);
}

void carry_remove(Carry *carry, const char *uuid, const char *key)
{
    int at = find(carry, uuid, key);

    if (at >= 0)
        g_ptr_array_remove_index(carry->items, (guint)at);
}

/* Whether @config still has the thread that @key pins. */
static gboolean has_thread(const DomainConfig *config, const char *key)
{
    const char *number = strchr(key, '.');
    gint64 n = 0;

    if (number == NULL)
        return TRUE;
    if (!text_parse_int(number + 1, &n))
        return FALSE;
    return g_str_has_prefix(key, "vcpupin.") ? n < config->vcpus_current : n <= config->iothreads;
}

char *carry_lost(const Carry *carry, const Snapshot *snapshot)
{
    for (guint i = 0; i < carry_count(carry); i++) {
        const Carried *carried = carry->items->pdata[i];
        const DomainView *view = snapshot_domain(snapshot, carried->uuid);
        const DomainConfig *config = view != NULL ? domain_now(view->domain) : NULL;
        /* A domain whose XML is not read yet may have it still. */
        if (view == NULL ||
            (config != NULL && carried->key != NULL && !has_thread(config, carried->key)))
            return g_strdup_printf("%s went away", carried->label);
        /* What it would do to drop it is another thing then. */
        if (domain_is_active(view->domain) != carried->active)
            return g_strdup_printf(
                "%s was %s", carried->label, carried->active ? "stopped" : "started");
    }
    return NULL;
}

char *carry_text(const Carry *carry)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < carry_count(carry); i++)
        g_string_append_printf(
            text, "%s%s", i > 0 ? " " : "", ((Carried *)carry->items->pdata[i])->label);
    return g_strdup(text->str);
}
