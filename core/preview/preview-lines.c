/* The Preview as data: its life, its sections and lines, and the same as text. */
#include "core/preview/preview-private.h"

#include "core/util/text.h"

#include <string.h>

static void line_free(gpointer data)
{
    PreviewLine *line = data;

    g_free(line->text);
    hwloc_bitmap_free(line->changes);
    g_free(line);
}

static void target_free(gpointer data)
{
    PreviewTarget *target = data;

    g_free(target->target);
    g_free(target->name);
    g_free(target->next_after);
    g_free(target);
}

static void offer_free(gpointer data)
{
    PreviewOffer *offer = data;

    g_free(offer->reason);
    g_free(offer->target);
    g_free(offer->key);
    g_free(offer->value);
    g_free(offer);
}

static void file_free(gpointer data)
{
    PreviewFile *file = data;

    g_free(file->path);
    g_free(file->before);
    g_free(file->after);
    g_free(file);
}

Preview *preview_new(const Plan *plan)
{
    Preview *preview = g_new0(Preview, 1);

    g_atomic_ref_count_init(&preview->refs);
    preview->plan = plan_copy(plan);
    preview->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    preview->targets = g_ptr_array_new_with_free_func(target_free);
    preview->lines = g_ptr_array_new_with_free_func(line_free);
    preview->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    preview->offers = g_ptr_array_new_with_free_func(offer_free);
    preview->files = g_ptr_array_new_with_free_func(file_free);
    preview->xml_live = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    preview->xml_config = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    preview->making = -1;
    return preview;
}

Preview *preview_ref(Preview *preview)
{
    g_atomic_ref_count_inc(&preview->refs);
    return preview;
}

void preview_unref(Preview *preview)
{
    if (preview == NULL || !g_atomic_ref_count_dec(&preview->refs))
        return;
    plan_free(preview->plan);
    g_ptr_array_unref(preview->domains);
    g_free(preview->host_state);
    g_ptr_array_unref(preview->targets);
    g_ptr_array_unref(preview->lines);
    g_ptr_array_unref(preview->steps);
    g_ptr_array_unref(preview->offers);
    g_ptr_array_unref(preview->files);
    g_hash_table_unref(preview->xml_live);
    g_hash_table_unref(preview->xml_config);
    g_free(preview);
}

static PreviewTarget *newest_target(const Preview *preview)
{
    return g_ptr_array_index(preview->targets, preview->targets->len - 1);
}

PreviewLine *preview_line(Preview *preview, PreviewPart part, PreviewLineKind kind, char *text)
{
    PreviewTarget *target = newest_target(preview);
    PreviewLine *line = g_new0(PreviewLine, 1);
    guint at = preview->lines->len;

    *line = (PreviewLine){
        .kind = kind, .part = part, .target = preview->targets->len - 1, .text = text};
    if (preview->making >= 0) {
        line->changes = hwloc_bitmap_alloc();
        hwloc_bitmap_set(line->changes, (guint)preview->making);
    }
    /* A rule may speak when a diff is there already: nobody should have to look for it below. */
    while (at > target->first &&
           ((const PreviewLine *)g_ptr_array_index(preview->lines, at - 1))->part > part)
        at--;
    g_ptr_array_insert(preview->lines, (int)at, line);
    target->errors += kind == LINE_ERROR;
    target->warnings += kind == LINE_WARNING;
    target->waiting += kind == LINE_LATER;
    preview->errors += kind == LINE_ERROR;
    preview->warnings += kind == LINE_WARNING;
    return line;
}

PreviewLine *preview_say(
    Preview *preview, PreviewPart part, PreviewLineKind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    PreviewLine *line = preview_line(preview, part, kind, g_strdup_vprintf(format, args));
    va_end(args);
    return line;
}

