/* Moving the pages of a running process to other nodes (move_pages(2), migrate_pages(2), numa(3)).
 *
 * The kernel gives up a call at the first pages that it cannot move, and says of the others neither
 * that they were moved nor why not; so after each call it is asked where the pages are, and those
 * that are not there yet are tried one by one. Pages that move_pages(2) does not show although they
 * are there go last, a node at a time. */
#include "core/virt/pagemove.h"

#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/pages.h"

#include <errno.h>
#include <limits.h>
#include <numaif.h>
#include <string.h>

#define PORTION_KIB   4096 /* tried between two looks at the wish: a page fault waits no longer */
#define PORTION_BYTES (PORTION_KIB * G_GUINT64_CONSTANT(1024))
#define PORTION_MAX   1024    /* pages of a portion */
#define UNTOLD        INT_MIN /* a status that the kernel left alone */

static const PageCalls kernel_calls = {move_pages, migrate_pages};

/* A mapping with pages to move. */
typedef struct {
    guint64 start, end;
    guint64 page_kib;
    gboolean shared; /* mapped MAP_SHARED: another process that has it serves this guest */
    gboolean huge;
} Mapping;

typedef struct {
    PageMove *move;
    const char *root;
    int pid;
    const PageCalls *calls;
    GArray *mappings; /* Mapping */
    GArray *memory;   /* NodeKib: where its pages are */
    GArray *excess;   /* page_shares_excess() */
    int nodes;        /* beyond the highest number of a node in it */
    GHashTable *full; /* size of a page in KiB → IdSet: nodes without room for more of them */
    gboolean refused; /* its cpuset does not let move_pages() */
    gboolean ended;
} Mover;

/* ---- what there is to move ---- */

/* Adds the pages by node of a line of numa_maps, "… N0=5 N1=7 kernelpagesize_kB=4". Returns the
 * size of its pages, 0 where it has none of its own. */
static guint64 read_pages(const char *line, GArray *memory)
{
    const char *size = strstr(line, " kernelpagesize_kB=");
    guint64 page_kib = size ? g_ascii_strtoull(strchr(size, '=') + 1, NULL, 10) : 0;
    gboolean any = FALSE;

    if (!strstr(line, " anon=") && !strstr(line, " dirty=") && !strstr(line, " huge "))
        return 0;
    for (const char *p = page_kib ? strstr(line, " N") : NULL; p; p = strstr(p + 1, " N")) {
        char *equals;
        guint64 node = g_ascii_strtoull(p + 2, &equals, 10);
        if (equals == p + 2 || *equals != '=' || node >= IDSET_MAX)
            continue;
        guint64 pages = g_ascii_strtoull(equals + 1, NULL, 10);
        node_kib_add(memory, (int)node, MIN(pages, NODE_KIB_MAX / page_kib) * page_kib);
        any = TRUE;
    }
    return any ? page_kib : 0;
}

/* The lines of maps by where their mapping begins: "7f00-7f80 rw-p 00000000 00:00 0". */
static GHashTable *read_maps(const Mover *mover)
{
    GHashTable *maps = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autofree char *path = g_strdup_printf("%s/proc/%d/maps", mover->root, mover->pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return maps;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        char *dash;
        Mapping mapping = {.start = g_ascii_strtoull(lines[i], &dash, 16)};
        char *blank;
        mapping.end = *dash == '-' ? g_ascii_strtoull(dash + 1, &blank, 16) : 0;
        if (mapping.end <= mapping.start || strlen(blank) < 5)
            continue;
        mapping.shared = blank[4] == 's';
        gint64 *key = g_new(gint64, 1);
        *key = (gint64)mapping.start;
        g_hash_table_insert(maps, key, g_memdup2(&mapping, sizeof mapping));
    }
    return maps;
}

/* Fills mappings and memory. FALSE: the process has ended, or may not be looked into. */
static gboolean look(Mover *mover)
{
    g_autoptr(GHashTable) maps = read_maps(mover);
    g_autofree char *path = g_strdup_printf("%s/proc/%d/numa_maps", mover->root, mover->pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) || *text == '\0')
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        gint64 start = (gint64)g_ascii_strtoull(lines[i], NULL, 16);
        guint64 page_kib = read_pages(lines[i], mover->memory);
        const Mapping *known = page_kib ? g_hash_table_lookup(maps, &start) : NULL;
        if (known == NULL)
            continue;
        Mapping mapping = *known;
        mapping.page_kib = page_kib;
        mapping.huge = strstr(lines[i], " huge ") != NULL;
        g_array_append_val(mover->mappings, mapping);
    }
    return TRUE;
}

