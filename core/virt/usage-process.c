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

/* @name as libvirt calls the pid file: escaped as in XML (virPidFileBuildPath). */
static char *pid_file_name(const char *name)
{
    static const char *const escapes[][2] = {
        {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&apos;"}};
    g_autoptr(GString) file = g_string_new(name);

    for (guint i = 0; i < G_N_ELEMENTS(escapes); i++)
        g_string_replace(file, escapes[i][0], escapes[i][1], 0);
    g_string_append(file, ".pid");
    return g_strdup(file->str);
}

/* The process that @file of @folder names, where it is that of @domain: a stale file may name
 * another one by now, so the process itself must say whose it is. */
static int process_in(const char *root, const char *folder, const char *file, const Domain *domain)
{
    g_autofree char *place = g_strconcat("/", file, NULL);
    gint64 pid;

    if (!rootfile_read_int(folder, place, &pid) || pid <= 0 || pid > G_MAXINT32)
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

int usage_find_process(const char *root, const char *folder, const Domain *domain)
{
    g_autofree char *file = pid_file_name(domain->name);

    return *folder == '\0' || strchr(file, '/') ? -1 : process_in(root, folder, file, domain);
}

int usage_process(const char *root, const char *folder, const char *uuid)
{
    g_autoptr(GPtrArray) names = rootfile_list(folder, "", "");

    for (guint i = 0; *folder && i < names->len; i++) {
        char *name = g_ptr_array_index(names, i);
        Domain domain = {.name = name, .uuid = (char *)uuid};
        int pid = g_str_has_suffix(name, ".pid") ? process_in(root, folder, name, &domain) : -1;
        if (pid > 0)
            return pid;
    }
    return -1;
}
