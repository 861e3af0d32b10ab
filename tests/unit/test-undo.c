/* Undo of entries whose domains were renamed, deleted, stopped or changed since; and the journal's
 * size. */
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/virt/connection-private.h"
#include "tests/unit/applyfixture.h"

#include <stdio.h>
#include <string.h>

/* Applies vcpupin.0=1 to vm1 for its next start and the running domain; returns the entry. */
static guint pin(const Fixture *f)
{
    g_autoptr(Preview) preview = fixture_preview(f, "vm1", "vcpupin.0", "1", NULL);
    g_autoptr(GError) error = NULL;
    guint number = apply_preview(&f->context, preview, NULL, &error);

    g_assert_no_error(error);
    return number;
}

static virDomainPtr find(const Fixture *f, const char *name)
{
    virDomainPtr handle = connection_find(f->connection, name, NULL);

    g_assert_nonnull(handle);
    return handle;
}

/* What undo_stage() tells of entry @number; its plan is left in *plan. */
static char *stage(const Fixture *f, guint number, Plan **plan)
{
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    *plan = plan_new();
    g_autoptr(GPtrArray) notes = undo_stage(*plan, snapshot, entry);

    g_ptr_array_add(notes, NULL);
    return g_strjoinv("; ", (char **)notes->pdata);
}

static void test_one_change_for_both(Fixture *f, gconstpointer data)
{
    (void)data;
    guint number = pin(f);
    g_autoptr(Plan) plan = NULL;
    g_autofree char *notes = stage(f, number, &plan);

    g_assert_cmpstr(notes, ==, "");
    g_assert_cmpuint(plan->changes->len, ==, 1);
    const Change *change = g_ptr_array_index(plan->changes, 0);
    g_assert_cmpint(change->scope, ==, SCOPE_BOTH);
    g_assert_cmpstr(change->value, ==, "");
    g_assert_cmpuint(change->undoes, ==, number);
    g_assert_true(plan_unstage_last(plan));
    g_assert_cmpuint(plan->changes->len, ==, 0);
}

static void test_stopped(Fixture *f, gconstpointer data)
{
    (void)data;
    guint number = pin(f);
    virDomainPtr handle = find(f, "vm1");
    g_assert_cmpint(virDomainDestroy(handle), ==, 0);
    virDomainFree(handle);

    g_autoptr(Plan) plan = NULL;
    g_autofree char *notes = stage(f, number, &plan);
    g_assert_nonnull(strstr(notes, "vm1 does not run any more"));
    g_assert_cmpuint(plan->changes->len, ==, 1);
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
    g_assert_no_error(error);
    fixture_check_value(f, "vm1", "vcpupin.0", "");
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);
    g_assert_cmpint(entry->state, ==, ENTRY_UNDONE);
}

static void test_started(Fixture *f, gconstpointer data)
{
    virDomainPtr handle = find(f, "vm1");
    (void)data;

    g_assert_cmpint(virDomainDestroy(handle), ==, 0);
    guint number = pin(f);
    g_assert_cmpint(virDomainCreate(handle), ==, 0);
    virDomainFree(handle);
    g_autoptr(Plan) plan = NULL;
    g_autofree char *notes = stage(f, number, &plan);
    g_assert_nonnull(strstr(notes, "vm1 was started with what entry 1 set"));
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    fixture_check_value(f, "vm1", "vcpupin.0", "");
}

static void redefine(const Fixture *f, const char *new_name)
{
    virDomainPtr handle = find(f, "vm1");
    char *xml = virDomainGetXMLDesc(handle, VIR_DOMAIN_XML_INACTIVE);
    g_autoptr(GString) text = g_string_new(xml);

    free(xml);
    virDomainDestroy(handle);
    g_assert_cmpint(virDomainUndefine(handle), ==, 0);
    virDomainFree(handle);
    if (new_name == NULL)
        return;
    g_autofree char *element = g_strdup_printf("<name>%s</name>", new_name);
    g_assert_cmpuint(g_string_replace(text, "<name>vm1</name>", element, 0), ==, 1);
    handle = virDomainDefineXML(f->connection->handle, text->str);
    g_assert_nonnull(handle);
    virDomainFree(handle);
}

