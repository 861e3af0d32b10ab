/* Moved pages as a step: by which way, previewed, applied, journalled, taken back; the kernel is a
 * test's own (pagekernel.h). */
#include "core/apply/apply.h"
#include "core/apply/lock.h"
#include "core/apply/undo.h"
#include "core/util/error.h"
#include "core/virt/pages.h"
#include "tests/unit/fixture.h"
#include "tests/unit/pagekernel.h"

#include <string.h>

#define UUID  "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define NODE2 "/sys/devices/system/node/node2/hugepages/"

static const char *numatune; /* in the running domain's XML */

static void begin(const Tree *tree)
{
    numatune = NULL;
    pagekernel_begin(tree);
}

static Snapshot *picture(const Tree *tree)
{
    static const char command[] = "qemu\0-uuid\0" UUID;
    g_autofree char *path = g_strconcat(tree->root, "/proc/77/cmdline", NULL);
    Snapshot *snapshot = fixture_snapshot();
    DomainUsage *usage = g_new0(DomainUsage, 1);

    g_autofree char *xml = g_strdup_printf(
        "<domain type='kvm'><vcpu>1</vcpu><memory>1</memory>%s</domain>", numatune ? numatune : "");
    fixture_domain(snapshot, "web", UUID, NULL, xml);
    g_free(snapshot->root);
    snapshot->root = g_strdup(tree->root);
    snapshot->link.demo = TRUE; /* a tree whose pages a kernel of its own moves */
    usage->pid = PAGEKERNEL_PID;
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    usage->memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    for (int node = 0; node < 4; node++) {
        NodeKib part = {node, pagekernel_count(node) * 4};
        g_array_append_val(usage->memory, part);
    }
    ((DomainView *)g_ptr_array_index(snapshot->domains, 0))->usage = usage;
    tree_put(tree, "/run/libvirt/qemu/web.pid", "77");
    g_assert_true(g_file_set_contents(path, command, sizeof command, NULL));
    return snapshot;
}

/* A plan with @where staged, or what takes entry @undone back. */
static Plan *plan_of(const Snapshot *snapshot, const char *where, const JournalEntry *undone)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_new();

    if (undone) {
        g_autoptr(GPtrArray) notes = undo_stage(plan, snapshot, undone);
        g_assert_cmpuint(notes->len, ==, 0);
    } else {
        plan_stage(plan, snapshot, "web", "pages", where, SCOPE_BOTH, &error);
        g_assert_no_error(error);
    }
    g_assert_cmpuint(plan->changes->len, ==, 1);
    return plan;
}

static guint apply(const Tree *tree, Journal *journal, const Plan *plan, char **report)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_autoptr(PageMove) move = page_move_new();
    const ApplyContext context = {.root = tree->root,
        .uri = "qemu:///system",
        .journal = journal,
        .page_calls = &pagekernel_calls,
        .move = move};

    g_assert_cmpuint(preview->errors, ==, 0);
    g_assert_cmpuint(preview->steps->len, ==, 1);
    guint number = apply_preview(&context, preview, report, &error);
    g_assert_no_error(error);
    return number;
}

static void test_step(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strconcat(tree->root, "/journal", NULL);
    g_autofree char *report = NULL, *back = NULL;
    (void)unused;

    begin(tree);
    pagekernel.tells = TRUE;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    g_assert_no_error(error);
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
    guint number = apply(tree, journal, plan, &report);
    g_assert_cmpuint(number, ==, 1);
    g_assert_cmpstr(report, ==, "web pages: 10.5 MiB of 10.5 MiB moved");
    g_assert_cmpuint(pagekernel_count(2), ==, 2700);

    g_autoptr(JournalEntry) entry = journal_get(journal, number, &error);
    g_assert_no_error(error);
    const Step *step = g_ptr_array_index(entry->steps, 0);
    g_assert_cmpint(step->kind, ==, STEP_PAGES);
    g_assert_cmpstr(step->old_value, ==, "0:56,1:44");
    g_assert_cmpstr(step->granted, ==, "2");

    g_autoptr(Snapshot) later = picture(tree);
    g_autoptr(Plan) undo = plan_of(later, NULL, entry);
    g_assert_cmpuint(apply(tree, journal, undo, &back), ==, 2);
    g_assert_cmpuint(pagekernel_count(2), ==, 0);
    g_autoptr(JournalEntry) undone = journal_get(journal, number, &error);
    g_assert_cmpint(undone->state, ==, ENTRY_UNDONE);
    page_move_unref(pagekernel.move);
}

