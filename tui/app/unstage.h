/* What leaves the plan once it was applied. */
#pragma once

#include "core/preview/preview.h"

/* Whether @change is written by one of @preview's steps. */
gboolean unstage_is_applied(const Change *change, const Preview *preview);
/* Takes what @preview applied out of @plan; what was staged meanwhile stays. */
void unstage_applied(Plan *plan, const Preview *preview);
/* What undo staged is of no use after it was tried: what could not go back is said. */
void unstage_undo(Plan *plan, const Preview *preview);
