/* What the .c files of core/virt share of a Connection; includes libvirt, so nobody else does. */
#pragma once

#include "core/virt/connection.h"
#include "core/virt/libvirt.h"

#define CONNECTION_EVENTS 4 /* rows of events.c */

struct Connection {
    virConnectPtr handle;
    char *uri; /* to show: without password */
    gboolean read_only;
    gboolean secure; /* secrets are asked for with the XML */
    gboolean test;   /* libvirt's test driver */
    gboolean listens, hears_close;
    int events[CONNECTION_EVENTS];
};

/* The handle of the domain with that UUID, name or ID (in this order); NULL with a sentence. */
virDomainPtr connection_find(Connection *connection, const char *name, GError **error);

/* The XML of the next start, with its secrets where they are given; NULL: libvirt's last error says
 * why. The caller frees it with free(). */
char *connection_config_xml(Connection *connection, virDomainPtr handle);

/* Sets @error to what failed, libvirt's last reason on this thread, and what to do about it. */
void connection_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
