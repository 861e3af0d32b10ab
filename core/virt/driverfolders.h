/* Where libvirt's driver behind a URI keeps the files of its domains, if that is on this host. */
#pragma once

#include <glib.h>

/* The folder of NAME.pid: below @root for the system's QEMU and for test domains of another root
 * (the demo), the driver's own for the embedded and the session one; "" where no process is to be
 * found on this host. @uri may be NULL. The caller frees it. */
char *driver_run_folder(const char *uri, const char *root);

/* The folder of NAME.xml, what persistent domains are started from next; likewise. "" of test
 * domains: they have no files. */
char *driver_config_folder(const char *uri, const char *root);
