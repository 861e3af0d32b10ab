/* The demo's folder: unpacked, ticked, and removed however the program ends. */
#include "core/demo/demo.h"

#include "core/demo/demo-private.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Made by glib-compile-resources from demo/demo.gresource.xml. */
GResource *demo_get_resource(void);

struct Demo {
    char *root, *uri;
    pid_t janitor;
    int leash; /* write end of the pipe on whose end the janitor waits */
};

/* One clock for all callers: the collector ticks while apply settles. */
static GMutex demo_lock;

/* ── the tree ── */

gboolean demo_put(const char *root, const char *path, const char *text)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    gsize length = strlen(text);
    int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == ENOENT) {
        g_autofree char *dir = g_path_get_dirname(full);
        g_mkdir_with_parents(dir, 0700);
        fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (fd < 0)
        return FALSE;
    /* Written first and cut after: a reader never finds the file empty. */
    errno = ENOSPC; /* what a short write means */
    gboolean whole =
        write(fd, text, length) == (ssize_t)length && ftruncate(fd, (off_t)length) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return whole;
}

void demo_putf(const char *root, const char *path, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    demo_put(root, path, text);
}

gint64 demo_number(const char *root, const char *path)
{
    gint64 value = 0;

    return rootfile_read_int(root, path, &value) ? value : 0;
}

guint demo_random(const char *word, guint n, guint64 step)
{
    guint64 h = 1469598103934665603u; /* FNV-1a: the same everywhere, unlike g_str_hash's promise */

    for (; *word; word++)
        h = (h ^ (guchar)*word) * 1099511628211u;
    h = (h ^ n) * 1099511628211u;
    h = (h ^ step) * 1099511628211u;
    h ^= h >> 29;
    return (guint)((h * 0xbf58476d1ce4e5b9u) >> 33);
}

