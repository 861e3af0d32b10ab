/* Values at boot, and the mounts of hugetlbfs, on the screens of the host's memory. */
#include "tui/screens/kept.h"

#include "core/host/mounts.h"
#include "core/util/text.h"

#include <string.h>

#define GIB_KIB (1024 * 1024)

/* What is kept of @key at boot; "" nothing, NULL unknown. */
static char *boot_value(const Host *host, const char *key)
{
    g_autoptr(TunableKey) parsed = tunable_key_parse(TARGET_HOST, key, NULL);

    return host && parsed ? tunable_boot_value(parsed, host) : NULL;
}

static char *value_now(const Host *host, const char *key)
{
    g_autoptr(TunableKey) parsed = tunable_key_parse(TARGET_HOST, key, NULL);

    return host && parsed ? tunable_host_value(parsed, host) : NULL;
}

static const char *shown(const char *value)
{
    return *value ? value : "nothing";
}

/* The first of @texts that fits @room cells, else the last; takes them all. */
static char *fitting(char *whole, char *brief, int room)
{
    gboolean fits = g_utf8_strlen(whole, -1) <= room;

    g_free(fits ? brief : whole);
    return fits ? whole : brief;
}

char *kept_text(const App *app, const char *key, const char *now, int room, Style *style)
{
    const char *staged = plan_value(app->plan, "host", key);
    const char *staged_boot = plan_boot_value(app->plan, key);
    g_autofree char *kept = boot_value(app->snapshot->host, key);

    *style = STYLE_STAGED;
    if (staged && g_strcmp0(staged, staged_boot) == 0)
        return fitting(g_strdup_printf("→ %s +boot", shown(staged)),
            g_strdup_printf("→%s+b", shown(staged)), room);
    if (staged && staged_boot)
        return g_strdup_printf("→ %s, boot → %s", shown(staged), shown(staged_boot));
    if (staged)
        return g_strdup_printf("→ %s", shown(staged));
    if (staged_boot)
        return fitting(g_strdup_printf("boot → %s", shown(staged_boot)),
            g_strdup_printf("b→ %s", shown(staged_boot)), room);
    if (kept == NULL || *kept == '\0')
        return NULL;
    gboolean is_same = g_strcmp0(kept, now) == 0;
    *style = is_same ? STYLE_DIM : STYLE_WARN;
    return is_same ? g_strdup("+boot")
                   : fitting(g_strdup_printf("boot %s", kept), g_strdup_printf("b %s", kept), room);
}

char *kept_claim(const Host *host, const char *key, Style *style)
{
    g_autoptr(TunableKey) parsed = tunable_key_parse(TARGET_HOST, key, NULL);
    g_autofree char *place = parsed ? tunable_key_place(parsed) : NULL;
    const Claim *claim =
        place && host && host->keep ? claims_winner(host->keep->claims, place) : NULL;
    g_autofree char *sentence = claim ? claim_sentence(claim) : NULL;

    if (claim == NULL)
        return NULL;
    g_autofree char *now = value_now(host, key);
    *style = g_strcmp0(now, claim->value) == 0 ? STYLE_DIM : STYLE_WARN;
    return claim->kind < CLAIM_TUNED ? g_strconcat("at boot ", sentence, NULL)
                                     : g_steal_pointer(&sentence);
}

/* Takes what is staged of @key for @scope alone out of the plan. */
static void unstage(App *app, const char *key, PlanScope scope)
{
    for (guint i = app->plan->changes->len; i-- > 0;) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        if (change->key->tunable->target == TARGET_HOST && g_str_equal(change->key->key, key) &&
            change->scope == scope)
            plan_unstage(app->plan, i);
    }
}

