/* core/demo: the bundled host is whole, its little kernel answers, and nothing stays behind. */
#include "core/demo/demo.h"
#include "core/util/idset.h"
#include "core/util/rootfile.h"
#include "core/virt/domain.h"

#include <glib/gstdio.h>
#include <hwloc.h>
#include <libvirt/libvirt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODE2 "/sys/devices/system/node/node2"
#define POOL2 NODE2 "/hugepages/hugepages-2048kB"
#define KSM   "/sys/kernel/mm/ksm"
#define KSMD  "/proc/97"

static gint64 number(const char *root, const char *path)
{
    gint64 value = -1;

    g_assert_true(rootfile_read_int(root, path, &value));
    return value;
}

static void assert_text(const char *root, const char *path, const char *expected)
{
    g_autofree char *text = rootfile_read(root, path);

    g_assert_cmpstr(text, ==, expected);
}

/* The number after @name in the file @path, where @name begins a line. */
static gint64 line_number(const char *root, const char *path, const char *name)
{
    g_autofree char *text = rootfile_read(root, path);
    g_autofree char *lines = g_strconcat("\n", text, NULL);
    g_autofree char *needle = g_strconcat("\n", name, NULL);
    const char *line = strstr(lines, needle);

    g_assert_nonnull(line);
    return g_ascii_strtoll(line + strlen(needle), NULL, 10);
}

static void write_file(const char *root, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    rootfile_write(root, path, text, &error);
    g_assert_no_error(error);
}

/* A running domain pinned as @pins say; NULL ends them. The caller owns all of it. */
static Domain *make_domain(const char *name, int id, const char *const *pins)
{
    Domain *domain = g_new0(Domain, 1);

    domain->name = g_strdup(name);
    domain->uuid = g_strdup("6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d5e6f");
    domain->id = id;
    domain->state = DOMAIN_RUNNING;
    domain->live = g_new0(DomainConfig, 1);
    domain->live->memory_kib = NUM(1048576);
    domain->live->vcpupin = g_ptr_array_new_with_free_func((GDestroyNotify)hwloc_bitmap_free);
    for (; *pins; pins++)
        g_ptr_array_add(domain->live->vcpupin, idset_parse(*pins, NULL));
    domain->live->vcpus_current = domain->live->vcpus_max = domain->live->vcpupin->len;
    return domain;
}

static void drop_domain(gpointer data)
{
    Domain *domain = data;

    g_ptr_array_unref(domain->live->vcpupin);
    g_free(domain->live);
    g_free(domain->name);
    g_free(domain->uuid);
    g_free(domain);
}

static GPtrArray *make_domains(void)
{
    GPtrArray *domains = g_ptr_array_new_with_free_func(drop_domain);

    g_ptr_array_add(domains, make_domain("db", 3, (const char *const[]){"4", "39", NULL}));
    g_ptr_array_add(
        domains, make_domain("build", 4, (const char *const[]){"16-17", "39", "17", NULL}));
    g_ptr_array_add(domains, make_domain("../../escape", 5, (const char *const[]){"1", NULL}));
    return domains;
}

static Demo *start(void)
{
    g_autoptr(GError) error = NULL;
    Demo *demo = demo_new(&error);

    g_assert_no_error(error);
    return demo;
}

