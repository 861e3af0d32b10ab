/* The demo's CPUs and QEMU processes: /proc/stat and /proc/PID as a kernel would show them. */
#include "core/demo/demo-private.h"
#include "core/util/idset.h"
#include "core/util/rootfile.h"
#include "core/virt/domain.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CPUS_MAX 64

/* What the demo's domains do all day, in 1/1000 of a CPU for each vCPU. */
static const struct {
    const char *name;
    guint load, wobble;
} habits[] = {{"web1", 240, 80}, {"web2", 210, 80}, {"db", 620, 120}, {"build", 710, 180},
    {"desktop", 90, 60}};

/* Threads that do not run where their domain's XML asks, as after a taskset by hand. A new pin
 * moves them. */
static const struct {
    const char *name;
    guint vcpu;
    const char *asked, *real;
} strays[] = {{"build", 2, "17", "16-22,48-54"}};

typedef struct {
    int pid, tid;
    int vcpu; /* -1: the main or an I/O thread */
    char comm[16];
    IdSet *affinity;
    int cpu;
    guint demand, got; /* 1/1000 of a CPU */
    const Domain *domain;
} Thread;

static void thread_clear(gpointer data)
{
    hwloc_bitmap_free(((Thread *)data)->affinity);
}

/* ── who runs where ── */

static IdSet *all_cpus(DemoState *state, const char *file)
{
    g_autofree char *text = rootfile_readf(state->root, "/sys/devices/system/cpu/%s", file);
    IdSet *set = idset_parse_kernel(text);

    return set ? set : hwloc_bitmap_alloc();
}

/* The kernel's answer to @asked (NULL: anywhere): what of it is online. */
static IdSet *real_affinity(const Domain *domain, int vcpu, const IdSet *asked, const IdSet *online)
{
    g_autofree char *text = idset_format(asked);
    IdSet *set = idset_copy(asked ? asked : online);

    for (guint i = 0; i < G_N_ELEMENTS(strays); i++) {
        if ((guint)vcpu == strays[i].vcpu && strcmp(domain->name, strays[i].name) == 0 &&
            strcmp(text, strays[i].asked) == 0) {
            hwloc_bitmap_free(set);
            set = idset_parse(strays[i].real, NULL);
        }
    }
    hwloc_bitmap_and(set, set, online);
    if (hwloc_bitmap_iszero(set))
        hwloc_bitmap_copy(set, online);
    return set;
}

/* The CPU a thread is found on: any of its own, isolated ones only where it was put there. */
static int pick_cpu(DemoState *state, const Thread *thread, const IdSet *isolated)
{
    g_autoptr(IdSet) set = idset_copy(thread->affinity);
    guint64 step = state->still ? 0 : state->step / 8;

    hwloc_bitmap_andnot(set, set, isolated);
    if (hwloc_bitmap_iszero(set))
        hwloc_bitmap_copy(set, thread->affinity);
    guint skip = demo_random(thread->domain->name, (guint)(thread->tid - thread->pid), step) %
                 MAX(idset_count(set), 1);
    for (IDSET_EACH(cpu, set))
        if (skip-- == 0)
            return cpu;
    return 0;
}

static guint demand_of(DemoState *state, const Thread *thread)
{
    guint load = 120, wobble = 40;

    if (thread->vcpu < 0)
        return 12;
    if (thread->domain->state != DOMAIN_RUNNING)
        return 0;
    for (guint i = 0; i < G_N_ELEMENTS(habits); i++) {
        if (strcmp(thread->domain->name, habits[i].name) == 0) {
            load = habits[i].load;
            wobble = habits[i].wobble;
        }
    }
    guint n = (guint)thread->vcpu;
    /* each vCPU its own level, and around it a step's own */
    load += demo_random(thread->domain->name, n, 0) % wobble;
    return state->still ? load : load + demo_random(thread->domain->name, n, state->step) % wobble;
}

/* The list in the making, and the host's CPUs. */
typedef struct {
    DemoState *state;
    GArray *threads;
    const IdSet *online, *isolated;
} Listing;

static void add_thread(const Listing *listing, const Domain *domain, int tid, int vcpu,
    const char *comm, const IdSet *asked)
{
    Thread thread = {.pid = 10000 + domain->id * 1000, .vcpu = vcpu, .domain = domain};

    thread.tid = thread.pid + tid;
    g_strlcpy(thread.comm, comm, sizeof thread.comm);
    thread.affinity = real_affinity(domain, vcpu, asked, listing->online);
    thread.cpu = pick_cpu(listing->state, &thread, listing->isolated);
    thread.demand = demand_of(listing->state, &thread);
    g_array_append_val(listing->threads, thread);
}

