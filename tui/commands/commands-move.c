/* What a command shows and heeds while pages are moved or a pool grows: progress on a terminal,
 * Ctrl-C to stop. */
#include "core/util/text.h"
#include "core/virt/pagecount.h"
#include "tui/commands/commands-private.h"

#include <signal.h>
#include <unistd.h>

#define SHOW_US (G_USEC_PER_SEC / 2)

struct MoveWatch {
    PageMove *move;
    GThread *thread; /* shows; NULL where nobody looks */
    gint ends;
    struct sigaction before;
};

static PageMove *interrupted; /* what Ctrl-C stops */

static void on_interrupt(int signal)
{
    (void)signal;
    if (interrupted)
        g_atomic_int_set(&interrupted->wish, MOVE_STOPPED);
}

static gpointer show(gpointer data)
{
    static const char *const ends[] = {[MOVES_PORTIONS] = "; Ctrl-C stops",
        [MOVES_NODE] = "; Ctrl-C stops after this node",
        [MOVES_ALL] = ", all at once by libvirt"};
    MoveWatch *watch = data;
    gboolean shown = FALSE;

    while (!g_atomic_int_get(&watch->ends)) {
        MoveResult result;
        if (page_move_look(watch->move, &result) && result.total > 0) {
            g_autofree char *moved = text_size_kib(result.moved);
            g_autofree char *total = text_size_kib(result.total);
            g_printerr("\r%s of %s %s%s   ", moved, total,
                result.kind == MOVE_POOL ? "granted" : "moved", ends[result.call]);
            shown = TRUE;
        }
        g_usleep(SHOW_US);
    }
    if (shown)
        g_printerr("\r%60s\r", "");
    return NULL;
}

void move_count_pages(const Snapshot *snapshot, const Plan *plan)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        const DomainView *view = change->key->tunable->effect == EFFECT_RUNNING
                                     ? snapshot_domain(snapshot, change->target)
                                     : NULL;
        if (view == NULL || view->usage == NULL || view->usage->memory || view->usage->pid <= 0)
            continue;
        g_autoptr(ProcCount) count = proc_count_new(&page_count, snapshot->root, view->usage->pid);
        proc_count_run(count);
        if (count->problem == NULL) {
            view->usage->memory = page_count_nodes(count);
            view->usage->counted = TRUE;
        }
    }
}

MoveWatch *move_watch_begin(const Preview *preview, ApplyContext *context)
{
    gboolean any = FALSE;

    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        any |=
            step_traits[step->kind].drifts || (step->kind == STEP_HOST && step->key->tunable->pool);
    }
    if (!any)
        return NULL;
    MoveWatch *watch = g_new0(MoveWatch, 1);
    struct sigaction action = {.sa_handler = on_interrupt};
    watch->move = page_move_new();
    context->move = watch->move;
    interrupted = watch->move;
    sigaction(SIGINT, &action, &watch->before);
    if (isatty(STDERR_FILENO))
        watch->thread = g_thread_new("progress", show, watch);
    return watch;
}

void move_watch_end(MoveWatch *watch)
{
    if (watch == NULL)
        return;
    sigaction(SIGINT, &watch->before, NULL);
    interrupted = NULL;
    g_atomic_int_set(&watch->ends, 1);
    if (watch->thread)
        g_thread_join(watch->thread);
    page_move_unref(watch->move);
    g_free(watch);
}
