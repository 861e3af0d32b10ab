/* The count of one VM's process that a screen's key begins and stops. */
#include "tui/app/counting.h"

static void run(Connection *connection, gpointer data)
{
    (void)connection;
    proc_count_run(data);
    proc_count_unref(data);
}

gboolean counting_stop(App *app, Counting *counting)
{
    if (counting->count == NULL || g_atomic_int_get(&counting->count->done))
        return FALSE;
    g_atomic_int_set(&counting->count->stop, 1);
    app_say(app, STYLE_TEXT, "the count is stopped");
    return TRUE;
}

gboolean counting_begin(
    App *app, Counting *counting, const ProcCountKind *kind, const DomainView *view)
{
    if (view == NULL || view->usage == NULL || view->usage->pid <= 0) {
        app_say(app, STYLE_WARN, "there is no QEMU process of a running domain here to count");
        return FALSE;
    }
    counting_clear(counting);
    counting->count = proc_count_new(kind, app->snapshot->root, view->usage->pid);
    counting->uuid = g_strdup(view->domain->uuid);
    app_run_aside(app, run, proc_count_ref(counting->count));
    return TRUE;
}

char *counting_progress(const Counting *counting)
{
    ProcCount *count = counting->count;

    if (g_atomic_int_get(&count->done))
        return NULL;
    int read = g_atomic_int_get(&count->mappings), total = g_atomic_int_get(&count->total);
    return total ? g_strdup_printf("counting: %d of %d mappings; c stops", read, total)
                 : g_strdup_printf("counting: %d mappings; c stops", read);
}

void counting_clear(Counting *counting)
{
    if (counting->count)
        g_atomic_int_set(&counting->count->stop, 1);
    proc_count_unref(counting->count);
    g_free(counting->uuid);
    *counting = (Counting){NULL, NULL};
}
