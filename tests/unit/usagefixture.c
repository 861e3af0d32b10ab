/* The fixture of tests that read a domain's process. */
#include "tests/unit/usagefixture.h"
#include "core/virt/driverfolders.h"

#include <glib/gstdio.h>
#include <string.h>

void usage_put(const Fixture *f, const char *path, const char *format, ...)
{
    g_autofree char *full = g_strconcat(f->root, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

void usage_put_thread(const Fixture *f, int pid, int tid, const char *comm, const char *cpus,
    int last, guint64 run_ns, int started)
{
    g_autofree char *task = g_strdup_printf("/proc/%d/task/%d", pid, tid);
    const struct {
        const char *name;
        char *text;
    } files[] = {
        {"comm", g_strdup_printf("%s\n", comm)},
        {"schedstat", g_strdup_printf("%" G_GUINT64_FORMAT " 12 3\n", run_ns)},
        {"stat", g_strdup_printf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 4 0 %d 100 200 "
                                 "0 0 0 0 0 0 0 0 0 0 0 0 0 17 %d 0 0\n",
                     tid, comm, started, last)},
        {"status", g_strdup_printf("Name:\t%s\nVmRSS:\t   65536 kB\nCpus_allowed:\tf\n"
                                   "Cpus_allowed_list:\t%s\nMems_allowed_list:\t0\n",
                       comm, cpus)},
    };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strconcat(task, "/", files[i].name, NULL);
        usage_put(f, path, "%s", files[i].text);
        g_free(files[i].text);
    }
}

void usage_put_command(const Fixture *f, int pid, const char *command)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", f->root, pid);
    g_autofree char *bytes = g_strdup(command);
    gsize length = strlen(bytes);

    g_strdelimit(bytes, "|", '\0');
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
}

void usage_set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->root = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    f->folder = driver_run_folder("qemu:///system", f->root);
    f->domain = g_new0(Domain, 1);
    g_atomic_ref_count_init(&f->domain->refs);
    f->domain->name = g_strdup("web,1");
    f->domain->uuid = g_strdup(UUID);
    f->domain->id = 4;
    usage_put(f, "/run/libvirt/qemu/web,1.pid", "500");
    usage_put_thread(f, 500, 500, "qemu-system-x86", "0-3", 1, 1000000000, 77);
    usage_put_thread(f, 500, 501, "CPU 1/KVM", "2", 2, 3000000000, 78);
    usage_put_thread(f, 500, 502, "CPU 0/KVM", "0,^9", 3, 2000000000, 78);
    usage_put_thread(f, 500, 503, "a) S 9 (b", "0-3", 0, 500000000, 79);
    usage_put_command(f, 500, "/usr/bin/qemu|-name|guest=web,,1,debug-threads=on|-uuid|" UUID "|");
}

void usage_remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        usage_remove_all(below);
    }
    g_remove(path);
}

void usage_tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    usage_remove_all(f->root);
    domain_unref(f->domain);
    g_free(f->root);
    g_free(f->folder);
}

Host *usage_host(const Fixture *f, const char *present, const char *online)
{
    g_autoptr(GError) error = NULL;

    usage_put(f, "/sys/devices/system/cpu/present", "%s\n", present);
    usage_put(f, "/sys/devices/system/cpu/online", "%s\n", online);
    for (guint cpu = 0; cpu < 8; cpu++) {
        g_autofree char *core =
            g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
        usage_put(f, core, "%u\n", cpu);
    }
    usage_put(f, "/sys/devices/system/node/online", "0\n");
    usage_put(f, "/sys/devices/system/node/node0/cpulist", "%s\n", online);
    usage_put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
    Host *host = host_read(f->root, NULL, &error);
    g_assert_no_error(error);
    return host;
}
