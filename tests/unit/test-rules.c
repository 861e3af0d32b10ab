/* core/tune/rules: every rule speaks of the document that breaks it and is silent of the one that
 * does not; whom it blames; what a host and other domains have to do with it. */
#include "core/preview/preview.h"
#include "core/rules/rules.h"
#include "core/xml/xmledit.h"
#include "tests/unit/fixture.h"
#include "tests/unit/rule-cases.h"

#include <string.h>

#define A "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001"
#define B "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0002"

/* CPUs 0-7 on two nodes, 6 offline, 7 isolated; node 0 has 300 free pages of 2M, node 1 has 100. */
static const char *const tree[][2] = {
    {"/sys/devices/system/cpu/online", "0-5,7\n"},
    {"/sys/devices/system/cpu/present", "0-7\n"},
    {"/sys/devices/system/cpu/isolated", "7\n"},
    {"/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {"/sys/devices/system/cpu/cpu1/topology/core_id", "1\n"},
    {"/sys/devices/system/cpu/cpu2/topology/core_id", "2\n"},
    {"/sys/devices/system/cpu/cpu3/topology/core_id", "3\n"},
    {"/sys/devices/system/cpu/cpu4/topology/core_id", "4\n"},
    {"/sys/devices/system/cpu/cpu5/topology/core_id", "5\n"},
    {"/sys/devices/system/cpu/cpu7/topology/core_id", "7\n"},
    {"/sys/devices/system/node/node0/cpulist", "0-3\n"},
    {"/sys/devices/system/node/node1/cpulist", "4-5,7\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "300\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "300\n"},
    {"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "100\n"},
    {"/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "100\n"},
    {"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "400\n"},
    {"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "400\n"},
    {"/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "0\n"},
    {"/proc/meminfo", "MemTotal: 4194304 kB\n"},
    {"/sys/kernel/mm/ksm/run", "0\n"},
    {"/proc/mounts", "hugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"},
};

static Host *make_host(void)
{
    g_autofree char *root = g_dir_make_tmp("kvmtune-test-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(tree); i++) {
        g_autofree char *path = g_strconcat(root, tree[i][0], NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
        g_assert_true(g_file_set_contents(path, tree[i][1], -1, NULL));
    }
    Host *host = host_read(root, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", root);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    return host;
}

static Snapshot *make_snapshot(void)
{
    Snapshot *snapshot = fixture_snapshot();

    snapshot->host = make_host();
    return snapshot;
}

static const Finding *find(const GPtrArray *findings, const char *rule, const char *key)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (g_str_equal(finding->rule, rule) &&
            (key == NULL || g_strcmp0(finding->keys[0], key) == 0))
            return finding;
    }
    return NULL;
}

/* What all rules say of a document nothing was changed in. */
static GPtrArray *look_at(Snapshot *snapshot, const char *type, const char *body)
{
    g_autofree char *text = rule_case_document(type, body, "/disk");
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlEdit) edit = xml_edit_open(text, -1, &error);
    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, NULL);

    g_assert_no_error(error);
    g_ptr_array_set_size(snapshot->domains, 0);
    const Domain *domain = fixture_domain(snapshot, "rule", A, text, NULL);
    return rules_check_domain(ground, domain, edit, NULL);
}

static void test_cases(void)
{
    static const char *const emulated[] = {"cpu-emulated", "resctrl-kvm", NULL};
    g_autoptr(Snapshot) snapshot = make_snapshot();

    for (guint i = 0; i < G_N_ELEMENTS(rule_cases); i++) {
        const RuleCaseRow *row = &rule_cases[i];
        /* Of KVM, and where QEMU does without it of an emulated one. */
        const char *type = g_strv_contains(emulated, row->rule) ? "qemu" : "kvm";
        g_autoptr(GPtrArray) broken = look_at(snapshot, type, row->broken);
        g_autoptr(GPtrArray) fine = look_at(snapshot, type, row->fine);
        const Finding *finding = find(broken, row->rule, row->key);
        g_test_message("%s: %s", row->rule, row->broken);
        g_assert_nonnull(finding);
        gboolean refused = row->refusal != TAKEN && row->refusal != UNTRIED_KVM;
        g_assert_cmpint(finding->error, ==, refused);
        g_assert_false(finding->staged);
        for (char **key = finding->keys; *key; key++) {
            g_autoptr(TunableKey) parsed =
                g_str_has_suffix(*key, "*") ? NULL : tunable_key_parse(TARGET_DOMAIN, *key, NULL);
            g_assert_true(parsed || g_str_has_suffix(*key, "*"));
        }
        g_assert_null(find(fine, row->rule, NULL));
        /* A document that is fine to QEMU breaks no other rule that refuses. */
        for (guint n = 0; n < fine->len; n++)
            g_assert_false(((const Finding *)g_ptr_array_index(fine, n))->error);
        /* What QEMU itself refuses, another driver may take. */
        g_autoptr(GPtrArray) other = look_at(snapshot, "xen", row->broken);
        const Finding *same = find(other, row->rule, row->key);
        if (same && (row->refusal == START || row->refusal == UNTRIED_HUGE))
            g_assert_false(same->error);
    }
}

/* Of libvirt 10.1 and later: clusters, which the key does not name, count as well. */
static void test_clusters(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(GPtrArray) fine = look_at(snapshot, "kvm",
        BASE CPU("", "<topology sockets='1' dies='1' clusters='2' cores='1' threads='1'/>"));
    g_autoptr(GPtrArray) broken = look_at(snapshot, "kvm",
        BASE CPU("", "<topology sockets='1' dies='1' clusters='2' cores='2' threads='1'/>"));

    g_assert_null(find(fine, "cpu-topology", NULL));
    g_assert_nonnull(find(broken, "cpu-topology", "cpu.topology"));
}

/* A rule that no case breaks is named here, with the test that does. */
static void test_all_rules_have_a_case(void)
{
    static const char *const elsewhere[] = {"numatune-node", "numatune-far", "hugepages-pool",
        "nosharepages-gives-up", "vcpupin-shared", "vcpupin-refused", "vcpupin-offline",
        "vcpupin-isolated", "vcpupin-nodes", "emulatorpin-refused", "emulatorpin-offline",
        "emulatorpin-isolated", "emulatorpin-nodes", "iothreadpin-refused", "iothreadpin-offline",
        "iothreadpin-isolated", "iothreadpin-nodes", NULL};
    g_autoptr(GPtrArray) names = rules_names(TARGET_DOMAIN);

    g_assert_cmpuint(names->len, >, 50);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        gboolean found = g_strv_contains(elsewhere, name);
        for (guint n = 0; n < G_N_ELEMENTS(rule_cases); n++)
            found |= g_str_equal(rule_cases[n].rule, name);
        if (!found)
            g_test_message("no case for %s", name);
        g_assert_true(found);
    }
}

/* Whether @pattern is @key, or ends in * and is how @key begins. */
static gboolean speaks_of(const char *pattern, const char *key)
{
    return g_str_has_suffix(pattern, "*") ? strncmp(key, pattern, strlen(pattern) - 1) == 0
                                          : g_str_equal(key, pattern);
}

/* Each pattern is a row of the catalogue, or the beginning of some. */
static void test_keys_are_rows(void)
{
    g_autoptr(GPtrArray) keys = rules_keys();
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < keys->len; i++) {
        gboolean found = FALSE;
        for (guint n = 0; n < count; n++)
            found |= speaks_of(g_ptr_array_index(keys, i), rows[n].key);
        if (!found)
            g_test_message("no tunable %s", (const char *)g_ptr_array_index(keys, i));
        g_assert_true(found);
    }
}

/* What a rule holds against a key, its row tells before anything is staged. */
static void test_rows_tell_conflicts(void)
{
    g_autoptr(GPtrArray) keys = rules_keys();
    guint count, told[] = {[TARGET_HOST] = 0, [TARGET_DOMAIN] = 0};
    const Tunable *rows = tunable_catalogue(&count);

    for (guint n = 0; n < count; n++) {
        gboolean ruled = FALSE;
        for (guint i = 0; i < keys->len; i++)
            ruled |= speaks_of(g_ptr_array_index(keys, i), rows[n].key);
        if (!ruled)
            continue;
        if (rows[n].conflicts == NULL) {
            g_test_message("%s tells no conflict", rows[n].key);
            g_test_fail();
        }
        told[rows[n].target]++;
    }
    g_assert_cmpuint(told[TARGET_DOMAIN], >, 90);
    g_assert_cmpuint(told[TARGET_HOST], >, 15);
}

/* A domain of the fixture, running. */
static Domain *add(Snapshot *snapshot, const char *name, const char *uuid, const char *body)
{
    g_autofree char *text = rule_case_document("kvm", body, "/disk");
    return fixture_domain(snapshot, name, uuid, text, text);
}

/* The preview of "KEY=VALUE" pairs on the domain a (or on the host: "host KEY"). */
static Preview *preview(Snapshot *snapshot, PlanScope scope, ...)
{
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, scope);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        gboolean host = g_str_has_prefix(key, "host ");
        plan_stage(plan, snapshot, host ? "host" : "a", host ? key + 5 : key,
            va_arg(args, const char *), scope, &error);
        g_assert_no_error(error);
    }
    va_end(args);
    return preview_make(snapshot, plan);
}

