/* core/preview: sections, parts, which change made which line, and when a preview is no longer
 * true. Domains are written here; no host, no libvirt. */
#include "core/preview/preview.h"
#include "tests/unit/tree.h"

#include <string.h>

#define UUID "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d%04u"

/* Two pins that stand together. */
#define DOCUMENT                                                                                   \
    "<domain type='kvm'>\n"                                                                        \
    "  <name>vm%u</name>\n"                                                                        \
    "  <uuid>" UUID "</uuid>\n"                                                                    \
    "  <memory unit='KiB'>4194304</memory>\n"                                                      \
    "  <vcpu>2</vcpu>\n"                                                                           \
    "  <cputune>\n"                                                                                \
    "    <vcpupin vcpu='0' cpuset='0'/>\n"                                                         \
    "    <vcpupin vcpu='1' cpuset='1'/>\n"                                                         \
    "  </cputune>\n"                                                                               \
    "  <os>\n"                                                                                     \
    "    <type>hvm</type>\n"                                                                       \
    "  </os>\n"                                                                                    \
    "</domain>\n"

static DomainView *make_view(guint n, gboolean runs)
{
    DomainView *view = g_new0(DomainView, 1);
    Domain *domain = g_new0(Domain, 1);

    g_atomic_ref_count_init(&domain->refs);
    domain->name = g_strdup_printf("vm%u", n);
    domain->uuid = g_strdup_printf(UUID, n);
    domain->id = runs ? (int)n : -1;
    domain->persistent = TRUE;
    domain->xml_config = g_strdup_printf(DOCUMENT, n, n);
    domain->config = domain_config_parse(domain->xml_config, NULL);
    if (runs) {
        domain->xml_live = g_strdup(domain->xml_config);
        domain->live = domain_config_parse(domain->xml_live, NULL);
    }
    view->domain = domain;
    return view;
}

static Snapshot *make_snapshot(guint count, gboolean runs)
{
    Snapshot *snapshot = snapshot_new("");

    snapshot->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_view_free);
    for (guint n = 0; n < count; n++)
        g_ptr_array_add(snapshot->domains, make_view(n, runs));
    return snapshot;
}

static void stage(Plan *plan, const Snapshot *snapshot, const char *target, const char *key,
    const char *value, PlanScope scope)
{
    g_autoptr(GError) error = NULL;

    plan_stage(plan, snapshot, target, key, value, scope, &error);
    g_assert_no_error(error);
}

/* The changes of the first line in @part that has @text. */
static char *changes_of(const Preview *preview, PreviewPart part, const char *text)
{
    for (guint i = 0; i < preview->lines->len; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->part == part && strstr(line->text, text))
            return idset_format(line->changes);
    }
    return g_strdup("no such line");
}

static void assert_changes(
    const Preview *preview, PreviewPart part, const char *text, const char *wanted)
{
    g_autofree char *changes = changes_of(preview, part, text);
    g_assert_cmpstr(changes, ==, wanted);
}

