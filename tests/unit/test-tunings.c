/* core/tune/tunings: what stands of a domain's tunables, and staging it on another. */
#include "core/rules/rules.h"
#include "core/tune/tunings.h"

#include "tests/unit/made.h"

#include <string.h>

#define UUID_A "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7001"
#define UUID_B "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7002"
#define UUID_C "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d7003"

static Domain *make_a(void)
{
    return made_domain("a", UUID_A,
        "<memory>4096</memory><vcpu>4</vcpu>"
        "<cputune><vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='0-1'/></cputune>",
        "<memory>4096</memory><vcpu>4</vcpu><memoryBacking><nosharepages/></memoryBacking>"
        "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='3' cpuset='5,4'/>"
        "<emulatorpin cpuset='0,1'/></cputune>");
}

static void check(const GPtrArray *tunings, const char *key, const char *live, const char *config,
    gboolean differs)
{
    const Tuning *tuning = tunings_find(tunings, key);

    g_assert_nonnull(tuning);
    g_assert_cmpstr(tuning->live, ==, live);
    g_assert_cmpstr(tuning->config, ==, config);
    g_assert_cmpint(tuning_differs(tuning), ==, differs);
}

static void test_read(void)
{
    g_autoptr(Domain) domain = make_a();
    g_autoptr(GPtrArray) tunings = tunings_read(domain);

    check(tunings, "vcpupin.0", "1", "2", TRUE);
    check(tunings, "vcpupin.1", "", "", FALSE);
    check(tunings, "vcpupin.3", "", "4-5", TRUE);
    check(tunings, "emulatorpin", "0-1", "0-1", FALSE);
    check(tunings, "memory.nosharepages", "off", "on", TRUE);
    g_assert_null(tunings_find(tunings, "vcpupin.4"));
    g_assert_null(tunings_find(tunings, "vcpupin.all"));
    g_assert_null(tunings_find(tunings, "ksm.run"));
}

static void test_half(void)
{
    g_autoptr(Domain) off = made_domain("off", UUID_A, NULL, "<vcpu>1</vcpu>");
    g_autoptr(Domain) transient = made_domain("t", UUID_A, "<vcpu>1</vcpu>", NULL);
    g_autoptr(Domain) unread = made_domain("u", UUID_A, NULL, NULL);
    g_autoptr(GPtrArray) of_off = tunings_read(off);
    g_autoptr(GPtrArray) of_transient = tunings_read(transient);
    g_autoptr(GPtrArray) of_unread = tunings_read(unread);

    check(of_off, "vcpupin.0", NULL, "", FALSE);
    check(of_transient, "vcpupin.0", "", NULL, FALSE);
    g_assert_cmpuint(of_unread->len, ==, 0);
}

/* A disk that was plugged in while the domain runs has its keys too. */
static void test_plugged(void)
{
#define A_DISK(name)                                                                               \
    "<disk type='file' device='disk'><driver name='qemu' cache='none'/>"                           \
    "<target dev='" name "' bus='virtio'/></disk>"
    g_autoptr(Domain) domain =
        made_domain("a", UUID_A, "<vcpu>1</vcpu><devices>" A_DISK("vda") A_DISK("vdb") "</devices>",
            "<vcpu>1</vcpu><devices>" A_DISK("vda") "</devices>");
    g_autoptr(GPtrArray) tunings = tunings_read(domain);

    check(tunings, "disk.vda.cache", "none", "none", FALSE);
    g_assert_cmpstr(tunings_find(tunings, "disk.vdb.cache")->live, ==, "none");
    g_assert_null(tunings_find(tunings, "disk.vdc.cache"));
}

/* Of a domain that runs bound by another mode than restrictive libvirt does not take the nodeset.
 */
