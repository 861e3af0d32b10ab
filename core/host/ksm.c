/* What KSM gains and costs, and who steers it: its profit (Documentation/admin-guide/mm/ksm.rst,
 * "Monitoring KSM profit"), the CPU that ksmd takes, and ksmtuned with its thresholds. */
#include "core/host/readers.h"
#include "core/keep/claims.h"
#include "core/util/rootfile.h"
#include "core/util/text.h"

#include <string.h>

#define RMAP_ITEM_BYTES 64   /* sizeof(struct ksm_rmap_item) on a 64-bit kernel, as ksm.rst says */
#define PIDS_MAX        8192 /* ksmd is started at boot: its number is none of the large ones */

/* ---- profit ---- */

/* "general_profit =~ ksm_saved_pages * sizeof(page) - (all_rmap_items) * sizeof(rmap_item)": what
 * is saved are pages_sharing and ksm_zero_pages, the items are the sum of the four counters. */
static Num profit_by_formula(const Host *host)
{
    static const char *const items[] = {
        "pages_sharing", "pages_shared", "pages_unshared", "pages_volatile"};
    Num sharing = kernel_file_number(host->ksm, "pages_sharing");
    double saved = (double)num_or(kernel_file_number(host->ksm, "ksm_zero_pages"), 0);
    double records = 0;

    for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
        Num pages = kernel_file_number(host->ksm, items[i]);
        if (!pages.known)
            return NUM_UNKNOWN;
        records += (double)pages.value;
    }
    saved += (double)sharing.value;
    double bytes = saved * host->page_kib * 1024 - records * RMAP_ITEM_BYTES;
    return bytes > -9e18 && bytes < 9e18 ? NUM(bytes) : NUM_UNKNOWN;
}

Num host_unmerge_kib(const Host *host)
{
    Num zeros = kernel_file_number(host->ksm, "ksm_zero_pages");
    double kib = (double)host->ksm_saved_kib.value + (double)num_or(zeros, 0) * host->page_kib;

    return host->ksm_saved_kib.known ? NUM(CLAMP(kib, 0, 9e18)) : NUM_UNKNOWN;
}

/* ---- ksmd ---- */

static gboolean is_ksmd(const char *root, int pid)
{
    g_autofree char *comm = pid > 0 ? rootfile_readf(root, "/proc/%d/comm", pid) : NULL;

    return g_strcmp0(comm, "ksmd") == 0;
}

/* Looked for once: a kernel's thread lives as long as the kernel. */
static int find_ksmd(const char *root, const Host *previous)
{
    if (previous)
        return previous->ksmd_pid;
    g_autoptr(GPtrArray) names = rootfile_list(root, "/proc", "");
    for (guint i = 0, seen = 0; i < names->len && seen < PIDS_MAX; i++) {
        gint64 pid;
        if (!text_parse_int(names->pdata[i], &pid) || pid <= 0 || pid > G_MAXINT32)
            continue;
        seen++;
        if (is_ksmd(root, (int)pid))
            return (int)pid;
    }
    return -1;
}

/* The time it ran in ns, the first of schedstat. */
static void read_ksmd(Host *host, const char *root, const Host *previous)
{
    host->ksmd_pid = host->ksm->len ? find_ksmd(root, previous) : -1;
    g_autofree char *text =
        host->ksmd_pid > 0 ? rootfile_readf(root, "/proc/%d/schedstat", host->ksmd_pid) : NULL;
    if (text == NULL || !g_ascii_isdigit(*text))
        return;
    gint64 elapsed = host_elapsed_us(host, previous);
    host->ksmd_ns = NUM(MIN(g_ascii_strtoull(text, NULL, 10), (guint64)G_MAXINT64));
    if (previous && previous->ksmd_ns.known && elapsed > 0 &&
        host->ksmd_ns.value >= previous->ksmd_ns.value)
        host->ksmd_load = NUM((host->ksmd_ns.value - previous->ksmd_ns.value) / elapsed);
}

/* ---- ksmtuned ---- */

/* The last "NAME=NUMBER" line of a shell's file; @otherwise is what ksmtuned takes without one. */
static Num setting(const char *text, const char *name, gint64 otherwise)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    Num value = NUM(otherwise);

    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        gint64 number;
        if (!g_str_has_prefix(line, name) || line[strlen(name)] != '=')
            continue;
        line += strlen(name) + 1;
        line[strcspn(line, " \t#;")] = '\0';
        /* What is no number the shell may make one of: not known here. */
        value = text_parse_int(line, &number) ? NUM(number) : NUM_UNKNOWN;
    }
    return value;
}

/* ksmtuned(8) lets KSM run while less than the larger of KSM_THRES_COEF % of memory and
 * KSM_THRES_CONST MiB is free. */
static void read_ksmtuned(Host *host, const char *root)
{
    Ksmtuned *tuned = &host->ksmtuned;
    g_autofree char *text = rootfile_read(root, "/etc/ksmtuned.conf");
    Num memory = kernel_file_number(host->meminfo, "MemTotal");

    tuned->pid = claims_ksmtuned_pid(root);
    tuned->installed = text != NULL || tuned->pid > 0;
    if (!tuned->installed)
        return;
    tuned->interval_s = setting(text, "KSM_MONITOR_INTERVAL", 60);
    tuned->coef_percent = setting(text, "KSM_THRES_COEF", 20);
    tuned->const_mib = setting(text, "KSM_THRES_CONST", 2048);
    if (memory.known && tuned->coef_percent.known && tuned->const_mib.known) {
        double share = (double)memory.value * (double)tuned->coef_percent.value / 100;
        double least = (double)tuned->const_mib.value * 1024;
        tuned->threshold_kib = NUM(CLAMP(MAX(share, least), 0, 9e15));
    }
}

void host_read_ksm(Host *host, const char *root, const Host *previous)
{
    Num told = kernel_file_number(host->ksm, "general_profit");

    host->ksm_profit_told = told.known;
    host->ksm_profit = told.known ? told : profit_by_formula(host);
    read_ksmd(host, root, previous);
    if (host_takes_over(host, previous))
        host->ksmtuned = previous->ksmtuned;
    else
        read_ksmtuned(host, root);
}
