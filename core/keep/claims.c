/* Who else sets a file of the kernel, and which of them wins. */
#include "core/keep/claims.h"

#include "core/keep/bootfile.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <fnmatch.h>
#include <string.h>

#define POOL_FOLDER  "/sys/kernel/mm/hugepages/"
#define NODE_FOLDER  "/sys/devices/system/node/node"
#define INCLUDES_MAX 8 /* profiles of tuned that include one another */

void claim_free(Claim *claim)
{
    g_free(claim->place);
    g_free(claim->value);
    g_free(claim->file);
    g_free(claim);
}

/* Takes @place and @value. */
static void add(
    GPtrArray *claims, ClaimKind kind, char *place, char *value, const char *file, guint line)
{
    Claim *claim = g_new0(Claim, 1);

    *claim = (Claim){kind, place, value, g_strdup(file), line};
    g_ptr_array_add(claims, claim);
}

/* ---- folders of configuration: sysctl.d and tmpfiles.d ---- */

static int by_name(gconstpointer a, gconstpointer b)
{
    g_autofree char *left = g_path_get_basename(*(const char *const *)a);
    g_autofree char *right = g_path_get_basename(*(const char *const *)b);

    return strcmp(left, right);
}

/* The files NAME.conf of @folders (the first folder that has a name hides it in the later ones), by
 * name. GPtrArray of paths below @root. */
static GPtrArray *conf_files(const char *root, const char *const *folders)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *folders; folders++) {
        g_autoptr(GPtrArray) names = rootfile_list(root, *folders, "");
        for (guint i = 0; i < names->len; i++) {
            const char *name = names->pdata[i];
            if (g_str_has_suffix(name, ".conf") && g_hash_table_add(seen, g_strdup(name)))
                g_ptr_array_add(files, g_strconcat(*folders, "/", name, NULL));
        }
    }
    g_ptr_array_sort(files, by_name);
    return files;
}

static void read_lines(GPtrArray *claims, const char *root, const char *file, ClaimKind kind,
    gboolean (*parse)(const char *text, BootLine *line))
{
    g_autofree char *text = rootfile_read_whole(root, file);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        BootLine line = {NULL, NULL};
        if (parse(lines[i], &line))
            add(claims, kind, line.place, line.value, file, i + 1);
    }
}

/* sysctl.d(5): files by name, the last that sets a variable wins. /etc/sysctl.conf is read by
 * systemd-sysctl only where a link in sysctl.d leads to it (as Debian's 99-sysctl.conf does), and
 * by procps' "sysctl --system" as the last. */
static void read_sysctl(GPtrArray *claims, const char *root)
{
    static const char *const folders[] = {
        "/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", NULL};
    g_autoptr(GPtrArray) files = conf_files(root, folders);

    for (guint i = 0; i < files->len; i++)
        read_lines(claims, root, files->pdata[i], CLAIM_SYSCTL, bootline_parse_sysctl);
}

/* tmpfiles.d(5): "If multiple files specify the same path, the entry in the file with the
 * lexicographically earliest name will be applied"; in one file it is the first line. A line with w
 * is a pattern (glob(7)), and patterns that differ are all applied, in order. Here what comes later
 * wins: a line that is left out goes before the one that is applied. */
static void read_tmpfiles(GPtrArray *claims, const char *root)
{
    static const char *const folders[] = {"/etc/tmpfiles.d", "/run/tmpfiles.d",
        "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d", NULL};
    g_autoptr(GPtrArray) files = conf_files(root, folders);
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GHashTable) of_place = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < files->len; i++)
        read_lines(lines, root, files->pdata[i], CLAIM_TMPFILES, bootline_parse_tmpfiles);
    for (guint i = 0; i < lines->len; i++) {
        Claim *claim = lines->pdata[i];
        GPtrArray *group = g_hash_table_lookup(of_place, claim->place);
        if (group == NULL) {
            group = g_ptr_array_new();
            g_ptr_array_add(groups, group);
            g_hash_table_insert(of_place, claim->place, group);
        }
        g_ptr_array_add(group, claim);
    }
    for (guint i = 0; i < groups->len; i++) {
        const GPtrArray *group = groups->pdata[i];
        for (guint j = group->len; j-- > 0;)
            g_ptr_array_add(claims, group->pdata[j]);
    }
}

/* ---- the kernel's command line (Documentation/admin-guide/kernel-parameters.txt) ---- */

static const struct {
    const char *argument, *place;
} arguments[] = {
    {"transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled"},
    {"transparent_hugepage_shmem", "/sys/kernel/mm/transparent_hugepage/shmem_enabled"},
    {"numa_balancing", "/proc/sys/kernel/numa_balancing"},
};

static char *pool_place(guint64 size_kib, const char *node)
{
    return node ? g_strdup_printf(
                      "/sys/devices/system/node/node%s/hugepages/hugepages-%" G_GUINT64_FORMAT
                      "kB/nr_hugepages",
                      node, size_kib)
                : g_strdup_printf("/sys/kernel/mm/hugepages/hugepages-%" G_GUINT64_FORMAT
                                  "kB/nr_hugepages",
                      size_kib);
}

