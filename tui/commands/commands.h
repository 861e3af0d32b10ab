/* The commands without a screen: one table, and which options each takes. */
#pragma once

#include "core/collector/collector.h"

typedef struct {
    CollectorOptions collector;
    const char *journal_folder;
    gboolean json, names, dry_run, command_line, live, config, partial, finish, back;
    gboolean now, boot, both;            /* set host: when it is to hold */
    gboolean all;                        /* place --all: domains that are off, too */
    const char *image;                   /* --root DIR: the tree of a host that does not run */
    const char *format;                  /* export --format NAME */
    const char *xml;                     /* set --xml FILE; "-" reads standard input */
    const char *policy, *reserve, *plan; /* place --policy, --reserve CPUS, --plan FILE */
} CommandOptions;

/* The options that only some commands take. */
enum {
    OPTION_JSON = 1 << 0,
    OPTION_DRY_RUN = 1 << 1,
    OPTION_LIVE = 1 << 2,
    OPTION_CONFIG = 1 << 3,
    OPTION_PARTIAL = 1 << 4,
    OPTION_XML = 1 << 5,
    OPTION_COMMAND_LINE = 1 << 6,
    OPTION_FORMAT = 1 << 7,
    OPTION_NAMES = 1 << 8,
    OPTION_POLICY = 1 << 9,
    OPTION_RESERVE = 1 << 10,
    OPTION_PLAN = 1 << 11,
    OPTION_FINISH = 1 << 12,
    OPTION_BACK = 1 << 13,
    OPTION_WHEN = 1 << 14, /* --now, --boot, --both */
    OPTION_ROOT = 1 << 15,
    OPTION_ALL = 1 << 16,
};

/* What a command needs, and what becomes of it where no libvirt answers. */
typedef enum {
    ASKS_HOST,            /* this host's files only */
    ASKS_PLAN,            /* libvirt only where the plan names a domain */
    ASKS_JOURNAL,         /* libvirt only where an entry changed a domain */
    ASKS_LIBVIRT,         /* refused where none answers */
    ASKS_LIBVIRT_OR_DEMO, /* reads only: shows the demo where none answers */
} CommandNeed;

typedef struct {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *help;
    int min_arguments, max_arguments; /* -1: any number */
    guint options;                    /* OPTION_… it takes */
    CommandNeed need;
    /* Prints to standard output. FALSE with an error whose code is the exit code. */
    gboolean (*run)(const CommandOptions *options, char **arguments, GError **error);
} Command;

extern const Command commands[];               /* ends with {NULL} */
const Command *command_find(const char *name); /* NULL where there is none */
/* "--json, --dry-run": what @command takes of them; "" for none. The caller frees it. */
char *command_option_list(const Command *command);
/* FALSE with a KVMTUNE_ERROR_USAGE sentence where @command does not take an option that is given.
 */
gboolean command_check_options(
    const Command *command, const CommandOptions *options, GError **error);
