/* Values: asking for one with the widget that fits its kind, and staging it for one target or
 * several. */
#include "tui/app/app-private.h"
#include "tui/app/pool.h"
#include "tui/widgets/cell.h"

#include "core/tune/grant.h"
#include "core/tune/tunings.h"
#include "core/util/text.h"

#include <string.h>

#define HOST_TARGET "host"
/* In a menu: to write it by hand, and to set nothing. */
#define OTHER "other…"
#define UNSET "not set"

void edit_clear(Edit *edit)
{
    g_clear_pointer(&edit->targets, g_strfreev);
    g_clear_pointer(&edit->key, g_free);
}

static const Domain *domain_of(const App *app, const char *target)
{
    const DomainView *view =
        g_str_equal(target, HOST_TARGET) ? NULL : snapshot_domain(app->snapshot, target);
    return view ? view->domain : NULL;
}

static TunableKey *parse_key(const char *target, const char *key)
{
    return tunable_key_parse(
        g_str_equal(target, HOST_TARGET) ? TARGET_HOST : TARGET_DOMAIN, key, NULL);
}

/* ---- staging ---- */

/* When a value of the host holds, where it is not now only. */
static const char *scope_text(const Change *change)
{
    return change->key->tunable->target != TARGET_HOST ? ""
           : change->scope == SCOPE_KEPT               ? ", now and at boot"
           : change->scope == SCOPE_CONFIG             ? ", at boot"
                                                       : "";
}

/* Takes the changes back that stand in @alone. */
static void unstage_same(App *app, const Plan *alone)
{
    for (guint i = app->plan->changes->len; i-- > 0;) {
        const Change *change = g_ptr_array_index(app->plan->changes, i);
        for (guint j = 0; j < alone->changes->len; j++) {
            const Change *other = g_ptr_array_index(alone->changes, j);
            if (g_str_equal(change->target, other->target) &&
                g_str_equal(change->key->key, other->key->key) &&
                plan_scopes_meet(change->scope, other->scope)) {
                plan_unstage(app->plan, i);
                break;
            }
        }
    }
}

/* Stages for all of @targets and says so, or for none and returns why (the caller frees it). */
static char *try_stage(
    App *app, const char *const *targets, const char *key, const char *value, PlanScope scope)
{
    guint acts = app->plan->acts, staged = 0, count = g_strv_length((char **)targets);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) all = plan_new();

    for (guint i = 0; i < count; i++)
        if (!plan_stage(all, app->snapshot, targets[i], key, value, scope, &error))
            return g_strdup(error->message);
    if (all->changes->len == 0)
        return g_strdup_printf("%s: its vCPUs are not known yet, try again in a moment", key);
    const Change *first = g_ptr_array_index(all->changes, 0);
    for (guint i = 0; i < count; i++) {
        g_autoptr(Plan) alone = plan_new();
        plan_stage(alone, app->snapshot, targets[i], key, value, scope, NULL);
        /* What would change nothing is not staged; if it takes another value back, so be it. */
        g_autoptr(Preview) preview = preview_make(app->snapshot, alone);
        if (preview->steps->len == 0 && preview->errors == 0) {
            unstage_same(app, alone);
        } else {
            plan_stage(app->plan, app->snapshot, targets[i], key, value, scope, NULL);
            staged++;
        }
    }
    plan_join(app->plan, acts);
    g_autofree char *who =
        count == 1 ? g_strdup(first->name) : g_strdup_printf("%u of %u domains", staged, count);
    g_autofree char *shown = step_shown_value(first->value);
    if (staged == 0)
        app_say(app, STYLE_TEXT, "%s of %s stands at that value: nothing to change", key,
            count == 1 ? who : "these domains");
    else
        app_say(app, STYLE_STAGED, "staged: %s %s = %s%s   (p shows what would change)", who, key,
            shown, scope_text(first));
    app_update(app);
    return NULL;
}

gboolean app_stage_for(
    App *app, const char *const *targets, const char *key, const char *value, PlanScope scope)
{
    if (!app_may_write(app))
        return FALSE;
    g_autofree char *problem = try_stage(app, targets, key, value, scope);
    if (problem)
        app_say(app, STYLE_BAD, "%s", problem);
    return problem == NULL;
}

gboolean app_stage(App *app, const char *target, const char *key, const char *value)
{
    return app_stage_for(app, (const char *[]){target, NULL}, key, value, SCOPE_BOTH);
}

