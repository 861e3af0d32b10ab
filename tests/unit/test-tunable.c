/* core/tune: keys, values, the catalogue's own sense, backing, edits by key. */
#include "core/catalogue/backing.h"
#include "core/catalogue/tunable.h"
#include "core/util/error.h"

#include <string.h>

/* Rows whose release no document names, or is of no use: domains had them before documents said
 * such, hosts before there was KVM (2.6.20). "pages" is no libvirt's. */
static const char *const undated[] = {"vcpus.max", "memory.max", "memory.current",
    "interface.MAC.model", "video.model", "pages", "vm.swappiness", "vm.overcommit_memory",
    "vm.overcommit_ratio", "vm.min_free_kbytes", "vm.zone_reclaim_mode", "vm.vfs_cache_pressure",
    "vm.dirty_ratio", "vm.dirty_background_ratio", "vm.dirty_expire_centisecs",
    "vm.dirty_writeback_centisecs", NULL};

static void test_catalogue(void)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < count; i++) {
        const Tunable *row = &rows[i];
        g_assert_true(g_hash_table_add(keys, (gpointer)row->key));
        /* A group stands together: it is one chapter of the reference, and one fold of a form. */
        gboolean begins = i == 0 || rows[i - 1].target != row->target ||
                          !g_str_equal(rows[i - 1].group, row->group);
        g_autofree char *group = g_strdup_printf("%d %s", row->target, row->group);
        if (begins && !g_hash_table_add(groups, g_steal_pointer(&group)))
            g_error("%s: the group \"%s\" began earlier already", row->key, row->group);
        g_assert_nonnull(row->help);
        g_assert_nonnull(row->source);
        if (row->gain == NULL)
            g_error("%s: what it gains and costs is not told", row->key);
        if ((row->since == NULL) != g_strv_contains(undated, row->key))
            g_error("%s: since when there is one is not told, or is and it is listed", row->key);
        g_assert_nonnull(row->place);
        g_assert_true(row->type != VALUE_CHOICE || row->choices != NULL);
        g_assert_true(row->type != VALUE_INT || row->max > row->min);
        g_assert_true(
            row->target == TARGET_DOMAIN || *row->place == '/' || row->type == VALUE_PATHS);
        g_assert_true((row->effect == EFFECT_NOW_AND_NEXT) == (row->live.call != LIVE_NONE));
    }
}

static void test_keys(void)
{
    static const struct {
        TargetKind target;
        const char *text, *key; /* NULL: refused */
    } rows[] = {
        {TARGET_DOMAIN, "vcpupin.3", "vcpupin.3"},
        {TARGET_DOMAIN, "vcpupin.03", "vcpupin.3"},
        {TARGET_DOMAIN, "vcpupin.all", "vcpupin.all"},
        {TARGET_DOMAIN, "vcpupin.", NULL},
        {TARGET_DOMAIN, "vcpupin.-1", NULL},
        {TARGET_DOMAIN, "vcpupin.1x", NULL},
        {TARGET_DOMAIN, "vcpupin.99999999999999999999", NULL},
        {TARGET_DOMAIN, "vcpupin.N", NULL},
        {TARGET_DOMAIN, "ksm.run", NULL},
        {TARGET_DOMAIN, "", NULL},
        {TARGET_HOST, "ksm.run", "ksm.run"},
        {TARGET_HOST, "ksm.pages_shared", NULL},
        {TARGET_HOST, "vcpupin.0", NULL},
        {TARGET_HOST, "hugepages.node0.2M", "hugepages.node0.2M"},
        {TARGET_HOST, "hugepages.node10.2048K", "hugepages.node10.2M"},
        {TARGET_HOST, "hugepages.node0.1048576kB", "hugepages.node0.1G"},
        {TARGET_HOST, "hugepages.node0.2048", NULL},
        {TARGET_HOST, "hugepages.node0.0M", NULL},
        {TARGET_HOST, "hugepages.node.2M", NULL},
        {TARGET_HOST, "hugepages.node0", NULL},
        {TARGET_HOST, "hugepages.node0.../../etc", NULL},
        {TARGET_HOST, "ksm.\033[31m", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TunableKey) key = tunable_key_parse(rows[i].target, rows[i].text, &error);
        g_assert_cmpstr(key ? key->key : NULL, ==, rows[i].key);
        if (key == NULL) {
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
            g_assert_null(strchr(error->message, '\033'));
        }
    }
}

