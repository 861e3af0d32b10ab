/* A host of files and domains of the test driver, for the tests of apply, undo and recovery. */
#include "tests/unit/applyfixture.h"

#include "core/collector/collector-private.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/virt/connection-private.h"

#include <string.h>

static const char *const tree[][2] = {
    {"/sys/devices/system/cpu/online", "0-3\n"},
    {"/sys/devices/system/cpu/present", "0-3\n"},
    {"/sys/devices/system/cpu/cpu0/topology/core_id", "0\n"},
    {"/sys/devices/system/cpu/cpu1/topology/core_id", "1\n"},
    {"/sys/devices/system/cpu/cpu2/topology/core_id", "2\n"},
    {"/sys/devices/system/cpu/cpu3/topology/core_id", "3\n"},
    {"/sys/devices/system/node/node0/cpulist", "0-3\n"},
    {"/sys/devices/system/node/node0/meminfo",
        "Node 0 MemTotal: 4194304 kB\nNode 0 MemFree: 2048 kB\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "4\n"},
    {"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "1\n"},
    {"/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 100 kB\n"},
    {"/sys/kernel/mm/ksm/run", "1\n"},
    {"/sys/kernel/mm/ksm/pages_to_scan", "100\n"},
    {"/sys/kernel/mm/ksm/sleep_millisecs", "20\n"},
    {"/sys/kernel/mm/ksm/pages_shared", "7\n"},
    {"/sys/kernel/mm/ksm/pages_sharing", "70\n"},
    {"/sys/kernel/mm/ksm/merge_across_nodes", "1\n"},
    {"/sys/kernel/mm/ksm/advisor_mode", "[none] scan-time\n"},
    {"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
};

void fixture_put(const Fixture *f, const char *path, const char *text)
{
    tree_put(&f->tree, path, text);
}

static void open_domains(Fixture *f, guint count)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) xml = g_string_new("<node><cpu><mhz>1</mhz><model>x86_64</model>"
                                          "<active>4</active><nodes>1</nodes><sockets>1</sockets>"
                                          "<cores>4</cores><threads>1</threads></cpu>"
                                          "<memory>4096</memory>");

    for (guint i = 1; i <= count; i++)
        g_string_append_printf(xml,
            "<domain type='test'><name>vm%u</name>"
            "<uuid>6f1d2c4e-58a7-4c0b-9e31-%012u</uuid><title>of vm%u</title>"
            "<memory unit='KiB'>1024</memory><vcpu>4</vcpu><os><type>hvm</type></os></domain>",
            i, i, i);
    g_string_append(xml, "</node>");
    fixture_put(f, "/domains.xml", xml->str);
    g_autofree char *uri = g_strdup_printf("test://%s/domains.xml", f->root);
    f->connection = connection_open(uri, FALSE, &error);
    g_assert_no_error(error);
}

Snapshot *fixture_take(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    Snapshot *snapshot = snapshot_new(f->root);

    snapshot->host = host_read(f->root, NULL, &error);
    g_assert_no_error(error);
    if (f->connection == NULL)
        return snapshot;
    g_autoptr(GPtrArray) domains = connection_domains(f->connection, FALSE, &error);
    g_assert_no_error(error);
    snapshot->domains = collector_make_views(f->root, f->root, snapshot->host, domains, NULL);
    return snapshot;
}

void fixture_set_up(Fixture *f, gconstpointer data)
{
    tree_setup(&f->tree, NULL);
    f->root = f->tree.root;
    for (guint i = 0; i < G_N_ELEMENTS(tree); i++)
        fixture_put(f, tree[i][0], tree[i][1]);
    if (data)
        open_domains(f, GPOINTER_TO_UINT(data));
    f->snapshot = fixture_take(f);
    g_autofree char *folder = g_build_filename(f->root, "journal", NULL);
    f->journal = journal_open(f->root, folder, NULL);
    g_assert_nonnull(f->journal);
    f->context = (ApplyContext){
        .connection = f->connection, .root = f->root, .journal = f->journal, .uri = "test"};
}

void fixture_tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    journal_close(f->journal);
    snapshot_unref(f->snapshot);
    connection_close(f->connection);
    tree_teardown(&f->tree, NULL);
}

void fixture_check_file(const Fixture *f, const char *path, const char *text)
{
    g_autofree char *now = rootfile_read(f->root, path);

    g_assert_cmpstr(now, ==, text);
}

Preview *fixture_preview(const Fixture *f, const char *target, ...)
{
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, target);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        plan_stage(plan, snapshot, target, key, va_arg(args, const char *), SCOPE_BOTH, &error);
        g_assert_no_error(error);
    }
    va_end(args);
    return preview_make(snapshot, plan);
}

guint fixture_undo(const Fixture *f, guint number, GError **error)
{
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, error);
    g_autofree char *reason = entry ? journal_entry_not_undoable(entry) : NULL;

    if (reason)
        g_set_error_literal(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, reason);
    if (entry == NULL || reason)
        return 0;
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GPtrArray) notes = undo_stage(plan, snapshot, entry);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    if (preview->steps->len == 0)
        return apply_settle_undo(&f->context, entry->number, error) ? entry->number : 0;
    return apply_preview(&f->context, preview, NULL, error);
}

char *fixture_value(const Fixture *f, const char *target, const char *key)
{
    gboolean host = g_str_equal(target, "host");
    g_autoptr(Reading) reading = reading_new(&f->context);
    g_autoptr(TunableKey) parsed = tunable_key_parse(host ? TARGET_HOST : TARGET_DOMAIN, key, NULL);
    const Step step = {.kind = host ? STEP_HOST : STEP_CONFIG,
        .target = (char *)target,
        .name = (char *)target,
        .key = parsed};

    return reading_value(reading, &step, NULL);
}

void fixture_check_value(const Fixture *f, const char *target, const char *key, const char *value)
{
    g_autofree char *now = fixture_value(f, target, key);

    g_assert_cmpstr(now, ==, value);
}

void fixture_other_sets(const Fixture *f, const char *domain, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Domain) now = connection_domain(f->connection, domain, &error);
    g_assert_no_error(error);
    g_autoptr(TunableKey) parsed = tunable_key_parse(TARGET_DOMAIN, key, NULL);
    g_autoptr(XmlEdit) edit = xml_edit_open(now->xml_config, -1, NULL);
    g_assert_true(tunable_xml_set(parsed, edit, value, NULL));
    /* Not checked by the schema, which takes a hundred times longer than the definition. */
    virDomainPtr handle = virDomainDefineXML(f->connection->handle, xml_edit_text(edit, NULL));
    g_assert_nonnull(handle);
    virDomainFree(handle);
}
