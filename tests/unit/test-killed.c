/* kvmtune killed after each line of the journal: nothing may be lost, nothing may stand that is not
 * told. */
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/virt/connection-private.h"
#include "tests/unit/faultfixture.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOMAINS 2

static void test_killed_everywhere(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) first = faults_preview(f, DOMAINS);
    guint writes = faults_count_writes(f, first);
    (void)data;

    /* Begun, each unit begun and done, the end. */
    g_assert_cmpuint(writes, ==, 2 + 2 * (2 + 2 * DOMAINS));
    for (guint at = 1; at <= writes; at++) {
        for (guint forward = 0; forward < 2; forward++) {
            g_autoptr(Preview) preview = faults_preview(f, DOMAINS);
            g_autoptr(GError) error = NULL;
            Death death = {.last = at};
            f->context.checkpoint = faults_die_at;
            f->context.checkpoint_data = &death;
            guint number = apply_preview(&f->context, preview, NULL, &error);
            f->context.checkpoint = NULL;
            g_clear_error(&error);
            if (at == writes) { /* the last line is written: it has ended */
                faults_check(f, DOMAINS, TRUE);
                g_assert_cmpuint(faults_unended(f), ==, 0);
                g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
                continue;
            }
            g_autoptr(GPtrArray) left = journal_unended(f->journal);
            g_assert_cmpuint(left->len, ==, 1);
            number = ((const JournalEntry *)g_ptr_array_index(left, 0))->number;
            g_assert_cmpuint(apply_recover(&f->context, number, forward, &error), ==, number);
            g_assert_no_error(error);
            faults_check(f, DOMAINS, forward);
            g_assert_cmpuint(faults_unended(f), ==, 0);
            g_assert_cmpint(faults_state(f, number), ==, forward ? ENTRY_DONE : ENTRY_FAILED);
            if (forward)
                g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
            faults_check(f, DOMAINS, FALSE);
        }
    }
}

/* Killed while it recovers: the next recovery does the rest. */
static void test_killed_again(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint at = 1; at < 12; at += 2) {
        for (guint forward = 0; forward < 2; forward++) {
            g_autoptr(Preview) preview = faults_preview(f, DOMAINS);
            Death death = {.last = 9}, again = {.last = at};
            f->context.checkpoint = faults_die_at;
            f->context.checkpoint_data = &death;
            g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 0);
            g_autoptr(GPtrArray) left = journal_unended(f->journal);
            guint number = ((const JournalEntry *)g_ptr_array_index(left, 0))->number;
            f->context.checkpoint_data = &again;
            apply_recover(&f->context, number, forward, NULL);
            f->context.checkpoint = NULL;
            if (faults_unended(f) > 0) /* whichever way it went, it can still go back */
                g_assert_cmpuint(apply_recover(&f->context, number, FALSE, NULL), ==, number);
            else if (forward)
                g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
            faults_check(f, DOMAINS, FALSE);
        }
    }
}

/* A real process and a real SIGKILL; the test driver would die with it, so host files only. */
static void test_sigkill(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) first = faults_preview(f, 0);
    guint writes = faults_count_writes(f, first);
    (void)data;

    for (guint at = 1; at <= writes; at++) {
        g_autoptr(Preview) preview = faults_preview(f, 0);
        g_autoptr(GError) error = NULL;
        pid_t child = fork();
        if (child == 0) {
            Death death = {.last = at, .signal = SIGKILL};
            f->context.checkpoint = faults_die_at;
            f->context.checkpoint_data = &death;
            apply_preview(&f->context, preview, NULL, NULL);
            _exit(0);
        }
        int status;
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        g_autoptr(GPtrArray) left = journal_unended(f->journal);
        g_assert_cmpuint(left->len, ==, at == writes ? 0 : 1);
        if (at == writes)
            break;
        const JournalEntry *entry = g_ptr_array_index(left, 0);
        g_assert_cmpuint(
            apply_recover(&f->context, entry->number, at % 2, &error), ==, entry->number);
        g_assert_no_error(error);
        faults_check(f, 0, at % 2);
        if (at % 2)
            g_assert_cmpuint(fixture_undo(f, entry->number, NULL), >, 0);
    }
}

