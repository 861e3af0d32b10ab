/* core/virt/pageshares and pagemove: what is to move, and moving it by a kernel of the test's own:
 * several nodes, pages that are pinned, a full node, a stop, a process that ends meanwhile. */
#include "core/apply/apply.h"
#include "core/apply/lock.h"
#include "core/apply/undo.h"
#include "core/util/error.h"
#include "core/virt/pagemove.h"
#include "core/virt/pages.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PID   77
#define START 0x10000000u
#define PAGES 3000u
#define NODE2 "/sys/devices/system/node/node2/hugepages/"

/* The kernel of the test: a node for each page, and what it does not do. */
static struct {
    int nodes[PAGES];
    gboolean pinned[PAGES], shared[PAGES];
    gboolean marked[PAGES];  /* by NUMA balancing: move_pages does not show them */
    guint zeros;             /* the kernel's page of zeros, counted on node 1 */
    guint room;              /* pages that still fit */
    guint calls;             /* that move */
    guint ends_at, stops_at; /* the call at which the process ends, or somebody stops; 0: never */
    gboolean tells;          /* in numa_maps, what was moved */
    gboolean caged;          /* its cpuset lets no page out */
    gint migrations;         /* atomic: calls of migrate_pages */
    MoveWish wishes;         /* what somebody wishes at the first of them */
    const char *numatune;    /* in the running domain's XML */
    PageMove *move;
    const Tree *tree;
} kernel;

static void put_numa_maps(void)
{
    g_autoptr(GString) text = g_string_new("10000000 default anon=3000 dirty=3000");
    guint counts[4] = {0};

    for (guint i = 0; i < PAGES; i++)
        if (kernel.nodes[i] >= 0)
            counts[kernel.nodes[i]]++;
    counts[1] += kernel.zeros;
    for (guint n = 0; n < 4; n++)
        if (counts[n])
            g_string_append_printf(text, " N%u=%u", n, counts[n]);
    g_string_append(text, " kernelpagesize_kB=4\n"
                          "7f00 default file=/usr/lib/x mapped=9 N1=9 kernelpagesize_kB=4\n");
    tree_put(kernel.tree, "/proc/77/numa_maps", text->str);
}

static void begin(const Tree *tree)
{
    memset(&kernel, 0, sizeof kernel);
    kernel.room = G_MAXUINT;
    kernel.tree = tree;
    kernel.move = page_move_new();
    tree_put(tree, "/proc/77/maps",
        "10000000-10bb8000 rw-p 00000000 00:00 0\n7f00-7f09 r-xp 00000000 08:01 5 /usr/lib/x\n");
    for (guint i = 0; i < PAGES; i++)
        kernel.nodes[i] = i % 10 == 0 ? -ENOENT : i % 10 < 6 ? 0 : 1;
    put_numa_maps();
}

/* As Linux: gives up at the first page that does not move, and says of the others nothing. */
static long test_move_pages(
    int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
    (void)flags;
    g_assert_cmpint(pid, ==, PID);
    kernel.calls += nodes != NULL;
    if (kernel.ends_at && kernel.calls >= kernel.ends_at) {
        errno = ESRCH;
        return -1;
    }
    if (nodes && kernel.caged) {
        errno = EACCES;
        return -1;
    }
    if (nodes && kernel.stops_at == kernel.calls)
        g_atomic_int_set(&kernel.move->wish, MOVE_STOPPED);
    for (unsigned long i = 0; i < count; i++) {
        guint page = (guint)(((gsize)pages[i] - START) / 4096);
        g_assert_cmpuint(page, <, PAGES);
        if (nodes == NULL) {
            status[i] = kernel.marked[page] ? -EFAULT : kernel.nodes[page];
        } else if (kernel.shared[page]) {
            status[i] = -EACCES;
        } else if (kernel.pinned[page]) {
            return (long)(count - i);
        } else if (kernel.room == 0) {
            errno = ENOMEM;
            return -1;
        } else {
            g_assert_cmpint(kernel.nodes[page], >=, 0);
            g_assert_false(kernel.marked[page]);
            kernel.nodes[page] = status[i] = nodes[i];
            kernel.room--;
        }
    }
    if (nodes && kernel.tells)
        put_numa_maps();
    return 0;
}