/* The same, and what is where it should not be. */
static gboolean look_anew(Mover *mover, const PageShares *shares)
{
    g_array_set_size(mover->memory, 0);
    g_array_set_size(mover->mappings, 0);
    if (!look(mover))
        return FALSE;
    g_clear_pointer(&mover->excess, g_array_unref);
    mover->excess = page_shares_excess(shares, mover->memory);
    for (int node = 0; node < IDSET_MAX; node++)
        if (g_array_index(mover->excess, gint64, node) != 0)
            mover->nodes = MAX(mover->nodes, node + 1);
    return TRUE;
}

/* ---- moving ---- */

static void count(Mover *mover, guint64 *what, guint64 kib)
{
    g_mutex_lock(&mover->move->lock);
    *what += kib;
    g_mutex_unlock(&mover->move->lock);
}

static void stays(Mover *mover, const Mapping *mapping, StayReason reason)
{
    MoveResult *result = &mover->move->result;

    count(mover, &result->stayed[reason], mapping->page_kib);
    if (mapping->huge)
        count(mover, &result->stayed_huge, mapping->page_kib);
}

static void set_call(Mover *mover, MoveCall call)
{
    g_mutex_lock(&mover->move->lock);
    mover->move->result.call = call;
    g_mutex_unlock(&mover->move->lock);
}

static gboolean may_go_on(const Mover *mover)
{
    return page_move_goes_on(mover->move);
}

static IdSet *full_for(const Mover *mover, const Mapping *mapping)
{
    gpointer size = GUINT_TO_POINTER((guint)mapping->page_kib);
    IdSet *full = g_hash_table_lookup(mover->full, size);

    if (full == NULL) {
        full = hwloc_bitmap_alloc();
        g_hash_table_insert(mover->full, size, full);
    }
    return full;
}

/* The node with most room left that is not among @full. */
static int best_target(const Mover *mover, const IdSet *full)
{
    int best = -1;

    for (int node = 0; node < mover->nodes; node++)
        if (hwloc_bitmap_isset(full, (unsigned)node))
            continue;
        else if (best < 0 || g_array_index(mover->excess, gint64, node) <
                                 g_array_index(mover->excess, gint64, best))
            best = node;
    return best;
}

/* One call; what it says of the whole. FALSE: it cannot go on, and says so in @mover. */
static gboolean call(Mover *mover, const Mapping *mapping, guint count, void **pages,
    const int *nodes, int *status, int *problem)
{
    int flags = nodes == NULL ? 0 : mapping->shared ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
    long result = mover->calls->move_pages(mover->pid, count, pages, nodes, status, flags);

    *problem = result < 0 ? errno : 0;
    mover->ended = mover->ended || *problem == ESRCH;
    mover->refused = mover->refused || *problem == EACCES || *problem == EPERM;
    return !mover->ended && !mover->refused;
}

static StayReason reason_of(int status, int problem)
{
    if (problem == ENOMEM || status == -ENOMEM)
        return STAYS_ROOM;
    return status == -EACCES ? STAYS_SHARED : STAYS_BUSY;
}

/* One portion's pages that are to go: addresses, where they are and where they shall be. */
typedef struct {
    void *pages[PORTION_MAX];
    int from[PORTION_MAX], to[PORTION_MAX], status[PORTION_MAX], now[PORTION_MAX];
    guint count;
} Portion;

/* Keeps of @portion, whose status says where the pages are, those on a node that has too many. */
static void choose(Mover *mover, const Mapping *mapping, Portion *portion)
{
    const IdSet *full = full_for(mover, mapping);
    guint chosen = 0;

    for (guint i = 0; i < portion->count; i++) {
        int node = portion->status[i];
        if (node < 0 || node >= IDSET_MAX || g_array_index(mover->excess, gint64, node) <= 0)
            continue;
        int target = best_target(mover, full);
        gboolean wanted = target >= 0 && g_array_index(mover->excess, gint64, target) < 0;
        if (!wanted && hwloc_bitmap_iszero(full))
            break;
        g_array_index(mover->excess, gint64, node) -= (gint64)mapping->page_kib;
        if (!wanted) { /* those that want it are full: it is not tried */
            stays(mover, mapping, STAYS_ROOM);
            continue;
        }
        g_array_index(mover->excess, gint64, target) += (gint64)mapping->page_kib;
        portion->pages[chosen] = portion->pages[i];
        portion->from[chosen] = node;
        portion->to[chosen++] = target;
    }
    portion->count = chosen;
}

