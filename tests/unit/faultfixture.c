/* What tests of transactions that go wrong share. */
#include "tests/unit/faultfixture.h"

#include <signal.h>
#include <unistd.h>

/* What the plan of most tests sets: of every domain, and of the host. */
static const struct {
    const char *key, *before, *after;
} domain_values[] = {{"vcpupin.0", "", "1-2"}, {"memory.nosharepages", "off", "on"}},
  host_values[] = {{"ksm.pages_to_scan", "100", "200"}, {"ksm.sleep_millisecs", "20", "50"}};

Preview *faults_preview(const Fixture *f, guint domains)
{
    g_autoptr(Snapshot) snapshot = fixture_take(f);
    g_autoptr(Plan) plan = plan_new();

    for (guint i = 0; i < G_N_ELEMENTS(host_values); i++)
        g_assert_true(plan_stage(
            plan, snapshot, "host", host_values[i].key, host_values[i].after, SCOPE_BOTH, NULL));
    for (guint d = 1; d <= domains; d++) {
        g_autofree char *name = g_strdup_printf("vm%u", d);
        for (guint i = 0; i < G_N_ELEMENTS(domain_values); i++)
            g_assert_true(plan_stage(plan, snapshot, name, domain_values[i].key,
                domain_values[i].after, SCOPE_BOTH, NULL));
    }
    g_autoptr(Preview) preview = preview_make(snapshot, plan);
    g_assert_cmpuint(preview->errors, ==, 0);
    return g_steal_pointer(&preview);
}

void faults_check(const Fixture *f, guint domains, gboolean after)
{
    for (guint i = 0; i < G_N_ELEMENTS(host_values); i++)
        fixture_check_value(
            f, "host", host_values[i].key, after ? host_values[i].after : host_values[i].before);
    for (guint d = 1; d <= domains; d++) {
        g_autofree char *name = g_strdup_printf("vm%u", d);
        for (guint i = 0; i < G_N_ELEMENTS(domain_values); i++)
            fixture_check_value(f, name, domain_values[i].key,
                after ? domain_values[i].after : domain_values[i].before);
    }
}

guint faults_unended(const Fixture *f)
{
    g_autoptr(GPtrArray) entries = journal_unended(f->journal);

    return entries->len;
}

EntryState faults_state(const Fixture *f, guint number)
{
    g_autoptr(JournalEntry) entry = journal_get(f->journal, number, NULL);

    g_assert_nonnull(entry);
    return entry->state;
}

gboolean faults_die_at(gpointer data)
{
    Death *death = data;

    if (++death->count != death->last)
        return TRUE;
    if (death->signal)
        kill(getpid(), death->signal);
    return FALSE;
}

guint faults_count_writes(Fixture *f, const Preview *preview)
{
    Death never = {0};

    f->context.checkpoint = faults_die_at;
    f->context.checkpoint_data = &never;
    guint number = apply_preview(&f->context, preview, NULL, NULL);
    g_assert_cmpuint(number, >, 0);
    f->context.checkpoint = NULL;
    g_assert_cmpuint(fixture_undo(f, number, NULL), >, 0);
    return never.count;
}
