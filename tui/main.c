/* The program: options, where to connect to, then a command or the full screen. */
#include "config.h"

#include "core/apply/journal.h"
#include "core/demo/demo.h"
#include "core/util/descriptors.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/remote.h"
#include "tui/app/app.h"
#include "tui/commands/commands.h"
#include "tui/widgets/cell.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    CommandOptions command;
    AppOptions app;
    gboolean version;
    gboolean demo_by_default; /* nobody asked for the demo: no libvirt answers */
    char *sysroot, *uri, *theme, *xml, *format, *policy, *reserve, *plan, *journal, *image;
    Demo *demo;
} Options;

/* UTF-8 as it is: GLib's own handler would rewrite it for the locale, and break JSON. */
static void print_out(const char *text)
{
    fputs(text, stdout);
}

static void print_err(const char *text)
{
    fputs(text, stderr);
}

/* The commands stand in one column, what they do in another, in 80 cells. */
#define HELP_INDENT 23
#define HELP_WIDTH  54

static char *describe_commands(void)
{
    GString *out = g_string_new("Commands (without one, the full screen: ? shows its keys, q "
                                "quits):\n");

    for (const Command *command = commands; command->name; command++) {
        g_autofree char *usage = g_strdup_printf("%s %s", command->name, command->arguments);
        g_autofree char *list = command_option_list(command);
        g_autofree char *text =
            g_strconcat(command->help, *list ? " (" : "", list, *list ? ")" : "", NULL);
        g_auto(GStrv) lines = cell_lines(text, HELP_WIDTH, HELP_WIDTH);
        for (guint i = 0; lines[i]; i++) {
            const char *before = i ? "" : usage;
            int pad = MAX(HELP_INDENT - (int)g_utf8_strlen(before, -1), 1);
            g_string_append_printf(out, "  %s%*s%s\n", before, pad, "", lines[i]);
        }
    }
    g_string_append(out,
        "\nExit status: 0 done, 1 failed and nothing changed, 2 usage or bad value,\n"
        "3 the target changed since the preview, 4 undone only in part,\n"
        "5 a plan does not stand.\n");
    return g_string_free(out, FALSE);
}

