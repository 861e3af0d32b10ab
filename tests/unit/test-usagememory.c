/* core/virt/usage: memory by node, what pages are, and other QEMU processes, out of made-up trees
 * of /proc and /sys/fs/cgroup. */
#include "core/virt/usage-foreign.h"
#include "tests/unit/usagefixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* "0:12,2:3" in KiB; NULL where unknown. */
static char *memory_text(const DomainUsage *usage)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; usage->memory && i < usage->memory->len; i++) {
        const NodeKib *part = &g_array_index(usage->memory, NodeKib, i);
        g_string_append_printf(
            text, "%s%d:%" G_GUINT64_FORMAT, i ? "," : "", part->node, part->kib);
    }
    return usage->memory ? g_strdup(text->str) : NULL;
}

static void test_memory(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
    static const char v2[] = "anon N0=2048 N1=1024\nfile N0=999999 N1=9\nanon_thp N0=5 N1=5\n"
                             "shmem N0=1024 N1=0\n";
    static const char v1[] = "total=9 N0=9\nanon=1 N0=1\nhierarchical_total=9 N0=9\n"
                             "hierarchical_anon=5 N0=3 N2=2\nhierarchical_unevictable=1 N2=1\n";
    static const struct {
        const char *cgroup, *file, *text;
        gboolean huge;
        const char *memory;
    } rows[] = {
        {"0::" SCOPE "/libvirt/emulator", SCOPE "/memory.numa_stat", v2, FALSE, "0:3,1:1"},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", v2, FALSE, "0:3,1:1"},
        {"5:memory:" SCOPE "/emulator\n0::/x", "/memory" SCOPE "/memory.numa_stat", v1, FALSE,
            "0:12,2:12"},
        {"5:memory:/machine/qemu-1-web.libvirt-qemu",
            "/memory/machine/qemu-1-web.libvirt-qemu/"
            "memory.numa_stat",
            v1, FALSE, "0:12,2:12"},
        /* as Linux 3.10 has it */
        {"5:memory:" SCOPE "/emulator", "/memory" SCOPE "/memory.numa_stat",
            "total=9 N0=9\nfile=9 N0=9\nanon=5 N0=3 N2=2\nunevictable=1 N2=1\n", FALSE,
            "0:12,2:12"},
        {"5:memory:" SCOPE "/emulator", "/memory" SCOPE "/memory.numa_stat", "total=9 N0=9\n",
            FALSE, NULL},
        /* with 2M pages: only where the cgroup counts them too */
        {"0::" SCOPE, SCOPE "/memory.numa_stat", v2, TRUE, NULL},
        {"0::" SCOPE, SCOPE "/hugetlb.2MB.numa_stat", "total=4194304 N0=2097152 N1=2097152\n", TRUE,
            "0:2051,1:2049"},
        /* a cgroup that holds others as well, none at all, a file that is torn */
        {"0::/user.slice/session-1.scope", "/user.slice/session-1.scope/memory.numa_stat", v2,
            FALSE, NULL},
        {"0::/", "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE "/gone", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"nonsense", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE "/../../..", SCOPE "/memory.numa_stat", v2, FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon N0=2048\n", FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon Nx=2048\nshmem N0=1\n", FALSE, NULL},
        {"0::" SCOPE, SCOPE "/memory.numa_stat", "anon N99999999=1\nshmem\n", FALSE, NULL},
    };
    g_autoptr(Host) host = usage_host(f, "0-3", "0-3");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *backing = rows[i].huge ? "<memoryBacking><hugepages/></memoryBacking>" : "";
        g_autofree char *xml = g_strdup_printf("<domain type='kvm'>%s</domain>", backing);
        g_autofree char *file = g_strconcat("/sys/fs/cgroup", rows[i].file, NULL);
        g_test_message("%u: %s", i, rows[i].cgroup);
        g_clear_pointer(&f->domain->live, domain_config_free);
        f->domain->live = domain_config_parse(xml, NULL);
        usage_put(f, "/proc/500/cgroup", "%s\n", rows[i].cgroup);
        usage_put(f, file, "%s", rows[i].text);
        g_autoptr(DomainUsage) usage = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_autofree char *memory = memory_text(usage);
        g_assert_cmpstr(memory, ==, rows[i].memory);
        g_autoptr(DomainUsage) later = usage_read(f->root, f->folder, host, f->domain, usage);
        g_autofree char *again = memory_text(later);
        g_assert_cmpstr(again, ==, rows[i].memory);
        /* By itself, of nothing but the process. */
        g_autoptr(DomainUsage) bare = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_clear_pointer(&bare->memory, g_array_unref);
        bare->memory = usage_memory_now(f->root, host, f->domain, 500);
        g_autofree char *now = memory_text(bare);
        g_assert_cmpstr(now, ==, rows[i].memory);
    }
}

