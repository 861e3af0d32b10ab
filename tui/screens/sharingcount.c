/* What of a VM's process is in transparent huge pages, counted when somebody asks on the Sharing
 * screen. */
#include "tui/screens/sharingcount.h"

#include "core/virt/hugecount.h"
#include "tui/screens/sharingfacts.h"
#include "tui/widgets/cell.h"

void sharing_count(App *app, Counting *state, const char *id)
{
    const char *uuid = id ? sharing_thp_vm(id) : NULL;
    const DomainView *view = uuid ? snapshot_domain(app->snapshot, uuid) : NULL;

    if (counting_stop(app, state))
        return;
    if (uuid == NULL) {
        app_say(app, STYLE_DIM, "c counts the process of a VM: choose its row below \"%s\"",
            SHARING_THP_HEADING);
        return;
    }
    counting_begin(app, state, &huge_count, view);
}

char *sharing_count_text(const Counting *state, const char *id, gboolean *problem)
{
    const ProcCount *count = state->count;

    *problem = FALSE;
    if (count == NULL || g_strcmp0(sharing_thp_vm(id), state->uuid) != 0)
        return NULL;
    char *progress = counting_progress(state);
    if (progress)
        return progress;
    g_autofree char *anon = cell_size(count->anon_kib), *shared = cell_size(count->shared_kib);
    g_autofree char *resident = cell_size(count->resident_kib);
    *problem = count->problem != NULL;
    return g_strdup_printf("Its process, as counted: %s anonymous and %s shared in huge pages, of "
                           "%s resident.%s%s",
        anon, shared, resident, count->problem ? " " : "", count->problem ? count->problem : "");
}