/* Whether the preview says @text, as a line of @kind, of the changes @changes. */
static void says(
    const Preview *preview, PreviewLineKind kind, const char *text, const char *changes)
{
    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind != kind || strstr(line->text, text) == NULL)
            continue;
        g_autofree char *of = idset_format(line->changes);
        g_assert_cmpstr(of, ==, changes);
        return;
    }
    g_autofree char *all = preview_text(preview);
    g_test_message("not said: %s\n%s", text, all);
    g_test_fail();
}

static void says_nothing(const Preview *preview)
{
    g_autofree char *all = preview_text(preview);

    if (preview->errors + preview->warnings)
        g_test_message("%s", all);
    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->warnings, ==, 0);
}

/* What was broken before and is not touched does not stand in the way; what is touched does. */
static void test_untouched(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();

    add(snapshot, "a", A, BASE VIRTIO("io='native' queues='4'"));
    g_autoptr(Preview) other =
        preview(snapshot, SCOPE_BOTH, "memory.nosharepages", "off", "cputune.shares", "2048", NULL);
    says_nothing(other);
    g_autoptr(Preview) touched = preview(
        snapshot, SCOPE_BOTH, "cputune.shares", "2048", "disk.vda.cache", "writeback", NULL);
    says(touched, LINE_ERROR, "a disk.vda.io: native needs", "1");
    g_assert_cmpuint(touched->errors, ==, 1);
    g_assert_cmpuint(touched->warnings, ==, 0);
    g_autoptr(Preview) mended =
        preview(snapshot, SCOPE_BOTH, "disk.vda.cache", "none", "disk.vda.queues", "2", NULL);
    says_nothing(mended);
}