void kept_cycle(App *app, const char *key)
{
    const char *targets[] = {"host", NULL};
    const char *staged = plan_value(app->plan, "host", key);
    const char *staged_boot = plan_boot_value(app->plan, key);
    g_autofree char *value = g_strdup(staged_boot ? staged_boot : staged);
    g_autofree char *now = value_now(app->snapshot->host, key);
    g_autofree char *kept = boot_value(app->snapshot->host, key);

    if (staged_boot && staged == NULL) {
        unstage(app, key, SCOPE_CONFIG);
        app_say(app, STYLE_TEXT, "%s is as it was: nothing of it is staged", key);
        app_update(app);
    } else if (staged_boot) {
        /* "Now" may be a change of its own, which one at boot does not cover. */
        unstage(app, key, SCOPE_LIVE);
        app_stage_for(app, targets, key, value, SCOPE_CONFIG);
    } else if (staged) {
        app_stage_for(app, targets, key, value, SCOPE_KEPT);
    } else if (now == NULL || kept == NULL) {
        app_say(app, STYLE_WARN, "%s is not known here: nothing can be kept", key);
    } else {
        app_stage_for(app, targets, key, g_strcmp0(kept, now) != 0 ? now : "", SCOPE_CONFIG);
    }
}

/* ---- mounts ---- */

/* "/dev/hugepages (rw,relatime,pagesize=2M), libvirt uses it" for every mount of the size. */
static char *mounts_text(const Host *host, guint64 size_kib, guint64 default_kib)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < host->mounts->len; i++) {
        const HugeMount *mount = g_ptr_array_index(host->mounts, i);
        if ((mount->size_kib ? mount->size_kib : default_kib) != size_kib)
            continue;
        g_autofree char *path = text_escape(mount->path, 40);
        g_autofree char *options = text_escape(mount->options, 60);
        g_string_append_printf(out, "%s%s (%s)%s", out->len ? ", " : "", path, options,
            mounts_is_libvirts(host, mount) ? ", libvirt uses it" : "");
    }
    return g_string_free(out, FALSE);
}

static void add_mount(const App *app, Table *table, const Host *host, guint64 size_kib)
{
    guint64 default_kib = (guint64)num_or(kernel_file_number(host->meminfo, "Hugepagesize"), 0);
    g_autofree char *size = text_page_size(size_kib);
    g_autofree char *key = g_strconcat(KEPT_MOUNT, size, NULL);
    g_autofree char *now = value_now(host, key);
    g_autofree char *there = mounts_text(host, size_kib, default_kib);
    Style style = STYLE_TEXT;
    g_autofree char *kept = kept_text(app, key, now, 60, &style);
    const char *now_text = *there ? there : "not mounted: no VM can start with these pages";
    /* What is staged must be seen, however long the mount's options are. */
    gboolean first = kept && style == STYLE_STAGED;
    g_autofree char *text = g_strdup_printf("%6s  %s%s%s", size, first ? kept : now_text,
        kept ? "  " : "", kept ? first ? now_text : kept : "");

    table_line(table, key,
        kept && style == STYLE_STAGED ? style
        : *there                      ? STYLE_TEXT
                                      : STYLE_WARN,
        text);
}

/* The pages of @key that the plan asks for, else those there are. */
static gint64 pages_wanted(const App *app, const char *key, const HugePool *pool)
{
    const char *boot = plan_boot_value(app->plan, key), *now = plan_value(app->plan, "host", key);
    gint64 pages = num_or(pool->total, 0);

    if (boot || now)
        text_parse_int(boot ? boot : now, &pages);
    return pages;
}

/* Whether this kernel takes a number for each node (hugepages=0:24,1:4, since Linux 5.16). */
static gboolean takes_nodes(const Host *host)
{
    g_auto(GStrv) parts = g_strsplit(host->kernel ? host->kernel : "", ".", 3);
    gint64 major = 0, minor = 0;

    if (g_strv_length(parts) < 2 || !text_parse_int(parts[0], &major))
        return FALSE;
    minor = g_ascii_strtoll(parts[1], NULL, 10);
    return major > 5 || (major == 5 && minor >= 16);
}

