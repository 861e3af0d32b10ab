/* The demo's move_pages(2): the pages of its processes are told by the files that demo-pages.c
 * wrote, moved in memory by pieces of 2 MiB or whole hugepages, and the files written anew. */
#include "core/demo/demo-private.h"
#include "core/demo/demo.h"
#include "core/util/rootfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PIECE_KIB 2048
#define SMALL_KIB 4
#define GIANT_KIB (1024 * 1024)
#define CALL_US   1000 /* what a call takes, so that there is something to watch */

/* A mapping of a process. */
typedef struct {
    guint64 start, piece_kib, page_kib;
    GArray *nodes; /* int, of each piece */
} DemoMapping;

/* A process; its pages stay where they were put as long as nobody else writes its numa_maps. */
typedef struct {
    char *text;
    GArray *mappings; /* DemoMapping */
} DemoProcess;

static GMutex lock;
static char *root;            /* the newest demo's: a program has one */
static GHashTable *processes; /* pid → DemoProcess* */

static void process_free(gpointer data)
{
    DemoProcess *process = data;

    g_free(process->text);
    g_array_unref(process->mappings);
    g_free(process);
}

void demo_move_begin(const char *demo_root)
{
    g_mutex_lock(&lock);
    g_free(root);
    root = g_strdup(demo_root);
    g_clear_pointer(&processes, g_hash_table_unref);
    processes = g_hash_table_new_full(NULL, NULL, NULL, process_free);
    g_mutex_unlock(&lock);
}

static void mapping_clear(gpointer data)
{
    g_array_unref(((DemoMapping *)data)->nodes);
}

/* The mappings that numa_maps, which says @text, tells of, their pieces node by node. */
static GArray *read_mappings(const char *text)
{
    GArray *mappings = g_array_new(FALSE, TRUE, sizeof(DemoMapping));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_array_set_clear_func(mappings, mapping_clear);
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        const char *size = strstr(lines[i], " kernelpagesize_kB=");
        DemoMapping mapping = {.start = g_ascii_strtoull(lines[i], NULL, 16),
            .nodes = g_array_new(FALSE, FALSE, sizeof(int))};
        mapping.page_kib = size ? g_ascii_strtoull(strchr(size, '=') + 1, NULL, 10) : 4;
        mapping.piece_kib = MAX(mapping.page_kib, PIECE_KIB);
        for (const char *p = strstr(lines[i], " N"); p; p = strstr(p + 1, " N")) {
            int node;
            guint64 pages;
            if (sscanf(p, " N%d=%" G_GUINT64_FORMAT, &node, &pages) != 2)
                continue;
            for (guint64 kib = 0; kib < pages * mapping.page_kib; kib += mapping.piece_kib)
                g_array_append_val(mapping.nodes, node);
        }
        g_array_append_val(mappings, mapping);
    }
    return mappings;
}

/* NULL where there is none. */
static DemoProcess *process_of(int pid)
{
    g_autofree char *text = root ? rootfile_readf(root, "/proc/%d/numa_maps", pid) : NULL;
    DemoProcess *process = text ? g_hash_table_lookup(processes, GINT_TO_POINTER(pid)) : NULL;

    if (text == NULL || (process && g_str_equal(process->text, text)))
        return process;
    process = g_new0(DemoProcess, 1);
    process->mappings = read_mappings(text);
    process->text = g_steal_pointer(&text);
    g_hash_table_insert(processes, GINT_TO_POINTER(pid), process);
    return process;
}

/* Where the node of the page at @address stands; NULL where there is none. */
static int *node_at(GArray *mappings, guint64 address, const DemoMapping **of)
{
    for (guint i = 0; i < mappings->len; i++) {
        const DemoMapping *mapping = *of = &g_array_index(mappings, DemoMapping, i);
        guint64 piece = (address - mapping->start) / 1024 / mapping->piece_kib;
        if (address >= mapping->start && piece < mapping->nodes->len)
            return &g_array_index(mapping->nodes, int, piece);
    }
    return NULL;
}

