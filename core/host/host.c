/* Host: its life, and host_read, which has each reader fill its part. */
#include "core/host/host.h"

#include "core/host/readers.h"
#include "core/host/topology.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"

#include <errno.h>
#include <unistd.h>

#define SLOW_US     (5 * G_USEC_PER_SEC) /* the pace of what hardly changes */
#define FIRST_TURNS 3 /* in a row: the first leaves counters out, and rates need two of them */

Host *host_ref(Host *host)
{
    g_atomic_ref_count_inc(&host->refs);
    return host;
}

void host_unref(Host *host)
{
    if (host == NULL || !g_atomic_ref_count_dec(&host->refs))
        return;
    host_free_memory(host);
    host_free_features(host);
    host_free_vm(host);
    host_free_kvm(host);
    keep_unref(host->keep);
    g_free(host->load);
    g_free(host->ticks);
    g_free(host->hostname);
    g_free(host->kernel);
    topology_unref(host->topology);
    g_free(host);
}

/* The release, else the third word of "Linux version 6.1.0 (builder@…) …". */
static char *read_kernel(const char *root)
{
    char *release = rootfile_read(root, "/proc/sys/kernel/osrelease");

    if (release)
        return release;
    g_autofree char *version = rootfile_read(root, "/proc/version");
    g_auto(GStrv) words = g_strsplit(version ? version : "", " ", 4);
    return g_strv_length(words) >= 3 ? g_strdup(words[2]) : NULL;
}

static void read_names(Host *host, const char *root, const Host *previous)
{
    gboolean takes_over = host_takes_over(host, previous);

    host->hostname = takes_over ? g_strdup(previous->hostname)
                                : rootfile_read(root, "/proc/sys/kernel/hostname");
    host->kernel = takes_over ? g_strdup(previous->kernel) : read_kernel(root);
}

/* Everything but the topology, which the host takes over. */
static Host *read_rest(
    Topology *topology, gint64 now, const char *root, const Host *previous, gboolean is_turn)
{
    Host *host = g_new0(Host, 1);

    g_atomic_ref_count_init(&host->refs);
    host->taken_us = now;
    host->slow_us = is_turn ? now : previous->slow_us;
    host->turns = (previous ? previous->turns : 0) + (is_turn ? 1 : 0);
    host->topology = topology;
    read_names(host, root, previous);
    host_read_memory(host, root, previous);
    host_read_features(host, root, previous);
    host_read_ksm(host, root, previous);
    host_read_vm(host, root, previous);
    host_read_kvm(host, root, previous);
    host->keep = host_takes_over(host, previous)
                     ? keep_ref(previous->keep)
                     : keep_read(root, previous ? previous->keep : NULL);
    host_read_load(host, root, previous);
    return host;
}

static Host *read_all(const char *root, const Host *previous, gboolean is_turn, GError **error)
{
    gint64 now = g_get_monotonic_time();
    Topology *topology = topology_read(root, previous ? previous->topology : NULL, error);

    return topology ? read_rest(topology, now, root, previous, is_turn) : NULL;
}

Host *host_read(const char *root, const Host *previous, GError **error)
{
    return read_all(root, previous, TRUE, error);
}

Host *host_read_again(const char *root, const Host *previous, GError **error)
{
    gboolean is_turn =
        previous->turns < FIRST_TURNS || g_get_monotonic_time() - previous->slow_us >= SLOW_US;

    return read_all(root, previous, is_turn, error);
}

Host *host_new_elsewhere(Topology *topology, const char *hostname, const char *root)
{
    Host *host = read_rest(topology, g_get_monotonic_time(), root, NULL, TRUE);

    host->hostname = g_strdup(hostname);
    return host;
}

Host *host_read_image(const char *root, GError **error)
{
    g_autofree char *etc = g_strconcat(root, "/etc", NULL);

    if (access(etc, F_OK) != 0 && errno == EACCES) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s cannot be looked into: %s; run kvmtune as root", root, g_strerror(errno));
        return NULL;
    }
    if (!g_file_test(etc, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s is no tree of a host: there is no folder /etc in it", root);
        return NULL;
    }
    Host *host = read_rest(topology_new(), g_get_monotonic_time(), root, NULL, TRUE);
    host->is_image = TRUE;
    return host;
}

const NodeMemory *host_node(const Host *host, int id)
{
    for (guint i = 0; i < host->nodes->len; i++)
        if (((const Node *)host->topology->nodes->pdata[i])->id == id)
            return host->nodes->pdata[i];
    return NULL;
}
