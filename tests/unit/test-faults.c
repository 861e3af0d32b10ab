/* What goes wrong in the middle of a transaction: a full disk, other writers, domains that vanish,
 * refusals. Nothing may be lost, nothing may stand that is not told. */
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/virt/connection-private.h"
#include "tests/unit/faultfixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DOMAINS 2

/* ---- a full disk ---- */

/* The journal's file may grow to each size in turn and no further. */
static void test_full_disk(Fixture *f, gconstpointer data)
{
    struct rlimit whole;
    guint failed = 0, done = 0;
    (void)data;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &whole), ==, 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 1; done < 3; size += 11) {
        g_autoptr(Preview) preview = faults_preview(f, 0);
        g_autoptr(GError) error = NULL;
        g_autofree char *report = NULL;
        const struct rlimit limit = {size, whole.rlim_max};
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
        guint number = apply_preview(&f->context, preview, &report, &error);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &whole), ==, 0);
        faults_check(f, 0, number > 0);
        if (number == 0) {
            failed++;
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
            g_assert_nonnull(strstr(error->message, "the journal cannot be written"));
        }
        g_autoptr(GPtrArray) left = journal_unended(f->journal);
        g_assert_cmpuint(left->len, <=, 1);
        if (left->len) /* its last line did not fit: said, and recovered */
            number = apply_recover(&f->context,
                ((const JournalEntry *)g_ptr_array_index(left, 0))->number, FALSE, &error);
        else if (number) {
            done++;
            g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
        }
        faults_check(f, 0, FALSE);
        g_assert_cmpuint(faults_unended(f), ==, 0);
    }
    g_assert_cmpuint(failed, >, 20);
}

/* ---- other writers ---- */

/* Between preview and apply, a thousand times: what the other wrote stands, ours does not. */
static void test_other_before_apply(Fixture *f, gconstpointer data)
{
    (void)data;
    for (guint i = 0; i < 1000; i++) {
        g_autoptr(Preview) preview = fixture_preview(
            f, i % 4 ? "vm1" : "host", i % 4 ? "vcpupin.0" : "ksm.run", i % 4 ? "2" : "0", NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *theirs = g_strdup_printf("%u", i % 3 + (i % 4 ? 0 : 100));
        const char *key = i % 8 == 1 ? "vcpupin.0" : i % 4 ? "vcpupin.3" : "ksm.run";
        g_autofree char *before = fixture_value(f, i % 4 ? "vm1" : "host", key);
        if (g_str_equal(before, theirs))
            continue;
        if (i % 4)
            fixture_other_sets(f, "vm1", key, theirs);
        else
            fixture_put(f, "/sys/kernel/mm/ksm/run", theirs);
        g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
        g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
        fixture_check_value(f, i % 4 ? "vm1" : "host", key, theirs);
        if (i % 4 && !g_str_equal(key, "vcpupin.0"))
            fixture_check_value(f, "vm1", "vcpupin.0", i > 1 ? "1" : "");
        if (i % 4 == 0)
            fixture_put(f, "/sys/kernel/mm/ksm/run", "1");
        else if (g_str_equal(key, "vcpupin.0"))
            fixture_other_sets(f, "vm1", "vcpupin.0", "1");
    }
    g_autoptr(GPtrArray) entries = journal_list(f->journal, 0, NULL);
    g_assert_cmpuint(entries->len, ==, 0);
}

typedef struct {
    const Fixture *f;
    guint count, at;
    const char *domain, *key, *value; /* NULL key: the domain is undefined */
} Intruder;

static gboolean intrude(gpointer data)
{
    Intruder *intruder = data;

    if (++intruder->count != intruder->at)
        return TRUE;
    if (intruder->key) {
        fixture_other_sets(intruder->f, intruder->domain, intruder->key, intruder->value);
        return TRUE;
    }
    virDomainPtr handle = connection_find(intruder->f->connection, intruder->domain, NULL);
    g_assert_nonnull(handle);
    virDomainDestroy(handle);
    g_assert_cmpint(virDomainUndefine(handle), ==, 0);
    virDomainFree(handle);
    return TRUE;
}

/* In the middle, each time another moment: their value stands whatever becomes of ours, which
 * stands as a whole or not at all. */
static void test_other_in_the_middle(Fixture *f, gconstpointer data)
{
    g_autoptr(Preview) first = faults_preview(f, DOMAINS);
    guint writes = faults_count_writes(f, first), refused = 0;
    (void)data;

    for (guint at = 1; at <= writes; at++) {
        g_autoptr(Preview) preview = faults_preview(f, DOMAINS);
        g_autoptr(GError) error = NULL;
        g_autofree char *theirs = g_strdup_printf("%u", at % 4);
        Intruder intruder = {f, 0, at, "vm2", "vcpupin.3", theirs};
        f->context.checkpoint = intrude;
        f->context.checkpoint_data = &intruder;
        guint number = apply_preview(&f->context, preview, NULL, &error);
        f->context.checkpoint = NULL;
        fixture_check_value(f, "vm2", "vcpupin.3", theirs);
        faults_check(f, DOMAINS, number > 0);
        if (number)
            g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
        else
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
        refused += number == 0;
        fixture_check_value(f, "vm2", "vcpupin.3", theirs);
    }
    g_assert_cmpuint(refused, >, 0);
    g_assert_cmpuint(refused, <, writes);
}

/* ---- domains that vanish, refusals ---- */

static void test_domain_vanishes(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Preview) preview = faults_preview(f, DOMAINS);
    g_autoptr(GError) error = NULL;
    Intruder intruder = {f, 0, 8, "vm2", NULL, NULL};

    f->context.checkpoint = intrude;
    f->context.checkpoint_data = &intruder;
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    g_assert_nonnull(strstr(error->message, "there is no domain"));
    faults_check(f, DOMAINS - 1, FALSE);
    g_assert_cmpint(faults_state(f, 1), ==, ENTRY_FAILED);
}