static long test_migrate_pages(
    int pid, unsigned long max_node, const unsigned long *from, const unsigned long *to)
{
    int target = __builtin_ctzl(to[0]);

    g_assert_cmpint(pid, ==, PID);
    g_assert_cmpuint(max_node, >, 4);
    for (guint i = 0; i < PAGES; i++)
        if (kernel.nodes[i] >= 0 && from[0] >> kernel.nodes[i] & 1 && !kernel.pinned[i])
            kernel.nodes[i] = target;
    put_numa_maps();
    if (kernel.move) { /* who watches is told that nothing holds this up */
        MoveResult result;
        g_assert_true(page_move_look(kernel.move, &result));
        g_assert_true(result.whole);
    }
    if (g_atomic_int_add(&kernel.migrations, 1) == 0 && kernel.move)
        g_atomic_int_set(&kernel.move->wish, kernel.wishes);
    return 0;
}

static const PageCalls calls = {test_move_pages, test_migrate_pages};

static guint count_on(int node)
{
    guint count = 0;

    for (guint i = 0; i < PAGES; i++)
        count += kernel.nodes[i] == node;
    return count;
}

/* Moves to @where; what came of it. */
static MoveResult move_to(const char *where, GError **error)
{
    g_autoptr(PageShares) shares = page_shares_parse(where, NULL);
    MoveResult result;

    gboolean moved =
        page_move_run(kernel.move, kernel.tree->root, PID, shares, &calls, NULL, error);
    g_assert_cmpint(moved, ==, error == NULL || *error == NULL);
    g_assert_false(page_move_look(kernel.move, &result));
    page_move_unref(kernel.move);
    kernel.move = NULL;
    return result;
}

static void test_move(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(count_on(2), ==, 2700);
    g_assert_cmpuint(result.total, ==, 2700 * 4);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_false(result.stopped);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "10.5 MiB of 10.5 MiB moved");

    begin(tree); /* what is on a node of the set stays there */
    result = move_to("1-2", NULL);
    g_assert_cmpuint(count_on(0), ==, 0);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_assert_cmpuint(count_on(1), >=, 1200 + 740);
    g_assert_cmpuint(count_on(2), >=, 740);

    begin(tree);
    result = move_to("0-1", NULL);
    g_assert_cmpuint(result.total, ==, 0);
    g_autofree char *none = page_move_text(&result);
    g_assert_cmpstr(none, ==, "all are there already");
    g_assert_cmpuint(kernel.calls, ==, 0);
}

/* There and back: the parts are as they were. */
static void test_parts(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    move_to("2", NULL);
    put_numa_maps();
    kernel.move = page_move_new();
    MoveResult result = move_to("0:56,1:44", NULL);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_cmpuint(count_on(2), ==, 0);
    g_assert_cmpuint(count_on(0), >=, 1500);
    g_assert_cmpuint(count_on(0), <=, 1530);
}

/* Each page that stays is told by its reason, and the others move all the same. */
static void test_stays(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    for (guint i = 1; i < 40; i += 10)
        kernel.pinned[i] = TRUE;
    for (guint i = 2; i < 30; i += 10)
        kernel.shared[i] = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 4 * 4);
    g_assert_cmpuint(result.stayed[STAYS_SHARED], ==, 3 * 4);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 0);
    g_assert_cmpuint(result.moved, ==, (2700 - 7) * 4);
    g_assert_cmpuint(count_on(2), ==, 2693);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==,
        "10.5 MiB of 10.5 MiB moved, 16 KiB stay (pinned or in use), 12 KiB stay (shared with "
        "other processes)");

    begin(tree);
    kernel.room = 100;
    result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 400);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 2600 * 4);
    g_assert_cmpuint(result.stayed_huge, ==, 0);

    /* What was not tried any more is told as well, and that it is in hugepages. */
    begin(tree);
    kernel.room = 100;
    tree_put(tree, "/proc/77/numa_maps",
        "10000000 default file=/dev/hugepages/x huge dirty=2700 N0=1500 N1=1200 "
        "kernelpagesize_kB=4\n");
    result = move_to("2", NULL);
    g_assert_cmpuint(result.stayed[STAYS_ROOM], ==, 2600 * 4);
    g_assert_cmpuint(result.stayed_huge, ==, 2600 * 4);
}

static void test_stop(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    kernel.stops_at = 1;
    MoveResult result = move_to("2", NULL);
    g_assert_true(result.stopped);
    g_assert_cmpuint(result.moved, >, 0);
    g_assert_cmpuint(result.moved, <, result.total);
    g_assert_cmpuint(count_on(2) * 4, ==, result.moved);
}