static void test_waits(void)
{
#define BOUND(mode) "<vcpu>1</vcpu><numatune><memory mode='" mode "' nodeset='0'/></numatune>"
    static const struct {
        const char *live;
        gboolean waits;
    } rows[] = {{BOUND("strict"), TRUE}, {BOUND("restrictive"), FALSE}, {"<vcpu>1</vcpu>", FALSE},
        {NULL, FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Domain) domain = made_domain("a", UUID_A, rows[i].live, BOUND("strict"));
        g_autoptr(GPtrArray) tunings = tunings_read(domain);
        const Tuning *nodeset = tunings_find(tunings, "numatune.nodeset");
        g_assert_cmpint(nodeset->waits != NULL, ==, rows[i].waits);
        g_assert_cmpstr(tunings_waits(nodeset->key->tunable, domain), ==, nodeset->waits);
        g_assert_null(tunings_find(tunings, "vcpupin.0")->waits);
    }
}

static void test_instance(void)
{
    static const struct {
        const char *pattern, *key, *instance, *rest;
    } rows[] = {
        {"vcpupin.N", "vcpupin.12", "vcpupin", "vcpupin.12"},
        {"disk.DEV.cache", "disk.vda.cache", "disk vda", "cache"},
        {"disk.DEV.iotune.read_iops_sec", "disk.vda.iotune.read_iops_sec", "disk vda",
            "iotune.read_iops_sec"},
        {"interface.MAC.mtu", "interface.52:54:00:00:00:01.mtu", "interface 52:54:00:00:00:01",
            "mtu"},
        {"blkio.device.PATH.weight", "blkio.device./dev/disk.1/a.weight",
            "blkio.device /dev/disk.1/a", "weight"},
        {"memory.hugepages", "memory.hugepages", NULL, "memory.hugepages"},
        {"memballoon.freePageReporting", "memballoon.freePageReporting", NULL,
            "memballoon.freePageReporting"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Tunable tunable = {.key = rows[i].pattern, .target = TARGET_DOMAIN};
        const TunableKey key = {.tunable = &tunable, .key = (char *)rows[i].key};
        const char *rest = NULL;
        g_autofree char *instance = tunable_key_instance(&key, &rest);
        g_assert_cmpstr(instance, ==, rows[i].instance);
        g_assert_cmpstr(rest, ==, rows[i].rest);
    }
}

static void test_stage(void)
{
    g_autoptr(Snapshot) snapshot = made_snapshot();
    Domain *a = make_a();
    Domain *b = made_domain(
        "b", UUID_B, NULL, "<vcpu>2</vcpu><cputune><emulatorpin cpuset='0-1'/></cputune>");
    g_autoptr(GPtrArray) source = tunings_read(a);
    g_autoptr(Plan) plan = plan_new();

    made_add(snapshot, a);
    made_add(snapshot, b);
    g_auto(TuningsFit) fit = tunings_stage(source, plan, snapshot, b);
    g_assert_cmpuint(fit.staged, ==, plan->changes->len);
    g_assert_cmpstr(plan_value(plan, UUID_B, "vcpupin.0"), ==, "2");
    g_assert_cmpstr(plan_value(plan, UUID_B, "memory.nosharepages"), ==, "on");
    g_assert_null(plan_value(plan, UUID_B, "vcpupin.1"));
    /* It stands already: not staged, and counted. */
    g_assert_null(plan_value(plan, UUID_B, "emulatorpin"));
    g_assert_cmpuint(fit.same, >=, 1);
    /* b has two vCPUs. */
    g_assert_cmpuint(fit.unfit->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(fit.unfit, 0), "vcpupin.3"));
    g_assert_cmpuint(fit.cards->len, ==, 0);

    /* All of it is one act. */
    plan_join(plan, 0);
    g_assert_true(plan_unstage_last(plan));
    g_assert_cmpuint(plan->changes->len, ==, 0);
}

/* No other domain has a card's address: cards are the same by their order, where there are as many.
 */
