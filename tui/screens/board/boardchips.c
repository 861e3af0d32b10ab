/* The chips of the board: made from a Snapshot and what is staged. */
#include "tui/screens/board/boardchips.h"

#include <string.h>

#define CHIP_STYLES (STYLE_CHIP_LAST - STYLE_CHIP_FIRST + 1)
#define CHIPS_MAX   65536 /* no host has more threads of guests; what is beyond is not drawn */

static void chip_clear(gpointer data)
{
    Chip *chip = data;

    hwloc_bitmap_free(chip->asked);
    hwloc_bitmap_free(chip->real);
    hwloc_bitmap_free(chip->cpuset);
}

/* ---- letters ---- */

static gboolean letters_are_free(const Chips *chips, const char *letters)
{
    GHashTableIter iter;
    gpointer taken = NULL;

    g_hash_table_iter_init(&iter, chips->marks);
    while (g_hash_table_iter_next(&iter, NULL, &taken))
        if (strcmp(((const ChipMark *)taken)->letters, letters) == 0)
            return FALSE;
    return TRUE;
}

/* Letters no other domain has: a letter of its name, else any, else two. No digit follows a number
 * then, and "e" and "i" are left to emulators and I/O threads where another letter is free. */
static char *choose_letters(const Chips *chips, const char *name)
{
    static const char any[] = "abcdfghjklmnopqrstuvwxyzABCDFGHJKLMNOPQRSTUVWXYZeiEI";
    char one[] = "?", two[] = "??";

    for (const char *p = name; *p != '\0'; p++) {
        one[0] = g_ascii_tolower(*p);
        if (g_ascii_isalpha(*p) && one[0] != 'e' && one[0] != 'i' && letters_are_free(chips, one))
            return g_strdup(one);
    }
    for (const char *p = any; *p != '\0'; p++) {
        one[0] = *p;
        if (letters_are_free(chips, one))
            return g_strdup(one);
    }
    for (const char *p = any; *p != '\0'; p++)
        for (const char *q = any; *q != '\0'; q++) {
            two[0] = *p;
            two[1] = *q;
            if (letters_are_free(chips, two))
                return g_strdup(two);
        }
    return g_strdup("?");
}

static const ChipMark *mark_of(Chips *chips, const Domain *domain)
{
    ChipMark *mark = g_hash_table_lookup(chips->marks, domain->uuid);

    if (mark == NULL) {
        g_autofree char *letters = choose_letters(chips, domain->name);
        mark = g_new0(ChipMark, 1);
        g_strlcpy(mark->letters, letters, sizeof mark->letters);
        mark->style =
            (Style)(STYLE_CHIP_FIRST + (int)(g_hash_table_size(chips->marks) % CHIP_STYLES));
        g_hash_table_insert(chips->marks, g_strdup(domain->uuid), mark);
    }
    return mark;
}

/* ---- making them ---- */

/* Takes over @now, what the domain's XML asks for (NULL: anywhere). */
static void add_chip(Chips *chips, ChipKind kind, guint n, IdSet *now, const IdSet *fallback)
{
    ChipDomain *domain = &g_array_index(chips->domains, ChipDomain, chips->domains->len - 1);
    Chip chip = {.kind = kind, .n = n, .domain = chips->domains->len - 1, .last_cpu = -1};
    const ThreadUsage *thread = NULL;

    if (chips->chips->len >= CHIPS_MAX) {
        hwloc_bitmap_free(now);
        return;
    }
    if (kind == CHIP_EMULATOR)
        g_snprintf(chip.key, sizeof chip.key, "emulatorpin");
    else
        g_snprintf(
            chip.key, sizeof chip.key, kind == CHIP_VCPU ? "vcpupin.%u" : "iothreadpin.%u", n);
    if (kind == CHIP_EMULATOR)
        g_snprintf(chip.label, sizeof chip.label, "%se", domain->mark->letters);
    else
        g_snprintf(chip.label, sizeof chip.label, kind == CHIP_VCPU ? "%s%u" : "%si%u",
            domain->mark->letters, n);
    if (domain->usage != NULL)
        thread = kind == CHIP_IOTHREAD
                     ? domain_usage_iothread(domain->usage, (int)n)
                     : domain_usage_vcpu(domain->usage, kind == CHIP_VCPU ? (int)n : -1);
    if (thread != NULL) {
        const Topology *topology = chips->snapshot->host ? chips->snapshot->host->topology : NULL;
        chip.real = idset_copy(thread->affinity);
        chip.last_cpu = thread->last_cpu;
        chip.load = thread->load;
        chip.wait = thread->wait;
        chip.cpuset = idset_copy(thread->cpuset);
        chip.strays = domain_affinity_strays(now, chip.real, topology);
    }
    const char *staged = plan_value(chips->plan, domain->domain->uuid, chip.key);
    chip.staged = staged != NULL;
    if (chips->proposed != NULL) {
        const char *ghost = plan_value(chips->proposed, domain->domain->uuid, chip.key);
        chip.ghost = g_strcmp0(ghost, staged) != 0;
        staged = ghost;
    }
    chip.asked = now;
    if (staged != NULL) {
        hwloc_bitmap_free(now);
        chip.asked = *staged ? idset_parse(staged, NULL) : idset_copy(fallback);
    }
    chips->label_width = MAX(chips->label_width, (guint)strlen(chip.label));
    domain->count++;
    g_array_append_val(chips->chips, chip);
}