static gpointer let_go(gpointer data)
{
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpuint(*(guint *)data, ==, 0); /* nothing was moved until now */
    g_atomic_int_set(&kernel.move->wish, MOVE_RUNS);
    return NULL;
}

static void test_pause(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    kernel.move->wish = MOVE_PAUSED;
    GThread *thread = g_thread_new("let go", let_go, &kernel.calls);
    MoveResult result = move_to("2", NULL);
    g_thread_join(thread);
    g_assert_cmpuint(result.moved, ==, result.total);
}

static void test_ends(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    (void)unused;

    begin(tree);
    kernel.ends_at = 2;
    move_to("2", &error);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_assert_nonnull(strstr(error->message, "process 77 ended while its pages were moved"));
    g_clear_error(&error);

    begin(tree);
    tree_put(tree, "/proc/77/numa_maps", "");
    move_to("2", &error);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
}

/* Where the cpuset lets no page out, the kernel moves whole nodes. */
static void test_caged(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    kernel.caged = TRUE;
    for (guint i = 1; i < 40; i += 10)
        kernel.pinned[i] = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(count_on(2), ==, 2696);
    g_assert_cmpuint(result.moved, ==, 2696 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 16);

    begin(tree); /* and a part of a node not at all */
    kernel.caged = TRUE;
    result = move_to("0:30,2:70", NULL);
    g_assert_cmpuint(count_on(0), ==, 1500);
    g_assert_cmpuint(result.moved, ==, 1200 * 4);
    g_assert_cmpuint(result.stayed[STAYS_PART], ==, 690 * 4);
}

/* It is stopped between two nodes, and what was not tried is no page that stays. */
static void test_caged_stop(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    kernel.caged = TRUE;
    kernel.wishes = MOVE_STOPPED;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpint(kernel.migrations, ==, 1);
    g_assert_true(result.stopped);
    g_assert_cmpuint(count_on(0), ==, 0);
    g_assert_cmpuint(count_on(1), ==, 1200);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 0);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "5.9 MiB of 10.5 MiB moved; stopped before the end");
}

static gpointer go_on_later(gpointer data)
{
    (void)data;
    while (g_atomic_int_get(&kernel.migrations) == 0)
        g_usleep(1000);
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpint(g_atomic_int_get(&kernel.migrations), ==, 1); /* it waits */
    g_atomic_int_set(&kernel.move->wish, MOVE_RUNS);
    return NULL;
}

static void test_caged_pause(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    kernel.caged = TRUE;
    kernel.wishes = MOVE_PAUSED;
    GThread *thread = g_thread_new("go on", go_on_later, NULL);
    MoveResult result = move_to("2", NULL);
    g_thread_join(thread);
    g_assert_cmpint(kernel.migrations, ==, 2);
    g_assert_cmpuint(result.moved, ==, result.total);
    g_assert_false(result.stopped);
}

static void test_shares(void)
{
    static const char *const bad[] = {
        "", "x", "0:", "0:0", "0:101", "1:50,0:50", "0:1,0:1", "-1", "0,1:5", "99999999:1", "0:1,"};
    static const struct {
        const char *wanted, *got;
        gboolean meet;
    } rows[] = {
        {"2", "2", TRUE},
        {"2", "0:3,2:97", TRUE},
        {"2", "0:4,2:96", FALSE},
        {"0-1", "1", TRUE},
        {"0:50,1:50", "1", FALSE},
        {"0:50,1:50", "0:47,1:53", TRUE},
        {"0:50,1:50", "0:45,1:55", FALSE},
        {"0:100", "0", TRUE},
        {"", "", TRUE},
        {"", "0", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(page_shares_parse(bad[i], &error));
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(page_shares_meet(rows[i].wanted, rows[i].got), ==, rows[i].meet);
    g_autoptr(GArray) memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    g_autofree char *none = page_shares_text(memory);
    g_assert_cmpstr(none, ==, "");
    const NodeKib parts[] = {{0, 4}, {1, 400}, {3, 596}};
    g_array_append_vals(memory, parts, 3);
    g_autofree char *text = page_shares_text(memory);
    g_assert_cmpstr(text, ==, "1:40,3:60");
}

/* What numa_maps counts and the calls do not find: the kernel's page of zeros. */
static void test_zeros(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin(tree);
    for (guint i = 0; i < PAGES; i++)
        if (kernel.nodes[i] == 1) {
            kernel.nodes[i] = -EFAULT;
            kernel.zeros++;
        }
    kernel.tells = TRUE;
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 1500 * 4);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==,
        "5.9 MiB of 10.5 MiB moved, 4.7 MiB were gone, or are the kernel's page of zeros or marked "
        "by NUMA balancing");
}

