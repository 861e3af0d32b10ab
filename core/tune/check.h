/* The rules a change is held against in a preview: one row a rule (check.c). */
#pragma once

#include "core/tune/preview.h"

/* Hold a host's, a domain's change against every rule it falls under; they speak by the three calls
 * below. @edit is the domain's document with the change made. */
void check_host_change(
    Preview *preview, const Snapshot *snapshot, const Plan *plan, const Change *change);
void check_domain_change(Preview *preview, const Snapshot *snapshot, const Domain *domain,
    const XmlEdit *edit, const Change *change);

/* A warning, a reason why it cannot be applied, an offer. Texts are safe to show already. */
void preview_warn(Preview *preview, const char *format, ...) G_GNUC_PRINTF(2, 3);
void preview_refuse(Preview *preview, const char *format, ...) G_GNUC_PRINTF(2, 3);
void preview_offer(
    Preview *preview, const char *target, const char *key, const char *value, const char *reason);