/* Every line knows its change; a hunk that two changes made knows both, each of its lines one. */
static void test_hunks(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE);
    g_autoptr(Plan) plan = plan_new();

    stage(plan, snapshot, "vm0", "memory.nosharepages", "on", SCOPE_BOTH);
    stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_BOTH);
    stage(plan, snapshot, "vm0", "vcpupin.1", "4", SCOPE_BOTH);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);

    g_assert_cmpuint(preview->errors, ==, 0);
    assert_changes(preview, PART_TARGET, "vm0", "0-2");
    assert_changes(preview, PART_RUNNING, "running now", "1-2");
    assert_changes(preview, PART_RUNNING, "-    <vcpupin vcpu='0'", "1");
    assert_changes(preview, PART_RUNNING, "+    <vcpupin vcpu='0' cpuset='3'", "1");
    assert_changes(preview, PART_RUNNING, "+    <vcpupin vcpu='1' cpuset='4'", "2");
    assert_changes(preview, PART_RUNNING, "@@", "1-2");
    assert_changes(preview, PART_RUNNING, " </cputune>", "1-2");
    assert_changes(preview, PART_NEXT, "next start", "0-2");
    assert_changes(preview, PART_NEXT, "+    <nosharepages/>", "0");
    assert_changes(preview, PART_EFFECT, "memory.nosharepages", "0");

    /* One definition for all of the next start, then each pin of the running domain. */
    assert_changes(preview, PART_CALLS, "calls of libvirt", "0-2");
    assert_changes(preview, PART_CALLS, "virDomainDefineXMLFlags(vm0, validate)", "0-2");
    assert_changes(preview, PART_CALLS, "virDomainPinVcpuFlags(vm0, 0, 3, live)", "1");
    assert_changes(preview, PART_CALLS, "virDomainPinVcpuFlags(vm0, 1, 4, live)", "2");

    const PreviewTarget *target = g_ptr_array_index(preview->targets, 0);
    g_assert_cmpuint(preview->targets->len, ==, 1);
    g_assert_cmpuint(target->first, ==, 0);
    g_assert_cmpuint(target->end, ==, preview->lines->len);
    g_assert_cmpuint(target->changes, ==, 3);
    g_assert_cmpuint(target->steps, ==, 5); /* three at the next start, two now */
    g_assert_cmpuint(target->waiting, ==, 1);
    g_assert_nonnull(strstr(target->next_after, "<nosharepages/>"));
    g_assert_null(strstr(target->next_before, "<nosharepages/>"));
}

/* Where both documents change alike there is one diff; a domain that does not run has one as well.
 */
static void test_one_diff(void)
{
    for (int runs = 0; runs < 2; runs++) {
        g_autoptr(Snapshot) snapshot = make_snapshot(1, runs);
        g_autoptr(Plan) plan = plan_new();
        stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_BOTH);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_autofree char *text = preview_text(preview);
        g_autofree char *wanted = g_strconcat("== vm0\n# ",
            runs ? "now and at the next start: vcpupin.0 = 3\n-- running now and next start\n"
                 : "at the next start: vcpupin.0 = 3\n-- next start\n",
            "@@ -4,7 +4,7 @@\n"
            "   <memory unit='KiB'>4194304</memory>\n"
            "   <vcpu>2</vcpu>\n"
            "   <cputune>\n"
            "-    <vcpupin vcpu='0' cpuset='0'/>\n"
            "+    <vcpupin vcpu='0' cpuset='3'/>\n"
            "     <vcpupin vcpu='1' cpuset='1'/>\n"
            "   </cputune>\n"
            "   <os>\n"
            "-- calls of libvirt, in order\n"
            "virDomainDefineXMLFlags(vm0, validate)\n",
            runs ? "virDomainPinVcpuFlags(vm0, 0, 3, live)\n" : "", NULL);
        g_assert_cmpstr(text, ==, wanted);
    }
}

/* A call says what it is given where a value is taken away: libvirt knows no "not pinned". */
static void test_taken_away(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE);
    g_autoptr(Plan) plan = plan_new();

    stage(plan, snapshot, "vm0", "vcpupin.0", "", SCOPE_BOTH);
    stage(plan, snapshot, "vm0", "cputune.shares", "512", SCOPE_BOTH);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    assert_changes(preview, PART_CALLS, "virDomainPinVcpuFlags(vm0, 0, all CPUs, live)", "0");
    assert_changes(preview, PART_CALLS,
        "virDomainSetSchedulerParametersFlags(vm0, cpu_shares=512, live)", "1");

    const LiveWay quota = {LIVE_SCHEDULER, "vcpu_quota", "-1", NULL};
    const LiveWay vcpus = {.call = LIVE_VCPUS};
    g_assert_cmpstr(connection_tune_given(&quota, ""), ==, "-1");
    g_assert_cmpstr(connection_tune_given(&quota, "5000"), ==, "5000");
    g_assert_cmpstr(connection_tune_given(&vcpus, ""), ==, "");
}