/* It ends while its pages move: a sentence, the entry ended, nothing held. */
static void test_step_ends(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strconcat(tree->root, "/journal", NULL);
    (void)unused;

    begin(tree);
    pagekernel.ends_at = 2;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    ApplyContext context = {.root = tree->root,
        .uri = "qemu:///system",
        .journal = journal,
        .page_calls = &pagekernel_calls};
    g_assert_cmpuint(apply_preview(&context, preview, NULL, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "process 77 ended while its pages were moved"));
    g_clear_error(&error);
    g_autofree char *holder = host_lock_holder(tree->root);
    g_assert_null(holder);
    g_autoptr(JournalEntry) entry = journal_get(journal, 1, &error);
    g_assert_no_error(error);
    g_assert_cmpint(entry->state, !=, ENTRY_OPEN);

    /* Another machine's tree has no processes here, whatever their numbers say. */
    context.page_calls = NULL;
    g_assert_cmpuint(apply_preview(&context, preview, NULL, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "another machine's tree"));
    page_move_unref(pagekernel.move);
}

/* Lets the entry be written and begun, and no more. */
static gboolean dies(gpointer data)
{
    return ++*(guint *)data < 2;
}

/* kvmtune is killed when a part has moved: it can be finished, and put back. */
static void test_step_killed(Tree *tree, gconstpointer unused)
{
    g_autofree char *folder = g_strconcat(tree->root, "/journal", NULL);
    (void)unused;

    for (guint forward = 0; forward < 2; forward++) {
        g_autoptr(GError) error = NULL;
        guint writes = 0;
        pagekernel_begin(tree);
        pagekernel.tells = TRUE;
        g_autoptr(Journal) journal = journal_open("", folder, &error);
        g_autoptr(Snapshot) snapshot = picture(tree);
        g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        ApplyContext context = {.root = tree->root,
            .uri = "qemu:///system",
            .journal = journal,
            .page_calls = &pagekernel_calls,
            .checkpoint = dies,
            .checkpoint_data = &writes};
        g_assert_cmpuint(apply_preview(&context, preview, NULL, NULL), ==, 0);
        context.checkpoint = NULL;
        for (guint i = 0; i < PAGEKERNEL_PAGES / 3; i++)
            if (pagekernel.nodes[i] >= 0)
                pagekernel.nodes[i] = 2;
        pagekernel_tell();
        g_autoptr(JournalEntry) entry = journal_get(journal, forward + 1, &error);
        g_assert_cmpint(entry->state, ==, ENTRY_OPEN);
        g_autoptr(GArray) survey = apply_survey(&context, entry->steps);
        g_autofree char *text = apply_survey_text(entry->steps, survey);
        g_assert_nonnull(strstr(text, "written in part: web pages: 0:56,1:44 → 2, running now"));
        g_assert_cmpuint(apply_recover(&context, forward + 1, forward, &error), ==, forward + 1);
        g_assert_no_error(error);
        g_assert_cmpuint(pagekernel_count(2), ==, forward ? 2700 : 0);
        page_move_unref(pagekernel.move);
    }
}

static void assert_finding(const Snapshot *snapshot, const char *where, const char *sentence)
{
    g_autoptr(Plan) plan = plan_of(snapshot, where, NULL);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_autofree char *text = preview_text(preview);

    if (strstr(text, sentence) == NULL)
        g_error("not said: %s\n%s", sentence, text);
}

/* A preview of pages=2, by libvirt @version, of a guest with @numatune; with nodeset or without. */
static Preview *preview_by(
    const Tree *tree, const char *version, const char *asked, const char *where)
{
    numatune = asked;
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Plan) plan = plan_of(snapshot, where, NULL);

    snapshot->link.hypervisor = g_strdup("QEMU 7.2.22");
    snapshot->link.libvirt = g_strdup(version);
    return preview_make(snapshot, plan);
}

#define RESTRICTIVE "<numatune><memory mode='restrictive' nodeset='0-1'/></numatune>"
#define STRICT      "<numatune><memory mode='strict' nodeset='0-1'/></numatune>"
#define CELLS                                                                                      \
    "<numatune><memory mode='restrictive' nodeset='0-1'/>"                                         \
    "<memnode cellid='0' mode='restrictive' nodeset='0'/></numatune>"                              \
    "<cpu><numa><cell id='0' cpus='0' memory='1' unit='KiB'/></numa></cpu>"

