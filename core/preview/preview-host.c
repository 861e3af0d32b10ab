/* The Preview of the host: what is written to the kernel's files, what is mounted, and the diff of
 * the files that keep it across a reboot. */
#include "core/preview/preview-private.h"
#include "core/tune/grant.h"

#include "core/keep/bootfile.h"
#include "core/keep/bootset.h"
#include "core/util/text.h"

#include <string.h>

/* The files that set the host at boot, as the changes so far make them. */
typedef struct {
    BootSet *set;
    GHashTable *blames; /* path → Blame*: who made which line */
    GHashTable *by;     /* path → IdSet*: the changes of a file */
} Boot;

static void boot_clear(Boot *boot)
{
    bootset_free(boot->set);
    g_hash_table_unref(boot->blames);
    g_hash_table_unref(boot->by);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Boot, boot_clear)

static Boot boot_open(const Host *host)
{
    return (Boot){
        .set = host && host->keep ? bootset_copy(host->keep->files) : NULL,
        .blames =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)blame_free),
        .by = g_hash_table_new_full(
            g_str_hash, g_str_equal, g_free, (GDestroyNotify)hwloc_bitmap_free),
    };
}

/* ---- who else ---- */

#define CLAIMS_TOLD 4 /* beside the one that wins */

static gboolean differs(const Claim *claim, const char *value)
{
    return g_strcmp0(claim->value, value) != 0;
}

/* "/etc/sysctl.d/90-local.conf:2 (1), …" of @claims, but for @told, that set another value than
 * @value; NULL for none. The caller frees it. */
static char *other_claims(const GPtrArray *claims, const Claim *told, const char *value)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint count = 0;

    for (guint i = claims->len; i-- > 0;) {
        const Claim *claim = g_ptr_array_index(claims, i);
        if (claim == told || !differs(claim, value) || ++count > CLAIMS_TOLD)
            continue;
        g_autofree char *file = text_escape(claim->file, 80);
        g_autofree char *set =
            claim->value ? text_escape(claim->value, 40) : g_strdup("as it likes");
        g_string_append(out, out->len ? ", " : "");
        if (claim->line)
            g_string_append_printf(out, "%s:%u (%s)", file, claim->line, set);
        else
            g_string_append_printf(out, "%s (%s)", file, set);
    }
    if (count > CLAIMS_TOLD)
        g_string_append(out, ", …");
    return out->len ? g_strdup(out->str) : NULL;
}

/* Who else writes the file, after a boot or again and again, and not what is staged: @claim, which
 * has the last word over all @others. */
static void say_rival(Preview *preview, const Claim *claim, const GPtrArray *others,
    const Change *change, gboolean is_kept)
{
    if (claim == NULL)
        return;
    g_autofree char *sentence = claim_sentence(claim);
    g_autofree char *before = other_claims(others, claim, change->value);
    const char *when = claim->kind == CLAIM_KSMTUNED || claim->kind == CLAIM_TUNED
                           ? " while it runs"
                           : " when the host boots";
    if (differs(claim, change->value))
        preview_warn(preview, "%s: %s%s%s%s%s", change->key->key, sentence, when,
            is_kept ? ", after what is kept here: that one wins" : "",
            before ? "; others set it too: " : "", before ? before : "");
    else if (before)
        preview_say(preview, PART_EFFECT, LINE_LATER, "%s: %s, too, and wins over %s",
            change->key->key, sentence, before);
}

/* Who comes last of @claims, and has the last word; NULL: nobody. */
static const Claim *last_of(const GPtrArray *claims)
{
    return claims->len ? g_ptr_array_index(claims, claims->len - 1) : NULL;
}

/* Who has the last word over what is kept here. */
static void say_after(Preview *preview, const Keep *keep, const Change *change, const char *place)
{
    g_autoptr(GPtrArray) others = keep_others(keep, place, KEEP_AFTER);

    say_rival(preview, last_of(others), others, change, TRUE);
}

/* Whose value at boot gives way to what is kept here. */
static void say_beaten(Preview *preview, const Keep *keep, const Change *change, const char *place)
{
    g_autoptr(GPtrArray) others = keep_others(keep, place, KEEP_BEFORE);
    const Claim *claim = last_of(others);

    if (claim == NULL || *change->value == '\0')
        return;
    g_autofree char *sentence = claim_sentence(claim);
    g_autofree char *before = other_claims(others, claim, change->value);
    if (differs(claim, change->value) || before)
        preview_say(preview, PART_EFFECT, LINE_LATER,
            "%s: at boot %s%s%s; what is kept here wins over it", change->key->key, sentence,
            before ? ", and before it " : "", before ? before : "");
}