/* A domain that was renamed since it was staged is called by the name it has, and that is said. */
static void test_renamed(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE), later = make_snapshot(1, TRUE);
    g_autoptr(Plan) plan = plan_new();
    Domain *domain = ((DomainView *)g_ptr_array_index(later->domains, 0))->domain;

    stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_BOTH);
    stage(plan, snapshot, "vm0", "vcpupin.1", "4", SCOPE_BOTH);
    g_free(domain->name);
    domain->name = g_strdup("web");
    g_autoptr(Preview) preview = preview_make(later, plan);
    g_autofree char *text = preview_text(preview);
    g_assert_true(g_str_has_prefix(text, "== web\n# warning: vm0 is called web now\n"));
    g_assert_nonnull(strstr(text, "virDomainPinVcpuFlags(web, 1, 4, live)"));
    for (guint i = 0; i < preview->steps->len; i++)
        g_assert_cmpstr(((Step *)g_ptr_array_index(preview->steps, i))->name, ==, "web");

    g_autoptr(Preview) before = preview_make(snapshot, plan);
    g_assert_cmpuint(before->warnings, ==, 0);
}

/* A target's lines stand together, part after part, in whichever order the changes were staged. */
static void test_order(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(3, TRUE);
    g_autoptr(Plan) plan = plan_new();

    stage(plan, snapshot, "vm1", "vcpupin.0", "3", SCOPE_BOTH);
    stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_BOTH);
    stage(plan, snapshot, "host", "ksm.run", "1", SCOPE_BOTH);
    stage(plan, snapshot, "vm1", "memory.nosharepages", "on", SCOPE_LIVE);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);

    g_assert_cmpuint(preview->targets->len, ==, 3);
    /* No host is known here: its change cannot be made. And nosharepages never can live. */
    g_assert_cmpuint(preview->errors, ==, 2);
    for (guint t = 0, at = 0; t < 3; t++) {
        const PreviewTarget *target = g_ptr_array_index(preview->targets, t);
        static const char *const names[] = {"vm1", "host", "vm0"}; /* errors first */
        g_assert_cmpstr(target->name, ==, names[t]);
        g_assert_cmpuint(target->first, ==, at);
        for (; at < target->end; at++) {
            const PreviewLine *line = g_ptr_array_index(preview->lines, at);
            g_assert_cmpuint(line->target, ==, t);
            if (at > target->first)
                g_assert_cmpint(line->part, >=,
                    ((const PreviewLine *)g_ptr_array_index(preview->lines, at - 1))->part);
        }
    }
    const PreviewLine *first = g_ptr_array_index(preview->lines, 1);
    g_assert_cmpint(first->kind, ==, LINE_ERROR);
    assert_changes(preview, PART_FINDINGS, "memory.nosharepages", "3");
}

/* Sections with warnings stand before the rest, those with errors before both; what is done keeps
 * the order in which it was staged. */
static void test_warnings_first(void)
{
    static const char *const names[] = {"vm3", "vm1", "vm0", "vm2"};
    g_autoptr(Snapshot) snapshot = make_snapshot(4, FALSE);
    g_autoptr(Plan) plan = plan_new();

    stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_CONFIG);
    stage(plan, snapshot, "vm1", "cpu.mode", "host-passthrough", SCOPE_CONFIG);
    stage(plan, snapshot, "vm2", "vcpupin.0", "3", SCOPE_CONFIG);
    stage(plan, snapshot, "vm3", "vcpus.current", "9", SCOPE_CONFIG);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_cmpuint(preview->targets->len, ==, 4);
    guint at = 0;
    for (guint i = 0; i < 4; i++) {
        const PreviewTarget *target = g_ptr_array_index(preview->targets, i);
        g_assert_cmpstr(target->name, ==, names[i]);
        g_assert_cmpuint(target->first, ==, at);
        for (; at < target->end; at++)
            g_assert_cmpuint(
                ((const PreviewLine *)g_ptr_array_index(preview->lines, at))->target, ==, i);
    }
    g_assert_cmpuint(at, ==, preview->lines->len);
    for (guint i = 0; i < preview->steps->len; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_assert_cmpstr(((const Step *)g_ptr_array_index(preview->steps, i))->name, ==, name);
    }
}

