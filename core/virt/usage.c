/* What the kernel says of a running domain's QEMU process. QEMU names its threads: "CPU n/KVM",
 * "CPU n/TCG"; the thread whose id is the process's is the emulator thread. With single-threaded
 * TCG there is one "ALL CPUs/TCG", which is no vCPU's own: those vCPUs stay unknown. */
#include "core/virt/usage.h"

#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <libxml/uri.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX    8192
#define STAT_PROCESSOR 39 /* proc_pid_stat(5): the CPU last executed on */

static void thread_clear(gpointer data)
{
    hwloc_bitmap_free(((ThreadUsage *)data)->affinity);
}

void domain_usage_free(DomainUsage *usage)
{
    if (usage == NULL)
        return;
    g_array_unref(usage->threads);
    g_free(usage);
}

const ThreadUsage *domain_usage_vcpu(const DomainUsage *usage, int vcpu)
{
    for (guint i = 0; usage && i < usage->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        if (thread->vcpu == vcpu)
            return thread;
    }
    return NULL;
}

char *usage_pid_folder(const char *uri)
{
    static const char embed[] = "qemu:///embed?root=";

    if (uri == NULL)
        return g_strdup("");
    if (g_str_has_prefix(uri, embed)) {
        g_autofree char *root = g_uri_unescape_string(uri + strlen(embed), NULL);
        return root ? g_build_filename(root, "run", "qemu", NULL) : g_strdup("");
    }
    if (g_str_has_prefix(uri, "qemu:///") || g_str_has_prefix(uri, "test:///"))
        return g_strdup("/run/libvirt/qemu");
    return g_strdup("");
}

/* The process of @domain, -1 unknown. A stale pid file may name another process by now, so its
 * command line must name the domain, as libvirt starts QEMU: "-name guest=NAME,…". */
static int find_process(const char *root, const char *folder, const char *name)
{
    gint64 pid;

    if (*folder == '\0' || strchr(name, '/') || g_str_has_prefix(name, "."))
        return -1;
    /* The embedded driver's folder is a path of this host, whatever the root. */
    const char *base = g_str_has_prefix(folder, "/run/libvirt") ? root : "";
    g_autofree char *path = g_strdup_printf("%s/%s.pid", folder, name);
    if (!rootfile_read_int(base, path, &pid) || pid <= 0 || pid > G_MAXINT32)
        return -1;
    g_autofree char *command_path = g_strdup_printf("%s/proc/%d/cmdline", root, (int)pid);
    g_autofree char *command = NULL;
    gsize length = 0;
    if (!g_file_get_contents(command_path, &command, &length, NULL))
        return -1;
    g_autofree char *escaped = g_strdup(name);
    g_autofree char *wanted = g_strdup_printf("guest=%s", escaped);
    for (gsize i = 0; i < length; i += strlen(command + i) + 1) {
        const char *argument = command + i;
        if (g_str_has_prefix(argument, wanted) &&
            (argument[strlen(wanted)] == ',' || argument[strlen(wanted)] == '\0'))
            return (int)pid;
        /* QEMU's option syntax doubles a comma inside the name. */
        if (strchr(name, ',') && g_str_has_prefix(argument, "guest="))
            return (int)pid;
    }
    return -1;
}

/* The vCPU of a thread named @comm; -1 where it is none. */
static int vcpu_of(const char *comm)
{
    int vcpu;
    char slash;

    return sscanf(comm, "CPU %5d%c", &vcpu, &slash) == 2 && slash == '/' && vcpu >= 0 ? vcpu : -1;
}

/* Field @wanted (from 1) of a stat line; the name in field 2 may hold blanks and parentheses. */
static int stat_field(const char *stat, int wanted)
{
    const char *p = strrchr(stat, ')');
    int field = 2;

    while (p && field < wanted) {
        p = strchr(p + 1, ' ');
        field++;
    }
    gint64 value;
    if (p == NULL)
        return -1;
    g_autofree char *word = g_strndup(p + 1, strcspn(p + 1, " \n"));
    return text_parse_int(word, &value) && value >= 0 && value < IDSET_MAX ? (int)value : -1;
}

