/* The demo's kernel memory: choice files, hugepage pools, KSM and the counters. */
#include "core/demo/demo-private.h"
#include "core/util/rootfile.h"

#include <string.h>

#define NODES "/sys/devices/system/node"
#define POOLS "/sys/kernel/mm/hugepages"
#define KSM   "/sys/kernel/mm/ksm"
#define THP   "/sys/kernel/mm/transparent_hugepage"
#define KSMD  "/proc/" DEMO_KSMD "/schedstat"

#define SCAN_NS 3000 /* what ksmd takes for a page: a checksum of it, and a walk down a tree */

/* What a node keeps back when a pool asks for its last free memory (its min watermark). */
#define NODE_RESERVE_KIB (96 * 1024)

/* ── files that are written with a word and read as a choice ── */

/* TRUE and the text with @word in brackets, where @word is one of @choices ("a [b] c"). */
static gboolean choose(const char *choices, const char *word, char **chosen)
{
    g_auto(GStrv) words = g_strsplit(choices, " ", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean found = FALSE;

    for (guint i = 0; words[i] != NULL; i++) {
        g_autofree char *plain = g_strdup(words[i] + (words[i][0] == '['));
        if (g_str_has_suffix(plain, "]"))
            plain[strlen(plain) - 1] = '\0';
        gboolean here = strcmp(plain, word) == 0;
        found |= here;
        g_string_append_printf(out, here ? "%s[%s]" : "%s%s", i ? " " : "", plain);
    }
    *chosen = found ? g_strdup(out->str) : NULL;
    return found;
}

static void settle_choice(DemoState *state, const char *path)
{
    g_autofree char *text = rootfile_read(state->root, path);
    g_autofree char *kept = g_key_file_get_string(state->keys, "kept", path, NULL);

    if (text == NULL || g_strcmp0(text, kept) == 0)
        return;
    if (kept != NULL) {
        g_autofree char *chosen = NULL;
        const char *answer = choose(kept, text, &chosen) ? chosen : kept;
        demo_putf(state->root, path, "%s\n", answer);
        g_key_file_set_string(state->keys, "kept", path, answer);
    } else {
        g_key_file_set_string(state->keys, "kept", path, text);
    }
}

static void settle_choices(DemoState *state)
{
    static const char *const files[] = {
        THP "/enabled", THP "/defrag", THP "/shmem_enabled", KSM "/advisor_mode"};
    g_autoptr(GPtrArray) sizes = rootfile_list(state->root, THP, "hugepages-");

    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        settle_choice(state, files[i]);
    for (guint i = 0; i < sizes->len; i++) {
        g_autofree char *enabled = g_strdup_printf(THP "/%s/enabled", (char *)sizes->pdata[i]);
        g_autofree char *shmem = g_strdup_printf(THP "/%s/shmem_enabled", (char *)sizes->pdata[i]);
        settle_choice(state, enabled);
        settle_choice(state, shmem);
    }
}

/* ── hugepage pools ── */

/* @text with @delta added to the number of its line "@name NUMBER", which keeps its width. Takes
 * @text (NULL stays NULL), returns the new text. */
static char *add_number(char *text, const char *name, gint64 delta)
{
    g_autofree char *needle = g_strconcat("\n", name, " ", NULL);
    char *line = NULL;

    if (text && delta != 0)
        line = g_str_has_prefix(text, needle + 1) ? text : strstr(text, needle);
    if (line == NULL)
        return text;
    char *blanks = line + strlen(needle) - (*line == '\n' ? 1 : 2);
    char *end = NULL;
    gint64 value = g_ascii_strtoll(blanks, &end, 10) + delta;
    char *out = g_strdup_printf("%.*s %*" G_GINT64_FORMAT "%s", (int)(blanks - text), text,
        (int)(end - blanks) - 1, value, end);
    g_free(text);
    return out;
}

/* The same in the file @path of the tree. */
static void add_line(DemoState *state, const char *path, const char *name, gint64 delta)
{
    char *text = rootfile_read(state->root, path);

    if (text == NULL || delta == 0) {
        g_free(text);
        return;
    }
    g_autofree char *changed = add_number(text, name, delta);
    demo_putf(state->root, path, "%s\n", changed);
}

static gint64 node_free_kib(DemoState *state, const char *node)
{
    g_autofree char *text = rootfile_readf(state->root, NODES "/%s/meminfo", node);
    const char *line = text ? strstr(text, " MemFree:") : NULL;

    return line ? g_ascii_strtoll(line + strlen(" MemFree:"), NULL, 10) : 0;
}

/* The change of a pool shows in its node's meminfo and in the host's. Only pools of the default
 * size have lines of their own there. */
static void account_pool(
    DemoState *state, const char *node, gint64 size_kib, gint64 pages, gint64 surplus)
{
    static const struct {
        const char *name;
        gboolean of_host;
        int pages, kib, surplus; /* what is added of each */
        gboolean default_size_only;
    } rows[] = {{"MemFree:", FALSE, 0, -1, 0, FALSE}, {"MemUsed:", FALSE, 0, 1, 0, FALSE},
        {"HugePages_Total:", FALSE, 1, 0, 0, TRUE}, {"HugePages_Free:", FALSE, 1, 0, 0, TRUE},
        {"HugePages_Surp:", FALSE, 0, 0, 1, TRUE}, {"MemFree:", TRUE, 0, -1, 0, FALSE},
        {"MemAvailable:", TRUE, 0, -1, 0, FALSE}, {"HugePages_Total:", TRUE, 1, 0, 0, TRUE},
        {"HugePages_Free:", TRUE, 1, 0, 0, TRUE}, {"HugePages_Surp:", TRUE, 0, 0, 1, TRUE},
        {"Hugetlb:", TRUE, 0, 1, 0, FALSE}};
    g_autofree char *node_path = g_strdup_printf(NODES "/%s/meminfo", node);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].default_size_only && size_kib != 2048)
            continue;
        g_autofree char *node_name = g_strdup_printf("Node %s %s", node + 4, rows[i].name);
        add_line(state, rows[i].of_host ? "/proc/meminfo" : node_path,
            rows[i].of_host ? rows[i].name : node_name,
            rows[i].pages * pages + rows[i].kib * pages * size_kib + rows[i].surplus * surplus);
    }
    static const struct {
        const char *file;
        gboolean surplus;
    } files[] = {{"nr_hugepages", FALSE}, {"nr_hugepages_mempolicy", FALSE},
        {"free_hugepages", FALSE}, {"surplus_hugepages", TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path =
            g_strdup_printf(POOLS "/hugepages-%" G_GINT64_FORMAT "kB/%s", size_kib, files[i].file);
        demo_putf(state->root, path, "%" G_GINT64_FORMAT "\n",
            demo_number(state->root, path) + (files[i].surplus ? surplus : pages));
    }
}

