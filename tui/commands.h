/* The commands without a screen: host, domains, set, undo, journal, tunables. */
#pragma once

#include "core/collector.h"

typedef struct {
    CollectorOptions collector;
    const char *journal_folder;
    gboolean json, dry_run, live, config, partial;
    const char *xml; /* set --xml FILE; "-" reads standard input */
} CommandOptions;

typedef struct {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *help;
    int min_arguments, max_arguments; /* -1: any number */
    gboolean may_show_demo; /* reads only: where no libvirt answers it may show the demo */
    /* Prints to standard output. FALSE with an error whose code is the exit code. */
    gboolean (*run)(const CommandOptions *options, char **arguments, GError **error);
} Command;

extern const Command commands[];               /* ends with {NULL} */
const Command *command_find(const char *name); /* NULL where there is none */