/* ---- asking ---- */

static char *accept_value(App *app, const char *text, gpointer data)
{
    const Edit *edit = &app->private->edit;
    g_autofree char *value = g_strstrip(g_strdup(text));

    (void)data;
    return try_stage(app, (const char *const *)edit->targets, edit->key, value,
        edit->scopes[dialog_way(app->private->dialog)]);
}

/* What is wrong with what is being typed. */
static char *check_value(App *app, const char *text, gpointer data)
{
    const Edit *edit = &app->private->edit;
    g_autofree char *value = g_strstrip(g_strdup(text));

    (void)data;
    for (guint i = 0; edit->targets[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TunableKey) key = parse_key(edit->targets[i], edit->key);
        if (key == NULL)
            return NULL;
        /* At boot: to keep nothing. */
        if (*value == '\0' && key->tunable->target == TARGET_HOST &&
            edit->scopes[dialog_way(app->private->dialog)] == SCOPE_CONFIG)
            return NULL;
        g_autofree char *checked =
            tunable_check(key, value, app->snapshot, domain_of(app, edit->targets[i]), &error);
        if (checked == NULL)
            return g_strdup(error->message);
    }
    return NULL;
}

/* "vcpupin.0 of web1" */
static char *edit_title(const App *app, const Edit *edit)
{
    const Domain *domain = domain_of(app, edit->targets[0]);

    if (edit->targets[1])
        return g_strdup_printf("%s of %u domains", edit->key, g_strv_length(edit->targets));
    return g_strdup_printf("%s of %s", edit->key, domain ? domain->name : "the host");
}

/* A value of the host: until it restarts, or at boot; with what it is at boot by now. */
static const char *const *host_ways(const App *app, Edit *edit)
{
    static char at_boot[80];
    static const char *const ways[] = {"now", "now and at boot", at_boot, NULL};
    const Host *host = app->snapshot->host;
    g_autoptr(TunableKey) key = parse_key(HOST_TARGET, edit->key);
    g_autofree char *kept = host ? tunable_boot_value(key, host) : NULL;
    g_autofree char *shown = kept && *kept ? text_escape(kept, 24) : NULL;

    if (kept == NULL)
        return NULL;
    edit->scopes[0] = SCOPE_LIVE;
    edit->scopes[1] = SCOPE_KEPT;
    edit->scopes[2] = SCOPE_CONFIG;
    g_snprintf(at_boot, sizeof at_boot, "at boot only%s%s", shown ? ", where it is " : "",
        shown ? shown : "");
    return ways;
}

/* What the answer can be for, in the order of Edit.scopes; NULL where there is no question. */
static const char *const *edit_ways(const App *app, Edit *edit, const Tunable *row)
{
    static const char *const both[] = {
        "running and next start", "running only", "next start only", NULL};
    static const char *const later[] = {
        "next start only: libvirt cannot change it while the domain runs", NULL};
    static const char *const only[] = {"running only: no XML holds where pages are", NULL};
    static const char *const live[] = {"running only: a transient domain has no next start", NULL};
    gboolean runs = FALSE, stays = FALSE, takes = FALSE;

    for (guint i = 0; edit->targets[i]; i++) {
        const Domain *domain = domain_of(app, edit->targets[i]);
        runs |= domain && domain->xml_live;
        takes |= domain && domain->xml_live && tunings_waits(row, domain) == NULL;
        stays |= domain && domain->xml_config;
    }
    edit->scopes[0] = SCOPE_BOTH;
    edit->scopes[1] = SCOPE_LIVE;
    edit->scopes[2] = SCOPE_CONFIG;
    if (row->target == TARGET_HOST)
        return host_ways(app, edit);
    if (!runs)
        return NULL;
    if (row->effect == EFFECT_NEXT || !takes) {
        edit->scopes[0] = SCOPE_CONFIG;
        return later;
    }
    if (row->effect == EFFECT_RUNNING) {
        edit->scopes[0] = SCOPE_LIVE;
        return only;
    }
    if (stays)
        return both;
    edit->scopes[0] = SCOPE_LIVE;
    return live;
}