/* Writes host.tree's files below @root: "== PATH", then what it holds up to the next. */
static gboolean unpack_tree(const char *root, const char *tree, GError **error)
{
    g_auto(GStrv) files = g_strsplit(tree, "\n== ", -1);

    for (guint i = 1; files[0] != NULL && files[i] != NULL; i++) { /* before the first: comments */
        char *end = strchr(files[i], '\n');
        if (end == NULL || files[i][0] != '/')
            continue;
        *end = '\0';
        g_autofree char *text = g_strconcat(end + 1, "\n", NULL);
        if (!demo_put(root, files[i], text)) {
            g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno), "%s: %s",
                files[i], g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean unpack(const char *root, GError **error)
{
    static const char *const plain[] = {"domains.xml", "hwloc.xml"};
    g_autoptr(GBytes) tree = g_resource_lookup_data(
        demo_get_resource(), "/kvmtune/demo/host.tree", G_RESOURCE_LOOKUP_FLAGS_NONE, error);

    if (tree == NULL)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
        g_autofree char *path = g_strconcat("/kvmtune/demo/", plain[i], NULL);
        g_autofree char *target = g_build_filename(root, plain[i], NULL);
        g_autoptr(GBytes) bytes =
            g_resource_lookup_data(demo_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
        if (bytes == NULL || !g_file_set_contents(target, g_bytes_get_data(bytes, NULL),
                                 (gssize)g_bytes_get_size(bytes), error))
            return FALSE;
    }
    return unpack_tree(root, g_bytes_get_data(tree, NULL), error); /* it ends with a 0 byte */
}

/* ── the janitor ── */

/* A shell that waits for the end of its standard input, which this process alone holds open, and
 * then removes the folder. In a session of its own: neither ^C nor a hangup reaches it, and kill -9
 * of kvmtune closes the pipe as any exit does. */
static gboolean start_janitor(Demo *demo, GError **error)
{
    static const char script[] =
        "trap '' INT TERM HUP QUIT; while read -r x; do :; done; rm -rf -- \"$1\"";
    char *argv[] = {
        (char *)"sh", (char *)"-c", (char *)script, (char *)"kvmtune-demo", demo->root, NULL};
    char *environment[] = {(char *)"PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the demo cannot start: %s",
            g_strerror(errno));
        return FALSE;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawn(&demo->janitor, "/bin/sh", &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    if (failed) {
        close(ends[1]);
        demo->janitor = 0;
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the demo cannot start: /bin/sh, which removes its folder at the end, does not run: %s",
            g_strerror(failed));
        return FALSE;
    }
    demo->leash = ends[1];
    return TRUE;
}

/* ── the demo ── */

Demo *demo_new(GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(Demo) demo = g_new0(Demo, 1);
    demo->leash = -1;
    demo->root = g_dir_make_tmp("kvmtune-demo-XXXXXX", &reason);
    if (demo->root == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the demo needs a folder below %s: %s; set TMPDIR to one that can be written",
            g_get_tmp_dir(), reason->message);
        return NULL;
    }
    if (!start_janitor(demo, error)) {
        rmdir(demo->root);
        return NULL;
    }
    if (!unpack(demo->root, &reason)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the demo cannot be unpacked to %s: %s", demo->root, reason->message);
        return NULL;
    }
    g_autofree char *path = g_build_filename(demo->root, "domains.xml", NULL);
    g_autofree char *escaped = g_uri_escape_string(path, "/", TRUE);
    demo->uri = g_strconcat("test://", escaped, NULL);
    demo_move_begin(demo->root);
    demo_step(demo->root, NULL, 0);
    return g_steal_pointer(&demo);
}

const char *demo_root(const Demo *demo)
{
    return demo->root;
}

const char *demo_uri(const Demo *demo)
{
    return demo->uri;
}

void demo_free(Demo *demo)
{
    if (demo == NULL)
        return;
    if (demo->leash >= 0)
        close(demo->leash);
    if (demo->janitor > 0)
        while (waitpid(demo->janitor, NULL, 0) < 0 && errno == EINTR)
            ;
    g_free(demo->root);
    g_free(demo->uri);
    g_free(demo);
}

/* ── its clock ── */

static void state_load(DemoState *state, const char *root)
{
    g_autofree char *path = g_build_filename(root, "demo.state", NULL);

    state->root = root;
    state->keys = g_key_file_new();
    g_key_file_load_from_file(state->keys, path, G_KEY_FILE_NONE, NULL); /* absent the first time */
    state->step = g_key_file_get_uint64(state->keys, "clock", "step", NULL);
    state->now_us = g_key_file_get_int64(state->keys, "clock", "now_us", NULL);
    state->still = g_getenv("KVMTUNE_DEMO_STILL") != NULL;
}

static void state_save(DemoState *state)
{
    g_key_file_set_uint64(state->keys, "clock", "step", state->step);
    g_key_file_set_int64(state->keys, "clock", "now_us", state->now_us);
    g_autofree char *text = g_key_file_to_data(state->keys, NULL, NULL);
    demo_put(state->root, "/demo.state", text);
    g_key_file_unref(state->keys);
}

static void advance(DemoState *state, const GPtrArray *domains, gint64 elapsed_us)
{
    state->step++;
    state->now_us += elapsed_us;
    demo_kernel_settle(state);
    demo_kernel_advance(state, elapsed_us);
    demo_load_advance(state, domains, elapsed_us);
}

void demo_step(const char *root, const GPtrArray *domains, gint64 elapsed_us)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&demo_lock);
    DemoState state;

    state_load(&state, root);
    advance(&state, domains, elapsed_us);
    state_save(&state);
}

void demo_tick(const char *root, const GPtrArray *domains)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&demo_lock);
    DemoState state;

    state_load(&state, root);
    gint64 now = g_get_monotonic_time();
    gint64 last = g_key_file_get_int64(state.keys, "clock", "last_us", NULL);
    advance(&state, domains, last > 0 && last < now ? now - last : 0);
    /* not @now: its clock stands while it writes, which the readers' does not see the first time */
    g_key_file_set_int64(state.keys, "clock", "last_us", g_get_monotonic_time());
    state_save(&state);
}

void demo_moved(const char *root, guint64 page_kib, const DemoMoved *moved)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&demo_lock);
    DemoState state;

    state_load(&state, root);
    demo_kernel_moved(&state, page_kib, moved);
    state_save(&state);
}

void demo_settle(const char *root)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&demo_lock);
    DemoState state;

    state_load(&state, root);
    demo_kernel_settle(&state);
    state_save(&state);
}