/* ---- two files that are coupled ---- */

/* The change of the plan that sets the file with which @change's is coupled, now or at boot as
 * @kind says; NULL for none. */
static const Change *find_partner(const Preview *preview, const Change *change, StepKind kind)
{
    const char *coupled = change->key->tunable->coupled;
    const GPtrArray *all = coupled ? plan_find(preview->plan, change->target, coupled) : NULL;

    for (guint i = 0; all && i < all->len; i++) {
        const Change *other = g_ptr_array_index(all, i);
        if (plan_scope_has(other->scope, kind) && *other->value)
            return other;
    }
    return NULL;
}

/* NULL where @change's file is coupled with none. */
static TunableKey *partner_key(const Change *change)
{
    const char *coupled = change->key->tunable->coupled;

    return coupled ? tunable_key_parse(TARGET_HOST, coupled, NULL) : NULL;
}

/* The change that comes with @change: that of @key, to @value. It owns nothing. */
static Change follower(
    const Change *change, const Change *partner, TunableKey *key, const char *value)
{
    return (Change){.target = change->target,
        .name = change->name,
        .key = key,
        .value = (char *)value,
        .undoes = partner ? partner->undoes : change->undoes};
}

/* Takes the line for @key (may be NULL), the other one of a pair, out of the boot files; what it
 * said, NULL where there is none. */
static char *take_partner(Boot *boot, const TunableKey *key)
{
    g_autofree char *place = key ? tunable_key_place(key) : NULL;
    g_autofree char *kept = place ? bootset_value(boot->set, place) : NULL;

    return kept && *kept && bootset_set(boot->set, place, "", NULL) ? g_steal_pointer(&kept) : NULL;
}

/* What stands in the file with which @change's is coupled, and is lost with the write; NULL where
 * there is none, or it is 0. */
static char *partner_now(const Host *host, const Change *change)
{
    g_autoptr(TunableKey) key = partner_key(change);
    g_autofree char *now = key ? tunable_host_value(key, host) : NULL;

    return now && !g_str_equal(now, "0") ? g_steal_pointer(&now) : NULL;
}

