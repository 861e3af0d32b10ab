/* The acts of a Preview: what its steps are in the words of other tools, there and back. */
#include "core/preview/export-private.h"

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

/* A step, there or back. */
typedef struct {
    GPtrArray *acts; /* what comes of it goes here */
    const Preview *preview;
    const Step *step;
    gboolean back;
    const char *value, *now; /* what is to be set, and what it stands at before */
} Way;

/* What is mounted for @way's value that is not before, and the other way round. */
static gboolean add_mounts(const Way *way, GError **error)
{
    g_auto(GStrv) new = text_list_without(way->value, way->now);
    g_auto(GStrv) leaving = text_list_without(way->now, way->value);
    g_autofree char *size = text_page_size(way->step->key->size_kib);
    g_autofree char *options = g_strconcat("nosuid,nodev,pagesize=", size, NULL);
    (void)error;

    for (guint i = 0; new[i]; i++) {
        const char *const make[] = {"mkdir", "-p", new[i], NULL};
        const char *const mount[] = {
            "mount", "-t", "hugetlbfs", "-o", options, "hugetlbfs", new[i], NULL};
        Act *act = add_act(way->acts, g_strdup_printf("host %s: a folder", way->step->key->key));
        act->command = g_strdupv((char **)make);
        act = add_act(way->acts, g_strdup_printf("host %s: mount", way->step->key->key));
        act->command = g_strdupv((char **)mount);
    }
    for (guint i = 0; leaving[i]; i++) {
        const char *const unmount[] = {"umount", leaving[i], NULL};
        Act *act = add_act(way->acts, g_strdup_printf("host %s: unmount", way->step->key->key));
        act->command = g_strdupv((char **)unmount);
    }
    return TRUE;
}

static gboolean add_write(const Way *way, GError **error)
{
    g_autofree char *shown = step_shown_value(way->value);
    (void)error;

    if (way->back && way->step->key->tunable->trigger)
        return TRUE; /* what it did is done */
    Act *act = add_act(way->acts, g_strdup_printf("host %s = %s", way->step->key->key, shown));
    act->path = tunable_key_place(way->step->key);
    act->value = g_strdup(way->value);
    return TRUE;
}

static gboolean add_calls(const Way *way, GError **error)
{
    g_autofree char *shown = step_shown_value(way->value);
    g_autoptr(GPtrArray) calls = export_virsh_calls(way->step, way->now, way->value);

    if (calls == NULL && way->back) {
        add_act(way->acts,
            g_strdup_printf("%s %s = %s: virsh has no call for it in the running domain, which "
                            "keeps what it has until its next start",
                way->step->name, way->step->key->key, shown));
        return TRUE;
    }
    if (calls == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s %s: virsh has no call that sets %s in the running domain: mark it @next",
            way->step->name, way->step->key->key, shown);
        return FALSE;
    }
    for (guint i = 0; i < calls->len; i++) {
        Act *act = add_act(way->acts,
            g_strdup_printf("%s %s = %s, now", way->step->name, way->step->key->key, shown));
        act->argv = g_strdupv(g_ptr_array_index(calls, i));
    }
    return TRUE;
}

static gboolean add_definition(const Way *way, GError **error)
{
    const PreviewTarget *target = find_target(way->preview, way->step->target);
    Act *act = add_act(way->acts, g_strdup_printf("%s, next start", way->step->name));
    (void)error;

    act->xml = g_strdup(way->back ? target->next_before : target->next_after);
    return TRUE;
}

static gboolean add_files(const Way *way, GError **error)
{
    (void)error;

    for (guint i = 0; i < way->preview->files->len; i++) {
        const PreviewFile *file = g_ptr_array_index(way->preview->files, i);
        g_autofree char *path = text_escape(file->path, 0);
        Act *act = add_act(way->acts, g_strdup_printf("host at boot: %s", path));
        act->file = file;
        act->text = way->back ? file->before : file->after;
    }
    return TRUE;
}

static gboolean refuse_pages(const Way *way, GError **error)
{
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%s %s: neither virsh nor an Ansible module moves pages; `kvmtune set %s %s=%s` does",
        way->step->name, way->step->key->key, way->step->name, way->step->key->key, way->value);
    return FALSE;
}

/* Puts a step of each kind among the acts; FALSE with a sentence where others have no words for it.
 */
static gboolean (*const adders[STEP_KINDS])(const Way *way, GError **error) = {
    [STEP_HOST] = add_write,
    [STEP_LIVE] = add_calls,
    [STEP_CONFIG] = add_definition,
    [STEP_BOOT] = add_files,
    [STEP_MOUNT] = add_mounts,
    [STEP_PAGES] = refuse_pages,
};

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
        if (step_traits[step->kind].later && !g_hash_table_add(defined, step->target))
            continue;
        const Way way = {.acts = acts,
            .preview = preview,
            .step = step,
            .back = back,
            .value = back ? step->old_value : step->new_value,
            .now = back ? step->new_value : step->old_value};
        if (!adders[step->kind](&way, error))
            return NULL;
    }
    return g_steal_pointer(&acts);
}