/* Puts to @question what the answer can be for; first as it is staged. */
static void ask_when(const App *app, Question *question, const Tunable *row)
{
    Edit *edit = &app->private->edit;
    GPtrArray *staged = plan_find(app->plan, edit->targets[0], edit->key);
    const Change *only = staged && staged->len == 1 ? g_ptr_array_index(staged, 0) : NULL;

    question->ways = edit_ways(app, edit, row);
    for (guint i = 0; only && question->ways && question->ways[i]; i++)
        if (edit->scopes[i] == only->scope)
            question->way = i;
}

/* The menu of a question: its values, each with a line on it. */
typedef struct {
    GPtrArray *values, *helps;
} Menu;

static void menu_add(Menu *menu, char *value, char *help)
{
    g_ptr_array_add(menu->values, value);
    g_ptr_array_add(menu->helps, help);
}

/* "512 of 1024 pages free, 1.0 GiB" */
static char *pool_help(const HugePool *pool)
{
    g_autofree char *free_pages = cell_num(pool->free);
    g_autofree char *total = cell_num(pool->total);
    g_autofree char *size =
        cell_size(pool->free.known ? NUM(pool->free.value * (gint64)pool->size_kib) : NUM_UNKNOWN);

    return g_strdup_printf("%s of %s pages free, %s", free_pages, total, size);
}

static void fill_backings(Menu *menu, const Host *host)
{
    menu_add(menu, g_strdup("off"),
        g_strdup("ordinary pages; transparent huge pages and KSM may apply"));
    menu_add(menu, g_strdup("default"), g_strdup("the host's default huge page size"));
    for (guint i = 0; host && i < host->pools->len; i++) {
        const HugePool *pool = &g_array_index(host->pools, HugePool, i);
        menu_add(menu, text_page_size(pool->size_kib), pool_help(pool));
    }
    menu_add(menu, g_strdup(OTHER), g_strdup("sizes by guest cell, written by hand"));
}

static void ask_typed(App *app, const char *now, DialogKind kind);

static char *accept_choice(App *app, const char *text, gpointer data)
{
    if (!g_str_equal(text, OTHER))
        return accept_value(app, g_str_equal(text, UNSET) ? "" : text, data);
    ask_typed(app, NULL, DIALOG_TEXT);
    return NULL;
}

static void ask_choice(App *app, const Tunable *row, const char *now)
{
    Edit *edit = &app->private->edit;
    Menu menu = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
    g_autofree char *title = edit_title(app, edit);

    if (row->type == VALUE_BACKING) {
        fill_backings(&menu, app->snapshot->host);
    } else if (row->type == VALUE_SWITCH) {
        menu_add(&menu, g_strdup("on"), g_strdup(""));
        menu_add(&menu, g_strdup("off"), g_strdup(""));
    }
    for (const TunableChoice *choice = row->choices; choice && choice->value; choice++)
        menu_add(&menu, g_strdup(choice->value), g_strdup(choice->help ? choice->help : ""));
    if (row->type == VALUE_LEVELLED)
        menu_add(&menu, g_strdup(OTHER), g_strdup("with a number, written by hand"));
    if (row->target == TARGET_DOMAIN && row->choices && !row->required)
        menu_add(&menu, g_strdup(UNSET),
            row->fallback ? g_strdup_printf("then it is %s", row->fallback) : g_strdup(""));
    menu_add(&menu, NULL, NULL);
    Question question = {.kind = DIALOG_CHOOSE,
        .title = title,
        .text = now && *now ? now : UNSET,
        .values = (const char *const *)menu.values->pdata,
        .helps = (const char *const *)menu.helps->pdata,
        .accept = accept_choice};
    ask_when(app, &question, row);
    dialog_open(app->private->dialog, &question);
    g_ptr_array_unref(menu.values);
    g_ptr_array_unref(menu.helps);
}

/* What a number of pages of a pool comes to. */
static char *tell_pool(App *app, const char *text, Style *style)
{
    g_autoptr(TunableKey) key = parse_key(HOST_TARGET, app->private->edit.key);
    gint64 pages;

    return key && text_parse_int(text, &pages) ? pool_note(app, key, pages, style) : NULL;
}

/* The line of a pool: to what it has and its node's free memory could give. */
static void fit_slider(const App *app, const TunableKey *key, Question *question)
{
    const NodeMemory *node;
    const HugePool *pool = grant_pool(app->snapshot->host, key, &node);
    Num most = pool ? pool_most(app, key) : NUM_UNKNOWN;

    if (!most.known || most.value <= 0)
        return;
    question->kind = DIALOG_SLIDER;
    question->slide_max = MIN(most.value, key->tunable->max);
    question->slide_now = pool->total.value;
    question->tell = tell_pool;
}

