/* Measures a full-screen program as its user feels it: how soon it draws, what it costs when nobody
 * touches it, how soon it answers a key. Runs it on a pseudo-terminal and prints one "name value" a
 * line; what is unknown is left out. tests/bench/README.md explains the figures. */
#include "tests/screen/pty.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A pause this long in the output separates two refreshes, and a key's answer from the next. */
enum { PAUSE_MS = 30, ANSWER_MS = 500, QUIT_MS = 3000 };

static struct {
    int cols, rows, idle_s, warm_s, quiet_ms, timeout_s, repeat, also, stop;
    char *first, *until, *keys, *quit, *term;
} options = {.cols = 160, .rows = 50, .idle_s = 5, .quiet_ms = 150, .timeout_s = 30, .repeat = 50};

static char **command;

static const GOptionEntry OPTIONS[] = {
    {"cols", 0, 0, G_OPTION_ARG_INT, &options.cols, "Columns of the terminal (160)", "N"},
    {"rows", 0, 0, G_OPTION_ARG_INT, &options.rows, "Lines of the terminal (50)", "N"},
    {"term", 0, 0, G_OPTION_ARG_STRING, &options.term, "TERM (xterm-256color)", "NAME"},
    {"idle", 0, 0, G_OPTION_ARG_INT, &options.idle_s, "Watch it idle for so long (5)", "S"},
    {"warm", 0, 0, G_OPTION_ARG_INT, &options.warm_s,
        "Watch it idle not before so long after its first frame (0)", "S"},
    {"quiet", 0, 0, G_OPTION_ARG_INT, &options.quiet_ms,
        "The first frame ends before the first silence of so long (150)", "MS"},
    {"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout_s,
        "Wait for the first frame, and for --until, at most so long (30)", "S"},
    {"first", 0, 0, G_OPTION_ARG_STRING, &options.first, "Keys to press at the first output",
        "KEYS"},
    {"until", 0, 0, G_OPTION_ARG_STRING, &options.until, "Measure until this text is written, too",
        "TEXT"},
    {"keys", 0, 0, G_OPTION_ARG_STRING, &options.keys,
        "Keys to measure, separated by blanks: letters, Up, Down, Left, Right", "KEYS"},
    {"repeat", 0, 0, G_OPTION_ARG_INT, &options.repeat, "Press them so often (50)", "N"},
    {"also", 0, 0, G_OPTION_ARG_INT, &options.also, "Watch the CPU time of this process, too",
        "PID"},
    {"stop", 0, 0, G_OPTION_ARG_INT, &options.stop,
        "Stop this process (SIGSTOP) while the keys are measured", "PID"},
    {"quit", 0, 0, G_OPTION_ARG_STRING, &options.quit, "The key that ends it (q)", "KEY"},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &command, NULL, "COMMAND [ARG…]"}, {0}};

/* What one stretch of reading brought. */
typedef struct {
    gint64 first, last; /* when, in µs; 0: nothing came */
    gsize bytes;
    guint bursts; /* stretches of output between pauses */
} Reading;

static double milliseconds(gint64 from, gint64 to)
{
    return (double)(to - from) / 1000;
}

/* Whether @bytes, put behind what came before, contain @text. Drops what cannot matter any more. */
static gboolean has_come(GString *tail, const char *bytes, gsize length, const char *text)
{
    gsize keep = strlen(text);

    g_string_append_len(tail, bytes, (gssize)length);
    if (memmem(tail->str, tail->len, text, keep) != NULL)
        return TRUE;
    if (tail->len > keep)
        g_string_erase(tail, 0, (gssize)(tail->len - keep));
    return FALSE;
}

/* Reads until @deadline, or (with @quiet > 0 µs) a silence of so long after the first byte, or
 * (with @text) until that was written. FALSE where the program is gone. */
