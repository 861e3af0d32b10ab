/* A host at the other end of a connection: what its capabilities document says, and nothing of this
 * host in the place of what it does not say. */
#include "core/host/host-json.h"
#include "core/tune/plan.h"
#include "core/util/error.h"
#include "core/virt/remote.h"

#include <string.h>

/* Two cells, the second without CPUs; a cell's memory may be given in any unit. */
static const char capabilities[] =
    "<capabilities><host><uuid>1</uuid><topology><cells num='2'>"
    "<cell id='4'><memory unit='GiB'>2</memory>"
    "<distances><sibling id='0' value='21'/><sibling id='4' value='10'/></distances>"
    "<cpus num='0'/></cell>"
    "<cell id='0'><memory unit='KiB'>8000000</memory>"
    "<pages unit='KiB' size='4'>1999000</pages><pages unit='KiB' size='2048'>7</pages>"
    "<distances><sibling id='4' value='21'/><sibling id='0' value='10'/></distances>"
    "<cpus num='4'><cpu id='0' socket_id='0' core_id='0' siblings='0,2'/>"
    "<cpu id='1' socket_id='0' core_id='1' siblings='1,3'/>"
    "<cpu id='2' socket_id='0' core_id='0' siblings='0,2'/>"
    "<cpu id='3' socket_id='0' core_id='1' siblings='1,3'/></cpus></cell>"
    "</cells></topology><cache><bank id='0' level='3' type='both' cpus='0-3'/>"
    "<bank id='1' level='2' type='both' cpus='0,2'/></cache></host></capabilities>";

static void test_topology(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Host) host = remote_host_parse(capabilities, "far", &error);

    g_assert_no_error(error);
    g_autofree char *json = host_to_json(host);
    static const char *const wanted[] = {"\"hostname\" : \"far\"", "\"packages\" : 1",
        "\"cores\" : 2", "\"cpus\" : \"0-3\"", "\"memory_kib\" : 8000000",
        "\"memory_kib\" : 2097152", "\"siblings\" : \"1,3\"", "\"llc\" : \"0-3\"",
        "\"size_kib\" : 2048", "\"total\" : 7"};
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (strstr(json, wanted[i]) == NULL)
            g_error("%s is not in %s", wanted[i], json);
    g_assert_cmpuint(host->topology->nodes->len, ==, 2);
    const Node *node = topology_node(host->topology, 4);
    g_assert_cmpuint(idset_count(node->cpus), ==, 0);
    g_assert_cmpint(g_array_index(node->distances, int, 0), ==, 21);
    g_assert_cmpint(g_array_index(node->distances, int, 1), ==, 10);
}

/* Nothing of this host's /sys and /proc stands in for what libvirt does not tell. */
static void test_nothing_of_here(void)
{
    g_autoptr(Host) host = remote_host_parse(capabilities, NULL, NULL);

    g_assert_null(host->hostname);
    g_assert_null(host->kernel);
    g_assert_cmpuint(host->meminfo->len, ==, 0);
    g_assert_cmpuint(host->ksm->len, ==, 0);
    g_assert_cmpuint(host->thp->len, ==, 0);
    g_assert_cmpuint(host->pools->len, ==, 0);
    for (guint i = 0; i < host->topology->cpus->len; i++)
        g_assert_false(host->load[i].known);
    for (guint i = 0; i < host->nodes->len; i++)
        g_assert_false(((const NodeMemory *)host->nodes->pdata[i])->free_kib.known);
}

static void test_bad(void)
{
    static const char *const bad[] = {"", "<capabilities", "<domain/>",
        "<capabilities><host/></capabilities>",
        "<capabilities><host><topology><cells/></topology></host></capabilities>"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(remote_host_parse(bad[i], NULL, &error));
        g_assert_nonnull(error);
    }
    /* Numbers that are none: what can be read is. */
    g_autoptr(Host) host = remote_host_parse(
        "<capabilities><host><topology><cells><cell id='-1'/><cell id='99999999999'/><cell id='1'>"
        "<memory unit='furlong'>3</memory><pages size='x'>y</pages><cpus><cpu id='5'/>"
        "<cpu id='5' socket_id='-2'/><cpu/></cpus></cell></cells></topology></host></capabilities>",
        NULL, NULL);
    g_assert_nonnull(host);
    g_assert_cmpuint(host->topology->nodes->len, ==, 1);
    g_assert_cmpuint(host->topology->cpus->len, ==, 1);
}

static void test_uri(void)
{
    g_assert_true(remote_uri("qemu+ssh://root@far/system"));
    g_assert_true(remote_uri("qemu+tcp://127.0.0.1:1/system"));
    g_assert_false(remote_uri("qemu:///system"));
    g_assert_false(remote_uri("qemu:///embed?root=/tmp/a://b"));
    g_assert_false(remote_uri("test:///tmp/file.xml"));
    g_assert_false(remote_uri(NULL));
}

/* Its files are not here: what this host has in their place must not be staged. */
static void test_host_out_of_reach(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = snapshot_new(REMOTE_ROOT);
    g_autoptr(Plan) plan = plan_new();

    snapshot->host = remote_host_parse(capabilities, "far", &error);
    g_assert_no_error(error);
    snapshot->link.remote = TRUE;
    snapshot->link.uri = g_strdup("qemu+ssh://far/system");
    g_assert_false(plan_stage(plan, snapshot, "host", "ksm.run", "1", SCOPE_BOTH, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "qemu+ssh://far/system"));
    g_assert_cmpuint(plan->changes->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/remote/topology", test_topology);
    g_test_add_func("/remote/nothing-of-here", test_nothing_of_here);
    g_test_add_func("/remote/host-out-of-reach", test_host_out_of_reach);
    g_test_add_func("/remote/bad", test_bad);
    g_test_add_func("/remote/uri", test_uri);
    return g_test_run();
}
