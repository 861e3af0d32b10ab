/* core/tune/planfile: what is read, what is refused with which line, and what a save leaves. */
#include "core/tune/planfile.h"
#include "core/util/error.h"
#include "tests/unit/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define XML  "<domain type='kvm'><name>x</name><vcpu>4</vcpu></domain>"
#define ODD  "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0002"
#define HOST "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0003"

static Snapshot *make_snapshot(void)
{
    Snapshot *snapshot = fixture_snapshot();

    fixture_domain(snapshot, "web1", "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001", XML, XML);
    fixture_domain(snapshot, "odd [1]\033", ODD, XML, NULL);
    fixture_domain(snapshot, "host", HOST, XML, NULL);
    fixture_domain(snapshot, "a ] b", "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0004", XML, NULL);
    return snapshot;
}

/* "TARGET KEY=VALUE/SCOPE;…" of a plan, to be compared. */
static char *show(const Plan *plan)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        g_string_append_printf(out, "%s%s %s=%s/%d", i ? ";" : "", change->name, change->key->key,
            change->value, change->scope);
    }
    return g_string_free(out, FALSE);
}

static void check_staged(const char *text, PlanScope scope, const char *wanted, guint wanted_left)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanFile) file = plan_file_parse("p", text, strlen(text), &error);
    g_autoptr(Plan) plan = plan_new();
    guint left = 0;

    g_assert_no_error(error);
    plan_file_stage(file, plan, snapshot, scope, &left, &error);
    g_assert_no_error(error);
    g_autofree char *got = show(plan);
    g_assert_cmpstr(got, ==, wanted);
    g_assert_cmpuint(left, ==, wanted_left);
}

static void test_staged(void)
{
    static const char text[] = "\xef\xbb\xbf# first\r\n\r\n[web1]\r\n  vcpupin.0 = 2 \r\n"
                               "vcpupin.1@next=0,1,2\n; note\nemulatorpin@now=\n[host]\n"
                               "hugepages.node0.2048K=8\n[a ] b]\nvcpupin.3=1";

    check_staged(text, SCOPE_BOTH,
        "web1 vcpupin.0=2/0;web1 vcpupin.1=0-2/2;web1 emulatorpin=/1;host hugepages.node0.2M=8/1;"
        "a ] b vcpupin.3=1/0",
        0);
    check_staged(text, SCOPE_LIVE,
        "web1 vcpupin.0=2/1;web1 emulatorpin=/1;host hugepages.node0.2M=8/1;a ] b vcpupin.3=1/1",
        1);
    check_staged(
        text, SCOPE_CONFIG, "web1 vcpupin.0=2/2;web1 vcpupin.1=0-2/2;a ] b vcpupin.3=1/2", 2);
    check_staged("[uuid:" HOST "]\nvcpupin.0=1\n[host]\nksm.run=0", SCOPE_BOTH,
        "host vcpupin.0=1/0;host ksm.run=0/1", 0);
    static const char host[] = "[host]\nksm.run=1\nvm.swappiness@both=10\nksm.run@boot=\n"
                               "vm.dirty_ratio@now=5\nthp.enabled@boot=never\n";
    check_staged(host, SCOPE_BOTH,
        "host ksm.run=1/1;host vm.swappiness=10/3;host ksm.run=/2;host vm.dirty_ratio=5/1;"
        "host thp.enabled=never/2",
        0);
    check_staged(
        host, SCOPE_LIVE, "host ksm.run=1/1;host vm.swappiness=10/1;host vm.dirty_ratio=5/1", 2);
    check_staged(
        host, SCOPE_CONFIG, "host vm.swappiness=10/2;host ksm.run=/2;host thp.enabled=never/2", 2);
    check_staged("[web1]\nvcpupin.all=3\nvcpupin.2=1", SCOPE_BOTH,
        "web1 vcpupin.0=3/0;web1 vcpupin.1=3/0;web1 vcpupin.2=1/0;web1 vcpupin.3=3/0", 0);
    check_staged("", SCOPE_BOTH, "", 0);
    check_staged("# nothing\n[web1]\n", SCOPE_BOTH, "", 0);
}

