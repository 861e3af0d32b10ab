/* Keys and values of the catalogue: finding the row, checking a value, reading and writing where it
 * stands. */
#include "core/tune/tunable.h"

#include "core/tune/backing.h"
#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define POOL_PREFIX "hugepages.node"
#define PIN_PREFIX  "vcpupin."

/* A number without sign at *@p, moved past; FALSE where there is none or it is above @max. */
static gboolean take_uint(const char **p, guint max, guint *n)
{
    guint value = 0;

    if (!g_ascii_isdigit(**p))
        return FALSE;
    for (; g_ascii_isdigit(**p); (*p)++) {
        value = value * 10 + (guint)(**p - '0');
        if (value > max)
            return FALSE;
    }
    *n = value;
    return TRUE;
}

/* Whether @text is an instance of @row's key; fills what its upper case parts stand for. */
static gboolean key_matches(const Tunable *row, const char *text, TunableKey *key)
{
    if (g_str_equal(row->key, "vcpupin.N")) {
        const char *p = text + strlen(PIN_PREFIX);
        return g_str_has_prefix(text, PIN_PREFIX) && take_uint(&p, IDSET_MAX - 1, &key->n) &&
               *p == '\0';
    }
    if (g_str_equal(row->key, "hugepages.nodeN.SIZE")) {
        const char *p = text + strlen(POOL_PREFIX);
        return g_str_has_prefix(text, POOL_PREFIX) && take_uint(&p, IDSET_MAX - 1, &key->n) &&
               *p++ == '.' && !g_ascii_isdigit(text[strlen(text) - 1]) &&
               text_parse_size(p, &key->size_kib);
    }
    key->all = g_str_equal(row->key, "vcpupin.all");
    return g_str_equal(row->key, text);
}

/* The key of @target that begins most like @text: what was meant, in an error's sentence. */
static const char *nearest_key(TargetKind target, const char *text)
{
    guint count, best = 0;
    const Tunable *rows = tunable_catalogue(&count);
    const char *nearest = NULL;

    for (guint i = 0; i < count; i++) {
        guint same = 0;
        while (text[same] && g_ascii_tolower(text[same]) == g_ascii_tolower(rows[i].key[same]))
            same++;
        if (rows[i].target == target && (nearest == NULL || same > best)) {
            best = same;
            nearest = rows[i].key;
        }
    }
    return nearest;
}

TunableKey *tunable_key_parse(TargetKind target, const char *text, GError **error)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);
    gboolean elsewhere = FALSE;

    for (guint i = 0; i < count; i++) {
        TunableKey found = {0};
        if (!key_matches(&rows[i], text, &found))
            continue;
        if (rows[i].target != target) {
            elsewhere = TRUE;
            continue;
        }
        TunableKey *key = g_memdup2(&found, sizeof found);
        key->tunable = &rows[i];
        if (key->size_kib) {
            g_autofree char *size = text_page_size(key->size_kib);
            key->key = g_strdup_printf(POOL_PREFIX "%u.%s", key->n, size);
        } else if (g_str_has_suffix(rows[i].key, ".N")) {
            key->key = g_strdup_printf(PIN_PREFIX "%u", key->n);
        } else {
            key->key = g_strdup(rows[i].key);
        }
        return key;
    }

    g_autofree char *shown = text_escape(text, 60);
    if (elsewhere)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "\"%s\" is a key of %s, not of %s",
            shown, target == TARGET_HOST ? "a domain" : "the host",
            target == TARGET_HOST ? "the host" : "a domain");
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "there is no key \"%s\" for %s; the nearest is %s, and `kvmtune tunables` lists them "
            "all",
            shown, target == TARGET_HOST ? "the host" : "a domain", nearest_key(target, text));
    return NULL;
}

TunableKey *tunable_key_copy(const TunableKey *key)
{
    TunableKey *copy = g_memdup2(key, sizeof *key);
    copy->key = g_strdup(key->key);
    return copy;
}

void tunable_key_free(TunableKey *key)
{
    if (key == NULL)
        return;
    g_free(key->key);
    g_free(key);
}

char *tunable_key_place(const TunableKey *key)
{
    const char *place = key->tunable->place;

    /* Two rows' places have parts to fill in; a place is never text from outside. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (key->size_kib)
        return g_strdup_printf(place, key->n, key->size_kib);
    if (strchr(place, '%'))
        return g_strdup_printf(place, key->n);
#pragma GCC diagnostic pop
    return g_strdup(place);
}

/* "0, 1 or 2" */
static char *choice_list(const TunableChoice *choices)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; choices[i].value; i++)
        g_string_append_printf(out, "%s%s",
            i == 0                 ? ""
            : choices[i + 1].value ? ", "
                                   : " or ",
            choices[i].value);
    return g_string_free(out, FALSE);
}