/* ---- what its pages are ---- */

/* Both versions of cgroups, and what kernels of either kind tell of KSM; a later picture at once
 * tells the same without a look. */
static void test_pages(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *cgroup, *stat_path, *stat, *held_path, *ksm_path, *ksm;
        Num thp_kib, held_kib, merging, profit;
    } rows[] = {
        {"0::" SCOPE "/libvirt/emulator", SCOPE "/memory.stat",
            "anon 9\nanon_thp 4194304\nfile_thp 2\n", SCOPE "/hugetlb.2MB.current", "ksm_stat",
            "ksm_rmap_items 9\nksm_zero_pages 2\nksm_merging_pages 7\nksm_process_profit -576\n",
            {TRUE, 4096}, {TRUE, 6144}, {TRUE, 7}, {TRUE, -576}},
        {"5:memory:" SCOPE "/emulator\n6:hugetlb:" SCOPE, "/memory" SCOPE "/memory.stat",
            "rss_huge 0\ntotal_rss_huge 2097152\n", "/hugetlb" SCOPE "/hugetlb.2MB.usage_in_bytes",
            "ksm_merging_pages", "12\n", {TRUE, 2048}, {TRUE, 6144}, {TRUE, 12}, {FALSE, 0}},
        {"4:cpu:/", "/x", "", "/y", "z", "", {FALSE, 0}, {FALSE, 0}, {FALSE, 0}, {FALSE, 0}},
    };

    f->domain->live =
        domain_config_parse("<domain><memoryBacking><hugepages/></memoryBacking></domain>", NULL);
    usage_put(f, "/sys/devices/system/cpu/online", "0\n");
    usage_put(f, "/sys/devices/system/cpu/present", "0\n");
    usage_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
    g_autoptr(Host) host = host_read(f->root, NULL, NULL);
    g_assert_nonnull(host);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *groups = g_strconcat(f->root, "/sys/fs/cgroup", NULL);
        g_autofree char *stat = g_strconcat("/sys/fs/cgroup", rows[i].stat_path, NULL);
        g_autofree char *held = g_strconcat("/sys/fs/cgroup", rows[i].held_path, NULL);
        g_autofree char *ksm = g_strconcat("/proc/500/", rows[i].ksm_path, NULL);
        usage_remove_all(groups);
        usage_put(f, "/proc/500/cgroup", "%s\n", rows[i].cgroup);
        usage_put(f, stat, "%s", rows[i].stat);
        usage_put(f, held, "6291456\n");
        usage_put(f, ksm, "%s", rows[i].ksm);
        g_autoptr(DomainUsage) usage = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_assert_cmpint(usage->thp_kib.known, ==, rows[i].thp_kib.known);
        g_assert_cmpint(usage->thp_kib.value, ==, rows[i].thp_kib.value);
        g_assert_cmpint(usage->ksm_pages.known, ==, rows[i].merging.known);
        g_assert_cmpint(usage->ksm_pages.value, ==, rows[i].merging.value);
        g_assert_cmpint(usage->ksm_profit.known, ==, rows[i].profit.known);
        g_assert_cmpint(usage->ksm_profit.value, ==, rows[i].profit.value);
        g_assert_cmpint(usage->hugetlb != NULL, ==, rows[i].held_kib.known);
        if (usage->hugetlb)
            g_assert_cmpuint(g_array_index(usage->hugetlb, HugeHeld, 0).kib, ==,
                (guint64)rows[i].held_kib.value);
        usage_put(f, stat, "anon_thp 1\n");
        g_autoptr(DomainUsage) later = usage_read(f->root, f->folder, host, f->domain, usage);
        g_assert_cmpint(later->thp_kib.value, ==, rows[i].thp_kib.value);
        g_autofree char *gone = g_strconcat(f->root, ksm, NULL);
        g_remove(gone);
    }
}

