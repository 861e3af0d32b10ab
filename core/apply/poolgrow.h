/* A hugepage pool that grows: in portions, so that it can be watched and stopped, until it is as
 * large as asked or the kernel grants no more. */
#pragma once

#include "core/apply/stepkind.h"

/* Whether writing @value to @step's file makes a node's pool grow. */
gboolean pool_grows(const ApplyContext *context, const Step *step, const char *value);
/* Grows it; how far it came is read back by whoever called. FALSE with a sentence where the kernel
 * refuses the write. */
gboolean pool_grow(
    const ApplyContext *context, const Step *step, const char *value, GError **error);