/* "512", or "0:512,1:256" for nodes. */
static void add_pools(GPtrArray *claims, guint64 size_kib, const char *value, const char *file)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    for (guint i = 0; parts[i]; i++) {
        char *colon = strchr(parts[i], ':');
        if (colon)
            *colon = '\0';
        add(claims, CLAIM_ARGUMENT, pool_place(size_kib, colon ? parts[i] : NULL),
            g_strdup(colon ? colon + 1 : parts[i]), file, 0);
    }
}

/* "hugepages=" counts pages of the size that the last "hugepagesz=" named, or else of the default
 * one (Documentation/admin-guide/mm/hugetlbpage.rst). */
static void read_arguments(GPtrArray *claims, const char *root)
{
    static const char *const file = "/proc/cmdline";
    g_autofree char *text = rootfile_read(root, file);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);
    guint64 size = 0, default_size = 2048;

    for (guint i = 0; words[i]; i++) {
        BootLine line = {NULL, NULL};
        if (g_str_has_prefix(words[i], "default_hugepagesz="))
            text_parse_size(strchr(words[i], '=') + 1, &default_size);
        /* sysctl.NAME=VALUE is set before init is started. */
        if (g_str_has_prefix(words[i], "sysctl.") &&
            bootline_parse_sysctl(words[i] + strlen("sysctl."), &line))
            add(claims, CLAIM_ARGUMENT, line.place, line.value, file, 0);
    }
    for (guint i = 0; words[i]; i++) {
        char *value = strchr(words[i], '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (g_str_equal(words[i], "hugepagesz"))
            text_parse_size(value, &size);
        else if (g_str_equal(words[i], "default_hugepagesz"))
            size = 0;
        else if (g_str_equal(words[i], "hugepages"))
            add_pools(claims, size ? size : default_size, value, file);
        for (guint j = 0; j < G_N_ELEMENTS(arguments); j++)
            if (g_str_equal(words[i], arguments[j].argument))
                add(claims, CLAIM_ARGUMENT, g_strdup(arguments[j].place),
                    g_strdup(g_str_equal(value, "enable")    ? "1"
                             : g_str_equal(value, "disable") ? "0"
                                                             : value),
                    file, 0);
    }
}

/* ---- tuned (tuned.conf(5), tuned-profiles) ---- */

/* What its plugins' options write; "sysctl" and "sysfs" name the files themselves. */
static const struct {
    const char *section, *option, *place;
} tuned_options[] = {
    {"vm", "transparent_hugepages", "/sys/kernel/mm/transparent_hugepage/enabled"},
    {"vm", "transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled"},
    {"vm", "transparent_hugepage.defrag", "/sys/kernel/mm/transparent_hugepage/defrag"},
};

static char *tuned_place(const char *section, const char *option)
{
    BootLine line = {NULL, NULL};

    if (g_str_equal(section, "sysfs"))
        return *option == '/' ? g_strdup(option) : NULL;
    if (g_str_equal(section, "sysctl")) {
        g_autofree char *text = g_strconcat(option, "=", NULL);
        if (bootline_parse_sysctl(text, &line))
            g_free(line.value);
        return line.place;
    }
    for (guint i = 0; i < G_N_ELEMENTS(tuned_options); i++)
        if (g_str_equal(tuned_options[i].section, section) &&
            g_str_equal(tuned_options[i].option, option))
            return g_strdup(tuned_options[i].place);
    return NULL;
}

/* The profile's file: the owner's profile hides the distribution's. */
static char *tuned_file(const char *root, const char *profile)
{
    static const char *const folders[] = {
        "/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles"};

    for (guint i = 0; strchr(profile, '/') == NULL && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *file = g_strdup_printf("%s/%s/tuned.conf", folders[i], profile);
        g_autofree char *text = rootfile_read_whole(root, file);
        if (text)
            return g_steal_pointer(&file);
    }
    return NULL;
}

/* What @profile includes comes first: the profile itself wins over it. */
static void read_profile(GPtrArray *claims, const char *root, const char *profile, guint depth)
{
    g_autofree char *file = tuned_file(root, profile);
    g_autofree char *text = file ? rootfile_read_whole(root, file) : NULL;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autofree char *section = g_strdup("");

    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]), *equals = strchr(line, '=');
        gsize length = strlen(line);
        if (*line == '[' && line[length - 1] == ']') {
            g_free(section);
            section = g_strndup(line + 1, length - 2);
        } else if (*line != '#' && *line != ';' && equals) {
            *equals = '\0';
            g_strchomp(line);
            char *value = g_strchug(equals + 1);
            if (g_str_equal(section, "main") && g_str_equal(line, "include")) {
                g_auto(GStrv) included = g_strsplit_set(value, " ,", -1);
                for (guint j = 0; depth < INCLUDES_MAX && included[j]; j++)
                    if (*included[j])
                        read_profile(claims, root, included[j], depth + 1);
                continue;
            }
            char *place = tuned_place(section, line);
            if (place) /* a value with a variable of the profile is not known here */
                add(claims, CLAIM_TUNED, place, strstr(value, "${") ? NULL : g_strdup(value), file,
                    i + 1);
        }
    }
}

