/* QEMU processes that are none of the connection's domains, found and measured cheaply.
 *
 * At each picture one file (stat) of each process found is read. New ones are looked for every
 * SCAN_INTERVAL, and then only where the kernel has made a process since (the last field of
 * loadavg is the newest pid): the names in /proc are listed, and of those not seen before one file
 * (comm) is read. A pid is taken for no QEMU's only when it was so in two scans, for a process may
 * become QEMU after its birth (fork, then exec). */
#include "core/virt/usage-foreign.h"

#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/usage-private.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define SCAN_INTERVAL (5 * G_USEC_PER_SEC)
#define MIN_SAMPLE    (G_USEC_PER_SEC / 5) /* a load over less time than this is noise */
#define FOREIGN_MAX   4096                 /* processes; no host runs as many */
#define NAME_MAX_LEN  255

typedef enum { PID_NEW = 1, PID_NO_QEMU } PidState;

struct ForeignScan {
    char *root;
    GHashTable *pids; /* pid → PidState; the found ones are in @found */
    GPtrArray *found; /* ForeignUsage*, as measured @taken_us */
    gint64 taken_us, scanned_us;
    gboolean unsettled; /* the next scan may find more, whether or not a process is made */
    char *newest;       /* loadavg's newest pid at the last scan */
};

static void foreign_free(gpointer data)
{
    ForeignUsage *usage = data;

    g_free(usage->name);
    hwloc_bitmap_free(usage->affinity);
    g_free(usage);
}

ForeignScan *foreign_scan_new(const char *root)
{
    ForeignScan *scan = g_new0(ForeignScan, 1);

    scan->root = g_strdup(root);
    scan->pids = g_hash_table_new(NULL, NULL);
    scan->found = g_ptr_array_new_with_free_func(foreign_free);
    return scan;
}

void foreign_scan_free(ForeignScan *scan)
{
    if (scan == NULL)
        return;
    g_free(scan->root);
    g_free(scan->newest);
    g_hash_table_unref(scan->pids);
    g_ptr_array_unref(scan->found);
    g_free(scan);
}

/* ---- which processes ---- */

/* The names under which distributions install QEMU, as the kernel cuts them (15 characters), and
 * what libvirt had it call itself (-name process=qemu:NAME). */
static gboolean is_qemu(const char *comm)
{
    static const char *const beginnings[] = {"qemu-system-", "qemu-kvm", "qemu:"};

    for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(comm, beginnings[i]))
            return TRUE;
    return g_str_equal(comm, "kvm");
}

/* The guest's name of "-name guest=NAME,…" or "-name NAME,…" in the arguments @command (each ended
 * by a 0 byte; QEMU's options double a comma within a value). NULL where it has none. */
static char *guest_name(const char *command, gsize length)
{
    for (gsize i = 0; i < length; i += strlen(command + i) + 1) {
        const char *next = command + i + strlen(command + i) + 1;
        if (!g_str_equal(command + i, "-name") || next >= command + length)
            continue;
        g_autoptr(GString) name = g_string_new(NULL);
        if (g_str_has_prefix(next, "guest="))
            next += strlen("guest=");
        for (; *next && (*next != ',' || next[1] == ',') && name->len < NAME_MAX_LEN; next++) {
            next += *next == ',';
            g_string_append_c(name, *next);
        }
        return name->len ? g_strdup(name->str) : NULL;
    }
    return NULL;
}

static char *name_of(const char *root, int pid, const char *comm)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/cmdline", root, pid);
    g_autofree char *command = NULL;
    gsize length = 0;

    /* It ends with a 0 byte of its own, whatever the file holds. */
    g_file_get_contents(path, &command, &length, NULL);
    char *name = command ? guest_name(command, length) : NULL;
    return name ? name : g_strdup(comm);
}

/* Whether the kernel has made a process since the last scan; TRUE where it does not say. */
static gboolean is_news(ForeignScan *scan)
{
    g_autofree char *text = rootfile_read(scan->root, "/proc/loadavg");
    const char *newest = text ? strrchr(text, ' ') : NULL;
    gboolean same = newest && g_strcmp0(newest, scan->newest) == 0;

    g_free(scan->newest);
    scan->newest = g_strdup(newest);
    return !same;
}

/* Looks at a process that is not known: adds it to @found where it is a QEMU. */
static void look_at(ForeignScan *scan, int pid, GHashTable *pids)
{
    gpointer key = GINT_TO_POINTER(pid);
    guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(scan->pids, key));

    if (seen == PID_NO_QEMU) {
        g_hash_table_insert(pids, key, GUINT_TO_POINTER(PID_NO_QEMU));
        return;
    }
    g_autofree char *comm = rootfile_readf(scan->root, "/proc/%d/comm", pid);
    if (comm && is_qemu(comm) && scan->found->len < FOREIGN_MAX) {
        ForeignUsage *usage = g_new0(ForeignUsage, 1);
        usage->pid = pid;
        usage->name = name_of(scan->root, pid, comm);
        g_ptr_array_add(scan->found, usage);
        return;
    }
    g_hash_table_insert(pids, key, GUINT_TO_POINTER(seen ? PID_NO_QEMU : PID_NEW));
    scan->unsettled |= seen == 0;
}

static gboolean is_found(const ForeignScan *scan, int pid)
{
    for (guint i = 0; i < scan->found->len; i++)
        if (((const ForeignUsage *)g_ptr_array_index(scan->found, i))->pid == pid)
            return TRUE;
    return FALSE;
}

