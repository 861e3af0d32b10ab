/* The Preview's section of the host: files of the kernel, in order, and who else writes them. */
#include "core/tune/preview-private.h"

/* Who else writes the file, after a boot or again and again, and not what is staged. */
static void say_rival(Preview *preview, const Host *host, const Change *change, const char *place)
{
    const Claim *claim = host->keep ? claims_winner(host->keep->claims, place) : NULL;

    if (claim == NULL || g_strcmp0(claim->value, change->value) == 0)
        return;
    g_autofree char *sentence = claim_sentence(claim);
    preview_warn(preview, "%s: %s%s", change->key->key, sentence,
        claim->kind == CLAIM_KSMTUNED || claim->kind == CLAIM_TUNED ? " while it runs"
                                                                    : " when the host boots");
}

/* The change of the plan that sets the file with which @change's is coupled; NULL for none. */
static const Change *find_partner(const Preview *preview, const Change *change)
{
    const char *coupled = change->key->tunable->coupled;
    const GPtrArray *all = coupled ? plan_find(preview->plan, change->target, coupled) : NULL;

    return all ? g_ptr_array_index(all, 0) : NULL;
}

/* What stands in the file with which @change's is coupled, and is lost with the write; NULL where
 * there is none, or it is 0. */
static char *partner_now(const Host *host, const Change *change)
{
    const char *coupled = change->key->tunable->coupled;
    g_autoptr(TunableKey) key = coupled ? tunable_key_parse(TARGET_HOST, coupled, NULL) : NULL;
    g_autofree char *now = key ? tunable_host_value(key, host) : NULL;

    return now && !g_str_equal(now, "0") ? g_steal_pointer(&now) : NULL;
}

/* The step that @change's write takes with it: the kernel makes its partner 0. */
static void add_follower(
    Preview *preview, const Change *change, const Change *partner, const char *now)
{
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_HOST, change->key->tunable->coupled, NULL);
    g_autofree char *place = tunable_key_place(key);
    Change lost = {.target = change->target,
        .name = change->name,
        .key = key,
        .value = (char *)"0",
        .undoes = partner ? partner->undoes : change->undoes};

    preview_say(preview, PART_WRITES, LINE_WRITE, "%s: %s → 0 (by the kernel)", place, now);
    preview_add_step(preview, STEP_HOST, &lost, now)->follows = TRUE;
}

/* Whether @change is made by its partner's, or says no value of its own: of a pair the one that is
 * not 0 counts, and the kernel makes the other one 0. */
static gboolean is_partners(Preview *preview, const Change *change, const Change *partner)
{
    gboolean both = partner && !g_str_equal(partner->value, "0");

    if (change->key->tunable->coupled == NULL)
        return FALSE;
    if (!g_str_equal(change->value, "0")) {
        if (both)
            preview_refuse(preview,
                "%s: only one of it and %s counts, the other is 0: leave one out", change->key->key,
                partner->key->key);
        return both;
    }
    if (both)
        return TRUE;
    if (change->undoes)
        return FALSE;
    preview_refuse(preview, "%s is 0 where %s counts: set that", change->key->key,
        change->key->tunable->coupled);
    return TRUE;
}

static void preview_host_change(
    Preview *preview, const Host *host, const Change *change, GPtrArray *made)
{
    const char *name = change->key->key;
    const Change *partner = find_partner(preview, change);
    g_autofree char *place = tunable_key_place(change->key);
    g_autofree char *now = host ? tunable_host_value(change->key, host) : NULL;

    if (now == NULL && change->undoes) {
        preview_warn(
            preview, "%s: this kernel does not offer %s any more: it is left alone", name, place);
        return;
    }
    if (now == NULL) {
        preview_refuse(preview, "%s: this kernel does not offer %s", name, place);
        return;
    }
    if (g_str_equal(now, change->value)) {
        preview_say(preview, PART_EFFECT, LINE_NOW, "%s is %s already", name, now);
        return;
    }
    if (is_partners(preview, change, partner) ||
        !preview_may_write(preview, change, STEP_HOST, now))
        return;
    g_autofree char *lost = partner_now(host, change);
    if (lost && partner && !preview_may_write(preview, partner, STEP_HOST, lost))
        return;
    preview_say(preview, PART_WRITES, LINE_WRITE, "%s: %s → %s", place, now, change->value);
    preview_say(preview, PART_EFFECT, LINE_NOW, "now: %s = %s", name, change->value);
    say_rival(preview, host, change, place);
    preview_add_step(preview, STEP_HOST, change, now);
    if (lost)
        add_follower(preview, change, partner, lost);
    g_ptr_array_add(made, (gpointer)change);
}

void preview_host(
    Preview *preview, const Host *host, const RuleGround *ground, const IdSet *changes)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new();

    for (IDSET_EACH(i, changes)) {
        preview->making = i;
        preview_host_change(preview, host, g_ptr_array_index(preview->plan->changes, i), made);
    }
    preview->making = -1;
    g_autoptr(GPtrArray) findings = rules_check_host(ground, made);
    preview_findings(preview, findings);
}
