/* A Host as JSON. Keys are the kernel's words; sizes are in KiB, sets in list form, unknown is
 * null.
 */
#include "core/host/host-json.h"

#include "core/host/mounts.h"
#include "core/keep/bootfile.h"
#include "core/keep/mountunit.h"
#include "core/util/json.h"

#include <string.h>

/* JSON is UTF-8; a file name or a value of a copied tree may not be. */
static char *utf8(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);

    /* json-glib writes this one control character as it is. */
    for (char *p = valid; (p = strchr(p, '\x1f')) != NULL;)
        *p = ' ';
    return valid;
}

static void set_text(JsonObject *object, const char *name, const char *text)
{
    if (text == NULL) {
        json_object_set_null_member(object, name);
        return;
    }
    g_autofree char *valid = utf8(text);
    json_object_set_string_member(object, name, valid);
}

static void set_num(JsonObject *object, const char *name, Num number)
{
    if (number.known)
        json_object_set_int_member(object, name, number.value);
    else
        json_object_set_null_member(object, name);
}

/* An id or a count of which -1 (0 for a count) means unknown. */
static void set_id(JsonObject *object, const char *name, int id)
{
    set_num(object, name, id >= 0 ? NUM(id) : NUM_UNKNOWN);
}

static void set_ids(JsonObject *object, const char *name, const IdSet *set)
{
    g_autofree char *text = set ? idset_format(set) : NULL;

    set_text(object, name, text);
}

/* The number a file holds, else its chosen word. */
static void set_file(JsonObject *object, const KernelFile *file)
{
    g_autofree char *name = utf8(file->name);
    g_autofree char *value = kernel_file_value(file);

    if (file->number.known)
        json_object_set_int_member(object, name, file->number.value);
    else
        set_text(object, name, value && *value ? value : NULL);
}

static JsonObject *files_object(const GPtrArray *files)
{
    JsonObject *object = json_object_new();

    for (guint i = 0; i < files->len; i++)
        set_file(object, files->pdata[i]);
    return object;
}

/* Lines such as meminfo's hold numbers, or nothing known. */
static JsonObject *numbers_object(const GPtrArray *files)
{
    JsonObject *object = json_object_new();

    for (guint i = 0; i < files->len; i++) {
        const KernelFile *file = files->pdata[i];
        g_autofree char *name = utf8(file->name);
        set_num(object, name, file->number);
    }
    return object;
}

static JsonArray *pools_array(const GArray *pools, gboolean of_host)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "size_kib", (gint64)pool->size_kib);
        set_num(object, "total", pool->total);
        set_num(object, "free", pool->free);
        set_num(object, "surplus", pool->surplus);
        if (of_host) {
            set_num(object, "reserved", pool->reserved);
            set_num(object, "overcommit", pool->overcommit);
        }
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *node_object(const Node *node, const NodeMemory *memory)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", node->id);
    set_ids(object, "cpus", node->cpus_unknown ? NULL : node->cpus);
    set_num(object, "memory_kib", memory->memory_kib);
    set_num(object, "free_kib", memory->free_kib);
    if (node->distances) {
        JsonArray *row = json_array_new();
        for (guint i = 0; i < node->distances->len; i++)
            json_array_add_int_element(row, g_array_index(node->distances, int, i));
        json_object_set_array_member(object, "distances", row);
    } else {
        json_object_set_null_member(object, "distances");
    }
    json_object_set_array_member(object, "hugepages", pools_array(memory->pools, FALSE));
    if (memory->free_blocks) {
        JsonArray *blocks = json_array_new();
        for (guint i = 0; i < memory->free_blocks->len; i++)
            json_array_add_int_element(
                blocks, (gint64)MIN(g_array_index(memory->free_blocks, guint64, i), G_MAXINT64));
        json_object_set_array_member(object, "free_blocks", blocks);
    } else {
        json_object_set_null_member(object, "free_blocks");
    }
    json_object_set_object_member(object, "meminfo", numbers_object(memory->meminfo));
    json_object_set_object_member(object, "numastat", numbers_object(memory->numastat));
    return object;
}

static JsonObject *cpu_object(const Cpu *cpu, gboolean isolation_known, Num load)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "id", cpu->id);
    json_object_set_boolean_member(object, "online", cpu->online);
    if (isolation_known)
        json_object_set_boolean_member(object, "isolated", cpu->isolated);
    else
        json_object_set_null_member(object, "isolated");
    set_id(object, "package", cpu->package);
    set_id(object, "node", cpu->node);
    set_id(object, "core", cpu->core);
    set_ids(object, "siblings", cpu->siblings);
    set_ids(object, "llc", cpu->llc);
    if (load.known)
        json_object_set_double_member(object, "load", (double)load.value / 10);
    else
        json_object_set_null_member(object, "load");
    return object;
}

