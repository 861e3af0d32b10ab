/* Pins vCPU 0 of some domains to CPU 0 at their next start, and lets something die in the middle:
 * for live-faults.sh.
 *
 *   fault URI JOURNAL AT self|PID DOMAIN…
 *
 * The AT-th time that the journal was written this process gets SIGKILL ("self"), or the process
 * PID does (libvirtd). Exits as kvmtune does, its error on standard error. */
#include "core/apply/apply.h"
#include "core/collector/collector.h"
#include "core/util/error.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    int count, at;
    pid_t victim;
} Fault;

static gboolean strike(gpointer data)
{
    Fault *fault = data;

    if (++fault->count == fault->at) {
        kill(fault->victim, SIGKILL);
        /* Gone when its name is; the connection is told by its socket. */
        for (int i = 0; i < 500 && kill(fault->victim, 0) == 0; i++)
            g_usleep(G_USEC_PER_SEC / 100);
    }
    return TRUE;
}

static guint run(char **arguments, GError **error)
{
    Fault fault = {
        0, atoi(arguments[2]), strcmp(arguments[3], "self") ? atoi(arguments[3]) : getpid()};
    const CollectorOptions options = {.uri = arguments[0], .root = "", .interval = 2};
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot = collector_take_once(&options, TRUE, &connection, error);
    g_autoptr(Journal) journal = snapshot ? journal_open("", arguments[1], error) : NULL;
    g_autoptr(Plan) plan = plan_new();

    for (char **domain = arguments + 4; journal && *domain; domain++)
        if (!plan_stage(plan, snapshot, *domain, "vcpupin.0", "0", SCOPE_CONFIG, error))
            return 0;
    if (journal == NULL)
        return 0;
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    const ApplyContext context = {.connection = connection,
        .root = "",
        .journal = journal,
        .uri = snapshot->link.uri,
        .checkpoint = strike,
        .checkpoint_data = &fault};
    return apply_preview(&context, preview, NULL, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc < 6)
        return KVMTUNE_ERROR_USAGE;
    if (run(argv + 1, &error))
        return 0;
    g_printerr("%s\n", error->message);
    return kvmtune_exit_code(error);
}