/* All threads of all running domains; each process's main thread first. */
static GArray *list_threads(DemoState *state, const GPtrArray *domains)
{
    GArray *threads = g_array_new(FALSE, TRUE, sizeof(Thread));
    g_autoptr(IdSet) online = all_cpus(state, "online");
    g_autoptr(IdSet) isolated = all_cpus(state, "isolated");
    const Listing listing = {state, threads, online, isolated};

    g_array_set_clear_func(threads, thread_clear);
    for (guint i = 0; domains && i < domains->len; i++) {
        const Domain *domain = domains->pdata[i];
        const DomainConfig *config = domain->live ? domain->live : domain->config;
        if (domain->id < 0 || config == NULL || strchr(domain->name, '/'))
            continue;
        add_thread(&listing, domain, 0, -1, "qemu-system-x86",
            config->emulatorpin ? config->emulatorpin : config->vcpu_cpuset);
        for (guint n = 0; n < MIN(config->vcpus_current, 900); n++) {
            g_autofree char *comm = g_strdup_printf("CPU %u/KVM", n);
            const IdSet *pin = n < config->vcpupin->len ? config->vcpupin->pdata[n] : NULL;
            add_thread(&listing, domain, (int)n + 1, (int)n, comm, pin ? pin : config->vcpu_cpuset);
        }
        for (guint n = 1; n <= MIN(config->iothreads, 90); n++) {
            g_autofree char *comm = g_strdup_printf("IO iothread%u", n);
            add_thread(&listing, domain, (int)n + 900, -1, comm,
                config->iothreadpin
                    ? g_hash_table_lookup(config->iothreadpin, GINT_TO_POINTER((int)n))
                    : NULL);
        }
    }
    return threads;
}

/* ── /proc/stat ── */

/* A step is 1000 units of each CPU's time, so that a load of 1/1000 shows. */
static void put_stat(DemoState *state, const guint *guest, const guint *host)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, FIELDS };
    g_autofree char *text = rootfile_read(state->root, "/proc/stat");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autoptr(GString) cpus = g_string_new(NULL);
    g_autoptr(GString) rest = g_string_new(NULL);
    gint64 sum[FIELDS] = {0};

    for (guint i = 0; lines[i] != NULL; i++) {
        gint64 f[FIELDS] = {0};
        int cpu;
        char *at = lines[i] + strlen("cpu");
        if (!g_str_has_prefix(lines[i], "cpu")) {
            g_string_append_printf(rest, "%s\n", lines[i]);
            continue;
        }
        if (sscanf(at, "%d", &cpu) != 1 || !g_ascii_isdigit(*at) || cpu >= CPUS_MAX)
            continue;
        at = strchr(at, ' ');
        for (guint k = 0; at && k < FIELDS; k++)
            f[k] = g_ascii_strtoll(at, &at, 10);
        f[USER] += guest[cpu]; /* the kernel counts a guest's time as user time, too */
        f[GUEST] += guest[cpu];
        f[SYSTEM] += host[cpu];
        f[IDLE] += 1000 - guest[cpu] - host[cpu];
        g_string_append_printf(cpus, "cpu%d", cpu);
        for (guint k = 0; k < FIELDS; k++) {
            g_string_append_printf(cpus, " %" G_GINT64_FORMAT, f[k]);
            sum[k] += f[k];
        }
        g_string_append_c(cpus, '\n');
    }
    g_autoptr(GString) first = g_string_new("cpu ");
    for (guint k = 0; k < FIELDS; k++)
        g_string_append_printf(first, " %" G_GINT64_FORMAT, sum[k]);
    demo_putf(state->root, "/proc/stat", "%s\n%s%s", first->str, cpus->str, rest->str);
}