static void test_renamed(Fixture *f, gconstpointer data)
{
    (void)data;
    guint number = pin(f);
    g_autoptr(Plan) plan = NULL;

    redefine(f, "other");
    g_autofree char *notes = stage(f, number, &plan);
    g_assert_nonnull(strstr(notes, "vm1 is called other now"));
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    fixture_check_value(f, "other", "vcpupin.0", "");
}

static void test_gone(Fixture *f, gconstpointer data)
{
    (void)data;
    guint number = pin(f);
    g_autoptr(Plan) plan = NULL;
    g_autoptr(GError) error = NULL;

    redefine(f, NULL);
    g_autofree char *notes = stage(f, number, &plan);
    g_assert_nonnull(strstr(notes, "vm1 is gone: what entry 1 changed of it went with it"));
    g_assert_cmpuint(plan->changes->len, ==, 0);
    g_assert_cmpuint(fixture_undo(f, number, &error), ==, number);
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);
    g_assert_cmpint(entry->state, ==, ENTRY_UNDONE);
}

/* An older entry, with a newer one upon the same value: that stays, and is named. */
static void test_not_the_newest(Fixture *f, gconstpointer data)
{
    (void)data;
    guint older = pin(f);
    g_autoptr(Preview) preview =
        fixture_preview(f, "vm1", "vcpupin.0", "3", "memory.nosharepages", "on", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 2);

    g_autoptr(Plan) plan = NULL;
    g_autofree char *notes = stage(f, older, &plan);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Preview) moved = preview_make(snapshot, plan);
    g_assert_cmpuint(moved->steps->len, ==, 0);
    g_assert_cmpuint(moved->moved, ==, 2);
    g_assert_cmpuint(fixture_undo(f, older, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, "vcpupin.0, next start is 3 now, not 1"));
    fixture_check_value(f, "vm1", "vcpupin.0", "3");
    /* The newer one taken back, the older one can be as well. */
    g_assert_cmpuint(fixture_undo(f, 2, NULL), >, 0);
    g_assert_cmpuint(fixture_undo(f, older, NULL), >, 0);
    fixture_check_value(f, "vm1", "vcpupin.0", "");
}

/* What a rule refuses by now may have stood before: it goes back, and the rule only warns. */
static void test_against_a_rule(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) more = fixture_preview(f, "host", "ksm.pages_to_scan", "200", NULL);
    (void)data;

    g_assert_cmpuint(apply_preview(&f->context, more, NULL, &error), ==, 1);
    g_assert_no_error(error);
    fixture_put(f, "/sys/kernel/mm/ksm/advisor_mode", "none [scan-time]\n");
    /* Set by hand it is refused … */
    g_autoptr(Preview) wrong = fixture_preview(f, "host", "ksm.pages_to_scan", "100", NULL);
    g_assert_cmpuint(wrong->errors, ==, 1);
    g_assert_cmpuint(apply_preview(&f->context, wrong, NULL, NULL), ==, 0);
    /* … and taken back it is said. */
    g_autoptr(Plan) plan = NULL;
    g_autofree char *notes = stage(f, 1, &plan);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Preview) back = preview_make(snapshot, plan);
    g_assert_cmpuint(back->errors, ==, 0);
    g_assert_cmpuint(back->warnings, ==, 1);
    g_assert_cmpuint(apply_preview(&f->context, back, NULL, &error), >, 0);
    g_assert_no_error(error);
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "100");
}

