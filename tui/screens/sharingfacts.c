/* The Sharing screen's figures: what KSM saves and costs, who steers it, which VM gains; how often
 * a huge page was to be had, and how much of each VM is in them. */
#include "tui/screens/sharingfacts.h"

#include "core/util/text.h"
#include "tui/widgets/cell.h"

#include <string.h>

#define FACT "fact." /* begins the id of such a row */

static const struct {
    const char *id, *help;
} helps[] = {
    {FACT "saved", "pages_sharing as memory: what would be needed more if nothing were shared, and "
                   "what unmerging (run=2) takes at once."},
    {FACT "ratio", "pages_sharing / pages_shared: how many places use a shared page beside its "
                   "first. High is good."},
    {FACT "scan", "Pages ksmd looked at in a second."},
    {FACT "merge", "Change of pages_sharing in a second: what was merged less what was written to "
                   "and so parted again."},
    {FACT "ksmd", "What the scanning takes of one CPU."},
    {FACT "ksmtuned", "ksmtuned(8) starts and stops KSM and sets pages_to_scan by what is free: it "
                      "overwrites what is set here. Thresholds: /etc/ksmtuned.conf."},
    {FACT "vm.ksm.", "Pages of this VM that are merged, as memory, and whether it may be merged at "
                     "all. nosharepages (n on its screen) takes it out: what it shares now is then "
                     "needed anew."},
    {FACT "fallback", "Page faults that got small pages because no huge one was free, and their "
                      "share of all that could have had one."},
    {FACT "split", "Huge pages split into small ones in a second: to swap, to move, or for KSM."},
    {FACT "vm.thp.", "Anonymous memory of this VM that is in transparent huge pages, as its "
                     "cgroup's memory.stat says (read every few seconds). c counts its process."},
};

const char *sharing_fact_help(const App *app, const char *id)
{
    if (strcmp(id, FACT "profit") == 0)
        return app->snapshot->host->ksm_profit_told
                   ? "What KSM saves less what its own records take, as the kernel's "
                     "general_profit says. Negative: it costs more than it saves."
                   : "What KSM saves less what its own records take, by the formula of ksm.rst: "
                     "this kernel has no general_profit.";
    for (guint i = 0; i < G_N_ELEMENTS(helps); i++)
        if (g_str_has_prefix(id, helps[i].id))
            return helps[i].help;
    return NULL;
}

const char *sharing_thp_vm(const char *id)
{
    return g_str_has_prefix(id, FACT "vm.thp.") ? id + strlen(FACT "vm.thp.") : NULL;
}

static Num rate_of(const GPtrArray *files, const char *name)
{
    const KernelFile *file = kernel_file_find(files, name);

    return file ? file->rate : NUM_UNKNOWN;
}

/* Called thp_split until Linux 4.4. */
static Num split_rate(const Host *host)
{
    gboolean is_new = kernel_file_find(host->vmstat, "thp_split_page") != NULL;

    return rate_of(host->vmstat, is_new ? "thp_split_page" : "thp_split");
}

void sharing_rates_add(SharingRates *rates, const Host *host)
{
    if (host->taken_us == rates->taken_us)
        return;
    rates->taken_us = host->taken_us;
    spark_push(&rates->scanned, rate_of(host->ksm, "pages_scanned"));
    spark_push(&rates->merged, rate_of(host->ksm, "pages_sharing"));
    spark_push(&rates->ksmd, host->ksmd_load);
    spark_push(&rates->fallback, rate_of(host->vmstat, "thp_fault_fallback"));
    spark_push(&rates->split, split_rate(host));
}

/* Takes @value and @unit. */
static void add_fact(Table *table, const char *id, const char *name, char *value, char *unit)
{
    TableRow *row = table_add(table, id);

    table_cell(row, SHARING_NAME, STYLE_TEXT, g_strdup(name));
    table_cell(row, SHARING_VALUE, STYLE_TEXT, value);
    table_cell(row, SHARING_UNIT, STYLE_DIM, unit);
}

static char *rate_text(Num rate)
{
    return rate.known ? cell_rate(rate) : g_strdup("–");
}

/* A size that may be negative. */
static char *signed_size(Num bytes)
{
    if (!bytes.known)
        return g_strdup("–");
    g_autofree char *size = text_size_kib((guint64)ABS(bytes.value / 1024));
    return g_strconcat(bytes.value <= -1024 ? "-" : "", size, NULL);
}

static char *ratio_text(const Host *host)
{
    Num shared = kernel_file_number(host->ksm, "pages_shared");
    Num sharing = kernel_file_number(host->ksm, "pages_sharing");

    if (!shared.known || !sharing.known || shared.value <= 0)
        return g_strdup("–");
    return g_strdup_printf("%.1f", (double)sharing.value / (double)shared.value);
}

