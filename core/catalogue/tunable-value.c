/* The types of values: one row a type, with what it looks like and how a text is brought into its
 * one form. */
#include "core/catalogue/tunable-value.h"

#include "core/catalogue/backing.h"
#include "core/catalogue/cells.h"
#include "core/catalogue/resctrl.h"
#include "core/keep/mountunit.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "core/virt/pageshares.h"

#include <string.h>

#define UNIT_NAME_MAX 200 /* bytes, of the 255 that a file name and a unit may have */

#define PRIORITY_MAX 99 /* sched(7): real-time priorities go from 1 to 99 */

char *tunable_refuse(
    const TunableKey *key, const char *value, GError **error, const char *allowed, ...)
{
    va_list args;

    va_start(args, allowed);
    g_autofree char *reason = g_strdup_vprintf(allowed, args);
    va_end(args);
    g_autofree char *shown = text_escape(value, 60);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE, "%s cannot be \"%s\": %s", key->key,
        shown, reason);
    return NULL;
}

/* "0, 1 or 2" */
static char *choice_list(const TunableChoice *choices)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; choices[i].value; i++)
        g_string_append_printf(out, "%s%s",
            i == 0                 ? ""
            : choices[i + 1].value ? ", "
                                   : " or ",
            choices[i].value);
    return g_string_free(out, FALSE);
}

/* "0|1|2" */
static char *choice_words(const Tunable *row)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; row->choices[i].value; i++)
        g_string_append_printf(out, "%s%s", i ? "|" : "", row->choices[i].value);
    return g_string_free(out, FALSE);
}

static gboolean is_choice(const Tunable *row, const char *value)
{
    for (guint i = 0; row->choices[i].value; i++)
        if (g_str_equal(row->choices[i].value, value))
            return TRUE;
    return FALSE;
}

static char *allow_int(const Tunable *row)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT, row->min, row->max);
}

static char *take_int(const TunableKey *key, const char *value, GError **error)
{
    const Tunable *row = key->tunable;
    gint64 number;

    if (!text_parse_int(value, &number) || number < row->min || number > row->max)
        return tunable_refuse(key, value, error,
            "a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s%s is allowed",
            row->min, row->max, row->unit ? " " : "", row->unit ? row->unit : "");
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *take_choice(const TunableKey *key, const char *value, GError **error)
{
    if (is_choice(key->tunable, value))
        return g_strdup(value);
    g_autofree char *list = choice_list(key->tunable->choices);
    return tunable_refuse(key, value, error, "%s is allowed", list);
}

static char *take_switch(const TunableKey *key, const char *value, GError **error)
{
    static const struct {
        const char *word;
        gboolean on;
    } words[] = {{"on", TRUE}, {"yes", TRUE}, {"1", TRUE}, {"true", TRUE}, {"off", FALSE},
        {"no", FALSE}, {"0", FALSE}, {"false", FALSE}, {"", FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].word, value))
            return g_strdup(words[i].on ? "on" : "off");
    return tunable_refuse(key, value, error, "on or off is allowed");
}

static char *take_set(const TunableKey *key, const char *value, GError **error)
{
    g_autoptr(IdSet) ids = idset_parse(value, NULL);

    if (ids == NULL || hwloc_bitmap_iszero(ids))
        return tunable_refuse(key, value, error,
            key->tunable->type == VALUE_NODES
                ? "a set of NUMA nodes such as 0-1 is allowed, or nothing to remove it"
                : "a set of CPUs such as 0-3,8 is allowed, or nothing to remove the pin");
    return idset_format(ids);
}

static char *allow_size(const Tunable *row)
{
    g_autofree char *least = text_page_size((guint64)row->min);
    g_autofree char *most = text_page_size((guint64)row->max);
    return g_strdup_printf("%s–%s", least, most);
}

