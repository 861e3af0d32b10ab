/* The lock of a host: an flock on a file in its /run, which tells who holds it. The kernel drops it
 * with the process that took it, so that a lock never outlives its holder. */
#include "core/apply/lock.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Beside its journal in a tree that is opened here: its /run may be a link to this host's. */
#define HOST_PLACE "/run/kvmtune.lock"
#define TREE_PLACE "/var/lib/kvmtune/lock"
#define PATIENCE   (2 * G_USEC_PER_SEC)
#define PAUSE      (G_USEC_PER_SEC / 50)

struct HostLock {
    int fd;
};

/* A host that only libvirt reaches has no file that could be locked from here: this host's lock
 * keeps those apart that change it from here. */
static char *lock_path(const char *root)
{
    if (*root == '\0' || g_str_equal(root, REMOTE_ROOT))
        return g_strdup(HOST_PLACE);
    return g_strconcat(root, TREE_PLACE, NULL);
}

/* Why @path is neither this host's nor in the tree @root: a link there is not followed out. NULL:
 * it is. The caller frees it. */
static char *foreign_path(const char *root, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_str_equal(path, HOST_PLACE) ? NULL : rootfile_not_below(root, folder);
}

/* "kvmtune set web1 vcpupin.0=2": this process's command line without the program's folder. */
static char *own_command(void)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!g_file_get_contents("/proc/self/cmdline", &text, &length, NULL) || length == 0)
        return g_strdup("kvmtune");
    for (gsize i = 0; i + 1 < length; i++)
        if (text[i] == '\0' || text[i] == '\n')
            text[i] = ' ';
    const char *end = strchr(text, ' ');
    const char *slash = g_strrstr_len(text, end ? end - text : -1, "/");
    g_autofree char *shown = text_escape(slash ? slash + 1 : text, 120);
    return g_steal_pointer(&shown);
}

/* What the holder wrote: process, user, second since the epoch, command; a line each. NULL fields
 * where it wrote none. */
static char *describe_holder(int fd)
{
    char note[512];
    ssize_t n = pread(fd, note, sizeof note - 1, 0);
    note[n > 0 ? n : 0] = '\0';
    g_auto(GStrv) lines = g_strsplit(note, "\n", 5);
    gint64 since;

    if (g_strv_length(lines) < 4 || !text_parse_int(lines[2], &since))
        return g_strdup("another kvmtune");
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(since);
    g_autofree char *clock = time ? g_date_time_format(time, "%H:%M:%S") : g_strdup("–");
    g_autofree char *pid = text_escape(lines[0], 12), *user = text_escape(lines[1], 40);
    g_autofree char *command = text_escape(lines[3], 120);
    return g_strdup_printf(
        "another kvmtune (process %s, `%s` of %s, since %s)", pid, command, user, clock);
}

/* For the others' error message only; the lock does not depend on it. */
static void leave_note(int fd)
{
    g_autofree char *command = own_command();
    g_autofree char *user = text_escape(g_get_user_name(), 40);
    g_autofree char *note = g_strdup_printf("%d\n%s\n%" G_GINT64_FORMAT "\n%s\n", (int)getpid(),
        user, g_get_real_time() / G_USEC_PER_SEC, command);

    if (ftruncate(fd, 0) != 0 || pwrite(fd, note, strlen(note), 0) < 0)
        g_debug("the lock's holder could not be noted: %s", g_strerror(errno));
}

/* Whether the lock was taken; waits for it until @until. */
static gboolean wait_for_lock(int fd, gint64 until)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR && (errno != EWOULDBLOCK || g_get_monotonic_time() >= until))
            return FALSE;
        g_usleep(PAUSE);
    }
    return TRUE;
}

HostLock *host_lock_take(const char *root, GError **error)
{
    g_autofree char *path = lock_path(root);
    g_autofree char *outside = foreign_path(root, path);

    if (outside) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the lock %s is not taken: %s; nothing is changed without it", path, outside);
        return NULL;
    }
    if (*root) {
        g_autofree char *folder = g_path_get_dirname(path);
        g_mkdir_with_parents(folder, 0700);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the lock %s cannot be opened: %s; nothing is changed without it", path,
            g_strerror(errno));
        return NULL;
    }
    if (!wait_for_lock(fd, g_get_monotonic_time() + PATIENCE)) {
        g_autofree char *holder = describe_holder(fd);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s is writing just now: nothing is changed, try again when it is done", holder);
        close(fd);
        return NULL;
    }
    leave_note(fd);
    HostLock *lock = g_new(HostLock, 1);
    lock->fd = fd;
    return lock;
}

void host_lock_drop(HostLock *lock)
{
    if (lock == NULL)
        return;
    close(lock->fd);
    g_free(lock);
}

char *host_lock_holder(const char *root)
{
    g_autofree char *path = lock_path(root);
    g_autofree char *outside = foreign_path(root, path);
    int fd = outside ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *holder = NULL;

    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        holder = describe_holder(fd);
    if (fd >= 0)
        close(fd);
    return holder;
}
