/* The pages of one process counted by size and node (proc(5), numa_maps). Counted is what is its
 * own: anonymous, changed or hugepage memory, not the program files that it shares with others. */
#include "core/virt/pagecount.h"

#include "core/virt/domain.h"
#include "core/virt/pages.h"
#include "core/virt/proclines.h"

#include <errno.h>
#include <string.h>

PageCount *page_count_new(const char *root, int pid)
{
    PageCount *count = g_new0(PageCount, 1);

    g_atomic_ref_count_init(&count->refs);
    count->root = g_strdup(root);
    count->pid = pid;
    count->pages = g_array_new(FALSE, FALSE, sizeof(PageKib));
    return count;
}

PageCount *page_count_ref(PageCount *count)
{
    g_atomic_ref_count_inc(&count->refs);
    return count;
}

void page_count_unref(PageCount *count)
{
    if (count == NULL || !g_atomic_ref_count_dec(&count->refs))
        return;
    g_array_unref(count->pages);
    g_free(count->problem);
    g_free(count->root);
    g_free(count);
}

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
static void take_line(gpointer data, const char *line)
{
    PageCount *count = data;
    const char *size = strstr(line, " kernelpagesize_kB=");
    guint64 page_kib = size ? g_ascii_strtoull(strchr(size, '=') + 1, NULL, 10) : 0;
    gboolean own = strstr(line, " anon=") || strstr(line, " dirty=") || strstr(line, " huge ");

    g_atomic_int_inc(&count->mappings);
    if (!own || page_kib == 0)
        return;
    for (const char *p = strstr(line, " N"); p; p = strstr(p + 1, " N")) {
        char *equals;
        guint64 node = g_ascii_strtoull(p + 2, &equals, 10);
        if (equals == p + 2 || *equals != '=' || node >= IDSET_MAX)
            continue;
        guint64 n = g_ascii_strtoull(equals + 1, NULL, 10);
        add_kib(count->pages, page_kib, (int)node, MIN(n, NODE_KIB_MAX / page_kib) * page_kib);
    }
}

static void count_line(gpointer data, const char *line)
{
    (void)line;
    g_atomic_int_inc(&((PageCount *)data)->total);
}

static int compare_pages(gconstpointer a, gconstpointer b)
{
    const PageKib *first = a, *second = b;

    if (first->page_kib != second->page_kib)
        return first->page_kib < second->page_kib ? -1 : 1;
    return first->node - second->node;
}

void page_count_run(PageCount *count)
{
    proc_lines(count->root, count->pid, "maps", &count->stop, count_line, count);
    int problem = proc_lines(count->root, count->pid, "numa_maps", &count->stop, take_line, count);

    if (problem == ENOENT && g_atomic_int_get(&count->total) > 0)
        count->problem = g_strdup("this kernel has no numa_maps (it is built without NUMA)");
    else if (problem == EACCES || problem == EPERM)
        count->problem = g_strdup("its numa_maps cannot be read: run kvmtune as root");
    else if (g_atomic_int_get(&count->stop))
        count->problem = g_strdup("stopped before the end: there is more");
    else if (problem || g_atomic_int_get(&count->mappings) == 0)
        count->problem = g_strdup("the process has ended");
    g_array_sort(count->pages, compare_pages);
    g_atomic_int_set(&count->done, 1);
}

static int compare_nodes(gconstpointer a, gconstpointer b)
{
    return ((const NodeKib *)a)->node - ((const NodeKib *)b)->node;
}

GArray *page_count_nodes(const PageCount *count)
{
    GArray *memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));

    for (guint i = 0; i < count->pages->len; i++) {
        const PageKib *part = &g_array_index(count->pages, PageKib, i);
        node_kib_add(memory, part->node, part->kib);
    }
    g_array_sort(memory, compare_nodes);
    return memory;
}