static char *take_size(const TunableKey *key, const char *value, GError **error)
{
    const Tunable *row = key->tunable;
    guint64 kib;

    if (text_parse_size(value, &kib) && kib >= (guint64)row->min && kib <= (guint64)row->max)
        return text_page_size(kib);
    g_autofree char *range = allow_size(row);
    return tunable_refuse(
        key, value, error, "a size such as 9G, 512M or 1048576 (KiB) in %s is allowed", range);
}

/* Bytes have no unit in libvirt's XML: 100M is written as 104857600. */
static char *take_bytes(const TunableKey *key, const char *value, GError **error)
{
    gint64 bytes;
    guint64 kib;

    if (!text_parse_int(value, &bytes) && text_parse_size(value, &kib)) {
        g_autofree char *scaled = g_strdup_printf("%" G_GUINT64_FORMAT, kib * 1024);
        return take_int(key, scaled, error);
    }
    return take_int(key, value, error);
}

static char *take_backing(const TunableKey *key, const char *value, GError **error)
{
    (void)key;
    return backing_normalize(value, error);
}

static char *take_scheduler(const TunableKey *key, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ":", 2);
    gint64 priority = 0;
    gboolean real_time = g_strcmp0(parts[0], "fifo") == 0 || g_strcmp0(parts[0], "rr") == 0;

    if (real_time && parts[1] && text_parse_int(parts[1], &priority) && priority >= 1 &&
        priority <= PRIORITY_MAX)
        return g_strdup_printf("%s:%" G_GINT64_FORMAT, parts[0], priority);
    if (g_str_equal(value, "batch") || g_str_equal(value, "idle"))
        return g_strdup(value);
    return tunable_refuse(key, value, error,
        "fifo:PRIORITY or rr:PRIORITY (1 to %d), batch or idle is allowed, or nothing to remove it",
        PRIORITY_MAX);
}

static char *allow_bandwidth(const Tunable *row)
{
    return g_strdup(row->max < 4 ? "AVERAGE[,PEAK[,BURST]]" : "AVERAGE[,PEAK[,BURST[,FLOOR]]]");
}

/* At most row->max numbers, of which those between the first and the last may be empty. */
static char *take_bandwidth(const TunableKey *key, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    g_autoptr(GString) normal = g_string_new(NULL);
    guint count = g_strv_length(parts);
    gboolean ok = count >= 1 && count <= (guint)key->tunable->max && *parts[count - 1] != '\0';

    for (guint i = 0; ok && i < count; i++) {
        gint64 number = 0;
        gboolean empty = *parts[i] == '\0' && i > 0;
        ok = empty || (text_parse_int(parts[i], &number) && number >= (i < 3 && i != 1) &&
                          number <= G_MAXUINT32);
        g_string_append(normal, i ? "," : "");
        if (!empty)
            g_string_append_printf(normal, "%" G_GINT64_FORMAT, number);
    }
    if (ok)
        return g_strdup(normal->str);
    g_autofree char *allowed = allow_bandwidth(key->tunable);
    return tunable_refuse(key, value, error, "%s in KiB/s (the burst in KiB) is allowed", allowed);
}

static char *take_topology(const TunableKey *key, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ":", -1);
    gint64 n[4];
    gboolean ok = g_strv_length(parts) == G_N_ELEMENTS(n);

    for (guint i = 0; ok && i < G_N_ELEMENTS(n); i++)
        ok = text_parse_int(parts[i], &n[i]) && n[i] >= 1 && n[i] <= IDSET_MAX;
    if (ok && n[0] * n[1] <= IDSET_MAX && n[2] * n[3] <= IDSET_MAX)
        return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                               ":%" G_GINT64_FORMAT,
            n[0], n[1], n[2], n[3]);
    return tunable_refuse(key, value, error,
        "SOCKETS:DIES:CORES:THREADS is allowed, such as 1:1:4:2 (their product is vcpus.max)");
}

static char *allow_memnode(const Tunable *row)
{
    g_autofree char *modes = choice_words(row);
    return g_strdup_printf("%s:NODES", modes);
}

