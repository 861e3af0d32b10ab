/* The pages of one process counted by size and node (proc(5), numa_maps). Counted is what is its
 * own: anonymous, changed or hugepage memory, not the program files that it shares with others. */
#include "core/virt/pagecount.h"

#include "core/virt/domain.h"
#include "core/virt/pages.h"

#include <string.h>

static void add_kib(GArray *pages, guint64 page_kib, int node, guint64 kib)
{
    for (guint i = 0; i < pages->len; i++) {
        PageKib *part = &g_array_index(pages, PageKib, i);
        if (part->page_kib == page_kib && part->node == node) {
            part->kib = MIN(part->kib + kib, NODE_KIB_MAX);
            return;
        }
    }
    PageKib fresh = {page_kib, node, kib};
    g_array_append_val(pages, fresh);
}

/* "7f2c… bind:0 anon=12 dirty=12 N0=5 N1=7 kernelpagesize_kB=4" */
static gboolean take_line(ProcCount *count, const char *line)
{
    const char *size = strstr(line, " kernelpagesize_kB=");
    guint64 page_kib = size ? g_ascii_strtoull(strchr(size, '=') + 1, NULL, 10) : 0;
    gboolean own = strstr(line, " anon=") || strstr(line, " dirty=") || strstr(line, " huge ");

    if (!own || page_kib == 0)
        return TRUE;
    for (const char *p = strstr(line, " N"); p; p = strstr(p + 1, " N")) {
        char *equals;
        guint64 node = g_ascii_strtoull(p + 2, &equals, 10);
        if (equals == p + 2 || *equals != '=' || node >= IDSET_MAX)
            continue;
        guint64 n = g_ascii_strtoull(equals + 1, NULL, 10);
        add_kib(count->pages, page_kib, (int)node, MIN(n, NODE_KIB_MAX / page_kib) * page_kib);
    }
    return TRUE;
}

static int compare_pages(gconstpointer a, gconstpointer b)
{
    const PageKib *first = a, *second = b;

    if (first->page_kib != second->page_kib)
        return first->page_kib < second->page_kib ? -1 : 1;
    return first->node - second->node;
}

static void sort_pages(ProcCount *count)
{
    g_array_sort(count->pages, compare_pages);
}

const ProcCountKind page_count = {.file = "numa_maps",
    .missing = "this kernel has no numa_maps (it is built without NUMA)",
    .take = take_line,
    .finish = sort_pages};

static int compare_nodes(gconstpointer a, gconstpointer b)
{
    return ((const NodeKib *)a)->node - ((const NodeKib *)b)->node;
}

GArray *page_count_nodes(const ProcCount *count)
{
    GArray *memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));

    for (guint i = 0; i < count->pages->len; i++) {
        const PageKib *part = &g_array_index(count->pages, PageKib, i);
        node_kib_add(memory, part->node, part->kib);
    }
    g_array_sort(memory, compare_nodes);
    return memory;
}
