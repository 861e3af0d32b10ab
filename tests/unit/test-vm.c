/* core/host: settings of /proc/sys/vm, pressure, free blocks, mounts, and what KVM does. */
#include "core/catalogue/tunable.h"
#include "core/host/host-json.h"
#include "core/host/host.h"
#include "tests/unit/tree.h"

#include <string.h>

/* The least that is a host: one CPU. */
static void put_least(const Tree *tree)
{
    tree_put(tree, "/sys/devices/system/cpu/online", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
    tree_put(tree, "/sys/devices/system/node/online", "0\n");
    tree_put(tree, "/sys/devices/system/node/node0/cpulist", "0\n");
    tree_put(tree, "/proc/meminfo", "MemTotal: 1000 kB\n");
}

static Host *read_host(const Tree *tree)
{
    g_autoptr(GError) error = NULL;
    Host *host = host_read(tree->root, NULL, &error);

    g_assert_no_error(error);
    return host;
}

static void assert_value(const Host *host, const char *name, const char *wanted)
{
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_HOST, name, NULL);

    g_assert_nonnull(key);
    g_autofree char *value = tunable_host_value(key, host);
    g_assert_cmpstr(value, ==, wanted);
}

/* Nothing of it is there: all is unknown, nothing 0. */
static void test_nothing(Tree *tree, gconstpointer unused)
{
    (void)unused;
    put_least(tree);
    g_autoptr(Host) host = read_host(tree);
    g_autoptr(GArray) facts = host_kvm_facts(host);

    g_assert_cmpuint(host->vm->len, ==, 0);
    g_assert_cmpuint(host->mounts->len, ==, 0);
    g_assert_false(host->pressure.some10.known);
    g_assert_null(host_node(host, 0)->free_blocks);
    for (guint i = 0; i < facts->len; i++)
        g_assert_cmpint(g_array_index(facts, KvmFact, i).state, ==, KVM_UNKNOWN);
    assert_value(host, "vm.swappiness", NULL);
    assert_value(host, "kernel.numa_balancing", NULL);
    assert_value(host, "hugepages.overcommit.2M", NULL);
    g_autofree char *json = host_to_json(host);
    g_assert_nonnull(strstr(json, "\"some_avg10\" : null"));
    g_assert_nonnull(strstr(json, "\"free_blocks\" : null"));
}

/* A key of @row, its upper case parts filled in. */
static TunableKey *key_of_row(const Tunable *row)
{
    g_autoptr(GString) text = g_string_new(row->key);
    g_autoptr(GError) error = NULL;

    g_string_replace(text, "nodeN", "node0", 0);
    g_string_replace(text, "SIZE", "2M", 0);
    TunableKey *key = tunable_key_parse(TARGET_HOST, text->str, &error);
    g_assert_no_error(error);
    return key;
}

/* Every row of the host is of a file that is read, so that its value is known where that is there.
 */
static void test_every_row(Tree *tree, gconstpointer unused)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);
    (void)unused;

    put_least(tree);
    for (guint i = 0; i < count; i++) {
        if (rows[i].target != TARGET_HOST || *rows[i].place != '/')
            continue;
        g_autoptr(TunableKey) key = key_of_row(&rows[i]);
        g_autofree char *place = tunable_key_place(key);
        tree_put(tree, place, "1\n");
    }
    g_autoptr(Host) host = read_host(tree);
    for (guint i = 0; i < count; i++) {
        if (rows[i].target != TARGET_HOST || *rows[i].place != '/')
            continue;
        g_autoptr(TunableKey) key = key_of_row(&rows[i]);
        g_autofree char *value = tunable_host_value(key, host);
        if (g_strcmp0(value, rows[i].trigger ? "" : "1") != 0)
            g_error("%s reads as %s: no reader of core/host has its file", key->key,
                value ? value : "nothing");
    }
}

