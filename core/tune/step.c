/* Steps: the reversible writes that a Preview holds, apply executes and the Journal keeps; and what
 * is true of each kind of them. A new kind is a new row here and in stepkind.c. */
#include "core/tune/step.h"

#include "core/util/text.h"

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

char *step_text(const Step *step, gboolean back)
{
    g_autofree char *name = text_escape(step->name, 60);
    g_autofree char *key = text_escape(step->key->key, 100);
    g_autofree char *from = step_shown_value(back ? step_left(step) : step->old_value);
    g_autofree char *to = step_shown_value(back ? step->old_value : step_left(step));

    return g_strdup_printf("%s %s: %s → %s%s", name, key, from, to, step_traits[step->kind].where);
}

char *step_line(const Step *step)
{
    g_autofree char *text = step_text(step, FALSE);

    return g_strconcat(text, *step_traits[step->kind].where ? NULL : ", now", NULL);
}

/* The arguments of the call that sets a running domain: which object, which field, the value. */
static char *live_arguments(const Step *step)
{
    const TunableKey *key = step->key;
    const LiveWay *live = &key->tunable->live;
    g_autofree char *value = step_shown_value(connection_tune_given(live, step->new_value));
    g_autofree char *object = key->args && key->args[0] ? text_escape(key->args[0], 100) : NULL;

    return g_strdup_printf("%s%s%s%s%s%s%s", object ? object : "", object ? ", " : "",
        live->with ? live->with : "", live->with ? " " : "", live->field ? live->field : "",
        live->field ? "=" : "", value);
}

static char *call_live(const Step *step, const char *live)
{
    g_autofree char *name = text_escape(step->name, 60);
    g_autofree char *arguments = live_arguments(step);

    return g_strdup_printf("%s(%s, %s, %s)", connection_tune_name(step->key->tunable->live.call),
        name, arguments, live);
}

static char *call_define(const Step *step, const char *live)
{
    g_autofree char *name = text_escape(step->name, 60);
    (void)live;

    return g_strdup_printf("virDomainDefineXMLFlags(%s, validate)", name);
}

static char *call_move(const Step *step, const char *live)
{
    g_autofree char *name = text_escape(step->name, 60);
    g_autofree char *to = step_shown_value(step->new_value);
    (void)live;

    return g_strdup_printf("move_pages(%s, %s)", name, to);
}

static char *call_keep(const Step *step, const char *live)
{
    (void)live;
    return g_strdup_printf("keep %s=%s at boot", step->key->key, step->new_value);
}

static char *call_write(const Step *step, const char *live)
{
    g_autofree char *place = tunable_key_place(step->key);
    (void)live;

    return g_strdup_printf("write %s to %s", step->new_value, place);
}

char *step_call(const Step *step, const char *live)
{
    return step_traits[step->kind].call(step, live);
}

const StepTraits step_traits[STEP_KINDS] = {
    [STEP_HOST] = {.name = "host", .where = "", .call = call_write, .host = TRUE},
    [STEP_LIVE] = {.name = "live", .where = ", running now", .call = call_live, .libvirt = TRUE},
    [STEP_CONFIG] = {.name = "config",
        .where = ", next start",
        .call = call_define,
        .later = TRUE,
        .libvirt = TRUE,
        .whole = TRUE},
    [STEP_BOOT] = {.name = "boot",
        .where = ", at boot",
        .call = call_keep,
        .host = TRUE,
        .later = TRUE,
        .unchecked = TRUE},
    [STEP_MOUNT] =
        {.name = "mount", .where = "", .call = call_write, .host = TRUE, .unchecked = TRUE},
    [STEP_PAGES] = {.name = "pages", .where = ", running now", .call = call_move, .drifts = TRUE},
};
