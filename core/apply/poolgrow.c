/* A hugepage pool that grows: in portions, so that it can be watched and stopped, until it is as
 * large as asked or the kernel grants no more. (One write of all of it would not come back for as
 * long as the kernel compacts, and says nothing meanwhile.) */
#include "core/apply/poolgrow.h"

#include "core/apply/stephost.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#define PORTION_KIB (512 * 1024) /* or one page, where that is larger */

static gint64 portion_of(const Step *step)
{
    return MAX(PORTION_KIB / (gint64)step->key->size_kib, 1);
}

/* The pages it has now, and those of @value. */
static gboolean read_range(
    const ApplyContext *context, const Step *step, const char *value, gint64 *from, gint64 *to)
{
    g_autoptr(Reading) reading = reading_new(context);
    g_autofree char *now = stephost_read(reading, step, NULL);

    return now && text_parse_int(now, from) && text_parse_int(value, to);
}

gboolean pool_grows(const ApplyContext *context, const Step *step, const char *value)
{
    gint64 from, to;

    return step->key->tunable->pool && step->key->size_kib &&
           read_range(context, step, value, &from, &to) && to > from;
}

/* Writes @pages; what it has then in *@got. */
static gboolean set_pages(
    const ApplyContext *context, const Step *step, gint64 pages, gint64 *got, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, pages);
    gint64 same;

    if (!stephost_write_file(context, step, text, error))
        return FALSE;
    if (context->settle)
        context->settle(context->root);
    return read_range(context, step, text, got, &same);
}

gboolean pool_grow(const ApplyContext *context, const Step *step, const char *value, GError **error)
{
    g_autoptr(PageMove) own = context->move ? page_move_ref(context->move) : page_move_new();
    guint64 size = step->key->size_kib;
    gint64 from, to, at, got = 0;
    gboolean written = TRUE, is_short = FALSE;

    if (!read_range(context, step, value, &from, &to))
        return stephost_write_file(context, step, value, error);
    page_move_begin(own, MOVE_POOL, (guint64)(to - from) * size);
    for (at = from; written && at < to && page_move_goes_on(own); at = got) {
        gint64 next = MIN(at + portion_of(step), to);
        written = set_pages(context, step, next, &got, error);
        page_move_count(own, (guint64)MAX(got - from, 0) * size);
        /* A signal, such as that of Ctrl-Z, ends a write early as well (set_max_huge_pages(): "Bail
         * for signals"): only what comes short twice is all there is. */
        if (got < next && is_short)
            break;
        is_short = got < next;
    }
    page_move_end(own);
    return written;
}