/* What the tree says of CPUs and nodes is what hwloc.xml says. */
static void test_topology(void)
{
    g_autoptr(Demo) demo = start();
    const char *root = demo_root(demo);
    g_autofree char *path = g_build_filename(root, "hwloc.xml", NULL);
    g_autofree char *online = rootfile_read(root, "/sys/devices/system/cpu/online");
    g_autoptr(IdSet) online_set = idset_parse_kernel(online);
    hwloc_topology_t topology;
    struct stat st;

    g_assert_cmpint(stat(root, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0700);
    assert_text(root, "/sys/devices/system/cpu/present", "0-63");
    assert_text(root, "/sys/devices/system/cpu/offline", "31,63");
    g_assert_cmpint(hwloc_topology_init(&topology), ==, 0);
    g_assert_cmpint(hwloc_topology_set_xml(topology, path), ==, 0);
    g_assert_cmpint(hwloc_topology_load(topology), ==, 0);
    g_assert_cmpint(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE), ==, 2);
    g_assert_cmpint(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE), ==, 8);
    g_assert_cmpint(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE), ==, 31);
    g_assert_true(idset_equal(online_set, hwloc_topology_get_topology_cpuset(topology)));
    g_assert_cmpint(hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(topology)), ==, 64);
    g_assert_cmpint(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE), ==, 4);

    unsigned found = 1;
    struct hwloc_distances_s *matrix;
    g_assert_cmpint(
        hwloc_distances_get_by_name(topology, "NUMALatency", &found, &matrix, 0), ==, 0);
    g_assert_cmpuint(found, ==, 1);
    for (unsigned i = 0; i < 4; i++) {
        hwloc_obj_t node = hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, i);
        g_autofree char *cpus = idset_format(node->cpuset);
        g_autofree char *list =
            rootfile_readf(root, "/sys/devices/system/node/node%u/cpulist", node->os_index);
        g_autofree char *near =
            rootfile_readf(root, "/sys/devices/system/node/node%u/distance", node->os_index);
        g_autofree char *meminfo = g_strdup_printf("/sys/devices/system/node/node%u/meminfo", i);
        g_autofree char *total = g_strdup_printf("Node %u MemTotal:", i);
        g_autoptr(GString) distances = g_string_new(NULL);
        for (unsigned j = 0; j < 4; j++)
            g_string_append_printf(distances, j ? " %d" : "%d", (int)matrix->values[i * 4 + j]);
        g_assert_cmpstr(cpus, ==, list);
        g_assert_cmpstr(distances->str, ==, near);
        g_assert_cmpint(line_number(root, meminfo, total), ==,
            (gint64)(node->attr->numanode.local_memory / 1024));
    }
    hwloc_distances_release(topology, matrix);
    hwloc_topology_destroy(topology);
}

/* libvirt's test driver takes the domains, and its host is as large as hwloc's. */
static void test_domains(void)
{
    g_autoptr(Demo) demo = start();
    virConnectPtr connection = virConnectOpen(demo_uri(demo));
    virNodeInfo info;
    unsigned char map[8] = {0, 0, 0, 0, 0, 0, 0, 0x40};

    g_assert_nonnull(connection);
    g_assert_cmpint(virNodeGetInfo(connection, &info), ==, 0);
    g_assert_cmpuint(VIR_NODEINFO_MAXCPUS(info), ==, 64);
    g_assert_cmpuint(info.nodes, ==, 4);
    g_assert_cmpint(virConnectNumOfDomains(connection), ==, 5);
    g_assert_cmpint(virConnectNumOfDefinedDomains(connection), ==, 1);
    virDomainPtr web1 = virDomainLookupByName(connection, "web1");
    g_assert_nonnull(web1);
    g_assert_cmpint(virDomainPinVcpuFlags(web1, 0, map, 8, VIR_DOMAIN_AFFECT_CURRENT), ==, 0);
    g_autofree char *xml = virDomainGetXMLDesc(web1, 0);
    g_assert_nonnull(strstr(xml, "<vcpupin vcpu='0' cpuset='62'/>"));
    virDomainFree(web1);
    virConnectClose(connection);
}

/* The files a running demo shows, all in one text. */
static char *picture(const char *root)
{
    static const char *const files[] = {"/proc/stat", "/proc/vmstat", "/proc/meminfo",
        KSM "/pages_scanned", "/proc/13000/task/13001/schedstat", "/proc/13000/task/13001/stat",
        "/proc/14000/task/14003/status", "/demo.state"};
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = rootfile_read(root, files[i]);
        g_assert_nonnull(text);
        g_string_append_printf(out, "%s\n%s\n", files[i], text);
    }
    return g_string_free(out, FALSE);
}

