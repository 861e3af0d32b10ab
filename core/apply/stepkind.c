/* The kinds of steps: how each is read, written, compared and said as a command. A new kind is a
 * new row, beside that in step.c. */
#include "core/apply/stepkind.h"

#include "core/apply/stephost.h"
#include "core/util/error.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"
#include "core/virt/connection.h"
#include "core/virt/define.h"
#include "core/virt/driverfolders.h"
#include "core/virt/pagecount.h"
#include "core/virt/usage.h"

#define REDEFINE_TRIES 20 /* of a definition that somebody else changes at the same moment */

/* ---- reading ---- */

/* A domain, and its two documents as far as they were asked for. */
typedef struct {
    Domain *domain;
    GError *error; /* why there is none */
    XmlEdit *documents[STEP_KINDS];
} Seen;

struct Reading {
    const ApplyContext *context;
    GHashTable *seen; /* UUID → Seen* */
};

static void seen_free(gpointer data)
{
    Seen *seen = data;

    domain_unref(seen->domain);
    g_clear_error(&seen->error);
    for (guint kind = 0; kind < STEP_KINDS; kind++)
        xml_edit_free(seen->documents[kind]);
    g_free(seen);
}

Reading *reading_new(const ApplyContext *context)
{
    Reading *reading = g_new(Reading, 1);

    reading->context = context;
    reading->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, seen_free);
    return reading;
}

void reading_free(Reading *reading)
{
    if (reading == NULL)
        return;
    g_hash_table_unref(reading->seen);
    g_free(reading);
}

const ApplyContext *reading_context(const Reading *reading)
{
    return reading->context;
}

static Domain *read_domain(const ApplyContext *context, const Step *step, GError **error)
{
    if (context->connection == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "%s cannot be reached: there is no connection to libvirt", step->name);
        return NULL;
    }
    return connection_domain(context->connection, step->target, error);
}

static Seen *see(Reading *reading, const Step *step)
{
    Seen *seen = g_hash_table_lookup(reading->seen, step->target);

    if (seen == NULL) {
        seen = g_new0(Seen, 1);
        seen->domain = read_domain(reading->context, step, &seen->error);
        g_hash_table_insert(reading->seen, g_strdup(step->target), seen);
    }
    return seen;
}

/* The running or next document of @step's domain; NULL with a sentence. */
static const char *document_text(const Seen *seen, const Step *step, GError **error)
{
    if (seen->domain == NULL) {
        g_propagate_error(error, g_error_copy(seen->error));
        return NULL;
    }
    const char *xml = step->kind == STEP_LIVE ? seen->domain->xml_live : seen->domain->xml_config;
    gboolean there =
        step->kind == STEP_LIVE ? domain_is_active(seen->domain) : seen->domain->persistent;
    if (xml == NULL && there)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "%s: %s", step->name,
            seen->domain->problem ? seen->domain->problem : "its XML cannot be read");
    else if (xml == NULL)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            step->kind == STEP_LIVE ? "%s does not run any more" : "%s has no next start any more",
            step->name);
    return xml;
}

static char *read_document(Reading *reading, const Step *step, GError **error)
{
    Seen *seen = see(reading, step);
    const char *xml = document_text(seen, step, error);

    if (xml == NULL)
        return NULL;
    if (seen->documents[step->kind] == NULL)
        seen->documents[step->kind] = xml_edit_open(xml, -1, error);
    return seen->documents[step->kind] ? tunable_xml_value(step->key, seen->documents[step->kind])
                                       : NULL;
}

const char *reading_config(Reading *reading, const Step *step, GError **error)
{
    return document_text(see(reading, step), step, error);
}

/* ---- writing ---- */

const char *step_written_value(const Step *step, gboolean back)
{
    return back ? step->old_value : step->new_value;
}

/* The host's nodes that have memory, in list form: of these a guest without numatune takes its own.
 * NULL where they are not known. The caller frees it. */
static char *all_nodes(const ApplyContext *context)
{
    g_autoptr(IdSet) nodes = idset_read(context->root, "/sys/devices/system/node/has_memory");

    if (nodes == NULL)
        nodes = idset_read(context->root, "/sys/devices/system/node/online");
    return idset_is_empty(nodes) ? NULL : idset_format(nodes);
}