static char *take_memnode(const TunableKey *key, const char *value, GError **error)
{
    const char *colon = strchr(value, ':');
    g_autofree char *mode = colon ? g_strndup(value, (gsize)(colon - value)) : g_strdup("");
    g_autoptr(IdSet) nodes = colon ? idset_parse(colon + 1, NULL) : NULL;

    if (is_choice(key->tunable, mode) && nodes && !hwloc_bitmap_iszero(nodes)) {
        g_autofree char *set = idset_format(nodes);
        return g_strdup_printf("%s:%s", mode, set);
    }
    g_autofree char *allowed = allow_memnode(key->tunable);
    return tunable_refuse(
        key, value, error, "%s is allowed, such as %s:0", allowed, key->tunable->choices[0].value);
}

static char *allow_levelled(const Tunable *row)
{
    g_autofree char *words = choice_words(row);
    return g_strdup_printf(
        "%s[:%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT "]", words, row->min, row->max);
}

static char *take_levelled(const TunableKey *key, const char *value, GError **error)
{
    const Tunable *row = key->tunable;
    g_auto(GStrv) parts = g_strsplit(value, ":", 2);
    gint64 level = 0;

    if (parts[0] && is_choice(row, parts[0]) && parts[1] == NULL)
        return g_strdup(parts[0]);
    if (parts[0] && is_choice(row, parts[0]) && text_parse_int(parts[1], &level) &&
        level >= row->min && level <= row->max)
        return g_strdup_printf("%s:%" G_GINT64_FORMAT, parts[0], level);
    g_autofree char *allowed = allow_levelled(row);
    return tunable_refuse(key, value, error, "%s is allowed", allowed);
}

static char *take_text(const TunableKey *key, const char *value, GError **error)
{
    for (const char *p = value; *p; p++)
        if (!g_ascii_isalnum(*p) && strchr("._+:,- ", *p) == NULL)
            return tunable_refuse(key, value, error, "letters, digits and ._+:,- are allowed");
    return g_strstrip(g_strdup(value));
}

/* Folders of the system itself, and those that programs share: a mount there would hide what they
 * put there, be it empty now (/dev/shm without a POSIX shm). systemd takes no unit for some of
 * them: mount_point_is_api() and mount_point_ignore(), src/shared/mount-setup.c. */
static gboolean is_system_folder(const char *path)
{
    static const char *const folders[] = {"/", "/bin", "/boot", "/boot/efi", "/dev", "/dev/shm",
        "/efi", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/media",
        "/opt", "/root", "/run", "/run/lock", "/sbin", "/srv", "/tmp", "/usr", "/var", "/var/cache",
        "/var/lib", "/var/lock", "/var/log", "/var/run", "/var/spool", "/var/tmp", NULL};
    static const char *const with_all_below[] = {
        "/dev/mqueue", "/dev/pts", "/proc", "/run/credentials", "/run/host", "/run/user", "/sys"};

    for (guint i = 0; i < G_N_ELEMENTS(with_all_below); i++)
        if (g_str_equal(path, with_all_below[i]) || text_is_below(path, with_all_below[i]))
            return TRUE;
    return g_strv_contains(folders, path);
}

/* Why @path is none that a line of /proc/mounts, a mount unit and a list can all hold; NULL: it is
 * one. */
static const char *mount_path_fault(const char *path)
{
    g_autofree char *unit = mountunit_name(path);

    if (*path != '/')
        return "a folder such as /dev/hugepages is allowed, or several with commas between them, "
               "or nothing to unmount";
    if (is_system_folder(path))
        return "a folder of the system itself is not allowed: what programs have in it would be "
               "hidden";
    for (const char *p = path; *p; p++)
        if (!g_ascii_isalnum(*p) && strchr("/._+:@-", *p) == NULL)
            return "a folder of letters, digits and ._+:@- is allowed";
    for (const char *p = path; *p; p++)
        if (*p == '/' && (p[1] == '\0' || p[1] == '/' || p[1] == '.'))
            return "no part of the path may be empty or begin with \".\"";
    if (strlen(unit) > UNIT_NAME_MAX)
        return "the name of its mount unit would be too long: 200 bytes are allowed, of which - + "
               "and @ take four each";
    return NULL;
}