static gboolean read_on(Pty *pty, Reading *reading, gint64 quiet, gint64 deadline, const char *text)
{
    g_autoptr(GString) tail = g_string_new(NULL);
    char buffer[65536];

    *reading = (Reading){0};
    for (;;) {
        gint64 until =
            quiet > 0 && reading->last > 0 ? MIN(deadline, reading->last + quiet) : deadline;
        gssize count = pty_read(pty, buffer, sizeof buffer, until);
        gint64 now = g_get_monotonic_time();
        if (count <= 0)
            return count == 0;
        if (reading->first == 0) {
            reading->first = now;
            if (options.first != NULL && text != NULL)
                pty_write(pty, options.first, strlen(options.first));
        }
        if (reading->last == 0 || now - reading->last > PAUSE_MS * 1000)
            reading->bursts++;
        reading->last = now;
        reading->bytes += (gsize)count;
        if (text != NULL && text[0] != '\0' && has_come(tail, buffer, (gsize)count, text))
            return TRUE;
    }
}

/* CPU time of @pid in ns, that of threads that have ended in it; -1 where there is no such process.
 */
static gint64 cpu_time(GPid pid)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return -1;
    return time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
}

/* A number of /proc/PID/status, such as "VmRSS:"; -1 where there is none. */
static gint64 status_value(GPid pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *contents = NULL;
    const char *line = NULL;

    if (g_file_get_contents(path, &contents, NULL, NULL))
        line = strstr(contents, name);
    return line != NULL ? g_ascii_strtoll(line + strlen(name), NULL, 10) : -1;
}

static void print(const char *name, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    printf("%s %s\n", name, g_ascii_formatd(text, sizeof text, "%.3f", value));
}

/* When the text of --until was written, and the end of the first frame: the last byte before the
 * first silence, with --until from that text on. */
static gboolean measure_start(Pty *pty, gint64 start)
{
    gint64 deadline = g_get_monotonic_time() + options.timeout_s * G_USEC_PER_SEC;
    gint64 quiet = options.quiet_ms * 1000;
    Reading reading, rest = {0};

    if (options.until != NULL) {
        gboolean alive = read_on(pty, &reading, 0, deadline, options.until);
        if (!alive || g_get_monotonic_time() >= deadline)
            return FALSE;
        print("until_ms", milliseconds(start, reading.last));
        for (gint64 end = reading.last + quiet; g_get_monotonic_time() < end;) {
            if (!read_on(pty, &rest, quiet, end, NULL))
                return FALSE;
            reading.bytes += rest.bytes;
            reading.last = MAX(reading.last, rest.last);
            end = reading.last + quiet;
        }
    } else if (!read_on(pty, &reading, quiet, deadline, "") || reading.first == 0) {
        return FALSE;
    }
    print("first_byte_ms", milliseconds(start, reading.first));
    print("first_frame_ms", milliseconds(start, reading.last));
    print("first_bytes", (double)reading.bytes);
    return read_on(pty, &rest, 0, g_get_monotonic_time() + options.warm_s * G_USEC_PER_SEC, NULL);
}

static gboolean measure_idle(Pty *pty)
{
    gint64 start = g_get_monotonic_time();
    gint64 own = cpu_time(pty->pid), also = options.also > 0 ? cpu_time(options.also) : -1;
    Reading reading;
    gboolean alive = read_on(pty, &reading, 0, start + options.idle_s * G_USEC_PER_SEC, NULL);
    double elapsed = (double)(g_get_monotonic_time() - start);

    if (!alive)
        return FALSE;
    /* ns of CPU in µs of time: a tenth of it is per cent. */
    print("idle_cpu_pct", (double)(cpu_time(pty->pid) - own) / elapsed / 10);
    if (also >= 0)
        print("also_cpu_pct", (double)(cpu_time(options.also) - also) / elapsed / 10);
    print("idle_bytes_s", (double)reading.bytes / elapsed * G_USEC_PER_SEC);
    if (reading.bursts > 0)
        print("refresh_bytes", (double)reading.bytes / reading.bursts);
    print("rss_kib", (double)status_value(pty->pid, "VmRSS:"));
    print("threads", (double)status_value(pty->pid, "Threads:"));
    return TRUE;
}

/* The arrow keys as programs that use ncurses expect them (cursor keys in application mode). */
static const char *key_bytes(const char *name)
{
    static const char *const arrows[][2] = {
        {"Up", "\033OA"}, {"Down", "\033OB"}, {"Right", "\033OC"}, {"Left", "\033OD"}};

    for (guint i = 0; i < G_N_ELEMENTS(arrows); i++)
        if (strcmp(name, arrows[i][0]) == 0)
            return arrows[i][1];
    return name;
}