void preview_call(Preview *preview, const Step *step)
{
    PreviewTarget *target = newest_target(preview);
    const StepTraits *traits = &step_traits[step->kind];

    if (!traits->libvirt)
        return;
    if (traits->whole && target->definition) {
        hwloc_bitmap_set(target->definition->changes, (guint)preview->making);
        return;
    }
    const PreviewLine *last = g_ptr_array_index(preview->lines, preview->lines->len - 1);
    if (last->part != PART_CALLS)
        preview_say(preview, PART_CALLS, LINE_HEAD, "calls of libvirt, in order");
    PreviewLine *line =
        preview_line(preview, PART_CALLS, LINE_CALL, step_call(step, preview->live_flag));
    if (traits->whole)
        target->definition = line;
}

PreviewTarget *preview_begin(
    Preview *preview, const char *target, const char *name, const IdSet *changes)
{
    PreviewTarget *section = g_new0(PreviewTarget, 1);

    section->target = g_strdup(target);
    section->name = g_strdup(name);
    section->first = preview->lines->len;
    section->steps = preview->steps->len; /* so many before it, until the end */
    section->changes = idset_count(changes);
    g_ptr_array_add(preview->targets, section);
    preview_line(preview, PART_TARGET, LINE_TARGET, g_strdup(name))->changes = idset_copy(changes);
    return section;
}

/* A heading stands for all changes below it. */
static void add_changes(PreviewLine *head, const IdSet *changes)
{
    if (changes == NULL)
        return;
    if (head->changes == NULL)
        head->changes = hwloc_bitmap_alloc();
    hwloc_bitmap_or(head->changes, head->changes, changes);
}

void preview_end(Preview *preview)
{
    PreviewTarget *target = newest_target(preview);
    PreviewLine *head = NULL;

    target->end = preview->lines->len;
    target->steps = preview->steps->len - target->steps;
    for (guint i = target->first + 1; i < target->end; i++) {
        PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->kind == LINE_HEAD)
            head = line;
        else if (head && head->part == line->part)
            add_changes(head, line->changes);
    }
}

/* 0 for a section with errors, 1 for one with warnings, 2 for the rest. */
static guint urgency(const PreviewTarget *target)
{
    return target->errors ? 0 : target->warnings ? 1 : 2;
}

void preview_order(Preview *preview)
{
    g_autoptr(GPtrArray) targets = preview->targets;
    g_autoptr(GPtrArray) lines = preview->lines;

    g_ptr_array_set_free_func(targets, NULL);
    g_ptr_array_set_free_func(lines, NULL);
    preview->targets = g_ptr_array_new_with_free_func(target_free);
    preview->lines = g_ptr_array_new_with_free_func(line_free);
    for (guint k = 0; k < 3; k++)
        for (guint n = 0; n < targets->len; n++) {
            PreviewTarget *target = g_ptr_array_index(targets, n);
            guint first = preview->lines->len;
            if (urgency(target) != k)
                continue;
            for (guint i = target->first; i < target->end; i++) {
                PreviewLine *line = g_ptr_array_index(lines, i);
                line->target = preview->targets->len;
                g_ptr_array_add(preview->lines, line);
            }
            target->first = first;
            target->end = preview->lines->len;
            g_ptr_array_add(preview->targets, target);
        }
}

void preview_warn(Preview *preview, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    preview_line(preview, PART_FINDINGS, LINE_WARNING, g_strdup_vprintf(format, args));
    va_end(args);
}