/* What a document cannot take is said once, of both, and not that it stands. */
static void test_refused(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE);
    g_autoptr(Plan) plan = plan_new();
    Domain *domain = ((DomainView *)g_ptr_array_index(snapshot->domains, 0))->domain;
    g_autoptr(GString) text = g_string_new(domain->xml_config);

    g_string_replace(text, "  <os>",
        "  <numatune><memory mode='strict' placement='auto'/></numatune>\n  <os>", 1);
    g_free(domain->xml_config);
    g_free(domain->xml_live);
    domain->xml_config = g_strdup(text->str);
    domain->xml_live = g_strdup(text->str);
    stage(plan, snapshot, "vm0", "numatune.nodeset", "0", SCOPE_BOTH);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_autofree char *said = preview_text(preview);
    g_assert_cmpuint(preview->errors, ==, 1);
    g_assert_nonnull(strstr(said, "# error: numatune.nodeset: numad chooses the nodes"));
    g_assert_null(strstr(said, "already"));
}

/* What else writes a file of the host is told, unless it writes the same. */
static void test_rivals(Tree *tree, gconstpointer unused)
{
    (void)unused;
    tree_put(tree, "/sys/devices/system/cpu/online", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
    tree_put(tree, "/proc/sys/vm/swappiness", "60\n");
    tree_put(tree, "/sys/kernel/mm/ksm/run", "0\n");
    tree_put(tree, "/etc/sysctl.d/50.conf", "vm.swappiness = 30\n");
    tree_put(tree, "/run/ksmtune.pid", "7\n");
    tree_put(tree, "/proc/7/comm", "ksmtuned\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = make_snapshot(0, FALSE);
    snapshot->host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);

    static const struct {
        const char *key, *value, *told; /* NULL: nothing is */
    } rows[] = {
        {"vm.swappiness", "10",
            "systemd-sysctl (/etc/sysctl.d/50.conf:1) sets it to 30 when the host boots"},
        {"vm.swappiness", "30", NULL},
        {"ksm.run", "1", "ksmtuned (/etc/ksmtuned.conf) sets it as it sees fit while it runs"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Plan) plan = plan_new();
        stage(plan, snapshot, "host", rows[i].key, rows[i].value, SCOPE_BOTH);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_autofree char *text = preview_text(preview);
        g_assert_cmpint(preview->errors, ==, 0);
        if (rows[i].told)
            g_assert_nonnull(strstr(text, rows[i].told));
        else
            g_assert_null(strstr(text, "systemd-sysctl"));
    }
}

static void test_is_current(void)
{
    g_autoptr(Snapshot) snapshot = make_snapshot(2, TRUE), same = make_snapshot(2, TRUE),
                        fewer = make_snapshot(1, TRUE), other = make_snapshot(2, FALSE);
    g_autoptr(Plan) plan = plan_new();

    stage(plan, snapshot, "vm0", "vcpupin.0", "3", SCOPE_BOTH);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_true(preview_is_current(preview, snapshot, plan));
    g_assert_true(preview_is_current(preview, same, plan));
    g_assert_false(preview_is_current(preview, fewer, plan));
    g_assert_false(preview_is_current(preview, other, plan));

    static const struct {
        const char *key, *value;
        PlanScope scope;
    } others[] = {{"vcpupin.0", "2", SCOPE_BOTH}, {"vcpupin.0", "3", SCOPE_CONFIG},
        {"vcpupin.1", "3", SCOPE_BOTH}};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(Plan) changed = plan_new();
        stage(changed, snapshot, "vm0", others[i].key, others[i].value, others[i].scope);
        g_assert_false(preview_is_current(preview, snapshot, changed));
    }
    plan_unstage(plan, 0);
    g_assert_false(preview_is_current(preview, snapshot, plan));
}

/* ---- blame ---- */

