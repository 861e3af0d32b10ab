/* Copying the tunings of one domain and staging them on others. */
#include "tui/screens/tuning/tuning.h"

#include "core/util/text.h"

#define NAMED_MAX 6 /* of what does not fit, of each domain; of cards likewise */

void tuning_copy(App *app, const char *uuid)
{
    const DomainView *view = snapshot_domain(app->snapshot, uuid);
    g_autoptr(GPtrArray) tunings = view ? tunings_read(view->domain) : NULL;
    guint set = 0;

    if (tunings == NULL || tunings->len == 0) {
        app_say(app, STYLE_WARN, "its XML is not known yet: try again in a moment");
        return;
    }
    for (guint i = 0; i < tunings->len; i++) {
        const Tuning *tuning = g_ptr_array_index(tunings, i);
        set += !tuning_is_default(tuning->key->tunable, tuning_value(tuning));
    }
    g_free(app->copied_from);
    g_clear_pointer(&app->copied, g_ptr_array_unref);
    app->copied_from = text_escape(view->domain->name, 60);
    app->copied = g_steal_pointer(&tunings);
    app_say(app, STYLE_TEXT, "copied: the %u tunings that %s sets; P stages them on another domain",
        set, app->copied_from);
}

/* Adds a line for each of @texts, as many as there is room for. */
static void add_lines(GString *said, const char *about, const GPtrArray *texts)
{
    for (guint i = 0; i < MIN(texts->len, NAMED_MAX); i++)
        g_string_append_printf(said, "   %s%s\n", about, (const char *)g_ptr_array_index(texts, i));
    if (texts->len > NAMED_MAX)
        g_string_append_printf(said, "   … and %u more\n", texts->len - NAMED_MAX);
}

/* Stages what was copied on @domain in @plan; adds what is to be said of it to @said. */
static guint stage_one(const App *app, Plan *plan, const Domain *domain, GString *said)
{
    g_auto(TuningsFit) fit = tunings_stage(app->copied, plan, app->snapshot, domain);
    g_autofree char *name = text_escape(domain->name, 40);

    g_string_append_printf(
        said, "%s: %u to be staged, %u stand already", name, fit.staged, fit.same);
    if (fit.unfit->len > 0)
        g_string_append_printf(
            said, ", %u %s not fit", fit.unfit->len, fit.unfit->len == 1 ? "does" : "do");
    g_string_append_c(said, '\n');
    add_lines(said, "cards by their order: ", fit.cards);
    add_lines(said, "left out: ", fit.unfit);
    return fit.staged;
}

static guint stage_all(const App *app, Plan *plan, const char *const *uuids, GString *said)
{
    guint staged = 0, acts = plan->acts;

    for (guint i = 0; uuids[i]; i++) {
        const DomainView *view = snapshot_domain(app->snapshot, uuids[i]);
        if (view)
            staged += stage_one(app, plan, view->domain, said);
    }
    plan_join(plan, acts);
    return staged;
}

/* @data: the UUIDs, a line each. */
static void paste_confirmed(App *app, gpointer data)
{
    g_auto(GStrv) uuids = g_strsplit(data, "\n", -1);
    g_autoptr(GString) said = g_string_new(NULL);

    if (app->copied == NULL || !app_may_write(app))
        return;
    guint staged = stage_all(app, app->plan, (const char *const *)uuids, said);
    app_say(app, STYLE_STAGED, "staged: %u tunings of %s   (p shows what would change)", staged,
        app->copied_from);
    app_open(app, app->screen); /* the screen makes its rows anew */
}

void tuning_paste(App *app, const char *const *uuids)
{
    g_autoptr(Plan) plan = plan_copy(app->plan);
    g_autoptr(GString) said = g_string_new(NULL);

    if (!app_may_write(app))
        return;
    if (app->copied == NULL) {
        app_say(app, STYLE_WARN, "nothing is copied yet: y copies the tunings of a domain");
        return;
    }
    guint staged = stage_all(app, plan, uuids, said);
    g_string_append(said, staged ? "\nStage them? y/n" : "\nNothing to stage. n closes this.");
    g_autofree char *title = g_strdup_printf("tunings of %s", app->copied_from);
    app_confirm(app, title, said->str, paste_confirmed, g_strjoinv("\n", (char **)uuids));
}