static gboolean write_live(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    const Step *step = g_ptr_array_index(unit->steps, 0);
    g_autoptr(Domain) domain = read_domain(context, step, error);
    (void)ground;

    if (domain == NULL)
        return FALSE;
    const char *value = step_written_value(step, back);
    /* libvirt takes no nodeset away from a running domain: all nodes are the same to it. */
    g_autofree char *nodes =
        *value == '\0' && step->key->tunable->type == VALUE_NODES ? all_nodes(context) : NULL;
    return tunable_set_live(context->connection, domain, step->key, nodes ? nodes : value, error);
}

/* One definition with the values of all its steps, set in @base, which must still be there. */
static gboolean define_upon(
    const ApplyContext *context, const Unit *unit, gboolean back, const char *base, GError **error)
{
    const Step *first = g_ptr_array_index(unit->steps, 0);
    g_autoptr(XmlEdit) edit = xml_edit_open(base, -1, error);

    if (edit == NULL)
        return FALSE;
    for (guint i = 0; i < unit->steps->len; i++) {
        const Step *step = g_ptr_array_index(unit->steps, i);
        if (!tunable_xml_set(step->key, edit, step_written_value(step, back), error))
            return FALSE;
    }
    return connection_redefine(
        context->connection, first->target, base, xml_edit_text(edit, NULL), error);
}

static gboolean write_config(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    if (ground)
        return define_upon(context, unit, back, ground, error);
    /* Values go back into whatever the others made of the document meanwhile. */
    for (guint try = 1;; try++) {
        g_autoptr(Reading) reading = reading_new(context);
        g_autoptr(GError) cause = NULL;
        const char *base = reading_config(reading, g_ptr_array_index(unit->steps, 0), error);
        if (base == NULL)
            return FALSE;
        if (define_upon(context, unit, back, base, &cause))
            return TRUE;
        if (try == REDEFINE_TRIES || cause->code != KVMTUNE_ERROR_CHANGED) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

/* ---- comparing ---- */

static gboolean granted_as_asked(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got)
{
    (void)context;
    return step->key->tunable->trigger || tunable_granted(step->key, wanted, got);
}

/* A running domain's pin has no "nothing": libvirt pins it to all CPUs that are online; nor has its
 * nodeset, see write_live(). */
static gboolean granted_live(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got)
{
    if (granted_as_asked(context, step, wanted, got))
        return TRUE;
    if (*wanted == '\0' && step->key->tunable->type == VALUE_NODES) {
        g_autofree char *nodes = all_nodes(context);
        return g_strcmp0(nodes, got) == 0;
    }
    if (*wanted != '\0' || step->key->tunable->type != VALUE_CPUS)
        return FALSE;
    g_autoptr(IdSet) cpus = idset_parse(got, NULL);
    g_autoptr(IdSet) online = idset_read(context->root, "/sys/devices/system/cpu/online");
    return cpus && (online == NULL || hwloc_bitmap_isincluded(online, cpus));
}

/* ---- pages ---- */

/* The process of @step's domain; 0 with CHANGED where it does not run any more. */
static int process_of(const ApplyContext *context, const Step *step, GError **error)
{
    g_autofree char *folder = driver_run_folder(context->uri, context->root);
    int pid = usage_process(context->root, folder, step->target);

    if (pid <= 0)
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_CHANGED,
            "%s does not run any more, or its process is not on this host", step->name);
    return MAX(pid, 0);
}

static char *read_pages(Reading *reading, const Step *step, GError **error)
{
    int pid = process_of(reading->context, step, error);
    if (pid == 0)
        return NULL;
    g_autoptr(ProcCount) count = proc_count_new(&page_count, reading->context->root, pid);
    g_autoptr(GArray) memory = NULL;
    proc_count_run(count);
    if (count->problem) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED, "the pages of %s: %s", step->name,
            count->problem);
        return NULL;
    }
    memory = page_count_nodes(count);
    return page_shares_text(memory);
}

/* The step of @unit that is of @kind; NULL where there is none. */
static const Step *unit_step(const Unit *unit, StepKind kind)
{
    for (guint i = 0; i < unit->steps->len; i++)
        if (((const Step *)g_ptr_array_index(unit->steps, i))->kind == kind)
            return g_ptr_array_index(unit->steps, i);
    return NULL;
}

