/* What leaves the plan once it was applied. */
#include "tui/app/unstage.h"

gboolean unstage_is_applied(const Change *change, const Preview *preview)
{
    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        if (g_str_equal(step->target, change->target) &&
            g_str_equal(step->key->key, change->key->key) &&
            g_str_equal(step->new_value, change->value))
            return TRUE;
    }
    return FALSE;
}

void unstage_applied(Plan *plan, const Preview *preview)
{
    for (guint i = plan->changes->len; i-- > 0;)
        if (unstage_is_applied(g_ptr_array_index(plan->changes, i), preview))
            plan_unstage(plan, i);
}

void unstage_undo(Plan *plan, const Preview *preview)
{
    g_autoptr(GHashTable) undone = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step = g_ptr_array_index(preview->steps, i);
        if (step->undoes)
            g_hash_table_add(undone, GUINT_TO_POINTER(step->undoes));
    }
    for (guint i = plan->changes->len; i-- > 0;) {
        const Change *change = g_ptr_array_index(plan->changes, i);
        if (change->undoes && g_hash_table_contains(undone, GUINT_TO_POINTER(change->undoes)))
            plan_unstage(plan, i);
    }
}