static void test_places(void)
{
    static const struct {
        TargetKind target;
        const char *key, *place;
    } rows[] = {
        {TARGET_DOMAIN, "vcpupin.3", "cputune/vcpupin[@vcpu='3']/@cpuset"},
        {TARGET_HOST, "ksm.run", "/sys/kernel/mm/ksm/run"},
        {TARGET_HOST, "hugepages.node2.1G",
            "/sys/devices/system/node/node2/hugepages/hugepages-1048576kB/nr_hugepages"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TunableKey) key = tunable_key_parse(rows[i].target, rows[i].key, NULL);
        g_autofree char *place = tunable_key_place(key);
        g_assert_cmpstr(place, ==, rows[i].place);
    }
}

static void test_values(void)
{
    static const struct {
        TargetKind target;
        const char *key, *value, *normal; /* NULL: refused */
    } rows[] = {
        {TARGET_HOST, "ksm.run", "1", "1"},
        {TARGET_HOST, "ksm.run", "3", NULL},
        {TARGET_HOST, "ksm.run", "", NULL},
        {TARGET_HOST, "ksm.pages_to_scan", "0100", "100"},
        {TARGET_HOST, "ksm.pages_to_scan", "-1", NULL},
        {TARGET_HOST, "ksm.pages_to_scan", "4294967296", NULL},
        {TARGET_HOST, "ksm.pages_to_scan", "1e3", NULL},
        {TARGET_HOST, "ksm.pages_to_scan", "99999999999999999999999", NULL},
        {TARGET_HOST, "thp.enabled", "madvise", "madvise"},
        {TARGET_HOST, "thp.enabled", "[madvise]", NULL},
        {TARGET_HOST, "hugepages.node0.2M", "16", "16"},
        {TARGET_HOST, "hugepages.node0.2M", "-16", NULL},
        {TARGET_DOMAIN, "vcpupin.0", "2,3,1", "1-3"},
        {TARGET_DOMAIN, "vcpupin.0", "", ""},
        {TARGET_DOMAIN, "vcpupin.0", "^2", NULL},
        {TARGET_DOMAIN, "vcpupin.0", "x", NULL},
        {TARGET_DOMAIN, "memory.hugepages", "2048K", "2M"},
        {TARGET_DOMAIN, "memory.hugepages", "", "off"},
        {TARGET_DOMAIN, "memory.hugepages", "1G@2;2M@0,1", "1G@2;2M@0-1"},
        {TARGET_DOMAIN, "memory.hugepages", "1G@2;2M@2", NULL},
        {TARGET_DOMAIN, "memory.hugepages", "1G;2M", NULL},
        {TARGET_DOMAIN, "memory.hugepages", "3M", NULL},
        {TARGET_DOMAIN, "memory.hugepages", "1G@", NULL},
        {TARGET_DOMAIN, "memory.hugepages", "1G@0']", NULL},
        {TARGET_DOMAIN, "memory.nosharepages", "yes", "on"},
        {TARGET_DOMAIN, "memory.nosharepages", "", "off"},
        {TARGET_DOMAIN, "memory.nosharepages", "maybe", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TunableKey) key = tunable_key_parse(rows[i].target, rows[i].key, &error);
        g_assert_no_error(error);
        g_autofree char *normal = tunable_check(key, rows[i].value, NULL, NULL, &error);
        g_assert_cmpstr(normal, ==, rows[i].normal);
        if (normal == NULL)
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    }
}

