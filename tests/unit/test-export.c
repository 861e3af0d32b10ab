/* core/tune/export: the script runs and calls what the plan says, there and back, whatever names
 * and documents hold; the playbook is YAML; every live key has its words of virsh. */
#include "core/preview/export.h"
#include "core/util/error.h"
#include "tests/unit/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define UUID "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"
/* What a shell, a here-document, YAML or Jinja might take for its own. */
#define NAME "-x'; touch pwned; $(touch pwned) `touch pwned`\n{{ 7*7 }} # \"\\"
#define XML                                                                                        \
    "<domain type='kvm'>\n  <name>x</name>\n  <uuid>" UUID                                         \
    "</uuid>\n<!--\nEND_OF_XML\ntouch pwned\n\t$(touch pwned) {{ 7*7 }} 'quoted'\n-->\n"           \
    "  <memory>1048576</memory>\n  <vcpu>2</vcpu>\n"                                               \
    "  <devices>\n    <graphics type='vnc' passwd='secret'/>\n  </devices>\n</domain>"

static Snapshot *make_snapshot(void)
{
    Snapshot *snapshot = fixture_snapshot();

    fixture_domain(snapshot, NAME, UUID, XML, XML);
    return snapshot;
}

static Preview *make_preview(const Snapshot *snapshot)
{
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;

    plan_stage(plan, snapshot, UUID, "vcpupin.0", "3", SCOPE_BOTH, &error);
    g_assert_no_error(error);
    plan_stage(plan, snapshot, UUID, "memory.nosharepages", "on", SCOPE_CONFIG, &error);
    g_assert_no_error(error);
    return preview_make(snapshot, plan);
}

static char *make_text(ExportFormat format)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(Preview) preview = make_preview(snapshot);
    g_autoptr(GError) error = NULL;
    char *text = export_text(preview, format, "test:///a'b", "web\n.plan", &error);

    g_assert_no_error(error);
    g_assert_nonnull(text);
    return text;
}

/* Runs @argv in @folder, which is first in PATH; its exit status. */
static int run(const char *folder, const char *const *argv)
{
    g_auto(GStrv) environment = g_get_environ();
    g_autofree char *path = g_strconcat(folder, ":", g_environ_getenv(environment, "PATH"), NULL);
    g_autoptr(GError) error = NULL;
    int status;

    environment = g_environ_setenv(environment, "PATH", path, TRUE);
    g_spawn_sync(folder, (char **)argv, environment, G_SPAWN_SEARCH_PATH_FROM_ENVP, NULL, NULL,
        NULL, NULL, &status, &error);
    g_assert_no_error(error);
    return status;
}

static char *make_folder(const char *file, const char *text)
{
    char *folder = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return folder;
}

static void remove_folder(const char *folder)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static char *read_in(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* The script against a virsh that only writes down what it is called with. */
static void test_script(void)
{
    static const char virsh[] =
        "#!/bin/sh\n"
        "printf '%s|' \"$@\" >> calls; echo >> calls\n"
        "case $* in *define*) cat > \"$(ls | grep -c defined).defined\"\nesac\n";
    g_autofree char *script = make_text(EXPORT_VIRSH);
    g_autofree char *folder = make_folder("script", script);
    g_autofree char *program = g_build_filename(folder, "virsh", NULL);

    g_assert_true(g_file_set_contents(program, virsh, -1, NULL));
    g_assert_cmpint(g_chmod(program, 0700), ==, 0);
    g_assert_cmpint(run(folder, (const char *const[]){"sh", "-n", "script", NULL}), ==, 0);
    g_assert_cmpint(run(folder, (const char *const[]){"sh", "script", NULL}), ==, 0);
    g_assert_cmpint(run(folder, (const char *const[]){"sh", "script", "back", NULL}), ==, 0);
    g_assert_cmpint(run(folder, (const char *const[]){"sh", "script", "x", NULL}), !=, 0);

    g_autofree char *calls = read_in(folder, "calls");
    g_assert_cmpstr(calls, ==,
        "-q|-c|test:///a'b|define|/dev/stdin|\n"
        "-q|-c|test:///a'b|vcpupin|" UUID "|0|3|--live|\n"
        "-q|-c|test:///a'b|define|/dev/stdin|\n"
        "-q|-c|test:///a'b|vcpupin|" UUID "|0|r|--live|\n");
    g_autofree char *there = read_in(folder, "0.defined"), *back = read_in(folder, "1.defined");
    g_autofree char *documents = make_text(EXPORT_XML);
    g_assert_cmpstr(there, ==, documents);
    g_assert_nonnull(strstr(there, "<nosharepages/>"));
    g_assert_cmpstr(back, ==, XML "\n");
    g_autofree char *pwned = read_in(folder, "pwned");
    g_assert_null(pwned);
    g_assert_nonnull(strstr(script, "holds passwords"));
    remove_folder(folder);
}

/* Read by a YAML of another make, where there is one. */
static void test_playbook(void)
{
    static const char reader[] =
        "import sys, yaml\n"
        "class L(yaml.SafeLoader): pass\n"
        "L.add_constructor('!unsafe', lambda l, n: n.value)\n"
        "plays = yaml.load(open('playbook'), L)\n"
        "assert len(plays) == 2 and plays[1]['tags'] == ['never', 'back'], plays\n"
        "there, back = plays[0]['tasks'], plays[1]['tasks']\n"
        "virt = 'community.libvirt.virt'\n"
        "assert there[0][virt]['xml'] == open('xml').read() and there[0][virt]['command'] == "
        "'define'\n"
        "assert back[0][virt]['xml'] == open('before').read()\n"
        "argv = there[1]['ansible.builtin.command']['argv']\n"
        "assert argv[2:] == ['-c', \"test:///a'b\", 'vcpupin', '" UUID
        "', '0', '3', '--live'], argv\n"
        "assert back[1]['ansible.builtin.command']['argv'][-2] == 'r'\n";
    static const char *const has_yaml[] = {"python3", "-c", "import yaml", NULL};
    g_autofree char *python = g_find_program_in_path("python3");
    g_autofree char *playbook = make_text(EXPORT_ANSIBLE), *xml = make_text(EXPORT_XML);
    g_autofree char *folder = make_folder("playbook", playbook);
    g_autofree char *xml_path = g_build_filename(folder, "xml", NULL);
    g_autofree char *before_path = g_build_filename(folder, "before", NULL);

    /* Jinja must take it for text, wherever YAML is read. */
    g_assert_nonnull(strstr(playbook, "xml: !unsafe \"<domain"));
    if (python && run(folder, has_yaml) == 0) {
        /* A definition ends as the document does: only a script's needs a line's end. */
        xml[strlen(xml) - 1] = '\0';
        g_assert_true(g_file_set_contents(xml_path, xml, -1, NULL));
        g_assert_true(g_file_set_contents(before_path, XML, -1, NULL));
        g_assert_cmpint(run(folder, (const char *const[]){"python3", "-c", reader, NULL}), ==, 0);
    } else {
        g_test_skip("needs python3 with yaml");
    }
    remove_folder(folder);
}

/* A document that a block can hold is one that a person can read. */
static void test_block(void)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_autoptr(Plan) plan = plan_new();

    fixture_domain(
        snapshot, "web", UUID, "<domain type='kvm'>\n  <vcpu>1</vcpu>\n\n</domain>\n", NULL);
    g_assert_true(plan_stage(plan, snapshot, "web", "vcpupin.0", "3", SCOPE_BOTH, NULL));
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_autofree char *text = export_text(preview, EXPORT_ANSIBLE, "u", "p", NULL);
    g_assert_nonnull(strstr(text, "        xml: |\n          <domain type='kvm'>\n"
                                  "            <vcpu>1</vcpu>\n"));
    g_assert_nonnull(strstr(text, "\n\n          </domain>\n"));
}