/* Which way is taken, as libvirt's version and the guest's numatune say. */
static void test_way(Tree *tree, gconstpointer unused)
{
    static const struct {
        const char *version, *numatune, *where, *said;
        gboolean by_libvirt;
    } rows[] = {
        {"9.0.0", RESTRICTIVE, "2",
            "the kernel takes all it can along, at once: it cannot be stopped", TRUE},
        {"7.3.0", RESTRICTIVE, "2", "at once", TRUE},
        {"7.2.0", STRICT, "2", "at once", TRUE},
        {"6.0.0", RESTRICTIVE, "2", "only in mode strict, not restrictive", FALSE},
        {"9.0.0", STRICT, "2",
            "not by libvirt: libvirt 9.0.0 changes numatune.nodeset of a running domain only in "
            "mode restrictive, not strict",
            FALSE},
        {"9.0.0", STRICT, "2", "all of a node at once, by migrate_pages, as numatune's cpuset",
            FALSE},
        {"9.0.0", STRICT, "0:50,2:50", "of a node that keeps a part nothing goes", FALSE},
        {"9.0.0", STRICT, "0", "a portion at a time while the guest runs, by move_pages", FALSE},
        {"9.0.0", "", "2", "a portion at a time while the guest runs, by move_pages", FALSE},
        {"9.0.0", "", "2", "there is no numatune.nodeset", FALSE},
        {"9.0.0", CELLS, "2", "a nodeset of its own", FALSE},
        {"9.0.0", RESTRICTIVE, "1:50,2:50", "numatune.nodeset says no parts", FALSE},
    };
    (void)unused;

    begin(tree);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Preview) preview =
            preview_by(tree, rows[i].version, rows[i].numatune, rows[i].where);
        g_autofree char *text = preview_text(preview);
        if (strstr(text, rows[i].said) == NULL)
            g_error("row %u: not said: %s\n%s", i, rows[i].said, text);
        g_assert_cmpuint(preview->steps->len, ==, rows[i].by_libvirt ? 2 : 1);
        g_assert_cmpint(strstr(text, "virDomainSetNumaParameters") != NULL, ==, rows[i].by_libvirt);
    }
    page_move_unref(pagekernel.move);
}

/* The nodeset is set with the pages, in one entry, and both go back; libvirt is its test driver. */
static void test_nodeset(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strconcat(tree->root, "/journal", NULL);
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, "numatune.nodeset", NULL);
    g_autoptr(Connection) connection = connection_open("test:///default", FALSE, &error);
    (void)unused;

    g_assert_no_error(error);
    g_autoptr(Domain) domain = connection_domain(connection, UUID, &error);
    g_assert_no_error(error);
    tunable_set_live(connection, domain, key, "0-1", &error);
    g_assert_no_error(error);
    begin(tree);
    pagekernel.tells = TRUE;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    const ApplyContext context = {.connection = connection,
        .root = tree->root,
        .uri = "qemu:///system",
        .journal = journal,
        .page_calls = &pagekernel_calls};
    g_autoptr(Preview) preview = preview_by(tree, "9.0.0", RESTRICTIVE, "2");
    guint number = apply_preview(&context, preview, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(pagekernel_count(2), ==, 2700);
    g_autoptr(Domain) after = connection_domain(connection, UUID, &error);
    g_assert_nonnull(strstr(after->xml_live, "nodeset='2'"));

    g_autoptr(JournalEntry) entry = journal_get(journal, number, &error);
    numatune = "<numatune><memory mode='restrictive' nodeset='2'/></numatune>";
    g_autoptr(Snapshot) later = picture(tree);
    g_autoptr(Plan) plan = plan_new();
    g_autoptr(GPtrArray) notes = undo_stage(plan, later, entry);
    g_assert_cmpuint(notes->len, ==, 0);
    g_assert_cmpuint(plan->changes->len, ==, 2);
    g_autoptr(Preview) back = preview_make(later, plan);
    g_assert_cmpuint(back->steps->len, ==, 2);
    g_autofree char *told = preview_text(back);
    g_assert_nonnull(strstr(told, "with numatune.nodeset, and what it leaves a portion at a time"));
    g_assert_cmpuint(apply_preview(&context, back, NULL, &error), ==, 2);
    g_assert_no_error(error);
    g_assert_cmpuint(pagekernel_count(2), ==, 0);
    g_autoptr(Domain) before = connection_domain(connection, UUID, &error);
    g_assert_nonnull(strstr(before->xml_live, "nodeset='0-1'"));
    g_autoptr(JournalEntry) undone = journal_get(journal, number, &error);
    g_assert_cmpint(undone->state, ==, ENTRY_UNDONE);
    page_move_unref(pagekernel.move);
}