static void read_tuned(GPtrArray *claims, const char *root)
{
    g_autofree char *active = rootfile_read(root, "/etc/tuned/active_profile");
    g_auto(GStrv) profiles = g_strsplit_set(active ? active : "", " \t\n", -1);

    for (guint i = 0; profiles[i]; i++)
        if (*profiles[i])
            read_profile(claims, root, profiles[i], 0);
}

/* ---- ksmtuned: while it runs it starts and stops KSM, and sets how much it scans ---- */

gint64 claims_ksmtuned_pid(const char *root)
{
    static const char *const pid_files[] = {"/run/ksmtune.pid", "/run/ksmtuned.pid"};
    gint64 pid = 0;

    for (guint i = 0; pid == 0 && i < G_N_ELEMENTS(pid_files); i++)
        rootfile_read_int(root, pid_files[i], &pid);
    g_autofree char *comm = rootfile_readf(root, "/proc/%" G_GINT64_FORMAT "/comm", pid);
    return comm && g_str_has_prefix(comm, "ksmtuned") ? pid : 0;
}

static void read_ksmtuned(GPtrArray *claims, const char *root)
{
    if (claims_ksmtuned_pid(root) == 0)
        return;
    add(claims, CLAIM_KSMTUNED, g_strdup("/sys/kernel/mm/ksm/run"), NULL, "/etc/ksmtuned.conf", 0);
    add(claims, CLAIM_KSMTUNED, g_strdup("/sys/kernel/mm/ksm/pages_to_scan"), NULL,
        "/etc/ksmtuned.conf", 0);
    add(claims, CLAIM_KSMTUNED, g_strdup("/sys/kernel/mm/ksm/sleep_millisecs"), NULL,
        "/etc/ksmtuned.conf", 0);
}

/* ---- all of them ---- */

/* vm.nr_hugepages is the pool of the default page size, by another name. */
static void name_default_pool(GPtrArray *claims, const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/meminfo");
    const char *line = text ? strstr(text, "Hugepagesize:") : NULL;
    guint64 size_kib = line ? g_ascii_strtoull(line + strlen("Hugepagesize:"), NULL, 10) : 0;

    for (guint i = 0; size_kib && i < claims->len; i++) {
        Claim *claim = claims->pdata[i];
        if (strcmp(claim->place, "/proc/sys/vm/nr_hugepages") != 0)
            continue;
        g_free(claim->place);
        claim->place = pool_place(size_kib, NULL);
    }
}

/* "hugepages-2048kB/nr_hugepages" of the pool of a node; NULL where @place is none. */
static const char *node_pool(const char *place)
{
    const char *pool = g_str_has_prefix(place, NODE_FOLDER) ? strstr(place, "/hugepages/") : NULL;

    return pool ? pool + strlen("/hugepages/") : NULL;
}

GPtrArray *claims_read(const char *root)
{
    static void (*const readers[])(GPtrArray *, const char *) = {
        read_arguments, read_sysctl, read_tmpfiles, read_tuned, read_ksmtuned};
    GPtrArray *claims = g_ptr_array_new_with_free_func((GDestroyNotify)claim_free);

    for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
        readers[i](claims, root);
    name_default_pool(claims, root);
    return claims;
}

gboolean claim_matches(const Claim *claim, const char *place)
{
    const char *pool = node_pool(place);

    return fnmatch(claim->place, place, FNM_PATHNAME) == 0 ||
           (pool && g_str_has_prefix(claim->place, POOL_FOLDER) &&
               strcmp(claim->place + strlen(POOL_FOLDER), pool) == 0);
}

const Claim *claims_winner(const GPtrArray *claims, const char *place)
{
    for (guint i = claims->len; i-- > 0;)
        if (claim_matches(claims->pdata[i], place))
            return claims->pdata[i];
    return NULL;
}

char *claim_sentence(const Claim *claim)
{
    static const char *const who[] = {
        [CLAIM_ARGUMENT] = "the kernel's command line",
        [CLAIM_TMPFILES] = "systemd-tmpfiles",
        [CLAIM_SYSCTL] = "systemd-sysctl",
        [CLAIM_TUNED] = "tuned's active profile",
        [CLAIM_KSMTUNED] = "ksmtuned",
    };
    g_autofree char *file = text_escape(claim->file, 80);
    g_autofree char *value = claim->value ? text_escape(claim->value, 40) : NULL;
    g_autofree char *where =
        claim->line ? g_strdup_printf("%s:%u", file, claim->line) : g_strdup(file);

    const char *what = g_str_has_prefix(claim->place, POOL_FOLDER) ? "all nodes together" : "it";
    return value ? g_strdup_printf("%s (%s) sets %s to %s", who[claim->kind], where, what, value)
                 : g_strdup_printf("%s (%s) sets it as it sees fit", who[claim->kind], where);
}