/* @iothreads of @config: those pinned, and the numbers from 1 on for the rest. */
static void add_iothreads(Chips *chips, const DomainConfig *config)
{
    for (guint n = 1; n <= config->iothreads; n++) {
        const IdSet *pin = g_hash_table_lookup(config->iothreadpin, GUINT_TO_POINTER(n));
        const IdSet *asked = pin != NULL ? pin : config->vcpu_cpuset;
        add_chip(chips, CHIP_IOTHREAD, n, idset_copy(asked), config->vcpu_cpuset);
    }
}

static void add_domain(Chips *chips, const DomainView *view)
{
    const DomainConfig *config = domain_now(view->domain);
    ChipDomain domain = {.domain = view->domain,
        .usage = view->usage,
        .mark = mark_of(chips, view->domain),
        .first = chips->chips->len};

    g_array_append_val(chips->domains, domain);
    if (config == NULL)
        return;
    for (guint n = 0; n < config->vcpus_current; n++)
        add_chip(
            chips, CHIP_VCPU, n, idset_copy(domain_config_asked(config, n)), config->vcpu_cpuset);
    add_iothreads(chips, config);
    const IdSet *emulator = config->emulatorpin != NULL ? config->emulatorpin : config->vcpu_cpuset;
    add_chip(chips, CHIP_EMULATOR, 0, idset_copy(emulator), config->vcpu_cpuset);
}

void chips_update(Chips *chips, Snapshot *snapshot, const Plan *plan, const Plan *proposed)
{
    if (chips->marks == NULL) {
        chips->marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        chips->domains = g_array_new(FALSE, FALSE, sizeof(ChipDomain));
        chips->chips = g_array_new(FALSE, FALSE, sizeof(Chip));
        g_array_set_clear_func(chips->chips, chip_clear);
    }
    Snapshot *before = chips->snapshot;
    chips->snapshot = snapshot_ref(snapshot);
    snapshot_unref(before);
    g_array_set_size(chips->domains, 0);
    g_array_set_size(chips->chips, 0);
    chips->label_width = 2;
    chips->plan = plan;
    chips->proposed = proposed;
    for (guint i = 0; snapshot->domains != NULL && i < snapshot->domains->len; i++)
        add_domain(chips, snapshot->domains->pdata[i]);
    chips->plan = chips->proposed = NULL;
}

void chips_clear(Chips *chips)
{
    g_clear_pointer(&chips->chips, g_array_unref);
    g_clear_pointer(&chips->domains, g_array_unref);
    g_clear_pointer(&chips->marks, g_hash_table_unref);
    g_clear_pointer(&chips->snapshot, snapshot_unref);
}

int chips_find_domain(const Chips *chips, const char *uuid)
{
    for (guint i = 0; chips->domains != NULL && i < chips->domains->len; i++)
        if (strcmp(chips_domain(chips, i)->domain->uuid, uuid) == 0)
            return (int)i;
    return -1;
}

int chips_find(const Chips *chips, const char *uuid, const char *key)
{
    int index = chips_find_domain(chips, uuid);

    if (index < 0)
        return -1;
    const ChipDomain *domain = chips_domain(chips, (guint)index);
    for (guint i = domain->first; i < domain->first + domain->count; i++)
        if (strcmp(chips_at(chips, i)->key, key) == 0)
            return (int)i;
    return -1;
}

/* ---- where they stand ---- */

static void put_at(ChipPlaces *places, const Map *map, const MapItem *item, guint chip)
{
    guint index = (guint)(item - (const MapItem *)(gpointer)map->items->data);

    if (places->at->pdata[index] == NULL)
        places->at->pdata[index] = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_val((GArray *)places->at->pdata[index], chip);
}

/* The CPUs of @asked that count for where it stands: those online, where there are any. */
static IdSet *standing_set(const Chip *chip, const Topology *topology)
{
    IdSet *set = idset_copy(chip->asked);

    if (hwloc_bitmap_intersects(set, topology->online))
        hwloc_bitmap_and(set, set, topology->online);
    return set;
}

static void place_chip(ChipPlaces *places, const Chips *chips, const Map *map, guint index)
{
    const Chip *chip = chips_at(chips, index);

    if (chip->asked == NULL || hwloc_bitmap_isincluded(map->topology->online, chip->asked)) {
        g_array_append_val(places->tray, index);
        return;
    }
    g_autoptr(IdSet) set = standing_set(chip, map->topology);
    const MapItem *part = map_cell_of(map, hwloc_bitmap_first(set));
    while (part != NULL && !hwloc_bitmap_isincluded(set, part->cpus))
        part = map_parent(map, part);
    if (part != NULL && part->level == LEVEL_CORE && !part->cell) {
        for (IDSET_EACH(id, set))
            put_at(places, map, map_cell_of(map, id), index);
        return;
    }
    while (part != NULL && part->strip_width == 0)
        part = map_parent(map, part);
    if (part != NULL)
        put_at(places, map, part, index);
    else
        g_array_append_val(places->tray, index);
}

static void free_array(gpointer array)
{
    if (array != NULL)
        g_array_unref(array);
}

void chip_places_make(ChipPlaces *places, const Chips *chips, const Map *map)
{
    chip_places_clear(places);
    places->at = g_ptr_array_new_with_free_func(free_array);
    g_ptr_array_set_size(places->at, (int)map->items->len);
    places->tray = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < chips->chips->len; i++)
        place_chip(places, chips, map, i);
}

void chip_places_clear(ChipPlaces *places)
{
    g_clear_pointer(&places->at, g_ptr_array_unref);
    g_clear_pointer(&places->tray, g_array_unref);
}

const GArray *chip_places_at(const ChipPlaces *places, const Map *map, const MapItem *item)
{
    guint index = (guint)(item - (const MapItem *)(gpointer)map->items->data);

    return places->at != NULL && index < places->at->len ? places->at->pdata[index] : NULL;
}
