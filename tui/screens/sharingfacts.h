/* The Sharing screen's figures: what KSM saves and costs, who steers it, which VM gains; how often
 * a huge page was to be had, and how much of each VM is in them. */
#pragma once

#include "tui/app/app.h"
#include "tui/widgets/spark.h"
#include "tui/widgets/table.h"

/* The screen's columns. */
enum { SHARING_NAME, SHARING_VALUE, SHARING_STAGED, SHARING_UNIT, SHARING_COLUMNS };

/* Rates of the last pictures. */
typedef struct {
    gint64 taken_us; /* of the newest */
    Spark scanned, merged, ksmd, fallback, split;
} SharingRates;

/* Takes the rates of @host, once a picture. */
void sharing_rates_add(SharingRates *rates, const Host *host);
void sharing_ksm_facts(const App *app, Table *table, const SharingRates *rates);
void sharing_thp_facts(const App *app, Table *table, const SharingRates *rates);
#define SHARING_THP_HEADING "in huge pages, by VM"
/* The UUID in a row's @id below that heading; NULL where it is another row. */
const char *sharing_thp_vm(const char *id);
/* What the row @id of these means; NULL where it is none of them. */
const char *sharing_fact_help(const App *app, const char *id);
