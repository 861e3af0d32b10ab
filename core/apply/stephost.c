/* Steps of the host: its kernel's files, what is kept at boot, mounts of hugetlbfs. */
#include "core/apply/stephost.h"

#include "core/apply/poolgrow.h"
#include "core/host/mounts.h"
#include "core/keep/bootfile.h"
#include "core/keep/bootset.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <errno.h>
#include <string.h>

/* ---- a file of the kernel ---- */

/* What the pool at @place is set to, where its nr_hugepages is @text (taken). The caller frees it.
 */
static char *pool_value(const char *root, const char *place, char *text)
{
    g_autofree char *folder = g_path_get_dirname(place);
    g_autofree char *file = g_strconcat(folder, "/surplus_hugepages", NULL);
    gint64 total, surplus;

    if (!text_parse_int(text, &total))
        return text;
    gboolean known = rootfile_read_int(root, file, &surplus);
    g_free(text);
    return g_strdup_printf(
        "%" G_GINT64_FORMAT, pool_set_pages(NUM(total), known ? NUM(surplus) : NUM_UNKNOWN).value);
}

char *stephost_read(Reading *reading, const Step *step, GError **error)
{
    const char *root = reading_context(reading)->root;
    g_autofree char *place = tunable_key_place(step->key);
    g_autofree char *full = g_strconcat(root, place, NULL);
    gboolean trigger = step->key->tunable->trigger && g_file_test(full, G_FILE_TEST_EXISTS);
    g_autofree char *text = trigger ? g_strdup("") : rootfile_read(root, place);

    if (text == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "%s%s cannot be read: it is gone, or not yours to read", root, place);
        return NULL;
    }
    if (g_str_has_suffix(place, "/nr_hugepages"))
        return pool_value(root, place, g_steal_pointer(&text));
    KernelFile file = {.text = text};
    return kernel_file_value(&file);
}

static gboolean ksm_shares(const char *root)
{
    g_autofree char *text = rootfile_read(root, "/sys/kernel/mm/ksm/pages_shared");

    return text == NULL || g_ascii_strtoull(text, NULL, 10) > 0;
}

gboolean stephost_write_file(
    const ApplyContext *context, const Step *step, const char *value, GError **error)
{
    g_autofree char *place = tunable_key_place(step->key);
    g_autoptr(GError) cause = NULL;

    if (rootfile_write(context->root, place, value, &cause))
        return TRUE;
    const char *advice = "";
    if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
        g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_PERM))
        advice = "; run kvmtune as root";
    else if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ROFS))
        advice = "; it is mounted read-only, as in a container: run kvmtune on the host itself";
    else if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_INVAL))
        advice = "; the kernel does not take this value";
    /* EBUSY has no code among GFileError's. */
    else if (g_str_has_prefix(step->key->key, "ksm.") && strstr(cause->message, g_strerror(EBUSY)))
        advice = ksm_shares(context->root)
                     ? "; pages are shared: ksm.run=2 must unmerge them first"
                     : "; no page is counted as shared, but the kernel still has some of VMs that "
                       "run: it changes once these have ended";
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s%s", cause->message, advice);
    return FALSE;
}

static gboolean write_one(
    const ApplyContext *context, const Step *step, const char *value, GError **error)
{
    return pool_grows(context, step, value) ? pool_grow(context, step, value, error)
                                            : stephost_write_file(context, step, value, error);
}

/* One file; or one and that which is coupled to it, and back the other way round. The kernel makes
 * the second one what it is to be with the write of the first (and would refuse to be told); in
 * another machine's tree, where files are only files, it is written. */
gboolean stephost_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    guint count = unit->steps->len;
    (void)ground;

    for (guint i = 0; i < count; i++) {
        const Step *step = g_ptr_array_index(unit->steps, back ? count - 1 - i : i);
        g_autoptr(Reading) reading = reading_new(context);
        g_autofree char *now = i > 0 ? stephost_read(reading, step, NULL) : NULL;
        if (back && step->key->tunable->trigger)
            continue; /* what it did is done */
        if (g_strcmp0(now, step_written_value(step, back)) != 0 &&
            !write_one(context, step, step_written_value(step, back), error))
            return FALSE;
    }
    if (context->settle)
        context->settle(context->root);
    return TRUE;
}

