/* How much of one process is in transparent huge pages (proc(5), smaps). */
#include "core/virt/hugecount.h"

#include "core/virt/domain.h"

#include <string.h>

/* Adds what follows @name in @line, "AnonHugePages:    2048 kB", to @sum. */
static gboolean add_line(Num *sum, const char *line, const char *name)
{
    gsize length = strlen(name);

    if (strncmp(line, name, length) != 0 || line[length] != ':')
        return FALSE;
    guint64 kib = g_ascii_strtoull(line + length + 1, NULL, 10);
    *sum = NUM(MIN((guint64)num_or(*sum, 0) + MIN(kib, NODE_KIB_MAX), NODE_KIB_MAX));
    return TRUE;
}

static gboolean take_line(ProcCount *count, const char *line)
{
    if (add_line(&count->resident_kib, line, "Rss"))
        return TRUE; /* each mapping has one */
    if (!add_line(&count->anon_kib, line, "AnonHugePages") &&
        !add_line(&count->shared_kib, line, "ShmemPmdMapped"))
        add_line(&count->shared_kib, line, "FilePmdMapped");
    return FALSE;
}

const ProcCountKind huge_count = {
    .file = "smaps", .missing = "this kernel has no smaps", .take = take_line};