/* numatune's nodeset of the running domain, set where pages are moved with it. */
typedef struct {
    const ApplyContext *context;
    const Step *step;
    gboolean back;
    Domain *domain;
    Host *host; /* NULL: not known */
    int pid;
} NodesetWrite;

static gboolean write_nodeset(gpointer data, GError **error)
{
    const NodesetWrite *write = data;

    return tunable_set_live(write->context->connection, write->domain, write->step->key,
        step_written_value(write->step, write->back), error);
}

static GArray *look_at_nodeset(gpointer data)
{
    const NodesetWrite *write = data;

    return usage_memory_now(write->context->root, write->host, write->domain, write->pid);
}

/* The pages, and with them numatune's nodeset where a step says so: the kernel moves what it can
 * with the nodeset, so that comes first. */
static gboolean write_pages(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    const Step *step = unit_step(unit, STEP_PAGES);
    NodesetWrite nodeset = {.context = context, .step = unit_step(unit, STEP_LIVE), .back = back};
    const MoveFirst first = {write_nodeset, look_at_nodeset, &nodeset};
    (void)ground;

    g_autoptr(Domain) domain = nodeset.step ? read_domain(context, nodeset.step, error) : NULL;
    if (nodeset.step && domain == NULL)
        return FALSE;
    nodeset.domain = domain;
    if (step == NULL)
        return write_nodeset(&nodeset, error);
    g_autoptr(PageShares) shares = page_shares_parse(step_written_value(step, back), error);
    int pid = shares ? process_of(context, step, error) : 0;
    if (pid == 0)
        return FALSE;
    /* A pid of another machine's tree is somebody else's process here. */
    if (*context->root && context->page_calls == NULL) {
        g_set_error(error, KVMTUNE_ERROR, KVMTUNE_ERROR_FAILED,
            "the pages of %s are not moved: %s is another machine's tree", step->name,
            context->root);
        return FALSE;
    }
    if (context->move && back) /* who stopped it does not mean the way back */
        g_atomic_int_set(&context->move->wish, MOVE_RUNS);
    g_autoptr(Host) host = nodeset.step ? host_read(context->root, NULL, NULL) : NULL;
    nodeset.host = host;
    nodeset.pid = pid;
    g_autoptr(PageMove) own = context->move ? page_move_ref(context->move) : page_move_new();
    return page_move_run(
        own, context->root, pid, shares, context->page_calls, nodeset.step ? &first : NULL, error);
}

static gboolean granted_pages(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got)
{
    (void)context;
    (void)step;
    return page_shares_meet(wanted, got);
}

/* ---- by hand ---- */

static char *domain_command(const ApplyContext *context, const Step *step)
{
    g_autofree char *assignment = g_strdup_printf("%s=%s", step->key->key, step->old_value);
    g_autofree char *quoted = g_shell_quote(assignment);
    g_autofree char *shown = connection_shown_uri(context->uri ? context->uri : "qemu:///system");
    g_autofree char *uri = g_shell_quote(shown);

    return g_strdup_printf("kvmtune -c %s set %s %s --%s", uri, step->target, quoted,
        step->kind == STEP_CONFIG ? "config" : "live");
}

/* ---- the table ---- */

static const struct {
    char *(*read)(Reading *reading, const Step *step, GError **error);
    gboolean (*write)(const ApplyContext *context, const Unit *unit, gboolean back,
        const char *ground, GError **error);
    gboolean (*granted)(
        const ApplyContext *context, const Step *step, const char *wanted, const char *got);
    char *(*back_command)(const ApplyContext *context, const Step *step);
} rows[STEP_KINDS] = {
    [STEP_HOST] = {stephost_read, stephost_write, granted_as_asked, stephost_command},
    [STEP_LIVE] = {read_document, write_live, granted_live, domain_command},
    [STEP_CONFIG] = {read_document, write_config, granted_as_asked, domain_command},
    [STEP_BOOT] = {stepboot_read, stepboot_write, granted_as_asked, stepboot_command},
    [STEP_MOUNT] = {stepmount_read, stepmount_write, granted_as_asked, stepmount_command},
    [STEP_PAGES] = {read_pages, write_pages, granted_pages, domain_command},
};

