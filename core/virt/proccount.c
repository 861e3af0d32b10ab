/* Counting over all mappings of one process: its file is read line by line, and may be stopped. */
#include "core/virt/proccount.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIECE        (64 << 10) /* bytes read at a time; between two, a stop is seen */
#define LINE_MAX_LEN (16 << 10) /* a longer line is no mapping's */

ProcCount *proc_count_new(const ProcCountKind *kind, const char *root, int pid)
{
    ProcCount *count = g_new0(ProcCount, 1);

    count->kind = kind;
    g_atomic_ref_count_init(&count->refs);
    count->root = g_strdup(root);
    count->pid = pid;
    count->pages = g_array_new(FALSE, FALSE, sizeof(PageKib));
    return count;
}

ProcCount *proc_count_ref(ProcCount *count)
{
    g_atomic_ref_count_inc(&count->refs);
    return count;
}

void proc_count_unref(ProcCount *count)
{
    if (count == NULL || !g_atomic_ref_count_dec(&count->refs))
        return;
    g_array_unref(count->pages);
    g_free(count->problem);
    g_free(count->root);
    g_free(count);
}

/* Calls @take for each line of the process's file @name, and counts in *@taken (atomic) where it
 * says so, until the end or the stop. 0, or errno where the file cannot be read. */
static int read_lines(ProcCount *count, const char *name, gint *taken,
    gboolean (*take)(ProcCount *count, const char *line))
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/%s", count->root, count->pid, name);
    g_autofree char *piece = g_malloc(PIECE);
    g_autoptr(GString) line = g_string_new(NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = -1;

    while (fd >= 0 && !g_atomic_int_get(&count->stop) && (n = read(fd, piece, PIECE)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (piece[i] != '\n') {
                if (line->len < LINE_MAX_LEN)
                    g_string_append_c(line, piece[i]);
                continue;
            }
            if (take(count, line->str))
                g_atomic_int_inc(taken);
            g_string_truncate(line, 0);
        }
    int problem = n < 0 && !g_atomic_int_get(&count->stop) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return problem;
}

static gboolean take_any(ProcCount *count, const char *line)
{
    (void)count, (void)line;
    return TRUE;
}

void proc_count_run(ProcCount *count)
{
    const ProcCountKind *kind = count->kind;

    read_lines(count, "maps", &count->total, take_any);
    int problem = read_lines(count, kind->file, &count->mappings, kind->take);

    if (problem == ENOENT && g_atomic_int_get(&count->total) > 0)
        count->problem = g_strdup(kind->missing);
    else if (problem == EACCES || problem == EPERM)
        count->problem = g_strdup_printf("its %s cannot be read: run kvmtune as root", kind->file);
    else if (g_atomic_int_get(&count->stop))
        count->problem = g_strdup("stopped before the end: there is more");
    else if (problem || g_atomic_int_get(&count->mappings) == 0)
        count->problem = g_strdup("the process has ended");
    if (kind->finish)
        kind->finish(count);
    g_atomic_int_set(&count->done, 1);
}