/* Who holds a pool's pages: by node where the cgroup tells it, else by what the process has mapped,
 * which is of one size where the backing is. */
static void test_held(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *backing, *numa_stat, *mapped;
        guint64 kib;  /* of 2M */
        gint64 node1; /* -1: not known */
    } rows[] = {
        {"<hugepages/>", "total=6291456 N0=2097152 N1=4194304\n", "HugetlbPages:\t  8192 kB\n",
            6144, 4096},
        {"<hugepages/>", NULL, "HugetlbPages:\t  8192 kB\n", 8192, -1},
        {"<hugepages><page size='2048'/></hugepages>", NULL, "HugetlbPages:\t 8192 kB\n", 8192, -1},
        {"<hugepages/>", NULL, "", G_MAXUINT64, -1},
        {"<hugepages/>", NULL, "HugetlbPages:\tmany\n", G_MAXUINT64, -1},
        {"<hugepages><page size='2048' nodeset='0'/><page size='1048576' nodeset='1'/></hugepages>",
            NULL, "HugetlbPages:\t 8192 kB\n", G_MAXUINT64, -1},
    };
    usage_put(f, "/sys/devices/system/cpu/online", "0\n");
    usage_put(f, "/proc/meminfo", "MemTotal: 9999 kB\nHugepagesize: 2048 kB\n");
    usage_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
    g_autoptr(Host) host = host_read(f->root, NULL, NULL);
    g_assert_nonnull(host);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *groups = g_strconcat(f->root, "/sys/fs/cgroup", NULL);
        g_autofree char *xml = g_strdup_printf(
            "<domain type='kvm'><memory>8192</memory><cpu><numa><cell id='0' memory='4096'/>"
            "<cell id='1' memory='4096'/></numa></cpu><memoryBacking>%s</memoryBacking></domain>",
            rows[i].backing);
        g_test_message("%u", i);
        g_clear_pointer(&f->domain->live, domain_config_free);
        f->domain->live = domain_config_parse(xml, NULL);
        usage_remove_all(groups);
        usage_put(f, "/proc/500/cgroup", "0::" SCOPE "\n");
        usage_put(f, "/proc/500/task/500/status", "Name:\tqemu\nVmRSS:\t 5 kB\n%s", rows[i].mapped);
        if (rows[i].numa_stat)
            usage_put(f, "/sys/fs/cgroup" SCOPE "/hugetlb.2MB.numa_stat", "%s", rows[i].numa_stat);
        g_autoptr(DomainUsage) first = usage_read(f->root, f->folder, host, f->domain, NULL);
        g_autoptr(DomainUsage) usage = usage_read(f->root, f->folder, host, f->domain, first);
        if (rows[i].kib == G_MAXUINT64) {
            g_assert_null(usage->hugetlb);
            continue;
        }
        g_assert_cmpuint(usage->hugetlb->len, ==, 1);
        const HugeHeld *held = &g_array_index(usage->hugetlb, HugeHeld, 0);
        g_assert_cmpuint(held->size_kib, ==, 2048);
        g_assert_cmpuint(held->kib, ==, rows[i].kib);
        g_assert_cmpint(num_or(huge_held_on(held, 1), -1), ==, rows[i].node1);
        g_assert_cmpint(num_or(huge_held_on(held, -1), -1), ==, (gint64)rows[i].kib);
    }
}

/* ---- QEMU processes that are none of the domains ---- */

#define SECOND G_USEC_PER_SEC

static void put_process(
    const Fixture *f, int pid, const char *comm, int ticks, int started, const char *command)
{
    g_autofree char *comm_path = g_strdup_printf("/proc/%d/comm", pid);
    g_autofree char *stat_path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *status_path = g_strdup_printf("/proc/%d/status", pid);

    usage_put(f, comm_path, "%s\n", comm);
    usage_put(f, stat_path,
        "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 3 0 %d 100 16 "
        "0 0 0 0 0 0 0 0 0 0 0 0 0 17 2 0 0\n",
        pid, comm, ticks, started);
    usage_put(f, status_path, "Name:\t%s\nCpus_allowed_list:\t1-2\n", comm);
    usage_put_command(f, pid, command);
}