static void ask_typed(App *app, const char *now, DialogKind kind)
{
    Edit *edit = &app->private->edit;
    g_autoptr(TunableKey) key = parse_key(edit->targets[0], edit->key);
    const Tunable *row = key->tunable;
    g_autofree char *title = edit_title(app, edit);
    g_autofree char *allowed = tunable_allowed(row);
    /* A map is above all the map. */
    g_autofree char *help = kind == DIALOG_SET
                                ? g_strdup(row->help)
                                : g_strdup_printf("%s%s%s. %s %s", allowed, row->unit ? " " : "",
                                      row->unit ? row->unit : "", row->help, row->gain);
    gboolean sized = row->type == VALUE_SIZE || row->type == VALUE_BYTES;

    Question question = {.kind = kind,
        .title = title,
        .help = help,
        .text = now,
        .set = row->type == VALUE_NODES ? SETMAP_NODES : SETMAP_CPUS,
        .host = app->snapshot->host,
        /* The range of a size is in its smallest unit, the figures are in any. */
        .min = sized ? 0 : row->min,
        .max = sized ? G_MAXINT64 : row->max,
        .accept = accept_value,
        .check = check_value};
    ask_when(app, &question, row);
    if (kind == DIALOG_NUMBER)
        fit_slider(app, key, &question);
    dialog_open(app->private->dialog, &question);
    dialog_update(app->private->dialog, app);
}

/* With which widget a type is edited; one that is not here is written by hand. */
static const DialogKind kinds[] = {
    [VALUE_INT] = DIALOG_NUMBER,
    [VALUE_CHOICE] = DIALOG_CHOOSE,
    [VALUE_CPUS] = DIALOG_SET,
    [VALUE_NODES] = DIALOG_SET,
    [VALUE_SIZE] = DIALOG_NUMBER,
    [VALUE_BYTES] = DIALOG_NUMBER,
    [VALUE_SWITCH] = DIALOG_CHOOSE,
    [VALUE_BACKING] = DIALOG_CHOOSE,
    [VALUE_LEVELLED] = DIALOG_CHOOSE,
    [VALUE_TEXT] = DIALOG_NONE,
};

/* There is a machine to draw: a remote host's is not known. */
static gboolean has_machine(const App *app)
{
    const Host *host = app->snapshot->host;
    return host && host->topology->cpus->len > 0 && host->topology->nodes->len > 0;
}

static DialogKind kind_of(const App *app, const Tunable *row)
{
    DialogKind kind = row->type < G_N_ELEMENTS(kinds) ? kinds[row->type] : DIALOG_NONE;

    if (kind == DIALOG_NONE || (kind == DIALOG_SET && !has_machine(app)))
        return DIALOG_TEXT;
    return kind;
}

void app_edit_for(App *app, const char *const *targets, const char *key, const char *now)
{
    Edit *edit = &app->private->edit;
    g_autoptr(TunableKey) parsed = parse_key(targets[0], key);

    if (!app_may_write(app) || parsed == NULL)
        return;
    g_autoptr(GError) error = NULL;
    if (!plan_reaches(app->snapshot, targets[0], &error)) {
        app_say(app, STYLE_WARN, "%s", error->message);
        return;
    }
    char **copy = g_strdupv((char **)targets);
    char *key_copy = g_strdup(key);
    edit_clear(edit);
    edit->targets = copy;
    edit->key = key_copy;
    const char *staged = plan_value(app->plan, targets[0], key);
    if (staged == NULL && parsed->tunable->target == TARGET_HOST)
        staged = plan_boot_value(app->plan, key);
    DialogKind kind = kind_of(app, parsed->tunable);
    gboolean unkept = staged && *staged == '\0' && parsed->tunable->target == TARGET_HOST;
    /* No row of a menu says that nothing is kept. */
    if (kind == DIALOG_CHOOSE)
        ask_choice(app, parsed->tunable, staged && !unkept ? staged : now);
    else
        ask_typed(app, staged ? staged : now, kind);
}

void app_edit_value(App *app, const char *target, const char *key, const char *now)
{
    app_edit_for(app, (const char *[]){target, NULL}, key, now);
}