static void test_deterministic(void)
{
    g_autoptr(Demo) one = start();
    g_autoptr(Demo) two = start();
    g_autoptr(GPtrArray) domains = make_domains();
    g_autofree char *first = NULL;

    for (guint i = 0; i < 5; i++) {
        demo_step(demo_root(one), domains, 1000000);
        demo_step(demo_root(two), domains, 1000000);
        if (i == 0)
            first = picture(demo_root(one));
    }
    g_autofree char *a = picture(demo_root(one));
    g_autofree char *b = picture(demo_root(two));
    g_assert_cmpstr(a, ==, b);
    g_assert_cmpstr(a, !=, first);
    g_assert_cmpint(line_number(demo_root(one), "/proc/vmstat", "thp_fault_alloc "), ==, 48135);
    assert_text(demo_root(one), "/proc/sys/kernel/hostname", "demo");
}

/* With KVMTUNE_DEMO_STILL only what must move for loads to be seen moves. */
static void test_still(void)
{
    g_autoptr(Demo) demo = start();
    g_autoptr(GPtrArray) domains = make_domains();
    const char *root = demo_root(demo);
    gint64 scanned = number(root, KSM "/pages_scanned");
    g_autofree char *ksmd = rootfile_read(root, KSMD "/schedstat");
    gint64 run[4];

    g_setenv("KVMTUNE_DEMO_STILL", "1", TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(run); i++) {
        demo_step(root, domains, 1000000);
        g_autofree char *text = rootfile_read(root, "/proc/13000/task/13001/schedstat");
        run[i] = g_ascii_strtoll(text, NULL, 10);
    }
    g_unsetenv("KVMTUNE_DEMO_STILL");
    g_assert_cmpint(run[0], >, 0);
    g_assert_cmpint(run[3] - run[2], ==, run[1] - run[0]);
    g_assert_cmpint(number(root, KSM "/pages_scanned"), ==, scanned);
    assert_text(root, KSMD "/schedstat", ksmd);
}

/* ksmd takes its time as it scans: 1000 pages each 20 ms are 15% of a CPU. */
static void test_ksmd(void)
{
    g_autoptr(Demo) demo = start();
    g_autoptr(GPtrArray) domains = make_domains();
    const char *root = demo_root(demo);

    assert_text(root, KSMD "/comm", "ksmd");
    demo_step(root, domains, 1000000);
    g_autoptr(Host) before = host_read(root, NULL, NULL);
    demo_step(root, domains, 1000000);
    g_autoptr(Host) after = host_read(root, before, NULL);
    g_assert_true(after->ksmd_load.known);
    g_assert_cmpint(after->ksmd_ns.value - before->ksmd_ns.value, ==, 150000000);
}

