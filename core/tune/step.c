/* Steps: the reversible writes that a Preview holds, apply executes and the Journal keeps. */
#include "core/tune/step.h"

#include "core/util/text.h"

gboolean step_kind_is_host(StepKind kind)
{
    return kind == STEP_HOST || kind == STEP_BOOT || kind == STEP_MOUNT;
}

StepKind step_kind_now(const TunableKey *key)
{
    return key->tunable->type == VALUE_PATHS ? STEP_MOUNT : STEP_HOST;
}

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

const char *step_left(const Step *step)
{
    return step->granted ? step->granted : step->new_value;
}

char *step_shown_value(const char *value)
{
    return *value ? text_escape(value, 200) : g_strdup("(nothing)");
}

const char *step_kind_where(StepKind kind)
{
    static const char *const wheres[STEP_KINDS] = {
        [STEP_HOST] = "",
        [STEP_LIVE] = ", running now",
        [STEP_CONFIG] = ", next start",
        [STEP_BOOT] = ", at boot",
        [STEP_MOUNT] = "",
        [STEP_PAGES] = ", running now",
    };

    return wheres[kind];
}

char *step_text(const Step *step, gboolean back)
{
    g_autofree char *name = text_escape(step->name, 60);
    g_autofree char *key = text_escape(step->key->key, 100);
    g_autofree char *from = step_shown_value(back ? step_left(step) : step->old_value);
    g_autofree char *to = step_shown_value(back ? step->old_value : step_left(step));

    return g_strdup_printf("%s %s: %s → %s%s", name, key, from, to, step_kind_where(step->kind));
}

/* The arguments of the call that sets a running domain: which object, which field, the value. */
static char *live_arguments(const Step *step)
{
    const TunableKey *key = step->key;
    const char *field = key->tunable->live.field;
    g_autofree char *value = step_shown_value(step->new_value);
    g_autofree char *object = key->args && key->args[0] ? text_escape(key->args[0], 100) : NULL;

    return g_strdup_printf("%s%s%s%s%s", object ? object : "", object ? ", " : "",
        field ? field : "", field ? "=" : "", value);
}

char *step_call(const Step *step, const char *live)
{
    g_autofree char *name = text_escape(step->name, 60);

    switch (step->kind) {
    case STEP_LIVE: {
        g_autofree char *arguments = live_arguments(step);
        return g_strdup_printf("%s(%s, %s, %s)",
            connection_tune_name(step->key->tunable->live.call), name, arguments, live);
    }
    case STEP_CONFIG:
        return g_strdup_printf("virDomainDefineXMLFlags(%s, validate)", name);
    case STEP_PAGES: {
        g_autofree char *to = step_shown_value(step->new_value);
        return g_strdup_printf("move_pages(%s, %s)", name, to);
    }
    case STEP_BOOT:
        return g_strdup_printf("keep %s=%s at boot", step->key->key, step->new_value);
    case STEP_MOUNT:
    case STEP_HOST:
        break;
    }
    g_autofree char *place = tunable_key_place(step->key);
    return g_strdup_printf("write %s to %s", step->new_value, place);
}
