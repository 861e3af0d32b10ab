/* Sections of the Memory screen's list: what the domains may come to need against what there is,
 * how long programs wait for memory, and what KVM does on this host. */
#include "core/snapshot/memoryuse.h"
#include "tui/screens/memory/memoryparts.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define KVM "kvm." /* begins the id of a fact's row */

/* What the rows are, by how their ids begin. */
static const struct {
    const char *id, *help;
} helps[] = {
    {"node.", "hit: pages that came from this node as was wanted; miss: they came from it because "
              "another was full; foreign: this one was full and another gave them."},
    {"hugetlbfs.",
        "Through a hugetlbfs of their size QEMU gets a pool's pages. Enter mounts one or "
        "takes it away; libvirtd looks for them when it starts."},
    {"1G.", "Pages of 1G need as much memory in one piece, which a host that has run for a while "
            "seldom has. Sure by the kernel's arguments, which you add by hand."},
    {KVM,
        "What KVM's modules and the CPU say. off is told with what it costs; – is not known here."},
    {"commit.running", "The sum of <memory> of the domains that run: what they may come to need "
                       "when their balloons "
                       "are full and every page is touched, without what QEMU itself takes."},
    {"commit.all", "The same of all domains: what is needed when all of them run."},
    {"commit.swap", "Where pages go when memory is short; a guest in swap stands still."},
    {"pressure.host", "Of the last 10 and 60 seconds, how long some tasks, or all at once, waited "
                      "for memory to be "
                      "made free. Where it is not 0 for long, memory is too short."},
    {"pressure.vm.",
        "The same of the VM's own cgroup (version 2 only): its QEMU waited for memory."},
};

static void add_heading(Table *table, const char *text)
{
    if (table->rows->len > 0)
        table_heading(table, STYLE_TEXT, "");
    table_heading(table, STYLE_TITLE, text);
}

/* The columns are those of pools and nodes: what is told here goes on beyond them. */
static TableRow *add_row(Table *table, const char *id)
{
    TableRow *row = table_add(table, id);

    row->shape = ROW_SPILLS;
    return row;
}

/* ---- commitment ---- */

static char *count_text(const Commitment *commitment)
{
    g_autofree char *unknown =
        commitment->unknown ? g_strdup_printf(", %u not known", commitment->unknown) : g_strdup("");

    return g_strdup_printf(
        "%u %s%s", commitment->domains, commitment->domains == 1 ? "domain" : "domains", unknown);
}

/* "39% of memory · 3 domains" */
static void add_commitment(Table *table, const MemoryUse *use, const Commitment *commitment,
    const char *id, const char *label, const guint columns[3])
{
    g_autofree char *domains = count_text(commitment);
    TableRow *row = add_row(table, id);
    gboolean known = use->total.known && use->total.value > 0;
    gint64 swap = num_or(use->swap_total, 0);
    double percent = known ? (double)commitment->kib * 100 / (double)use->total.value : 0;
    Style style = !known || commitment->kib <= use->total.value                ? STYLE_TEXT
                  : commitment->kib <= use->total.value + num_or(NUM(swap), 0) ? STYLE_WARN
                                                                               : STYLE_BAD;

    table_cell(row, columns[0], STYLE_TEXT, g_strdup(label));
    table_cell(row, columns[1], style, cell_size(NUM(commitment->kib)));
    table_cell(row, columns[2], style,
        known ? g_strdup_printf("%.0f%% of memory · %s%s", percent, domains,
                    commitment->kib <= use->total.value          ? ""
                    : commitment->kib <= use->total.value + swap ? " · more than there is"
                                                                 : " · swap too is short")
              : g_strdup(domains));
}

static void add_commitments(const App *app, Table *table, const guint columns[3])
{
    g_auto(MemoryUse) use;

    memory_use_make(&use, app->snapshot);
    add_heading(table, "Commitment");
    if (app->snapshot->domains == NULL) {
        table_heading(table, STYLE_DIM, "the domains are not known");
    } else {
        add_commitment(table, &use, &use.running, "commit.running", "running", columns);
        add_commitment(table, &use, &use.all, "commit.all", "all domains", columns);
    }
    TableRow *row = add_row(table, "commit.swap");
    g_autofree char *free_swap = cell_size(use.swap_free);
    table_cell(row, columns[0], STYLE_TEXT, g_strdup("swap"));
    table_cell(row, columns[1], STYLE_TEXT, cell_size(use.swap_total));
    table_cell(row, columns[2], STYLE_TEXT, g_strdup_printf("%s free", free_swap));
}

/* ---- pressure ---- */

static char *hundredths_text(Num number)
{
    return number.known ? g_strdup_printf("%.2f%%", (double)number.value / 100) : g_strdup("–");
}

