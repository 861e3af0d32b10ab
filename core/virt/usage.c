/* What the kernel says of a running domain's QEMU process. QEMU names its threads by libvirt's
 * numbers: "CPU n/KVM", "CPU n/TCG", "IO iothreadN"; the thread whose id is the process's is the
 * emulator thread. With single-threaded TCG there is one "ALL CPUs/TCG", which is no vCPU's own:
 * those vCPUs stay unknown.
 *
 * This runs for every domain at every picture: files are opened below the open task folder and read
 * into the stack, what cannot change (a thread's name, whose process it is, its cgroup) is read
 * once, and what changes slowly (where its memory is, what its pages are, which threads there are)
 * when it is the turn of the host's. */
#include "core/virt/usage.h"

#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/usage-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8192
#define FILE_MAX    4096 /* a task's files are shorter */

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

/* ---- its threads ---- */

/* Reads TID/NAME below the task folder into @text (FILE_MAX bytes). FALSE: not there (any more).
 */
static gboolean read_task(int folder, int tid, const char *name, char *text)
{
    char path[64];

    g_snprintf(path, sizeof path, "%d/%s", tid, name);
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

Num usage_stat_rss(const char *stat)
{
    Num pages = usage_stat_field(stat, STAT_RSS);

    return pages.known ? NUM(pages.value * (sysconf(_SC_PAGESIZE) / 1024)) : NUM_UNKNOWN;
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
    gboolean local; /* @root is this host's: the kernel answers calls, too */
    int folder;     /* its open task folder */
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

/* What all threads of process @pid of this host have run, those that have ended too, in ns; 0
 * unknown. One call, where their files would be one each. */
static guint64 process_time(int pid)
{
    clockid_t clock;
    struct timespec time;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return 0;
    return (guint64)time.tv_sec * G_GUINT64_CONSTANT(1000000000) + (guint64)time.tv_nsec;
}

static void add_thread(const Reading *reading, ThreadUsage *thread)
{
    DomainUsage *usage = reading->usage;
    const ThreadUsage *before = previous_thread(reading->previous, thread->tid);
    gboolean is_main = thread->tid == usage->pid, local = reading->local;
    char text[FILE_MAX], allowed[FILE_MAX];

    if (is_main || read_task(reading->folder, thread->tid, "stat", text)) {
        Num cpu = usage_stat_field(is_main ? reading->main_stat : text, STAT_PROCESSOR);
        thread->last_cpu = cpu.known && cpu.value < IDSET_MAX ? (int)cpu.value : -1;
    }
    if (local)
        thread->affinity = usage_own_affinity(thread->tid);
    if (is_main && local)
        usage->rss_kib = usage_stat_rss(reading->main_stat);
    if (is_main && !reading->is_turn)
        usage->mapped_huge = reading->previous->mapped_huge;
    if ((!local || (is_main && reading->is_turn)) &&
        read_task(reading->folder, thread->tid, "status", text)) {
        if (!local && status_value(text, "\nCpus_allowed_list:", allowed, sizeof allowed))
            thread->affinity = idset_parse_kernel(allowed);
        if (is_main && !local)
            usage->rss_kib = status_kib(text, "\nVmRSS:");
        if (is_main)
            usage->mapped_huge = status_kib(text, "\nHugetlbPages:");
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

/* Takes the thread @tid of the task folder into account. FALSE where it is gone. */
static gboolean read_thread(const Reading *reading, int tid)
{
    DomainUsage *usage = reading->usage;
    const DomainUsage *previous = reading->previous;
    const ThreadUsage *before = previous_thread(previous, tid);
    gboolean other = previous && is_listed(previous->others, tid);
    gboolean unnamed = previous && !other && is_listed(previous->unnamed, tid);
    /* Of a thread that is nobody's, only its part of the whole matters. */
    gboolean is_in_whole = reading->local && (other || (unnamed && !reading->is_turn));
    ThreadUsage thread = {.tid = tid, .vcpu = -1, .last_cpu = -1};
    char text[FILE_MAX];

    gboolean is_there = is_in_whole || read_task(reading->folder, tid, "schedstat", text);
    if (is_there && !is_in_whole) {
        char *end;
        thread.run_ns = g_ascii_strtoull(text, &end, 10);
        thread.wait_ns = g_ascii_strtoull(end, NULL, 10);
    }
    if (!reading->local)
        usage->run_ns += thread.run_ns;
    if (before) {
        thread.vcpu = before->vcpu;
        thread.iothread = before->iothread;
    } else if (!other && (!unnamed || reading->is_turn) &&
               read_task(reading->folder, tid, "comm", text)) {
        name_thread(&thread, text);
        /* A thread is born with its parent's name and takes its own a moment later, or never. */
        unnamed = !unnamed && g_str_has_prefix(text, "qemu");
        other = thread.vcpu < 0 && thread.iothread == 0 && !unnamed;
    }
    if (thread.vcpu >= 0 || thread.iothread > 0 || tid == usage->pid)
        add_thread(reading, &thread);
    else if (other)
        g_array_append_val(usage->others, tid);
    else if (unnamed)
        g_array_append_val(usage->unnamed, tid);
    return is_there;
}

static gboolean read_these(const Reading *reading, const GArray *tids)
{
    gboolean are_there = TRUE;

    for (guint i = 0; are_there && i < tids->len; i++)
        are_there = read_thread(reading, g_array_index(tids, int, i));
    return are_there;
}

/* The threads of the reading before, where there are as many now: between two turns they are taken
 * for the same ones as long as none of them is gone. FALSE: what there is must be listed. */
static gboolean read_same_threads(const Reading *reading)
{
    const DomainUsage *previous = reading->previous;
    gint64 count = num_or(usage_stat_field(reading->main_stat, STAT_THREADS), -1);
    gboolean same = !reading->is_turn && count == previous->threads->len + previous->others->len +
                                                      previous->unnamed->len;

    for (guint i = 0; same && i < previous->threads->len; i++)
        same = read_thread(reading, g_array_index(previous->threads, ThreadUsage, i).tid);
    return same && read_these(reading, previous->others) && read_these(reading, previous->unnamed);
}

static void list_threads(const Reading *reading)
{
    DomainUsage *usage = reading->usage;
    DIR *tasks = fdopendir(fcntl(reading->folder, F_DUPFD_CLOEXEC, 0));
    gint64 tid;

    g_array_set_size(usage->threads, 0);
    g_array_set_size(usage->others, 0);
    g_array_set_size(usage->unnamed, 0);
    if (!reading->local)
        usage->run_ns = 0;
    guint count = 0;
    for (const struct dirent *entry; tasks && count < THREADS_MAX && (entry = readdir(tasks));
         count++)
        if (text_parse_int(entry->d_name, &tid) && tid > 0 && tid <= G_MAXINT32)
            read_thread(reading, (int)tid);
    if (tasks)
        closedir(tasks);
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

/* Opens the task folder of @pid and reads its main thread's stat file; -1 where it is gone. */
static int open_process(const char *root, int pid, char *stat)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/task", root, pid);
    int folder = pid > 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (folder >= 0 && !read_task(folder, pid, "stat", stat)) {
        close(folder);
        return -1;
    }
    return folder;
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
    int folder = open_process(root, pid, stat);
    if (folder < 0 || start_time(stat) != previous->started) {
        if (folder >= 0)
            close(folder);
        previous = NULL;
        pid = usage_find_process(root, pid_folder, domain);
        folder = open_process(root, pid, stat);
    }
    if (folder < 0)
        return NULL;

    gboolean local = *root == '\0';
    DomainUsage *usage = g_new0(DomainUsage, 1);
    usage->pid = pid;
    usage->started = start_time(stat);
    usage->taken_us = g_get_monotonic_time();
    usage->run_ns = local ? process_time(pid) : 0;
    usage->others = g_array_new(FALSE, FALSE, sizeof(int));
    usage->unnamed = g_array_new(FALSE, FALSE, sizeof(int));
    usage->slow_us = host ? host->slow_us : usage->taken_us;
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    g_array_set_clear_func(usage->threads, thread_clear);
    const Reading reading = {.root = root,
        .local = local,
        .folder = folder,
        .main_stat = stat,
        .topology = host ? host->topology : NULL,
        .config = domain_now(domain),
        .previous = previous,
        .is_turn = !usage_takes_over(usage, previous),
        .usage = usage};
    if (!read_same_threads(&reading))
        list_threads(&reading);
    close(folder);
    g_array_sort(usage->threads, compare_threads);
    if (previous)
        usage->load = share_between(previous->run_ns, usage->run_ns,
            usage->taken_us - previous->taken_us, usage->threads->len + usage->others->len);
    usage_read_memory(usage, root, host, domain, previous);
    usage_read_pages(usage, root, host, domain, previous);
    return usage;
}