/* Marks all of node 0 and a third of node 1. */
static void begin_marked(const Tree *tree)
{
    begin(tree);
    kernel.tells = TRUE;
    for (guint i = 0; i < PAGES; i++)
        kernel.marked[i] = kernel.nodes[i] == 0 || (kernel.nodes[i] == 1 && i % 3 == 0);
}

/* Pages that NUMA balancing has marked are not shown by move_pages, and move all the same. */
static void test_marked(Tree *tree, gconstpointer unused)
{
    (void)unused;
    begin_marked(tree);
    kernel.shared[8] = TRUE; /* shared, and seen: told by its reason */
    MoveResult result = move_to("2", NULL);
    g_assert_cmpuint(count_on(0), ==, 0);
    g_assert_cmpint(kernel.migrations, ==, 2);
    g_assert_cmpuint(result.moved + result.stayed[STAYS_SHARED], ==, result.total);

    /* One that stayed at first and went along in the end is not told twice. */
    begin_marked(tree);
    kernel.pinned[8] = TRUE;
    result = move_to("2", NULL);
    g_assert_cmpuint(result.moved, ==, 2699 * 4);
    g_assert_cmpuint(result.stayed[STAYS_BUSY], ==, 4);
    g_assert_cmpuint(count_on(2), ==, 2699);

    /* A part of a node is not to be had so; it is told. */
    begin_marked(tree);
    result = move_to("0:30,2:70", NULL);
    g_assert_cmpuint(count_on(0), ==, 1500);
    g_assert_cmpuint(count_on(1), ==, 0);
    g_assert_cmpuint(result.moved, <, result.total);
    g_autofree char *text = page_move_text(&result);
    g_assert_nonnull(strstr(text, "or marked by NUMA balancing"));

    /* Who stops it before finds them where they were. */
    begin_marked(tree);
    kernel.stops_at = 1;
    result = move_to("2", NULL);
    g_assert_true(result.stopped);
    g_assert_cmpint(kernel.migrations, ==, 0);
    g_assert_cmpuint(count_on(0), ==, 1500);
}

/* ---- as a step: previewed, applied, journalled, taken back ---- */

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