char *stephost_command(const ApplyContext *context, const Step *step)
{
    g_autofree char *place = tunable_key_place(step->key);
    g_autofree char *path = g_strconcat(context->root, place, NULL);
    g_autofree char *file = g_shell_quote(path);
    g_autofree char *value = g_shell_quote(step->old_value);

    return g_strdup_printf("echo %s > %s", value, file);
}

/* ---- at boot ---- */

char *stepboot_read(Reading *reading, const Step *step, GError **error)
{
    g_autoptr(BootSet) set = bootset_read(reading_context(reading)->root);
    g_autofree char *place = tunable_key_place(step->key);
    char *value = bootset_value(set, place);

    if (value == NULL)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s cannot be kept across a reboot: no file at boot sets %s", step->key->key, place);
    return value;
}

/* The value goes into whatever the files are by now: what others changed meanwhile stays. */
gboolean stepboot_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    const Step *step = g_ptr_array_index(unit->steps, 0);
    g_autoptr(BootSet) set = bootset_read(context->root);
    g_autofree char *place = tunable_key_place(step->key);
    (void)ground;

    bootfile_sweep(context->root);
    return bootset_set(set, place, step_written_value(step, back), error) &&
           bootset_write(set, context->root, error);
}

/* The words that set the host of @context's root by hand. */
static char *set_command(
    const ApplyContext *context, const Step *step, const char *place, const char *option)
{
    g_autofree char *assignment = g_strdup_printf("%s=%s", step->key->key, step->old_value);
    g_autofree char *quoted = g_shell_quote(assignment);
    g_autofree char *root = g_shell_quote(context->root);

    return g_strdup_printf("kvmtune%s%s set host %s --%s", *context->root ? place : "",
        *context->root ? root : "", quoted, option);
}

char *stepboot_command(const ApplyContext *context, const Step *step)
{
    return set_command(context, step, " --root ", "boot");
}

/* ---- hugetlbfs ---- */

char *stepmount_read(Reading *reading, const Step *step, GError **error)
{
    const char *root = reading_context(reading)->root;
    g_autoptr(GPtrArray) mounts = mounts_read(root);

    (void)error;
    return mounts_value(mounts, step->key->size_kib, mounts_default_size(root));
}

/* Each path of @there that is not in @without, mounted or unmounted. They are sorted: a folder
 * comes before what is mounted below it, so the last is unmounted first. */
static gboolean change_mounts(const char *root, const char *there, const char *without,
    guint64 size_kib, gboolean add, GError **error)
{
    g_auto(GStrv) paths = text_list_without(there, without);
    guint count = g_strv_length(paths);

    for (guint i = 0; i < count; i++) {
        const char *path = paths[add ? i : count - 1 - i];
        if (!(add ? mounts_add(root, path, size_kib, error)
                  : mounts_remove(root, path, size_kib, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean stepmount_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    const Step *step = g_ptr_array_index(unit->steps, 0);
    g_autoptr(GPtrArray) mounts = mounts_read(context->root);
    g_autofree char *now =
        mounts_value(mounts, step->key->size_kib, mounts_default_size(context->root));
    const char *wanted = step_written_value(step, back);
    (void)ground;

    if (change_mounts(context->root, wanted, now, step->key->size_kib, TRUE, error) &&
        change_mounts(context->root, now, wanted, step->key->size_kib, FALSE, error))
        return TRUE;
    /* Several are no one write: those that were made go again. */
    g_autoptr(GPtrArray) left = mounts_read(context->root);
    g_autofree char *half =
        mounts_value(left, step->key->size_kib, mounts_default_size(context->root));
    change_mounts(context->root, half, now, step->key->size_kib, FALSE, NULL);
    change_mounts(context->root, now, half, step->key->size_kib, TRUE, NULL);
    return FALSE;
}

char *stepmount_command(const ApplyContext *context, const Step *step)
{
    return set_command(context, step, " --sysroot ", "now");
}