/* The step that @change's write takes with it: the kernel makes its partner 0. */
static void add_follower(
    Preview *preview, const Change *change, const Change *partner, const char *now)
{
    g_autoptr(TunableKey) key = partner_key(change);
    g_autofree char *place = tunable_key_place(key);
    Change lost = follower(change, partner, key, "0");

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

/* ---- at boot ---- */

/* Where a link leads is a line like those of a file. */
static char *shown_text(const BootSetFile *file, const char *text)
{
    return g_strconcat(text ? text : "", file->is_link && text && *text ? "\n" : NULL, NULL);
}

/* A file's text after one more change. */
static void note_file(Preview *preview, Boot *boot, const BootSetFile *file, const char *was)
{
    g_autofree char *text = shown_text(file, file->text), *before = shown_text(file, was);
    IdSet *by = g_hash_table_lookup(boot->by, file->path);

    if (strcmp(before, text) == 0)
        return;
    if (by == NULL) {
        by = hwloc_bitmap_alloc();
        g_hash_table_insert(boot->by, g_strdup(file->path), by);
        g_hash_table_insert(boot->blames, g_strdup(file->path), blame_new(before));
    }
    hwloc_bitmap_set(by, (guint)preview->making);
    blame_change(
        g_hash_table_lookup(boot->blames, file->path), before, text, (guint)preview->making);
}

/* Makes one change in the files; FALSE where nothing is to be written, which is said. */
static gboolean change_boot(
    Preview *preview, const char *root, const Host *host, Boot *boot, const Change *change)
{
    g_autofree char *place = tunable_key_place(change->key);
    g_autofree char *now = boot->set ? bootset_value(boot->set, place) : NULL;
    g_autoptr(BootSet) before = boot->set ? bootset_copy(boot->set) : NULL;
    g_autoptr(GError) error = NULL;

    if (now == NULL) {
        preview_refuse(preview, "%s cannot be kept across a reboot from here", change->key->key);
        return FALSE;
    }
    if (change->key->tunable->trigger) {
        preview_refuse(preview, "%s does something once: there is nothing to keep across a reboot",
            change->key->key);
        return FALSE;
    }
    if (g_str_equal(now, change->value)) {
        g_autofree char *shown = step_shown_value(now);
        preview_say(
            preview, PART_EFFECT, LINE_NOW, "%s is %s at boot already", change->key->key, shown);
        return FALSE;
    }
    const Change *partner = find_partner(preview, change, STEP_BOOT);
    if ((*change->value && is_partners(preview, change, partner)) ||
        !preview_may_write(preview, change, STEP_BOOT, now) ||
        !preview_may_mount(preview, root, host, change, now) ||
        !preview_pool_fits(preview, host, boot->set, change))
        return FALSE;
    g_autoptr(TunableKey) coupled = partner_key(change);
    gboolean counts = *change->value && !g_str_equal(change->value, "0");
    g_autofree char *lost = counts ? take_partner(boot, coupled) : NULL;
    if (!bootset_set(boot->set, place, change->value, &error)) {
        g_autofree char *shown = text_escape(error->message, 0);
        preview_refuse(preview, "%s: %s", change->key->key, shown);
        return FALSE;
    }
    const GPtrArray *files = bootset_files(boot->set), *old = bootset_files(before);
    for (guint i = 0; i < files->len; i++) {
        const BootSetFile *was = i < old->len ? g_ptr_array_index(old, i) : NULL;
        note_file(preview, boot, g_ptr_array_index(files, i), was ? was->text : NULL);
    }
    if (*change->value)
        say_after(preview, host->keep, change, place);
    say_beaten(preview, host->keep, change, place);
    preview_add_step(preview, STEP_BOOT, change, now);
    if (lost) {
        Change gone = follower(change, partner, coupled, "");
        preview_say(preview, PART_EFFECT, LINE_LATER,
            "at boot: %s is kept no longer: only one of it and %s counts", coupled->key,
            change->key->key);
        preview_add_step(preview, STEP_BOOT, &gone, lost);
    }
    return TRUE;
}

/* The diff of every file that changes. */
static void show_boot(Preview *preview, const Boot *boot)
{
    const GPtrArray *files = boot->set ? bootset_files(boot->set) : NULL;

    for (guint i = 0; files && i < files->len; i++) {
        const BootSetFile *file = g_ptr_array_index(files, i);
        g_autofree char *before = shown_text(file, file->before);
        g_autofree char *after = shown_text(file, file->text);
        const IdSet *by = g_hash_table_lookup(boot->by, file->path);
        if (!bootset_file_changes(file) || by == NULL)
            continue;
        g_autofree char *path = text_escape(file->path, 0);
        preview_say(preview, PART_BOOT, LINE_HEAD, "at boot: %s%s%s", path,
            file->is_link ? " (a link)" : "",
            file->before == NULL ? ", new"
            : file->text == NULL ? ", removed"
                                 : "");
        g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(DiffPlace));
        g_autoptr(GPtrArray) diff = diff_unified(before, after, PREVIEW_CONTEXT, places);
        preview_diff(
            preview, PART_BOOT, diff, places, g_hash_table_lookup(boot->blames, file->path), by);
        PreviewFile *written = g_new(PreviewFile, 1);
        *written = (PreviewFile){g_strdup(file->path), file->is_link,
            g_strdup(file->before ? file->before : ""), g_strdup(file->text ? file->text : "")};
        g_ptr_array_add(preview->files, written);
    }
}

/* ---- now ---- */

/* What stands where @change would be written now; NULL, and says why, where that cannot be. */
static char *value_to_change(Preview *preview, const Host *host, const Change *change)
{
    const char *name = change->key->key;
    g_autofree char *place = tunable_key_place(change->key);
    char *now = host && !host->is_image ? tunable_host_value(change->key, host) : NULL;

    if (now)
        return now;
    if (host && host->is_image)
        preview_refuse(preview,
            "%s cannot be set now: this is an image, of which only what is kept at boot can be set",
            name);
    else if (change->undoes)
        preview_warn(
            preview, "%s: this kernel does not offer %s any more: it is left alone", name, place);
    else
        preview_refuse(preview, "%s: this kernel does not offer %s", name, place);
    return NULL;
}