/* A disk's name is text from outside: what is shown of it is escaped. */
static void test_hostile_name(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();

    add(snapshot, "a", A, BASE DISK("queues='2'", "virtio", "v\u202Eda", ""));
    g_autoptr(Preview) fewer = preview(snapshot, SCOPE_CONFIG, "vcpus.max", "1", NULL);
    says(fewer, LINE_WARNING, "a disk.v\\u{202e}da.queues: 2 queues are more than the 1 vCPU", "0");
}

static void test_pins(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();

    add(snapshot, "a", A, BASE);
    add(snapshot, "b", B, BASE TUNE("<vcpupin vcpu='1' cpuset='2'/>"));
    g_autoptr(Preview) offline = preview(snapshot, SCOPE_BOTH, "vcpupin.0", "6", NULL);
    says(offline, LINE_ERROR, "a vcpupin.0: CPU 6 is offline: it cannot run there", "0");
    g_autoptr(Preview) later = preview(snapshot, SCOPE_CONFIG, "vcpupin.0", "6", NULL);
    says(later, LINE_WARNING, "a vcpupin.0: CPU 6 is offline: it cannot run there", "0");
    g_assert_cmpuint(later->errors, ==, 0);
    g_autoptr(Preview) partly = preview(snapshot, SCOPE_LIVE, "vcpupin.0", "3,6", NULL);
    says(partly, LINE_WARNING, "CPU 6 is offline", "0");
    g_autoptr(Preview) emulator = preview(snapshot, SCOPE_BOTH, "emulatorpin", "6", NULL);
    says(emulator, LINE_ERROR, "a emulatorpin: CPU 6 is offline", "0");
    g_autoptr(Preview) isolated = preview(snapshot, SCOPE_BOTH, "vcpupin.1", "5,7", NULL);
    says(isolated, LINE_WARNING, "a vcpupin.1: CPU 7 is isolated", "0");
    g_autoptr(Preview) alone = preview(snapshot, SCOPE_BOTH, "vcpupin.1", "7", NULL);
    says_nothing(alone);
    g_autoptr(Preview) nodes = preview(snapshot, SCOPE_BOTH, "vcpupin.1", "3-4", NULL);
    says(nodes, LINE_WARNING, "CPUs 3-4 lie on NUMA nodes 0-1", "0");
    g_autoptr(Preview) shared = preview(snapshot, SCOPE_BOTH, "vcpupin.0", "2", NULL);
    says(shared, LINE_WARNING, "a vcpupin.0: vCPU 1 of b is pinned to the same CPU", "0");
}

