/* What the Host screen tells of the CPU under its cursor. */
#pragma once

#include "tui/app/app.h"

/* The busy share in 1/1000 of the CPU at @index of Topology.cpus. */
Num host_cpu_load(const Host *host, int index);
/* " 12%" in four cells. The caller frees it. */
char *host_percent_text(Num permille);

/* "web1/0 web1/1": the vCPUs that are asked to run on @cpu and not on any CPU; "" for none. *uuid
 * (may be NULL) becomes the first one's domain, the Snapshot's own. The caller frees it. */
char *host_pins_text(const App *app, int cpu, const char **uuid);

/* Draws two lines of CPU @id, and the legend of the map in a third. */
void host_draw_detail(const Canvas *canvas, const App *app, int id);
