/* The file descriptors a process begins with. */
#include "core/util/descriptors.h"

#include "core/util/error.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Commands do with 8, and a screen at rest has as many; the rest is for what libvirt's drivers
 * open, and walks through folders. */
#define NEEDED 32

void descriptors_fill(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest that is free is this one. The wrong way round, as glibc does for set-user-ID
         * programs. */
        int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened != fd)
            _exit(KVMTUNE_ERROR_FAILED); /* nobody can be told */
    }
}

gboolean descriptors_suffice(GError **error)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= NEEDED)
        return TRUE;
    limit.rlim_cur = MIN(limit.rlim_max, NEEDED);
    if (limit.rlim_cur == NEEDED && setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "kvmtune may open only %lu files, and needs %d: raise the limit (ulimit -n %d)",
        (unsigned long)limit.rlim_max, NEEDED, NEEDED);
    return FALSE;
}
