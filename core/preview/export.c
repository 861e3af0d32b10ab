/* A Plan for other hands: the acts of a Preview, written as a script, a playbook or
 * documents. */
#include "core/preview/export-private.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

#define OF_DEMO "the host is that of kvmtune's demo, which ended with it"

static gboolean is_remark(const Act *act)
{
    return !act->xml && !act->argv && !act->command && !act->path && !act->file;
}

static gboolean has_password(const GPtrArray *acts)
{
    for (guint i = 0; i < acts->len; i++) {
        const Act *act = g_ptr_array_index(acts, i);
        if (act->xml && strstr(act->xml, "passw"))
            return TRUE;
    }
    return FALSE;
}

static gboolean has_file(const GPtrArray *acts)
{
    for (guint i = 0; i < acts->len; i++)
        if (((const Act *)g_ptr_array_index(acts, i))->file)
            return TRUE;
    return FALSE;
}

/* @uri NULL: the demo's. */
static void write_head(GString *out, const GPtrArray *acts, const char *uri, const char *from)
{
    g_autofree char *shown_uri = text_escape(uri ? uri : "the demo's host", 0);
    g_autofree char *shown_from = text_escape(from, 100);

    g_string_append_printf(
        out, "# Made by kvmtune from %s, for %s as it was then.\n", shown_from, shown_uri);
    if (uri == NULL)
        g_string_append(out, "# It does not run: " OF_DEMO ".\n");
    if (has_password(acts))
        g_string_append(out, "# It holds passwords of domains: keep it to yourself.\n");
}

/* A line that does not stand in @text: the end of a here-document. */
static char *free_delimiter(const char *text)
{
    char *delimiter = g_strdup("END_OF_XML");

    for (guint n = 1; strstr(text, delimiter); n++) {
        g_free(delimiter);
        delimiter = g_strdup_printf("END_OF_XML_%u", n);
    }
    return delimiter;
}

/* A file below /etc as a whole, a link, or its removal. */
static void write_shell_file(GString *out, const Act *act)
{
    g_autofree char *path = g_shell_quote(act->file->path);
    g_autofree char *folder = g_path_get_dirname(act->file->path);
    g_autofree char *quoted = g_shell_quote(folder);

    if (*act->text == '\0') {
        g_string_append_printf(out, "    rm -f %s\n", path);
    } else if (act->file->is_link) {
        g_autofree char *target = g_shell_quote(act->text);
        g_string_append_printf(out, "    mkdir -p %s\n    ln -sfn %s %s\n", quoted, target, path);
    } else {
        g_autofree char *end = free_delimiter(act->text);
        g_string_append_printf(out, "    mkdir -p %s\n    cat > %s <<'%s'\n%s%s%s\n", quoted, path,
            end, act->text, g_str_has_suffix(act->text, "\n") ? "" : "\n", end);
    }
}

static void write_words(GString *out, char **words)
{
    for (char **word = words; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(out, " %s", quoted);
    }
    g_string_append_c(out, '\n');
}

static void write_shell_act(GString *out, const Act *act)
{
    g_string_append_printf(out, "    # %s\n", act->what);
    if (is_remark(act))
        return;
    if (act->xml) {
        g_autofree char *end = free_delimiter(act->xml);
        g_string_append_printf(out, "    virsh define /dev/stdin <<'%s'\n%s%s%s\n", end, act->xml,
            g_str_has_suffix(act->xml, "\n") ? "" : "\n", end);
    } else if (act->argv) {
        g_string_append(out, "    virsh");
        write_words(out, act->argv);
    } else if (act->command) {
        g_string_append(out, "   ");
        write_words(out, act->command);
    } else if (act->file) {
        write_shell_file(out, act);
    } else {
        g_autofree char *value = g_shell_quote(act->value), *path = g_shell_quote(act->path);
        g_string_append_printf(out, "    printf '%%s\\n' %s > %s\n", value, path);
    }
}

/* The words of a shell function: whether $1, a file or a link, still is what the plan saw ($2) or
 * is what it will be ($3), so that a second run does no harm; "": there is none. Others' lines that
 * came since would be lost with the whole file. Line ends at a file's end are not looked at. */
static const char as_seen[] =
    "    for seen in \"$2\" \"$3\"; do\n"
    "        if [ -z \"$seen\" ]; then\n"
    "            if [ ! -s \"$1\" ] && [ ! -L \"$1\" ]; then return 0; fi\n"
    "        elif [ -L \"$1\" ]; then\n"
    "            if [ \"$(readlink \"$1\")\" = \"$seen\" ]; then return 0; fi\n"
    "        elif [ -f \"$1\" ]; then\n"
    "            if [ \"$(cat \"$1\")\" = \"$(printf '%s' \"$seen\")\" ]; then "
    "return 0; fi\n"
    "        fi\n"
    "    done\n"
    "    echo \"$1 is not as it was when the plan was exported: nothing is done; "
    "export it anew on this host\" >&2\n"
    "    exit 1\n";

/* What @act's file was before it, whichever way. */
static const char *seen_text(const Act *act)
{
    return act->text == act->file->before ? act->file->after : act->file->before;
}

