/* libvirt's events: the loop that receives them, and what they say of a connection's domains. */
#pragma once

#include "core/virt/connection.h"

/* Called on the event thread: @uuid names the domain that changed; NULL says that the connection
 * closed. Must only pass it on. */
typedef void (*EventNotify)(const char *uuid, gpointer user_data);

/* From now on @notify hears of @connection until it is closed. FALSE where its driver has none. */
gboolean events_listen(Connection *connection, EventNotify notify, gpointer user_data);
void events_stop(Connection *connection);
