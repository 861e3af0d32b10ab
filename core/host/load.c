/* The load of each CPU from the ticks of /proc/stat (Documentation/filesystems/proc.rst, 1.7). */
#include "core/host/readers.h"
#include "core/util/rootfile.h"

#include <string.h>

/* The columns after "cpuN". Guest time is counted in user and nice too, and is left out. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS };

/* Reads the columns at @p into {busy, total}; FALSE where there are not even the first four. */
static gboolean parse_ticks(const char *p, guint64 ticks[2])
{
    guint64 busy = 0, total = 0;
    guint column;

    for (column = 0; column < COLUMNS; column++) {
        while (*p == ' ')
            p++;
        if (!g_ascii_isdigit(*p))
            break;
        char *end;
        guint64 value = g_ascii_strtoull(p, &end, 10);
        p = end;
        total += value;
        if (column != IDLE && column != IOWAIT)
            busy += value;
    }
    ticks[0] = busy;
    ticks[1] = total;
    return column > IDLE;
}

static void read_ticks(Host *host, const char *root)
{
    g_autofree char *text = rootfile_read(root, "/proc/stat");

    for (const char *p = text; p && *p != '\0';) {
        const char *end = strchrnul(p, '\n');
        if (!g_str_has_prefix(p, "cpu"))
            break; /* the CPUs come first */
        if (g_ascii_isdigit(p[3])) {
            char *columns;
            guint64 id = g_ascii_strtoull(p + 3, &columns, 10);
            int index = id < IDSET_MAX ? topology_cpu_index(host->topology, (int)id) : -1;
            guint64 ticks[2];
            if (index >= 0 && parse_ticks(columns, ticks))
                memcpy(&host->ticks[2 * index], ticks, sizeof ticks);
        }
        p = end + (*end != '\0');
    }
}

void host_read_load(Host *host, const char *root, const Host *previous)
{
    guint count = host->topology->cpus->len;

    host->ticks = g_new0(guint64, 2 * count);
    host->load = g_new0(Num, count);
    read_ticks(host, root);
    for (guint i = 0; previous && i < count; i++) {
        const Cpu *cpu = host->topology->cpus->pdata[i];
        int before = topology_cpu_index(previous->topology, cpu->id);
        if (!cpu->online || before < 0)
            continue;
        guint64 *now = &host->ticks[2 * i];
        const guint64 *then = &previous->ticks[2 * before];
        if (then[1] == 0 || now[1] < then[1])
            continue;
        if (now[1] == then[1]) {
            /* Not one tick has passed: what was seen before still is what is known. */
            host->load[i] = previous->load[before];
            continue;
        }
        /* The idle ticks of a busy CPU may go back a little (proc.rst), so busy may lead total. */
        guint64 busy = now[0] > then[0] ? now[0] - then[0] : 0;
        host->load[i] = NUM(MIN(1000 * busy / (now[1] - then[1]), 1000));
    }
}