static gboolean parse_options(Options *options, int *argc, char ***argv, GError **error)
{
    CommandOptions *command = &options->command;
    AppOptions *app = &options->app;
    GOptionEntry entries[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->uri,
            "the libvirt connection (else this host's, else the demo)", "URI"},
        {"demo", 0, 0, G_OPTION_ARG_NONE, &command->collector.demo, "show the bundled host", NULL},
        {"sysroot", 0, 0, G_OPTION_ARG_FILENAME, &options->sysroot,
            "read /sys and /proc below DIR (another machine's)", "DIR"},
        {"read-only", 'r', 0, G_OPTION_ARG_NONE, &command->collector.read_only, "change nothing",
            NULL},
        {"delay", 'd', 0, G_OPTION_ARG_DOUBLE, &command->collector.interval,
            "seconds between two pictures (default 2)", "SECONDS"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &options->theme, "dark, light, colorblind or your own",
            "NAME"},
        {"ascii", 0, 0, G_OPTION_ARG_NONE, &app->ascii, "draw with ASCII only", NULL},
        {"no-color", 0, 0, G_OPTION_ARG_NONE, &app->no_color, "no colours", NULL},
        {"no-mouse", 0, 0, G_OPTION_ARG_NONE, &app->no_mouse, "leave the mouse to the terminal",
            NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &command->json, "host, domains, tunables: print JSON",
            NULL},
        {"names", 0, 0, G_OPTION_ARG_NONE, &command->names, "tunables: print the keys only", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &command->dry_run, "set: show what would change",
            NULL},
        {"command-line", 0, 0, G_OPTION_ARG_NONE, &command->command_line,
            "with --dry-run: how QEMU's command line would change, too", NULL},
        {"live", 0, 0, G_OPTION_ARG_NONE, &command->live, "set: the running domain only", NULL},
        {"config", 0, 0, G_OPTION_ARG_NONE, &command->config, "set: the next start only", NULL},
        {"now", 0, 0, G_OPTION_ARG_NONE, &command->now, "set host: until it restarts (default)",
            NULL},
        {"boot", 0, 0, G_OPTION_ARG_NONE, &command->boot, "set host: when it boots", NULL},
        {"both", 0, 0, G_OPTION_ARG_NONE, &command->both, "set host: now and when it boots", NULL},
        {"root", 0, 0, G_OPTION_ARG_FILENAME, &options->image,
            "set host --boot, undo, journal, recover: the image that is mounted at DIR", "DIR"},
        {"partial", 0, 0, G_OPTION_ARG_NONE, &command->partial,
            "set: keep what the kernel grants, even if it is less", NULL},
        {"finish", 0, 0, G_OPTION_ARG_NONE, &command->finish,
            "recover: write what was not written yet", NULL},
        {"back", 0, 0, G_OPTION_ARG_NONE, &command->back, "recover: put back what was written",
            NULL},
        {"xml", 0, 0, G_OPTION_ARG_FILENAME, &options->xml,
            "set: edit this file (- for standard input) and print it", "FILE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options->format, "export: virsh, ansible or xml",
            "NAME"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &command->all, "place: those that are off, too", NULL},
        {"policy", 0, 0, G_OPTION_ARG_STRING, &options->policy, "place: how VMs lie to each other",
            "pack|spread|isolate"},
        {"reserve", 0, 0, G_OPTION_ARG_STRING, &options->reserve, "place: CPUs for no vCPU",
            "CPUS"},
        {"plan", 0, 0, G_OPTION_ARG_FILENAME, &options->plan, "place: write the plan to FILE",
            "FILE"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "print the version", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autofree char *description = describe_commands();
    g_autoptr(GOptionContext) context =
        g_option_context_new("[COMMAND [ARGUMENTS]] - see and tune a KVM host");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, description);
    g_autoptr(GError) cause = NULL;
    if (g_option_context_parse(context, argc, argv, &cause))
        return TRUE;
    g_autofree char *shown = text_escape(cause->message, 200);
    g_set_error(
        error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s; `kvmtune --help` lists the options", shown);
    return FALSE;
}

/* Whether a libvirt daemon takes connections for qemu:///system. A socket that accepts is asked by
 * the collector, however long it then takes; one that does not is no daemon at all. */
static gboolean system_libvirt_answers(void)
{
    static const char *const sockets[] = {
        "/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock", "/run/libvirt/libvirt-sock-ro"};

    for (guint i = 0; i < G_N_ELEMENTS(sockets); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        g_strlcpy(address.sun_path, sockets[i], sizeof address.sun_path);
        gboolean answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (fd >= 0)
            close(fd);
        if (answers)
            return TRUE;
    }
    return FALSE;
}

/* Settles what is connected to: -c, LIBVIRT_DEFAULT_URI, the system's libvirt, else the demo. */
static gboolean choose_connection(Options *options, GError **error)
{
    CollectorOptions *collector = &options->command.collector;
    const char *uri = options->uri ? options->uri : g_getenv("LIBVIRT_DEFAULT_URI");

    if (collector->demo && (options->uri || options->sysroot)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--demo brings its own host: leave out -c and --sysroot");
        return FALSE;
    }
    if (!collector->demo && (uri == NULL || *uri == '\0')) {
        uri = "qemu:///system";
        if (options->sysroot == NULL && !system_libvirt_answers())
            options->demo_by_default = collector->demo = TRUE;
    }
    collector->uri = uri;
    collector->root = options->sysroot ? options->sysroot : "";
    if (!collector->demo)
        return TRUE;
    options->demo = demo_new(error);
    if (options->demo == NULL)
        return FALSE;
    collector->uri = demo_uri(options->demo);
    collector->root = demo_root(options->demo);
    return TRUE;
}

/* A tree of its own (the demo, another machine's) keeps its own journal. */
static char *journal_folder(const CollectorOptions *collector)
{
    if (*collector->root)
        return g_build_filename(collector->root, "var", "lib", "kvmtune", "journal", NULL);
    return journal_default_folder();
}

/* An image is a tree of its own, of which no kernel is asked. */
static gboolean use_image(Options *options, GError **error)
{
    if (*options->image == '\0' || options->sysroot || options->uri ||
        options->command.collector.demo) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            *options->image ? "--root is an image: leave out -c, --sysroot and --demo"
                            : "--root takes a folder, and this one is empty");
        return FALSE;
    }
    gsize length = strlen(options->image);
    while (length > 0 && options->image[length - 1] == '/')
        length--;
    options->sysroot = g_strndup(options->image, length);
    options->command.collector.image = TRUE;
    return TRUE;
}

