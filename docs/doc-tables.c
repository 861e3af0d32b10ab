/* Prints what is made from the program's tables: docs/tunables.md, or the man page with its
 * sections new (the tunables of the catalogue, the actions of the key table). doc-tables markdown
 * doc-tables man MANPAGE */
#include "core/catalogue/reference.h"
#include "tui/terminal/keymap.h"

#include <stdio.h>
#include <string.h>

/* @text for a line of the man page that does not begin with it. */
static void append_escaped(GString *out, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '\\')
            g_string_append(out, "\\e");
        else if (*p == '-')
            g_string_append(out, "\\-");
        else
            g_string_append_c(out, *p);
}

/* Every row of the key table, by the name that the configuration has for it. */
static char *actions_man(void)
{
    GString *out = g_string_new(NULL);
    guint count;
    const KeyRow *rows = keymap_rows(&count);

    for (guint i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf(
            "%s.%s", keymap_context_name(rows[i].context), keymap_action_name(rows[i].action));
        g_string_append(out, ".TP\n\\fB");
        append_escaped(out, name);
        g_string_append(out, "\\fP = \\fB");
        append_escaped(out, rows[i].keys);
        g_string_append(out, "\\fP\n\\&");
        append_escaped(out, rows[i].help);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name;
    char *(*make)(void);
} sections[] = {{"ACTIONS", actions_man}, {"TUNABLES", reference_man}};

/* @page with what stands between BEGIN and END of each section made new; NULL where it has no such
 * lines. */
static char *with_sections(const char *page)
{
    char *all = g_strdup(page);

    for (guint i = 0; all && i < G_N_ELEMENTS(sections); i++) {
        g_autofree char *old = g_steal_pointer(&all);
        g_autofree char *first = g_strdup_printf(".\\\" BEGIN %s\n", sections[i].name);
        g_autofree char *last = g_strdup_printf(".\\\" END %s\n", sections[i].name);
        const char *begin = strstr(old, first);
        const char *end = begin ? strstr(begin, last) : NULL;
        if (end == NULL)
            break;
        g_autofree char *before = g_strndup(old, (gsize)(begin + strlen(first) - old));
        g_autofree char *section = sections[i].make();
        all = g_strconcat(before, section, end, NULL);
    }
    return all;
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    g_autofree char *page = NULL;

    if (argc == 2 && strcmp(argv[1], "markdown") == 0)
        text = reference_markdown();
    else if (argc == 3 && g_file_get_contents(argv[2], &page, NULL, NULL))
        text = with_sections(page);
    if (text == NULL) {
        g_printerr("usage: doc-tables markdown, or doc-tables man MANPAGE (with its marks)\n");
        return 2;
    }
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