G_GNUC_PRINTF(4, 5)
static char *refuse(
    const TunableKey *key, const char *value, GError **error, const char *allowed, ...)
{
    va_list args;

    va_start(args, allowed);
    g_autofree char *reason = g_strdup_vprintf(allowed, args);
    va_end(args);
    g_autofree char *shown = text_escape(value, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s cannot be \"%s\": %s", key->key,
        shown, reason);
    return NULL;
}

static char *check_int(const TunableKey *key, const char *value, GError **error)
{
    const Tunable *row = key->tunable;
    gint64 number;

    if (!text_parse_int(value, &number) || number < row->min || number > row->max)
        return refuse(key, value, error,
            "a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s%s is allowed",
            row->min, row->max, row->unit ? " " : "", row->unit ? row->unit : "");
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *check_choice(const TunableKey *key, const char *value, GError **error)
{
    for (guint i = 0; key->tunable->choices[i].value; i++)
        if (g_str_equal(key->tunable->choices[i].value, value))
            return g_strdup(value);
    g_autofree char *list = choice_list(key->tunable->choices);
    return refuse(key, value, error, "%s is allowed", list);
}

static char *check_switch(const TunableKey *key, const char *value, GError **error)
{
    static const struct {
        const char *word;
        gboolean on;
    } words[] = {{"on", TRUE}, {"yes", TRUE}, {"1", TRUE}, {"true", TRUE}, {"off", FALSE},
        {"no", FALSE}, {"0", FALSE}, {"false", FALSE}, {"", FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].word, value))
            return g_strdup(words[i].on ? "on" : "off");
    return refuse(key, value, error, "on or off is allowed");
}

static char *check_cpus(
    const TunableKey *key, const char *value, const Snapshot *snapshot, GError **error)
{
    g_autoptr(IdSet) cpus = idset_parse(value, NULL);
    const Host *host = snapshot ? snapshot->host : NULL;

    if (cpus == NULL || (*value && hwloc_bitmap_iszero(cpus)))
        return refuse(key, value, error,
            "a set of CPUs such as 0-3,8 is allowed, or nothing to remove the pin");
    if (host && host->topology->cpus->len > 0) {
        const Cpu *last = g_ptr_array_index(host->topology->cpus, host->topology->cpus->len - 1);
        for (IDSET_EACH(id, cpus))
            if (topology_cpu(host->topology, id) == NULL)
                return refuse(key, value, error, "the host has no CPU %d; its CPUs go from 0 to %d",
                    id, last->id);
    }
    return idset_format(cpus);
}

static gboolean has_pool(const GArray *pools, guint64 size_kib)
{
    for (guint i = 0; pools && i < pools->len; i++)
        if (g_array_index(pools, HugePool, i).size_kib == size_kib)
            return TRUE;
    return FALSE;
}

/* "2M, 1G" */
static char *pool_sizes(const GArray *pools)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; pools && i < pools->len; i++) {
        g_autofree char *size = text_page_size(g_array_index(pools, HugePool, i).size_kib);
        g_string_append_printf(out, "%s%s", i ? ", " : "", size);
    }
    return g_string_free(out, FALSE);
}

/* Cells are numbered from 0 without a gap; a guest without any is one cell, 0. */
static gboolean check_cells(
    const TunableKey *key, const char *value, const Domain *domain, GError **error)
{
    const char *xml = domain ? domain->xml_config ? domain->xml_config : domain->xml_live : NULL;
    g_autoptr(XmlEdit) edit = xml ? xml_edit_open(xml, -1, NULL) : NULL;
    g_autoptr(GPtrArray) cells = edit ? xml_edit_list(edit, "cpu/numa/cell", "id") : NULL;
    int highest = backing_highest_cell(value);

    if (cells == NULL || highest < (int)MAX(cells->len, 1))
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: the guest has no NUMA cell %d; it has %u", key->key, highest, cells->len);
    return FALSE;
}

static char *check_backing(const TunableKey *key, const char *value, const Snapshot *snapshot,
    const Domain *domain, GError **error)
{
    g_autofree char *normal = backing_normalize(value, error);
    const Host *host = snapshot ? snapshot->host : NULL;

    if (normal != NULL && !check_cells(key, normal, domain, error))
        return NULL;
    if (normal == NULL || host == NULL || host->pools == NULL || host->pools->len == 0)
        return g_steal_pointer(&normal);
    g_autoptr(GArray) sizes = backing_sizes(normal);
    for (guint i = 0; i < sizes->len; i++) {
        if (!has_pool(host->pools, g_array_index(sizes, guint64, i))) {
            g_autofree char *list = pool_sizes(host->pools);
            return refuse(key, value, error, "the host's page sizes are %s", list);
        }
    }
    return g_steal_pointer(&normal);
}