/* The plan moves the other's pin away, or onto it: what will be counts, not what is. */
static void test_pins_of_the_plan(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(Plan) plan = plan_new();

    add(snapshot, "a", A, BASE);
    add(snapshot, "b", B, BASE TUNE("<vcpupin vcpu='1' cpuset='2'/>"));
    g_assert_true(plan_stage(plan, snapshot, "a", "vcpupin.0", "2", SCOPE_BOTH, NULL));
    g_assert_true(plan_stage(plan, snapshot, "b", "vcpupin.1", "3", SCOPE_BOTH, NULL));
    g_autoptr(Preview) apart = preview_make(snapshot, plan);
    says_nothing(apart);
    g_assert_true(plan_stage(plan, snapshot, "a", "vcpupin.1", "3", SCOPE_BOTH, NULL));
    g_autoptr(Preview) both = preview_make(snapshot, plan);
    g_assert_cmpuint(both->warnings, ==, 2); /* said of either */
}

static void test_numa(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();

    add(snapshot, "a", A,
        BASE "<numatune><memory mode='strict' nodeset='0'/></numatune>" TUNE(
            "<vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='1'/>"));
    g_autoptr(Preview) far = preview(snapshot, SCOPE_BOTH, "vcpupin.1", "5", NULL);
    says(far, LINE_WARNING, "vCPU 0-1 may run on node 1, and numatune keeps the memory on node 0",
        "0");
    g_autoptr(Preview) moved = preview(snapshot, SCOPE_CONFIG, "numatune.nodeset", "1", NULL);
    says(moved, LINE_WARNING, "vCPU 1 may run on node 0, and numatune keeps the memory on node 1",
        "0");
    g_autoptr(Preview) both =
        preview(snapshot, SCOPE_CONFIG, "numatune.nodeset", "1", "vcpupin.1", "5", NULL);
    says_nothing(both);
    g_autoptr(Preview) preferred =
        preview(snapshot, SCOPE_CONFIG, "numatune.mode", "preferred", "vcpupin.1", "5", NULL);
    says_nothing(preferred);
    g_autoptr(GPtrArray) gone =
        look_at(snapshot, "kvm", BASE "<numatune><memory mode='strict' nodeset='7'/></numatune>");
    g_assert_nonnull(find(gone, "numatune-node", "numatune.nodeset"));

    /* A cell's own binding counts for its vCPUs. */
    g_autoptr(GPtrArray) cells = look_at(snapshot, "kvm",
        BASE CELLS "<numatune><memory mode='strict' nodeset='0'/>"
                   "<memnode cellid='1' mode='strict' nodeset='1'/></numatune>" TUNE(
                       "<vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/>"));
    const Finding *finding = find(cells, "numatune-far", NULL);
    g_assert_nonnull(finding);
    g_assert_nonnull(strstr(finding->text, "vCPU 1 may run on node 0"));
    g_assert_true(g_strv_contains((const char *const *)finding->keys, "vcpupin.1"));
    g_assert_false(g_strv_contains((const char *const *)finding->keys, "vcpupin.0"));
}