static void add_pressure(Table *table, const char *id, const char *label, const Pressure *pressure,
    const guint columns[3])
{
    g_autofree char *some60 = hundredths_text(pressure->some60);
    g_autofree char *full10 = hundredths_text(pressure->full10);
    g_autofree char *full60 = hundredths_text(pressure->full60);
    TableRow *row = add_row(table, id);
    Style style = num_or(pressure->some60, 0) >= 100 ? STYLE_WARN : STYLE_TEXT;

    table_cell(row, columns[0], STYLE_TEXT, g_strdup(label));
    table_cell(row, columns[1], style, hundredths_text(pressure->some10));
    table_cell(row, columns[2], style,
        pressure->some10.known
            ? g_strdup_printf("some in 10 s, %s in 60 s · all %s, %s", some60, full10, full60)
            : g_strdup("not known"));
}

static void add_pressures(const App *app, Table *table, const guint columns[3])
{
    const Snapshot *snapshot = app->snapshot;
    guint unknown = 0;

    add_heading(table, "Memory pressure: time spent waiting");
    add_pressure(table, "pressure.host", "host", &snapshot->host->pressure, columns);
    for (guint i = 0; snapshot->domains && i < snapshot->domains->len; i++) {
        const DomainView *view = g_ptr_array_index(snapshot->domains, i);
        g_autofree char *id = g_strconcat("pressure.vm.", view->domain->uuid, NULL);
        if (!domain_is_active(view->domain))
            continue;
        if (view->usage && view->usage->pressure.some10.known)
            add_pressure(table, id, view->domain->name, &view->usage->pressure, columns);
        else
            unknown++;
    }
    if (unknown) {
        g_autofree char *text =
            g_strdup_printf("%u running %s: not known, their cgroup does not tell (version 2 does)",
                unknown, unknown == 1 ? "domain" : "domains");
        table_heading(table, STYLE_DIM, text);
    }
}

/* ---- KVM ---- */

static void add_kvm(const App *app, Table *table, const guint columns[3])
{
    static const char *const words[] = {[KVM_UNKNOWN] = "–", [KVM_OFF] = "off", [KVM_ON] = "on"};
    static const Style styles[] = {
        [KVM_UNKNOWN] = STYLE_DIM, [KVM_OFF] = STYLE_WARN, [KVM_ON] = STYLE_GOOD};
    g_autoptr(GArray) facts = host_kvm_facts(app->snapshot->host);

    add_heading(table, "KVM on this host");
    if (app->snapshot->host->kvm->len == 0)
        table_heading(table, STYLE_DIM, "KVM's module is not loaded, or not to be seen here");
    for (guint i = 0; i < facts->len; i++) {
        const KvmFact *fact = &g_array_index(facts, KvmFact, i);
        g_autofree char *id = g_strdup_printf(KVM "%u", i);
        TableRow *row = add_row(table, id);
        /* "tagged TLB", and "VPID" with what it means where it is off. */
        g_auto(GStrv) label = g_strsplit_set(fact->label, "()", 3);
        g_autofree char *what = label[1] ? g_strdup(label[1]) : g_strdup("");
        const char *off = fact->state == KVM_OFF ? fact->off : "";
        g_autofree char *state =
            g_strdup_printf("%-4s%s%s%s", words[fact->state], what, *what && *off ? ": " : "", off);
        table_cell(row, columns[0], STYLE_TEXT, g_strdup(g_strchomp(label[0])));
        table_cell(row, columns[2], styles[fact->state], g_strdup(state));
    }
}

void memory_rows_add(const App *app, Table *table, guint name, guint value, guint text)
{
    const guint columns[3] = {name, value, text};

    add_commitments(app, table, columns);
    add_pressures(app, table, columns);
    add_kvm(app, table, columns);
    memory_vm_add(app, table);
}

/* What it means that a fact of KVM is off, whole: the row may have no room for it. */
static char *kvm_help(const App *app, const char *id)
{
    g_autoptr(GArray) facts = host_kvm_facts(app->snapshot->host);
    guint64 number =
        g_str_has_prefix(id, KVM) ? g_ascii_strtoull(id + strlen(KVM), NULL, 10) : facts->len;
    const KvmFact *fact = number < facts->len ? &g_array_index(facts, KvmFact, number) : NULL;

    return fact && fact->state == KVM_OFF
               ? g_strdup_printf("%s is off: %s.", fact->label, fact->off)
               : NULL;
}

char *memory_row_help(const App *app, const char *id)
{
    char *off = kvm_help(app, id);

    if (off)
        return off;
    for (guint i = 0; i < G_N_ELEMENTS(helps); i++)
        if (g_str_has_prefix(id, helps[i].id))
            return g_strdup(helps[i].help);
    if (g_str_has_prefix(id, "meminfo."))
        return g_strdup(meminfo_help(id + strlen("meminfo.")));
    return NULL;
}