static void add_ksmtuned(Table *table, const Ksmtuned *tuned)
{
    g_autofree char *threshold = cell_size(tuned->threshold_kib);

    if (tuned->installed)
        add_fact(table, FACT "ksmtuned", "ksmtuned", g_strdup(tuned->pid ? "runs" : "stopped"),
            tuned->threshold_kib.known ? g_strdup_printf("below %s", threshold) : NULL);
}

/* A row for each running domain of which the figure is known, or all "–" in one. */
static void add_vms(const App *app, Table *table, gboolean ksm)
{
    const GPtrArray *domains = app->snapshot->domains;
    guint page_kib = app->snapshot->host->page_kib;

    for (guint i = 0; domains && i < domains->len; i++) {
        const DomainView *view = domains->pdata[i];
        const DomainConfig *config = domain_now(view->domain);
        Num part = view->usage == NULL ? NUM_UNKNOWN
                   : ksm               ? view->usage->ksm_pages
                                       : view->usage->thp_kib;
        g_autofree char *id =
            g_strconcat(FACT "vm.", ksm ? "ksm." : "thp.", view->domain->uuid, NULL);
        if (!domain_is_active(view->domain) || config == NULL)
            continue;
        Num kib = ksm && part.known ? NUM(part.value * page_kib) : part;
        char *note = NULL;
        if (ksm && config->nosharepages)
            note = g_strdup("nosharepages");
        else if (ksm && view->usage && view->usage->ksm_profit.known) {
            g_autofree char *profit = signed_size(view->usage->ksm_profit);
            note = g_strdup_printf("gains %s", profit);
        } else if (!ksm && config->memory_kib.known && config->memory_kib.value > 0 && kib.known) {
            note = g_strdup_printf(
                "%.0f%% of it", (double)kib.value * 100 / (double)config->memory_kib.value);
        }
        add_fact(table, id, view->domain->name, cell_size(kib), note);
    }
}

void sharing_ksm_facts(const App *app, Table *table, const SharingRates *rates)
{
    const Host *host = app->snapshot->host;

    if (host->ksm->len == 0)
        return;
    table_heading(table, STYLE_DIM, "in figures");
    add_fact(table, FACT "saved", "saved", cell_size(host->ksm_saved_kib), NULL);
    add_fact(table, FACT "profit", "profit", signed_size(host->ksm_profit),
        g_strdup(!host->ksm_profit.known ? ""
                 : host->ksm_profit_told ? "general_profit"
                                         : "by formula"));
    add_fact(table, FACT "ratio", "sharing ratio", ratio_text(host), NULL);
    add_fact(table, FACT "scan", "scanned", rate_text(rate_of(host->ksm, "pages_scanned")),
        spark_text(&rates->scanned));
    add_fact(table, FACT "merge", "merged", rate_text(rate_of(host->ksm, "pages_sharing")),
        spark_text(&rates->merged));
    add_fact(table, FACT "ksmd", "ksmd, of a CPU", cell_percent(host->ksmd_load),
        spark_text(&rates->ksmd));
    add_ksmtuned(table, &host->ksmtuned);
    table_heading(table, STYLE_DIM, "merged, by VM");
    add_vms(app, table, TRUE);
}

/* The share of faults that fell back, of those of the last picture. */
static char *fallback_share(const Host *host)
{
    Num got = rate_of(host->vmstat, "thp_fault_alloc");
    Num not = rate_of(host->vmstat, "thp_fault_fallback");

    if (!got.known || !not .known || got.value + not .value <= 0)
        return NULL;
    return g_strdup_printf("%.0f%%", (double)not .value * 100 / (double)(got.value + not .value));
}

void sharing_thp_facts(const App *app, Table *table, const SharingRates *rates)
{
    const Host *host = app->snapshot->host;

    if (host->thp->len == 0)
        return;
    table_heading(table, STYLE_DIM, "in figures");
    g_autofree char *share = fallback_share(host);
    g_autofree char *fallback = spark_text(&rates->fallback);
    add_fact(table, FACT "fallback", "fell back to small pages",
        rate_text(rate_of(host->vmstat, "thp_fault_fallback")),
        g_strdup_printf("%s%s%s", fallback, share ? " " : "", share ? share : ""));
    add_fact(table, FACT "split", "split", rate_text(split_rate(host)), spark_text(&rates->split));
    table_heading(table, STYLE_DIM, SHARING_THP_HEADING);
    add_vms(app, table, FALSE);
}
