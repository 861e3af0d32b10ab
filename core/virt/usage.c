/* What the kernel says of a running domain's QEMU process. QEMU names its threads by libvirt's
 * numbers: "CPU n/KVM", "CPU n/TCG", "IO iothreadN"; the thread whose id is the process's is the
 * emulator thread. With single-threaded TCG there is one "ALL CPUs/TCG", which is no vCPU's own:
 * those vCPUs stay unknown.
 *
 * This runs for every domain at every picture: files are opened below the open task folder and read
 * into the stack, what cannot change (a thread's name, whose process it is, its cgroup) is read
 * once, and what changes slowly (resident memory, what its pages are, whether a thread has a name
 * by now) every few seconds. */
#include "core/virt/usage.h"

#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/usage-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 8192
#define COMMAND_MAX (256u << 10) /* bytes of a command line that are searched for the name */
#define FILE_MAX    4096         /* a task's files are shorter */
#define SLOW_US     (5 * G_USEC_PER_SEC) /* the pace of what changes slowly */

static void thread_clear(gpointer data)
{
    hwloc_bitmap_free(((ThreadUsage *)data)->affinity);
    hwloc_bitmap_free(((ThreadUsage *)data)->cpuset);
}

void domain_usage_free(DomainUsage *usage)
{
    if (usage == NULL)
        return;
    g_array_unref(usage->threads);
    g_clear_pointer(&usage->others, g_array_unref);
    g_clear_pointer(&usage->unnamed, g_array_unref);
    g_clear_pointer(&usage->memory, g_array_unref);
    g_clear_pointer(&usage->hugetlb, g_array_unref);
    g_free(usage->memory_cgroup);
    g_free(usage->hugetlb_cgroup);
    g_free(usage);
}

static const ThreadUsage *find_thread(const DomainUsage *usage, int vcpu, int iothread)
{
    for (guint i = 0; usage && i < usage->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(usage->threads, ThreadUsage, i);
        if (thread->vcpu == vcpu && thread->iothread == iothread)
            return thread;
    }
    return NULL;
}

const ThreadUsage *domain_usage_vcpu(const DomainUsage *usage, int vcpu)
{
    return find_thread(usage, vcpu, 0);
}

const ThreadUsage *domain_usage_iothread(const DomainUsage *usage, int id)
{
    return find_thread(usage, -1, id);
}

/* ---- whose process ---- */

/* The embedded driver's root, of "?root=DIR"; the caller frees it. */
static char *embedded_root(const char *query)
{
    g_autoptr(GHashTable) params = g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, NULL);

    return params ? g_strdup(g_hash_table_lookup(params, "root")) : NULL;
}

char *usage_pid_folder(const char *uri, const char *root)
{
    const char *authority = uri ? strstr(uri, ":///") : NULL; /* a host's name would follow // */
    if (authority == NULL)
        return g_strdup("");

    g_autofree char *driver = g_strndup(uri, strcspn(uri, "+:"));
    const char *path = authority + strlen("://");
    const char *query = strchr(path, '?');
    g_autofree char *place = g_strndup(path, strcspn(path, "?#"));
    gboolean qemu = g_str_equal(driver, "qemu");
    if (qemu && g_str_equal(place, "/embed")) {
        g_autofree char *own = query ? embedded_root(query + 1) : NULL;
        return own ? g_build_filename(own, "run", "qemu", NULL) : g_strdup("");
    }
    if (qemu && g_str_equal(place, "/session"))
        return g_build_filename(g_get_user_runtime_dir(), "libvirt", "qemu", "run", NULL);
    /* Test domains have no process, but for those of the demo's own root. */
    if ((qemu && g_str_equal(place, "/system")) || (g_str_equal(driver, "test") && *root))
        return g_strconcat(root, "/run/libvirt/qemu", NULL);
    return g_strdup("");
}

/* Whether one of the arguments in @command (each ended by a 0 byte) names the domain as libvirt
 * starts QEMU: by "-uuid UUID" or, where there is none, "-name guest=NAME,…" (QEMU's options double
 * a comma within a value). */