static void test_refused(void)
{
    static const struct {
        const char *text, *sentence;
    } bad[] = {
        {"vcpupin.0=1\n", "p, line 1: \"vcpupin.0=1\" stands in no group"},
        {"[web1]\n\nvcpupin.0\n", "p, line 3: \"vcpupin.0\" is no KEY=VALUE"},
        {"[web1]\n=2\n", "p, line 2: \"=2\" is no KEY=VALUE"},
        {"[web1\n", "p, line 1: \"[web1\" is no group"},
        {"[]\n", "p, line 1: \"[]\" is no group"},
        {"[web1]\nvcpupim.0=1\n", "p, line 2: there is no key \"vcpupim.0\" for a domain"},
        {"[web1]\nksm.run=1\n", "p, line 2: \"ksm.run\" is a key of the host"},
        {"[host]\nvcpupin.0=1\n", "p, line 2: \"vcpupin.0\" is a key of a domain"},
        {"[host]\nksm.run@next=1\n", "p, line 2: ksm.run has no @next"},
        {"[host]\nksm.run=\n", "p, line 2: ksm.run cannot be \"\""},
        {"[web1]\nvcpupin.0@boot=1\n", "p, line 2: vcpupin.0 has no @boot"},
        {"[web1]\nvcpupin.0@both=1\n", "p, line 2: vcpupin.0 has no @both"},
        {"[host]\nksm.run@boot=1\nksm.run@both=0\n",
            "p, line 3: ksm.run has a value already, in line 2"},
        {"[host]\nksm.run@both=1\nksm.run=0\n",
            "p, line 3: ksm.run has a value already, in line 2"},
        {"[web1]\nvcpupin.0=1\nvcpupin.0=2\n",
            "p, line 3: vcpupin.0 has a value already, in line 2"},
        {"[web1]\nvcpupin.0=1\nvcpupin.0@next=2\n", "p, line 3: vcpupin.0 has a value already"},
        {"[web1]\nvcpupin.0@now=1\nvcpupin.0@next=2\nvcpupin.0=2\n", "p, line 4: vcpupin.0 has"},
        {"[web1]\nvcpupin.0@now=1\nvcpupin.0@now=2\n", "p, line 3: vcpupin.0 has a value already"},
        {"[host]\nhugepages.node0.2M=1\nhugepages.node0.2048K=1", "p, line 3: hugepages.node0.2M"},
        {"[web1]\n[host]\n[web1]\n", "p, line 3: [web1] stands already in line 1"},
        {"[web2]\n", "p, line 1: there is no domain \"web2\""},
        {"[1]\n", "p, line 1: there is no domain \"1\""}, /* an ID is no name */
        {"[uuid:x]\n", "p, line 1: there is no domain \"uuid:x\""},
        {"[a ] b]\n[web1]\n[uuid:6F1D2C4E-58A7-4c0b-9e31-1a2b3c4d0001]\n",
            "p, line 3: [uuid:6F1D2C4E-58A7-4c0b-9e31-1a2b3c4d0001] is the domain of line 2"},
        {"[web1]\nvcpupin.9=1\n", "p, line 2: vcpupin.9: web1 has no vCPU 9"},
        {"[web1]\nvcpupin.0=x\n", "p, line 2: vcpupin.0 cannot be \"x\""},
        {"[web1]\n\n\xff\n", "p, line 3: not UTF-8"},
        {"[web\033]\n", "p, line 1: there is no domain \"web\\x1b\""},
    };
    g_autoptr(Snapshot) snapshot = make_snapshot();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = plan_new();
        g_autoptr(PlanFile) file = plan_file_parse("p", bad[i].text, strlen(bad[i].text), &error);
        g_assert_false(file && plan_file_stage(file, plan, snapshot, SCOPE_BOTH, NULL, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        if (!g_str_has_prefix(error->message, bad[i].sentence))
            g_assert_cmpstr(error->message, ==, bad[i].sentence);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(plan_file_parse("p", "[web1]\nvcpupin.0=1\0\n", 20, &error));
    g_assert_cmpstr(error->message, ==, "p, line 2: a NUL byte: this is no text");
}

/* Saves @after over @before: each a plan file; the result is @wanted, and says @after. */
static void check_saved(const char *before, const char *after, const char *wanted)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanFile) file = plan_file_parse("p", before, strlen(before), &error);
    g_autoptr(PlanFile) other = plan_file_parse("p", after, strlen(after), &error);
    g_autoptr(Plan) plan = plan_new(), again = plan_new();

    g_assert_no_error(error);
    plan_file_stage(other, plan, snapshot, SCOPE_BOTH, NULL, &error);
    g_assert_no_error(error);
    plan_file_update(file, plan, snapshot, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(plan_file_text(file, NULL), ==, wanted);
    plan_file_stage(file, again, snapshot, SCOPE_BOTH, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *says = show(plan), *said = show(again);
    g_assert_cmpuint(plan->changes->len, ==, again->changes->len);
    /* Another order of groups is the same plan. */
    if (strchr(wanted, '[') == strrchr(wanted, '['))
        g_assert_cmpstr(says, ==, said);
}

static void test_saved(void)
{
    static const char web[] =
        "# ours\n[web1]\n  vcpupin.0 = 2\n# the second\nvcpupin.1=3\n\n# end\n";

    check_saved("", "[web1]\nvcpupin.0=2\n[host]\nksm.run=0\n",
        "[web1]\nvcpupin.0=2\n\n[host]\nksm.run=0\n");
    check_saved(web, web, web);
    check_saved(web, "[web1]\nvcpupin.0=2\nvcpupin.1=4",
        "# ours\n[web1]\n  vcpupin.0 = 2\n# the second\nvcpupin.1=4\n\n# end\n");
    check_saved(web, "[web1]\nvcpupin.0@next=2\nvcpupin.1=3\nvcpupin.2=1\n",
        "# ours\n[web1]\n  vcpupin.0@next=2\n# the second\nvcpupin.1=3\nvcpupin.2=1\n\n# end\n");
    check_saved(
        web, "[web1]\nvcpupin.1=3\n", "# ours\n[web1]\n# the second\nvcpupin.1=3\n\n# end\n");
    /* What the plan has first comes first: ksm.run=2 unmerges for what follows. */
    check_saved("[host]\nksm.merge_across_nodes=0\n", "[host]\nksm.run=2\nksm.merge_across_nodes=0",
        "[host]\nksm.run=2\nksm.merge_across_nodes=0\n");
    check_saved("[host]\nksm.merge_across_nodes=0\nksm.run=2\n",
        "[host]\nksm.run=2\nksm.merge_across_nodes=0",
        "[host]\nksm.run=2\nksm.merge_across_nodes=0\n");
    /* The end of the last line, and CR LF. */
    check_saved("[web1]\r\nvcpupin.0=2", "[web1]\nvcpupin.0=2\nvcpupin.1=2\n",
        "[web1]\r\nvcpupin.0=2\r\nvcpupin.1=2\r\n");
    /* One line for all vCPUs stays one while it is true. */
    check_saved("[web1]\nvcpupin.all=3\n",
        "[web1]\nvcpupin.0=3\nvcpupin.1=3\nvcpupin.2=3\nvcpupin.3=3", "[web1]\nvcpupin.all=3\n");
    check_saved("[web1]\nvcpupin.all=3\n",
        "[web1]\nvcpupin.0=3\nvcpupin.1=3\nvcpupin.2=3\nvcpupin.3=1",
        "[web1]\nvcpupin.0=3\nvcpupin.1=3\nvcpupin.2=3\nvcpupin.3=1\n");
    /* One value now, another at the next start. */
    check_saved("[web1]\nvcpupin.0=3\n", "[web1]\nvcpupin.0@now=1\nvcpupin.0@next=2\n",
        "[web1]\nvcpupin.0@now=1\nvcpupin.0@next=2\n");
    check_saved("[web1]\nvcpupin.0@now=1\nvcpupin.0@next=2\n", "[web1]\nvcpupin.0=3\n",
        "[web1]\nvcpupin.0=3\n");
    /* Names that a file cannot hold, or that mean something else. */
    check_saved("", "[uuid:" ODD "]\nvcpupin.0=2\n", "[uuid:" ODD "]\nvcpupin.0=2\n");
    check_saved("", "[uuid:" HOST "]\nvcpupin.0=2\n", "[uuid:" HOST "]\nvcpupin.0=2\n");
    check_saved("", "[a ] b]\nvcpupin.0=2\n", "[a ] b]\nvcpupin.0=2\n");
}

static void test_files(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "web.plan", NULL);
    g_autoptr(Plan) plan = plan_new();

    g_assert_true(plan_stage(plan, snapshot, "web1", "vcpupin.0", "2", SCOPE_CONFIG, NULL));
    g_assert_true(plan_save(plan, snapshot, path, &error));
    g_autoptr(Plan) loaded = plan_load(path, snapshot, &error);
    g_assert_no_error(error);
    g_autofree char *says = show(loaded);
    g_assert_cmpstr(says, ==, "web1 vcpupin.0=2/2");

    /* What is no plan, or another host's, is not overwritten. */
    static const char *const others[] = {"a letter\n", "[web7]\nvcpupin.0=1\n"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *kept = NULL;
        g_assert_true(g_file_set_contents(path, others[i], -1, NULL));
        g_assert_false(plan_save(plan, snapshot, path, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        g_clear_error(&error);
        g_assert_true(g_file_get_contents(path, &kept, NULL, NULL));
        g_assert_cmpstr(kept, ==, others[i]);
    }
    g_assert_false(plan_save(plan, snapshot, folder, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_null(plan_load(folder, snapshot, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planfile/staged", test_staged);
    g_test_add_func("/planfile/refused", test_refused);
    g_test_add_func("/planfile/saved", test_saved);
    g_test_add_func("/planfile/files", test_files);
    return g_test_run();
}
