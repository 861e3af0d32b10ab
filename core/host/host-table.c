/* A Host as tables for people: a summary, the nodes, KSM and THP. */
#include "core/host/host-json.h"

#include "core/util/text.h"

#define CELL_MAX 60 /* the most characters one cell takes */

/* @cells (a GPtrArray of @columns strings a row) under @heads, numbers to the right. */
static void append_table(
    GString *out, const char *const *heads, const gboolean *right, guint columns, GPtrArray *cells)
{
    g_autofree glong *widths = g_new0(glong, columns);

    for (guint i = 0; i < columns; i++)
        widths[i] = g_utf8_strlen(heads[i], -1);
    for (guint i = 0; i < cells->len; i++)
        widths[i % columns] = MAX(widths[i % columns], g_utf8_strlen(cells->pdata[i], -1));
    for (guint row = 0; row <= cells->len / columns; row++) {
        for (guint i = 0; i < columns; i++) {
            const char *cell = row == 0 ? heads[i] : cells->pdata[(row - 1) * columns + i];
            int pad = (int)(widths[i] - g_utf8_strlen(cell, -1));
            gboolean last = i + 1 == columns;
            if (right[i])
                g_string_append_printf(out, "%*s%s", pad, "", cell);
            else
                g_string_append_printf(out, "%s%*s", cell, last ? 0 : pad, "");
            g_string_append(out, last ? "\n" : "  ");
        }
    }
}

static char *size_text(Num kib)
{
    return kib.known && kib.value >= 0 ? text_size_kib((guint64)kib.value) : g_strdup("–");
}

static char *num_text(Num number)
{
    return number.known ? g_strdup_printf("%" G_GINT64_FORMAT, number.value) : g_strdup("–");
}

static char *set_text(const IdSet *set)
{
    g_autofree char *text = idset_format(set);

    return *text ? g_steal_pointer(&text) : g_strdup("none");
}

/* "2M: 12/64  1G: 0/4": free of total, each size. */
static char *pools_text(const GArray *pools)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < pools->len; i++) {
        const HugePool *pool = &g_array_index(pools, HugePool, i);
        g_autofree char *size = text_page_size(pool->size_kib);
        g_autofree char *free_pages = num_text(pool->free);
        g_autofree char *total = num_text(pool->total);
        g_string_append_printf(out, "%s%s: %s/%s", i ? "  " : "", size, free_pages, total);
    }
    return g_strdup(out->len ? out->str : "–");
}

static void append_nodes(GString *out, const Host *host)
{
    static const char *const heads[] = {"NODE", "MEMORY", "FREE", "HUGEPAGES FREE/TOTAL", "CPUS"};
    static const gboolean right[] = {TRUE, TRUE, TRUE, FALSE, FALSE};
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < host->nodes->len; i++) {
        const Node *node = host->topology->nodes->pdata[i];
        const NodeMemory *memory = host->nodes->pdata[i];
        g_ptr_array_add(cells, g_strdup_printf("%d", node->id));
        g_ptr_array_add(cells, size_text(memory->memory_kib));
        g_ptr_array_add(cells, size_text(memory->free_kib));
        g_ptr_array_add(cells, pools_text(memory->pools));
        g_ptr_array_add(cells, node->cpus_unknown ? g_strdup("–") : set_text(node->cpus));
    }
    append_table(out, heads, right, G_N_ELEMENTS(heads), cells);
}

static char *count_text(guint count, const char *one, const char *many)
{
    return count ? g_strdup_printf("%u %s", count, count == 1 ? one : many)
                 : g_strdup_printf("– %s", many);
}

static void append_summary(GString *out, const Host *host)
{
    const Topology *topology = host->topology;
    guint online = idset_count(topology->online);
    guint offline = topology->cpus->len - online;
    g_autofree char *hostname = text_escape(host->hostname, CELL_MAX);
    g_autofree char *kernel = text_escape(host->kernel, CELL_MAX);
    g_autofree char *packages = count_text(topology->packages, "package", "packages");
    g_autofree char *nodes = count_text(topology->nodes->len, "node", "nodes");
    g_autofree char *cores = count_text(topology->cores, "core", "cores");
    g_autofree char *cpus = count_text(online, "CPU", "CPUs");

    g_string_append_printf(out, "%s  kernel %s\n", hostname, kernel);
    g_string_append_printf(out, "%s, %s, %s, %s online", packages, nodes, cores, cpus);
    if (offline)
        g_string_append_printf(out, ", %u offline", offline);
    if (idset_count(topology->isolated)) {
        g_autofree char *isolated = set_text(topology->isolated);
        g_string_append_printf(out, ", isolated %s", isolated);
    }
    g_autofree char *memory = size_text(kernel_file_number(host->meminfo, "MemTotal"));
    g_autofree char *available = size_text(kernel_file_number(host->meminfo, "MemAvailable"));
    g_string_append_printf(out, "\n%s memory, %s available\n", memory, available);
}

/* "name value" for each of @names that is among @files, with the chosen word for its value. */
static void append_values(GString *out, const GPtrArray *files, const char *const *names)
{
    for (; *names; names++) {
        g_autofree char *value = kernel_file_value(kernel_file_find(files, *names));
        g_autofree char *shown = text_escape(value, CELL_MAX);
        g_string_append_printf(out, "  %s %s", *names, shown);
    }
    g_string_append_c(out, '\n');
}

static void append_features(GString *out, const Host *host)
{
    static const char *const ksm[] = {
        "run", "pages_shared", "pages_sharing", "pages_to_scan", "sleep_millisecs", NULL};
    static const char *const thp[] = {"enabled", "defrag", "shmem_enabled", NULL};

    g_string_append(out, "KSM");
    if (host->ksm->len == 0) {
        g_string_append(out, "  – (no /sys/kernel/mm/ksm)\n");
    } else {
        g_autofree char *saved = size_text(host->ksm_saved_kib);
        g_string_append_printf(out, "  saves %s", saved);
        append_values(out, host->ksm, ksm);
    }
    g_string_append(out, "THP");
    if (host->thp->len == 0)
        g_string_append(out, "  – (no /sys/kernel/mm/transparent_hugepage)\n");
    else
        append_values(out, host->thp, thp);
}

char *host_to_table(const Host *host)
{
    GString *out = g_string_new(NULL);

    append_summary(out, host);
    g_string_append_c(out, '\n');
    append_nodes(out, host);
    g_string_append_c(out, '\n');
    append_features(out, host);
    return g_string_free(out, FALSE);
}
