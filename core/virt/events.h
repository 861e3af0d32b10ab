/* libvirt's events: the loop that receives them, and what they say of a connection's domains. */
#pragma once

#include "core/virt/connection.h"

/* Called on the event thread: @uuid names the domain that changed; NULL says that the connection
 * closed. Must only pass it on. */
typedef void (*EventNotify)(const char *uuid, gpointer user_data);

/* From now on @notify hears of @connection until it is closed. Each registration holds a reference
 * to @user_data (@ref) until libvirt drops it (@unref): one that is in flight may outlast the
 * connection. FALSE where its driver has no events. */
gboolean events_listen(Connection *connection, EventNotify notify, gpointer user_data,
    gpointer (*ref)(gpointer), GDestroyNotify unref);
void events_stop(Connection *connection);