/* Each key's value is written, read back, written again without a change, and taken away again. */
static void test_xml(void)
{
    static const char *const document = "<domain type='kvm'>\n"
                                        "  <name>a</name>\n"
                                        "  <memory unit='KiB'>4194304</memory>\n"
                                        "  <vcpu placement='static'>2</vcpu>\n"
                                        "  <os>\n"
                                        "    <type arch='x86_64'>hvm</type>\n"
                                        "  </os>\n"
                                        "</domain>\n";
    static const struct {
        const char *key, *value, *off, *contains;
    } rows[] = {
        {"vcpupin.1", "0-1", "", "    <vcpupin vcpu='1' cpuset='0-1'/>\n"},
        {"vcpupin.all", "3", "",
            "    <vcpupin vcpu='0' cpuset='3'/>\n    <vcpupin vcpu='1' cpuset='3'/>\n"},
        {"emulatorpin", "1", "", "  <cputune>\n    <emulatorpin cpuset='1'/>\n  </cputune>\n"},
        {"memory.hugepages", "default", "off", "    <hugepages/>\n"},
        {"memory.hugepages", "2M", "off", "      <page size='2048' unit='KiB'/>\n"},
        {"memory.hugepages", "2M@0-1;1G@2", "off",
            "      <page size='2048' unit='KiB' nodeset='0-1'/>\n"
            "      <page size='1048576' unit='KiB' nodeset='2'/>\n"},
        {"memory.nosharepages", "on", "off", "  <memoryBacking>\n    <nosharepages/>\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(XmlEdit) edit = xml_edit_open(document, -1, &error);
        g_assert_no_error(error);
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, rows[i].key, &error);
        g_assert_true(tunable_xml_set(key, edit, rows[i].value, &error));
        g_assert_no_error(error);
        g_autofree char *first = g_strdup(xml_edit_text(edit, NULL));
        g_assert_nonnull(strstr(first, rows[i].contains));
        if (!key->all) {
            g_autofree char *value = tunable_xml_value(key, edit);
            g_assert_cmpstr(value, ==, rows[i].value);
        }
        g_assert_true(tunable_xml_set(key, edit, rows[i].value, &error));
        g_assert_cmpstr(xml_edit_text(edit, NULL), ==, first);
        g_assert_true(tunable_xml_set(key, edit, rows[i].off, &error));
        g_assert_cmpstr(xml_edit_text(edit, NULL), ==, document);
    }
}

/* The same set in other words is the same value: no byte changes. */
static void test_xml_same_set(void)
{
    static const char *const document =
        "<domain><vcpu>1</vcpu><cputune><vcpupin vcpu=\"0\" cpuset=\"3,0-1,2\"/></cputune>"
        "<memoryBacking><hugepages><page size='2' "
        "unit='MiB'/></hugepages></memoryBacking></domain>";
    g_autoptr(XmlEdit) edit = xml_edit_open(document, -1, NULL);
    g_autoptr(TunableKey) pin = tunable_key_parse(TARGET_DOMAIN, "vcpupin.0", NULL);
    g_autoptr(TunableKey) backing = tunable_key_parse(TARGET_DOMAIN, "memory.hugepages", NULL);

    g_assert_true(tunable_xml_set(pin, edit, "0-3", NULL));
    g_assert_true(tunable_xml_set(backing, edit, "2M", NULL));
    g_assert_cmpstr(xml_edit_text(edit, NULL), ==, document);
}