/* Shares each CPU among the threads on it, and writes what came of it. */
static void share_cpus(DemoState *state, GArray *threads)
{
    guint wanted[CPUS_MAX] = {0}, guest[CPUS_MAX] = {0}, host[CPUS_MAX] = {0};
    g_autoptr(IdSet) isolated = all_cpus(state, "isolated");

    for (guint i = 0; i < threads->len; i++) {
        Thread *thread = &g_array_index(threads, Thread, i);
        if (thread->cpu < CPUS_MAX)
            wanted[thread->cpu] += thread->demand;
    }
    for (guint cpu = 0; cpu < CPUS_MAX; cpu++)
        if (!idset_has(isolated, cpu))
            host[cpu] = 4 + demo_random("host", cpu, state->still ? 0 : state->step) % 18;
    for (guint i = 0; i < threads->len; i++) {
        Thread *thread = &g_array_index(threads, Thread, i);
        if (thread->cpu >= CPUS_MAX || wanted[thread->cpu] == 0)
            continue;
        guint room = 1000 - host[thread->cpu];
        thread->got = wanted[thread->cpu] <= room ? thread->demand
                                                  : thread->demand * room / wanted[thread->cpu];
        guest[thread->cpu] += thread->got;
    }
    put_stat(state, guest, host);
}

/* ── /proc/PID ── */

/* Removes @path and, where it is a directory, what is below it. */
static void remove_tree(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(fd, entry->d_name);
    unlinkat(at, name, dir ? AT_REMOVEDIR : 0);
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

/* Removes what in ROOT/PATH is none of @wanted (a set of names); with @digits only numbers. */
static void prune(DemoState *state, const char *path, GHashTable *wanted, gboolean digits)
{
    g_autoptr(GPtrArray) names = rootfile_list(state->root, path, "");

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *full = g_strconcat(state->root, path, "/", name, NULL);
        if (!g_hash_table_contains(wanted, name) && (!digits || g_ascii_isdigit(*name)))
            remove_tree(AT_FDCWD, full);
    }
}

/* The process's arguments, each ended by a 0 byte. */
static void put_cmdline(DemoState *state, const Thread *thread)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", state->root, thread->pid);
    g_autoptr(GString) line = g_string_new("/usr/bin/qemu-system-x86_64|-name|guest=");

    g_string_append_printf(
        line, "%s,debug-threads=on|-uuid|%s|", thread->domain->name, thread->domain->uuid);
    g_strdelimit(line->str, "|", '\0');
    g_file_set_contents(path, line->str, (gssize)line->len, NULL);
}

/* Only what is not in hugepages, and may be merged, is. */
static void put_ksm(DemoState *state, const Thread *thread, gboolean huge, gboolean apart)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ksm_stat", thread->pid);
    gint64 pages = huge || apart ? 0 : demo_number(state->root, "/sys/kernel/mm/ksm/pages_sharing");

    demo_putf(state->root, path,
        "ksm_rmap_items %" G_GINT64_FORMAT "\nksm_zero_pages 0\nksm_merging_pages %" G_GINT64_FORMAT
        "\nksm_process_profit %" G_GINT64_FORMAT "\n",
        pages * 3, pages, pages * (4096 - 3 * 64));
}

/* Files that change only with the thread's affinity or the domain's memory. */
static void put_status(DemoState *state, const Thread *thread)
{
    const DomainConfig *config =
        thread->domain->live ? thread->domain->live : thread->domain->config;
    gint64 memory = num_or(config->current_memory_kib, num_or(config->memory_kib, 0));
    gboolean huge = config->hugepages && strcmp(config->hugepages, "off") != 0;
    gint64 rss = 184320 + (huge ? 0 : memory / 5 * 4);
    g_autofree char *cpus = idset_format(thread->affinity);
    g_autofree char *seen = g_strdup_printf("%s %" G_GINT64_FORMAT " %d", cpus, memory, huge);
    g_autofree char *key = g_strdup_printf("%d", thread->tid);
    g_autofree char *kept = g_key_file_get_string(state->keys, "threads", key, NULL);

    if (thread->tid == thread->pid)
        put_ksm(state, thread, huge, config->nosharepages);
    if (g_strcmp0(kept, seen) == 0)
        return;
    g_key_file_set_string(state->keys, "threads", key, seen);
    g_autofree char *status = g_strdup_printf(
        "Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nVmRSS:\t%8" G_GINT64_FORMAT
        " kB\nHugetlbPages:\t%8" G_GINT64_FORMAT " kB\nCpus_allowed_list:\t%s\n",
        thread->comm, thread->pid, thread->tid, rss, huge ? memory : 0, cpus);
    g_autofree char *task = g_strdup_printf("/proc/%d/task/%d", thread->pid, thread->tid);
    g_autofree char *task_status = g_strconcat(task, "/status", NULL);
    g_autofree char *task_comm = g_strconcat(task, "/comm", NULL);
    demo_put(state->root, task_status, status);
    demo_putf(state->root, task_comm, "%s\n", thread->comm);
    if (thread->tid != thread->pid)
        return;

    g_autofree char *process = g_strdup_printf("/proc/%d", thread->pid);
    const struct {
        const char *file;
        char *text;
    } files[] = {{"status", g_strdup(status)}, {"comm", g_strconcat(thread->comm, "\n", NULL)},
        {"statm", g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " 5120 2048 0 0 0\n",
                      (memory + 921600) / 4, rss / 4)}};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strconcat(process, "/", files[i].file, NULL);
        demo_put(state->root, path, files[i].text);
        g_free(files[i].text);
    }
    put_cmdline(state, thread);
    g_autofree char *pid_file = g_strdup_printf("/run/libvirt/qemu/%s.pid", thread->domain->name);
    demo_putf(state->root, pid_file, "%d", thread->pid);
}