/* What is told before anything moves. */
static void test_preview(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    (void)unused;

    begin(tree);
    tree_put(tree, "/sys/devices/system/cpu/online", "0-1\n");
    tree_put(tree, "/sys/devices/system/cpu/present", "0-1\n");
    tree_put(tree, "/sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
    tree_put(tree, "/sys/devices/system/cpu/cpu1/topology/core_id", "1\n");
    tree_put(tree, "/sys/devices/system/node/online", "0-2\n");
    tree_put(tree, "/sys/devices/system/node/node0/cpulist", "0\n");
    tree_put(tree, "/sys/devices/system/node/node1/cpulist", "1\n");
    tree_put(tree, "/sys/devices/system/node/node2/cpulist", "\n");
    tree_put(tree, "/sys/devices/system/node/node2/meminfo", "Node 2 MemFree: 100 kB\n");
    tree_put(tree, NODE2 "hugepages-1048576kB/nr_hugepages", "1\n");
    tree_put(tree, NODE2 "hugepages-1048576kB/free_hugepages", "1\n");
    tree_put(tree, NODE2 "hugepages-2048kB/nr_hugepages", "4096\n");
    tree_put(tree, NODE2 "hugepages-2048kB/free_hugepages", "4096\n");
    g_autoptr(Snapshot) snapshot = picture(tree);
    snapshot->host = host_read(tree->root, NULL, &error);
    g_assert_no_error(error);
    assert_finding(snapshot, "2", "10.5 MiB move, a portion at a time");
    assert_finding(snapshot, "2",
        "node 2 has 100 KiB free, 10.5 MiB are to come: 10.4 MiB have no room and stay");
    assert_finding(snapshot, "0-1", "pages are on 0-1 already");
    snapshot->link.demo = FALSE;
    assert_finding(snapshot, "2", "is another machine's tree");
    snapshot->link.demo = TRUE;
    DomainView *view = g_ptr_array_index(snapshot->domains, 0);
    /* Pages of a pool want room in the pool of their size, whatever the others have. */
    const HugeHeld held = {1048576, 3 * 1048576, NULL};
    g_array_set_size(view->usage->memory, 0);
    node_kib_add(view->usage->memory, 0, held.kib);
    view->usage->small_kib = NUM(0);
    view->usage->hugetlb = huge_held_new();
    g_array_append_val(view->usage->hugetlb, held);
    assert_finding(snapshot, "2",
        "node 2 has 1.0 GiB free in pools of 1G pages, 3.0 GiB are to come: 2.0 GiB have no room");
    /* Those that the kernel can make come from the node's memory where the pool has too few. */
    const HugeHeld small = {2048, 3 * 1048576, NULL};
    tree_put(tree, NODE2 "hugepages-2048kB/free_hugepages", "512\n");
    tree_put(tree, "/sys/devices/system/node/node2/meminfo", "Node 2 MemFree: 4194304 kB\n");
    tree_put(tree, "/proc/buddyinfo", "Node 2, zone Normal 0 0 0 0 0 0 0 0 0 1 1023\n");
    host_unref(snapshot->host);
    snapshot->host = host_read(tree->root, NULL, &error);
    g_array_index(view->usage->hugetlb, HugeHeld, 0) = small;
    assert_finding(snapshot, "2",
        "node 2 has 1.0 GiB free in pools of 2M pages, 3.0 GiB are to come: the kernel makes the "
        "other 2.0 GiB of its free memory; its pool grows by that");
    tree_put(tree, "/sys/devices/system/node/node2/meminfo", "Node 2 MemFree: 1048576 kB\n");
    host_unref(snapshot->host);
    snapshot->host = host_read(tree->root, NULL, &error);
    assert_finding(snapshot, "2",
        "node 2 has 2.0 GiB free in pools of 2M pages and in small ones, 3.0 GiB are to come: 1.0 "
        "GiB "
        "have no room");
    g_clear_pointer(&view->usage->memory, g_array_unref);
    assert_finding(snapshot, "2", "is not known, its cgroup does not say");
    view->domain->id = -1;
    assert_finding(snapshot, "2", "only a running domain has pages to move");
    page_move_unref(pagekernel.move);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Tree *tree, gconstpointer unused);
    } tests[] = {{"/pagestep/step", test_step}, {"/pagestep/ends", test_step_ends},
        {"/pagestep/killed", test_step_killed}, {"/pagestep/way", test_way},
        {"/pagestep/nodeset", test_nodeset}, {"/pagestep/preview", test_preview}};

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Tree, NULL, tree_setup, tests[i].test, tree_teardown);
    return g_test_run();
}
