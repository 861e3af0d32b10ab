/* Measures a program that ends by itself: `bench-process RUNS PROGRAM ARGUMENT…` runs it so often,
 * its output thrown away, and prints "median-ms max-ms cpu-ms runs"; cpu-ms is the median of what
 * it and its children used of CPUs. */
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static gint64 cpu_of_children(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return ((gint64)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Its exit status, or -1. */
static int run(char **argv)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int compare(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    int runs = argc > 2 ? atoi(argv[1]) : 0;

    if (runs < 1) {
        fputs("usage: bench-process RUNS PROGRAM ARGUMENT…\n", stderr);
        return 2;
    }
    g_autofree gint64 *walls = g_new(gint64, runs), *cpus = g_new(gint64, runs);
    for (int i = 0; i < runs; i++) {
        gint64 start = g_get_monotonic_time(), cpu = cpu_of_children();
        int status = run(argv + 2);
        walls[i] = g_get_monotonic_time() - start;
        cpus[i] = cpu_of_children() - cpu;
        if (status != 0) {
            fprintf(stderr, "bench-process: %s ended with %d\n", argv[2], status);
            return 1;
        }
    }
    qsort(walls, (size_t)runs, sizeof *walls, compare);
    qsort(cpus, (size_t)runs, sizeof *cpus, compare);
    printf("%.1f %.1f %.1f %d\n", (double)walls[runs / 2] / 1000, (double)walls[runs - 1] / 1000,
        (double)cpus[runs / 2] / 1000, runs);
    return 0;
}