/* QEMU's threads: where the XML asks, but for the stray; a crowded CPU is shared. */
static void test_processes(void)
{
    g_autoptr(Demo) demo = start();
    g_autoptr(GPtrArray) domains = make_domains();
    const char *root = demo_root(demo);
    const Domain *build = domains->pdata[1];
    guint64 ns = 0;

    for (guint i = 0; i < 3; i++)
        demo_step(root, domains, 1000000);
    assert_text(root, "/run/libvirt/qemu/db.pid", "13000");
    assert_text(root, "/proc/13000/task/13002/comm", "CPU 1/KVM");
    g_autofree char *asked = rootfile_read(root, "/proc/14000/task/14001/status");
    g_assert_true(g_str_has_suffix(asked, "\nCpus_allowed_list:\t16-17"));
    g_autofree char *stray = rootfile_read(root, "/proc/14000/task/14003/status");
    g_assert_true(g_str_has_suffix(stray, "\nCpus_allowed_list:\t16-22,48-54"));
    g_autofree char *stat = rootfile_read(root, "/proc/14000/task/14002/stat");
    g_assert_nonnull(strstr(stat, " -1 39 0 0 "));

    /* db and build together ask more of CPU 39 than there is */
    static const char *const crowd[] = {
        "/proc/13000/task/13002/schedstat", "/proc/14000/task/14002/schedstat"};
    for (guint i = 0; i < 2; i++) {
        g_autofree char *text = rootfile_read(root, crowd[i]);
        g_auto(GStrv) words = g_strsplit(text, " ", 3);
        ns += g_ascii_strtoull(words[0], NULL, 10);
        g_assert_cmpuint(g_ascii_strtoull(words[1], NULL, 10), >, 0); /* waited */
    }
    /* Beyond the minute that lay behind each. */
    g_assert_cmpuint(ns, >, 122800000000u);
    g_assert_cmpuint(ns, <=, 123000000000u);

    /* a new pin moves the stray; a domain that ended leaves; nobody escapes the folder */
    hwloc_bitmap_only(build->live->vcpupin->pdata[2], 20);
    g_ptr_array_remove_index(domains, 0);
    demo_step(root, domains, 1000000);
    g_autofree char *moved = rootfile_read(root, "/proc/14000/task/14003/status");
    g_assert_true(g_str_has_suffix(moved, "\nCpus_allowed_list:\t20"));
    g_assert_null(rootfile_read(root, "/proc/13000/comm"));
    g_assert_null(rootfile_read(root, "/run/libvirt/qemu/db.pid"));
    g_assert_null(rootfile_read(root, "/proc/15000/comm"));
    assert_text(root, "/proc/sys/kernel/hostname", "demo");
}

static void test_pools(void)
{
    g_autoptr(Demo) demo = start();
    const char *root = demo_root(demo);
    gint64 free_kib = line_number(root, NODE2 "/meminfo", "Node 2 MemFree:");
    gint64 total = line_number(root, "/proc/meminfo", "HugePages_Total:");
    gint64 had = number(root, POOL2 "/nr_hugepages");

    /* grows as asked */
    write_file(root, POOL2 "/nr_hugepages", "2148");
    demo_settle(root);
    g_assert_cmpint(number(root, POOL2 "/nr_hugepages"), ==, had + 100);
    g_assert_cmpint(number(root, POOL2 "/free_hugepages"), ==, 100);
    g_assert_cmpint(line_number(root, NODE2 "/meminfo", "Node 2 MemFree:"), ==, free_kib - 204800);
    g_assert_cmpint(line_number(root, NODE2 "/meminfo", "Node 2 HugePages_Total:"), ==, 2148);
    g_assert_cmpint(line_number(root, "/proc/meminfo", "HugePages_Total:"), ==, total + 100);

    /* the node is full: fewer than asked, however many are asked */
    write_file(root, POOL2 "/nr_hugepages", "9000000000000000000");
    demo_settle(root);
    gint64 granted = number(root, POOL2 "/nr_hugepages");
    g_assert_cmpint(granted, >, 3000);
    g_assert_cmpint(granted, <, had + free_kib / 2048);
    g_assert_cmpint(line_number(root, NODE2 "/meminfo", "Node 2 MemFree:"), >, 0);

    /* what is in use stays, as surplus */
    write_file(root, POOL2 "/nr_hugepages", "0");
    demo_settle(root);
    g_assert_cmpint(number(root, POOL2 "/nr_hugepages"), ==, had);
    g_assert_cmpint(number(root, POOL2 "/free_hugepages"), ==, 0);
    g_assert_cmpint(number(root, POOL2 "/surplus_hugepages"), ==, had);
    g_assert_cmpint(line_number(root, NODE2 "/meminfo", "Node 2 MemFree:"), ==, free_kib);
    g_assert_cmpint(line_number(root, "/proc/meminfo", "HugePages_Total:"), ==, total);

    write_file(root, POOL2 "/nr_hugepages", "-1");
    demo_settle(root);
    g_assert_cmpint(number(root, POOL2 "/nr_hugepages"), ==, had);
}