static gboolean is_command_of(const char *command, gsize length, const Domain *domain)
{
    g_auto(GStrv) parts = g_strsplit(domain->name, ",", -1);
    g_autofree char *name = g_strjoinv(",,", parts);
    g_autofree char *guest = g_strconcat("guest=", name, NULL);
    gsize guest_length = strlen(guest);
    gboolean named = FALSE;

    for (gsize i = 0; i < length; i += strlen(command + i) + 1) {
        const char *argument = command + i;
        const char *next = argument + strlen(argument) + 1;
        if (g_str_equal(argument, "-uuid") && next < command + length)
            return g_ascii_strcasecmp(next, domain->uuid) == 0;
        const char *after = argument + guest_length;
        if (g_str_has_prefix(argument, guest) &&
            (*after == '\0' || (*after == ',' && after[1] != ',')))
            named = TRUE;
    }
    return named;
}

/* The process of @domain, -1 unknown. A stale pid file may name another process by now, so the
 * process itself must say whose it is. */
static int find_process(const char *root, const char *folder, const Domain *domain)
{
    gint64 pid;

    if (*folder == '\0' || strchr(domain->name, '/'))
        return -1;
    g_autofree char *file = g_strdup_printf("/%s.pid", domain->name);
    if (!rootfile_read_int(folder, file, &pid) || pid <= 0 || pid > G_MAXINT32)
        return -1;

    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", root, (int)pid);
    g_autofree char *command = g_malloc(COMMAND_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t length = 0;
    for (ssize_t n = 1; fd >= 0 && n > 0 && length < COMMAND_MAX; length += MAX(n, 0))
        n = read(fd, command + length, COMMAND_MAX - (gsize)length);
    if (fd >= 0)
        close(fd);
    command[length] = '\0';
    return is_command_of(command, (gsize)length, domain) ? (int)pid : -1;
}

int usage_process(const char *root, const char *folder, const char *uuid)
{
    g_autoptr(GPtrArray) names = rootfile_list(folder, "", "");

    for (guint i = 0; *folder && i < names->len; i++) {
        char *name = g_ptr_array_index(names, i);
        if (!g_str_has_suffix(name, ".pid"))
            continue;
        name[strlen(name) - strlen(".pid")] = '\0';
        Domain domain = {.name = name, .uuid = (char *)uuid};
        int pid = find_process(root, folder, &domain);
        if (pid > 0)
            return pid;
    }
    return -1;
}

/* ---- its threads ---- */

/* Reads NAME/FILE below the task folder into @text (FILE_MAX bytes). FALSE: not there (any more).
 */
static gboolean read_task(int folder, const char *tid, const char *name, char *text)
{
    char path[64];

    g_snprintf(path, sizeof path, "%s/%s", tid, name);
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return FALSE;
    ssize_t n = read(fd, text, FILE_MAX - 1);
    close(fd);
    text[MAX(n, 0)] = '\0';
    return n > 0;
}

/* Takes from @comm, a thread's name, which vCPU or I/O thread it is. */
static void name_thread(ThreadUsage *thread, const char *comm)
{
    int number;
    char after;

    if (sscanf(comm, "CPU %5d%c", &number, &after) == 2 && after == '/' && number >= 0)
        thread->vcpu = number;
    /* Of a longer number the kernel keeps a part only: that is no id. */
    else if (sscanf(comm, "IO iothread%4d%c", &number, &after) == 2 && after == '\n' && number > 0)
        thread->iothread = number;
}

Num usage_stat_field(const char *stat, int wanted)
{
    const char *p = strrchr(stat, ')');
    char *end;

    for (int field = 2; p && field < wanted; field++)
        p = strchr(p + 1, ' ');
    if (p == NULL || !g_ascii_isdigit(p[1]))
        return NUM_UNKNOWN;
    guint64 value = g_ascii_strtoull(p + 1, &end, 10);
    return value <= G_MAXINT64 ? NUM(value) : NUM_UNKNOWN;
}

/* The text after @head ("\nVmRSS:") in a status file; NULL where it is not there. */
static char *status_value(const char *status, const char *head, char *value, gsize size)
{
    const char *p = strstr(status, head);
    if (p == NULL)
        return NULL;

    p += strlen(head);
    gsize length = strcspn(p, "\n");
    g_strlcpy(value, p, MIN(size, length + 1));
    return g_strstrip(value);
}

static Num status_kib(const char *status, const char *head)
{
    char value[64];
    gint64 kib;

    if (!status_value(status, head, value, sizeof value) || !g_str_has_suffix(value, " kB"))
        return NUM_UNKNOWN;
    value[strlen(value) - strlen(" kB")] = '\0';
    return text_parse_int(value, &kib) && kib >= 0 ? NUM(kib) : NUM_UNKNOWN;
}

/* The share of a CPU that @now - @before ns of @threads are in @elapsed_us, in 1/1000. The clock is
 * read before the files: where the machine is busy more may have run since than time has passed,
 * and none runs more than all the time. */
static Num share_between(guint64 before, guint64 now, gint64 elapsed_us, guint threads)
{
    if (before == 0 || now < before || elapsed_us <= 0)
        return NUM_UNKNOWN;
    return NUM(MIN((now - before) / (guint64)elapsed_us, threads * G_GUINT64_CONSTANT(1000)));
}

/* One reading of one process. */
typedef struct {
    const char *root;
    int folder; /* its open task folder */
    const char *main_stat;
    const Topology *topology;   /* NULL: not known */
    const DomainConfig *config; /* likewise */
    const DomainUsage *previous;
    gboolean is_turn; /* of what changes slowly */
    DomainUsage *usage;
} Reading;

static const ThreadUsage *previous_thread(const DomainUsage *previous, int tid)
{
    for (guint i = 0; previous && i < previous->threads->len; i++) {
        const ThreadUsage *thread = &g_array_index(previous->threads, ThreadUsage, i);
        if (thread->tid == tid)
            return thread;
    }
    return NULL;
}

IdSet *usage_own_affinity(int tid)
{
    cpu_set_t *cpus = CPU_ALLOC(IDSET_MAX);
    gsize size = CPU_ALLOC_SIZE(IDSET_MAX);
    IdSet *set = NULL;

    if (sched_getaffinity(tid, size, cpus) == 0) {
        set = hwloc_bitmap_alloc();
        hwloc_bitmap_from_ulongs(set, (unsigned)(size / sizeof(gulong)), (const gulong *)cpus);
    }
    CPU_FREE(cpus);
    return set;
}

static void add_thread(const Reading *reading, const char *name, ThreadUsage *thread)
{
    DomainUsage *usage = reading->usage;
    const ThreadUsage *before = previous_thread(reading->previous, thread->tid);
    gboolean is_main = thread->tid == usage->pid;
    gboolean local = *reading->root == '\0';
    char text[FILE_MAX], allowed[FILE_MAX];

    if (is_main || read_task(reading->folder, name, "stat", text)) {
        Num cpu = usage_stat_field(is_main ? reading->main_stat : text, STAT_PROCESSOR);
        thread->last_cpu = cpu.known && cpu.value < IDSET_MAX ? (int)cpu.value : -1;
    }
    if (local)
        thread->affinity = usage_own_affinity(thread->tid);
    if (is_main && !reading->is_turn) {
        usage->rss_kib = reading->previous->rss_kib;
        usage->mapped_huge = reading->previous->mapped_huge;
    }
    if ((!local || (is_main && reading->is_turn)) &&
        read_task(reading->folder, name, "status", text)) {
        if (!local && status_value(text, "\nCpus_allowed_list:", allowed, sizeof allowed))
            thread->affinity = idset_parse_kernel(allowed);
        if (is_main) {
            usage->rss_kib = status_kib(text, "\nVmRSS:");
            usage->mapped_huge = status_kib(text, "\nHugetlbPages:");
        }
    }
    gboolean strays =
        reading->config && domain_affinity_strays(domain_config_asked_of(reading->config, thread),
                               thread->affinity, reading->topology);
    if (strays && before && before->cpuset && idset_equal(before->affinity, thread->affinity))
        thread->cpuset = idset_copy(before->cpuset);
    else if (strays)
        thread->cpuset = usage_read_cpuset(reading->root, usage->pid, thread->tid);
    if (before) {
        gint64 elapsed_us = usage->taken_us - reading->previous->taken_us;
        thread->load = share_between(before->run_ns, thread->run_ns, elapsed_us, 1);
        if (before->run_ns > 0) /* schedstat was there: a wait of 0 is one */
            thread->wait = share_between(before->wait_ns + 1, thread->wait_ns + 1, elapsed_us, 1);
    }
    g_array_append_val(usage->threads, *thread);
}

static gboolean is_listed(const GArray *tids, int tid)
{
    for (guint i = 0; tids && i < tids->len; i++)
        if (g_array_index(tids, int, i) == tid)
            return TRUE;
    return FALSE;
}

/* Takes the thread @name of the task folder into account. */
static void read_thread(const Reading *reading, const char *name)
{
    DomainUsage *usage = reading->usage;
    char text[FILE_MAX];
    gint64 number;

    if (!text_parse_int(name, &number) || number <= 0 || number > G_MAXINT32)
        return;
    int tid = (int)number;
    ThreadUsage thread = {.tid = tid, .vcpu = -1, .last_cpu = -1};
    if (read_task(reading->folder, name, "schedstat", text)) {
        char *end;
        thread.run_ns = g_ascii_strtoull(text, &end, 10);
        thread.wait_ns = g_ascii_strtoull(end, NULL, 10);
    }
    usage->run_ns += thread.run_ns;

    const DomainUsage *previous = reading->previous;
    const ThreadUsage *before = previous_thread(previous, tid);
    gboolean other = previous && is_listed(previous->others, tid);
    gboolean unnamed = previous && !other && is_listed(previous->unnamed, tid);
    if (before) {
        thread.vcpu = before->vcpu;
        thread.iothread = before->iothread;
    } else if (!other && (!unnamed || reading->is_turn) &&
               read_task(reading->folder, name, "comm", text)) {
        name_thread(&thread, text);
        /* A thread is born with its parent's name and takes its own a moment later. */
        unnamed = g_str_has_prefix(text, "qemu");
        other = thread.vcpu < 0 && thread.iothread == 0 && !unnamed;
    }
    if (thread.vcpu >= 0 || thread.iothread > 0 || tid == usage->pid)
        add_thread(reading, name, &thread);
    else if (other)
        g_array_append_val(usage->others, tid);
    else if (unnamed)
        g_array_append_val(usage->unnamed, tid);
}

/* vCPUs ascending, the emulator thread (-1), I/O threads ascending. */
static int compare_threads(gconstpointer a, gconstpointer b)
{
    const ThreadUsage *first = a, *second = b;
    guint x = (guint)first->vcpu, y = (guint)second->vcpu;

    if (x == y)
        return (first->iothread > second->iothread) - (first->iothread < second->iothread);
    return (x > y) - (x < y);
}

/* Opens the task folder of @pid and reads its main thread's stat file; NULL where it is gone. */
static DIR *open_process(const char *root, int pid, char *stat)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/task", root, pid);
    g_autofree char *name = g_strdup_printf("%d", pid);
    DIR *tasks = pid > 0 ? opendir(path) : NULL;

    if (tasks && !read_task(dirfd(tasks), name, "stat", stat)) {
        closedir(tasks);
        return NULL;
    }
    return tasks;
}

