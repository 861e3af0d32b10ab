/* Plan files: any bytes are a plan or are refused with the line; saving the plan that a file holds
 * changes no byte of it, and what is saved over it is read back. Two texts: the file (which may
 * hold NUL bytes where nothing follows), a second plan to be saved over it. */
#include "core/tune/planfile.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define XML "<domain type='kvm'><name>x</name><vcpu>3</vcpu></domain>"

static PlanFile *read_plan(const char *text, size_t size, const Snapshot *snapshot, Plan *plan)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanFile) file = plan_file_parse("p", text, size, &error);

    g_assert_true((file == NULL) == (error != NULL));
    if (file && plan_file_stage(file, plan, snapshot, SCOPE_BOTH, NULL, &error))
        return g_steal_pointer(&file);
    g_assert_true(g_str_has_prefix(error->message, "p, line "));
    return NULL;
}

/* The value that @plan has for the same document of the same target; NULL for none. */
static const char *value_for(const Plan *plan, const Change *like)
{
    const GPtrArray *all = plan_find(plan, like->target, like->key->key);

    for (guint i = 0; all && i < all->len; i++) {
        const Change *change = g_ptr_array_index(all, i);
        if (change->scope == like->scope)
            return change->value;
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Snapshot) snapshot = fixture_snapshot();
    g_autoptr(Plan) whole = plan_new(), first = plan_new(), second = plan_new(), last = plan_new();

    fixture_domain(snapshot, "a", "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0001", XML, XML);
    fixture_domain(snapshot, "host", "6f1d2c4e-58a7-4c0b-9e31-1a2b3c4d0002", XML, NULL);
    plan_file_free(read_plan((const char *)data, size, snapshot, whole));

    g_autofree char *one = fuzz_take_text(&data, &size);
    g_autofree char *two = fuzz_take_text(&data, &size);
    g_autoptr(PlanFile) file = read_plan(one, strlen(one), snapshot, first);
    g_autoptr(PlanFile) other = read_plan(two, strlen(two), snapshot, second);
    if (file == NULL)
        return 0;
    g_assert_true(plan_file_update(file, first, snapshot, NULL));
    g_assert_cmpstr(plan_file_text(file, NULL), ==, one);
    if (other == NULL)
        return 0;
    g_assert_true(plan_file_update(file, second, snapshot, NULL));
    gsize length;
    const char *saved = plan_file_text(file, &length);
    g_autoptr(PlanFile) again = read_plan(saved, length, snapshot, last);
    g_assert_nonnull(again);
    g_assert_cmpuint(last->changes->len, ==, second->changes->len);
    for (guint i = 0; i < second->changes->len; i++) {
        const Change *change = g_ptr_array_index(second->changes, i);
        g_assert_cmpstr(value_for(last, change), ==, change->value);
    }
    return 0;
}
