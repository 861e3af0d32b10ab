/* What a domain's backing needs: pages by size, guest cell and node, its memory devices' with them.
 */
#include "core/virt/demand.h"

#include "core/util/text.h"

#include <string.h>

#define PAGES_MAX G_GINT64_CONSTANT(1099511627776) /* of one cell: sums of them do not overflow */

static void need_clear(gpointer data)
{
    hwloc_bitmap_free(((PageNeed *)data)->nodes);
    hwloc_bitmap_free(((PageNeed *)data)->cage);
}

/* The size that @backing ("2M", "2M@0-1;1G@2") has for guest cell @cell: that of the <page> which
 * names the cell, else of the one which names none; 0 for ordinary pages. A guest without cells
 * (@cell -1) has the first. */
static guint64 size_for(const char *backing, int cell)
{
    g_auto(GStrv) parts = g_strsplit(backing, ";", -1);
    guint64 for_all = 0;

    for (guint i = 0; parts[i]; i++) {
        char *at = strchr(parts[i], '@');
        guint64 size;
        if (at)
            *at = '\0';
        if (!text_parse_size(parts[i], &size))
            continue;
        g_autoptr(IdSet) cells = at ? idset_parse(at + 1, NULL) : NULL;
        if (cell < 0 || idset_has(cells, cell))
            return size;
        if (at == NULL && for_all == 0)
            for_all = size;
    }
    return for_all;
}

/* Strict and restrictive bind; preferred and interleave take pages from elsewhere too. */
static IdSet *bound_to(const char *mode, const IdSet *nodeset)
{
    gboolean binds = mode && (g_str_equal(mode, "strict") || g_str_equal(mode, "restrictive"));

    return binds ? idset_copy(nodeset) : NULL;
}

/* Whether memory of @cell (NULL: all of it) is bound to nodes that numad chooses. */
static gboolean is_numads(const DomainConfig *config, const GuestCell *cell)
{
    g_autoptr(IdSet) some = hwloc_bitmap_alloc();

    if (!config->numad || (cell && cell->nodeset))
        return FALSE;
    g_autoptr(IdSet) bound = bound_to(config->numatune_mode, some);
    return bound != NULL;
}

/* Adds what @memory takes in pages of @size_kib, on @nodes or else where numatune has @cell. */
static void add_need(GArray *needs, const DomainConfig *config, guint64 size_kib, Num memory,
    const GuestCell *cell, const IdSet *nodes)
{
    PageNeed need = {.size_kib = size_kib, .pages = -1, .cell = cell ? cell->id : -1};

    /* QEMU rounds the memory up to whole pages. */
    if (memory.known && memory.value >= 0 && size_kib)
        need.pages = MIN(
            memory.value / (gint64)size_kib + (memory.value % (gint64)size_kib != 0), PAGES_MAX);
    need.numad = nodes == NULL && is_numads(config, cell);
    need.nodes = nodes ? idset_copy(nodes)
                 : cell && cell->nodeset
                     ? bound_to(cell->mode ? cell->mode : "strict", cell->nodeset)
                     : bound_to(config->numatune_mode, config->numatune_nodeset);
    need.cage = bound_to(config->numatune_mode, config->numatune_nodeset);
    g_array_append_val(needs, need);
}

/* A host's page sizes, as a backing names them. */
typedef struct {
    const char *text; /* the backing */
    gboolean is_default;
    guint64 standard, base; /* in KiB; the default size may be 0: not known */
} Backing;

/* The size for guest cell @cell; 0 with @is_default: not known, else ordinary pages. */
static guint64 backing_size(const Backing *backing, int cell)
{
    return backing->is_default ? backing->standard : size_for(backing->text, cell);
}

static void add_part(GArray *needs, const DomainConfig *config, const Backing *backing,
    guint64 size, Num memory, const GuestCell *cell, const IdSet *nodes)
{
    /* A <page> of the base size is ordinary memory. */
    if (size != backing->base && (size || backing->is_default))
        add_need(needs, config, size, memory, cell, nodes);
}

static const GuestCell *find_cell(const DomainConfig *config, int id)
{
    for (guint i = 0; i < config->cells->len; i++)
        if (g_array_index(config->cells, GuestCell, i).id == id)
            return &g_array_index(config->cells, GuestCell, i);
    return NULL;
}

/* Its own page size holds, whatever the guest's other memory is made of; and it is bound to its
 * own nodes whatever numatune's mode is. Returns what is in it: <memory> counts that too. */
static Num add_device(
    GArray *needs, const DomainConfig *config, const Backing *backing, const MemoryDevice *device)
{
    const GuestCell *cell = find_cell(config, device->cell);
    Backing own = {.is_default = FALSE, .base = backing->base};

    if (device->page_kib)
        add_part(needs, config, &own, device->page_kib, device->size_kib, cell, device->nodes);
    else if (backing->text)
        add_part(needs, config, backing, backing_size(backing, cell ? cell->id : -1),
            device->size_kib, cell, device->nodes);
    return device->size_kib;
}

GArray *demand_needs(const DomainConfig *config, const char *backing, const Host *host)
{
    GArray *needs = g_array_new(FALSE, TRUE, sizeof(PageNeed));
    const char *text = backing ? backing : config->hugepages;
    Num standard = host ? kernel_file_number(host->meminfo, "Hugepagesize") : NUM_UNKNOWN;
    Backing all = {.text = text,
        .is_default = g_strcmp0(text, "default") == 0,
        .standard = (guint64)MAX(num_or(standard, 0), 0),
        .base = host ? host->page_kib : 4};
    Num rest = config->memory_kib;

    g_array_set_clear_func(needs, need_clear);
    if (text == NULL || *text == '\0' || g_str_equal(text, "off"))
        all = (Backing){.base = all.base};
    for (guint i = 0; all.text && i < config->cells->len; i++) {
        const GuestCell *cell = &g_array_index(config->cells, GuestCell, i);
        add_part(needs, config, &all, backing_size(&all, cell->id), cell->memory_kib, cell, NULL);
    }
    for (guint i = 0; i < config->devices->len; i++) {
        Num size =
            add_device(needs, config, &all, &g_array_index(config->devices, MemoryDevice, i));
        rest = rest.known && size.known ? NUM(MAX(rest.value - size.value, 0)) : NUM_UNKNOWN;
    }
    if (all.text && config->cells->len == 0)
        add_part(needs, config, &all, backing_size(&all, -1), rest, NULL, NULL);
    return needs;
}

gint64 demand_pages(const GArray *needs, guint64 size_kib)
{
    gint64 sum = 0;

    for (guint i = 0; i < needs->len; i++) {
        const PageNeed *need = &g_array_index(needs, PageNeed, i);
        if (need->size_kib == size_kib && need->pages > 0 &&
            __builtin_add_overflow(sum, need->pages, &sum))
            return G_MAXINT64;
    }
    return sum;
}