static void test_stage_cards(void)
{
#define A_CARD(mac, mtu)                                                                           \
    "<interface type='bridge'><mac address='52:54:00:00:00:" mac "'/><source bridge='br0'/>"       \
    "<model type='virtio'/>" mtu "</interface>"
#define A_MTU(size) "<mtu size='" size "'/>"
    g_autoptr(Snapshot) snapshot = made_snapshot();
    Domain *a = made_domain("a", UUID_A, NULL,
        "<vcpu>1</vcpu><devices>" A_DISK("vdb") A_CARD("0b", A_MTU("9000"))
            A_CARD("01", A_MTU("1400")) "</devices>");
    Domain *two = made_domain("two", UUID_B, NULL,
        "<vcpu>1</vcpu><devices>" A_CARD("33", "") A_CARD("22", A_MTU("1400")) "</devices>");
    Domain *one =
        made_domain("one", UUID_C, NULL, "<vcpu>1</vcpu><devices>" A_CARD("44", "") "</devices>");
    g_autoptr(GPtrArray) source = tunings_read(a);
    g_autoptr(Plan) plan = plan_new();

    made_add(snapshot, a);
    made_add(snapshot, two);
    made_add(snapshot, one);
    g_auto(TuningsFit) fit = tunings_stage(source, plan, snapshot, two);
    g_assert_cmpstr(plan_value(plan, UUID_B, "interface.52:54:00:00:00:33.mtu"), ==, "9000");
    g_assert_cmpuint(fit.staged, ==, 1);
    g_assert_cmpuint(fit.cards->len, ==, 1);
    g_assert_cmpstr(
        g_ptr_array_index(fit.cards, 0), ==, "interface 52:54:00:00:00:0b: 52:54:00:00:00:33");
    /* Once of the disk, however many of its keys there are. */
    g_assert_cmpuint(fit.unfit->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(fit.unfit, 0), ==, "disk vdb: it has none such");

    g_auto(TuningsFit) fewer = tunings_stage(source, plan, snapshot, one);
    g_assert_cmpuint(fewer.staged, ==, 0);
    g_assert_cmpuint(fewer.unfit->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(fewer.unfit, 1), ==,
        "interface 52:54:00:00:00:0b: 2 cards there and 1 here: which is the same is not known");

    /* Upon itself nothing is to be done. */
    g_auto(TuningsFit) self = tunings_stage(source, plan, snapshot, a);
    g_assert_cmpuint(self.staged + self.unfit->len + self.cards->len, ==, 0);
}

/* What is staged is held against the rules: locked memory wants a limit. */
static void test_findings(void)
{
    g_autoptr(Snapshot) snapshot = made_snapshot();
    g_autoptr(Plan) plan = plan_new();
    Domain *a = make_a();
    gboolean found = FALSE;

    made_add(snapshot, a);
    g_autoptr(RuleGround) ground = rule_ground_new(snapshot, plan);
    g_autoptr(GPtrArray) none = rules_check_staged(ground, plan, a);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_true(plan_stage(plan, snapshot, UUID_A, "memory.locked", "on", SCOPE_BOTH, NULL));
    g_autoptr(RuleGround) staged_ground = rule_ground_new(snapshot, plan);
    g_autoptr(GPtrArray) findings = rules_check_staged(staged_ground, plan, a);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        found |= g_strv_contains((const char *const *)finding->keys, "memory.locked");
    }
    g_assert_true(found);
}

/* 256 vCPUs, each pinned: read in time that a key press allows. Measured by bench, not here; here
 * that every one is found. */
static void test_many(void)
{
    g_autoptr(GString) body = g_string_new("<vcpu>256</vcpu>\n<cputune>\n");

    for (int n = 0; n < 256; n++)
        g_string_append_printf(body, "<vcpupin vcpu='%d' cpuset='%d'/>\n", n, n % 8);
    g_string_append(body, "</cputune>\n");
    g_autoptr(Domain) domain = made_domain("large", UUID_A, body->str, body->str);
    g_autoptr(GPtrArray) tunings = tunings_read(domain);
    for (int n = 0; n < 256; n++) {
        g_autofree char *key = g_strdup_printf("vcpupin.%d", n);
        g_autofree char *value = g_strdup_printf("%d", n % 8);
        check(tunings, key, value, value, FALSE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tunings/read", test_read);
    g_test_add_func("/tunings/half", test_half);
    g_test_add_func("/tunings/plugged", test_plugged);
    g_test_add_func("/tunings/waits", test_waits);
    g_test_add_func("/tunings/instance", test_instance);
    g_test_add_func("/tunings/stage", test_stage);
    g_test_add_func("/tunings/stage-cards", test_stage_cards);
    g_test_add_func("/tunings/findings", test_findings);
    g_test_add_func("/tunings/many", test_many);
    return g_test_run();
}
