/* What stands where a key points to: reading and writing it in a domain's XML and on the running
 * domain, reading it among the host's files. */
#include "core/catalogue/tunable.h"

#include "core/catalogue/sizes.h"
#include "core/host/mounts.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

/* Which of a Host's lists holds the files of a folder; the longest folder first. */
static const struct {
    const char *folder;
    gsize member;
} folders[] = {
    {"/sys/kernel/mm/ksm/", G_STRUCT_OFFSET(Host, ksm)},
    {"/sys/kernel/mm/transparent_hugepage/khugepaged/", G_STRUCT_OFFSET(Host, khugepaged)},
    {"/sys/kernel/mm/transparent_hugepage/", G_STRUCT_OFFSET(Host, thp)},
    {"/proc/sys/vm/", G_STRUCT_OFFSET(Host, vm)},
    {"/proc/sys/kernel/", G_STRUCT_OFFSET(Host, vm)},
};

/* A node's pages, or what the whole host's pool may grow by. */
static char *pool_value(const TunableKey *key, const Host *host)
{
    gboolean is_node = strstr(key->tunable->key, "nodeN") != NULL;
    const NodeMemory *node = is_node ? host_node(host, (int)key->n) : NULL;
    const GArray *pools = node ? node->pools : is_node ? NULL : host->pools;

    for (guint i = 0; pools && i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        Num value = is_node ? pool_set_pages(pool->total, pool->surplus) : pool->overcommit;
        if (pool->size_kib == key->size_kib && value.known)
            return g_strdup_printf("%" G_GINT64_FORMAT, value.value);
    }
    return NULL;
}

static char *thp_size_value(const TunableKey *key, const Host *host)
{
    for (guint i = 0; i < host->thp_sizes->len; i++) {
        const ThpSize *size = host->thp_sizes->pdata[i];
        if (size->size_kib == key->size_kib)
            return kernel_file_value(
                kernel_file_find(size->files, strrchr(key->tunable->place, '/') + 1));
    }
    return NULL;
}

char *tunable_host_value(const TunableKey *key, const Host *host)
{
    const char *place = key->tunable->place;

    if (key->tunable->type == VALUE_PATHS)
        return mounts_value(host->mounts, key->size_kib,
            (guint64)num_or(kernel_file_number(host->meminfo, "Hugepagesize"), 0));
    if (key->size_kib)
        return g_str_has_prefix(key->key, "thp.") ? thp_size_value(key, host)
                                                  : pool_value(key, host);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (g_str_has_prefix(place, folders[i].folder)) {
            const KernelFile *file =
                kernel_file_find(G_STRUCT_MEMBER(GPtrArray *, host, folders[i].member),
                    place + strlen(folders[i].folder));
            return file && key->tunable->trigger ? g_strdup("") : kernel_file_value(file);
        }
    return NULL;
}

char *tunable_boot_value(const TunableKey *key, const Host *host)
{
    g_autofree char *place = tunable_key_place(key);

    return host->keep ? keep_value(host->keep, place) : NULL;
}

/* Takes @value; its one form, or as it stands where libvirt's text is no value that kvmtune knows.
 */
static char *normal_value(const TunableKey *key, char *value)
{
    if (value == NULL)
        return g_strdup("");
    char *normal = tunable_normalize(key, g_strstrip(value), NULL);
    if (normal == NULL)
        return value;
    g_free(value);
    return normal;
}

/* Takes what stands at the element of a switch. */
static char *switch_word(char *value)
{
    char *word = g_strdup(value ? "on" : "off");
    g_free(value);
    return word;
}

char *tunable_xml_value(const TunableKey *key, const XmlEdit *edit)
{
    if (key->tunable->get)
        return normal_value(key, key->tunable->get(key, edit));

    g_autofree char *place = tunable_key_place(key);
    char *value =
        key->tunable->type == VALUE_SIZE ? size_get(edit, place) : xml_edit_get(edit, place);
    if (key->tunable->type == VALUE_SWITCH)
        return switch_word(value);
    return normal_value(key, value);
}

/* vcpupin.all: every vCPU of the document's <vcpu>. */
static gboolean set_all_vcpus(
    const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    g_autofree char *count = xml_edit_get(edit, "vcpu/text()");
    gint64 vcpus = 1; /* libvirt's default without <vcpu> */

    if (count && (!text_parse_int(g_strstrip(count), &vcpus) || vcpus < 1 || vcpus > IDSET_MAX)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the domain's <vcpu> holds no number of vCPUs from 1 to %d", IDSET_MAX);
        return FALSE;
    }
    for (guint n = 0; n < (guint)vcpus; n++) {
        g_autofree char *text = g_strdup_printf("vcpupin.%u", n);
        g_autoptr(TunableKey) one = tunable_key_parse(key->tunable->target, text, error);
        if (one == NULL || !tunable_xml_set(one, edit, value, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tunable_xml_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    if (key->all)
        return set_all_vcpus(key, edit, value, error);

    /* The same set written otherwise ("0,1,2,3") is the same value: its bytes stay. */
    g_autofree char *now = tunable_xml_value(key, edit);
    if (g_strcmp0(now, value) == 0)
        return TRUE;
    if (key->tunable->set)
        return key->tunable->set(key, edit, value, error);
    g_autofree char *place = tunable_key_place(key);
    if (key->tunable->type == VALUE_SWITCH)
        return xml_edit_set(edit, place, g_str_equal(value, "on") ? "" : NULL, error);
    if (key->tunable->type == VALUE_SIZE && *value)
        return size_set(edit, place, value, error);
    return xml_edit_set(edit, place, *value ? value : NULL, error);
}

gboolean tunable_granted(const TunableKey *key, const char *asked, const char *got)
{
    const Tunable *row = key->tunable;

    if (g_str_equal(asked, got))
        return TRUE;
    if (*asked != '\0')
        return FALSE;
    return row->live.reset ? g_str_equal(got, row->live.reset) : row->filled;
}

gboolean tunable_set_live(Connection *connection, const Domain *domain, const TunableKey *key,
    const char *value, GError **error)
{
    return connection_tune(
        connection, domain->uuid, &key->tunable->live, key->args[0], value, error);
}