static void test_choices(void)
{
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/defrag";
    g_autoptr(Demo) demo = start();
    const char *root = demo_root(demo);

    assert_text(root, path, "always defer defer+madvise [madvise] never");
    write_file(root, path, "defer+madvise");
    demo_settle(root);
    assert_text(root, path, "always defer [defer+madvise] madvise never");
    write_file(root, path, "sometimes");
    demo_settle(root);
    assert_text(root, path, "always defer [defer+madvise] madvise never");
}

static void test_ksm(void)
{
    g_autoptr(Demo) demo = start();
    const char *root = demo_root(demo);
    gint64 sharing = number(root, KSM "/pages_sharing");

    g_assert_cmpint(sharing, >, 0);
    write_file(root, KSM "/merge_across_nodes", "0");
    demo_settle(root);
    assert_text(root, KSM "/merge_across_nodes", "1"); /* refused: pages are shared */

    write_file(root, KSM "/run", "2");
    demo_settle(root);
    g_assert_cmpint(number(root, KSM "/pages_sharing"), ==, 0);
    write_file(root, KSM "/merge_across_nodes", "0");
    demo_settle(root);
    assert_text(root, KSM "/merge_across_nodes", "0");

    gint64 scanned = number(root, KSM "/pages_scanned");
    demo_step(root, NULL, 1000000);
    g_assert_cmpint(number(root, KSM "/pages_scanned"), ==, scanned);
    write_file(root, KSM "/run", "1");
    for (guint i = 0; i < 60; i++)
        demo_step(root, NULL, 1000000);
    g_assert_cmpint(number(root, KSM "/pages_scanned"), >, scanned);
    g_assert_cmpint(number(root, KSM "/pages_sharing"), >, 0);
    g_assert_cmpint(number(root, KSM "/pages_sharing"), <, sharing); /* within nodes only */
}

/* Gone with demo_free(), and with kill -9 soon after. */
static void test_nothing_left(void)
{
    Demo *demo = start();
    g_autofree char *root = g_strdup(demo_root(demo));
    char child_root[256] = "";
    int ends[2];

    demo_free(demo);
    g_assert_false(g_file_test(root, G_FILE_TEST_EXISTS));

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        demo = demo_new(NULL);
        const char *name = demo ? demo_root(demo) : "";
        if (write(ends[1], name, strlen(name)) <= 0)
            _exit(1);
        kill(0 + getpid(), SIGKILL);
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], child_root, sizeof child_root - 1), >, 0);
    close(ends[0]);
    waitpid(child, NULL, 0);
    for (guint i = 0; i < 500 && g_file_test(child_root, G_FILE_TEST_EXISTS); i++)
        g_usleep(10000);
    g_assert_false(g_file_test(child_root, G_FILE_TEST_EXISTS));
}

/* No folder, no demo: one sentence that says what to set. */
static void test_no_folder(void)
{
    if (g_test_subprocess()) {
        g_autoptr(GError) error = NULL;
        g_assert_null(demo_new(&error));
        g_printerr("%s\n", error->message);
        return;
    }
    g_setenv("TMPDIR", "/nonexistent", TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_unsetenv("TMPDIR");
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*below /nonexistent*set TMPDIR*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/demo/topology", test_topology);
    g_test_add_func("/demo/domains", test_domains);
    g_test_add_func("/demo/deterministic", test_deterministic);
    g_test_add_func("/demo/still", test_still);
    g_test_add_func("/demo/ksmd", test_ksmd);
    g_test_add_func("/demo/processes", test_processes);
    g_test_add_func("/demo/pools", test_pools);
    g_test_add_func("/demo/choices", test_choices);
    g_test_add_func("/demo/ksm", test_ksm);
    g_test_add_func("/demo/nothing-left", test_nothing_left);
    g_test_add_func("/demo/no-folder", test_no_folder);
    return g_test_run();
}
