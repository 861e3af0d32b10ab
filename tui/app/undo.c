/* Undo: an entry of the journal, staged to be taken back. */
#include "core/apply/undo.h"

#include "tui/app/app-private.h"

static void say_staged(App *app, guint number, const GPtrArray *notes, gboolean any)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < notes->len; i++)
        g_string_append_printf(text, "; %s", (char *)g_ptr_array_index(notes, i));
    if (any)
        app_say(app, notes->len ? STYLE_WARN : STYLE_STAGED,
            "entry %u is staged to be taken back: a applies it%s", number, text->str);
    else
        app_say(app, notes->len ? STYLE_WARN : STYLE_TEXT,
            "nothing is left to take back of entry %u%s", number, text->str);
}

void app_undo(App *app, guint number)
{
    g_autoptr(GError) error = NULL;

    if (!app_may_write(app))
        return;
    if (app_is_applying(app)) {
        app_say(app, STYLE_WARN,
            "a change is being written: it can be taken back once that has ended, or is stopped");
        return;
    }
    g_autoptr(Journal) journal =
        journal_open(app->options->collector.root, app->options->journal_folder, &error);
    g_autoptr(JournalEntry) entry = journal ? journal_get(journal, number, &error) : NULL;
    if (entry == NULL) {
        app_say_error(app, error);
        return;
    }
    g_autofree char *reason = journal_entry_not_undoable(entry);
    if (reason) {
        app_say(app, STYLE_WARN, "%s", reason);
        return;
    }
    if (entry->state == ENTRY_OPEN) {
        jobs_offer_recovery(app);
        return;
    }
    guint before = app->plan->acts;
    g_autoptr(GPtrArray) notes = undo_stage(app->plan, app->snapshot, entry);
    gboolean any = FALSE;
    for (guint i = 0; i < app->plan->changes->len; i++)
        any |= ((const Change *)g_ptr_array_index(app->plan->changes, i))->act > before;
    if (any)
        app_open(app, SCREEN_PREVIEW);
    else if (app->snapshot->domains || notes->len == 0)
        jobs_settle(app, entry->number);
    say_staged(app, entry->number, notes, any);
}
