/* What moves all it can at once (libvirt's nodeset) blocks until it has: meanwhile its progress is
 * seen by where the pages are. */
#include "core/virt/pagemove.h"

#define LOOK_US (G_USEC_PER_SEC / 5)

typedef struct {
    PageMove *move;
    const PageShares *shares;
    const MoveFirst *first;
    guint64 to_move; /* when it began, as @first tells it; 0: it does not */
    GMutex lock;
    GCond end;
    gboolean ended; /* with the lock */
} Watch;

static guint64 look(const Watch *watch)
{
    g_autoptr(GArray) memory = watch->first->look ? watch->first->look(watch->first->data) : NULL;
    g_autoptr(GArray) excess = memory ? page_shares_excess(watch->shares, memory) : NULL;

    return excess ? page_shares_to_move(excess) : 0;
}

static void show(PageMove *move, MoveCall call, double part)
{
    g_mutex_lock(&move->lock);
    move->result.call = call;
    move->result.moved = (guint64)((double)move->result.total * part);
    g_mutex_unlock(&move->lock);
}

/* Its figures are others than numa_maps', by pages of QEMU's files and by what the kernel has not
 * summed up yet; the part of them that went is the part that moved. */
static gpointer look_on(gpointer data)
{
    Watch *watch = data;

    g_mutex_lock(&watch->lock);
    while (!watch->ended) {
        guint64 left = MIN(look(watch), watch->to_move);
        show(watch->move, MOVES_ALL, 1 - (double)left / (double)watch->to_move);
        g_cond_wait_until(&watch->end, &watch->lock, g_get_monotonic_time() + LOOK_US);
    }
    g_mutex_unlock(&watch->lock);
    return NULL;
}

gboolean move_first_run(
    PageMove *move, const PageShares *shares, const MoveFirst *first, GError **error)
{
    Watch watch = {.move = move, .shares = shares, .first = first};

    g_mutex_init(&watch.lock);
    g_cond_init(&watch.end);
    show(move, MOVES_ALL, 0);
    watch.to_move = look(&watch);
    GThread *thread = watch.to_move ? g_thread_new("look on", look_on, &watch) : NULL;
    gboolean good = first->run(first->data, error);
    g_mutex_lock(&watch.lock);
    watch.ended = TRUE;
    g_cond_signal(&watch.end);
    g_mutex_unlock(&watch.lock);
    if (thread)
        g_thread_join(thread);
    show(move, MOVES_PORTIONS, 0);
    g_mutex_clear(&watch.lock);
    g_cond_clear(&watch.end);
    return good;
}
