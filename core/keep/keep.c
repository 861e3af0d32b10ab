/* Keep: read once, and again when something changed below the folders that say it. */
#include "core/keep/keep.h"

#include "core/keep/bootfile.h"
#include "core/keep/mountunit.h"
#include "core/keep/qemuconf.h"

#include <string.h>
#include <sys/stat.h>

/* A file is changed in place or replaced: both show in its own time or its folder's. */
static const char *const sources[] = {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d", "/etc/sysctl.conf", "/etc/tmpfiles.d", "/run/tmpfiles.d",
    "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d", "/etc/tuned", "/etc/tuned/active_profile",
    "/run/ksmtune.pid", "/run/ksmtuned.pid", BOOTFILE_SYSCTL, BOOTFILE_TMPFILES, MOUNTUNIT_FOLDER,
    MOUNTUNIT_WANTS, "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system", "/etc/fstab", QEMUCONF};

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
    keep->files = bootset_read(root);
    keep->claims = claims_read(root);
    keep->libvirt_mounts = qemuconf_mounts(root);
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
    bootset_free(keep->files);
    g_ptr_array_unref(keep->claims);
    g_clear_pointer(&keep->libvirt_mounts, g_ptr_array_unref);
    g_free(keep->stamp);
    g_free(keep);
}

char *keep_value(const Keep *keep, const char *place)
{
    return bootset_value(keep->files, place);
}

/* When at boot each of kvmtune's files is read. */
static const ClaimKind turns[BOOTFILES] = {
    [BOOTFILE_OF_SYSCTL] = CLAIM_SYSCTL, [BOOTFILE_OF_TMPFILES] = CLAIM_TMPFILES};

/* Whether @claim, for the same file of the kernel, has the last word over kvmtune's line for
 * @place. In one turn sysctl.d lets the later name win; tmpfiles.d too where the line's pattern is
 * another one, else the earlier name. */
static gboolean beats(const Claim *claim, BootFile file, const char *place)
{
    if (claim->kind != turns[file])
        return claim->kind > turns[file];
    g_autofree char *name = g_path_get_basename(claim->file);
    g_autofree char *own = g_path_get_basename(bootfile_path(file));
    gboolean is_earlier = strcmp(name, own) < 0;
    return file == BOOTFILE_OF_TMPFILES && strcmp(claim->place, place) == 0 ? is_earlier
                                                                            : !is_earlier;
}

GPtrArray *keep_others(const Keep *keep, const char *place, KeepTurn turn)
{
    GPtrArray *others = g_ptr_array_new();
    BootFile file = bootfile_for(place);

    for (guint i = 0; file != BOOTFILES && i < keep->claims->len; i++) {
        Claim *claim = keep->claims->pdata[i];
        if (claim_matches(claim, place) && strcmp(claim->file, bootfile_path(file)) != 0 &&
            (turn & (beats(claim, file, place) ? KEEP_AFTER : KEEP_BEFORE)))
            g_ptr_array_add(others, claim);
    }
    return others;
}

static const Claim *last_claim(const Keep *keep, const char *place, KeepTurn turn)
{
    g_autoptr(GPtrArray) others = keep_others(keep, place, turn);

    return others->len ? g_ptr_array_index(others, others->len - 1) : NULL;
}

const Claim *keep_rival(const Keep *keep, const char *place)
{
    return last_claim(keep, place, KEEP_AFTER);
}

const Claim *keep_beaten(const Keep *keep, const char *place)
{
    return last_claim(keep, place, KEEP_BEFORE);
}