/* "0:24,1:4", or "28" where there is one node or the kernel is old; "N" for none. *room: how many
 * more the nodes' free memory would hold. The caller frees it. */
static char *pages_by_node(const App *app, const Host *host, guint64 size_kib, gint64 *room)
{
    g_autoptr(GString) nodes = g_string_new(NULL);
    gint64 sum = 0;

    *room = 0;
    for (guint n = 0; n < host->nodes->len; n++) {
        const NodeMemory *memory = host->nodes->pdata[n];
        int id = ((const Node *)host->topology->nodes->pdata[n])->id;
        g_autofree char *key = pool_key_of(id, size_kib);
        *room += MAX(num_or(memory->free_kib, 0), 0) / (gint64)size_kib;
        for (guint i = 0; i < memory->pools->len; i++) {
            const HugePool *pool = &g_array_index(memory->pools, HugePool, i);
            gint64 pages = pool->size_kib == size_kib ? pages_wanted(app, key, pool) : 0;
            sum += pages;
            if (pages > 0)
                g_string_append_printf(
                    nodes, "%s%d:%" G_GINT64_FORMAT, nodes->len ? "," : "", id, pages);
        }
    }
    if (sum == 0)
        return g_strdup("N");
    return host->nodes->len > 1 && takes_nodes(host) ? g_strdup(nodes->str)
                                                     : g_strdup_printf("%" G_GINT64_FORMAT, sum);
}

/* Whether 1G pages can be had, and what the kernel's command line needs for them. */
static void add_large_pages(const App *app, Table *table, const Host *host)
{
    static const char *const states[] = {[KVM_UNKNOWN] = "whether the CPU has them is not known",
        [KVM_OFF] = "this CPU has none (no pdpe1gb)",
        [KVM_ON] = "the CPU has them (pdpe1gb)"};
    g_autoptr(GArray) facts = host_kvm_facts(host);
    KvmState state = KVM_UNKNOWN;
    gboolean known = FALSE;
    gint64 room;

    for (guint i = 0; i < facts->len; i++)
        if (strcmp(g_array_index(facts, KvmFact, i).label, "1G pages") == 0)
            state = g_array_index(facts, KvmFact, i).state;
    for (guint i = 0; i < host->pools->len; i++)
        known |= g_array_index(host->pools, HugePool, i).size_kib == GIB_KIB;
    g_autofree char *count = pages_by_node(app, host, GIB_KIB, &room);
    g_autofree char *kernel =
        known ? g_strdup_printf(", the kernel too; room for %" G_GINT64_FORMAT " more", room)
              : g_strdup(", the kernel has no pool of them");
    g_autofree char *line =
        g_strdup_printf("    1G  %s%s", states[state], state == KVM_ON ? kernel : "");
    table_line(table, "1G.state", STYLE_DIM, line);
    if (state == KVM_OFF)
        return;
    g_autofree char *arguments =
        g_strdup_printf("        at boot: hugepagesz=1G hugepages=%s (kernel arguments)", count);
    table_line(table, "1G.boot", STYLE_DIM, arguments);
}

void kept_add_mounts(const App *app, Table *table, const Host *host)
{
    if (host->pools->len == 0 && host->cpu_flags == NULL)
        return; /* a host of which neither is known */
    table_heading(table, STYLE_TEXT, "");
    table_heading(table, STYLE_TITLE, "hugetlbfs, by page size");
    for (guint i = 0; i < host->pools->len; i++)
        add_mount(app, table, host, g_array_index(host->pools, HugePool, i).size_kib);
    add_large_pages(app, table, host);
}

void kept_edit_mount(App *app, const char *key)
{
    g_autofree char *now = value_now(app->snapshot->host, key);
    g_autofree char *proposed = g_strconcat("/dev/hugepages", key + strlen(KEPT_MOUNT), NULL);

    if (now)
        app_edit_value(app, "host", key, *now ? now : proposed);
}
