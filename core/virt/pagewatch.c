/* What is seen of pages that move, or of a pool that grows, by those who watch it, hold it up and
 * stop it; and what came of it in words. */
#include "core/virt/pagemove.h"

#include "core/util/text.h"

#define PAUSE_US (G_USEC_PER_SEC / 20)

PageMove *page_move_new(void)
{
    PageMove *move = g_new0(PageMove, 1);

    g_atomic_ref_count_init(&move->refs);
    g_mutex_init(&move->lock);
    return move;
}

PageMove *page_move_ref(PageMove *move)
{
    g_atomic_ref_count_inc(&move->refs);
    return move;
}

void page_move_unref(PageMove *move)
{
    if (move == NULL || !g_atomic_ref_count_dec(&move->refs))
        return;
    g_mutex_clear(&move->lock);
    g_free(move);
}

gboolean page_move_look(PageMove *move, MoveResult *result)
{
    g_mutex_lock(&move->lock);
    *result = move->result;
    gboolean running = move->running;
    g_mutex_unlock(&move->lock);
    return running;
}

static void set_running(PageMove *move, gboolean running)
{
    g_mutex_lock(&move->lock);
    move->running = running;
    if (running)
        move->result = (MoveResult){0};
    g_mutex_unlock(&move->lock);
}

void page_move_begin(PageMove *move, MoveKind kind, guint64 total)
{
    set_running(move, TRUE);
    g_mutex_lock(&move->lock);
    move->result.kind = kind;
    move->result.total = total;
    g_mutex_unlock(&move->lock);
}

gboolean page_move_goes_on(PageMove *move)
{
    MoveWish wish;

    while ((wish = (MoveWish)g_atomic_int_get(&move->wish)) == MOVE_PAUSED)
        g_usleep(PAUSE_US);
    return wish == MOVE_RUNS;
}

void page_move_count(PageMove *move, guint64 kib)
{
    g_mutex_lock(&move->lock);
    move->result.moved = kib;
    g_mutex_unlock(&move->lock);
}

void page_move_end(PageMove *move)
{
    g_mutex_lock(&move->lock);
    move->result.stopped =
        g_atomic_int_get(&move->wish) == MOVE_STOPPED && move->result.moved < move->result.total;
    move->running = FALSE;
    g_mutex_unlock(&move->lock);
}

char *page_move_text(const MoveResult *result)
{
    static const char *const reasons[STAYS_REASONS] = {
        [STAYS_BUSY] = "pinned or in use",
        [STAYS_ROOM] = "no room on the node",
        [STAYS_SHARED] = "shared with other processes",
        [STAYS_PART] = "a part of a node, which its cpuset lets go only as a whole",
    };
    GString *out = g_string_new(NULL);
    g_autofree char *moved = text_size_kib(result->moved);
    g_autofree char *total = text_size_kib(result->total);
    guint64 stayed = 0;

    if (result->total == 0) { /* numatune.nodeset took them along before */
        g_string_append(out, "all are there already");
        return g_string_free(out, FALSE);
    }
    g_string_append_printf(out, "%s of %s moved", moved, total);
    if (result->at_once) {
        g_autofree char *once = text_size_kib(result->at_once);
        g_string_append_printf(out, " (%s by numatune.nodeset)", once);
    }
    for (guint i = 0; i < STAYS_REASONS; i++)
        stayed += result->stayed[i];
    for (guint i = 0; i < STAYS_REASONS; i++) {
        g_autofree char *kib = text_size_kib(result->stayed[i]);
        if (result->stayed[i])
            g_string_append_printf(out, ", %s stay (%s)", kib, reasons[i]);
    }
    if (result->stayed_huge) {
        g_autofree char *huge = text_size_kib(result->stayed_huge);
        g_string_append_printf(out, ", of them %s in hugepages", huge);
    }
    /* numa_maps counts the kernel's page of zeros wherever it is mapped; nobody can move that. What
     * NUMA balancing has marked is moved only with all of its node (pagemove.c). */
    guint64 rest = result->total - MIN(result->total, result->moved + stayed);
    if (rest > 0 && !result->stopped) {
        g_autofree char *kib = text_size_kib(rest);
        g_string_append_printf(out,
            ", %s were gone, or are the kernel's page of zeros or marked by NUMA balancing", kib);
    }
    if (result->stopped)
        g_string_append(out, "; stopped before the end");
    return g_string_free(out, FALSE);
}
