/* The table of commands, and which options each of them takes. */
#include "tui/commands/commands-private.h"

#include "core/util/error.h"

/* clang-format off */
const Command commands[] = {
    {"host", "", "print the host: topology, memory, pools, KSM, THP",
        0, 0, OPTION_JSON, ASKS_HOST, command_host},
    {"domains", "", "print the domains",
        0, 0, OPTION_JSON, ASKS_LIBVIRT_OR_DEMO, command_domains},
    {"set", "TARGET KEY=VALUE…", "change a domain or the host",
        1, -1, OPTION_DRY_RUN | OPTION_COMMAND_LINE | OPTION_LIVE | OPTION_CONFIG | OPTION_WHEN | OPTION_ROOT |
            OPTION_PARTIAL | OPTION_XML,
        ASKS_LIBVIRT, command_set},
    {"apply", "PLAN|-", "make what a plan file says",
        1, 1, OPTION_DRY_RUN | OPTION_LIVE | OPTION_CONFIG | OPTION_PARTIAL, ASKS_PLAN,
        command_apply},
    {"diff", "PLAN|-", "print what of a plan file does not stand here (exit status 5)",
        1, 1, OPTION_LIVE | OPTION_CONFIG, ASKS_PLAN, command_diff},
    {"export", "PLAN|-", "print a plan as a script of virsh, an Ansible playbook or the XML",
        1, 1, OPTION_LIVE | OPTION_CONFIG | OPTION_FORMAT, ASKS_PLAN, command_export},
    {"place", "[DOMAIN…]", "propose where domains go, those that run without DOMAIN",
        0, -1, OPTION_JSON | OPTION_ALL | OPTION_POLICY | OPTION_RESERVE | OPTION_PLAN, ASKS_LIBVIRT_OR_DEMO,
        command_place},
    {"undo", "[ENTRY]", "take an entry of the journal back, the newest without ENTRY",
        0, 1, OPTION_DRY_RUN | OPTION_PARTIAL | OPTION_ROOT, ASKS_JOURNAL, command_undo},
    {"journal", "[ENTRY]", "list what was applied, or the steps of an entry",
        0, 1, OPTION_ROOT, ASKS_HOST, command_journal},
    {"recover", "[ENTRY]", "end what a kvmtune that was killed left open; says what stands",
        0, 1, OPTION_FINISH | OPTION_BACK | OPTION_ROOT, ASKS_JOURNAL, command_recover},
    {"tunables", "[KEY]", "list what can be set, or explain KEY",
        0, 1, OPTION_JSON | OPTION_NAMES, ASKS_HOST, command_tunables},
    {NULL, NULL, NULL, 0, 0, 0, ASKS_HOST, NULL},
};
/* clang-format on */

/* Each option of CommandOptions that is not everyone's: as it is written, and where it is kept. */
static const struct {
    guint option;
    const char *written;
    gsize member; /* a gboolean, or (text) a char* */
    gboolean text;
} option_table[] = {
    {OPTION_JSON, "--json", G_STRUCT_OFFSET(CommandOptions, json), FALSE},
    {OPTION_NAMES, "--names", G_STRUCT_OFFSET(CommandOptions, names), FALSE},
    {OPTION_DRY_RUN, "--dry-run", G_STRUCT_OFFSET(CommandOptions, dry_run), FALSE},
    {OPTION_COMMAND_LINE, "--command-line", G_STRUCT_OFFSET(CommandOptions, command_line), FALSE},
    {OPTION_LIVE, "--live", G_STRUCT_OFFSET(CommandOptions, live), FALSE},
    {OPTION_CONFIG, "--config", G_STRUCT_OFFSET(CommandOptions, config), FALSE},
    {OPTION_WHEN, "--now", G_STRUCT_OFFSET(CommandOptions, now), FALSE},
    {OPTION_WHEN, "--boot", G_STRUCT_OFFSET(CommandOptions, boot), FALSE},
    {OPTION_WHEN, "--both", G_STRUCT_OFFSET(CommandOptions, both), FALSE},
    {OPTION_ROOT, "--root", G_STRUCT_OFFSET(CommandOptions, image), TRUE},
    {OPTION_PARTIAL, "--partial", G_STRUCT_OFFSET(CommandOptions, partial), FALSE},
    {OPTION_FORMAT, "--format", G_STRUCT_OFFSET(CommandOptions, format), TRUE},
    {OPTION_FINISH, "--finish", G_STRUCT_OFFSET(CommandOptions, finish), FALSE},
    {OPTION_BACK, "--back", G_STRUCT_OFFSET(CommandOptions, back), FALSE},
    {OPTION_XML, "--xml", G_STRUCT_OFFSET(CommandOptions, xml), TRUE},
    {OPTION_ALL, "--all", G_STRUCT_OFFSET(CommandOptions, all), FALSE},
    {OPTION_POLICY, "--policy", G_STRUCT_OFFSET(CommandOptions, policy), TRUE},
    {OPTION_RESERVE, "--reserve", G_STRUCT_OFFSET(CommandOptions, reserve), TRUE},
    {OPTION_PLAN, "--plan", G_STRUCT_OFFSET(CommandOptions, plan), TRUE},
};

const Command *command_find(const char *name)
{
    for (const Command *command = commands; command->name; command++)
        if (g_str_equal(command->name, name))
            return command;
    return NULL;
}

char *command_option_list(const Command *command)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(option_table); i++)
        if (command->options & option_table[i].option)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", option_table[i].written);
    return g_string_free(out, FALSE);
}

static gboolean is_given(const CommandOptions *options, guint i)
{
    return option_table[i].text ? G_STRUCT_MEMBER(char *, options, option_table[i].member) != NULL
                                : G_STRUCT_MEMBER(gboolean, options, option_table[i].member);
}

gboolean command_check_options(
    const Command *command, const CommandOptions *options, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(option_table); i++) {
        if (!is_given(options, i) || command->options & option_table[i].option)
            continue;
        g_autofree char *list = command_option_list(command);
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s takes no %s%s%s", command->name,
            option_table[i].written, *list ? "; it takes " : "", list);
        return FALSE;
    }
    if (options->command_line && !options->dry_run) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--command-line shows what would change: it goes with --dry-run");
        return FALSE;
    }
    if (options->live && options->config) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--live and --config exclude one another; without either, both are set");
        return FALSE;
    }
    if (options->live + options->config + options->now + options->boot + options->both > 1) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "of --now, --boot and --both one is enough; a domain has --live and --config");
        return FALSE;
    }
    return TRUE;
}