/* A file that this kernel does not have any more is left alone; the rest goes back. */
static void test_file_gone(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Preview) preview =
        fixture_preview(f, "host", "ksm.pages_to_scan", "200", "ksm.sleep_millisecs", "50", NULL);
    g_autofree char *file = g_strconcat(f->root, "/sys/kernel/mm/ksm/pages_to_scan", NULL);
    (void)data;

    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 1);
    g_assert_cmpint(remove(file), ==, 0);
    g_assert_cmpuint(fixture_undo(f, 1, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    fixture_check_file(f, "/sys/kernel/mm/ksm/sleep_millisecs", "20");
}

/* Thousands of entries: the newest are read, and no more; unended ones are found without reading.
 */
static void test_long_journal(Fixture *f, gconstpointer data)
{
    guint total;
    (void)data;

    for (guint i = 1; i <= 3000; i++) {
        g_autofree char *path = g_strdup_printf("/journal/%08u.json", i);
        fixture_put(f, path,
            "{\"state\":\"open\",\"steps\":[{\"kind\":\"host\",\"target\":\"host\","
            "\"key\":\"ksm.run\",\"old\":\"1\",\"new\":\"0\"}]}\n{\"state\":\"undone\"}\n");
    }
    gint64 start = g_get_monotonic_time();
    g_autoptr(GPtrArray) newest = journal_list(f->journal, 200, &total);
    g_autoptr(GPtrArray) unended = journal_unended(f->journal);
    gint64 some = g_get_monotonic_time() - start;
    g_autoptr(GPtrArray) all = journal_list(f->journal, 0, NULL);
    g_test_message("3,000 entries: the newest 200 in %.1f ms, all in %.1f ms", (double)some / 1000,
        (double)(g_get_monotonic_time() - start - some) / 1000);
    g_assert_cmpuint(newest->len, ==, 200);
    g_assert_cmpuint(total, ==, 3000);
    g_assert_cmpuint(all->len, ==, 3000);
    g_assert_cmpuint(unended->len, ==, 0);
    g_assert_cmpuint(((const JournalEntry *)g_ptr_array_index(newest, 0))->number, ==, 3000);
}

/* One transaction of 200 domains: each is written, read back and noted, and all of it goes back. */
static void test_many_domains(Fixture *f, gconstpointer data)
{
    guint domains = GPOINTER_TO_UINT(data);
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 1; i <= domains; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autofree char *cpu = g_strdup_printf("%u", i % 4);
        plan_stage(plan, snapshot, name, "vcpupin.1", cpu, SCOPE_BOTH, &error);
        plan_stage(plan, snapshot, name, "memory.nosharepages", "on", SCOPE_BOTH, &error);
        g_assert_no_error(error);
    }
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->targets->len, ==, domains);
    g_assert_cmpuint(preview->steps->len, ==, 3 * domains);
    guint number = apply_preview(&f->context, preview, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 1; i <= domains; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autofree char *cpu = g_strdup_printf("%u", i % 4);
        fixture_check_value(f, name, "vcpupin.1", cpu);
        fixture_check_value(f, name, "memory.nosharepages", "on");
    }
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);
    g_assert_cmpint(entry->state, ==, ENTRY_DONE);
    for (guint i = 0; i < entry->steps->len; i++)
        g_assert_cmpint(
            ((const Step *)g_ptr_array_index(entry->steps, i))->progress, ==, STEP_DONE);
    g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
    g_assert_no_error(error);
    for (guint i = 1; i <= domains; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        fixture_check_value(f, name, "vcpupin.1", "");
        fixture_check_value(f, name, "memory.nosharepages", "off");
    }
}

/* A line that the power cut short is passed over, and the next one is not lost by it. */
static void test_torn_line(Fixture *f, gconstpointer data)
{
    (void)data;
    fixture_put(f, "/journal/00000001.open",
        "{\"state\":\"open\",\"steps\":[{\"kind\":\"host\",\"target\":\"host\",\"key\":\"ksm.run\","
        "\"old\":\"1\",\"new\":\"0\"}]}\n{\"begun\":[0]}\n{\"done\":[0],\"gran");
    fixture_put(f, "/sys/kernel/mm/ksm/run", "0");
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(apply_recover(&f->context, 1, FALSE, &error), ==, 1);
    g_assert_no_error(error);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
    g_autoptr(JournalEntry) entry = journal_get(f->journal, 1, NULL);
    g_assert_cmpint(entry->state, ==, ENTRY_FAILED);
}