static Snapshot *picture(const Tree *tree)
{
    static const char command[] = "qemu\0-uuid\0" UUID;
    g_autofree char *path = g_strconcat(tree->root, "/proc/77/cmdline", NULL);
    Snapshot *snapshot = fixture_snapshot();
    DomainUsage *usage = g_new0(DomainUsage, 1);

    g_autofree char *xml =
        g_strdup_printf("<domain type='kvm'><vcpu>1</vcpu><memory>1</memory>%s</domain>",
            kernel.numatune ? kernel.numatune : "");
    fixture_domain(snapshot, "web", UUID, NULL, xml);
    g_free(snapshot->root);
    snapshot->root = g_strdup(tree->root);
    snapshot->link.demo = TRUE; /* a tree whose pages a kernel of its own moves */
    usage->pid = PID;
    usage->threads = g_array_new(FALSE, TRUE, sizeof(ThreadUsage));
    usage->memory = g_array_new(FALSE, FALSE, sizeof(NodeKib));
    for (int node = 0; node < 4; node++) {
        NodeKib part = {node, count_on(node) * 4};
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
        .page_calls = &calls,
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
    kernel.tells = TRUE;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    g_assert_no_error(error);
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
    guint number = apply(tree, journal, plan, &report);
    g_assert_cmpuint(number, ==, 1);
    g_assert_cmpstr(report, ==, "web pages: 10.5 MiB of 10.5 MiB moved");
    g_assert_cmpuint(count_on(2), ==, 2700);

    g_autoptr(JournalEntry) entry = journal_get(journal, number, &error);
    g_assert_no_error(error);
    const Step *step = g_ptr_array_index(entry->steps, 0);
    g_assert_cmpint(step->kind, ==, STEP_PAGES);
    g_assert_cmpstr(step->old_value, ==, "0:56,1:44");
    g_assert_cmpstr(step->granted, ==, "2");

    g_autoptr(Snapshot) later = picture(tree);
    g_autoptr(Plan) undo = plan_of(later, NULL, entry);
    g_assert_cmpuint(apply(tree, journal, undo, &back), ==, 2);
    g_assert_cmpuint(count_on(2), ==, 0);
    g_autoptr(JournalEntry) undone = journal_get(journal, number, &error);
    g_assert_cmpint(undone->state, ==, ENTRY_UNDONE);
    page_move_unref(kernel.move);
}

/* It ends while its pages move: a sentence, the entry ended, nothing held. */
static void test_step_ends(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strconcat(tree->root, "/journal", NULL);
    (void)unused;

    begin(tree);
    kernel.ends_at = 2;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    g_autoptr(Snapshot) snapshot = picture(tree);
    g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    ApplyContext context = {
        .root = tree->root, .uri = "qemu:///system", .journal = journal, .page_calls = &calls};
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
    page_move_unref(kernel.move);
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
        begin(tree);
        kernel.tells = TRUE;
        g_autoptr(Journal) journal = journal_open("", folder, &error);
        g_autoptr(Snapshot) snapshot = picture(tree);
        g_autoptr(Plan) plan = plan_of(snapshot, "2", NULL);
        g_autoptr(Preview) preview = preview_make(snapshot, plan);
        ApplyContext context = {.root = tree->root,
            .uri = "qemu:///system",
            .journal = journal,
            .page_calls = &calls,
            .checkpoint = dies,
            .checkpoint_data = &writes};
        g_assert_cmpuint(apply_preview(&context, preview, NULL, NULL), ==, 0);
        context.checkpoint = NULL;
        for (guint i = 0; i < PAGES / 3; i++)
            if (kernel.nodes[i] >= 0)
                kernel.nodes[i] = 2;
        put_numa_maps();
        g_autoptr(JournalEntry) entry = journal_get(journal, forward + 1, &error);
        g_assert_cmpint(entry->state, ==, ENTRY_OPEN);
        g_autoptr(GArray) survey = apply_survey(&context, entry->steps);
        g_autofree char *text = apply_survey_text(entry->steps, survey);
        g_assert_nonnull(strstr(text, "written in part: web pages: 0:56,1:44 → 2, running now"));
        g_assert_cmpuint(apply_recover(&context, forward + 1, forward, &error), ==, forward + 1);
        g_assert_no_error(error);
        g_assert_cmpuint(count_on(2), ==, forward ? 2700 : 0);
        page_move_unref(kernel.move);
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

/* ---- by libvirt ---- */

/* As libvirt's nodeset: the kernel takes along what it can, at once. */
static gboolean take_along(gpointer data, GError **error)
{
    (void)data;
    if (kernel.ends_at) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "libvirt says no");
        return FALSE;
    }
    for (guint i = 0; i < PAGES / 2; i++)
        if (kernel.nodes[i] >= 0)
            kernel.nodes[i] = 2;
    put_numa_maps();
    return TRUE;
}

/* What it moved is counted, and what it left moves in portions. */
static void test_first(Tree *tree, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PageShares) shares = page_shares_parse("2", NULL);
    const MoveFirst first = {take_along, NULL};
    MoveResult result;
    (void)unused;

    begin(tree);
    g_assert_true(page_move_run(kernel.move, tree->root, PID, shares, &calls, &first, &error));
    page_move_look(kernel.move, &result);
    g_assert_cmpuint(result.at_once, ==, 1350 * 4);
    g_assert_cmpuint(result.moved, ==, 2700 * 4);
    g_assert_cmpuint(count_on(2), ==, 2700);
    g_autofree char *text = page_move_text(&result);
    g_assert_cmpstr(text, ==, "10.5 MiB of 10.5 MiB moved (5.3 MiB by numatune.nodeset)");
    page_move_unref(kernel.move);

    begin(tree);
    kernel.ends_at = 1;
    g_assert_false(page_move_run(kernel.move, tree->root, PID, shares, &calls, &first, &error));
    g_assert_nonnull(strstr(error->message, "libvirt says no"));
    g_assert_cmpuint(count_on(2), ==, 0);
    page_move_unref(kernel.move);
}

