/* Mount units: their names, their text, and what one says. */
#include "core/keep/mountunit.h"

#include "core/util/text.h"

#include <string.h>

#define HEADING "# Written by kvmtune, which replaces or removes it as a whole.\n"

void mountunit_clear(MountUnit *unit)
{
    g_clear_pointer(&unit->where, g_free);
}

/* systemd.unit(5), "String Escaping for Inclusion in Unit Names". */
char *mountunit_name(const char *where)
{
    g_auto(GStrv) parts = g_strsplit(where, "/", -1);
    GString *name = g_string_new(NULL);

    for (guint i = 0; parts[i]; i++) {
        if (*parts[i] == '\0')
            continue;
        if (name->len)
            g_string_append_c(name, '-');
        for (const char *c = parts[i]; *c; c++)
            if (g_ascii_isalnum(*c) || *c == ':' || *c == '_' || (*c == '.' && name->len))
                g_string_append_c(name, *c);
            else
                g_string_append_printf(name, "\\x%02x", (guchar)*c);
    }
    if (name->len == 0)
        g_string_append_c(name, '-');
    g_string_append(name, ".mount");
    return g_string_free(name, FALSE);
}

char *mountunit_text(const char *where, guint64 size_kib)
{
    g_autofree char *size = text_page_size(size_kib);

    return g_strdup_printf(HEADING "[Unit]\n"
                                   "Description=Hugepages of %s\n"
                                   "Documentation=https://docs.kernel.org/"
                                   "admin-guide/mm/hugetlbpage.html\n"
                                   "ConditionPathExists=/sys/kernel/mm/hugepages/"
                                   "hugepages-%" G_GUINT64_FORMAT "kB\n"
                                   "\n"
                                   "[Mount]\n"
                                   "What=hugetlbfs\n"
                                   "Where=%s\n"
                                   "Type=hugetlbfs\n"
                                   "Options=pagesize=%s\n"
                                   "\n"
                                   "[Install]\n"
                                   "WantedBy=local-fs.target\n",
        size, size_kib, where, size);
}

gboolean mountunit_parse(const char *text, MountUnit *unit)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean is_huge = FALSE;

    *unit = (MountUnit){.ours = g_str_has_prefix(text, HEADING)};
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (g_str_has_prefix(line, "Where=")) {
            g_free(unit->where);
            unit->where = g_strdup(line + strlen("Where="));
        } else if (g_str_has_prefix(line, "Type=")) {
            is_huge = g_str_equal(line, "Type=hugetlbfs");
        } else if (g_str_has_prefix(line, "Options=")) {
            g_auto(GStrv) options = g_strsplit(line + strlen("Options="), ",", -1);
            for (guint j = 0; options[j]; j++)
                if (g_str_has_prefix(options[j], "pagesize="))
                    text_parse_size(options[j] + strlen("pagesize="), &unit->size_kib);
        }
    }
    if (is_huge && unit->where && *unit->where == '/')
        return TRUE;
    mountunit_clear(unit);
    return FALSE;
}
