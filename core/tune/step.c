/* Steps: the reversible writes that a Preview holds, apply executes and the Journal keeps. */
#include "core/tune/preview.h"

Step *step_copy(const Step *step)
{
    Step *copy = g_memdup2(step, sizeof *step);

    copy->target = g_strdup(step->target);
    copy->name = g_strdup(step->name);
    copy->key = tunable_key_copy(step->key);
    copy->old_value = g_strdup(step->old_value);
    copy->new_value = g_strdup(step->new_value);
    copy->granted = g_strdup(step->granted);
    return copy;
}

void step_free(Step *step)
{
    if (step == NULL)
        return;
    g_free(step->target);
    g_free(step->name);
    tunable_key_free(step->key);
    g_free(step->old_value);
    g_free(step->new_value);
    g_free(step->granted);
    g_free(step);
}
