/* How a node's line and a CPU's cell are drawn on the map of a machine. */
#pragma once

#include "tui/terminal/canvas.h"
#include "tui/widgets/machine.h"

/* The mean load of @cpus in 1/1000; unknown where that of none is known. */
Num host_mean_load(const Host *host, const IdSet *cpus);
/* "42.5/62.7 GiB" of KiB. The caller frees it. */
char *host_share_text(Num used, Num total);
/* "2M 2048/6144 free   1G 0/24 free", with wider gaps where @wide; empty pools only where @empty.
 * The caller frees it. */
char *host_pools_text(const GArray *pools, gboolean wide, gboolean empty);

/* Whether one of @cpus does the kernel's housekeeping, on a machine where others are kept free of
 * it (isolated or nohz_full). */
gboolean host_is_housekeeping(const Topology *topology, const IdSet *cpus);

/* The node @item: its load, memory and pools. */
void host_draw_node(const Canvas *canvas, const Host *host, const MapItem *item);
/* The name, load and marks of the cell @item. */
void host_draw_cell(
    const Canvas *canvas, const Host *host, const Map *map, const MapItem *item, gboolean selected);
