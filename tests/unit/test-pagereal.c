/* core/virt/pagemove: real processes, the kernel's own calls. */
#include "core/util/error.h"
#include "core/virt/pagemove.h"
#include "core/virt/pages.h"

#include <numaif.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process of its own memory, which waits for its end; 0 where that cannot be tried here. Another
 * program: this one may have the sanitizers' terabytes of address space, which take hours to walk.
 */
static pid_t child_with_memory(void)
{
    static const char *const command[] = {"sleep", "60", NULL};
    GPid child = 0;

    if (!g_file_test("/proc/self/numa_maps", G_FILE_TEST_EXISTS)) {
        g_test_skip("this kernel has no numa_maps");
        return 0;
    }
    /* Comes back when the other program has begun. */
    g_assert_true(g_spawn_async(NULL, (char **)command, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child, NULL));
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static int tries; /* to move pages of the child */

/* The kernel's, but that the process ends before the second try. */
static long move_pages_then_end(
    int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
    if (nodes && ++tries == 2)
        end_child(pid);
    return move_pages(pid, count, pages, nodes, status, flags);
}

static void test_real_end(void)
{
    static const PageCalls ending = {move_pages_then_end, migrate_pages};
    g_autoptr(GError) error = NULL;
    g_autoptr(PageMove) move = page_move_new();
    /* No host has it: on one of a single node, too, there is something to move. */
    g_autoptr(PageShares) shares = page_shares_parse("1000", NULL);
    pid_t child = child_with_memory();
    MoveResult result;

    if (child == 0)
        return;
    g_assert_false(page_move_run(move, "", child, shares, &ending, NULL, &error));
    g_assert_cmpint(tries, ==, 2);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_autofree char *sentence =
        g_strdup_printf("process %d ended while its pages were moved, after 0 KiB", (int)child);
    g_assert_cmpstr(error->message, ==, sentence);
    g_assert_false(page_move_look(move, &result));
    g_assert_cmpuint(result.total, >, 0);
}

/* On a host of one node there is nothing to move; one that has ended is told. */
static void test_real(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PageMove) move = page_move_new();
    g_autoptr(PageShares) shares = page_shares_parse("0", NULL);
    MoveResult result;

    if (!g_file_test("/proc/self/numa_maps", G_FILE_TEST_EXISTS)) {
        g_test_skip("this kernel has no numa_maps");
        return;
    }
    char *memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(memory != MAP_FAILED);
    memset(memory, 1, 8 << 20);
    g_assert_true(page_move_run(move, "", getpid(), shares, NULL, NULL, &error));
    g_assert_no_error(error);
    page_move_look(move, &result);
    g_assert_cmpuint(result.moved, ==, result.total);
    munmap(memory, 8 << 20);

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    g_assert_false(page_move_run(move, "", child, shares, NULL, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pagereal/moved", test_real);
    g_test_add_func("/pagereal/ends", test_real_end);
    return g_test_run();
}