static void test_values(Tree *tree, gconstpointer unused)
{
    (void)unused;
    put_least(tree);
    tree_put(tree, "/proc/sys/vm/swappiness", "60\n");
    tree_put(tree, "/proc/sys/vm/laptop_mode", "0\n"); /* not one of ours */
    tree_put(tree, "/proc/sys/kernel/numa_balancing", "1\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
    tree_put(tree, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "3\n");
    tree_put(tree, "/proc/pressure/memory",
        "some avg10=1.25 avg60=0.07 avg300=0.00 total=123\n"
        "full avg10=100.00 avg60=0.00 avg300=0.00 total=12\n");
    tree_put(tree, "/proc/buddyinfo",
        "Node 0, zone      DMA      1      0      2\n"
        "Node 0, zone   Normal    889    357   1211      4\n"
        "Node 7, zone   Normal      1\n"
        "rubbish\n");
    tree_put(tree, "/proc/mounts",
        "proc /proc proc rw 0 0\n"
        "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n"
        "none /mnt/a\\040b hugetlbfs rw,pagesize=1024M 0 0\n"
        "none /mnt/c hugetlbfs rw 0 0\nhugetlbfs\n");
    g_autoptr(Host) host = read_host(tree);

    g_assert_cmpuint(host->vm->len, ==, 2);
    assert_value(host, "vm.swappiness", "60");
    assert_value(host, "kernel.numa_balancing", "1");
    assert_value(host, "hugepages.overcommit.2M", "3");
    assert_value(host, "hugepages.overcommit.1G", NULL);
    g_assert_cmpint(host->pressure.some10.value, ==, 125);
    g_assert_cmpint(host->pressure.some60.value, ==, 7);
    g_assert_cmpint(host->pressure.full10.value, ==, 10000);

    const GArray *blocks = host_node(host, 0)->free_blocks;
    static const guint64 wanted[] = {890, 357, 1213, 4};
    g_assert_cmpuint(blocks->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < blocks->len; i++)
        g_assert_cmpuint(g_array_index(blocks, guint64, i), ==, wanted[i]);

    g_assert_cmpuint(host->mounts->len, ==, 3);
    static const struct {
        const char *path;
        guint64 size_kib;
    } mounts[] = {{"/dev/hugepages", 2048}, {"/mnt/a b", 1048576}, {"/mnt/c", 0}};
    for (guint i = 0; i < host->mounts->len; i++) {
        const HugeMount *mount = host->mounts->pdata[i];
        g_assert_cmpstr(mount->path, ==, mounts[i].path);
        g_assert_cmpuint(mount->size_kib, ==, mounts[i].size_kib);
    }
}

static KvmState state_of(const Host *host, const char *label)
{
    g_autoptr(GArray) facts = host_kvm_facts(host);

    for (guint i = 0; i < facts->len; i++)
        if (g_str_has_prefix(g_array_index(facts, KvmFact, i).label, label))
            return g_array_index(facts, KvmFact, i).state;
    g_assert_not_reached();
}

static void test_kvm(Tree *tree, gconstpointer unused)
{
    (void)unused;
    put_least(tree);
    tree_put(tree, "/sys/module/kvm_amd/parameters/npt", "Y\n");
    tree_put(tree, "/sys/module/kvm_amd/parameters/nested", "0\n"); /* a number in old kernels */
    tree_put(tree, "/sys/module/kvm/parameters/tdp_mmu", "N\n");
    tree_put(tree, "/proc/cpuinfo",
        "processor\t: 0\nflags\t\t: fpu vme pdpe1gb svm\n\nprocessor\t: 1\n");
    g_autoptr(Host) host = read_host(tree);

    g_assert_cmpint(state_of(host, "two-dimensional"), ==, KVM_ON);
    g_assert_cmpint(state_of(host, "nested"), ==, KVM_OFF);
    g_assert_cmpint(state_of(host, "TDP"), ==, KVM_OFF);
    g_assert_cmpint(state_of(host, "1G"), ==, KVM_ON);
    g_assert_cmpint(state_of(host, "tagged"), ==, KVM_UNKNOWN);
    /* What hardly changes is taken over. */
    g_autoptr(Host) next = host_read(tree->root, host, NULL);
    g_assert_true(next->kvm == host->kvm);
    g_assert_true(next->cpu_flags == host->cpu_flags);
}

static void test_kvm_flags(Tree *tree, gconstpointer unused)
{
    (void)unused;
    put_least(tree);
    tree_put(tree, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu pdpe1gbx vmx");
    g_autoptr(Host) host = read_host(tree);
    g_assert_cmpint(state_of(host, "1G"), ==, KVM_OFF);
}

/* ksmtuned's thresholds: what its file says, else its own; the larger of share and least. */
static void test_ksmtuned(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *conf;
        Num interval_s, threshold_kib;
    } rows[] = {
        {"", {TRUE, 60}, {TRUE, 2097152}}, /* 20 % of 8 GiB is less than 2048 MiB */
        {"# KSM_THRES_COEF=90\nKSM_THRES_COEF=50 # half\n KSM_MONITOR_INTERVAL=10\n", {TRUE, 10},
            {TRUE, 4194304}},
        {"KSM_THRES_CONST=1024\nKSM_THRES_CONST=3072\n", {TRUE, 60}, {TRUE, 3145728}},
        {"KSM_MONITOR_INTERVAL=$X\nKSM_THRES_COEF=\nKSM_THRES_CONSTX=9\n", {FALSE, 0}, {FALSE, 0}},
        {"KSM_THRES_CONST=9223372036854775807\n", {TRUE, 60}, {TRUE, 9000000000000000}},
    };
    (void)unused;
    put_least(tree);
    tree_put(tree, "/proc/meminfo", "MemTotal: 8388608 kB\n");
    g_autoptr(Host) without = read_host(tree);
    g_assert_false(without->ksmtuned.installed);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        tree_put(tree, "/etc/ksmtuned.conf", rows[i].conf);
        g_autoptr(Host) host = read_host(tree);
        const Ksmtuned *tuned = &host->ksmtuned;
        g_assert_true(tuned->installed);
        g_assert_cmpint(tuned->pid, ==, 0);
        g_assert_cmpint(tuned->interval_s.known, ==, rows[i].interval_s.known);
        g_assert_cmpint(num_or(tuned->interval_s, 0), ==, rows[i].interval_s.value);
        g_assert_cmpint(tuned->threshold_kib.known, ==, rows[i].threshold_kib.known);
        g_assert_cmpint(tuned->threshold_kib.value, ==, rows[i].threshold_kib.value);
    }
    tree_put(tree, "/run/ksmtune.pid", "77\n");
    tree_put(tree, "/proc/77/comm", "ksmtuned\n");
    g_autoptr(Host) running = read_host(tree);
    g_assert_cmpint(running->ksmtuned.pid, ==, 77);
    tree_put(tree, "/proc/77/comm", "bash\n"); /* another process has its number now */
    g_autoptr(Host) stopped = read_host(tree);
    g_assert_cmpint(stopped->ksmtuned.pid, ==, 0);
}

static void test_pressure_bad(void)
{
    static const char *const bad[] = {NULL, "", "some", "some avg10=x avg60=1", "full\n\n\n",
        "some avg10=99999.99 avg60=0.00", "somesomesome avg10=1.00 avg60=1.00"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        Pressure pressure;
        pressure_parse(bad[i], &pressure);
        g_assert_false(pressure.some10.known);
        g_assert_false(pressure.full10.known);
    }
}

#define TREE_TEST(name, test) g_test_add(name, Tree, NULL, tree_setup, test, tree_teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TREE_TEST("/vm/nothing", test_nothing);
    TREE_TEST("/vm/values", test_values);
    TREE_TEST("/vm/ksmtuned", test_ksmtuned);
    TREE_TEST("/vm/kvm", test_kvm);
    TREE_TEST("/vm/kvm-flags", test_kvm_flags);
    TREE_TEST("/vm/every-row", test_every_row);
    g_test_add_func("/vm/pressure-bad", test_pressure_bad);
    return g_test_run();
}