/* Moves the chosen pages of @portion, and those that did not go along once more one by one. */
static gboolean move_portion(Mover *mover, const Mapping *mapping, Portion *portion)
{
    IdSet *full = full_for(mover, mapping);
    int problem, single;

    for (guint i = 0; i < portion->count; i++)
        portion->status[i] = UNTOLD;
    if (!call(mover, mapping, portion->count, portion->pages, portion->to, portion->status,
            &problem) ||
        !call(mover, mapping, portion->count, portion->pages, NULL, portion->now, &single))
        return FALSE;
    for (guint i = 0; i < portion->count; i++) {
        int status = portion->status[i];
        /* Not told, or refused as one of a huge page that was on its way already. */
        gboolean no_room = hwloc_bitmap_isset(full, (unsigned)portion->to[i]);
        if (portion->now[i] == portion->from[i] && no_room) {
            problem = ENOMEM;
        } else if (portion->now[i] == portion->from[i]) {
            status = UNTOLD;
            if (!call(mover, mapping, 1, &portion->pages[i], &portion->to[i], &status, &problem) ||
                !call(mover, mapping, 1, &portion->pages[i], NULL, &portion->now[i], &single))
                return FALSE;
        }
        if (portion->now[i] == portion->from[i] && reason_of(status, problem) == STAYS_ROOM)
            hwloc_bitmap_set(full, (unsigned)portion->to[i]);
        if (portion->now[i] == portion->from[i])
            stays(mover, mapping, reason_of(status, problem));
        else
            count(mover, &mover->move->result.moved, mapping->page_kib);
    }
    return TRUE;
}

/* TRUE: all of it was tried. */
static gboolean move_mapping(Mover *mover, const Mapping *mapping, Portion *portion)
{
    guint64 step = mapping->page_kib * 1024;
    int problem;

    for (guint64 at = mapping->start; at < mapping->end;) {
        if (!may_go_on(mover))
            return FALSE;
        /* To the next multiple of a portion: a transparent huge page, which moves whole, is in one.
         */
        guint64 end = MIN((at / PORTION_BYTES + 1) * PORTION_BYTES, mapping->end);
        for (portion->count = 0; portion->count == 0 || (at < end && portion->count < PORTION_MAX);
             at += step)
            portion->pages[portion->count++] = (void *)(guintptr)at;
        if (!call(mover, mapping, portion->count, portion->pages, NULL, portion->status, &problem))
            return FALSE;
        choose(mover, mapping, portion);
        if (portion->count > 0 && !move_portion(mover, mapping, portion))
            return FALSE;
    }
    return TRUE;
}

static gboolean move_mappings(Mover *mover)
{
    g_autofree Portion *portion = g_new0(Portion, 1);

    for (guint i = 0; i < mover->mappings->len; i++)
        if (!move_mapping(mover, &g_array_index(mover->mappings, Mapping, i), portion))
            return FALSE;
    return TRUE;
}

/* The pages of @node, which is to have none, to where there is room for them. 0, or errno. */
static int migrate_node(Mover *mover, const PageShares *shares, guint node)
{
    enum { BITS = sizeof(unsigned long) * CHAR_BIT };
    unsigned long from[IDSET_MAX / BITS + 1] = {0}, to[IDSET_MAX / BITS + 1] = {0};
    gint64 before = g_array_index(mover->excess, gint64, node);

    for (guint n = 0; n < IDSET_MAX; n++)
        if (g_array_index(mover->excess, gint64, n) < 0)
            to[n / BITS] |= 1ul << (n % BITS);
    from[node / BITS] = 1ul << (node % BITS);
    set_call(mover, MOVES_NODE);
    int problem = mover->calls->migrate_pages(mover->pid, IDSET_MAX, from, to) < 0 ? errno : 0;
    set_call(mover, MOVES_PORTIONS);
    if (problem)
        return problem;
    /* What came of it is told by where the pages are now. */
    if (!look_anew(mover, shares))
        return ESRCH;
    gint64 left = CLAMP(g_array_index(mover->excess, gint64, node), 0, before);
    count(mover, &mover->move->result.moved, (guint64)(before - left));
    if (mover->refused) /* else those that stay were told one by one */
        count(mover, &mover->move->result.stayed[STAYS_BUSY], (guint64)left);
    return 0;
}

/* A node at a time by migrate_pages(), which root may use beyond the process's cpuset. It moves all
 * of a node, and says how many pages stay, not why. 0, or errno. */
static int migrate(Mover *mover, const PageShares *shares)
{
    int problem = 0;

    for (guint node = 0; problem == 0 && node < IDSET_MAX; node++) {
        gint64 kib = g_array_index(mover->excess, gint64, node);
        gboolean part = node_kib_on(shares->parts, (int)node) > 0;
        if (kib > 0 && part && mover->refused)
            count(mover, &mover->move->result.stayed[STAYS_PART], (guint64)kib);
        if (kib <= 0 || part)
            continue;
        if (!may_go_on(mover))
            break;
        problem = migrate_node(mover, shares, node);
    }
    return problem;
}