static gboolean change_now(
    Preview *preview, const char *root, const Host *host, const Change *change)
{
    g_autofree char *place = tunable_key_place(change->key);
    g_autofree char *now = value_to_change(preview, host, change);
    const Change *partner = find_partner(preview, change, STEP_HOST);
    StepKind kind = step_kind_now(change->key);

    if (now == NULL)
        return FALSE;
    g_autofree char *shown = step_shown_value(now);
    if (g_str_equal(now, change->value)) {
        preview_say(preview, PART_EFFECT, LINE_NOW, "%s is %s already", change->key->key, shown);
        return FALSE;
    }
    if (is_partners(preview, change, partner) || !preview_may_write(preview, change, kind, now) ||
        !preview_pool_fits(preview, host, NULL, change))
        return FALSE;
    if (kind == STEP_MOUNT && !(preview_is_one_size(preview, host, change, now) &&
                                  preview_may_mount(preview, root, host, change, now) &&
                                  preview_may_unmount(preview, root, change, now)))
        return FALSE;
    g_autofree char *lost = partner_now(host, change);
    if (lost && partner && !preview_may_write(preview, partner, STEP_HOST, lost))
        return FALSE;
    if (kind == STEP_MOUNT)
        preview_mounts(preview, host, change, now);
    else if (change->key->tunable->trigger)
        preview_say(preview, PART_WRITES, LINE_WRITE, "%s: write %s", place, change->value);
    else
        preview_say(preview, PART_WRITES, LINE_WRITE, "%s: %s → %s", place, shown, change->value);
    preview_add_step(preview, kind, change, now);
    if (lost)
        add_follower(preview, change, partner, lost);
    return TRUE;
}

/* Who changes at boot what is set now only. kvmtune's own line counts as the plan leaves it. */
static const Claim *find_rival(const Keep *keep, const Boot *boot, const char *place)
{
    const Claim *claim = claims_winner(keep->claims, place);
    BootFile file = bootfile_for(place);

    if (claim == NULL || file == BOOTFILES || strcmp(claim->file, bootfile_path(file)) != 0)
        return claim;
    g_autofree char *kept = bootset_value(boot->set, place);
    if (g_strcmp0(kept, claim->value) == 0)
        return claim;
    return *kept ? NULL : keep_beaten(keep, place);
}

static void say_rivals(Preview *preview, const Host *host, const Boot *boot, const GPtrArray *made)
{
    const Keep *keep = host ? host->keep : NULL;

    for (guint i = 0; keep && i < preview->plan->changes->len; i++) {
        const Change *change = g_ptr_array_index(preview->plan->changes, i);
        if (plan_scope_has(change->scope, STEP_BOOT) ||
            !g_ptr_array_find((GPtrArray *)made, change, NULL))
            continue;
        g_autofree char *place = tunable_key_place(change->key);
        preview->making = (int)i;
        g_autoptr(GPtrArray) others = keep_others(keep, place, KEEP_ANY);
        say_rival(preview, find_rival(keep, boot, place), others, change, FALSE);
    }
    preview->making = -1;
}

/* The file is written first: where that fails nothing has changed yet. */
static void preview_change(Preview *preview, const char *root, const Host *host, Boot *boot,
    const Change *change, GPtrArray *made)
{
    guint errors = preview->errors;
    gboolean later =
        plan_scope_has(change->scope, STEP_BOOT) && change_boot(preview, root, host, boot, change);
    gboolean now = plan_scope_has(change->scope, STEP_HOST) && preview->errors == errors &&
                   change_now(preview, root, host, change);
    g_autofree char *shown = step_shown_value(change->value);
    g_autofree char *takes =
        now ? grant_takes(host, preview->plan, change->key, change->value) : NULL;

    if (now)
        preview_say(preview, PART_EFFECT, LINE_NOW, "now%s: %s = %s%s%s",
            later ? " and at boot" : "", change->key->key, shown, takes ? "; " : "",
            takes ? takes : "");
    else if (later)
        preview_say(preview, PART_EFFECT, LINE_LATER, "at boot: %s = %s", change->key->key, shown);
    if (now)
        g_ptr_array_add(made, (gpointer)change);
    if (now && step_kind_now(change->key) == STEP_MOUNT)
        preview_mounted(preview, g_ptr_array_index(preview->steps, preview->steps->len - 1));
}

void preview_host(Preview *preview, const char *root, const Host *host, const RuleGround *ground,
    const IdSet *changes)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new();
    g_auto(Boot) boot = boot_open(host);

    for (guint rank = 0; rank < PREVIEW_RANKS; rank++) {
        for (IDSET_EACH(i, changes)) {
            const Change *change = g_ptr_array_index(preview->plan->changes, i);
            if (preview_rank(host, change) != rank)
                continue;
            preview->making = i;
            preview_change(preview, root, host, &boot, change, made);
        }
    }
    preview->making = -1;
    say_rivals(preview, host, &boot, made);
    show_boot(preview, &boot);
    g_autoptr(GPtrArray) findings = rules_check_host(ground, made);
    preview_findings(preview, findings);
}