static gboolean run_command(
    Options *options, const char *name, int count, char **arguments, GError **error)
{
    const Command *command = command_find(name);

    if (command == NULL) {
        g_autofree char *shown = text_escape(name, 60);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "there is no command \"%s\"; `kvmtune --help` lists them", shown);
        return FALSE;
    }
    if (count < command->min_arguments ||
        (command->max_arguments >= 0 && count > command->max_arguments)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "usage: kvmtune %s %s",
            command->name, command->arguments);
        return FALSE;
    }
    options->command.xml = options->xml;
    options->command.format = options->format;
    options->command.policy = options->policy;
    options->command.reserve = options->reserve;
    options->command.plan = options->plan;
    options->command.image = options->image;
    if (!command_check_options(command, &options->command, error))
        return FALSE;
    if (options->image && !use_image(options, error))
        return FALSE;
    /* What needs no libvirt asks none, and shows this host. */
    gboolean own_host = command->need == ASKS_HOST || command->need == ASKS_PLAN ||
                        command->need == ASKS_JOURNAL || options->xml ||
                        (command->need == ASKS_LIBVIRT && count && g_str_equal(*arguments, "host"));
    gboolean reads_sys = command->need == ASKS_HOST || command->need == ASKS_LIBVIRT;
    if (own_host && !options->command.collector.demo) {
        const char *uri = options->uri ? options->uri : g_getenv("LIBVIRT_DEFAULT_URI");
        if (reads_sys && !options->xml && options->sysroot == NULL && remote_uri(uri)) {
            g_autofree char *shown = connection_shown_uri(uri);
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
                "\"host\" is the host kvmtune runs on, and %s is another one: run kvmtune there",
                shown);
            return FALSE;
        }
        options->command.collector.uri = command->need == ASKS_JOURNAL ? options->uri
                                         : uri && *uri                 ? uri
                                                                       : connection_default_uri();
        options->command.collector.root = options->sysroot ? options->sysroot : "";
    } else if (!choose_connection(options, error)) {
        return FALSE;
    }
    if (options->demo_by_default && command->need != ASKS_LIBVIRT_OR_DEMO) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "no libvirt answers at qemu:///system: start libvirtd, name a connection with -c, or "
            "try --demo");
        return FALSE;
    }
    if (options->demo_by_default)
        g_printerr("kvmtune: no libvirt answers at qemu:///system: this is the demo host\n");
    options->journal = journal_folder(&options->command.collector);
    options->command.journal_folder = options->journal;
    return command->run(&options->command, arguments, error);
}

/* GOption leaves the "--" that ended the options where it stood behind an argument. */
static void drop_dashes(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++)
        if (g_str_equal(argv[i], "--")) {
            memmove(argv + i, argv + i + 1, (gsize)(*argc - i) * sizeof *argv);
            (*argc)--;
            return;
        }
}

static gboolean run(Options *options, int argc, char **argv, int *exit_code, GError **error)
{
    options->command.collector.interval = 2;
    if (!descriptors_suffice(error) || !parse_options(options, &argc, &argv, error))
        return FALSE;
    drop_dashes(&argc, argv);
    if (options->version) {
        g_print("kvmtune " PACKAGE_VERSION "\n");
        return TRUE;
    }
    /* An unset variable in a script must not turn another machine's tree into this host. */
    if (options->sysroot && *options->sysroot == '\0') {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--sysroot takes a folder, and this one is empty: leave it out for this host");
        return FALSE;
    }
    /* The negation refuses NaN as well. */
    if (!(options->command.collector.interval >= 0.1 &&
            options->command.collector.interval <= 86400)) {
        g_set_error(
            error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "--delay takes seconds from 0.1 to 86400");
        return FALSE;
    }
    if (argc > 1)
        return run_command(options, argv[1], argc - 2, argv + 2, error);
    if (options->image) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "the full screen shows a host that runs, no image: --root goes with a command, such as "
            "kvmtune set host KEY=VALUE --boot --root DIR");
        return FALSE;
    }

    if (!choose_connection(options, error))
        return FALSE;
    options->journal = journal_folder(&options->command.collector);
    options->app.collector = options->command.collector;
    options->app.journal_folder = options->journal;
    options->app.theme = options->theme;
    *exit_code = app_run(&options->app, error);
    return *error == NULL;
}

int main(int argc, char **argv)
{
    Options options = {0};
    g_autoptr(GError) error = NULL;
    int exit_code = 0;

    descriptors_fill();
    setlocale(LC_ALL, "");
#ifdef M_ARENA_MAX
    /* An arena a thread would keep what a list of a thousand domains took for a moment. */
    mallopt(M_ARENA_MAX, 1);
#endif
    g_set_prgname("kvmtune");
    g_set_print_handler(print_out);
    g_set_printerr_handler(print_err);
    if (!run(&options, argc, argv, &exit_code, &error)) {
        g_autofree char *message = text_escape(error->message, 0);
        g_printerr("kvmtune: %s\n", message);
        exit_code = kvmtune_exit_code(error);
    }
    demo_free(options.demo);
    g_free(options.sysroot);
    g_free(options.uri);
    g_free(options.theme);
    g_free(options.xml);
    g_free(options.format);
    g_free(options.policy);
    g_free(options.reserve);
    g_free(options.plan);
    g_free(options.image);
    g_free(options.journal);
    /* Of a long text a part may have been lost before: errno is gone then. */
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == 0) {
        g_printerr("kvmtune: standard output: %s\n",
            errno ? g_strerror(errno) : "not all could be written");
        exit_code = KVMTUNE_ERROR_FAILED;
    }
    return exit_code;
}
