/* The command place: a proposal printed, and written as a plan file. */
#include "core/place/place.h"
#include "core/tune/planfile.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

/* Stages what every domain of @layout that fits gets, and saves that to @path. */
static gboolean save_plan(
    const PlaceLayout *layout, const Snapshot *snapshot, const char *path, GError **error)
{
    g_autoptr(Plan) plan = plan_new();

    for (guint i = 0; i < layout->domains->len; i++) {
        const PlacedDomain *placed = g_ptr_array_index(layout->domains, i);
        if (placed->problem == NULL && !place_stage(layout, i, snapshot, plan, error))
            return FALSE;
    }
    if (!plan_save(plan, snapshot, path, error))
        return FALSE;
    g_autofree char *shown = text_escape(path, 200);
    g_printerr("kvmtune: %u changes written to %s; `kvmtune apply` makes them\n",
        plan->changes->len, shown);
    return TRUE;
}

/* FALSE with a sentence that counts the domains left out: scripts are to notice. */
static gboolean check_all_placed(const PlaceLayout *layout, GError **error)
{
    guint left_out = 0;

    for (guint i = 0; i < layout->domains->len; i++)
        left_out += ((const PlacedDomain *)g_ptr_array_index(layout->domains, i))->problem != NULL;
    if (left_out == 0)
        return TRUE;
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
        "%u of %u domains do not fit; what is printed says what would make them fit", left_out,
        layout->domains->len);
    return FALSE;
}

gboolean command_place(const CommandOptions *options, char **arguments, GError **error)
{
    PlaceWish wish = {
        .domains = *arguments ? (const char *const *)arguments : NULL, .all = options->all};

    if (options->policy && !place_policy_parse(options->policy, &wish.policy, error))
        return FALSE;
    g_autoptr(IdSet) reserve = options->reserve ? idset_parse(options->reserve, error) : NULL;
    if (options->reserve && reserve == NULL) {
        g_prefix_error(error, "--reserve: ");
        return FALSE;
    }
    if (reserve && idset_is_empty(reserve)) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
            "--reserve \"%s\" names no CPU: name some, such as 0,32, or leave it out",
            options->reserve);
        return FALSE;
    }
    wish.reserve = reserve;
    g_autoptr(Connection) connection = NULL;
    g_autoptr(Snapshot) snapshot =
        collector_take_once(&options->collector, TRUE, &connection, error);
    g_autoptr(PlaceLayout) layout = snapshot ? place_propose(snapshot, NULL, &wish, error) : NULL;
    if (layout == NULL)
        return FALSE;
    g_autofree char *text = options->json ? place_to_json(layout) : place_to_text(layout);
    g_print("%s", text);
    if (options->plan && !save_plan(layout, snapshot, options->plan, error))
        return FALSE;
    return check_all_placed(layout, error);
}
