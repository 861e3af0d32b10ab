/* <vcpusched vcpus='0-3' scheduler='fifo' priority='1'/>: one thread's scheduler is changed by
 * taking its number out of one element's set and putting it into another's. */
#include "core/catalogue/sched.h"

#include "core/util/idset.h"

#include <string.h>

/* One element: its set as written and as a set, and its scheduler as the tunable writes it. */
typedef struct {
    char *text;
    IdSet *threads;
    char *policy;
} Sched;

static void sched_clear(gpointer data)
{
    Sched *sched = data;
    g_free(sched->text);
    g_clear_pointer(&sched->threads, hwloc_bitmap_free);
    g_free(sched->policy);
}

/* "vcpusched" or "iothreadsched", and the attribute that has its set. */
static const char *element_of(const TunableKey *key)
{
    return g_str_has_prefix(key->key, "vcpu") ? "vcpusched" : "iothreadsched";
}

static const char *attribute_of(const TunableKey *key)
{
    return g_str_has_prefix(key->key, "vcpu") ? "vcpus" : "iothreads";
}

/* The element whose set is written as @threads, with what stands behind it in the path. */
static char *path_of(const TunableKey *key, const char *threads, const char *rest)
{
    return g_strdup_printf(
        "cputune/%s[@%s='%s']%s", element_of(key), attribute_of(key), threads, rest);
}

/* Those elements that say which threads they are for. */
static GArray *list(const TunableKey *key, const XmlEdit *edit)
{
    g_autofree char *path = g_strconcat("cputune/", element_of(key), NULL);
    g_autoptr(GPtrArray) sets = xml_edit_list(edit, path, attribute_of(key));
    GArray *scheds = g_array_new(FALSE, TRUE, sizeof(Sched));

    g_array_set_clear_func(scheds, sched_clear);
    for (guint i = 0; i < sets->len; i++) {
        const char *text = g_ptr_array_index(sets, i);
        g_autoptr(IdSet) threads = text ? idset_parse(text, NULL) : NULL;
        if (threads == NULL)
            continue;
        g_autofree char *policy_path = path_of(key, text, "/@scheduler:@priority");
        Sched sched = {g_strdup(text), g_steal_pointer(&threads), xml_edit_get(edit, policy_path)};
        g_array_append_val(scheds, sched);
    }
    return scheds;
}

char *sched_get(const TunableKey *key, const XmlEdit *edit)
{
    g_autoptr(GArray) scheds = list(key, edit);

    for (guint i = 0; i < scheds->len; i++) {
        const Sched *sched = &g_array_index(scheds, Sched, i);
        if (idset_has(sched->threads, key->n) && sched->policy != NULL)
            return g_strdup(sched->policy);
    }
    return g_strdup("");
}

/* Makes the set of the element written as @sched's @threads; the element goes where none is left.
 */
static gboolean set_threads(
    const TunableKey *key, XmlEdit *edit, const Sched *sched, const IdSet *threads, GError **error)
{
    g_autofree char *element = path_of(key, sched->text, "");
    g_autofree char *path = g_strdup_printf("%s/@%s", element, attribute_of(key));
    g_autofree char *text = idset_format(threads);

    return *text ? xml_edit_set(edit, path, text, error) : xml_edit_set(edit, element, NULL, error);
}

gboolean sched_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autoptr(GArray) scheds = list(key, edit);
    const Sched *joined = NULL, *left = NULL;

    for (guint i = 0; i < scheds->len; i++) {
        const Sched *sched = &g_array_index(scheds, Sched, i);
        if (idset_has(sched->threads, key->n))
            left = sched;
        else if (g_strcmp0(sched->policy, value) == 0)
            joined = sched;
    }
    /* an element of its own changes where it stands */
    if (left && joined == NULL && *value && idset_count(left->threads) == 1) {
        g_autofree char *path = path_of(key, left->text, "/@scheduler:@priority");
        return xml_edit_set(edit, path, value, error);
    }
    if (left != NULL) {
        g_autoptr(IdSet) rest = idset_copy(left->threads);
        hwloc_bitmap_clr(rest, key->n);
        if (!set_threads(key, edit, left, rest, error))
            return FALSE;
    }
    if (*value == '\0')
        return TRUE;
    if (joined != NULL) {
        g_autoptr(IdSet) more = idset_copy(joined->threads);
        hwloc_bitmap_set(more, key->n);
        return set_threads(key, edit, joined, more, error);
    }
    g_autofree char *path = path_of(key, key->args[0], "/@scheduler:@priority");
    return xml_edit_set(edit, path, value, error);
}