/* The mode that libvirt fills in goes with the nodeset, and numatune with it where that is all. */
static void test_xml_nodeset(void)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"<numatune><memory mode='strict' nodeset='1'/></numatune>", ""},
        {"<numatune><memory nodeset='1'/></numatune>", ""},
        {"<numatune><memory mode='strict' nodeset='1'/><memnode cellid='0' mode='strict' "
         "nodeset='0'/></numatune>",
            "<numatune><memnode cellid='0' mode='strict' nodeset='0'/></numatune>"},
        {"<numatune><memory mode='interleave' nodeset='1'/></numatune>",
            "<numatune><memory mode='interleave'/></numatune>"},
        {"<numatune><memory mode='strict' placement='auto' nodeset='1'/></numatune>",
            "<numatune><memory mode='strict' placement='auto'/></numatune>"},
    };
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, "numatune.nodeset", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *before = g_strconcat("<domain>", rows[i].before, "</domain>", NULL);
        g_autofree char *after = g_strconcat("<domain>", rows[i].after, "</domain>", NULL);
        g_autoptr(XmlEdit) edit = xml_edit_open(before, -1, NULL);
        g_assert_true(tunable_xml_set(key, edit, "", NULL));
        g_assert_cmpstr(xml_edit_text(edit, NULL), ==, after);
    }

    static const char *const numad =
        "<domain><numatune><memory mode='strict' placement='auto'/></numatune></domain>";
    g_autoptr(GError) error = NULL;
    g_autoptr(XmlEdit) edit = xml_edit_open(numad, -1, NULL);
    g_assert_false(tunable_xml_set(key, edit, "0", &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "numad chooses the nodes"));
    g_assert_cmpstr(xml_edit_text(edit, NULL), ==, numad);
}

/* A key that does not exist: the one that was meant is named, where one is near. */
static void test_nearest(void)
{
    static const struct {
        TargetKind target;
        const char *text, *nearest;
    } cases[] = {
        {TARGET_DOMAIN, "vcpupn.0", "vcpupin.N"},
        {TARGET_DOMAIN, "vcpupn", "vcpupin.N"},
        {TARGET_DOMAIN, "disk.vda.cach", "disk.DEV.cache"},
        {TARGET_DOMAIN, "interface.nomac.mtu", "interface.MAC.mtu"},
        {TARGET_DOMAIN, "hugepages", "memory.hugepages"},
        {TARGET_DOMAIN, "Memory.Locked", "memory.locked"},
        {TARGET_HOST, "ksm.rum", "ksm.run"},
        {TARGET_HOST, "hugepages.node0.2", "hugepages.nodeN.SIZE"},
        {TARGET_DOMAIN, "foo", NULL},
        {TARGET_DOMAIN, "", NULL},
        {TARGET_DOMAIN, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(tunable_key_parse(cases[i].target, cases[i].text, &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
        const char *said = strstr(error->message, "the nearest is ");
        g_autofree char *wanted =
            g_strdup_printf("the nearest is %s, and", cases[i].nearest ? cases[i].nearest : "");
        if (cases[i].nearest)
            g_assert_true(said && g_str_has_prefix(said, wanted));
        else
            g_assert_null(said);
    }
}

/* What stands where nothing was asked for: what a call writes for it, else what libvirt may. */
static void test_granted(void)
{
    static const struct {
        const char *key, *asked, *got;
        gboolean granted;
    } rows[] = {
        {"cputune.shares", "500", "500", TRUE},
        {"cputune.shares", "500", "700", FALSE},
        {"cputune.shares", "", "1024", TRUE},
        {"cputune.shares", "", "700", FALSE},
        {"cputune.quota", "", "-1", TRUE},
        {"cpu.model", "", "qemu64", TRUE},
        {"disk.vda.cache", "", "none", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, rows[i].key, NULL);
        g_test_message("%s=%s: %s", rows[i].key, rows[i].asked, rows[i].got);
        g_assert_cmpint(tunable_granted(key, rows[i].asked, rows[i].got), ==, rows[i].granted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tunable/nearest", test_nearest);
    g_test_add_func("/tunable/catalogue", test_catalogue);
    g_test_add_func("/tunable/keys", test_keys);
    g_test_add_func("/tunable/places", test_places);
    g_test_add_func("/tunable/values", test_values);
    g_test_add_func("/tunable/xml", test_xml);
    g_test_add_func("/tunable/xml-nodeset", test_xml_nodeset);
    g_test_add_func("/tunable/xml-same-set", test_xml_same_set);
    g_test_add_func("/tunable/granted", test_granted);
    return g_test_run();
}