static guint64 kib_told(const MoveResult *result)
{
    guint64 sum = result->moved;

    for (guint i = 0; i < STAYS_REASONS; i++)
        sum += result->stayed[i];
    return sum;
}

/* What numa_maps counts and move_pages() does not show. Those are pages that NUMA balancing has
 * marked, to see who uses them: Linux 6.1 takes them for pages that nobody may touch ("mm/gup:
 * reintroduce FOLL_NUMA as FOLL_HONOR_NUMA_FAULT", 6.6), migrate_pages() does not. 0, or errno. */
static int migrate_unseen(Mover *mover, const PageShares *shares)
{
    MoveResult *result = &mover->move->result;

    if (kib_told(result) >= result->total)
        return 0;
    if (!look_anew(mover, shares))
        return ESRCH;
    if (page_shares_to_move(mover->excess) <= kib_told(result) - result->moved)
        return 0;
    int problem = migrate(mover, shares);
    g_mutex_lock(&mover->move->lock);
    for (guint i = 0; i < STAYS_REASONS; i++) /* some that stayed went along now */
        result->stayed[i] -=
            MIN(result->stayed[i], kib_told(result) - MIN(kib_told(result), result->total));
    g_mutex_unlock(&mover->move->lock);
    return problem == ESRCH ? problem : 0; /* else it is not to be had here, and the rest is told */
}

static gboolean fail(const Mover *mover, int problem, GError **error)
{
    MoveResult result;

    page_move_look(mover->move, &result);
    g_autofree char *moved = text_size_kib(result.moved);
    if (mover->ended || problem == ESRCH)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "process %d ended while its pages were moved, after %s", mover->pid, moved);
    else
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the kernel does not move the pages of process %d: %s%s (%s are moved)", mover->pid,
            g_strerror(problem),
            problem == EPERM || problem == EACCES ? "; run kvmtune as root" : "", moved);
    return FALSE;
}

/* Calls @first and counts what it moved. */
static gboolean run_first(
    Mover *mover, const PageShares *shares, const MoveFirst *first, GError **error)
{
    guint64 before = page_shares_to_move(mover->excess);

    if (!move_first_run(mover->move, shares, first, error))
        return FALSE;
    if (!look_anew(mover, shares))
        return fail(mover, ESRCH, error);
    guint64 gone = before - MIN(page_shares_to_move(mover->excess), before);
    count(mover, &mover->move->result.at_once, gone);
    count(mover, &mover->move->result.moved, gone);
    return TRUE;
}

static gboolean run(Mover *mover, const PageShares *shares, const MoveFirst *first, GError **error)
{
    MoveResult *result = &mover->move->result;

    if (!look_anew(mover, shares)) {
        if (!g_file_test("/proc/self/numa_maps", G_FILE_TEST_EXISTS)) {
            g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
                "this kernel has no NUMA (no numa_maps): pages have no other node to go to");
            return FALSE;
        }
        return fail(mover, errno == EACCES ? EACCES : ESRCH, error);
    }
    count(mover, &result->total, page_shares_to_move(mover->excess));
    if (first && !run_first(mover, shares, first, error))
        return FALSE;
    if (page_shares_to_move(mover->excess) == 0)
        return TRUE;
    gboolean tried = move_mappings(mover);
    int problem = mover->ended ? ESRCH : 0;
    if (mover->refused)
        problem = look_anew(mover, shares) ? migrate(mover, shares) : ESRCH;
    else if (tried)
        problem = migrate_unseen(mover, shares);
    return problem == 0 || fail(mover, problem, error);
}

static void free_set(gpointer set)
{
    hwloc_bitmap_free(set);
}

gboolean page_move_run(PageMove *move, const char *root, int pid, const PageShares *shares,
    const PageCalls *calls, const MoveFirst *first, GError **error)
{
    Mover mover = {.move = move,
        .root = root,
        .pid = pid,
        .calls = calls ? calls : &kernel_calls,
        .mappings = g_array_new(FALSE, FALSE, sizeof(Mapping)),
        .memory = g_array_new(FALSE, FALSE, sizeof(NodeKib)),
        .full = g_hash_table_new_full(NULL, NULL, NULL, free_set)};

    page_move_begin(move, MOVE_PAGES, 0);
    gboolean moved = run(&mover, shares, first, error);
    page_move_end(move);
    g_hash_table_unref(mover.full);
    g_array_unref(mover.mappings);
    g_array_unref(mover.memory);
    g_clear_pointer(&mover.excess, g_array_unref);
    return moved;
}
