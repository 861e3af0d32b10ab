/* The Preview of mounts of hugetlbfs: what is mounted and unmounted, and what speaks against it. */
#include "core/host/mounts.h"
#include "core/preview/preview-private.h"
#include "core/util/text.h"

gboolean preview_may_unmount(
    Preview *preview, const char *root, const Change *change, const char *now)
{
    g_auto(GStrv) leaving = text_list_without(now, change->value);

    for (guint i = 0; leaving[i]; i++) {
        g_autofree char *bond = mounts_bond(root, leaving[i], (const char *const *)leaving);
        if (bond == NULL)
            continue;
        g_autofree char *shown = text_escape(bond, 0);
        preview_refuse(preview, "%s: %s", change->key->key, shown);
        return FALSE;
    }
    return TRUE;
}

gboolean preview_may_mount(
    Preview *preview, const char *root, const Host *host, const Change *change, const char *now)
{
    g_auto(GStrv) new = text_list_without(change->value, now);

    if (change->key->tunable->type != VALUE_PATHS)
        return TRUE;
    g_autofree char *known = *now ? tunable_normalize(change->key, now, NULL) : g_strdup("");
    if (known == NULL) {
        g_autofree char *shown = text_escape(now, 100);
        preview_refuse(preview,
            "%s: %s is set by hand, and kvmtune could not put it back: it mounts at no such folder",
            change->key->key, shown);
        return FALSE;
    }
    if (change->undoes)
        return TRUE;
    for (guint i = 0; new[i]; i++) {
        g_autofree char *obstacle = mounts_obstacle(root, host->mounts, new[i]);
        if (obstacle == NULL)
            continue;
        preview_refuse(preview, "%s: %s", change->key->key, obstacle);
        return FALSE;
    }
    return TRUE;
}

/* Who else has a hugetlbfs at @path: "mounted now", the key of an earlier change; NULL: nobody. */
static const char *other_size(
    const Preview *preview, const Host *host, const Change *change, const char *path)
{
    for (guint i = 0; host->mounts && i < host->mounts->len; i++)
        if (g_str_equal(((const HugeMount *)host->mounts->pdata[i])->path, path))
            return "mounted now";
    for (guint i = 0; i < preview->plan->changes->len; i++) {
        const Change *other = g_ptr_array_index(preview->plan->changes, i);
        if (other == change)
            return NULL;
        g_auto(GStrv) paths = g_strsplit(other->value, ",", -1);
        if (other->key->tunable->type == VALUE_PATHS && plan_scope_has(other->scope, STEP_MOUNT) &&
            g_strv_contains((const char *const *)paths, path))
            return other->key->key;
    }
    return NULL;
}

gboolean preview_is_one_size(
    Preview *preview, const Host *host, const Change *change, const char *now)
{
    g_auto(GStrv) new = text_list_without(change->value, now);

    for (guint i = 0; new[i]; i++) {
        const char *other = other_size(preview, host, change, new[i]);
        if (other) {
            preview_refuse(preview,
                "%s: %s has pages of another size, %s: take it away there first", change->key->key,
                new[i], other);
            return FALSE;
        }
    }
    return TRUE;
}

/* A mount that goes away under libvirt. */
static void warn_of_libvirt(
    Preview *preview, const Host *host, const Change *change, const char *path)
{
    for (guint i = 0; host->mounts && i < host->mounts->len; i++) {
        const HugeMount *mount = g_ptr_array_index(host->mounts, i);
        g_autofree char *shown = text_escape(path, 0);
        if (g_str_equal(mount->path, path) && mounts_is_libvirts(host, mount))
            preview_warn(preview,
                "%s: libvirt takes its pages from %s: without it no VM with these pages starts",
                change->key->key, shown);
    }
}

void preview_mounts(Preview *preview, const Host *host, const Change *change, const char *now)
{
    g_auto(GStrv) new = text_list_without(change->value, now);
    g_auto(GStrv) leaving = text_list_without(now, change->value);
    g_autofree char *place = tunable_key_place(change->key);

    for (guint i = 0; new[i]; i++)
        preview_say(preview, PART_WRITES, LINE_WRITE, "mount %s at %s", place, new[i]);
    for (guint i = 0; leaving[i]; i++) {
        g_autofree char *path = text_escape(leaving[i], 0);
        preview_say(preview, PART_WRITES, LINE_WRITE, "unmount %s", path);
        warn_of_libvirt(preview, host, change, leaving[i]);
    }
}

/* virFileFindHugeTLBFS() is asked when the daemon starts. */
void preview_mounted(Preview *preview, const Step *step)
{
    g_auto(GStrv) new = text_list_without(step->new_value, step->old_value);

    if (new[0])
        preview_say(preview, PART_EFFECT, LINE_LATER,
            "%s: libvirt gives VMs its pages when libvirtd (virtqemud) was restarted",
            step->key->key);
}
