/* The acts of a Preview: what its steps are in the words of other tools, there and back. */
#include "core/tune/export-private.h"

#include "core/util/error.h"
#include "core/util/text.h"

#include <string.h>

static void act_free(gpointer data)
{
    Act *act = data;

    g_free(act->what);
    g_free(act->xml);
    g_strfreev(act->argv);
    g_strfreev(act->command);
    g_free(act->path);
    g_free(act->value);
    g_free(act);
}

static Act *add_act(GPtrArray *acts, char *what)
{
    Act *act = g_new0(Act, 1);

    act->what = what;
    g_ptr_array_add(acts, act);
    return act;
}

static const PreviewTarget *find_target(const Preview *preview, const char *target)
{
    for (guint i = 0; i < preview->targets->len; i++) {
        const PreviewTarget *each = g_ptr_array_index(preview->targets, i);
        if (g_str_equal(each->target, target))
            return each;
    }
    return NULL;
}

/* What is mounted for @value that is not for @now, and the other way round. */
static void add_mounts(GPtrArray *acts, const Step *step, const char *value, const char *now)
{
    g_auto(GStrv) new = g_strsplit(value, ",", -1), old = g_strsplit(now, ",", -1);
    g_autofree char *size = text_page_size(step->key->size_kib);
    g_autofree char *options = g_strconcat("nosuid,nodev,pagesize=", size, NULL);

    for (guint i = 0; new[i]; i++) {
        if (g_strv_contains((const char *const *)old, new[i]))
            continue;
        const char *const make[] = {"mkdir", "-p", new[i], NULL};
        const char *const mount[] = {
            "mount", "-t", "hugetlbfs", "-o", options, "hugetlbfs", new[i], NULL};
        Act *act = add_act(acts, g_strdup_printf("host %s: a folder", step->key->key));
        act->command = g_strdupv((char **)make);
        act = add_act(acts, g_strdup_printf("host %s: mount", step->key->key));
        act->command = g_strdupv((char **)mount);
    }
    for (guint i = 0; old[i]; i++) {
        const char *const unmount[] = {"umount", old[i], NULL};
        if (g_strv_contains((const char *const *)new, old[i]))
            continue;
        Act *act = add_act(acts, g_strdup_printf("host %s: unmount", step->key->key));
        act->command = g_strdupv((char **)unmount);
    }
}

/* @back: the old value takes the new one's place. FALSE with a sentence where virsh has no call. */
static gboolean add_step(
    GPtrArray *acts, const Preview *preview, const Step *step, gboolean back, GError **error)
{
    const char *value = back ? step->old_value : step->new_value;
    g_autofree char *shown = step_shown_value(value);
    g_autoptr(GPtrArray) calls = NULL;
    Act *act;

    switch (step->kind) {
    case STEP_HOST:
        if (back && step->key->tunable->trigger)
            return TRUE; /* what it did is done */
        act = add_act(acts, g_strdup_printf("host %s = %s", step->key->key, shown));
        act->path = tunable_key_place(step->key);
        act->value = g_strdup(value);
        return TRUE;
    case STEP_CONFIG: {
        const PreviewTarget *target = find_target(preview, step->target);
        act = add_act(acts, g_strdup_printf("%s, next start", step->name));
        act->xml = g_strdup(back ? target->next_before : target->next_after);
        return TRUE;
    }
    case STEP_MOUNT:
        add_mounts(acts, step, value, back ? step->new_value : step->old_value);
        return TRUE;
    case STEP_BOOT:
        for (guint i = 0; i < preview->files->len; i++) {
            const PreviewFile *file = g_ptr_array_index(preview->files, i);
            g_autofree char *path = text_escape(file->path, 0);
            act = add_act(acts, g_strdup_printf("host at boot: %s", path));
            act->file = file;
            act->text = back ? file->before : file->after;
        }
        return TRUE;
    case STEP_PAGES:
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s %s: neither virsh nor an Ansible module moves pages; `kvmtune set %s %s=%s` does",
            step->name, step->key->key, step->name, step->key->key, value);
        return FALSE;
    case STEP_LIVE:
        break;
    }
    calls = export_virsh_calls(step, back ? step->new_value : step->old_value, value);
    if (calls == NULL && back) {
        add_act(acts,
            g_strdup_printf("%s %s = %s: virsh has no call for it in the running domain, which "
                            "keeps what it has until its next start",
                step->name, step->key->key, shown));
        return TRUE;
    }
    if (calls == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s %s: virsh has no call that sets %s in the running domain: mark it @next",
            step->name, step->key->key, shown);
        return FALSE;
    }
    for (guint i = 0; i < calls->len; i++) {
        act = add_act(acts, g_strdup_printf("%s %s = %s, now", step->name, step->key->key, shown));
        act->argv = g_strdupv(g_ptr_array_index(calls, i));
    }
    return TRUE;
}

GPtrArray *export_acts(const Preview *preview, gboolean back, GError **error)
{
    g_autoptr(GPtrArray) acts = g_ptr_array_new_with_free_func(act_free);
    g_autoptr(GHashTable) defined = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean led = FALSE; /* the step before, on the way back, followed this one */

    for (guint i = 0; i < preview->steps->len; i++) {
        const Step *step =
            g_ptr_array_index(preview->steps, back ? preview->steps->len - 1 - i : i);
        /* Of two coupled files one is written, and the kernel sees to the other. */
        if (back ? led : step->follows) {
            led = FALSE;
            continue;
        }
        led = back && step->follows;
        /* A domain's definition and the host's files are each written once, as a whole. */
        if ((step->kind == STEP_CONFIG || step->kind == STEP_BOOT) &&
            !g_hash_table_add(defined, step->target))
            continue;
        if (!add_step(acts, preview, step, back, error))
            return NULL;
    }
    return g_steal_pointer(&acts);
}
