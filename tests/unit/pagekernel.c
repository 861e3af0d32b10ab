/* A kernel of a test's own for pages that move. */
#include "tests/unit/pagekernel.h"

#include <errno.h>
#include <string.h>

#define START 0x10000000u

PageKernel pagekernel;

void pagekernel_tell(void)
{
    g_autoptr(GString) text = g_string_new("10000000 default anon=3000 dirty=3000");
    guint counts[4] = {0};

    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        if (pagekernel.nodes[i] >= 0)
            counts[pagekernel.nodes[i]]++;
    counts[1] += pagekernel.zeros;
    for (guint n = 0; n < 4; n++)
        if (counts[n])
            g_string_append_printf(text, " N%u=%u", n, counts[n]);
    g_string_append(text, " kernelpagesize_kB=4\n"
                          "7f00 default file=/usr/lib/x mapped=9 N1=9 kernelpagesize_kB=4\n");
    tree_put(pagekernel.tree, "/proc/77/numa_maps", text->str);
}

void pagekernel_begin(const Tree *tree)
{
    memset(&pagekernel, 0, sizeof pagekernel);
    pagekernel.room = G_MAXUINT;
    pagekernel.tree = tree;
    pagekernel.move = page_move_new();
    tree_put(tree, "/proc/77/maps",
        "10000000-10bb8000 rw-p 00000000 00:00 0\n7f00-7f09 r-xp 00000000 08:01 5 /usr/lib/x\n");
    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        pagekernel.nodes[i] = i % 10 == 0 ? -ENOENT : i % 10 < 6 ? 0 : 1;
    pagekernel_tell();
}

/* As Linux: gives up at the first page that does not move, and says of the others nothing. */
static long test_move_pages(
    int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
    (void)flags;
    g_assert_cmpint(pid, ==, PAGEKERNEL_PID);
    pagekernel.calls += nodes != NULL;
    if (pagekernel.ends_at && pagekernel.calls >= pagekernel.ends_at) {
        errno = ESRCH;
        return -1;
    }
    if (nodes && pagekernel.caged) {
        errno = EACCES;
        return -1;
    }
    if (nodes && pagekernel.stops_at == pagekernel.calls)
        g_atomic_int_set(&pagekernel.move->wish, MOVE_STOPPED);
    for (unsigned long i = 0; i < count; i++) {
        guint page = (guint)(((gsize)pages[i] - START) / 4096);
        g_assert_cmpuint(page, <, PAGEKERNEL_PAGES);
        if (nodes == NULL) {
            status[i] = pagekernel.marked[page] ? -EFAULT : pagekernel.nodes[page];
        } else if (pagekernel.shared[page]) {
            status[i] = -EACCES;
        } else if (pagekernel.pinned[page]) {
            return (long)(count - i);
        } else if (pagekernel.room == 0) {
            errno = ENOMEM;
            return -1;
        } else {
            g_assert_cmpint(pagekernel.nodes[page], >=, 0);
            g_assert_false(pagekernel.marked[page]);
            pagekernel.nodes[page] = status[i] = nodes[i];
            pagekernel.room--;
        }
    }
    if (nodes && pagekernel.tells)
        pagekernel_tell();
    return 0;
}

static long test_migrate_pages(
    int pid, unsigned long max_node, const unsigned long *from, const unsigned long *to)
{
    int target = __builtin_ctzl(to[0]);

    g_assert_cmpint(pid, ==, PAGEKERNEL_PID);
    g_assert_cmpuint(max_node, >, 4);
    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        if (pagekernel.nodes[i] >= 0 && from[0] >> pagekernel.nodes[i] & 1 && !pagekernel.pinned[i])
            pagekernel.nodes[i] = target;
    pagekernel_tell();
    if (pagekernel.move) { /* who watches is told that nothing holds this up */
        MoveResult result;
        g_assert_true(page_move_look(pagekernel.move, &result));
        g_assert_cmpint(result.call, ==, MOVES_NODE);
    }
    if (g_atomic_int_add(&pagekernel.migrations, 1) == 0 && pagekernel.move)
        g_atomic_int_set(&pagekernel.move->wish, pagekernel.wishes);
    return 0;
}

const PageCalls pagekernel_calls = {test_move_pages, test_migrate_pages};

guint pagekernel_count(int node)
{
    guint count = 0;

    for (guint i = 0; i < PAGEKERNEL_PAGES; i++)
        count += pagekernel.nodes[i] == node;
    return count;
}
