/* Keep: read once, and again when something changed below the folders that say it. */
#include "core/keep/keep.h"

#include "core/util/rootfile.h"

#include <string.h>
#include <sys/stat.h>

/* A file is changed in place or replaced: both show in its own time or its folder's. */
static const char *const sources[] = {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d", "/etc/sysctl.conf", "/etc/tmpfiles.d", "/run/tmpfiles.d",
    "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d", "/etc/tuned", "/etc/tuned/active_profile",
    "/run/ksmtune.pid", "/run/ksmtuned.pid", BOOTFILE_SYSCTL, BOOTFILE_TMPFILES};

static void append_times(GString *stamp, const char *root, const char *path)
{
    g_autofree char *full = g_strconcat(root, path, NULL);
    struct stat status;

    if (stat(full, &status) == 0)
        g_string_append_printf(
            stamp, "%lld.%09ld ", (long long)status.st_mtim.tv_sec, (long)status.st_mtim.tv_nsec);
    else
        g_string_append(stamp, "- ");
}

static char *make_stamp(const char *root)
{
    GString *stamp = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        append_times(stamp, root, sources[i]);
    return g_string_free(stamp, FALSE);
}

Keep *keep_read(const char *root, Keep *previous)
{
    g_autofree char *stamp = make_stamp(root);

    if (previous && strcmp(stamp, previous->stamp) == 0)
        return keep_ref(previous);
    Keep *keep = g_new0(Keep, 1);
    g_atomic_ref_count_init(&keep->refs);
    keep->stamp = g_steal_pointer(&stamp);
    for (guint i = 0; i < BOOTFILES; i++)
        keep->texts[i] = rootfile_read_whole(root, bootfile_path(i));
    keep->claims = claims_read(root);
    return keep;
}

Keep *keep_ref(Keep *keep)
{
    g_atomic_ref_count_inc(&keep->refs);
    return keep;
}

void keep_unref(Keep *keep)
{
    if (keep == NULL || !g_atomic_ref_count_dec(&keep->refs))
        return;
    for (guint i = 0; i < BOOTFILES; i++)
        g_free(keep->texts[i]);
    g_ptr_array_unref(keep->claims);
    g_free(keep->stamp);
    g_free(keep);
}

char *keep_value(const Keep *keep, const char *place)
{
    BootFile file = bootfile_for(place);

    if (file == BOOTFILES)
        return NULL;
    char *value = bootfile_value(keep->texts[file], place, NULL);
    return value ? value : g_strdup("");
}

/* When at boot each of kvmtune's files is read. */
static const ClaimKind turns[BOOTFILES] = {
    [BOOTFILE_OF_SYSCTL] = CLAIM_SYSCTL, [BOOTFILE_OF_TMPFILES] = CLAIM_TMPFILES};

const Claim *keep_rival(const Keep *keep, const char *place)
{
    const Claim *winner = claims_winner(keep->claims, place);
    BootFile file = bootfile_for(place);

    if (winner == NULL || file == BOOTFILES || strcmp(winner->file, bootfile_path(file)) == 0)
        return NULL;
    /* What comes at boot before our file's turn is overwritten by it. */
    return winner->kind >= turns[file] ? winner : NULL;
}