static char *take_paths(const TunableKey *key, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (guint i = 0; parts[i]; i++) {
        const char *fault = mount_path_fault(parts[i]);
        if (fault)
            return tunable_refuse(key, value, error, "%s", fault);
        g_ptr_array_add(paths, parts[i]);
    }
    return text_join_sorted(paths);
}

static char *take_spread(const TunableKey *key, const char *value, GError **error)
{
    g_autoptr(PageShares) shares = page_shares_parse(value, NULL);

    if (shares == NULL)
        return tunable_refuse(key, value, error,
            "nodes are allowed (2, 0-1), or the parts of each, ascending (0:60,1:40)");
    if (shares->weighted)
        return g_strdup(value);
    g_autoptr(IdSet) nodes = idset_parse(value, NULL);
    return idset_format(nodes);
}

static const struct {
    const char *allowed; /* or NULL and a function */
    char *(*allow)(const Tunable *row);
    /* @value in its one form, NULL with a sentence */
    char *(*take)(const TunableKey *key, const char *value, GError **error);
} types[] = {
    [VALUE_INT] = {NULL, allow_int, take_int},
    [VALUE_CHOICE] = {NULL, choice_words, take_choice},
    [VALUE_CPUS] = {"CPUS", NULL, take_set},
    [VALUE_NODES] = {"NODES", NULL, take_set},
    [VALUE_SIZE] = {NULL, allow_size, take_size},
    [VALUE_BYTES] = {"BYTES", NULL, take_bytes},
    [VALUE_SWITCH] = {"on|off", NULL, take_switch},
    [VALUE_BACKING] = {"off|default|SIZE|SIZE@CELLS;…", NULL, take_backing},
    [VALUE_SCHEDULER] = {"fifo:1–99|rr:1–99|batch|idle", NULL, take_scheduler},
    [VALUE_BANDWIDTH] = {NULL, allow_bandwidth, take_bandwidth},
    [VALUE_TOPOLOGY] = {"SOCKETS:DIES:CORES:THREADS", NULL, take_topology},
    [VALUE_MEMNODE] = {NULL, allow_memnode, take_memnode},
    [VALUE_LEVELLED] = {NULL, allow_levelled, take_levelled},
    [VALUE_CELLS] = {"CPUS:SIZE[:DISTANCES];…", NULL, cells_normalize},
    [VALUE_CACHES] = {"CACHE:LEVEL:TYPE:SIZE;…", NULL, resctrl_normalize},
    [VALUE_BANDWIDTHS] = {"NODE:PERCENT;…", NULL, resctrl_normalize},
    [VALUE_PATHS] = {"FOLDER[,FOLDER…]", NULL, take_paths},
    [VALUE_SPREAD] = {"NODES|NODE:PART,…", NULL, take_spread},
    [VALUE_TEXT] = {"NAME", NULL, take_text},
};

char *tunable_allowed(const Tunable *row)
{
    return types[row->type].allowed ? g_strdup(types[row->type].allowed)
                                    : types[row->type].allow(row);
}

char *tunable_normalize(const TunableKey *key, const char *value, GError **error)
{
    const Tunable *row = key->tunable;
    gboolean always = row->type == VALUE_SWITCH || row->type == VALUE_BACKING;

    if (*value == '\0' && row->required)
        return tunable_refuse(
            key, value, error, "a domain always has one, so it cannot be removed");
    if (*value == '\0' && row->target == TARGET_DOMAIN && !always)
        return g_strdup("");
    return types[row->type].take(key, value, error);
}