static JsonObject *topology_object(const Host *host)
{
    const Topology *topology = host->topology;
    JsonObject *object = json_object_new();
    JsonArray *nodes = json_array_new();
    JsonArray *cpus = json_array_new();

    for (guint i = 0; i < topology->nodes->len; i++)
        json_array_add_object_element(
            nodes, node_object(topology->nodes->pdata[i], host->nodes->pdata[i]));
    for (guint i = 0; i < topology->cpus->len; i++)
        json_array_add_object_element(
            cpus, cpu_object(topology->cpus->pdata[i], topology->isolated != NULL, host->load[i]));
    set_num(object, "packages", topology->packages ? NUM(topology->packages) : NUM_UNKNOWN);
    set_num(object, "cores", topology->cores ? NUM(topology->cores) : NUM_UNKNOWN);
    set_ids(object, "online", topology->online);
    set_ids(object, "isolated", topology->isolated);
    set_ids(object, "nohz_full", topology->nohz_full);
    json_object_set_array_member(object, "nodes", nodes);
    json_object_set_array_member(object, "cpus", cpus);
    return object;
}

static JsonObject *thp_object(const Host *host)
{
    JsonObject *object = files_object(host->thp);
    JsonArray *sizes = json_array_new();

    for (guint i = 0; i < host->thp_sizes->len; i++) {
        const ThpSize *size = host->thp_sizes->pdata[i];
        JsonObject *entry = files_object(size->files);
        json_object_set_int_member(entry, "size_kib", (gint64)size->size_kib);
        json_object_set_object_member(entry, "stats", files_object(size->stats));
        json_array_add_object_element(sizes, entry);
    }
    json_object_set_object_member(object, "khugepaged", files_object(host->khugepaged));
    json_object_set_array_member(object, "sizes", sizes);
    return object;
}

static void set_percent(JsonObject *object, const char *name, Num hundredths)
{
    if (hundredths.known)
        json_object_set_double_member(object, name, (double)hundredths.value / 100);
    else
        json_object_set_null_member(object, name);
}

static JsonObject *pressure_object(const Pressure *pressure)
{
    JsonObject *object = json_object_new();

    set_percent(object, "some_avg10", pressure->some10);
    set_percent(object, "some_avg60", pressure->some60);
    set_percent(object, "full_avg10", pressure->full10);
    set_percent(object, "full_avg60", pressure->full60);
    return object;
}

static JsonArray *mounts_array(const Host *host)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < host->mounts->len; i++) {
        const HugeMount *mount = host->mounts->pdata[i];
        JsonObject *object = json_object_new();
        set_text(object, "path", mount->path);
        set_num(object, "size_kib",
            mount->size_kib ? NUM(mount->size_kib) : NUM_UNKNOWN); /* null: the default size */
        set_text(object, "options", mount->options);
        json_object_set_boolean_member(object, "libvirt_uses", mounts_is_libvirts(host, mount));
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *claim_object(const Claim *claim)
{
    static const char *const kinds[] = {
        [CLAIM_ARGUMENT] = "kernel argument",
        [CLAIM_SYSCTL] = "sysctl.d",
        [CLAIM_TMPFILES] = "tmpfiles.d",
        [CLAIM_TUNED] = "tuned",
        [CLAIM_KSMTUNED] = "ksmtuned",
    };
    JsonObject *object = json_object_new();

    set_text(object, "place", claim->place);
    set_text(object, "value", claim->value);
    set_text(object, "by", kinds[claim->kind]);
    set_text(object, "file", claim->file);
    set_num(object, "line", claim->line ? NUM(claim->line) : NUM_UNKNOWN);
    return object;
}

static JsonArray *claims_array(const GPtrArray *claims)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < claims->len; i++)
        json_array_add_object_element(array, claim_object(claims->pdata[i]));
    return array;
}

/* Whether @claim is a line of one of kvmtune's own files. */
static gboolean is_ours(const Claim *claim)
{
    for (guint file = 0; file < BOOTFILES; file++)
        if (g_str_equal(claim->file, bootfile_path((BootFile)file)))
            return TRUE;
    return FALSE;
}

