/* Pages that move and pools that grow, as the full screen watches and steers them: both take their
 * time, and can be held up and stopped. */
#include "core/util/text.h"
#include "tui/app/app-private.h"

/* What a wish comes to while a call goes on that nothing holds up. */
static const char *after_call(MoveWish wish)
{
    return wish == MOVE_STOPPED  ? "stops after it"
           : wish == MOVE_PAUSED ? "pauses after it"
                                 : "which cannot be held up";
}

void moves_say(App *app, PageMove *move)
{
    static const char *const calls[] = {
        [MOVES_NODE] = "all of a node at once", [MOVES_ALL] = "all at once by libvirt"};
    MoveWish wish = (MoveWish)g_atomic_int_get(&move->wish);
    MoveResult result;

    if (!page_move_look(move, &result) || result.total == 0)
        return;
    /* A warning stands until the next key. */
    if (app->private->message && app->private->message_style == STYLE_WARN)
        return;
    g_autofree char *done = text_size_kib(result.moved);
    g_autofree char *total = text_size_kib(result.total);
    gboolean pool = result.kind == MOVE_POOL;
    gboolean here = app->screen == (pool ? SCREEN_MEMORY : SCREEN_PAGES);
    if (result.call != MOVES_PORTIONS) {
        app_say(app, STYLE_STAGED, "moving pages: %s of %s, now %s, %s", done, total,
            calls[result.call], after_call(wish));
        return;
    }
    const char *keys = here   ? pool ? "; x stops" : "; Space pauses and goes on, x stops"
                       : pool ? "; Memory (2) stops it"
                              : "; Memory's list of pages (2 v) pauses and stops it";
    app_say(app, STYLE_STAGED, "%s: %s of %s %s%s",
        wish == MOVE_PAUSED ? "paused"
        : pool              ? "the pool grows"
                            : "moving pages",
        done, total, pool ? "granted" : "moved", keys);
}

void app_steer(App *app, MoveWish wish)
{
    PageMove *move = app_move(app);
    MoveResult result;

    if (move == NULL || !page_move_look(move, &result)) {
        app_say(app, STYLE_WARN, "no pages are being moved, and no pool grows");
        return;
    }
    if (wish == MOVE_PAUSED && g_atomic_int_get(&move->wish) == MOVE_PAUSED)
        wish = MOVE_RUNS;
    g_atomic_int_set(&move->wish, wish);
    if (result.call != MOVES_PORTIONS) {
        moves_say(app, move);
        return;
    }
    app_say(app, STYLE_STAGED,
        wish == MOVE_STOPPED && result.kind == MOVE_POOL ? "stopping: the pool goes back to what "
                                                           "it was"
        : wish == MOVE_STOPPED ? "stopping: what is moved stays moved, u takes it back"
        : wish == MOVE_PAUSED  ? "paused: Space goes on, x stops"
                               : "the move goes on");
}