/* Killed, or without power, before the first line was whole: nothing was written by then, so there
 * is nothing to recover and the entry before it is the one to undo. */
static void test_never_begun(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    guint number = apply_preview(&f->context, preview, NULL, NULL);
    g_autofree char *line = rootfile_read(f->root, "/journal/00000001.json");
    (void)data;

    g_assert_cmpuint(number, ==, 1);
    gsize whole = strcspn(line, "\n");
    for (gsize length = 0; length < whole; length++) {
        g_autofree char *cut = g_strndup(line, length);
        fixture_put(f, "/journal/00000002.open", cut);
        g_autoptr(GPtrArray) left = journal_unended(f->journal);
        g_autoptr(JournalEntry) newest = journal_get(f->journal, 0, NULL);
        g_autoptr(JournalEntry) cut_one = journal_get(f->journal, 2, NULL);
        g_assert_cmpuint(left->len, ==, 0);
        g_assert_cmpuint(newest->number, ==, 1);
        g_assert_cmpint(cut_one->state, ==, ENTRY_FAILED);
        g_assert_nonnull(strstr(cut_one->problem, "nothing was written"));
    }
    /* With its end on the disk it was begun, and one that is no JSON is damaged. */
    fixture_put(f, "/journal/00000002.open", "{\"state\":\"op\n");
    g_autoptr(GPtrArray) damaged = journal_unended(f->journal);
    g_assert_cmpuint(damaged->len, ==, 1);
    g_assert_null(journal_get(f->journal, 0, NULL));
    fixture_put(f, "/journal/00000002.open", "");
    g_assert_cmpuint(fixture_undo(f, 0, NULL), ==, 3);
    fixture_check_file(f, "/sys/kernel/mm/ksm/run", "1");
}

/* A copy made while an entry was applied, and after: what ended is the entry, and is added to. */
static void test_both_files(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) preview = fixture_preview(f, "host", "ksm.run", "0", NULL);
    g_autoptr(GError) error = NULL;
    (void)data;

    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 1);
    g_autofree char *text = rootfile_read(f->root, "/journal/00000001.json");
    g_autofree char *begun = g_strndup(text, strcspn(text, "\n"));
    fixture_put(f, "/journal/00000001.open", begun);
    g_autoptr(GPtrArray) left = journal_unended(f->journal),
                         all = journal_list(f->journal, 0, NULL);
    g_assert_cmpuint(left->len, ==, 0);
    g_assert_cmpuint(all->len, ==, 1);
    g_assert_cmpuint(fixture_undo(f, 0, &error), ==, 2);
    g_assert_no_error(error);
    g_autoptr(JournalEntry) undone = journal_get(f->journal, 1, NULL);
    g_assert_cmpint(undone->state, ==, ENTRY_UNDONE);
    fixture_check_file(f, "/journal/00000001.open", begun);
}

/* What goes into files below /etc, or is mounted, is a value of its key, whatever the journal says.
 */
