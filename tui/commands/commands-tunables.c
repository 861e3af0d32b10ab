/* The command tunables: the catalogue, listed and explained. */
#include "core/catalogue/reference.h"
#include "core/util/error.h"
#include "core/util/text.h"
#include "tui/commands/commands-private.h"

#include <string.h>

#define PAGE_WIDTH 79 /* of a terminal; alike in a file */

/* The row that @text is the key of, or an instance of ("vcpupin.3"); NULL with a sentence. */
static const Tunable *find_row(const char *text, GError **error)
{
    guint count;
    const Tunable *rows = tunable_catalogue(&count);

    for (guint i = 0; i < count; i++)
        if (g_str_equal(rows[i].key, text))
            return &rows[i];
    g_autoptr(TunableKey) key = tunable_key_parse(TARGET_DOMAIN, text, NULL);
    if (key == NULL)
        key = tunable_key_parse(TARGET_HOST, text, NULL);
    if (key)
        return key->tunable;
    g_autofree char *shown = text_escape(text, 60);
    const char *nearest = tunable_nearest(TARGET_DOMAIN, text);
    if (nearest == NULL)
        nearest = tunable_nearest(TARGET_HOST, text);
    g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_USAGE,
        "there is no key \"%s\"; %s%s%s`kvmtune tunables` lists them all", shown,
        nearest ? "the nearest is " : "", nearest ? nearest : "", nearest ? ", and " : "");
    return NULL;
}

gboolean command_tunables(const CommandOptions *options, char **arguments, GError **error)
{
    const char *prefix = arguments[0] ? arguments[0] : "";
    g_autofree char *list = reference_list(prefix);
    const Tunable *row = *list == '\0' || *prefix ? find_row(prefix, NULL) : NULL;

    if (*list == '\0' && row == NULL)
        return find_row(prefix, error) != NULL;
    if (row != NULL)
        prefix = row->key;
    g_autofree char *text = NULL;
    if (options->json)
        text = reference_json(prefix);
    else if (options->names)
        text = reference_names(prefix);
    else
        text = row ? reference_explain(row, PAGE_WIDTH) : g_strdup(list);
    g_print("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
    return TRUE;
}