/* Makes libvirt refuse @preview's step of @kind for @name: a pin beyond its 16384 CPUs, or of a
 * vCPU that is not there. */
static void spoil(const Preview *preview, const char *name, StepKind kind)
{
    guint found = 0;

    for (guint i = 0; i < preview->steps->len; i++) {
        Step *step = g_ptr_array_index(preview->steps, i);
        if (step->kind != kind || !g_str_equal(step->name, name) ||
            !g_str_equal(step->key->key, "vcpupin.0"))
            continue;
        found++;
        if (kind == STEP_CONFIG) {
            g_free(step->new_value);
            step->new_value = g_strdup("99999");
        } else {
            tunable_key_free(step->key);
            step->key = tunable_key_parse(TARGET_DOMAIN, "vcpupin.99", NULL);
        }
    }
    g_assert_cmpuint(found, ==, 1);
}

/* libvirt refuses one step of a plan of twenty domains, each time another: the definition of a next
 * start, then the call for the running domain. All before it was written by then, and nothing of it
 * stands. */
static void test_refusals(Fixture *f, gconstpointer data)
{
    guint domains = GPOINTER_TO_UINT(data), number = 0;

    for (guint refused = 1; refused <= domains; refused++) {
        for (StepKind kind = STEP_LIVE; kind <= STEP_CONFIG; kind++) {
            g_autoptr(Preview) preview = faults_preview(f, domains);
            g_autoptr(GError) error = NULL;
            g_autofree char *name = g_strdup_printf("vm%u", refused);
            Death never = {0};
            spoil(preview, name, kind);
            f->context.checkpoint = faults_die_at;
            f->context.checkpoint_data = &never;
            g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
            f->context.checkpoint = NULL;
            g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED);
            g_assert_nonnull(strstr(error->message, "everything is as before"));
            g_assert_nonnull(strstr(error->message,
                kind == STEP_LIVE ? "vCPU 99 of " : "libvirt does not take the new definition"));
            /* Begun; two lines and one back for each of the host's and of the domains' units before
             * it; the refused one begun; the end. */
            guint before = 2 + 2 * (refused - 1) + (kind == STEP_LIVE);
            g_assert_cmpuint(never.count, ==, 1 + 3 * before + 1 + 1);
            g_assert_cmpint(faults_state(f, ++number), ==, ENTRY_FAILED);
            faults_check(f, domains, FALSE);
        }
    }
}

/* What cannot be put back is named, with a command that is safe to paste. */
static void test_not_put_back(Fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(Preview) preview = faults_preview(f, 0);
    g_autoptr(GError) error = NULL;
    g_autofree char *root = g_strconcat(f->root, "/it's a $(tree)", NULL);
    g_autofree char *move = g_strdup_printf("mkdir \"%s/it's a \\$(tree)\" && cp -r %s/sys %s/proc "
                                            "\"%s/it's a \\$(tree)\"",
        f->root, f->root, f->root, f->root);
    g_assert_cmpint(system(move), ==, 0);
    f->context.root = root;

    /* The second file is gone when it is to be written, and the first by then a folder. */
    g_autofree char *second = g_strconcat(root, "/sys/kernel/mm/ksm/sleep_millisecs", NULL);
    g_autofree char *run = g_strconcat(root, "/sys/kernel/mm/ksm/pages_to_scan", NULL);
    g_assert_cmpint(unlink(second), ==, 0);
    g_assert_cmpint(symlink("/proc/self/oom_score_adj_not", second), ==, 0);
    g_assert_cmpuint(apply_preview(&f->context, preview, NULL, &error), ==, 0);
    g_assert_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED);
    const Step *step = g_ptr_array_index(preview->steps, 0);
    g_autofree char *command = step_back_command(&f->context, step);
    g_assert_cmpint(system(command), ==, 0);
    g_autofree char *text = rootfile_read(root, "/sys/kernel/mm/ksm/pages_to_scan");
    g_assert_cmpstr(text, ==, "100");
    f->context.root = f->root;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
        guint domains;
    } tests[] = {
        {"/faults/full-disk", test_full_disk, 0},
        {"/faults/other-before-apply", test_other_before_apply, 1},
        {"/faults/other-in-the-middle", test_other_in_the_middle, DOMAINS},
        {"/faults/domain-vanishes", test_domain_vanishes, DOMAINS},
        {"/faults/refusals", test_refusals, 20},
        {"/faults/not-put-back", test_not_put_back, 0},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, GUINT_TO_POINTER(tests[i].domains), fixture_set_up,
            tests[i].run, fixture_tear_down);
    return g_test_run();
}