/* Somebody set one of the values between the death and the recovery. */
static void test_recover_leaves_others_work(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Preview) preview = faults_preview(f, DOMAINS);
    g_autoptr(GError) error = NULL;
    Death death = {.last = 10};

    f->context.checkpoint = faults_die_at;
    f->context.checkpoint_data = &death;
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 0);
    f->context.checkpoint = NULL;
    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "333\n");
    g_assert_cmpuint(apply_recover(&f->context, 1, TRUE, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_assert_nonnull(strstr(error->message, "ksm.pages_to_scan: 100 → 200 is 333 now"));
    g_assert_cmpuint(faults_unended(f), ==, 1);
    g_clear_error(&error);
    g_assert_cmpuint(apply_recover(&f->context, 1, FALSE, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, "ksm.pages_to_scan is 333 now, not 200"));
    g_assert_cmpint(faults_state(f, 1), ==, ENTRY_PARTIAL);
    fixture_check_file(f, "/sys/kernel/mm/ksm/pages_to_scan", "333");
    fixture_put(f, "/sys/kernel/mm/ksm/pages_to_scan", "100\n");
    faults_check(f, DOMAINS, FALSE);
}

/* Killed while a pool grew: it is neither as it was nor as it was to be, and both can be had. What
 * lies beyond the two is somebody else's. */
static void test_killed_half_way(Fixture *f, gconstpointer data)
{
    static const char pool[] =
        "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
    static const struct {
        const char *stands;
        gboolean forward;
        const char *left, *said;
    } rows[] = {{"30", FALSE, "4", NULL}, {"30", TRUE, "64", NULL},
        {"65", TRUE, "65", "hugepages.node0.2M: 4 → 64 is 65 now"},
        {"65", FALSE, "65", "is 65 now, not 64"}};
    (void)data;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        Death death = {.last = 2};
        fixture_put(f, pool, "4\n");
        g_autoptr(Preview) preview = fixture_preview(f, "host", "hugepages.node0.2M", "64", NULL);
        f->context.checkpoint = faults_die_at;
        f->context.checkpoint_data = &death;
        g_assert_cmpuint(apply_preview(&f->context, preview, NULL, NULL), ==, 0);
        f->context.checkpoint = NULL;
        fixture_put(f, pool, rows[i].stands);
        g_autoptr(GPtrArray) left = journal_unended(f->journal);
        g_assert_cmpuint(left->len, >, 0);
        const JournalEntry *entry = g_ptr_array_index(left, left->len - 1);
        g_autoptr(GArray) survey = apply_survey(&f->context, entry->steps);
        g_assert_cmpint(g_array_index(survey, StepStanding, 0).standing, ==,
            rows[i].said ? STANDS_OTHER : STANDS_HALF);
        guint number = apply_recover(&f->context, entry->number, rows[i].forward, &error);
        g_assert_cmpuint(number, ==, rows[i].said ? 0 : entry->number);
        if (rows[i].said)
            g_assert_nonnull(strstr(error->message, rows[i].said));
        fixture_check_file(f, pool, rows[i].left);
        if (rows[i].said && rows[i].forward) /* it is still open */
            g_assert_cmpuint(apply_recover(&f->context, entry->number, FALSE, NULL), ==, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
        guint domains;
    } tests[] = {
        {"/killed/killed-everywhere", test_killed_everywhere, DOMAINS},
        {"/killed/killed-again", test_killed_again, DOMAINS},
        {"/killed/sigkill", test_sigkill, 0},
        {"/killed/recover-leaves-others-work", test_recover_leaves_others_work, DOMAINS},
        {"/killed/killed-half-way", test_killed_half_way, 0},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, GUINT_TO_POINTER(tests[i].domains), fixture_set_up,
            tests[i].run, fixture_tear_down);
    return g_test_run();
}
