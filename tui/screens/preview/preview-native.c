/* The Preview screen's question to libvirt: how QEMU's command line would change. Each pair of
 * documents is asked of once; the answer comes when it comes, and the screen goes on meanwhile. */
#include "core/preview/nativecmd.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/screens/preview/preview.h"

#define ANSWERS_KEPT 64

/* Shared with the libvirt thread: what is asked is set before, the answer before `done`. */
struct PreviewAnswer {
    gatomicrefcount refs;
    char *before, *after;
    gint done;
    GPtrArray *lines; /* char*; NULL where there is none, and … */
    char *problem;    /* … why, fit to show */
    gboolean seen;    /* by preview_native_poll; the drawing thread's own */
};

static void answer_unref(gpointer data)
{
    PreviewAnswer *answer = data;

    if (!g_atomic_ref_count_dec(&answer->refs))
        return;
    g_free(answer->before);
    g_free(answer->after);
    g_clear_pointer(&answer->lines, g_ptr_array_unref);
    g_free(answer->problem);
    g_free(answer);
}

/* On the libvirt thread. */
static void ask(Connection *connection, gpointer data)
{
    PreviewAnswer *answer = data;
    g_autoptr(GError) error = NULL;

    if (connection)
        answer->lines = nativecmd_change(connection, answer->before, answer->after, &error);
    else
        g_set_error(
            &error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "there is no connection to libvirt");
    if (answer->lines == NULL)
        answer->problem = text_escape(error->message, 0);
}

/* The caller frees it. */
static char *answer_key(const PreviewTarget *target)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(sum, (const guchar *)target->next_before, -1);
    g_checksum_update(sum, (const guchar *)"", 1);
    g_checksum_update(sum, (const guchar *)target->next_after, -1);
    return g_strdup(g_checksum_get_string(sum));
}

static gboolean is_done(const PreviewAnswer *answer)
{
    return g_atomic_int_get(&answer->done) != 0;
}

static gboolean is_old(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    (void)data;
    return is_done(value);
}

const GPtrArray *preview_native(
    PreviewState *state, const PreviewTarget *target, const char **problem)
{
    g_autofree char *key = answer_key(target);

    if (state->answers == NULL)
        state->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answer_unref);
    PreviewAnswer *answer = g_hash_table_lookup(state->answers, key);
    if (answer == NULL) {
        if (g_hash_table_size(state->answers) >= ANSWERS_KEPT)
            g_hash_table_foreach_remove(state->answers, is_old, NULL);
        answer = g_new0(PreviewAnswer, 1);
        g_atomic_ref_count_init(&answer->refs);
        answer->before = g_strdup(target->next_before);
        answer->after = g_strdup(target->next_after);
        g_hash_table_insert(state->answers, g_steal_pointer(&key), answer);
        g_atomic_ref_count_inc(&answer->refs);
        app_ask_libvirt(state->app, ask, answer, answer_unref, &answer->done);
    }
    *problem = is_done(answer) ? answer->problem : NULL;
    return is_done(answer) ? answer->lines : NULL;
}

gboolean preview_native_news(PreviewState *state)
{
    GHashTableIter iter;
    gpointer value;
    gboolean news = FALSE;

    if (state->answers == NULL)
        return FALSE;
    g_hash_table_iter_init(&iter, state->answers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        PreviewAnswer *answer = value;
        if (is_done(answer) && !answer->seen)
            news = answer->seen = TRUE;
    }
    return news;
}

void preview_native_forget(PreviewState *state, const PreviewTarget *target)
{
    g_autofree char *key = answer_key(target);
    const PreviewAnswer *answer = state->answers ? g_hash_table_lookup(state->answers, key) : NULL;

    if (answer && is_done(answer) && answer->problem)
        g_hash_table_remove(state->answers, key);
}