void preview_refuse(Preview *preview, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    preview_line(preview, PART_FINDINGS, LINE_ERROR, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Which of the newest target's changes a finding speaks of: "disk.vda.iotune.*" is of all that
 * begin so. */
static IdSet *spoken_of(const Preview *preview, const Finding *finding)
{
    const PreviewLine *heading = g_ptr_array_index(preview->lines, newest_target(preview)->first);
    IdSet *changes = hwloc_bitmap_alloc();

    for (IDSET_EACH(i, heading->changes)) {
        const Change *change = g_ptr_array_index(preview->plan->changes, i);
        for (char **key = finding->keys; *key; key++)
            if (g_str_has_suffix(*key, "*") ? strncmp(*key, change->key->key, strlen(*key) - 1) == 0
                                            : g_str_equal(*key, change->key->key))
                hwloc_bitmap_set(changes, i);
    }
    return changes;
}

static void add_offer(Preview *preview, const char *target, const Finding *finding)
{
    PreviewOffer *offer = g_new(PreviewOffer, 1);

    offer->reason = g_strdup(finding->reason);
    offer->target = g_strdup(finding->target ? finding->target : target);
    offer->key = g_strdup(finding->key);
    offer->value = g_strdup(finding->value);
    g_ptr_array_add(preview->offers, offer);
    preview_say(preview, PART_FINDINGS, LINE_OFFER, "%s=%s first: %s", offer->key, offer->value,
        offer->reason)
        ->offer = offer;
}

/* Whether all of @changes only put back what was there before kvmtune changed it. */
static gboolean only_undo(const Preview *preview, const IdSet *changes)
{
    for (IDSET_EACH(i, changes))
        if (((const Change *)g_ptr_array_index(preview->plan->changes, i))->undoes == 0)
            return FALSE;
    return !hwloc_bitmap_iszero(changes);
}

/* What a rule speaks against is refused, but not the way back: what was there was taken once, and
 * libvirt and the kernel have the last word. */
void preview_findings(Preview *preview, const GPtrArray *findings)
{
    const PreviewTarget *target = newest_target(preview);
    gboolean host = g_str_equal(target->target, "host");

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        g_autofree char *key = text_escape(finding->keys[0], 100);
        g_autoptr(IdSet) changes = spoken_of(preview, finding);
        gboolean refused = finding->error && !only_undo(preview, changes);
        PreviewLine *line = preview_say(preview, PART_FINDINGS, refused ? LINE_ERROR : LINE_WARNING,
            "%s%s%s: %s", host ? "" : target->name, host ? "" : " ", key, finding->text);
        line->changes = g_steal_pointer(&changes);
        if (finding->key)
            add_offer(preview, target->target, finding);
    }
}

gboolean preview_accept(
    const PreviewOffer *offer, const Snapshot *snapshot, Plan *plan, GError **error)
{
    guint before = plan->changes->len;

    if (!plan_stage(plan, snapshot, offer->target, offer->key, offer->value, SCOPE_BOTH, error))
        return FALSE;
    if (plan->changes->len > before)
        plan_move(plan, before, 0);
    return TRUE;
}

char *preview_section_text(const Preview *preview, guint target)
{
    static const char *const marks[] = {
        [LINE_TARGET] = "== ",
        [LINE_HEAD] = "-- ",
        [LINE_HUNK] = "",
        [LINE_CONTEXT] = "",
        [LINE_REMOVED] = "",
        [LINE_ADDED] = "",
        [LINE_WRITE] = "",
        [LINE_NOW] = "# ",
        [LINE_LATER] = "# ",
        [LINE_WARNING] = "# warning: ",
        [LINE_ERROR] = "# error: ",
        [LINE_CALL] = "",
        [LINE_OFFER] = "# offer: ",
    };
    const PreviewTarget *section = g_ptr_array_index(preview->targets, target);
    GString *out = g_string_new(NULL);

    for (guint i = section->first; i < section->end; i++) {
        const PreviewLine *line = g_ptr_array_index(preview->lines, i);
        if (line->part != PART_COMMAND)
            g_string_append_printf(out, "%s%s\n", marks[line->kind], line->text);
    }
    return g_string_free(out, FALSE);
}

char *preview_text(const Preview *preview)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < preview->targets->len; i++) {
        g_autofree char *section = preview_section_text(preview, i);
        g_string_append(out, section);
    }
    return g_string_free(out, FALSE);
}