/* libvirt changes a running domain's nodeset where none was set, and it is restrictive from then
 * on; or where the mode is restrictive. Else it waits, and says why. */
static void test_running_nodeset(void)
{
    static const struct {
        const char *memory;
        gboolean now;
    } rows[] = {
        {"", TRUE},
        {"<memory mode='restrictive' nodeset='0'/>", TRUE},
        {"<memory mode='strict' nodeset='0'/>", FALSE},
        {"<memory mode='interleave' nodeset='0-1'/>", FALSE},
        {"<memory nodeset='0'/>", FALSE},
        {"<memory mode='strict' placement='auto'/>", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE);
        Domain *domain = ((DomainView *)snapshot->domains->pdata[0])->domain;
        g_autofree char *numatune = g_strdup_printf("<numatune>%s</numatune>\n", rows[i].memory);
        char **halves = g_strsplit(domain->xml_live, "  <os>", 2);
        g_free(domain->xml_live);
        domain->xml_live = g_strconcat(halves[0], numatune, "  <os>", halves[1], NULL);
        g_strfreev(halves);
        g_autoptr(Plan) plan = plan_new(), live = plan_new();
        stage(plan, snapshot, "vm0", "numatune.nodeset", "1", SCOPE_BOTH);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_test_message("%s", rows[i].memory);
        g_assert_cmpuint(preview->steps->len, ==, rows[i].now ? 2 : 1);
        assert_changes(preview, PART_EFFECT,
            rows[i].now ? "now and at the next start: numatune.nodeset = 1"
                        : "waits for a restart: numatune.nodeset = 1   while it runs only mode "
                          "restrictive lets it change",
            "0");
        assert_changes(preview, PART_CALLS,
            "virDomainSetNumaParameters(vm0, numa_mode=restrictive numa_nodeset=1, live)",
            rows[i].now ? "0" : "no such line");
        stage(live, snapshot, "vm0", "numatune.nodeset", "1", SCOPE_LIVE);
        g_autoptr(Preview) alone = preview_make(snapshot, live);
        g_assert_cmpuint(alone->errors, ==, rows[i].now ? 0 : 1);
    }
}

/* A transient domain takes what it can while it runs; what waits for a next start it never has. */
static void test_transient(void)
{
    static const struct {
        const char *key, *value;
        guint errors, steps;
    } rows[] = {
        {"memory.nosharepages", "on", 1, 0},
        {"memory.nosharepages", "off", 0, 0},
        {"vcpupin.0", "1", 0, 1},
    };
    g_autoptr(Snapshot) snapshot = make_snapshot(1, TRUE);
    Domain *domain = ((DomainView *)snapshot->domains->pdata[0])->domain;

    domain->persistent = FALSE;
    g_clear_pointer(&domain->xml_config, g_free);
    g_clear_pointer(&domain->config, domain_config_free);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Plan) plan = plan_new();
        stage(plan, snapshot, "vm0", rows[i].key, rows[i].value, SCOPE_BOTH);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        g_assert_cmpuint(preview->errors, ==, rows[i].errors);
        g_assert_cmpuint(preview->steps->len, ==, rows[i].steps);
        assert_changes(preview, PART_EFFECT, "already",
            rows[i].errors || rows[i].steps ? "no such line" : "0");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/preview/hunks", test_hunks);
    g_test_add_func("/preview/one-diff", test_one_diff);
    g_test_add_func("/preview/taken-away", test_taken_away);
    g_test_add_func("/preview/renamed", test_renamed);
    g_test_add_func("/preview/order", test_order);
    g_test_add_func("/preview/running-nodeset", test_running_nodeset);
    g_test_add_func("/preview/warnings-first", test_warnings_first);
    g_test_add_func("/preview/refused", test_refused);
    g_test_add_func("/preview/transient", test_transient);
    g_test_add_func("/preview/is-current", test_is_current);
    g_test_add("/preview/rivals", Tree, NULL, tree_setup, test_rivals, tree_teardown);
    return g_test_run();
}