static guint64 start_time(const char *stat)
{
    return (guint64)num_or(usage_stat_field(stat, STAT_START), 0);
}

DomainUsage *usage_read(const char *root, const char *pid_folder, const Host *host,
    const Domain *domain, const DomainUsage *previous)
{
    char stat[FILE_MAX];

    if (!domain_is_active(domain))
        return NULL;
    int pid = previous ? previous->pid : -1;
    DIR *tasks = open_process(root, pid, stat);
    if (tasks == NULL || start_time(stat) != previous->started) {
        if (tasks)
            closedir(tasks);
        previous = NULL;
        pid = find_process(root, pid_folder, domain);
        tasks = open_process(root, pid, stat);
    }
    if (tasks == NULL)
        return NULL;

    DomainUsage *usage = g_new0(DomainUsage, 1);
    usage->pid = pid;
    usage->started = start_time(stat);
    usage->taken_us = g_get_monotonic_time();
    usage->others = g_array_new(FALSE, FALSE, sizeof(int));
    usage->unnamed = g_array_new(FALSE, FALSE, sizeof(int));
    gboolean is_turn = previous == NULL || usage->taken_us - previous->slow_us >= SLOW_US;
    usage->slow_us = is_turn ? usage->taken_us : previous->slow_us;
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    g_array_set_clear_func(usage->threads, thread_clear);
    const Reading reading = {.root = root,
        .folder = dirfd(tasks),
        .main_stat = stat,
        .topology = host ? host->topology : NULL,
        .config = domain_now(domain),
        .previous = previous,
        .is_turn = is_turn,
        .usage = usage};
    guint count = 0;
    for (const struct dirent *entry; count < THREADS_MAX && (entry = readdir(tasks)); count++)
        read_thread(&reading, entry->d_name);
    closedir(tasks);
    g_array_sort(usage->threads, compare_threads);
    if (previous)
        usage->load = share_between(previous->run_ns, usage->run_ns,
            usage->taken_us - previous->taken_us, usage->threads->len + usage->others->len);
    usage_read_memory(usage, root, host, domain, previous);
    usage_read_pages(usage, root, host, domain, previous);
    return usage;
}