static GPtrArray *look(const Fixture *f, ForeignScan *scan, gint64 now_us)
{
    g_autoptr(GHashTable) own = g_hash_table_new(NULL, NULL);

    g_hash_table_add(own, GINT_TO_POINTER(f->domain->id)); /* here: the pid that is ours */
    return foreign_read(scan, own, now_us);
}

static void assert_found(const Fixture *f, ForeignScan *scan, gint64 now_us, const char *expected)
{
    g_autoptr(GPtrArray) found = look(f, scan, now_us);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found->len; i++) {
        const ForeignUsage *usage = g_ptr_array_index(found, i);
        g_string_append_printf(text, "%s%d:%s", i ? " " : "", usage->pid, usage->name);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_foreign(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(ForeignScan) scan = foreign_scan_new(f->root);
    gint64 now = 100 * SECOND;

    f->domain->id = 500;
    put_process(f, 500, "qemu-system-x86", 9, 77, "qemu|-name|guest=web,,1|");
    put_process(f, 600, "qemu-system-x86", 100, 80, "qemu|-name|guest=a,,b,debug-threads=on|");
    put_process(f, 601, "kvm", 0, 80, "kvm|-m|64|");
    put_process(f, 602, "kvmtune", 0, 80, "kvmtune|-name|no|");
    put_process(f, 603, "sh", 0, 80, "sh|");
    usage_put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 603\n");
    assert_found(f, scan, now, "600:a,b 601:kvm");
    g_autoptr(GPtrArray) first = look(f, scan, now);
    g_assert_false(((const ForeignUsage *)first->pdata[0])->load.known);

    /* Half a CPU's second in a second; a picture right after it knows no better. */
    int hertz = (int)sysconf(_SC_CLK_TCK);
    put_process(f, 600, "qemu-system-x86", 100 + hertz / 2, 80, "qemu|");
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) second = look(f, scan, now + SECOND + i);
        const ForeignUsage *usage = second->pdata[0];
        g_autofree char *cpus = idset_format(usage->affinity);
        g_assert_cmpint(num_or(usage->load, -1), ==, 500);
        g_assert_cmpint(usage->last_cpu, ==, 2);
        g_assert_cmpstr(cpus, ==, "1-2");
        g_assert_cmpint(usage->rss_kib.value, ==, 16 * (sysconf(_SC_PAGESIZE) / 1024));
    }

    /* A shell becomes QEMU: seen at the next scan, for a pid is judged twice. A new one is not
     * looked for before its time. */
    put_process(f, 603, "qemu-kvm", 0, 80, "qemu-kvm|-name|late|");
    put_process(f, 604, "qemu-kvm", 0, 80, "qemu-kvm|");
    usage_put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 604\n");
    assert_found(f, scan, now + 2 * SECOND, "600:a,b 601:kvm");
    assert_found(f, scan, now + 6 * SECOND, "600:a,b 601:kvm 603:late 604:qemu-kvm");

    /* 604 is gone, 601 is another process by now; 602 has been judged. */
    g_autofree char *gone = g_strconcat(f->root, "/proc/604", NULL);
    usage_remove_all(gone);
    put_process(f, 601, "sleep", 0, 99, "sleep|");
    put_process(f, 602, "qemu:x", 0, 80, "qemu|");
    usage_put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 700\n");
    assert_found(f, scan, now + 12 * SECOND, "600:a,b 603:late");

    /* 601 was another's: looked at twice more. Then no process was made: none is looked for. */
    put_process(f, 605, "qemu-kvm", 0, 80, "qemu-kvm|");
    assert_found(f, scan, now + 18 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    assert_found(f, scan, now + 24 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    put_process(f, 606, "qemu-kvm", 0, 80, "qemu-kvm|");
    assert_found(f, scan, now + 30 * SECOND, "600:a,b 603:late 605:qemu-kvm");
    usage_put(f, "/proc/loadavg", "0.0 0.0 0.0 1/99 701\n");
    assert_found(f, scan, now + 36 * SECOND, "600:a,b 603:late 605:qemu-kvm 606:qemu-kvm");
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, usage_set_up, function, usage_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/usage/memory", test_memory);
    ADD("/usage/pages", test_pages);
    ADD("/usage/held", test_held);
    ADD("/usage/foreign", test_foreign);
    return g_test_run();
}
