/* Which process is a domain's: the pid file that libvirt writes, and the command line it starts
 * QEMU with. */
#include "core/util/rootfile.h"
#include "core/virt/usage-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COMMAND_MAX (256u << 10) /* bytes of a command line that are searched for the name */

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

/* A stale pid file may name another process by now, so the process itself must say whose it is. */
int usage_find_process(const char *root, const char *folder, const Domain *domain)
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
        int pid = usage_find_process(root, folder, &domain);
        if (pid > 0)
            return pid;
    }
    return -1;
}
