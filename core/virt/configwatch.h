/* Which domains' next start somebody changed, by the files that libvirt keeps of them: it sends no
 * event for a pin, a weight or a limit that is set with `virsh … --config`. */
#pragma once

#include <glib.h>

typedef struct ConfigWatch ConfigWatch;

/* @folder as driver_config_folder() gave it; one that is not there, or may not be read, never
 * changes. From now on. */
ConfigWatch *config_watch_new(const char *folder);
void config_watch_free(ConfigWatch *watch);

/* The names of the domains whose file was written anew since the last call (char*, the caller frees
 * the array); those that are new or gone are not among them, of these libvirt tells. NULL for none:
 * that costs one stat(2). */
GPtrArray *config_watch_changed(ConfigWatch *watch);