static void write_shell_function(GString *out, const char *name, const GPtrArray *acts)
{
    g_string_append_printf(out, "\n%s() {\n    :\n", name);
    for (guint i = 0; i < acts->len; i++) {
        const Act *act = g_ptr_array_index(acts, i);
        if (act->file == NULL)
            continue;
        g_autofree char *path = g_shell_quote(act->file->path);
        g_autofree char *seen = g_shell_quote(seen_text(act));
        g_autofree char *then = g_shell_quote(act->text);
        g_string_append_printf(out, "    as_seen %s %s %s\n", path, seen, then);
    }
    for (guint i = 0; i < acts->len; i++)
        write_shell_act(out, g_ptr_array_index(acts, i));
    g_string_append(out, "}\n");
}

static void write_shell(
    GString *out, const GPtrArray *there, const GPtrArray *back, const char *uri, const char *from)
{
    g_autofree char *quoted = g_shell_quote(uri ? uri : "");

    g_string_append(out, "#!/bin/sh\n");
    write_head(out, there, uri, from);
    g_string_append_printf(out,
        "# Run as root: sh THIS makes it so, sh THIS back takes it back.\n"
        "set -eu\n"
        "virsh() { command virsh -q -c %s \"$@\"; }\n",
        quoted);
    if (uri == NULL)
        g_string_append(out, "echo \"$0: " OF_DEMO "\" >&2; exit 1\n");
    if (has_file(there))
        g_string_append_printf(out, "as_seen() {\n%s}\n", as_seen);
    write_shell_function(out, "there", there);
    write_shell_function(out, "back", back);
    g_string_append(out, "\ncase ${1-there} in\n"
                         "there) there ;;\n"
                         "back) back ;;\n"
                         "*) echo \"usage: sh $0 [back]\" >&2; exit 2 ;;\n"
                         "esac\n");
}

/* A YAML string in JSON's quotes, which YAML has too. What Jinja would read as a template is marked
 * as text. */
static void write_yaml_string(GString *out, const char *raw)
{
    g_autofree char *text = g_utf8_make_valid(raw, -1);

    g_string_append(out, strchr(text, '{') ? "!unsafe \"" : "\"");
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", (char)c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
    }
    g_string_append_c(out, '"');
}

/* A document as a block of its lines, so that a person can read it; in quotes where a block cannot
 * hold it. */
static void write_yaml_block(GString *out, const char *text, const char *indent)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean plain = g_str_has_suffix(text, "\n") && !g_str_has_suffix(text, "\n\n") &&
                     *text == '<' && strchr(text, '{') == NULL;

    for (const char *p = text; *p && plain; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        plain = c == '\n' || (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0x2028);
    }
    if (!plain) {
        write_yaml_string(out, text);
        g_string_append_c(out, '\n');
        return;
    }
    g_string_append(out, "|\n");
    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(out, "%s%s\n", indent, *line);
        else if (line[1])
            g_string_append_c(out, '\n');
}

static void write_task_file(GString *out, const Act *act)
{
    gboolean is_copy = *act->text && !act->file->is_link;

    g_string_append(out, is_copy ? "\n      ansible.builtin.copy:\n        dest: "
                                 : "\n      ansible.builtin.file:\n        path: ");
    write_yaml_string(out, act->file->path);
    if (is_copy) {
        g_string_append(out, "\n        content: ");
        write_yaml_string(out, act->text);
    } else if (*act->text) {
        g_string_append(out, "\n        state: link\n        src: ");
        write_yaml_string(out, act->text);
    } else {
        g_string_append(out, "\n        state: absent");
    }
    g_string_append_c(out, '\n');
}

static void write_task(GString *out, const Act *act, const char *uri)
{
    if (is_remark(act)) {
        g_autofree char *what = g_utf8_make_valid(act->what, -1);
        g_string_append_printf(out, "    # %s\n", what);
        return;
    }
    g_string_append(out, "    - name: ");
    write_yaml_string(out, act->what);
    if (act->xml) {
        g_string_append(
            out, "\n      community.libvirt.virt:\n        command: define\n        uri: ");
        write_yaml_string(out, uri);
        g_string_append(out, "\n        xml: ");
        write_yaml_block(out, act->xml, "          ");
        return;
    }
    if (act->file) {
        write_task_file(out, act);
        return;
    }
    g_string_append(out, "\n      ansible.builtin.command:\n        argv:\n");
    const char *const virsh[] = {"virsh", "-q", "-c", uri, NULL};
    const char *const tee[] = {"tee", act->path, NULL};
    for (const char *const *word = act->argv   ? virsh
                                   : act->path ? tee
                                               : NULL;
         word && *word; word++) {
        g_string_append(out, "          - ");
        write_yaml_string(out, *word);
        g_string_append_c(out, '\n');
    }
    for (char **word = act->argv ? act->argv : act->command; word && *word; word++) {
        g_string_append(out, "          - ");
        write_yaml_string(out, *word);
        g_string_append_c(out, '\n');
    }
    if (act->path) {
        g_string_append(out, "        stdin: ");
        write_yaml_string(out, act->value);
        g_string_append_c(out, '\n');
    }
}