/* Files that change with every step. */
static void put_usage(DemoState *state, const Thread *thread, gint64 elapsed_us)
{
    g_autofree char *task = g_strdup_printf("/proc/%d/task/%d", thread->pid, thread->tid);
    g_autofree char *schedstat = g_strconcat(task, "/schedstat", NULL);
    g_autofree char *stat = g_strconcat(task, "/stat", NULL);
    g_autofree char *before = rootfile_read(state->root, schedstat);
    /* A minute of work lies behind a thread that is first seen. */
    guint64 run = 60 * G_GUINT64_CONSTANT(1000000000), wait = 0, slices = 0;

    if (before)
        sscanf(before, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &run,
            &wait, &slices);
    run += (guint64)elapsed_us * thread->got; /* µs in 1/1000 are ns */
    wait += (guint64)elapsed_us * (thread->demand - thread->got);
    slices += (guint64)elapsed_us / 4000;
    demo_putf(state->root, schedstat,
        "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", run, wait, slices);
    g_autofree char *line =
        g_strdup_printf("%d (%s) S 1 %d %d 0 -1 138412416 0 0 0 0 %" G_GUINT64_FORMAT
                        " 0 0 0 20 0 1 0 41207 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 -1 "
                        "%d 0 0 0 0 0 0 0 "
                        "0 0 0 0 0 0\n",
            thread->tid, thread->comm, thread->pid, thread->pid, run / 10000000, thread->cpu);
    demo_put(state->root, stat, line);
    if (thread->tid == thread->pid) {
        g_autofree char *process_stat = g_strdup_printf("/proc/%d/stat", thread->pid);
        demo_put(state->root, process_stat, line);
    }
}

/* Ends the processes and threads that are no more. */
static void end_processes(DemoState *state, GArray *threads)
{
    g_autoptr(GHashTable) tids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) pid_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < threads->len; i++) {
        const Thread *thread = &g_array_index(threads, Thread, i);
        g_hash_table_add(tids, g_strdup_printf("%d", thread->tid));
        g_hash_table_add(pid_files, g_strdup_printf("%s.pid", thread->domain->name));
    }
    g_hash_table_add(tids, g_strdup(DEMO_KSMD));
    prune(state, "/proc", tids, TRUE); /* a process has its main thread's number */
    prune(state, "/run/libvirt/qemu", pid_files, FALSE);
    for (guint i = 0; i < threads->len; i++) {
        const Thread *thread = &g_array_index(threads, Thread, i);
        if (thread->tid != thread->pid)
            continue;
        g_autofree char *tasks = g_strdup_printf("/proc/%d/task", thread->pid);
        prune(state, tasks, tids, TRUE);
    }
    g_auto(GStrv) kept = g_key_file_get_keys(state->keys, "threads", NULL, NULL);
    for (guint i = 0; kept && kept[i] != NULL; i++)
        if (!g_hash_table_contains(tids, kept[i]))
            g_key_file_remove_key(state->keys, "threads", kept[i], NULL);
}

void demo_load_advance(DemoState *state, const GPtrArray *domains, gint64 elapsed_us)
{
    g_autoptr(GArray) threads = list_threads(state, domains);

    share_cpus(state, threads);
    end_processes(state, threads);
    for (guint i = 0; i < threads->len; i++) {
        const Thread *thread = &g_array_index(threads, Thread, i);
        put_status(state, thread);
        if (thread->tid == thread->pid)
            demo_pages_put(state, thread->domain, thread->pid);
        put_usage(state, thread, elapsed_us);
    }
}