/* The text after "@name:" in a status file; the caller frees it. */
static char *status_line(const char *status, const char *name)
{
    g_autofree char *head = g_strdup_printf("\n%s:", name);
    const char *p = status ? strstr(status, head) : NULL;

    return p ? g_strstrip(g_strndup(p + strlen(head), strcspn(p + strlen(head), "\n"))) : NULL;
}

/* Running time since the thread began, in ns (schedstat's first number); 0 unknown. */
static guint64 run_time(const char *root, const char *task)
{
    g_autofree char *text = rootfile_readf(root, "%s/schedstat", task);
    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

/* The share of a CPU that @now - @before ns are in @elapsed_us, in 1/1000. */
static Num load_between(guint64 before, guint64 now, gint64 elapsed_us)
{
    if (before == 0 || now < before || elapsed_us <= 0)
        return NUM_UNKNOWN;
    return NUM((now - before) / (guint64)elapsed_us);
}

static const ThreadUsage *previous_thread(const DomainUsage *previous, int tid)
{
    for (guint i = 0; previous && i < previous->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(previous->threads, ThreadUsage, i);
        if (thread->tid == tid)
            return thread;
    }
    return NULL;
}

static void add_thread(const char *root, DomainUsage *usage, int tid, int vcpu, guint64 run_ns,
    const DomainUsage *previous)
{
    ThreadUsage thread = {.vcpu = vcpu, .tid = tid, .run_ns = run_ns};
    g_autofree char *stat = rootfile_readf(root, "/proc/%d/task/%d/stat", usage->pid, tid);
    g_autofree char *status = rootfile_readf(root, "/proc/%d/task/%d/status", usage->pid, tid);
    g_autofree char *allowed = status_line(status, "Cpus_allowed_list");
    const ThreadUsage *before = previous_thread(previous, tid);

    thread.last_cpu = stat ? stat_field(stat, STAT_PROCESSOR) : -1;
    thread.affinity = idset_parse_kernel(allowed);
    thread.load = before
                      ? load_between(before->run_ns, run_ns, usage->taken_us - previous->taken_us)
                      : NUM_UNKNOWN;
    g_array_append_val(usage->threads, thread);
}

/* vCPUs ascending, the emulator thread (-1) last. */
static int compare_threads(gconstpointer a, gconstpointer b)
{
    guint x = (guint)((const ThreadUsage *)a)->vcpu, y = (guint)((const ThreadUsage *)b)->vcpu;
    return (x > y) - (x < y);
}

DomainUsage *usage_read(
    const char *root, const char *pid_folder, const Domain *domain, const DomainUsage *previous)
{
    int pid = domain_is_active(domain) ? find_process(root, pid_folder, domain->name) : -1;
    gint64 tid, kib;

    if (pid < 0)
        return NULL;
    if (previous && previous->pid != pid)
        previous = NULL;
    DomainUsage *usage = g_new0(DomainUsage, 1);
    usage->pid = pid;
    usage->taken_us = g_get_monotonic_time();
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    g_array_set_clear_func(usage->threads, thread_clear);

    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GPtrArray) tasks = rootfile_list(root, folder, "");
    for (guint i = 0; i < MIN(tasks->len, THREADS_MAX); i++) {
        const char *name = g_ptr_array_index(tasks, i);
        g_autofree char *task = g_strdup_printf("%s/%s", folder, name);
        if (!text_parse_int(name, &tid) || tid <= 0 || tid > G_MAXINT32)
            continue;
        guint64 run_ns = run_time(root, task);
        usage->run_ns += run_ns;
        g_autofree char *comm = rootfile_readf(root, "%s/comm", task);
        int vcpu = comm ? vcpu_of(comm) : -1;
        if (vcpu >= 0 || tid == pid)
            add_thread(root, usage, (int)tid, vcpu, run_ns, previous);
    }
    g_array_sort(usage->threads, compare_threads);
    usage->load = previous ? load_between(previous->run_ns, usage->run_ns,
                                 usage->taken_us - previous->taken_us)
                           : NUM_UNKNOWN;
    g_autofree char *status = rootfile_readf(root, "/proc/%d/status", pid);
    g_autofree char *rss = status_line(status, "VmRSS");
    if (rss && g_str_has_suffix(rss, " kB")) {
        rss[strlen(rss) - 3] = '\0';
        if (text_parse_int(rss, &kib))
            usage->rss_kib = NUM(kib);
    }
    return usage;
}