static void write_mappings(int pid, GArray *mappings)
{
    guint64 bytes[2][DEMO_NODES] = {{0}};
    guint64 page_kib = 0;

    for (guint i = 0; i < mappings->len; i++) {
        const DemoMapping *mapping = &g_array_index(mappings, DemoMapping, i);
        gboolean huge = mapping->page_kib > SMALL_KIB;
        page_kib = huge ? mapping->page_kib : page_kib;
        for (guint n = 0; n < mapping->nodes->len; n++)
            bytes[huge][CLAMP(g_array_index(mapping->nodes, int, n), 0, DEMO_NODES - 1)] +=
                mapping->piece_kib * 1024;
    }
    demo_pages_write(root, pid, bytes[0], bytes[1], page_kib);
}

/* A call that moves pages: what each node has as it begins, and what it has changed so far. */
typedef struct {
    gint64 free_kib[DEMO_NODES], pool_free[DEMO_NODES]; /* the pool's pages of page_kib */
    guint64 page_kib;                                   /* of the process's hugepages; 0: none */
    DemoMoved moved[DEMO_NODES];
} DemoCall;

static void call_begin(DemoCall *call, GArray *mappings)
{
    *call = (DemoCall){0};
    for (guint i = 0; i < mappings->len; i++)
        if (g_array_index(mappings, DemoMapping, i).page_kib > SMALL_KIB)
            call->page_kib = g_array_index(mappings, DemoMapping, i).page_kib;
    for (int n = 0; n < DEMO_NODES; n++) {
        g_autofree char *text = rootfile_readf(root, "/sys/devices/system/node/node%d/meminfo", n);
        const char *line = text ? strstr(text, " MemFree:") : NULL;
        g_autofree char *pool =
            g_strdup_printf("/sys/devices/system/node/node%d/hugepages/hugepages-%" G_GUINT64_FORMAT
                            "kB/free_hugepages",
                n, call->page_kib);
        call->free_kib[n] = line ? g_ascii_strtoll(line + strlen(" MemFree:"), NULL, 10) : 0;
        call->pool_free[n] = call->page_kib ? demo_number(root, pool) : 0;
    }
}

/* Takes room for a piece of @mapping on @node, and gives back what it had on @from. A hugepage
 * takes one of the pool's that is free; where there is none the kernel makes one of free memory and
 * frees the one it came from to memory, but of 1G (alloc_migrate_huge_page() in mm/hugetlb.c).
 * FALSE: there is no room. */
static gboolean take_room(DemoCall *call, const DemoMapping *mapping, int from, int node)
{
    gboolean huge = mapping->page_kib > SMALL_KIB;
    gint64 kib = (gint64)mapping->piece_kib;

    if (node < 0 || node >= DEMO_NODES || from < 0 || from >= DEMO_NODES)
        return FALSE;
    DemoMoved *here = &call->moved[from], *there = &call->moved[node];
    if (huge && call->pool_free[node] + there->pool_free > 0) {
        there->pool_free--;
        here->pool_free++;
        return TRUE;
    }
    if (mapping->page_kib >= GIANT_KIB || call->free_kib[node] + there->free_kib < kib)
        return FALSE;
    there->free_kib -= kib;
    here->free_kib += kib;
    there->pool_pages += huge;
    here->pool_pages -= huge;
    return TRUE;
}

static long demo_move(
    int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    DemoProcess *process = process_of(pid);
    gboolean full = FALSE;
    DemoCall call;
    (void)flags;

    if (process == NULL) {
        errno = ESRCH;
        return -1;
    }
    if (nodes)
        call_begin(&call, process->mappings);
    for (unsigned long i = 0; i < count; i++) {
        const DemoMapping *mapping = NULL;
        int *node = node_at(process->mappings, (guint64)(guintptr)pages[i], &mapping);
        full = full ||
               (node && nodes && *node != nodes[i] && !take_room(&call, mapping, *node, nodes[i]));
        if (node && nodes && !full)
            *node = nodes[i];
        status[i] = node ? *node : -ENOENT;
    }
    if (nodes) {
        write_mappings(pid, process->mappings);
        demo_moved(root, call.page_kib, call.moved);
        g_free(process->text);
        process->text = rootfile_readf(root, "/proc/%d/numa_maps", pid);
        g_usleep(CALL_US);
    }
    errno = ENOMEM;
    return full ? -1 : 0;
}

static long demo_migrate(
    int pid, unsigned long max_node, const unsigned long *from, const unsigned long *to)
{
    (void)pid;
    (void)max_node;
    (void)from;
    (void)to;
    errno = ENOSYS;
    return -1;
}

static const PageCalls calls = {demo_move, demo_migrate};
const PageCalls *const demo_page_calls = &calls;