static void test_refused(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    ExportFormat format;

    g_assert_true(plan_stage(plan, snapshot, UUID, "disk.vda.io", "native", SCOPE_BOTH, NULL) ||
                  plan_stage(plan, snapshot, UUID, "cpu.topology", "1:1:3:1", SCOPE_BOTH, NULL));
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_cmpuint(preview->errors, >, 0);
    g_assert_null(export_text(preview, EXPORT_VIRSH, "u", "p", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_false(export_format("json", &format, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_false(export_format(NULL, &format, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
}

/* A setting that virsh cannot take away goes with the next start, and the way back says so. */
static void test_no_way(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(plan_stage(plan, snapshot, UUID, "numatune.nodeset", "0", SCOPE_LIVE, &error));
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    for (ExportFormat format = EXPORT_VIRSH; format <= EXPORT_ANSIBLE; format++) {
        g_autofree char *text = export_text(preview, format, "u", "p", &error);
        g_assert_no_error(error);
        const char *back = strstr(text, format == EXPORT_VIRSH ? "\nback() {" : "  tasks: []\n");
        g_assert_nonnull(back);
        g_assert_nonnull(strstr(back, "keeps what it has until its next start\n"));
    }
    g_assert_null(export_text(preview, EXPORT_XML, "u", "p", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "there is no XML to export"));
}

/* Whatever of a running domain can be set at all, virsh can set. */
static void test_every_live_key(void)
{
    guint count, live = 0;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++) {
        if (rows[i].target != TARGET_DOMAIN || rows[i].effect != EFFECT_NOW_AND_NEXT ||
            g_str_equal(rows[i].key, "vcpupin.all"))
            continue;
        char *args[] = {(char *)"7", NULL};
        TunableKey key = {.tunable = &rows[i], .key = (char *)rows[i].key, .args = args};
        Step step = {.kind = STEP_LIVE, .target = (char *)UUID, .key = &key};
        g_autoptr(GPtrArray) calls = export_virsh_calls(&step, "1", "2");
        live++;
        if (calls == NULL || calls->len == 0)
            g_error("virsh has no words for %s", rows[i].key);
        char **argv = g_ptr_array_index(calls, 0);
        g_assert_cmpstr(argv[1], ==, UUID);
        g_assert_cmpstr(argv[g_strv_length(argv) - 1], ==, "--live");
    }
    g_assert_cmpuint(live, >=, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/export/script", test_script);
    g_test_add_func("/export/playbook", test_playbook);
    g_test_add_func("/export/block", test_block);
    g_test_add_func("/export/refused", test_refused);
    g_test_add_func("/export/no-way", test_no_way);
    g_test_add_func("/export/every-live-key", test_every_live_key);
    return g_test_run();
}
