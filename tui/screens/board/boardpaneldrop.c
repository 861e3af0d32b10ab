/* The board's side panel: a drop to come. */
#include "tui/screens/board/boardpanel.h"

#include "tui/widgets/cell.h"

#include <string.h>

#define SINGLY 3 /* vCPUs of a domain that are told one by one, more of them together */

static const DropChange *change_at(const Drop *drop, guint i)
{
    return drop->changes->pdata[i];
}

/* The vCPU that change @i pins, NULL where it does something else. */
static const Chip *pinned_vcpu(const BoardState *state, const Drop *drop, guint i)
{
    const DropChange *change = change_at(drop, i);
    int index = chips_find(&state->chips, change->uuid, change->key);
    const Chip *chip = index >= 0 ? chips_at(&state->chips, (guint)index) : NULL;

    return chip != NULL && chip->kind == CHIP_VCPU ? chip : NULL;
}

/* "0-7 → 8-11,40-43, one each": the @count vCPUs from change @from on, together. */
static void add_vcpus_together(
    GArray *lines, const BoardState *state, const Drop *drop, guint from, guint count)
{
    g_autoptr(IdSet) before = hwloc_bitmap_alloc();
    g_autoptr(IdSet) after = hwloc_bitmap_alloc();
    const Chip *first = pinned_vcpu(state, drop, from);
    gboolean anywhere = FALSE, unpinned = FALSE;

    for (guint i = from; i < from + count; i++) {
        const Chip *chip = pinned_vcpu(state, drop, i);
        const char *value = change_at(drop, i)->value;
        g_autoptr(IdSet) set = *value ? idset_parse(value, NULL) : NULL;
        anywhere |= chip->asked == NULL;
        unpinned |= set == NULL;
        if (chip->asked != NULL)
            hwloc_bitmap_or(before, before, chip->asked);
        if (set != NULL)
            hwloc_bitmap_or(after, after, set);
    }
    g_autofree char *was = anywhere ? g_strdup("anywhere") : idset_format(before);
    g_autofree char *is = unpinned ? g_strdup("anywhere") : idset_format(after);
    gboolean each = !unpinned && idset_count(after) == count;
    panel_add(lines, "vCPUs", STYLE_TEXT,
        g_strdup_printf("%s×%u  %s → %s%s",
            chips_domain(&state->chips, first->domain)->mark->letters, count, was, is,
            each ? ", one each" : ""));
}

/* The change @from, or with it those of the same domain's vCPUs that follow; returns how many. */
static guint add_changes(GArray *lines, const BoardState *state, const Drop *drop, guint from)
{
    const DropChange *change = change_at(drop, from);
    int chip = chips_find(&state->chips, change->uuid, change->key);
    guint count = 0;

    while (from + count < drop->changes->len && pinned_vcpu(state, drop, from + count) != NULL &&
           strcmp(change_at(drop, from + count)->uuid, change->uuid) == 0)
        count++;
    if (count > SINGLY) {
        add_vcpus_together(lines, state, drop, from, count);
        return count;
    }
    if (chip < 0) { /* a whole domain's memory */
        panel_add(lines, "and", STYLE_TEXT, g_strdup_printf("%s = %s", change->key, change->value));
        return 1;
    }
    const Chip *moved = chips_at(&state->chips, (guint)chip);
    g_autofree char *before = cell_set(moved->asked, "anywhere");
    panel_add(lines, moved->label, STYLE_TEXT,
        g_strdup_printf("%s → %s", before, *change->value ? change->value : "anywhere"));
    return 1;
}

static void add_warnings(GArray *lines, const Drop *drop)
{
    for (guint i = 0; i < drop->warnings->len; i++)
        panel_add(lines, "!", STYLE_WARN, g_strdup(drop->warnings->pdata[i]));
}

void panel_add_drop(GArray *lines, const BoardState *state, const Drop *drop)
{
    const MapItem *part = board_part(state);
    g_autofree char *what = carry_text(&state->carry);
    g_autofree char *where =
        part != NULL ? board_part_title(part, state->map.topology) : g_strdup("unpinned");

    panel_add(lines, NULL, STYLE_STAGED,
        g_strdup_printf("%s %s %s", what, board_adds(state) ? "+" : "→", where));
    if (drop->refusal != NULL)
        panel_add(lines, NULL, STYLE_BAD, g_strdup(drop->refusal));
    /* Where there is room for all of it, what is there for every target stands still. */
    gboolean beside = panel_is_beside(state);
    if (!beside)
        add_warnings(lines, drop);
    for (guint i = 0; drop->refusal == NULL && i < drop->changes->len;)
        i += add_changes(lines, state, drop, i);
    if (beside)
        add_warnings(lines, drop);
}
