/* What tests of a domain's process stand on: a made-up tree in which one domain runs, "web,1" as
 * process 500 with its threads. */
#pragma once

#include "core/virt/usage.h"

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

typedef struct {
    char *root, *folder;
    Domain *domain;
} Fixture;

#define CONFIG                                                                                     \
    "<domain type='kvm'><vcpu>2</vcpu><iothreads>2</iothreads><cputune>"                           \
    "<vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='2'/>"                                 \
    "<iothreadpin iothread='2' cpuset='1'/></cputune></domain>"

/* For g_test_add. */
void usage_set_up(Fixture *f, gconstpointer data);
void usage_tear_down(Fixture *f, gconstpointer data);

void usage_put(const Fixture *f, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);
void usage_put_thread(const Fixture *f, int pid, int tid, const char *comm, const char *cpus,
    int last, guint64 run_ns, int started);
/* The words of its command line, "|" between them. */
void usage_put_command(const Fixture *f, int pid, const char *command);
void usage_remove_all(const char *path);
/* The host below the tree, with the CPUs @present, of which @online are. */
Host *usage_host(const Fixture *f, const char *present, const char *online);
