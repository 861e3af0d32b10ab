/* The kinds of steps that are the host's, for the table in stepkind.c: a file of the kernel, a line
 * or a unit that sets it at boot, a mount of hugetlbfs. Each is read, written and said as a command
 * as stepkind.h tells. */
#pragma once

#include "core/apply/stepkind.h"

/* The value that @step's write leaves, or that its way back does; @step's. */
const char *step_written_value(const Step *step, gboolean back);

char *stephost_read(Reading *reading, const Step *step, GError **error);
gboolean stephost_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error);
/* Writes @value to the file of the kernel that @step is of; FALSE with a sentence. */
gboolean stephost_write_file(
    const ApplyContext *context, const Step *step, const char *value, GError **error);
char *stephost_command(const ApplyContext *context, const Step *step);

char *stepboot_read(Reading *reading, const Step *step, GError **error);
gboolean stepboot_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error);
char *stepboot_command(const ApplyContext *context, const Step *step);

char *stepmount_read(Reading *reading, const Step *step, GError **error);
gboolean stepmount_write(const ApplyContext *context, const Unit *unit, gboolean back,
    const char *ground, GError **error);
char *stepmount_command(const ApplyContext *context, const Step *step);