/* A pool grows by what the node can give and shrinks to what is in use; what is in use beyond the
 * number asked for is surplus (set_max_huge_pages() in mm/hugetlb.c). */
static void settle_pool(DemoState *state, const char *node, const char *size)
{
    g_autofree char *nr = g_strdup_printf(NODES "/%s/hugepages/%s/nr_hugepages", node, size);
    g_autofree char *freed = g_strdup_printf(NODES "/%s/hugepages/%s/free_hugepages", node, size);
    g_autofree char *over = g_strdup_printf(NODES "/%s/hugepages/%s/surplus_hugepages", node, size);
    g_autofree char *key = g_strdup_printf("%s.%s", node, size);
    gint64 size_kib = g_ascii_strtoll(size + strlen("hugepages-"), NULL, 10);
    gint64 wanted = 0;
    gboolean valid = rootfile_read_int(state->root, nr, &wanted) && wanted >= 0;

    if (!g_key_file_has_key(state->keys, "pools", key, NULL)) {
        g_key_file_set_int64(state->keys, "pools", key, wanted);
        return;
    }
    gint64 had = g_key_file_get_int64(state->keys, "pools", key, NULL);
    /* What was written has no line end: the same number again makes its surplus its own. */
    g_autofree char *full = g_strconcat(state->root, nr, NULL);
    g_autofree char *raw = NULL;
    gboolean untouched = g_file_get_contents(full, &raw, NULL, NULL) && g_str_has_suffix(raw, "\n");
    if (valid && wanted == had && untouched)
        return;

    gint64 used = had - demo_number(state->root, freed);
    gint64 room = MAX(node_free_kib(state, node) - NODE_RESERVE_KIB, 0) / size_kib;
    gint64 granted = !valid         ? had
                     : wanted > had ? had + MIN(wanted - had, room)
                                    : MAX(wanted, used);
    gint64 surplus = valid ? MAX(granted - wanted, 0) : demo_number(state->root, over);
    account_pool(state, node, size_kib, granted - had, surplus - demo_number(state->root, over));
    demo_putf(state->root, nr, "%" G_GINT64_FORMAT "\n", granted);
    demo_putf(state->root, freed, "%" G_GINT64_FORMAT "\n", granted - used);
    demo_putf(state->root, over, "%" G_GINT64_FORMAT "\n", surplus);
    g_key_file_set_int64(state->keys, "pools", key, granted);
}