static void scan_processes(ForeignScan *scan, GHashTable *own)
{
    g_autofree char *path = g_strconcat(scan->root, "/proc", NULL);
    DIR *folder = opendir(path);
    GHashTable *pids = g_hash_table_new(NULL, NULL); /* those that are gone are left out */

    scan->unsettled = FALSE;
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        gint64 pid;
        if (!g_ascii_isdigit(entry->d_name[0]) || !text_parse_int(entry->d_name, &pid) ||
            pid <= 0 || pid > G_MAXINT32)
            continue;
        gboolean ours = own && g_hash_table_contains(own, GINT_TO_POINTER((int)pid));
        if (!ours && !is_found(scan, (int)pid))
            look_at(scan, (int)pid, pids);
    }
    if (folder)
        closedir(folder);
    g_hash_table_unref(scan->pids);
    scan->pids = pids;
}

/* ---- what they do ---- */

/* Fills @usage from its stat file. FALSE: it is gone, or the pid is another's by now. */
static gboolean measure(
    const ForeignScan *scan, ForeignUsage *usage, const ForeignUsage *before, gint64 now_us)
{
    g_autofree char *stat = rootfile_readf(scan->root, "/proc/%d/stat", usage->pid);
    Num user = stat ? usage_stat_field(stat, STAT_UTIME) : NUM_UNKNOWN;
    Num system = stat ? usage_stat_field(stat, STAT_STIME) : NUM_UNKNOWN;
    gint64 per_second = sysconf(_SC_CLK_TCK);

    if (stat == NULL)
        return FALSE;
    usage->started = (guint64)num_or(usage_stat_field(stat, STAT_START), 0);
    if (before->started != 0 && before->started != usage->started)
        return FALSE;
    Num cpu = usage_stat_field(stat, STAT_PROCESSOR);
    usage->last_cpu = cpu.known && cpu.value < IDSET_MAX ? (int)cpu.value : -1;
    usage->rss_kib = usage_stat_rss(stat);
    usage->ticks = (guint64)(num_or(user, 0) + num_or(system, 0));
    gint64 elapsed_us = now_us - scan->taken_us;
    if (before->started != 0 && usage->ticks >= before->ticks && elapsed_us > 0 && per_second > 0)
        usage->load = NUM((gint64)(usage->ticks - before->ticks) * (1000 * G_USEC_PER_SEC) /
                          per_second / elapsed_us);
    if (*scan->root == '\0') {
        usage->affinity = usage_own_affinity(usage->pid);
    } else {
        g_autofree char *status = rootfile_readf(scan->root, "/proc/%d/status", usage->pid);
        const char *list = status ? strstr(status, "\nCpus_allowed_list:") : NULL;
        g_autofree char *line =
            list ? g_strndup(strchr(list, ':') + 1, strcspn(strchr(list, ':') + 1, "\n")) : NULL;
        usage->affinity = line ? idset_parse_kernel(g_strstrip(line)) : NULL;
    }
    return TRUE;
}

static int compare_pids(gconstpointer a, gconstpointer b)
{
    return (*(ForeignUsage *const *)a)->pid - (*(ForeignUsage *const *)b)->pid;
}

static ForeignUsage *foreign_copy(const ForeignUsage *usage)
{
    ForeignUsage *copy = g_memdup2(usage, sizeof *usage);

    copy->name = g_strdup(usage->name);
    copy->affinity = idset_copy(usage->affinity);
    return copy;
}

/* All of @found measured anew; too soon after the last time the loads are those of then. */
static void measure_all(ForeignScan *scan, GHashTable *own, gint64 now_us)
{
    GPtrArray *now = g_ptr_array_new_with_free_func(foreign_free);
    gboolean soon = scan->taken_us > 0 && now_us - scan->taken_us < MIN_SAMPLE;

    for (guint i = 0; i < scan->found->len; i++) {
        const ForeignUsage *before = g_ptr_array_index(scan->found, i);
        /* A domain of ours may have been found before libvirt told of it. */
        if (own && g_hash_table_contains(own, GINT_TO_POINTER(before->pid)))
            continue;
        if (soon && before->started != 0) {
            g_ptr_array_add(now, foreign_copy(before));
            continue;
        }
        ForeignUsage *usage = g_new0(ForeignUsage, 1);
        usage->pid = before->pid;
        usage->name = g_strdup(before->name);
        if (measure(scan, usage, before, now_us)) {
            g_ptr_array_add(now, usage);
        } else {
            foreign_free(usage);
            scan->unsettled = TRUE; /* its pid may be another process's by now */
        }
    }
    g_ptr_array_sort(now, compare_pids);
    g_ptr_array_unref(scan->found);
    scan->found = now;
    if (!soon)
        scan->taken_us = now_us;
}

GPtrArray *foreign_read(ForeignScan *scan, GHashTable *own, gint64 now_us)
{
    if (scan->scanned_us == 0 || now_us - scan->scanned_us >= SCAN_INTERVAL) {
        gboolean news = is_news(scan);
        if (news || scan->unsettled)
            scan_processes(scan, own);
        scan->scanned_us = now_us;
    }
    measure_all(scan, own, now_us);

    GPtrArray *copies = g_ptr_array_new_with_free_func(foreign_free);
    for (guint i = 0; i < scan->found->len; i++)
        g_ptr_array_add(copies, foreign_copy(g_ptr_array_index(scan->found, i)));
    return copies;
}