/* kvmtune's mount units that are enabled. */
static void add_units(JsonArray *array, const Keep *keep)
{
    const GPtrArray *files = bootset_files(keep->files);

    for (guint i = 0; i < files->len; i++) {
        const BootSetFile *file = files->pdata[i];
        MountUnit unit = {.where = NULL};
        if (!g_str_has_prefix(file->path, MOUNTUNIT_FOLDER) || file->is_link ||
            file->before == NULL || !mountunit_parse(file->before, &unit))
            continue;
        if (unit.ours && bootset_is_enabled(keep->files, file)) {
            JsonObject *object = json_object_new();
            g_autofree char *place =
                unit.size_kib
                    ? g_strdup_printf("hugetlbfs pagesize=%" G_GUINT64_FORMAT "K", unit.size_kib)
                    : g_strdup("hugetlbfs");
            set_text(object, "place", place);
            set_text(object, "value", unit.where);
            set_text(object, "file", file->path);
            json_object_set_null_member(object, "line");
            json_object_set_null_member(object, "overwritten_by");
            json_array_add_object_element(array, object);
        }
        mountunit_clear(&unit);
    }
}

/* What kvmtune's files set at boot, each with who has the last word over it. */
static JsonArray *kept_array(const Keep *keep)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < keep->claims->len; i++) {
        const Claim *claim = keep->claims->pdata[i];
        if (!is_ours(claim))
            continue;
        const Claim *rival = keep_rival(keep, claim->place);
        JsonObject *object = claim_object(claim);
        json_object_remove_member(object, "by");
        if (rival)
            json_object_set_object_member(object, "overwritten_by", claim_object(rival));
        else
            json_object_set_null_member(object, "overwritten_by");
        json_array_add_object_element(array, object);
    }
    add_units(array, keep);
    return array;
}

static JsonObject *kvm_object(const Host *host)
{
    JsonObject *object = files_object(host->kvm);
    JsonObject *facts = json_object_new();
    g_autoptr(GArray) list = host_kvm_facts(host);

    for (guint i = 0; i < list->len; i++) {
        const KvmFact *fact = &g_array_index(list, KvmFact, i);
        if (fact->state == KVM_UNKNOWN)
            json_object_set_null_member(facts, fact->label);
        else
            json_object_set_boolean_member(facts, fact->label, fact->state == KVM_ON);
    }
    json_object_set_object_member(object, "facts", facts);
    return object;
}

static JsonObject *ksm_object(const Host *host)
{
    JsonObject *ksm = files_object(host->ksm), *tuned = json_object_new();
    gboolean ran = host->ksmtuned.pid > 0;

    set_num(ksm, "saved_kib", host->ksm_saved_kib);
    set_num(ksm, "profit_bytes", host->ksm_profit);
    set_text(ksm, "profit_by",
        !host->ksm_profit.known ? NULL
        : host->ksm_profit_told ? "general_profit"
                                : "formula of ksm.rst");
    set_percent(ksm, "ksmd_cpu_percent",
        host->ksmd_load.known ? NUM(host->ksmd_load.value * 10) : NUM_UNKNOWN);
    json_object_set_boolean_member(tuned, "running", ran);
    set_num(tuned, "pid", ran ? NUM(host->ksmtuned.pid) : NUM_UNKNOWN);
    set_num(tuned, "interval_s", host->ksmtuned.interval_s);
    set_num(tuned, "threshold_percent", host->ksmtuned.coef_percent);
    set_num(tuned, "threshold_mib", host->ksmtuned.const_mib);
    set_num(tuned, "threshold_kib", host->ksmtuned.threshold_kib);
    json_object_set_object_member(ksm, "ksmtuned", tuned);
    return ksm;
}

JsonObject *host_json_object(const Host *host)
{
    JsonObject *object = json_object_new();

    set_text(object, "hostname", host->hostname);
    set_text(object, "kernel", host->kernel);
    json_object_set_object_member(object, "topology", topology_object(host));
    json_object_set_object_member(object, "meminfo", numbers_object(host->meminfo));
    json_object_set_array_member(object, "pools", pools_array(host->pools, TRUE));
    json_object_set_object_member(object, "ksm", ksm_object(host));
    json_object_set_object_member(object, "thp", thp_object(host));
    json_object_set_object_member(object, "vm", files_object(host->vm));
    json_object_set_object_member(object, "pressure", pressure_object(&host->pressure));
    json_object_set_array_member(object, "hugetlbfs", mounts_array(host));
    json_object_set_array_member(object, "kept", kept_array(host->keep));
    json_object_set_array_member(object, "claims", claims_array(host->keep->claims));
    json_object_set_object_member(object, "kvm", kvm_object(host));
    json_object_set_object_member(object, "vmstat", numbers_object(host->vmstat));
    return object;
}

char *host_to_json(const Host *host)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(root, host_json_object(host));
    return json_node_text(root);
}