static void settle_pools(DemoState *state)
{
    g_autoptr(GPtrArray) nodes = rootfile_list(state->root, NODES, "node");

    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *path = g_strdup_printf(NODES "/%s/hugepages", (char *)nodes->pdata[i]);
        g_autoptr(GPtrArray) sizes = rootfile_list(state->root, path, "hugepages-");
        for (guint j = 0; j < sizes->len; j++)
            settle_pool(state, nodes->pdata[i], sizes->pdata[j]);
    }
}

static void move_node(DemoState *state, guint node, guint64 page_kib, const DemoMoved *moved)
{
    const struct {
        const char *name;
        gint64 delta;
        gboolean default_size_only;
    } rows[] = {{"MemFree:", moved->free_kib, FALSE}, {"MemUsed:", -moved->free_kib, FALSE},
        {"HugePages_Total:", moved->pool_pages, TRUE}, {"HugePages_Free:", moved->pool_free, TRUE}};
    g_autofree char *meminfo = g_strdup_printf(NODES "/node%u/meminfo", node);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("Node %u %s", node, rows[i].name);
        if (!rows[i].default_size_only || page_kib == 2048)
            add_line(state, meminfo, name, rows[i].delta);
    }
    if (moved->pool_free == 0 && moved->pool_pages == 0)
        return;
    g_autofree char *size = g_strdup_printf("hugepages-%" G_GUINT64_FORMAT "kB", page_kib);
    g_autofree char *nr = g_strdup_printf(NODES "/node%u/hugepages/%s/nr_hugepages", node, size);
    g_autofree char *freed =
        g_strdup_printf(NODES "/node%u/hugepages/%s/free_hugepages", node, size);
    g_autofree char *key = g_strdup_printf("node%u.%s", node, size);
    gint64 pages = demo_number(state->root, nr) + moved->pool_pages;
    demo_putf(state->root, nr, "%" G_GINT64_FORMAT "\n", pages);
    demo_putf(state->root, freed, "%" G_GINT64_FORMAT "\n",
        demo_number(state->root, freed) + moved->pool_free);
    g_key_file_set_int64(state->keys, "pools", key, pages);
}

void demo_kernel_moved(DemoState *state, guint64 page_kib, const DemoMoved *moved)
{
    settle_pools(state); /* what was written to a pool before, and not answered yet */
    for (guint n = 0; n < DEMO_NODES; n++)
        move_node(state, n, page_kib, &moved[n]);
}

/* ── KSM ── */

/* The pages KSM finds when it has run for long: within each node it finds fewer of them. */
static const struct {
    const char *path;
    gint64 across, within;
} merged[] = {{KSM "/pages_shared", 38204, 61977}, {KSM "/pages_sharing", 412316, 371044},
    {KSM "/pages_unshared", 1284110, 1301609}, {KSM "/pages_volatile", 52277, 52277},
    {KSM "/stable_node_chains", 31, 12}, {KSM "/stable_node_dups", 214, 87}};

static void put_profit(DemoState *state)
{
    gint64 pages = 0;

    for (guint i = 0; i < 4; i++)
        pages += demo_number(state->root, merged[i].path);
    /* ksm_process_profit in the kernel's ksm.rst: saved pages less 64 bytes for each rmap_item */
    demo_putf(state->root, KSM "/general_profit", "%" G_GINT64_FORMAT "\n",
        demo_number(state->root, KSM "/pages_sharing") * 4096 - pages * 64);
}

static void settle_ksm(DemoState *state)
{
    static const char *const refused[] = {KSM "/merge_across_nodes", KSM "/max_page_sharing"};

    if (demo_number(state->root, KSM "/run") == 2 &&
        demo_number(state->root, KSM "/pages_unshared") > 0) {
        for (guint i = 0; i < G_N_ELEMENTS(merged); i++)
            demo_put(state->root, merged[i].path, "0\n");
        put_profit(state);
    }
    /* The kernel answers these with EBUSY while a page is shared. */
    gboolean busy = demo_number(state->root, KSM "/pages_shared") > 0;
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *text = rootfile_read(state->root, refused[i]);
        g_autofree char *kept = g_key_file_get_string(state->keys, "kept", refused[i], NULL);
        if (busy && kept != NULL)
            demo_putf(state->root, refused[i], "%s\n", kept);
        else if (text != NULL)
            g_key_file_set_string(state->keys, "kept", refused[i], text);
    }
}

/* ksmd has run for another @ns (the first of schedstat). */
static void run_ksmd(DemoState *state, gint64 ns)
{
    g_autofree char *text = rootfile_read(state->root, KSMD);
    char *rest = NULL;
    gint64 before = text ? g_ascii_strtoll(text, &rest, 10) : 0;

    if (text)
        demo_putf(state->root, KSMD, "%" G_GINT64_FORMAT "%s\n", before + ns, rest);
}