/* Stops where @act's file is not what the plan saw. */
static void write_task_check(GString *out, const Act *act)
{
    g_autofree char *script = g_strconcat("as_seen() {\n", as_seen, "}\nas_seen \"$@\"\n", NULL);
    const char *const words[] = {
        "sh", "-c", script, "sh", act->file->path, seen_text(act), act->text};
    g_autofree char *name = g_strconcat(act->what, " is as the plan saw it", NULL);

    g_string_append(out, "    - name: ");
    write_yaml_string(out, name);
    g_string_append(out, "\n      changed_when: false\n      check_mode: false\n"
                         "      ansible.builtin.command:\n        argv:\n");
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_string_append(out, "          - ");
        write_yaml_string(out, words[i]);
        g_string_append_c(out, '\n');
    }
}

static void write_play(
    GString *out, const GPtrArray *acts, const char *name, const char *tags, const char *uri)
{
    g_string_append_printf(
        out, "- name: %s\n  hosts: all\n  become: true\n  gather_facts: false\n%s", name, tags);
    gboolean any = FALSE;
    for (guint i = 0; i < acts->len; i++)
        any |= !is_remark(g_ptr_array_index(acts, i));
    g_string_append(out, any ? "  tasks:\n" : "  tasks: []\n");
    if (uri == NULL && any)
        g_string_append(out, "    - name: \"not to be run\"\n      ansible.builtin.fail:\n"
                             "        msg: \"" OF_DEMO "\"\n");
    for (guint i = 0; i < acts->len; i++)
        if (((const Act *)g_ptr_array_index(acts, i))->file)
            write_task_check(out, g_ptr_array_index(acts, i));
    for (guint i = 0; i < acts->len; i++)
        write_task(out, g_ptr_array_index(acts, i), uri ? uri : "");
}

static void write_playbook(
    GString *out, const GPtrArray *there, const GPtrArray *back, const char *uri, const char *from)
{
    g_string_append(out, "---\n");
    write_head(out, there, uri, from);
    g_string_append(
        out, "# ansible-playbook -i HOST, THIS makes it so, with --tags back it takes it back.\n");
    write_play(out, there, "kvmtune plan", "", uri);
    write_play(out, back, "kvmtune plan, the way back", "  tags: [never, back]\n", uri);
}

/* One document is that alone; before each of several stands a comment that says whose it is. */
static void write_documents(GString *out, const Preview *preview)
{
    guint count = 0;

    for (guint i = 0; i < preview->targets->len; i++)
        count +=
            ((const PreviewTarget *)g_ptr_array_index(preview->targets, i))->next_after != NULL;
    for (guint i = 0; i < preview->targets->len; i++) {
        const PreviewTarget *target = g_ptr_array_index(preview->targets, i);
        if (target->next_after == NULL)
            continue;
        /* A name may hold what ends a comment; a UUID does not. */
        if (count > 1)
            g_string_append_printf(out, "<!-- domain %s -->\n", target->target);
        g_string_append_printf(out, "%s%s", target->next_after,
            g_str_has_suffix(target->next_after, "\n") ? "" : "\n");
    }
}

static gboolean any_document(const Preview *preview)
{
    for (guint i = 0; i < preview->targets->len; i++)
        if (((const PreviewTarget *)g_ptr_array_index(preview->targets, i))->next_after)
            return TRUE;
    return FALSE;
}

static const char *const formats[] = {
    [EXPORT_VIRSH] = "virsh", [EXPORT_ANSIBLE] = "ansible", [EXPORT_XML] = "xml"};

gboolean export_format(const char *name, ExportFormat *format, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (g_strcmp0(formats[i], name) == 0) {
            *format = (ExportFormat)i;
            return TRUE;
        }
    }
    g_autofree char *shown = name ? text_escape(name, 40) : NULL;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "--format takes virsh, ansible or xml%s%s%s", shown ? ", not \"" : "", shown ? shown : "",
        shown ? "\"" : "");
    return FALSE;
}

char *export_text(
    const Preview *preview, ExportFormat format, const char *uri, const char *from, GError **error)
{
    for (guint i = 0; preview->errors && i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_ERROR) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "the plan cannot be made like this: %s", line->text);
            return NULL;
        }
    }
    if (format == EXPORT_XML && !any_document(preview)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the plan changes the next start of no domain here: there is no XML to export");
        return NULL;
    }
    g_autoptr(GPtrArray) there = export_acts(preview, FALSE, error);
    g_autoptr(GPtrArray) back = there ? export_acts(preview, TRUE, error) : NULL;
    if (back == NULL && format != EXPORT_XML)
        return NULL;
    g_clear_error(error);
    GString *out = g_string_new(NULL);
    switch (format) {
    case EXPORT_VIRSH:
        write_shell(out, there, back, uri, from);
        break;
    case EXPORT_ANSIBLE:
        write_playbook(out, there, back, uri, from);
        break;
    case EXPORT_XML:
        write_documents(out, preview);
        break;
    }
    return g_string_free(out, FALSE);
}
