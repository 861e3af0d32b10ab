/* A long file of /proc/PID, read line by line by whoever may wait, to be stopped at any time. */
#include "core/virt/proclines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIECE        (64 << 10) /* bytes read at a time; between two, a stop is seen */
#define LINE_MAX_LEN (16 << 10) /* a longer line is no mapping's */

int proc_lines(const char *root, int pid, const char *name, gint *stop,
    void (*take)(gpointer data, const char *line), gpointer data)
{
    g_autofree char *path = g_strdup_printf("%s/proc/%d/%s", root, pid, name);
    g_autofree char *piece = g_malloc(PIECE);
    g_autoptr(GString) line = g_string_new(NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = -1;

    while (fd >= 0 && !g_atomic_int_get(stop) && (n = read(fd, piece, PIECE)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (piece[i] != '\n') {
                if (line->len < LINE_MAX_LEN)
                    g_string_append_c(line, piece[i]);
                continue;
            }
            take(data, line->str);
            g_string_truncate(line, 0);
        }
    int problem = n < 0 && !g_atomic_int_get(stop) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return problem;
}