static void advance_ksm(DemoState *state, gint64 elapsed_us)
{
    if (demo_number(state->root, KSM "/run") != 1)
        return;
    gboolean across = demo_number(state->root, KSM "/merge_across_nodes") != 0;
    gboolean grew = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(merged); i++) {
        gint64 now = demo_number(state->root, merged[i].path);
        gint64 left = (across ? merged[i].across : merged[i].within) - now;
        if (left == 0)
            continue;
        gint64 step = left / 3 != 0 ? left / 3 : left;
        demo_putf(state->root, merged[i].path, "%" G_GINT64_FORMAT "\n", now + step);
        grew = TRUE;
    }
    if (grew)
        put_profit(state);
    if (state->still)
        return;

    gint64 sleep_ms = MAX(demo_number(state->root, KSM "/sleep_millisecs"), 1);
    gint64 scanned = CLAMP(demo_number(state->root, KSM "/pages_to_scan"), 0, 1000000) *
                     (elapsed_us / 1000) / sleep_ms;
    gint64 before = demo_number(state->root, KSM "/pages_scanned");
    gint64 round = 3104000; /* the pages of the domains that KSM may look at */
    demo_putf(state->root, KSM "/pages_scanned", "%" G_GINT64_FORMAT "\n", before + scanned);
    demo_putf(state->root, KSM "/full_scans", "%" G_GINT64_FORMAT "\n", (before + scanned) / round);
    if (demo_number(state->root, KSM "/smart_scan") != 0)
        demo_putf(state->root, KSM "/pages_skipped", "%" G_GINT64_FORMAT "\n",
            demo_number(state->root, KSM "/pages_skipped") + scanned / 5);
    run_ksmd(state, scanned * SCAN_NS);
}

/* ── counters ── */

static const struct {
    const char *path, *name;
    gint64 per_second;
} counters[] = {
    {"/proc/vmstat", "numa_hit", 41200},
    {"/proc/vmstat", "numa_local", 41180},
    {"/proc/vmstat", "numa_miss", 14},
    {"/proc/vmstat", "numa_foreign", 14},
    {"/proc/vmstat", "numa_other", 20},
    {"/proc/vmstat", "numa_hint_faults", 310},
    {"/proc/vmstat", "numa_hint_faults_local", 240},
    {"/proc/vmstat", "numa_pages_migrated", 12},
    {"/proc/vmstat", "pgmigrate_success", 12},
    {"/proc/vmstat", "compact_free_scanned", 900},
    {"/proc/vmstat", "compact_migrate_scanned", 220},
    {"/proc/vmstat", "thp_fault_alloc", 3},
    {"/proc/vmstat", "thp_fault_fallback", 1},
    {"/proc/vmstat", "thp_split_page", 1},
    {"/proc/vmstat", "cow_ksm", 21},
    {NODES "/node0/numastat", "numa_hit", 16400},
    {NODES "/node0/numastat", "local_node", 16400},
    {NODES "/node1/numastat", "numa_hit", 15100},
    {NODES "/node1/numastat", "local_node", 15080},
    {NODES "/node1/numastat", "other_node", 20},
    {NODES "/node2/numastat", "numa_hit", 8100},
    {NODES "/node2/numastat", "numa_miss", 14},
    {NODES "/node2/numastat", "local_node", 8100},
    {NODES "/node3/numastat", "numa_hit", 1600},
    {NODES "/node3/numastat", "local_node", 1600},
};

void demo_kernel_settle(DemoState *state)
{
    settle_choices(state);
    settle_ksm(state);
    settle_pools(state);
}

void demo_kernel_advance(DemoState *state, gint64 elapsed_us)
{
    advance_ksm(state, elapsed_us);
    if (state->still)
        return;
    g_autofree char *text = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(counters); i++) { /* those of one file follow each other */
        const char *path = counters[i].path;
        if (text == NULL)
            text = rootfile_read(state->root, path);
        /* of all the time that has passed: short steps lose no part of a count */
        gint64 rate = counters[i].per_second;
        gint64 before = rate * (state->now_us - elapsed_us) / G_USEC_PER_SEC;
        text = add_number(text, counters[i].name, rate * state->now_us / G_USEC_PER_SEC - before);
        if (i + 1 < G_N_ELEMENTS(counters) && strcmp(counters[i + 1].path, path) == 0)
            continue;
        if (text)
            demo_putf(state->root, path, "%s\n", text);
        g_clear_pointer(&text, g_free);
    }
}
