/* Grows this host's pool of 2M pages of node 0, and stops that in the middle, as x and Ctrl-C do:
 * for live-pools.sh.
 *
 *   poolstop JOURNAL PAGES PORTION
 *
 * A portion takes a millisecond, which nobody outside meets; so it is looked at, and stopped, after
 * PORTION of them. Prints how many pages there were then; exits as kvmtune does, its error on
 * standard error. */
#include "core/apply/apply.h"
#include "core/collector/collector.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"

#include <stdlib.h>

#define POOL "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"

static PageMove *growth;
static int portions;

static void look(const char *root)
{
    gint64 pages = 0;

    if (g_atomic_int_get(&growth->wish) == MOVE_STOPPED || --portions > 0)
        return;
    rootfile_read_int(root, POOL, &pages);
    g_print("%" G_GINT64_FORMAT "\n", pages);
    g_atomic_int_set(&growth->wish, MOVE_STOPPED);
}

static guint run(const char *journal_folder, const char *pages, GError **error)
{
    const CollectorOptions options = {.root = "", .interval = 2};
    g_autoptr(Snapshot) snapshot = collector_take_once(&options, FALSE, NULL, error);
    g_autoptr(Journal) journal = snapshot ? journal_open("", journal_folder, error) : NULL;
    g_autoptr(Plan) plan = plan_new();

    if (journal == NULL ||
        !plan_stage(plan, snapshot, "host", "hugepages.node0.2M", pages, SCOPE_LIVE, error))
        return 0;
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    const ApplyContext context = {.root = "", .journal = journal, .settle = look, .move = growth};
    return apply_preview(&context, preview, NULL, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc != 4)
        return KVMTUNE_ERROR_USAGE;
    portions = atoi(argv[3]);
    growth = page_move_new();
    guint number = run(argv[1], argv[2], &error);
    page_move_unref(growth);
    if (number)
        return 0;
    g_printerr("%s\n", error->message);
    return kvmtune_exit_code(error);
}
