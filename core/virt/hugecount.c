/* How much of one process is in transparent huge pages (proc(5), smaps). */
#include "core/virt/hugecount.h"

#include "core/virt/domain.h"
#include "core/virt/proclines.h"

#include <errno.h>
#include <string.h>

HugeCount *huge_count_new(const char *root, int pid)
{
    HugeCount *count = g_new0(HugeCount, 1);

    g_atomic_ref_count_init(&count->refs);
    count->root = g_strdup(root);
    count->pid = pid;
    return count;
}

HugeCount *huge_count_ref(HugeCount *count)
{
    g_atomic_ref_count_inc(&count->refs);
    return count;
}

void huge_count_unref(HugeCount *count)
{
    if (count == NULL || !g_atomic_ref_count_dec(&count->refs))
        return;
    g_free(count->problem);
    g_free(count->root);
    g_free(count);
}

/* Adds what follows @name in @line, "AnonHugePages:    2048 kB", to @sum. */
static gboolean add_line(Num *sum, const char *line, const char *name)
{
    gsize length = strlen(name);

    if (strncmp(line, name, length) != 0 || line[length] != ':')
        return FALSE;
    guint64 kib = g_ascii_strtoull(line + length + 1, NULL, 10);
    *sum = NUM(MIN((guint64)num_or(*sum, 0) + MIN(kib, NODE_KIB_MAX), NODE_KIB_MAX));
    return TRUE;
}

static void take_line(gpointer data, const char *line)
{
    HugeCount *count = data;

    if (add_line(&count->resident_kib, line, "Rss"))
        g_atomic_int_inc(&count->mappings); /* each mapping has one */
    else if (!add_line(&count->anon_kib, line, "AnonHugePages") &&
             !add_line(&count->shared_kib, line, "ShmemPmdMapped"))
        add_line(&count->shared_kib, line, "FilePmdMapped");
}

static void count_line(gpointer data, const char *line)
{
    (void)line;
    g_atomic_int_inc(&((HugeCount *)data)->total);
}

void huge_count_run(HugeCount *count)
{
    proc_lines(count->root, count->pid, "maps", &count->stop, count_line, count);
    int problem = proc_lines(count->root, count->pid, "smaps", &count->stop, take_line, count);

    if (problem == EACCES || problem == EPERM)
        count->problem = g_strdup("its smaps cannot be read: run kvmtune as root");
    else if (problem == ENOENT && g_atomic_int_get(&count->total) > 0)
        count->problem = g_strdup("this kernel has no smaps");
    else if (g_atomic_int_get(&count->stop))
        count->problem = g_strdup("stopped before the end: there is more");
    else if (problem || g_atomic_int_get(&count->mappings) == 0)
        count->problem = g_strdup("the process has ended");
    g_atomic_int_set(&count->done, 1);
}