/* Node and page size of a pool's key are the host's to offer. */
static gboolean check_pool_key(const TunableKey *key, const Snapshot *snapshot, GError **error)
{
    const Host *host = snapshot ? snapshot->host : NULL;

    if (key->size_kib == 0 || host == NULL)
        return TRUE;
    const NodeMemory *node = host_node(host, (int)key->n);
    if (node == NULL) {
        GString *ids = g_string_new(NULL);
        for (guint i = 0; i < host->topology->nodes->len; i++)
            g_string_append_printf(ids, "%s%d", i ? ", " : "",
                ((const Node *)g_ptr_array_index(host->topology->nodes, i))->id);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "%s: the host has no NUMA node %u; its nodes are %s", key->key, key->n, ids->str);
        g_string_free(ids, TRUE);
        return FALSE;
    }
    if (has_pool(node->pools, key->size_kib))
        return TRUE;
    g_autofree char *list = pool_sizes(node->pools);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: node %u has no pages of this size; its page sizes are %s", key->key, key->n,
        *list ? list : "none");
    return FALSE;
}

static gboolean check_vcpu_key(const TunableKey *key, const Domain *domain, GError **error)
{
    const DomainConfig *config = domain ? (domain->config ? domain->config : domain->live) : NULL;

    if (config == NULL || !g_str_equal(key->tunable->key, "vcpupin.N") ||
        key->n < config->vcpus_max)
        return TRUE;
    g_autofree char *name = text_escape(domain->name, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "%s: %s has no vCPU %u; its vCPUs go from 0 to %u", key->key, name, key->n,
        config->vcpus_max - 1);
    return FALSE;
}

char *tunable_check(const TunableKey *key, const char *value, const Snapshot *snapshot,
    const Domain *domain, GError **error)
{
    if (!check_pool_key(key, snapshot, error) || !check_vcpu_key(key, domain, error))
        return NULL;
    switch (key->tunable->type) {
    case VALUE_INT:
        return check_int(key, value, error);
    case VALUE_CHOICE:
        return check_choice(key, value, error);
    case VALUE_CPUS:
        return check_cpus(key, value, snapshot, error);
    case VALUE_BACKING:
        return check_backing(key, value, snapshot, domain, error);
    case VALUE_SWITCH:
        return check_switch(key, value, error);
    }
    g_assert_not_reached();
}

/* Which of a Host's lists holds the files of a folder; the longest folder first. */
static const struct {
    const char *folder;
    gsize member;
} folders[] = {
    {"/sys/kernel/mm/ksm/", G_STRUCT_OFFSET(Host, ksm)},
    {"/sys/kernel/mm/transparent_hugepage/khugepaged/", G_STRUCT_OFFSET(Host, khugepaged)},
    {"/sys/kernel/mm/transparent_hugepage/", G_STRUCT_OFFSET(Host, thp)},
};

char *tunable_host_value(const TunableKey *key, const Host *host)
{
    const char *place = key->tunable->place;

    if (key->size_kib) {
        const NodeMemory *node = host_node(host, (int)key->n);
        for (guint i = 0; node && i < node->pools->len; i++) {
            const HugePool *pool = &g_array_index(node->pools, HugePool, i);
            if (pool->size_kib == key->size_kib && pool->total.known)
                return g_strdup_printf("%" G_GINT64_FORMAT, pool->total.value);
        }
        return NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (g_str_has_prefix(place, folders[i].folder))
            return kernel_file_value(
                kernel_file_find(G_STRUCT_MEMBER(GPtrArray *, host, folders[i].member),
                    place + strlen(folders[i].folder)));
    return NULL;
}

/* A CPU set in its one form; as it stands where libvirt's text is no set kvmtune knows. */
static char *normal_cpus(char *text)
{
    g_autoptr(IdSet) cpus = text ? idset_parse(text, NULL) : NULL;
    if (cpus == NULL)
        return text;
    g_free(text);
    return idset_format(cpus);
}

char *tunable_xml_value(const TunableKey *key, const XmlEdit *edit)
{
    if (key->tunable->get)
        return key->tunable->get(edit);

    g_autofree char *place = tunable_key_place(key);
    g_autofree char *value = xml_edit_get(edit, place);
    if (key->tunable->type == VALUE_SWITCH)
        return g_strdup(value ? "on" : "off");
    if (key->tunable->type == VALUE_CPUS)
        return value ? normal_cpus(g_steal_pointer(&value)) : g_strdup("");
    return value ? g_steal_pointer(&value) : g_strdup("");
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
        TunableKey one = *key;
        one.all = FALSE;
        one.n = n;
        if (!tunable_xml_set(&one, edit, value, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tunable_xml_set(const TunableKey *key, XmlEdit *edit, const char *value, GError **error)
{
    if (key->all)
        return set_all_vcpus(key, edit, value, error);
    if (key->tunable->set)
        return key->tunable->set(edit, value, error);

    /* The same set written otherwise ("0,1,2,3") is the same value: its bytes stay. */
    g_autofree char *now = tunable_xml_value(key, edit);
    if (g_strcmp0(now, value) == 0)
        return TRUE;
    g_autofree char *place = tunable_key_place(key);
    if (key->tunable->type == VALUE_SWITCH)
        return xml_edit_set(edit, place, g_str_equal(value, "on") ? "" : NULL, error);
    return xml_edit_set(edit, place, *value ? value : NULL, error);
}