gboolean step_has_place(const ApplyContext *context, const Step *step, GError **error)
{
    return process_of(context, step, error) > 0;
}

char *reading_value(Reading *reading, const Step *step, GError **error)
{
    return rows[step->kind].read(reading, step, error);
}

gboolean unit_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error)
{
    return rows[unit->kind].write(context, unit, back, ground, error);
}

gboolean step_is_granted(
    const ApplyContext *context, const Step *step, const char *wanted, const char *got)
{
    return rows[step->kind].granted(context, step, wanted, got);
}

/* Whether @now has all that is in both lists, and nothing that is in neither: the members of a list
 * are written one by one. */
static gboolean is_between_lists(const char *from, const char *to, const char *now)
{
    g_auto(GStrv) old = g_strsplit(from, ",", -1), new = g_strsplit(to, ",", -1);
    g_auto(GStrv) stand = g_strsplit(now, ",", -1);

    for (guint i = 0; stand[i]; i++)
        if (!g_strv_contains((const char *const *)old, stand[i]) &&
            !g_strv_contains((const char *const *)new, stand[i]))
            return FALSE;
    for (guint i = 0; old[i]; i++)
        if (g_strv_contains((const char *const *)new, old[i]) &&
            !g_strv_contains((const char *const *)stand, old[i]))
            return FALSE;
    return TRUE;
}

static gboolean is_between_numbers(const char *old, const char *new, const char *now)
{
    gint64 from, to, at;

    return text_parse_int(old, &from) && text_parse_int(new, &to) && text_parse_int(now, &at) &&
           at > MIN(from, to) && at < MAX(from, to);
}

gboolean step_is_half(const Step *step, const char *now)
{
    const Tunable *row = step->key->tunable;

    if (step->progress == STEP_PLANNED)
        return FALSE;
    if (step_traits[step->kind].drifts)
        return TRUE;
    if (step->progress == STEP_DONE)
        return FALSE;
    if (row->type == VALUE_PATHS)
        return is_between_lists(step->old_value, step->new_value, now);
    return step->kind == STEP_HOST && row->pool &&
           is_between_numbers(step->old_value, step->new_value, now);
}

char *step_back_command(const ApplyContext *context, const Step *step)
{
    return rows[step->kind].back_command(context, step);
}

Unit *unit_new(StepKind kind)
{
    Unit *unit = g_new(Unit, 1);

    *unit = (Unit){kind, g_ptr_array_new()};
    return unit;
}

void unit_free(Unit *unit)
{
    if (unit == NULL)
        return;
    g_ptr_array_unref(unit->steps);
    g_free(unit);
}

/* The one unit of a target's steps that are written together; made at the first. */
static Unit *unit_together(GHashTable *units, const Step *step)
{
    Unit *unit = g_hash_table_lookup(units, step->target);

    if (unit == NULL) {
        unit = unit_new(step->kind);
        g_hash_table_insert(units, step->target, unit);
    }
    return unit;
}

GPtrArray *units_make(const GPtrArray *steps)
{
    GPtrArray *units = g_ptr_array_new_with_free_func((GDestroyNotify)unit_free);
    g_autoptr(GHashTable) together = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < steps->len; i++) {
        Step *step = g_ptr_array_index(steps, i);
        if (step_traits[step->kind].whole)
            g_ptr_array_add(unit_together(together, step)->steps, step);
    }
    for (guint i = 0; i < steps->len; i++) {
        Step *step = g_ptr_array_index(steps, i);
        /* Before what is set of the running domain: in the test driver, which has one document for
         * both, the next start would else be seen to move. */
        Unit *whole = g_hash_table_lookup(together, step->target);
        if (whole) {
            g_ptr_array_add(units, whole);
            g_hash_table_remove(together, step->target);
        }
        if (step_traits[step->kind].whole)
            continue;
        if (step->follows && units->len > 0) {
            g_ptr_array_add(((Unit *)g_ptr_array_index(units, units->len - 1))->steps, step);
            continue;
        }
        Unit *unit = unit_new(step->kind);
        g_ptr_array_add(unit->steps, step);
        g_ptr_array_add(units, unit);
    }
    return units;
}