/* A preview of pages=2, by libvirt @version, of a guest with @numatune; with nodeset or without. */
static Preview *preview_by(
    const Tree *tree, const char *version, const char *numatune, const char *where)
{
    kernel.numatune = numatune;
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
            "the kernel takes all it can along, at once: it cannot be watched or stopped", TRUE},
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
    page_move_unref(kernel.move);
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
    kernel.tells = TRUE;
    g_autoptr(Journal) journal = journal_open("", folder, &error);
    const ApplyContext context = {.connection = connection,
        .root = tree->root,
        .uri = "qemu:///system",
        .journal = journal,
        .page_calls = &calls};
    g_autoptr(Preview) preview = preview_by(tree, "9.0.0", RESTRICTIVE, "2");
    guint number = apply_preview(&context, preview, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(count_on(2), ==, 2700);
    g_autoptr(Domain) after = connection_domain(connection, UUID, &error);
    g_assert_nonnull(strstr(after->xml_live, "nodeset='2'"));

    g_autoptr(JournalEntry) entry = journal_get(journal, number, &error);
    kernel.numatune = "<numatune><memory mode='restrictive' nodeset='2'/></numatune>";
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
    g_assert_cmpuint(count_on(2), ==, 0);
    g_autoptr(Domain) before = connection_domain(connection, UUID, &error);
    g_assert_nonnull(strstr(before->xml_live, "nodeset='0-1'"));
    g_autoptr(JournalEntry) undone = journal_get(journal, number, &error);
    g_assert_cmpint(undone->state, ==, ENTRY_UNDONE);
    page_move_unref(kernel.move);
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
    const HugeHeld held = {1048576, 3 * 1048576};
    g_array_set_size(view->usage->memory, 0);
    node_kib_add(view->usage->memory, 0, held.kib);
    view->usage->small_kib = NUM(0);
    view->usage->hugetlb = g_array_new(FALSE, FALSE, sizeof(HugeHeld));
    g_array_append_val(view->usage->hugetlb, held);
    assert_finding(snapshot, "2",
        "node 2 has 1.0 GiB free in pools of 1G pages, 3.0 GiB are to come: 2.0 GiB have no room");
    /* Those that the kernel can make come from the node's memory where the pool has too few. */
    const HugeHeld small = {2048, 3 * 1048576};
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
    page_move_unref(kernel.move);
}

/* A real process, the kernel's own calls: on a host of one node there is nothing to move, and it is
 * told so; one that ends meanwhile is told as well. */
static void test_real(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PageMove) move = page_move_new();
    g_autoptr(PageShares) shares = page_shares_parse("0", NULL);
    MoveResult result;

    if (!g_file_test("/proc/self/numa_maps", G_FILE_TEST_EXISTS)) {
        g_test_skip("this kernel has no numa_maps");
        return;
    }
    char *memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(memory != MAP_FAILED);
    memset(memory, 1, 8 << 20);
    g_assert_true(page_move_run(move, "", getpid(), shares, NULL, NULL, &error));
    g_assert_no_error(error);
    page_move_look(move, &result);
    g_assert_cmpuint(result.moved, ==, result.total);
    munmap(memory, 8 << 20);

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    g_assert_false(page_move_run(move, "", child, shares, NULL, NULL, &error));
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Tree *tree, gconstpointer unused);
    } tests[] = {{"/pagemove/move", test_move}, {"/pagemove/parts", test_parts},
        {"/pagemove/stays", test_stays}, {"/pagemove/stop", test_stop},
        {"/pagemove/pause", test_pause}, {"/pagemove/ends", test_ends},
        {"/pagemove/caged", test_caged}, {"/pagemove/zeros", test_zeros},
        {"/pagemove/marked", test_marked}, {"/pagemove/step", test_step},
        {"/pagemove/step-ends", test_step_ends}, {"/pagemove/step-killed", test_step_killed},
        {"/pagemove/preview", test_preview}, {"/pagemove/first", test_first},
        {"/pagemove/caged-stop", test_caged_stop}, {"/pagemove/caged-pause", test_caged_pause},
        {"/pagemove/way", test_way}, {"/pagemove/nodeset", test_nodeset}};

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Tree, NULL, tree_setup, tests[i].test, tree_teardown);
    g_test_add_func("/pagemove/shares", test_shares);
    g_test_add_func("/pagemove/real", test_real);
    return g_test_run();
}