/* Pages that are free, those that the plan adds, and those that the domain has already. */
static void test_pools(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    static const char body[] = "<memory unit='MiB'>640</memory>" V2
                               "<numatune><memory mode='strict' nodeset='0'/></numatune>";

    add(snapshot, "a", A, body);
    g_autoptr(Preview) small = preview(snapshot, SCOPE_BOTH, "memory.hugepages", "2M", NULL);
    says(small, LINE_WARNING,
        "it needs 320 pages of 2M on node 0; missing: 20 pages of 2M on node 0", "0");
    g_autoptr(Preview) filled = preview(
        snapshot, SCOPE_BOTH, "memory.hugepages", "2M", "host hugepages.node0.2M", "320", NULL);
    says_nothing(filled);
    g_autoptr(Preview) elsewhere = preview(
        snapshot, SCOPE_BOTH, "memory.hugepages", "2M", "host hugepages.node1.2M", "200", NULL);
    says(elsewhere, LINE_WARNING, "missing: 20 pages of 2M on node 0", "0");

    g_ptr_array_set_size(snapshot->domains, 0);
    g_autofree char *plain = rule_case_document("kvm", body, "/disk");
    g_autofree char *huge = g_strdup(plain);
    g_autoptr(XmlEdit) edit = xml_edit_open(huge, -1, NULL);
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, "memory.hugepages", NULL);
    g_assert_true(tunable_xml_set(key, edit, "2M", NULL));
    fixture_domain(snapshot, "a", A, plain, xml_edit_text(edit, NULL));
    g_autoptr(Preview) again = preview(snapshot, SCOPE_CONFIG, "memory.hugepages", "2M", NULL);
    says_nothing(again);
}

/* Two domains of which each alone would fit. */
static void test_pools_together(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();
    g_autoptr(Plan) plan = plan_new();

    add(snapshot, "a", A, BASE);
    add(snapshot, "b", B, BASE);
    g_assert_true(plan_stage(plan, snapshot, "a", "memory.hugepages", "2M", SCOPE_BOTH, NULL));
    g_autoptr(Preview) one = preview_make(snapshot, plan);
    says_nothing(one);
    g_assert_true(plan_stage(plan, snapshot, "b", "memory.hugepages", "2M", SCOPE_BOTH, NULL));
    g_autoptr(Preview) both = preview_make(snapshot, plan);
    says(both, LINE_WARNING, "need 512 pages of 2M together, and 400 are free", "0");
    g_assert_cmpuint(both->warnings, ==, 2);
}

/* KSM that the same plan starts is on. */
static void test_ksm(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot();

    add(snapshot, "a", A, BASE);
    g_autoptr(Preview) off = preview(snapshot, SCOPE_BOTH, "memory.nosharepages", "on", NULL);
    says(off, LINE_WARNING, "a memory.nosharepages: has no effect while KSM is off", "0");
    g_autoptr(Preview) on =
        preview(snapshot, SCOPE_BOTH, "host ksm.run", "1", "memory.nosharepages", "on", NULL);
    says(on, LINE_WARNING, "ksm.run: a VM can learn by timing", "0");
    g_assert_cmpuint(on->warnings, ==, 1);

    DomainView *view = g_ptr_array_index(snapshot->domains, 0);
    view->usage = g_new0(DomainUsage, 1);
    view->usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    view->usage->ksm_pages = NUM(512);
    g_autoptr(Preview) merged =
        preview(snapshot, SCOPE_BOTH, "host ksm.run", "1", "memory.nosharepages", "on", NULL);
    says(merged, LINE_WARNING, "2.0 MiB of its memory is merged with others now", "1");
}

/* A host that was never read takes no rule that needs it for broken. */
static void test_no_host(void)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();

    add(snapshot, "a", A, BASE);
    g_autoptr(Preview) pinned = preview(snapshot, SCOPE_BOTH, "vcpupin.0", "6", "numatune.mode",
        "strict", "numatune.nodeset", "0", "memory.hugepages", "2M", NULL);
    says_nothing(pinned);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/cases", test_cases);
    g_test_add_func("/rules/clusters", test_clusters);
    g_test_add_func("/rules/all-have-a-case", test_all_rules_have_a_case);
    g_test_add_func("/rules/keys-are-rows", test_keys_are_rows);
    g_test_add_func("/rules/rows-tell-conflicts", test_rows_tell_conflicts);
    g_test_add_func("/rules/untouched", test_untouched);
    g_test_add_func("/rules/hostile-name", test_hostile_name);
    g_test_add_func("/rules/pins", test_pins);
    g_test_add_func("/rules/pins-of-the-plan", test_pins_of_the_plan);
    g_test_add_func("/rules/numa", test_numa);
    g_test_add_func("/rules/pools", test_pools);
    g_test_add_func("/rules/pools-together", test_pools_together);
    g_test_add_func("/rules/ksm", test_ksm);
    g_test_add_func("/rules/no-host", test_no_host);
    return g_test_run();
}