static int compare(gconstpointer a, gconstpointer b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

/* The latency below which the part @share of the sorted @latencies lies. */
static double quantile(const GArray *latencies, double share)
{
    guint index = (guint)((double)latencies->len * share);

    return g_array_index(latencies, double, MIN(index, latencies->len - 1));
}

static gboolean measure_keys(Pty *pty)
{
    g_auto(GStrv) keys = g_strsplit(options.keys, " ", -1);
    g_autoptr(GArray) latencies = g_array_new(FALSE, FALSE, sizeof(double));
    guint count = g_strv_length(keys), unanswered = 0;
    gsize bytes = 0;
    Reading reading;

    for (guint i = 0; count > 0 && i < count * (guint)options.repeat; i++) {
        const char *key = key_bytes(keys[i % count]);
        gint64 now = g_get_monotonic_time();
        if (!read_on(pty, &reading, PAUSE_MS * 1000, now + PAUSE_MS * 1000, NULL))
            return FALSE;
        gint64 pressed = g_get_monotonic_time();
        if (!pty_write(pty, key, strlen(key)) ||
            !read_on(pty, &reading, PAUSE_MS * 1000, pressed + ANSWER_MS * 1000, NULL))
            return FALSE;
        double latency = milliseconds(pressed, reading.first);
        if (reading.first == 0)
            unanswered++;
        else
            g_array_append_val(latencies, latency);
        bytes += reading.bytes;
    }
    print("keys_unanswered", unanswered);
    if (latencies->len == 0)
        return TRUE;
    g_array_sort(latencies, compare);
    print("keys", latencies->len);
    print("key_p50_ms", quantile(latencies, 0.5));
    print("key_p99_ms", quantile(latencies, 0.99));
    print("key_max_ms", quantile(latencies, 1));
    print("key_bytes", (double)bytes / latencies->len);
    return TRUE;
}

static void measure_quit(Pty *pty)
{
    gint64 pressed = g_get_monotonic_time();
    Reading reading;

    pty_write(pty, options.quit, strlen(options.quit));
    if (!read_on(pty, &reading, 0, pressed + QUIT_MS * 1000, NULL))
        print("quit_ms", milliseconds(pressed, g_get_monotonic_time()));
}

static void go_on(void)
{
    kill(options.stop, SIGCONT);
}

static void on_signal(int number)
{
    if (options.stop > 0)
        kill(options.stop, SIGCONT);
    _exit(128 + number);
}

static gboolean measure(Pty *pty, gint64 start)
{
    if (!measure_start(pty, start) || !measure_idle(pty))
        return FALSE;
    if (options.stop > 0) {
        atexit(go_on);
        kill(options.stop, SIGSTOP);
    }
    gboolean alive = options.keys == NULL || measure_keys(pty);
    if (options.stop > 0)
        go_on();
    if (alive)
        measure_quit(pty);
    return alive;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- measure a full-screen program");
    g_autoptr(GError) error = NULL;

    options.term = g_strdup("xterm-256color");
    options.quit = g_strdup("q");
    g_option_context_add_main_entries(context, OPTIONS, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || command == NULL) {
        fprintf(stderr, "ptydrive: %s\n", error != NULL ? error->message : "name a command");
        return 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    g_auto(GStrv) envp = g_environ_setenv(g_get_environ(), "TERM", options.term, TRUE);
    envp = g_environ_unsetenv(g_environ_unsetenv(envp, "LINES"), "COLUMNS");
    gint64 start = g_get_monotonic_time();
    g_autoptr(Pty) pty =
        pty_spawn(command, envp, NULL, (unsigned)options.rows, (unsigned)options.cols, &error);
    if (pty == NULL) {
        fprintf(stderr, "ptydrive: %s\n", error->message);
        return 1;
    }
    if (!measure(pty, start)) {
        fprintf(stderr, "ptydrive: %s ended, or drew nothing in time\n", command[0]);
        return 1;
    }
    return 0;
}