static void test_unfit_values(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *kind, *key, *old, *new;
        gboolean fit;
    } rows[] = {
        {"boot", "ksm.run", "", "1", TRUE},
        {"boot", "ksm.run", "7", "1", TRUE}, /* a person wrote it */
        {"boot", "ksm.run", "10 # less", "1", TRUE},
        {"boot", "ksm.run", "10 # less", "10 # more", FALSE},
        {"boot", "ksm.run", "1", "7", FALSE},
        {"boot", "ksm.run", "/../../x\\n,,/a%n", "1", FALSE},
        {"boot", "ksm.run", "0\\nf+ /etc/x", "1", FALSE},
        {"boot", "hugetlbfs.2M", "/mnt/a,/mnt/b", "", TRUE},
        {"boot", "hugetlbfs.2M", "/../../x\\n,,/a%n", "", FALSE},
        {"mount", "hugetlbfs.2M", "/mnt/../etc", "", FALSE},
        {"mount", "hugetlbfs.2M", "", "etc", FALSE},
    };
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("{\"state\":\"done\",\"steps\":[{\"kind\":\"%s\","
                                                "\"target\":\"host\",\"key\":\"%s\","
                                                "\"old\":\"%s\",\"new\":\"%s\"}]}\n",
            rows[i].kind, rows[i].key, rows[i].old, rows[i].new);
        fixture_put(f, "/journal/00000001.json", text);
        g_autoptr(GPtrArray) entries = journal_list(f->journal, 0, NULL);
        const JournalEntry *entry = g_ptr_array_index(entries, 0);
        g_test_message("row %u", i);
        g_assert_cmpint(entry->state, ==, rows[i].fit ? ENTRY_DONE : ENTRY_DAMAGED);
    }
}

/* libvirt fills in the mode beside a nodeset, and takes no mode alone: it goes back with the
 * nodeset.
 */
static void test_filled_mode(Fixture *f, gconstpointer data)
{
    virDomainPtr handle = find(f, "vm1");
    g_autoptr(GError) error = NULL;
    (void)data;

    g_assert_cmpint(virDomainDestroy(handle), ==, 0);
    virDomainFree(handle);
    g_autoptr(Preview) preview = fixture_preview(f, "vm1", "numatune.nodeset", "0", NULL);
    guint number = apply_preview(&f->context, preview, NULL, &error);
    g_assert_no_error(error);
    fixture_check_value(f, "vm1", "numatune.mode", "strict");
    g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
    g_assert_no_error(error);
    fixture_check_value(f, "vm1", "numatune.nodeset", "");
    fixture_check_value(f, "vm1", "numatune.mode", "");

    /* Of the running domain as well: libvirt takes no nodeset away, all nodes are as good. */
    fixture_put(f, "/sys/devices/system/node/online", "0-1\n");
    handle = find(f, "vm1");
    g_assert_cmpint(virDomainCreate(handle), ==, 0);
    virDomainFree(handle);
    g_autoptr(Preview) both = fixture_preview(f, "vm1", "numatune.nodeset", "0", NULL);
    number = apply_preview(&f->context, both, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(both->steps->len, ==, 2);
    g_assert_cmpuint(fixture_undo(f, number, &error), >, 0);
    g_assert_no_error(error);
    fixture_check_value(f, "vm1", "numatune.nodeset", "");
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    const DomainView *view = g_ptr_array_index(snapshot->domains, 0);
    g_autofree char *running = idset_format(view->domain->live->numatune_nodeset);
    g_assert_cmpstr(running, ==, "0-1");

    /* What libvirt refuses says of whom. */
    g_assert_false(connection_define(f->connection, "vm1", "", "<domain type='test'/>", &error));
    g_assert_nonnull(strstr(error->message, "new definition of vm1: "));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
        guint domains;
    } tests[] = {
        {"/undo/one-change-for-both", test_one_change_for_both, 1},
        {"/undo/stopped", test_stopped, 1},
        {"/undo/started", test_started, 1},
        {"/undo/renamed", test_renamed, 1},
        {"/undo/gone", test_gone, 1},
        {"/undo/not-the-newest", test_not_the_newest, 1},
        {"/undo/filled-mode", test_filled_mode, 1},
        {"/undo/against-a-rule", test_against_a_rule, 0},
        {"/undo/file-gone", test_file_gone, 0},
        {"/undo/long-journal", test_long_journal, 0},
        {"/undo/torn-line", test_torn_line, 0},
        {"/undo/never-begun", test_never_begun, 0},
        {"/undo/both-files", test_both_files, 0},
        {"/undo/unfit-values", test_unfit_values, 0},
        {"/undo/many-domains", test_many_domains, 200},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, GUINT_TO_POINTER(tests[i].domains), fixture_set_up,
            tests[i].run, fixture_tear_down);
    return g_test_run();
}
