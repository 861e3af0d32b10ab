/* What the .c files of core/virt share of a Connection; includes libvirt, so nobody else does. */
#pragma once

#include "core/virt/connection.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define CONNECTION_EVENTS 4 /* rows of events.c */

struct Connection {
    virConnectPtr handle;
    char *uri;
    gboolean read_only;
    gboolean test; /* libvirt's test driver */
    gboolean listens, hears_close;
    gpointer close_listener; /* what the close callback is given; NULL: none */
    int events[CONNECTION_EVENTS];
};

/* @handle as a Domain; without_xml as in connection_domains(). NULL where it went meanwhile. */
Domain *connection_read_domain(Connection *connection, virDomainPtr handle, gboolean without_xml);
