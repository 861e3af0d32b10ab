/* The commands that print: host, domains, journal. */
#include "core/host/host-json.h"
#include "core/snapshot/domains-json.h"
#include "core/snapshot/memory-json.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

gboolean command_host(const CommandOptions *options, char **arguments, GError **error)
{
    (void)arguments;
    g_autoptr(Snapshot) snapshot = collector_take_once(&options->collector, FALSE, NULL, error);
    if (snapshot == NULL)
        return FALSE;
    g_autofree char *text =
        options->json ? memory_json_host(snapshot) : host_to_table(snapshot->host);
    g_print("%s", text);
    return TRUE;
}

gboolean command_domains(const CommandOptions *options, char **arguments, GError **error)
{
    (void)arguments;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_once(&options->collector, TRUE, &connection, error);
    if (snapshot == NULL)
        return FALSE;
    g_autofree char *text = options->json ? domains_to_json(snapshot) : domains_to_table(snapshot);
    g_print("%s", text);
    return TRUE;
}
