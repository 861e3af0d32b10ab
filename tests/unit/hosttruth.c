/* What a host's raw files say, read by code that shares nothing with core/host, and compared with
 * what `kvmtune host --json` prints, value by value, as JSON text. */
#include "tests/unit/hosttruth.h"

#include "core/host/host-json.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IDS 4096
#define CPUS    "sys/devices/system/cpu"
#define NODES   "sys/devices/system/node"

typedef struct {
    gboolean has[MAX_IDS];
} Set;

/* The text of a file below @root up to its first NUL, stripped; NULL where there is none. */
static char *slurp(const char *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
static char *slurp(const char *root, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *full = g_strconcat(root, "/", path, NULL);
    g_file_get_contents(full, &text, NULL, NULL);
    return text ? g_strstrip(text) : NULL;
}

static Set *set_of_list(const char *text)
{
    Set *set = g_new0(Set, 1);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (guint i = 0; parts[i] && *parts[i]; i++) {
        int first, last;
        int fields = sscanf(parts[i], "%d-%d", &first, &last);
        g_assert_cmpint(fields, >=, 1);
        for (int id = first; id <= (fields == 2 ? last : first); id++)
            set->has[id] = TRUE;
    }
    return set;
}

static Set *set_of_mask(const char *text)
{
    Set *set = g_new0(Set, 1);
    int id = 0;

    for (gsize i = strlen(text); i-- > 0;) {
        int digit = g_ascii_xdigit_value(text[i]);
        for (int bit = 0; digit >= 0 && bit < 4; bit++, id++)
            if (digit >> bit & 1)
                set->has[id] = TRUE;
    }
    return set;
}

/* The set of @folder/@list, else of @folder/@mask; where @self is not -1, the one with it. */
static Set *read_set(
    const char *root, const char *folder, const char *list, const char *mask, int self)
{
    g_autofree char *list_text = slurp(root, "%s/%s", folder, list);
    g_autofree char *mask_text = slurp(root, "%s/%s", folder, mask);
    g_autofree Set *of_list = list_text ? set_of_list(list_text) : NULL;
    g_autofree Set *of_mask = mask_text ? set_of_mask(mask_text) : NULL;

    if (of_list && (self < 0 || of_list->has[self]))
        return g_steal_pointer(&of_list);
    if (of_mask && (self < 0 || of_mask->has[self]))
        return g_steal_pointer(&of_mask);
    return NULL;
}

/* As JSON: "0-3,8" of those also in @within, null for NULL. */
static char *set_json(const Set *set, const Set *within)
{
    GString *out = g_string_new("\"");

    if (set == NULL) {
        g_string_free(out, TRUE);
        return g_strdup("null");
    }
    for (int id = 0; id < MAX_IDS; id++) {
        int last = id;
        if (!set->has[id] || !within->has[id])
            continue;
        while (last + 1 < MAX_IDS && set->has[last + 1] && within->has[last + 1])
            last++;
        g_string_append_printf(out, out->len > 1 ? ",%d" : "%d", id);
        if (last > id)
            g_string_append_printf(out, "-%d", last);
        id = last;
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

/* A number's text as JSON: null where it is missing or (an id's) negative. */
static char *number_json(const char *text)
{
    return g_strdup(text && *text && *text != '-' ? text : "null");
}

static void assert_member(JsonObject *object, const char *name, char *expected)
{
    JsonNode *node = json_object_get_member(object, name);

    g_assert_nonnull(node);
    g_autofree char *is = json_to_string(node, FALSE);
    if (strcmp(is, expected) != 0)
        g_error("\"%s\" is %s, the raw files say %s", name, is, expected);
    g_free(expected);
}

/* The numbers N of the entries "prefixN" in a folder. */
static Set *list_folder(const char *root, const char *folder, const char *prefix)
{
    Set *set = g_new0(Set, 1);
    g_autofree char *path = g_strconcat(root, "/", folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        const char *rest = name + strlen(prefix);
        if (g_str_has_prefix(name, prefix) && *rest && strspn(rest, "0123456789") == strlen(rest))
            set->has[atoi(rest)] = TRUE;
    }
    return set;
}

static Set *find_llc(const char *root, int cpu)
{
    int highest = 0, index = -1;

    for (int i = 0; i < 10; i++) {
        g_autofree char *level = slurp(root, CPUS "/cpu%d/cache/index%d/level", cpu, i);
        g_autofree char *type = slurp(root, CPUS "/cpu%d/cache/index%d/type", cpu, i);
        if (level && g_strcmp0(type, "Instruction") != 0 && atoi(level) > highest) {
            highest = atoi(level);
            index = i;
        }
    }
    g_autofree char *folder = g_strdup_printf(CPUS "/cpu%d/cache/index%d", cpu, index);
    return read_set(root, folder, "shared_cpu_list", "shared_cpu_map", cpu);
}

static Set *node_cpus(const char *root, int node)
{
    g_autofree char *folder = g_strdup_printf(NODES "/node%d", node);

    return read_set(root, folder, "cpulist", "cpumap", -1);
}

/* The first node with each CPU, -1 where none has it; all in node 0 where there are no nodes. */
static int *nodes_of_cpus(const char *root, const Set *nodes)
{
    int *node_of = g_new(int, MAX_IDS);
    gboolean any = FALSE;

    for (int cpu = 0; cpu < MAX_IDS; cpu++)
        node_of[cpu] = -1;
    for (int node = 0; node < MAX_IDS; node++) {
        if (!nodes->has[node])
            continue;
        g_autofree Set *cpus = node_cpus(root, node);
        any = TRUE;
        for (int cpu = 0; cpus && cpu < MAX_IDS; cpu++)
            if (cpus->has[cpu] && node_of[cpu] < 0)
                node_of[cpu] = node;
    }
    for (int cpu = 0; !any && cpu < MAX_IDS; cpu++)
        node_of[cpu] = 0;
    return node_of;
}

/* None of what every host has: no file tells of it. */
static char *count_json(GHashTable *found)
{
    guint count = g_hash_table_size(found);

    return count > 0 ? g_strdup_printf("%u", count) : g_strdup("null");
}

static void check_cpus(const char *root, JsonObject *topology, const Set *nodes, const Set *online)
{
    JsonArray *array = json_object_get_array_member(topology, "cpus");
    g_autofree char *present_text = slurp(root, CPUS "/present");
    g_autofree char *isolated_text = slurp(root, CPUS "/isolated");
    g_autofree Set *isolated = isolated_text ? set_of_list(isolated_text) : NULL;
    g_autofree Set *present =
        present_text ? set_of_list(present_text) : list_folder(root, CPUS, "cpu");
    g_autoptr(GHashTable) packages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree int *node_of = nodes_of_cpus(root, nodes);
    guint count = 0;

    for (int cpu = 0; cpu < MAX_IDS; cpu++) {
        if (!present->has[cpu])
            continue;
        g_assert_cmpuint(count, <, json_array_get_length(array));
        JsonObject *object = json_array_get_object_element(array, count++);
        gboolean on = online->has[cpu];
        assert_member(object, "id", g_strdup_printf("%d", cpu));
        assert_member(object, "online", g_strdup(on ? "true" : "false"));
        assert_member(object, "isolated",
            g_strdup(isolated == NULL     ? "null"
                     : isolated->has[cpu] ? "true"
                                          : "false"));
        if (!on) {
            static const char *const unknown[] = {
                "package", "node", "core", "siblings", "llc", "load"};
            for (guint i = 0; i < G_N_ELEMENTS(unknown); i++)
                assert_member(object, unknown[i], g_strdup("null"));
            continue;
        }
        g_autofree char *folder = g_strdup_printf(CPUS "/cpu%d/topology", cpu);
        g_autofree char *package = slurp(root, "%s/physical_package_id", folder);
        g_autofree char *core = slurp(root, "%s/core_id", folder);
        g_autofree Set *siblings =
            read_set(root, folder, "thread_siblings_list", "thread_siblings", cpu);
        g_autofree Set *llc = find_llc(root, cpu);
        assert_member(object, "package", number_json(package));
        assert_member(object, "core", number_json(core));
        assert_member(object, "node",
            node_of[cpu] < 0 ? g_strdup("null") : g_strdup_printf("%d", node_of[cpu]));
        assert_member(object, "siblings", set_json(siblings, online));
        assert_member(object, "llc", set_json(llc, online));
        if (package && atoi(package) >= 0)
            g_hash_table_add(packages, g_strdup(package));
        /* Where the siblings are not told, a core is one number in its package. */
        if (siblings)
            g_hash_table_add(cores, set_json(siblings, online));
        else if (core && atoi(core) >= 0)
            g_hash_table_add(cores, g_strdup_printf("%s/%s", package ? package : "-1", core));
    }
    g_assert_cmpuint(json_array_get_length(array), ==, count);
    assert_member(topology, "packages", count_json(packages));
    assert_member(topology, "cores", count_json(cores));
}

/* The number in the line of @text that has @key, as JSON; null where its unit is cut off. */
static char *line_json(const char *text, const char *key)
{
    const char *found = text ? strstr(text, key) : NULL;
    long long value;
    int end = 0;

    if (found == NULL || sscanf(found + strlen(key), "%lld%n", &value, &end) != 1)
        return g_strdup("null");
    const char *unit = found + strlen(key) + end;
    gsize length = strcspn(unit, "\n");
    return length == 0 || (length == 3 && strncmp(unit, " kB", length) == 0)
               ? g_strdup_printf("%lld", value)
               : g_strdup("null");
}

static void check_pools(const char *root, const char *folder, JsonArray *array)
{
    g_autofree char *path = g_strconcat(root, "/", folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint count = 0;
    gint64 before = 0;

    for (; dir && g_dir_read_name(dir); count++)
        ;
    g_assert_cmpuint(json_array_get_length(array), ==, count);
    for (guint i = 0; i < count; i++) {
        JsonObject *pool = json_array_get_object_element(array, i);
        gint64 size = json_object_get_int_member(pool, "size_kib");
        g_assert_cmpint(size, >, before);
        before = size;
        g_autofree char *pool_folder =
            g_strdup_printf("%s/hugepages-%" G_GINT64_FORMAT "kB", folder, size);
        g_autofree char *total = slurp(root, "%s/nr_hugepages", pool_folder);
        g_autofree char *free_pages = slurp(root, "%s/free_hugepages", pool_folder);
        g_autofree char *surplus = slurp(root, "%s/surplus_hugepages", pool_folder);
        assert_member(pool, "total", number_json(total));
        assert_member(pool, "free", number_json(free_pages));
        assert_member(pool, "surplus", number_json(surplus));
    }
}

/* A row that is not of @nodes numbers is cut off, and tells nothing. */
static char *distances_json(const char *root, int node, guint nodes)
{
    g_autofree char *text = slurp(root, NODES "/node%d/distance", node);
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", -1);
    g_autofree char *joined = g_strjoinv(",", words);

    return text && g_strv_length(words) == nodes ? g_strdup_printf("[%s]", joined)
                                                 : g_strdup("null");
}

static void check_nodes(
    const char *root, JsonObject *topology, const Set *nodes, const Set *online, gboolean still)
{
    JsonArray *array = json_object_get_array_member(topology, "nodes");
    guint count = 0, all = 0;

    for (int id = 0; id < MAX_IDS; id++)
        all += nodes->has[id] ? 1 : 0;
    for (int id = 0; id < MAX_IDS; id++) {
        if (!nodes->has[id])
            continue;
        JsonObject *node = json_array_get_object_element(array, count++);
        g_autofree Set *cpus = node_cpus(root, id);
        g_autofree char *meminfo = slurp(root, NODES "/node%d/meminfo", id);
        g_autofree char *pools = g_strdup_printf(NODES "/node%d/hugepages", id);
        assert_member(node, "id", g_strdup_printf("%d", id));
        assert_member(node, "cpus", set_json(cpus, online));
        assert_member(node, "distances", distances_json(root, id, all));
        assert_member(node, "memory_kib", line_json(meminfo, "MemTotal:"));
        if (still)
            assert_member(node, "free_kib", line_json(meminfo, "MemFree:"));
        check_pools(root, pools, json_object_get_array_member(node, "hugepages"));
    }
    if (count == 0) {
        JsonObject *node = json_array_get_object_element(array, count++);
        g_autofree char *meminfo = slurp(root, "proc/meminfo");
        assert_member(node, "id", g_strdup("0"));
        assert_member(node, "cpus", set_json(online, online));
        assert_member(node, "memory_kib", line_json(meminfo, "MemTotal:"));
        check_pools(
            root, "sys/kernel/mm/hugepages", json_object_get_array_member(node, "hugepages"));
    }
    g_assert_cmpuint(json_array_get_length(array), ==, count);
}

static void check_meminfo(const char *root, JsonObject *meminfo)
{
    g_autofree char *text = slurp(root, "proc/meminfo");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    guint count = 0;

    for (guint i = 0; lines[i]; i++) {
        if (strchr(lines[i], ':') == NULL)
            continue; /* cut off in its name */
        g_autofree char *key = g_strndup(lines[i], strcspn(lines[i], ":"));
        assert_member(meminfo, key, line_json(lines[i], ":"));
        count++;
    }
    g_assert_cmpuint(json_object_get_size(meminfo), ==, count);
}

/* Every file of the folder is there; one word of several is the one in brackets. */
static void check_settings(const char *root, const char *folder, JsonObject *object)
{
    g_autofree char *path = g_strconcat(root, "/", folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *text = slurp(root, "%s/%s", folder, name);
        char *open = text ? strchr(text, '[') : NULL;
        if (text == NULL)
            continue;
        if (open)
            assert_member(
                object, name, g_strdup_printf("\"%.*s\"", (int)strcspn(open + 1, "]"), open + 1));
        else
            assert_member(object, name, g_strdup(*text ? text : "null"));
    }
}

void check_host(const char *root, gboolean still)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Host) host = host_read(root, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *json = host_to_json(host);
    g_autofree char *table = host_to_table(host);
    g_autoptr(JsonNode) document = json_from_string(json, &error);
    g_assert_no_error(error);
    g_assert_true(g_utf8_validate(table, -1, NULL));

    JsonObject *object = json_node_get_object(document);
    JsonObject *topology = json_object_get_object_member(object, "topology");
    JsonObject *thp = json_object_get_object_member(object, "thp");
    g_autofree Set *nodes = list_folder(root, NODES, "node");
    g_autofree char *online_text = slurp(root, CPUS "/online");
    g_autofree Set *online =
        online_text ? set_of_list(online_text) : list_folder(root, CPUS, "cpu");
    for (int cpu = 0; online_text == NULL && cpu < MAX_IDS; cpu++) {
        g_autofree char *on = slurp(root, CPUS "/cpu%d/online", cpu);
        if (g_strcmp0(on, "0") == 0)
            online->has[cpu] = FALSE;
    }
    check_cpus(root, topology, nodes, online);
    check_nodes(root, topology, nodes, online, still);
    if (still)
        check_meminfo(root, json_object_get_object_member(object, "meminfo"));
    check_settings(root, "sys/kernel/mm/transparent_hugepage", thp);
    if (still) /* the counters of the host's own KSM move */
        check_settings(root, "sys/kernel/mm/ksm", json_object_get_object_member(object, "ksm"));
    check_settings(root, "sys/kernel/mm/transparent_hugepage/khugepaged",
        json_object_get_object_member(thp, "khugepaged"));
}
