/* The program under test, started, read and cleaned up. */
#include "tests/screen/session.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { RAW_KEPT = 256 * 1024, SLICE_US = 100 * 1000 };

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
    told_to_stop = number;
}

void session_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void send_to_program(const char *bytes, gsize length, gpointer data)
{
    Session *session = data;

    if (session->pty != NULL)
        pty_write(session->pty, bytes, length);
}

/* Folders of the private home, by the variable that names them. */
static const char *const FOLDERS[][2] = {{"HOME", "."}, {"XDG_CONFIG_HOME", ".config"},
    {"XDG_STATE_HOME", ".local/state"}, {"XDG_DATA_HOME", ".local/share"},
    {"XDG_CACHE_HOME", ".cache"}, {"XDG_RUNTIME_DIR", "run"}, {"TMPDIR", "tmp"}};

/* What else of the caller's environment the program sees. */
static const char *const INHERITED[] = {"PATH", "LD_LIBRARY_PATH", "TERMINFO", "ASAN_OPTIONS",
    "UBSAN_OPTIONS", "LSAN_OPTIONS", "top_srcdir", "top_builddir"};

static void prepare_environment(Session *session)
{
    const Script *script = session->script;
    const char *locale = script->utf8 ? "C.UTF-8" : "C";
    char **envp = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(INHERITED); i++)
        if (g_getenv(INHERITED[i]) != NULL)
            envp = g_environ_setenv(envp, INHERITED[i], g_getenv(INHERITED[i]), TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
        g_autofree char *path = g_canonicalize_filename(FOLDERS[i][1], session->home);
        g_mkdir_with_parents(path, 0700);
        envp = g_environ_setenv(envp, FOLDERS[i][0], path, TRUE);
    }
    envp = g_environ_setenv(envp, "LC_ALL", locale, TRUE);
    envp = g_environ_setenv(envp, "LANG", locale, TRUE);
    envp = g_environ_setenv(envp, "TZ", "UTC", TRUE);
    if (script->term != NULL)
        envp = g_environ_setenv(envp, "TERM", script->term, TRUE);
    for (guint i = 0; i < script->env->len; i++) {
        g_auto(GStrv) pair = g_strsplit(script->env->pdata[i], "=", 2);
        envp = g_environ_setenv(envp, pair[0], pair[1], TRUE);
    }
    session->envp = envp;
}

static gboolean write_files(const Session *session, GError **error)
{
    for (guint i = 0; i < session->script->files->len; i++) {
        const Step *file = session->script->files->pdata[i];
        g_autofree char *path = g_build_filename(session->home, file->rest, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *text = file->block != NULL ? g_strjoinv("\n", file->block) : g_strdup("");
        g_autofree char *whole = g_strconcat(text, "\n", NULL);
        g_mkdir_with_parents(folder, 0700);
        if (!g_file_set_contents(path, whole, -1, error))
            return FALSE;
    }
    return TRUE;
}

/* @text with $NAME replaced by the program's environment, for the names a test may use. */
static char *expand(const Session *session, const char *text)
{
    static const char *const names[] = {"top_srcdir", "top_builddir", "HOME"};
    g_autoptr(GString) result = g_string_new(text);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *variable = g_strconcat("$", names[i], NULL);
        const char *value = g_environ_getenv(session->envp, names[i]);
        g_string_replace(result, variable, value != NULL ? value : ".", 0);
    }
    return g_strdup(result->str);
}

static char **command_line(const Session *session, GError **error)
{
    const Script *script = session->script;
    const char *built = g_getenv("KVMTUNE") != NULL ? g_getenv("KVMTUNE") : "$top_builddir/kvmtune";
    g_autofree char *whole =
        g_strconcat(script->program != NULL ? script->program : built, " ", script->args, NULL);
    g_autofree char *expanded = expand(session, whole);
    char **argv = NULL;

    return g_shell_parse_argv(expanded, NULL, &argv, error) ? argv : NULL;
}

Session *session_start(const Script *script, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);

    session->script = script;
    session->raw = g_string_new(NULL);
    session->home = g_dir_make_tmp("kvmtune-screen-XXXXXX", error);
    if (session->home == NULL)
        return NULL;
    prepare_environment(session);
    if (!write_files(session, error))
        return NULL;
    g_auto(GStrv) argv = command_line(session, error);
    if (argv == NULL)
        return NULL;
    session->term = term_new(script->rows, script->cols, script->utf8, send_to_program, session);
    session->pty = pty_spawn(
        argv, session->envp, session->home, (unsigned)script->rows, (unsigned)script->cols, error);
    session->quiet_since = g_get_monotonic_time();
    return session->pty != NULL ? g_steal_pointer(&session) : NULL;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void session_free(Session *session)
{
    g_clear_pointer(&session->pty, pty_free);
    g_clear_pointer(&session->term, term_free);
    if (session->home != NULL)
        nftw(session->home, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    g_free(session->home);
    g_strfreev(session->envp);
    g_string_free(session->raw, TRUE);
    g_free(session);
}

gboolean session_pump(Session *session, gint64 deadline)
{
    char buffer[16384];

    while (!session->over && told_to_stop == 0) {
        gint64 now = g_get_monotonic_time();
        gssize count = pty_read(session->pty, buffer, sizeof buffer, MIN(deadline, now + SLICE_US));
        if (count > 0) {
            term_feed(session->term, buffer, (gsize)count);
            if (session->cast != NULL)
                cast_add(session->cast, buffer, (gsize)count);
            g_string_append_len(session->raw, buffer, count);
            if (session->raw->len > RAW_KEPT)
                g_string_erase(session->raw, 0, (gssize)(session->raw->len - RAW_KEPT));
            session->quiet_since = g_get_monotonic_time();
            return TRUE;
        }
        session->over = count < 0;
        if (g_get_monotonic_time() >= deadline)
            break;
    }
    return FALSE;
}

gboolean session_settle(Session *session, gint64 quiet, gint64 deadline)
{
    session->quiet_since = g_get_monotonic_time();
    while (session_pump(session, MIN(session->quiet_since + quiet, deadline)))
        if (g_get_monotonic_time() >= deadline)
            return FALSE;
    return told_to_stop == 0;
}

gboolean session_finish(Session *session, gint64 deadline)
{
    while (session_pump(session, deadline))
        ;
    return session->over;
}

char *session_state(const Session *session)
{
    const Pty *pty = session->pty;

    if (told_to_stop != 0)
        return g_strdup_printf("the test was stopped by %s", g_strsignal(told_to_stop));
    if (!pty->ended)
        return g_strdup("the program still runs");
    if (WIFSIGNALED(pty->status))
        return g_strdup_printf("the program was ended by signal %d (%s)", WTERMSIG(pty->status),
            g_strsignal(WTERMSIG(pty->status)));
    return g_strdup_printf("the program ended with exit status %d", WEXITSTATUS(pty->status));
}
