/* Hugepages for domains: in a sentence what the next start lacks, and the pools grown to fit. */
#pragma once

#include "tui/app/app.h"

/* What @domain's next start needs and lacks of the pools as they are now; NULL where it asks for no
 * hugepages or nothing is known of it. The caller frees it. */
Demand *fit_demand(const App *app, const Domain *domain);
/* A sentence on @demand, that of @domain: whether it starts, what is missing, which key helps; ""
 * where it does start. *@style is that of the sentence. The caller frees it. */
char *fit_sentence(const App *app, const Domain *domain, const Demand *demand, Style *style);
/* Stages the growth of the pools that lets the domains @uuids (NULL-terminated) all start, as one
 * act, and says so. */
void fit_pools(App *app, const char *const *uuids);
