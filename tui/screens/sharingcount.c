/* What of a VM's process is in transparent huge pages, counted when somebody asks on the Sharing
 * screen. */
#include "tui/screens/sharingcount.h"

#include "tui/cell.h"
#include "tui/screens/sharingfacts.h"

static void run_count(Connection *connection, gpointer data)
{
    (void)connection;
    huge_count_run(data);
    huge_count_unref(data);
}

void sharing_count(App *app, SharingCount *state, const char *id)
{
    const char *uuid = id ? sharing_thp_vm(id) : NULL;
    const DomainView *view = uuid ? snapshot_domain(app->snapshot, uuid) : NULL;

    if (state->count && !g_atomic_int_get(&state->count->done)) {
        g_atomic_int_set(&state->count->stop, 1);
        app_say(app, STYLE_TEXT, "the count is stopped");
        return;
    }
    if (uuid == NULL) {
        app_say(app, STYLE_DIM, "c counts the process of a VM: choose its row below \"%s\"",
            SHARING_THP_HEADING);
        return;
    }
    if (view == NULL || view->usage == NULL || view->usage->pid <= 0) {
        app_say(app, STYLE_WARN, "there is no QEMU process of a running domain here to count");
        return;
    }
    huge_count_unref(state->count);
    g_free(state->counted);
    state->count = huge_count_new(app->snapshot->root, view->usage->pid);
    state->counted = g_strdup(uuid);
    app_run_aside(app, run_count, huge_count_ref(state->count));
}

char *sharing_count_text(const SharingCount *state, const char *id, gboolean *problem)
{
    const HugeCount *count = state->count;

    *problem = FALSE;
    if (count == NULL || g_strcmp0(sharing_thp_vm(id), state->counted) != 0)
        return NULL;
    if (!g_atomic_int_get(&count->done)) {
        int read = g_atomic_int_get(&count->mappings), total = g_atomic_int_get(&count->total);
        return g_strdup_printf("counting: %d of %d mappings; c stops", read, total);
    }
    g_autofree char *anon = cell_size(count->anon_kib), *shared = cell_size(count->shared_kib);
    g_autofree char *resident = cell_size(count->resident_kib);
    *problem = count->problem != NULL;
    return g_strdup_printf("Its process, as counted: %s anonymous and %s shared in huge pages, of "
                           "%s resident.%s%s",
        anon, shared, resident, count->problem ? " " : "", count->problem ? count->problem : "");
}

void sharing_count_clear(SharingCount *state)
{
    if (state->count)
        g_atomic_int_set(&state->count->stop, 1);
    huge_count_unref(state->count);
    g_free(state->counted);
    *state = (SharingCount){NULL, NULL};
}
